package ui

import (
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/files"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// fileDialog is the window's own file dialog, for systems without one that we can call. Fyne's takes one file at a time
// and cannot be used without a mouse.
type fileDialog struct {
	s        *Shell
	purpose  files.Purpose
	m        *files.Model
	then     func(paths []string)
	proposal string // the name that a target had at first
	wanted   string // the name that a target has while the list is walked through
	where    *kit.Text
	name     *kit.Field
	problem  *kit.Text
	list     *kit.GridView
	ok       *kit.ToolButton
	button   string // what ok says
	making   bool   // the name is that of a new folder
	kept     string // what was in the field before
}

// The dialog's list, in units.
const (
	dialogWidth = 720
	dialogRows  = 14
)

// What the name is asked for.
const (
	askName   = "Name, path or pattern such as *.hl7"
	askTarget = "Name or path of the file"
	askFolder = "Name of the new folder"
)

func (s *Shell) showFiles(p files.Purpose, title, name, button string, then func(paths []string)) {
	d := &fileDialog{s: s, purpose: p, m: files.New(p, s.lastFolder()), then: then, proposal: name, wanted: name, button: button}
	d.where = kit.NewText("", screen.RoleMuted)
	d.where.Min = 100
	d.fields()
	d.rows()
	up := kit.NewToolButton(theme.IconChevronUp, "The folder above", d.up)
	top := container.NewBorder(nil, nil, up, nil, d.where)
	rows := container.NewStack(kit.Gap(dialogWidth, theme.RowHeight*dialogRows), d.list)
	d.ok = kit.NewPrimaryButton("", button, d.enter)
	buttons := []fyne.CanvasObject{d.ok}
	switch p {
	case files.Import:
		whole := kit.NewTextButton("", "Whole folder", func() { d.take([]string{d.m.Folder()}) })
		whole.SetHint("Import every file in the folder that is shown, and below it")
		buttons = append(buttons, whole)
	case files.Folder:
		d.ok = kit.NewPrimaryButton("", button, func() { d.take([]string{d.m.Folder()}) })
		buttons = []fyne.CanvasObject{d.ok}
	case files.Target:
		top = container.NewBorder(nil, nil, up, kit.NewTextButton(theme.IconAdd, "New folder", d.askFolder), d.where)
	}
	buttons = append(buttons, kit.NewTextButton("", "Cancel", func() { s.dismiss() }))
	body := container.NewVBox(top, rows, d.name, d.problem)
	pop := s.modal(title, body, dialogWidth, buttons...)
	s.dismissWith(pop.Hide)
	d.redraw(d.first())
	if p == files.Target {
		s.canvas.Focus(d.name)
		d.name.SelectAll()
	} else {
		s.canvas.Focus(d.list)
	}
}

func (d *fileDialog) fields() {
	d.name = kit.NewField(askName)
	if d.purpose == files.Target {
		d.name.PlaceHolder = askTarget
	}
	d.name.Text = d.proposal
	d.name.OnSubmitted = func(string) { d.enter() }
	d.name.OnChanged = d.typed
	d.name.OnKey = d.nameKey
	d.problem = kit.NewWords("", screen.RoleError)
}

func (d *fileDialog) rows() {
	d.list = kit.NewGridView(d.m.List())
	d.list.Single = d.purpose == files.Target
	d.list.Empty = "This folder is empty."
	d.list.OnOpen = func(int) { d.enterRows() }
	d.list.OnSelect = d.selected
	d.list.OnKey = d.listKey
	d.list.OnRune = func(r rune) {
		d.s.canvas.Focus(d.name)
		if d.purpose == files.Target {
			d.name.SelectAll() // a name is typed anew
		}
		d.name.TypedRune(r)
	}
}

// lastFolder is where the dialog was left, or the home folder.
func (s *Shell) lastFolder() string {
	if s.folder != "" {
		return s.folder
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "."
	}
	return home
}

// enter does what the dialog's button says: with the name that is typed, or else with the rows.
func (d *fileDialog) enter() {
	if d.making {
		d.makeFolder()
		return
	}
	if d.purpose == files.Folder && d.name.Text == "" { // nothing but the folder that is shown can be meant
		d.take([]string{d.m.Folder()})
		return
	}
	rows := d.list.SelectedRows()
	if d.purpose == files.Target { // it has a name, and the row below the cursor is none
		rows = nil
	}
	d.open(d.name.Text, rows)
}

// enterRows opens the rows that are chosen, whatever is typed.
func (d *fileDialog) enterRows() {
	d.endMaking()
	d.open("", d.list.SelectedRows())
}

// open opens what is typed or chosen, or goes on in another folder.
func (d *fileDialog) open(typed string, rows []int) {
	paths, done := d.m.Enter(typed, rows)
	if done {
		d.take(paths)
		return
	}
	if d.m.Problem() != "" {
		d.problem.SetText(d.m.Problem())
		return
	}
	if typed != "" {
		d.name.SetText(d.proposal)
	}
	d.redraw(d.first())
}

// take ends the dialog.
func (d *fileDialog) take(paths []string) {
	d.s.folder = d.m.Folder()
	d.s.dismiss()
	d.then(paths)
}

func (d *fileDialog) up() { d.redraw(d.m.Up()) }

// askFolder makes the name that of a new folder, until Enter or Escape.
func (d *fileDialog) askFolder() {
	if !d.making {
		d.making, d.kept = true, d.name.Text
		d.name.SetPlaceHolder(askFolder)
		d.name.SetText("")
		d.ok.SetLabel("Make folder")
	}
	d.problem.SetText("")
	d.s.canvas.Focus(d.name)
}

func (d *fileDialog) makeFolder() {
	if d.m.MakeFolder(d.name.Text) != nil {
		d.problem.SetText(d.m.Problem())
		return
	}
	d.endMaking()
	d.redraw(d.first())
}

func (d *fileDialog) endMaking() {
	if d.making {
		d.making = false
		d.name.SetPlaceHolder(askTarget)
		d.name.SetText(d.kept)
		d.ok.SetLabel(d.button)
		d.problem.SetText("")
	}
}

// selected follows the cursor in the list. What is chosen there counts, so the name goes; a target's becomes that of the
// file, and stays where a folder is gone through.
func (d *fileDialog) selected(row int) {
	if n := d.m.List().Len(); n > 1 && d.list.SelectedCount() == n && d.m.HasUp() { // all: the way up is not meant
		rest := make([]int, n-1)
		for i := range rest {
			rest[i] = i + 1
		}
		d.list.SelectRows(rest)
	}
	d.problem.SetText("")
	e, ok := d.m.Entry(row)
	switch {
	case d.making:
	case d.purpose != files.Target:
		d.name.SetText("")
	case ok && !e.Folder && !e.Broken:
		d.name.SetText(e.Name)
	default:
		d.name.SetText(d.wanted)
	}
}

// typed shows the first row that begins as the name does, for Down to go on from; or none, since the name counts now.
func (d *fileDialog) typed(name string) {
	if name != "" && !d.making && d.s.canvas.Focused() == fyne.Focusable(d.name) {
		d.list.Select(d.m.Find(name))
	}
}

// nameKey goes from the name to the list on Up and Down, and leaves the making of a folder on Escape.
func (d *fileDialog) nameKey(e *fyne.KeyEvent) bool {
	switch {
	case e.Name == fyne.KeyEscape && d.making:
		d.endMaking()
	case e.Name == fyne.KeyDown, e.Name == fyne.KeyUp:
		row := d.list.Selected()
		if row < 0 {
			row = d.first()
		}
		if !d.making {
			d.wanted = d.name.Text
		}
		d.s.canvas.Focus(d.list)
		d.list.Select(row)
		d.selected(row)
	default:
		return false
	}
	return true
}

// listKey goes up on Backspace.
func (d *fileDialog) listKey(e *fyne.KeyEvent) bool {
	if e.Name != fyne.KeyBackspace {
		return false
	}
	d.up()
	return true
}

// first is the row that the cursor stands on in a new folder: what is in it, rather than the way out of it.
func (d *fileDialog) first() int {
	if d.m.HasUp() && d.m.List().Len() > 1 {
		return 1
	}
	return 0
}

func (d *fileDialog) redraw(row int) {
	d.where.SetText(d.m.Folder())
	d.problem.SetText(d.m.Problem())
	d.list.SetGrid(d.m.List())
	d.list.Select(row)
	d.list.Refresh()
}
