package fhirserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

const (
	// hookTries is how often a notification is tried before its subscription is in error.
	hookTries = 4
	// hookWait is how long after a try that failed the next comes; each after that waits twice as long.
	hookWait = time.Second
	// hookTimeout is how long the other side may take.
	hookTimeout = 10 * time.Second
	// hookQueue is how many notifications of a subscription wait at most.
	hookQueue = 1000
	// hookOrigin marks the changes that the server makes to Subscriptions itself.
	hookOrigin = "subscriptions"
)

// hooks send the notifications of Subscriptions of the channel rest-hook (R4 2.46), only to addresses that the user allowed.
type hooks struct {
	s      *Server
	ctx    context.Context
	client *http.Client
	work   sync.WaitGroup

	mu  sync.Mutex
	all map[string]*hook // active, by id of the Subscription
}

// hook is an active Subscription. Its goroutine lives while something waits.
type hook struct {
	id              string
	typ             string // of the resources that it is about
	criteria        []fhirstore.Pair
	endpoint        string
	payload         string // media type; "" sends none
	header          http.Header
	until           time.Time
	waiting         []*fhirstore.Version
	running, broken bool
}

// runHooks follows the store until ctx ends, and returns when nothing is being sent any more.
func (s *Server) runHooks(ctx context.Context, changes *fhirstore.Changes) {
	h := &hooks{s: s, ctx: ctx, all: map[string]*hook{}, client: &http.Client{Timeout: hookTimeout, Transport: &http.Transport{Proxy: nil},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}} // a redirection could lead where nobody allowed it to
	defer h.client.CloseIdleConnections()
	defer h.work.Wait()
	if found, err := s.store.Search(ctx, &fhirstore.Query{Type: "Subscription"}); err == nil {
		for _, v := range found {
			h.take(v)
		}
	}
	for {
		list, _ := changes.Take()
		for _, v := range list {
			h.see(v)
		}
		select {
		case <-changes.C():
		case <-ctx.Done():
			return
		}
	}
}

func (h *hooks) see(v *fhirstore.Version) {
	switch {
	case v.Origin == hookOrigin:
		return
	case v.Type == "Subscription":
		h.take(v)
		return
	}
	if v.Deleted() {
		return // R4 2.46.1: there is no notification of a delete
	}
	h.mu.Lock()
	var list []*hook
	for _, k := range h.all {
		if k.typ == v.Type {
			list = append(list, k)
		}
	}
	h.mu.Unlock()
	slices.SortFunc(list, func(a, b *hook) int { return strings.Compare(a.id, b.id) })
	for _, k := range list {
		if (k.until.IsZero() || h.s.now().Before(k.until)) && h.matches(k, v) {
			h.enqueue(k, v)
		}
	}
}

// matches says whether a version, if it is still the current one, meets the criteria.
func (h *hooks) matches(k *hook, v *fhirstore.Version) bool {
	q, err := h.s.store.ParseQuery(v.Type, append(slices.Clone(k.criteria), fhirstore.Pair{Name: "_id", Value: v.ID}), fhirstore.QueryOptions{})
	if err != nil {
		return false
	}
	found, err := h.s.store.Search(h.ctx, q)
	return err == nil && len(found) == 1 && found[0] == v
}

// take reads a Subscription as it is now: it activates one that asks for it, and drops one that is off, deleted or in error.
func (h *hooks) take(v *fhirstore.Version) {
	n := v.Tree()
	status := n.Member("status").String()
	if v.Deleted() || status != "requested" && status != "active" {
		h.drop(v.ID)
		return
	}
	k, err := h.read(v.ID, n)
	if err != nil {
		h.drop(v.ID)
		h.set(v.ID, "error", err.Error())
		return
	}
	h.mu.Lock()
	if old := h.all[v.ID]; old != nil {
		old.broken = true
		k.waiting, old.waiting = old.waiting, nil
	}
	h.all[v.ID] = k
	h.start(k)
	h.mu.Unlock()
	if status == "requested" {
		h.set(v.ID, "active", "")
	}
}

func (h *hooks) drop(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.all[id]; k != nil {
		k.broken = true
	}
	delete(h.all, id)
}

