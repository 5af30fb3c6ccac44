package mapper

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// resultPane is what the mapping made of the sample that is shown.
type resultPane struct {
	v       *View
	content fyne.CanvasObject
	code    *kit.CodeView
	words   *kit.Text
	text    screen.Text
	moving  bool // the user moves the cursor
}

func newResultPane(v *View) *resultPane {
	p := &resultPane{v: v}
	p.code = kit.NewCodeView()
	p.code.OnCursor = func(offset int) {
		p.moving = true
		v.m.ChooseResult(offset)
		p.moving = false
	}
	p.code.OnSecondary = func(_ int, at fyne.Position) {
		v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Show the rule and its source", func() { v.m.Reveal(); v.picture.follow(true) }), fyne.NewMenuItem("Edit the rule  (Enter)", func() { v.rule.take() })), at)
	}
	p.code.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
			v.m.Reveal()
			v.picture.follow(true)
			v.rule.take()
			return true
		}
		return false
	}
	p.words = kit.NewCaption("")
	p.words.Min = 40
	head := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(6, 0), container.New(kit.Titles{}, kit.NewTitle("Result", theme.SizeText), p.words)))
	p.content = container.New(kit.Column{Flex: 1}, head, p.code)
	return p
}

func (p *resultPane) redraw(what model.What) {
	m := p.v.m
	words, bad := m.ResultWords()
	role := screen.RoleMuted
	if bad {
		role = screen.RoleError
	}
	p.words.Set(words, role)
	if text := m.ResultText(); text != p.text {
		line, col := p.code.Scroll()
		p.text = text
		p.code.SetText(text)
		p.code.ScrollTo(line, col)
	}
	marks, first := m.ResultMarks()
	p.code.SetMarks(marks)
	if what&model.Chosen != 0 && first >= 0 && !p.moving && p.code.Cursor() != first {
		p.code.SetCursor(first)
	}
}
