package mapper

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// rulePane is the rule that is looked at: its steps with their values, and its parts as fields.
type rulePane struct {
	v       *View
	content fyne.CanvasObject
	title   *kit.Text
	words   *kit.Text
	said    *fyne.Container
	line    *fyne.Container
	block   bool // what is looked at is a block
	turn    *kit.Text
	turnBox *fyne.Container
	status  *kit.Choice
	chips   *kit.Chips
	steps   []model.Chip
	change  *kit.Field // a function that is added or changed
	at      int        // where; -1 adds after the cursor
	problem *kit.Text
	fields  []*ruleField
	lists   []*kit.Suggestions
	form    *fyne.Container
}

// ruleField is a part of the rule as a field.
type ruleField struct {
	column int
	label  *kit.Text
	field  *kit.Field
	box    *fyne.Container
}

// The parts in their order, with what they are called for a rule and for a block; "" for one that a block has not.
var ruleParts = []struct {
	column      int
	rule, block string
	hint        string
	wide        bool
}{
	{model.ColumnSources, "Sources", "Identified by", "such as PID-5.1", false},
	{model.ColumnTarget, "Target", "Makes", "such as gender", false},
	{model.ColumnCondition, "Condition", "Condition", "such as PID-8 VALUED AND PID-30 NOT EQUALS \"Y\"", true},
	{model.ColumnEach, "For each", "For each", "such as PID-3", false},
	{model.ColumnDefault, "Otherwise", "", "such as unknown", false},
	{model.ColumnFormula, "Formula", "", "such as a + ' ' + b", false},
	{model.ColumnOwner, "Owner", "", "", false},
	{model.ColumnNote, "Note", "Note", "", true},
}

func newRulePane(v *View) *rulePane {
	p := &rulePane{v: v, at: -1}
	m := v.m
	p.title, p.words = kit.NewTitle("", theme.SizeText), kit.NewWords("", screen.RoleMuted)
	p.title.Mono = true
	p.title.Min = 60
	p.turn = kit.NewCaption("")
	center := func(o fyne.CanvasObject) fyne.CanvasObject { return container.NewCenter(o) }
	p.turnBox = container.NewHBox(center(kit.NewToolButton(theme.IconChevronLeft, "The repetition before (Alt+Shift+Page Up)", func() { m.StepTurn(-1) })), center(p.turn),
		center(kit.NewToolButton(theme.IconChevronRight, "The next repetition (Alt+Shift+Page Down)", func() { m.StepTurn(1) })))
	var statuses []string
	for _, s := range model.Statuses {
		if s == "" {
			s = "no status"
		}
		statuses = append(statuses, string(s))
	}
	p.status = kit.NewChoice(statuses, func(i int) { p.set(model.ColumnStatus, string(model.Statuses[i])) })
	head := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(6, 0), p.title, p.turnBox, center(container.New(kit.Width(120), p.status)), kit.Gap(4, 0)))
	p.makeChips()
	p.problem = kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	p.makeFields()
	p.line = container.New(kit.Row{Flex: 1}, kit.Gap(formSides, 0), container.New(labelled{}, kit.NewCaption("Add a function"), p.change), kit.Gap(formSides, 0))
	p.said = container.New(kit.Row{Flex: 1}, kit.Gap(formSides, 0), p.words, kit.Gap(formSides, 0))
	scroll := kit.NewFollowingScroll(container.New(kit.Column{Flex: -1}, p.chips, p.said, p.line, p.problem, kit.Gap(0, formGap), p.form, kit.Gap(0, 4)))
	p.content = container.New(kit.Column{Flex: 1}, head, scroll)
	return p
}

// labelled sets a field beside its label, which has a width of its own.
type labelled struct{}

const labelWidth float32 = 92

func (labelled) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(labelWidth+60, o[1].MinSize().Height)
}

