package inspect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/inspect/query"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
)

// Invented messages. The third has a birth date that no calendar has.
const (
	admit  = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR~C10442^^^INF^PI||Marlow^Jane^Q||19790228|F\rPV1|1|O|INF^2^^LAKE\r"
	second = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101500||ADT^A08^ADT_A01|MSG00413|P|2.5.1\rEVN|A08|20260302101500\rPID|1||88190^^^LAKE^MR||Tolliver^Sam||19800101|M\rPV1|1|O|INF^2^^LAKE\r"
	broken = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101600||ADT^A08^ADT_A01|MSG00414|P|2.5.1\rEVN|A08|20260302101600\rPID|1||88201^^^LAKE^MR||Ash^Kim||19790231|Male\rPV1|1|O|INF^2^^LAKE\r"
)

// place is the place over a real workspace, with the test playing the goroutine of the screen.
type place struct {
	*Model
	t     *testing.T
	stage *stage.Stage
	saw   What
}

func open(t *testing.T) *place {
	t.Helper()
	s := stage.New(t)
	p := &place{Model: New(s.Runner, s.Workspace), t: t, stage: s}
	p.Changed = func(c What) { p.saw |= c }
	t.Cleanup(p.Close)
	p.Reload()
	p.settle()
	return p
}

// settle waits until nothing is under way, with every visible row read.
func (p *place) settle() {
	p.t.Helper()
	for range 2 {
		for row := range min(p.List().Len(), 40) {
			p.List().Cell(row, 0)
		}
		p.stage.Settle()
	}
}

// add imports messages as files.
func (p *place) add(messages ...string) {
	p.t.Helper()
	var paths []string
	for i, m := range messages {
		path := filepath.Join(p.stage.Folder, string(rune('a'+i))+".hl7")
		if err := os.WriteFile(path, []byte(m), 0o600); err != nil {
			p.t.Fatal(err)
		}
		paths = append(paths, path)
	}
	p.Import(paths)
	p.settle()
}

func (p *place) rowOf(control string) int {
	p.t.Helper()
	for row := range p.List().Len() {
		if p.List().Cell(row, 4).Text == control {
			return row
		}
	}
	p.t.Fatalf("no row with control ID %s", control)
	return -1
}

// A filter that nothing matches shows no message either; without it the first is there again.
func TestNoMessageIsShownWhereNoneIsFound(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	if len(p.Raw()) == 0 {
		t.Fatal("no message is open")
	}
	p.SetQuery("mrn:nobody")
	p.settle()
	if len(p.Raw()) > 0 || p.Selected() != -1 {
		t.Errorf("%d bytes of a message that was not found, row %d", len(p.Raw()), p.Selected())
	}
	p.SetQuery("")
	p.settle()
	if len(p.Raw()) == 0 || p.Selected() != 0 {
		t.Errorf("%d bytes, row %d", len(p.Raw()), p.Selected())
	}
}

// The main job: files in, listed, one opened, the finding found, its value in all three views.
func TestFilesAreListedAndTheFindingLeadsToItsPlace(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	if shown, total, known := p.Shown(); shown != 3 || total != 3 || !known {
		t.Fatalf("%d of %d, known %v", shown, total, known)
	}
	if n := p.Notice(); n.Tone != Success || !strings.HasPrefix(n.Text, "3 messages imported") {
		t.Errorf("notice %q", n.Text)
	}
	p.Select(p.rowOf("MSG00414"))
	p.settle()
	found := -1
	for row := range p.FindingList().Len() {
		if strings.HasPrefix(p.FindingList().Cell(row, 1).Text, "PID-7") {
			found = row
		}
	}
	if found < 0 {
		t.Fatal("no finding at PID-7")
	}
	p.SelectFinding(found)
	offset, from, to := p.Cursor()
	if want := strings.Index(broken, "19790231"); offset != want || string(p.Raw()[from:to]) != "19790231" {
		t.Errorf("cursor %d, value %q", offset, p.Raw()[from:to])
	}
	row := p.TreeSelected()
	if row < 0 || !strings.HasPrefix(p.Tree().Cell(row, 0).Text, "7  Date/Time") || p.Tree().Cell(row, 0).Shape == screen.ShapeNone {
		t.Errorf("tree row %d %q", row, treeText(p, row))
	}
	if where, counts, ok := p.Status(); !ok || !strings.HasPrefix(where, "PID-7  Date/Time of Birth") || counts[check.Warning]+counts[check.Error] == 0 {
		t.Errorf("status %q %v", where, counts)
	}
}

