package endpoints

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// journalPane is the exchanges of the chosen endpoint, newest first, as they come.
type journalPane struct {
	v       *View
	content fyne.CanvasObject
	title   *kit.Text
	filter  *kit.Field
	problem *kit.Text
	pause   *kit.ToolButton
	grid    *kit.GridView
	http    bool // the columns are those of HTTP
}

func newJournalPane(v *View) *journalPane {
	p := &journalPane{v: v}
	p.title = kit.NewTitle("Journal", theme.SizeText)
	p.title.Min = 110
	p.filter = kit.NewField("Filter: failed, mrn:1, code:AE")
	p.filter.OnChanged = v.m.TypeFilter
	p.filter.OnSubmitted = func(text string) { v.m.FilterJournal(text); v.host.Focus(p.grid) }
	p.filter.OnEscape = func() { p.filter.SetText(""); v.m.FilterJournal(""); v.host.Focus(p.grid) }
	p.problem = kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	p.pause = kit.NewToolButton(theme.IconPause, "", func() {
		paused, _ := v.m.Paused()
		v.m.Pause(!paused)
	})
	export := kit.NewToolButton(theme.IconSave, "Export the journal… (Ctrl+E)", v.Export)
	p.grid = kit.NewGridView(v.m.JournalList())
	p.grid.Single = true
	p.grid.OnOpen = v.m.OpenExchange
	p.grid.OnSelect = func(row int) {
		if v.m.IsOpen() { // what is beside the list follows it
			v.m.OpenExchange(row)
		}
	}
	p.grid.OnSecondary = p.menu
	bar := kit.NewBand(container.NewBorder(nil, nil, container.NewHBox(kit.Gap(6, 0), container.NewCenter(p.title), kit.Gap(4, 0)),
		container.NewHBox(container.NewCenter(p.pause), container.NewCenter(export), kit.Gap(3, 0)), container.NewBorder(kit.Gap(0, 1), kit.Gap(0, 1), nil, nil, p.filter)))
	p.content = container.New(kit.Column{Flex: 2}, bar, p.problem, p.grid)
	return p
}

func (p *journalPane) redraw() {
	m := p.v.m
	p.title.SetText(m.JournalTitle())
	text, problem := m.JournalQuery()
	p.problem.SetText(problem)
	p.problem.Hide()
	if problem != "" {
		p.problem.Show()
	}
	if p.filter.Password != m.Masked() {
		p.filter.Password = m.Masked() // what is looked for may be a patient
		p.filter.Refresh()
	}
	paused, missed := m.Paused()
	switch {
	case missed:
		p.pause.SetLabel("More has come: let the journal go on (F9)")
	case paused:
		p.pause.SetLabel("Let the journal go on (F9)")
	default:
		p.pause.SetLabel("Let the journal stand still (F9)")
	}
	p.pause.SetSelected(paused)
	if h, ok := m.Header(); ok && h.Kind.FHIR() != p.http {
		p.http = h.Kind.FHIR()
		p.grid.SetGrid(m.JournalList())
		p.filter.SetPlaceHolder("Filter: failed, mrn:1, code:AE")
		if p.http {
			p.filter.SetPlaceHolder("Filter: failed, type:POST, code:422")
		}
	}
	p.grid.Empty = emptyJournal(m)
	if text != "" {
		p.grid.Empty = "No exchange answers the filter."
	}
	if row := m.OpenRow(); m.IsOpen() && row >= 0 && p.grid.Selected() != row {
		p.grid.Select(row)
	}
	p.grid.Refresh()
	p.content.Refresh()
}

// emptyJournal says what is still to be done.
func emptyJournal(m *model.Model) string {
	h, _ := m.Header()
	switch {
	case !h.Kind.Listens():
		return "Nothing has been sent yet."
	case h.Running:
		return "Nothing has come yet."
	}
	return "Nothing has come yet. Start it with F5."
}

