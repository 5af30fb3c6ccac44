package plan

import (
	"testing"

	"trestle/internal/linkage"
)

func TestFromLedger(t *testing.T) {
	line := func(seq int64, action linkage.Action, left, right string) linkage.Decision {
		return linkage.Decision{Seq: seq, Kind: linkage.Plans, Action: action, Candidate: linkage.Candidate{Left: left, Right: right}}
	}
	l, err := linkage.NewLedger(func(func(linkage.Decision, error) bool) {})
	if err != nil {
		t.Fatal(err)
	}
	many := line(3, linkage.ActSame, "c", "3")
	many.Many = true
	back := line(5, linkage.ActUndo, "", "")
	back.Undoes = 4
	l.Add(line(1, linkage.ActSame, "a", "1"), line(2, linkage.ActDifferent, "b", "2"), many, line(4, linkage.ActSame, "d", "4"), back)
	d := FromLedger(l)
	for pair, want := range map[[2]string]Verdict{{"a", "1"}: Same, {"b", "2"}: Different, {"c", "3"}: Same, {"d", "4"}: Undecided, {"a", "2"}: Undecided} {
		if got := d.Pair(pair[0], pair[1]); got != want {
			t.Errorf("%v is %d, want %d", pair, got, want)
		}
	}
	if len(d.Links()) != 2 || !d.Many("3") || d.Many("1") {
		t.Errorf("links %v", d.Links())
	}
}

func TestTeach(t *testing.T) {
	left, right := Parse(Record{Insurer: "Prairie", Name: "Our Plan"}, Standard()), Parse(Record{Name: "THEIR PLAN"}, Standard())
	d := linkage.Decision{Seq: 9, Who: "Ada", Action: linkage.ActSame}
	alias, ok := Teach(d, &left, &right)
	if !ok || alias.Decision != 9 || alias.Kind != linkage.Plans {
		t.Fatalf("%+v, %v", alias, ok)
	}
	grown, err := Standard().With(alias)
	if err != nil {
		t.Fatal(err)
	}
	again, other := Parse(Record{Insurer: "PRAIRIE", Name: "OUR PLN"}, grown), Parse(Record{Name: "Their plan"}, grown)
	if !taught(&again, &other) {
		t.Error("what the decision taught is not known the next time")
	}
	d.Action = linkage.ActDifferent
	if _, ok := Teach(d, &left, &right); ok {
		t.Error("a rejection taught a name")
	}
}
