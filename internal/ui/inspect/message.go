package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// messagePane is the open message as bytes.
type messagePane struct {
	v       *View
	content fyne.CanvasObject
	kind    *kit.Text
	detail  *kit.Text
	titles  *fyne.Container
	verdict *kit.Badge
	mode    *kit.SegmentedControl
	wrap    *kit.ToolButton
	edit    *kit.ToolButton
	changes *kit.News
	id      int64 // of the message that is shown
	hex     bool
	code    *kit.CodeView
	body    *fyne.Container // bytes or cards
	shown   screen.Text
}

func newMessagePane(v *View) *messagePane {
	p := &messagePane{v: v}
	p.kind = kit.NewTitle("", theme.SizeText)
	p.kind.Min = 90
	p.detail = kit.NewCaption("")
	p.detail.Min = 60
	p.verdict = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	p.mode = kit.NewSegmentedControl([]string{"Raw", "Form", "Hex", "Cards"}, func(i int) { v.m.SetFace(model.Face(i)) })
	p.code = kit.NewCodeView()
	p.code.OnCursor = v.m.MoveTo
	p.code.Expand = v.m.FieldAt
	p.code.OnSecondary = p.menu
	p.code.Lead = v.m.LeadAt
	p.code.OnHover = func(offset int) { kit.Hints(v.m.HintAt(offset)) }
	p.wrap = kit.NewToolButton(theme.IconWrap, "", func() { v.m.SetWraps(!v.m.Wraps()) })
	p.edit = kit.NewToolButton(theme.IconEdit, "", v.ToggleTyping)
	p.changes = kit.NewNews()
	p.code.OnRune = func(r rune) { p.typed(string(r)) }
	p.code.OnPaste = p.typed
	p.code.OnCut = p.cut
	p.code.OnKey = p.key
	p.body = container.NewStack(p.code)
	p.titles = container.New(kit.Titles{}, p.kind, p.detail)
	bar := container.NewBorder(nil, nil, kit.Gap(6, 0), container.NewHBox(container.NewCenter(p.verdict), kit.Gap(2, 0), container.NewCenter(p.mode), container.NewCenter(p.wrap), container.NewCenter(p.edit), kit.Gap(3, 0)), p.titles)
	p.content = container.New(kit.Column{Flex: 2}, kit.NewBand(bar), p.changes, p.body)
	return p
}

func (p *messagePane) redraw() {
	m := p.v.m
	kind, detail := m.Title()
	p.kind.SetText(kind)
	p.detail.SetText(detail)
	p.titles.Refresh() // the title's width is new
	if m.IsOpen() {
		_, counts, _ := m.Status()
		role, shape := severityChip(counts)
		p.verdict.Set(role, shape, m.Verdict())
		p.verdict.Show()
	} else {
		p.verdict.Hide()
	}
	shown := fyne.CanvasObject(p.code)
	p.mode.SetSelected(int(m.Face()))
	switch m.Face() {
	case model.FaceCards:
		shown = p.v.cards.content
	case model.FaceForm:
		shown = p.v.form.content
	}
	if p.body.Objects[0] != shown {
		p.body.Objects[0] = shown
		p.v.showBelow()
		p.body.Refresh()
	}
	if m.Fixed() {
		p.edit.Hide()
	}
	p.wrap.SetSelected(m.Wraps())
	p.wrap.SetLabel("Break long segments at the edge (Alt+Z)")
	if m.Wraps() {
		p.wrap.SetLabel("One segment a line (Alt+Z)")
	}
	p.code.SetWrap(m.Wraps())
	p.redrawChanges()
	if t := m.Text(); t != p.shown {
		p.shown = t
		if p.id == m.Open() && p.hex == m.Hex() { // the same message after a change, or under the mask
			p.code.Replace(t)
			offset, _, _ := m.Cursor()
			p.code.SetCursor(offset)
		} else {
			p.code.SetText(t)
		}
		p.id, p.hex = m.Open(), m.Hex()
	}
	p.redrawCursor()
}

func (p *messagePane) redrawCursor() {
	m := p.v.m
	p.code.SetMarks(m.Marks())
	if offset, _, _ := m.Cursor(); p.code.Cursor() != offset {
		p.code.SetCursor(offset)
	}
}

// pane is what takes the keyboard in this part.
func (p *messagePane) pane() fyne.Focusable {
	switch p.v.m.Face() {
	case model.FaceCards:
		return p.v.cards.lines
	case model.FaceForm:
		return p.v.form.tree
	}
	return p.code
}

// saveDocument asks for a file and writes the document of a line of the cards there.
func (v *View) saveDocument(row int) {
	if name, ok := v.m.DocumentAt(row); ok {
		v.host.ChooseTarget("Save the document", name, func(path string) { v.m.SaveDocument(row, path) })
	}
}

// menu is what can be done with the value at a place.
func (p *messagePane) menu(offset int, at fyne.Position) {
	p.v.m.MoveTo(offset)
	p.v.valueMenu([]*fyne.MenuItem{fyne.NewMenuItem("Copy", p.code.Copy), fyne.NewMenuItem("Select all", p.code.SelectAll)}, at)
}

// valueMenu shows what can be done with the value at the cursor, after items of the part's own.
func (v *View) valueMenu(items []*fyne.MenuItem, at fyne.Position) {
	_, from, to := v.m.Cursor()
	if to > from && !v.m.Masked() {
		items = append(items, fyne.NewMenuItem("Copy value", func() { v.host.Clipboard().SetContent(string(v.m.Raw()[from:to])) }))
	}
	if f, ok := v.m.FilterHere(); ok {
		items = append(items, fyne.NewMenuItem(f.Title, func() { v.m.Choose(f) }))
	}
	if column := v.m.ColumnHere(); column != "" {
		items = append(items, fyne.NewMenuItem("Count the values of "+column, v.CountHere), fyne.NewMenuItem("Show "+column+" as a column", v.AddColumn))
	}
	if _, ok := v.m.Explain(); ok {
		items = append(items, fyne.NewMenuItem("Explain this field", v.Explain))
	}
	if path := v.m.Path(); path != "" {
		items = append(items, fyne.NewMenuItem("Copy path "+path, v.CopyPath))
	}
	items = append(items, v.editMenu()...)
	if len(items) > 0 {
		v.host.Menu(fyne.NewMenu("", items...), at)
	}
}
