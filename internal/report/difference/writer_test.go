package difference

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trestle/internal/compare"
)

func message(id, rest string) []byte {
	return []byte(strings.ReplaceAll("MSH|^~\\&|LAB|MAIN|EHR|MAIN|20260301||ADT^A08^ADT_A01|"+id+"|P|2.5.1\n"+rest+"\n", "\n", "\r"))
}

const note = "NTE|1||The patient was seen by Dr Secretname in the morning and went home."

// sets are two of every kind of pair; whatever of them may not be seen under the mask holds the word secret.
func sets() (left, right compare.Slice) {
	left = compare.Slice{
		message("M1", "PID|1||secret1^^^LAKE^MR||Secretdoe^JANE"),
		message("M2", "PID|1||2||B"),
		message("M3", "PID|1||3||C\n"+note+"\nAL1|1||X\nAL1|2||A<b>&c"),
		message("M4", "PID|1||4||D^"),
		message("M5", "PID|1||secret5||E"),
		message("M6", "PID|1||6||F"),
	}
	right = compare.Slice{
		message("M1", "PID|1||secret1^^^LAKE^MR||Secretdoe^JANE"),
		message("M2", "PID|1||2||B|||secretsex"),
		message("M3", "PID|1||3||C\n"+strings.Replace(note, "morning", "evening", 1)+"\nAL1|1||A<b>&c\nAL1|2||X"),
		message("M4", "PID|1||4||D"),
		message("M6", "PID|1||6||secretroe"),
		message("M7", "PID|1||secret7||G"),
	}
	return left, right
}

// write runs the comparison into one writer.
func write(t *testing.T, w Writer, rules *compare.Rules, key ...string) *compare.Summary {
	t.Helper()
	l, r := sets()
	s, err := compare.Sets(context.Background(), l, r, compare.Options{Rules: rules, Key: key}, w.Pair)
	if err == nil {
		err = w.Close(s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	write(t, NewJSON(&b, Options{}), &compare.Rules{Expect: []compare.Expectation{{Path: "PID-5", Right: "secretroe"}}})
	var got struct {
		Summary  SummaryObject
		Pairs    []PairObject
		Patterns []PatternObject
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if s := got.Summary; s.Exact != 1 || s.Same != 1 || s.Expected != 1 || s.Different != 2 || s.OnlyLeft != 1 || s.OnlyRight != 1 || s.Pairs != 7 || s.Types["ADT^A08"].Different != 2 {
		t.Errorf("%+v", s)
	}
	var lines []string
	for _, p := range got.Pairs {
		for _, d := range p.Differences {
			value := func(s *string) string {
				if s == nil {
					return "null"
				}
				return *s
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %v %s", p.Key, d.Kind, d.Path, value(d.Left), value(d.Right), d.Expected, d.RightPath))
		}
	}
	want := []string{
		"M2 added PID-8 null secretsex false ",
		"M3 changed NTE-3 The patient was seen by Dr Secretname in the morning and went home. The patient was seen by Dr Secretname in the evening and went home. false ",
		"M3 moved AL1[2] AL1|2||A<b>&c AL1|1||A<b>&c false AL1",
		"M4 formatting PID-5 ^ null false ",
		"M6 changed PID-5 F secretroe true ",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if len(got.Patterns) != 4 {
		t.Errorf("%d patterns", len(got.Patterns))
	}
}

func TestEmptyJSON(t *testing.T) {
	var b strings.Builder
	w := NewJSON(&b, Options{})
	if err := w.Close(&compare.Summary{}); err != nil || !json.Valid([]byte(b.String())) {
		t.Errorf("%v: %s", err, b.String())
	}
}

func junit(t *testing.T, o Options, rules *compare.Rules, key ...string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write(t, NewJUnit(f, o), rules, key...)
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJUnit(t *testing.T) {
	text := junit(t, Options{}, nil)
	var doc struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *struct {
					Type    string `xml:"type,attr"`
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Suites) != 1 {
		t.Fatalf("%v\n%s", err, text)
	}
	s := doc.Suites[0]
	if s.Tests != 7 || s.Failures != 5 || len(s.Cases) != 7 {
		t.Errorf("%d tests, %d failures, %d cases", s.Tests, s.Failures, len(s.Cases))
	}
	failed := map[string]string{}
	for _, c := range s.Cases {
		if c.Failure != nil {
			failed[c.Name] = c.Failure.Type + ": " + c.Failure.Message + ": " + strings.TrimSpace(c.Failure.Text)
		}
	}
	if failed["M5"] != "only left: the right side has no such message: " || failed["M7"] != "only right: the left side has no such message: " ||
		failed["M6"] != `different: 1 difference: changed PID-5: "F" became "secretroe"` || failed["M4"] != "" || failed["M1"] != "" {
		t.Errorf("%v", failed)
	}
}

func TestHTML(t *testing.T) {
	var b strings.Builder
	write(t, NewHTML(&b, Options{Title: "Upgrade <2>", Left: "before", Right: "after", Rules: "no rules"}), nil)
	page := b.String()
	for _, want := range []string{
		"<title>Upgrade &lt;2&gt;</title>", "6 messages on the left and 6 on the right, paired by MSH-10", "<ins>secretsex</ins>", "A&lt;b&gt;&amp;c", "seen by Dr Secretname in the <del>",
		"AL1</code>", "only right", "<code>PID-8</code>", "1 pair differs in formatting",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if bad := regexp.MustCompile(`(?i)<script|<link|<img|@import|url\(|https?://`).FindString(page); bad != "" {
		t.Errorf("the page is not self-contained: %s", bad)
	}
	if n := strings.Count(page, "<details"); n != 5 {
		t.Errorf("%d pairs are listed", n)
	}
}

// TestMask looks for patient data in everything that is written under the mask, paired by a key that is patient data too.
func TestMask(t *testing.T) {
	for _, key := range []string{"MSH-10", "PID-3.1"} {
		var page, object strings.Builder
		write(t, NewHTML(&page, Options{Mask: true}), nil, key)
		write(t, NewJSON(&object, Options{Mask: true}), nil, key)
		for name, text := range map[string]string{"HTML": page.String(), "JSON": object.String(), "JUnit": junit(t, Options{Mask: true}, nil, key)} {
			if at := strings.Index(strings.ToLower(text), "secret"); at >= 0 {
				t.Errorf("%s by %s shows …%s…", name, key, text[max(0, at-60):at])
			}
			if strings.Contains(text, "morning") || !strings.Contains(text, compare.Masked) {
				t.Errorf("%s by %s is not masked", name, key)
			}
		}
	}
}

// full is a disk that is full.
type full struct{}

var errFull = errors.New("the disk is full")

func (full) Write([]byte) (int, error)      { return 0, errFull }
func (full) Seek(int64, int) (int64, error) { return 0, nil }

var _ io.WriteSeeker = full{}

func TestFullDisk(t *testing.T) {
	l, r := sets()
	for name, w := range map[string]Writer{"JSON": NewJSON(full{}, Options{}), "HTML": NewHTML(full{}, Options{}), "JUnit": NewJUnit(full{}, Options{})} {
		s, err := compare.Sets(context.Background(), l, r, compare.Options{}, Several(w).Pair)
		if err == nil {
			err = Several(w).Close(s)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
