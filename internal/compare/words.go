package compare

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Kind says which side has a run.
type Kind uint8

// The kinds of runs.
const (
	Equal  Kind = iota // both sides
	Delete             // only the first
	Insert             // only the second
)

// String returns "equal", "delete" or "insert".
func (k Kind) String() string {
	switch k {
	case Equal:
		return "equal"
	case Delete:
		return "delete"
	case Insert:
		return "insert"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Run is a stretch of text with one fate.
type Run struct {
	Kind Kind
	Text string
}

const (
	// maxMiddle is how many bytes are compared character by character, both
	// sides together, once the common beginning and end are taken off.
	// Beyond it the middle is one delete and one insert.
	maxMiddle = 256 << 10
	// timeout bounds the search for the smallest difference; what is not
	// settled by then is shown as replaced.
	timeout = 200 * time.Millisecond
)

// Words compares two texts and returns the runs in order: runs of one kind are
// joined, and a difference is widened to what a person would call one change.
// The texts may hold any bytes; a run ends within a UTF-8 character only where
// the text is not valid UTF-8. Two empty texts give no run.
func Words(a, b string) []Run {
	prefix := commonPrefix(a, b)
	suffix := commonSuffix(a[prefix:], b[prefix:])
	midA, midB := a[prefix:len(a)-suffix], b[prefix:len(b)-suffix]
	var runs []Run
	runs = add(runs, Equal, a[:prefix])
	runs = middle(runs, midA, midB)
	return add(runs, Equal, a[len(a)-suffix:])
}

// middle compares what lies between the common ends.
func middle(runs []Run, a, b string) []Run {
	if a == "" || b == "" || len(a)+len(b) > maxMiddle || !utf8.ValidString(a) || !utf8.ValidString(b) {
		return add(add(runs, Delete, a), Insert, b)
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = timeout
	diffs := dmp.DiffCleanupSemantic(dmp.DiffMain(a, b, false))
	if !rebuilds(diffs, a, b) {
		return add(add(runs, Delete, a), Insert, b)
	}
	for _, d := range diffs {
		switch d.Type {
		case diffmatchpatch.DiffEqual:
			runs = add(runs, Equal, d.Text)
		case diffmatchpatch.DiffDelete:
			runs = add(runs, Delete, d.Text)
		case diffmatchpatch.DiffInsert:
			runs = add(runs, Insert, d.Text)
		}
	}
	return runs
}

// rebuilds checks the promise of Words against the library's answer: its
// clean-up has moved characters wrongly in the past.
func rebuilds(diffs []diffmatchpatch.Diff, a, b string) bool {
	var left, right strings.Builder
	for _, d := range diffs {
		if d.Type != diffmatchpatch.DiffInsert {
			left.WriteString(d.Text)
		}
		if d.Type != diffmatchpatch.DiffDelete {
			right.WriteString(d.Text)
		}
	}
	return left.String() == a && right.String() == b
}

// add appends text, joining it to a last run of the same kind.
func add(runs []Run, kind Kind, text string) []Run {
	if text == "" {
		return runs
	}
	if n := len(runs); n > 0 && runs[n-1].Kind == kind {
		runs[n-1].Text += text
		return runs
	}
	return append(runs, Run{Kind: kind, Text: text})
}

// commonPrefix returns the length of the common beginning, at the start of a
// character in both.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && (inside(a, n) || inside(b, n)) {
		n--
	}
	return n
}

// commonSuffix does the same from the end.
func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	for n > 0 && (inside(a, len(a)-n) || inside(b, len(b)-n)) {
		n--
	}
	return n
}

// inside reports whether offset n of s lies within a UTF-8 character.
func inside(s string, n int) bool { return n < len(s) && !utf8.RuneStart(s[n]) }