func treeText(p *place, row int) string {
	if row < 0 || row >= p.Tree().Len() {
		return ""
	}
	return p.Tree().Cell(row, 0).Text + " = " + p.Tree().Cell(row, 1).Text
}

// Whichever view the user moves in, the other two follow.
func TestThreeViewsStayInStep(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.Select(0)
	p.settle()
	at := strings.Index(admit, "C10442")
	p.saw = 0
	p.MoveTo(at + 3) // in the raw view
	if p.saw&(Cursor|Tree|Findings) != Cursor|Tree|Findings {
		t.Errorf("changed %b", p.saw)
	}
	if p.Path() != "PID-3[2].1" {
		t.Errorf("path %q", p.Path())
	}
	row := p.TreeSelected()
	if treeText(p, row) != "3.1  ID Number = C10442" {
		t.Errorf("tree row %q", treeText(p, row))
	}
	// In the tree: up to the name.
	for row = range p.Tree().Len() {
		if strings.HasPrefix(treeText(p, row), "5  ") {
			break
		}
	}
	p.SelectNode(row)
	if offset, from, to := p.Cursor(); offset != strings.Index(admit, "Marlow") || string(p.Raw()[from:to]) != "Marlow" {
		t.Errorf("cursor at %d, value %q", offset, p.Raw()[from:to])
	}
	// With the keyboard: the next field that holds something is PID-7.
	p.Step(1)
	if p.Path() != "PID-7" && p.Path() != "PID-7.1" {
		t.Errorf("next field %q", p.Path())
	}
	p.Step(-1)
	if !strings.HasPrefix(p.Path(), "PID-5") {
		t.Errorf("field before %q", p.Path())
	}
}

func TestTheCursorFoldsWhatItLeaves(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.Select(0)
	p.settle()
	p.MoveTo(strings.Index(admit, "88121"))
	inPID := p.Tree().Len()
	p.MoveTo(strings.Index(admit, "INF^2"))
	for row := range p.Tree().Len() {
		if depth, _, open := p.Tree().Level(row); depth == 0 && open && !strings.HasPrefix(treeText(p, row), "PV1") {
			t.Errorf("still open: %s", treeText(p, row))
		}
	}
	// What the user opened stays.
	p.Toggle(0)
	p.MoveTo(strings.Index(admit, "88121"))
	if _, _, open := p.Tree().Level(0); !open || p.Tree().Len() <= inPID {
		t.Error("the branch that was opened by hand closed by itself")
	}
	p.OpenAll(false)
	if p.Tree().Len() != 4 {
		t.Errorf("%d rows when all is folded", p.Tree().Len())
	}
}

func TestQueryFiltersSortsAndExplains(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	p.SetQuery("mrn:88190")
	p.settle()
	if shown, total, _ := p.Shown(); shown != 1 || total != 3 {
		t.Errorf("%d of %d", shown, total)
	}
	p.SetQuery("colour:blue")
	if _, problem := p.Query(); !strings.Contains(problem, "colour") || p.List().Len() != 1 {
		t.Errorf("problem %q, %d rows", problem, p.List().Len())
	}
	p.SetQuery("")
	p.settle()
	p.Sort(2)
	p.settle()
	if got := p.List().Cell(0, 2).Text; got != "88121" {
		t.Errorf("first MRN %s", got)
	}
	p.Sort(2)
	p.settle()
	if got := p.List().Cell(0, 2).Text; got != "88201" {
		t.Errorf("first MRN %s when reversed", got)
	}
	for _, s := range p.Similar(0) {
		p.SetQuery(s.Query)
		if _, problem := p.Query(); problem != "" {
			t.Errorf("%s: %s", s.Query, problem)
		}
	}
}

func TestRepairIsMadeOnACopy(t *testing.T) {
	p := open(t)
	p.add(broken)
	p.Select(0)
	p.settle()
	for row := range p.FindingList().Len() {
		p.SelectFinding(row)
		if d, ok := p.Finding(); ok && d.Repair != "" && strings.HasPrefix(p.Path(), "PID-8") {
			if len(d.Preview) == 0 {
				t.Error("no preview")
			}
			p.Repair()
			p.settle()
			if string(p.Raw()) != strings.Replace(broken, "|Male", "|M", 1) {
				t.Error("the open message is not the repaired one")
			}
			if shown, _, _ := p.Shown(); shown != 2 {
				t.Errorf("%d messages", shown)
			}
			return
		}
	}
	t.Fatal("no repair for PID-8 Male")
}

