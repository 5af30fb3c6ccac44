package fhirview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// elementPane is the tree of the elements, or the answers of the FHIRPath line.
type elementPane struct {
	v       *View
	content *fyne.Container
	tabs    *kit.SegmentedControl
	body    *fyne.Container
	tree    *kit.TreeView
	answers *kit.GridView
}

func newElementPane(v *View) *elementPane {
	p := &elementPane{v: v}
	p.tree = kit.NewTreeView(v.m.Tree())
	p.tree.HideHeader = false
	p.tree.OnSelect = v.m.SelectNode
	p.tree.OnToggle = v.m.Toggle
	p.tree.OnOpen = p.open
	p.tree.OnSecondary = func(row int, at fyne.Position) {
		v.m.SelectNode(row)
		v.menu(nil, at)
	}
	p.answers = kit.NewGridView(v.m.AnswerGrid())
	p.answers.Single = true
	p.answers.OnSelect = v.m.SelectAnswer
	p.answers.OnOpen = func(row int) { v.m.SelectAnswer(row); p.showAnswers(false) }
	p.answers.OnSecondary = func(row int, at fyne.Position) {
		v.m.SelectAnswer(row)
		v.menu(nil, at)
	}
	p.tabs = kit.NewSegmentedControl([]string{"Elements", "Answers"}, func(i int) { p.showAnswers(i == 1) })
	p.body = container.NewStack(p.tree)
	bar := kit.NewHeading(p.tabs,
		kit.NewToolButton(theme.IconChevronDown, "Unfold all elements", func() { v.m.OpenAll(true) }),
		kit.NewToolButton(theme.IconChevronUp, "Fold all elements", func() { v.m.OpenAll(false) }))
	p.content = container.New(kit.Column{Flex: 1}, bar, p.body)
	return p
}

// open follows a reference, or opens and closes a branch.
func (p *elementPane) open(row int) {
	m := p.v.m
	m.SelectNode(row)
	if m.ReferenceHere() != "" {
		p.v.place.FollowReference()
		return
	}
	m.Toggle(row)
}

// showAnswers shows the answers of the FHIRPath line, or the elements.
func (p *elementPane) showAnswers(on bool) {
	shown, tab := fyne.CanvasObject(p.tree), 0
	if on {
		shown, tab = p.answers, 1
	}
	p.tabs.SetSelected(tab)
	if p.body.Objects[0] != shown {
		p.body.Objects[0] = shown
		p.body.Refresh()
	}
}

// pane is what takes the keyboard.
func (p *elementPane) pane() fyne.Focusable {
	if p.body.Objects[0] == p.answers {
		return p.answers
	}
	return p.tree
}

func (p *elementPane) redraw() {
	m := p.v.m
	p.tree.Empty = "The text cannot be read as a resource. The findings say why."
	if p.tree.Selected() != m.TreeSelected() {
		p.tree.Select(m.TreeSelected())
	}
	p.tree.Refresh()
	if p.answers.Selected() != m.ChosenAnswer() {
		p.answers.Select(m.ChosenAnswer())
	}
}

func (p *elementPane) redrawAnswers() {
	m := p.v.m
	p.answers.Empty = "Write a FHIRPath expression above the text: its answers are listed here."
	if m.Expression() != "" {
		p.answers.Empty = "The expression gives nothing here."
	}
	p.answers.Select(m.ChosenAnswer())
	p.answers.Refresh()
	if n := m.AnswerGrid().Len(); n > 0 && m.Expression() != "" {
		p.showAnswers(true)
	} else if m.Expression() == "" {
		p.showAnswers(false)
	}
}
