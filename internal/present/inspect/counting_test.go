package inspect

import (
	"strings"
	"testing"
)

func TestFieldIsCounted(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	if p.MoveTo(1); p.CountHere() {
		t.Error("a segment was counted")
	}
	p.MoveTo(strings.Index(admit, "C10442"))
	if !p.CountHere() || !p.Counting() {
		t.Fatal("not counted")
	}
	p.settle()
	s, ok := p.Statistics()
	if words := s.Title + " " + strings.Join(s.Facts, "; "); !ok || words != "PID-3.1  Patient Identifier List › ID Number in 100 % of 3 messages; 4 values, 4 different; 5 to 6 characters, 5.2 on average; up to 2 in one message" {
		t.Errorf("%q", words)
	}
	p.SetShowsPatterns(true)
	if g := p.CountGrid(); g.Len() != 2 || g.Cell(0, 1).Text != "9{5}" || g.Cell(0, 0).Text != "3" || g.Cell(1, 0).Bar == 0 {
		t.Errorf("%d patterns, first %q", g.Len(), g.Cell(0, 1).Text)
	}
	if p.FilterCounted(0) {
		t.Error("filtered by a pattern")
	}
	p.SetShowsPatterns(false)
	for row := range p.CountGrid().Len() {
		if p.CountGrid().Cell(row, 1).Text == "88190" {
			p.FilterCounted(row)
		}
	}
	p.settle()
	if text, _ := p.Query(); text != "PID-3.1 = 88190" || p.List().Len() != 1 {
		t.Errorf("query %q shows %d", text, p.List().Len())
	}
	p.SetMasked(true)
	if !p.CountGrid().Cell(0, 1).Masked {
		t.Error("the mask shows values that were counted")
	}
}

func TestCountsSayWhatTheTableSays(t *testing.T) {
	p := open(t)
	p.add(admit, broken)
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	p.MoveTo(strings.Index(admit, "|F\r") + 1)
	p.CountHere()
	p.settle()
	meanings := map[string]string{}
	for row := range p.CountGrid().Len() {
		meanings[p.CountGrid().Cell(row, 1).Text] = p.CountGrid().Cell(row, 2).Text
	}
	if meanings["F"] != "Female" || meanings["Male"] != "not in table 0001" {
		t.Errorf("%v", meanings)
	}
	if !p.OpenExample(0) {
		t.Error("no example")
	}
	p.FilterWithout()
	p.settle()
	if p.List().Len() != 0 {
		t.Errorf("%d messages without a sex", p.List().Len())
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		n, of int
		want  string
	}{{0, 0, "0 %"}, {1, 100000, "0.1 %"}, {99999, 100000, "99.9 %"}, {3, 3, "100 %"}, {1, 2, "50.0 %"}} {
		if got := percent(c.n, c.of); got != c.want {
			t.Errorf("%d of %d: %s", c.n, c.of, got)
		}
	}
}
