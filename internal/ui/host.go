package ui

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	"github.com/ncruces/zenity"

	"trestle/internal/job"
	"trestle/internal/present/files"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
)

var _ host.Host = (*Shell)(nil)

// ChooseFiles implements host.Host: with the system's dialog where there is one, else with our own.
func (s *Shell) ChooseFiles(title string, then func(paths []string)) {
	s.chooseFiles(files.Open, title, then)
}

// ChooseFilesOrFolders implements host.Host. The system's dialog knows files only; folders can be dropped on the window
// there.
func (s *Shell) ChooseFilesOrFolders(title string, then func(paths []string)) {
	s.chooseFiles(files.Import, title, then)
}

func (s *Shell) chooseFiles(p files.Purpose, title string, then func(paths []string)) {
	job.Start(context.Background(), s.runner, func(ctx context.Context) ([]string, error) {
		return zenity.SelectFileMultiple(zenity.Context(ctx), zenity.Title(title))
	}, func(paths []string, err error) {
		switch {
		case err == nil && len(paths) > 0:
			then(paths)
		case errors.Is(err, zenity.ErrCanceled), errors.Is(err, context.Canceled), err == nil:
		default: // no such program on this system
			s.showFiles(p, title, "", "Open", then)
		}
	})
}

// ChooseFolder implements host.Host.
func (s *Shell) ChooseFolder(title string, then func(folder string)) {
	job.Start(context.Background(), s.runner, func(ctx context.Context) (string, error) {
		return zenity.SelectFile(zenity.Context(ctx), zenity.Title(title), zenity.Directory())
	}, func(path string, err error) {
		switch {
		case err == nil && path != "":
			then(path)
		case errors.Is(err, zenity.ErrCanceled), errors.Is(err, context.Canceled), err == nil:
		default:
			s.showFiles(files.Folder, title, "", "Choose this folder", func(paths []string) { then(paths[0]) })
		}
	})
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
			s.showFiles(files.Target, title, name, "Choose", func(paths []string) { then(paths[0]) })
		}
	})
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

// Dialog implements host.Host.
func (s *Shell) Dialog(title string, content fyne.CanvasObject, width float32, first fyne.Focusable, buttons ...kit.Action) (dismiss func()) {
	var row []fyne.CanvasObject
	for i, b := range buttons {
		make := kit.NewTextButton
		if i == 0 && b.Do != nil {
			make = kit.NewPrimaryButton
		}
		row = append(row, make("", b.Label, func() {
			if b.Do == nil {
				s.dismiss()
				return
			}
			b.Do()
		}))
	}
	pop := s.modal(title, content, width, row...)
	s.dismissWith(pop.Hide)
	if first == nil && len(row) > 0 { // else Return would do nothing
		first = row[0].(fyne.Focusable)
	}
	if first != nil {
		s.canvas.Focus(first)
	}
	return func() {
		if pop.Visible() && s.dismiss != nil {
			s.dismiss()
		}
	}
}

// ask shows a question with its answers; Escape takes the last, which must change nothing.
func (s *Shell) ask(title, text string, answers ...kit.Action) {
	words := widget.NewLabel(text)
	words.Wrapping = fyne.TextWrapWord
	var buttons []fyne.CanvasObject
	for i, a := range answers {
		make := kit.NewTextButton
		if i == 0 && len(answers) > 1 {
			make = kit.NewPrimaryButton
		}
		buttons = append(buttons, make("", a.Label, func() {
			s.dismiss()
			if a.Do != nil {
				a.Do()
			}
		}))
	}
	pop := s.modal(title, words, 480, buttons...)
	s.dismissWith(pop.Hide)
	// The answer that changes nothing has the keyboard: Enter pressed once too often does no harm.
	s.canvas.Focus(buttons[len(buttons)-1].(fyne.Focusable))
}

// dismissWith says how what stands over the window is taken away. What had the keyboard before gets it back; a dialog that
// another one was opened from can be taken away after it.
func (s *Shell) dismissWith(hide func()) {
	back, outer := s.under, s.dismiss
	s.dismiss = func() {
		hide()
		s.dismiss = outer
		if back != nil {
			s.canvas.Focus(back)
		}
	}
}

// modal shows content under a title with buttons below it, in the middle of the window.
func (s *Shell) modal(title string, content fyne.CanvasObject, width float32, buttons ...fyne.CanvasObject) *widget.PopUp {
	row := container.NewHBox(buttons...)
	body := container.NewVBox(kit.NewTitle(title, 15), kit.Gap(0, 2), content, kit.Gap(0, 6), container.New(kit.RightIn(width), row))
	framed := container.NewBorder(kit.Gap(0, 8), kit.Gap(0, 8), kit.Gap(10, 0), kit.Gap(10, 0), container.New(kit.Width(width), body))
	s.under = s.canvas.Focused()
	kit.ClearHint()
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
