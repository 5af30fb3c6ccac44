package inspect

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// editLine is the field below the tree in which a value is changed. It says while typing what would be found.
type editLine struct {
	v       *View
	content *fyne.Container
	title   *kit.Text
	field   *kit.Field
	found   *kit.Text
	edit    model.Edit
	from    int64 // the message that it is of
	at      int   // where the cursor stood
}

func newEditLine(v *View) *editLine {
	l := &editLine{v: v}
	l.title = kit.NewCaption("")
	l.title.Min = 80
	l.field = kit.NewField("empty")
	l.field.OnChanged = func(string) { l.check() }
	l.field.OnSubmitted = func(string) { l.apply() }
	l.field.OnEscape = l.close
	l.found = kit.NewWords("", screen.RoleWarning)
	l.found.Hide()
	buttons := container.NewHBox(kit.Gap(1, 0), kit.NewToolButton(theme.IconCheck, "Change it, on a copy (Enter)", l.apply), kit.NewToolButton(theme.IconClose, "Leave it as it is (Escape)", l.close))
	inner := container.NewVBox(l.title, container.New(kit.Row{Flex: 0}, l.field, buttons), l.found)
	l.content = container.New(kit.Column{Flex: 1}, kit.NewRule(), kit.OnPanel(theme.ColorPanel, container.NewBorder(kit.Gap(0, 1), kit.Gap(0, 2), kit.Gap(5, 0), kit.Gap(3, 0), inner)))
	l.content.Hide()
	return l
}

// open shows a value to be changed.
func (l *editLine) open(e model.Edit) {
	l.edit, l.from = e, l.v.m.Open()
	l.at, _, _ = l.v.m.Cursor()
	l.title.SetText(e.Path + "  " + e.Name)
	l.field.SetText(e.Text)
	l.content.Show()
	l.v.tree.content.Refresh()
	l.check()
	l.v.host.Focus(l.field)
	l.field.SelectAll()
}

// close puts the line away and gives the keyboard back.
func (l *editLine) close() {
	if l.content.Visible() {
		l.hide()
		l.v.host.Focus(l.v.tree.tree)
	}
}

func (l *editLine) hide() {
	l.content.Hide()
	l.v.tree.content.Refresh()
}

// follow puts the line away when the user has gone elsewhere, or the mask hides what it shows.
func (l *editLine) follow() {
	at, _, _ := l.v.m.Cursor()
	if l.content.Visible() && (at != l.at || l.from != l.v.m.Open() || l.v.m.Masked()) {
		l.field.Text = ""
		l.hide()
	}
}

// check says what would be found if the value were as it is written.
func (l *editLine) check() {
	found, err := l.v.m.Try(l.edit, l.field.Text)
	switch {
	case err != nil:
		l.found.Set(sentence(err), screen.RoleError)
	case len(found) == 0:
		l.found.Set("", screen.RoleWarning)
	default:
		words := found[0].Text
		if len(found) > 1 {
			words += fmt.Sprintf(" And %d more.", len(found)-1)
		}
		l.found.Set(words, screen.RoleWarning)
	}
	if l.found.Text == "" {
		l.found.Hide()
	} else {
		l.found.Show()
	}
	l.v.tree.content.Refresh()
}

func (l *editLine) apply() {
	if err := l.v.m.Apply(l.edit, l.field.Text); err != nil {
		l.found.Set(sentence(err), screen.RoleError)
		l.found.Show()
		l.v.tree.content.Refresh()
		return
	}
	l.hide()
	l.v.host.Focus(l.v.tree.tree)
}

// EditValue changes the value at the cursor.
func (v *View) EditValue() {
	if v.m.Face() == model.FaceForm {
		v.form.begin()
		return
	}
	e, err := v.m.EditHere()
	if err != nil {
		v.host.Tell("Nothing to change here", sentence(err)+".")
		return
	}
	v.tree.line.open(e)
}

