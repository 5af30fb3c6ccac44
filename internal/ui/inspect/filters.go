package inspect

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// formWidth is the width of the small dialogs in units.
const formWidth float32 = 420

// ShowFilters shows the menu of the saved filters below their button.
func (v *View) ShowFilters() {
	var items []*fyne.MenuItem
	var remove []*fyne.MenuItem
	for _, f := range v.m.Filters() {
		items = append(items, fyne.NewMenuItem(f.Name, func() { v.m.SubmitQuery(f.Query) }))
		remove = append(remove, fyne.NewMenuItem(f.Name, func() { v.m.DeleteFilter(f) }))
	}
	if v.m.Masked() {
		items = append(items, quiet("The mask hides the saved filters"))
	} else if len(items) == 0 {
		items = append(items, quiet("No filter is saved in this project yet"))
	}
	items = append(items, fyne.NewMenuItemSeparator())
	save := fyne.NewMenuItem("Save this filter…", v.SaveFilter)
	save.Disabled = !v.m.Filtered()
	items = append(items, save)
	if len(remove) > 0 {
		gone := fyne.NewMenuItem("Delete a saved filter", nil)
		gone.ChildMenu = fyne.NewMenu("", remove...)
		items = append(items, gone)
	}
	v.menuBelow(v.list.saved, items)
}

// quiet is a line of a menu that says something.
func quiet(text string) *fyne.MenuItem {
	i := fyne.NewMenuItem(text, nil)
	i.Disabled = true
	return i
}

// menuBelow shows a menu below a button.
func (v *View) menuBelow(button fyne.CanvasObject, items []*fyne.MenuItem) {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(button)
	v.host.Menu(fyne.NewMenu("", items...), at.AddXY(0, button.Size().Height))
}

// SaveFilter asks for a name for the filter that stands in the query line.
func (v *View) SaveFilter() {
	if !v.m.Filtered() {
		v.host.Tell("There is no filter to save", model.ErrNoFilter.Error())
		return
	}
	v.askName("Save this filter", "Name", "admissions with errors", "Save", v.m.SaveFilter)
}

// askName asks for one line of text and hands it to done until that finds nothing wrong.
func (v *View) askName(title, label, example, yes string, done func(string) error) {
	field := kit.NewField(example)
	form := kit.NewForm(formWidth, kit.FormRow{Title: label, Control: field})
	var dismiss func()
	save := func() {
		if err := done(field.Text); err != nil {
			form.SetProblem(0, sentence(err))
			return
		}
		dismiss()
	}
	field.OnSubmitted = func(string) { save() }
	dismiss = v.host.Dialog(title, form.Content(), formWidth, field, kit.Action{Label: yes, Do: save}, kit.Action{Label: "Cancel"})
}

// sentence is an error as it is said beside a field.
func sentence(err error) string {
	text := []rune(err.Error())
	if len(text) > 0 && text[0] >= 'a' && text[0] <= 'z' {
		text[0] -= 'a' - 'A'
	}
	return string(text)
}

// FilterHere shows all messages that have the value at the cursor.
func (v *View) FilterHere() {
	if f, ok := v.m.FilterHere(); ok {
		v.m.Choose(f)
		return
	}
	v.host.Tell("Nothing to filter by", "Put the cursor into a field of the message. A value of more than 200 bytes cannot be looked for.")
}

// AddColumn shows the field at the cursor as a column of the list.
func (v *View) AddColumn() {
	if err := v.m.AddColumn(v.m.ColumnHere()); err != nil {
		v.host.Tell("No column", sentence(err)+".")
	}
}

// showMore shows what can be done with the whole list.
func (p *listPane) showMore() {
	v := p.v
	v.menuBelow(p.saved, []*fyne.MenuItem{
		fyne.NewMenuItem("Choose columns…", v.ChooseColumns),
		fyne.NewMenuItem("Group by type…", v.CountTypes),
		fyne.NewMenuItem("Export the list…", v.ExportList),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Write messages as…", v.WriteMessages),
		fyne.NewMenuItem("De-identify messages…", v.Deidentify),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Choose a profile…", v.ChooseProfile),
		fyne.NewMenuItem("Gaps against the profile…", v.ShowGaps),
		fyne.NewMenuItem("Learn a profile…", v.LearnProfile),
	})
}

// CountTypes counts the listed messages by type and offers each type as a filter.
func (v *View) CountTypes() {
	v.m.CountTypes(func(all []model.TypeCount) {
		grid := kit.NewGridView(model.TypeGrid(all))
		grid.Single, grid.Empty = true, "There are no messages."
		var dismiss func()
		show := func(row int) {
			if row >= 0 && row < len(all) {
				dismiss()
				v.m.AndQuery(all[row].Query)
				v.host.Focus(v.list.grid)
			}
		}
		grid.OnOpen = show
		body := container.New(sizedTo{fyne.NewSize(560, 300)}, grid)
		dismiss = v.host.Dialog("Messages by type", body, 560, grid,
			kit.Action{Label: "Show only these", Do: func() { show(grid.Selected()) }}, kit.Action{Label: "Close"})
		grid.Select(0)
	})
}

