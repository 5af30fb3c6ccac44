package kit

import (
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// GridView shows rows and columns of any number, with sorting, selection and columns that can be resized.
type GridView struct {
	widget.BaseWidget

	// OnSelect is called when the user moved to a row, by click or key. More rows may be selected: see SelectedRows.
	OnSelect func(row int)
	// OnOpen is called on a double click and on Enter.
	OnOpen func(row int)
	// OnSecondary is called on a click of the secondary button or the menu key, with the row and the place on the canvas.
	OnSecondary func(row int, at fyne.Position)
	// OnSort is called with a column's ID when its header was clicked. The owner sorts and calls SetSort.
	OnSort func(column string)
	// OnResize is called with a column's ID and new width when the user dragged its edge.
	OnResize func(column string, width float32)
	// OnSwitch is called when the user turns the switch of a cell, by click, or by Space for the first one of the row.
	OnSwitch func(row, column int)
	// OnMove is called when the user moved a row, by dragging or with Alt+Up and Alt+Down: it shall stand where the row to
	// stands now, which gives way. Rows cannot be moved where it is nil.
	OnMove func(from, to int)
	// OnPull is called while the user drags a row out of the view, with the place of the mouse on the canvas, and OnPulled
	// when he lets go. Rows cannot be dragged out where they are nil.
	OnPull   func(row int, at fyne.Position)
	OnPulled func(row int, at fyne.Position)
	// OnKey is asked first for each key that is not a letter; it returns whether it used the key.
	OnKey func(*fyne.KeyEvent) bool
	// OnRune is called for letters that are typed: the view itself has no use for them.
	OnRune func(rune)
	// OnScrolled is called when the visible rows changed, by whomever.
	OnScrolled func()
	// Cells gives the cursor a column: Left and Right move it, and a click takes the cell. See Cell.
	Cells bool
	// Empty is shown where there are no rows.
	Empty string
	// HideHeader leaves the column titles out.
	HideHeader bool
	// Single allows one selected row at a time.
	Single bool

	impl fyne.Widget // the widget that is shown: a TreeView embeds this one
	grid screen.Grid
	tree screen.Tree
	// toggle opens or closes a branch; nil where there is none to open.
	toggle func(row int)

	widths     map[string]float32 // as the user set them, by column ID
	edges      []float32          // of the columns, in units from the left of the first; one more than there are
	sortBy     string
	descending bool

	selected     rowSet
	row, anchor  int // the cursor's row, and where a selection by Shift began; -1 for none
	down, across bar // positions in rows and in units

	shifted
	focused     bool
	hovered     int // row under the mouse, -1 for none
	overEdge    bool
	resizing    int // column whose edge is dragged, -1 for none
	resizeFrom  float32
	clicked     time.Time
	clickedRow  int
	clickedEdge int
	pressed     int  // row that the mouse was pressed on, -1 for none
	moving      int  // row that is dragged, -1 for none
	movingTo    int  // the gap it would go to: before the row of this number
	pulling     bool // the pressed row is dragged out of the view
	pulledTo    fyne.Position
	target      int // row that something would be dropped on, -1 for none
	cell        int // column of the cursor, with Cells

	surface surface
	raster  *canvas.Raster
}

const (
	headerHeight float32 = 26
	cellPad      float32 = 8
	edgeGrab     float32 = 4
	treeIndent   float32 = 16
)

// NewGridView returns a view of g, which may be nil for now.
func NewGridView(g screen.Grid) *GridView {
	v := &GridView{}
	v.ExtendBaseWidget(v)
	v.SetGrid(g)
	return v
}

// ExtendBaseWidget implements what a widget that embeds a GridView calls first.
func (v *GridView) ExtendBaseWidget(w fyne.Widget) {
	if v.impl == nil {
		v.row, v.anchor, v.hovered, v.resizing, v.clickedRow, v.clickedEdge = -1, -1, -1, -1, -1, -1
		v.pressed, v.moving, v.target = -1, -1, -1
		v.down.vertical = true
		v.widths = map[string]float32{}
	}
	v.impl = w
	v.BaseWidget.ExtendBaseWidget(w)
}

// SetGrid shows another grid from its first row. The selection is empty then; column widths with the same ID stay.
// For a change within the same grid call Refresh, which keeps selection and place.
func (v *GridView) SetGrid(g screen.Grid) {
	v.grid = g
	v.tree, _ = g.(screen.Tree)
	v.selected.clear()
	v.row, v.anchor = -1, -1
	v.down.pos, v.across.pos = 0, 0
	v.Refresh()
}

// Grid is what is shown.
func (v *GridView) Grid() screen.Grid { return v.grid }

func (v *GridView) len() int {
	if v.grid == nil {
		return 0
	}
	return v.grid.Len()
}

// SetSort shows which column the rows are sorted by. An empty column shows none.
func (v *GridView) SetSort(column string, descending bool) {
	v.sortBy, v.descending = column, descending
	v.repaint()
}

// Select selects one row and scrolls it into view; -1 selects none.
func (v *GridView) Select(row int) {
	v.selected.clear()
	if row < 0 || row >= v.len() {
		row = -1
	} else {
		v.selected.add(row, row+1)
	}
	v.row, v.anchor = row, row
	if row >= 0 {
		v.ScrollTo(row)
	}
	v.repaint()
}

// Selected is the row that the cursor is on, -1 for none.
func (v *GridView) Selected() int { return v.row }

// SelectedRows is every selected row in order.
func (v *GridView) SelectedRows() []int { return v.selected.rows() }

// SelectedCount is the number of selected rows, without listing them.
func (v *GridView) SelectedCount() int { return v.selected.count() }

// SelectRows selects several rows; the cursor goes to the first.
func (v *GridView) SelectRows(rows []int) {
	v.selected.clear()
	v.row, v.anchor = -1, -1
	for _, r := range rows {
		if r >= 0 && r < v.len() {
			v.selected.add(r, r+1)
			if v.row < 0 {
				v.row, v.anchor = r, r
			}
		}
	}
	v.repaint()
}

// SelectAll selects every row, unless only one can be.
func (v *GridView) SelectAll() {
	if v.Single || v.len() == 0 {
		return
	}
	v.selected.clear()
	v.selected.add(0, v.len())
	if v.row < 0 {
		v.row, v.anchor = 0, 0
	}
	v.repaint()
	v.told()
}

// CellPlace is where a cell stands in the view, and whether all of its height shows.
func (v *GridView) CellPlace(row, col int) (at fyne.Position, size fyne.Size, shown bool) {
	v.measure()
	if row < 0 || row >= v.len() || col < 0 || col+1 >= len(v.edges) {
		return at, size, false
	}
	y := v.header() + float32((float64(row)-v.down.pos)*float64(theme.RowHeight))
	at = fyne.NewPos(v.edges[col]-float32(v.across.pos), y)
	size = fyne.NewSize(v.edges[col+1]-v.edges[col], theme.RowHeight)
	return at, size, y >= v.header()-1 && y+theme.RowHeight <= v.header()+v.rowsHeight()+1
}

// ScrollTo brings a row into view.
func (v *GridView) ScrollTo(row int) {
	v.measure()
	r, top := float64(row), v.down.pos
	if r < top {
		top = r
	} else if r+1 > top+v.down.page {
		top = r + 1 - v.down.page
	}
	v.scroll(top, v.across.pos)
}

// ScrollOffset is the first visible row, with its fraction.
func (v *GridView) ScrollOffset() float64 { return v.down.pos }

// SetScrollOffset puts a row at the top, as far as the rows go.
func (v *GridView) SetScrollOffset(row float64) { v.scroll(row, v.across.pos) }

func (v *GridView) scroll(row, x float64) {
	a, b := v.down.set(row), v.across.set(x)
	if a || b {
		v.repaint()
		if v.OnScrolled != nil {
			v.OnScrolled()
		}
	}
}

// SetWidth sets a column's width in units, as a user's drag would.
func (v *GridView) SetWidth(column string, width float32) {
	v.widths[column] = width
	v.measure()
	v.repaint()
}

// Copy puts the selected rows on the clipboard as lines of tab-separated cells, at most maxCopied. What is masked on
// screen is left out: the mask would be worth little otherwise.
func (v *GridView) Copy() {
	const maxCopied = 10_000
	var b strings.Builder
	n := 0
	for _, r := range v.selected.ranges {
		for row := r.from; row < r.to && n < maxCopied; row++ {
			for c := range v.grid.Columns() {
				if c > 0 {
					b.WriteByte('\t')
				}
				if cell := v.grid.Cell(row, c); !cell.Masked {
					b.WriteString(strings.Map(oneLine, cell.Text))
				}
			}
			b.WriteByte('\n')
			n++
		}
	}
	if n > 0 {
		fyne.CurrentApp().Clipboard().SetContent(b.String())
	}
}

// oneLine keeps a cell from breaking a table.
func oneLine(r rune) rune {
	if r == '\t' || r == '\r' || r == '\n' {
		return ' '
	}
	return r
}

// header is the height of the column titles.
func (v *GridView) header() float32 {
	if v.HideHeader {
		return 0
	}
	return headerHeight
}

// measure brings columns, extents and the selection up to date with the grid and the size.
func (v *GridView) measure() {
	size, n := v.Size(), v.len()
	v.down.total = float64(n)
	v.across.from, v.across.length, v.across.page = 2, size.Width-4, float64(size.Width)
	v.down.cross, v.across.cross = size.Width, size.Height
	v.measureDown(size.Height - v.header())
	v.measureAcross(size.Width)
	if v.across.needed() { // no row lies below the bar; that may make the other bar necessary, and the room narrower
		v.measureDown(size.Height - v.header() - barRoom)
		v.measureAcross(size.Width)
	}
	if v.down.needed() && v.across.needed() {
		v.across.length -= barRoom
	}
	v.down.set(v.down.pos)
	v.across.set(v.across.pos)
	if v.row >= n {
		v.row, v.anchor = n-1, n-1
	}
	v.selected.remove(n, math.MaxInt)
}

// measureDown takes the height that the rows have.
func (v *GridView) measureDown(height float32) {
	v.down.page = max(float64(height/theme.RowHeight), 1)
	v.down.from, v.down.length = v.header()+2, height-4
}

// measureAcross lays the columns out in a width.
func (v *GridView) measureAcross(width float32) {
	if v.down.needed() { // numbers at the right edge do not stand below the bar
		width -= barThick
	}
	v.columns(width)
	v.across.total = 0
	if v.len() > 0 {
		v.across.total = float64(v.edges[len(v.edges)-1])
	}
}

// rowsHeight is the height in which rows are drawn: without the column titles and the bar below.
func (v *GridView) rowsHeight() float32 {
	h := v.Size().Height - v.header()
	if v.across.needed() {
		h -= barRoom
	}
	return h
}

// columns lays the columns out: the width that the user gave, else the column's own. What is left over goes to those
// that take a share, and what is missing is taken from them, down to their least width. A column alone takes all.
func (v *GridView) columns(width float32) {
	v.edges = append(v.edges[:0], 0)
	if v.grid == nil {
		return
	}
	const least = 24
	all := v.grid.Columns()
	takes := func(c screen.Column) bool {
		_, set := v.widths[c.ID]
		return !set && (c.Flex || len(all) == 1)
	}
	used, shares := float32(0), 0
	for _, c := range all {
		if takes(c) {
			shares++
		}
		used += v.width(c, least)
	}
	share := float32(0)
	if shares > 0 {
		share = (width - used) / float32(shares)
	}
	x := float32(0)
	for _, c := range all {
		w := v.width(c, least)
		if takes(c) {
			w = max(w+share, c.MinWidth, w*0.6)
		}
		x += w
		v.edges = append(v.edges, x)
	}
}

// width is a column's width before what is left over is shared.
func (v *GridView) width(c screen.Column, least float32) float32 {
	w, set := v.widths[c.ID]
	if !set {
		w = c.Width
	}
	return max(w, c.MinWidth, least)
}

func (v *GridView) repaint() {
	if v.raster != nil {
		v.raster.Refresh()
	}
}

// MinSize implements fyne.CanvasObject.
func (v *GridView) MinSize() fyne.Size { return fyne.NewSize(80, v.header()+2*theme.RowHeight) }

// CreateRenderer implements fyne.Widget.
func (v *GridView) CreateRenderer() fyne.WidgetRenderer {
	v.raster = canvas.NewRaster(v.draw)
	v.raster.ScaleMode = canvas.ImageScalePixels
	return &rasterRenderer{raster: v.raster, layout: v.measure, min: v.MinSize}
}

// TreeView is a GridView whose first column has indents and arrows. Rows are opened and closed by their owner.
type TreeView struct {
	GridView

	// OnToggle is called when the user wants a branch opened or closed. The owner changes its rows and calls Refresh.
	OnToggle func(row int)
}

// NewTreeView returns a view of t, which may be nil for now. It has no header; set HideHeader to false for one.
func NewTreeView(t screen.Tree) *TreeView {
	v := &TreeView{}
	v.HideHeader, v.Single = true, true
	v.ExtendBaseWidget(v)
	v.GridView.toggle = func(row int) {
		if v.OnToggle != nil {
			v.OnToggle(row)
		}
	}
	v.SetTree(t)
	return v
}

// SetTree shows another tree from its first row.
func (v *TreeView) SetTree(t screen.Tree) {
	if t == nil {
		v.SetGrid(nil)
		return
	}
	v.SetGrid(t)
}
