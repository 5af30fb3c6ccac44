package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// filePane is a file that is read where it lies: a band that says which one, over the parts of the place.
type filePane struct {
	v       *View // the project's
	p       *model.InPlace
	inner   *View // over the messages of the file
	content fyne.CanvasObject
	title   *kit.Text
	facts   *kit.Text
	titles  *fyne.Container
	stop    *kit.ToolButton
	resume  *kit.ToolButton
	found   *kit.ToolButton
	take    *kit.ToolButton
	buttons *fyne.Container
}

func newFilePane(v *View, file *model.InPlace) *filePane {
	p := &filePane{v: v, p: file}
	p.inner = newView(file.Messages(), v.host, v)
	p.title = kit.NewTitle("", theme.SizeText)
	p.title.Min = 60
	p.facts = kit.NewCaption("")
	p.facts.Min = 80
	p.titles = container.New(kit.Titles{}, p.title, p.facts)
	p.stop = kit.NewTextButton(theme.IconStop, "Stop", file.Stop)
	p.resume = kit.NewTextButton(theme.IconPlay, "Read on", file.Resume)
	p.found = kit.NewTextButton(theme.IconWarning, "Findings of the file", v.ShowFileFindings)
	p.take = kit.NewTextButton(theme.IconImport, "Import selected", v.ImportFromFile)
	more := kit.NewToolButton(theme.IconMore, "Import all, show the project", nil)
	more.SetAction(func() {
		v.menuBelow(more, []*fyne.MenuItem{
			fyne.NewMenuItem("Import all messages into the project…", v.ImportFile),
			fyne.NewMenuItem("Show the project's messages", func() { v.m.ShowFile(false) }),
		})
	})
	p.buttons = container.NewHBox(p.stop, p.resume, p.found, p.take)
	bar := container.NewBorder(nil, nil, container.NewHBox(kit.Gap(6, 0)),
		container.NewHBox(container.NewCenter(p.buttons), container.NewCenter(more), container.NewCenter(kit.NewToolButton(theme.IconClose, "Close the file", v.CloseFile)), kit.Gap(3, 0)), p.titles)
	p.content = container.New(kit.Column{Flex: 1}, kit.NewBand(bar), p.inner.root)
	p.redraw()
	return p
}

