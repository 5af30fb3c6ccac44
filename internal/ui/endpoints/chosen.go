package endpoints

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// chosenPane is the chosen endpoint: how it does, and its rules and faults, or what it sends.
type chosenPane struct {
	v       *View
	content fyne.CanvasObject
	name    *kit.Text
	state   *kit.Badge
	numbers *kit.Text
	turn    *kit.ToolButton
	body    *fyne.Container
	kind    model.Kind // which body is shown

	// Of a listener.
	listening fyne.CanvasObject
	tabs      *kit.SegmentedControl
	rules     *kit.GridView
	faults    *kit.GridView
	lists     *fyne.Container
	add       fyne.CanvasObject // of the rules and faults
	preset    fyne.CanvasObject // of a listener for HL7 v2
	fhirTab   int               // that of a FHIR server, while a listener is shown
	shelf     *shelfPane        // of a FHIR server
	ability   *abilityPane

	console *consolePane // of a REST console

	// Of a sender.
	sending fyne.CanvasObject
	offered *kit.Text
	series  *kit.Field
	// shownSeries is what the field had last from the model: what differs is of the user.
	shownSeries string
	problem     *kit.Text
	send        *kit.ToolButton
	queue       *kit.Toggle
	batch       *kit.Toggle // in its place where files are sent
	goOn        *kit.ToolButton
	line        *kit.Text
}

func newChosenPane(v *View) *chosenPane {
	p := &chosenPane{v: v}
	p.name = kit.NewTitle("", theme.SizeText)
	p.state = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	p.numbers = kit.NewCaption("")
	p.numbers.Min = 60
	p.turn = kit.NewTextButton(theme.IconPlay, "Start", func() { v.m.Turn(v.m.ChosenRow()) })
	p.turn.SetHint("Start or stop the listener (F5)")
	settings := kit.NewToolButton(theme.IconSettings, "Settings… (F2)", v.EditSettings)
	left := container.NewHBox(kit.Gap(6, 0), container.NewCenter(p.name), kit.Gap(3, 0), container.NewCenter(p.state), kit.Gap(3, 0))
	right := container.NewHBox(container.NewCenter(p.turn), container.NewCenter(settings), kit.Gap(3, 0))
	bar := kit.NewBand(container.NewBorder(nil, nil, left, right, p.numbers))
	p.makeListening()
	p.makeSending()
	p.console = newConsolePane(v)
	p.body = container.NewStack(p.listening)
	p.content = container.New(kit.Column{Flex: 1}, bar, p.body)
	return p
}

func (p *chosenPane) makeListening() {
	m := p.v.m
	p.rules = kit.NewGridView(m.RuleList())
	p.rules.Single = true
	p.rules.OnSwitch = func(row, _ int) { m.SwitchRule(row) }
	p.rules.OnMove = m.MoveRule
	p.rules.OnOpen = p.v.EditRule
	p.rules.OnSecondary = p.ruleMenu
	p.rules.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			m.DeleteRule(p.rules.Selected())
			return true
		}
		return false
	}
	p.faults = kit.NewGridView(m.FaultList())
	p.faults.Single = true
	p.faults.OnSwitch = func(row, _ int) { m.SwitchFault(row) }
	p.faults.OnOpen = p.v.EditFault
	p.tabs = kit.NewSegmentedControl([]string{"Rules", "Faults"}, func(int) { p.choose() })
	p.lists = container.NewStack(p.rules)
	p.add = container.NewCenter(kit.NewTextButton(theme.IconAdd, "Add a rule…", func() { p.v.EditRule(-1) }))
	p.preset = container.NewCenter(kit.NewTextButton("", "Behave like…", p.v.ChoosePreset))
	p.shelf, p.ability = newShelfPane(p.v), newAbilityPane(p.v)
	bar := kit.NewHeading(p.tabs, p.add, p.preset,
		kit.NewToolButton(theme.IconEdit, "Edit the rules as text… (Ctrl+T)", p.v.EditText))
	p.listening = container.New(kit.Column{Flex: 1}, bar, p.lists)
}

