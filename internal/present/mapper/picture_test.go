package mapper

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// rowOf is the row of a path, where it shows now; -1 where it does not.
func rowOf(m *Model, target bool, path string) int {
	s := m.sideOf(target)
	for row := range s.rows {
		if m.PathAt(target, row) == path {
			return row
		}
	}
	return -1
}

// The source is a list of all that the standard and the samples have, with the value of the sample and how many have one.
func TestSourceShowsSamples(t *testing.T) {
	m, s := opened(t, append(admits(3), strings.Replace(admits(4)[3], "PV1|", "ZVN|1|green\rPV1|", 1))...)
	tree := m.SourceTree()
	at := rowOf(m, false, "PID-8")
	if at < 0 {
		t.Fatal("PID is closed")
	}
	line := func(row int) string {
		var parts []string
		for c := range tree.Columns() {
			parts = append(parts, tree.Cell(row, c).Text)
		}
		return strings.Join(parts, "|")
	}
	if got := line(at); got != "8  Administrative Sex|F|100 %|1 →" {
		t.Errorf("the row is %q", got)
	}
	if got := line(rowOf(m, false, "PID-3")); !strings.Contains(got, "×2") {
		t.Errorf("the row is %q", got)
	}
	if got := line(rowOf(m, false, "ZVN")); !strings.Contains(got, "25 %") {
		t.Errorf("the row is %q", got)
	}
	if row := m.RowOfPath(false, "zvn-2"); row < 0 || !strings.Contains(m.PlaceWords(false, row), "in 1 of 4 samples") {
		t.Errorf("words %q", m.PlaceWords(false, row))
	}
	m.SetFilter(false, Unmapped)
	var paths []string
	for row := range tree.Len() {
		paths = append(paths, m.PathAt(false, row))
	}
	if slices.Contains(paths, "PID-8") || !slices.Contains(paths, "ZVN-2") || slices.Contains(paths, "PID-5.1") || slices.Contains(paths, "PID-10") {
		t.Errorf("unmapped: %v", paths)
	}
	m.Edit("Leave it out", func(e *Edit) bool {
		e.File.LeftOut = append(e.File.LeftOut, mapping.LeftOut{Path: "ZVN", Reason: "for the laundry"})
		return true
	})
	if at := rowOf(m, false, "ZVN-2"); at >= 0 {
		t.Error("what is left out on purpose counts as unmapped")
	}
	m.SetFilter(false, Mapped)
	if rowOf(m, false, "PID-8") < 0 || rowOf(m, false, "ZVN-2") >= 0 {
		t.Error("the filter of what is mapped")
	}
	m.SetFilter(false, Everything)
	for _, text := range []string{"maiden", "pid-6", "Nowhere"} {
		m.Search(false, text)
		if n := tree.Len(); n == 0 || n > 40 {
			t.Errorf("%q finds %d rows", text, n)
		}
	}
	m.Search(false, "no such thing")
	if tree.Len() != 0 {
		t.Error("found what is not there")
	}
	m.Search(false, "")
	s.Settle()
}

