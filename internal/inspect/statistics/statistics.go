package statistics

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// What is remembered at most.
const (
	maxValues   = 1 << 17 // distinct values that are counted one by one
	maxPatterns = 1 << 12
	maxText     = 200 // characters kept of a value
)

// Field is what stood at one path in the messages that were added.
type Field struct {
	Path hl7.Path

	Messages  int // messages added
	With      int // messages with a value there
	Empty     int // messages where the path is there without a value
	Null      int // values that are "" and delete
	Values    int // values, of all repetitions and occurrences
	MostTimes int // values in one message at most

	Shortest, Longest int // characters
	characters        int

	values, patterns         map[string]*Value
	otherValues, otherShapes int // values beyond what is remembered
}

// Value is one text with its count.
type Value struct {
	Text    string // cut after 200 characters
	Count   int
	Example int // index of the first message that has it, from 0
}

// New counts at a path. What the path does not number, it means all of.
func New(p hl7.Path) *Field {
	if p.Occurrence == 0 {
		p.Occurrence = hl7.All
	}
	if p.Repetition == 0 {
		p.Repetition = hl7.All
	}
	return &Field{Path: p, values: map[string]*Value{}, patterns: map[string]*Value{}}
}

// Add counts a message.
func (f *Field) Add(m *hl7.Message) {
	n, empty := 0, false
	for v := range m.All(f.Path) {
		switch v.State() {
		case hl7.Absent:
		case hl7.Empty:
			empty = true
		case hl7.Null:
			f.Null++
			n++
			f.add(`""`)
		default:
			n++
			f.add(v.Text())
		}
	}
	if n > 0 {
		f.With++
	} else if empty {
		f.Empty++
	}
	f.MostTimes = max(f.MostTimes, n)
	f.Messages++
}

func (f *Field) add(text string) {
	length := utf8.RuneCountInString(text)
	if f.Values == 0 || length < f.Shortest {
		f.Shortest = length
	}
	f.Longest = max(f.Longest, length)
	f.characters += length
	f.Values++
	count(f.values, cut(text), f.Messages, maxValues, &f.otherValues)
	count(f.patterns, Pattern(text), f.Messages, maxPatterns, &f.otherShapes)
}

func count(m map[string]*Value, text string, message, limit int, other *int) {
	if v := m[text]; v != nil {
		v.Count++
		return
	}
	if len(m) >= limit {
		*other++
		return
	}
	text = strings.Clone(text) // the message's bytes shall not stay
	m[text] = &Value{text, 1, message}
}

// cut shortens a text to what is kept, with a mark and its length so that long ones stay apart.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	if n := utf8.RuneCountInString(s); n > maxText {
		i := 0
		for k := range s {
			if i == maxText {
				return s[:k] + "… (" + strconv.Itoa(n) + " characters)"
			}
			i++
		}
	}
	return s
}

// Populated is the share of messages with a value, 0 to 1.
func (f *Field) Populated() float64 {
	if f.Messages == 0 {
		return 0
	}
	return float64(f.With) / float64(f.Messages)
}

// Average is the mean length of the values in characters.
func (f *Field) Average() float64 {
	if f.Values == 0 {
		return 0
	}
	return float64(f.characters) / float64(f.Values)
}

// Distinct is how many different values there are. exact is false where there are more than were counted one by one.
func (f *Field) Distinct() (n int, exact bool) { return len(f.values), f.otherValues == 0 }

// Top lists the most frequent values, n at most; equal counts are in the order of the text. n below 0 lists all.
func (f *Field) Top(n int) []Value { return top(f.values, n) }

// Patterns lists the most frequent patterns, n at most.
func (f *Field) Patterns(n int) []Value { return top(f.patterns, n) }

func top(m map[string]*Value, n int) []Value {
	all := make([]Value, 0, len(m))
	for _, v := range m {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	if n >= 0 && len(all) > n {
		all = all[:n]
	}
	return all
}

// Pattern is what a text looks like: 9 for a digit, A and a for an upper and lower case letter, the rest as it is. Four
// and more of a kind are written with their number: 19790228 is 9{8}, MSG-00412 is AAA-9{5}.
func Pattern(s string) string {
	var b strings.Builder
	last, n := rune(-1), 0
	flush := func() {
		if n > 3 {
			b.WriteRune(last)
			b.WriteByte('{')
			b.WriteString(strconv.Itoa(n))
			b.WriteByte('}')
			return
		}
		for range n {
			b.WriteRune(last)
		}
	}
	for _, r := range s {
		c := class(r)
		if c != last {
			flush()
			last, n = c, 0
		}
		n++
		if b.Len() > maxText {
			break
		}
	}
	flush()
	return b.String()
}

func class(r rune) rune {
	switch {
	case unicode.IsDigit(r):
		return '9'
	case unicode.IsUpper(r):
		return 'A'
	case unicode.IsLetter(r):
		return 'a'
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}
