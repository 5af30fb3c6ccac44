package inspect

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/check/profile"
	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// profileWidth is the width of the dialogs about profiles in units, profileHeight that of their tables.
const (
	profileWidth  float32 = 940
	profileHeight float32 = 360
)

// ChooseProfile asks which profile messages are checked against.
func (v *View) ChooseProfile() {
	v.m.ListProfiles(func(all []model.ProfileChoice) {
		grid := kit.NewGridView(profileGrid(all))
		grid.Single = true
		about := kit.NewWords("", screen.RoleMuted)
		body := container.New(kit.Column{Flex: 0})
		grid.OnSelect = func(row int) {
			about.SetText(all[row].About)
			if all[row].Problem != "" {
				about.SetText("Cannot be used: " + all[row].Problem)
			}
			body.Refresh()
		}
		var dismiss func()
		use := func() {
			if row := grid.Selected(); row >= 0 {
				dismiss()
				v.m.UseProfile(all[row].ID)
			}
		}
		grid.OnOpen = func(int) { use() }
		body.Objects = []fyne.CanvasObject{
			container.New(sizedTo{fyne.NewSize(profileWidth, profileHeight)}, grid), kit.Gap(0, 2), container.New(sizedTo{fyne.NewSize(profileWidth, 36)}, about),
			kit.NewNote("Evidence counts what the profile says by how well it is supported: V the vendor's own specification, M measured, T a third party, O seen in public samples, S stated by the project, U unverified.")}
		buttons := []kit.Action{
			{Label: "Use it", Do: use},
			{Label: "What it says…", Do: func() {
				if row := grid.Selected(); row >= 0 {
					v.lookInto(all[row])
				}
			}},
			{Label: "From a file…", Do: func() { dismiss(); v.ImportProfile() }},
			{Label: "Learn one…", Do: func() { dismiss(); v.LearnProfile() }},
			{Label: "Delete", Do: func() {
				if row := grid.Selected(); row >= 0 && all[row].Own {
					dismiss()
					v.deleteProfile(all[row])
				}
			}},
		}
		if _, _, ok := v.m.Profile(); ok {
			buttons = append(buttons, kit.Action{Label: "The standard alone", Do: func() { dismiss(); v.m.UseProfile("") }})
		}
		dismiss = v.host.Dialog("What was agreed with the other side?", container.New(kit.Width(profileWidth), body), profileWidth, grid, append(buttons, kit.Action{Label: "Cancel"})...)
		if len(all) > 0 {
			grid.Select(chosenProfile(v.m, all))
			grid.OnSelect(grid.Selected())
		}
	})
}

// chosenProfile is the row of the profile that is used, or the first.
func chosenProfile(m *model.Model, all []model.ProfileChoice) int {
	name, own, ok := m.Profile()
	for i, c := range all {
		if ok && c.Own == own && c.Name == name {
			return i
		}
	}
	return 0
}

// profileGrid shows the profiles that can be chosen.
type profileGrid []model.ProfileChoice

var profileColumns = []screen.Column{
	{ID: "name", Title: "Profile", Width: 210, MinWidth: 80, Fixed: true},
	{ID: "own", Title: "From", Width: 96, Fixed: true},
	{ID: "messages", Title: "Messages", Width: 80, Right: true, Fixed: true},
	{ID: "evidence", Title: "Evidence", Width: 170, Mono: true, Fixed: true},
	{ID: "about", Title: "What it is", Width: 200, Flex: true, Fixed: true},
}

