package check

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// row is a message of the corpus.
type row struct {
	id, quality, version string
	negative             bool
	bytes                []byte
}

// corpus reads every message of the external corpus, or skips the test.
func corpus(t testing.TB) []row {
	t.Helper()
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the message corpus")
	}
	dir = filepath.Join(dir, "hl7v2")
	f, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		t.Skipf("the corpus has no index: %v", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	files := map[string][]byte{}
	var rows []row
	for _, line := range lines[1:] {
		name := line[column["file"]]
		if files[name] == nil {
			if files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		offset, _ := strconv.Atoi(line[column["offset"]])
		length, _ := strconv.Atoi(line[column["length"]])
		rows = append(rows, row{
			id: line[column["id"]], quality: line[column["quality"]], version: line[column["version"]],
			negative: line[column["negative"]] == "1", bytes: files[name][offset : offset+length],
		})
	}
	return rows
}

// joinedInCorpus are the clean rows whose source has lost terminators between
// segments: "…|20150202 NK1|1|…". Each was looked at.
var joinedInCorpus = map[string]bool{"00252": true, "01059": true, "01979": true, "05079": true}

// TestCleanCorpus: messages that the corpus calls clean have no finding of
// severity error or fatal but those that a second reading of the bytes, which
// shares no code with the checks, confirms.
func TestCleanCorpus(t *testing.T) {
	type key struct {
		severity Severity
		code     string
	}
	counts := map[key]int{}
	messages, silent := 0, 0
	for _, r := range corpus(t) {
		if r.quality != "clean" {
			continue
		}
		messages++
		found := Message(hl7.Parse(r.bytes), Options{})
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Severity >= Warning }) {
			silent++
		}
		for _, f := range found {
			counts[key{f.Severity, f.Code}]++
			if f.Severity >= Error && !confirmed(f, r) {
				t.Errorf("%s: %s %s at %s %d+%d", r.id, f.Severity, f.Code, f.Path, f.Offset, f.Length)
			}
		}
	}
	var lines []string
	for k, n := range counts {
		lines = append(lines, fmt.Sprintf("%-12s %-28s %5d", k.severity, k.code, n))
	}
	slices.Sort(lines)
	t.Logf("%d clean messages, %d without warnings:\n%s", messages, silent, strings.Join(lines, "\n"))
}

// confirmed reads the bytes again, naively, for what an error claims.
func confirmed(f Finding, r row) bool {
	line, _, _ := bytes.Cut(bytes.ReplaceAll(r.bytes, []byte("\n"), []byte("\r")), []byte("\r"))
	msh := bytes.Split(line, line[3:4])
	empty := func(field int) bool { return field-1 >= len(msh) || len(bytes.Trim(msh[field-1], "^")) == 0 }
	switch f.Code {
	case "control-id-missing":
		return empty(10)
	case "processing-id-missing":
		return empty(11)
	case "segments-joined":
		return joinedInCorpus[r.id]
	}
	return false
}

// reviewed are the warnings on clean rows, by code, that were gone through by
// hand and are true: the sender departs from its version in
// the way that the finding says. A new code here needs the same reading.
var reviewed = map[string]string{
	"field-required":          "the field is empty in the message",
	"code-not-in-table":       "HL7 tables only, or a name in the place of its code",
	"line-ends":               "352 files were saved with LF, 70 with CR LF",
	"line-ends-mixed":         "62 rows of the index say mixed",
	"segment-missing":         "mostly EVN or PV1 left out of ADT",
	"components-in-primitive": "OBX-2 as CWE^^HL70125, SPM-14 and PID-19 with components",
	"date-format":             "times in DT fields, 15 to 19 digits, masked values",
	"date-impossible":         "hour 26, month 53, 0000, 99999999",
	"set-id":                  "OBX-1 repeated or skipped",
	"number-invalid":          "XTN.5 as text, check digits as words",
	"sequence-invalid":        "OBX-1 as 7.1, PID-1 as words",
	"message-time-missing":    "MSH-7 is empty",
	"obx-value-disagrees":     "<15 and units as NM, codes with a system as ST",
	"obx-type-missing":        "OBX-5 without OBX-2",
	"obx-type-unknown":        "OBX-2 is a word",
	"charset-double-utf8":     "Ã¶ where ö was meant",
	"charset-missing":         "bytes above 7F without MSH-18",
	"charset-wrong":           "8859/1 on UTF-8, code1, a date",
	"event-disagrees":         "EVN-1 says another event",
	"separator-unescaped":     "one ampersand or circumflex in a text",
	"segment-out-of-order":    "NK1 after PV1, PID before EVN",
	"message-type-unknown":    "ADT^A0X, ORU^R02, types of other versions",
	"structure-id-wrong":      "ADT_A08; ADT_A05 for A03",
	"escape-bad":              `\"\ and a lone backslash`,
	"document-place":          "ED without data, data in component 3",
	"document-encoding":       "Base64 wrapped into lines",
	"control-character":       "a VT inside the bytes of the row",
}

