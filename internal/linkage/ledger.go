package linkage

import (
	"fmt"
	"iter"
	"slices"
)

// Ledger is what people decided: every decision in its order, and which of them are in force. Decisions are only ever
// added; taking one back is a decision too. A Ledger belongs to one goroutine.
type Ledger struct {
	all    []Decision
	undone map[int64]bool

	pairs   map[[2]string]int // by identifiers: the decision in force, as an index into all
	created map[string]int
	within  map[withinKey]int
	stale   bool
}

type withinKey struct {
	side Side
	a, b string
}

// NewLedger reads the decisions of a store.
func NewLedger(decisions iter.Seq2[Decision, error]) (*Ledger, error) {
	l := &Ledger{stale: true}
	for d, err := range decisions {
		if err != nil {
			return nil, fmt.Errorf("reading the decisions: %w", err)
		}
		l.all = append(l.all, d)
	}
	return l, nil
}

// Add appends decisions that were stored.
func (l *Ledger) Add(d ...Decision) {
	l.all = append(l.all, d...)
	l.stale = true
}

// All returns every decision, those that were taken back too, in order.
func (l *Ledger) All() []Decision { return slices.Clone(l.all) }

// fold finds what is in force. A decision that was taken back, by one that was not taken back itself, never was.
func (l *Ledger) fold() {
	if !l.stale && l.pairs != nil {
		return
	}
	l.undone, l.pairs, l.created, l.within = map[int64]bool{}, map[[2]string]int{}, map[string]int{}, map[withinKey]int{}
	for _, d := range slices.Backward(l.all) {
		if d.Action == ActUndo && !l.undone[d.Seq] {
			l.undone[d.Undoes] = true
		}
	}
	for i, d := range l.all {
		switch {
		case d.Action == ActUndo || d.Action == ActSkip || l.undone[d.Seq]:
		case d.Side != "":
			l.within[withinKey{d.Side, min(d.Left, d.Right), max(d.Left, d.Right)}] = i
		case d.Action == ActCreateNew:
			l.created[d.Left] = i
		default:
			l.pairs[[2]string{d.Left, d.Right}] = i
		}
	}
	l.stale = false
}

// Of returns the decision in force about a pair.
func (l *Ledger) Of(left, right string) (Decision, bool) {
	l.fold()
	i, ok := l.pairs[[2]string{left, right}]
	if !ok {
		return Decision{}, false
	}
	return l.all[i], true
}

// Last returns the latest decision that can be taken back.
func (l *Ledger) Last() (Decision, bool) {
	l.fold()
	for _, d := range slices.Backward(l.all) {
		if d.Action != ActUndo && !l.undone[d.Seq] {
			return d, true
		}
	}
	return Decision{}, false
}

// Conflict is decisions that cannot all be right.
type Conflict struct {
	Side      Side
	ID        string // the record that has more than one partner, or one and none
	Decisions []Decision
}

// Conflicts lists the records with more than one accepted link, or with a link and the decision that there is none. Plans
// may have several links by explicit choice.
func (l *Ledger) Conflicts() []Conflict {
	l.fold()
	type record struct {
		side Side
		id   string
	}
	of := map[record][]int{}
	for _, i := range l.pairs {
		if d := l.all[i]; d.Action == ActSame && !d.Many {
			of[record{Left, d.Left}] = append(of[record{Left, d.Left}], i)
			of[record{Right, d.Right}] = append(of[record{Right, d.Right}], i)
		}
	}
	for id, i := range l.created {
		if k := (record{Left, id}); len(of[k]) > 0 {
			of[k] = append(of[k], i)
		}
	}
	var list []Conflict
	for k, which := range of {
		if len(which) < 2 {
			continue
		}
		slices.Sort(which)
		c := Conflict{Side: k.side, ID: k.id}
		for _, i := range which {
			c.Decisions = append(c.Decisions, l.all[i])
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Conflict) int {
		return int(a.Decisions[0].Seq - b.Decisions[0].Seq)
	})
	return list
}

// Allow says why a decision must not be made: a patient has at most one accepted link.
func (l *Ledger) Allow(d Decision) error {
	l.fold()
	if d.Action == ActUndo {
		for _, old := range l.all {
			if old.Seq == d.Undoes {
				if l.undone[old.Seq] {
					return fmt.Errorf("decision %d was taken back already", d.Undoes)
				}
				return nil
			}
		}
		return fmt.Errorf("there is no decision %d to take back", d.Undoes)
	}
	if d.Action != ActSame || d.Many || d.Side != "" {
		return nil
	}
	if i, ok := l.created[d.Left]; ok {
		return fmt.Errorf("it was decided that the left record has no counterpart (decision %d): take that back first", l.all[i].Seq)
	}
	for _, i := range l.pairs {
		old := l.all[i]
		if old.Action == ActSame && (old.Left == d.Left) != (old.Right == d.Right) {
			return fmt.Errorf("one of the records has an accepted link already (decision %d): take that back first", old.Seq)
		}
	}
	return nil
}

// decide marks the pairs that people decided. A rejected pair is never revived; a decision about records that have
// changed since stays, and is shown again.
func (r *Result) decide(l *Ledger) {
	if l == nil {
		return
	}
	l.fold()
	linked := [2]map[string]bool{{}, {}}
	for _, i := range l.pairs {
		if d := l.all[i]; d.Action == ActSame && !d.Many {
			linked[0][d.Left], linked[1][d.Right] = true, true
		}
	}
	for i := range r.Pairs {
		p := &r.Pairs[i]
		left, right := r.LeftID(*p), r.RightID(*p)
		d, ok := l.Of(left, right)
		if ok {
			p.Decided = d.Action
			p.Changed = d.LeftHash != "" && d.LeftHash != r.Left.ContentHash(int(p.Left)) || d.RightHash != "" && d.RightHash != r.Right.ContentHash(int(p.Right))
			p.Gates = p.Gates.With(GateDecision)
			continue
		}
		_, created := l.created[left]
		if created || linked[0][left] || linked[1][right] {
			p.Gates = p.Gates.With(GateDecision)
			// A pair that is as good as certain contradicts what was decided: that must be seen.
			if p.Probability >= r.options.threshold() && !bare(p.Pattern) {
				p.Band = Blocked
			}
		}
	}
}

// duplicateKey names two rows of one roster.
type duplicateKey struct {
	side Side
	a, b int32
}

func (d Duplicate) key() duplicateKey { return duplicateKey{d.Side, d.A, d.B} }

// decideDuplicates leaves the duplicates out that were rejected, and remembers those that were confirmed.
func (r *Result) decideDuplicates(l *Ledger) {
	r.settled = map[duplicateKey]bool{}
	if l == nil {
		return
	}
	l.fold()
	r.Duplicates = slices.DeleteFunc(r.Duplicates, func(d Duplicate) bool {
		list := r.Left
		if d.Side == Right {
			list = r.Right
		}
		a, b := list.ID(int(d.A)), list.ID(int(d.B))
		i, ok := l.within[withinKey{d.Side, min(a, b), max(a, b)}]
		if !ok {
			return false
		}
		r.settled[d.key()] = true
		return l.all[i].Action == ActDifferent
	})
}