// read makes a hook of a Subscription; the error says why it cannot be.
func (h *hooks) read(id string, n *fhir.Node) (*hook, error) {
	channel := n.Member("channel")
	k := &hook{id: id, endpoint: channel.Member("endpoint").String(), payload: mediaType(channel.Member("payload").String()), header: http.Header{}}
	typ, query, _ := strings.Cut(strings.TrimPrefix(n.Member("criteria").String(), "/"), "?")
	k.typ, k.criteria = typ, fhirstore.Pairs(query)
	switch {
	case channel.Member("type").String() != "rest-hook":
		return nil, errors.New("this server has the channel rest-hook only")
	case !h.s.d.IsResource(typ):
		return nil, errors.New("criteria must be a search, as Observation?code=1234-5")
	case k.payload != "" && !slices.Contains(jsonTypes, k.payload) && !slices.Contains(xmlTypes, k.payload):
		return nil, fmt.Errorf("the payload can be %s, %s, or none", typeJSON, typeXML)
	case !h.s.hookAllowed(k.endpoint):
		return nil, errors.New("this server may not send notifications to that endpoint: whoever runs it must allow the address")
	}
	q, err := h.s.store.ParseQuery(typ, k.criteria, fhirstore.QueryOptions{})
	if err == nil && len(q.Ignored) > 0 {
		err = fmt.Errorf("criteria has the search parameter %s, which cannot be used: %s", printable(q.Ignored[0].Name), q.Ignored[0].Reason)
	}
	if err != nil {
		return nil, err
	}
	for line := range channel.All("header") {
		name, value, ok := strings.Cut(line.Text, ":")
		if !ok || strings.ContainsAny(line.Text, "\r\n") {
			return nil, errors.New("a header of the channel reads Name: value")
		}
		k.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if end := n.Member("end").String(); end != "" {
		if k.until, _, err = fhirstore.ParseTime(end); err != nil {
			return nil, errors.New("end must be an instant")
		}
	}
	return k, nil
}

// hookAllowed says whether an address lies under one that the user allowed.
func (s *Server) hookAllowed(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return slices.ContainsFunc(s.c.Hooks, func(allowed string) bool {
		a, err := url.Parse(allowed)
		root := strings.TrimSuffix(a.Path, "/")
		return err == nil && u.Scheme == a.Scheme && strings.EqualFold(u.Host, a.Host) && !strings.Contains(u.Path, "..") && (u.Path == root || strings.HasPrefix(u.Path, root+"/"))
	})
}

// set changes the status of a Subscription.
func (h *hooks) set(id, status, why string) {
	// If that fails, the status is what it was, and the journal tells what was sent.
	_ = h.s.store.Change(context.WithoutCancel(h.ctx), func(tx *fhirstore.Tx) error {
		v, err := tx.Read("Subscription", id)
		if err != nil {
			return err
		}
		n := v.Tree()
		n.Set(text("status", status))
		if n.Remove("error"); why != "" {
			n.Set(text("error", why))
		}
		tx.As(http.MethodPut)
		tx.From(hookOrigin)
		_, _, err = tx.Put(h.s.store.Draft(n), id)
		return err
	})
}

func (h *hooks) enqueue(k *hook, v *fhirstore.Version) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case k.broken:
		return
	case len(k.waiting) >= hookQueue:
		k.broken = true
		delete(h.all, k.id)
		h.work.Go(func() { h.set(k.id, "error", fmt.Sprintf("more than %d notifications wait", hookQueue)) })
		return
	}
	k.waiting = append(k.waiting, v)
	h.start(k)
}

// start lets what waits be sent. The lock must be held.
func (h *hooks) start(k *hook) {
	if !k.running && len(k.waiting) > 0 {
		k.running = true
		h.work.Go(func() { h.send(k) })
	}
}

// send sends what waits, in order.
func (h *hooks) send(k *hook) {
	for {
		h.mu.Lock()
		if len(k.waiting) == 0 || k.broken || h.ctx.Err() != nil {
			k.waiting, k.running = nil, false
			h.mu.Unlock()
			return
		}
		v := k.waiting[0]
		k.waiting = k.waiting[1:]
		h.mu.Unlock()
		err := h.deliver(k, v)
		if err != nil && h.ctx.Err() == nil {
			h.mu.Lock()
			current := h.all[k.id] == k
			if k.broken = true; current {
				delete(h.all, k.id)
			}
			h.mu.Unlock()
			if current {
				h.set(k.id, "error", err.Error())
			}
		}
	}
}

