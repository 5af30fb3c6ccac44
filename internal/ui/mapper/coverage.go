package mapper

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// coveragePane is what the mapping still misses, in sections, and what each rule did in each sample.
type coveragePane struct {
	v       *View
	content fyne.CanvasObject
	words   *kit.Text
	tabs    *kit.SegmentedControl
	grid    *kit.GridView
	section model.Section
	do      *kit.ToolButton // what can be done with the section's rows
	matrix  *kit.GridView
	signs   *kit.Text
	body    *fyne.Container
	list    fyne.CanvasObject
	whole   fyne.CanvasObject
}

// matrixTab stands after the sections.
const matrixTab = int(model.Sections)

func newCoveragePane(v *View) *coveragePane {
	p := &coveragePane{v: v}
	p.words = kit.NewWords("", screen.RoleText)
	p.tabs = kit.NewSegmentedControl(p.titles(), p.choose)
	p.grid = kit.NewGridView(v.m.CoverageList(0))
	p.grid.OnOpen = p.open
	p.grid.OnSecondary = p.menu
	p.grid.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete && p.section == model.SectionLeftOut {
			v.m.TakeBack(p.grid.SelectedRows())
			return true
		}
		return false
	}
	p.do = kit.NewTextButton("", "", nil)
	p.matrix = kit.NewGridView(v.m.Matrix())
	p.matrix.Single, p.matrix.Cells = true, true
	p.matrix.Empty = "No samples yet: choose some, and see here what each rule did in each of them."
	p.matrix.OnOpen = func(row int) {
		_, cell := p.matrix.Cell()
		v.m.GoToDeed(row, cell)
		v.ShowTab(0)
	}
	p.signs = kit.NewCaption(model.MatrixWords)
	p.list = p.grid
	p.whole = container.New(kit.Column{Flex: 1}, kit.NewBand(container.NewBorder(nil, nil, kit.Gap(6, 0), nil, p.signs)), p.matrix)
	p.body = container.NewStack(p.list)
	head := container.NewBorder(kit.Gap(0, 3), kit.Gap(0, 3), kit.Gap(8, 0), kit.Gap(8, 0), p.words)
	bar := kit.NewHeading(p.tabs, container.NewCenter(p.do))
	p.content = container.New(kit.Column{Flex: 2}, bar, head, p.body)
	return p
}

func (p *coveragePane) titles() []string {
	var titles []string
	for s := range model.Sections {
		title := s.Title()
		if n := p.v.m.SectionCount(s); n > 0 {
			title += fmt.Sprintf("  %s", screen.Count(n))
		}
		titles = append(titles, title)
	}
	return append(titles, "Rules × samples")
}

// choose shows a section, or the matrix.
func (p *coveragePane) choose(i int) {
	p.body.Objects[0] = p.list
	if i == matrixTab {
		p.body.Objects[0] = p.whole
		p.v.m.Account(true)
	} else if s := model.Section(i); s != p.section {
		p.section = s
		p.grid.SetGrid(p.v.m.CoverageList(s))
	}
	p.body.Refresh()
	p.redraw(model.All)
}

var emptyWords = [model.Sections]string{
	model.SectionUnmapped: "Every value of the samples is read by a rule, or left out on purpose.",
	model.SectionLeftOut:  "Nothing is left out on purpose. Leave a field out in the list of what is not mapped.",
	model.SectionRequired: "No required element is missing in what the mapping makes of the samples.",
	model.SectionNever:    "Every rule wrote something in some sample.",
	model.SectionLookups:  "Every value that was looked up is in its table.",
	model.SectionAdvice:   "There is nothing to say about the rules.",
}

func (p *coveragePane) redraw(what model.What) {
	m := p.v.m
	m.Account(p.tabs.Selected() == matrixTab)
	p.tabs.SetLabels(p.titles())
	p.words.SetText(m.CoverageWords())
	p.grid.Empty = emptyWords[p.section]
	p.redrawDo()
	p.grid.Refresh()
	p.matrix.Refresh()
	p.content.Refresh()
}