func (labelled) Layout(o []fyne.CanvasObject, size fyne.Size) {
	high := o[0].MinSize().Height
	o[0].Move(fyne.NewPos(0, (size.Height-high)/2))
	o[0].Resize(fyne.NewSize(labelWidth-6, high))
	o[1].Move(fyne.NewPos(labelWidth, 0))
	o[1].Resize(fyne.NewSize(size.Width-labelWidth, size.Height))
}

// makeChips makes the row of steps, and the field below it.
func (p *rulePane) makeChips() {
	v, m := p.v, p.v.m
	p.chips = kit.NewChips()
	p.chips.Empty = "Choose a rule to see its steps."
	p.chips.OnOpen = p.editChip
	p.chips.OnRemove = func(i int) { p.removeChip(i) }
	p.chips.OnMove = func(i, by int) int {
		if at := p.steps[i].At; p.steps[i].Kind == model.FunctionChip && at >= 0 {
			return i + m.MoveFunction(at, by) - at
		}
		return i
	}
	p.chips.OnRune = func(r rune) {
		p.at = -1
		v.host.Focus(p.change)
		p.change.SetText("")
		p.change.TypedRune(r)
	}
	p.chips.OnSecondary = func(i int, at fyne.Position) {
		v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Edit  (Enter)", func() { p.editChip(i) }), fyne.NewMenuItem("Add a function after it  (a letter)", func() { p.chips.Select(i); p.at = -1; v.host.Focus(p.change) }),
			fyne.NewMenuItem("Move to the left  (Alt+Left)", func() { p.chips.Select(p.chips.OnMove(i, -1)) }), fyne.NewMenuItem("Move to the right  (Alt+Right)", func() { p.chips.Select(p.chips.OnMove(i, 1)) }),
			fyne.NewMenuItem("Remove  (Delete)", func() { p.removeChip(i) })), at)
	}
	p.change = kit.NewField("trim, lookup: sex, date …")
	p.change.TextStyle.Monospace = true
	p.change.OnSubmitted = p.takeFunction
	p.change.OnEscape = func() { p.at = -1; p.change.SetText(""); p.say(nil); p.take() }
	var offered []model.Completion
	list := kit.NewSuggestions(p.change)
	list.Ask = func(text string, _ int) []kit.Suggestion {
		offered = m.CompleteFunction(text)
		out := make([]kit.Suggestion, len(offered))
		for i, c := range offered {
			out[i] = kit.Suggestion(c)
		}
		if len(out) == 1 && out[0].Text == text {
			return nil
		}
		return out
	}
	list.Take = func(i int) { write(p.change, offered[i].Text) }
	p.lists = append(p.lists, list)
}

// write puts a text into a field, with the cursor behind it.
func write(f *kit.Field, text string) {
	f.SetText(text)
	f.CursorColumn = len([]rune(text))
	f.Refresh()
}

// takeFunction adds the function that was written after the step with the cursor, or changes it.
func (p *rulePane) takeFunction(text string) {
	at, replace := p.at, true
	if at < 0 {
		at, replace = p.after(), false
	}
	if best, ok := p.v.m.BestFunction(text); ok {
		text = best
	}
	if err := p.v.m.PutFunction(at, text, replace); err != nil {
		p.say(err)
		return
	}
	p.at = -1
	p.change.SetText("")
	p.say(nil)
	for i, c := range p.steps {
		if c.Kind == model.FunctionChip && c.At == at {
			p.chips.Select(i)
		}
	}
	p.take()
}

// after is where a function goes that is added at the cursor.
func (p *rulePane) after() int {
	i := p.chips.Selected()
	if i < 0 || i >= len(p.steps) {
		return 0
	}
	switch c := p.steps[i]; c.Kind {
	case model.FunctionChip:
		return c.At + 1
	case model.TargetChip, model.DefaultChip:
		n := 0
		for _, x := range p.steps {
			if x.Kind == model.FunctionChip && x.At >= 0 {
				n = x.At + 1
			}
		}
		return n
	}
	return 0
}

