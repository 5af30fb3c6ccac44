package dictionary

import (
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./gen -source $TRESTLE_DICTIONARY -out data -notices notices.txt

// Version is what one version of HL7 v2 defines. Its facts are unpacked at the
// first lookup and stay; all methods may be called from many goroutines. What
// the methods return is shared and must not be changed.
type Version struct {
	Name  string // "2.5.1"
	Draft bool   // not taken from a publication: 2.9.1

	index int // place in the list of versions, also the bit in the masks of tables

	once  sync.Once
	facts *facts

	tablesOnce sync.Once
	tables     map[string]*Table
	tableList  []*Table

	grammars sync.Map // *Structure -> *grammar, compiled at the first Match
}

// Field is a field of a segment or a component of a data type.
type Field struct {
	Position          int    // from 1; 0 = the version does not define this position
	Name              string // "Patient Identifier List"
	Type              string // data type; "" = withdrawn, "varies" = another field names it, "CM" = its own list of components
	Usage             string // R required, O optional, C conditional, B backward compatible (2.9.1 only), X or W withdrawn
	Repeat            int    // 1 once, 0 without limit, n at most n times
	MinLength         int    // 0 = not given
	MaxLength         int    // 0 = not given
	ConformanceLength int    // 0 = not given; given in 2.9.1 only
	Table             string // "0001" or ""
	Item              string // item number of the data element, "00106"
	Section           string // section of the standard, "3.4.2.3"

	typ *DataType // the type's definition; nil for "varies", withdrawn and plain CM
}

// Components returns the components of the field's data type, index 0 being
// component 1. It is nil for primitive types and where the type varies.
func (f Field) Components() []Field {
	if f.typ == nil {
		return nil
	}
	return f.typ.Components
}

// Defined tells whether the version defines this position.
func (f Field) Defined() bool { return f.Position > 0 }

// primitive tells whether the field's type is known and has no components.
func (f Field) primitive() bool { return f.typ != nil && len(f.typ.Components) == 0 }

// Segment is the definition of a segment.
type Segment struct {
	ID, Name, Section string
	Fields            []Field // index 0 = position 1
}

// DataType is the definition of a data type. A primitive type has no components.
type DataType struct {
	Name, Description string
	Components        []Field // index 0 = component 1
}

// Structure is the order of segments in messages that share it.
type Structure struct {
	ID, Name string
	Nodes    []Node
}

// Published returns the structure's ID as it stands in MSH-9.3. The draft of
// 2.9.1 keeps lettered variants of one structure (ADT_A01-A, ADT_A01-B); the
// published ID is the part before the hyphen.
func (s *Structure) Published() string {
	id, _, _ := strings.Cut(s.ID, "-")
	return id
}

// Node is a segment or a group of a structure. The segment name "ANY" stands
// for any segment. Of a choice's children exactly one is sent.
type Node struct {
	Name          string
	Min, Max      int // Max -1 = without limit
	Group, Choice bool
	Children      []Node
}

// Any is the name of the node that stands for any segment.
const Any = "ANY"

var names = [...]string{
	"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6",
	"2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9.1",
}

// fallback answers where a message names no version of HL7 v2 at all: the
// version that most messages in the field declare.
const fallback = "2.5.1"

var versions = newVersions()

func newVersions() []*Version {
	list := make([]*Version, len(names))
	for i, name := range names {
		list[i] = &Version{Name: name, Draft: name == "2.9.1", index: i}
	}
	return list
}

// Versions returns the names of all versions, oldest first.
func Versions() []string { return append([]string(nil), names[:]...) }

// For returns the version that MSH-12 names; only its first component counts
// ("2.3.1^USA" is 2.3.1). It never returns nil. Where the name is not that of
// a version here, exact is false and v is the nearest one:
//
//   - the newest of the same first two numbers that is not newer ("2.5.9" is
//     2.5.1), or else the oldest of them: "2.9" is 2.9.1, which is a draft;
//   - or else the newest that is not newer ("2.10" is 2.9.1), or else 2.1;
//   - where no number starting with 2 can be read (empty, "3.0", "junk") it is
//     2.5.1, the version that most messages declare.
//
// Letters after the number are not read: "2.2b" is 2.2, not exact.
func For(version string) (v *Version, exact bool) {
	version, _, _ = strings.Cut(version, "^")
	for _, v := range versions {
		if v.Name == version {
			return v, true
		}
	}
	return nearest(version), false
}

func nearest(version string) *Version {
	want, ok := parseVersion(version)
	if !ok || want[0] != 2 {
		return named(fallback)
	}
	var below, family, after *Version
	for _, v := range versions {
		have, _ := parseVersion(v.Name)
		same := have[0] == want[0] && have[1] == want[1]
		switch {
		case !newer(have, want):
			below = v
			if same {
				family = v
			}
		case same && after == nil:
			after = v
		}
	}
	for _, v := range []*Version{family, after, below} {
		if v != nil {
			return v
		}
	}
	return versions[0]
}

func named(name string) *Version {
	for _, v := range versions {
		if v.Name == name {
			return v
		}
	}
	return versions[0]
}

func newer(a, b [3]int) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return false
}

// parseVersion reads up to three numbers; a letter v and spaces before them and
// anything after them are passed over.
func parseVersion(s string) (n [3]int, ok bool) {
	s = strings.TrimLeft(s, "vV \t")
	for i := range n {
		end := 0
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		number, err := strconv.Atoi(s[:end])
		if err != nil {
			return n, i > 0
		}
		n[i] = number
		if end == len(s) || s[end] != '.' {
			return n, true
		}
		s = s[end+1:]
	}
	return n, true
}
