package mapper

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// lookupPane is the lookup tables, and the rows of one of them as a sheet.
type lookupPane struct {
	v       *View
	content fyne.CanvasObject
	list    *kit.GridView
	sheet   *kit.Sheet
	name    string
	title   *kit.Text
	policy  *kit.Choice
	use     *kit.Field
	warn    *kit.Toggle
	failed  *kit.ToolButton
	missing *fyne.Container
}

func newLookupPane(v *View) *lookupPane {
	p := &lookupPane{v: v}
	m := v.m
	p.list = kit.NewGridView(m.TableList())
	p.list.Single = true
	p.list.Empty = "No lookup table yet. Add one: it turns codes of one side into codes of the other."
	p.list.OnSelect = func(row int) { p.show(row) }
	p.list.OnOpen = func(int) { v.host.Focus(p.sheet.Grid) }
	p.list.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			p.deleteTable()
			return true
		}
		return false
	}
	p.sheet = kit.NewSheet(m.TableRows(""))
	p.sheet.Focus = v.host.Focus
	p.sheet.Text = func(row, column int) (string, bool) { return m.TableCell(p.name, row, column) }
	p.sheet.Set = func(row, column int, text string) error { m.SetTableCell(p.name, row, column, text); return nil }
	p.sheet.Grid.Empty = "No row yet (Ctrl+Shift+N)."
	p.sheet.Grid.OnSecondary = func(_ int, at fyne.Position) {
		v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Add a row  (Ctrl+Shift+N)", p.addRow), fyne.NewMenuItem("Delete the rows  (Ctrl+Delete)", p.deleteRows)), at)
	}
	center := func(o fyne.CanvasObject) fyne.CanvasObject { return container.NewCenter(o) }
	p.title = kit.NewTitle("", theme.SizeText)
	p.title.Min = 40
	words := make([]string, len(model.Policies))
	for i, x := range model.Policies {
		words[i] = x.Words
	}
	p.policy = kit.NewChoice(words, func(int) { p.setMissing() })
	p.use = kit.NewField("code")
	p.use.OnSubmitted = func(string) { p.setMissing() }
	p.use.OnBlur = p.setMissing
	p.warn = kit.NewToggle("and is warned of", func(bool) { p.setMissing() })
	p.failed = kit.NewTextButton(theme.IconAdd, "Add the values not found", func() { m.AddFailed(p.name) })
	p.failed.SetHint("A row for each value of the samples that the table does not hold")
	p.missing = container.New(kit.Row{Flex: 8}, kit.Gap(6, 0), center(kit.NewCaption("a value that is not here")), kit.Gap(6, 0), center(container.New(kit.Width(130), p.policy)), kit.Gap(4, 0),
		center(container.New(kit.Width(110), p.use)), kit.Gap(6, 0), center(p.warn), kit.Gap(6, 0))
	left := container.New(kit.Column{Flex: 1}, kit.NewHeading(kit.NewTitle("Lookup tables", theme.SizeText), center(kit.NewToolButton(theme.IconAdd, "Add a table…", v.AddTable)),
		center(kit.NewToolButton(theme.IconDelete, "Delete the table…", p.deleteTable))), p.list)
	right := container.New(kit.Column{Flex: 2}, kit.NewHeading(p.title, center(p.failed), center(kit.NewTextButton(theme.IconAdd, "Row", p.addRow)),
		center(kit.NewToolButton(theme.IconDelete, "Delete the selected rows (Ctrl+Delete)", p.deleteRows))), kit.NewBand(p.missing), p.sheet)
	p.content = kit.NewColumns(left, right, 0.3)
	return p
}

// show shows the rows of a table.
func (p *lookupPane) show(row int) {
	names := p.v.m.Tables()
	if row < 0 || row >= len(names) || names[row] == p.name {
		return
	}
	p.name = names[row]
	p.sheet.Grid.SetGrid(p.v.m.TableRows(p.name))
	p.redraw(model.All)
}

func (p *lookupPane) setMissing() {
	if p.name != "" {
		p.v.m.SetMissing(p.name, model.Policies[p.policy.Selected()].Policy, p.use.Text, p.warn.On())
	}
}

func (p *lookupPane) addRow() {
	if row := p.v.m.AddTableRow(p.name); row >= 0 {
		p.sheet.Edit(row, 0)
	}
}

func (p *lookupPane) deleteRows() { p.v.m.DeleteTableRows(p.name, p.sheet.Grid.SelectedRows()) }

func (p *lookupPane) deleteTable() {
	name := p.name
	if name == "" {
		return
	}
	p.v.host.Decide("Delete the table "+name+"?", p.v.m.DeleteTableWords(name)+" Undo brings it back.", "Delete", func() { p.v.m.DeleteTable(name) })
}

func (p *lookupPane) panes() []fyne.Focusable { return []fyne.Focusable{p.list, p.sheet.Grid} }

func (p *lookupPane) redraw(model.What) {
	m := p.v.m
	names := m.Tables()
	at := -1
	for i, n := range names {
		if n == p.name {
			at = i
		}
	}
	if at < 0 {
		p.name = ""
		if len(names) > 0 {
			at, p.name = 0, names[0]
		}
		p.sheet.Grid.SetGrid(m.TableRows(p.name))
	}
	if p.list.Selected() != at {
		p.list.Select(at)
	}
	p.title.SetText(p.name)
	x := m.Missing(p.name)
	for i, y := range model.Policies {
		if y.Policy == x.Policy {
			p.policy.SetSelected(i)
		}
	}
	if p.use.Text != x.Use {
		p.use.SetText(x.Use)
	}
	if model.Policies[p.policy.Selected()].Words == "becomes" {
		p.use.Show()
	} else {
		p.use.Hide()
	}
	p.warn.SetOn(x.Warn)
	if m.Failed(p.name) > 0 {
		p.failed.SetLabel("Add " + screen.Plural(m.Failed(p.name), "value") + " not found")
		p.failed.Show()
	} else {
		p.failed.Hide()
	}
	p.list.Refresh()
	p.sheet.Grid.Refresh()
	p.content.Refresh()
}

func (p *lookupPane) actions() []shell.Action {
	list := []shell.Action{
		{ID: "map.addtable", Title: "Add a lookup table…", Run: p.v.AddTable},
	}
	if p.name != "" {
		list = append(list, shell.Action{ID: "map.addrow", Title: "Add a row to " + p.name, Keys: "Ctrl+Shift+N", Run: p.addRow},
			shell.Action{ID: "map.deleterows", Title: "Delete the selected rows of " + p.name, Keys: "Ctrl+Delete", Run: p.deleteRows},
			shell.Action{ID: "map.deletetable", Title: "Delete the table " + p.name + "…", Run: p.deleteTable})
		if n := p.v.m.Failed(p.name); n > 0 {
			list = append(list, shell.Action{ID: "map.addfailed", Title: "Add " + screen.Plural(n, "value") + " not found to " + p.name, Run: func() { p.v.m.AddFailed(p.name) }})
		}
	}
	return list
}

func (p *lookupPane) keys() []shell.Key {
	return []shell.Key{
		{Keys: "Letters, Enter, F2", Does: "write into the cell anew; change what it holds"},
		{Keys: "Enter, Tab, Escape", Does: "in a cell: take it and go down or right; leave it"},
		{Keys: "Delete", Does: "on a table: delete it; in a cell: empty it"},
	}
}
