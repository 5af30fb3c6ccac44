package inspect

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

const agreedFile = `# signed on 2 March
profile: Riverbend
level: T
source: talk
messages:
  - message: ADT
    events: [A08]
    fields:
      PID-8: {usage: R, values: {F: Female, M: Male}, level: V}
      PID-19: R
sources: {talk: first talk}
`

// agreeing is the place with three messages and a profile from a file.
func agreeing(t *testing.T) *place {
	t.Helper()
	p := open(t)
	p.add(admit, second, broken)
	file := filepath.Join(p.stage.Folder, "agreed.yaml")
	if err := os.WriteFile(file, []byte(agreedFile), 0o600); err != nil {
		t.Fatal(err)
	}
	p.ImportProfile(file)
	p.settle()
	if name, own, ok := p.Profile(); name != "Riverbend" || !own || !ok {
		t.Fatalf("%q %v %v: %s", name, own, ok, p.Notice().Text)
	}
	return p
}

func (p *place) gap(kind, path string) int {
	p.t.Helper()
	for i, g := range p.agreed.gaps.all {
		if string(g.Kind) == kind && g.Path == path {
			return i
		}
	}
	p.t.Fatalf("no gap %s %s in %+v", kind, path, p.agreed.gaps.all)
	return -1
}

func TestFindingsAgainstAProfileAreInTheWordsOfTheField(t *testing.T) {
	p := agreeing(t)
	p.Select(2)
	p.settle()
	var kinds []string
	for i := range p.FindingList().Len() {
		kinds = append(kinds, p.FindingList().Cell(i, 0).Text+" "+p.FindingList().Cell(i, 1).Text)
	}
	for _, want := range []string{"Usage PID-19", "Value set PID-8", "date-impossible PID-7"} {
		if !slices.Contains(kinds, want) {
			t.Errorf("no %q in %q", want, kinds)
		}
	}
	p.SelectFinding(slices.Index(kinds, "Value set PID-8"))
	r, ok := p.RuleHere()
	if !ok || r.Title != "PID-8 of ADT^A08" || !strings.HasPrefix(r.Evidence, "V: the vendor's own specification") || r.Choice != 0 {
		t.Errorf("%+v %v", r, ok)
	}
	p.DecideHere(slices.Index(profile.Choices(), profile.Ignore))
	p.settle()
	for _, f := range p.open.findings {
		if f.Code == profile.ValueSetKind.Code() && f.Severity != check.Information {
			t.Errorf("what is ignored is %s", f.Severity)
		}
	}
	p.SelectFinding(slices.Index(kinds, "date-impossible PID-7"))
	if _, ok := p.RuleHere(); ok {
		t.Error("a finding of the standard has a rule")
	}
	p.MoveTo(strings.Index(string(p.Raw()), "|Male") + 1)
	e, _ := p.Explain()
	if !slices.ContainsFunc(e.Facts, func(f [2]string) bool {
		return f[0] == "Agreed" && strings.HasPrefix(f[1], "R; F = Female, M = Male (V: the vendor's own specification")
	}) {
		t.Errorf("explained %q", e.Facts)
	}
	p.UseProfile("")
	p.settle()
	if slices.ContainsFunc(p.open.findings, func(f check.Finding) bool { return strings.HasPrefix(f.Code, "profile-") }) {
		t.Error("the profile is still applied")
	}
}

func TestGapsAreDecidedKeptAndExported(t *testing.T) {
	p := agreeing(t)
	p.CountGaps()
	p.settle()
	if words, ok := p.GapsCounted(); !ok || !strings.Contains(words, "2 open, in 3 messages; 0 in order") {
		t.Fatalf("%q", words)
	}
	row := p.gap("Value set", "PID-8")
	if d, ok := p.Gap(row); !ok || d.Values != "Male (1)" || d.Choice != 0 {
		t.Errorf("%+v", d)
	}
	p.DecideGap(row, slices.Index(profile.Choices(), profile.MapIt), "table Sex")
	p.DecideGap(p.gap("Usage", "PID-19"), slices.Index(profile.Choices(), profile.SenderChange), "")
	p.settle()
	d, err := p.stage.Workspace.Document(t.Context(), workspace.DocumentProfile, "Riverbend")
	if err != nil || !bytes.Contains(d.Bytes, []byte("table Sex")) || !bytes.Contains(d.Bytes, []byte("the sender changes it")) || !bytes.Contains(d.Bytes, []byte("# signed on 2 March")) {
		t.Fatalf("%v\n%s", err, d.Bytes)
	}
	if d.Revision != 3 {
		t.Errorf("%d revisions", d.Revision)
	}
	if !p.ShowGap(row) {
		t.Fatal("no message")
	}
	p.settle()
	if r, ok := p.RuleHere(); !strings.Contains(string(p.Raw()), "|Male\r") || !ok || r.Title != "PID-8 of ADT^A08" || r.Note != "table Sex" {
		t.Errorf("another message, or another finding: %+v", r)
	}
	for _, name := range []string{"gaps.csv", "gaps.xlsx"} {
		path := filepath.Join(p.stage.Folder, name)
		p.ExportGaps(path)
		p.settle()
		b, err := os.ReadFile(path)
		if err != nil || len(b) == 0 {
			t.Fatal(err)
		}
		if name == "gaps.csv" && (!strings.Contains(string(b), "Value set,ADT^A08,PID-8") || !strings.Contains(string(b), "map it,table Sex")) {
			t.Errorf("%s", b)
		}
	}
	// Another start of the program goes on with the profile and its decisions.
	m := New(p.stage.Runner, p.stage.Workspace)
	defer m.Close()
	m.Reload()
	p.stage.Settle()
	m.CountGaps()
	p.stage.Settle()
	if words, _ := m.GapsCounted(); !strings.Contains(words, "0 open") {
		t.Errorf("%q", words)
	}
}

