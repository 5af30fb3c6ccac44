package starter_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// redox are the pairs of mappings to and from JSON as Redox has it, with a message of ours each.
var redox = []struct{ file, to, from string }{
	{"redox-adt-a08.hl7", "adt-to-redox", "redox-to-adt"},
	{"redox-siu-s12.hl7", "siu-to-redox", "redox-to-siu"},
	{"redox-dft-p03.hl7", "dft-to-redox", "redox-to-dft"},
	{"redox-mdm-t02.hl7", "mdm-to-redox", "redox-to-mdm"},
}

// lostInJSON are the places of HL7 v2 that the JSON has no member for, with the reason.
var lostInJSON = map[string]string{
	"PID-3.4":  "the assigning authority; only the type of an identifier is kept",
	"PID-10.3": "the coding system of a race",
	"MSH-9.3":  "the structure follows from the event",
}

// TestRedox maps HL7 v2 to JSON and back. The JSON is that of the file beside it; what comes back has every value of the
// message but for those that are listed as lost; and mapped again it gives the same JSON.
func TestRedox(t *testing.T) {
	for _, c := range redox {
		t.Run(c.to, func(t *testing.T) {
			to, from := engine(t, c.to), engine(t, c.from)
			file := filepath.Join("testdata", c.file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			there, err := to.Run(context.Background(), text)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range there.Warnings {
				t.Errorf("to JSON: %s", w)
			}
			indented, err := there.Indented()
			if err != nil {
				t.Fatal(err)
			}
			if want, err := os.ReadFile(file + ".want.json"); err != nil || string(want) != string(indented) {
				if !*update {
					t.Errorf("the JSON has changed (%v); look at it after a run with -update", err)
				} else if err := os.WriteFile(file+".want.json", indented, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			compact, err := there.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			back, err := from.Run(context.Background(), compact)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range back.Warnings {
				t.Errorf("back: %s", w)
			}
			for _, f := range check.Message(hl7.Parse(back.Message), check.Options{}) {
				if f.Severity >= check.Warning {
					t.Errorf("what came back: %s at %s: %s", f.Code, f.Path, f.Text)
				}
			}
			compareMessages(t, text, back.Message)
			again, err := to.Run(context.Background(), back.Message)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := again.Bytes(); err != nil || string(b) != string(compact) {
				t.Errorf("mapped again it is\n%s\nbefore it was\n%s", b, compact)
			}
		})
	}
}

// compareMessages tells which values of a message are not in what came back.
func compareMessages(t *testing.T, before, after []byte) {
	t.Helper()
	got := hl7.Parse(after)
	for s := range hl7.Parse(before).Segments() {
		for leaf := range s.Leaves() {
			if leaf.State() != hl7.Valued || s.IsHeader() && leaf.Field <= 2 {
				continue
			}
			p := hl7.Path{Segment: s.Name(), Occurrence: s.Occurrence(), Field: leaf.Field, Repetition: leaf.Repetition, Component: leaf.Component, Subcomponent: leaf.Subcomponent}
			kind := hl7.Path{Segment: s.Name(), Field: leaf.Field, Component: leaf.Component}
			if back := got.Get(p); back.Text() != leaf.Text() && lostInJSON[kind.String()] == "" {
				t.Errorf("%s was %q and came back as %q", p, leaf.Text(), back.Text())
			}
		}
	}
}

// TestRedoxSparse: members that are null, empty or not there make nothing, and what has no identifier of its own gets a
// control ID that is derived.
func TestRedoxSparse(t *testing.T) {
	const sparse = `{"Meta":{"DataModel":"PatientAdmin","EventType":"NewPatient","EventDateTime":"2026-03-01T15:30:00.000Z","Test":true,"Destinations":[]},
		"Patient":{"Identifiers":[{"ID":"1","IDType":"MR"}],"Demographics":{"FirstName":"Ada","LastName":"Okafor","DOB":null,"EmailAddresses":[]},"Contacts":[]},"Visit":{"Insurances":[],"Guarantor":{"Number":null}}}`
	r, err := engine(t, "redox-to-adt").Run(context.Background(), []byte(sparse))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Warnings {
		t.Error(w)
	}
	want := "MSH|^~\\&|||||20260301153000.000+0000||ADT^A28^ADT_A05|"
	text := string(r.Message)
	if !strings.HasPrefix(text, want) || strings.Contains(text, "IN1") || strings.Contains(text, "GT1") || strings.Contains(text, "NK1") || !strings.Contains(text, "|T|2.5.1\rEVN") {
		t.Errorf("%q", text)
	}
	if id := hl7.Parse(r.Message).Get(hl7.MustPath("MSH-10")).Text(); len(id) != 20 {
		t.Errorf("the control ID is %q", id)
	}
	unknown := strings.Replace(sparse, "NewPatient", "Holiday", 1)
	if _, err := engine(t, "redox-to-adt").Run(context.Background(), []byte(unknown)); err == nil {
		t.Error("an event that nobody agreed on is mapped")
	}
}