// The tabs of what listens; the last two are of a FHIR server.
const (
	rulesTab = iota
	faultsTab
	shelfTab
	abilityTab
)

// choose shows what the tab says.
func (p *chosenPane) choose() {
	p.lists.Objects[0] = []fyne.CanvasObject{p.rules, p.faults, p.shelf.content, p.ability.content}[p.tabs.Selected()]
	p.lists.Refresh()
	if p.tabs.Selected() > faultsTab {
		p.add.Hide()
	} else {
		p.add.Show()
	}
	if p.tabs.Selected() == shelfTab {
		p.v.m.ReadShelf()
	}
}

func (p *chosenPane) makeSending() {
	v := p.v
	p.offered = kit.NewText("", screen.RoleText)
	p.offered.Min = 100
	p.series = kit.NewField("Or generated: 5 A01 A08 A03")
	p.problem = kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	p.series.OnSubmitted = func(text string) { p.offerSeries(text) }
	p.series.OnBlur = func() {
		if p.series.Text != p.shownSeries {
			p.offerSeries(p.series.Text)
		}
	}
	p.send = kit.NewPrimaryButton(theme.IconPlay, "Send", v.m.Send)
	p.send.SetHint("Send what is chosen (F5)")
	p.line = kit.NewWords("", screen.RoleMuted)
	files := kit.NewTextButton(theme.IconFolder, "Files…", v.ChooseFiles)
	note := kit.NewNote("Messages also come from Inspect: select them there and press F5. A file that ends in .expect says what each message must get.")
	what := container.NewBorder(nil, nil, nil, container.NewHBox(container.NewCenter(files)), p.offered)
	series := container.NewGridWithColumns(2, p.series)
	p.queue = kit.NewToggle("Queue messages of the project: it goes on until the partner has all, also after a restart", v.m.SetQueued)
	p.batch = kit.NewToggle("Send a file that is a batch as it is, in one frame", v.m.SetWhole)
	p.batch.Hide()
	p.goOn = kit.NewTextButton(theme.IconPlay, "", v.m.GoOn)
	p.goOn.Hide()
	column := container.NewVBox(kit.NewCaption("What is sent"), what, series, p.problem, container.NewHBox(p.queue, p.batch), kit.Gap(0, 2), container.NewHBox(p.send, p.goOn), p.line, note)
	p.sending = kit.NewFollowingScroll(container.NewBorder(kit.Gap(0, 6), nil, kit.Gap(10, 0), kit.Gap(10, 0), column))
}

func (p *chosenPane) offerSeries(text string) {
	p.problem.Hide()
	if err := p.v.m.OfferSeries(text); err != nil {
		p.problem.SetText(err.Error())
		p.problem.Show()
	}
	p.sending.Refresh()
}

// pane is what takes the keyboard here.
func (p *chosenPane) pane() fyne.Focusable {
	if p.kind == model.Sender {
		return p.series
	}
	return []fyne.Focusable{p.rules, p.faults, p.shelf.types, p.ability.grid}[p.tabs.Selected()]
}

// panes are all that take the keyboard here.
func (p *chosenPane) panes() []fyne.Focusable {
	switch {
	case p.kind == model.RESTClient:
		return p.console.panes()
	case p.kind == model.FHIRServer && p.tabs.Selected() == shelfTab:
		return []fyne.Focusable{p.shelf.types, p.shelf.resources}
	}
	return []fyne.Focusable{p.pane()}
}

func (p *chosenPane) redraw(what model.What) {
	m := p.v.m
	h, ok := m.Header()
	if !ok {
		return
	}
	p.name.SetText(h.Name)
	p.state.Set(h.Role, h.Shape, h.State)
	p.numbers.SetText(h.Numbers)
	if h.Problem != "" && !h.Running {
		p.numbers.Set(h.Problem, screen.RoleError)
	} else {
		p.numbers.Set(h.Numbers, screen.RoleMuted)
	}
	p.redrawTurn(h)
	if what&(model.Chosen|model.Sending) != 0 {
		p.redrawBody(h.Kind)
	}
	switch h.Kind {
	case model.Sender:
		p.redrawSending()
	case model.RESTClient:
		p.console.redraw()
	default:
		p.redrawListening(h.Kind, what)
	}
	p.content.Refresh()
}

