package mapper

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"trestle/internal/mapping"
	model "trestle/internal/present/mapper"
	"trestle/internal/present/stage"
	"trestle/internal/ui/host"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
	"trestle/internal/workspace"
)

// quiet is a window that is only drawn in.
type quiet struct{ host.Host }

func (quiet) Status()              {}
func (quiet) Focus(fyne.Focusable) {}

// BenchmarkFrame is our own part of a frame of the picture of 3,000 rules, at 1200 by 700, while both lists are scrolled and
// a line is drawn by hand: both lists and the lines. Aim: 16 ms.
func BenchmarkFrame(b *testing.B) {
	s := stage.New(b)
	f := &mapping.File{ID: "adt-large", Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1", Message: "ADT_A01"}, Target: mapping.End{Kind: mapping.FHIR, Version: "4.0.1", Root: "Bundle"}}
	for i := range 30 {
		x := mapping.Block{ID: fmt.Sprintf("b-%d", i), Make: "Patient", Per: "PID"}
		for k := range 100 {
			x.Rules = append(x.Rules, mapping.Rule{ID: fmt.Sprintf("r-%d-%d", i, k), To: fmt.Sprintf("name[n%d].family", k), From: []string{fmt.Sprintf("PID-%d", (i+k)%30+1)}})
		}
		f.Blocks = append(f.Blocks, x)
	}
	bytes, err := mapping.Pack(f)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Workspace.PutDocument(b.Context(), workspace.DocumentMapping, "large", bytes, 0); err != nil {
		b.Fatal(err)
	}
	m := model.New(s.Runner, s.Workspace)
	b.Cleanup(m.Close)
	m.Enter()
	s.Settle()
	var v *View
	uitest.Open(b, uitest.Options{Mode: theme.Dark, Width: 1200, Height: 760}, func(fyne.Window) fyne.CanvasObject {
		v = New(m, quiet{})
		return v.Content()
	})
	m.RowOfPath(false, "PID-1")
	for k := range 100 {
		m.RowOfPath(true, fmt.Sprintf("Patient.name[n%d].family", k))
	}
	s.Settle()
	p := v.picture
	rasters := make([]*canvas.Raster, 0, 3)
	for _, w := range []fyne.Widget{p.trees[0], p.trees[1], p.links} {
		rasters = append(rasters, test.WidgetRenderer(w).Objects()[0].(*canvas.Raster))
	}
	n := 0.0
	most := 0
	for b.Loop() {
		n += 0.5
		p.pulled = pulled{on: true, row: int(n) % 40, at: fyne.NewPos(600, float32(int(n)%300))}
		p.trees[0].SetScrollOffset(float64(int(n) % 60))
		p.trees[1].SetScrollOffset(float64(int(3*n) % 1000))
		for i, r := range rasters {
			r.Generator([3]int{500, 450, 250}[i], 660)
		}
		most = max(most, len(p.curves))
	}
	b.ReportMetric(float64(most), "lines")
}
