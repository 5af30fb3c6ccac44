package mapper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// A fixed-width source has the fields of its layout, which goes with the mapping; a JSON target has the members of its schema, with what
// is required.
func TestLayoutsAndSchemas(t *testing.T) {
	m, s := newPlace(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	layout := write("roster.yaml", "layout: 1\nfields:\n  - {name: mrn, length: 6}\n  - {name: family, start: 7, length: 8, note: \"last name\"}\n")
	schema := write("patient.json", `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["id"], "properties": {"id": {"type": "string", "description": "the chart number"}, "names": {"type": "array", "items": {"type": "object", "properties": {"family": {"type": "string"}}}}}}`)
	if err := m.Create(NewMapping{Name: "roster", Source: mapping.End{Kind: mapping.FixedWidth}, Target: mapping.End{Kind: mapping.JSON}}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if !m.TakesLayout() || !m.TakesTarget() {
		t.Fatal("neither can be given")
	}
	m.TakeLayout(layout)
	s.Settle()
	m.TakeTarget(schema)
	s.Settle()
	m.SetSamples(SampleSet{Paths: []string{write("roster.txt", "88121 Marlow  \n88122 Ash     \n")}})
	s.Settle()
	if _, n, _ := m.Samples(); n != 2 {
		t.Fatalf("%d samples: %s", n, m.News().Text)
	}
	row := m.RowOfPath(false, "family")
	if c := m.SourceTree().Cell(row, 0); c.Text != "family  last name" || m.SourceTree().Cell(row, 1).Text != "Marlow" {
		t.Errorf("the source is %q", c.Text)
	}
	id := m.RowOfPath(true, "id")
	if c := m.TargetTree().Cell(id, 0); c.Shape != screen.ShapeTriangle || !strings.Contains(c.Text, "the chart number") {
		t.Errorf("the target is %+v", c)
	}
	if m.RowOfPath(true, "names[].family") < 0 {
		t.Error("what is below a list is not there")
	}
	if err := m.Connect([]int{m.RowOfPath(false, "mrn")}, m.RowOfPath(true, "id"), JoinRule); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if text := m.ResultText(); text == nil || !strings.Contains(whole(text), `"id": "88121"`) {
		t.Errorf("no result: %v", m.Problems())
	}
	out := t.TempDir()
	m.Export(out)
	s.Settle()
	if f, err := mapping.Load(os.DirFS(out), "roster.yaml"); err != nil || f.Source.Fields == nil || f.Target.Shape == nil {
		t.Errorf("written without its layout or schema: %v", err)
	}
	m.TakeLayout(schema)
	s.Settle()
	if !m.News().Bad {
		t.Error("a schema is taken for a layout")
	}
	m.Undo()
	m.Undo()
	if m.RowOfPath(true, "id") >= 0 {
		t.Error("the schema is still there")
	}
}

// A mapping is learnt from messages before and after an interface; each rule says in how many pairs it holds.
func TestMappingIsLearnt(t *testing.T) {
	m, s := newPlace(t)
	dir := t.TempDir()
	before := admits(12)
	after := make([]string, len(before))
	for i, text := range before {
		after[i] = strings.NewReplacer("|LAKESIDE|MAIN|", "|BRIDGE|MAIN|", "|F|", "|2|", "|X|", "|9|").Replace(text)
	}
	var files [2]string
	for i, list := range [][]string{before, after} {
		files[i] = filepath.Join(dir, []string{"before.hl7", "after.hl7"}[i])
		if err := os.WriteFile(files[i], []byte(strings.Join(list, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Learn(" ", nil, nil); err == nil {
		t.Error("a mapping without a name")
	}
	if err := m.Learn("Bridge", files[:1], files[1:]); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if !m.IsOpen() || !strings.Contains(m.News().Text, "learnt from 12 pairs") {
		t.Fatalf("news %q", m.News().Text)
	}
	if _, n, _ := m.Samples(); n != 12 {
		t.Errorf("%d samples", n)
	}
	found := false
	for row := range m.RuleList().Len() {
		if m.CellText(row, ColumnTarget) == "PID-8" {
			found = strings.Contains(m.CellText(row, ColumnNote), "holds in 12 of 12") && m.CellText(row, ColumnStatus) == "draft"
		}
	}
	if !found {
		t.Error("no rule says how the sex is translated")
	}
	if text := whole(m.ResultText()); !strings.Contains(text, "|BRIDGE|") || !strings.Contains(text, "|19790228|2|") {
		t.Errorf("it does not give what came out: %q", m.Problems())
	}
	if err := m.Learn("Other", []string{dir + "/none"}, files[1:]); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if !m.News().Bad || m.Name() != "Bridge" {
		t.Errorf("news %q", m.News().Text)
	}
}
