package inspect

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// listPane is the left part: query line, news, message list.
type listPane struct {
	v       *View
	content fyne.CanvasObject
	title   *kit.Text
	query   *kit.Field
	offers  *kit.Suggestions
	offered model.Completion
	saved   *kit.ToolButton
	problem *widget.Label
	news    *kit.News
	beside  *kit.News // says that a file is open in place beside the project
	grid    *kit.GridView
	topAt   int // the answer after which the list shows its beginning, 0 for none
}

func newListPane(v *View) *listPane {
	p := &listPane{v: v}
	p.title = kit.NewTitle("Messages", theme.SizeText)
	p.query = kit.NewField("Filter: words, type = ADT, PID-3.1 = 12345")
	p.query.OnChanged = v.m.TypeQuery
	p.query.OnSubmitted = func(text string) {
		v.m.SubmitQuery(text)
		v.host.Focus(p.grid)
	}
	p.query.OnEscape = func() {
		p.query.SetText("")
		v.m.SetQuery("")
		v.host.Focus(p.grid)
	}
	p.offers = kit.NewSuggestions(p.query)
	p.offers.Ask = func(text string, cursor int) []kit.Suggestion {
		p.offered = v.m.Complete(text, cursor)
		out := make([]kit.Suggestion, len(p.offered.All))
		for i, s := range p.offered.All {
			out[i] = kit.Suggestion{Text: s.Text, About: s.About}
		}
		return out
	}
	p.offers.Take = p.take
	p.problem = widget.NewLabel("")
	p.problem.Wrapping, p.problem.Importance, p.problem.SizeName = fyne.TextWrapWord, widget.DangerImportance, fynetheme.SizeNameCaptionText
	p.problem.Hide()
	p.news, p.beside = kit.NewNews(), kit.NewNews()
	p.grid = kit.NewGridView(v.m.List())
	p.grid.Empty = "No message matches the filter."
	p.grid.OnSelect = v.m.Select
	p.grid.OnOpen = func(row int) { v.m.Select(row); v.focusMessage() }
	p.grid.OnSort = p.sort
	p.grid.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			v.DeleteSelected()
			return true
		}
		return false
	}
	p.grid.OnSecondary = p.menu
	p.saved = kit.NewToolButton(theme.IconFilter, "Saved filters (Ctrl+B)", v.ShowFilters)
	more := kit.NewToolButton(theme.IconMore, "Columns, types, export", p.showMore)
	bar := kit.NewHeading(p.title,
		kit.NewToolButton(theme.IconImport, "Open messages… (Ctrl+O)", v.ChooseFiles),
		kit.NewToolButton(theme.IconPaste, "Paste a message from the clipboard (Ctrl+Shift+V)", v.Paste), p.saved, more)
	line := container.NewBorder(kit.Gap(0, 2), kit.Gap(0, 2), kit.Gap(4, 0), kit.Gap(4, 0), container.NewVBox(p.query, p.problem))
	top := container.NewVBox(bar, line, p.beside, p.news, kit.NewRule())
	p.content = container.New(kit.Float{List: p.offers}, container.New(kit.Column{Flex: 1}, top, p.grid), p.offers)
	return p
}

// take writes a proposal into the query line and goes on there.
func (p *listPane) take(choice int) {
	text, cursor := p.offered.Apply(p.query.Text, choice)
	p.query.SetText(text) // and looks for it, as typing does
	p.query.CursorColumn = len([]rune(text[:cursor]))
	p.query.Refresh()
	if strings.HasSuffix(text[:cursor], "-") {
		p.offers.Update() // what can follow is what the user looks for next
	} else {
		p.offers.Close()
	}
}

func (p *listPane) sort(column string) {
	for i, c := range p.v.m.List().Columns() {
		if c.ID == column {
			p.topAt = p.v.m.Answers() + 1 // who sorts wants to see what comes first
			p.v.m.Sort(i)
		}
	}
}