// redraw shows how far the file is known.
func (p *filePane) redraw() {
	p.title.SetText(p.p.Title())
	p.facts.SetText(p.p.Facts())
	show := func(o fyne.CanvasObject, on bool) {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	busy := p.p.Indexing() || p.p.Scanning()
	show(p.stop, busy)
	show(p.resume, p.p.Stopped() && !busy)
	show(p.found, !busy && !p.p.Stopped())
	p.buttons.Refresh()
	p.titles.Refresh()
}

// redrawFile shows the file that is open in place, or that there is none.
func (v *View) redrawFile() {
	f := v.m.File()
	switch {
	case f == nil:
		v.file = nil
	case v.file == nil || v.file.p != f:
		v.file = newFilePane(v, f)
	default:
		v.file.redraw()
	}
	if v.list.beside == nil { // the view is still being made
		return
	}
	if f == nil || f.Shown() {
		v.list.beside.Say(tones[model.Quiet], "", nil)
	} else {
		v.list.beside.Say(tones[model.Quiet], f.Title()+" is open in place.", nil, kit.Action{Label: "Show it", Do: func() { v.m.ShowFile(true) }}, kit.Action{Label: "Close it", Do: v.CloseFile})
	}
	v.list.content.Refresh()
}

// front is the view that is on the screen: this one, or that of the file that is open in place.
func (v *View) front() *View {
	if v.file != nil && v.file.p.Shown() {
		return v.file.inner
	}
	return v
}

// project is the view over the project's messages.
func (v *View) project() *View {
	if v.outer != nil {
		return v.outer
	}
	return v
}

// Take reads files and folders into the project. One large file may be read where it lies instead: the user is asked.
func (v *View) Take(paths []string) {
	size, large := model.Large(paths)
	if !large {
		v.m.Import(paths)
		return
	}
	words := kit.NewProse("Open it in place: it shows at once, is read where it lies and stays as it is. What you choose of it can be imported later.\n\n"+
		"Import it: all its messages are copied into this project, encrypted. That takes minutes for each gigabyte, and as much room.", fyne.TextAlignLeading)
	var dismiss func()
	choose := func(do func()) func() {
		return func() { dismiss(); do() }
	}
	dismiss = v.host.Dialog("This file has "+model.SizeWords(size), container.New(kit.Width(formWidth), words), formWidth, nil,
		kit.Action{Label: "Open in place", Do: choose(func() { v.m.OpenInPlace(paths[0]) })},
		kit.Action{Label: "Import", Do: choose(func() { v.m.Import(paths) })},
		kit.Action{Label: "Cancel"})
}

// ChooseInPlace asks for a file and opens it where it lies.
func (v *View) ChooseInPlace() {
	v.host.ChooseFiles("Open a file in place", func(paths []string) { v.project().m.OpenInPlace(paths[0]) })
}

// CloseFile closes the file that is open in place.
func (v *View) CloseFile() {
	v.m.CloseFile()
	v.Focus()
}

// ImportFromFile copies the selected messages of the file into the project.
func (v *View) ImportFromFile() {
	if v.file != nil {
		v.file.p.Import(v.file.inner.list.grid.SelectedRows())
	}
}

// ImportFile copies all messages of the file into the project, if the user is sure.
func (v *View) ImportFile() {
	if v.file == nil {
		return
	}
	v.host.Decide("Import the whole file?", "All its messages are copied into this project, encrypted. That takes minutes for each gigabyte, and as much room.", "Import", v.file.p.ImportAll)
}

// ShowFileFindings looks for the findings of the whole file and shows how many messages have each.
func (v *View) ShowFileFindings() {
	if v.file == nil {
		return
	}
	p := v.file.p
	p.Scan(func() {
		grid := kit.NewGridView(p.FoundGrid())
		grid.Single, grid.Empty = true, "Nothing is wrong with any message."
		var dismiss func()
		show := func(row int) {
			if row >= 0 && row < p.FoundGrid().Len() {
				dismiss()
				p.ShowFound(row)
				if v.file != nil {
					v.host.Focus(v.file.inner.list.grid)
				}
			}
		}
		grid.OnOpen = show
		body := container.NewVBox(kit.NewNote(p.FoundWords()), container.New(sizedTo{fyne.NewSize(760, 360)}, grid))
		dismiss = v.host.Dialog("Findings of the file", body, 760, grid,
			kit.Action{Label: "Show its messages", Do: func() { show(grid.Selected()) }}, kit.Action{Label: "Close"})
		grid.Select(0)
	})
}

// fileActions are what can be done with the file that is open in place.
func (v *View) fileActions() []shell.Action {
	if v.file == nil {
		return nil
	}
	if !v.file.p.Shown() {
		return []shell.Action{
			{ID: "inspect.file.show", Title: "Show the file that is open in place", Run: func() { v.m.ShowFile(true) }},
			{ID: "inspect.file.close", Title: "Close the file that is open in place", Run: v.CloseFile},
		}
	}
	actions := []shell.Action{
		{ID: "inspect.file.import", Title: "Import the selected messages into the project", Detail: "the file stays as it is", Keys: "Ctrl+Enter", Run: v.ImportFromFile},
		{ID: "inspect.file.importall", Title: "Import the whole file into the project…", Run: v.ImportFile},
		{ID: "inspect.file.findings", Title: "Findings of the whole file", Detail: "which, and how many messages have them", Run: v.ShowFileFindings},
		{ID: "inspect.file.project", Title: "Show the project's messages", Detail: "the file stays open", Run: func() { v.m.ShowFile(false) }},
		{ID: "inspect.file.close", Title: "Close the file that is open in place", Run: v.CloseFile},
	}
	if v.file.p.Indexing() || v.file.p.Scanning() {
		actions = append(actions, shell.Action{ID: "inspect.file.stop", Title: "Stop reading the file", Run: v.file.p.Stop})
	}
	if v.file.p.Stopped() {
		actions = append(actions, shell.Action{ID: "inspect.file.resume", Title: "Read the file to its end", Run: v.file.p.Resume})
	}
	return actions
}