// editChip edits a step: a function in the field below, the others in their own.
func (p *rulePane) editChip(i int) {
	c := p.steps[i]
	switch c.Kind {
	case model.FunctionChip:
		if p.at = c.At; p.at < 0 { // it comes by itself; what is written stands in its place
			p.at = -1
		}
		write(p.change, c.Text)
		p.v.host.Focus(p.change)
	case model.TargetChip:
		p.focus(model.ColumnTarget)
	case model.FormulaChip:
		p.focus(model.ColumnFormula)
	case model.DefaultChip:
		p.focus(model.ColumnDefault)
	default:
		p.focus(model.ColumnSources)
	}
}

func (p *rulePane) removeChip(i int) {
	switch c := p.steps[i]; c.Kind {
	case model.FunctionChip:
		if c.At >= 0 {
			p.v.m.RemoveFunction(c.At)
		}
	case model.DefaultChip:
		p.set(model.ColumnDefault, "")
	case model.FormulaChip:
		p.set(model.ColumnFormula, "")
	}
}

func (p *rulePane) focus(column int) {
	for _, f := range p.fields {
		if f.column == column {
			p.v.host.Focus(f.field)
		}
	}
}

// makeFields makes the parts of the rule, two beside each other.
func (p *rulePane) makeFields() {
	p.form = container.New(twoColumns{})
	for _, part := range ruleParts {
		f := &ruleField{column: part.column, label: kit.NewCaption(part.rule), field: kit.NewField(part.hint)}
		f.field.TextStyle.Monospace = part.column != model.ColumnNote && part.column != model.ColumnOwner
		f.field.OnSubmitted = func(text string) {
			if p.set(f.column, text) {
				p.take()
			}
		}
		f.field.OnEscape = func() { f.field.SetText(p.v.m.RuleField(f.column)); p.say(nil); p.take() }
		f.field.OnBlur = func() { p.set(f.column, f.field.Text) }
		switch part.column {
		case model.ColumnSources, model.ColumnTarget, model.ColumnEach, model.ColumnCondition:
			p.offer(f)
		}
		f.box = container.New(labelled{}, f.label, f.field)
		p.fields = append(p.fields, f)
		p.form.Add(f.box)
	}
}

// offer lets a field offer paths. In a condition the path at its end is completed.
func (p *rulePane) offer(f *ruleField) {
	var offered []kit.Suggestion
	list := kit.NewSuggestions(f.field)
	list.Ask = func(text string, _ int) []kit.Suggestion {
		if text == p.v.m.RuleField(f.column) {
			return nil // nothing was typed yet
		}
		offered = p.v.complete(f.column, text)
		return offered
	}
	list.Take = func(i int) { write(f.field, offered[i].Text) }
	p.lists = append(p.lists, list)
}

func (p *rulePane) offers() []*kit.Suggestions { return p.lists }

// set changes a part of the rule, or says what is wrong with the text.
func (p *rulePane) set(column int, text string) bool {
	err := p.v.m.SetRuleField(column, text)
	p.say(err)
	return err == nil
}

func (p *rulePane) say(err error) {
	if err == nil {
		p.problem.SetText("")
		p.problem.Hide()
	} else {
		p.problem.SetText(err.Error())
		p.problem.Show()
	}
	p.content.Refresh()
}

func (p *rulePane) panes() []fyne.Focusable {
	if p.block {
		return []fyne.Focusable{p.fields[0].field}
	}
	return []fyne.Focusable{p.chips}
}

// take gives the rule the keyboard: its steps, or the fields of a block.
func (p *rulePane) take() { p.v.host.Focus(p.panes()[0]) }

