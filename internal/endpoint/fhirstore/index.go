package fhirstore

import (
	"slices"
	"strings"
)

// index finds documents by the values of one parameter. A document is the current version of a resource; its number rises with
// time, so that every list is in rising order and is only appended to.
type index struct {
	any     []uint32            // documents with a value
	keys    map[string][]uint32 // of tokens and references
	texts   []textEntry         // what tokens are called
	strings []stringEntry
	ranges  []rangeEntry
	units   map[unit]*unit
}

type textEntry struct {
	doc    uint32
	folded string
}

type stringEntry struct {
	doc         uint32
	raw, folded string
}

type rangeEntry struct {
	doc    uint32
	lo, hi float64
	unit   *unit // nil of dates and numbers
}

type unit struct{ system, code, name string }

// The keys of one index share a map, told apart by their first byte, which no system or reference begins with.
const (
	anySystem   = "\x01" // + code
	ofType      = "\x02" // + system|code|value
	ofRef       = "\x03" // + system|value of the identifier of a reference
	anyRef      = "\x04" // + value of the same
	whole       = "|\x01"
	keySplitter = "|"
)

func (x *index) put(doc uint32, a *atom, buf []byte) []byte {
	if n := len(x.any); n == 0 || x.any[n-1] != doc {
		x.any = append(x.any, doc)
	}
	switch a.kind {
	case atomToken:
		buf = x.key(doc, buf, anySystem, a.code)
		buf = x.key(doc, buf, a.system, keySplitter, a.code)
		if a.system != "" {
			buf = x.key(doc, buf, a.system, whole)
		}
	case atomOfType:
		buf = x.key(doc, buf, ofType, a.system, keySplitter, a.code, keySplitter, a.text)
	case atomRef:
		buf = x.key(doc, buf, a.text)
		if typ, id := splitReference(a.text); typ != "" && len(typ)+1+len(id) < len(a.text) {
			buf = x.key(doc, buf, typ, "/", id) // absolute references are found by type and id too
		}
	case atomRefIdent:
		buf = x.key(doc, buf, ofRef, a.system, keySplitter, a.code)
		buf = x.key(doc, buf, anyRef, a.code)
	case atomText:
		x.texts = append(x.texts, textEntry{doc, strings.Clone(fold(a.text))})
	case atomString:
		raw := strings.Clone(a.text)
		x.strings = append(x.strings, stringEntry{doc, raw, fold(raw)})
	case atomRange:
		e := rangeEntry{doc: doc, lo: a.lo, hi: a.hi}
		if a.system != "" || a.code != "" || a.text != "" {
			e.unit = x.unitOf(a)
		}
		x.ranges = append(x.ranges, e)
	}
	return buf
}

func (x *index) unitOf(a *atom) *unit {
	u := unit{a.system, a.code, a.text}
	if known := x.units[u]; known != nil {
		return known
	}
	if x.units == nil {
		x.units = map[unit]*unit{}
	}
	u = unit{strings.Clone(a.system), strings.Clone(a.code), strings.Clone(a.text)}
	x.units[u] = &u
	return &u
}

func (x *index) key(doc uint32, buf []byte, parts ...string) []byte {
	if x.keys == nil {
		x.keys = map[string][]uint32{}
	}
	buf = buf[:0]
	for _, p := range parts {
		buf = append(buf, p...)
	}
	list := x.keys[string(buf)]
	if n := len(list); n > 0 && list[n-1] == doc {
		return buf
	}
	x.keys[string(buf)] = append(list, doc)
	return buf
}

// entriesOf returns the part of a list in rising order of documents that belongs to one.
func entriesOf[E any](list []E, doc uint32, of func(*E) uint32) []E {
	from, _ := slices.BinarySearchFunc(list, doc, func(e E, d uint32) int { return int(of(&e)) - int(d) })
	to := from
	for to < len(list) && of(&list[to]) == doc {
		to++
	}
	return list[from:to]
}

// intersect keeps what is in both lists. Where one is much shorter, it is looked up in the other.
func intersect(a, b []uint32) []uint32 {
	if len(a) > len(b) {
		a, b = b, a
	}
	out := make([]uint32, 0, len(a))
	if len(b) > 16*len(a) {
		for _, d := range a {
			if _, ok := slices.BinarySearch(b, d); ok {
				out = append(out, d)
			}
		}
		return out
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			out = append(out, a[i])
			i, j = i+1, j+1
		}
	}
	return out
}

// merge makes one list in rising order, without doubles.
func merge(lists ...[]uint32) []uint32 {
	switch len(lists) {
	case 0:
		return nil
	case 1:
		return lists[0]
	}
	out := slices.Concat(lists...)
	slices.Sort(out)
	return slices.Compact(out)
}

// without keeps what is in a and not in b.
func without(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a))
	j := 0
	for _, d := range a {
		for j < len(b) && b[j] < d {
			j++
		}
		if j == len(b) || b[j] != d {
			out = append(out, d)
		}
	}
	return out
}
