package mapper

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/mapping"
	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// tablePane is the rules as a sheet.
type tablePane struct {
	v       *View
	content fyne.CanvasObject
	sheet   *kit.Sheet
	count   *kit.Text
	moving  bool // the user moves the cursor
}

func newTablePane(v *View) *tablePane {
	p := &tablePane{v: v}
	m := v.m
	p.sheet = kit.NewSheet(m.RuleList())
	p.sheet.Focus = v.host.Focus
	p.sheet.Text = func(row, column int) (string, bool) { return m.CellText(row, column), m.CanEditCell(row, column) }
	p.sheet.Set = m.SetCell
	p.sheet.Complete = func(row, column int, text string) []kit.Suggestion {
		m.Choose(m.IDAt(row))
		return v.complete(column, text)
	}
	g := p.sheet.Grid
	g.Empty = "No block yet. A block makes something of the target (Ctrl+B); its rules fill it."
	g.OnSelect = func(row int) {
		p.moving = true
		m.Choose(m.IDAt(row))
		p.moving = false
	}
	g.OnMove = func(from, to int) { m.MoveRow(from, to) }
	g.OnSecondary = func(row int, at fyne.Position) { p.menu(at) }
	p.count = kit.NewCaption("")
	p.count.Min = 60
	center := func(o fyne.CanvasObject) fyne.CanvasObject { return container.NewCenter(o) }
	add := kit.NewTextButton(theme.IconAdd, "Rule", v.AddRule)
	add.SetHint("Add a rule below this one (Ctrl+Shift+N)")
	block := kit.NewTextButton(theme.IconAdd, "Block…", v.AddBlock)
	block.SetHint("Add a block: one thing that the target gets (Ctrl+B)")
	remove := kit.NewToolButton(theme.IconDelete, "Delete the selected rules (Ctrl+Delete)", p.remove)
	bar := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(6, 0), p.count, center(add), kit.Gap(4, 0), center(block), kit.Gap(4, 0), center(remove), kit.Gap(4, 0)))
	p.content = container.New(kit.Column{Flex: 1}, bar, p.sheet)
	return p
}

// complete says what could be written into a part of the rule that is looked at.
func (v *View) complete(column int, text string) []kit.Suggestion {
	var list []model.Completion
	switch column {
	case model.ColumnTarget:
		list = v.m.CompleteTarget(text)
	case model.ColumnSources, model.ColumnEach, model.ColumnCondition:
		list = v.m.CompleteSource(text)
	case model.ColumnFunctions:
		head := ""
		if cut := strings.LastIndexByte(text, '|'); cut >= 0 {
			head, text = strings.TrimSpace(text[:cut])+" | ", text[cut+1:]
		}
		for _, c := range v.m.CompleteFunction(text) {
			list = append(list, model.Completion{Text: head + c.Text, About: c.About})
		}
	case model.ColumnLookup:
		for _, t := range v.m.Tables() {
			if strings.HasPrefix(strings.ToLower(t), strings.ToLower(text)) {
				list = append(list, model.Completion{Text: t})
			}
		}
	case model.ColumnStatus:
		for _, s := range model.Statuses {
			if s != "" && strings.HasPrefix(string(s), strings.ToLower(text)) {
				list = append(list, model.Completion{Text: string(s)})
			}
		}
	}
	out := make([]kit.Suggestion, len(list))
	for i, c := range list {
		out[i] = kit.Suggestion(c)
	}
	if len(out) == 1 && out[0].Text == text {
		return nil
	}
	return out
}

func (p *tablePane) rows() []int { return p.sheet.Grid.SelectedRows() }

// paste writes what a spreadsheet has copied into the table, from the cell of the cursor on.
func (p *tablePane) paste() {
	row, column := p.sheet.Grid.Cell()
	n, err := p.v.m.PasteCells(row, column, p.v.host.Clipboard().Content())
	if err != nil {
		p.v.m.Fail("Nothing was pasted", err)
	} else if n > 0 {
		p.v.m.Say(screen.News{Text: screen.Plural(n, "cell") + " pasted.", Offer: "Undo"}, p.v.m.Undo)
	}
}

func (p *tablePane) remove() { p.v.m.DeleteRows(p.rows()) }

