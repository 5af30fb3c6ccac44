package comparing

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/compare"
	"trestle/internal/endpoint"
	"trestle/internal/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

// Invented messages: what was, and what is after an upgrade.
const (
	before = "MSH|^~\\&|LAB|MAIN|EHR|INF|20260302101400||ORU^R01^ORU_R01|M1|P|2.5.1\r" +
		"PID|1||88121^^^LAKE^MR||Marlow^Jane^Q||19790228|F\rOBR|1|P1|F1|1^PANEL\r" +
		"OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL|||||F\rOBX|2|TX|NOTE^Note^L||The specimen was received in good order and read twice.||||||F\r" +
		"NTE|1||A \\T\\ B\r"
	after = "MSH|^~\\&|LAB|MAIN|EHR|INF|20260402101400||ORU^R01^ORU_R01|M1|P|2.5.1\r" +
		"PID|1||88121^^^LAKE^MR||Marlow^Joan^Q||19790228|F\rOBR|1|P1|F1|1^PANEL\r" +
		"OBX|1|NM|4544-3^Hematocrit^LN||40|%|||||F\rOBX|2|NM|718-7^Hemoglobin^LN||13.2|g/dL|||||F\r" +
		"OBX|3|TX|NOTE^Note^L||The specimen was received in bad order and read twice.||||||F\rNTE|1||A \\T\\ C\r"
)

type place struct {
	*Model
	t     *testing.T
	stage *stage.Stage
}

func open(t *testing.T) *place {
	t.Helper()
	s := stage.New(t)
	p := &place{New(s.Runner, s.Workspace), t, s}
	t.Cleanup(p.Close)
	p.Load()
	p.settle()
	return p
}

func (p *place) settle() { p.t.Helper(); p.stage.Settle() }

func (p *place) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.stage.Folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// pair compares two files.
func (p *place) pair(left, right string) {
	p.t.Helper()
	p.OfferPaths([]string{p.file("left", left), p.file("right", right)})
	p.settle()
	if !p.IsOpen() || p.News().Bad {
		p.t.Fatalf("no pair is open; news %+v", p.News())
	}
}

// set compares two files of n messages, of which every third has changed.
func (p *place) set(n int) {
	p.t.Helper()
	p.OfferPaths([]string{p.file("february", series(n, before, before)), p.file("march", series(n, before, after))})
	p.settle()
	if !p.IsSet() {
		p.t.Fatalf("no set; news %+v", p.News())
	}
}

func series(n int, usual, third string) string {
	var b strings.Builder
	for i := range n {
		text := usual
		if i%3 == 2 {
			text = third
		}
		b.WriteString(strings.Replace(text, "|M1|", fmt.Sprintf("|M%d|", i+1), 1))
	}
	return b.String()
}

// lines are those of a pane with their gutter.
func lines(p *Pane) (out []string) {
	for i := range p.Text.Lines() {
		text, _ := p.Text.Line(i, 0, p.Text.Columns(i))
		out = append(out, p.Number(i)+" "+text)
	}
	return out
}

