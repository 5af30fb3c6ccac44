package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Sheet is a GridView whose cells are edited where they stand: typing replaces what is there, Enter and F2 change it, Delete
// empties it. While a cell is edited, Enter takes the text and goes down, Tab takes it and goes right, and Escape leaves the
// cell as it was. What is wrong with a text is said below it, and the cell stays open.
type Sheet struct {
	widget.BaseWidget

	Grid *GridView
	// Text is what a cell holds, as it is edited; false for one that cannot be.
	Text func(row, column int) (string, bool)
	// Set changes a cell. Its error is shown.
	Set func(row, column int, text string) error
	// Complete says what could be written into a cell; nil offers nothing.
	Complete func(row, column int, text string) []Suggestion
	// Focus gives an object the keyboard.
	Focus func(fyne.Focusable)

	field       *Field
	offers      *Suggestions
	offered     []Suggestion
	problem     *Text
	ground      *Panel
	row, column int
	editing     bool
	leaving     bool // the field loses the keyboard because the sheet takes it
}

// NewSheet returns a sheet over g.
func NewSheet(g screen.Grid) *Sheet {
	s := &Sheet{Grid: NewGridView(g), field: NewField(""), problem: NewWords("", screen.RoleError), ground: NewPanel("overlayBackground")}
	s.Grid.Cells = true
	s.Focus = func(f fyne.Focusable) {
		if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
			c.Focus(f)
		}
	}
	s.field.TextStyle.Monospace = true
	s.field.OnSubmitted = func(string) { s.take(1, 0) }
	s.field.OnEscape = s.leave
	s.field.OnKey = s.key
	s.field.OnBlur = func() {
		if s.editing && !s.leaving {
			s.take(0, 0)
		}
	}
	s.offers = NewSuggestions(s.field)
	s.offers.Ask = func(text string, _ int) []Suggestion {
		if s.Complete == nil || !s.editing {
			return nil
		}
		s.offered = s.Complete(s.row, s.column, text)
		return s.offered
	}
	s.offers.Take = func(i int) {
		s.field.SetText(s.offered[i].Text)
		s.field.CursorColumn = len([]rune(s.field.Text))
		s.field.TakesTab = true
	}
	s.Grid.OnOpen = func(row int) { s.Edit(row, s.Grid.cell) }
	s.Grid.OnRune = func(r rune) {
		if s.Edit(s.Grid.row, s.Grid.cell) {
			s.field.SetText("")
			s.field.TypedRune(r)
		}
	}
	s.Grid.OnKey = s.gridKey
	s.Grid.OnScrolled = func() {
		if s.editing {
			s.Refresh()
		}
	}
	s.hide()
	s.ExtendBaseWidget(s)
	return s
}

// gridKey is what keys do while no cell is edited.
func (s *Sheet) gridKey(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyF2:
		s.Edit(s.Grid.row, s.Grid.cell)
	case fyne.KeyDelete, fyne.KeyBackspace:
		if s.Text == nil || s.Grid.row < 0 {
			return true
		}
		if text, ok := s.Text(s.Grid.row, s.Grid.cell); ok && text != "" {
			if err := s.Set(s.Grid.row, s.Grid.cell, ""); err != nil && s.Edit(s.Grid.row, s.Grid.cell) {
				s.say(err)
			}
		}
	default:
		return false
	}
	return true
}

// key is what keys do while a cell is edited.
func (s *Sheet) key(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyTab && s.editing {
		if Modifiers()&fyne.KeyModifierShift != 0 {
			s.take(0, -1)
		} else {
			s.take(0, 1)
		}
		return true
	}
	return false
}

// Editing says whether a cell is being edited.
func (s *Sheet) Editing() bool { return s.editing }

