package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// projectPlace is the place Project: its pages under tabs.
type projectPlace struct {
	still
	tabs  *kit.SegmentedControl
	pages []page
	body  *fyne.Container
}

// page is one page of the place.
type page struct {
	title   string
	content fyne.CanvasObject
	focus   func() // brings it up to date and gives it the keyboard
}

func newProjectPlace(s *Shell, pages ...page) *projectPlace {
	p := &projectPlace{still: still{s: s}, pages: pages, body: container.NewStack(pages[0].content)}
	var titles []string
	for _, g := range pages {
		titles = append(titles, g.title)
	}
	p.tabs = kit.NewSegmentedControl(titles, func(int) { p.show() })
	bar := container.NewBorder(nil, nil, kit.Gap(18, 0), nil, container.NewHBox(container.NewCenter(p.tabs)))
	p.content = container.New(kit.Column{Flex: 2},
		kit.OnPanel(theme.ColorPanel, container.NewStack(kit.Gap(0, theme.BarHeight), bar)), kit.NewRule(), p.body)
	return p
}

// Focus shows the chosen page anew.
func (p *projectPlace) Focus() { p.show() }

// Actions go to the pages, from everywhere.
func (p *projectPlace) Actions() []shell.Action {
	var out []shell.Action
	for i, g := range p.pages {
		if i > 0 { // the first is the place itself
			out = append(out, shell.Action{ID: "project." + g.title, Title: g.title, Detail: "page of Project", Everywhere: true, Run: func() { p.open(i) }})
		}
	}
	return out
}

// open shows a page.
func (p *projectPlace) open(i int) {
	p.tabs.SetSelected(i)
	p.show()
}

func (p *projectPlace) show() {
	g := p.pages[p.tabs.Selected()]
	p.body.Objects = []fyne.CanvasObject{g.content}
	p.body.Refresh()
	g.focus()
}
