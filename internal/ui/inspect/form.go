package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// formPane is the open message as a form: its segments, and the fields of one of them to be filled in. One field for
// writing goes from row to row, so that a segment of any length costs the same.
type formPane struct {
	v        *View
	content  fyne.CanvasObject
	segments *kit.GridView
	tree     *kit.TreeView
	rows     *fyne.Container // tree and field
	field    *kit.Field
	offers   *kit.Suggestions
	offered  []model.Code
	about    *kit.Text
	problem  *kit.Text
	edit     model.Edit
	writing  bool // the field shows
	changed  bool // something of this edit is in the draft
}

func newFormPane(v *View) *formPane {
	p := &formPane{v: v}
	p.segments = kit.NewGridView(v.m.FormSegments())
	p.segments.Single, p.segments.HideHeader = true, true
	p.segments.OnSelect = v.m.SelectFormSegment
	p.segments.OnOpen = func(int) { v.host.Focus(p.tree) }
	p.segments.OnSecondary = func(row int, at fyne.Position) { v.m.SelectFormSegment(row); v.valueMenu(nil, at) }
	p.tree = kit.NewTreeView(v.m.Form())
	p.tree.HideHeader = false
	p.tree.OnSelect = v.m.SelectFormRow
	p.tree.OnToggle = v.m.ToggleFormRow
	p.tree.OnOpen = func(int) { p.begin() }
	p.tree.OnRune = p.overwrite
	p.tree.OnKey = p.treeKey
	p.tree.OnScrolled = p.place
	p.tree.OnResize = func(string, float32) { p.place() }
	p.tree.OnSecondary = p.menu
	p.field = kit.NewField("")
	p.field.TakesTab = true
	p.field.OnChanged = p.written
	p.field.OnKey = p.fieldKey
	p.field.OnShortcut = p.shortcut
	p.field.OnBlur = p.left
	p.field.Hide()
	p.offers = kit.NewSuggestions(p.field)
	p.offers.Ask = p.codes
	p.offers.Take = func(i int) { p.field.SetText(p.offered[i].Value); p.offers.Close() }
	p.rows = container.New(overCell{p}, p.tree, p.field)
	p.about = kit.NewCaption("")
	p.about.Min = 60
	p.problem = kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	foot := container.NewVBox(kit.NewRule(), kit.OnPanel(theme.ColorPanel, container.NewBorder(kit.Gap(0, 2), kit.Gap(0, 2), kit.Gap(5, 0), kit.Gap(3, 0), container.NewVBox(p.about, p.problem))))
	right := container.New(kit.Float{List: p.offers}, container.New(kit.Column{Flex: 0}, p.rows, foot), p.offers)
	p.content = kit.NewColumns(p.segments, right, 0.24)
	return p
}

// overCell lays the field over the cell that is written in.
type overCell struct{ p *formPane }

// MinSize implements fyne.Layout.
func (overCell) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

// Layout implements fyne.Layout.
func (l overCell) Layout(o []fyne.CanvasObject, size fyne.Size) {
	o[0].Move(fyne.NewPos(0, 0))
	if o[0].Resize(size); l.p.writing { // the row that is written stays in view when the pane gets smaller
		l.p.tree.ScrollTo(l.p.tree.Selected())
	}
	l.p.place()
}

// place puts the field where the value of its row stands, or out of sight with it.
func (p *formPane) place() {
	at, size, shown := p.tree.CellPlace(p.tree.Selected(), model.FormValueColumn)
	if !p.writing || !shown {
		p.field.Hide()
		p.offers.Close()
		return
	}
	height := max(size.Height, p.field.MinSize().Height)
	p.field.Move(fyne.NewPos(at.X, at.Y-(height-size.Height)/2))
	p.field.Resize(fyne.NewSize(size.Width, height))
	if p.writing {
		p.field.Show()
	}
}

// begin lets the value of the chosen row be written, with all of it selected.
func (p *formPane) begin() {
	row := p.tree.Selected()
	if row < 0 && p.tree.Grid().Len() > 0 {
		row = 0
		p.v.m.SelectFormRow(row)
	}
	e, err := p.v.m.EditFormRow(row)
	if err != nil {
		p.say(sentence(err) + ".")
		return
	}
	p.edit, p.writing, p.changed = e, true, false
	p.setText(e.Text)
	p.say("")
	p.tree.ScrollTo(row)
	p.place()
	p.v.host.Focus(p.field)
	p.field.SelectAll()
}

// setText shows a text that the user has not written.
func (p *formPane) setText(text string) {
	on := p.field.OnChanged
	p.field.OnChanged = nil
	p.field.SetText(text)
	p.field.OnChanged = on
	p.offers.Close()
}

// overwrite begins with a letter in the place of what stood there.
func (p *formPane) overwrite(r rune) {
	if p.begin(); p.writing {
		p.field.SetText(string(r))
		p.field.CursorColumn = 1
		p.field.Refresh()
	}
}

// written takes over what is in the field, letter by letter.
func (p *formPane) written(text string) {
	if !p.writing {
		return
	}
	if err := p.v.m.Enter(p.edit, text, p.changed); err != nil {
		p.say(sentence(err) + ".")
		return
	}
	p.changed = true
	p.say("")
}

func (p *formPane) say(problem string) {
	p.problem.SetText(problem)
	if problem == "" {
		p.problem.Hide()
	} else {
		p.problem.Show()
	}
	p.rows.Refresh()
}

