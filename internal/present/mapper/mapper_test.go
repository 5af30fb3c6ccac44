package mapper

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
)

// admit is an invented admission; the number and the sex are to be filled in.
const admit = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A01^ADT_A01|MSG{n}|P|2.5.1\rEVN|A01|20260302101400\r" +
	"PID|1||88{n}^^^LAKE^MR~C1{n}^^^INF^PI||Marlow^Jane^Q||19790228|{sex}|||12 Oak Cir^^Nowhere^ZZ^00000||5550100\rPV1|1|I|INF^2^^LAKE||||1234^Ash^Kim\r"

func admits(n int) []string {
	list := make([]string, n)
	for i := range list {
		number := string(rune('0'+i/10%10)) + string(rune('0'+i%10))
		sex := "F"
		if i%4 == 3 {
			sex = "X"
		}
		list[i] = strings.NewReplacer("{n}", number, "{sex}", sex).Replace(admit)
	}
	return list
}

// keep puts messages into the project.
func keep(t testing.TB, s *stage.Stage, messages ...string) []int64 {
	t.Helper()
	var records []inspect.Record
	for i, m := range messages {
		for r, err := range inspect.Read(t.Context(), "sample.hl7", strings.NewReader(m), inspect.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			r.Index = i
			records = append(records, r)
		}
	}
	ids, err := s.Workspace.AddMessages(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// place is the place over a project of its own, with messages in it.
func newPlace(t testing.TB, messages ...string) (*Model, *stage.Stage) {
	t.Helper()
	s := stage.New(t)
	if len(messages) > 0 {
		keep(t, s, messages...)
	}
	m := New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	m.Enter()
	s.Settle()
	return m, s
}

// opened is a place with the starter for admissions open.
func opened(t testing.TB, messages ...string) (*Model, *stage.Stage) {
	t.Helper()
	m, s := newPlace(t, messages...)
	if err := m.Create(NewMapping{Name: "Lakeside ADT", Starter: "adt-to-patient"}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if !m.IsOpen() {
		t.Fatalf("not open: %s", m.News().Text)
	}
	return m, s
}

// A mapping is made from a starter, changed, closed without saving, and its changes are there when it is opened again; saved, they are its
// next version, and deleted, nothing of it is left.
func TestChangesAreKeptUntilTheyAreSaved(t *testing.T) {
	m, s := opened(t)
	rules := m.File().Rules()
	row := m.AddRule(m.RowOf("pid-11"))
	if m.File().Rules() != rules+1 || m.Chosen() == "pid-11" || !m.Dirty() {
		t.Fatalf("%d rules, chosen %s", m.File().Rules(), m.Chosen())
	}
	if err := m.SetCell(row, ColumnTarget, "language"); err != nil {
		t.Fatal(err)
	}
	id := m.Chosen()
	s.Settle()
	m.CloseMapping()
	s.Settle()
	if len(m.Entries()) != 1 {
		t.Fatalf("entries %v", m.Entries())
	}
	m.Open("Lakeside ADT")
	s.Settle()
	if m.File().Rules() != rules+1 || !m.Dirty() || m.CellText(m.RowOf(id), ColumnTarget) != "language" || m.News().Offer == "" {
		t.Fatalf("%d rules, dirty %v, news %q", m.File().Rules(), m.Dirty(), m.News().Text)
	}
	m.Discard()
	if m.File().Rules() != rules || m.Dirty() {
		t.Fatal("the changes were not discarded")
	}
	m.Undo()
	if m.File().Rules() != rules+1 || !m.Dirty() {
		t.Fatal("discarding was not undone")
	}
	m.Save()
	s.Settle()
	if m.Dirty() || m.Entries()[0].Revision != 2 || m.Entries()[0].Draft {
		t.Fatalf("dirty %v, entries %+v, news %q", m.Dirty(), m.Entries(), m.News().Text)
	}
	if err := m.Rename("lakeside adt in"); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if err := m.Duplicate("Lakeside adt in"); err == nil {
		t.Error("two mappings of one name")
	}
	if err := m.Duplicate(m.CopyName()); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if m.Name() != "lakeside adt in 2" || len(m.Entries()) != 2 || m.File().Rules() != rules+1 {
		t.Fatalf("%q of %v", m.Name(), m.Entries())
	}
	m.DeleteRules("pid-11")
	s.Settle()
	m.Delete()
	s.Settle()
	if m.IsOpen() || len(m.Entries()) != 1 {
		t.Fatalf("%v", m.Entries())
	}
	for _, kind := range []string{"mapping-draft", "mapping-layout"} {
		docs, err := s.Workspace.Documents(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			if string(d.Kind) == kind && strings.HasSuffix(d.Name, " 2") {
				t.Errorf("%s of a deleted mapping is left", kind)
			}
		}
	}
}

// What is exported is read again as it was, comments and IDs included.
func TestExportAndImport(t *testing.T) {
	m, s := opened(t)
	dir := t.TempDir()
	m.Export(dir)
	s.Settle()
	text, err := os.ReadFile(filepath.Join(dir, "lakeside-adt.yaml"))
	if err != nil {
		t.Fatal(err, m.News())
	}
	if !strings.Contains(string(text), "# One patient, whatever number") {
		t.Error("comments were lost")
	}
	m.Import([]string{dir})
	s.Settle()
	if len(m.Entries()) != 2 || m.Name() != "adt-to-patient" {
		t.Fatalf("%v, %q", m.Entries(), m.News().Text)
	}
	again := t.TempDir()
	if err := m.Rename("Lakeside ADT 7"); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	m.Export(again)
	s.Settle()
	other, err := os.ReadFile(filepath.Join(again, "lakeside-adt-7.yaml"))
	if err != nil || string(other) != string(text) {
		t.Errorf("the mapping is another one now: %v", err)
	}
	m.Import([]string{t.TempDir()})
	s.Settle()
	if !m.News().Bad {
		t.Error("a folder without a mapping was imported")
	}
}

// The rules are a table: cells are edited as text, what is wrong is said, and all of it is undone step by step.
func TestRulesAreATable(t *testing.T) {
	m, s := opened(t, admits(4)...)
	g := m.RuleList()
	at := m.RowOf("pid-11")
	if got := g.Cell(at, ColumnSources).Text + " " + strings.TrimSpace(g.Cell(at, ColumnTarget).Text) + " " + g.Cell(at, ColumnFunctions).Text; got != "PID-8 gender lookup: sex" {
		t.Errorf("the row is %q", got)
	}
	if got := g.Cell(at, ColumnFired).Text; got != "4/4" {
		t.Errorf("fired %q", got)
	}
	for _, c := range []struct {
		column    int
		text, bad string
	}{
		{ColumnCondition, "PID-8 VALUED", ""},
		{ColumnFunctions, "trim | lookup: sex", ""},
		{ColumnFunctions, "trm", "there is no function"},
		{ColumnStatus, "agreed", ""},
		{ColumnStatus, "fine", "a status is"},
		{ColumnSources, `"F"`, ""},
		{ColumnSources, "PID-8", ""},
		{ColumnLookup, "nothing", "there is no table"},
		{ColumnOwner, "Kim", ""},
		{ColumnNote, "asked on 3 March", ""},
	} {
		err := m.SetCell(at, c.column, c.text)
		switch {
		case c.bad == "" && err != nil, c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)):
			t.Errorf("%q: %v", c.text, err)
		case err == nil && m.CellText(at, c.column) != c.text:
			t.Errorf("%q became %q", c.text, m.CellText(at, c.column))
		}
	}
	before := m.File()
	steps := 0
	for m.CanUndo() != "" {
		m.Undo()
		steps++
	}
	if steps != 7 || m.Dirty() {
		t.Errorf("%d steps, dirty %v", steps, m.Dirty())
	}
	for m.CanRedo() != "" {
		m.Redo()
	}
	if m.File() != before {
		t.Error("not as it was before")
	}
	m.SetStatus([]int{at, at + 1, m.RowOf("b-patient")}, mapping.Question)
	if g.Cell(at+1, ColumnStatus).Shape != screen.ShapeTriangle {
		t.Error("two rules did not get a question")
	}
	if to := m.MoveRow(at, at+2); m.IDAt(at+2) != "pid-11" || to != at+2 {
		t.Errorf("moved to %d", to)
	}
	m.DuplicateRows([]int{at + 2})
	id := m.IDAt(at + 3)
	if !strings.HasPrefix(id, "pid-2") || m.Chosen() != id {
		t.Errorf("the copy is %q", id)
	}
	m.DeleteRows([]int{m.RowOf("b-patient")})
	if m.RowOf(id) >= 0 || !strings.Contains(m.News().Text, " rules deleted") {
		t.Errorf("the block is there: %q", m.News().Text)
	}
	m.Accept()
	if m.RowOf(id) < 0 {
		t.Error("not undone")
	}
	s.Settle()
}

// A rule that cannot run is named, and the others go on.
func TestOneBrokenRuleKeepsTheOthersRunning(t *testing.T) {
	m, s := opened(t, admits(2)...)
	if err := m.SetCell(m.RowOf("pid-12"), ColumnTarget, "birthdate"); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	m.Choose("pid-12")
	if title, _ := m.RuleTitle(); title.Role != screen.RoleError || !strings.Contains(title.Words, "birthdate") {
		t.Errorf("title %+v", title)
	}
	if text := m.ResultText(); text == nil || !strings.Contains(whole(text), `"gender": "female"`) || strings.Contains(whole(text), "birthDate") {
		t.Error("the others do not run")
	}
	if _, bad := m.ResultWords(); !bad {
		t.Error("nothing is said of it")
	}
}

// whole is a text as it is drawn: what the mask draws as blocks is left out.
func whole(t screen.Text) string {
	var b strings.Builder
	for i := range t.Lines() {
		line, spans := t.Line(i, 0, t.Columns(i))
		for _, s := range slices.Backward(spans) {
			if s.Role == screen.RoleMasked {
				line = line[:s.Start] + "*" + line[s.End:]
			}
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// The rule that is chosen shows its values step by step, and its functions are changed there.
func TestChipsFollowTheSample(t *testing.T) {
	m, s := opened(t, admits(4)...)
	m.Choose("pid-11")
	words := func() string {
		var parts []string
		for _, c := range m.Chips() {
			parts = append(parts, c.Text+"="+c.Value)
		}
		return strings.Join(parts, " > ")
	}
	if got := words(); got != "PID-8=F > lookup: sex=female > gender=female" {
		t.Errorf("chips %q", got)
	}
	m.ShowSample(3)
	s.Settle()
	if got := words(); !strings.Contains(got, "PID-8=X") {
		t.Errorf("chips %q", got)
	}
	if title, _ := m.RuleTitle(); title.Role != screen.RoleWarning {
		t.Errorf("title %+v", title)
	}
	if err := m.PutFunction(0, "lower", false); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if got := words(); !strings.HasPrefix(got, "PID-8=X > lower=x > lookup: sex") {
		t.Errorf("chips %q", got)
	}
	if at := m.MoveFunction(0, 1); at != 1 || m.CellText(m.RowOf("pid-11"), ColumnFunctions) != "lookup: sex | lower" {
		t.Errorf("functions %q", m.CellText(m.RowOf("pid-11"), ColumnFunctions))
	}
	m.RemoveFunction(1)
	if err := m.PutFunction(0, "lookup: nobody, knows", true); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if title, _ := m.RuleTitle(); title.Role != screen.RoleError {
		t.Errorf("title %+v", title)
	}
	if c := m.CompleteFunction("lookup: "); len(c) < 5 || c[0].Text != "lookup: sex" {
		t.Errorf("completions %v", c)
	}
	if c := m.CompleteFunction("upp"); len(c) == 0 || c[0].Text != "upper" {
		t.Errorf("completions %v", c)
	}
	m.Choose("pid-01")
	if n, _ := m.Turns(); n != 2 {
		t.Errorf("%d turns", n)
	}
	m.StepTurn(1)
	if got := words(); !strings.Contains(got, "C103") {
		t.Errorf("chips %q", got)
	}
}

// A text that can only mean one function, or one table, is completed; what is a name already, or may mean several, is not.
func TestOneFunctionIsMeant(t *testing.T) {
	m, _ := opened(t)
	for text, want := range map[string]string{"upp": "upper", " Upp ": "upper", "upper": "", "date": "", "l": "", "zzz": "", "": "", "lookup: se": "lookup: sex", "lookup: sex": "", "lookup: ": "", "pad: 8, 0": "", "trim | upp": ""} {
		if got, ok := m.BestFunction(text); got != want || ok != (want != "") {
			t.Errorf("%q means %q, not %q", text, got, want)
		}
	}
}

// A value of the result leads to its rule, and a rule to what it made.
func TestResultLeadsToRules(t *testing.T) {
	m, _ := opened(t, admits(2)...)
	text := whole(m.ResultText())
	if !m.ChooseResult(strings.Index(text, `"1979-02-28"`) + 3) {
		t.Fatal("the birth date leads nowhere")
	}
	if m.Chosen() != "pid-12" {
		t.Errorf("chosen %q", m.Chosen())
	}
	marks, first := m.ResultMarks()
	if len(marks) != 1 || text[first:first+12] != `"1979-02-28"` {
		t.Errorf("marks %v at %d", marks, first)
	}
	m.ChooseResult(strings.Index(text, `"C100"`) + 1)
	if _, at := m.Turns(); m.Chosen() != "pid-01" || at != 1 {
		t.Errorf("chosen %q, turn %d", m.Chosen(), at)
	}
}

// Under the mask nothing of a sample or of a result shows.
func TestMaskHidesSamplesAndResults(t *testing.T) {
	m, s := opened(t, admits(4)...)
	m.SetMasked(true)
	s.Settle()
	m.Choose("pid-06")
	for _, c := range m.Chips() {
		if c.Value != "" && !c.Masked {
			t.Errorf("the chip %q shows", c.Text)
		}
	}
	if text := whole(m.ResultText()); strings.Contains(text, "Jane") || strings.Contains(text, "1979") || !strings.Contains(text, "birthDate") {
		t.Errorf("the result shows values, or not even its names")
	}
	for _, tree := range []screen.Tree{m.SourceTree(), m.TargetTree()} {
		for row := range tree.Len() {
			if c := tree.Cell(row, 1); c.Text != "" && !c.Masked && (strings.Contains(c.Text, "Jane") || strings.Contains(c.Text, "88")) {
				t.Errorf("row %d shows %q", row, c.Text)
			}
		}
	}
	m.Search(false, "Marlow")
	if m.SourceTree().Len() != 0 {
		t.Error("a search finds what the mask hides")
	}
	m.SetSamples(SampleSet{Paths: []string{filepath.Join(t.TempDir(), "Marlow.hl7")}})
	s.Settle()
	if strings.Contains(m.SampleSource(), "Marlow") {
		t.Errorf("source %q", m.SampleSource())
	}
}

// Values that a table does not hold become its rows.
func TestFailedLookupsBecomeRows(t *testing.T) {
	m, s := opened(t, admits(8)...)
	rows := m.TableRows("sex")
	n := rows.Len()
	last := rows.Cell(n-1, rows.(*rowGrid).table().KeyColumn())
	if last.Text != "X" || last.Role != screen.RoleWarning {
		t.Fatalf("the last row is %q", last.Text)
	}
	value := slices.Index(rows.(*rowGrid).table().Rows.Columns, "fhir")
	m.SetTableCell("sex", n-1, value, "other")
	s.Settle()
	if text, _ := m.TableCell("sex", n-1, value); text != "other" || rows.Len() != n {
		t.Errorf("row %q of %d", text, rows.Len())
	}
	if r, fresh := m.Report(); !fresh || len(m.failed("sex")) != 0 || r.Samples != 8 {
		t.Errorf("report %+v", r)
	}
	m.Undo()
	s.Settle()
	m.AddFailed("sex")
	if text, _ := m.TableCell("sex", n-1, rows.(*rowGrid).table().KeyColumn()); text != "X" {
		t.Errorf("row %q", text)
	}
	m.DeleteTableRows("sex", []int{n - 1})
	if at := m.AddTableRow("sex"); at != n-1 {
		t.Errorf("row %d", at)
	}
	if err := m.AddTable("sex"); err == nil {
		t.Error("two tables of one name")
	}
	if n := len(m.Tables()); m.AddTable("race") != nil || len(m.Tables()) != n+1 {
		t.Errorf("tables %v", m.Tables())
	}
	if !strings.Contains(m.DeleteTableWords("sex"), "pid-11") {
		t.Errorf("words %q", m.DeleteTableWords("sex"))
	}
	m.DeleteTable("race")
	m.SetMissing("sex", mapping.Refuse, "x", false)
	if x := m.Missing("sex"); x.Policy != mapping.Refuse || x.Use != "" {
		t.Errorf("missing %+v", x)
	}
}

// A change that was made just before the project is locked is there when it is opened again.
func TestLockingLosesNoChange(t *testing.T) {
	m, s := opened(t)
	m.SetStatus([]int{m.RowOf("pid-01")}, mapping.Agreed)
	m.SetStatus([]int{m.RowOf("pid-02")}, mapping.Agreed)
	m.Close()
	s.Settle()
	if m.IsOpen() || m.ResultText() != nil || m.AllSamples() != nil {
		t.Error("the mapping or its samples are still there")
	}
	again := New(s.Runner, s.Workspace)
	t.Cleanup(again.Close)
	again.Load()
	s.Settle()
	if again.IsOpen() {
		t.Error("a mapping is opened before anybody looks")
	}
	again.Enter()
	s.Settle()
	if !again.Dirty() || again.CellText(again.RowOf("pid-02"), ColumnStatus) != "agreed" {
		t.Errorf("dirty %v, status %q", again.Dirty(), again.CellText(again.RowOf("pid-02"), ColumnStatus))
	}
}

// Cells that a spreadsheet has copied are pasted as one step, or not at all.
func TestCellsArePasted(t *testing.T) {
	m, _ := opened(t)
	at := m.RowOf("pid-11")
	n, err := m.PasteCells(at, ColumnStatus, "agreed\tKim\tasked\r\nquestion\tLee\t\r\n")
	if err != nil || n != 5 || m.CellText(at, ColumnOwner) != "Kim" || m.CellText(at+1, ColumnStatus) != "question" {
		t.Errorf("%d cells, %v; %q, %q", n, err, m.CellText(at, ColumnOwner), m.CellText(at+1, ColumnStatus))
	}
	m.Undo()
	if m.Dirty() {
		t.Error("not one step")
	}
	whole := "x\t  gender\t\tPID-8.1\t\tPID-8 VALUED\ttrim | lookup: sex\tsex\tunknown\tdraft\t\t\t3/3"
	if n, err := m.PasteCells(at, ColumnID, whole); err != nil || n != 4 || m.CellText(at, ColumnFunctions) != "trim | lookup: sex" || m.IDAt(at) != "pid-11" {
		t.Errorf("%d cells, %v; %q", n, err, m.CellText(at, ColumnFunctions))
	}
	m.Undo()
	for _, bad := range []string{"agreed\nfine", strings.Repeat("agreed\n", 10_000)} {
		if n, err := m.PasteCells(at, ColumnStatus, bad); err == nil || n != 0 || m.Dirty() {
			t.Errorf("%d cells, %v", n, err)
		}
	}
	b := m.RowOf("b-patient")
	if _, err := m.PasteCells(b, ColumnCondition, "PID-3 VALUED"); err != nil || m.CellText(b, ColumnCondition) != "PID-3 VALUED" || m.File().Rules() < 100 {
		t.Errorf("%v; the block's condition is %q", err, m.CellText(b, ColumnCondition))
	}
}
