package check

import (
	"sync"

	"trestle/internal/dictionary"
)

// allSegments are the IDs that any version defines. Four versions have them
// all; loading the others would only take time.
var allSegments = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, name := range []string{"2.2", "2.3.1", "2.6", "2.9.1"} {
		v, _ := dictionary.For(name)
		for _, s := range v.Segments() {
			known[s.ID] = true
		}
	}
	return known
})

// codeElsewhere returns the version nearest to the checked one whose table has
// the code, "" if none has.
func (c *checker) codeElsewhere(table, value string) string {
	return firstVersionWith(func(v *dictionary.Version) bool {
		t, ok := v.Table(table)
		if !ok {
			return false
		}
		_, ok = t.Code(value)
		return ok
	}, c.v.Name)
}

// stampLater reports whether a later version gives the place a type with a
// time: a birth date with its hour, sent early.
func (c *checker) stampLater(at place) bool {
	for _, name := range dictionary.Versions() {
		v, _ := dictionary.For(name)
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
