package inspect

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// countsPane is the statistics of a field.
type countsPane struct {
	v       *View
	content *fyne.Container
	title   *kit.Text
	facts   *kit.Text
	start   *kit.ToolButton
	kind    *kit.SegmentedControl
	grid    *kit.GridView
}

func newCountsPane(v *View) *countsPane {
	p := &countsPane{v: v}
	p.title = kit.NewText("", screen.RoleText)
	p.title.Bold, p.title.Min = true, 80
	p.facts = kit.NewWords("", screen.RoleMuted)
	p.start = kit.NewTextButton("", "Count", v.CountHere)
	p.kind = kit.NewSegmentedControl([]string{"Values", "Patterns"}, func(i int) { v.m.SetShowsPatterns(i == 1) })
	p.grid = kit.NewGridView(v.m.CountGrid())
	p.grid.Single = true
	p.grid.OnOpen = p.open
	p.grid.OnSecondary = p.menu
	head := container.NewVBox(
		container.NewBorder(kit.Gap(0, 2), nil, kit.Gap(5, 0), kit.Gap(3, 0), container.New(kit.Row{Flex: 0}, p.title, p.start)),
		container.NewBorder(nil, nil, kit.Gap(5, 0), kit.Gap(5, 0), p.facts),
		container.NewHBox(kit.Gap(2, 0), p.kind), kit.NewRule())
	p.content = container.New(kit.Column{Flex: 1}, head, p.grid)
	return p
}

func (p *countsPane) redraw() {
	m := p.v.m
	here := m.ColumnHere()
	p.start.SetLabel("Count " + here)
	switch {
	case m.Counting():
		p.start.SetLabel("Counting…")
		p.start.Disable()
	case here == "":
		p.start.SetLabel("Count")
		p.start.Disable()
	default:
		p.start.Enable()
	}
	s, ok := m.Statistics()
	p.title.SetText(s.Title)
	p.facts.SetText(strings.Join(s.Facts, " · "))
	p.grid.Empty = "No message has a value there."
	if !ok {
		p.title.SetText("Statistics of a field")
		p.facts.SetText("Put the cursor into a field, then count: how often it has a value in the listed messages, which ones, how long, of which pattern.")
		p.grid.Empty = ""
	}
	if m.ShowsPatterns() {
		p.kind.SetSelected(1)
	} else {
		p.kind.SetSelected(0)
	}
	p.grid.Refresh()
	p.content.Refresh()
}

// open narrows the list to a value, or opens the first message with a pattern.
func (p *countsPane) open(row int) {
	if !p.v.m.FilterCounted(row) {
		p.v.m.OpenExample(row)
	}
}

func (p *countsPane) menu(row int, at fyne.Position) {
	m := p.v.m
	var items []*fyne.MenuItem
	if !m.ShowsPatterns() {
		items = append(items, fyne.NewMenuItem("Show only messages with this value", func() { m.FilterCounted(row) }))
	}
	items = append(items,
		fyne.NewMenuItem("Open the first message with it", func() { m.OpenExample(row) }),
		fyne.NewMenuItem("Show only messages without a value", m.FilterWithout))
	if !m.Masked() {
		items = append(items, fyne.NewMenuItem("Copy", p.grid.Copy))
	}
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}

// CountHere counts the field at the cursor in the listed messages and shows the statistics.
func (v *View) CountHere() {
	v.lower.tabs.SetSelected(2)
	v.lower.choose()
	if !v.m.CountHere() {
		v.host.Tell("Nothing to count", "Put the cursor into a field of the message.")
	}
}
