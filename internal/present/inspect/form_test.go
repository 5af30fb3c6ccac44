package inspect

import (
	"slices"
	"strings"
	"testing"
)

const good = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||Marlow^Ana^Q||19790228|F\rPV1|1|O|INF^2^^LAKE\r"

// names are the rows of the form as they read.
func (p *place) names() (out []string) {
	g := p.Form()
	for i := range g.Len() {
		out = append(out, strings.TrimSpace(g.Cell(i, 0).Text+" = "+g.Cell(i, 1).Text))
	}
	return out
}

// formRow chooses the row of the form that begins with a text.
func (p *place) formRow(begin string) int {
	p.t.Helper()
	for i, n := range p.names() {
		if strings.HasPrefix(n, begin) {
			p.SelectFormRow(i)
			return p.FormSelected()
		}
	}
	p.t.Fatalf("no row %q in %q", begin, p.names())
	return -1
}

func TestFormFollowsTheCursorAndTheCursorTheForm(t *testing.T) {
	p := editing(t, good)
	p.SetFace(FaceForm)
	if p.Face() != FaceForm {
		t.Fatal("no form")
	}
	p.MoveTo(strings.Index(good, "Ana"))
	row := p.FormSelected()
	if row < 0 || !strings.HasPrefix(p.names()[row], "5.2  Given Name = Ana") {
		t.Fatalf("row %d of %q", row, p.names())
	}
	if s := p.FormSegment(); s < 0 || !strings.HasPrefix(p.FormSegments().Cell(s, 0).Text, "PID ") {
		t.Errorf("segment %d", s)
	}
	row = p.formRow("8  Administrative Sex")
	if got := p.Path(); got != "PID-8" {
		t.Errorf("the cursor is at %q", got)
	}
	if e, err := p.EditFormRow(row); err != nil || e.Text != "F" || !strings.Contains(p.About(e), "table 0001") {
		t.Errorf("%+v %v %q", e, err, p.About(e))
	}
	p.SelectFormSegment(0)
	if got := p.Path(); got != "MSH" {
		t.Errorf("the cursor is at %q", got)
	}
	if _, err := p.EditFormRow(0); err == nil {
		t.Error("the field separator can be written alone")
	}
	p.SetFace(FaceHex)
	if p.Form().Len() != 0 || !p.Hex() {
		t.Error("the form is read while it does not show")
	}
}