// redrawDo offers what the section asks for.
func (p *coveragePane) redrawDo() {
	m := p.v.m
	label, do := "", func() {}
	switch {
	case p.tabs.Selected() == matrixTab || m.SectionCount(p.section) == 0:
	case p.section == model.SectionUnmapped:
		label, do = "Leave out…", p.leaveOut
	case p.section == model.SectionLeftOut:
		label, do = "Take back", func() { m.TakeBack(p.grid.SelectedRows()) }
	case p.section == model.SectionLookups:
		label, do = "Add them as rows", p.addRows
	}
	if label == "" {
		p.do.Hide()
		return
	}
	p.do.SetLabel(label)
	p.do.SetAction(do)
	p.do.Show()
}

// addRows makes rows of the values that were not found, and shows the tables, where their meaning is written.
func (p *coveragePane) addRows() {
	p.v.m.AddFailedRows()
	p.v.ShowTab(lookupsTab)
}

// lookupsTab is the place of the lookup tables among the tabs.
const lookupsTab = 2

// leaveOut asks why the selected fields are left out.
func (p *coveragePane) leaveOut() {
	rows := p.grid.SelectedRows()
	if len(rows) == 0 {
		p.v.host.Tell("Nothing is selected", "Select the fields that are not to be mapped: with a click, with Shift and Ctrl for several.")
		return
	}
	title := "Leave " + screen.Plural(len(rows), "field") + " out"
	p.v.ask(title, "Because", "the partner has no place for it", "", "Leave out", "It stands in the specification, with the reason.", func(reason string) error { return p.v.m.LeaveOut(rows, reason) })
}

// open goes to what a row is about.
func (p *coveragePane) open(row int) {
	v := p.v
	rule, source, target := v.m.GoTo(p.section, row)
	switch {
	case p.section == model.SectionLookups:
		v.ShowTab(lookupsTab)
	case rule != "":
		v.ShowTab(0)
		v.m.Reveal()
	case source != "" || target != "":
		v.ShowTab(0)
		v.picture.goTo(target != "", source+target)
	}
}

func (p *coveragePane) menu(row int, at fyne.Position) {
	items := []*fyne.MenuItem{fyne.NewMenuItem("Go there  (Enter)", func() { p.open(row) })}
	switch p.section {
	case model.SectionUnmapped:
		items = append(items, fyne.NewMenuItem("Leave out…", p.leaveOut))
	case model.SectionLeftOut:
		items = append(items, fyne.NewMenuItem("Take back  (Delete)", func() { p.v.m.TakeBack(p.grid.SelectedRows()) }))
	case model.SectionLookups:
		items = append(items, fyne.NewMenuItem("Add them as rows", p.addRows))
	}
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}

func (p *coveragePane) panes() []fyne.Focusable {
	if p.tabs.Selected() == matrixTab {
		return []fyne.Focusable{p.matrix, p.tabs}
	}
	return []fyne.Focusable{p.grid, p.tabs}
}

func (p *coveragePane) actions() []shell.Action {
	var list []shell.Action
	for s := range model.Sections {
		list = append(list, shell.Action{ID: fmt.Sprint("map.coverage.", s), Title: "Coverage: " + s.Title(), Keys: fmt.Sprint("Alt+Shift+", s+1), Run: func() { p.tabs.Choose(int(s)) }})
	}
	list = append(list, shell.Action{ID: "map.coverage.matrix", Title: "Coverage: rules and samples", Keys: fmt.Sprint("Alt+Shift+", matrixTab+1), Run: func() { p.tabs.Choose(matrixTab) }})
	if p.section == model.SectionUnmapped && p.v.m.SectionCount(p.section) > 0 {
		list = append(list, shell.Action{ID: "map.leaveout", Title: "Leave the selected fields out…", Detail: "on purpose, with the reason", Keys: "Ctrl+Shift+O", Run: p.leaveOut})
	}
	return list
}

func (p *coveragePane) keys() []shell.Key {
	return []shell.Key{
		{Keys: "Enter", Does: "go to the rule, or to the place in the picture"},
		{Keys: "Delete", Does: "in what is left out: take it back"},
		{Keys: "Left, Right", Does: "in rules × samples: another sample"},
	}
}
