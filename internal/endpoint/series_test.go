package endpoint

import (
	"bytes"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

func TestSeriesIsCleanUniqueAndRepeatable(t *testing.T) {
	s := Series{Patients: 20, Triggers: SeriesTriggers(), Seed: 7, Begin: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	ids, mrns := map[string]bool{}, map[string]bool{}
	var first [][]byte
	for m, err := range s.Messages() {
		if err != nil {
			t.Fatal(err)
		}
		first = append(first, m.Bytes)
		p := hl7.Parse(m.Bytes)
		var e Exchange
		e.facts(p)
		if ids[e.ControlID] {
			t.Errorf("control ID %s twice", e.ControlID)
		}
		ids[e.ControlID], mrns[e.MRN] = true, true
		for _, f := range check.Message(p, check.Options{Minimum: check.Warning}) {
			t.Errorf("%s^%s: %s %s %s", e.Type, e.Trigger, f.Severity, f.Path, f.Text)
		}
	}
	if len(first) != 20*len(s.Triggers) || len(mrns) != 20 {
		t.Fatalf("%d messages of %d patients", len(first), len(mrns))
	}
	i := 0
	for m := range s.Messages() {
		if !bytes.Equal(m.Bytes, first[i]) {
			t.Fatalf("message %d differs the second time", i)
		}
		i++
	}
}

func TestParseSeries(t *testing.T) {
	s, err := ParseSeries("5 A01 a08,A03")
	if err != nil || s.Patients != 5 || len(s.Triggers) != 3 || s.Triggers[1] != "A08" {
		t.Fatalf("%+v %v", s, err)
	}
	if s, err := ParseSeries("S12"); err != nil || s.Patients != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	if s, err := ParseSeries("3 A01 a08 seed 77"); err != nil || s.Seed != 77 || s.String() != "3 A01 A08 seed 77" {
		t.Fatalf("%+v %v", s, err)
	}
	for _, bad := range []string{"", "5", "0 A01", "A99", "x A01", "5 A01 seed", "5 A01 seed x", "seed 7"} {
		if _, err := ParseSeries(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, p := range Presets() {
		if p.Title == "" || p.Note == "" {
			t.Errorf("%s: no title or note", p.ID)
		}
		c := Config{Name: p.ID, Address: "127.0.0.1:0"}
		p.Apply(&c)
		if _, err := NewListener(c, p.Rules, Options{}); err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
	if _, err := FindPreset("mirht"); err == nil {
		t.Error("an unknown preset was found")
	}
}
