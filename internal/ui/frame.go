package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// frame is what stands around a place: rail, top bar, status line.
type frame struct {
	s       *Shell
	content fyne.CanvasObject
	rail    map[shell.Place]*kit.RailButton
	place   *fyne.Container

	project     *kit.Text
	environment *kit.Badge
	search      *kit.ToolButton
	mask, mode  *kit.ToolButton
	status      *statusLine
}

var placeIcons = map[shell.Place]theme.IconName{
	shell.Project: theme.IconProject, shell.Inspect: theme.IconInspect, shell.Endpoints: theme.IconEndpoints,
	shell.Map: theme.IconMap, shell.Compare: theme.IconCompare, shell.Link: theme.IconLink, shell.Settings: theme.IconSettings,
}

func newFrame(s *Shell) *frame {
	f := &frame{s: s, rail: map[shell.Place]*kit.RailButton{}, place: container.NewStack()}
	f.status = newStatusLine(s)
	top := f.topBar()
	rail := f.makeRail()
	right := container.New(kit.Column{Flex: 1}, top, f.place, f.status.content)
	f.content = container.NewStack(kit.NewPanel("background"), container.New(kit.Row{Flex: 1}, rail, right))
	return f
}

func (f *frame) makeRail() fyne.CanvasObject {
	places := shell.Places()
	list := container.NewVBox(kit.Gap(0, 2))
	for i, p := range places {
		b := kit.NewRailButton(placeIcons[p], p.String(), func() { f.s.Go(p) })
		b.SetHint(p.String() + hintKey(i))
		f.rail[p] = b
		if p == shell.Settings {
			list.Add(layout.NewSpacer())
		}
		list.Add(b)
	}
	list.Add(kit.Gap(0, 2))
	return container.New(kit.Row{Flex: 0}, kit.OnPanel(theme.ColorPanel, container.NewStack(kit.Gap(theme.RailWidth, 0), list)), kit.NewRule())
}

func hintKey(i int) string {
	if i < 7 {
		return "  (Ctrl+" + string(rune('1'+i)) + ")"
	}
	return ""
}

func (f *frame) topBar() fyne.CanvasObject {
	f.project = kit.NewTitle("", 14)
	f.environment = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	f.environment.Hide()
	f.search = kit.NewTextButton(theme.IconSearch, "Search or run a command      Ctrl+K", f.s.ShowPalette)
	f.search.SetHint("Every action, place and recent item by name (Ctrl+K)")
	f.mask = kit.NewToolButton(theme.IconMask, "", func() { f.s.SetMasked(!f.s.m.Masked()) })
	f.mode = kit.NewToolButton(theme.IconSystem, "", func() { f.s.SetMode(f.s.mode.Next()) })
	help := kit.NewToolButton(theme.IconKeyboard, "Keys of this place (F1)", f.s.ShowKeys)
	lock := kit.NewToolButton(theme.IconLock, "Lock the project (Ctrl+L)", f.s.Lock)
	left := container.NewHBox(kit.Gap(8, 0), container.NewCenter(f.project), kit.Gap(4, 0), container.NewCenter(f.environment))
	right := container.NewHBox(container.NewCenter(f.mask), container.NewCenter(f.mode), container.NewCenter(help), container.NewCenter(lock), kit.Gap(4, 0))
	bar := container.New(thirds{}, left, container.NewCenter(f.search), right)
	return container.New(kit.Column{Flex: 0}, kit.OnPanel(theme.ColorPanel, container.NewStack(kit.Gap(0, 40), bar)), kit.NewRule())
}

// redraw shows the chosen place and the project's state.
func (f *frame) redraw() {
	m := f.s.m
	for p, b := range f.rail {
		b.SetSelected(p == m.Place())
	}
	if o := f.s.session.places[m.Place()].Content(); len(f.place.Objects) == 0 || f.place.Objects[0] != o {
		f.place.Objects = []fyne.CanvasObject{o}
		f.place.Refresh()
	}
	name, environment := m.Project()
	f.project.SetText(name)
	f.redrawEnvironment(environment)
	if m.Masked() {
		f.mask.SetIcon(theme.IconMask)
		f.mask.SetLabel("The mask is on: patient data is hidden on the screen. Show it (Ctrl+M)")
	} else {
		f.mask.SetIcon(theme.IconUnmask)
		f.mask.SetLabel("Hide patient data on the screen, for sharing it (Ctrl+M)")
	}
	f.mask.SetSelected(m.Masked())
	switch f.s.mode {
	case theme.Light:
		f.mode.SetIcon(theme.IconLight)
		f.mode.SetLabel("Light. Change to dark")
	case theme.Dark:
		f.mode.SetIcon(theme.IconDark)
		f.mode.SetLabel("Dark. Change to the desktop's choice")
	default:
		f.mode.SetIcon(theme.IconSystem)
		f.mode.SetLabel("Light or dark as the desktop. Change to light")
	}
	f.status.redraw()
}

func (f *frame) redrawEnvironment(environment string) {
	switch environment {
	case "":
		f.environment.Hide()
		return
	case "production":
		f.environment.Set(screen.RoleError, screen.ShapeSquare, "production")
	default:
		f.environment.Set(screen.RoleInformation, screen.ShapeNone, environment)
	}
	f.environment.Show()
}
