package kit

import (
	"image"
	"math"

	"fyne.io/fyne/v2"
	"trestle/internal/ui/theme"
)

// pull drags the pressed row out of the view. Near the top and the bottom of another view its owner scrolls.
func (v *GridView) pull(e *fyne.DragEvent) {
	v.pulling, v.pulledTo = true, e.AbsolutePosition
	v.OnPull(v.pressed, e.AbsolutePosition)
}

// letGo ends that.
func (v *GridView) letGo() {
	if !v.pulling {
		return
	}
	row := v.pressed
	v.pulling, v.pressed = false, -1
	if v.OnPulled != nil {
		v.OnPulled(row, v.pulledTo)
	}
}

// SetTarget shows on which row something would be dropped; -1 is none.
func (v *GridView) SetTarget(row int) {
	if v.target != row {
		v.target = row
		v.repaint()
	}
}

// RowAt is the row at a place of the canvas, -1 for none.
func (v *GridView) RowAt(at fyne.Position) int {
	p := at.Subtract(absolute(v.impl, fyne.Position{}))
	if size := v.Size(); p.X < 0 || p.X >= size.Width {
		return -1
	}
	return v.rowAt(p)
}

// Page is how many rows show, with their fractions, and Top how far below the top of the view the first stands, in units.
func (v *GridView) Page() (rows float64, top float32) {
	return float64(v.rowsHeight() / theme.RowHeight), v.header()
}

// Cell is the row and column of the cursor, -1 for no row. See Cells.
func (v *GridView) Cell() (row, column int) { return v.row, v.cell }

// SetCell moves the cursor to a column, and scrolls it into view.
func (v *GridView) SetCell(column int) {
	if v.grid == nil {
		return
	}
	v.cell = min(max(column, 0), len(v.grid.Columns())-1)
	if v.cell < 0 || v.cell+1 >= len(v.edges) {
		v.cell = max(v.cell, 0)
		v.repaint()
		return
	}
	x := v.across.pos
	if right := float64(v.edges[v.cell+1]); right > x+v.across.page {
		x = right - v.across.page
	}
	if left := float64(v.edges[v.cell]); left < x {
		x = left
	}
	v.scroll(v.down.pos, x)
	v.repaint()
}

// CellBounds is where a cell stands in the view.
func (v *GridView) CellBounds(row, column int) (fyne.Position, fyne.Size) {
	if column < 0 || column+1 >= len(v.edges) {
		return fyne.Position{}, fyne.Size{}
	}
	left, right := v.edges[column]-float32(v.across.pos), v.edges[column+1]-float32(v.across.pos)
	y := v.header() + float32(float64(row)-v.down.pos)*theme.RowHeight
	return fyne.NewPos(left, y), fyne.NewSize(right-left, theme.RowHeight)
}

// drawCursor draws the frame of the cursor's cell.
func (v *GridView) drawCursor(y, high int) {
	if v.cell+1 >= len(v.edges) {
		return
	}
	s := &v.surface
	ink := s.color("focus")
	if !v.focused {
		ink = s.color(theme.ColorGuide)
	}
	x0, x1 := v.x(v.edges[v.cell]), v.x(v.edges[v.cell+1])
	s.frame(image.Rect(x0, y, x1, y+high), int(math.Max(1, float64(s.px(1.5)))), ink)
}
