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
	if len(q.Sort) == 0 || len(list) < 2 {
		return
	}
	values := make(map[*Version][]sortValue, len(list))
	for _, v := range list {
		row := make([]sortValue, len(q.Sort))
		for i, key := range q.Sort {
			row[i] = s.sortValue(v, key)
		}
		values[v] = row
	}
	slices.SortStableFunc(list, func(a, b *Version) int {
		x, y := values[a], values[b]
		for i, key := range q.Sort {
			c := 0
			switch {
			case x[i].there != y[i].there: // what has no value comes last, in either direction
				if x[i].there {
					return -1
				}
				return 1
			case x[i].lo != y[i].lo:
				c = cmp.Compare(x[i].lo, y[i].lo)
			default:
				c = strings.Compare(x[i].text, y[i].text)
			}
			if key.Descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// sortValue takes the least value for rising order and the greatest for falling order (R4 3.1.1.5.1).
func (s *Store) sortValue(v *Version, key SortKey) sortValue {
	p := s.Param(v.Type, key.Code)
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
		if !best.there || (c.lo < best.lo || c.lo == best.lo && c.text < best.text) != key.Descending {
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
			if key.Descending && !math.IsInf(e.hi, 0) || math.IsInf(at, 0) {
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
