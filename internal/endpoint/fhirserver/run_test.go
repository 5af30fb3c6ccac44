package fhirserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/mllp"
)

func TestRun(t *testing.T) {
	j := endpoint.NewMemoryJournal(10, 0)
	s, err := New(Config{Address: "127.0.0.1:0", Base: "/r4/demo/"}, Options{Store: wardStore(t), Journal: j, Rules: rulesOf(t, "rules:\n- when: {trigger: Encounter}\n  then: none")})
	if err != nil {
		t.Fatal(err)
	}
	sub := s.Subscribe(10)
	defer sub.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := s.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if !strings.HasSuffix(s.URL(), "/r4/demo") {
		t.Errorf("%s", s.URL())
	}
	p, err := http.Get(s.URL() + "/Patient/p1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(p.Body)
	p.Body.Close()
	if err != nil || p.StatusCode != 200 || !strings.Contains(string(b), "Moss") {
		t.Errorf("%d %s %v", p.StatusCode, b, err)
	}
	<-sub.C()
	rows, _ := sub.Take(nil)
	if len(rows) != 1 || rows[0].Type != "GET" || rows[0].Trigger != "Patient" || rows[0].Code != "200" || rows[0].Latency <= 0 || s.Stats().Connected != 1 {
		t.Errorf("%+v %+v", rows, s.Stats())
	}
	// A request that is never answered does not keep the server from ending.
	silent := make(chan error, 1)
	go func() {
		p, err := http.Get(s.URL() + "/Encounter")
		if err == nil {
			p.Body.Close()
		}
		silent <- err
	}()
	for j.Len() < 2 {
		select {
		case err := <-silent:
			t.Fatalf("it was answered: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-silent; err == nil {
		t.Error("it was answered")
	}
	all := j.All()
	if all[0].ReplyWritten.IsZero() || all[0].Committed.IsZero() || s.Stats().Silent != 1 {
		t.Errorf("%+v, %+v", all[0].ReplyWritten, s.Stats())
	}
}

func TestNew(t *testing.T) {
	if _, err := New(Config{}, Options{}); err == nil {
		t.Error("a server without a store")
	}
	if _, err := New(Config{Base: "fhir"}, Options{Store: fhirstore.New(fhirstore.Options{})}); err == nil {
		t.Error("a base without a slash")
	}
	if _, err := New(Config{}, Options{Store: fhirstore.New(fhirstore.Options{}), Rules: rules.File{Rules: []rules.Rule{{When: rules.When{Chance: 2}}}}}); err == nil {
		t.Error("rules that cannot be")
	}
	s, err := New(Config{Address: "0.0.0.0:0"}, Options{Store: fhirstore.New(fhirstore.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, mllp.ErrNotLoopback) {
		t.Errorf("others can reach it: %v", err)
	}
}

// lost is a journal that cannot keep anything.
type lost struct{}

func (lost) Append(context.Context, []*endpoint.Exchange) error    { return errors.New("disk full") }
func (lost) Complete(context.Context, []endpoint.Completion) error { return nil }

func TestNothingIsPromisedWithoutTheJournal(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t), Journal: lost{}})
	c.want(503, "GET", "/Patient/p1", "")
}
