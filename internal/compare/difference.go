package compare

import (
	"fmt"
	"iter"

	"trestle/internal/hl7"
)

// Change says what became of a place from the left side to the right.
type Change uint8

// The kinds of changes.
const (
	Added      Change = iota + 1 // only the right side states something here
	Removed                      // only the left side does
	Changed                      // both do, and not the same
	Moved                        // the same thing stands elsewhere in the order
	Formatting                   // written in another way, with the same meaning
)

var changeNames = [...]string{"", "added", "removed", "changed", "moved", "formatting"}

// String returns "added", "removed", "changed", "moved" or "formatting".
func (c Change) String() string {
	if int(c) < len(changeNames) && c > 0 {
		return changeNames[c]
	}
	return fmt.Sprintf("change(%d)", uint8(c))
}

// ParseChange reads what [Change.String] writes.
func ParseChange(s string) (Change, error) {
	for i, name := range changeNames {
		if i > 0 && name == s {
			return Change(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no kind of change; write added, removed, changed, moved or formatting", s)
}

// mirror is what the change is when the sides are exchanged.
func (c Change) mirror() Change {
	switch c {
	case Added:
		return Removed
	case Removed:
		return Added
	}
	return c
}

// Verdict says what the rules make of a difference.
type Verdict uint8

// The verdicts.
const (
	Open     Verdict = iota // no rule speaks of it
	Expected                // a rule said that this change would be there
	Ignored                 // a rule leaves the place out, or makes both sides equal
	Implied                 // it follows from another difference: set IDs counted on after an added segment
)

// String returns "open", "expected", "ignored" or "implied".
func (v Verdict) String() string {
	return [...]string{"open", "expected", "ignored", "implied"}[min(v, Implied)]
}

// Span is a stretch of bytes of one side: from Offset up to, not including, End.
type Span struct{ Offset, End int }

// Side is one side of a difference.
type Side struct {
	Path  string // where it is on this side; empty where this side has no such segment
	Span  Span   // its bytes; empty, at the place where it would stand, if there are none
	State hl7.State
	From  string // of a source made by [Through]: the paths of the message that it comes from
	Text  string // decoded to UTF-8, escape sequences resolved; of a whole segment its text as it came
}

// Difference is one thing that a person would name.
type Difference struct {
	Kind    Change
	Verdict Verdict
	Path    string // Left.Path, of an addition Right.Path
	Left    Side
	Right   Side
	About   string // of Formatting: what is written differently, "trailing separators"
	Rule    string // the rule behind the verdict, in words; empty if Open
	Count   int    // how many segments it speaks of, at least 1: of a block that moved, or of line ends

	at, to   place  // on the left and on the right
	from, by Span   // what a patch exchanges: the spans with the separators that belong to them
	covered  bool   // the patch exchanges a whole around it
	inner    string // in a document: its general path from the resource that it is in, if that is not Path
}

// General is where the difference is in any message: its path without indexes, in a bundle from the resource on.
func (d *Difference) General() string {
	if d.inner != "" {
		return d.inner
	}
	return generalPath(d.Path)
}

// minWords is how long in bytes both texts of a change must be for a comparison inside them to be of use.
const minWords = 24

// Words compares inside long text (notes, reports) and returns its runs, of whole words; nil where the texts are short or only one side
// has any.
func (d *Difference) Words() []Run {
	if d.Kind != Changed || len(d.Left.Text) < minWords || len(d.Right.Text) < minWords {
		return nil
	}
	return WholeWords(d.Left.Text, d.Right.Text)
}

// Row is one line of the two sides set against each other. A row with one side only was added or removed.
type Row struct {
	Left, Right int  // segment indexes, -1 if the side has none
	Moved       bool // the pair stands at another place of the order on the right
	Changed     bool // there is an open or expected difference inside, formatting apart
	First, Last int  // Differences[First:Last] are those of this row
}

// Result is the comparison of two messages.
type Result struct {
	Left, Right *hl7.Message // nil where documents were compared
	Identical   bool         // byte for byte
	Rows        []Row        // in the order of the right side; what was removed stands where it was
	Differences []Difference // in the order of the rows; then those of the message as a whole

	same bool // both sides declare the same delimiters
}

// Of returns the differences of a row. They belong to the result.
func (r *Result) Of(row Row) []Difference { return r.Differences[row.First:row.Last:row.Last] }

// Open iterates over the differences that no rule speaks of, formatting included.
func (r *Result) Open() iter.Seq[*Difference] { return r.with(Open) }

// Shown iterates over the differences that a report lists: the open and the expected ones.
func (r *Result) Shown() iter.Seq[*Difference] {
	return func(yield func(*Difference) bool) {
		for i := range r.Differences {
			if d := &r.Differences[i]; d.Verdict <= Expected && !yield(d) {
				return
			}
		}
	}
}

func (r *Result) with(v Verdict) iter.Seq[*Difference] {
	return func(yield func(*Difference) bool) {
		for i := range r.Differences {
			if d := &r.Differences[i]; d.Verdict == v && !yield(d) {
				return
			}
		}
	}
}

// Status says in one word how two sides relate.
type Status uint8

// The statuses, from the best.
const (
	Exact      Status = iota // byte for byte
	Same                     // the same meaning; what differs is formatting, or left out by a rule
	AsExpected               // what differs was expected
	Different                // something differs that no rule speaks of
	OnlyLeft                 // the right set has no partner
	OnlyRight                // the left set has none
	statuses
)

var statusNames = [...]string{"exact", "same", "expected", "different", "only left", "only right"}

// String returns "exact", "same", "expected", "different", "only left" or "only right".
func (s Status) String() string {
	if s < statuses {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// Statuses are all of them, from the best.
func Statuses() []Status {
	return []Status{Exact, Same, AsExpected, Different, OnlyLeft, OnlyRight}
}

// Status returns Exact, Same, AsExpected or Different.
func (r *Result) Status() Status {
	if r.Identical {
		return Exact
	}
	s := Same
	for i := range r.Differences {
		switch d := &r.Differences[i]; {
		case d.Kind == Formatting:
		case d.Verdict == Open:
			return Different
		case d.Verdict == Expected:
			s = AsExpected
		}
	}
	return s
}
