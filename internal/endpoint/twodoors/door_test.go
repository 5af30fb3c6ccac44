package twodoors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// plain is a translator without mappings: a patient has an identifier and a family name.
type plain struct{}

func (plain) Resources(_ context.Context, message []byte) (*fhir.Node, error) {
	m := hl7.Parse(message)
	at := func(path string) string { return m.Get(hl7.MustPath(path)).String() }
	switch {
	case at("MSH-9.1") != "ADT":
		return nil, nil
	case at("PID-3.1") == "":
		return nil, errors.New("there is no identifier")
	}
	return fhir.ParseJSON([]byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","identifier":[{"value":"` + at("PID-3.1") + `"}],"name":[{"family":"` + at("PID-5.1") + `"}]}}]}`))
}

func (plain) Message(_ context.Context, e Event, b *fhir.Node) ([]byte, error) {
	text := ""
	for n := range b.All("entry", "resource") {
		switch n.ResourceType() {
		case "MessageHeader":
			text = "MSH|^~\\&|A|B|C|D|20260302||" + e.Type + "^" + e.Trigger + "|" + n.Member("id").String() + "|P|2.5.1\r"
		case "Patient":
			if n.Find("name", "family").String() == "Unspeakable" {
				return nil, errors.New("it has no identifier")
			}
			text += "PID|1||" + n.Find("identifier", "value").String() + "||" + n.Find("name", "family").String() + "\r"
		default:
			text += "ZRS|" + n.ResourceType() + "|" + n.Find("name").String() + "\r"
		}
	}
	return []byte(text), nil
}

// listener is the MLLP side, or the partner that is told of changes.
func listener(t *testing.T, o endpoint.Options) (address string, journal *endpoint.MemoryJournal) {
	t.Helper()
	journal = endpoint.NewMemoryJournal(100, 0)
	o.Journal = journal
	l, err := endpoint.NewListener(endpoint.Config{Name: "adt", Address: "127.0.0.1:0"}, rules.File{}, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := l.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return l.Addr().String(), journal
}

func send(t *testing.T, address, text string) string {
	t.Helper()
	s, err := endpoint.NewSender(endpoint.SendConfig{To: address}, nil)
	if err != nil {
		t.Fatal(err)
	}
	code := ""
	if _, err := s.Run(t.Context(), endpoint.OneMessage(endpoint.Outgoing{Bytes: []byte(text)}), func(r *endpoint.Result) { code = string(r.Code) }); err != nil {
		t.Fatal(err)
	}
	return code
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not happen: %s", what)
		}
	}
}

