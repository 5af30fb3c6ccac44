package inspect

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/workspace"
)

// apply completes a text at its end with the first proposal.
func apply(p *place, text string) string {
	c := p.Complete(text, len(text))
	if len(c.All) == 0 {
		return ""
	}
	out, cursor := c.Apply(text, 0)
	if cursor > len(out) {
		p.t.Errorf("cursor %d behind %q", cursor, out)
	}
	return out
}

func TestWhatCouldBeWrittenIsProposed(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.Select(0)
	p.settle()
	for typed, want := range map[string]string{
		"ty": "type ", "trigger = A0": "trigger = A01 ", "PI": "PID-", "PV1-": "PV1-1 ", "finding >= er": "finding >= error ",
	} {
		if got := apply(p, typed); got != want {
			t.Errorf("%q became %q, not %q", typed, got, want)
		}
	}
	if c := p.Complete("type", 4); len(c.All) == 1 {
		t.Errorf("proposes what stands there: %v", c.All)
	}
	p.SetMasked(true)
	if c := p.Complete("PID-8 = M", 9); len(c.All) != 0 {
		t.Error("proposals under the mask tell what was typed")
	}
}

func TestFiltersAreKeptInTheProject(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	if err := p.SaveFilter("empty"); err == nil {
		t.Error("an empty filter was saved")
	}
	p.SetQuery("PID-8 = M")
	p.settle()
	if err := p.SaveFilter("  "); err == nil {
		t.Error("a filter without a name was saved")
	}
	if err := p.SaveFilter("men"); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.SetQuery("PID-8 = F")
	if err := p.SaveFilter("Men"); err != nil { // replaced: names are equal in upper and lower case
		t.Fatal(err)
	}
	p.settle()
	again := New(p.stage.Runner, p.stage.Workspace)
	defer again.Close()
	again.Reload()
	p.settle()
	all := again.Filters()
	if len(all) != 1 || all[0].Query != "PID-8 = F" {
		t.Fatalf("%+v, notice %q", all, p.Notice().Text)
	}
	again.SetMasked(true)
	if len(again.Filters()) != 0 {
		t.Error("the mask shows saved filters")
	}
	p.DeleteFilter(p.Filters()[0])
	p.settle()
	if len(p.Filters()) != 0 {
		t.Errorf("%+v", p.Filters())
	}
}

func TestFilterByTheValueAtTheCursor(t *testing.T) {
	p := open(t)
	null := strings.Replace(second, "||19800101", `||""`, 1)
	p.add(admit, null, broken)
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	for place, want := range map[string]string{
		"C10442": `PID-3.1 = C10442`, "INF^PI": "PID-3.4 = INF", "Jane": "PID-5.2 = Jane", "19790228": "PID-7 = 19790228",
	} {
		p.MoveTo(strings.Index(admit, place))
		if f, ok := p.FilterHere(); !ok || f.Query != want {
			t.Errorf("at %s: %q, %v", place, f.Query, ok)
		}
	}
	p.MoveTo(strings.Index(admit, "C10442"))
	f, _ := p.FilterHere()
	p.Choose(f)
	p.settle()
	if shown, _, _ := p.Shown(); shown != 1 {
		t.Errorf("%d messages", shown)
	}
	p.MoveTo(1) // the segment alone
	if _, ok := p.FilterHere(); ok {
		t.Error("a segment is filtered by")
	}
	p.SetQuery("")
	p.settle()
	p.Select(p.rowOf("MSG00413"))
	p.settle()
	p.MoveTo(strings.Index(null, `""`))
	if f, ok := p.FilterHere(); !ok || f.Query != "PID-7 null" {
		t.Errorf("null: %q", f.Query)
	}
	p.SetMasked(true)
	p.MoveTo(strings.Index(null, "Tolliver"))
	if f, _ := p.FilterHere(); strings.Contains(f.Title, "Tolliver") {
		t.Error("the mask shows a value in a menu")
	}
}

func (p *place) cell(row int, column string) string {
	for i, c := range p.List().Columns() {
		if strings.HasPrefix(c.Title, column) {
			return p.List().Cell(row, i).Text
		}
	}
	p.t.Fatalf("no column %s", column)
	return ""
}

