package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

// lain writes a file beside the project, opens it in place and waits until it has been gone through.
func (p *place) lain(text string) (*InPlace, *place, string) {
	p.t.Helper()
	path := filepath.Join(p.stage.Folder, "feed.hl7")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.OpenInPlace(path)
	p.settle()
	f := p.File()
	if f == nil {
		p.t.Fatalf("no file is open: %q", p.Notice().Text)
	}
	in := &place{Model: f.Messages(), t: p.t, stage: p.stage}
	in.Changed = func(c What) { in.saw |= c }
	in.settle()
	return f, in, path
}

// The main job: a file is there at once, its messages are read where they lie, and neither it nor the project has changed.
func TestAFileIsReadWhereItLies(t *testing.T) {
	p := open(t)
	p.add(admit)
	text := admit + second + broken
	before := folder(t, p.stage.Folder)
	f, in, path := p.lain(text)
	if shown, total, known := in.Shown(); shown != 3 || total != 3 || !known || !f.Shown() || f.Indexing() {
		t.Fatalf("%d of %d, known %v", shown, total, known)
	}
	if facts := f.Facts(); !strings.Contains(facts, "3 messages") || !strings.Contains(facts, "read where it lies") || f.Title() != "feed.hl7" {
		t.Errorf("%q %q", f.Title(), facts)
	}
	if !in.IsOpen() || in.Selected() != 0 || string(in.Raw()) != admit {
		t.Errorf("the first message is not open: row %d", in.Selected())
	}
	in.Select(in.rowOf("MSG00414"))
	in.settle()
	if !bytes.Equal(in.Raw(), []byte(broken)) || in.Tree().Len() == 0 {
		t.Error("the third message is not shown as it lies")
	}
	if d, ok := in.Finding(); !ok || d.Repair != "" {
		t.Errorf("finding %v %+v", ok, d)
	}
	if shown, total, _ := p.Shown(); shown != 1 || total != 1 {
		t.Errorf("the project shows %d of %d", shown, total)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != text {
		t.Errorf("the file was changed, %v", err)
	}
	delete(before, "feed.hl7")
	for name := range folder(t, p.stage.Folder) {
		if !before[name] && name != "feed.hl7" {
			t.Errorf("%s was written", name)
		}
	}
	p.CloseFile()
	p.settle()
	if p.File() != nil || p.saw&Place == 0 {
		t.Error("the file is still open")
	}
}

func folder(t *testing.T, path string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

func TestAFileAnswersQueries(t *testing.T) {
	p := open(t)
	f, in, _ := p.lain(admit + second + broken + strings.ReplaceAll(admit, "ADT^A08^ADT_A01|MSG00412", "ORU^R01|R1"))
	for query, want := range map[string]int{"type = ADT": 3, "PID-3.1 = 88190": 1, "finding >= warning": 2, "not type = ADT": 1, "marlow": 2, "": 4} {
		in.SubmitQuery(query)
		in.settle()
		if shown, total, _ := in.Shown(); shown != want || total != 4 {
			t.Errorf("%q: %d of %d, want %d", query, shown, total, want)
		}
	}
	in.TypeQuery("type = ORU") // the index answers while one types
	in.settle()
	if shown, _, _ := in.Shown(); shown != 1 || in.QueryHint() != "" {
		t.Errorf("%d shown, %q", shown, in.QueryHint())
	}
	in.TypeQuery("PID-3.1 = 88121")
	in.settle()
	if in.QueryHint() == "" {
		t.Error("what needs a look into the file is looked for while one types")
	}
	in.SubmitQuery("sort:time")
	if _, problem := in.Query(); !strings.Contains(problem, "own order") {
		t.Errorf("problem %q", problem)
	}
	in.SubmitQuery("")
	in.settle()
	in.Sort(0)
	if n := in.Notice(); !strings.Contains(n.Text, "own order") {
		t.Errorf("notice %q", n.Text)
	}
	var types []TypeCount
	in.CountTypes(func(all []TypeCount) { types = all })
	in.settle()
	if len(types) != 2 || types[0].Name != "ADT^A08" || types[0].Count != 3 || types[1].Count != 1 {
		t.Errorf("%+v", types)
	}
	for _, s := range in.Similar(0) {
		if strings.Contains(s.Query, "source") {
			t.Errorf("%q is offered in a file", s.Title)
		}
	}
	if f.Stopped() {
		t.Error("stopped")
	}
}

func TestFindingsOfAWholeFile(t *testing.T) {
	p := open(t)
	f, in, _ := p.lain(admit + second + broken + broken)
	known := false
	f.Scan(func() { known = true })
	if !f.Scanning() {
		t.Error("nothing is looked for")
	}
	in.settle()
	if !known || f.Scanning() {
		t.Fatalf("known %v, %q", known, in.Notice().Text)
	}
	g, row := f.FoundGrid(), -1
	for i := range g.Len() {
		if g.Cell(i, 1).Text == "date-impossible" {
			row = i
		}
		if g.Cell(i, 2).Text == "" {
			t.Errorf("%s is not explained", g.Cell(i, 1).Text)
		}
	}
	if row < 0 || g.Cell(row, 0).Text != "2" {
		t.Fatalf("row %d of %d", row, g.Len())
	}
	f.ShowFound(row)
	in.settle()
	if shown, _, _ := in.Shown(); shown != 2 {
		t.Errorf("%d messages have it", shown)
	}
	in.Select(1)
	in.settle()
	twice := false
	for i := range in.FindingList().Len() {
		twice = twice || strings.Contains(in.FindingList().Cell(i, 0).Text, "control-id")
	}
	if !twice {
		t.Error("the message does not say that its control ID came before")
	}
	again := false
	f.Scan(func() { again = true })
	if !again {
		t.Error("what is known is looked for again")
	}
	if !strings.Contains(f.FoundWords(), "4 messages") {
		t.Errorf("%q", f.FoundWords())
	}
}

func TestChosenMessagesAreImported(t *testing.T) {
	p := open(t)
	f, in, _ := p.lain(admit + second + broken)
	f.Import([]int{0, 2})
	in.settle()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 {
		t.Fatalf("%d messages are in the project", shown)
	}
	n := in.Notice()
	if n.Tone != Success || !strings.HasPrefix(n.Text, "2 messages imported") || n.Undo == "" || n.Other == "" {
		t.Errorf("notice %+v", n)
	}
	m, err := p.stage.Workspace.Message(t.Context(), p.IDsOf([]int{p.rowOf("MSG00414")})[0])
	if err != nil || string(m.Bytes) != broken || m.Source != "feed.hl7" || m.Index != 2 || m.Offset != int64(len(admit+second)) {
		t.Errorf("%+v %v", m.Row, err)
	}
	in.Instead()
	if f.Shown() {
		t.Error("the project is not shown")
	}
	p.ShowFile(true)
	f.Import([]int{1})
	in.settle()
	in.TakeBack()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 {
		t.Errorf("%d messages are in the project after one was taken back", shown)
	}
	f.ImportAll()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 5 || f.Shown() {
		t.Errorf("%d messages are in the project", shown)
	}
}

// Nothing that is offered for a project's message can be done to a file.
func TestAFileStaysAsItIs(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	p.Select(0)
	p.settle()
	p.SetNote("mine")
	p.settle()
	_, in, path := p.lain(broken + second)
	in.MoveTo(strings.Index(broken, "19790231"))
	for what, err := range map[string]error{
		"insert": in.InsertSegment("NTE"), "duplicate": in.DuplicateSegment(), "delete": in.DeleteSegment(), "move": in.MoveSegment(1),
		"control": in.NewControlID(), "time": in.StampNow(), "escape": in.EscapeRange(10, 12, false), "ends": in.NormaliseLineEnds(),
	} {
		if !errors.Is(err, ErrInPlace) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := in.EditHere(); !errors.Is(err, ErrInPlace) {
		t.Error(err)
	}
	in.SetTyping(true)
	if in.Typing() || in.TypeText(0, 1, "x") == nil {
		t.Error("it takes letters")
	}
	in.Repair()
	in.RepairAll()
	in.SetNote("theirs")
	in.SetTags("a, b")
	in.Delete([]int{0, 1})
	in.settle()
	if in.Edited() || in.Note() != "" || in.Tags() != "" || !bytes.Equal(in.Raw(), []byte(broken)) {
		t.Error("it was changed")
	}
	p.CloseFile()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 || p.Note() != "mine" {
		t.Errorf("the project has %d messages, note %q", shown, p.Note())
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != broken+second {
		t.Error("the file was changed", err)
	}
}

func TestAFileThatChangesSaysSo(t *testing.T) {
	p := open(t)
	_, in, path := p.lain(strings.Repeat(admit+second, 400))
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	in.Select(700)
	in.settle()
	n := in.Notice()
	if n.Tone != Failure || !strings.Contains(n.Text, "feed.hl7: the file was changed or cut off") || n.Other == "" {
		t.Fatalf("notice %+v", n)
	}
	in.SetMasked(true)
	in.List().Cell(790, 0)
	in.settle()
	if n := in.Notice(); strings.Contains(n.Text, "feed") || n.Other == "" {
		t.Errorf("under the mask it says %q", n.Text)
	}
	in.Instead()
	p.settle()
	if f := p.File(); f == nil || f.Messages() == in.Model || len(f.Messages().list.ids) > 10 {
		t.Errorf("it is not opened again: %d messages, %q", len(f.Messages().list.ids), p.Notice().Text)
	}
}

func TestGoingThroughAFileCanBeStopped(t *testing.T) {
	p := open(t)
	path := filepath.Join(p.stage.Folder, "feed.hl7")
	if err := os.WriteFile(path, []byte(strings.Repeat(admit+second, 20_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Changed = func(c What) {
		if f := p.File(); f != nil && f.Indexing() {
			f.Stop()
		}
	}
	p.OpenInPlace(path)
	p.settle()
	f := p.File()
	p.Changed = func(What) {}
	if !f.Stopped() || f.Indexing() || !strings.Contains(f.Facts(), "in the first") {
		t.Fatalf("%q", f.Facts())
	}
	in := &place{Model: f.Messages(), t: t, stage: p.stage}
	f.Scan(func() { t.Error("a part of the file was looked through") })
	if n := in.Notice(); !strings.Contains(n.Text, "once it has been read through") {
		t.Errorf("notice %q", n.Text)
	}
	f.Resume()
	in.settle()
	if shown, total, _ := in.Shown(); shown != 40_000 || total != 40_000 || f.Stopped() {
		t.Errorf("%d of %d", shown, total)
	}
}

func TestTheMaskHidesAFile(t *testing.T) {
	p := open(t)
	p.SetMasked(true)
	f, in, _ := p.lain(admit)
	if !in.Masked() || f.Title() != "A file" {
		t.Errorf("%v %q", in.Masked(), f.Title())
	}
	p.SetMasked(false)
	if in.Masked() {
		t.Error("the mask is still on")
	}
}

func TestOpenInPlaceSaysWhatIsWrong(t *testing.T) {
	p := open(t)
	p.OpenInPlace(filepath.Join(p.stage.Folder, "none.hl7"))
	p.settle()
	if n := p.Notice(); n.Tone != Failure || !strings.Contains(n.Text, "there is no file") || p.File() != nil {
		t.Errorf("%q", n.Text)
	}
}

// Of two files that are opened one behind the other, the second stays.
func TestTheLastFileStays(t *testing.T) {
	p := open(t)
	for _, name := range []string{"a.hl7", "b.hl7"} {
		path := filepath.Join(p.stage.Folder, name)
		if err := os.WriteFile(path, []byte(admit), 0o600); err != nil {
			t.Fatal(err)
		}
		p.OpenInPlace(path)
	}
	p.settle()
	if f := p.File(); f == nil || f.Title() != "b.hl7" {
		t.Errorf("%v", f)
	}
}

func TestLarge(t *testing.T) {
	folder := t.TempDir()
	small, large := filepath.Join(folder, "small"), filepath.Join(folder, "large")
	for path, size := range map[string]int64{small: LargeFile - 1, large: LargeFile} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil { // a hole: it takes no room
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		paths []string
		want  bool
	}{{[]string{small}, false}, {[]string{large}, true}, {[]string{large, small}, false}, {[]string{folder}, false}, {[]string{"none"}, false}, {nil, false}} {
		if _, got := Large(c.paths); got != c.want {
			t.Errorf("%v: %v", c.paths, got)
		}
	}
	for n, want := range map[int64]string{999: "999 bytes", 1_500_000_000: "1.5 GB", 250_000_000: "250.0 MB", 2_000_000_000_000: "2.0 TB"} {
		if got := SizeWords(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// millionInPlace is a file of a million messages, opened in place and gone through.
func millionInPlace(t testing.TB) (*Model, *InPlace, *job.Queue, *job.Runner) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "million.hl7")
	w, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for i := range 1_000_000 {
		fmt.Fprintf(&b, "MSH|^~\\&|LAKE||||20260302101400||ADT^A08|%d|P|2.5.1\rPID|1||%d^^^LAKE^MR\r", i+1, i+1)
		if b.Len() > 1<<20 || i == 999_999 {
			if _, err := w.Write(b.Bytes()); err != nil {
				t.Fatal(err)
			}
			b.Reset()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	q := &job.Queue{}
	r := job.NewRunner(q.Gate)
	m := New(r, noFilters{&crowd{}})
	t.Cleanup(m.Close)
	m.OpenInPlace(path)
	if err := q.Drain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if shown, _, _ := m.File().Messages().Shown(); shown != 1_000_000 {
		t.Fatalf("%d shown: %q", shown, m.Notice().Text)
	}
	return m.File().Messages(), m.File(), q, r
}

// Wherever the list of a file with a million messages is scrolled to, a page or two of it are read, and nothing is
// forgotten that is on the screen.
func TestScrollingAMillionMessagesInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of short runs: makes a file of a million messages")
	}
	m, f, q, r := millionInPlace(t)
	for i := range 100 {
		from := i * 9_999
		page(m, from)
		if n := len(m.list.wanted) - len(m.list.pages); n > 2 {
			t.Fatalf("%d pages are read to show 40 rows", n)
		}
		if err := q.Drain(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := m.List().Cell(from, 4).Text; got != fmt.Sprint(from+1) {
			t.Fatalf("row %d shows %q", from, got)
		}
	}
	if n := len(m.list.pages); n > keepPage {
		t.Errorf("%d pages are kept", n)
	}
	if allocs := testing.AllocsPerRun(20, func() { page(m, 989_901) }); allocs > 400 {
		t.Errorf("drawing a screen of known rows allocates %v times", allocs)
	}
	if allocs := testing.AllocsPerRun(20, func() { m.TypeQuery("PID-3.1 = 88"); m.Complete("PID-3.1 = 88", 12) }); allocs > 400 {
		t.Errorf("a letter allocates %v times", allocs)
	}
	if allocs := testing.AllocsPerRun(20, f.grow); allocs > 20 {
		t.Errorf("looking for more messages allocates %v times", allocs)
	}
}

// What a file grows by while it is gone through changes no row that is there: only the page that was not full is read anew.
func TestTheListGrows(t *testing.T) {
	m, c, q, r := million(t)
	m.store = c
	all := m.list.ids
	m.list.ids = all[:1000]
	for row := 0; row < 1000; row += pageRows {
		m.list.row(row)
	}
	if err := q.Drain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	pages := len(m.list.pages)
	m.list.grow(all[:5000])
	if len(m.list.pages) != pages-1 {
		t.Errorf("%d of %d pages stay", len(m.list.pages), pages)
	}
	if cell := m.List().Cell(1, 4); cell.Text == "" {
		t.Error("a row that was read is gone")
	}
	m.list.grow(all[:10])
	if len(m.list.pages) != 0 || len(m.list.ids) != 10 {
		t.Error("a shorter list keeps what is not in it")
	}
}

// BenchmarkFrameInPlace draws a screen of rows somewhere in a file of a million messages: what one frame costs on the
// goroutine of the screen. A frame has 16 ms.
func BenchmarkFrameInPlace(b *testing.B) {
	m, _, q, r := millionInPlace(b)
	page(m, 500_000)
	if err := q.Drain(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			page(m, 500_000)
		}
	})
	b.Run("elsewhere", func(b *testing.B) { // the page is asked for, and another goroutine reads it
		i := 0
		var worst time.Duration
		for b.Loop() {
			i++
			start := time.Now()
			page(m, i*7919%990_000)
			worst = max(worst, time.Since(start))
			b.StopTimer()
			if err := q.Drain(b.Context(), r); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
	})
	b.Run("typing", func(b *testing.B) {
		for b.Loop() {
			m.TypeQuery("PID-3.1 = 88")
			m.Complete("PID-3.1 = 88", 12)
		}
	})
	b.Run("growing", func(b *testing.B) {
		for b.Loop() {
			m.list.m.Changed(List)
			m.list.grow(m.store.(*fileStore).all())
		}
	})
}

// BenchmarkFirstScreenInPlace measures from the wish to open a file to the first rows that are there, by the file that
// TRESTLE_LARGE names, else one of a million messages.
func BenchmarkFirstScreenInPlace(b *testing.B) {
	path := os.Getenv("TRESTLE_LARGE")
	if path == "" {
		_, f, _, _ := millionInPlace(b)
		path = f.Path()
	}
	for b.Loop() {
		gate := make(chan func(), 64)
		r := job.NewRunner(func(f func()) { gate <- f })
		m := New(r, noFilters{&crowd{}})
		m.OpenInPlace(path)
		for shown := false; !shown; {
			(<-gate)()
			if f := m.File(); f != nil {
				g := f.Messages().List()
				shown = g.Len() >= 40 && f.Messages().IsOpen()
				for row := range min(g.Len(), 40) {
					shown = g.Cell(row, 4).Text != "" && shown
				}
			}
		}
		b.StopTimer()
		done := make(chan struct{})
		go func() { m.Close(); r.Close(); close(done) }()
		for open := true; open; {
			select {
			case f := <-gate:
				f()
			case <-done:
				open = false
			}
		}
		b.StartTimer()
	}
}

// noFilters is a store in which nothing is saved.
type noFilters struct{ *crowd }

func (noFilters) Documents(context.Context, workspace.DocumentKind) ([]workspace.Document, error) {
	return nil, nil
}
func (noFilters) Setting(context.Context, string) (string, bool, error) { return "", false, nil }

// Copies of a file's messages without what identifies people go into the project, and into files.
func TestMessagesOfAFileAreDeidentified(t *testing.T) {
	p := open(t)
	_, in, _ := p.lain(admit + second)
	order := ScrubOrder{IDs: in.ListedIDs(), SafeHarbor: true}
	in.Scrub(order, "", func(Scrubbed) {})
	in.settle()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 {
		t.Fatalf("%d copies are in the project: %q", shown, in.Notice().Text)
	}
	path := filepath.Join(p.stage.Folder, "copies.hl7")
	in.Scrub(order, path, func(Scrubbed) {})
	in.settle()
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, []byte("Marlow")) || !bytes.Contains(b, []byte("ADT^A08")) {
		t.Errorf("%v %q", err, in.Notice().Text)
	}
	if in.CanReadBack() {
		t.Error("messages are made of messages")
	}
}