func put(t *testing.T, s *fhirstore.Store, list ...string) {
	t.Helper()
	if err := s.Change(t.Context(), func(tx *fhirstore.Tx) error {
		for _, text := range list {
			n, err := fhir.ParseJSON([]byte(text))
			if err != nil {
				return err
			}
			if _, _, err := tx.Put(s.Draft(n), n.Member("id").String()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// A message makes a patient, a change of the patient makes a message, and neither goes round in a circle.
func TestDoor(t *testing.T) {
	store := fhirstore.New(fhirstore.Options{})
	partner, told := listener(t, endpoint.Options{})
	var mu sync.Mutex
	var problems []string
	d, err := New(Options{Store: store, Translator: plain{}, Send: &endpoint.SendConfig{To: partner, Endpoint: "to partner"}, Problem: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, text)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	address, _ := listener(t, endpoint.Options{Accept: d.Receive})

	adt := "MSH|^~\\&|EHR|RF|I|C|20260302||ADT^A04|%s|P|2.5.1\rPID|1||%s||%s\r"
	if code := send(t, address, fmt.Sprintf(adt, "1", "88121", "Moss")); code != "AA" {
		t.Errorf("%s", code)
	}
	if code := send(t, address, fmt.Sprintf(adt, "2", "", "Moss")); code != "AE" {
		t.Errorf("what cannot be mapped is answered with %s", code)
	}
	if code := send(t, address, strings.Replace(fmt.Sprintf(adt, "3", "1", "Fern"), "ADT^A04", "ORU^R01", 1)); code != "AA" {
		t.Errorf("%s", code)
	}
	if store.Count("Patient") != 1 || d.Stats().Received != 1 || d.Stats().Changed != 1 {
		t.Errorf("%d patients, %+v", store.Count("Patient"), d.Stats())
	}
	found, err := store.Search(t.Context(), &fhirstore.Query{Type: "Patient"})
	if err != nil {
		t.Fatal(err)
	}
	id := found[0].ID
	put(t, store, `{"resourceType":"Organization","id":"o","name":"Lakeside"}`, `{"resourceType":"Patient","id":"`+id+`","identifier":[{"value":"88121"}],"name":[{"family":"Mossman"}]}`,
		`{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"Patient/`+id+`"},"payor":[{"reference":"Organization/o"}]}`)
	put(t, store, `{"resourceType":"Appointment","id":"a","status":"booked","participant":[{"actor":{"reference":"Patient/`+id+`"},"status":"accepted"}]}`)
	put(t, store, `{"resourceType":"Observation","id":"x","status":"final","subject":{"reference":"Patient/`+id+`"}}`)
	put(t, store, `{"resourceType":"Patient","id":"u","name":[{"family":"Unspeakable"}]}`)
	until(t, "the partner is told", func() bool { return told.Len() >= 2 && d.Stats().Failed == 1 })
	var got []string
	for _, e := range told.All() {
		lines := strings.Split(strings.TrimSpace(string(e.Request)), "\r")
		got = append(got, e.Type+"^"+e.Trigger+" "+strings.Join(lines[1:], " "))
	}
	want := "ADT^A31 PID|1||88121||Mossman ZRS|Coverage| ZRS|Organization|Lakeside; SIU^S12 PID|1||88121||Mossman ZRS|Appointment|"
	if strings.Join(got, "; ") != want {
		t.Errorf("the partner was told\n%s\nnot\n%s", strings.Join(got, "\n"), want)
	}
	mu.Lock()
	if len(problems) != 1 || !strings.Contains(problems[0], "no ADT^A28 could be made of a change of Patient: it has no identifier") {
		t.Errorf("%q", problems)
	}
	mu.Unlock()
	until(t, "both are acknowledged", func() bool { return d.Stats().Sent == 2 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestEvents(t *testing.T) {
	version := func(typ, text string) *fhirstore.Version {
		if text == "" {
			return nil
		}
		v := &fhirstore.Version{Type: typ, ID: "x", Number: 1}
		if text != "gone" {
			v.Body = []byte(`{"resourceType":"` + typ + `",` + text + `}`)
		}
		return v
	}
	for _, c := range []struct{ typ, before, after, want string }{
		{"Patient", "", `"active":true`, "ADT A28"},
		{"Patient", `"active":true`, `"active":false`, "ADT A31"},
		{"Patient", `"active":true`, "gone", "ADT A29"},
		{"Patient", "gone", `"active":true`, "ADT A28"},
		{"Encounter", "", `"status":"in-progress","class":{"code":"IMP"}`, "ADT A01"},
		{"Encounter", "", `"status":"arrived","class":{"code":"AMB"}`, "ADT A04"},
		{"Encounter", "", `"status":"planned","class":{"code":"IMP"}`, "ADT A05"},
		{"Encounter", `"status":"planned"`, `"status":"in-progress","class":{"code":"IMP"}`, "ADT A01"},
		{"Encounter", `"status":"planned"`, `"status":"planned","priority":{}`, "ADT A08"},
		{"Encounter", `"status":"in-progress"`, `"status":"finished"`, "ADT A03"},
		{"Encounter", `"status":"in-progress"`, `"status":"in-progress","length":{}`, "ADT A08"},
		{"Encounter", `"status":"in-progress"`, `"status":"cancelled"`, "ADT A11"},
		{"Encounter", `"status":"in-progress"`, "gone", "ADT A11"},
		{"Coverage", "", `"status":"active"`, "ADT A08"},
		{"Appointment", "", `"status":"booked"`, "SIU S12"},
		{"Appointment", `"status":"booked","start":"2026-03-02"`, `"status":"booked","start":"2026-03-03"`, "SIU S13"},
		{"Appointment", `"status":"booked"`, `"status":"arrived"`, "SIU S14"},
		{"Appointment", `"status":"booked"`, `"status":"cancelled"`, "SIU S15"},
		{"Appointment", `"status":"booked"`, `"status":"noshow"`, "SIU S26"},
		{"Appointment", `"status":"booked"`, "gone", "SIU S17"},
		{"ChargeItem", "", `"status":"billable"`, "DFT P03"},
		{"ChargeItem", "", `"status":"planned"`, " "},
		{"ChargeItem", `"status":"billable"`, `"status":"billable","note":[]`, " "},
		{"Observation", "", `"status":"final"`, " "},
	} {
		e := EventOf(version(c.typ, c.before), version(c.typ, c.after))
		if got := e.Type + " " + e.Trigger; got != c.want {
			t.Errorf("%s %s to %s: %s, not %s", c.typ, c.before, c.after, got, c.want)
		}
	}
}

func TestNewDoor(t *testing.T) {
	if _, err := New(Options{Store: fhirstore.New(fhirstore.Options{})}); err == nil {
		t.Error("a door without a translator")
	}
	if _, err := New(Options{Store: fhirstore.New(fhirstore.Options{}), Translator: plain{}, Send: &endpoint.SendConfig{}}); err == nil {
		t.Error("it must be said where messages go")
	}
	d, err := New(Options{Store: fhirstore.New(fhirstore.Options{}), Translator: plain{}})
	if err != nil || d.Sender() != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Run(ctx); err != nil {
		t.Error(err)
	}
}
