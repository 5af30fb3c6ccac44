package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
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
	// Empty is shown where there are no rows.
	Empty string
	// HideHeader leaves the column titles out.
	HideHeader bool
	// Single allows one selected row at a time.
	Single bool

	grid screen.Grid
}

// NewGridView returns a view of g, which may be nil for now.
func NewGridView(g screen.Grid) *GridView {
	v := &GridView{grid: g}
	v.ExtendBaseWidget(v)
	return v
}

// SetGrid shows another grid from its first row. The selection is empty then; column widths with the same ID stay.
// For a change within the same grid call Refresh, which keeps selection and place.
func (v *GridView) SetGrid(g screen.Grid) { v.grid = g }

// SetSort shows which column the rows are sorted by. An empty column shows none.
func (v *GridView) SetSort(column string, descending bool) {}

// Select selects one row and scrolls it into view; -1 selects none.
func (v *GridView) Select(row int) {}

// Selected is the row that the cursor is on, -1 for none.
func (v *GridView) Selected() int { return -1 }

// SelectedRows is every selected row in order.
func (v *GridView) SelectedRows() []int { return nil }

// SelectedCount is the number of selected rows, without listing them.
func (v *GridView) SelectedCount() int { return 0 }

// ScrollTo brings a row into view.
func (v *GridView) ScrollTo(row int) {}

// SetWidth sets a column's width in units, as a user's drag would.
func (v *GridView) SetWidth(column string, width float32) {}

// CreateRenderer implements fyne.Widget.
func (v *GridView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(nil))
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
	v.HideHeader = true
	v.Single = true
	v.grid = t
	v.ExtendBaseWidget(v)
	return v
}

// SetTree shows another tree from its first row.
func (v *TreeView) SetTree(t screen.Tree) { v.SetGrid(t) }
