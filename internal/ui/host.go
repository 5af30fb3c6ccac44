package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"
	"github.com/ncruces/zenity"

	"trestle/internal/job"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
)

var _ host.Host = (*Shell)(nil)

// ChooseFiles implements host.Host: with the system's dialog where there is one, else with Fyne's.
func (s *Shell) ChooseFiles(title string, then func(paths []string)) {
	job.Start(context.Background(), s.runner, func(ctx context.Context) ([]string, error) {
		return zenity.SelectFileMultiple(zenity.Context(ctx), zenity.Title(title))
	}, func(paths []string, err error) {
		switch {
		case err == nil && len(paths) > 0:
			then(paths)
		case errors.Is(err, zenity.ErrCanceled), errors.Is(err, context.Canceled), err == nil:
		default: // no such program on this system
			s.fyneOpen(then)
		}
	})
}

func (s *Shell) fyneOpen(then func(paths []string)) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			return
		}
		path := r.URI().Path()
		r.Close()
		then([]string{path})
	}, s.window)
	s.roomy(d)
}

// ChooseTarget implements host.Host.
func (s *Shell) ChooseTarget(title, name string, then func(path string)) {
	job.Start(context.Background(), s.runner, func(ctx context.Context) (string, error) {
		return zenity.SelectFileSave(zenity.Context(ctx), zenity.Title(title), zenity.Filename(name))
	}, func(path string, err error) {
		switch {
		case err == nil && path != "":
			then(path)
		case errors.Is(err, zenity.ErrCanceled), errors.Is(err, context.Canceled), err == nil:
		default:
			s.fyneSave(name, then)
		}
	})
}

// fyneSave asks for a folder and leaves the name: Fyne's own dialog for a new file makes the file, and what makes a
// workspace must find none.
func (s *Shell) fyneSave(name string, then func(path string)) {
	d := dialog.NewFolderOpen(func(l fyne.ListableURI, err error) {
		if err == nil && l != nil {
			then(l.Path() + "/" + name)
		}
	}, s.window)
	s.roomy(d)
}

// roomy shows a file dialog at a size at which names can be read.
func (s *Shell) roomy(d *dialog.FileDialog) {
	size := s.canvas.Size()
	d.Resize(fyne.NewSize(min(size.Width-40, 900), min(size.Height-40, 620)))
	d.Show()
}

// Clipboard implements host.Host.
func (s *Shell) Clipboard() fyne.Clipboard { return s.app.Clipboard() }

// Focus implements host.Host.
func (s *Shell) Focus(o fyne.Focusable) { s.canvas.Focus(o) }

// Menu implements host.Host.
func (s *Shell) Menu(m *fyne.Menu, at fyne.Position) { widget.ShowPopUpMenuAtPosition(m, s.canvas, at) }

// Decide implements host.Host.
func (s *Shell) Decide(title, text, yes string, then func()) {
	s.ask(title, text, kit.Action{Label: yes, Do: then}, kit.Action{Label: "Cancel"})
}

// Tell implements host.Host.
func (s *Shell) Tell(title, text string) { s.ask(title, text, kit.Action{Label: "Close"}) }

// ask shows a question with its answers; Escape takes the last, which must change nothing.
func (s *Shell) ask(title, text string, answers ...kit.Action) {
	words := widget.NewLabel(text)
	words.Wrapping = fyne.TextWrapWord
	var buttons []fyne.CanvasObject
	var first *kit.ToolButton
	back := s.canvas.Focused()
	var pop *widget.PopUp
	for i, a := range answers {
		make := kit.NewTextButton
		if i == 0 && len(answers) > 1 {
			make = kit.NewPrimaryButton
		}
		b := make("", a.Label, func() {
			pop.Hide()
			s.dismiss = nil
			if back != nil {
				s.canvas.Focus(back)
			}
			if a.Do != nil {
				a.Do()
			}
		})
		if first == nil {
			first = b
		}
		buttons = append(buttons, b)
	}
	last := buttons[len(buttons)-1].(*kit.ToolButton)
	pop = s.modal(title, words, 480, buttons...)
	s.dismiss = last.Press
	s.canvas.Focus(first)
}

// modal shows content under a title with buttons below it, in the middle of the window.
func (s *Shell) modal(title string, content fyne.CanvasObject, width float32, buttons ...fyne.CanvasObject) *widget.PopUp {
	row := container.NewHBox(buttons...)
	body := container.NewVBox(kit.NewTitle(title, 15), kit.Gap(0, 2), content, kit.Gap(0, 6), container.New(kit.RightIn(width), row))
	framed := container.NewBorder(kit.Gap(0, 8), kit.Gap(0, 8), kit.Gap(10, 0), kit.Gap(10, 0), container.New(kit.Width(width), body))
	pop := widget.NewModalPopUp(framed, s.canvas)
	pop.Show()
	return pop
}

// Status implements host.Host.
func (s *Shell) Status() {
	if s.session == nil {
		return
	}
	s.session.describe()
	s.frame.status.redraw()
}