func TestFormIsFilledIn(t *testing.T) {
	p := editing(t, good)
	p.SetFace(FaceForm)
	p.MoveTo(strings.Index(good, "Ana"))
	// What is written in one go is one change, also of a field that was empty and behind the last.
	p.formRow("30  Patient Death Indicator")
	e, err := p.EditFormRow(p.FormSelected())
	if err != nil || e.Text != "" {
		t.Fatal(e, err)
	}
	codes := p.Codes(e, "y")
	if len(codes) != 1 || codes[0].Value != "Y" {
		t.Errorf("codes %v", codes)
	}
	for i, text := range []string{"X", "", "Y"} {
		if err := p.Enter(e, text, i > 0); err != nil {
			t.Fatal(err)
		}
		if now, ok := p.Stands(e); !ok || now != text {
			t.Fatalf("after %q: %q %v", text, now, ok)
		}
	}
	if undo, did, _, _ := p.Changes(); undo != 1 || did != "change of PID-30" {
		t.Errorf("%d changes, %q", undo, did)
	}
	if got := p.open.message.Get(e.path).Text(); got != "Y" {
		t.Errorf("PID-30 %q", got)
	}
	p.Undo()
	if string(p.Raw()) != good {
		t.Error("not as it came")
	}
	// A part of a field that was empty.
	p.MoveTo(strings.Index(good, "Ana"))
	row := p.formRow("6  ")
	p.ToggleFormRow(row)
	row = p.formRow("6.2  Given Name")
	if e, err = p.EditFormRow(row); err != nil {
		t.Fatal(err)
	}
	if err := p.Enter(e, "A&B|C", false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(p.Raw()), `|^A\T\B\F\C|`) {
		t.Errorf("%q", p.Raw())
	}
	// What has parts is taken as it stands, and nothing from above it.
	e, err = p.EditFormRow(p.formRow("5  Patient Name"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Enter(e, "Marlow^Anna|x", false); err == nil {
		t.Error("a field separator inside a field is taken")
	}
	if err := p.Enter(e, "Marlow^Anna", false); err != nil || !strings.Contains(string(p.Raw()), "|Marlow^Anna|") {
		t.Errorf("%v %q", err, p.Raw())
	}
}

func TestRepetitionsInTheForm(t *testing.T) {
	p := editing(t, good)
	p.SetFace(FaceForm)
	p.MoveTo(strings.Index(good, "Ana"))
	row := p.formRow("3  Patient Identifier List")
	before := string(p.open.message.Segment(2).Field(3).Raw())
	if err := p.AddRepetition(row); err != nil {
		t.Fatal(err)
	}
	if names := p.names(); !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "3[2]") }) {
		t.Fatalf("%q", names)
	}
	e, err := p.EditFormRow(p.FormSelected())
	if err != nil || e.Path != "PID-3[2]" {
		t.Fatal(e.Path, err)
	}
	if err := p.Enter(e, "9^^^X^PI", false); err != nil {
		t.Fatal(err)
	}
	if got := string(p.open.message.Segment(2).Field(3).Raw()); got != before+"~9^^^X^PI" {
		t.Errorf("%q", got)
	}
	if err := p.RemoveRepetition(p.FormSelected()); err != nil {
		t.Fatal(err)
	}
	if got := string(p.open.message.Segment(2).Field(3).Raw()); got != before {
		t.Errorf("%q", got)
	}
	if err := p.AddRepetition(p.formRow("6  ")); err == nil {
		t.Error("an empty field repeats")
	}
}

func TestFormUnderTheMask(t *testing.T) {
	p := editing(t, good)
	p.SetFace(FaceForm)
	p.MoveTo(strings.Index(good, "Ana"))
	e, err := p.EditFormRow(p.formRow("8  "))
	if err != nil {
		t.Fatal(err)
	}
	p.SetMasked(true)
	if _, ok := p.Stands(e); ok || p.Enter(e, "M", false) == nil {
		t.Error("the mask lets write")
	}
	g := p.Form()
	for i := range g.Len() {
		if strings.HasPrefix(g.Cell(i, 0).Text, "5  ") && !g.Cell(i, 1).Masked {
			t.Error("the name shows")
		}
	}
}

// What a field of one line cannot show truly is taken as it stands, or not at all.
func TestValuesThatDoNotReadTheSameAreTakenAsTheyStand(t *testing.T) {
	p := editing(t, good+"NTE|1||first\\.br\\second \\H\\high\\N\\ a\\T\\b|one\nNTE|2||"+strings.Repeat("x", maxEdit+1)+"\rNTE|3||a\\T\\b\r")
	p.SetFace(FaceForm)
	comment := func(n string) (Edit, error) {
		p.MoveTo(strings.Index(string(p.Raw()), "NTE|"+n) + 1)
		return p.EditFormRow(p.formRow("3  Comment"))
	}
	e, err := comment("1")
	if err != nil || e.Text != `first\.br\second \H\high\N\ a\T\b` {
		t.Fatalf("%q %v", e.Text, err)
	}
	if err := p.Enter(e, e.Text+"!", false); err != nil || !strings.Contains(string(p.Raw()), `|first\.br\second \H\high\N\ a\T\b!|`) {
		t.Errorf("%v %q", err, p.Raw())
	}
	if e, err := comment("3"); err != nil || e.Text != "a&b" {
		t.Errorf("%q %v", e.Text, err)
	}
	if e, err := comment("2"); err == nil || e.Text != "" {
		t.Errorf("%d letters are changed in a field", len(e.Text))
	}
}