func (g profileGrid) Columns() []screen.Column { return profileColumns }
func (g profileGrid) Len() int                 { return len(g) }
func (g profileGrid) Cell(row, col int) screen.Cell {
	c := g[row]
	switch profileColumns[col].ID {
	case "name":
		if c.Problem != "" {
			return screen.Cell{Text: c.Name, Shape: screen.ShapeSquare, Role: screen.RoleError}
		}
		return screen.Cell{Text: c.Name, Bold: c.Own}
	case "own":
		if c.Own {
			return screen.Cell{Text: "this project"}
		}
		return screen.Cell{Text: "starter", Role: screen.RoleMuted}
	case "messages":
		if c.Messages == 0 {
			return screen.Cell{Text: "facts only", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: screen.Count(c.Messages)}
	case "evidence":
		return screen.Cell{Text: c.Evidence}
	}
	return screen.Cell{Text: c.About, Role: screen.RoleMuted}
}

func (v *View) deleteProfile(c model.ProfileChoice) {
	v.host.Decide("Delete the profile "+c.Name+"?", "Its rules and decisions are removed from the project. A file that it came from stays.", "Delete", func() { v.m.DeleteProfile(c) })
}

// lookInto shows what a profile says.
func (v *View) lookInto(c model.ProfileChoice) {
	v.m.ReadStatements(c.ID, func(statements screen.Grid, _ string) { v.showStatements(c.Name, statements, nil) })
}

// ShowProfile shows what the profile that is used says, each statement with its evidence.
func (v *View) ShowProfile() {
	name, _, ok := v.m.Profile()
	if !ok {
		v.ChooseProfile()
		return
	}
	v.showStatements(name, v.m.Statements(), []kit.Action{
		{Label: "Edit as text…", Do: v.EditProfile},
		{Label: "Write to a file…", Do: v.ExportProfile},
	})
}

func (v *View) showStatements(name string, statements screen.Grid, actions []kit.Action) {
	grid := kit.NewGridView(statements)
	grid.Single, grid.Empty = true, "The profile says nothing yet."
	whole := kit.NewWords("", screen.RoleText)
	body := container.New(kit.Column{Flex: 0})
	grid.OnSelect = func(row int) { // cells end in an ellipsis; here stands all
		var parts []string
		for col := range statements.Columns() {
			if text := statements.Cell(row, col).Text; text != "" {
				parts = append(parts, text)
			}
		}
		whole.SetText(strings.Join(parts, "  ·  "))
		body.Refresh()
	}
	body.Objects = []fyne.CanvasObject{container.New(sizedTo{fyne.NewSize(profileWidth, profileHeight)}, grid), kit.Gap(0, 2), container.New(sizedTo{fyne.NewSize(profileWidth, 54)}, whole)}
	var dismiss func()
	buttons := []kit.Action{{Label: "Close", Do: func() { dismiss() }}}
	for _, a := range actions {
		buttons = append(buttons, kit.Action{Label: a.Label, Do: func() { dismiss(); a.Do() }})
	}
	dismiss = v.host.Dialog("What "+name+" says", container.New(kit.Width(profileWidth), body), profileWidth, grid, buttons...)
	if statements.Len() > 0 {
		grid.Select(0)
		grid.OnSelect(0)
	}
}

// ImportProfile takes the profile of a file.
func (v *View) ImportProfile() {
	v.host.ChooseFiles("Use the profile of a file", func(paths []string) { v.m.ImportProfile(paths[0]) })
}

// LearnProfile asks for a name and learns a profile of the selected messages, or of all that are listed.
func (v *View) LearnProfile() {
	from := v.newSubject(false, func() {})
	name := kit.NewField("Lakeside EHR")
	form := kit.NewForm(formWidth, kit.FormRow{Title: "Name of the profile", Control: name}, kit.FormRow{Title: "Learn from", Control: container.NewHBox(from),
		Note: "Of names, identifiers, dates, addresses, numbers and text only the length and the kind of characters go into it. Each fact says how often it was seen: twenty messages or more make it worth something."})
	var dismiss func()
	learn := func() {
		if err := v.m.LearnProfile(name.Text, from.ids()); err != nil {
			form.SetProblem(0, sentence(err)+".")
			return
		}
		dismiss()
	}
	name.OnSubmitted = func(string) { learn() }
	dismiss = v.host.Dialog("Learn a profile", form.Content(), formWidth, name, kit.Action{Label: "Learn", Do: learn}, kit.Action{Label: "Cancel"})
}

// EditProfile edits the profile that is used as the file that it is.
func (v *View) EditProfile() {
	content, err := v.m.ProfileText()
	if err != nil {
		v.ChooseProfile()
		return
	}
	text := kit.NewNoteField("")
	text.TextStyle.Monospace = true
	text.SetText(content)
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body := container.New(kit.Column{Flex: 0}, container.NewStack(kit.Gap(profileWidth, 420), text), problem)
	var dismiss func()
	dismiss = v.host.Dialog("The profile as text", body, profileWidth, text, kit.Action{Label: "Save", Do: func() {
		if err := v.m.SetProfileText(text.Text); err != nil {
			problem.SetText(err.Error())
			problem.Show()
			body.Refresh()
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}

// ExportProfile writes the profile that is used to a file.
func (v *View) ExportProfile() {
	v.host.ChooseTarget("Write the profile", "profile.yaml", v.m.ExportProfile)
}

// profileActions are what can be done with profiles now, for the palette.
func (v *View) profileActions() []shell.Action {
	out := []shell.Action{
		{ID: "inspect.profile", Title: "Choose a profile…", Detail: "what was agreed on top of the standard", Keys: "Ctrl+Shift+G", Run: v.ChooseProfile},
		{ID: "inspect.profile.learn", Title: "Learn a profile from messages…", Detail: "segments, fields, lengths, codes, with counts", Run: v.LearnProfile},
		{ID: "inspect.profile.file", Title: "Use the profile of a file…", Run: v.ImportProfile},
	}
	if name, _, ok := v.m.Profile(); ok {
		out = append(out,
			shell.Action{ID: "inspect.gaps", Title: "Gaps: what messages do against " + name, Detail: "and what is done about each", Keys: "Ctrl+G", Run: v.ShowGaps},
			shell.Action{ID: "inspect.profile.show", Title: "What the profile " + name + " says", Detail: "each statement with its evidence", Run: v.ShowProfile},
			shell.Action{ID: "inspect.profile.edit", Title: "Edit the profile as text…", Detail: "YAML", Run: v.EditProfile},
			shell.Action{ID: "inspect.profile.export", Title: "Write the profile to a file…", Run: v.ExportProfile},
			shell.Action{ID: "inspect.profile.none", Title: "Check against the standard alone", Run: func() { v.m.UseProfile("") }})
	} else {
		out = append(out, shell.Action{ID: "inspect.gaps", Title: "Gaps: what messages do against a profile", Detail: "choose one first", Keys: "Ctrl+G", Run: v.ChooseProfile})
	}
	return out
}

// decisionNames are the choices about a gap as a control names them.
func decisionNames() []string {
	var names []string
	for _, c := range profile.Choices() {
		names = append(names, strings.ToUpper(string(c[:1]))+string(c[1:]))
	}
	return names
}

// ruleCard says which rule of the profile the chosen finding departs from, and lets decide what is done about it.
func (p *findingsPane) ruleCard() []fyne.CanvasObject {
	r, ok := p.v.m.RuleHere()
	if !ok {
		return nil
	}
	choice := kit.NewChoice(decisionNames(), p.v.m.DecideHere)
	choice.SetSelected(r.Choice)
	words := kit.NewWords("Rule: "+r.Title+". Evidence: "+r.Evidence+".", screen.RoleMuted)
	return []fyne.CanvasObject{indent(words), container.NewHBox(kit.Gap(5, 0), container.NewCenter(kit.NewCaption("Done about it")), kit.Gap(3, 0), choice)}
}

// redrawProfile says above the findings what messages are checked against.
func (p *findingsPane) redrawProfile() {
	name, _, ok := p.v.m.Profile()
	if !ok {
		p.against.Hide()
		p.content.Refresh()
		return
	}
	label := "Against the standard and " + name
	if words, counted := p.v.m.GapsCounted(); counted {
		label = name + ": " + words
	}
	p.profile.SetText(label)
	p.against.Show()
	p.content.Refresh()
}

// newAgainst is the line above the findings that names the profile.
func (p *findingsPane) newAgainst() fyne.CanvasObject {
	p.profile = kit.NewText("", screen.RoleMuted)
	p.profile.Min = 60
	gaps := kit.NewToolButton(theme.IconTable, "Gaps of the listed messages (Ctrl+G)", p.v.ShowGaps)
	choose := kit.NewToolButton(theme.IconNote, "What the profile says", p.v.ShowProfile)
	line := container.New(kit.Row{Flex: 1}, kit.Gap(5, 0), p.profile, gaps, choose, kit.Gap(3, 0))
	return container.NewVBox(kit.OnPanel(theme.ColorPanel, line), kit.NewRule())
}