func grid(g screen.Grid) string {
	var b strings.Builder
	for row := range g.Len() {
		for col := range g.Columns() {
			b.WriteString(g.Cell(row, col).Text + "|")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestSetIsSummedUpAndListed(t *testing.T) {
	p := open(t)
	p.set(30)
	if got := grid(p.Types()); !strings.Contains(got, "all|") || !strings.Contains(got, "|20|||10|||\nORU^R01|") {
		t.Errorf("types\n%s", got)
	}
	if p.Patterns().Len() != 5 || p.Pattern(0) == "" {
		t.Errorf("patterns\n%s", grid(p.Patterns()))
	}
	p.FilterStatus(Beyond)
	if p.Pairs().Len() != 10 || p.PairsTitle() != "Pairs  10 of 30" {
		t.Errorf("%s", p.PairsTitle())
	}
	p.FilterText("m12")
	if p.Pairs().Len() != 1 {
		t.Errorf("%s by key", p.PairsTitle())
	}
	p.ClearFilter()
	row := 0
	for p.Pattern(row) != "PID-5.2 changed" {
		row++
	}
	p.OpenExample(row)
	p.settle()
	if p.CurrentPath() != "PID-5.2" || p.OpenRow() != 2 {
		t.Errorf("the example is at %s, row %d", p.CurrentPath(), p.OpenRow())
	}
	p.PairsOfPattern(row)
	if p.Pairs().Len() != 10 || p.Filter().Pattern != "PID-5.2 changed" {
		t.Errorf("%s with the pattern", p.PairsTitle())
	}
}

// A click makes a rule, the set is compared again, and the pair that is open stays open.
func TestRulesByClicks(t *testing.T) {
	p := open(t)
	p.set(9)
	p.OpenPair(2)
	p.settle()
	for p.Patterns().Len() > 0 {
		if n := p.Patterns().Len(); n%2 == 0 {
			p.IgnorePattern(0)
		} else {
			p.ExpectPattern(0)
		}
		p.settle()
	}
	if on, all := p.RuleCount(); on != 5 || all != 5 || p.OpenRow() != 2 {
		t.Errorf("%d of %d rules, row %d:\n%s", on, all, p.OpenRow(), grid(p.RuleList()))
	}
	if got := p.found.counts; got[compare.Different] != 0 || got[compare.AsExpected] != 3 {
		t.Errorf("counts %v", got)
	}
	p.SwitchRule(0)
	p.settle()
	if p.found.counts[compare.Different] != 3 {
		t.Errorf("counts %v with a rule off", p.found.counts)
	}
	p.Undo()
	p.settle()
	if p.found.counts[compare.Different] != 0 || p.CanRedo() == "" {
		t.Errorf("counts %v after undo", p.found.counts)
	}
	// They are kept in the project.
	again := New(p.stage.Runner, p.stage.Workspace)
	defer again.Close()
	again.Load()
	p.settle()
	if grid(again.RuleList()) == "" || again.RulesText() != p.RulesText() {
		t.Errorf("read again:\n%s", again.RulesText())
	}
	if err := p.SetRulesText("ignore:\n  - path: "); err == nil {
		t.Error("a rule without a path is taken")
	}
	if err := p.SetRulesText("ignore:\n  - path: MSH-7\n    why: it is the time\n"); err != nil {
		t.Error(err)
	}
	p.settle()
	if got := grid(p.RuleList()); got != "leave out MSH-7|3|it is the time|\n" {
		t.Errorf("rules\n%s", got)
	}
}

func TestRuleFilesGoOutAndIn(t *testing.T) {
	p := open(t)
	p.pair(before, after)
	p.IgnoreEverywhere()
	p.IgnoreHere()
	p.settle()
	path := filepath.Join(p.stage.Folder, "rules.yaml")
	p.ExportRules(path)
	p.settle()
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "path: MSH-7") {
		t.Fatalf("%s %v", b, err)
	}
	text := p.RulesText()
	if err := p.SetRulesText(""); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.ImportRules(path)
	p.settle()
	if p.RulesText() != text {
		t.Errorf("%s instead of %s", p.RulesText(), text)
	}
	p.ImportRules(p.file("bad.yaml", "ignoer: []"))
	p.settle()
	if !p.News().Bad || !strings.Contains(p.News().Text, "ignoer") {
		t.Errorf("news %+v", p.News())
	}
}

// A baseline brings its rules, and leaving it brings back those of the project.
func TestBaselineIsComparedAgainst(t *testing.T) {
	p := open(t)
	p.set(9)
	if err := p.SaveBaseline(" ", 0, false, nil); err == nil {
		t.Error("a baseline without a name is kept")
	}
	p.ExpectPattern(0)
	p.settle()
	text := p.RulesText()
	if err := p.SaveBaseline("go-live", 0, false, nil); err != nil {
		t.Fatal(err)
	}
	p.settle()
	taken := false
	if err := p.SaveBaseline("go-live", 0, false, func() { taken = true }); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if !taken {
		t.Errorf("a name is taken twice; news %+v", p.News())
	}
	if err := p.SetRulesText(""); err != nil {
		t.Fatal(err)
	}
	p.settle()
	var c Choices
	p.LoadChoices(func(got Choices) { c = got })
	p.settle()
	if len(c.Baselines) != 1 {
		t.Fatalf("baselines %v", c.Baselines)
	}
	p.Start([2]Side{{Kind: Baseline, Name: "go-live"}, {Kind: Files, Paths: []string{p.file("april", series(9, before, before))}}}, Pairing{})
	p.settle()
	if p.found == nil || p.found.counts[compare.Exact] != 9 || p.RulesText() != text {
		t.Errorf("news %+v, rules %s", p.News(), p.RulesText())
	}
	p.pair(before, after)
	if on, _ := p.RuleCount(); on != 0 {
		t.Error("the rules of the baseline stay")
	}
	p.DeleteBaseline("go-live")
	p.settle()
	p.LoadChoices(func(got Choices) { c = got })
	if p.settle(); len(c.Baselines) != 0 {
		t.Errorf("baselines %v", c.Baselines)
	}
}

// A folder with compare.yaml is a baseline as the command line has it: its rules are used and not written back.
func TestFolderBringsItsRules(t *testing.T) {
	p := open(t)
	p.file("base/a.hl7", before)
	rules := p.file("base/compare.yaml", "ignore:\n  - path: MSH-7\n")
	p.file("now/a.hl7", after)
	sides := []string{filepath.Join(p.stage.Folder, "base"), filepath.Join(p.stage.Folder, "now")}
	p.OfferPaths(sides)
	p.settle()
	if got := grid(p.RuleList()); got != "leave out MSH-7|1||\n" || p.Title().Rules != "1 path left out of base" {
		t.Errorf("rules %q, title %+v", got, p.Title())
	}
	p.IgnoreEverywhere()
	p.settle()
	if b, err := os.ReadFile(rules); err != nil || string(b) != "ignore:\n  - path: MSH-7\n" {
		t.Errorf("%s %v", b, err)
	}
	p.SetMasked(true)
	if p.Title().Rules != "2 paths left out" {
		t.Errorf("title %+v", p.Title())
	}
	if err := os.WriteFile(rules, []byte("ignore:\n  - path: ]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.OfferPaths(sides)
	p.settle()
	if p.IsOpen() || !p.News().Bad {
		t.Errorf("rules that cannot work are used; news %+v", p.News())
	}
}

func TestMessagesOfTheProjectAreSides(t *testing.T) {
	p := open(t)
	if _, err := inspect.Import(t.Context(), p.stage.Workspace, "all.hl7", strings.NewReader(before+strings.Replace(after, "|M1|", "|M2|", 1)), nil); err != nil {
		t.Fatal(err)
	}
	ids, err := p.stage.Workspace.IDs(t.Context(), workspace.Query{})
	if err != nil || len(ids) != 2 {
		t.Fatal(ids, err)
	}
	p.OfferMessages(ids)
	p.settle()
	if !p.IsOpen() || p.Differences().Len() < 5 {
		t.Errorf("news %+v", p.News())
	}
	p.OfferMessages(ids[:1])
	if !p.News().Bad {
		t.Error("one message is compared")
	}
	p.Start([2]Side{{Kind: Messages, Query: `PID-5.2 = "Jane"`}, {Kind: Messages, Query: "control:M2"}}, Pairing{})
	p.settle()
	if !p.IsOpen() || p.Title().Left == "" {
		t.Errorf("news %+v", p.News())
	}
	p.Start([2]Side{{Kind: Messages, Query: "control:nothing"}, {Kind: Messages}}, Pairing{})
	p.settle()
	if p.IsOpen() || !strings.Contains(p.News().Text, "the left side holds no message") {
		t.Errorf("news %+v", p.News())
	}
	p.Start([2]Side{{Kind: Journal, Endpoint: "adt"}, {Kind: Messages}}, Pairing{})
	p.settle()
	if !p.News().Bad {
		t.Error("an empty journal is compared")
	}
}

// Two runs of a sender, which the journal keeps, are a comparison like two folders.
func TestRunsOfTheJournalAreSides(t *testing.T) {
	p := open(t)
	j, err := p.stage.Workspace.OpenJournal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for run, text := range map[string]string{"february": before, "march": after} {
		var batch []*endpoint.Exchange
		for i := range 5 {
			now := time.Date(2026, 3, 2, 10, i, 0, 0, time.UTC)
			e := &endpoint.Exchange{Endpoint: "oru-out", Run: run, Direction: endpoint.Outbound, Attempt: 1, FirstByte: now, LastByte: now,
				Request: []byte(strings.Replace(text, "|M1|", fmt.Sprintf("|M%d|", i), 1)), Reply: []byte("MSH|^~\\&|\rMSA|AA|M\r")}
			e.Seal(true)
			batch = append(batch, e)
		}
		if err := j.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	var c Choices
	p.LoadChoices(func(got Choices) { c = got })
	p.settle()
	if len(c.Journals) != 3 || !strings.Contains(c.Journals[2].Words, "whole journal") {
		t.Fatalf("journals %+v", c.Journals)
	}
	side := func(run string) Side { return Side{Kind: Journal, Endpoint: "oru-out", Run: run} }
	p.Start([2]Side{side("february"), side("march")}, Pairing{})
	p.settle()
	if p.Pairs().Len() != 5 || p.found.counts[compare.Different] != 5 || !strings.Contains(p.Title().Left, "oru-out, run february") {
		t.Errorf("counts %v; news %+v", p.found, p.News())
	}
	p.OpenPair(0)
	if p.settle(); !p.IsOpen() {
		t.Errorf("news %+v", p.News())
	}
}

func TestKeysAreSuggested(t *testing.T) {
	p := open(t)
	left, right := p.file("february", series(6, before, before)), p.file("march", strings.ReplaceAll(series(6, before, after), "|M", "|N"))
	var all []compare.Suggestion
	p.SuggestKeys([2]Side{{Kind: Files, Paths: []string{left}}, {Kind: Files, Paths: []string{right}}}, func(got []compare.Suggestion, err error) {
		if err != nil {
			t.Error(err)
		}
		all = got
	})
	p.settle()
	for _, s := range all {
		if s.Key[0] == "MSH-10" {
			t.Errorf("%v pairs nothing", s.Key)
		}
	}
	if _, err := ReadKey("PID-3.1, nonsense-x"); err == nil {
		t.Error("a key that is none is taken")
	}
	if key, err := ReadKey("PID-3.1, EVN-2 file"); err != nil || len(key) != 3 {
		t.Error(key, err)
	}
	p.Start([2]Side{{Kind: Files, Paths: []string{left}}, {Kind: Files, Paths: []string{right}}}, Pairing{Way: compare.ByOrder})
	p.settle()
	if p.Pairs().Len() != 6 || !strings.Contains(p.Title().Numbers, "by order") {
		t.Errorf("%s; news %+v", p.Title().Numbers, p.News())
	}
}

func TestReportsLeaveTheProjectOnRecord(t *testing.T) {
	p := open(t)
	p.set(9)
	for kind, name := range ReportNames {
		for _, mask := range []bool{true, false} {
			path := filepath.Join(p.stage.Folder, name)
			p.Export(path, ReportKind(kind), mask)
			p.settle()
			b, err := os.ReadFile(path)
			if err != nil || p.News().Bad {
				t.Fatalf("%v; news %+v", err, p.News())
			}
			if bytes.Contains(b, []byte("Joan")) == mask {
				t.Errorf("%s, masked %v: the name is in it: %v", name, mask, !mask)
			}
		}
	}
	p.Export(filepath.Join(p.stage.Folder, "no", "where.html"), HTML, true)
	p.settle()
	if !p.News().Bad {
		t.Error("a report is written nowhere")
	}
	entries, err := p.stage.Workspace.Log(t.Context(), 0, 1000)
	n := 0
	for _, e := range entries {
		if e.Action == workspace.ActionExported {
			n++
		}
	}
	if err != nil || n != 6 {
		t.Errorf("%d exports on record, %v", n, err)
	}
}

func TestOneFileWaitsForTheOther(t *testing.T) {
	p := open(t)
	p.OfferPaths([]string{p.file("left", before)})
	if p.Ready() || p.News().Text == "" {
		t.Errorf("news %+v", p.News())
	}
	p.OfferPaths([]string{p.file("right", after)})
	p.settle()
	if !p.IsOpen() {
		t.Errorf("news %+v", p.News())
	}
	p.Swap()
	p.settle()
	if sides, _ := p.Sides(); sides[0].Words() != "right" || !p.IsOpen() {
		t.Errorf("sides %+v", sides)
	}
	p.OfferPaths([]string{"a", "b", "c"})
	if !p.News().Bad {
		t.Error("three files are compared")
	}
	p.OfferPaths([]string{filepath.Join(p.stage.Folder, "missing"), filepath.Join(p.stage.Folder, "left")})
	p.settle()
	if !p.News().Bad || p.IsRunning() {
		t.Errorf("news %+v", p.News())
	}
}

func TestCancelKeepsWhatWasFound(t *testing.T) {
	p := open(t)
	p.OfferPaths([]string{p.file("february", series(3000, before, before)), p.file("march", series(3000, before, after))})
	p.Cancel()
	p.settle()
	if p.IsRunning() {
		t.Error("it still runs")
	}
	p.Again()
	p.settle()
	if p.Pairs().Len() != 3000 {
		t.Errorf("%d pairs; news %+v", p.Pairs().Len(), p.News())
	}
}