// end puts the field away; what was written stays.
func (p *formPane) end() {
	p.writing = false
	p.offers.Close()
	p.field.Hide()
	p.say("")
}

// left ends writing when the keyboard goes elsewhere.
func (p *formPane) left() {
	if p.writing {
		p.end()
	}
}

// treeKey does what Delete does: it empties the value.
func (p *formPane) treeKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyDelete, fyne.KeyBackspace:
		edit, err := p.v.m.EditFormRow(p.tree.Selected())
		if err == nil {
			err = p.v.m.Enter(edit, "", false)
		}
		p.v.try(err)
		return true
	}
	return false
}

// fieldKey goes on to the next row and back; what was written stays. Escape takes it back.
func (p *formPane) fieldKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyEscape:
		if p.changed {
			p.v.m.Undo()
		}
		p.end()
		p.v.host.Focus(p.tree)
	case fyne.KeyReturn, fyne.KeyEnter:
		p.end()
		p.v.host.Focus(p.tree)
		p.move(1)
	case fyne.KeyDown:
		p.next(1)
	case fyne.KeyUp:
		p.next(-1)
	case fyne.KeyTab:
		if kit.Modifiers()&fyne.KeyModifierShift != 0 {
			p.next(-1)
		} else {
			p.next(1)
		}
	default:
		return false
	}
	return true
}

// move goes to another row.
func (p *formPane) move(by int) {
	to := p.tree.Selected() + by
	if to >= 0 && to < p.tree.Grid().Len() {
		p.v.m.SelectFormRow(to)
	}
}

// next goes to another row and lets it be written. At either end it stays.
func (p *formPane) next(by int) {
	to := p.tree.Selected() + by
	if to < 0 || to >= p.tree.Grid().Len() {
		return
	}
	p.end()
	p.v.m.SelectFormRow(to)
	p.begin()
	if !p.writing { // this one cannot be written, such as the delimiters
		p.v.host.Focus(p.tree)
	}
}

// shortcut undoes and redoes changes of the message, not letters of the field.
func (p *formPane) shortcut(s fyne.Shortcut) bool {
	switch s.(type) {
	case *fyne.ShortcutUndo:
		p.v.m.Undo()
	case *fyne.ShortcutRedo:
		p.v.m.Redo()
	default:
		return false
	}
	p.changed = false
	return true
}

// codes are those of the value's table that fit what is written.
func (p *formPane) codes(text string, _ int) []kit.Suggestion {
	if !p.field.Visible() {
		return nil
	}
	if text == p.edit.Text {
		text = "" // nothing is written yet: all of them
	}
	p.offered = p.v.m.Codes(p.edit, text)
	out := make([]kit.Suggestion, len(p.offered))
	for i, c := range p.offered {
		out[i] = kit.Suggestion{Text: c.Value, About: c.Meaning}
	}
	return out
}

func (p *formPane) redraw() {
	m := p.v.m
	p.tree.Empty = "Choose a segment to fill in its fields."
	switch {
	case !m.IsOpen():
		p.tree.Empty = "Open a message to see its fields."
	case m.FormSegments().Len() == 0:
		p.tree.Empty = "No segments: this is not an HL7 v2 message. The findings say what it seems to be."
	}
	if row := m.FormSegment(); p.segments.Selected() != row {
		p.segments.Select(row)
	}
	p.segments.Refresh()
	if row := m.FormSelected(); p.tree.Selected() != row {
		p.tree.Select(row)
	}
	p.tree.Refresh()
	p.follow()
	about := "Enter or a letter changes a value, on a copy. Right opens its parts. Down shows the codes of a table."
	if m.Fixed() {
		about = "Read where it lies: import the message into the project to change it."
	}
	if e, err := m.EditFormRow(m.FormSelected()); err == nil {
		about = e.Path + "  " + e.Name + "  ·  " + m.About(e)
	}
	p.about.SetText(about)
}

// follow keeps the field in step with the message: undone changes show, and it goes when the cursor has gone elsewhere.
func (p *formPane) follow() {
	if !p.writing {
		return
	}
	now, ok := p.v.m.Stands(p.edit)
	switch {
	case !ok:
		p.end()
	case now != p.field.Text && p.problem.Text == "":
		p.setText(now)
	}
	p.place()
}

// menu is what can be done with a row.
func (p *formPane) menu(row int, at fyne.Position) {
	v := p.v
	v.m.SelectFormRow(row)
	var items []*fyne.MenuItem
	if !v.m.Masked() {
		items = append(items, fyne.NewMenuItem("Add a repetition", v.AddRepetition), fyne.NewMenuItem("Remove this repetition", v.RemoveRepetition))
	}
	v.valueMenu(items, at)
}

// ToggleForm shows the message as a form, or as its bytes.
func (v *View) ToggleForm() {
	if v.m.Face() == model.FaceForm {
		v.m.SetFace(model.FaceRaw)
		v.host.Focus(v.message.code)
		return
	}
	v.m.SetFace(model.FaceForm)
	v.host.Focus(v.form.tree)
}

// AddRepetition gives the field at the cursor one repetition more, in the form.
func (v *View) AddRepetition() {
	v.m.SetFace(model.FaceForm)
	err := v.m.AddRepetition(v.m.FormSelected())
	v.try(err)
	if err == nil {
		v.form.begin()
	}
}

// RemoveRepetition removes the repetition at the cursor.
func (v *View) RemoveRepetition() {
	v.m.SetFace(model.FaceForm)
	v.try(v.m.RemoveRepetition(v.m.FormSelected()))
}