// ToggleTyping lets the raw view take letters, or not any more.
func (v *View) ToggleTyping() {
	v.m.SetTyping(!v.m.Typing())
	if v.m.Typing() {
		if v.m.Face() != model.FaceForm { // which has the text below it
			v.m.SetFace(model.FaceRaw)
		}
		v.host.Focus(v.message.code)
	}
}

// typed puts text in the place of the selection, while the raw view takes letters.
func (p *messagePane) typed(text string) bool {
	m := p.v.m
	if !m.Typing() || m.Hex() {
		return false
	}
	from, to := p.code.Selection()
	p.v.try(m.TypeText(from, to, text))
	return true
}

// cut takes the selection away and puts it on the clipboard.
func (p *messagePane) cut() bool {
	from, to := p.code.Selection()
	if !p.v.m.Typing() || p.v.m.Hex() || from == to {
		return false
	}
	p.code.Copy()
	p.v.m.Erase(from, to)
	return true
}

// key does what Backspace, Delete and Enter do, while the raw view takes letters.
func (p *messagePane) key(e *fyne.KeyEvent) bool {
	m := p.v.m
	if !m.Typing() || m.Hex() {
		return false
	}
	from, to := p.code.Selection()
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		p.typed("\r")
	case fyne.KeyBackspace:
		if from == to {
			from = p.code.Before(to)
		}
		m.Erase(from, to)
	case fyne.KeyDelete:
		if from == to {
			to = p.code.After(from)
		}
		m.Erase(from, to)
	default:
		return false
	}
	return true
}

// redrawChanges says that there are changes, and what can be done with them.
func (p *messagePane) redrawChanges() {
	m := p.v.m
	p.edit.SetSelected(m.Typing())
	p.edit.SetLabel("Type into the message, on a copy (Ctrl+T)")
	if m.Typing() {
		p.edit.SetLabel("The message takes what you type, on a copy. Stop that (Ctrl+T)")
	}
	undo, _, redo, _ := m.Changes()
	if undo == 0 && redo == 0 {
		p.changes.Say(screen.RoleInformation, "", nil)
		p.content.Refresh()
		return
	}
	words := "All changes are undone."
	actions := []kit.Action{}
	if undo > 0 {
		words = "Changed on a copy, not stored yet."
		actions = append(actions, kit.Action{Label: "Store as new", Do: m.SaveDraft}, kit.Action{Label: "Undo", Do: m.Undo})
	}
	if redo > 0 {
		actions = append(actions, kit.Action{Label: "Redo", Do: m.Redo})
	}
	p.changes.Say(screen.RoleInformation, words, nil, actions...)
	p.content.Refresh()
}

// try says what kept a change from being made.
func (v *View) try(err error) {
	if err != nil {
		v.host.Tell("Not changed", sentence(err)+".")
	}
}

// InsertSegment asks for a segment and puts it behind the one at the cursor.
func (v *View) InsertSegment() {
	v.askName("Insert a segment behind this one", "Its ID, or the whole segment", "NTE|1||a remark", "Insert", v.m.InsertSegment)
}

// escape escapes the selection, or the value at the cursor where nothing is selected.
func (v *View) escape(back bool) {
	from, to := v.message.code.Selection()
	if from == to {
		_, from, to = v.m.Cursor()
	}
	v.try(v.m.EscapeRange(from, to, back))
}

// SaveFile asks with which line ends and where the message is written.
func (v *View) SaveFile() {
	ends := kit.NewChoice(model.Ends, nil)
	form := kit.NewForm(formWidth, kit.FormRow{Title: "Line ends", Control: ends, Note: "The file holds the message as it shows, without the mask, and is not encrypted. The access log keeps that it was written."})
	var dismiss func()
	dismiss = v.host.Dialog("Save the message as a file", form.Content(), formWidth, ends, kit.Action{Label: "Choose a file…", Do: func() {
		dismiss()
		v.host.ChooseTarget("Save the message", "message.hl7", func(path string) {
			if filepath.Ext(path) == "" {
				path += ".hl7"
			}
			v.m.SaveAs(path, ends.Selected())
		})
	}}, kit.Action{Label: "Cancel"})
}

