package comparing

import (
	"errors"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/compare"
	model "trestle/internal/present/comparing"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// dialogWidth is the width of the dialogs in units.
const dialogWidth = 620

// sideForm chooses one side.
type sideForm struct {
	v       *View
	side    model.Side
	kind    *kit.Choice
	control *fyne.Container
	choices model.Choices
	query   *kit.Field
	files   *kit.Text
	replies *kit.Toggle
	through *kit.Choice
	maps    []model.Mapping
	own     string // a mapping of the user's
}

// ChooseSides asks what is compared, and how it is paired.
func (v *View) ChooseSides() { v.m.LoadChoices(v.sidesDialog) }

func (v *View) sidesDialog(c model.Choices) {
	sides, pairing := v.m.Sides()
	left, right := newSideForm(v, sides[0], c), newSideForm(v, sides[1], c)
	way := kit.NewSegmentedControl(model.PairingWords, nil)
	way.SetSelected(int(pairing.Way))
	key := kit.NewField("MSH-10, or what the data suggest")
	key.SetText(strings.Join(pairing.Key, ", "))
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body := container.NewVBox()
	say := func(text string, role screen.Role) {
		problem.Set(text, role)
		problem.Show()
		body.Refresh()
	}
	suggest := kit.NewTextButton("", "Suggest", func() {
		chosen, err := bothSides(left, right)
		if err != nil {
			say(err.Error(), screen.RoleError)
			return
		}
		say("Looking for a key …", screen.RoleMuted)
		v.m.SuggestKeys(chosen, func(all []compare.Suggestion, err error) {
			switch {
			case err != nil:
				say(err.Error(), screen.RoleError)
			case len(all) == 0:
				say("No key pairs any messages: pair them by similarity, or in order.", screen.RoleWarning)
			default:
				key.SetText(strings.Join(all[0].Key, ", "))
				say("It pairs "+screen.Count(all[0].Paired)+" of the "+screen.Count(all[0].Looked)+" messages on the left that were looked at.", screen.RoleOK)
			}
		})
	})
	keys := container.NewBorder(nil, nil, nil, container.NewCenter(suggest), key)
	form := kit.NewForm(dialogWidth-24,
		kit.FormRow{Title: "Left", Control: left.content(), Note: "What was, or what is expected."},
		kit.FormRow{Title: "Right", Control: right.content(), Note: "What is now."},
		kit.FormRow{Title: "How messages find each other", Control: container.NewHBox(way)},
		kit.FormRow{Title: "Key", Control: keys, Note: "Paths, such as PID-3.1, EVN-2; the word file stands for the name of the file."})
	body.Objects = []fyne.CanvasObject{form.Content(), problem}
	var dismiss func()
	start := func() {
		chosen, err := bothSides(left, right)
		if err != nil {
			say(err.Error(), screen.RoleError)
			return
		}
		p := model.Pairing{Way: compare.Pairing(way.Selected())}
		if p.Way == compare.ByKey {
			if p.Key, err = model.ReadKey(key.Text); err != nil {
				say(err.Error(), screen.RoleError)
				return
			}
		}
		dismiss()
		v.m.Start(chosen, p)
	}
	dismiss = v.host.Dialog("Compare", body, dialogWidth, left.kind, kit.Action{Label: "Compare", Do: start}, kit.Action{Label: "Cancel"})
}

func bothSides(left, right *sideForm) (sides [2]model.Side, err error) {
	for i, f := range []*sideForm{left, right} {
		if sides[i], err = f.chosen(); err != nil {
			return sides, errors.New([]string{"Left: ", "Right: "}[i] + err.Error())
		}
	}
	return sides, nil
}

func newSideForm(v *View, s model.Side, c model.Choices) *sideForm {
	f := &sideForm{v: v, side: s, choices: c}
	var words []string
	at := 0
	for i, k := range model.Kinds {
		words = append(words, k.Words)
		if k.Kind == s.Kind {
			at = i
		}
	}
	f.side.Kind = model.Kinds[at].Kind
	f.control = container.NewStack()
	f.kind = kit.NewChoice(words, func(i int) { f.side.Kind = model.Kinds[i].Kind; f.show() })
	f.kind.SetSelected(at)
	f.files = kit.NewText("", screen.RoleText)
	f.files.Min = 80
	f.query = kit.NewField("all; or type = ADT and PID-3.1 = 12345")
	f.query.SetText(s.Query)
	f.query.Password = v.m.Masked()
	f.replies = kit.NewToggle("the replies instead of the messages", func(on bool) { f.side.Replies = on })
	f.replies.SetOn(s.Replies)
	f.maps = c.Mappings
	f.through = kit.NewChoice(nil, f.chooseThrough)
	f.sayThrough()
	f.show()
	return f
}

func (f *sideForm) content() fyne.CanvasObject {
	side := container.New(kit.Row{Flex: 2}, container.New(kit.Width(190), f.kind), kit.Gap(6, 0), f.control)
	return container.NewVBox(side, kit.Gap(0, 4), f.through)
}

// sayThrough lists what the messages can go through: nothing, the mappings of the program, a file once it was chosen, another.
func (f *sideForm) sayThrough() {
	words, at := []string{"Messages as they are"}, 0
	for i, m := range f.maps {
		words = append(words, "Through the mapping "+m.Words)
		if m.ID == f.side.Through {
			at = i + 1
		}
	}
	if f.side.Through != "" && at == 0 {
		f.own = f.side.Through
		at = len(words)
	}
	if f.own != "" {
		words = append(words, "Through the mapping "+filepath.Base(f.own))
	}
	f.through.SetOptions(append(words, "Through a mapping of a file…"))
	f.through.SetSelected(at)
}

func (f *sideForm) chooseThrough(i int) {
	switch n := len(f.maps); {
	case i == 0:
		f.side.Through = ""
	case i <= n:
		f.side.Through = f.maps[i-1].ID
	case i == n+1 && f.own != "":
		f.side.Through = f.own
	default:
		f.sayThrough() // until a file is chosen
		f.v.host.ChooseFiles("Choose a mapping", func(paths []string) {
			f.side.Through, f.own = paths[0], paths[0]
			f.sayThrough()
		})
	}
}

// show puts the control of the chosen kind in its place.
func (f *sideForm) show() {
	var o fyne.CanvasObject
	switch f.side.Kind {
	case model.Messages:
		o = f.query
	case model.Journal:
		o = f.journal()
	case model.Baseline:
		o = f.baseline()
	default:
		f.sayFiles()
		o = container.NewBorder(nil, nil, nil, container.NewHBox(container.NewCenter(kit.NewTextButton("", "Files…", f.chooseFiles)), container.NewCenter(kit.NewTextButton("", "Folder…", f.chooseFolder))), f.files)
	}
	f.control.Objects = []fyne.CanvasObject{o}
	f.control.Refresh()
}

func (f *sideForm) sayFiles() {
	switch {
	case len(f.side.Paths) == 0:
		f.files.Set("nothing is chosen yet", screen.RoleMuted)
	case f.v.m.Masked():
		f.files.Set("chosen; the name is hidden by the mask", screen.RoleText)
	default:
		f.files.Set(model.Side{Kind: model.Files, Paths: f.side.Paths}.Words(), screen.RoleText)
	}
}

func (f *sideForm) chooseFiles() {
	f.v.host.ChooseFilesOrFolders("Choose the messages of one side", func(paths []string) { f.side.Paths = paths; f.sayFiles() })
}

func (f *sideForm) chooseFolder() {
	f.v.host.ChooseFolder("Choose the folder of one side", func(folder string) { f.side.Paths = []string{folder}; f.sayFiles() })
}

func (f *sideForm) journal() fyne.CanvasObject {
	all := f.choices.Journals
	if len(all) == 0 {
		return kit.NewWords("The journal is empty: run a listener or a sender in Endpoints first.", screen.RoleMuted)
	}
	var words []string
	at := 0
	for i, j := range all {
		words = append(words, j.Words)
		if j.Endpoint == f.side.Endpoint && j.Run == f.side.Run {
			at = i
		}
	}
	choose := func(i int) { f.side.Endpoint, f.side.Run = all[i].Endpoint, all[i].Run }
	choose(at)
	c := kit.NewChoice(words, choose)
	c.SetSelected(at)
	return container.NewVBox(c, f.replies)
}

func (f *sideForm) baseline() fyne.CanvasObject {
	all := f.choices.Baselines
	if len(all) == 0 {
		return kit.NewWords("No baseline yet: compare something, and keep a side of it.", screen.RoleMuted)
	}
	at := 0
	for i, name := range all {
		if name == f.side.Name {
			at = i
		}
	}
	f.side.Name = all[at]
	c := kit.NewChoice(all, func(i int) { f.side.Name = all[i] })
	c.SetSelected(at)
	return c
}

// chosen is the side as the form has it now, or what is still missing.
func (f *sideForm) chosen() (model.Side, error) {
	s := model.Side{Kind: f.side.Kind, Through: f.side.Through}
	switch s.Kind {
	case model.Files:
		if s.Paths = f.side.Paths; len(s.Paths) == 0 {
			return s, errors.New("choose files or a folder")
		}
	case model.Messages:
		s.Query = strings.TrimSpace(f.query.Text)
		return s, model.CheckQuery(s.Query)
	case model.Journal:
		if s.Endpoint, s.Run, s.Replies = f.side.Endpoint, f.side.Run, f.side.Replies; len(f.choices.Journals) == 0 {
			return s, errors.New("the journal is empty")
		}
	case model.Baseline:
		if s.Name = f.side.Name; s.Name == "" {
			return s, errors.New("there is no baseline yet")
		}
	}
	return s, nil
}

// Export asks for the form of a report and where it goes.
func (v *View) Export() {
	if !v.m.HasResults() || v.m.IsRunning() {
		return
	}
	kind := kit.NewChoice(model.ReportKinds, nil)
	mask := kit.NewToggle("Hide what may be patient data", nil)
	mask.SetOn(true)
	body := container.NewVBox(kit.NewCaption("Form"), kind, kit.Gap(0, 4), mask,
		kit.NewNote("A report leaves the project: the access log keeps where it goes. JSON has every pair with all its differences."))
	var dismiss func()
	dismiss = v.host.Dialog("Write a report", container.New(kit.Width(460), body), 460, kind, kit.Action{Label: "Choose where…", Do: func() {
		k, hide := model.ReportKind(kind.Selected()), mask.On()
		dismiss()
		v.host.ChooseTarget("Write the report", model.ReportNames[k], func(path string) { v.m.Export(path, k, hide) })
	}}, kit.Action{Label: "Cancel"})
}

// SaveBaseline asks for a name under which a side is kept with the rules.
func (v *View) SaveBaseline() {
	if !v.m.HasResults() {
		return
	}
	name := kit.NewField("go-live 2026-02")
	side := kit.NewSegmentedControl([]string{"Left", "Right"}, nil)
	side.SetSelected(1)
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body := container.NewVBox()
	body.Objects = []fyne.CanvasObject{kit.NewCaption("Name"), name, kit.Gap(0, 4), kit.NewCaption("Messages of"), container.NewHBox(side), problem,
		kit.NewNote("Copies of the messages are kept in the project together with the rules. Compare a later run with it: what is beyond the rules shows at once.")}
	var dismiss func()
	dismiss = v.host.Dialog("Keep a baseline", container.New(kit.Width(460), body), 460, name, kit.Action{Label: "Keep", Do: func() {
		text, which := name.Text, side.Selected()
		err := v.m.SaveBaseline(text, which, false, func() {
			v.host.Decide("Replace the baseline "+text+"?", "There is one of that name. Its messages and rules are replaced.", "Replace", func() {
				v.m.SaveBaseline(text, which, true, nil) // it was found right a moment ago
			})
		})
		if err != nil {
			problem.SetText(err.Error())
			problem.Show()
			body.Refresh()
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}

// DeleteBaseline asks which baseline is deleted.
func (v *View) DeleteBaseline() {
	v.m.LoadChoices(func(c model.Choices) {
		if len(c.Baselines) == 0 {
			v.host.Tell("No baseline", "The project has none. Compare something and keep a side of it.")
			return
		}
		which := kit.NewChoice(c.Baselines, nil)
		var dismiss func()
		dismiss = v.host.Dialog("Delete a baseline", container.New(kit.Width(420), container.NewVBox(which, kit.NewNote("The copies of its messages and its rules are removed. This cannot be undone."))), 420, which,
			kit.Action{Label: "Delete", Do: func() { dismiss(); v.m.DeleteBaseline(c.Baselines[which.Selected()]) }}, kit.Action{Label: "Cancel"})
	})
}

// EditRules edits the rules that are on as the file that they are.
func (v *View) EditRules() {
	if v.m.Masked() {
		v.host.Tell("The rules are hidden", "Rules may hold values of patients. Take the mask off to edit them as text.")
		return
	}
	text := kit.NewNoteField("")
	text.SetText(v.m.RulesText())
	text.TextStyle.Monospace = true
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body := container.New(kit.Column{Flex: 0}, container.NewStack(kit.Gap(dialogWidth, 400), text), problem)
	var dismiss func()
	dismiss = v.host.Dialog("The rules as text", body, dialogWidth, text, kit.Action{Label: "Save", Do: func() {
		if err := v.m.SetRulesText(text.Text); err != nil {
			problem.SetText(err.Error())
			problem.Show()
			body.Refresh()
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}

// ImportRules adds the rules of a file.
func (v *View) ImportRules() {
	v.host.ChooseFiles("Add the rules of a file", func(paths []string) { v.m.ImportRules(paths[0]) })
}

// ExportRules writes the rules to a file.
func (v *View) ExportRules() {
	v.host.ChooseTarget("Write the rules", compare.BaselineRules, v.m.ExportRules)
}
