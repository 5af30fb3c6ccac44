package linker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
	"trestle/internal/project"
	"trestle/internal/report/links"
	"trestle/workspaces"
)

type place struct {
	*Model
	t     *testing.T
	stage *stage.Stage
}

// open is the place over a new project with the sample's project file.
func open(t *testing.T) *place {
	t.Helper()
	s := stage.New(t)
	text, err := fs.ReadFile(workspaces.Riverbend(), project.FileName)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Workspace.SetSetting(t.Context(), project.FileName, string(text)); err != nil {
		t.Fatal(err)
	}
	return over(t, s)
}

// over is the place over a project that is there, as after a restart.
func over(t *testing.T, s *stage.Stage) *place {
	t.Helper()
	p := &place{New(s.Runner, s.Workspace), t, s}
	t.Cleanup(p.Close)
	p.Load()
	p.settle()
	if n := p.News(); n.Bad {
		t.Fatal(n.Text)
	}
	return p
}

func (p *place) settle() {
	p.t.Helper()
	p.stage.Settle()
}

// sample is a file of the sample project, as a file on the disk.
func (p *place) sample(name string) string {
	p.t.Helper()
	b, err := fs.ReadFile(workspaces.Riverbend(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.file(filepath.Base(name), string(b))
}

func (p *place) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.stage.Folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// patients compares the sample's rosters.
func (p *place) patients() {
	p.t.Helper()
	p.Drop([]string{p.sample("rosters/lakeside-patients.csv"), p.sample("rosters/riverbend-patients.csv")})
	p.settle()
	p.run()
}

func (p *place) plansToo() {
	p.t.Helper()
	p.SetKind(linkage.Plans)
	p.Drop([]string{p.sample("plans/lakeside-plans.csv"), p.sample("plans/riverbend-plans.csv")})
	p.settle()
	p.run()
}

func (p *place) run() {
	p.t.Helper()
	p.Run()
	p.settle()
	if n := p.News(); n.Bad || !p.HasResult() {
		p.t.Fatalf("the run: %s; %s / %s", n.Text, p.Problem(Ours), p.Problem(Theirs))
	}
}

// form is what an export would hold.
func (p *place) form() (f ExportForm, err error) {
	p.t.Helper()
	p.PrepareExport(func(got ExportForm, _ string, e error) { f, err = got, e })
	p.settle()
	return f, err
}

func (p *place) waiting() int { p.desk().filter(); return p.desk().cases.open }

func TestTwoFilesDroppedAreBothSides(t *testing.T) {
	p := open(t)
	if !p.IsEmpty() || p.HasResult() {
		t.Fatal("a new project has rosters")
	}
	p.Drop([]string{p.sample("rosters/lakeside-patients.csv"), p.sample("rosters/riverbend-patients.csv")})
	p.settle()
	for w, want := range []string{"riverbend-patients.csv", "lakeside-patients.csv"} {
		if _, facts := p.Title(Which(w)); !strings.Contains(facts, want) || !strings.Contains(facts, "not confirmed yet") {
			t.Errorf("%s: %q", Which(w), facts)
		}
	}
	if id := p.desk().sides[Ours].table.Columns[0]; id.Role != roster.ID {
		t.Errorf("the first column was taken for %q", id.Role)
	}
}

func TestRunAndReviewOutliveTheProgram(t *testing.T) {
	p := open(t)
	p.patients()
	if p.Step() != Review || p.Card() == nil || p.waiting() == 0 {
		t.Fatalf("step %v, card %v, %d wait; %s", p.Step(), p.Card(), p.waiting(), p.Counts())
	}
	if s := p.desk().patients.Summary; s.Automatic == 0 || s.AutomaticOff != "" {
		t.Fatalf("%+v", s)
	}
	before := p.waiting()
	for p.Card().item.form != pairCase {
		p.Skip(1)
	}
	p.Decide(linkage.ActDifferent)
	p.Decide(linkage.ActUnsure)
	if p.waiting() >= before {
		t.Errorf("%d waited, now %d", before, p.waiting())
	}
	p.settle()
	again := over(t, p.stage)
	p.run() // what was decided changes what the engine finds: a restart shows what a run would
	if again.waiting() != p.waiting() || !again.HasResult() || again.Step() != Review {
		t.Errorf("after a restart %d wait, after a run %d", again.waiting(), p.waiting())
	}
	if got, want := len(again.desk().ledger.All()), 2; got != want {
		t.Errorf("%d decisions, want %d", got, want)
	}
	// What was decided is in the list of its own, with who and when.
	again.SetFilter(Decided)
	if again.List().Len() != 2 || !strings.Contains(again.Card().Decided, "decided by tester") {
		t.Fatalf("%d decided, card %+v", again.List().Len(), again.Card())
	}
	again.TakeBack()
	again.settle()
	if h := strings.Join(again.History(), "\n"); again.List().Len() != 1 {
		t.Errorf("%d decided after one was taken back; %s", again.List().Len(), h)
	}
	if n, err := again.store.Linkage().VerifyDecisions(t.Context()); err != nil || n != 3 {
		t.Errorf("the ledger has %d lines: %v", n, err)
	}
}

func TestUndoOpensTheCaseAgain(t *testing.T) {
	p := open(t)
	p.patients()
	first, before := p.Card().item, p.waiting()
	p.Decide(linkage.ActDifferent)
	if p.Card().item == first {
		t.Fatal("the case is still open")
	}
	p.Undo()
	if p.Card().item != first || p.waiting() != before {
		t.Errorf("open %v, want %v; %d wait of %d", p.Card().item, first, p.waiting(), before)
	}
	if len(p.History()) != 2 || !strings.Contains(p.History()[1], "tester  different, taken back") {
		t.Errorf("history %q", p.History())
	}
	p.settle()
	for p.desk().ledger != nil {
		if _, ok := p.desk().ledger.Last(); !ok {
			break
		}
		p.Undo()
	}
	p.Undo()
	if !strings.Contains(p.News().Text, "no decision") {
		t.Errorf("news %q", p.News().Text)
	}
}

func TestDuplicatesComeFirst(t *testing.T) {
	p := open(t)
	p.patients()
	d := p.desk()
	if len(d.patients.Duplicates) == 0 {
		t.Fatal("the sample has no duplicates")
	}
	if d.cases.shown[0].form != duplicateCase {
		t.Error("the queue does not begin with what is inside one system")
	}
	p.Decide(linkage.ActCreateNew)
	if !p.News().Bad {
		t.Error("a duplicate inside one system was to be created")
	}
	p.Decide(linkage.ActSame)
	p.settle()
	all := d.ledger.All()
	if len(all) != 1 || all[0].Action != linkage.ActDuplicate || all[0].Side == "" {
		t.Errorf("%+v", all)
	}
	settled, err := d.settled()
	if err != nil || len(settled.Duplicates) != 1 {
		t.Errorf("%d merges: %v", len(settled.Duplicates), err)
	}
}

func TestNobodyHasTwoPartners(t *testing.T) {
	p := open(t)
	p.patients()
	d := p.desk()
	p.SetFilter(Everything)
	var rival item
	for _, i := range d.cases.all {
		if i.form != pairCase {
			continue
		}
		d.cases.shown, d.cases.at = []item{i}, 0
		d.open()
		for _, o := range d.cases.card.others {
			if o.isCandidate {
				rival = o.to
			}
		}
		if rival != (item{}) {
			break
		}
	}
	if rival == (item{}) {
		t.Skip("no pair of the sample has another candidate")
	}
	p.Decide(linkage.ActSame)
	if p.News().Bad {
		t.Fatal(p.News().Text)
	}
	d.cases.shown, d.cases.at = []item{rival}, 0
	d.open()
	p.Decide(linkage.ActSame)
	if !p.News().Bad || !strings.Contains(p.News().Text, "take that back") {
		t.Errorf("news %+v", p.News())
	}
	if len(d.ledger.All()) != 1 {
		t.Error("the second link was kept")
	}
}

func TestOpenConflictsRefuseTheExport(t *testing.T) {
	p := open(t)
	p.patients()
	pair := func(left, right string) linkage.Decision {
		return linkage.Decision{Kind: linkage.Patients, Action: linkage.ActSame, Candidate: linkage.Candidate{Left: left, Right: right}}
	}
	// Two people, each with the program open once, can decide what one alone may not.
	if _, err := p.store.Linkage().Append(t.Context(), pair("C10050", "0024770"), pair("C10050", "0001830")); err != nil {
		t.Fatal(err)
	}
	p.reread()
	p.settle()
	_, err := p.form()
	var conflicts *links.ConflictError
	if !errors.As(err, &conflicts) || p.Conflicts() != 1 {
		t.Fatalf("export: %v, %d conflicts", err, p.Conflicts())
	}
	folder := t.TempDir()
	if err := p.Export(folder, ExportForm{Tables: true}); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if files, _ := os.ReadDir(folder); len(files) > 0 || !p.News().Bad {
		t.Errorf("the export was not refused: %d files, %+v", len(files), p.News())
	}
	if lines := p.Conflicting(conflicts); len(lines) == 0 || !strings.Contains(lines[0], "C10050") {
		t.Errorf("%q", lines)
	}
	p.SetMasked(true)
	if lines := p.Conflicting(conflicts); strings.Contains(strings.Join(lines, ""), "C10050") {
		t.Errorf("the mask shows %q", lines)
	}
	p.SetFilter(Conflicting)
	if p.List().Len() != 1 || p.Fields().Len() != 2 {
		t.Fatalf("%d conflicts with %d decisions", p.List().Len(), p.Fields().Len())
	}
	p.TakeBack()
	p.settle()
	if _, err := p.form(); err != nil {
		t.Errorf("after the wrong one was taken back: %v", err)
	}
}

func TestExportWritesWhatWasChosen(t *testing.T) {
	p := open(t)
	p.patients()
	for range 4 {
		p.Decide(linkage.ActDifferent)
	}
	p.settle()
	f, err := p.form()
	if err != nil {
		t.Fatal(err)
	}
	if f.Authority[0] == "" || f.Authority[1] == "" || !f.HL7 || !f.Proposals {
		t.Errorf("the form does not know the project: %+v", f)
	}
	f.SQL, f.Workbook = false, false
	folder := filepath.Join(t.TempDir(), "out")
	if err := p.Export(folder, f); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if p.News().Bad {
		t.Fatal(p.News().Text)
	}
	for name, want := range map[string]bool{"cover.csv": true, "links-left-to-right.csv": true, "links-right-to-left.csv": true, "linkage.fhir.json": true, "link-a24.hl7": true,
		"proposals.csv": true, "links.sql": false, "links.xlsx": false} {
		if _, err := os.Stat(filepath.Join(folder, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if parts, _ := filepath.Glob(filepath.Join(folder, "*.part")); len(parts) > 0 {
		t.Errorf("halves are left: %q", parts)
	}
	entries, err := p.stage.Workspace.Log(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	logged := false
	for _, e := range entries {
		logged = logged || strings.Contains(string(e.Action), "export")
	}
	if !logged {
		t.Error("the export is not in the access log")
	}
	if err := p.Export(folder, ExportForm{}); err == nil {
		t.Error("an export of nothing was written")
	}
	if err := p.Export(folder, ExportForm{HL7: true, Authority: [2]string{"A", " "}}); err == nil {
		t.Error("HL7 without an authority was written")
	}
}

func TestProposalsFollowTheScope(t *testing.T) {
	p := open(t)
	p.patients()
	settled, err := p.desk().settled()
	if err != nil {
		t.Fatal(err)
	}
	flow, ok := p.project.Scope.Flow(project.Demographics)
	if !ok {
		t.Fatal("the sample has no scope")
	}
	want := linkage.Left
	if flow.Record == project.Theirs {
		want = linkage.Right
	}
	all := p.proposals(p.desk(), settled)
	if len(all) == 0 {
		t.Fatal("nothing differs in the sample")
	}
	for _, x := range all {
		if x.Field == string(roster.Plan) || x.Field == string(roster.MemberID) {
			continue
		}
		if x.From != want || x.Rule == "" {
			t.Fatalf("%s wins by %q", x.From, x.Rule)
		}
		if winner := map[linkage.Side]string{linkage.Left: x.LeftValue, linkage.Right: x.RightValue}[x.From]; winner == "" {
			t.Fatalf("an empty %s wins", x.Field)
		}
		if strings.EqualFold(x.LeftValue, x.RightValue) {
			t.Fatalf("%s is equal on both sides", x.Field)
		}
	}
	p.project = nil
	if p.noProposals() == "" {
		t.Error("without a scope somebody wins")
	}
}

func TestNoExistingDataIsRecorded(t *testing.T) {
	p := open(t)
	if err := p.NoData(Ours, "  "); err == nil {
		t.Error("no reason was needed")
	}
	if err := p.NoData(Ours, "new site"); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p = over(t, p.stage)
	if _, facts := p.Title(Ours); !strings.Contains(facts, "new site") {
		t.Errorf("after a restart: %q", facts)
	}
	p.Run()
	if n := p.News(); !n.Bad || !strings.Contains(n.Text, "nothing to compare") {
		t.Errorf("news %+v", n)
	}
}

func TestColumnsAreConfirmedAndKept(t *testing.T) {
	p := open(t)
	p.patients()
	at := p.desk().sides[Ours].table.Column(roster.Email)
	f, ok := p.Column(Ours, at)
	if !ok || f.Roles[f.Role] != "email" || len(f.Facts) == 0 {
		t.Fatalf("%+v", f)
	}
	f.Role = 0
	if err := p.SetColumn(Ours, at, f); err != nil {
		t.Fatal(err)
	}
	if p.Stale() == "" {
		t.Error("the result is not out of date")
	}
	p.run()
	p = over(t, p.stage)
	if c := p.desk().sides[Ours].table.Columns[at]; c.Role != roster.Ignore {
		t.Errorf("after a restart the column is %q", c.Role)
	}
	rosters, err := p.store.Linkage().Rosters(t.Context(), linkage.Patients)
	if err != nil || len(rosters) != 2 {
		t.Errorf("%d rosters: %v", len(rosters), err)
	}
}

func TestGatesAreForecast(t *testing.T) {
	p := open(t)
	p.patients()
	gate := linkage.GateCorroboration
	p.SwitchGate(int(gate))
	p.SwitchGate(int(linkage.GateTie)) // fixed
	p.settle()
	forecast := p.desk().current
	if cell := p.GateList().Cell(int(gate), 0); cell.Switch != screen.SwitchOff || p.Stale() == "" {
		t.Errorf("%+v, %q", cell, p.Stale())
	}
	p.run()
	s := p.desk().patients.Summary
	if s.Automatic != forecast.Automatic || s.Review != forecast.Review {
		t.Errorf("forecast %d automatic and %d to review, the run gave %d and %d", forecast.Automatic, forecast.Review, s.Automatic, s.Review)
	}
	p = over(t, p.stage)
	if cell := p.GateList().Cell(int(gate), 0); cell.Switch != screen.SwitchOff {
		t.Error("the switch was not kept")
	}
}

// invented makes two rosters of people of whom nothing but name and birth date is known twice: each pair must be decided.
func invented(n int) (ours, theirs string) {
	syllables := []string{"bar", "del", "fin", "gor", "hal", "jun", "kel", "lor", "mar", "nor", "pel", "quin", "ros", "sol", "tam", "vor", "wen", "yar", "zim", "cad"}
	word := func(k int) string {
		return syllables[k%20] + syllables[k/20%20] + syllables[k/400%20]
	}
	var a, b strings.Builder
	a.WriteString("patient_id,last_name,first_name,birth_date,sex\n")
	b.WriteString("mrn,last_name,first_name,birth_date,sex\n")
	for k := range n {
		born := fmt.Sprintf("%04d-%02d-%02d", 1930+k*7%80, 1+k*5%12, 1+k*11%28)
		line := fmt.Sprintf("%s,%s,%s,%s\n", word(k*37+11), word(k*53+7), born, []string{"F", "M"}[k%2])
		fmt.Fprintf(&a, "C%05d,%s", k+1, line)
		fmt.Fprintf(&b, "%07d,%s", 900000+k, line)
	}
	return a.String(), b.String()
}

func (p *place) generated(n int) {
	p.t.Helper()
	ours, theirs := invented(n)
	p.Import(Ours, p.file("ours.csv", ours))
	p.Import(Theirs, p.file("theirs.csv", theirs))
	p.settle()
	p.Run()
	p.settle()
	if !p.HasResult() || p.waiting() < n/2 {
		p.t.Fatalf("%d wait; %s", p.waiting(), p.News().Text)
	}
}

func TestBulkNeedsASample(t *testing.T) {
	p := open(t)
	p.generated(80)
	d := p.desk()
	b, err := p.Bulk()
	if err != nil {
		t.Fatal(err)
	}
	before := p.waiting()
	if err := p.DecideBulk(b, linkage.ActDifferent); err == nil {
		t.Fatal("a pattern was decided unseen")
	}
	for n := range b.Sample() {
		if b.Look(n).Len() == 0 {
			t.Fatal("the sample shows nothing")
		}
	}
	if err := p.DecideBulk(b, linkage.ActCreateNew); err == nil {
		t.Error("a pattern was created anew")
	}
	if err := p.DecideBulk(b, linkage.ActDifferent); err != nil {
		t.Fatal(err)
	}
	if p.waiting() > before-b.Count {
		t.Errorf("%d waited, %d decided, %d wait", before, b.Count, p.waiting())
	}
	p.Undo()
	p.settle()
	if p.waiting() != before {
		t.Errorf("after one undo %d wait of %d", p.waiting(), before)
	}
	if _, ok := d.ledger.Last(); ok {
		t.Error("one undo left a decision of the pattern")
	}
}
