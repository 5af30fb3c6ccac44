package fhirstore

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// sortValue is what a resource is sorted by: numbers and times by lo, all else by text.
type sortValue struct {
	there bool
	lo    float64
	text  string
}

func (s *Store) sort(list []*Version, q *Query) {
	n := len(q.Sort)
	if n == 0 || len(list) < 2 {
		return
	}
	type row struct {
		v      *Version
		at     int
		values []sortValue
	}
	rows, values := make([]row, len(list)), make([]sortValue, n*len(list))
	params := map[string][]*Param{}
	for i, v := range list {
		rows[i] = row{v, i, values[i*n : (i+1)*n]}
		own := params[v.Type]
		if own == nil {
			for _, key := range q.Sort {
				own = append(own, s.Param(v.Type, key.Code))
			}
			params[v.Type] = own
		}
		for j, key := range q.Sort {
			rows[i].values[j] = s.sortValue(v, own[j], key.Descending)
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		for i, key := range q.Sort {
			if c := a.values[i].compare(&b.values[i], key.Descending); c != 0 {
				return c
			}
		}
		return a.at - b.at
	})
	for i := range rows {
		list[i] = rows[i].v
	}
}

// compare puts what has no value last, in either direction.
func (x *sortValue) compare(y *sortValue, descending bool) (c int) {
	switch {
	case x.there != y.there:
		if x.there {
			return -1
		}
		return 1
	case x.lo != y.lo:
		c = cmp.Compare(x.lo, y.lo)
	default:
		c = strings.Compare(x.text, y.text)
	}
	if descending {
		return -c
	}
	return c
}

// sortValue takes the least value for rising order and the greatest for falling order (R4 3.1.1.5.1).
func (s *Store) sortValue(v *Version, p *Param, descending bool) sortValue {
	switch {
	case p == nil:
		return sortValue{}
	case p.own == byID:
		return sortValue{there: true, text: v.ID}
	case p.own == byUpdated:
		return sortValue{there: true, lo: float64(v.Updated.UnixMilli())}
	case p.source == nil:
		return sortValue{}
	}
	x := &s.kinds[v.Type].indexes[p.at]
	var best sortValue
	consider := func(c sortValue) {
		if !best.there || (c.lo < best.lo || c.lo == best.lo && c.text < best.text) != descending {
			best = c
		}
	}
	switch p.Type {
	case "string", "uri":
		for _, e := range entriesOf(x.strings, v.doc, func(e *stringEntry) uint32 { return e.doc }) {
			consider(sortValue{there: true, text: e.folded})
		}
	case "date", "number", "quantity":
		for _, e := range entriesOf(x.ranges, v.doc, func(e *rangeEntry) uint32 { return e.doc }) {
			at := e.lo
			if descending && !math.IsInf(e.hi, 0) || math.IsInf(at, 0) {
				at = e.hi
			}
			consider(sortValue{there: true, lo: at})
		}
	default:
		p.source.each(v.Tree(), func(n *fhir.Node, typ string) {
			atoms(p.Type, n, typ, func(a atom) {
				if a.kind == atomToken || a.kind == atomRef {
					consider(sortValue{there: true, text: a.code + a.text})
				}
			})
		})
	}
	return best
}
