package fhirserver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
)

// receiver is the other side of a Subscription.
type receiver struct {
	mu    sync.Mutex
	got   []string
	fails int // of the next requests
	*httptest.Server
}

func newReceiver(t *testing.T) *receiver {
	x := &receiver{}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		x.mu.Lock()
		defer x.mu.Unlock()
		line := fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, r.Header.Get("X-Key"))
		if len(b) > 0 {
			line += " " + r.Header.Get("Content-Type") + " " + string(b[:1])
		}
		x.got = append(x.got, strings.TrimSpace(line))
		if x.fails > 0 {
			x.fails--
			w.WriteHeader(503)
		}
	}))
	t.Cleanup(x.Close)
	return x
}

func (x *receiver) lines() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.got...)
}

// started runs a server, and returns a client of it.
func started(t *testing.T, c Config, o Options) *client {
	t.Helper()
	c.Address = "127.0.0.1:0"
	s, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	s.hookWait = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	p, err := http.Get(s.URL() + "/metadata") // which is answered once it runs
	if err != nil {
		t.Fatal(err)
	}
	p.Body.Close()
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return &client{t, s, h}
}

// until waits until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not happen: %s", what)
		}
	}
}

func subscription(id, criteria, endpoint, more string) string {
	return `{"resourceType":"Subscription","id":"` + id + `","status":"requested","reason":"test","criteria":"` + criteria + `","channel":{"type":"rest-hook","endpoint":"` + endpoint + `"` + more + `}}`
}

func TestSubscriptions(t *testing.T) {
	x := newReceiver(t)
	j := endpoint.NewMemoryJournal(100, 0)
	store := wardStore(t)
	c := started(t, Config{Hooks: []string{x.URL + "/in"}}, Options{Store: store, Journal: j})
	status := func(id, want string) {
		t.Helper()
		until(t, id+" is "+want, func() bool { return c.do("GET", "/Subscription/"+id, "").at("status") == want })
	}
	c.want(201, "PUT", "/Subscription/plain", subscription("plain", "Observation?status=final", x.URL+"/in/plain", `,"header":["X-Key: k1","Authorization: Bearer tok"]`))
	c.want(201, "PUT", "/Subscription/full", subscription("full", "Patient?family=fern", x.URL+"/in", `,"payload":"application/fhir+xml"`))
	status("plain", "active")
	status("full", "active")
	for id, sub := range map[string]string{
		"elsewhere": subscription("elsewhere", "Patient?", "http://127.0.0.1:1/in", ""),
		"beside":    subscription("beside", "Patient?", x.URL+"/inside", ""),
		"above":     subscription("above", "Patient?", x.URL+"/in/../x", ""),
		"mail":      strings.Replace(subscription("mail", "Patient?", x.URL+"/in", ""), "rest-hook", "email", 1),
		"criteria":  subscription("criteria", "Patient?shoe=44", x.URL+"/in", ""),
		"chart":     subscription("chart", "Chart?", x.URL+"/in", ""),
	} {
		c.want(201, "PUT", "/Subscription/"+id, sub)
		status(id, "error")
		if why := c.do("GET", "/Subscription/"+id, "").at("error"); why == "" {
			t.Errorf("%s: it does not say why", id)
		}
	}
	c.want(201, "PUT", "/Observation/n", `{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"}}`)
	c.want(200, "PUT", "/Observation/n", `{"resourceType":"Observation","id":"n","status":"cancelled","code":{"text":"x"}}`)
	c.want(204, "DELETE", "/Observation/n", "")
	c.want(201, "PUT", "/Patient/f", `{"resourceType":"Patient","id":"f","name":[{"family":"Fern"}]}`)
	c.want(201, "PUT", "/Patient/m", `{"resourceType":"Patient","id":"m","name":[{"family":"Moss"}]}`)
	until(t, "both are told", func() bool { return len(x.lines()) == 2 })
	if got := sortedWords(strings.Join(x.lines(), " | ")); got != sortedWords("POST /in/plain k1 | PUT /in/Patient/f application/fhir+xml <") {
		t.Errorf("%v", x.lines())
	}
	// Both directions stand in the journal, without the credentials.
	until(t, "they are in the journal", func() bool {
		n := 0
		for _, e := range j.All() {
			if strings.Contains(string(e.Request), "Bearer tok") && e.Direction == endpoint.Outbound {
				t.Error("credentials are in the journal")
			}
			if e.Direction == endpoint.Outbound && e.Code == "200" && e.Outcome == endpoint.OutcomeAccepted {
				n++
			}
		}
		return n == 2
	})

	// A receiver that fails for a while gets it in the end; one that fails for long puts the subscription in error, until it is asked for again.
	x.mu.Lock()
	x.got, x.fails = nil, hookTries-1
	x.mu.Unlock()
	c.want(200, "PUT", "/Patient/f", `{"resourceType":"Patient","id":"f","name":[{"family":"Fern"}],"active":true}`)
	until(t, "it is tried again", func() bool { return len(x.lines()) == hookTries })
	status("full", "active")
	x.mu.Lock()
	x.got, x.fails = nil, 100
	x.mu.Unlock()
	c.want(200, "PUT", "/Patient/f", `{"resourceType":"Patient","id":"f","name":[{"family":"Fern"}]}`)
	status("full", "error")
	if got := c.do("GET", "/Subscription/full", "").at("error"); !strings.Contains(got, "503") || len(x.lines()) != hookTries {
		t.Errorf("%s, %d tries", got, len(x.lines()))
	}
	x.mu.Lock()
	x.got, x.fails = nil, 0
	x.mu.Unlock()
	c.want(200, "PUT", "/Subscription/full", subscription("full", "Patient?family=fern", x.URL+"/in", ""))
	status("full", "active")
	c.want(200, "PUT", "/Patient/f", `{"resourceType":"Patient","id":"f","name":[{"family":"Fern"}],"active":false}`)
	until(t, "it is told", func() bool { return len(x.lines()) == 1 })
	c.want(200, "PUT", "/Subscription/full", strings.Replace(subscription("full", "Patient?family=fern", x.URL+"/in", ""), "requested", "off", 1))
	c.want(204, "DELETE", "/Subscription/plain", "")
}

// What was active is so after a new start, and nothing goes anywhere unless it was allowed.
func TestSubscriptionsOfTheStore(t *testing.T) {
	x := newReceiver(t)
	store := fhirstore.New(fhirstore.Options{})
	if _, err := store.Load(t.Context(), strings.NewReader(strings.Replace(subscription("s", "Patient?", x.URL, ""), "requested", "active", 1))); err != nil {
		t.Fatal(err)
	}
	c := started(t, Config{Hooks: []string{x.URL}}, Options{Store: store})
	until(t, "it is read", func() bool {
		c.do("PUT", "/Patient/f", `{"resourceType":"Patient","id":"f"}`)
		return len(x.lines()) > 0
	})
	c = started(t, Config{}, Options{Store: store})
	until(t, "it is refused", func() bool { return c.do("GET", "/Subscription/s", "").at("status") == "error" })
	if _, err := New(Config{Hooks: []string{"file:///tmp"}}, Options{Store: store}); err == nil {
		t.Error("that is no address")
	}
}