// Edit opens a cell. It says whether it can be edited.
func (s *Sheet) Edit(row, column int) bool {
	if s.Text == nil || row < 0 || row >= s.Grid.len() {
		return false
	}
	text, ok := s.Text(row, column)
	if !ok {
		return false
	}
	if s.Grid.row != row {
		s.Grid.Select(row)
	}
	s.Grid.SetCell(column)
	s.Grid.ScrollTo(row)
	s.row, s.column, s.editing = row, column, true
	s.problem.SetText("")
	s.field.SetText(text)
	s.field.Show()
	s.field.TakesTab = true
	s.Refresh()
	s.Focus(s.field)
	s.field.CursorColumn = len([]rune(text))
	return true
}

// take writes the text into the cell and goes on by rows and columns. A text that is refused stays open.
func (s *Sheet) take(down, right int) {
	if !s.editing {
		return
	}
	if err := s.Set(s.row, s.column, s.field.Text); err != nil {
		s.say(err)
		if s.leaving = false; down == 0 && right == 0 {
			s.leave() // the keyboard has gone elsewhere; a half text must not stay over the sheet
		}
		return
	}
	s.leave()
	if down != 0 {
		s.Grid.goTo(s.row+down, false)
	}
	if right != 0 {
		s.Grid.SetCell(s.column + right)
	}
}

func (s *Sheet) say(err error) {
	s.problem.SetText(err.Error())
	s.problem.Show()
	s.ground.Show()
	s.field.TakesTab = true
	s.Refresh()
}

// leave closes the cell.
func (s *Sheet) leave() {
	if !s.editing {
		return
	}
	s.editing = false
	focused := false
	if c := fyne.CurrentApp().Driver().CanvasForObject(s); c != nil {
		focused = c.Focused() == fyne.Focusable(s.field)
	}
	s.hide()
	s.Refresh()
	if focused {
		s.leaving = true
		s.Focus(s.Grid)
		s.leaving = false
	}
}

func (s *Sheet) hide() {
	s.offers.Close()
	s.field.Hide()
	s.problem.Hide()
	s.ground.Hide()
}

// CreateRenderer implements fyne.Widget.
func (s *Sheet) CreateRenderer() fyne.WidgetRenderer {
	return &sheetRenderer{s, []fyne.CanvasObject{s.Grid, s.ground, s.problem, s.field, s.offers}}
}

type sheetRenderer struct {
	s       *Sheet
	objects []fyne.CanvasObject
}

// editWidth is the least width in units that a cell is edited in: a condition is longer than its column.
const editWidth float32 = 260

func (r *sheetRenderer) Layout(size fyne.Size) {
	s := r.s
	s.Grid.Move(fyne.NewPos(0, 0))
	s.Grid.Resize(size)
	s.offers.below = s.Grid
	if !s.editing {
		return
	}
	at, cell := s.Grid.CellBounds(s.row, s.column)
	width := min(max(cell.Width, editWidth), size.Width)
	x := min(max(at.X, 0), size.Width-width)
	high := s.field.MinSize().Height
	y := at.Y + (cell.Height-high)/2
	s.field.Move(fyne.NewPos(x, y))
	s.field.Resize(fyne.NewSize(width, high))
	if s.problem.Visible() {
		s.problem.Resize(fyne.NewSize(width, 20))
		h := s.problem.MinSize().Height
		below := y + high
		if below+h > size.Height {
			below = y - h
		}
		s.ground.Move(fyne.NewPos(x, below))
		s.ground.Resize(fyne.NewSize(width, h))
		s.problem.Move(fyne.NewPos(x, below))
		s.problem.Resize(fyne.NewSize(width, h))
	}
	s.offers.place()
}

func (r *sheetRenderer) MinSize() fyne.Size           { return r.s.Grid.MinSize() }
func (r *sheetRenderer) Destroy()                     {}
func (r *sheetRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *sheetRenderer) Refresh() {
	r.Layout(r.s.Size())
	r.s.Grid.Refresh()
	canvas.Refresh(r.s)
}

// RowHeight is the height of a row of lists, in units.
const RowHeight = theme.RowHeight