func TestWarningsOnCleanCorpusAreReviewed(t *testing.T) {
	for _, r := range corpus(t) {
		if r.quality != "clean" {
			continue
		}
		for _, f := range Message(hl7.Parse(r.bytes), Options{Minimum: Warning}) {
			if f.Severity == Warning && reviewed[f.Code] == "" {
				t.Errorf("%s: %s at %s %d+%d has not been reviewed", r.id, f.Code, f.Path, f.Offset, f.Length)
			}
		}
	}
}

// TestCorpusPlaces: whatever the message is, findings lie within it, repairs
// can be made, paths can be read, and texts are sentences.
func TestCorpusPlaces(t *testing.T) {
	for _, r := range corpus(t) {
		wellFormed(t, r.bytes)
	}
}

// TestBadCorpus: what the corpus does not call clean has a warning or worse,
// but for rows that are only short.
func TestBadCorpus(t *testing.T) {
	rows, quiet := 0, 0
	for _, r := range corpus(t) {
		if r.quality == "clean" && !r.negative {
			continue
		}
		rows++
		if len(Message(hl7.Parse(r.bytes), Options{Minimum: Warning})) == 0 {
			quiet++
			t.Logf("%s (%s) has no warning", r.id, r.quality)
		}
	}
	if quiet*4 > rows {
		t.Errorf("%d of %d unusual or negative rows have no warning", quiet, rows)
	}
}

// wellFormed asserts what holds for the findings of any bytes.
func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	codes := map[string]bool{}
	for _, d := range Codes() {
		codes[d.Code] = true
	}
	perCode := map[string]int{}
	m := hl7.Parse(b)
	for _, f := range Message(m, Options{}) {
		perCode[f.Code]++
		if !codes[f.Code] {
			t.Fatalf("%s is no declared code", f.Code)
		}
		if f.Offset < 0 || f.Length < 0 || f.Offset+f.Length > len(b) {
			t.Fatalf("%s lies at %d+%d of %d bytes", f.Code, f.Offset, f.Length, len(b))
		}
		if perCode[f.Code] > DefaultLimit+1 {
			t.Fatalf("%s is reported more than %d times", f.Code, DefaultLimit)
		}
		if f.Path != "" {
			if p, err := hl7.ParsePath(f.Path); err != nil || p.String() != f.Path {
				t.Fatalf("%s has the path %q, which is not canonical", f.Code, f.Path)
			}
			if longer(m, f.Path) {
				t.Fatalf("%s has the path %q; a shorter one names the same bytes", f.Code, f.Path)
			}
		}
		if r := f.Repair; r != nil && (r.Offset < 0 || r.Length < 0 || r.Offset+r.Length > len(b) || r.Title == "") {
			t.Fatalf("%s has a repair at %d+%d of %d bytes", f.Code, r.Offset, r.Length, len(b))
		}
		if f.Text == "" || strings.Contains(f.Text, "%!") || len(f.Text) > 700 {
			t.Fatalf("%s has a text of %d bytes that is no sentence", f.Code, len(f.Text))
		}
	}
}

// longer reports whether a path names the first part of a value that has only
// one.
func longer(m *hl7.Message, path string) bool {
	p, err := hl7.ParsePath(path)
	if err != nil {
		return true
	}
	whole := p
	switch {
	case p.Subcomponent == 1:
		whole.Subcomponent = 0
	case p.Component == 1 && p.Subcomponent == 0:
		whole.Component = 0
	default:
		return false
	}
	part, all := m.Get(p), m.Get(whole)
	return part.IsPresent() && part.Offset() == all.Offset() && part.End() == all.End()
}

func FuzzMessage(f *testing.F) {
	for _, c := range cases {
		b, _, _ := marked(c.message)
		f.Add(b)
	}
	f.Add([]byte("MSH"))
	f.Add([]byte(head + "PVX|a\\b\r"))
	f.Add([]byte(head + "PV|a\\b\r"))
	f.Add([]byte("MSH|"))
	f.Add([]byte("MSH|^~\\&|||||||||||\rOBX||ED|||^^^Base64^=|"))
	f.Fuzz(func(t *testing.T, b []byte) { wellFormed(t, b) })
}

// FuzzQuick: the first reading leaves nothing out.
func FuzzQuick(f *testing.F) {
	for _, c := range cases {
		b, _, _ := marked(c.message)
		f.Add(b)
	}
	f.Add([]byte(head + "PID|1||4711^^^R^MR~NULL^^^^NPI||A,B^C~\"\"||1980|x\rPV1|1|O|a&b&c&d\rOBX|1|CE|a||x^y^HL70001~\"\"\r"))
	f.Fuzz(func(t *testing.T, b []byte) { sameCarefully(t, b) })
}

func sameCarefully(t *testing.T, b []byte) {
	t.Helper()
	quick, careful := Message(hl7.Parse(b), Options{}), Message(hl7.Parse(b), Options{careful: true})
	if q, s := brief(quick), brief(careful); q != s {
		t.Fatalf("the quick reading finds%s\nthe careful one%s", q, s)
	}
}

func TestQuickOnCorpus(t *testing.T) {
	for _, r := range corpus(t) {
		sameCarefully(t, r.bytes)
	}
}
