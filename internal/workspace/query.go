package workspace

import (
	"slices"
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

// Check says what is wrong with a query that was not read by ParseQuery. Errors are ErrQuery.
func (q Query) Check() error {
	if _, _, err := q.order(); err != nil {
		return err
	}
	_, err := matchExpression(q.Text)
	return err
}

// Fields lists the fields that ParseQuery knows.
func Fields() []string { return slices.Clone(queryFields) }

var queryFields = []string{"text", "mrn", "account", "control", "type", "trigger", "format", "source", "since", "until", "severity", "tag", "sort"}

// ParseQuery reads a search as people type it: fields and free words in any order, such as
//
//	type:ADT trigger:A08 mrn:88121 tag:open since:2026-01-01 until:2026-01-31 severity:error sort:-time doe "left arm"
//
// type:ADT^A08 gives both parts. A free word finds longer ones too: sampl finds Sampleby. A single letter or digit, and what stands
// in quotation marks, is found only exactly so, unless a star follows: "left arm"*. A value with spaces stands in quotation
// marks, and so does a colon that is to be looked for. Errors are ErrQuery and say what is possible.
func ParseQuery(s string) (Query, error) {
	var q Query
	var words []string
	set := map[string]bool{}
	for rest := strings.TrimSpace(s); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		var field, value string
		var err error
		if field, value, rest, err = nextTerm(rest); err != nil {
			return Query{}, err
		}
		if field == "" || field == "text" {
			words = append(words, value)
			continue
		}
		name, known := fieldAlias[field]
		switch {
		case !known:
			return Query{}, fail(ErrQuery, "unknown field %q; fields are %s. To look for the text itself, put it in quotation marks", field, strings.Join(queryFields, ", "))
		case set[name]:
			return Query{}, fail(ErrQuery, "%s is given twice; give it once", name)
		case value == "":
			return Query{}, fail(ErrQuery, "%s needs a value, without a space after the colon: %s:%s", name, name, fieldExample[name])
		}
		set[name] = true
		if err := q.set(name, value); err != nil {
			return Query{}, err
		}
	}
	q.Text = strings.Join(words, " ")
	_, err := matchExpression(q.Text)
	return q, err
}

var fieldAlias = map[string]string{
	"mrn": "mrn", "account": "account", "control": "control", "controlid": "control", "type": "type", "trigger": "trigger",
	"format": "format", "source": "source", "file": "source",
	"since": "since", "from": "since", "until": "until", "to": "until", "severity": "severity", "tag": "tag", "sort": "sort",
}

var fieldExample = map[string]string{
	"mrn": "88121", "account": "A1001", "control": "MSG00001", "type": "ADT", "trigger": "A08", "format": "x12", "source": "adt.hl7", "since": "2026-01-01",
	"until": "2026-01-31", "severity": "error", "tag": "open", "sort": "time",
}

// nextTerm takes one term off the front: word, "phrase" (returned with its marks), field:value or field:"value"
// (returned without).
func nextTerm(s string) (field, value, rest string, err error) {
	n := 0
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	if n > 0 && n < len(s) && s[n] == ':' {
		field, s = strings.ToLower(s[:n]), s[n+1:]
	}
	if strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", "", "", fail(ErrQuery, "a quotation mark is not closed; put one at the end of the phrase")
		}
		value, rest = s[:end+2], s[end+2:]
		if strings.HasPrefix(rest, "*") {
			value, rest = value+"*", rest[1:]
		}
		if field != "" && field != "text" {
			value = strings.ReplaceAll(value, `"`, "")
		}
		return field, value, rest, nil
	}
	end := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
	if end < 0 {
		end = len(s)
	}
	return field, s[:end], s[end:], nil
}

// set gives a field its value.
func (q *Query) set(field, value string) (err error) {
	switch field {
	case "mrn":
		q.MRN = value
	case "account":
		q.Account = value
	case "control":
		q.ControlID = value
	case "type":
		typ, trigger, both := strings.Cut(value, "^")
		if both && q.Trigger != "" && !strings.EqualFold(q.Trigger, trigger) {
			return fail(ErrQuery, "type:%s and trigger:%s contradict each other; leave one out", value, q.Trigger)
		}
		q.Type = typ
		if both {
			q.Trigger = trigger
		}
	case "trigger":
		if q.Trigger != "" && !strings.EqualFold(q.Trigger, value) {
			return fail(ErrQuery, "type:%s^%s and trigger:%s contradict each other; leave one out", q.Type, q.Trigger, value)
		}
		q.Trigger = value
	case "format":
		q.Format = value
	case "source":
		q.Source = value
	case "since":
		q.From, _, err = parseDay(field, value)
	case "until":
		_, q.To, err = parseDay(field, value)
	case "severity":
		q.Severity = true
		if q.MinSeverity, err = check.ParseSeverity(value); err != nil {
			return fail(ErrQuery, "%v", err)
		}
	case "tag":
		q.Tag = value
	case "sort":
		q.Descending = strings.HasPrefix(value, "-")
		q.Sort = strings.ToLower(strings.TrimPrefix(value, "-"))
		_, _, err = q.order()
	}
	return err
}

// dayLayouts with the length of what they name.
var dayLayouts = []struct {
	layout string
	next   func(time.Time) time.Time
}{
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02 15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	{"2006-01-02 15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
}

// parseDay reads a day, month, year, minute or second: its beginning, and where the next one begins.
func parseDay(field, value string) (from, to time.Time, err error) {
	for _, l := range dayLayouts {
		if t, err := time.Parse(l.layout, value); err == nil {
			return t, l.next(t), nil
		}
	}
	return from, to, fail(ErrQuery, "%s:%s is not a date; write it as 2026-01-31, or 2026-01-31T14:30", field, value)
}

// String writes the query so that ParseQuery reads the same again. It is what the access log keeps of a search.
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
