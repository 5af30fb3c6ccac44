package kit

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// Tab must reach everything, and each must show that it has the focus. The order is that of the layout's objects:
// Fyne's border layout has its middle first.
func TestFocusReachesEverythingAndShows(t *testing.T) {
	for _, mode := range []theme.Mode{theme.Dark, theme.Light} {
		var stops []fyne.Focusable
		w := uitest.Open(t, uitest.Options{Mode: mode, Width: 760, Height: 300}, func(fyne.Window) fyne.CanvasObject {
			rail := NewRailButton(theme.IconInspect, "Inspect", nil)
			views := NewSegmentedControl([]string{"Raw", "Form", "Hex"}, nil)
			flat := NewToolButton(theme.IconUndo, "Undo", nil)
			raised := NewTextButton(theme.IconImport, "Import", nil)
			primary := NewPrimaryButton("", "Open project", nil)
			grid := NewGridView(&rows{n: 20})
			tree := NewTreeView(&leaves{open: map[int]bool{}})
			code := NewCodeView()
			code.SetText(sampleText())
			stops = []fyne.Focusable{rail, views, flat, raised, primary, grid, tree, code}
			bar := container.NewHBox(views, Gap(8, 0), flat, Gap(4, 0), raised, Gap(4, 0), primary)
			return container.NewBorder(nil, nil, container.NewVBox(rail), nil,
				container.NewBorder(bar, nil, nil, nil, NewColumns(grid, NewRows(tree, code, 0.5), 0.4)))
		})
		without := w.Canvas().Capture()
		reached := map[fyne.Focusable]bool{}
		for range stops {
			w.Canvas().FocusNext()
			now := w.Canvas().Focused()
			reached[now] = true
			if uitest.Same(without, w.Canvas().Capture()) == nil {
				t.Errorf("%s: %T does not show that it has the focus", mode, now)
			}
		}
		for i, stop := range stops {
			if !reached[stop] {
				t.Errorf("%s: Tab does not reach %T", mode, stop)
			}
			w.Canvas().Focus(stop)
			w.Shot(fmt.Sprintf("kit-focus-%s-%d", mode, i))
		}
	}
}
