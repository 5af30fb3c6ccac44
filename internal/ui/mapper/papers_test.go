package mapper

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/stage"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// asking is a window whose dialogs take the place of its content.
type asking struct {
	quiet
	window fyne.Window
	target string // the name that was proposed for a file
	told   string
}

func (a *asking) Dialog(_ string, content fyne.CanvasObject, _ float32, first fyne.Focusable, _ ...kit.Action) func() {
	a.window.SetContent(content)
	a.window.Canvas().Focus(first)
	return func() {}
}

func (a *asking) ChooseTarget(_, name string, _ func(string)) { a.target = name }
func (a *asking) Tell(_, text string)                         { a.told = text }

// asked is a place over a project without mappings.
func asked(t *testing.T) (*View, *asking, *uitest.Window, *stage.Stage) {
	t.Helper()
	s := stage.New(t)
	m := model.New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	m.Enter()
	s.Settle()
	a := &asking{}
	var v *View
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 1000, Height: 700}, func(w fyne.Window) fyne.CanvasObject {
		a.window = w
		v = New(m, a)
		return v.Content()
	})
	return v, a, w, s
}

func TestPapersAreWrittenWithReturn(t *testing.T) {
	v, a, w, s := asked(t)
	if err := v.m.Create(model.NewMapping{Name: "Lakeside ADT", Starter: "adt-to-patient"}); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	v.Papers()
	s.Settle()
	const letter = "Letter instead of A4"
	if w.Shows(letter) {
		t.Error("a workbook asks for the size of pages")
	}
	w.Key(fyne.KeyDown)
	if !w.Shows(letter) {
		t.Errorf("PDF does not ask for the size of pages: %q", w.Texts())
	}
	for _, placeholder := range []string{"1.0", "your name"} {
		a.target = ""
		w.Field(placeholder)
		w.Type("7")
		w.Key(fyne.KeyReturn)
		if !strings.HasSuffix(a.target, "-7.pdf") {
			t.Errorf("Return in the field %s writes %q", placeholder, a.target)
		}
	}
}

func TestImportedSheetIsShownAsTable(t *testing.T) {
	v, a, w, s := asked(t)
	for _, c := range []struct{ name, rows, told string }{
		{"whole", "PID-5.1\tPatient.name.family\n", ""},
		{"with a remark", "PID-5.1\tPatient.name.family\nPID-6\t\n", "row 3: PID-6 has no target"},
	} {
		v.ShowTab(0)
		a.told = ""
		v.ImportSheet()
		w.Field("lakeside adt").(*kit.Field).SetText(c.name)
		w.Field("or paste the rows here, with their titles: source, target, …").(*kit.Field).SetText("Source\tTarget\n" + c.rows)
		w.Field("lakeside adt")
		w.Key(fyne.KeyReturn)
		s.Settle()
		if v.m.Name() != c.name || v.shownTab != tableTab || !strings.HasPrefix(a.told, c.told) || (a.told == "") != (c.told == "") {
			t.Errorf("%s: %q is open at tab %d, told %q", c.name, v.m.Name(), v.shownTab, a.told)
		}
	}
}
