package linkage

import (
	"slices"
	"testing"
)

func TestInForce(t *testing.T) {
	l := &Ledger{stale: true}
	pair := func(left, right string) Candidate { return Candidate{Left: left, Right: right} }
	l.Add(Decision{Seq: 1, Action: ActSame, Candidate: pair("a", "1")}, Decision{Seq: 2, Action: ActDifferent, Candidate: pair("b", "2")},
		Decision{Seq: 3, Action: ActUndo, Undoes: 1}, Decision{Seq: 4, Action: ActUnsure, Candidate: pair("b", "2")},
		Decision{Seq: 5, Action: ActCreateNew, Candidate: Candidate{Left: "c"}}, Decision{Seq: 6, Action: ActSkip, Candidate: pair("d", "4")},
		Decision{Seq: 7, Action: ActDuplicate, Side: Left, Candidate: pair("x", "e")})
	var got []int64
	for d := range l.InForce() {
		got = append(got, d.Seq)
	}
	if !slices.Equal(got, []int64{4, 5, 7}) {
		t.Errorf("in force are %v", got)
	}
	if d, ok := l.Within(Left, "e", "x"); !ok || d.Seq != 7 {
		t.Errorf("within: %v %v", d.Seq, ok)
	}
	if _, ok := l.Within(Right, "e", "x"); ok {
		t.Error("the other system has a decision")
	}
}
