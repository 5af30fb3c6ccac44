package validate

import (
	"encoding/base64"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"trestle/internal/fhir"
	"trestle/internal/fhir/fhirpath"
)

// kinds are those that JSON has for the primitive types that are no strings.
var kinds = map[string]fhir.Kind{
	"boolean": fhir.Bool, "integer": fhir.Number, "decimal": fhir.Number, "positiveInt": fhir.Number, "unsignedInt": fhir.Number,
}

const maxLength = 1 << 20 // characters of a string (R4, section 2.24.0.1)

func (w walker) primitive(m member, s *fhir.Structure, value, more *fhir.Node, at place) {
	if more != nil {
		w.extended(m, s, more, at)
		if value == nil && more.Kind == fhir.Object && len(more.Children) == 1 && more.Children[0].Name == "id" {
			w.report(CodeEmpty, Error, at, "the element has an id, and neither value nor extension (ele-1)")
		}
	}
	if value == nil {
		return
	}
	if value.Kind == fhir.Object || value.Kind == fhir.Array {
		w.report(CodeType, Error, at, "%s must be a %s, not a %s", m.name, m.typ, value.Kind)
		return
	}
	if m.typ == "xhtml" {
		w.narrative(value, at)
		return
	}
	want, ok := kinds[m.typ]
	if !ok {
		want = fhir.String
	}
	if value.Kind != want && !w.xml {
		w.report(CodeType, Error, at, "a %s is a %s in JSON, not a %s", m.typ, want, value.Kind)
		if value.Kind != fhir.String {
			return
		}
	}
	if problem := problemOf(s, m, value.Text); problem != "" {
		w.report(CodeValue, Error, at, "%s", problem)
		return
	}
	self := fhirpath.Element(w.d, value, more, m.typ, s.Root, w.within)
	w.invariants(m.def, self, at)
	w.bound(m, value, at)
	w.prescribed(m.def, value, at)
}

// extended checks the object with id and extensions of a primitive.
func (w walker) extended(m member, s *fhir.Structure, more *fhir.Node, at place) {
	if more.Kind != fhir.Object {
		w.report(CodeType, Error, at.of(more, ""), "_%s must be an object with an id or extensions", m.name)
		return
	}
	w.owner, w.shared, w.typ = m.def.Path, "", m.typ
	hidden := 0
	for _, c := range more.Children {
		if c.Name == "value" {
			hidden++
		}
	}
	if hidden > 0 {
		w.report(CodeUnknown, Error, at.of(more, ""), "_%s holds id and extensions; the value stands in %s", m.name, m.name)
		return
	}
	w.content(more, s.Root, m.typ, at, false)
}

var patterns sync.Map // regular expression -> *regexp.Regexp, nil where Go cannot run it

// pattern returns the expression that the whole text must match.
func pattern(text string) *regexp.Regexp {
	if re, ok := patterns.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		re = nil
	}
	patterns.Store(text, re)
	return re
}

// problemOf says in what a value breaks the rules of its type, "" if in nothing.
func problemOf(s *fhir.Structure, m member, text string) string {
	switch {
	case text == "":
		return "the value is empty: leave the member out"
	case utf8.RuneCountInString(text) > maxLength:
		return "the value is longer than 1 MB, the longest that FHIR permits"
	case m.def.MaxLength > 0 && utf8.RuneCountInString(text) > m.def.MaxLength:
		return "the value is longer than " + strconv.Itoa(m.def.MaxLength) + " characters"
	}
	switch m.typ {
	case "boolean":
		if text != "true" && text != "false" {
			return "a boolean is true or false"
		}
	case "integer", "positiveInt", "unsignedInt":
		return integerProblem(m.typ, text)
	case "decimal":
		if !fhir.ValidNumber(text) {
			return "this is no decimal number"
		}
	case "date", "dateTime", "instant", "time":
		return dateProblem(m.typ, text)
	case "base64Binary":
		// Blanks are permitted within it (R4, 2.24.0.1).
		plain := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t\r\n", r) {
				return -1
			}
			return r
		}, text)
		if _, err := base64.StdEncoding.DecodeString(plain); err != nil {
			return "this is no Base64"
		}
	case "id":
		return idProblem(text)
	case "uri", "url", "canonical":
		if strings.ContainsAny(text, " \t\r\n") {
			return "a " + m.typ + " has no blanks"
		}
	case "oid":
		if !strings.HasPrefix(text, "urn:oid:") {
			return "an oid begins with urn:oid:"
		}
	case "uuid":
		if !strings.HasPrefix(text, "urn:uuid:") {
			return "a uuid begins with urn:uuid:"
		}
	}
	return patternProblem(s, text)
}

