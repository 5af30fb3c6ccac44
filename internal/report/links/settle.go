package links

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"trestle/internal/linkage"
)

// Settled is what stands after all decisions: the links, and what is not linked with the reason.
type Settled struct {
	Links      []Link  // by left ID, then by right ID
	Doubtful   []Doubt // decided pairs that are no link
	Unlinked   []Link  // pairs that were a link by decision or by themselves, and are none any more
	CreateNew  []linkage.Decision
	Duplicates []linkage.Decision
	Conflicts  []Conflict
	Undecided  int // candidates in review or blocked that nobody has decided; they are not exported
	Changed    int // links of which a record has changed since
}

// pairKey is a pair of records.
type pairKey struct{ left, right string }

// Settle follows the ledger over a run's candidates. The last decision about a pair counts, unless it was taken back.
// What people decided comes before what the engine found: an automatic link gives way to a decision about its records.
// A record with two links is a conflict unless several were chosen explicitly (Many).
func Settle(candidates iter.Seq2[linkage.Candidate, error], decisions iter.Seq2[linkage.Decision, error]) (Settled, error) {
	s := &settling{pairs: map[pairKey]linkage.Candidate{}, last: map[pairKey]linkage.Decision{}}
	if err := s.read(candidates, decisions); err != nil {
		return Settled{}, err
	}
	s.apply()
	s.automatic()
	s.check()
	slices.SortFunc(s.out.Links, byRecord)
	slices.SortFunc(s.out.Unlinked, byRecord)
	return s.out, nil
}

func byRecord(a, b Link) int {
	return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Right, b.Right))
}

type settling struct {
	order []pairKey // of candidates
	pairs map[pairKey]linkage.Candidate
	last  map[pairKey]linkage.Decision // in force
	asked []pairKey                    // pairs with decisions, in the order of their first
	once  []linkage.Decision           // decisions for "same" that are no longer in force
	out   Settled
}

func (s *settling) read(candidates iter.Seq2[linkage.Candidate, error], decisions iter.Seq2[linkage.Decision, error]) error {
	for c, err := range candidates {
		if err != nil {
			return fmt.Errorf("reading the candidates: %w", err)
		}
		key := pairKey{c.Left, c.Right}
		if _, ok := s.pairs[key]; !ok {
			s.order = append(s.order, key)
		}
		s.pairs[key] = c
	}
	var all []linkage.Decision
	undone := map[int64]bool{}
	for d, err := range decisions {
		if err != nil {
			return fmt.Errorf("reading the decisions: %w", err)
		}
		if d.Action == linkage.ActUndo {
			// Taking back an undo brings the decision back.
			undone[d.Undoes] = true
		}
		all = append(all, d)
	}
	// An undo that was undone itself counts for nothing; later lines decide about earlier ones.
	for _, d := range slices.Backward(all) {
		if d.Action == linkage.ActUndo && undone[d.Seq] {
			undone[d.Undoes] = false
		}
	}
	for _, d := range all {
		s.take(d, undone[d.Seq])
	}
	return nil
}

func (s *settling) take(d linkage.Decision, undone bool) {
	key := pairKey{d.Left, d.Right}
	switch {
	case d.Action == linkage.ActUndo || d.Action == linkage.ActSkip:
		return
	case undone:
		if d.Action == linkage.ActSame {
			s.once = append(s.once, d)
		}
		return
	case d.Side != "": // about two records of one system
		s.duplicate(d)
		return
	}
	if before, ok := s.last[key]; ok {
		if before.Action == linkage.ActSame && d.Action != linkage.ActSame {
			s.once = append(s.once, before)
		}
	} else {
		s.asked = append(s.asked, key)
	}
	s.last[key] = d
}

// duplicate keeps the last decision about two records of one system.
func (s *settling) duplicate(d linkage.Decision) {
	s.out.Duplicates = slices.DeleteFunc(s.out.Duplicates, func(o linkage.Decision) bool {
		return o.Side == d.Side && (o.Left == d.Left && o.Right == d.Right || o.Left == d.Right && o.Right == d.Left)
	})
	if d.Action == linkage.ActDuplicate {
		s.out.Duplicates = append(s.out.Duplicates, d)
	}
}