// AddRule adds an empty rule after the one that is looked at, and opens its target in the table.
func (v *View) AddRule() {
	row := v.m.AddRule(v.m.RowOf(v.m.Chosen()))
	if row < 0 {
		v.AddBlock()
		return
	}
	if v.shownTab != 1 {
		v.ShowTab(1)
	}
	v.table.sheet.Edit(row, model.ColumnTarget)
}

func (p *tablePane) menu(at fyne.Position) {
	v, m := p.v, p.v.m
	rows := p.rows()
	status := fyne.NewMenuItem("Status", nil)
	status.ChildMenu = fyne.NewMenu("")
	for _, s := range model.Statuses {
		words := string(s)
		if s == "" {
			words = "none"
		}
		status.ChildMenu.Items = append(status.ChildMenu.Items, fyne.NewMenuItem(words, func() { m.SetStatus(rows, s) }))
	}
	v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Edit the cell  (Enter)", func() { row, c := p.sheet.Grid.Cell(); p.sheet.Edit(row, c) }), fyne.NewMenuItem("Add a rule below  (Ctrl+Shift+N)", v.AddRule),
		fyne.NewMenuItem("Duplicate  (Ctrl+D)", func() { m.DuplicateRows(rows) }), status, fyne.NewMenuItem("Owner…", v.SetOwner), fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Show in the picture", func() { v.ShowTab(0); m.Reveal() }), fyne.NewMenuItem("Copy as lines", p.sheet.Grid.Copy), fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Delete  (Ctrl+Delete)", p.remove)), at)
}

func (p *tablePane) panes() []fyne.Focusable { return []fyne.Focusable{p.sheet.Grid} }

func (p *tablePane) redraw(what model.What) {
	m := p.v.m
	if f := m.File(); f != nil && what&(model.Rules|model.Values) != 0 {
		p.count.SetText(ruleWords(m))
	}
	if row := m.RowOf(m.Chosen()); what&(model.Chosen|model.Rules) != 0 && row >= 0 && !p.moving && p.sheet.Grid.Selected() != row && p.sheet.Grid.SelectedCount() < 2 {
		p.sheet.Grid.Select(row)
	}
	p.sheet.Grid.Refresh()
}

// ruleWords count the rules by their status.
func ruleWords(m *model.Model) string {
	counts := map[mapping.Status]int{}
	n := 0
	m.File().Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			counts[b.Rules[i].Status]++
			n++
		}
	})
	words := fmt.Sprintf("%d rules", n)
	for _, s := range []mapping.Status{mapping.Agreed, mapping.Question, mapping.Draft, mapping.OutOfScope} {
		if counts[s] > 0 {
			words += fmt.Sprintf("  ·  %d %s", counts[s], strings.ReplaceAll(string(s), "-", " "))
		}
	}
	if k := len(m.Problems()); k > 0 {
		words += fmt.Sprintf("  ·  %d to be mended", k)
	}
	return words
}

func (p *tablePane) actions() []shell.Action {
	m := p.v.m
	list := []shell.Action{
		{ID: "map.duplicaterules", Title: "Duplicate the selected rules", Keys: "Ctrl+D", Run: func() { m.DuplicateRows(p.rows()) }},
		{ID: "map.deleterules", Title: "Delete the selected rules", Keys: "Ctrl+Delete", Run: p.remove},
		{ID: "map.paste", Title: "Paste cells", Detail: "lines of tab-separated cells, as a spreadsheet copies them", Keys: "Ctrl+V", Run: p.paste},
		{ID: "map.owner", Title: "Set the owner of the selected rules…", Run: p.v.SetOwner},
	}
	for _, s := range model.Statuses[1:] {
		list = append(list, shell.Action{ID: "map.status." + string(s), Title: "Set the status of the selected rules: " + string(s), Run: func() { m.SetStatus(p.rows(), s) }})
	}
	return list
}

func (p *tablePane) keys() []shell.Key {
	return []shell.Key{
		{Keys: "Arrows", Does: "move from cell to cell"},
		{Keys: "Letters, Enter, F2", Does: "write into the cell anew; change what it holds"},
		{Keys: "Enter, Tab, Escape", Does: "in a cell: take it and go down or right; leave it"},
		{Keys: "Alt+Up, Alt+Down", Does: "move the rule within its block"},
		{Keys: "Shift+Up, Shift+Down", Does: "select several rules"},
	}
}
