package workspace

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trestle/internal/check"
)

// Query says which messages a list shows, and in which order. All conditions must hold. The zero value is every
// message in the order in which they came.
type Query struct {
	Text       string // words, which find longer ones too, and "words or phrases" that stand exactly so; all in the message, or all in its note
	MRN        string // this and the next four: the whole value, or its beginning and *; upper and lower case are equal
	Account    string
	ControlID  string
	Type       string
	Trigger    string
	Format     string    // as format.Kind writes it, such as "x12"; the whole value, or its beginning and *
	Source     string    // name of the file, likewise
	From, To   time.Time // the message's own time by the clock on the wall: not before From, before To
	Severity   bool      // only messages with a finding of at least MinSeverity
	Tag        string
	Sort       string // one of Sorts; empty is "id"
	Descending bool

	MinSeverity check.Severity
}

// Filtered reports whether the query leaves anything out.
func (q Query) Filtered() bool {
	q.Sort, q.Descending, q.MinSeverity = "", false, 0
	return q != Query{}
}

// Check says what is wrong with a query. Errors are ErrQuery.
func (q Query) Check() error {
	if _, _, err := q.order(); err != nil {
		return err
	}
	_, err := matchExpression(q.Text)
	return err
}

// String writes the query so that package query reads the same again. It is what the access log keeps of a search.
func (q Query) String() string {
	var parts []string
	add := func(field, value string) {
		value = strings.ReplaceAll(value, `"`, "")
		if value == "" {
			return
		}
		if strings.ContainsFunc(value, unicode.IsSpace) {
			value = `"` + value + `"`
		}
		parts = append(parts, field+":"+value)
	}
	add("mrn", q.MRN)
	add("account", q.Account)
	add("control", q.ControlID)
	add("type", q.Type)
	add("trigger", q.Trigger)
	add("format", q.Format)
	add("source", q.Source)
	const second = "2006-01-02T15:04:05"
	if !q.From.IsZero() {
		add("since", q.From.Format(second))
	}
	if !q.To.IsZero() {
		add("until", q.To.Add(-time.Second).Format(second))
	}
	if q.Severity {
		add("severity", q.MinSeverity.String())
	}
	add("tag", q.Tag)
	if q.Descending {
		add("sort", "-"+cmpOr(q.Sort, "id"))
	} else {
		add("sort", q.Sort)
	}
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	return strings.Join(parts, " ")
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// maxWords is how many words and phrases one search may have.
const maxWords = 32

// matchExpression turns what a person typed into FTS5's query language. Every word becomes a quoted string, so nothing
// in it has a meaning to FTS5: no operator, no column, no syntax error. A word finds longer ones, as a phrase does if a star
// follows it. A single letter does not: it would read much of the index, to find nearly everything.
func matchExpression(text string) (string, error) {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), " ")
	var out []string
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		var word string
		quoted := rest[0] == '"'
		if quoted {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return "", fail(ErrQuery, "a quotation mark is not closed; put one at the end of the phrase")
			}
			word, rest = rest[1:end+1], rest[end+2:]
			if strings.HasPrefix(rest, "*") {
				word, rest = word+"*", rest[1:]
			}
		} else {
			end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
			if end < 0 {
				end = len(rest)
			}
			word, rest = rest[:end], rest[end:]
		}
		word, prefix := strings.CutSuffix(word, "*")
		if !strings.ContainsFunc(word, isWordRune) {
			continue
		}
		term := `"` + strings.ReplaceAll(word, `"`, `""`) + `"`
		if prefix || !quoted && utf8.RuneCountInString(word) > 1 {
			term += "*"
		}
		if out = append(out, term); len(out) > maxWords {
			return "", fail(ErrQuery, "a search can have at most %d words", maxWords)
		}
	}
	if len(out) == 0 && strings.TrimSpace(text) != "" {
		return "", fail(ErrQuery, "%q has no letter or digit to look for; words are found by their letters and digits", clipText(text, 40))
	}
	return strings.Join(out, " "), nil
}

// isWordRune reports what the tokenizer unicode61 takes for part of a word: letters, numbers, private use.
func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r))
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