// apply turns decisions in force into links, doubts and creations.
func (s *settling) apply() {
	for _, key := range s.asked {
		d := s.last[key]
		switch d.Action {
		case linkage.ActSame:
			l := Link{Candidate: d.Candidate, By: d.Who, At: d.At, Note: d.Note, Many: d.Many, Decision: d.Seq}
			if now, ok := s.pairs[key]; ok {
				l.Changed = now.LeftHash != d.LeftHash || now.RightHash != d.RightHash
			}
			if l.Changed {
				s.out.Changed++
			}
			s.out.Links = append(s.out.Links, l)
		case linkage.ActCreateNew:
			s.out.CreateNew = append(s.out.CreateNew, d)
		default:
			s.out.Doubtful = append(s.out.Doubtful, Doubt{d.Candidate, d.Action, d.Who, d.At, d.Note})
		}
	}
	linked := s.linked()
	for _, d := range s.once {
		if !linked[pairKey{d.Left, d.Right}] {
			linked[pairKey{d.Left, d.Right}] = true // once only
			s.out.Unlinked = append(s.out.Unlinked, Link{Candidate: d.Candidate, By: d.Who, At: d.At, Note: d.Note, Decision: d.Seq})
		}
	}
}

func (s *settling) linked() map[pairKey]bool {
	linked := map[pairKey]bool{}
	for _, l := range s.out.Links {
		linked[pairKey{l.Left, l.Right}] = true
	}
	return linked
}

// automatic adds the engine's links where nobody decided otherwise, and counts what is open.
func (s *settling) automatic() {
	left, right := map[string]bool{}, map[string]bool{}
	for _, l := range s.out.Links {
		left[l.Left], right[l.Right] = true, right[l.Right] || !l.Many
	}
	for _, d := range s.out.CreateNew {
		left[d.Left] = true
	}
	open := map[string]bool{}
	for _, key := range s.order {
		c := s.pairs[key]
		d, decided := s.last[key]
		switch {
		case decided:
			if c.Band == linkage.Automatic && d.Action == linkage.ActDifferent {
				s.out.Unlinked = append(s.out.Unlinked, Link{Candidate: c, By: d.Who, At: d.At, Decision: d.Seq})
			}
		case left[c.Left] || right[c.Right]:
		case c.Band == linkage.Automatic:
			s.out.Links = append(s.out.Links, Link{Candidate: c})
		case c.Band == linkage.Review || c.Band == linkage.Blocked:
			open[c.Left] = true
		}
	}
	for _, l := range s.out.Links {
		delete(open, l.Left)
	}
	s.out.Undecided = len(open)
}

// check finds records with more than one link, and links of records that are to be created.
func (s *settling) check() {
	partners := func(of func(Link) (string, string), what string) {
		groups, order := map[string][]Link{}, []string{}
		for _, l := range s.out.Links {
			id, _ := of(l)
			if groups[id] == nil {
				order = append(order, id)
			}
			groups[id] = append(groups[id], l)
		}
		for _, id := range order {
			group := groups[id]
			if len(group) < 2 || !slices.ContainsFunc(group, func(l Link) bool { return !l.Many }) {
				continue
			}
			c := Conflict{What: what, IDs: []string{id}}
			for _, l := range group {
				_, other := of(l)
				c.IDs = append(c.IDs, other)
			}
			s.out.Conflicts = append(s.out.Conflicts, c)
		}
	}
	partners(func(l Link) (string, string) { return l.Left, l.Right }, "a record of the left list has more than one link")
	partners(func(l Link) (string, string) { return l.Right, l.Left }, "a record of the right list has more than one link")
	created := map[string]bool{}
	for _, d := range s.out.CreateNew {
		created[d.Left] = true
	}
	for _, l := range s.out.Links {
		if created[l.Left] {
			s.out.Conflicts = append(s.out.Conflicts, Conflict{"a record has a link and is to be created too", []string{l.Left, l.Right}})
		}
	}
}
