package fhirserver

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/fhir"
)

// fits refuses rules that would do nothing here: they would never fire, or promise what HTTP does not have.
func fits(f *rules.File) error {
	known := rules.HTTPFaults()
	check := func(where string, list []rules.Fault) error {
		for _, x := range list {
			if !slices.ContainsFunc(known, func(i rules.FaultInfo) bool { return i.Kind == x.Kind }) {
				return fmt.Errorf("%s: the fault %s is one of MLLP; a FHIR endpoint has no such thing", where, x.Kind)
			}
		}
		return nil
	}
	if err := check("the endpoint", f.Faults); err != nil {
		return err
	}
	for i, r := range f.Rules {
		where := fmt.Sprintf("rule %d", i+1)
		a := r.Then
		switch {
		case len(r.When.Fields) > 0 || r.When.Finding != nil:
			return fmt.Errorf("%s: fields and findings are of HL7 v2 messages; a FHIR request has a type (the method) and a trigger (the resource type)", where)
		case a.Reply != nil || a.Query != nil || a.Forward != nil || a.Application != nil || len(a.Errors) > 0:
			return fmt.Errorf("%s: a FHIR endpoint answers with code and text; reply, query, forward, application and errors are of HL7 v2", where)
		}
		if err := check(where, r.Faults); err != nil {
			return err
		}
	}
	return nil
}

// fault returns the fault of a kind that is due.
func (x *exchange) fault(kind rules.FaultKind) (rules.Fault, bool) {
	for _, f := range x.faults {
		if f.Kind == kind {
			return f, true
		}
	}
	return rules.Fault{}, false
}

func (x *exchange) has(kind rules.FaultKind) bool {
	_, ok := x.fault(kind)
	return ok
}

// ruled is the answer of a rule in the place of the server's own; nil lets the server answer. AE and CE are 422, AR and CR 500, with
// the rule's text.
func (x *exchange) ruled() *response {
	if f, ok := x.fault(rules.Throttle); ok {
		p := x.refuse(fail(429, "too many requests"))
		p.header = http.Header{"Retry-After": {itoa(int((f.Duration() + time.Second - 1) / time.Second))}}
		return p
	}
	if x.has(rules.ThrottleSilently) {
		return x.refuse(fail(429, "too many requests"))
	}
	if x.has(rules.ExpiredToken) {
		if x.s.smart != nil {
			x.s.smart.forget(x.h)
		}
		p := x.refuse(fail(401, "the access token has expired"))
		p.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token", error_description="The access token has expired"`}}
		return p
	}
	text := "a rule of this endpoint refuses the request"
	if t := x.decision.Action.Text; t != nil {
		text = t.String()
	}
	if f, ok := x.fault(rules.Status); ok {
		if status, err := strconv.Atoi(f.Word()); err == nil {
			return x.refuse(fail(status, "%s", text))
		}
	}
	switch x.decision.Action.Code {
	case "AE", "CE":
		return x.refuse(fail(422, "%s", text))
	case "AR", "CR":
		return x.refuse(fail(500, "%s", text))
	}
	return nil
}

// spoil changes the answer itself, before it is kept, so that the journal has what was sent.
func (x *exchange) spoil() {
	if x.has(rules.StaleETag) && x.answer.about != nil {
		x.answer.etag = `W/"` + strconv.FormatInt(max(0, x.answer.about.Number-1), 10) + `"`
	}
	if n := x.answer.tree; n != nil && n.ResourceType() == "Bundle" && (x.has(rules.NoNextLink) || x.has(rules.RepeatEntry)) {
		spoilPage(n, x.has(rules.NoNextLink), x.has(rules.RepeatEntry))
		x.payload = nil
		x.render()
	}
	if x.has(rules.Corrupt) && len(x.payload) > 0 {
		x.payload = bytes.Clone(x.payload)
		for i := 6; i < len(x.payload); i += 97 { // a stroke in the place of a character: no JSON, no XML, no lost length
			x.payload[i] = '\\'
		}
	}
}

func spoilPage(n *fhir.Node, noNext, repeat bool) {
	if links := n.Member("link"); noNext && links != nil {
		kept := links.Children[:0:0]
		for _, l := range links.Children {
			if l.Member("relation").String() != "next" {
				kept = append(kept, l)
			}
		}
		links.Children = kept
	}
	if entries := n.Member("entry"); repeat && entries != nil && len(entries.Children) > 0 {
		entries.Children = append(entries.Children, entries.Children[0])
	}
}

// perform writes the answer, as slowly or as badly as the faults ask for it; false if there is none at all.
func (x *exchange) perform() bool {
	if f, ok := x.fault(rules.DownTime); ok {
		x.s.down.Store(x.s.now().Add(f.Duration()).UnixMilli())
		return false
	}
	if f, ok := x.fault(rules.DelayBefore); ok && !x.wait(f.Duration()) {
		return false
	}
	switch {
	case x.has(rules.NoAck) || x.decision.Action.Code == rules.None:
		x.wait(time.Hour) // until the client or the server gives up
		return false
	case x.has(rules.ResetBefore):
		return !x.reset()
	case x.has(rules.CloseBefore):
		return false
	}
	if x.has(rules.CloseAfter) {
		x.w.Header().Set("Connection", "close")
	}
	switch {
	case x.has(rules.Truncate):
		x.w.Header().Set("Content-Length", itoa(len(x.payload)))
		x.w.WriteHeader(x.answer.status)
		x.w.Write(x.payload[:len(x.payload)/2])
		x.flush()
	case x.has(rules.DelayDuring) || x.has(rules.Dribble):
		x.slowly()
	default:
		x.write(x.payload)
	}
	return true
}

// slowly writes the body with a pause in its middle, or byte by byte.
func (x *exchange) slowly() {
	x.w.Header().Set("Content-Length", itoa(len(x.payload)))
	x.w.WriteHeader(x.answer.status)
	x.flush()
	if f, ok := x.fault(rules.Dribble); ok {
		for i := range x.payload {
			if _, err := x.w.Write(x.payload[i : i+1]); err != nil || !x.wait(f.Duration()) {
				return
			}
			x.flush()
		}
		return
	}
	half := len(x.payload) / 2
	x.w.Write(x.payload[:half])
	x.flush()
	if f, _ := x.fault(rules.DelayDuring); x.wait(f.Duration()) {
		x.w.Write(x.payload[half:])
	}
}

func (x *exchange) flush() {
	_ = http.NewResponseController(x.w).Flush() // a writer that cannot flush sends all at the end
}

// wait waits; false if the client or the server ended meanwhile.
func (x *exchange) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.h.Context().Done():
	case <-x.s.stopping.Done():
	}
	return false
}

// reset breaks the connection with an RST; false if it could only be closed.
func (x *exchange) reset() bool {
	c, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		return false
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // without it the close is orderly, which a client survives
	}
	c.Close()
	return true
}

// abort closes the connection without an answer.
func (x *exchange) abort(why string, refused bool) {
	x.answer = &response{status: 503}
	e := x.record()
	e.Code, e.Detail, e.Outcome = "", why, endpoint.OutcomeSilent
	if refused {
		e.Outcome = endpoint.OutcomeRefused
	}
	_ = x.keep(e) // nothing is promised to the client
	x.count(e, time.Time{})
	panic(http.ErrAbortHandler)
}