func TestMaskHidesPatientDataEverywhere(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.Select(0)
	p.SetMasked(true)
	p.settle()
	for _, col := range []int{2, 3} {
		if c := p.List().Cell(0, col); !c.Masked {
			t.Errorf("column %d is not masked", col)
		}
	}
	text := p.Text()
	for line := range text.Lines() {
		shown, spans := text.Line(line, 0, text.Columns(line))
		for _, secret := range []string{"88121", "Marlow", "19790228", "C10442"} {
			if i := strings.Index(shown, secret); i >= 0 && !allMasked(spans, i, i+len(secret)) {
				t.Errorf("line %d shows patient data", line)
			}
		}
	}
	copied := string(text.Bytes(0, len(admit)))
	if strings.Contains(copied, "Marlow") || !strings.Contains(copied, "MSG00412") {
		t.Error("what is copied is not masked, or too much is")
	}
	p.OpenAll(true)
	for row := range p.Tree().Len() {
		if c := p.Tree().Cell(row, 1); strings.Contains(c.Text, "Marlow") && !c.Masked {
			t.Error("the tree shows patient data")
		}
	}
}

// Where segments run into each other nobody can say which field is which: then the mask shows none.
func TestMaskFailsClosed(t *testing.T) {
	for name, message := range map[string]string{
		"literal line ends":  strings.ReplaceAll(admit, "\r", `\r`),
		"no terminators":     strings.ReplaceAll(admit, "\r", ""),
		"PID runs into MSH":  "MSH|^~\\&|A|BPID|1||88121^^^LAKE^MR||Marlow^Jane^Q||19790228|F\r",
		"PID in the header":  "MSH|^~\\&|A|B|C|D|20260302||ADT^A08|1|P|2.5PID|1||88121^^^LAKE^MR||Marlow^Jane||19790228|F\rPV1|1|O\r",
		"another separator":  strings.Replace(admit, "PID|1||88121", "PID#1##88121", 1),
		"not a segment":      "MSH|^~\\&|A|B|C|D|20260302||ADT^A08|1|P|2.5\rMarlow, Jane 88121\r",
		"patient in MSH-14":  "MSH|^~\\&|A|B|C|D|20260302||ADT^A08|1|P|2.5||Marlow 88121\r",
		"long facility name": "MSH|^~\\&|A|" + strings.Repeat("x", 60) + "Marlow 88121|C|D|20260302||ADT^A08|1|P|2.5\r",
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			p.add(message)
			p.Select(0)
			p.SetMasked(true)
			p.settle()
			if copied := string(p.Text().Bytes(0, len(p.Raw()))); strings.Contains(copied, "88121") || strings.Contains(copied, "Marlow") {
				t.Errorf("the mask shows patient data")
			}
			p.OpenAll(true)
			for row := range p.Tree().Len() {
				if c := p.Tree().Cell(row, 1); !c.Masked && (strings.Contains(c.Text, "88121") || strings.Contains(c.Text, "Marlow")) {
					t.Error("the tree shows patient data")
				}
			}
		})
	}
}

// A view compares the text that it shows with the one to show, under the mask too.
func TestTextsCanBeCompared(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	p.SetMasked(true)
	p.Select(0)
	p.settle()
	first := p.Text()
	p.Select(1)
	p.settle()
	other := p.Text()
	if again := p.Text(); other == first || other != again {
		t.Error("texts cannot be told apart")
	}
}

func allMasked(spans []screen.Span, from, to int) bool {
	for _, s := range spans {
		if s.Role == screen.RoleMasked && s.Start <= from && s.End >= to {
			return true
		}
	}
	return false
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	p := open(t)
	empty := filepath.Join(p.stage.Folder, "empty.hl7")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.Import([]string{filepath.Join(p.stage.Folder, "gone.hl7"), empty})
	p.settle()
	if n := p.Notice(); n.Tone == Success || n.Text == "" {
		t.Errorf("notice %+v", n)
	}
	p.Paste("  \n")
	if n := p.Notice(); n.Tone != Caution {
		t.Errorf("notice %+v", n)
	}
	p.Paste(`{"resourceType":"Patient","id":"x"}`)
	p.settle()
	if shown, _, _ := p.Shown(); shown == 0 {
		t.Error("what is not HL7 was not kept")
	}
	p.Paste("ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*1015*^*00501*000000001*0*T*:~")
	p.settle()
	if p.FindingList().Len() == 0 || p.Tree().Len() != 0 {
		t.Errorf("%d findings, %d tree rows", p.FindingList().Len(), p.Tree().Len())
	}
}

