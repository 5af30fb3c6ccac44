package compare

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Rules say what is left out of a comparison, what counts as equal and which changes are expected. A nil *Rules has none.
// The exported fields are what the rule file holds; Rules are changed by making new ones ([Rules.With] and the methods
// that follow a click on a difference), so that a step can be taken back. They may be used by several goroutines.
type Rules struct {
	Key       []string      `yaml:"key,omitempty,flow"` // paths by which two sets are paired
	Ignore    []Ignore      `yaml:"ignore,omitempty"`
	Normalise []Normaliser  `yaml:"normalise,omitempty"`
	Expect    []Expectation `yaml:"expect,omitempty"`
	Tables    []CodeTable   `yaml:"tables,omitempty"`

	ready atomic.Pointer[ruleSet]
}

// Ignore leaves places out. In its path, as in those of all rules, what is not numbered means every one: OBX-14 is field
// 14 of every OBX, OBX[2]-14 that of the second; a field covers its parts, a segment its fields; *-7 is field 7 of every
// segment. In documents the path is that of the element, Patient.meta.lastUpdated, and * stands for one name.
type Ignore struct {
	Path  string `yaml:"path"`
	Where string `yaml:"where,omitempty"` // a condition: OBX-3.1 = 8302-2
	Why   string `yaml:"why,omitempty"`   // for people
}

// Normaliser rewrites values before they are compared. Values that then are equal are no difference.
type Normaliser struct {
	Path    string   `yaml:"path"`
	With    []string `yaml:"with,omitempty,flow"` // see [Normalisers]
	Replace string   `yaml:"replace,omitempty"`   // a regular expression
	By      string   `yaml:"by,omitempty"`        // what stands for each match; $1 is its first group
	Where   string   `yaml:"where,omitempty"`
	Why     string   `yaml:"why,omitempty"`
}

// Expectation is a change that is known to come. What is left empty may be anything.
type Expectation struct {
	Path  string `yaml:"path"`
	Kind  string `yaml:"kind,omitempty"`  // added, removed, changed, moved
	Left  string `yaml:"left,omitempty"`  // the text on the left; /.../ is a regular expression
	Right string `yaml:"right,omitempty"` // and on the right
	Where string `yaml:"where,omitempty"`
	Why   string `yaml:"why,omitempty"`
}

// CodeTable says which new code stands for which old one at a place.
type CodeTable struct {
	Name  string            `yaml:"name,omitempty"`
	Path  string            `yaml:"path"`
	Codes map[string]string `yaml:"codes"` // left code: right code
	Where string            `yaml:"where,omitempty"`
}

// Check returns what is wrong with the rules, all of it, or nil.
func (r *Rules) Check() error {
	if r == nil {
		return nil
	}
	if problems := r.set().problems; len(problems) > 0 {
		return RuleErrors(problems)
	}
	return nil
}

// RuleErrors are what is wrong with rules, each in words that say what to do.
type RuleErrors []string

func (e RuleErrors) Error() string { return strings.Join(e, "\n") }

// Empty reports whether there is no rule. A key is none.
func (r *Rules) Empty() bool {
	return r == nil || len(r.Ignore)+len(r.Normalise)+len(r.Expect)+len(r.Tables) == 0
}

// With returns rules that have those of more as well. Neither r nor more is changed.
func (r *Rules) With(more *Rules) *Rules {
	n := &Rules{}
	for _, from := range []*Rules{r, more} {
		if from == nil {
			continue
		}
		if len(from.Key) > 0 {
			n.Key = slices.Clone(from.Key)
		}
		for _, x := range from.Ignore {
			if !slices.Contains(n.Ignore, x) {
				n.Ignore = append(n.Ignore, x)
			}
		}
		for _, x := range from.Expect {
			if !slices.Contains(n.Expect, x) {
				n.Expect = append(n.Expect, x)
			}
		}
		n.Normalise = append(n.Normalise, from.Normalise...)
		n.Tables = append(n.Tables, from.Tables...)
	}
	return n
}

// IgnoreHere returns rules that leave out exactly the place of a difference.
func (r *Rules) IgnoreHere(d *Difference) *Rules {
	return r.With(&Rules{Ignore: []Ignore{{Path: exactPath(d.Path)}}})
}

// IgnoreEverywhere returns rules that leave the place out whatever the occurrence of its segment and its repetition.
func (r *Rules) IgnoreEverywhere(d *Difference) *Rules {
	return r.With(&Rules{Ignore: []Ignore{{Path: d.General()}}})
}

// ExpectThis returns rules that expect the change that a difference is, with its values, at every such place.
func (r *Rules) ExpectThis(d *Difference) *Rules {
	return r.With(&Rules{Expect: []Expectation{{
		Path: d.General(), Kind: d.Kind.String(), Left: literal(d.Left.Text), Right: literal(d.Right.Text),
	}}})
}

// ExpectPattern returns rules that expect every difference of a pattern.
func (r *Rules) ExpectPattern(p Pattern) *Rules {
	return r.With(&Rules{Expect: []Expectation{{Path: p.Path, Kind: p.Kind.String()}}})
}

// literal writes a text so that it is not read as a regular expression.
func literal(text string) string {
	if strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/") && len(text) > 1 {
		return `/^\/` + escapeExpression(text[1:len(text)-1]) + `\/$/`
	}
	return text
}

func escapeExpression(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`\.+*?()|[]{}^$/`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// exactPath numbers the occurrence of the segment, so that the rule means this one only.
func exactPath(path string) string {
	end := strings.IndexAny(path, "-[.")
	if end < 0 {
		end = len(path)
	}
	if end != 3 || end < len(path) && path[end] == '[' {
		return path
	}
	if strings.IndexByte(path, '-') < 0 && end < len(path) {
		return path // of a document
	}
	return path[:end] + "[1]" + path[end:]
}

// generalPath takes the indexes out of a path: OBX[2]-5[3].1 is OBX-5.1, entry[3].resource is entry.resource.
func generalPath(path string) string {
	if strings.IndexByte(path, '[') < 0 {
		return path
	}
	b := make([]byte, 0, len(path))
	in := false
	for i := range len(path) {
		switch c := path[i]; {
		case c == '[':
			in = true
		case c == ']' && in:
			in = false
		case !in:
			b = append(b, c)
		}
	}
	return string(b)
}

// mirrored returns the rules for the sides exchanged.
func (r *Rules) mirrored() *Rules {
	if r == nil {
		return nil
	}
	return r.set().mirror()
}

// set returns the rules made ready, once.
func (r *Rules) set() *ruleSet {
	if s := r.ready.Load(); s != nil {
		return s
	}
	s := compileRules(r)
	r.ready.CompareAndSwap(nil, s)
	return r.ready.Load()
}

// String sums the rules up: "2 paths left out, 1 change expected".
func (r *Rules) String() string {
	if r.Empty() {
		return "no rules"
	}
	var parts []string
	for _, p := range []struct {
		n    int
		one  string
		many string
	}{
		{len(r.Ignore), "path left out", "paths left out"}, {len(r.Normalise), "normaliser", "normalisers"},
		{len(r.Expect), "change expected", "changes expected"}, {len(r.Tables), "code table", "code tables"},
	} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.one)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.many))
		}
	}
	return strings.Join(parts, ", ")
}
