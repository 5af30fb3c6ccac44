package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"

	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// actions are everything that can be done now: places, the window's own, and those of the place that is shown.
func (s *Shell) actions() []shell.Action {
	var out []shell.Action
	if s.session == nil {
		return nil
	}
	if s.m.Place() == shell.Inspect {
		out = append(out, s.session.inspectView.Actions()...)
	}
	for i, p := range shell.Places() {
		out = append(out, shell.Action{ID: "go." + p.String(), Title: p.String(), Detail: "go to this place", Keys: fmt.Sprintf("Ctrl+%d", i+1), Run: func() { s.Go(p) }})
	}
	for i, g := range s.session.project.pages {
		if i > 0 {
			out = append(out, shell.Action{ID: "project." + g.title, Title: g.title, Detail: "page of Project", Run: func() {
				s.Go(shell.Project)
				s.session.project.open(i)
			}})
		}
	}
	if s.m.Place() != shell.Inspect {
		for _, a := range s.session.inspectView.Actions() {
			if a.ID == "inspect.open" || a.ID == "inspect.paste" || a.ID == "inspect.filter" {
				run := a.Run
				a.Run = func() { s.Go(shell.Inspect); run() }
				out = append(out, a)
			}
		}
	}
	for _, w := range s.m.Work() {
		out = append(out, shell.Action{ID: "stop." + w.Title, Title: "Stop: " + w.Title, Detail: "under way", Run: w.Cancel})
	}
	mask := "Hide patient data on the screen"
	if s.m.Masked() {
		mask = "Show patient data on the screen"
	}
	return append(out,
		shell.Action{ID: "mask", Title: mask, Detail: "the mask", Keys: "Ctrl+M", Run: func() { s.SetMasked(!s.m.Masked()) }},
		shell.Action{ID: "lock", Title: "Lock the project", Keys: "Ctrl+L", Run: s.Lock},
		shell.Action{ID: "keys", Title: "Show the keys of this place", Keys: "F1", Run: s.ShowKeys},
		shell.Action{ID: "light", Title: "Light colours", Detail: "appearance", Run: func() { s.SetMode(theme.Light) }},
		shell.Action{ID: "dark", Title: "Dark colours", Detail: "appearance", Run: func() { s.SetMode(theme.Dark) }},
		shell.Action{ID: "system", Title: "Colours as the desktop", Detail: "appearance", Run: func() { s.SetMode(theme.System) }},
		shell.Action{ID: "palette", Title: "Search or run a command", Keys: "Ctrl+K", Run: s.ShowPalette},
		shell.Action{ID: "quit", Title: "Quit", Keys: "Ctrl+Q", Run: s.Quit},
	)
}

// ShowPalette opens the command palette.
func (s *Shell) ShowPalette() {
	if s.session == nil || s.isModal() {
		return
	}
	var items []kit.Item
	for _, a := range s.actions() {
		if a.ID != "palette" {
			items = append(items, kit.Item{Title: a.Title, Detail: a.Detail, Shortcut: a.Keys, Run: a.Run})
		}
	}
	back := s.canvas.Focused()
	p := kit.ShowPalette(s.canvas, "Type the name of an action or place, or words to look for in messages", items, func() {
		if back != nil {
			s.canvas.Focus(back)
		}
	})
	if s.m.Masked() {
		p.Secret()
	}
	p.More = func(query string) []kit.Item {
		if query == "" {
			return nil
		}
		title := "Find messages: " + query
		if s.m.Masked() { // what is looked for may be a patient
			title = "Find messages with what was typed"
		}
		return []kit.Item{{Title: title, Detail: "filter the message list", Icon: theme.IconSearch, Run: func() {
			s.session.inspect.SubmitQuery(query)
			s.Go(shell.Inspect)
		}}}
	}
}

// isModal says whether something stands over the window that must be answered first.
func (s *Shell) isModal() bool { return s.canvas.Overlays().Top() != nil }

// ShowKeys shows the keys of the place. The second time it takes them away.
func (s *Shell) ShowKeys() {
	if s.isModal() || s.session == nil {
		return
	}
	var lines []shell.Key
	for _, a := range s.actions() {
		if a.Keys != "" {
			lines = append(lines, shell.Key{Keys: a.Keys, Does: a.Title})
		}
	}
	if s.m.Place() == shell.Inspect {
		lines = append(s.session.inspectView.Keys(), lines...)
	}
	lines = append(lines, shell.Key{Keys: "Tab, Shift+Tab", Does: "next and previous control"}, shell.Key{Keys: "Escape", Does: "close what stands over the window"})
	half := (len(lines) + 1) / 2
	columns := container.NewGridWithColumns(2, keyColumn(lines[:half]), keyColumn(lines[half:]))
	done := kit.NewTextButton("", "Close", func() { s.dismiss() })
	pop := s.modal("Keys in "+s.m.Place().String(), columns, 860, done)
	s.dismissWith(pop.Hide)
	s.canvas.Focus(done)
}

