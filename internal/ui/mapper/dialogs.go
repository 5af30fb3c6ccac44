package mapper

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/dictionary"
	"trestle/internal/mapping"
	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// dialogWidth is the width of most forms in units.
const dialogWidth = 480

// areMappings says whether files look like mappings rather than messages.
func areMappings(paths []string) bool {
	for _, p := range paths {
		switch strings.ToLower(filepath.Ext(p)) {
		case ".yaml", ".yml", ".zip":
			return true
		}
	}
	return false
}

// ask asks for one text; try says what is wrong with it.
func (v *View) ask(title, label, hint, text, yes, note string, try func(string) error) {
	v.askThen(title, label, hint, text, yes, note, try, func() {})
}

// askThen is ask with what follows when the dialog is gone and has given the keyboard back.
func (v *View) askThen(title, label, hint, text, yes, note string, try func(string) error, then func()) {
	field := kit.NewField(hint)
	field.SetText(text)
	field.SelectAll()
	f := kit.NewForm(dialogWidth, kit.FormRow{Title: label, Control: field, Note: note})
	var dismiss func()
	done := func() {
		if err := try(field.Text); err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
		then()
	}
	field.OnSubmitted = func(string) { done() }
	dismiss = v.host.Dialog(title, f.Content(), dialogWidth, field, kit.Action{Label: yes, Do: done}, kit.Action{Label: "Cancel"})
}

// kinds are what a mapping reads or makes, with their words.
var kinds = []struct {
	kind  mapping.Kind
	words string
}{{mapping.HL7v2, "HL7 v2"}, {mapping.FHIR, "FHIR R4"}, {mapping.JSON, "JSON"}, {mapping.XML, "XML"}, {mapping.CSV, "CSV"}, {mapping.FixedWidth, "Fixed width"}}

func kindWords() []string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = k.words
	}
	return words
}

func kindAt(k mapping.Kind) int {
	for i := range kinds {
		if kinds[i].kind == k {
			return i
		}
	}
	return 0
}

// New asks for a new mapping: a starter, or an empty one.
func (v *View) New() {
	starters, err := model.Starters()
	if err != nil {
		v.m.Fail("The starters could not be read", err)
		return
	}
	words := []string{"Empty: what it reads and makes is chosen below"}
	for _, s := range starters {
		words = append(words, s.Title)
	}
	name := kit.NewField("Lakeside ADT")
	source, target := kit.NewChoice(kindWords(), nil), kit.NewChoice(kindWords(), nil)
	target.SetSelected(1)
	ends := container.NewVBox(kit.NewCaption("It reads"), source, kit.Gap(0, 4), kit.NewCaption("It makes"), target)
	ends.Hide()
	body := container.NewVBox()
	from := kit.NewChoice(words, func(i int) {
		if ends.Hide(); i == 0 {
			ends.Show()
		}
		body.Refresh()
	})
	if len(words) > 1 {
		from.SetSelected(1)
	} else {
		ends.Show()
	}
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body.Objects = []fyne.CanvasObject{kit.NewCaption("Name"), name, kit.Gap(0, 4), kit.NewCaption("Begin with"), from, kit.Gap(0, 4), ends, problem,
		kit.NewNote("A starter is a mapping made from the facts of the HL7 v2-to-FHIR guide. All its rules are drafts: read each before you agree to it.")}
	var dismiss func()
	done := func() {
		n := model.NewMapping{Name: name.Text, Source: mapping.End{Kind: kinds[source.Selected()].kind}, Target: mapping.End{Kind: kinds[target.Selected()].kind}}
		if i := from.Selected(); i > 0 {
			n.Starter = starters[i-1].Name
		}
		if err := v.m.Create(n); err != nil {
			problem.SetText(err.Error())
			problem.Show()
			body.Refresh()
			return
		}
		dismiss()
	}
	name.OnSubmitted = func(string) { done() }
	dismiss = v.host.Dialog("New mapping", container.New(kit.Width(dialogWidth), body), dialogWidth, name, kit.Action{Label: "Add", Do: done}, kit.Action{Label: "Cancel"})
}

// Learn asks for messages before and after an interface, from which a mapping is learnt.
func (v *View) Learn() {
	name := ""
	v.askThen("Learn a mapping from pairs of messages", "Name", "Lakeside ADT", "", "Choose the messages before…",
		"Messages as one system sends them, and what an interface has made of each: two files, or two folders. They find each other by their control ID, or in order. Each rule is a draft that says in how many pairs it holds.",
		func(text string) error { name = text; return v.m.CheckName(text) }, func() {
			v.host.ChooseFilesOrFolders("The messages before", func(before []string) {
				v.host.ChooseFilesOrFolders("What was made of them", func(after []string) {
					if err := v.m.Learn(name, before, after); err != nil {
						v.m.Fail("No mapping was learnt", err)
					}
				})
			})
		})
}

// Import asks for mappings.
func (v *View) Import() { v.host.ChooseFilesOrFolders("Import mappings", v.m.Import) }

