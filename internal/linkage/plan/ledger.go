package plan

import (
	"slices"

	"trestle/internal/linkage"
)

// FromLedger gives the decisions about plans that are in force.
func FromLedger(l *linkage.Ledger) Decisions {
	d := ledger{pairs: map[[2]string]Verdict{}, many: map[string]bool{}}
	for _, line := range l.All() {
		now, ok := l.Of(line.Left, line.Right)
		if !ok || now.Seq != line.Seq || line.Kind != linkage.Plans && line.Kind != "" {
			continue // taken back, or another decision came after it
		}
		pair := [2]string{line.Left, line.Right}
		switch line.Action {
		case linkage.ActSame:
			d.pairs[pair] = Same
			d.links = append(d.links, pair)
			if line.Many {
				d.many[line.Right] = true
			}
		case linkage.ActDifferent:
			d.pairs[pair] = Different
		}
	}
	return d
}

type ledger struct {
	pairs map[[2]string]Verdict
	links [][2]string
	many  map[string]bool
}

func (d ledger) Pair(left, right string) Verdict { return d.pairs[[2]string{left, right}] }
func (d ledger) Many(right string) bool          { return d.many[right] }
func (d ledger) Links() [][2]string              { return slices.Clone(d.links) }

// Teach makes the alias that a decision for two plans teaches: the left name is to be read as the right one from now on.
// Names that the reading of plans makes equal anyway teach nothing.
func Teach(d linkage.Decision, left, right *Plan) (alias linkage.Alias, ok bool) {
	from, to := left.known[len(left.known)-1], right.known[len(right.known)-1]
	if d.Action != linkage.ActSame || d.Many || from == "" || to == "" || from == to {
		return linkage.Alias{}, false
	}
	return linkage.Alias{Kind: linkage.Plans, From: from, To: to, Decision: d.Seq, Who: d.Who, At: d.At}, true
}
