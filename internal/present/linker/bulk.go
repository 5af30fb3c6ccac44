package linker

import (
	"fmt"
	"slices"

	"trestle/internal/linkage"
	"trestle/internal/present/screen"
)

// Bulk is a decision over all waiting pairs of one reason pattern. A sample of it must be looked at first.
type Bulk struct {
	Pattern string
	Count   int
	d       *desk
	items   []item
	sample  []item
	seen    int // of the sample, from its beginning
	masked  func() bool
}

// bulkSample is how many pairs of a pattern must be seen before all are decided.
const bulkSample = 8

// Bulk gathers the waiting pairs that have the open case's reason pattern: the gates and how each field agrees are the
// same, only the values differ. Why it cannot be done is the error.
func (m *Model) Bulk() (*Bulk, error) {
	d := m.desk()
	c := d.cases.card
	if c == nil || d.patients == nil || c.item.form != pairCase {
		return nil, fmt.Errorf("open a pair of two systems first: what is decided together are pairs with the same reasons as that one")
	}
	if d.cases.filter == SecondReview {
		return nil, fmt.Errorf("the second review looks at each link by itself")
	}
	r := d.patients
	b := &Bulk{Pattern: r.ReasonPattern(r.Pairs[c.item.index]), d: d, masked: m.Masked}
	for _, i := range d.cases.all {
		if i.form == pairCase && d.waits(i) && r.ReasonPattern(r.Pairs[i.index]) == b.Pattern {
			b.items = append(b.items, i)
		}
	}
	if b.Count = len(b.items); b.Count < 2 {
		return nil, fmt.Errorf("no other pair that waits has the same reasons: decide this one by itself")
	}
	// Spread over the pattern: the first of a queue are the likeliest, and no sample of the others.
	n := min(bulkSample, len(b.items))
	for k := range n {
		b.sample = append(b.sample, b.items[k*len(b.items)/n])
	}
	return b, nil
}

// Sample says how many pairs are to be seen.
func (b *Bulk) Sample() int { return len(b.sample) }

// Look gives one pair of the sample side by side, and remembers that it was seen.
func (b *Bulk) Look(n int) screen.Grid {
	n = min(max(n, 0), len(b.sample)-1)
	if n == b.seen {
		b.seen++
	}
	return bulkGrid{b, pairCard(b.d.patients, b.sample[n])}
}

// Seen says whether the whole sample was looked at.
func (b *Bulk) Seen() bool { return b.seen >= len(b.sample) }

type bulkGrid struct {
	b    *Bulk
	card *Card
}

func (g bulkGrid) Columns() []screen.Column { return fieldColumns[:3] }
func (g bulkGrid) Len() int                 { return len(g.card.fields) }

func (g bulkGrid) Cell(row, col int) screen.Cell {
	f := g.card.fields[row]
	if col == 0 {
		return screen.Cell{Text: f.name, Role: screen.RoleMuted}
	}
	c := screen.Cell{Text: f.values[col-1], Spans: f.spans[col-1], Masked: g.b.masked() && f.values[col-1] != ""}
	if f.normal {
		c.Role = screen.RoleMuted
	}
	return c
}

// DecideBulk decides all pairs of the pattern. It refuses until the sample was looked at. A pair whose record has found
// its partner meanwhile is left out.
func (m *Model) DecideBulk(b *Bulk, a linkage.Action) error {
	if !b.Seen() {
		return fmt.Errorf("look at the whole sample first: %d of %d seen", b.seen, len(b.sample))
	}
	if a != linkage.ActSame && a != linkage.ActDifferent && a != linkage.ActUnsure {
		return fmt.Errorf("pairs are the same, different or unsure")
	}
	d := b.d
	bulk := m.seq + 1
	taken := [2]map[string]bool{{}, {}}
	var list []linkage.Decision
	left := 0
	for _, i := range b.items {
		x, err := d.decide(i, a)
		if err != nil || !d.waits(i) {
			left++
			continue
		}
		if a == linkage.ActSame {
			if taken[0][x.Left] || taken[1][x.Right] || d.ledger.Allow(x) != nil {
				left++
				continue
			}
			taken[0][x.Left], taken[1][x.Right] = true, true
		}
		x.Bulk = bulk
		list = append(list, x)
	}
	if len(list) == 0 {
		return fmt.Errorf("none of the pairs can be decided so: their records have partners already")
	}
	m.keep(d, list...)
	text := fmt.Sprintf("%s decided together: %s. One Undo (z) takes all of them back.", screen.Plural(len(list), "pair"), a)
	if left > 0 {
		text += fmt.Sprintf(" %d left out, because a record would have two partners.", left)
	}
	m.Say(screen.News{Text: text}, nil)
	clear(d.cases.cards)
	at := d.cases.at
	d.filter()
	d.cases.at = min(at, len(d.cases.shown)-1)
	d.open()
	m.Changed(Cases | Open)
	return nil
}

// sampled lists the second review's cases: those without an answer first.
func (d *desk) sampled() []item {
	if d.patients == nil {
		return nil
	}
	at := map[[2]string]item{}
	wanted := map[[2]string]bool{}
	for _, s := range d.samples {
		wanted[[2]string{s.Pair.Left, s.Pair.Right}] = true
	}
	for k, p := range d.patients.Pairs {
		key := [2]string{d.patients.LeftID(p), d.patients.RightID(p)}
		if wanted[key] {
			at[key] = item{pairCase, int32(k)}
		}
	}
	var open, done []item
	for _, s := range d.samples {
		i, ok := at[[2]string{s.Pair.Left, s.Pair.Right}]
		switch {
		case !ok:
		case s.Answer == "":
			open = append(open, i)
		default:
			done = append(done, i)
		}
	}
	return slices.Concat(open, done)
}