func TestColumnsOfAnyPath(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	if err := p.AddColumn("nothing"); err == nil {
		t.Error("a column that is no path")
	}
	if err := p.AddColumn("PID"); err == nil {
		t.Error("a column of a whole segment")
	}
	for _, path := range []string{"PID-5.1", "PID-3.1", "PV1-2", "PID-8"} {
		if err := p.AddColumn(path); err != nil {
			t.Fatal(err)
		}
	}
	p.settle()
	row := p.rowOf("MSG00412")
	if got := p.cell(row, "PID-5.1") + "/" + p.cell(row, "PID-3.1") + "/" + p.cell(row, "PV1-2"); got != "Marlow/88121  +1/O" {
		t.Errorf("cells %q", got)
	}
	if titles := p.List().Columns(); !strings.Contains(titles[len(titles)-1].Title, "Sex") || !titles[len(titles)-1].Fixed {
		t.Errorf("%+v", titles[len(titles)-1])
	}
	found := false
	for _, f := range p.Similar(row) {
		found = found || f.Query == "PID-5.1 = Marlow"
	}
	if !found {
		t.Errorf("the row's menu does not offer its value: %v", p.Similar(row))
	}
	// Kept in the project, and hidden by the mask where it hides the field.
	again := New(p.stage.Runner, p.stage.Workspace)
	defer again.Close()
	again.Reload()
	p.settle()
	again.SetMasked(true)
	again.List().Cell(0, 0)
	p.settle()
	masked := map[string]bool{}
	for i, c := range again.List().Columns() {
		masked[strings.Fields(c.Title)[0]] = again.List().Cell(row, i).Masked
	}
	if !masked["PID-5.1"] || !masked["PID-3.1"] || masked["PV1-2"] || masked["PID-8"] {
		t.Errorf("masked %v", masked)
	}
	if err := p.SetColumns(nil); err == nil {
		t.Error("a list without columns")
	}
}

// A value may stand where the mask shows codes although it is something else: the message's borders decide.
func TestColumnsTrustNoBlurredMessage(t *testing.T) {
	p := open(t)
	p.add(strings.Replace(admit, "\rPID", "PID", 1), second)
	if err := p.AddColumn("EVN-1"); err != nil {
		t.Fatal(err)
	}
	p.SetMasked(true)
	p.settle()
	last := len(p.List().Columns()) - 1
	if blurred, whole := p.List().Cell(p.rowOf("MSG00412"), last), p.List().Cell(p.rowOf("MSG00413"), last); !blurred.Masked || whole.Masked {
		t.Errorf("masked %v where segments run into each other, %v where not", blurred.Masked, whole.Masked)
	}
}

func TestMessagesAreCountedByType(t *testing.T) {
	p := open(t)
	order := strings.NewReplacer("ADT^A08^ADT_A01", "ORM^O01", "MSG00413", "MSG9").Replace(second)
	p.add(admit, order, broken)
	var all []TypeCount
	p.CountTypes(func(c []TypeCount) { all = c })
	p.settle()
	if len(all) != 2 || all[0].Name != "ADT^A08" || all[0].Count != 2 || all[0].About == "" {
		t.Fatalf("%+v", all)
	}
	p.SetQuery("PID-8 = M or PID-8 = F")
	p.settle()
	p.AndQuery(all[1].Query)
	p.settle()
	if text, problem := p.Query(); problem != "" || p.List().Len() != 1 {
		t.Errorf("%q finds %d: %s", text, p.List().Len(), problem)
	}
}

func TestListIsExported(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	if err := p.AddColumn("PID-3.1"); err != nil {
		t.Fatal(err)
	}
	p.settle()
	path := filepath.Join(p.stage.Folder, "list.csv")
	p.Export(path)
	p.settle()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err, p.Notice().Text)
	}
	if !bytes.Contains(got, []byte("Worst,Type,MRN")) || !bytes.Contains(got, []byte("88121~C10442")) || bytes.Count(got, []byte("\n")) != 3 {
		t.Errorf("%d bytes, notice %q", len(got), p.Notice().Text)
	}
	book := filepath.Join(p.stage.Folder, "list.xlsx")
	p.Export(book)
	p.settle()
	if b, err := os.ReadFile(book); err != nil || !bytes.HasPrefix(b, []byte("PK")) {
		t.Error("no workbook", err)
	}
	log, err := p.stage.Workspace.SearchLog(t.Context(), workspace.LogQuery{})
	if err != nil {
		t.Fatal(err)
	}
	entries := 0
	for _, e := range log {
		if e.Action == workspace.ActionExported {
			entries++
		}
	}
	if entries != 2 {
		t.Errorf("%d exports in the access log", entries)
	}
	p.Export(filepath.Join(p.stage.Folder, "no", "such", "folder.csv"))
	p.settle()
	if n := p.Notice(); n.Tone != Failure || strings.Contains(n.Text, p.stage.Folder) {
		t.Errorf("notice %q", n.Text)
	}
}
