package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"trestle/internal/present/screen"
)

// FormRow is one line of a Form: a control under its title, with what is wrong with it below.
type FormRow struct {
	Title   string
	Control fyne.CanvasObject
	Note    string // muted words below the control, "" for none
}

// Form is controls below each other under their titles. It says beside each what is wrong with it.
type Form struct {
	content  *fyne.Container
	problems []*Text
}

// NewForm lays rows out in a width.
func NewForm(width float32, rows ...FormRow) *Form {
	f := &Form{}
	column := container.NewVBox()
	for _, r := range rows {
		if r.Title != "" {
			column.Add(NewCaption(r.Title))
		}
		column.Add(r.Control)
		if r.Note != "" {
			column.Add(NewNote(r.Note))
		}
		problem := NewWords("", screen.RoleError)
		problem.Hide()
		f.problems = append(f.problems, problem)
		column.Add(problem)
	}
	f.content = container.New(Width(width), column)
	return f
}

// Content is what is shown.
func (f *Form) Content() fyne.CanvasObject { return f.content }

// SetProblem says what is wrong with a row, and takes back what was said of the others. An empty text takes all back.
func (f *Form) SetProblem(row int, text string) {
	for i, p := range f.problems {
		if i == row && text != "" {
			p.SetText(text)
			p.Show()
		} else {
			p.Hide()
		}
	}
	f.content.Refresh()
}