func idProblem(text string) string {
	switch {
	case len(text) > 64:
		return "an id has at most 64 characters"
	case !idPattern.MatchString(text):
		return "an id consists of letters, digits, - and ."
	}
	return ""
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9\-.]+$`)

// patternProblem matches with the pattern of the type's definition.
func patternProblem(s *fhir.Structure, text string) string {
	for _, c := range s.Root.Children {
		if c.Name != "value" || len(c.Types) == 0 || c.Types[0].Regex == "" {
			continue
		}
		switch s.Name {
		case "string", "markdown", "base64Binary", "uri", "url", "canonical", "id":
			continue // their rules are checked above; the patterns are broader or cost more
		}
		if re := pattern(c.Types[0].Regex); re != nil && !re.MatchString(text) {
			return "the value does not have the form of a " + s.Name
		}
	}
	return ""
}

func integerProblem(typ, text string) string {
	i, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || !fhir.ValidNumber(text):
		return "this is no integer"
	case i > math.MaxInt32 || i < math.MinInt32:
		return "the integer needs more than 32 bits"
	case typ == "positiveInt" && i < 1:
		return "a positiveInt is at least 1"
	case typ == "unsignedInt" && i < 0:
		return "an unsignedInt is at least 0"
	}
	return ""
}

// datePattern are the forms of dates and times (R4, 2.24.0.1).
var datePattern = map[string]*regexp.Regexp{
	"date":     regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$`),
	"dateTime": regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?)?)?$`),
	"instant":  regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`),
	"time":     regexp.MustCompile(`^\d\d:\d\d:\d\d(\.\d+)?$`),
}

func dateProblem(typ, text string) string {
	if !datePattern[typ].MatchString(text) {
		return "this is no " + typ + " as FHIR writes it, such as " + map[string]string{
			"date": "2026-01-31", "dateTime": "2026-01-31T14:30:00Z", "instant": "2026-01-31T14:30:00Z", "time": "14:30:00",
		}[typ]
	}
	date, clock, timed := strings.Cut(text, "T")
	if typ == "time" {
		date, clock, timed = "", text, true
	}
	if date != "" {
		if _, err := time.Parse("2006-01-02"[:len(date)], date); err != nil || strings.HasPrefix(date, "0000") {
			return "there is no such day"
		}
	}
	if !timed {
		return ""
	}
	if typ == "dateTime" && !strings.ContainsAny(clock, "Z+-") {
		return "a time needs a time zone, such as Z or +01:00"
	}
	if seconds := clock[6:8]; seconds == "60" {
		return "" // a leap second
	}
	if _, err := time.Parse("15:04:05", clock[:8]); err != nil {
		return "there is no such time of day"
	}
	return ""
}

// attachment compares the size that is stated with the data.
func (w walker) attachment(n *fhir.Node, at place) {
	size, data := n.Find("size"), n.Find("data")
	if size == nil || data == nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data.Text), ""))
	if err == nil && strconv.Itoa(len(raw)) != size.Text {
		w.report(CodeValue, Error, at.of(size, ".size"), "the size is stated as %s, and the data has %d bytes", short(size.Text), len(raw))
	}
}
