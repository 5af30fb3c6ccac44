package comparing

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/comparing"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// pairPane is the open pair: both sides in step, its differences, and the rules.
type pairPane struct {
	v       *View
	content fyne.CanvasObject
	title   *kit.Text
	key     *kit.Text
	titles  *fyne.Container
	status  *kit.Badge
	way     *kit.SegmentedControl
	values  *kit.SegmentedControl
	fold    *kit.Toggle
	codes   [2]*kit.CodeView
	sides   fyne.CanvasObject
	texts   *fyne.Container
	shown   [2]*model.Pane
	inStep  bool // one side is being scrolled after the other

	tabs        *kit.SegmentedControl
	lower       *fyne.Container
	differences *kit.GridView
	rules       *kit.GridView
	forDiffs    *fyne.Container // buttons
	forRules    *fyne.Container
	buttons     *fyne.Container
	decide      []*kit.ToolButton
}

func newPairPane(v *View) *pairPane {
	p := &pairPane{v: v}
	p.title, p.key = kit.NewTitle("", theme.SizeText), kit.NewCaption("")
	p.title.Min, p.key.Min = 60, 60
	p.titles = container.New(kit.Titles{}, p.title, p.key)
	p.status = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	p.way = kit.NewSegmentedControl([]string{"Side by side", "Unified"}, func(i int) { v.m.SetUnified(i == 1) })
	p.values = kit.NewSegmentedControl([]string{"Raw", "Decoded"}, func(i int) { v.m.SetDecoded(i == 1) })
	p.fold = kit.NewToggle("Fold equal", func(on bool) { v.m.SetFolded(on) })
	p.fold.SetOn(v.m.Folded())
	before := kit.NewToolButton(theme.IconChevronUp, "The difference before (Shift+F8)", func() { v.m.Step(-1) })
	after := kit.NewToolButton(theme.IconChevronDown, "The next difference (F8)", func() { v.m.Step(1) })
	right := container.NewHBox(container.NewCenter(p.status), kit.Gap(2, 0), container.NewCenter(p.fold), container.NewCenter(p.way), container.NewCenter(p.values),
		container.NewCenter(before), container.NewCenter(after), kit.Gap(3, 0))
	bar := kit.NewBand(container.NewBorder(nil, nil, kit.Gap(6, 0), right, p.titles))
	p.makeTexts()
	p.makeLower()
	p.content = container.New(kit.Column{Flex: 1}, bar, kit.NewRows(p.texts, p.lower, 0.62))
	return p
}

func (p *pairPane) makeTexts() {
	for i := range p.codes {
		c := kit.NewCodeView()
		c.OnScrolled = func() { p.follow(i) }
		c.Number = func(line int) string {
			if pane := p.shown[i]; pane != nil {
				return pane.Number(line)
			}
			return ""
		}
		c.OnSecondary = func(_ int, at fyne.Position) { p.sideMenu(i, at) }
		p.codes[i] = c
	}
	p.sides = kit.NewColumns(p.codes[0], p.codes[1], 0.5)
	p.texts = container.NewStack(p.sides)
}

// follow scrolls the other side to where this one is: their lines stand beside each other.
func (p *pairPane) follow(side int) {
	if p.inStep || p.v.m.Unified() {
		return
	}
	p.inStep = true
	line, col := p.codes[side].Scroll()
	p.codes[1-side].ScrollTo(line, col)
	p.inStep = false
}

