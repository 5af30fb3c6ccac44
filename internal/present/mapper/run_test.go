package mapper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/fhir"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
)

func gridText(g screen.Grid) string {
	var b strings.Builder
	for row := range g.Len() {
		for col := range g.Columns() {
			if c := g.Cell(row, col); c.Masked {
				b.WriteString("[masked] ")
			} else {
				b.WriteString(c.Text + " ")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func until(t *testing.T, m *Model, s *stage.Stage, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(stage.Patience)
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s; news %+v", what, m.News())
		}
		time.Sleep(5 * time.Millisecond)
		s.Settle()
	}
}

// What is missing is listed, can be left out on purpose with the reason, and taken back.
func TestWhatIsMissingIsListed(t *testing.T) {
	m, s := opened(t, admits(8)...)
	m.Account(true)
	s.Settle()
	m.Account(true)
	s.Settle()
	if m.SectionCount(SectionUnmapped) == 0 || !strings.Contains(m.CoverageWords(), "8 samples") {
		t.Fatalf("%d not mapped: %s", m.SectionCount(SectionUnmapped), m.CoverageWords())
	}
	first := m.CoverageList(SectionUnmapped).Cell(0, 0).Text
	if _, source, _ := m.GoTo(SectionUnmapped, 0); source != first {
		t.Errorf("the first row leads to %q, not %q", source, first)
	}
	if err := m.LeaveOut([]int{0}, " "); err == nil {
		t.Error("something is left out without a reason")
	}
	before, _ := m.Report()
	share := before.Share()
	if err := m.LeaveOut([]int{0}, "the partner has no place for it"); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	after, fresh := m.Report()
	if m.SectionCount(SectionLeftOut) == 0 || !fresh || after.Share() <= share || !strings.Contains(gridText(m.CoverageList(SectionLeftOut)), first) {
		t.Errorf("left out\n%s, %.3f after %.3f", gridText(m.CoverageList(SectionLeftOut)), after.Share(), share)
	}
	m.TakeBack([]int{m.SectionCount(SectionLeftOut) - 1})
	s.Settle()
	if again, _ := m.Report(); again.Share() != share {
		t.Errorf("taken back the share is %.3f, it was %.3f", again.Share(), share)
	}
	// X is no sex of table 0001 in the starter's terms, or some look-up fails: what is listed can become rows.
	if n := m.SectionCount(SectionLookups); n > 0 {
		m.AddFailedRows()
		s.Settle()
		if now := m.SectionCount(SectionLookups); now != 0 {
			t.Errorf("%d values are still not found after they became rows", now)
		}
	}
	if m.Matrix().Len() != m.File().Rules() || len(m.Matrix().Columns()) != matrixFixed+8 {
		t.Fatalf("the matrix has %d rows and %d columns", m.Matrix().Len(), len(m.Matrix().Columns()))
	}
	wrote := 0
	for row := range m.Matrix().Len() {
		if m.Matrix().Cell(row, matrixFixed).Shape == screen.ShapeCircle {
			wrote++
		}
	}
	if wrote == 0 {
		t.Error("no rule wrote in the first sample")
	}
	m.GoToDeed(0, matrixFixed+5)
	s.Settle()
	if _, at, _ := m.Sample(); at != 5 {
		t.Errorf("the matrix leads to sample %d", at)
	}
	m.SetMasked(true)
	for section := range Sections {
		if text := gridText(m.CoverageList(section)); strings.Contains(text, "Marlow") || strings.Contains(text, "5550100") {
			t.Errorf("the mask lets through in %s\n%s", section.Title(), text)
		}
	}
}

// A run over messages of the project writes a file each, keeps what failed with its reason, and repeats it.
func TestRunIsKeptAndRepeated(t *testing.T) {
	m, s := opened(t, admits(6)...)
	out := filepath.Join(s.Folder, "out")
	m.SetPlan(Plan{From: FromProject, Query: "type:ADT", To: ToFolder})
	if err := m.RunNow(); err == nil {
		t.Error("it runs without a folder")
	}
	m.SetPlan(Plan{From: FromProject, Query: "type:ADT", To: ToFolder, Folder: out})
	if err := m.RunNow(); err != nil {
		t.Fatal(err)
	}
	until(t, m, s, "the run", func() bool { return !m.IsRunning() })
	if text, _ := m.RunWords(); !strings.HasPrefix(text, "6 messages  ·  6 mapped") {
		t.Errorf("%q", text)
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for i, f := range files { // by the control ID, and the number in the project
		if want := fmt.Sprintf("msg%02d-%d.json", i, i+1); f.Name() != want {
			t.Errorf("the result is in %s, not in %s", f.Name(), want)
		}
	}
	b, err := os.ReadFile(filepath.Join(out, files[0].Name()))
	if n, parseErr := fhir.ParseJSON(b); err != nil || parseErr != nil || n.ResourceType() != "Bundle" {
		t.Errorf("%v, %v", err, parseErr)
	}
	// Files: one is no message of the kind at all.
	good, bad := filepath.Join(s.Folder, "good.hl7"), filepath.Join(s.Folder, "more.hl7")
	if err := errors.Join(os.WriteFile(good, []byte(admits(1)[0]), 0o600), os.WriteFile(bad, []byte(admits(2)[1]), 0o600)); err != nil {
		t.Fatal(err)
	}
	partner := &partnerStub{refuse: "MSG01"}
	m.SetWires(partner)
	m.SetPlan(Plan{From: FromFiles, Paths: []string{good, bad}, To: ToEndpoint, Endpoint: "ehr"})
	if err := m.RunNow(); err != nil {
		t.Fatal(err)
	}
	until(t, m, s, "the run", func() bool { return !m.IsRunning() })
	if text, role := m.RunWords(); role != screen.RoleError || !strings.Contains(text, "1 sent") || !strings.Contains(text, "1 failed") || m.CanRepeat() != 1 {
		t.Errorf("%q, %d to be repeated\n%s", text, m.CanRepeat(), gridText(m.RunList()))
	}
	if text := gridText(m.RunList()); !strings.Contains(text, "the partner refused it: AE") {
		t.Errorf("%s", text)
	}
	m.CloseMapping()
	s.Settle()
	// In another session it is still there.
	m.Close()
	s.Settle()
	again := New(s.Runner, s.Workspace)
	defer again.Close()
	again.Load()
	again.Open("Lakeside ADT")
	s.Settle()
	if again.CanRepeat() != 1 {
		t.Fatalf("%d to be repeated after the place was closed: %s", again.CanRepeat(), again.News().Text)
	}
	partner.refuse = "nothing"
	again.SetWires(partner)
	if err := again.RunFailed(); err != nil {
		t.Fatal(err)
	}
	until(t, again, s, "the run", func() bool { return !again.IsRunning() })
	if text, _ := again.RunWords(); !strings.HasPrefix(text, "1 message  ·  1 mapped") || again.CanRepeat() != 0 {
		t.Errorf("%q", text)
	}
	again.SetPlan(Plan{From: FromSamples, To: ToProject})
	if err := again.RunNow(); err != nil {
		t.Fatal(err)
	}
	until(t, again, s, "the run", func() bool { return !again.IsRunning() })
	if info, err := s.Workspace.Info(t.Context()); err != nil || info.Messages <= 6 {
		t.Errorf("%d messages in the project, %v", info.Messages, err)
	}
}

// partnerStub takes results, but for those with a text in them, and can be away.
type partnerStub struct {
	mu     sync.Mutex
	refuse string
	away   bool
	tries  int
	got    [][]byte
}

func (p *partnerStub) Listeners() []string              { return []string{"adt-in"} }
func (p *partnerStub) Partners() []string               { return []string{"ehr"} }
func (p *partnerStub) Connect(string) (Delivery, error) { return p, nil }
func (p *partnerStub) Close()                           {}

func (p *partnerStub) Deliver(_ context.Context, b []byte) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	switch {
	case p.away:
		return "", errors.New("nothing answers")
	case bytes.Contains(b, []byte(p.refuse)):
		return "AE", nil
	}
	p.got = append(p.got, bytes.Clone(b))
	return "", nil
}

func (p *partnerStub) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// receive puts messages into the journal of a listener.
func receive(t *testing.T, s *stage.Stage, messages ...string) {
	t.Helper()
	j, err := s.Workspace.OpenJournal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var batch []*endpoint.Exchange
	for i, text := range messages {
		e := &endpoint.Exchange{Endpoint: "adt-in", Kind: endpoint.KindMessage, Direction: endpoint.Inbound, Request: []byte(text), Type: "ADT", Trigger: "A01", ControlID: "C" + string(rune('0'+i)), Code: "AA", Outcome: endpoint.OutcomeAccepted, LastByte: time.Now().UTC()}
		e.Seal(true)
		batch = append(batch, e)
	}
	if err := errors.Join(j.Append(t.Context(), batch), j.Close()); err != nil {
		t.Fatal(err)
	}
}

// A route maps what comes, waits for a partner that is away, and goes on where it stopped.
func TestRoute(t *testing.T) {
	m, s := opened(t, admits(2)...)
	list := admits(9)
	receive(t, s, list[:2]...) // before it begins
	partner := &partnerStub{refuse: "MSG04"}
	m.SetWires(partner)
	m.SetPlan(Plan{From: FromListener, Listener: "adt-in", To: ToEndpoint, Endpoint: "ehr"})
	if err := m.RunNow(); err != nil {
		t.Fatal(err)
	}
	if m.Running() != 1 || !strings.Contains(m.Line(), "route Lakeside ADT") {
		t.Errorf("%d routes run: %q", m.Running(), m.Line())
	}
	time.Sleep(2 * listens) // it begins behind what was there
	receive(t, s, list[2:5]...)
	until(t, m, s, "the results", func() bool { return partner.count() == 2 && m.CanRepeat() == 0 && m.runs.run().Counts.Read == 3 })
	if text := gridText(m.RunList()); !strings.Contains(text, "refused it: AE") {
		t.Errorf("%s", text)
	}
	partner.mu.Lock()
	partner.away = true
	partner.mu.Unlock()
	receive(t, s, list[5])
	until(t, m, s, "the wait", func() bool { text, _ := m.RunWords(); return strings.Contains(text, "waiting for ehr") })
	m.StopRun()
	until(t, m, s, "its end", func() bool { return !m.IsRunning() })
	if !m.Resume() || partner.count() != 2 || m.CanRepeat() != 1 {
		t.Fatalf("resume %v, %d results, %d to be repeated", m.Resume(), partner.count(), m.CanRepeat())
	}
	partner.mu.Lock()
	partner.away = false
	partner.mu.Unlock()
	receive(t, s, list[6:]...)
	if err := m.RunNow(); err != nil {
		t.Fatal(err)
	}
	until(t, m, s, "what came meanwhile", func() bool { return partner.count() == 6 })
	m.Edit("Nothing of note", func(e *Edit) bool { e.File.Title += " 2"; return true })
	if !m.RunStale() {
		t.Error("the change is not said to be missing from the route")
	}
	if err := m.Rename("another"); err == nil {
		t.Error("a mapping whose route runs can be renamed")
	}
	m.Close()
	m.Wait()
}

// Papers are written whole, without values of samples unless they are asked for, and that they were is on record.
func TestPapers(t *testing.T) {
	m, s := opened(t, admits(5)...)
	m.Save()
	s.Settle()
	for i, k := range PaperKinds() {
		p := Paper{Kind: i, Edition: "1.0", Author: "Ann"}
		path := filepath.Join(s.Folder, m.PaperName(p))
		m.WritePaper(p, path)
		s.Settle()
		b, err := os.ReadFile(path)
		if err != nil || len(b) < 100 || m.News().Bad {
			t.Errorf("%s: %d bytes, %v; %s", k, len(b), err, m.News().Text)
		}
		if bytes.Contains(b, []byte("Marlow")) {
			t.Errorf("%s holds a value of a sample", k)
		}
	}
	html := 2
	p := Paper{Kind: html, ShowValues: true, Since: 1}
	path := filepath.Join(s.Folder, "values.html")
	m.WritePaper(p, path)
	s.Settle()
	if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b, []byte("Marlow")) || !strings.Contains(m.News().Text, "not encrypted") {
		t.Errorf("%v; %s", err, m.News().Text)
	}
	var versions []Version
	m.Versions(func(list []Version) { versions = list })
	s.Settle()
	if len(versions) == 0 || !strings.HasPrefix(versions[len(versions)-1].Words, "version 1") {
		t.Errorf("%+v", versions)
	}
	left, err := filepath.Glob(filepath.Join(s.Folder, ".trestle-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q are left, %v", left, err)
	}
}

// A pasted spreadsheet becomes a mapping, whose MSH may be numbered from the encoding characters.
func TestSheetIsImported(t *testing.T) {
	m, s := newPlace(t)
	told := ""
	if err := m.ImportSheet(SheetImport{}, nil); err == nil {
		t.Error("nothing is imported")
	}
	text := "Source\tTarget\nMSH-8\tBundle.identifier.value\nPID-5.1\tPatient.name.family\n"
	if err := m.ImportSheet(SheetImport{Text: text, Name: "pairs", MSHFromDelimiters: true}, func(words string) { told = words }); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if !m.IsOpen() || m.Name() != "pairs" || m.File().Rules() != 2 {
		t.Fatalf("%q, open %v; %s; %s", m.Name(), m.IsOpen(), m.News().Text, told)
	}
	sources := ""
	for row := range m.RuleList().Len() {
		sources += m.CellText(row, ColumnSources) + " "
	}
	if !strings.Contains(sources, "MSH-9") || strings.Contains(sources, "MSH-8") {
		t.Errorf("sources %q", sources)
	}
}