func keyColumn(lines []shell.Key) fyne.CanvasObject {
	box := container.NewVBox()
	for _, l := range lines {
		keys := kit.NewText(l.Keys, screen.RoleText)
		keys.Bold = true
		keys.TextSize = 12
		does := kit.NewText(l.Does, screen.RoleMuted)
		does.TextSize = 12
		does.Min = 60
		box.Add(container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(150), keys), does))
	}
	return box
}

// shortcuts binds the keys that hold with Ctrl or Alt.
func (s *Shell) shortcuts() {
	bind := func(k fyne.KeyName, m fyne.KeyModifier, do func()) {
		s.bind(&desktop.CustomShortcut{KeyName: k, Modifier: m}, func() {
			if s.session != nil && !s.isModal() {
				do()
			}
		})
	}
	ctrl, alt, shift := fyne.KeyModifierShortcutDefault, fyne.KeyModifierAlt, fyne.KeyModifierShift
	for i, p := range shell.Places() {
		bind(fyne.KeyName(fmt.Sprint(i+1)), ctrl, func() { s.Go(p) })
	}
	there := func(do func()) func() {
		return func() {
			if s.m.Place() != shell.Inspect {
				s.Go(shell.Inspect)
			}
			do()
		}
	}
	bind(fyne.KeyK, ctrl, s.ShowPalette)
	bind(fyne.KeyP, ctrl|shift, s.ShowPalette)
	bind(fyne.KeyL, ctrl, s.Lock)
	bind(fyne.KeyM, ctrl, func() { s.SetMasked(!s.m.Masked()) })
	bind(fyne.KeyO, ctrl, there(func() { s.session.inspectView.ChooseFiles() }))
	bind(fyne.KeyV, ctrl|shift, there(func() { s.session.inspectView.Paste() }))
	bind(fyne.KeyC, ctrl|shift, there(func() { s.session.inspectView.CopyPath() }))
	bind(fyne.KeyF, ctrl, there(func() { s.session.inspectView.FocusQuery() }))
	bind(fyne.KeyH, ctrl, there(func() { s.session.inspect.SetHex(!s.session.inspect.Hex()) }))
	bind(fyne.KeyN, ctrl, there(func() { s.session.inspectView.EditNote() }))
	bind(fyne.KeyRight, ctrl, there(func() { s.session.inspect.Step(1) }))
	bind(fyne.KeyLeft, ctrl, there(func() { s.session.inspect.Step(-1) }))
	bind(fyne.KeyDown, alt, there(func() { s.session.inspect.Move(1) }))
	bind(fyne.KeyUp, alt, there(func() { s.session.inspect.Move(-1) }))
	s.bind(&desktop.CustomShortcut{KeyName: fyne.KeyQ, Modifier: ctrl}, s.Quit)
	// Ctrl+V where nothing that is typed into has the keyboard: paste a message.
	s.bind(&fyne.ShortcutPaste{}, func() {
		if s.session != nil && !s.isModal() {
			s.Go(shell.Inspect)
			s.session.inspectView.Paste()
		}
	})
	s.canvas.SetOnTypedKey(func(e *fyne.KeyEvent) { s.windowKey(e, kit.Modifiers()) })
}

// bind makes a shortcut do something, whether the window has the keyboard or a widget that has no use for it.
func (s *Shell) bind(sc fyne.Shortcut, do func()) {
	s.bound[sc.ShortcutName()] = do
	s.canvas.AddShortcut(sc, func(fyne.Shortcut) { do() })
}

// typedShortcut does what a shortcut is bound to.
func (s *Shell) typedShortcut(sc fyne.Shortcut) {
	if do := s.bound[sc.ShortcutName()]; do != nil {
		do()
	}
}

// windowKey handles the keys without Ctrl or Alt that belong to the window.
func (s *Shell) windowKey(e *fyne.KeyEvent, m fyne.KeyModifier) bool {
	if e.Name == fyne.KeyEscape && s.dismiss != nil {
		s.dismiss()
		return true
	}
	if s.session == nil || s.isModal() {
		return false
	}
	back := m&fyne.KeyModifierShift != 0
	step := 1
	if back {
		step = -1
	}
	switch e.Name {
	case fyne.KeyF1:
		s.ShowKeys()
	case fyne.KeyF6:
		if s.m.Place() == shell.Inspect {
			s.session.inspectView.NextPane(step, s.canvas.Focused())
		}
	case fyne.KeyF8:
		if s.m.Place() == shell.Inspect {
			s.session.inspectView.NextFinding(step)
		}
	default:
		return false
	}
	return true
}