func (p *pairPane) makeLower() {
	v, m := p.v, p.v.m
	p.differences = kit.NewGridView(m.Differences())
	p.differences.Single = true
	p.differences.Empty = "No difference."
	p.differences.OnSelect = m.SetCurrent
	p.differences.OnSecondary = func(row int, at fyne.Position) { m.SetCurrent(row); p.differenceMenu(at) }
	p.differences.OnOpen = func(int) { v.host.Focus(p.codes[0]) }
	p.differences.OnRune = func(r rune) {
		switch r {
		case 'h':
			m.IgnoreHere()
		case 'i':
			m.IgnoreEverywhere()
		case 'e':
			m.ExpectThis()
		}
	}
	p.rules = kit.NewGridView(m.RuleList())
	p.rules.Single = true
	p.rules.Empty = "No rule yet. Choose a difference or a pattern, and ignore or expect it."
	p.rules.OnSwitch = func(row, _ int) { m.SwitchRule(row) }
	p.rules.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			m.DeleteRule(p.rules.Selected())
			return true
		}
		return false
	}
	p.rules.OnSecondary = func(row int, at fyne.Position) {
		v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("On or off  (Space)", func() { m.SwitchRule(row) }), fyne.NewMenuItem("Remove  (Delete)", func() { m.DeleteRule(row) })), at)
	}
	button := func(label, hint string, do func()) *kit.ToolButton {
		b := kit.NewTextButton("", label, do)
		b.SetHint(hint)
		return b
	}
	here := button("Ignore here", "Leave exactly this place out (H)", m.IgnoreHere)
	everywhere := button("Ignore everywhere", "Leave the path out in every segment and repetition (I)", m.IgnoreEverywhere)
	expect := button("Expect", "Expect this change with its values (E)", m.ExpectThis)
	p.decide = []*kit.ToolButton{here, everywhere, expect}
	p.forDiffs = container.NewHBox(container.NewCenter(here), container.NewCenter(everywhere), container.NewCenter(expect), kit.Gap(3, 0))
	p.forRules = container.NewHBox(container.NewCenter(kit.NewToolButton(theme.IconUndo, "Undo the last change of the rules (Ctrl+Z)", m.Undo)),
		container.NewCenter(kit.NewToolButton(theme.IconEdit, "Edit the rules as text… (Ctrl+T)", v.EditRules)),
		container.NewCenter(kit.NewToolButton(theme.IconImport, "Add the rules of a file…", v.ImportRules)),
		container.NewCenter(kit.NewToolButton(theme.IconExport, "Write the rules to a file…", v.ExportRules)), kit.Gap(3, 0))
	p.tabs = kit.NewSegmentedControl([]string{"Differences", "Rules"}, func(int) { p.choose() })
	p.buttons = container.NewStack(p.forDiffs)
	stack := container.NewStack(p.differences)
	p.lower = container.New(kit.Column{Flex: 1},
		kit.NewBand(container.NewBorder(nil, nil, container.NewHBox(kit.Gap(4, 0), container.NewCenter(p.tabs)), p.buttons)), stack)
}

// choose shows the differences or the rules.
func (p *pairPane) choose() {
	stack := p.lower.Objects[1].(*fyne.Container)
	stack.Objects[0], p.buttons.Objects[0] = fyne.CanvasObject(p.differences), fyne.CanvasObject(p.forDiffs)
	if p.tabs.Selected() == 1 {
		stack.Objects[0], p.buttons.Objects[0] = p.rules, p.forRules
	}
	stack.Refresh()
	p.buttons.Refresh()
}

func (p *pairPane) lowerPane() fyne.Focusable {
	if p.tabs.Selected() == 1 {
		return p.rules
	}
	return p.differences
}

// pane is what takes the keyboard first.
func (p *pairPane) pane() fyne.Focusable { return p.lowerPane() }

func (p *pairPane) panes() []fyne.Focusable {
	if _, unified := p.v.m.Panes(); unified {
		return []fyne.Focusable{p.codes[0], p.lowerPane()}
	}
	return []fyne.Focusable{p.codes[0], p.codes[1], p.lowerPane()}
}

func (p *pairPane) redraw() {
	m := p.v.m
	t, ok := m.PairTitle()
	p.title.SetText(t.Type)
	p.key.SetText(t.Key)
	if ok {
		p.status.Set(t.Role, t.Shape, t.Status)
		p.status.Show()
	} else {
		p.status.Hide()
		p.key.SetText("No pair is open.")
		if !m.IsSet() {
			p.key.SetText("")
		}
	}
	p.titles.Refresh()
	panes, unified := m.Panes()
	p.way.SetSelected(index(unified))
	p.values.SetSelected(index(m.Decoded()))
	p.fold.SetOn(m.Folded())
	p.redrawTexts(panes, unified)
	p.differences.Empty = "Open a pair or an example to see its differences."
	switch {
	case ok && m.Differences().Len() == 0:
		p.differences.Empty = "No difference."
	case m.IsRunning():
		p.differences.Empty = ""
	}
	p.differences.Refresh()
}

