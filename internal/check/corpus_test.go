package check

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// row is a message of the corpus.
type row struct {
	id, quality, version string
	cluster              string // of near duplicates
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
			cluster:  line[column["cluster"]],
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
	case "segments-joined":
		return joinedInCorpus[r.id]
	}
	return false
}

// reviewedFile lists what was judged by hand.
const reviewedFile = "testdata/reviewed.txt"

type reviewedKey struct{ code, place string }

// placeOf is the field or segment of a path, as the list has it.
func placeOf(path string) string {
	p, err := hl7.ParsePath(path)
	if err != nil || path == "" {
		return "-"
	}
	return hl7.Path{Segment: p.Segment, Field: p.Field}.String()
}

func readReviewed(t *testing.T) map[reviewedKey]map[string]bool {
	t.Helper()
	b, err := os.ReadFile(reviewedFile)
	if err != nil {
		t.Fatal(err)
	}
	list := map[reviewedKey]map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 || cells[3] == "" {
			t.Fatalf("%s:%d: not four columns with a reason", reviewedFile, i+1)
		}
		clusters := map[string]bool{}
		for _, c := range strings.Fields(cells[2]) {
			clusters[c] = true
		}
		list[reviewedKey{cells[0], cells[1]}] = clusters
	}
	return list
}

// TestWarningsOnCleanCorpusAreReviewed: every finding above information on a
// clean row is on the list that was judged by hand, and nothing is listed that is not found
// any more. Where the bytes can be read a second time without the checks, they
// are.
func TestWarningsOnCleanCorpusAreReviewed(t *testing.T) {
	rows := corpus(t)
	list := readReviewed(t)
	found := map[reviewedKey]map[string]bool{}
	for _, r := range rows {
		if r.quality != "clean" {
			continue
		}
		for _, f := range Message(hl7.Parse(r.bytes), Options{Minimum: Warning}) {
			key := reviewedKey{f.Code, placeOf(f.Path)}
			if !list[key][r.cluster] {
				t.Errorf("%s\t%s\t%s (row %s) has not been reviewed", key.code, key.place, r.cluster, r.id)
			}
			if found[key] == nil {
				found[key] = map[string]bool{}
			}
			found[key][r.cluster] = true
			if !secondReading(f, r) {
				t.Errorf("%s: %s at %s is not so", r.id, f.Code, f.Path)
			}
		}
	}
	for key, clusters := range list {
		for c := range clusters {
			if !found[key][c] {
				t.Errorf("%s\t%s\t%s is listed and not found any more", key.code, key.place, c)
			}
		}
	}
}

// secondReading confirms with nothing but splitting of bytes what a finding
// claims; true where that cannot be done.
func secondReading(f Finding, r row) bool {
	lines := bytes.FieldsFunc(r.bytes, func(c rune) bool { return c == '\r' || c == '\n' })
	sep := r.bytes[3:4]
	if at := bytes.Index(r.bytes, []byte("MSH")); at >= 0 {
		sep = r.bytes[at+3 : at+4]
	}
	switch f.Code {
	case "line-ends", "line-ends-mixed":
		return bytes.ContainsRune(r.bytes, '\n')
	case "segment-missing":
		// Others may stand elsewhere in the message, in another group.
		return !strings.Contains(f.Text, "segment EVN is") || !slices.ContainsFunc(lines, func(line []byte) bool { return bytes.HasPrefix(line, []byte("EVN")) })
	case "field-required":
		p, err := hl7.ParsePath(f.Path)
		if err != nil || f.Path == "" {
			return err == nil || f.Path == ""
		}
		n := 0
		for _, line := range lines {
			if !bytes.HasPrefix(line, []byte(p.Segment)) {
				continue
			}
			if n++; n != max(p.Occurrence, 1) {
				continue
			}
			fields := bytes.Split(line, sep)
			at := p.Field
			if p.Segment == "MSH" {
				at--
			}
			return at >= len(fields) || len(fields[at]) == 0
		}
		return false
	}
	return true
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

// badFormat is what fmt writes where arguments do not fit. A message may hold %!.
var badFormat = regexp.MustCompile(`%!([a-z]\(|\(EXTRA|\(BADINDEX)`)

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
		if f.Text == "" || badFormat.MatchString(f.Text) || len(f.Text) > 700 {
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
	f.Add([]byte("MSH%!k\xe9\x91\xff\rEVN\xff\x7f|0!0|9"))
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
