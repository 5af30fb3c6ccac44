package query

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trestle/internal/check"
)

// Narrow is what an index can answer: every message for which the query holds has all of these. Empty fields ask for
// nothing; a value that ends in a star is a beginning.
type Narrow struct {
	Text                                 string // words, which find longer ones too, and "phrases"
	Type, Trigger, MRN, Account, Control string
	Format, Source, Tag                  string
	From, To                             time.Time // the message's own time by the clock on the wall: not before From, before To
	HasSeverity                          bool
	Severity                             check.Severity // at least
}

// Narrow says what an index can answer of the query. exact is that it answers all of it, so that nobody has to look
// into the messages. The words that stand for a value at a path are found only as far as the index knows the text of a
// message.
func (q *Query) Narrow() (n Narrow, exact bool) {
	all, _ := q.root.(both)
	if all == nil && q.root != nil {
		all = both{q.root}
	}
	exact = true
	for _, c := range all {
		if !n.add(c) {
			exact = false
		}
	}
	return n, exact
}

// add takes a condition up as far as it can, and says whether that is all of it.
func (n *Narrow) add(c node) bool {
	switch c := c.(type) {
	case both:
		whole := true
		for _, part := range c {
			whole = n.add(part) && whole
		}
		return whole
	case words:
		if c.text == "" {
			return true
		}
		n.word(c.text, c.exact, c.prefix)
		return !strings.Contains(c.text, `"`)
	case found:
		if c.bySeverity && c.op == atLeast && (!n.HasSeverity || n.Severity == c.severity) {
			n.HasSeverity, n.Severity = true, c.severity
			return true
		}
	case *comparison:
		return n.compare(c)
	}
	return false
}

// word adds words to look for.
func (n *Narrow) word(text string, exact, prefix bool) {
	text = strings.ReplaceAll(text, `"`, " ")
	if single := utf8.RuneCountInString(text) == 1; exact || prefix && single || strings.ContainsFunc(text, unicode.IsSpace) {
		text = `"` + text + `"`
		if prefix {
			text += "*"
		}
	}
	n.Text = strings.TrimSpace(n.Text + " " + text)
}

func (n *Narrow) compare(c *comparison) bool {
	if c.left.field == nil {
		if c.op == equal && isPlainWord(c.values[0].text) {
			n.word(c.values[0].text, true, c.values[0].prefix)
		}
		return false
	}
	if c.left.field.Name == "time" {
		return n.time(c)
	}
	if c.op != equal || c.values[0].text == "" || strings.ContainsAny(c.values[0].text, `"*`) {
		return false
	}
	into := map[string]*string{
		"type": &n.Type, "trigger": &n.Trigger, "mrn": &n.MRN, "account": &n.Account, "control": &n.Control,
		"format": &n.Format, "source": &n.Source, "tag": &n.Tag,
	}[c.left.field.Name]
	if into == nil {
		return false
	}
	value := c.values[0].text
	if c.values[0].prefix {
		if c.left.field.Name == "tag" {
			return false
		}
		value += "*"
	}
	if *into != "" && *into != value {
		return false
	}
	*into = value
	return true
}

// isPlainWord says whether a value is one word of an index whatever stands around it.
func isPlainWord(s string) bool {
	if len(s) < 2 || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if r >= unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// time narrows the time of the message.
func (n *Narrow) time(c *comparison) bool {
	if c.op > atLeast || c.op == different {
		return false
	}
	from, to, ok := period(c.values[0].digits)
	if !ok {
		return false
	}
	start := func(t time.Time) {
		if n.From.IsZero() || t.After(n.From) {
			n.From = t
		}
	}
	stop := func(t time.Time) {
		if n.To.IsZero() || t.Before(n.To) {
			n.To = t
		}
	}
	switch c.op {
	case equal:
		start(from)
		stop(to)
		return strings.Contains(c.values[0].text, "-") // digits alone are compared letter by letter
	case less:
		stop(from)
	case atMost:
		stop(to)
	case more:
		start(to)
	case atLeast:
		start(from)
	}
	return true
}

// period is the time that digits of a date name, and where the next one begins.
func period(digits string) (from, to time.Time, ok bool) {
	const layout = "20060102150405"
	if digits == "" || len(digits) > len(layout) {
		return from, to, false
	}
	from, err := time.Parse(layout[:len(digits)], digits)
	if err != nil {
		return from, to, false
	}
	switch len(digits) {
	case 4:
		to = from.AddDate(1, 0, 0)
	case 6:
		to = from.AddDate(0, 1, 0)
	case 8:
		to = from.AddDate(0, 0, 1)
	case 10:
		to = from.Add(time.Hour)
	case 12:
		to = from.Add(time.Minute)
	default:
		to = from.Add(time.Second)
	}
	return from, to, true
}
