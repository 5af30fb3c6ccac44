package check

import (
	"sync"

	"trestle/internal/dictionary"
)

// versions are all versions of the dictionary, oldest first.
var versions = sync.OnceValue(func() []*dictionary.Version {
	var list []*dictionary.Version
	for _, name := range dictionary.Versions() {
		v, _ := dictionary.For(name)
		list = append(list, v)
	}
	return list
})

// longest is the number of fields of each segment that any version defines, in
// the version where it has most. Four versions have them all; loading the
// others would only take time.
var longest = sync.OnceValue(func() map[string]int {
	fields := map[string]int{}
	for _, name := range []string{"2.2", "2.3.1", "2.6", "2.9.1"} {
		v, _ := dictionary.For(name)
		for _, s := range v.Segments() {
			fields[s.ID] = max(fields[s.ID], len(s.Fields))
		}
	}
	return fields
})

// firstVersionWith returns the first version after the given one for which the
// condition holds, else the last one before it, else "".
func firstVersionWith(holds func(*dictionary.Version) bool, now string) string {
	before, past := "", false
	for _, v := range versions() {
		if v.Name == now {
			past = true
			continue
		}
		if !holds(v) {
			continue
		}
		if past {
			return v.Name
		}
		before = v.Name
	}
	return before
}

// elsewhere maps the codes that a table has in other versions only to the
// version nearest to v: the first after it, else the last before it.
func elsewhere(v *dictionary.Version, table string) map[string]string {
	codes := map[string]string{}
	past := false
	for _, other := range versions() {
		if other == v {
			past = true
			continue
		}
		t, ok := other.Table(table)
		if !ok {
			continue
		}
		for _, code := range t.Codes {
			if _, taken := codes[code.Value]; !taken || !past {
				codes[code.Value] = other.Name
			} else if first, _ := dictionary.For(codes[code.Value]); before(first, v) {
				codes[code.Value] = other.Name
			}
		}
	}
	return codes
}

// before reports whether a is an older version than b.
func before(a, b *dictionary.Version) bool {
	for _, v := range versions() {
		if v == a || v == b {
			return v == a && a != b
		}
	}
	return false
}

// stampLater reports whether a later version gives the place a type with a
// time: a birth date with its hour, sent early.
func (c *checker) stampLater(at place) bool {
	for _, v := range versions() {
		f, ok := v.FieldAt(at.segment.Name(), at.field, at.comp, 0)
		if ok && (f.Type == "TS" || f.Type == "DTM") {
			return true
		}
	}
	return false
}

// typeElsewhere returns the version nearest to the checked one that has the
// data type, "" if none has.
func (c *checker) typeElsewhere(name string) string {
	return firstVersionWith(func(v *dictionary.Version) bool {
		_, ok := v.Type(name)
		return ok
	}, c.v.Name)
}

// relaxed returns the first later version that does not require a field any
// more, "" if all do or drop it.
func (p *versionPlans) relaxed(segment string, field int) string {
	key := fieldKey{"relaxed", segment, field}
	if name, ok := p.relaxes.Load(key); ok {
		return name.(string)
	}
	name, past := "", false
	for _, v := range versions() {
		if !past {
			past = v == p.v
			continue
		}
		if f, ok := v.FieldAt(segment, field, 0, 0); ok && (f.Usage == "O" || f.Usage == "C" || f.Usage == "B") {
			name = v.Name
			break
		}
	}
	p.relaxes.Store(key, name)
	return name
}
