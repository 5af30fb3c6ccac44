package mapper

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/mapping"
	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
	"trestle/internal/workspace"
)

// The place has room in a window of 960 by 540, which is all there is of a screen of 1920 by 1080 at 200 %, beside the rail
// and below the top bar: a long name of the mapping pushes nothing out of it, and tabs and buttons stay in reach.
func TestPlaceFitsASmallScreen(t *testing.T) {
	s := stage.New(t)
	name := strings.Repeat("Admissions of the Lakeside clinic for the registry ", 3)
	long := strings.Repeat("extension[a very long name].", 6) + "valueString"
	f := &mapping.File{ID: "adt", Title: name, Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1", Message: "ADT_A01"}, Target: mapping.End{Kind: mapping.FHIR, Version: "4.0.1", Root: "Bundle"},
		Blocks: []mapping.Block{{ID: "b-patient", Make: "Patient", Per: "PID", Rules: []mapping.Rule{{ID: "r-1", To: long, From: []string{"PID-3.1", "PID-4.1"}}}}}}
	bytes, err := mapping.Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Workspace.PutDocument(t.Context(), workspace.DocumentMapping, strings.TrimSpace(name), bytes, 0); err != nil {
		t.Fatal(err)
	}
	m := model.New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	m.Enter()
	s.Settle()
	var v *View
	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Width: 900, Height: 470}, func(fyne.Window) fyne.CanvasObject {
		v = New(m, quiet{})
		return v.Content()
	})
	if !m.IsOpen() {
		t.Fatal("no mapping is open")
	}
	m.Choose("r-1")
	for i := range v.tabs {
		v.ShowTab(i)
		s.Settle()
		w.Settle()
		if least := v.Content().MinSize(); least.Width > 900-theme.RailWidth || least.Height > 470 {
			t.Errorf("%s asks for %v", v.tabs[i].Title, least)
		}
	}
	v.bar.coverage.Set(screen.RoleInformation, screen.ShapeNone, "coverage 50 %")
	v.bar.coverage.Show()
	row := &fyne.Container{}
	for _, o := range w.Objects() {
		if c, ok := o.(*fyne.Container); ok {
			if _, top := c.Layout.(topRow); top {
				row = c
			}
		}
	}
	if len(row.Objects) == 0 {
		t.Fatal("there is no top bar")
	}
	for _, width := range []float32{900 - theme.RailWidth, 900, 1100, 1500} {
		row.Resize(fyne.NewSize(width, row.Size().Height))
		end := float32(0)
		for i, o := range row.Objects {
			if !o.Visible() {
				continue
			}
			if o.Position().X < end || o.Position().X+o.Size().Width > width || o.Size().Width < o.MinSize().Width {
				t.Errorf("at %v the part %d stands at %v, %v wide", width, i, o.Position(), o.Size())
			}
			end = o.Position().X + o.Size().Width
		}
		if v.bar.share.Visible() != (width > 1100) {
			t.Errorf("at %v the coverage shows: %v", width, v.bar.share.Visible())
		}
	}
	w.Shot("room.png")
}
