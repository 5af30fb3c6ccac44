package ui

import (
	"os"
	"strings"

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
	s       *Shell
	m       *files.Model
	then    func(paths []string)
	where   *kit.Text
	name    *kit.Field
	problem *kit.Text
	list    *kit.GridView
}

// The dialog's list, in units.
const (
	dialogWidth = 720
	dialogRows  = 14
)

func (s *Shell) showFiles(p files.Purpose, title, name, button string, then func(paths []string)) {
	d := &fileDialog{s: s, m: files.New(p, s.lastFolder()), then: then}
	d.where = kit.NewText("", screen.RoleMuted)
	d.where.Min = 100
	d.name = kit.NewField("Name, path or pattern such as *.hl7")
	d.name.Text = name
	d.name.OnSubmitted = func(string) { d.enter() }
	d.problem = kit.NewText("", screen.RoleError)
	d.problem.Min = 100
	d.list = kit.NewGridView(d.m.List())
	d.list.Single = p == files.Target
	d.list.Empty = "This folder is empty."
	d.list.OnOpen = func(int) { d.name.SetText(""); d.enter() }
	d.list.OnSelect = func(int) { d.name.SetText("") }
	d.list.OnKey = d.key
	up := kit.NewToolButton(theme.IconChevronUp, "The folder above", d.up)
	rows := container.NewStack(kit.Gap(dialogWidth, theme.RowHeight*dialogRows), d.list)
	body := container.NewVBox(container.NewBorder(nil, nil, up, nil, d.where), rows, d.name, d.problem)
	ok := kit.NewPrimaryButton("", button, d.enter)
	cancel := kit.NewTextButton("", "Cancel", func() { s.dismiss() })
	pop := s.modal(title, body, dialogWidth, ok, cancel)
	s.dismissWith(pop.Hide)
	d.redraw(0)
	if p == files.Target {
		s.canvas.Focus(d.name)
	} else {
		s.canvas.Focus(d.list)
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

func (d *fileDialog) enter() {
	paths, done := d.m.Enter(d.name.Text, d.list.SelectedRows())
	if !done {
		if d.m.Problem() == "" {
			d.name.SetText("")
		}
		d.redraw(0)
		return
	}
	d.s.folder = d.m.Folder()
	d.s.dismiss()
	d.then(paths)
}

func (d *fileDialog) up() { d.redraw(d.m.Up()) }

// key goes up on Backspace, and to a name on a letter.
func (d *fileDialog) key(e *fyne.KeyEvent) bool {
	switch {
	case e.Name == fyne.KeyBackspace:
		d.up()
	case len(e.Name) == 1 && strings.ToUpper(string(e.Name)) == string(e.Name):
		if row := d.m.Find(string(e.Name), d.list.Selected()+1); row >= 0 {
			d.list.Select(row)
			d.list.OnSelect(row)
		}
	default:
		return false
	}
	return true
}

func (d *fileDialog) redraw(row int) {
	d.where.SetText(d.m.Folder())
	d.problem.SetText(d.m.Problem())
	d.list.SetGrid(d.m.List())
	d.list.Select(row)
	d.list.Refresh()
}