func (p *rulePane) redraw() {
	m := p.v.m
	t, ok := m.RuleTitle()
	p.title.SetText(t.Text)
	p.words.Set(t.Words, t.Role)
	if t.Words == "" {
		p.said.Hide()
	} else {
		p.said.Show()
	}
	if words := m.TurnWords(); words != "" {
		p.turn.SetText(words)
		p.turnBox.Show()
	} else {
		p.turnBox.Hide()
	}
	if t.Block || !ok {
		p.status.Hide()
	} else {
		p.status.Show()
		for i, s := range model.Statuses {
			if string(s) == m.RuleField(model.ColumnStatus) {
				p.status.SetSelected(i)
			}
		}
	}
	if p.block = t.Block; t.Block {
		p.chips.Hide()
		p.line.Hide()
	} else {
		p.chips.Show()
		p.line.Show()
	}
	p.steps = m.Chips()
	chips := make([]kit.Chip, len(p.steps))
	for i, c := range p.steps {
		chips[i] = kit.Chip{Text: c.Text, Value: c.Value, Masked: c.Masked, Role: chipRole(c.Kind), Fixed: c.Kind != model.FunctionChip && c.Kind != model.DefaultChip && c.Kind != model.FormulaChip || c.Kind == model.FunctionChip && c.At < 0}
	}
	p.chips.Set(chips)
	for i, f := range p.fields {
		name := ruleParts[i].rule
		if t.Block {
			name = ruleParts[i].block
		}
		f.label.SetText(name)
		if name == "" || !ok {
			f.box.Hide()
		} else {
			f.box.Show()
		}
		if text := m.RuleField(f.column); f.field.Text != text && !p.typing(f.field) {
			f.field.SetText(text)
		}
	}
	p.form.Refresh()
	p.content.Refresh()
}

// typing says whether somebody is writing in a field.
func (p *rulePane) typing(f *kit.Field) bool {
	c := fyne.CurrentApp().Driver().CanvasForObject(f)
	return c != nil && c.Focused() == fyne.Focusable(f) && p.problem.Visible()
}

func chipRole(k model.ChipKind) screen.Role {
	switch k {
	case model.SourceChip:
		return screen.RoleSegment
	case model.TargetChip:
		return screen.RoleAccent
	case model.DefaultChip:
		return screen.RoleMuted
	}
	return screen.RoleText
}

// twoColumns lays the parts that show out in two columns, row by row, and the wide ones over both; all of them are wide where
// there is not enough room.
type twoColumns struct{}

// The room in units that two columns take at least, and what stands between rows and columns.
const (
	twoWidth  float32 = 560
	formGap   float32 = 3
	formSides float32 = 6
)

// visit visits the parts that show with their row, and whether they stand at the left, at the right, or over both.
func (l twoColumns) visit(o []fyne.CanvasObject, narrow bool, visit func(x fyne.CanvasObject, row int, right, wide bool)) (rows int) {
	right := false
	for i, x := range o {
		if !x.Visible() {
			continue
		}
		wide := narrow || ruleParts[i].wide
		if wide && right {
			rows, right = rows+1, false
		}
		visit(x, rows, right, wide)
		if wide || right {
			rows, right = rows+1, false
		} else {
			right = true
		}
	}
	if right {
		rows++
	}
	return rows
}

func (l twoColumns) high(o []fyne.CanvasObject) (high float32) {
	for _, x := range o {
		high = max(high, x.MinSize().Height)
	}
	return high
}

func (l twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	rows := l.visit(o, false, func(fyne.CanvasObject, int, bool, bool) {})
	return fyne.NewSize(240, float32(rows)*(l.high(o)+formGap))
}

func (l twoColumns) Layout(o []fyne.CanvasObject, size fyne.Size) {
	high, half := l.high(o), (size.Width-3*formSides)/2
	l.visit(o, size.Width < twoWidth, func(x fyne.CanvasObject, row int, right, wide bool) {
		at, width := formSides, half
		if right {
			at += half + formSides
		}
		if wide {
			width = size.Width - 2*formSides
		}
		x.Move(fyne.NewPos(at, float32(row)*(high+formGap)))
		x.Resize(fyne.NewSize(width, high))
	})
}
