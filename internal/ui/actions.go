package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// actions are everything that can be done now: those of the place that is shown, the places, those that the other places
// offer everywhere, and the window's own.
func (s *Shell) actions() []shell.Action {
	if s.session == nil {
		return nil
	}
	out := s.session.places[s.m.Place()].Actions()
	for i, p := range shell.Places() {
		out = append(out, shell.Action{ID: "go." + p.String(), Title: p.String(), Detail: "go to this place", Keys: fmt.Sprintf("Ctrl+%d", i+1), Run: func() { s.Go(p) }})
	}
	for _, p := range shell.Places() {
		if p == s.m.Place() {
			continue
		}
		for _, a := range s.session.places[p].Actions() {
			if a.Everywhere {
				run := a.Run
				a.Run = func() { s.Go(p); run() }
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
		shell.Action{ID: "palette", Title: "Search or run a command", Keys: "Ctrl+K, Ctrl+Shift+P", Run: s.ShowPalette},
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
	// Under the mask too it shows what is typed: the names of commands are no patient data. What is found may be.
	p := kit.ShowPalette(s.canvas, "Type the name of an action or place, or words to look for in messages", items, func() {
		if back != nil {
			s.canvas.Focus(back)
		}
	})
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
	lines := s.session.places[s.m.Place()].Keys()
	for _, a := range s.actions() {
		if a.Keys != "" {
			lines = append(lines, shell.Key{Keys: a.Keys, Does: a.Title})
		}
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
