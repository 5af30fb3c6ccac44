package mappaper

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

// starterFile loads a starter mapping.
func starterFile(t *testing.T, name string) *mapping.File {
	t.Helper()
	f, err := mapping.Load(starter.FS(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// starters are the names of all of them.
func starters(t *testing.T) (names []string) {
	t.Helper()
	list, err := starter.List()
	if err != nil || len(list) < 4 {
		t.Fatalf("%d starters, %v", len(list), err)
	}
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names
}

// withSamples maps files of the starter's testdata.
func withSamples(t *testing.T, f *mapping.File, files ...string) *Samples {
	t.Helper()
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSamples(e)
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join("../../mapping/starter/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for rec, err := range e.Records(context.Background(), bytes.NewReader(b)) {
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(context.Background(), rec); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// full is a specification with all there is.
func full(t *testing.T) Spec {
	t.Helper()
	f, old := starterFile(t, "adt-to-patient"), starterFile(t, "adt-to-patient")
	r := &f.Blocks[1].Rules[10]
	r.Status, r.Owner, r.Note = mapping.Question, "Ben Moss", `=HYPERLINK("http://x.example","open")`
	f.Blocks[1].Rules[11].When = "IF PID-7 VALUED"
	return Spec{Mapping: f, Version: "1.1", Made: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Author: "Ada Moss", Project: "Riverbend ↔ Lakeside",
		Samples: withSamples(t, f, "adt-a01.hl7", "adt-plain.hl7"), Previous: old}
}

func written(t *testing.T, s Spec, k Kind) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := s.Write(context.Background(), &out, k); err != nil {
		t.Fatalf("%s: %v", k, err)
	}
	return out.Bytes()
}

func TestTheSameMappingGivesTheSameBytes(t *testing.T) {
	s := full(t)
	for _, k := range Kinds() {
		if one, two := written(t, s, k), written(t, s, k); len(one) == 0 || !bytes.Equal(one, two) {
			t.Errorf("%s: %d and %d bytes, or others the second time", k, len(one), len(two))
		}
		if k.Title() == "" || k.Extension() == "." {
			t.Errorf("%s has no title or extension", k)
		}
	}
	if err := s.Write(context.Background(), io.Discard, "docx"); err == nil || !strings.Contains(err.Error(), "xlsx") {
		t.Errorf("an unknown kind gives %v", err)
	}
	if err := (Spec{}).Write(context.Background(), io.Discard, PDF); err == nil {
		t.Error("nothing was written as PDF")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, k := range []Kind{PDF, HTML, XLSX, CSV} {
		if err := s.Write(ctx, io.Discard, k); err != context.Canceled {
			t.Errorf("%s: cancelling gives %v", k, err)
		}
	}
}

// unpacked is the text of a workbook, or the bytes of anything else but a PDF, whose text is compressed.
func unpacked(t *testing.T, b []byte, k Kind) string {
	t.Helper()
	if k != XLSX {
		return string(b)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestPapersHoldNoPatientDataUnlessAskedTo(t *testing.T) {
	s := full(t)
	values := []string{"EVERYWOMAN", "Everywoman", "19620320", "444-33-3333"}
	sample, err := os.ReadFile("../../mapping/starter/testdata/adt-a01.hl7")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, v := range append(values, strings.Split(string(sample), "|")...) {
		if v = strings.TrimSpace(v); len(v) >= 8 && strings.Contains(string(sample), v) && !strings.ContainsAny(v, "^~\\&\r\n") {
			there = append(there, v)
		}
	}
	if len(there) < 5 {
		t.Fatalf("only %d values to look for", len(there))
	}
	for _, k := range []Kind{XLSX, HTML, CSV} {
		masked := unpacked(t, written(t, s, k), k)
		s.ShowValues = true
		shown := unpacked(t, written(t, s, k), k)
		s.ShowValues = false
		seen := 0
		for _, v := range there {
			if strings.Contains(masked, v) {
				t.Errorf("%s holds a value of a sample (%s)", k, shape(v))
			}
			if strings.Contains(shown, v) {
				seen++
			}
		}
		if seen < 3 {
			t.Errorf("%s shows %d values although it was asked to", k, seen)
		}
	}
}

func TestWorkbook(t *testing.T) {
	s := full(t)
	f, err := excelize.OpenReader(bytes.NewReader(written(t, s, XLSX)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []string{"Cover", "Messages", "Source fields", "Rules", "Code tables", "Coverage", "Open points", "Changes since the last version", "Sign-off"}
	if got := f.GetSheetList(); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("sheets %q, want %q", got, want)
	}
	rows, err := f.GetRows("Rules")
	if err != nil {
		t.Fatal(err)
	}
	if want := s.Mapping.Rules() + 1; len(rows) != want {
		t.Errorf("%d rows, want a heading and %d rules", len(rows), want-1)
	}
	found := false
	for i, row := range rows {
		if len(row) < 27 || row[5] != "pid-11" {
			continue
		}
		found = true
		for title, want := range map[int]string{6: "gender", 8: "code", 9: "0..1", 11: "PID-8", 12: "Administrative Sex", 15: `lookup("sex")`, 16: "by the code table sex", 19: "sex", 21: "2 of 2", 22: "A", 24: "question", 25: "Ben Moss", 26: `=HYPERLINK("http://x.example","open")`} {
			if row[title] != want {
				t.Errorf("%s of pid-11 is %q, want %q", rows[0][title], row[title], want)
			}
		}
		cell, err := excelize.CoordinatesToCellName(27, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if formula, err := f.GetCellFormula("Rules", cell); err != nil || formula != "" {
			t.Errorf("a note became the formula %q, %v", formula, err)
		}
	}
	if !found {
		t.Error("the rule pid-11 is not there")
	}
	layout, err := f.GetPageLayout("Rules")
	if err != nil || layout.Orientation == nil || *layout.Orientation != "landscape" || *layout.Size != 9 {
		t.Errorf("the page is laid out as %+v, %v", layout, err)
	}
	titles := 0
	for _, n := range f.GetDefinedName() {
		if n.Name == "_xlnm.Print_Titles" && strings.HasSuffix(n.RefersTo, "!$1:$1") {
			titles++
		}
	}
	if titles != len(want) {
		t.Errorf("%d sheets repeat their heading in print, want %d", titles, len(want))
	}
}

func TestCSVIsGuarded(t *testing.T) {
	text := string(written(t, full(t), CSV))
	if !strings.Contains(text, `"'=HYPERLINK(""http://x.example"",""open"")"`) || strings.Contains(text, `,"=`) || strings.Contains(text, ",=") {
		t.Error("a note could be taken for a formula")
	}
}

func TestPage(t *testing.T) {
	page := string(written(t, full(t), HTML))
	for _, want := range []string{"<title>ADT to FHIR R4", "default-src 'none'", "Riverbend ↔ Lakeside", `<a href="#r-pid-11">pid-11</a>`, `<tr id="r-pid-11">`, "2 messages; ", "IF PID-29 NOT VALUED",
		"not mapped and not left out on purpose", "A code that is not listed becomes unknown, with a warning.", "no: values of the samples are shown as shapes", "<h2 id=\"p8\">Sign-off</h2>", "&#34;open&#34;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "src=") || strings.Contains(page, "<script") || strings.Contains(page, "<link") || strings.Contains(page, "@import") {
		t.Error("the page asks for something from elsewhere")
	}
}

func TestPDF(t *testing.T) {
	s := full(t)
	for _, size := range []struct {
		letter bool
		box    string
	}{{false, "/MediaBox [0 0 841.89 595.28]"}, {true, "/MediaBox [0 0 792.00 612.00]"}} {
		s.Letter = size.letter
		b := written(t, s, PDF)
		if !bytes.HasPrefix(b, []byte("%PDF-1.")) || !bytes.Contains(b, []byte(size.box)) {
			t.Errorf("the page is not of the size %s", size.box)
		}
		if n := bytes.Count(b, []byte("/Type /Page\n")); n < 20 || n > 60 {
			t.Errorf("%d pages", n)
		}
	}
	// What is longer than a page, and what no font has.
	f := starterFile(t, "siu-to-appointment")
	f.Blocks[0].Rules[0].Note = strings.Repeat("A note that goes on and on, 1.2.840.114350.1.13.99998.8734.1.2.3/with/a/path. ", 400)
	f.Title = "Ωmega \U0001F600 → 日本"
	if b := written(t, Spec{Mapping: f}, PDF); len(b) == 0 {
		t.Error("nothing was written")
	}
}

func TestPhrases(t *testing.T) {
	known := map[string]bool{}
	for _, f := range mapping.Functions() {
		known[f.Name] = true
		if inWords(mapping.Step{Name: f.Name, Args: []string{"8", "0"}}) == "" {
			t.Errorf("%s has no words", f.Name)
		}
	}
	for name := range phrases {
		if !known[name] {
			t.Errorf("the phrase of %s is of no function", name)
		}
	}
	for _, c := range []struct {
		step mapping.Step
		want string
	}{
		{mapping.Step{Name: "pad", Args: []string{"8", "0"}}, "filled on the left with 0 to 8 characters"},
		{mapping.Step{Name: "choose", Args: []string{"Y", "true", "false"}}, "Y becomes true, anything else false"},
		{mapping.Step{Name: "substring", Args: []string{"3", "2"}}, "2 characters from character 3 on"},
		{mapping.Step{Name: "omit", Args: []string{"UNK", ""}}, "nothing, where it is one of UNK, “”"},
		{mapping.Step{Name: "trim"}, "takes blanks off both ends"},
	} {
		if got := inWords(c.step); got != c.want {
			t.Errorf("%s is %q, want %q", c.step, got, c.want)
		}
	}
}

func TestShape(t *testing.T) {
	for text, want := range map[string]string{"Okafor": "Aa+", "OKAFOR^ADA": "A+^AAA", "19840517": "99999999", "Åsa": "Aaa", "": "", "12-ab": "99-aa", "urn:uuid:1-2": "urn:uuid:…"} {
		if got := shape(text); got != want {
			t.Errorf("%q has the shape %q, want %q", text, got, want)
		}
	}
	if got := (Spec{}).shown(`{"use":"official","family":"Okafor","given":["Ada"]}`); got != "use official; family Aa+; given Aaa" {
		t.Errorf("a name is shown as %q", got)
	}
}

func TestChanges(t *testing.T) {
	old, now := starterFile(t, "adt-to-patient"), starterFile(t, "adt-to-patient")
	b := &now.Blocks[1]
	b.Rules[0].To = "identifier[mrn]"
	b.Rules[1], b.Rules[2] = b.Rules[2], b.Rules[1]
	gone := b.Rules[len(b.Rules)-1]
	b.Rules = b.Rules[:len(b.Rules)-1]
	b.Rules = append(b.Rules, mapping.Rule{ID: "pid-99", To: "active", Value: "true"})
	now.Zone = "America/New_York"
	now.Tables[0].Rows.Lines[0] = append([]string{}, now.Tables[0].Rows.Lines[0]...)
	now.Tables[0].Rows.Lines[0][1] = "other"
	left := now.LeftOut[0]
	now.LeftOut = now.LeftOut[1:]
	got := Changes(old, now)
	want := []Change{
		{Changed, "mapping", now.ID, "zone", "", "America/New_York"},
		{Changed, "rule", b.Rules[0].ID, "to", "identifier[]", "identifier[mrn]"},
		{Added, "rule", "pid-99", "", "", "“true” → active"},
		{Removed, "rule", gone.ID, "", sourceText(&gone) + " → " + gone.To, ""},
		{Changed, "code", "sex “F”", "fhir", "female", "other"},
		{Removed, "left out", left.Path, "", left.Reason, ""},
	}
	var without []Change
	for _, c := range got {
		if c.Field == "order" {
			if c.ID != b.ID {
				t.Errorf("the order of %s is said to have changed", c.ID)
			}
			continue
		}
		without = append(without, c)
	}
	if len(without) != len(got)-1 {
		t.Errorf("%d changes of order, want 1", len(got)-len(without))
	}
	if len(without) != len(want) {
		t.Fatalf("changes %+v", without)
	}
	for i := range want {
		if without[i] != want[i] {
			t.Errorf("change %d is %+v, want %+v", i, without[i], want[i])
		}
	}
	if same := Changes(old, old); len(same) != 0 {
		t.Errorf("a mapping differs from itself: %+v", same)
	}
}

func TestEveryKindOfEndHasItsPaper(t *testing.T) {
	for name, text := range map[string]string{
		"csv to hl7":  `{map: 1, source: {kind: "csv"}, target: {kind: "hl7v2"}, blocks: [{id: "b", make: "PID", rules: [{id: "r-1", to: "PID-5.1", from: "last name"}, {id: "r-2", to: "PID-5.2", inputs: {f: "first"}, formula: "f"}]}]}`,
		"fhir to csv": `{map: 1, source: {kind: "fhir"}, target: {kind: "csv"}, blocks: [{id: "b", make: "row", per: "Patient", rules: [{id: "r-1", to: "name", from: "Patient.name.family"}]}]}`,
		"json to xml": `{map: 1, source: {kind: "json"}, target: {kind: "xml", root: "x"}, blocks: [{id: "b", make: ".", rules: [{id: "r-1", to: "a.b", each: "list[*]", from: ".name"}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := mapping.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			page := string(written(t, Spec{Mapping: f}, HTML))
			for _, want := range []string{"r-1", "Source fields", "No samples were given"} {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if name == "fhir to csv" && !strings.Contains(page, "The surname") && !strings.Contains(page, "Family name") {
				t.Error("the page does not name the source element")
			}
			if name == "csv to hl7" && !strings.Contains(page, "Patient Name › Family Name") {
				t.Error("the page does not name the target field")
			}
		})
	}
}
