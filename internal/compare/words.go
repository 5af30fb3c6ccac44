package compare

import (
	"fmt"
	"strings"
	"time"
	"unicode"
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

// WholeWords is Words for people: runs end where words end.
func WholeWords(a, b string) []Run { return wholeWords(Words(a, b)) }

// wholeWords widens what differs to whole words: "good" that became "poor" is one change, not a g and a d.
func wholeWords(runs []Run) []Run {
	var out []Run
	var deleted, inserted strings.Builder
	flush := func() {
		out = add(add(out, Delete, deleted.String()), Insert, inserted.String())
		deleted.Reset()
		inserted.Reset()
	}
	changed := func(i int) bool { return i >= 0 && i < len(runs) && runs[i].Kind != Equal }
	for i, r := range runs {
		switch r.Kind {
		case Delete:
			deleted.WriteString(r.Text)
			continue
		case Insert:
			inserted.WriteString(r.Text)
			continue
		}
		head, tail := 0, len(r.Text)
		if changed(i-1) && insideWord(runs, i-1, r.Text, true) {
			head = wordEnd(r.Text)
		}
		if changed(i+1) && insideWord(runs, i+1, r.Text, false) {
			tail = wordStart(r.Text)
		}
		if tail <= head && len(r.Text) <= maxWord { // all of it is inside words that change
			deleted.WriteString(r.Text)
			inserted.WriteString(r.Text)
			continue
		}
		if head > maxWord || tail <= head { // no word of a language: what is equal in it is shown
			head = 0
		}
		if len(r.Text)-tail > maxWord || tail <= head {
			tail = len(r.Text)
		}
		deleted.WriteString(r.Text[:head])
		inserted.WriteString(r.Text[:head])
		flush()
		out = add(out, Equal, r.Text[head:tail])
		deleted.WriteString(r.Text[tail:])
		inserted.WriteString(r.Text[tail:])
	}
	flush()
	return out
}

// maxWord is how long a word may be in bytes to be shown as one. What is longer is encoded data.
const maxWord = 48

// wordEnd is where the word ends that a text begins within.
func wordEnd(s string) int {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(s)
}

// wordStart is where the word begins that a text ends within.
func wordStart(s string) int {
	i := strings.LastIndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return 0
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return i + n
}

// insideWord says whether a change stands within a word together with the equal text before or behind it.
func insideWord(runs []Run, at int, equal string, behind bool) bool {
	step := 1
	letter, _ := utf8.DecodeLastRuneInString(equal)
	if behind {
		letter, _ = utf8.DecodeRuneInString(equal)
		step = -1
	}
	if unicode.IsSpace(letter) {
		return false
	}
	for ; at >= 0 && at < len(runs) && runs[at].Kind != Equal; at += step {
		r, _ := utf8.DecodeRuneInString(runs[at].Text)
		if behind {
			r, _ = utf8.DecodeLastRuneInString(runs[at].Text)
		}
		if !unicode.IsSpace(r) {
			return true
		}
	}
	return false
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
