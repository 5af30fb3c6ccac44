package mapper

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// papersWidth is the width of the dialog of papers in units.
const papersWidth = 560

// tableTab is the place of the table of rules among the tabs.
const tableTab = 1

// Papers asks which paper or export is wanted, and where it goes.
func (v *View) Papers() {
	if !v.m.IsOpen() {
		return
	}
	v.m.Versions(func(versions []model.Version) { v.papers(versions) })
}

func (v *View) papers(versions []model.Version) {
	paper := model.Paper{}
	var titles []string
	for _, k := range model.PaperKinds() {
		titles = append(titles, k.Title())
	}
	edition, author, url := kit.NewField("1.0"), kit.NewField("your name"), kit.NewField("https://hospital.example/fhir")
	since := []string{"no change log"}
	for _, x := range versions {
		since = append(since, x.Words)
	}
	log := kit.NewChoice(since, func(i int) {
		paper.Since = 0
		if i > 0 {
			paper.Since = versions[i-1].Revision
		}
	})
	values := kit.NewToggle("Show values of the samples as they are", nil)
	letter := kit.NewToggle("Letter instead of A4", nil)
	specification := kit.NewForm(papersWidth-24,
		kit.FormRow{Title: "Edition", Control: edition}, kit.FormRow{Title: "Handed over by", Control: author},
		kit.FormRow{Title: "What has changed since", Control: log},
		kit.FormRow{Control: values, Note: "Without it values are shown by their shape, such as Aa+ for a name. With it the paper holds patient data and is not encrypted."})
	fhir := kit.NewForm(papersWidth-24, kit.FormRow{Title: "Address below which the resources are named", Control: url, Note: "urn:uuid: without it."})
	pages := kit.NewForm(papersWidth-24, kit.FormRow{Control: letter}) // other forms have no pages
	below := container.NewStack(specification.Content())
	whole := container.NewVBox()
	kind := kit.NewChoice(titles, func(i int) {
		paper.Kind = i
		below.Objects[0] = container.NewVBox()
		switch k := model.PaperKinds()[i]; {
		case model.HasPages(i):
			below.Objects[0] = container.NewVBox(specification.Content(), pages.Content())
		case model.IsSpecification(i):
			below.Objects[0] = specification.Content()
		case k == "conceptmap" || k == "structuremap":
			below.Objects[0] = fhir.Content()
		}
		whole.Refresh()
	})
	head := kit.NewForm(papersWidth-24, kit.FormRow{Title: "What is written", Control: kind})
	whole.Objects = []fyne.CanvasObject{head.Content(), below}
	var dismiss func()
	write := func() {
		paper.Edition, paper.Author, paper.URL, paper.ShowValues, paper.Letter = edition.Text, author.Text, url.Text, values.On(), letter.On() && model.HasPages(paper.Kind)
		dismiss()
		v.host.ChooseTarget("Write the paper", v.m.PaperName(paper), func(path string) { v.m.WritePaper(paper, path) })
	}
	for _, f := range []*kit.Field{edition, author, url} {
		f.OnSubmitted = func(string) { write() }
	}
	content := container.NewStack(kit.Gap(papersWidth, 380), container.NewBorder(whole, nil, nil, nil))
	dismiss = v.host.Dialog("Papers and exports", content, papersWidth, kind, kit.Action{Label: "Write…", Do: write}, kit.Action{Label: "Cancel"})
}

// ImportSheet asks for a spreadsheet of pairs, which becomes a first draft of a mapping.
func (v *View) ImportSheet() { v.importSheet("") }

func (v *View) importSheet(path string) {
	name, file := kit.NewField("lakeside adt"), kit.NewField("pairs.xlsx, or a CSV file")
	file.SetText(path)
	text := kit.NewNoteField("or paste the rows here, with their titles: source, target, …")
	numbers := kit.NewToggle("It numbers MSH from its encoding characters: its MSH-8 is the standard's MSH-9", nil)
	browse := kit.NewToolButton(theme.IconFolder, "Choose the file…", func() {
		v.host.ChooseFiles("Spreadsheet of pairs", func(paths []string) { file.SetText(paths[0]) })
	})
	f := kit.NewForm(papersWidth-24,
		kit.FormRow{Title: "Spreadsheet", Control: container.NewBorder(nil, nil, nil, browse, file)},
		kit.FormRow{Control: container.NewStack(kit.Gap(0, 110), text)},
		kit.FormRow{Control: numbers},
		kit.FormRow{Title: "Name of the mapping", Control: name, Note: "Without one it is that of the file. What cannot be read stays in the note of its rule, with the status question."})
	var dismiss func()
	do := func() {
		err := v.m.ImportSheet(model.SheetImport{Path: file.Text, Text: text.Text, Name: name.Text, MSHFromDelimiters: numbers.On()}, func(words string) {
			v.ShowTab(tableTab) // the sheet was a table, and so is what became of it
			if words != "" {
				v.host.Tell("What could not be taken over as it stands", words)
			}
		})
		if err != nil {
			f.SetProblem(3, err.Error())
			return
		}
		dismiss()
	}
	file.OnSubmitted, name.OnSubmitted = func(string) { do() }, func(string) { do() }
	dismiss = v.host.Dialog("Import a spreadsheet of pairs", f.Content(), papersWidth, file, kit.Action{Label: "Import", Do: do}, kit.Action{Label: "Cancel"})
}

// paperActions are those that are there whatever part of the place shows.
func (v *View) paperActions() []shell.Action {
	list := []shell.Action{{ID: "map.sheet", Title: "Import a spreadsheet of pairs…", Detail: "XLSX, CSV, or pasted", Run: v.ImportSheet}}
	if v.m.IsOpen() {
		list = append(list, shell.Action{ID: "map.papers", Title: "Papers and exports…", Detail: "specification, ConceptMap, StructureMap …", Keys: "Ctrl+P", Run: v.Papers})
	}
	return list
}
