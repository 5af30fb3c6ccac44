package linker

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/linker"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// sidePane is the roster of one system: its columns, and the rows that were set aside.
type sidePane struct {
	v       *View
	w       model.Which
	content fyne.CanvasObject
	title   *kit.Text
	facts   *kit.Text
	problem *kit.Text
	notes   *kit.Text
	tabs    *kit.SegmentedControl
	columns *kit.GridView
	bad     *kit.GridView
	body    *fyne.Container
	empty   fyne.CanvasObject
}

func newSidePane(v *View, w model.Which) *sidePane {
	p := &sidePane{v: v, w: w}
	p.title = kit.NewTitle("", theme.SizeText)
	p.title.Min = 60
	p.facts = kit.NewCaption("")
	p.facts.Min = 40
	p.problem, p.notes = kit.NewWords("", screen.RoleWarning), kit.NewWords("", screen.RoleMuted)
	p.notes.TextSize = theme.SizeSmall
	p.columns = kit.NewGridView(v.m.Columns(w))
	p.columns.Single = true
	p.columns.OnOpen = func(row int) { v.EditColumn(w, row) }
	p.columns.OnSecondary = func(row int, _ fyne.Position) { v.EditColumn(w, row) }
	p.bad = kit.NewGridView(v.m.BadRows(w))
	p.bad.Single = true
	p.bad.Empty = "Every row can be used."
	p.tabs = kit.NewSegmentedControl([]string{"Columns", "Set aside"}, func(int) { p.choose() })
	words := "Our patients or plans, as our system exports them."
	if w == model.Theirs {
		words = "Theirs, as the partner's system exports them."
	}
	p.empty = kit.NewEmptyState(theme.IconRoster, "No roster of "+w.String()+" yet", words,
		kit.Action{Label: "Import " + w.String() + "…", Do: func() { v.Import(w) }}, kit.Action{Label: "From messages…", Do: func() { v.FromMessages(w) }},
		kit.Action{Label: "No existing data…", Do: func() { v.NoData(w) }})
	p.body = container.NewStack(p.empty)
	head := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(8, 0), container.New(kit.Titles{}, p.title, p.facts),
		container.NewCenter(kit.NewToolButton(theme.IconFolderOpen, "Import "+w.String()+"…", func() { v.Import(w) })),
		container.NewCenter(kit.NewToolButton(theme.IconMessage, "From the project's messages…", func() { v.FromMessages(w) })),
		container.NewCenter(kit.NewToolButton(theme.IconNote, "No existing data…", func() { v.NoData(w) })), kit.Gap(3, 0)))
	inset := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(kit.Row{Flex: 1}, kit.Gap(8, 0), o, kit.Gap(8, 0))
	}
	tabs := container.New(kit.Row{Flex: 2}, kit.Gap(8, 0), container.NewCenter(p.tabs), kit.Gap(0, 0))
	p.content = container.New(kit.Column{Flex: 4}, head, inset(p.problem), inset(p.notes), container.NewStack(kit.Gap(0, theme.BarHeight), tabs), p.body)
	return p
}

// grid is what has the keyboard here.
func (p *sidePane) grid() fyne.Focusable {
	if p.tabs.Selected() == 1 {
		return p.bad
	}
	return p.columns
}

func (p *sidePane) choose() {
	var want fyne.CanvasObject = p.empty
	if p.v.m.Has(p.w) {
		want = p.columns
		if p.tabs.Selected() == 1 {
			want = p.bad
		}
	}
	if p.body.Objects[0] != want {
		p.body.Objects[0] = want
		p.body.Refresh()
	}
}

func (p *sidePane) redraw() {
	m := p.v.m
	title, facts := m.Title(p.w)
	p.title.SetText(title)
	p.facts.SetText(facts)
	say := func(t *kit.Text, text string) {
		t.SetText(text)
		t.Show()
		if text == "" {
			t.Hide()
		}
	}
	say(p.problem, m.Problem(p.w))
	note := ""
	for _, n := range m.Notes(p.w) {
		if note != "" {
			note += " "
		}
		note += n
	}
	if m.IsPlans() {
		note = "" // of patients' columns
	}
	say(p.notes, note)
	label := "Set aside"
	if n := m.BadRows(p.w).Len(); n > 0 {
		label = fmt.Sprintf("Set aside  %d", n)
	}
	p.tabs.SetLabels([]string{"Columns", label})
	p.choose()
	p.columns.Refresh()
	p.bad.Refresh()
	p.content.Refresh()
}

// gatesPane is the switches of the project, and what the last run found.
type gatesPane struct {
	v       *View
	content fyne.CanvasObject
	verdict *kit.Text
	notes   *kit.Text
	line    *kit.Text
	grid    *kit.GridView
}

func newGatesPane(v *View) *gatesPane {
	p := &gatesPane{v: v, verdict: kit.NewWords("", screen.RoleText), notes: kit.NewWords("", screen.RoleMuted), line: kit.NewWords("", screen.RoleAccent)}
	p.grid = kit.NewGridView(v.m.GateList())
	p.grid.Single = true
	p.grid.OnSwitch = func(row, _ int) { v.m.SwitchGate(row) }
	p.grid.OnOpen = v.m.SwitchGate
	words := container.NewVBox(p.verdict, p.notes, p.line, kit.NewNote("A gate stops an automatic link, however probable it is; a person decides then. Turn one off only if your data gives a reason."))
	p.content = container.New(kit.Column{Flex: 1}, container.NewBorder(kit.Gap(0, 4), kit.Gap(0, 4), kit.Gap(8, 0), kit.Gap(8, 0), words), p.grid)
	return p
}

func (p *gatesPane) redraw() {
	text, notes, bad := p.v.m.Verdict()
	role := screen.RoleText
	if bad {
		role = screen.RoleError
	}
	p.verdict.Set(text, role)
	all := ""
	for _, n := range notes {
		all += n + " "
	}
	p.notes.SetText(all)
	for _, t := range []*kit.Text{p.verdict, p.notes} {
		t.Show()
		if t.Text == "" {
			t.Hide()
		}
	}
	p.line.SetText(p.v.m.GateLine())
	p.grid.Refresh()
	p.content.Refresh()
}
