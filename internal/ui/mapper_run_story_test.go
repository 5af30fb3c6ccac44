package ui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"trestle/internal/present/endpoints"
	"trestle/internal/present/mapper"
	"trestle/internal/present/shell"
)

// A listener's messages go through a mapping to a FHIR server as they come, and what is missing is seen and left out.
func TestRouteFromListenerToFHIRServer(t *testing.T) {
	d := project(t)
	e, m := d.s.session.endpoints, d.s.session.mapper
	create := func(kind endpoints.Kind, name, address string) {
		t.Helper()
		draft := e.NewDraft(kind)
		draft.Name, draft.Address = name, address
		if err := e.Create(draft); err != nil {
			t.Fatal(err)
		}
		d.settle()
	}
	address := func() string {
		h, _ := e.Header()
		return h.State[len("listening on "):]
	}
	create(endpoints.Listener, "adt-in", "127.0.0.1:0")
	e.Start("adt-in")
	d.until("the listener", e.IsRunning)
	in := address()
	create(endpoints.FHIRServer, "ehr", "127.0.0.1:0")
	e.Start("ehr")
	d.until("the server", e.IsRunning)
	create(endpoints.RESTClient, "to-ehr", address())
	create(endpoints.Sender, "adt-out", in)

	d.s.Go(shell.Inspect)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.s.Go(shell.Map)
	d.settle()
	if err := m.Create(mapper.NewMapping{Name: "Lakeside ADT", Starter: "adt-to-patient"}); err != nil {
		t.Fatal(err)
	}
	d.settle()
	d.s.press("Alt+4") // coverage
	d.settle()
	d.Shot("map-coverage.png")
	d.s.press("Alt+Shift+7")
	d.settle()
	d.Shot("map-matrix.png")
	d.s.press("Alt+5") // run
	d.settle()
	m.SetPlan(mapper.Plan{From: mapper.FromListener, Listener: "adt-in", To: mapper.ToEndpoint, Endpoint: "to-ehr"})
	d.settle()
	d.Key(fyne.KeyF5)
	d.until("the route", m.IsRunning)
	time.Sleep(300 * time.Millisecond) // it begins behind what there is
	e.OfferFiles([]string{d.file("later.hl7", good)})
	d.settle()
	e.Send()
	d.until("the result at the server", func() bool { text, _ := m.RunWords(); return len(text) > 0 && text[0] == '1' })
	d.settle()
	d.Shot("map-route.png")
	if text, _ := m.RunWords(); !d.Shows("1 sent") {
		t.Errorf("%q; texts %q", text, d.Texts())
	}
	d.Key(fyne.KeyF5)
	d.until("the end of the route", func() bool { return !m.IsRunning() })
	d.s.press("Ctrl+P")
	d.settle()
	d.Shot("map-papers.png")
	if !d.Shows("Papers and exports") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Cancel")
	d.s.Lock()
	d.settle()
}