func TestAStarterIsCopiedWhenItIsDecidedOn(t *testing.T) {
	p := open(t)
	p.add(admit, broken)
	var all []ProfileChoice
	p.ListProfiles(func(c []ProfileChoice) { all = c })
	p.settle()
	if len(all) != 25 {
		t.Fatalf("%d profiles", len(all))
	}
	for _, c := range all {
		if c.Evidence == "" || c.Problem != "" {
			t.Errorf("%s: evidence %q, problem %q", c.Name, c.Evidence, c.Problem)
		}
	}
	p.UseProfile("starter:ecw")
	p.settle()
	name, own, _ := p.Profile()
	if own || p.Statements().Len() == 0 {
		t.Errorf("%q own %v", name, own)
	}
	p.CountGaps()
	p.settle()
	if p.GapGrid().Len() == 0 {
		t.Fatal("no gaps")
	}
	p.DecideGap(0, 3, "")
	p.DecideGap(0, 1, "later")
	p.settle()
	if _, own, _ := p.Profile(); !own {
		t.Error("not copied")
	}
	if d, err := p.stage.Workspace.Document(t.Context(), workspace.DocumentProfile, name); err != nil || !bytes.Contains(d.Bytes, []byte("later")) {
		t.Error(err)
	}
	p.ListProfiles(func(c []ProfileChoice) { all = c })
	p.settle()
	if len(all) != 26 || !all[0].Own {
		t.Errorf("%d profiles", len(all))
	}
	p.DeleteProfile(all[0])
	p.settle()
	if _, _, ok := p.Profile(); ok {
		t.Error("still chosen")
	}
}

func TestAProfileIsLearntAndEdited(t *testing.T) {
	p := open(t)
	p.add(admit, second, broken)
	if p.LearnProfile(" ", p.list.ids) == nil || p.LearnProfile("x", nil) == nil {
		t.Error("learnt without a name or messages")
	}
	if err := p.LearnProfile("Lakeside", p.list.ids); err != nil {
		t.Fatal(err)
	}
	p.settle()
	text, err := p.ProfileText()
	if err != nil || !strings.Contains(text, "3 of 3") || strings.Contains(text, "Marlow") {
		t.Fatalf("%v\n%s", err, text)
	}
	g := p.Statements()
	levels := 0
	for i := range g.Len() {
		if strings.HasPrefix(g.Cell(i, 4).Text, "M  counted in messages") && strings.Contains(g.Cell(i, 5).Text, "of 3") {
			levels++
		}
	}
	if levels == 0 {
		t.Error("no fact says how often it was seen")
	}
	if err := p.SetProfileText(text + "\nnonsense: [1\n"); err == nil {
		t.Error("what cannot be read is taken")
	}
	if err := p.SetProfileText(strings.Replace(text, "profile: Lakeside", "profile: Lakeside EHR", 1)); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if name, _, _ := p.Profile(); name != "Lakeside EHR" {
		t.Errorf("%q", name)
	}
	path := filepath.Join(p.stage.Folder, "out.yaml")
	p.ExportProfile(path)
	p.settle()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Parse("out.yaml", b); err != nil {
		t.Error(err)
	}
}

func TestGapsUnderTheMask(t *testing.T) {
	p := agreeing(t)
	p.CountGaps()
	p.settle()
	p.SetMasked(true)
	row := p.gap("Value set", "PID-8")
	if d, _ := p.Gap(row); d.Values != "" {
		t.Errorf("values %q", d.Values)
	}
	g := p.GapGrid()
	if i := slices.IndexFunc(g.Columns(), func(c screen.Column) bool { return c.ID == "text" }); !g.Cell(row, i).Masked {
		t.Error("what messages do shows")
	}
}

// A file that is read where it lies is checked against a profile too; the decision is kept in the project.
func TestGapsOfAFileInPlace(t *testing.T) {
	p := agreeing(t)
	_, in, _ := p.lain(admit + broken)
	if name, own, ok := in.Profile(); name != "Riverbend" || !own || !ok {
		t.Fatalf("%q %v %v", name, own, ok)
	}
	in.CountGaps()
	in.settle()
	row := in.gap("Value set", "PID-8")
	if words, ok := in.GapsCounted(); !ok || !strings.Contains(words, "in 2 messages") {
		t.Errorf("%q", words)
	}
	in.DecideGap(row, slices.Index(profile.Choices(), profile.Ignore), "")
	in.settle()
	if !in.ShowGap(row) {
		t.Fatal("no message")
	}
	in.settle()
	if string(in.Raw()) != broken {
		t.Error("another message")
	}
	// The project's own list decides too: neither decision is lost.
	p.CountGaps()
	p.settle()
	p.DecideGap(p.gap("Usage", "PID-19"), slices.Index(profile.Choices(), profile.MapIt), "from the roster")
	p.settle()
	d, err := p.stage.Workspace.Document(t.Context(), workspace.DocumentProfile, "Riverbend")
	if err != nil || !bytes.Contains(d.Bytes, []byte("ignore it")) || !bytes.Contains(d.Bytes, []byte("from the roster")) {
		t.Errorf("%v %s\n%s", err, p.Notice().Text, d.Bytes)
	}
}