// Export asks for the folder that the mapping is written into.
func (v *View) Export() {
	if v.m.IsOpen() {
		v.host.ChooseFolder("Write the mapping with its tables into", v.m.Export)
	}
}

// TakeTarget asks for a document as the mapping is to make it.
func (v *View) TakeTarget() {
	v.host.ChooseFiles("A sample, a JSON Schema or a layout of the target", func(paths []string) { v.m.TakeTarget(paths[0]) })
}

// TakeLayout asks for the layout of a fixed-width source.
func (v *View) TakeLayout() {
	v.host.ChooseFiles("The layout of the source", func(paths []string) { v.m.TakeLayout(paths[0]) })
}

// Rename asks for another name.
func (v *View) Rename() {
	v.ask("Rename the mapping", "Name", "", v.m.Name(), "Rename", "", v.m.Rename)
}

// Duplicate asks for the name of a copy.
func (v *View) Duplicate() {
	v.ask("Duplicate the mapping", "Name of the copy", "", v.m.CopyName(), "Duplicate", "Changes that were not saved go into the copy as well.", v.m.Duplicate)
}

// Delete asks before the mapping is deleted.
func (v *View) Delete() {
	if v.m.IsOpen() {
		v.host.Decide("Delete "+v.m.Name()+"?", v.m.DeleteWords(), "Delete", v.m.Delete)
	}
}

// AddTable asks for the name of a lookup table.
func (v *View) AddTable() {
	v.ask("Add a lookup table", "Name", "sex", "", "Add", "Rules ask it by this name, as in lookup: sex.", v.m.AddTable)
}

// SetOwner asks who answers for the selected rules.
func (v *View) SetOwner() {
	rows := v.table.rows()
	v.ask("Owner of the selected rules", "Owner", "name or team", v.m.RuleField(model.ColumnOwner), "Set", "", func(text string) error { v.m.SetOwner(rows, text); return nil })
}

// AddBlock asks for a block.
func (v *View) AddBlock() {
	if !v.m.IsOpen() {
		return
	}
	what := kit.NewField(map[mapping.Kind]string{mapping.FHIR: "Patient", mapping.HL7v2: "PID", mapping.CSV: "row", mapping.FixedWidth: "row"}[v.m.File().Target.Kind])
	per, when := kit.NewField("nothing: once for each message; or PID, PV1-7, IN1"), kit.NewField("PV1-2 EQUALS \"I\"")
	f := kit.NewForm(dialogWidth, kit.FormRow{Title: "It makes", Control: what, Note: "A resource of FHIR, a segment, the path of an object, or . for the whole document."},
		kit.FormRow{Title: "For each", Control: per}, kit.FormRow{Title: "If", Control: when})
	lists := []*kit.Suggestions{v.offering(what, v.m.Makes), v.offering(per, v.m.Loops)}
	var dismiss func()
	done := func() {
		if err := v.m.AddBlock(model.NewBlock{Make: what.Text, Per: per.Text, When: when.Text}); err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}
	for _, x := range []*kit.Field{what, per, when} {
		x.OnSubmitted = func(string) { done() }
	}
	content := container.New(kit.Floats(lists), container.NewVBox(f.Content(), kit.Gap(0, 90)), lists[0], lists[1])
	dismiss = v.host.Dialog("Add a block", content, dialogWidth, what, kit.Action{Label: "Add", Do: done}, kit.Action{Label: "Cancel"})
}

// offering is a list of what could be written into a field.
func (v *View) offering(f *kit.Field, ask func(string) []model.Completion) *kit.Suggestions {
	list := kit.NewSuggestions(f)
	var offered []model.Completion
	list.Ask = func(text string, _ int) []kit.Suggestion {
		offered = ask(text)
		out := make([]kit.Suggestion, 0, len(offered))
		for _, c := range offered {
			out = append(out, kit.Suggestion(c))
		}
		if len(out) == 1 && out[0].Text == text {
			return nil
		}
		return out
	}
	list.Take = func(i int) { write(f, offered[i].Text) }
	return list
}

// GoToPath asks for a path of either side, or the ID of a rule.
func (v *View) GoToPath() {
	focus := func() {}
	v.askThen("Go to a path", "Path", "PID-5.1, Patient.birthDate, or the ID of a rule", "", "Go", "", func(text string) error {
		text = strings.TrimSpace(text)
		if v.m.RowOf(text) >= 0 {
			v.m.Choose(text)
			return nil
		}
		for _, target := range []bool{false, true} {
			if v.picture.goTo(target, text) {
				focus = func() { v.host.Focus(v.picture.trees[index(target)]) }
				return nil
			}
		}
		return errNoPath
	}, func() { focus() })
}