func (p *chosenPane) redrawListening(kind model.Kind, what model.What) {
	labels := []string{"Rules", tabOf("Faults", p.v.m.FaultsOn(), " on")}
	if kind == model.FHIRServer {
		labels = append(labels, "Resources", "What it can do")
		p.preset.Hide()
	} else {
		p.preset.Show()
		if p.tabs.Selected() > faultsTab {
			p.fhirTab = p.tabs.Selected()
			p.tabs.SetSelected(rulesTab)
			p.choose()
		}
	}
	p.tabs.SetLabels(labels)
	if kind == model.FHIRServer && p.fhirTab != 0 {
		tab := p.fhirTab
		p.fhirTab = 0
		p.tabs.Choose(tab)
	}
	p.rules.Refresh()
	p.faults.Refresh()
	if kind != model.FHIRServer {
		return
	}
	if _, counted := p.v.m.ShelfLine(); !counted && p.tabs.Selected() == shelfTab && what&model.Chosen != 0 {
		p.v.m.ReadShelf()
	}
	p.shelf.redraw()
	p.ability.redraw()
}

func (p *chosenPane) redrawTurn(h model.Header) {
	p.turn.SetEnabled(!h.Starting)
	switch {
	case !h.Kind.Listens():
		p.turn.Hide()
		return
	case h.Running:
		p.turn.SetLabel("Stop")
		p.turn.SetIcon(theme.IconStop)
	default:
		p.turn.SetLabel("Start")
		p.turn.SetIcon(theme.IconPlay)
	}
	p.turn.Show()
}

func (p *chosenPane) redrawBody(kind model.Kind) {
	p.kind = kind
	want := p.listening
	switch kind {
	case model.Sender:
		want = p.sending
	case model.RESTClient:
		want = p.console.content
	}
	if p.body.Objects[0] != want {
		p.body.Objects[0] = want
		p.body.Refresh()
	}
}

func (p *chosenPane) redrawSending() {
	m := p.v.m
	offered := m.Offered()
	if offered == "" {
		p.offered.Set("nothing is chosen yet", screen.RoleMuted)
	} else {
		p.offered.Set(offered, screen.RoleText)
	}
	if series := m.Series(); series != p.shownSeries {
		p.shownSeries = series
		p.series.SetText(series)
	}
	if m.IsSending() {
		p.send.SetLabel("Stop")
		p.send.SetIcon(theme.IconStop)
		p.send.SetAction(m.CancelSending)
	} else {
		p.send.SetLabel("Send")
		p.send.SetIcon(theme.IconPlay)
		p.send.SetAction(m.Send)
	}
	on, waiting := m.Queued()
	p.queue.SetOn(on)
	files, whole := m.Whole()
	p.batch.SetOn(whole)
	if files {
		p.queue.Hide()
		p.batch.Show()
	} else {
		p.batch.Hide()
		p.queue.Show()
	}
	if waiting > 0 && !m.IsSending() {
		p.goOn.SetLabel(screen.Count(int(waiting)) + " in the queue: go on")
		p.goOn.Show()
	} else {
		p.goOn.Hide()
	}
	text, bad := m.SendLine()
	role := screen.RoleOK
	if bad {
		role = screen.RoleError
	}
	p.line.Set(text, role)
}

// ruleMenu is what can be done with a rule.
func (p *chosenPane) ruleMenu(row int, at fyne.Position) {
	m := p.v.m
	items := []*fyne.MenuItem{fyne.NewMenuItem("Edit…", func() { p.v.EditRule(row) })}
	if m.IsRule(row) {
		items = append(items, fyne.NewMenuItem("Duplicate", func() { m.DuplicateRule(row) }),
			fyne.NewMenuItem("Up  (Alt+Up)", func() { m.MoveRule(row, row-1) }), fyne.NewMenuItem("Down  (Alt+Down)", func() { m.MoveRule(row, row+1) }),
			fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Delete", func() { m.DeleteRule(row) }))
	}
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}
