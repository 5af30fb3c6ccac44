package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// treePane is the open message by its structure.
type treePane struct {
	v       *View
	content fyne.CanvasObject
	tree    *kit.TreeView
	empty   *kit.ToolButton
	line    *editLine
}

func newTreePane(v *View) *treePane {
	p := &treePane{v: v}
	p.tree = kit.NewTreeView(v.m.Tree())
	p.tree.HideHeader = false
	p.tree.OnSelect = v.m.SelectNode
	p.tree.OnToggle = v.m.Toggle
	p.tree.OnOpen = p.open
	p.tree.OnSecondary = p.menu
	p.empty = kit.NewToolButton(theme.IconForm, "Show fields without a value too", func() { v.m.SetShowsEmpty(!v.m.ShowsEmpty()) })
	bar := kit.NewHeading(kit.NewTitle("Fields", theme.SizeText), p.empty,
		kit.NewToolButton(theme.IconChevronDown, "Unfold all segments", func() { v.m.OpenAll(true) }),
		kit.NewToolButton(theme.IconChevronUp, "Fold all segments", func() { v.m.OpenAll(false) }))
	p.line = newEditLine(v)
	p.content = container.New(kit.Column{Flex: 1}, bar, p.tree, p.line.content)
	return p
}

// open changes the value of a row, or opens and closes a branch.
func (p *treePane) open(row int) {
	if _, branch, _ := p.v.m.Tree().Level(row); branch {
		p.v.m.Toggle(row)
		return
	}
	p.v.m.SelectNode(row)
	p.v.EditValue()
}

func (p *treePane) redraw() {
	m := p.v.m
	p.tree.Empty = "No segments: this is not an HL7 v2 message. The findings say what it seems to be."
	if !m.IsOpen() {
		p.tree.Empty = "Open a message to see its fields."
	}
	p.empty.SetSelected(m.ShowsEmpty())
	if p.tree.Selected() != m.TreeSelected() {
		p.tree.Select(m.TreeSelected())
	}
	p.tree.Refresh()
}

// menu is what can be done with the value of a row.
func (p *treePane) menu(row int, at fyne.Position) {
	p.v.m.SelectNode(row)
	p.v.valueMenu(nil, at)
}
