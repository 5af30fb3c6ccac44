package endpoints

import (
	"fmt"

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
	sender  bool // which body is shown

	// Of a listener.
	listening fyne.CanvasObject
	tabs      *kit.SegmentedControl
	rules     *kit.GridView
	faults    *kit.GridView
	lists     *fyne.Container

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
	add := kit.NewTextButton(theme.IconAdd, "Add a rule…", func() { p.v.EditRule(-1) })
	bar := kit.NewHeading(p.tabs, container.NewCenter(add),
		container.NewCenter(kit.NewTextButton("", "Behave like…", p.v.ChoosePreset)),
		kit.NewToolButton(theme.IconEdit, "Edit the rules as text… (Ctrl+T)", p.v.EditText))
	p.listening = container.New(kit.Column{Flex: 1}, bar, p.lists)
}

// choose shows the rules or the faults.
func (p *chosenPane) choose() {
	p.lists.Objects[0] = p.rules
	if p.tabs.Selected() == 1 {
		p.lists.Objects[0] = p.faults
	}
	p.lists.Refresh()
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
	switch {
	case p.sender:
		return p.series
	case p.tabs.Selected() == 1:
		return p.faults
	}
	return p.rules
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
		p.redrawBody(h.Sender)
	}
	if h.Sender {
		p.redrawSending()
	} else {
		p.tabs.SetLabels([]string{"Rules", faultsTab(m.FaultsOn())})
		p.rules.Refresh()
		p.faults.Refresh()
	}
	p.content.Refresh()
}

func faultsTab(on int) string {
	if on == 0 {
		return "Faults"
	}
	return fmt.Sprintf("Faults  %d on", on)
}

func (p *chosenPane) redrawTurn(h model.Header) {
	p.turn.SetEnabled(!h.Starting)
	switch {
	case h.Sender:
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

func (p *chosenPane) redrawBody(sender bool) {
	p.sender = sender
	want := p.listening
	if sender {
		want = p.sending
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
