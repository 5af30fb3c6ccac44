package linker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/linkage"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/roster"
	"trestle/internal/present/screen"
)

func TestSecondReviewIsBlindAndEstimates(t *testing.T) {
	p := open(t)
	p.patients()
	p.SecondReview()
	p.settle()
	n := p.List().Len()
	if n < 30 || !p.Blind() {
		t.Fatalf("%d links in the sample", n)
	}
	for row := range p.Fields().Len() {
		if c := p.Fields().Cell(row, 3); c.Text != "" || c.Bar != 0 {
			t.Fatalf("the review is not blind: %+v", c)
		}
	}
	p.Decide(linkage.ActCreateNew)
	if !p.News().Bad {
		t.Error("a link of the sample was to be created")
	}
	p.Decide(linkage.ActDifferent)
	p.Undo()
	p.settle()
	if p.desk().unanswered() != n {
		t.Errorf("%d of %d without an answer after the undo", p.desk().unanswered(), n)
	}
	wrong, _ := p.desk().ids(p.Card().item)
	p.Decide(linkage.ActDifferent)
	for range n - 1 {
		p.Decide(linkage.ActSame)
	}
	p.settle()
	p = over(t, p.stage)
	p.SetFilter(SecondReview)
	if line := p.Progress(); !strings.Contains(line, fmt.Sprintf("%d of %d looked at", n, n)) || !strings.Contains(line, "1 wrong") {
		t.Errorf("after a restart: %q", line)
	}
	settled, err := p.desk().settled()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range settled.Links {
		if l.Left == wrong {
			t.Error("a link that the second review found wrong still stands")
		}
	}
}

func TestFiltersAndSearch(t *testing.T) {
	p := open(t)
	p.patients()
	all := p.List().Len()
	if len(p.Reasons()) == 0 {
		t.Fatal("no reason")
	}
	p.SetReason(p.Reasons()[0])
	if n := p.List().Len(); n == 0 || n > all {
		t.Errorf("%d of %d have the first reason", n, all)
	}
	p.SetFilter(Automatics)
	if n := p.List().Len(); n != p.desk().patients.Summary.Automatic {
		t.Errorf("%d automatic links listed", n)
	}
	p.Search("OKAFOR")
	found := p.List().Len()
	p.Search("okafor nobodyhasthisname")
	if found == 0 || p.List().Len() != 0 || p.Card() != nil {
		t.Errorf("%d found, then %d", found, p.List().Len())
	}
	p.Search("")
}

func TestTheMaskHidesPatients(t *testing.T) {
	p := open(t)
	p.patients()
	p.SetMasked(true)
	for _, f := range []Filter{ToDecide, Automatics} {
		p.SetFilter(f)
		for name, g := range map[string]screen.Grid{"list": p.List(), "fields": p.Fields(), "others": p.Others(), "columns": p.Columns(Ours), "bad": p.BadRows(Ours)} {
			for row := range g.Len() {
				for col, column := range g.Columns() {
					c := g.Cell(row, col)
					switch column.ID {
					case "left", "right", "id", "name", "born", "more", "sample", "row":
						if name != "columns" || column.ID == "sample" {
							if c.Text != "" && !c.Masked {
								t.Fatalf("%s, column %s is shown", name, column.ID)
							}
						}
					}
				}
			}
		}
	}
	if _, facts := p.Title(Ours); strings.Contains(facts, "riverbend") {
		t.Error("the mask shows the file's name")
	}
}

func TestRosterFromMessages(t *testing.T) {
	p := open(t)
	p.ImportMessages(Ours, "")
	p.settle()
	if n := p.News(); !n.Bad || !strings.Contains(n.Text, "no message of the project has a patient") {
		t.Errorf("without messages: %+v", n)
	}
	message := func(id, application, mrn, name string) inspect.Record {
		text := "MSH|^~\\&|" + application + "|MAIN|X|Y|20260302101400||ADT^A08^ADT_A01|" + id + "|P|2.5.1\rPID|1||" + mrn + "^^^LAKE^MR||" + name + "||19790228|F\r"
		return inspect.Record{Source: "test", Bytes: []byte(text)}
	}
	if _, err := p.stage.Workspace.AddMessages(t.Context(), []inspect.Record{message("1", "LAKESIDE", "0011", "Marlow^Jane"), message("2", "LAKESIDE", "0012", "Ash^Kim"), message("3", "OTHER", "77", "Roe^Sam")}); err != nil {
		t.Fatal(err)
	}
	p.ImportMessages(Theirs, "lakeside")
	p.settle()
	if n := p.desk().sides[Theirs].table; n == nil || n.Len() != 2 {
		t.Fatalf("%+v; %s", n, p.News().Text)
	}
}

