package linker

import (
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/linkage"
	model "trestle/internal/present/linker"
	"trestle/internal/present/screen"
	"trestle/internal/report/links"
	"trestle/internal/ui/kit"
)

// dialogWidth is the width of the dialogs in units.
const dialogWidth = 520

// Import asks for the roster of a side.
func (v *View) Import(w model.Which) {
	v.host.ChooseFiles("The roster of "+w.String(), func(paths []string) { v.m.Import(w, paths[0]) })
}

// FromMessages asks whose messages the roster is made from.
func (v *View) FromMessages(w model.Which) {
	application := kit.NewField("all messages")
	form := kit.NewForm(dialogWidth, kit.FormRow{Title: "Only those sent by (MSH-3)", Control: application, Note: "Each patient (PID with PD1, MRG, IN1, GT1) becomes one row. The latest message wins; what it leaves empty stays."})
	var dismiss func()
	dismiss = v.host.Dialog("The roster of "+w.String()+" from messages", form.Content(), dialogWidth, application,
		kit.Action{Label: "Read the messages", Do: func() { dismiss(); v.m.ImportMessages(w, application.Text) }}, kit.Action{Label: "Cancel"})
}

// NoData asks why a side has no data, and records it.
func (v *View) NoData(w model.Which) {
	reason := kit.NewField("such as: new site, no patients before go-live")
	form := kit.NewForm(dialogWidth, kit.FormRow{Title: "Why", Control: reason, Note: "It is recorded with who said so and when, and linking is skipped."})
	var dismiss func()
	dismiss = v.host.Dialog("No existing data of "+w.String(), form.Content(), dialogWidth, reason, kit.Action{Label: "Record it", Do: func() {
		if err := v.m.NoData(w, reason.Text); err != nil {
			form.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}

// EditColumn asks what a column is, and shows its profile.
func (v *View) EditColumn(w model.Which, column int) {
	f, ok := v.m.Column(w, column)
	if !ok {
		return
	}
	role := kit.NewChoice(f.Roles, func(i int) { f.Role = i })
	role.SetSelected(f.Role)
	rows := []kit.FormRow{{Title: "It holds", Control: role, Note: "Up and Down choose. What is no evidence is nothing: it is kept and shown."}}
	authority := kit.NewField("such as LAKESIDE")
	if !v.m.IsPlans() {
		dates := kit.NewChoice(model.DateOrders, func(i int) { f.Dates = i })
		dates.SetSelected(f.Dates)
		authority.SetText(f.Authority)
		rows = append(rows, kit.FormRow{Title: "If it is a birth date, it is written as", Control: dates}, kit.FormRow{Title: "If it is the identifier, its assigning authority", Control: authority})
	}
	form := kit.NewForm(dialogWidth, rows...)
	facts := container.NewVBox()
	for _, text := range f.Facts {
		facts.Add(kit.NewWords(text, screen.RoleMuted))
	}
	var dismiss func()
	dismiss = v.host.Dialog("The column "+f.Name, container.NewVBox(form.Content(), kit.Gap(0, 4), container.New(kit.Width(dialogWidth), facts)), dialogWidth, role, kit.Action{Label: "Use it so", Do: func() {
		f.Authority = authority.Text
		if err := v.m.SetColumn(w, column, f); err != nil {
			form.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}

// ShowHistory says who decided what about the open case's records.
func (v *View) ShowHistory() {
	lines := v.m.History()
	if len(lines) == 0 {
		v.host.Tell("Who decided what", "Nobody has decided anything about these records.")
		return
	}
	if len(lines) > 24 {
		lines = append(lines[:24], fmt.Sprintf("and %d more", len(lines)-24))
	}
	v.host.Tell("Who decided what", strings.Join(lines, "\n"))
}

// Bulk shows a sample of the pairs with the open case's reasons; the decision over all of them can be made when the whole
// sample was looked at.
func (v *View) Bulk() {
	b, err := v.m.Bulk()
	if err != nil {
		v.host.Tell("Decide together", err.Error())
		return
	}
	grid := kit.NewGridView(b.Look(0))
	grid.Single = true
	at := 0
	seen := kit.NewCaption("")
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	var body *fyne.Container
	show := func() {
		grid.SetGrid(b.Look(at))
		seen.SetText(fmt.Sprintf("Sample %d of %d. Right and Left go through it.", at+1, b.Sample()))
	}
	step := func(n int) {
		at = min(max(at+n, 0), b.Sample()-1)
		show()
	}
	grid.OnKey = func(e *fyne.KeyEvent) bool {
		switch e.Name {
		case fyne.KeyRight:
			step(1)
		case fyne.KeyLeft:
			step(-1)
		default:
			return false
		}
		return true
	}
	var dismiss func()
	decide := func(a linkage.Action) func() {
		return func() {
			if err := v.m.DecideBulk(b, a); err != nil {
				problem.SetText(err.Error())
				problem.Show()
				body.Refresh()
				return
			}
			dismiss()
			v.host.Focus(v.review.list)
		}
	}
	body = container.NewVBox(kit.NewWords(fmt.Sprintf("%d pairs have the same reasons: %s. They differ in their values only.", b.Count, strings.ReplaceAll(b.Pattern, " | ", ", ")), screen.RoleText),
		container.NewStack(kit.Gap(dialogWidth, 340), grid), seen, problem)
	show()
	dismiss = v.host.Dialog("Decide together", container.New(kit.Width(680), body), 680, grid,
		kit.Action{Label: "Next of the sample", Do: func() { step(1) }}, kit.Action{Label: "All are the same", Do: decide(linkage.ActSame)},
		kit.Action{Label: "All are different", Do: decide(linkage.ActDifferent)}, kit.Action{Label: "Cancel"})
}

// Simulate asks for the messages that are played against the links.
func (v *View) Simulate() {
	from := kit.NewChoice([]string{"theirs: their IDs arrive here", "ours: our IDs arrive there"}, nil)
	key := kit.NewField("IN1-2.1")
	form := kit.NewForm(dialogWidth, kit.FormRow{Title: "The project's messages are", Control: from}, kit.FormRow{Title: "They carry the plan ID in", Control: key, Note: "Which IN1 would find a linked plan, and which would create a new one."})
	var dismiss func()
	dismiss = v.host.Dialog("Simulate with messages", form.Content(), dialogWidth, from, kit.Action{Label: "Play them", Do: func() {
		side := model.Theirs
		if from.Selected() == 1 {
			side = model.Ours
		}
		dismiss()
		v.m.Simulate(side, key.Text, func(s model.Simulation) {
			text := fmt.Sprintf("%d insurance segments (IN1).\n%s", s.Segments, strings.Join(s.Lines, "\n"))
			if len(s.Missing) > 0 {
				text += "\n\nWithout a link: " + strings.Join(s.Missing, ", ")
			}
			if s.Segments == 0 {
				text = "No message of the project has an insurance segment (IN1)."
			}
			v.host.Tell("What the messages would do", text)
		})
	}}, kit.Action{Label: "Cancel"})
}

// Export asks what is to be written and where. Open conflicts refuse it, and are listed.
func (v *View) Export() {
	v.m.PrepareExport(func(f model.ExportForm, line string, err error) {
		if err != nil {
			v.refuse(err)
			return
		}
		v.askExport(f, line)
	})
}

func (v *View) askExport(f model.ExportForm, line string) {
	var reads []func()
	toggle := func(value *bool, label string) *kit.Toggle {
		t := kit.NewToggle(label, nil)
		t.SetOn(*value)
		reads = append(reads, func() { *value = t.On() })
		return t
	}
	first := toggle(&f.Tables, "Tables, CSV: links both ways, doubtful, to create, duplicates, cover sheet")
	rows := []kit.FormRow{{Control: kit.NewWords(line, screen.RoleText)}, {Control: first}, {Control: toggle(&f.Workbook, "The same as one Excel workbook")}}
	if f.CanPropose == "" {
		rows = append(rows, kit.FormRow{Control: toggle(&f.Proposals, "Proposals, field by field, as the scope says whose data wins")})
	} else {
		rows = append(rows, kit.FormRow{Control: kit.NewNote("No proposals. " + f.CanPropose)})
	}
	dialect := kit.NewChoice(model.Dialects, func(i int) { f.Dialect = i })
	rows = append(rows, kit.FormRow{Control: toggle(&f.SQL, "SQL for a staging table, for"), Note: ""}, kit.FormRow{Control: dialect})
	authorities := [2]*kit.Field{kit.NewField("assigning authority, such as RIVERBEND"), kit.NewField("assigning authority, such as LAKESIDE")}
	if !v.m.IsPlans() {
		rows = append(rows, kit.FormRow{Control: toggle(&f.FHIR, "FHIR: Linkage and Patient.link")},
			kit.FormRow{Control: toggle(&f.HL7, "HL7 v2: A24 link, A37 unlink, A40 merge inside one system only")})
		for i, a := range authorities {
			a.SetText(f.Authority[i])
			rows = append(rows, kit.FormRow{Title: "Assigning authority of " + model.Which(i).String() + " (PID-3.4)", Control: a})
		}
	}
	form := kit.NewForm(dialogWidth, rows...)
	scroll := container.NewVScroll(container.NewBorder(nil, nil, nil, kit.Gap(14, 0), form.Content()))
	scroll.SetMinSize(fyne.NewSize(dialogWidth+14, 400))
	var dismiss func()
	dismiss = v.host.Dialog("Export links", scroll, dialogWidth+14, first, kit.Action{Label: "Choose a folder…", Do: func() {
		for _, read := range reads {
			read()
		}
		for i, a := range authorities {
			f.Authority[i] = a.Text
		}
		dismiss()
		v.host.ChooseFolder("Where the links are written", func(folder string) {
			if err := v.m.Export(folder, f); err != nil {
				v.refuse(err)
			}
		})
	}}, kit.Action{Label: "Cancel"})
}

// refuse says why nothing is exported, with the list of conflicts.
func (v *View) refuse(err error) {
	var conflicts *links.ConflictError
	text := err.Error()
	if errors.As(err, &conflicts) {
		text += "\n\n" + strings.Join(v.m.Conflicting(conflicts), "\n") + "\n\nThe filter Conflicts lists them: open one and take the wrong decision back (Ctrl+Z)."
	}
	v.host.Tell("Nothing was exported", text)
}
