package mapper

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// proposeWidth is the width of the dialogs of proposals in units.
const proposeWidth = 820

// Suggest shows which sources may fill the place of the target that the cursor is on.
func (v *View) Suggest() {
	row := v.picture.trees[1].Selected()
	if err := v.m.Suggest(row, v.suggestions); err != nil {
		v.host.Tell("Sources for what?", "Put the cursor on a place of the target: "+err.Error()+".")
	}
}

func (v *View) suggestions(s *model.Suggestions) {
	if s.Len() == 0 {
		v.host.Tell("No source suggests itself for "+s.Target, "Nothing that HL7 International publishes, no other mapping of this project, no value of the samples, and no name speaks for one.")
		return
	}
	grid := kit.NewGridView(s)
	grid.Single = true
	var dismiss func()
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	take := func(row int) {
		if err := s.Take(row); err != nil {
			problem.SetText(err.Error())
			problem.Show()
			return
		}
		dismiss()
		v.m.Reveal()
		v.picture.follow(true)
	}
	grid.OnOpen = take
	grid.Select(0)
	note := kit.NewNote("The likeliest come first. Nothing is mapped before you take one; the rule is a draft, and its note says what spoke for it.")
	content := container.NewStack(kit.Gap(proposeWidth, 320), container.New(kit.Column{Flex: 1}, note, grid, problem))
	dismiss = v.host.Dialog("Sources for "+s.Target, content, proposeWidth, grid, kit.Action{Label: "Map it", Do: func() { take(grid.Selected()) }}, kit.Action{Label: "Cancel"})
}

// Learn asks for examples that a mapping is to be learnt from.
func (v *View) Learn() {
	before, after, name := kit.NewField("sent.hl7"), kit.NewField("received.hl7, or FHIR, JSON, CSV"), kit.NewField("learnt from sent")
	browse := func(f *kit.Field, title string) fyne.CanvasObject {
		return container.NewBorder(nil, nil, nil, kit.NewToolButton(theme.IconFolder, "Choose the file…", func() {
			v.host.ChooseFiles(title, func(paths []string) { f.SetText(paths[0]) })
		}), f)
	}
	f := kit.NewForm(papersWidth-24,
		kit.FormRow{Title: "Messages as they were sent", Control: browse(before, "Messages as they were sent")},
		kit.FormRow{Title: "What became of them", Control: browse(after, "What became of them"), Note: "Pairs are found by the control ID, or else by the order."},
		kit.FormRow{Title: "Name of the mapping", Control: name, Note: "Rules are proposed that hold in nine of ten places: copies, constants, code tables, dates, parts, joined values, conditions. Each is a draft with its support."})
	var dismiss func()
	do := func() {
		if err := v.m.Learn(before.Text, after.Text, name.Text, v.learnt); err != nil {
			f.SetProblem(2, err.Error())
			return
		}
		dismiss()
	}
	for _, x := range []*kit.Field{before, after, name} {
		x.OnSubmitted = func(string) { do() }
	}
	dismiss = v.host.Dialog("Learn a mapping from examples", f.Content(), papersWidth, before, kit.Action{Label: "Learn", Do: do}, kit.Action{Label: "Cancel"})
}

// learnt shows what the examples say of each rule.
func (v *View) learnt(l model.Learnt) {
	grid := kit.NewGridView(&l)
	grid.Single = true
	var dismiss func()
	grid.OnOpen = func(row int) {
		if row >= 0 && row < len(l.Rules) {
			dismiss()
			v.m.Choose(l.Rules[row].Rule)
			v.ShowTab(1)
		}
	}
	content := container.NewStack(kit.Gap(proposeWidth, 380), container.New(kit.Column{Flex: 1}, kit.NewNote(l.Words), grid))
	dismiss = v.host.Dialog("Learnt: "+l.Name, content, proposeWidth, grid, kit.Action{Label: "Close"})
}