func (p *listPane) redraw() {
	m := p.v.m
	shown, total, known := m.Shown()
	switch {
	case !known:
		p.title.SetText("Messages")
	case m.Filtered():
		p.title.SetText(fmt.Sprintf("Messages  %s of %s", screen.Count(shown), screen.Count(total)))
	default:
		p.title.SetText("Messages  " + screen.Count(total))
	}
	text, problem := m.Query()
	if p.query.Text != text {
		p.query.Text = text // not SetText, which would start another search
		p.query.Refresh()
	}
	p.grid.Empty = "No message matches the filter."
	if m.Fixed() && !m.Filtered() {
		p.grid.Empty = "The file holds nothing."
		if f := p.v.project().m.File(); f != nil && f.Indexing() {
			p.grid.Empty = "Reading the file…"
		}
	}
	p.problem.Importance = widget.DangerImportance
	if problem == "" {
		problem, p.problem.Importance = m.QueryHint(), widget.MediumImportance
	}
	p.problem.SetText(problem)
	if problem != "" {
		p.problem.Show()
	} else {
		p.problem.Hide()
	}
	column, descending := m.SortedBy()
	if column >= 0 {
		p.grid.SetSort(m.List().Columns()[column].ID, descending)
	} else {
		p.grid.SetSort("", false)
	}
	if p.query.Password != m.Masked() {
		p.query.Password = m.Masked() // what is looked for may be a patient
		p.query.Refresh()
	}
	if p.grid.Selected() != m.Selected() {
		p.grid.Select(m.Selected())
	}
	if p.topAt > 0 && m.Answers() >= p.topAt {
		p.topAt = 0
		p.grid.ScrollTo(0)
	}
	p.grid.Refresh()
}

var tones = map[model.Tone]screen.Role{
	model.Quiet: screen.RoleInformation, model.Success: screen.RoleOK,
	model.Caution: screen.RoleWarning, model.Failure: screen.RoleError,
}

func (p *listPane) redrawNotice() {
	// The list below must have its new height before a row is scrolled into view.
	defer p.content.Refresh()
	n := p.v.m.Notice()
	var actions []kit.Action
	if n.Undo != "" {
		actions = append(actions, kit.Action{Label: n.Undo, Do: p.v.m.TakeBack})
	}
	if n.Other != "" {
		actions = append(actions, kit.Action{Label: n.Other, Do: p.v.m.Instead})
	}
	if n.Detail != "" && n.Detail != n.Text {
		actions = append(actions, kit.Action{Label: "Details", Do: func() { p.v.host.Tell("What happened", n.Detail) }})
	}
	p.news.Say(tones[n.Tone], n.Text, p.v.m.Dismiss, actions...)
}

// menu is what can be done with a row.
func (p *listPane) menu(row int, at fyne.Position) {
	m := p.v.m
	if row != m.Selected() && p.grid.SelectedCount() <= 1 {
		m.Select(row)
	}
	items := []*fyne.MenuItem{}
	for _, f := range m.Similar(row) {
		items = append(items, fyne.NewMenuItem(f.Title, func() { m.Choose(f) }))
	}
	if len(items) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	if m.Fixed() {
		items = append(items, fyne.NewMenuItem("Import into the project", p.v.project().ImportFromFile))
		p.v.host.Menu(fyne.NewMenu("", items...), at)
		return
	}
	items = append(items, fyne.NewMenuItem("Send…", p.v.SendSelected), fyne.NewMenuItem("Use as samples of the mapping", p.v.SampleSelected))
	if p.grid.SelectedCount() == 2 {
		items = append(items, fyne.NewMenuItem("Compare", p.v.CompareSelected))
	}
	if m.CanReadBack() {
		items = append(items, fyne.NewMenuItem("Make HL7 v2 messages of it", p.v.ReadBack))
	}
	items = append(items, fyne.NewMenuItem("Write as…", func() { p.v.writeMessages(true) }), fyne.NewMenuItem("De-identify…", func() { p.v.deidentify(true) }))
	items = append(items, fyne.NewMenuItem("Delete…", p.v.DeleteSelected))
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}