// ChooseSamples asks for what the mapping is tried on.
func (v *View) ChooseSamples() {
	if !v.m.IsOpen() {
		return
	}
	set := v.m.SampleSetting()
	if set.Query == "" && !set.All && len(set.IDs) == 0 && len(set.Paths) == 0 {
		set, _, _ = v.m.Samples()
	}
	query := kit.NewField("type:ADT PID-8 valued")
	if !v.m.Masked() {
		query.SetText(set.Query)
	}
	f := kit.NewForm(dialogWidth, kit.FormRow{Title: "Messages of this project for which this holds", Control: query, Note: "A condition as in Inspect; nothing takes all messages that the mapping can read. In Inspect, select messages and use them as samples of the mapping."})
	var dismiss func()
	done := func() {
		text := strings.TrimSpace(query.Text)
		if err := model.CheckSamples(text); err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
		v.m.SetSamples(model.SampleSet{Query: text, All: text == ""})
	}
	query.OnSubmitted = func(string) { done() }
	files := kit.Action{Label: "Files or a folder…", Do: func() {
		dismiss()
		v.host.ChooseFilesOrFolders("Samples", func(paths []string) { v.m.SetSamples(model.SampleSet{Paths: paths}) })
	}}
	dismiss = v.host.Dialog("Samples", f.Content(), dialogWidth, query, kit.Action{Label: "Use these", Do: done}, files, kit.Action{Label: "Cancel"})
}

// Settings ask for what the mapping reads and makes, and for what it is called in papers.
func (v *View) Settings() {
	file := v.m.File()
	if file == nil {
		return
	}
	h := v.m.Header()
	title, zone := kit.NewField(""), kit.NewField("America/New_York")
	title.SetText(h.Title)
	zone.SetText(h.Zone)
	ways := []string{"not said", "in: from the partner to us", "out: from us to the partner"}
	direction := kit.NewChoice(ways, nil)
	direction.SetSelected(map[mapping.Direction]int{"": 0, mapping.In: 1, mapping.Out: 2}[h.Direction])
	source, target := kit.NewChoice(kindWords(), nil), kit.NewChoice(kindWords(), nil)
	source.SetSelected(kindAt(h.Source.Kind))
	target.SetSelected(kindAt(h.Target.Kind))
	versions := append([]string{"any version"}, dictionary.Versions()...)
	from := kit.NewChoice(versions, nil)
	message, root := kit.NewField("ADT_A01"), kit.NewField("Bundle, Patient; PID's version; the root of XML")
	for i, x := range versions {
		if x == h.Source.Version {
			from.SetSelected(i)
		}
	}
	message.SetText(h.Source.Message)
	root.SetText(h.Target.Root)
	if h.Target.Kind == mapping.HL7v2 {
		root.SetText(h.Target.Version)
	}
	keep := kit.NewToggle("HL7 v2 to HL7 v2: what no rule writes stays as it came", nil)
	keep.SetOn(h.Target.Keep)
	transaction := kit.NewToggle("Bundle of FHIR: a server is to store each resource (transaction)", nil)
	transaction.SetOn(h.Target.Bundle == "transaction")
	f := kit.NewForm(dialogWidth, kit.FormRow{Title: "Title", Control: title}, kit.FormRow{Title: "The data goes", Control: direction},
		kit.FormRow{Title: "It reads", Control: container.NewGridWithColumns(3, source, from, message), Note: "Format, version and message structure of HL7 v2."},
		kit.FormRow{Title: "It makes", Control: container.NewGridWithColumns(2, target, root), Note: "Root resource of FHIR, version of HL7 v2, or root element of XML."},
		kit.FormRow{Title: "", Control: container.NewVBox(keep, transaction)}, kit.FormRow{Title: "Time zone of times that give none", Control: zone})
	var dismiss func()
	done := func() {
		h.Title, h.Zone = title.Text, strings.TrimSpace(zone.Text)
		h.Direction = []mapping.Direction{"", mapping.In, mapping.Out}[direction.Selected()]
		h.Source.Kind, h.Source.Message = kinds[source.Selected()].kind, strings.TrimSpace(message.Text)
		h.Source.Version = ""
		if i := from.Selected(); i > 0 {
			h.Source.Version = versions[i]
		}
		h.Target.Kind, h.Target.Keep = kinds[target.Selected()].kind, keep.On()
		h.Target.Root = strings.TrimSpace(root.Text)
		if on := transaction.On(); on != (h.Target.Bundle == "transaction") { // another type stays as it is
			h.Target.Bundle = map[bool]string{true: "transaction", false: "collection"}[on]
		}
		if h.Target.Kind == mapping.HL7v2 {
			h.Target.Version, h.Target.Root = h.Target.Root, ""
		}
		if row, err := v.m.SetHeader(h); err != nil {
			f.SetProblem(row, err.Error())
			return
		}
		dismiss()
	}
	title.OnSubmitted = func(string) { done() }
	dismiss = v.host.Dialog("What the mapping reads and makes", f.Content(), dialogWidth, title, kit.Action{Label: "Save", Do: done}, kit.Action{Label: "Cancel"})
}