// A condition on a path needs a look into each message: it waits until the query is complete, says so, and then finds.
func TestQueryLooksIntoMessages(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	for text, want := range map[string]int{
		`PID-3.1 = "88190"`:                       1,
		"type = ADT and PID-8 in (M, F, Male)":    3,
		"PID-7 > 1970-01-01 and finding >= error": 0,
		"finding >= warning":                      1,
		"not mrn = 88190":                         2,
		"PV1 exists sort:-mrn":                    3,
	} {
		p.TypeQuery(text)
		p.settle()
		q, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, exact := q.Narrow(); !exact && p.QueryHint() == "" {
			t.Errorf("%s: nothing says that Enter is needed", text)
		}
		p.SubmitQuery(text)
		p.settle()
		if shown, total, _ := p.Shown(); shown != want || total != 3 || p.QueryHint() != "" {
			t.Errorf("%s: %d of %d, want %d", text, shown, total, want)
		}
	}
	p.SubmitQuery("PV1 exists sort:-mrn")
	p.settle()
	p.List().Cell(0, 2) // asks for the page
	p.settle()
	if first, second := p.List().Cell(0, 2).Text, p.List().Cell(1, 2).Text; first <= second {
		t.Errorf("the list is not ordered: %q before %q", first, second)
	}
}

// A query that is submitted opens what it found; one that is being typed leaves the open message alone.
func TestSubmittedQueryOpensTheFirst(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	p.TypeQuery("control:MSG00413")
	p.settle()
	if p.Selected() != -1 || !strings.Contains(string(p.Raw()), "MSG00412") {
		t.Error("typing opened another message")
	}
	p.SubmitQuery("control:MSG00413")
	p.settle()
	if p.Selected() != 0 || !strings.Contains(string(p.Raw()), "MSG00413") {
		t.Errorf("row %d is open", p.Selected())
	}
}

// What the file around a message said is not in the message's bytes: it must still be there when it is opened later.
func TestWhatTheContainerSaidIsKept(t *testing.T) {
	p := open(t)
	p.add("\x0b" + admit + "\x1c\r\x0b" + second) // the second frame is never ended
	p.SetQuery("control:MSG00413")
	p.settle()
	p.Select(0)
	p.settle()
	for row := range p.FindingList().Len() {
		if strings.HasPrefix(p.FindingList().Cell(row, 0).Text, "frame-") {
			return
		}
	}
	t.Error("the cut frame is not among the findings")
}

func TestDeleteNoteAndTags(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	p.Select(0)
	p.settle()
	p.SetNote("asked the sender about PID-3")
	p.SetTags("open, ask")
	p.settle()
	p.Select(1)
	p.settle()
	p.Select(0)
	p.settle()
	if p.Note() != "asked the sender about PID-3" || p.Tags() == "" {
		t.Errorf("note %q tags %q", p.Note(), p.Tags())
	}
	p.SetQuery("tag:ask")
	p.settle()
	if shown, _, _ := p.Shown(); shown != 1 {
		t.Errorf("%d with the tag", shown)
	}
	p.Delete([]int{0})
	p.settle()
	p.SetQuery("")
	p.settle()
	if shown, total, _ := p.Shown(); shown != 1 || total != 1 {
		t.Errorf("%d of %d left", shown, total)
	}
}

// A list of any length is read by pages, whatever is looked at.
func TestLongListsAreReadByPages(t *testing.T) {
	p := open(t)
	var b strings.Builder
	for i := range 1500 {
		b.WriteString(strings.Replace(second, "MSG00413", "N"+strings.Repeat("0", 5-len(itoa(i)))+itoa(i), 1))
	}
	p.add(b.String())
	if shown, _, _ := p.Shown(); shown != 1500 {
		t.Fatalf("%d messages", shown)
	}
	if c := p.List().Cell(1400, 4); c.Text != "" && len(p.list.pages) > 2 {
		t.Errorf("%d pages are read before they are looked at", len(p.list.pages))
	}
	p.settle()
	if c := p.List().Cell(1400, 4); c.Text != "N01400" {
		t.Errorf("row 1400 is %q", c.Text)
	}
	p.Select(1499)
	p.Move(5)
	p.settle()
	if p.Selected() != 1499 {
		t.Errorf("selected %d", p.Selected())
	}
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + string(rune('0'+i%10))
}