// deliver tries a notification, again and again up to the limit.
func (h *hooks) deliver(k *hook, v *fhirstore.Version) (err error) {
	wait := h.s.hookWait
	for try := 1; ; try++ {
		if err = h.post(k, v, try); err == nil || try == hookTries || h.ctx.Err() != nil {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-h.ctx.Done():
			t.Stop()
			return err
		}
		wait *= 2
	}
}

// post sends one notification: POST without a body, or with a payload the update of the resource below the address (R4, code system
// subscription-channel-type).
func (h *hooks) post(k *hook, v *fhirstore.Version, try int) error {
	method, address := http.MethodPost, k.endpoint
	var body []byte
	if k.payload != "" {
		method, address, body = http.MethodPut, strings.TrimSuffix(k.endpoint, "/")+"/"+v.Reference(), v.Body
		if slices.Contains(xmlTypes, k.payload) {
			b, err := h.s.d.AppendXML(nil, v.Tree(), "")
			if err != nil {
				return err
			}
			body = b
		}
	}
	q, err := http.NewRequestWithContext(h.ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header = k.header.Clone()
	if k.payload != "" {
		q.Header.Set("Content-Type", k.payload)
	}
	e := &endpoint.Exchange{Endpoint: h.s.c.Name, Kind: endpoint.KindFHIR, Direction: endpoint.Outbound, Peer: q.URL.Host, FirstByte: time.Now().UTC(), Attempt: try,
		Type: method, Trigger: v.Type, Conversation: "Subscription/" + k.id, Sentence: "a notification of Subscription/" + k.id}
	e.Request = h.s.sentBytes(q, body)
	e.LastByte = e.FirstByte
	p, err := h.client.Do(q)
	e.Decided = time.Now().UTC()
	switch {
	case err != nil:
		e.Outcome, e.Detail = endpoint.OutcomeFailed, "the endpoint of the subscription could not be reached"
		err = errors.New(e.Detail)
	default:
		answer, _ := io.ReadAll(io.LimitReader(p.Body, 64<<10)) // what it says matters to the journal only
		p.Body.Close()
		e.Code, e.Reply = itoa(p.StatusCode), fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n\r\n%s", p.StatusCode, http.StatusText(p.StatusCode), answer)
		if e.Outcome, e.Passed = outcomeOfStatus(p.StatusCode), p.StatusCode < 300; !e.Passed {
			err = fmt.Errorf("the endpoint of the subscription answered with status %d", p.StatusCode)
		}
	}
	h.s.noteOutbound(e)
	return err
}

func outcomeOfStatus(status int) endpoint.Outcome {
	switch {
	case status < 300:
		return endpoint.OutcomeAccepted
	case status < 500:
		return endpoint.OutcomeError
	}
	return endpoint.OutcomeRejected
}

// sentBytes writes a request of our own as it goes out, but for credentials.
func (s *Server) sentBytes(q *http.Request, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", q.Method, q.URL.RequestURI(), q.URL.Host)
	for _, name := range slices.Sorted(maps.Keys(q.Header)) {
		for _, v := range q.Header[name] {
			if s.c.Auth.hides(name) {
				v = "(not kept)"
			}
			b = append(b, name+": "+v+"\r\n"...)
		}
	}
	return append(append(b, "\r\n"...), body...)
}

// noteOutbound writes what the server sent itself into the journal. Nobody waits for it: if that fails, the exchange is counted only.
func (s *Server) noteOutbound(e *endpoint.Exchange) {
	e.Seal(!s.c.DropPayloads)
	if s.journal != nil {
		s.commitMu.RLock()
		if s.commits != nil {
			done := make(chan error, 1)
			s.commits.Append(e, func(err error) { done <- err })
			<-done
		}
		s.commitMu.RUnlock()
	}
	s.meter.Count(e)
}
