package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
)

// CodeView shows a text of any size in fixed-width letters, read-only, with cursor, selection and marks.
type CodeView struct {
	widget.BaseWidget

	// OnCursor is called when the user moved the cursor, with the byte it stands before.
	OnCursor func(offset int)
	// OnSelection is called when the user changed the selection.
	OnSelection func(from, to int)
	// OnSecondary is called on a click of the secondary button or the menu key, with the byte and the place on the canvas.
	OnSecondary func(offset int, at fyne.Position)
	// OnScrolled is called when the visible part moved, by whomever.
	OnScrolled func()
	// Expand says which bytes a double click (clicks is 2) or triple click (3) takes. Without it they are the letters
	// between two delimiters and the line.
	Expand func(offset, clicks int) (from, to int)
	// Number is what stands in the gutter before a line; nil counts from 1.
	Number func(line int) string
	// HideNumbers leaves the gutter out.
	HideNumbers bool

	text screen.Text
}

// NewCodeView returns an empty view.
func NewCodeView() *CodeView {
	v := &CodeView{}
	v.ExtendBaseWidget(v)
	return v
}

// SetText shows t from its beginning. Marks, cursor and selection start anew.
func (v *CodeView) SetText(t screen.Text) { v.text = t }

// Text is what is shown.
func (v *CodeView) Text() screen.Text { return v.text }

// SetMarks replaces the marks. Of marks that meet, the higher kind is on top.
func (v *CodeView) SetMarks(m []screen.Mark) {}

// SetCursor moves the cursor to a byte and scrolls it into view. The selection ends.
func (v *CodeView) SetCursor(offset int) {}

// Cursor is the byte that the cursor stands before.
func (v *CodeView) Cursor() int { return 0 }

// SetSelection selects the bytes from..to, puts the cursor at to and scrolls it into view.
func (v *CodeView) SetSelection(from, to int) {}

// Selection is the selected bytes; from == to where nothing is selected.
func (v *CodeView) Selection() (from, to int) { return 0, 0 }

// SelectAll selects every byte.
func (v *CodeView) SelectAll() {}

// Copy puts the selected bytes on the clipboard as text, or the cursor's line if nothing is selected.
func (v *CodeView) Copy() {}

// Scroll is the first visible line and column, with fractions.
func (v *CodeView) Scroll() (line, col float64) { return 0, 0 }

// ScrollTo puts a line and column at the top left corner, as far as the text goes.
func (v *CodeView) ScrollTo(line, col float64) {}

// CreateRenderer implements fyne.Widget.
func (v *CodeView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(nil))
}