// Required places of a target that no rule writes are marked; choices are told apart.
func TestTargetShowsWhatIsMissing(t *testing.T) {
	m, s := newPlace(t, admits(1)...)
	if err := m.Create(NewMapping{Name: "x", Source: mapping.End{Kind: mapping.HL7v2}, Target: mapping.End{Kind: mapping.FHIR}}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if err := m.AddBlock(NewBlock{Make: "Patiant"}); err == nil {
		t.Error("a resource that FHIR has not was added")
	}
	if err := m.AddBlock(NewBlock{Make: "Observation", Per: "OBX"}); err != nil {
		t.Fatal(err)
	}
	tree := m.TargetTree()
	at := rowOf(m, true, "status")
	if at < 0 || tree.Cell(at, 0).Shape != screen.ShapeTriangle {
		t.Fatalf("Observation.status is not marked")
	}
	if rowOf(m, true, "valueQuantity") < 0 || rowOf(m, true, "category[]") < 0 {
		t.Error("choices and lists are not there")
	}
	m.SetFilter(true, Required)
	if n := tree.Len(); n != 3 { // the block, status and code
		t.Errorf("%d rows are required", n)
	}
	m.SetFilter(true, Everything)
	m.Toggle(true, rowOf(m, true, "code"))
	if rowOf(m, true, "code.coding[]") < 0 {
		t.Error("a branch does not open")
	}
	m.Toggle(true, rowOf(m, true, "code"))
	m.Search(true, "codeableconcept")
	if tree.Len() < 4 {
		t.Errorf("%d rows have that type", tree.Len())
	}
	if c := m.Makes("Obs"); len(c) != 2 {
		t.Errorf("completions %v", c)
	}
	if c := m.Loops("OB"); len(c) != 0 { // the samples have none
		t.Errorf("completions %v", c)
	}
	if c := m.Loops("PID-5"); len(c) == 0 || c[0].Text != "PID-5" {
		t.Errorf("completions %v", c)
	}
}

// Sources are joined with targets; a target that has a rule takes a further source, another one, or a rule of its own.
func TestSourcesAreConnected(t *testing.T) {
	m, _ := opened(t, admits(2)...)
	src := func(path string) int { m.RowOfPath(false, path); return rowOf(m, false, path) }
	dst := func(path string) int { m.RowOfPath(true, "Patient."+path); return rowOf(m, true, path) }
	if err := m.Connect([]int{src("PID")}, dst("active"), JoinRule); err == nil {
		t.Error("a whole segment was mapped")
	}
	if err := m.Connect([]int{src("PID-10")}, m.RowOf("none"), JoinRule); err != nil {
		t.Error(err)
	}
	m.MarkSources([]int{src("PID-10"), src("PID-22")})
	if m.Marked() != 2 || len(m.MarkedRows()) != 2 {
		t.Fatalf("%d marked", m.Marked())
	}
	to := dst("active")
	if err := m.Connect(m.MarkedRows(), to, JoinRule); err != nil {
		t.Fatal(err)
	}
	if got := m.RuleField(ColumnSources); got != "PID-10, PID-22" || m.RuleAt(to) != m.Chosen() {
		t.Errorf("sources %q", got)
	}
	if err := m.Connect([]int{src("PID-30")}, dst("active"), JoinSource); err != nil || m.RuleField(ColumnSources) != "PID-10, PID-22, PID-30" {
		t.Errorf("%v: sources %q", err, m.RuleField(ColumnSources))
	}
	if err := m.Connect([]int{src("PID-30")}, dst("active"), JoinReplace); err != nil || m.RuleField(ColumnSources) != "PID-30" {
		t.Errorf("%v: sources %q", err, m.RuleField(ColumnSources))
	}
	n := m.File().Rules()
	if err := m.Connect([]int{src("PID-2")}, dst("active"), JoinRule); err != nil || m.File().Rules() != n+1 || len(m.RulesAt(true, dst("active"))) != 2 {
		t.Errorf("%v: %d rules", err, m.File().Rules())
	}
	if err := m.Connect([]int{src("PID-14")}, dst("telecom[]"), JoinRule); err != nil || m.RuleField(ColumnEach) != "PID-14" {
		t.Errorf("%v: each %q", err, m.RuleField(ColumnEach))
	}
	block := -1
	for row := range m.TargetTree().Len() {
		if m.PathAt(true, row) == "" && strings.HasPrefix(m.TargetTree().Cell(row, 0).Text, "Patient") {
			block = row
		}
	}
	if err := m.Connect([]int{src("PID-2")}, block, JoinRule); err == nil {
		t.Error("a whole block was mapped")
	}
}

// What parts of a target write stays theirs when the whole is mapped before them; one undo takes it back.
func TestWholeIsMappedBeforeItsParts(t *testing.T) {
	m, s := opened(t, admits(1)...)
	to := m.RowOfPath(true, "Patient.identifier[ssn]")
	parts := m.PartsAt(to)
	if len(parts) == 0 || m.RuleAt(to) != "" {
		t.Fatalf("parts %v, rule %q", parts, m.RuleAt(to))
	}
	if none := m.PartsAt(m.RowOfPath(true, "Patient.gender")); len(none) != 0 {
		t.Errorf("parts of gender: %v", none)
	}
	rules := m.File().Rules()
	for how, before := range map[Join]bool{JoinBefore: true, JoinRule: false} {
		m.RowOfPath(false, "PID-2")
		if err := m.Connect([]int{rowOf(m, false, "PID-2")}, m.RowOfPath(true, "Patient.identifier[ssn]"), how); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		if m.RuleField(ColumnTarget) != "identifier[ssn]" || m.RowOf(m.Chosen()) < m.RowOf(parts[0]) != before {
			t.Errorf("%d: %s stands in row %d, its parts from row %d on", how, m.Chosen(), m.RowOf(m.Chosen()), m.RowOf(parts[0]))
		}
		warned := slices.ContainsFunc(mapping.Check(m.File(), nil), func(f mapping.Finding) bool { return f.Code == mapping.CodeParts && f.ID == m.Chosen() })
		if warned == before {
			t.Errorf("%d: warned %v", how, warned)
		}
		if m.Undo(); m.File().Rules() != rules {
			t.Errorf("%d rules, there were %d", m.File().Rules(), rules)
		}
	}
}

// What is mapped is no longer left out on purpose, nor are its parts; one undo brings both back. Others stay left out.
func TestMappedFieldsAreNotLeftOut(t *testing.T) {
	m, s := opened(t, admits(1)...)
	out := func() (paths []string) {
		for _, l := range m.File().LeftOut {
			paths = append(paths, l.Path)
		}
		return paths
	}
	m.Edit("Leave out", func(e *Edit) bool {
		e.File.LeftOut = []mapping.LeftOut{{Path: "PID-2", Reason: "old"}, {Path: "PID-6.1", Reason: "old"}, {Path: "PID-6.2", Reason: "old"}, {Path: "PID-30", Reason: "old"}, {Path: "PID-22", Reason: "old"}, {Path: "PV1", Reason: "old"}}
		return true
	})
	s.Settle()
	all := out()
	for _, c := range []struct {
		source string
		how    Join
		want   []string
	}{
		{"PID-2", JoinRule, []string{"PID-6.1", "PID-6.2", "PID-30", "PID-22", "PV1"}},
		{"PID-6", JoinSource, []string{"PID-2", "PID-30", "PID-22", "PV1"}},
		{"PID-22.1", JoinReplace, []string{"PID-2", "PID-6.1", "PID-6.2", "PID-30", "PV1"}},
		{"PV1-2", JoinRule, all},
	} {
		m.RowOfPath(false, c.source)
		if err := m.Connect([]int{rowOf(m, false, c.source)}, m.RowOfPath(true, "Patient.gender"), c.how); err != nil {
			t.Fatal(err)
		}
		if got := out(); !slices.Equal(got, c.want) {
			t.Errorf("with %s mapped %v is left out, not %v", c.source, got, c.want)
		}
		if got := m.SourceTree().Cell(rowOf(m, false, c.source), 3).Text; !strings.Contains(got, "→") {
			t.Errorf("%s is mapped, and its row says %q", c.source, got)
		}
		if m.Undo(); !slices.Equal(out(), all) {
			t.Errorf("undone, %v is left out", out())
		}
	}
}

// When what was chosen is gone after Undo, something at the user's place stands in for it, and he stays where he is.
func TestUndoStaysAtTheRow(t *testing.T) {
	m, s := opened(t, admits(1)...)
	m.RowOfPath(false, "PID-30")
	// PID-30 has the rule pid-14 already, which is near where active has none
	for path, want := range map[string]string{"active": "pid-14", "gender": "pid-11"} {
		m.RowOfPath(true, "Patient."+path)
		m.SetCursor(false, rowOf(m, false, "PID-30"))
		m.SetCursor(true, rowOf(m, true, path))
		if err := m.Connect([]int{rowOf(m, false, "PID-30")}, rowOf(m, true, path), JoinRule); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		if m.StandsIn() {
			t.Error("the new rule stands in for another")
		}
		m.Undo()
		s.Settle()
		if !m.StandsIn() || m.Chosen() != want || m.PathAt(true, m.Cursor(true)) != path || m.PathAt(false, m.Cursor(false)) != "PID-30" {
			t.Errorf("at %s: %s is chosen, not %s, the cursors are at %s and %s", path, m.Chosen(), want, m.PathAt(false, m.Cursor(false)), m.PathAt(true, m.Cursor(true)))
		}
		if m.Choose("pid-12"); m.StandsIn() {
			t.Error("what the user chose stands in for another")
		}
	}
}

// A list without rows says why.
func TestEmptyListsSayWhy(t *testing.T) {
	m, s := opened(t, admits(1)...)
	for _, target := range []bool{false, true} {
		m.Search(target, "Nowhere9")
		if n := []screen.Tree{m.SourceTree(), m.TargetTree()}[map[bool]int{true: 1}[target]].Len(); n != 0 || !strings.Contains(m.EmptyWords(target), `Nothing matches "nowhere9".`) {
			t.Errorf("%d rows, %q", n, m.EmptyWords(target))
		}
		m.SetFilter(target, Required)
		if words := m.EmptyWords(target); !strings.Contains(words, "with the filter Required") {
			t.Errorf("%q", words)
		}
		m.Search(target, "")
		m.SetFilter(target, Everything)
		s.Settle()
		if words := m.EmptyWords(target); strings.Contains(words, "matches") {
			t.Errorf("%q", words)
		}
	}
}

// What is below a source goes to what is named like it below a target.
func TestChildrenAreMappedByName(t *testing.T) {
	m, s := newPlace(t, admits(1)...)
	if err := m.Create(NewMapping{Name: "same", Source: mapping.End{Kind: mapping.HL7v2}, Target: mapping.End{Kind: mapping.HL7v2}}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if err := m.AddBlock(NewBlock{Make: "PID", Per: "PID"}); err != nil {
		t.Fatal(err)
	}
	n := m.MapChildren(rowOf(m, false, "PID"), 0)
	if n < 35 || m.File().Rules() != n || !strings.Contains(m.News().Text, "by name") {
		t.Fatalf("%d rules, %q", n, m.News().Text)
	}
	s.Settle()
	if text := whole(m.ResultText()); !strings.Contains(text, "PID|1||8800^^^LAKE^MR") {
		t.Errorf("the result is %q", text)
	}
	text := whole(m.ResultText())
	if !m.ChooseResult(strings.Index(text, "19790228")+2) || m.RuleField(ColumnTarget) != "PID-7" {
		t.Errorf("leads to %q", m.RuleField(ColumnTarget))
	}
	if n := m.MapChildren(rowOf(m, false, "PID"), 0); n != 0 || !m.News().Bad {
		t.Errorf("%d rules once more", n)
	}
	m.Undo()
	if m.File().Rules() != 0 {
		t.Error("not undone at once")
	}
}

// Lines end at what shows: at the rows, at closed branches, at the edge; the one that is chosen comes last.
func TestLinesFollowTheRows(t *testing.T) {
	m, _ := opened(t, admits(2)...)
	m.CloseAll()
	m.Choose("pid-11")
	curves := m.Curves(nil, 0, 0, 100)
	if len(curves) == 0 || !curves[len(curves)-1].Chosen {
		t.Fatalf("%d lines, none is chosen", len(curves))
	}
	folded := curves[len(curves)-1]
	if !folded.Folded || folded.Count < 10 {
		t.Errorf("the line of closed branches is %+v", folded)
	}
	m.Reveal()
	curves = m.Curves(curves, 0, 0, 1000)
	last := curves[len(curves)-1]
	source, target := m.Ends()
	if last.Folded || last.Count != 1 || last.Left != float64(source)+0.5 || last.Right != float64(target)+0.5 {
		t.Errorf("the line is %+v, its ends at %d and %d", last, source, target)
	}
	if rules := m.CurveAt(curves, 0, last.Left, 0.3); !slices.Contains(rules, "pid-11") {
		t.Errorf("at its beginning lie %v", rules)
	}
	if rules := m.CurveAt(curves, 0.5, (last.Left+last.Right)/2, 0.1); len(rules) == 0 {
		t.Error("nothing lies in its middle")
	}
	if rules := m.CurveAt(curves, 0.5, -50, 0.3); rules != nil {
		t.Errorf("far away lie %v", rules)
	}
	curves = m.Curves(curves, float64(source)+3, float64(target), 5)
	last = curves[len(curves)-1]
	if !last.Out || last.Left != 0 || last.Right != 0.5 {
		t.Errorf("scrolled, the line is %+v", last)
	}
	if curves = m.Curves(curves, 5000, 5000, 5); len(curves) != 0 {
		t.Errorf("%d lines out of sight", len(curves))
	}
}

// What is folded and what the mapping is tried on is kept apart from the mapping.
func TestLayoutIsKeptApart(t *testing.T) {
	m, s := opened(t, admits(2)...)
	m.CloseAll()
	m.RowOfPath(false, "PV1-7")
	file := filepath.Join(t.TempDir(), "more.hl7")
	if err := os.WriteFile(file, []byte(strings.Join(admits(5), "")), 0o600); err != nil {
		t.Fatal(err)
	}
	m.SetSamples(SampleSet{Paths: []string{file}})
	s.Settle()
	if _, n, _ := m.Samples(); n != 5 || m.Dirty() {
		t.Fatalf("%d samples, dirty %v", n, m.Dirty())
	}
	m.CloseMapping()
	s.Settle()
	m.Open("Lakeside ADT")
	s.Settle()
	if _, n, _ := m.Samples(); n != 5 || rowOf(m, false, "PV1-7") < 0 || rowOf(m, false, "PID-7") >= 0 || m.SampleSource() != "more.hl7" {
		t.Errorf("%d samples of %s", n, m.SampleSource())
	}
	m.SetSamples(SampleSet{Query: "type:ORU"})
	s.Settle()
	if _, n, _ := m.Samples(); n != 0 || m.SampleWords() != "no samples" {
		t.Errorf("%d samples: %s", n, m.SampleWords())
	}
	m.SetSamples(SampleSet{All: true})
	s.Settle()
	m.StepSample(1)
	s.Settle()
	m.StepSample(5)
	if m.SampleWords() != "sample 2 of 2" {
		t.Errorf("%s", m.SampleWords())
	}
	if CheckSamples("type:") == nil && CheckSamples("nothing:x") == nil {
		t.Error("a condition that cannot be read is taken")
	}
}

// Mappings of other formats have their trees, lines and results, too.
func TestOtherFormats(t *testing.T) {
	document := `{"patient": {"mrn": "88121", "names": [{"family": "Marlow", "given": ["Jane", "Q"]}]}, "visits": [{"unit": "INF"}]}`
	bundle := `{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient", "birthDate": "1979-02-28", "name": [{"family": "Marlow"}]}}]}`
	rows := "mrn,family\n88121,Marlow\n88122,Ash\n"
	for _, c := range []struct {
		name, file, text string
		source, target   mapping.Kind
		from, to, result string
	}{
		{"json", "a.json", document, mapping.JSON, mapping.CSV, "patient.names.family", "family", "Marlow"},
		{"fhir", "b.json", bundle, mapping.FHIR, mapping.HL7v2, "Patient.birthDate", "PID-7", "PID|||||||1979"},
		{"csv", "c.csv", rows, mapping.CSV, mapping.JSON, "family", "last", `"last": "Marlow"`},
		{"xml", "d.xml", "<a><b c='1'>Marlow</b></a>", mapping.XML, mapping.XML, "b", "name", "<name>Marlow</name>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := newPlace(t)
			if err := m.Create(NewMapping{Name: c.name, Source: mapping.End{Kind: c.source}, Target: mapping.End{Kind: c.target}}); err != nil {
				t.Fatal(err)
			}
			s.Settle()
			file := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			m.SetSamples(SampleSet{Paths: []string{file}})
			s.Settle()
			if c.target == mapping.HL7v2 {
				if err := m.AddBlock(NewBlock{Make: "PID"}); err != nil {
					t.Fatal(err)
				}
			}
			row := m.RowOfPath(false, c.from)
			if row < 0 {
				t.Fatalf("%s is not among %v", c.from, m.doc.samples.order)
			}
			if cell := m.SourceTree().Cell(row, 1); cell.Text == "" {
				t.Error("it has no value")
			}
			if err := m.SetCell(m.AddRule(0), ColumnTarget, c.to); err != nil {
				t.Fatal(err)
			}
			if err := m.SetRuleField(ColumnSources, c.from); err != nil {
				t.Fatal(err)
			}
			s.Settle()
			if text := m.ResultText(); text == nil || !strings.Contains(whole(text), c.result) {
				words, _ := m.ResultWords()
				t.Fatalf("no result: %s %v", words, m.Problems())
			}
			if source, target := m.Ends(); source < 0 || target < 0 || len(m.Curves(nil, 0, 0, 100)) != 1 {
				t.Errorf("the line ends at %d and %d", source, target)
			}
			if c.target != mapping.XML {
				if marks, _ := m.ResultMarks(); len(marks) == 0 {
					t.Error("nothing of the result is the rule's")
				}
			}
			m.SetMasked(true)
			if text := whole(m.ResultText()); strings.Contains(text, "Marlow") || strings.Contains(text, "1979") {
				t.Error("the result shows under the mask")
			}
		})
	}
}

// The header is checked before it is taken.
func TestHeaderIsChecked(t *testing.T) {
	m, s := opened(t)
	for _, c := range []struct {
		change func(*Header)
		row    int
		bad    bool
	}{
		{func(h *Header) { h.Title = "Admissions" }, 0, false},
		{func(h *Header) { h.Source.Message = "ADT_X99" }, 2, true},
		{func(h *Header) { h.Source.Message = "adt_a01" }, 0, false},
		{func(h *Header) { h.Target.Root = "Patiant" }, 3, true},
		{func(h *Header) { h.Target.Keep = true }, 3, true},
		{func(h *Header) { h.Zone = "Mars/North" }, 5, true},
		{func(h *Header) { h.Zone, h.Direction = "America/New_York", mapping.Out }, 0, false},
		{func(h *Header) { h.Target.Bundle = "transaction" }, 0, false},
	} {
		h := m.Header()
		c.change(&h)
		if row, err := m.SetHeader(h); row != c.row || (err != nil) != c.bad {
			t.Errorf("%+v: row %d, %v", h, row, err)
		}
	}
	s.Settle()
	if m.Header().Source.Message != "ADT_A01" || m.Header().Direction != mapping.Out || m.Header().Target.Bundle != "transaction" || rowOf(m, false, "NK1") < 0 {
		t.Errorf("header %+v", m.Header())
	}
	for range 4 {
		m.Undo()
	}
	if m.Dirty() {
		t.Error("not as it was")
	}
}

// Rules that need a look are gone through one after the other.
func TestProblemsAreStepped(t *testing.T) {
	m, _ := opened(t, admits(2)...)
	m.Choose("pid-01")
	var ids []string
	for range 3 {
		m.StepProblem(1)
		ids = append(ids, m.Chosen())
	}
	if ids[0] != "pid-02" || ids[1] != "pid-03" {
		t.Errorf("stepped to %v", ids)
	}
	m.StepProblem(-1)
	if m.Chosen() != ids[1] {
		t.Errorf("back at %s", m.Chosen())
	}
	if c := m.CompleteSource("PID-1"); len(c) == 0 || c[0].Text != "PID-1" {
		t.Errorf("completions %v", c)
	}
	if c := m.CompleteSource("PID-8 VALUED AND PID-2"); len(c) == 0 || c[0].Text != "PID-8 VALUED AND PID-2" {
		t.Errorf("completions %v", c)
	}
	if c := m.CompleteTarget("birth"); len(c) == 0 || c[0].Text != "birthDate" {
		t.Errorf("completions %v", c)
	}
	if got := fmt.Sprintf("%d %q %q", m.RowOf("none"), m.IDAt(-1), m.CellText(-1, 0)); got != `-1 "" ""` {
		t.Errorf("rows that are not there: %q", got)
	}
}

// The places of a target that nothing defines come from a sample of it, without its values.
func TestTargetIsTakenFromASample(t *testing.T) {
	for _, c := range []struct {
		kind mapping.Kind
		text string
		want string
	}{
		{mapping.JSON, `{"patient": {"names": [{"family": "Marlow"}, {"given": ["Jane"]}]}, "n": 1}`, "patient patient.names[] patient.names[].family patient.names[].given[] n"},
		{mapping.XML, "<a k='1'><b>Marlow</b><b><c/></b></a>", "@k b[] b[].c"},
		{mapping.CSV, "mrn,family\n1,Marlow\n", "mrn family"},
	} {
		m, s := newPlace(t)
		if err := m.Create(NewMapping{Name: string(c.kind), Source: mapping.End{Kind: mapping.HL7v2}, Target: mapping.End{Kind: c.kind}}); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		file := filepath.Join(t.TempDir(), "sample")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		m.TakeTarget(file)
		s.Settle()
		if got := strings.Join(m.doc.layout.Target, " "); got != c.want {
			t.Errorf("%s: %q, want %q (%s)", c.kind, got, c.want, m.News().Text)
		}
		last := c.want[strings.LastIndexByte(c.want, ' ')+1:]
		if m.RowOfPath(true, last) < 0 {
			t.Errorf("%s: %s does not show", c.kind, last)
		}
		m.TakeTarget(file + "-not-there")
		s.Settle()
		if !m.News().Bad {
			t.Errorf("%s: a file that is not there was read", c.kind)
		}
	}
}

// Sources are proposed for a target with what speaks for them; nothing happens until one is taken.
func TestSourcesAreProposed(t *testing.T) {
	m, s := opened(t, admits(4)...)
	m.DeleteRules("pid-12", "pid-11")
	s.Settle()
	before := m.File()
	asked := 0
	m.Suggest(m.RowOfPath(true, "Patient.birthDate"), func(n int) { asked = n })
	s.Settle()
	g := m.Proposals()
	if asked == 0 || g.Len() != asked || m.File() != before {
		t.Fatalf("%d proposals: %s", asked, m.News().Text)
	}
	if c := g.Cell(0, 0); c.Text != "PID-7" || g.Cell(0, 2).Text != "19790228" || g.Cell(0, 5).Text == "" {
		t.Errorf("the first is %q with %q, because %q", c.Text, g.Cell(0, 2).Text, g.Cell(0, 5).Text)
	}
	m.SetMasked(true)
	if !g.Cell(0, 2).Masked {
		t.Error("its value shows under the mask")
	}
	m.SetMasked(false)
	m.TakeProposal(0)
	s.Settle()
	if m.RuleField(ColumnSources) != "PID-7" || m.RuleField(ColumnTarget) != "birthDate" || !strings.Contains(whole(m.ResultText()), `"birthDate": "1979-02-28"`) {
		t.Errorf("the rule maps %s to %s", m.RuleField(ColumnSources), m.RuleField(ColumnTarget))
	}
	m.Suggest(0, func(int) { t.Error("sources for a whole block") })
	s.Settle()

	// Another mapping of the project knows better than names do.
	other := &mapping.File{ID: "other", Title: "another house", Source: m.File().Source, Target: m.File().Target, Blocks: []mapping.Block{{ID: "b", Make: "Patient", Per: "PID",
		Rules: []mapping.Rule{{ID: "r-1", To: "active", From: []string{"PID-32"}, Status: mapping.Agreed}}}}}
	add(t, s, "Another house", other)
	m.Suggest(m.RowOfPath(true, "Patient.active"), func(n int) { asked = n })
	s.Settle()
	known := false
	for row := range g.Len() {
		known = known || g.Cell(row, 0).Text == "PID-32" && strings.Contains(g.Cell(row, 5).Text, "another house")
	}
	if !known {
		t.Errorf("%d proposals, the first %q because %q", g.Len(), g.Cell(0, 0).Text, g.Cell(0, 5).Text)
	}
}
