package kit

import (
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// told tells the owner which row the cursor is on.
func (v *GridView) told() {
	if v.OnSelect != nil {
		v.OnSelect(v.row)
	}
}

// goTo moves the cursor to a row as the user does. extend selects all from where the selection began.
func (v *GridView) goTo(row int, extend bool) {
	if v.len() == 0 {
		return
	}
	row = min(max(row, 0), v.len()-1)
	if !extend || v.Single || v.anchor < 0 {
		v.anchor = row
	}
	same := row == v.row && v.selected.count() == 1 && v.selected.has(row) && !extend
	v.row = row
	v.selected.clear()
	v.selected.add(min(v.anchor, row), max(v.anchor, row)+1)
	v.ScrollTo(row)
	v.repaint()
	if !same {
		v.told()
	}
}

// flip takes one row into the selection or out of it, and leaves the others.
func (v *GridView) flip(row int) {
	if v.Single {
		v.goTo(row, false)
		return
	}
	if v.selected.has(row) {
		v.selected.remove(row, row+1)
	} else {
		v.selected.add(row, row+1)
	}
	v.row, v.anchor = row, row
	v.repaint()
	v.told()
}

// MouseDown implements desktop.Mouseable.
func (v *GridView) MouseDown(e *desktop.MouseEvent) {
	Active()
	takeFocus(v.impl)
	row := v.rowAt(e.Position)
	if e.Button == desktop.MouseButtonSecondary {
		if row >= 0 && !v.selected.has(row) {
			v.goTo(row, false)
		}
		return
	}
	if e.Button != desktop.MouseButtonPrimary {
		return
	}
	for _, b := range []*bar{&v.down, &v.across} {
		if b.hit(e.Position) {
			was := b.pos
			b.press(e.Position)
			if b.pos != was && v.OnScrolled != nil {
				v.OnScrolled()
			}
			v.repaint()
			return
		}
	}
	switch {
	case !v.HideHeader && e.Position.Y < headerHeight:
		v.pressHeader(e.Position.X)
	case row >= 0:
		v.pressRow(row, e)
	}
}

func (v *GridView) pressHeader(x float32) {
	column, edge := v.columnAt(x)
	if edge >= 0 {
		now := time.Now()
		if edge == v.clickedEdge && now.Sub(v.clicked) < doubleClick {
			v.fitColumn(edge)
			return
		}
		v.clicked, v.clickedEdge, v.clickedRow = now, edge, -1
		v.resizing, v.resizeFrom = edge, v.edges[edge]
		return
	}
	if column >= 0 && v.OnSort != nil {
		if c := v.grid.Columns()[column]; !c.Fixed {
			v.OnSort(c.ID)
		}
	}
}

// fitColumn makes a column as wide as what it shows at the moment.
func (v *GridView) fitColumn(c int) {
	column := v.grid.Columns()[c]
	width := max(v.fitting(c), column.MinWidth, 40)
	v.clickedEdge = -1
	v.SetWidth(column.ID, width)
	if v.OnResize != nil {
		v.OnResize(column.ID, width)
	}
}

func (v *GridView) pressRow(row int, e *desktop.MouseEvent) {
	if v.onArrow(row, e.Position.X) {
		v.goTo(row, false)
		v.toggle(row)
		v.clickedRow = -1
		return
	}
	if c := v.switchAt(row, e.Position.X); c >= 0 && v.OnSwitch != nil {
		v.goTo(row, false)
		v.OnSwitch(row, c)
		v.clickedRow = -1
		return
	}
	v.pressed = row
	if c, _ := v.columnAt(e.Position.X); v.Cells && c >= 0 {
		v.SetCell(c)
	}
	now := time.Now()
	double := row == v.clickedRow && now.Sub(v.clicked) < doubleClick
	v.clicked, v.clickedRow, v.clickedEdge = now, row, -1
	switch {
	case e.Modifier&fyne.KeyModifierShortcutDefault != 0:
		v.flip(row)
	case double:
		v.clickedRow = -1
		v.goTo(row, false)
		v.open(row)
	default:
		v.goTo(row, v.shift || e.Modifier&fyne.KeyModifierShift != 0)
	}
}

// switchAt is the column of the switch under a place across a row, -1 for none.
func (v *GridView) switchAt(row int, x float32) int {
	c, _ := v.columnAt(x)
	if c < 0 || v.grid.Cell(row, c).Switch == screen.NoSwitch {
		return -1
	}
	if left := v.edges[c] - float32(v.across.pos); x > left+switchRoom+cellPad {
		return -1
	}
	return c
}

// turn turns the first switch of the cursor's row.
func (v *GridView) turn() {
	if v.OnSwitch == nil || v.row < 0 || v.row >= v.len() {
		return
	}
	for c := range v.grid.Columns() {
		if v.grid.Cell(v.row, c).Switch != screen.NoSwitch {
			v.OnSwitch(v.row, c)
			return
		}
	}
}

// rowSteps is how far Alt and a key move a row.
var rowSteps = map[fyne.KeyName]int{fyne.KeyUp: -1, fyne.KeyDown: 1}

// shiftRow moves the cursor's row by a step.
func (v *GridView) shiftRow(by int) {
	to := v.row + by
	if v.OnMove == nil || v.row < 0 || to < 0 || to >= v.len() {
		return
	}
	v.OnMove(v.row, to)
	v.goTo(to, false)
}

// drop puts the row that was dragged where it goes.
func (v *GridView) drop() {
	from, to := v.moving, v.movingTo
	v.moving, v.pressed = -1, -1
	if from < 0 || from >= v.len() {
		return
	}
	if to > from { // the rows between have moved up
		to--
	}
	if to != from && to < v.len() {
		v.OnMove(from, to)
		v.goTo(to, false)
	}
}

// open does what Enter and a double click do: the owner's action, or a branch opens.
func (v *GridView) open(row int) {
	if row < 0 || row >= v.len() {
		return
	}
	if v.OnOpen != nil {
		v.OnOpen(row)
		return
	}
	if v.tree != nil && v.toggle != nil {
		if _, branch, _ := v.tree.Level(row); branch {
			v.toggle(row)
		}
	}
}

// onArrow tells whether a place across is on the arrow of a branch.
func (v *GridView) onArrow(row int, x float32) bool {
	if v.tree == nil || v.toggle == nil {
		return false
	}
	depth, branch, _ := v.tree.Level(row)
	left := 6 + float32(depth)*treeIndent - float32(v.across.pos)
	return branch && x >= left-2 && x < left+16
}

// MouseUp implements desktop.Mouseable.
func (v *GridView) MouseUp(*desktop.MouseEvent) { v.release() }

// DragEnd implements fyne.Draggable.
func (v *GridView) DragEnd() { v.release() }

func (v *GridView) release() {
	v.resizing, v.down.dragging, v.across.dragging = -1, false, false
	v.letGo()
	v.drop()
	v.repaint()
}

// Dragged implements fyne.Draggable: it resizes a column or moves a scroll bar.
func (v *GridView) Dragged(e *fyne.DragEvent) {
	Active()
	switch {
	case v.resizing >= 0:
		column := v.grid.Columns()[v.resizing]
		v.resizeFrom = e.Position.X + float32(v.across.pos)
		width := max(v.resizeFrom-v.edges[v.resizing], column.MinWidth, 24)
		v.SetWidth(column.ID, width)
		if v.OnResize != nil {
			v.OnResize(column.ID, width)
		}
	case v.down.dragging && v.down.drag(e.Position), v.across.dragging && v.across.drag(e.Position):
		v.repaint()
		if v.OnScrolled != nil {
			v.OnScrolled()
		}
	case v.OnPull != nil && v.pressed >= 0 && !v.down.dragging && !v.across.dragging:
		v.pull(e)
	case v.OnMove != nil && v.pressed >= 0 && !v.down.dragging && !v.across.dragging:
		y := float64(e.Position.Y-v.header()) / float64(theme.RowHeight)
		v.moving, v.movingTo = v.pressed, min(max(int(math.Round(v.down.pos+y)), 0), v.len())
		v.ScrollTo(min(v.movingTo, v.len()-1))
		v.repaint()
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (v *GridView) TappedSecondary(e *fyne.PointEvent) {
	if row := v.rowAt(e.Position); row >= 0 && v.OnSecondary != nil {
		v.OnSecondary(row, e.AbsolutePosition)
	}
}

// Scrolled implements fyne.Scrollable.
func (v *GridView) Scrolled(e *fyne.ScrollEvent) {
	Active()
	dx, dy := float64(e.Scrolled.DX), float64(e.Scrolled.DY)
	if v.shift {
		dx, dy = dx+dy, 0
	}
	v.scroll(v.down.pos-2*dy/float64(theme.RowHeight), v.across.pos-2*dx)
}

// MouseIn implements desktop.Hoverable.
func (v *GridView) MouseIn(e *desktop.MouseEvent) { Active(); v.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (v *GridView) MouseMoved(e *desktop.MouseEvent) {
	Active()
	a, b := v.down.hover(e.Position), v.across.hover(e.Position)
	row := v.rowAt(e.Position)
	if v.down.hovered || v.across.hovered {
		row = -1
	}
	v.overEdge = false
	if !v.HideHeader && e.Position.Y < headerHeight {
		_, edge := v.columnAt(e.Position.X)
		v.overEdge = edge >= 0
	}
	if a || b || row != v.hovered {
		v.hovered = row
		v.repaint()
	}
}

// MouseOut implements desktop.Hoverable.
func (v *GridView) MouseOut() {
	v.hovered, v.down.hovered, v.across.hovered, v.overEdge = -1, false, false, false
	v.repaint()
}

// Cursor implements desktop.Cursorable.
func (v *GridView) Cursor() desktop.Cursor {
	if v.overEdge || v.resizing >= 0 {
		return desktop.HResizeCursor
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable.
func (v *GridView) FocusGained() { v.focused = true; v.repaint() }

// FocusLost implements fyne.Focusable.
func (v *GridView) FocusLost() { v.focused, v.shift = false, false; v.repaint() }

// TypedRune implements fyne.Focusable.
func (v *GridView) TypedRune(r rune) {
	Active()
	if v.OnRune != nil {
		v.OnRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (v *GridView) TypedKey(e *fyne.KeyEvent) {
	Active()
	if v.OnKey != nil && v.OnKey(e) {
		return
	}
	if menuKey(e, v.shift) {
		v.menu()
		return
	}
	if windowKey(e) {
		return
	}
	page := max(int(v.down.page)-1, 1)
	switch e.Name {
	case fyne.KeyUp:
		if v.row < 0 {
			v.goTo(v.len()-1, false)
			return
		}
		v.goTo(v.row-1, v.shift)
	case fyne.KeyDown:
		v.goTo(v.row+1, v.shift)
	case fyne.KeyPageUp:
		v.goTo(v.row-page, v.shift)
	case fyne.KeyPageDown:
		v.goTo(v.row+page, v.shift)
	case fyne.KeyHome:
		v.goTo(0, v.shift)
	case fyne.KeyEnd:
		v.goTo(v.len()-1, v.shift)
	case fyne.KeyReturn, fyne.KeyEnter:
		v.open(v.row)
	case fyne.KeySpace:
		v.turn()
	case fyne.KeyLeft:
		if v.Cells {
			v.SetCell(v.cell - 1)
			return
		}
		v.left()
	case fyne.KeyRight:
		if v.Cells {
			v.SetCell(v.cell + 1)
			return
		}
		v.right()
	}
}

// menu asks for the menu of the cursor's row.
func (v *GridView) menu() {
	if v.row >= 0 && v.OnSecondary != nil {
		y := v.header() + float32(float64(v.row+1)-v.down.pos)*theme.RowHeight
		v.OnSecondary(v.row, absolute(v.impl, fyne.NewPos(24, y)))
	}
}

// left closes a branch, or goes to the branch that a row is in; without a tree it scrolls.
func (v *GridView) left() {
	if v.tree == nil || v.row < 0 || v.row >= v.len() {
		v.scroll(v.down.pos, v.across.pos-40)
		return
	}
	depth, branch, open := v.tree.Level(v.row)
	if branch && open && v.toggle != nil {
		v.toggle(v.row)
		return
	}
	for row := v.row - 1; row >= 0; row-- {
		if d, _, _ := v.tree.Level(row); d < depth {
			v.goTo(row, false)
			return
		}
	}
}

// right opens a branch, or goes to its first row.
func (v *GridView) right() {
	if v.tree == nil || v.row < 0 || v.row >= v.len() {
		v.scroll(v.down.pos, v.across.pos+40)
		return
	}
	_, branch, open := v.tree.Level(v.row)
	switch {
	case branch && !open && v.toggle != nil:
		v.toggle(v.row)
	case branch && open:
		v.goTo(v.row+1, false)
	}
}

// TypedShortcut implements fyne.Shortcutable. What it does not know goes on to the window.
func (v *GridView) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *desktop.CustomShortcut:
		if step := rowSteps[s.KeyName]; step != 0 && s.Modifier == fyne.KeyModifierAlt && v.OnMove != nil {
			Active()
			v.shiftRow(step)
			return
		}
	case *fyne.ShortcutCopy:
		v.Copy()
		return
	case *fyne.ShortcutSelectAll:
		if !v.Single {
			v.SelectAll()
			return
		}
	}
	passOn(v.impl, s)
}