func TestReadableTime(t *testing.T) {
	for in, want := range map[string]string{
		"20260302101400": "2026-03-02 10:14", "20260302101400.123-0500": "2026-03-02 10:14", "20260302": "2026-03-02",
		"20260231": "20260231", "": "", "later": "later",
	} {
		if got := readableTime(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}

// Several findings of one kind are mended at once; a further repair goes on with the same copy.
func TestRepairsGoOnOneCopy(t *testing.T) {
	p := open(t)
	wrong := strings.Replace(strings.Replace(broken, "19790231", "1979-02-28", 1), "PV1|1|O|INF^2^^LAKE", "PV1|1|O|INF^2^^LAKE|||||||||||||||||||||||||||||||||||||||||2026-03-01|2026-03-02", 1)
	p.add(wrong)
	p.Select(0)
	p.settle()
	find := func(code string) FindingDetail {
		t.Helper()
		for row := range p.FindingList().Len() {
			if p.FindingList().Cell(row, 0).Text == code {
				p.SelectFinding(row)
				d, _ := p.Finding()
				return d
			}
		}
		t.Fatalf("no finding %s", code)
		return FindingDetail{}
	}
	if d := find("date-format"); d.Alike != 3 {
		t.Fatalf("%d findings alike", d.Alike)
	}
	p.RepairAll()
	p.settle()
	if got := string(p.Raw()); strings.Contains(got, "-") || !strings.Contains(got, "20260301|20260302") {
		t.Error("not all dates are mended")
	}
	find("code-not-in-table")
	p.Repair()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 {
		t.Errorf("%d messages: the second repair made another copy", shown)
	}
	if got := string(p.Raw()); !strings.Contains(got, "|M\r") || !strings.Contains(got, "20260301") {
		t.Error("the second repair lost the first")
	}
	if !strings.HasSuffix(p.List().Cell(p.Selected(), 1).Text, "copy") {
		t.Error("a copy looks like the original in the list")
	}
	p.TakeBack()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 1 {
		t.Errorf("%d messages after the copy was removed", shown)
	}
}

func TestImportCanBeTakenBack(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.add(second, broken)
	if p.Notice().Undo == "" {
		t.Fatal("nothing is offered")
	}
	p.TakeBack()
	p.settle()
	if shown, total, _ := p.Shown(); shown != 1 || total != 1 || p.List().Cell(0, 4).Text != "MSG00412" {
		t.Errorf("%d of %d", shown, total)
	}
	if p.IsOpen() && strings.Contains(string(p.Raw()), "MSG00413") {
		t.Error("what was removed is still open")
	}
	p.TakeBack() // once only
	p.settle()
	if shown, _, _ := p.Shown(); shown != 1 {
		t.Error("taken back twice")
	}
}

// A message is taken out of what stands around it, and the text can be kept as it was pasted nevertheless.
func TestPastedTextIsCleaned(t *testing.T) {
	p := open(t)
	quoted := "Hello,\n> " + strings.ReplaceAll(strings.TrimSuffix(admit, "\r"), "\r", "\n> ") + "\n"
	p.Paste(quoted)
	p.settle()
	n := p.Notice()
	if string(p.Raw()) != admit || !strings.Contains(n.Text, "1 line of other text was left out") || !strings.Contains(n.Text, "marks of a quoted e-mail") || n.Other == "" {
		t.Fatalf("%d bytes, notice %+v", len(p.Raw()), n)
	}
	p.Instead()
	p.settle()
	if n := p.Notice(); n.Other != "" || strings.Contains(n.Text, "left out") {
		t.Errorf("notice %+v", n)
	}
	if whole := string(p.Raw()); whole == admit || !strings.Contains(quoted, strings.TrimRight(whole, "\r\n")) {
		t.Errorf("the text is not as it was pasted: %q", whole)
	}
	p.Paste(admit)
	p.settle()
	if n := p.Notice(); n.Other != "" {
		t.Errorf("a clean message: %+v", n)
	}
}

// What stands before a message in a pasted log does not hide it: the message is what opens.
func TestTheMessageOfALogOpens(t *testing.T) {
	p := open(t)
	p.Paste("2026-03-02 10:14:02 connection opened\n" + admit)
	p.settle()
	if !strings.Contains(string(p.Raw()), "MSG00412") {
		t.Error("another piece than the message is open")
	}
}