func index(on bool) int {
	if on {
		return 1
	}
	return 0
}

func (p *pairPane) redrawTexts(panes [2]*model.Pane, unified bool) {
	want := p.sides
	if unified {
		want = p.codes[0]
	}
	if p.texts.Objects[0] != want {
		if unified {
			p.texts.Objects[0] = want
		} else { // the left side was taken out of the columns
			p.sides = kit.NewColumns(p.codes[0], p.codes[1], 0.5)
			p.texts.Objects[0] = p.sides
		}
		p.texts.Refresh()
	}
	p.inStep = true
	for i, pane := range panes {
		if pane == p.shown[i] {
			continue
		}
		p.shown[i] = pane
		if pane == nil {
			p.codes[i].SetText(nil)
		} else {
			p.codes[i].SetText(pane.Text)
		}
	}
	p.inStep = false
}

// redrawCurrent goes to the current difference on both sides.
func (p *pairPane) redrawCurrent() {
	m := p.v.m
	p.inStep = true
	for i, pane := range p.shown {
		if pane == nil {
			continue
		}
		p.codes[i].SetMarks(pane.AllMarks())
		if offset, ok := m.Cursor(i); ok && p.codes[i].Cursor() != offset {
			p.codes[i].SetCursor(offset)
		}
	}
	if !m.Unified() && p.shown[1] != nil { // beside each other, each at the column of its own value
		left, a := p.codes[0].Scroll()
		right, b := p.codes[1].Scroll()
		p.codes[1].ScrollTo(left, b)
		if now, _ := p.codes[1].Scroll(); now != left {
			p.codes[0].ScrollTo(right, a)
		}
	}
	p.inStep = false
	if row := m.CurrentRow(); p.differences.Selected() != row {
		p.differences.Select(row)
	}
	p.differences.Refresh()
	for _, b := range p.decide {
		b.SetEnabled(m.CurrentPath() != "")
	}
}

func (p *pairPane) redrawRules() {
	m := p.v.m
	on, all := m.RuleCount()
	rules := fmt.Sprintf("Rules  %d", all)
	if on != all {
		rules = fmt.Sprintf("Rules  %d of %d on", on, all)
	}
	p.tabs.SetLabels([]string{m.DifferencesTitle(), rules})
	p.rules.Refresh()
	p.lower.Refresh()
}

// sideMenu is what can be done with the current difference, and with the message of a side.
func (p *pairPane) sideMenu(side int, at fyne.Position) {
	items := p.differenceItems()
	if _, unified := p.v.m.Panes(); !unified && p.v.m.Message(side) != nil {
		items = append(items, fyne.NewMenuItem("Send…", func() { p.v.SendSide(side) }))
	}
	if len(items) > 0 {
		p.v.host.Menu(fyne.NewMenu("", items...), at)
	}
}

func (p *pairPane) differenceMenu(at fyne.Position) {
	if items := p.differenceItems(); len(items) > 0 {
		p.v.host.Menu(fyne.NewMenu("", items...), at)
	}
}

// differenceItems are what can be done with the current difference.
func (p *pairPane) differenceItems() []*fyne.MenuItem {
	m := p.v.m
	path := m.CurrentPath()
	if path == "" {
		return nil
	}
	return []*fyne.MenuItem{
		fyne.NewMenuItem("Leave "+path+" out here  (H)", m.IgnoreHere), fyne.NewMenuItem("Leave it out everywhere  (I)", m.IgnoreEverywhere),
		fyne.NewMenuItem("Expect this change  (E)", m.ExpectThis), fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Copy the path", func() { p.v.host.Clipboard().SetContent(path) })}
}