func TestPlans(t *testing.T) {
	p := open(t)
	p.plansToo()
	d := p.desk()
	c := d.plans.Counts()
	if c.Automatic == 0 || c.Create == 0 || p.waiting() == 0 {
		t.Fatalf("%+v, %d wait", c, p.waiting())
	}
	before := p.waiting()
	first := p.Card()
	if p.Fields().Len() < 4 || first.Sentence == "" {
		t.Fatalf("%+v", first)
	}
	p.Skip(1) // the names of the first are equal once they are understood: there is nothing to teach
	p.Decide(linkage.ActSame)
	if p.News().Bad {
		t.Fatal(p.News().Text)
	}
	p.Decide(linkage.ActCreateNew)
	p.settle()
	if p.News().Bad {
		t.Fatal(p.News().Text)
	}
	if p.waiting() >= before {
		t.Errorf("%d waited, %d wait", before, p.waiting())
	}
	aliases, err := p.store.Linkage().Aliases(t.Context(), linkage.Plans)
	if err != nil {
		t.Fatal(err)
	}
	if len(aliases) != 1 {
		t.Errorf("%d aliases after one link of two names", len(aliases))
	}
	f, err := p.form()
	if err != nil || f.FHIR || f.HL7 {
		t.Fatalf("%+v %v", f, err)
	}
	folder := t.TempDir()
	if err := p.Export(folder, f); err != nil {
		t.Fatal(err)
	}
	p.settle()
	for _, name := range []string{"to-create.csv", "links-left-to-right.csv", "links.xlsx"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	p = over(t, p.stage)
	p.SetKind(linkage.Plans)
	if !p.HasResult() || len(p.desk().ledger.All()) != 2 {
		t.Errorf("after a restart: %v, %d decisions", p.HasResult(), len(p.desk().ledger.All()))
	}
	p.Undo() // create new
	p.Undo() // the link, and with it what it taught
	p.settle()
	if aliases, err = p.store.Linkage().Aliases(t.Context(), linkage.Plans); err != nil || len(aliases) != 0 {
		t.Errorf("%d aliases after the undo: %v", len(aliases), err)
	}
}

func TestThePlanIDIsAsked(t *testing.T) {
	p := open(t)
	p.SetKind(linkage.Plans)
	p.Import(Ours, p.file("ours.csv", "plan_id,company_id,payer,plan\nP1,A1,Example Health,Example Gold\nP2,A2,Example Health,Example Silver\nP3,A3,Sample Mutual,Sample Mutual PPO\n"))
	p.Import(Theirs, p.sample("plans/lakeside-plans.csv"))
	p.settle()
	if !strings.Contains(p.Problem(Ours), "plan ID") {
		t.Fatalf("problem %q", p.Problem(Ours))
	}
	p.Run()
	if !p.News().Bad {
		t.Fatal("it ran without knowing the plan ID")
	}
	f, _ := p.Column(Ours, 1)
	for i, r := range f.Roles {
		if r == "plan id" {
			f.Role = i
		}
	}
	if err := p.SetColumn(Ours, 1, f); err != nil {
		t.Fatal(err)
	}
	if p.Problem(Ours) != "" {
		t.Fatal(p.Problem(Ours))
	}
	p.run()
	if k := p.desk().plans.Left.Key; k.Column != "company_id" || k.ChosenBy != "specification" {
		t.Errorf("%+v", k)
	}
}

func TestSimulationPlaysTheMessages(t *testing.T) {
	p := open(t)
	p.plansToo()
	text := "MSH|^~\\&|LAKESIDE|MAIN|X|Y|20260302101400||ADT^A08^ADT_A01|1|P|2.5.1\rPID|1||1^^^LAKE^MR||Roe^Sam||19790228|F\rIN1|1|MCRB|1|MEDICARE\rIN1|2|NOSUCH|1|NOBODY\r"
	if _, err := p.stage.Workspace.AddMessages(t.Context(), []inspect.Record{{Source: "test", Bytes: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
	var got Simulation
	p.Simulate(Theirs, "", func(s Simulation) { got = s })
	p.settle()
	if got.Segments != 2 || len(got.Missing) != 1 || !strings.HasPrefix(got.Missing[0], "NOSUCH") {
		t.Errorf("%+v", got)
	}
}

func TestDifferencesAreByCharacter(t *testing.T) {
	cut := func(s string, spans []screen.Span) string {
		var parts []string
		for _, x := range spans {
			parts = append(parts, s[x.Start:x.End])
		}
		return strings.Join(parts, "|")
	}
	for _, x := range []struct{ a, b, left, right string }{
		{"Garcia", "GARCIA", "", ""},
		{"Jon", "JOHN", "", "H"},
		{"Smith-Jones", "SMITH JONES", "-", " "},
		{"Müller", "MULLER", "ü", "U"},
		{"", "X", "", "X"},
	} {
		spans := differences(x.a, x.b)
		if l, r := cut(x.a, spans[0]), cut(x.b, spans[1]); l != x.left || r != x.right {
			t.Errorf("%q %q: %q %q", x.a, x.b, l, r)
		}
	}
}

func TestReimportKeepsDecisionsAndFlagsChanges(t *testing.T) {
	p := open(t)
	p.patients()
	for p.Card().item.form != pairCase {
		p.Skip(1)
	}
	i := p.Card().item
	left, right := p.desk().ids(i)
	p.Decide(linkage.ActSame)
	if p.News().Bad {
		t.Fatal(p.News().Text)
	}
	p.settle()
	text, err := os.ReadFile(p.sample("rosters/riverbend-patients.csv"))
	if err != nil {
		t.Fatal(err)
	}
	// The patient has moved since.
	lines := strings.Split(string(text), "\n")
	for k, line := range lines {
		if strings.HasPrefix(line, left+",") {
			cells := strings.Split(line, ",")
			cells[9] = "1 Elsewhere Lane"
			lines[k] = strings.Join(cells, ",")
		}
	}
	p.Import(Ours, p.file("later.csv", strings.Join(lines, "\n")))
	p.settle()
	if p.Stale() == "" {
		t.Error("the result is not out of date")
	}
	p.run()
	if d, ok := p.desk().ledger.Of(left, right); !ok || d.Action != linkage.ActSame {
		t.Fatal("the decision is gone")
	}
	p.SetFilter(Decided)
	found := false
	for row, i := range p.desk().cases.shown {
		if l, r := p.desk().ids(i); l == left && r == right {
			p.OpenCase(row)
			found = true
		}
	}
	if !found || !strings.Contains(p.Card().Sentence, "changed since") {
		t.Fatalf("the change is not said: %v %+v", found, p.Card())
	}
	p.SetFilter(ToDecide)
	waits := false
	for _, i := range p.desk().cases.shown {
		l, r := p.desk().ids(i)
		waits = waits || l == left && r == right
	}
	if !waits {
		t.Error("the changed pair does not wait to be looked at again")
	}
}

func TestPlaceholdersAreNoDifference(t *testing.T) {
	for _, x := range []struct {
		role  roster.Role
		a, b  string
		lines int
		marks bool
	}{
		{roster.HomePhone, "(206) 777-4141", "206-777-4142", 2, true},
		{roster.HomePhone, "000-000-0000", "206-777-4142", 2, false},
		{roster.BirthDate, "01/02/1990", "1990-01-02", 2, false},
		{roster.BirthDate, "01/02/1990", "1990-01-03", 2, true},
		{roster.LastName, "Garcia", "GARCIA", 1, false},
		{roster.LastName, "Garcia", "GARCIO", 1, true},
		{roster.OtherID, "0012", "0012", 1, false},
	} {
		lines := fieldLines(x.role, [2]string{x.a, x.b}, [2]normal.Order{})
		marks := false
		for _, f := range lines {
			marks = marks || len(f.spans[0])+len(f.spans[1]) > 0
		}
		if len(lines) != x.lines || marks != x.marks {
			t.Errorf("%s %q %q: %d lines, marks %v", x.role, x.a, x.b, len(lines), marks)
		}
	}
}

func TestLockingLosesNoDecision(t *testing.T) {
	p := open(t)
	p.generated(60)
	for range 40 {
		p.Decide(linkage.ActUnsure)
	}
	p.Close() // at once, while they are on their way to the disk
	p.stage.Runner.Close()
	n := 0
	for _, err := range p.store.Linkage().Decisions(t.Context(), linkage.Patients, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 40 {
		t.Errorf("%d of 40 decisions are on the disk", n)
	}
}