// Normalise writes the message as the standard likes it best, on a copy.
func (v *View) Normalise() {
	if _, err := v.m.Normalise(); err != nil {
		v.try(err)
	}
}

// editMenu is what can be changed at the cursor.
func (v *View) editMenu() []*fyne.MenuItem {
	if v.m.Masked() || v.m.Fixed() || !v.m.IsOpen() {
		return nil
	}
	segment := fyne.NewMenuItem("Segment", nil)
	segment.ChildMenu = fyne.NewMenu("",
		fyne.NewMenuItem("Insert behind…", v.InsertSegment),
		fyne.NewMenuItem("Duplicate", func() { v.try(v.m.DuplicateSegment()) }),
		fyne.NewMenuItem("Move up", func() { v.try(v.m.MoveSegment(-1)) }),
		fyne.NewMenuItem("Move down", func() { v.try(v.m.MoveSegment(1)) }),
		fyne.NewMenuItem("Delete", func() { v.try(v.m.DeleteSegment()) }))
	return []*fyne.MenuItem{fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Change the value… (F2)", v.EditValue), segment}
}

// editActions are the changes that can be made now, for the palette.
func (v *View) editActions() []shell.Action {
	m := v.m
	out := []shell.Action{{ID: "inspect.save", Title: "Save the message as a file…", Detail: "exactly these bytes, or with other line ends", Keys: "Ctrl+Shift+S", Run: v.SaveFile}}
	if m.Masked() || m.Fixed() {
		return out
	}
	add := func(id, title, detail, keys string, run func()) {
		out = append(out, shell.Action{ID: "inspect.edit." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	tries := func(change func() error) func() { return func() { v.try(change()) } }
	add("value", "Change the value at the cursor", "on a copy", "F2", v.EditValue)
	add("typing", "Type into the message", "on a copy, again: stop", "Ctrl+T", v.ToggleTyping)
	undo, did, redo, next := m.Changes()
	if undo > 0 {
		add("undo", "Undo the "+did, "", "Ctrl+Z", m.Undo)
		add("store", "Store the changed message as a new one", "the one it was made from stays", "Ctrl+S", m.SaveDraft)
		add("discard", "Discard all changes of this message", "", "", func() {
			v.host.Decide("Discard all changes?", "The message is as it came again. This cannot be undone.", "Discard", m.Discard)
		})
	}
	if redo > 0 {
		add("redo", "Redo the "+next, "", "Ctrl+Y, Ctrl+Shift+Z", m.Redo)
	}
	add("insert", "Insert a segment…", "behind the one at the cursor", "Ctrl+Shift+I", v.InsertSegment)
	add("duplicate", "Duplicate the segment", "", "Ctrl+Shift+D", tries(m.DuplicateSegment))
	add("up", "Move the segment up", "", "Alt+Shift+Up", tries(func() error { return m.MoveSegment(-1) }))
	add("down", "Move the segment down", "", "Alt+Shift+Down", tries(func() error { return m.MoveSegment(1) }))
	add("delete", "Delete the segment", "", "Ctrl+Shift+Delete", tries(m.DeleteSegment))
	add("repeat", "Add a repetition of the field", "in the form, behind the last", "", v.AddRepetition)
	add("unrepeat", "Remove the repetition at the cursor", "", "", v.RemoveRepetition)
	add("control", "Give the message a new control ID", "MSH-10", "", tries(m.NewControlID))
	add("time", "Set the message time to now", "MSH-7", "", tries(m.StampNow))
	add("escape", "Escape the selection", "delimiters become text", "", func() { v.escape(false) })
	add("unescape", "Unescape the selection", "escape sequences become delimiters", "", func() { v.escape(true) })
	add("normalise", "Normalise the message", "all offered repairs, CR line ends, no needless delimiters; on a copy", "Ctrl+Shift+L", v.Normalise)
	add("ends", "Make all line ends CR", "as HL7 v2 wants them", "", tries(m.NormaliseLineEnds))
	return out
}
