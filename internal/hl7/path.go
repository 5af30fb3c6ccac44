package hl7

import (
	"strconv"
	"strings"
)

// All in a place of a Path means every one (written *).
const All = -1

// GroupStep is one group of a path, such as ORDER_OBSERVATION[2].
type GroupStep struct {
	Name       string
	Repetition int // from 1; 0 = not given, All = every one
}

// Grouping knows the segment groups of a message, from a message structure.
// Groups returns the groups that hold the segment, outermost first, each with
// its repetition from 1.
type Grouping interface {
	Groups(segmentIndex int) []GroupStep
}

// Path names a place in a message. Numbers start at 1; 0 means not given and
// All means every one. A path with a segment only names the segment.
type Path struct {
	Groups     []GroupStep
	Anywhere   bool // with groups: further groups may lie around and between them; false for a path from the root, /PATIENT/PID-3
	Segment    string
	Occurrence int

	Field, Repetition, Component, Subcomponent int
}

// IsZero reports whether the path names nothing.
func (p Path) IsZero() bool { return p.Segment == "" && len(p.Groups) == 0 }

// Equal reports whether two paths are written the same way.
func (p Path) Equal(q Path) bool {
	if len(p.Groups) != len(q.Groups) {
		return false
	}
	for i := range p.Groups {
		if p.Groups[i] != q.Groups[i] {
			return false
		}
	}
	return p.Anywhere == q.Anywhere && p.Segment == q.Segment && p.Occurrence == q.Occurrence && p.Field == q.Field &&
		p.Repetition == q.Repetition && p.Component == q.Component && p.Subcomponent == q.Subcomponent
}

// String writes the path in its one canonical form: PID-3[2].4.1,
// OBX[2]-5, ORDER_OBSERVATION[2]/OBX-5.
func (p Path) String() string {
	var buf [64]byte
	b := buf[:0]
	if len(p.Groups) > 0 && !p.Anywhere {
		b = append(b, '/')
	}
	for _, g := range p.Groups {
		b = append(b, g.Name...)
		b = appendIndex(b, g.Repetition, 1)
		b = append(b, '/')
	}
	b = append(b, p.Segment...)
	b = appendIndex(b, p.Occurrence, 2)
	if p.Field != 0 {
		b = appendNumber(append(b, '-'), p.Field)
		b = appendIndex(b, p.Repetition, 1)
		if p.Component != 0 {
			b = appendNumber(append(b, '.'), p.Component)
			if p.Subcomponent != 0 {
				b = appendNumber(append(b, '.'), p.Subcomponent)
			}
		}
	}
	return string(b)
}

