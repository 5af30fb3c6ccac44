package kit

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// each runs a test of pictures in both variants at 100 and 200 %.
func each(t *testing.T, width, height float32, name string, content func(fyne.Window) fyne.CanvasObject, ready func(w *uitest.Window)) {
	for _, mode := range []theme.Mode{theme.Dark, theme.Light} {
		for _, scale := range []float32{1, 2} {
			full := fmt.Sprintf("%s-%s-%d", name, mode, int(scale*100))
			t.Run(full, func(t *testing.T) {
				w := uitest.Open(t, uitest.Options{Mode: mode, Scale: scale, Width: width, Height: height}, content)
				ready(w)
				w.Shot("kit-" + full)
				if name == "code" || name == "grid" {
					w.Golden(full)
				}
			})
		}
	}
}

func TestCodeViewPictures(t *testing.T) {
	var v *CodeView
	each(t, 720, 180, "code", func(fyne.Window) fyne.CanvasObject {
		v = NewCodeView()
		v.SetText(sampleText())
		v.SetMarks(sampleMarks())
		return v
	}, func(w *uitest.Window) {
		w.Canvas().Focus(v)
		v.SetSelection(at("RIVERBEND"), at("RIVERBEND")+9)
	})
}

func TestGridViewPictures(t *testing.T) {
	var v *GridView
	each(t, 640, 180, "grid", func(fyne.Window) fyne.CanvasObject {
		v = NewGridView(&rows{n: 1_000_000})
		v.SetSort("mrn", false)
		return v
	}, func(w *uitest.Window) {
		w.Canvas().Focus(v)
		v.Select(1)
		w.Hover(fyne.NewPos(100, 110))
	})
}

// gallery is every widget of this package at once, to be looked at.
func gallery(w fyne.Window) fyne.CanvasObject {
	code := NewCodeView()
	code.SetText(sampleText())
	code.SetMarks(sampleMarks())
	code.SetCursor(at("C10442"))
	grid := NewGridView(&rows{n: 40})
	grid.SetSort("size", true)
	grid.SelectRows([]int{1, 2})
	none := NewGridView(&rows{})
	none.Empty = "No message matches the query."
	tree := NewTreeView(&leaves{open: map[int]bool{1: true}})
	tree.Select(3)
	hex := NewCodeView()
	hex.HideNumbers = true
	hex.SetText(screen.NewHex([]byte(sample), screen.HexOptions{}))
	hex.SetCursor(12)
	rail := container.NewVBox(Gap(0, 4))
	for i, p := range []struct {
		icon theme.IconName
		word string
	}{{theme.IconProject, "Project"}, {theme.IconInspect, "Inspect"}, {theme.IconEndpoints, "Endpoints"}, {theme.IconMap, "Map"}, {theme.IconCompare, "Compare"}, {theme.IconLink, "Link"}} {
		b := NewRailButton(p.icon, p.word, nil)
		b.SetSelected(i == 1)
		rail.Add(b)
	}
	views := NewSegmentedControl([]string{"Raw", "Form", "Hex", "Cards"}, nil)
	off := NewToolButton(theme.IconRedo, "Redo", nil)
	off.Disable()
	on := NewToolButton(theme.IconMask, "Mask", nil)
	on.SetSelected(true)
	bar := container.NewHBox(Gap(4, 34), views, layout.NewSpacer(),
		NewBadge(screen.RoleError, screen.ShapeSquare, "2 errors"), NewBadge(screen.RoleWarning, screen.ShapeTriangle, "1"), NewBadge(screen.RoleInformation, screen.ShapeCircle, "4"), NewBadge(screen.RoleMuted, screen.ShapeNone, "test"), Gap(8, 0),
		NewToolButton(theme.IconUndo, "Undo", nil), off, on, NewToolButton(theme.IconMore, "More", nil), NewTextButton(theme.IconImport, "Import", nil), NewPrimaryButton("", "Open project", nil), Gap(4, 0))
	strips := container.NewVBox(
		NewStrip(screen.RoleError, "The file could not be read to its end: the drive was removed at 12.4 MB.", func() {}, Action{"Retry", nil}),
		NewStrip(screen.RoleInformation, "412 messages imported from adt-in.", func() {}))
	empty := NewEmptyState(theme.IconInspect, "No messages yet", "Drop files on the window, paste a message, or import a folder. Whatever it is, it opens.", Action{"Import files…", nil}, Action{"Paste", nil})
	left := NewRows(container.NewBorder(nil, nil, nil, nil, grid), none, 0.66)
	right := NewRows(NewRows(code, hex, 0.5), NewColumns(tree, empty, 0.5), 0.5)
	place := container.NewBorder(container.NewVBox(OnPanel(theme.ColorPanel, bar), NewRule(), strips), nil, nil, nil, NewColumns(left, right, 0.36))
	return container.NewBorder(nil, nil, container.NewHBox(OnPanel(theme.ColorPanel, rail), NewRule()), nil, place)
}

func TestGallery(t *testing.T) {
	each(t, 1440, 860, "gallery", gallery, func(w *uitest.Window) {})
}

func TestPalettePicture(t *testing.T) {
	each(t, 1000, 560, "palette", gallery, func(w *uitest.Window) {
		ShowPalette(w.Canvas(), "Search or run a command", sampleItems(nil), nil)
		w.Type("im")
	})
}

func sampleItems(ran *string) []Item {
	var items []Item
	for _, i := range []Item{
		{Title: "Go to Inspect", Detail: "place", Shortcut: "Ctrl+2", Icon: theme.IconInspect},
		{Title: "Import files…", Detail: "Inspect", Shortcut: "Ctrl+O", Icon: theme.IconImport},
		{Title: "Paste as message", Detail: "Inspect", Icon: theme.IconPaste},
		{Title: "Compare two messages", Detail: "Compare", Icon: theme.IconCompare},
		{Title: "Mask patient data on screen", Detail: "window", Shortcut: "Ctrl+M", Icon: theme.IconMask},
		{Title: "Switch to the light theme", Detail: "window", Icon: theme.IconLight},
	} {
		i.Run = func() {
			if ran != nil {
				*ran = i.Title
			}
		}
		items = append(items, i)
	}
	return items
}
