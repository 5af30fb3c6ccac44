package compare

import (
	"bytes"
	"hash/maphash"

	"trestle/internal/hl7"
)

// fewRepetitions is up to how many repetitions each is looked at beside each other.
const fewRepetitions = 64

// repetitions aligns the repetitions of one field by identity and compares the pairs.
func (c *comparison) repetitions(at, to place, l, r hl7.Value, nl, nr int) {
	kind := ""
	if name, ok := c.l.name(int(at.segment)); ok {
		f, _ := c.l.dictionaryOf().FieldAt(name.String(), int(at.field), 0, 0)
		kind = f.Type
	}
	partsL, partsR := make([]hl7.Value, 0, nl), make([]hl7.Value, 0, nr)
	itemsL, itemsR := make([]item, 0, nl), make([]item, 0, nr)
	for v := l.Repetition(1); v.IsPresent(); v = v.Next() {
		partsL, itemsL = append(partsL, v), append(itemsL, c.repetitionItem(kind, v))
	}
	for v := r.Repetition(1); v.IsPresent(); v = v.Next() {
		partsR, itemsR = append(partsR, v), append(itemsR, c.repetitionItem(kind, v))
	}
	var pairs []int32
	if nl == nr && nl <= fewRepetitions && c.keepPlaces(partsL, partsR, itemsL, itemsR) {
		pairs = make([]int32, nl)
		for i := range pairs {
			pairs[i] = int32(i)
		}
	} else {
		pairs = align(itemsL, itemsR, func(i, j int) float64 {
			return c.share(partsL[i].Component(1), partsR[j].Component(1), 0)
		})
	}
	moved := movedAmong(pairs)
	taken := make([]bool, nr)
	inPlace := nl == nr
	for i, j := range pairs {
		inPlace = inPlace && int(j) == i
		if j >= 0 {
			taken[j] = true
		}
	}
	outer := c.covered
	if !inPlace { // the separators between repetitions change too: the patch exchanges the field
		c.covered = true
	}
	first := len(c.out.Differences)
	p, q := at, to
	for i, v := range partsL {
		j := pairs[i]
		p.repetition = int32(i + 1)
		if j < 0 {
			if c.l.says(v) {
				q.repetition = 0
				end := Span{r.End(), r.End()}
				c.add(Difference{Kind: Removed, at: p, to: q,
					Left:  Side{Span: Span{v.Offset(), v.End()}, State: v.State(), Text: v.Text()},
					Right: Side{Span: end, State: hl7.Absent}})
			}
			continue
		}
		q.repetition = j + 1
		w := partsR[j]
		if moved != nil && moved[i] {
			c.value(Moved, "", p, q, v, w)
		}
		if c.differ(v.Raw(), w.Raw()) {
			c.part(p, q, v, w)
		}
	}
	for j, w := range partsR {
		if !taken[j] && c.r.says(w) {
			p.repetition, q.repetition = 0, int32(j+1)
			end := Span{l.End(), l.End()}
			c.add(Difference{Kind: Added, at: p, to: q,
				Left:  Side{Span: end, State: hl7.Absent},
				Right: Side{Span: Span{w.Offset(), w.End()}, State: w.State(), Text: w.Text()}})
		}
	}
	c.covered = outer
	if inPlace || !c.same {
		return
	}
	if len(c.out.Differences) == first { // only empty repetitions came or went
		c.value(Formatting, "empty repetitions", at, to, l, r)
		return
	}
	c.out.Differences[first].from = Span{l.Offset(), l.End()}
	c.out.Differences[first].by = Span{r.Offset(), r.End()}
	c.out.Differences[first].covered = outer
}

func (c *comparison) repetitionItem(kind string, v hl7.Value) item {
	content := maphash.Bytes(seed, bytes.TrimRight(v.Raw(), c.l.delims.Component))
	if !c.same {
		content = maphash.String(seed, v.Text())
	}
	key := repetitionKey(kind, v)
	return item{name: 1, key: key, content: content, single: key == 0 && kind != "ST" && kind != "TX" && kind != "FT" && kind != "ID" && kind != "IS"}
}

// keepPlaces says whether repetitions of the same number are surely the same things: their identities agree, none is
// there twice, or what differs does so without being found elsewhere.
func (c *comparison) keepPlaces(l, r []hl7.Value, itemsL, itemsR []item) bool {
	for i := range itemsL {
		if itemsL[i].content == itemsR[i].content {
			continue
		}
		if itemsL[i].key != itemsR[i].key {
			return false
		}
		for j := range itemsR {
			if j != i && (itemsR[j].content == itemsL[i].content || itemsL[j].content == itemsR[i].content) {
				return false
			}
		}
		if itemsL[i].key == 0 && c.share(l[i].Component(1), r[i].Component(1), 0) < plain {
			return len(itemsL) == 1
		}
	}
	return true
}
