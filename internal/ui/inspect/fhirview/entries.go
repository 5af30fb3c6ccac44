package fhirview

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// entryPane is a Bundle as a table.
type entryPane struct {
	v       *View
	content *fyne.Container
	kinds   *kit.Choice
	types   []string // of the choice, "" for all
	labels  string   // of the choice, as they show
	field   *kit.Field
	count   *kit.Text
	grid    *kit.GridView
}

func newEntryPane(v *View) *entryPane {
	p := &entryPane{v: v, types: []string{""}}
	p.kinds = kit.NewChoice([]string{"All types"}, func(i int) { v.m.SetFilter(p.types[i], p.field.Text) })
	p.field = kit.NewField("Filter: type, id, name, address")
	p.field.OnChanged = func(text string) {
		only, _ := v.m.Filter()
		v.m.SetFilter(only, text)
	}
	p.field.OnSubmitted = func(string) { v.host.Focus(p.grid) }
	p.field.OnEscape = func() {
		p.field.SetText("")
		v.host.Focus(p.grid)
	}
	p.count = kit.NewCaption("")
	p.grid = kit.NewGridView(v.m.EntryGrid())
	p.grid.Single = true
	p.grid.OnSelect = v.m.SelectEntry
	p.grid.OnOpen = func(row int) { v.m.SelectEntry(row); v.SetMode(v.m.Own()) }
	p.grid.OnSort = v.m.SortEntries
	p.grid.OnSecondary = func(row int, at fyne.Position) {
		v.m.SelectEntry(row)
		v.menu(nil, at)
	}
	line := container.New(kit.Row{Flex: 1}, container.NewHBox(p.kinds, kit.Gap(2, 0)), p.field, container.NewHBox(kit.Gap(2, 0), container.NewCenter(p.count)))
	top := container.NewVBox(container.NewBorder(kit.Gap(0, 1), kit.Gap(0, 1), kit.Gap(4, 0), kit.Gap(4, 0), line), kit.NewRule())
	p.content = container.New(kit.Column{Flex: 1}, top, p.grid)
	return p
}

func (p *entryPane) redraw() {
	m := p.v.m
	only, words := m.Filter()
	types, labels, chosen, all := []string{""}, []string{""}, 0, 0
	for _, t := range m.Types() {
		name := t.Type
		if name == "" {
			name = "no resource"
		}
		types, labels = append(types, t.Type), append(labels, fmt.Sprintf("%s  %s", name, screen.Count(t.Count)))
		all += t.Count
		if t.Type == only && only != "" {
			chosen = len(types) - 1
		}
	}
	labels[0] = "All types  " + screen.Count(all)
	if now := fmt.Sprint(labels); now != p.labels {
		p.types, p.labels = types, now
		p.kinds.SetOptions(labels)
	}
	p.kinds.SetSelected(chosen)
	if p.field.Text != words {
		p.field.Text = words
		p.field.Refresh()
	}
	if p.field.Password != p.v.place.Masked() {
		p.field.Password = p.v.place.Masked()
		p.field.Refresh()
	}
	n := m.EntryGrid().Len()
	p.count.SetText(screen.Plural(n, "entry"))
	p.grid.Empty = "No entry matches."
	if all == 0 {
		p.grid.Empty = "The Bundle has no entries."
	}
	column, descending := m.SortedEntries()
	p.grid.SetSort(column, descending)
	if p.grid.Selected() != m.ChosenEntry() {
		p.grid.Select(m.ChosenEntry())
	}
	p.grid.Refresh()
}
