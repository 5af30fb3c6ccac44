package fhirview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// pathLine is the FHIRPath line with what is said of its answers.
type pathLine struct {
	v       *View
	content *fyne.Container
	field   *kit.Field
	each    *kit.Toggle
	news    *kit.Text
	offers  *kit.Suggestions
	from    int // the word that is completed, in bytes
	to      int
	offered []model.Proposal
}

func newPathLine(v *View) *pathLine {
	l := &pathLine{v: v}
	l.field = kit.NewField("FHIRPath: name.family, or entry.resource.ofType(Patient).birthDate")
	l.field.OnChanged = v.m.SetExpression
	l.field.OnSubmitted = func(string) {
		v.left.showAnswers(true)
		v.host.Focus(v.left.answers)
		v.m.NextAnswer(1)
	}
	l.offers = kit.NewSuggestions(l.field)
	l.offers.Ask = func(text string, cursor int) []kit.Suggestion {
		l.from, l.to, l.offered = v.m.Complete(text, cursor)
		out := make([]kit.Suggestion, len(l.offered))
		for i, p := range l.offered {
			out[i] = kit.Suggestion{Text: p.Text, About: p.About}
		}
		return out
	}
	l.offers.Take = l.take
	l.field.OnEscape = func() {
		l.field.SetText("")
		v.m.SetExpression("")
		v.host.Focus(v.Body())
	}
	l.each = kit.NewToggle("Each entry", v.m.SetEachEntry)
	l.each.SetHint("Ask the expression of each entry's resource, not of the Bundle")
	l.news = kit.NewText("", screen.RoleMuted)
	l.news.Min = 40
	line := container.New(kit.Row{Flex: 0}, l.field, container.NewHBox(kit.Gap(2, 0), container.NewCenter(l.each), kit.Gap(2, 0)))
	l.content = container.NewVBox(
		container.NewBorder(kit.Gap(0, 1), kit.Gap(0, 1), kit.Gap(4, 0), kit.Gap(4, 0), container.NewVBox(line, l.news)), kit.NewRule())
	return l
}

// take writes a proposal into the line and goes on there.
func (l *pathLine) take(choice int) {
	if choice < 0 || choice >= len(l.offered) {
		return
	}
	before, after := l.field.Text[:l.from]+l.offered[choice].Text, l.field.Text[l.to:]
	l.field.SetText(before + after) // and asks for it, as typing does
	l.field.CursorColumn = len([]rune(before))
	l.field.Refresh()
	l.offers.Close()
}

func (l *pathLine) redraw() {
	m := l.v.m
	if l.field.Text != m.Expression() {
		l.field.Text = m.Expression()
		l.field.Refresh()
	}
	if l.field.Password != l.v.place.Masked() {
		l.field.Password = l.v.place.Masked() // what is asked for may be a patient
		l.field.Refresh()
	}
	if m.IsBundle() {
		l.each.Show()
	} else {
		l.each.Hide()
	}
	l.each.SetOn(m.EachEntry())
	text, bad := m.News()
	role := screen.RoleMuted
	if bad {
		role = screen.RoleError
		if l.v.place.Masked() {
			text = "The expression cannot be evaluated. Take the mask off to read why."
		}
	}
	l.news.Set(text, role)
	if text == "" {
		l.news.Hide()
	} else {
		l.news.Show()
	}
	l.content.Refresh()
	l.v.top.Refresh()
}

// Ask writes an expression into the FHIRPath line and gives it the keyboard.
func (v *View) Ask(expression string) {
	v.line.field.SetText(expression)
	v.m.SetExpression(expression)
	v.host.Focus(v.line.field)
}

// FocusPath gives the FHIRPath line the keyboard, with what stands there selected.
func (v *View) FocusPath() {
	v.host.Focus(v.line.field)
	v.line.field.SelectAll()
}