func (p *journalPane) focusFilter() {
	p.v.host.Focus(p.filter)
	p.filter.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// menu is what can be done with an exchange.
func (p *journalPane) menu(row int, at fyne.Position) {
	m := p.v.m
	items := []*fyne.MenuItem{fyne.NewMenuItem("Open", func() { m.OpenExchange(row) })}
	for _, s := range m.SimilarExchanges(row) {
		items = append(items, fyne.NewMenuItem(s.Title, func() { p.filter.SetText(s.Query); m.FilterJournal(s.Query) }))
	}
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}

// detailPane is the exchange that is open.
type detailPane struct {
	v              *View
	content        fyne.CanvasObject
	title          *kit.Text
	tabs           *kit.SegmentedControl
	body           *fyne.Container
	request, reply *kit.CodeView
	messages       fyne.CanvasObject
	fields         [2]*kit.GridView
	decoded        fyne.CanvasObject
	steps          *kit.GridView
	facts          *fyne.Container
	about          fyne.CanvasObject
	shown          [2]screen.Text
}

func newDetailPane(v *View) *detailPane {
	p := &detailPane{v: v}
	p.title = kit.NewTitle("", theme.SizeText)
	p.title.Min = 60
	p.request, p.reply = kit.NewCodeView(), kit.NewCodeView()
	for _, c := range []*kit.CodeView{p.request, p.reply} {
		c.OnKey = p.key
	}
	p.messages = kit.NewRows(labelled("Request", p.request), labelled("Reply", p.reply), 0.6)
	p.steps = kit.NewGridView(v.m.Steps())
	p.steps.Single = true
	p.steps.OnOpen = v.m.OpenStep
	p.steps.OnKey = p.key
	p.facts = container.NewVBox()
	p.about = kit.NewRows(p.steps, container.NewVScroll(container.NewBorder(kit.Gap(0, 2), nil, kit.Gap(8, 0), kit.Gap(8, 0), p.facts)), 0.35)
	p.body = container.NewStack(p.messages)
	p.fields = [2]*kit.GridView{kit.NewGridView(nil), kit.NewGridView(nil)}
	for _, g := range p.fields {
		g.OnKey = p.key
		g.Empty = "There is no HL7 v2 message to take apart."
	}
	p.decoded = kit.NewRows(labelled("Request", p.fields[0]), labelled("Reply", p.fields[1]), 0.6)
	p.tabs = kit.NewSegmentedControl([]string{"Messages", "Fields", "Conversation"}, func(i int) { p.choose(i) })
	bar := kit.NewHeading(p.tabs,
		kit.NewToolButton(theme.IconPlay, "Send the request again", v.SendAgain),
		kit.NewToolButton(theme.IconInspect, "Open the request in Inspect (Ctrl+I)", v.openInInspect),
		kit.NewToolButton(theme.IconClose, "Close the exchange (Escape)", p.close))
	p.content = container.New(kit.Column{Flex: 1}, bar, p.body)
	return p
}

func labelled(title string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(kit.Column{Flex: 1}, kit.OnPanel(theme.ColorPanel, container.NewBorder(nil, nil, kit.Gap(6, 0), nil, kit.NewCaption(title))), o)
}

// key closes the exchange on Escape.
func (p *detailPane) key(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyEscape {
		p.close()
		return true
	}
	return false
}

func (p *detailPane) close() {
	p.v.m.CloseExchange()
	p.v.host.Focus(p.v.journal.grid)
}

func (p *detailPane) choose(tab int) {
	p.body.Objects[0] = []fyne.CanvasObject{p.messages, p.decoded, p.about}[tab]
	p.body.Refresh()
}

func (p *detailPane) pane() fyne.Focusable {
	return []fyne.Focusable{p.request, p.fields[0], p.steps}[p.tabs.Selected()]
}

func (p *detailPane) redraw() {
	m := p.v.m
	for i, c := range []*kit.CodeView{p.request, p.reply} {
		if t := [2]screen.Text{m.Request(), m.Reply()}[i]; t != nil && t != p.shown[i] {
			p.shown[i] = t
			c.SetText(t)
			request, reply := m.Fields()
			p.fields[i].SetGrid([]screen.Grid{request, reply}[i])
		}
	}
	p.steps.Refresh()
	p.facts.Objects = nil
	for _, f := range m.Facts() {
		p.facts.Add(factRow(f, m.Masked()))
	}
	p.facts.Refresh()
}

// factRow is a fact with its name before it, on as many lines as it needs.
func factRow(f model.Fact, masked bool) fyne.CanvasObject {
	words := kit.NewWords(f.Text, f.Role)
	if masked && f.Name != "Time" && f.Name != "Answer" && f.Name != "Size" { // findings quote values
		words = kit.NewWords("hidden by the mask", screen.RoleMuted)
	}
	name := container.New(kit.LeftIn(96), kit.NewCaption(f.Name))
	return container.New(kit.Row{Flex: 1}, name, words)
}