// sizedTo is a layout of one object with a least size.
type sizedTo struct{ size fyne.Size }

// MinSize implements fyne.Layout.
func (s sizedTo) MinSize([]fyne.CanvasObject) fyne.Size { return s.size }

// Layout implements fyne.Layout.
func (s sizedTo) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for _, c := range o {
		c.Resize(size)
	}
}

// ChooseColumns asks which columns the list shows, and in which order.
func (v *View) ChooseColumns() {
	d := &columnsDialog{choices: v.m.ColumnChoices()}
	d.grid = kit.NewGridView((*columnsGrid)(d))
	d.grid.Single, d.grid.HideHeader = true, true
	d.grid.OnSwitch = func(row, _ int) { d.flip(row) }
	d.grid.OnOpen = d.flip
	d.grid.OnMove = d.move
	d.problem = kit.NewWords("", screen.RoleError)
	d.problem.Hide()
	d.path = kit.NewField("a path, such as PID-8 or OBX[2]-5.1")
	d.path.OnSubmitted = func(string) { d.add() }
	add := kit.NewTextButton("", "Add column", d.add)
	line := container.NewBorder(nil, nil, nil, container.NewHBox(kit.Gap(2, 0), add), d.path)
	body := container.NewVBox(container.New(sizedTo{fyne.NewSize(formWidth, 300)}, d.grid), kit.Gap(0, 2), line, d.problem,
		kit.NewNote("Space turns a column on or off, Alt+Up and Alt+Down move it. Columns of a path read each message that is on the screen, which the access log keeps."))
	d.body = container.New(kit.Width(formWidth), body)
	var dismiss func()
	use := func() {
		if err := v.m.SetColumns(d.choices); err != nil {
			d.complain(err)
			return
		}
		dismiss()
	}
	dismiss = v.host.Dialog("Columns of the list", d.body, formWidth, d.grid, kit.Action{Label: "Use these", Do: use},
		kit.Action{Label: "Back to the first ones", Do: func() { d.choices = model.DefaultColumns(); d.grid.Refresh() }}, kit.Action{Label: "Cancel"})
	d.grid.Select(0)
}

// columnsDialog is the choice of columns while it is made.
type columnsDialog struct {
	choices []model.ColumnChoice
	grid    *kit.GridView
	path    *kit.Field
	problem *kit.Text
	body    fyne.CanvasObject
}

func (d *columnsDialog) flip(row int) {
	if row >= 0 && row < len(d.choices) {
		d.choices[row].On = !d.choices[row].On
		d.grid.Refresh()
	}
}

func (d *columnsDialog) move(from, to int) {
	moved := d.choices[from]
	rest := append(d.choices[:from:from], d.choices[from+1:]...)
	d.choices = append(rest[:to:to], append([]model.ColumnChoice{moved}, rest[to:]...)...)
	d.grid.Refresh()
}

// add takes the path that is written as a further column, behind those that show.
func (d *columnsDialog) add() {
	c, err := model.PathColumn(d.path.Text)
	if err == nil {
		for _, x := range d.choices {
			if x.ID == c.ID {
				err = errors.New("this column is in the list already")
			}
		}
	}
	if err != nil {
		d.complain(err)
		return
	}
	at := 0
	for i, x := range d.choices {
		if x.On {
			at = i + 1
		}
	}
	d.choices = append(d.choices[:at:at], append([]model.ColumnChoice{c}, d.choices[at:]...)...)
	d.path.SetText("")
	d.problem.Hide()
	d.grid.Refresh()
	d.grid.Select(at)
}

func (d *columnsDialog) complain(err error) {
	d.problem.SetText(sentence(err) + ".")
	d.problem.Show()
	d.body.Refresh()
}

// columnsGrid shows the choice.
type columnsGrid columnsDialog

var columnsColumns = []screen.Column{{ID: "column", Title: "Column", Width: 300, Flex: true, Fixed: true}}

func (g *columnsGrid) Columns() []screen.Column { return columnsColumns }
func (g *columnsGrid) Len() int                 { return len(g.choices) }
func (g *columnsGrid) Cell(row, _ int) screen.Cell {
	c := g.choices[row]
	cell := screen.Cell{Text: c.Title, Switch: screen.SwitchOff}
	if c.On {
		cell.Switch = screen.SwitchOn
	}
	return cell
}

// ExportList asks for a file and writes the list there.
func (v *View) ExportList() {
	shown, _, known := v.m.Shown()
	if !known || shown == 0 {
		v.host.Tell("Nothing to export", "The list shows no message. Clear the filter, or open messages first.")
		return
	}
	v.host.Decide("Export "+model.Messages(shown)+" as a table?",
		"The file holds what the columns show, without the mask, and is not encrypted. The access log keeps that it was written. A name that ends in .xlsx makes an Excel workbook, any other name CSV.",
		"Choose a file…", func() { v.host.ChooseTarget("Export the list", "messages.xlsx", v.m.Export) })
}