func appendNumber(b []byte, n int) []byte {
	if n == All {
		return append(b, '*')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// appendIndex writes [n] if n is All or at least least.
func appendIndex(b []byte, n, least int) []byte {
	if n != All && n < least {
		return b
	}
	return append(appendNumber(append(b, '['), n), ']')
}

// PathError says what is wrong with a path and what to write instead.
type PathError struct {
	Path   string
	At     int // byte where the fault is
	Advice string
}

func (e *PathError) Error() string {
	return "path " + strconv.Quote(clip(e.Path)) + ": " + e.Advice
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// ParsePath reads a path. It takes PID-3[2].4.1, PID.3.1, PID-3-1, OBX[2]-5,
// PID-3[*].1, groups as in PATIENT_RESULT/ORDER_OBSERVATION[2]/OBX-5 or with
// dots, and Terser paths as in /PATIENT(0)/PID-3-1. Indexes in brackets count
// from 1, those in parentheses from 0 as Terser does. Segment IDs and group
// names may be in lower case. All errors are of type *PathError.
func ParsePath(s string) (Path, error) {
	r := pathReader{s: s}
	var p Path
	if err := r.read(&p); err != nil {
		return Path{}, err
	}
	return p, nil
}

// MustPath is ParsePath for paths that are written in the program; it panics
// on a fault.
func MustPath(s string) Path {
	p, err := ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}

type pathReader struct {
	s string
	i int
}

func (r *pathReader) fail(advice string) error {
	return &PathError{Path: r.s, At: r.i, Advice: advice}
}

func (r *pathReader) peek() byte {
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

func (r *pathReader) read(p *Path) error {
	if r.s == "" {
		return r.fail("is empty; write for example PID-3.1")
	}
	p.Anywhere = true
	if r.peek() == '/' {
		r.i++
		p.Anywhere = false
		if r.peek() == '.' { // Terser's "search for it"
			r.i++
			p.Anywhere = true
		}
	}
	for {
		done, err := r.name(p)
		if err != nil {
			return err
		}
		if done {
			return r.fields(p)
		}
	}
}

// name reads one group or the segment; done is true after the segment.
func (r *pathReader) name(p *Path) (done bool, err error) {
	from := r.i
	for isAlnum(r.peek()) || r.peek() == '_' {
		r.i++
	}
	name := strings.ToUpper(r.s[from:r.i])
	if name == "" {
		return false, r.fail("a segment ID is missing; write for example PID-3.1")
	}
	n, err := r.index()
	if err != nil {
		return false, err
	}
	next := byte(0)
	if r.i+1 < len(r.s) {
		next = r.s[r.i+1]
	}
	if r.peek() == '/' || r.peek() == '.' && isLetter(next) {
		r.i++
		p.Groups = append(p.Groups, GroupStep{Name: name, Repetition: n})
		return false, nil
	}
	if id, _ := leadingID([]byte(name)); !id || len(name) != 3 {
		r.i = from
		return false, r.fail("a segment ID has three characters and starts with a letter, as in PID or ZP1; after a group write / and the segment")
	}
	p.Segment, p.Occurrence = name, n
	p.Anywhere = p.Anywhere && len(p.Groups) > 0
	return true, nil
}

// index reads [2], [*], (1) or nothing.
func (r *pathReader) index() (int, error) {
	var closing byte
	switch r.peek() {
	case '[':
		closing = ']'
	case '(':
		closing = ')'
	default:
		return 0, nil
	}
	r.i++
	zero := closing == ')'
	if zero && r.peek() == '0' && r.i+1 < len(r.s) && r.s[r.i+1] == ')' {
		r.i += 2
		return 1, nil
	}
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	if r.peek() != closing {
		return 0, r.fail("close the index with " + string(closing))
	}
	r.i++
	if zero && n != All {
		n++
	}
	return n, nil
}

// number reads a number from 1, or *.
func (r *pathReader) number() (int, error) {
	if r.peek() == '*' {
		r.i++
		return All, nil
	}
	from, n := r.i, 0
	for isDigit(r.peek()) && r.i-from < 9 {
		n = n*10 + int(r.peek()-'0')
		r.i++
	}
	switch {
	case r.i == from:
		return 0, r.fail("a number or * is missing after " + strconv.Quote(clip(r.s[:from])))
	case n == 0:
		return 0, r.fail("fields, components and repetitions count from 1; only Terser indexes in parentheses count from 0")
	case isDigit(r.peek()):
		return 0, r.fail("the number is too large")
	}
	return n, nil
}

// fields reads what follows the segment: field, repetition, component,
// subcomponent.
func (r *pathReader) fields(p *Path) (err error) {
	places := [...]*int{&p.Field, &p.Component, &p.Subcomponent}
	for i, place := range places {
		switch r.peek() {
		case 0:
			if r.i == len(r.s) {
				return nil
			}
		case '-', '.':
			r.i++
			if *place, err = r.number(); err != nil {
				return err
			}
			if i == 0 {
				if p.Repetition, err = r.index(); err != nil {
					return err
				}
			} else if r.peek() == '[' || r.peek() == '(' {
				return r.fail("the repetition stands after the field: " + p.Segment + "-" + strconv.Itoa(max(p.Field, 1)) + "[2].1")
			}
			continue
		}
		return r.fail("unexpected " + strconv.Quote(clip(r.s[r.i:])) + "; write for example PID-3[2].4.1")
	}
	if r.i < len(r.s) {
		return r.fail("nothing can follow a subcomponent; remove " + strconv.Quote(clip(r.s[r.i:])))
	}
	return nil
}
