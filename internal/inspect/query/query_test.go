package query

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
)

const adt = "MSH|^~\\&|LAB^1.2.3^ISO|RIVERBEND|EHR|CLINIC|20260301101500||ADT^A08^ADT_A01|MSG00412|P|2.5.1\r" +
	"EVN||20260301101500\r" +
	"PID|1||9^^^OLD^PI~88121^^^RIVERBEND^MR||Tester^Anna^B||19800229|F||2106-3|||||\"\"\r" +
	"PV1|1|O|INF^2|||||||||||||||||||||||||||||||||||||||||20260105093000\r" +
	"OBX|1|NM|8302-2^Height^LN||172.5|cm|||||F\r" +
	"OBX|2|TX|N^Note^L||Swelling of the left arm; see note 7|||||F\r"

func subject(findings ...check.Finding) *Subject {
	m := hl7.Parse([]byte(adt))
	return &Subject{Message: m, Summary: inspect.Summarise(m), Source: "adt.hl7", Tags: []string{"open", "vendor"},
		Findings: func() []check.Finding { return findings }}
}

func TestMatch(t *testing.T) {
	warned := []check.Finding{{Code: "date-impossible", Severity: check.Warning}, {Code: "x", Severity: check.Information}}
	for text, want := range map[string]bool{
		"":                                    true,
		"type = ADT":                          true,
		"type = adt":                          true,
		"TYPE:ADT":                            true,
		"type:ADT^A08":                        true,
		"type = ADT^A01":                      false,
		"type != ORU":                         true,
		"mrn:88121":                           true,
		"mrn:881*":                            true,
		"mrn = 881":                           false,
		`PID-3.1 = "88121"`:                   true,
		"PID-3[1].1 = 88121":                  false,
		"PID-3 = 88121":                       true,
		"PID-3.1 != 88121":                    false,
		"PID-3.1 != 7":                        true,
		"PID-8 in (M, F)":                     true,
		"PID-8 in (M, O)":                     false,
		"PID-7 < 1990":                        true,
		"PID-7 < 1990-01-01":                  true,
		"PID-7 >= 1980-02-29":                 true,
		"PID-7 > 1980-02-29":                  false,
		"PID-7 = 1980-02":                     true,
		"PV1-44 > 2026-01-01":                 true,
		"PV1-44 > 2026-01-05":                 false,
		"PV1-44 = 2026-01-05":                 true,
		"PV1-44 > 20260101":                   true,
		"OBX-5 > 172":                         true,
		"OBX[1]-5 < 172.4":                    false,
		"OBX-5 contains LEFT":                 true,
		`OBX-5 contains "left leg"`:           false,
		`PID-5.1 matches "^T.*r$"`:            true,
		"PID-5.1 = tes*":                      true,
		"PID-9 exists":                        false,
		"PID-9 empty":                         true,
		"PID-16 null":                         false,
		"PID-15 null":                         true,
		"PID-15 exists":                       true,
		"NK1 exists":                          false,
		"PV1 exists":                          true,
		"not NK1 exists":                      true,
		"left":                                true,
		"swell":                               true,
		"well":                                false,
		`"left arm"`:                          true,
		`"left ar"`:                           false,
		`"left ar"*`:                          true,
		"7":                                   true,
		"tester anna":                         true,
		"tester otto":                         false,
		"tester or otto":                      true,
		"otto or tester type = ORU":           false,
		"(otto or tester) type = ADT":         true,
		"not otto and not (type = ORU)":       true,
		"source:adt.hl7":                      true,
		"file = adt*":                         true,
		"tag = vendor":                        true,
		"tag != vendor":                       false,
		"segments > 3 and size < 10000":       true,
		"since:2026-03-01 until:2026-03-01":   true,
		"since:2026-03-02":                    false,
		"time >= 2026-03-01T10:15":            true,
		"time > 2026-03-01T10:15":             false,
		"finding >= warning":                  true,
		"severity:warning":                    true,
		"severity:error":                      false,
		"finding = information":               true,
		"finding = date-impossible":           true,
		"finding contains date":               true,
		"finding in (a, date-impossible)":     true,
		"finding >= error or type = ADT":      true,
		"finding exists":                      true,
		"finding != error":                    true,
		"sender = LAB and receiver = EHR":     true,
		"sort:-time type:ADT":                 true,
		"version = 2.5.1 and structure:ADT_*": true,
	} {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Match(subject(warned...)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestSort(t *testing.T) {
	q, err := Parse("type:ADT sort:-time")
	if err != nil || q.Sort != "time" || !q.Descending || q.All() {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		`PID-3 = "8`:                    "not closed",
		"PID-3 =":                       "value is missing",
		"PID-3 = )":                     "value is missing",
		"= 7":                           "without something before it",
		"colour = red":                  "neither a field nor a path",
		"(type = ADT":                   "not closed",
		"type = ADT)":                   "does not belong here",
		"()":                            "nothing between",
		"and type = ADT":                "and needs",
		"type = ADT and":                "and needs",
		"type = ADT or":                 "or needs",
		"not":                           "not needs",
		"PID-8 in M":                    "in parentheses",
		"PID-8 in (M F)":                "commas",
		"PID-8 matches (":               "value is missing",
		`PID-8 matches "("`:             "regular expression",
		"since:yesterday":               "not a date",
		"severity:bad":                  "severity",
		"finding > x":                   "finding is compared",
		"finding null":                  "never null",
		strings.Repeat("(", 2000) + "a": "more than 100 parentheses",
	} {
		_, err := Parse(text)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Offset < 0 || e.Offset > len(text) {
			t.Errorf("%.40s: %v, want %q", text, err, want)
		}
	}
}

func TestNarrow(t *testing.T) {
	for text, want := range map[string]struct {
		n     Narrow
		exact bool
	}{
		"":                        {Narrow{}, true},
		"type:ADT^A08 doe":        {Narrow{Type: "ADT", Trigger: "A08", Text: "doe"}, true},
		"mrn = 881* and tag=x":    {Narrow{MRN: "881*", Tag: "x"}, true},
		`PID-3.1 = "88121"`:       {Narrow{Text: `"88121"`}, false},
		"PID-5 = tes*":            {Narrow{Text: `"tes"*`}, false},
		"PID-5.1 = O'Neil":        {Narrow{}, false},
		"type = ADT or mrn = 7":   {Narrow{}, false},
		"not mrn = 7":             {Narrow{}, false},
		"type = ADT type = ORU":   {Narrow{Type: "ADT"}, false},
		"severity:error":          {Narrow{HasSeverity: true, Severity: check.Error}, true},
		"finding = error":         {Narrow{}, false},
		"PV1-44 > 2026-01-01":     {Narrow{}, false},
		`"left arm"`:              {Narrow{Text: `"left arm"`}, true},
		"type != ADT mrn:\"a*b\"": {Narrow{}, false},
	} {
		q, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if n, exact := q.Narrow(); n != want.n || exact != want.exact {
			t.Errorf("%s: %+v, %v", text, n, exact)
		}
	}
	q, _ := Parse("since:2026-03-01 until:2026-03 time > 2026-03-02")
	n, exact := q.Narrow()
	if got := n.From.Format("20060102") + "-" + n.To.Format("20060102"); got != "20260303-20260401" || !exact {
		t.Errorf("%s, %v", got, exact)
	}
}

// What an index answers must never leave out a message that the query holds for.
func TestNarrowIsNecessary(t *testing.T) {
	terms := []string{"type = ADT", "type = ORU", "mrn:88121", "mrn = 8*", "tag = open", "tag = shut", "time >= 2026-03-01", "time < 2026-03-01", "since:2026-02", "doe", "Anna",
		"severity:warning", "finding >= fatal", "source:adt.hl7", "PID-3.1 = 88121", "not type = ORU", "(type = ADT or mrn:1)"}
	random := rand.New(rand.NewPCG(1, 2))
	s := subject(check.Finding{Severity: check.Warning})
	for range 5000 {
		var parts []string
		for range 1 + random.IntN(4) {
			parts = append(parts, terms[random.IntN(len(terms))])
		}
		text := strings.Join(parts, []string{" ", " and ", " or "}[random.IntN(3)])
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		n, exact := q.Narrow()
		if in := inIndex(n, s); q.Match(s) && !in || exact && in && !q.Match(s) {
			t.Fatalf("%s: match %v, in the index %v, exact %v", text, q.Match(s), in, exact)
		}
	}
}

// inIndex answers a Narrow as a store would.
func inIndex(n Narrow, s *Subject) bool {
	like := func(want, have string) bool {
		if prefix, ok := strings.CutSuffix(want, "*"); ok {
			return strings.HasPrefix(have, prefix)
		}
		return want == "" || want == have
	}
	text := true
	for w := range strings.FieldsSeq(n.Text) {
		exact := strings.HasPrefix(w, `"`)
		text = text && (words{strings.Trim(w, `"*`), strings.HasSuffix(w, "*"), exact}).match(s)
	}
	at, _, _ := period(s.Summary.Time)
	return text && like(n.Type, s.Summary.Type) && like(n.Trigger, s.Summary.Trigger) && like(n.MRN, s.Summary.MRN) && like(n.Source, s.Source) &&
		(n.Tag == "" || slices.Contains(s.Tags, n.Tag)) && (!n.HasSeverity || n.Severity <= check.Warning) &&
		(n.From.IsZero() || !at.Before(n.From)) && (n.To.IsZero() || at.Before(n.To))
}

// A value that Quote wrote is read as it was.
func TestQuote(t *testing.T) {
	for _, s := range []string{"88121", "", "a b", `a"b\c`, "a*", "x:y", "O'Neil", "(", "<5", "a,b", `\`} {
		q, err := Parse("mrn = " + Quote(s))
		if err != nil {
			t.Errorf("%q is written %s: %v", s, Quote(s), err)
			continue
		}
		c := q.root.(*comparison)
		if c.values[0].text != s || c.values[0].prefix {
			t.Errorf("%q is written %s, which is read as %+v", s, Quote(s), c.values[0])
		}
	}
}

func TestComplete(t *testing.T) {
	version, _ := dictionary.For("2.5.1")
	for text, want := range map[string]string{
		"ty":                 "type",
		"PI":                 "PID-",
		"PID-1":              "PID-1",
		"type = ADT and mr":  "mrn",
		"type ":              "=",
		"PID-8 ":             "=",
		"PID-8 = ":           "F",
		"PID-8 in (F, ":      "M",
		"severity:":          "warning",
		"finding = date-imp": "date-impossible",
		"type = ADT ":        "and",
		"PID-5.":             "PID-5.1",
		"type = AD":          "ADT",
		"type = Appo":        "Appointment",
		"finding >= e":       "error",
	} {
		from, all := Complete(text, len(text), version)
		found := slices.ContainsFunc(all, func(s Suggestion) bool { return s.Text == want })
		if !found || from > len(text) || !strings.HasPrefix(want, text[from:]) {
			t.Errorf("%q: from %d, %v", text, from, all)
		}
	}
	if _, all := Complete(`PID-5 = "Te`, 11, version); len(all) != 0 {
		t.Errorf("within quotation marks: %v", all)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "type = ADT and (mrn:1 or not doe)", `PID-3[*].1 in ("a", b*)`, "finding>=error", "a:b:c", `"\"`, "((((", "OBX-5 matches x"} {
		f.Add(s)
	}
	version, _ := dictionary.For("2.5.1")
	s := subject()
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		for at := range min(len(text), 30) {
			if from, _ := Complete(text, at, version); from > at {
				t.Fatalf("%q at %d: from %d", text, at, from)
			}
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset > len(text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		q.Narrow()
		q2, err := Parse(q.String())
		if err != nil || q2.Match(s) != q.Match(s) {
			t.Fatalf("%q reads as %q: %v", text, q.String(), err)
		}
	})
}

func TestNeedsSummary(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "PID-3.1 = 17": false, "doe": false, "finding >= error": false, "size > 100 and source = a": false, "tag = x": false,
		"type = ADT": true, "PID-3.1 = 17 and mrn = 17": true, "not (PV1 valued or format = csv)": true, "PID-8 = M or visit = 5": true,
	} {
		q, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := q.NeedsSummary(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestOnlyFindings(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "finding >= error": true, "finding = date-invalid or finding = error": true, "not (finding = date-invalid)": true,
		"finding >= error and type = ADT": false, "PID-3 = 1": false, "doe": false,
	} {
		q, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := q.OnlyFindings(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
