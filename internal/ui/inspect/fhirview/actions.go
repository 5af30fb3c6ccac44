package fhirview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// Actions are what can be done with the open resource, for the palette.
func (v *View) Actions() []shell.Action {
	var out []shell.Action
	add := func(id, title, detail, keys string, run func()) {
		out = append(out, shell.Action{ID: "inspect.fhir." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	turn := func(to model.Mode) func() {
		return func() {
			if v.m.Mode() == to {
				to = v.m.Own()
			}
			v.SetMode(to)
		}
	}
	other, name := model.XML, "XML"
	if v.m.Own() == model.XML {
		other, name = model.JSON, "JSON"
	}
	add("path", "Ask a FHIRPath expression", "the answers are marked in the text and listed", "Ctrl+P", v.FocusPath)
	add("answer", "Go to the next FHIRPath answer", "", "F9", func() { v.m.NextAnswer(1) })
	add("answerback", "Go to the previous FHIRPath answer", "", "Shift+F9", func() { v.m.NextAnswer(-1) })
	add("follow", "Follow the reference at the cursor", "in the Bundle, or to another resource of the project", "Ctrl+J", v.place.FollowReference)
	if v.place.CanGoBack() {
		add("back", "Go back to where the reference was followed from", "", "Alt+Left", v.place.Back)
	}
	add("explain", "Explain the element at the cursor", "definition, cardinality, rules, codes", "F3", v.Explain)
	add("other", "Show the resource as "+name, "again: as it came", "Ctrl+T", turn(other))
	add("hex", "Show the resource as hex", "again: as text", "Ctrl+H", turn(model.Hex))
	add("cards", "Show the resource as cards", "patient, visit, insurance, appointment, results; again: as text", "Ctrl+Shift+K", turn(model.CardMode))
	if v.m.IsBundle() {
		add("entries", "Show the entries of the Bundle as a table", "by type, with filters; again: as text", "Ctrl+Shift+E", turn(model.EntryMode))
	}
	add("unfold", "Unfold all elements", "", "", func() { v.m.OpenAll(true) })
	add("fold", "Fold all elements", "", "", func() { v.m.OpenAll(false) })
	wrap := "Break long lines at the edge"
	if v.place.Wraps() {
		wrap = "Let long lines run out of sight"
	}
	add("wrap", wrap, "", "Alt+Z", func() { v.place.SetWraps(!v.place.Wraps()) })
	if !v.place.Masked() {
		add("save", "Save the resource as a file…", "exactly these bytes", "Ctrl+Shift+S", v.Save)
		add("convert", "Save the resource as "+name+"…", "converted without loss", "", v.SaveConverted)
	}
	return out
}

// endings are the usual endings of file names by format.
var endings = map[model.Mode]string{model.JSON: ".json", model.XML: ".xml"}

// Save asks for a file and writes the resource there as it came.
func (v *View) Save() {
	v.host.ChooseTarget("Save the resource", "resource"+endings[v.m.Own()], func(path string) { v.place.SaveAs(path, 0) })
}

// SaveConverted asks for a file and writes the resource there in the other format.
func (v *View) SaveConverted() {
	other := model.XML
	if v.m.Own() == model.XML {
		other = model.JSON
	}
	v.host.ChooseTarget("Save the resource converted", "resource"+endings[other], v.place.SaveConverted)
}

// explainWidth is the width of the explanation in units.
const explainWidth float32 = 560

// Explain shows what the definitions say of the element at the cursor.
func (v *View) Explain() {
	e, ok := v.m.Explain()
	if !ok {
		v.host.Tell("Nothing to explain", "Put the cursor into an element of the resource.")
		return
	}
	body := container.NewVBox()
	for _, f := range e.Facts {
		body.Add(container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(110), kit.NewText(f[0], screen.RoleMuted)), kit.NewWords(f[1], screen.RoleText)))
	}
	if e.Set != "" {
		body.Add(container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(110), kit.NewText("Codes", screen.RoleMuted)), kit.NewWords(e.Set, screen.RoleText)))
	}
	var first fyne.Focusable
	if len(e.Codes) > 0 {
		grid := kit.NewGridView(model.CodeGrid(e.Codes))
		grid.Single = true
		body.Add(kit.Gap(0, 2))
		body.Add(container.New(kit.Least(explainWidth, float32(26+24*min(len(e.Codes), 8)+4)), grid))
		if e.Chosen >= 0 {
			defer grid.Select(e.Chosen)
		}
		first = grid
	}
	var dismiss func()
	dismiss = v.host.Dialog(e.Title, container.New(kit.Width(explainWidth), body), explainWidth, first, kit.Action{Label: "Close", Do: func() { dismiss() }})
}
