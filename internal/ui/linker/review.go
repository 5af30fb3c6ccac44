package linker

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/linkage"
	model "trestle/internal/present/linker"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// reviewPane is the list of cases and the one that is open. All of it takes the keys of the decisions.
type reviewPane struct {
	v        *View
	content  fyne.CanvasObject
	filter   *kit.Choice
	reason   *kit.Choice
	search   *kit.Field
	list     *kit.GridView
	title    *kit.Text
	progress *kit.Text
	sentence *kit.Text
	decided  *kit.Text
	fields   *kit.GridView
	others   *kit.GridView
	card     *fyne.Container // the case, or that there is none
	open     fyne.CanvasObject
	nothing  fyne.CanvasObject
	nowhere  *kit.Text
	reasons  []string
	many     *kit.ToolButton
}

func newReviewPane(v *View) *reviewPane {
	p := &reviewPane{v: v}
	p.filter = kit.NewChoice(model.Filters, func(i int) { v.m.SetFilter(model.Filter(i)); v.host.Focus(p.list) })
	p.reason = kit.NewChoice([]string{anyReason}, func(i int) {
		reason := ""
		if i > 0 && i <= len(p.reasons) {
			reason = p.reasons[i-1]
		}
		v.m.SetReason(reason)
		v.host.Focus(p.list)
	})
	p.search = kit.NewField("Find: identifier, name, birth date")
	p.search.ActionItem = kit.Gap(0, 0) // else Fyne puts an eye there under the mask, which shows what is hidden
	p.search.OnSubmitted = func(text string) { v.m.Search(text); v.host.Focus(p.list) }
	p.search.OnEscape = func() { p.search.SetText(""); v.m.Search(""); v.host.Focus(p.list) }
	p.list = p.grid(v.m.List())
	p.list.OnSelect = v.m.OpenCase
	p.fields, p.others = p.grid(v.m.Fields()), p.grid(v.m.Others())
	p.others.OnOpen = v.m.OpenOther
	p.others.Empty = "Nobody else: no other candidate, and nobody of the same household."
	left := container.New(kit.Column{Flex: 1},
		container.NewBorder(kit.Gap(0, 4), kit.Gap(0, 4), kit.Gap(6, 0), kit.Gap(6, 0), container.NewVBox(container.New(halves{}, p.filter, p.reason), p.search)), p.list)
	p.makeCard()
	p.content = kit.NewColumns(left, p.card, 0.3)
	return p
}

const anyReason = "Any reason"

func (p *reviewPane) makeCard() {
	v := p.v
	p.title = kit.NewTitle("", theme.SizeText)
	p.title.Min = 60
	p.progress = kit.NewCaption("")
	p.progress.Min = 40
	p.sentence, p.decided = kit.NewWords("", screen.RoleText), kit.NewWords("", screen.RoleOK)
	head := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(8, 0), container.New(kit.Titles{}, p.title, p.progress),
		container.NewCenter(kit.NewToolButton(theme.IconNote, "Who decided what (Ctrl+H)", v.ShowHistory)), kit.Gap(3, 0)))
	words := container.NewBorder(kit.Gap(0, 3), kit.Gap(0, 3), kit.Gap(8, 0), kit.Gap(8, 0), container.NewVBox(p.sentence, p.decided))
	button := func(label, hint string, do func()) *kit.ToolButton {
		b := kit.NewTextButton("", label, func() { do(); v.host.Focus(p.list) })
		b.SetHint(hint)
		return b
	}
	decide := func(a linkage.Action) func() { return func() { v.m.Decide(a) } }
	p.many = button("M  same, several", "The same, though theirs has one of ours already (M)", v.m.DecideMany)
	keys := kit.NewBand(container.NewHBox(kit.Gap(4, 0),
		container.NewCenter(button("S  same", "They are the same (S)", decide(linkage.ActSame))), container.NewCenter(button("D  different", "They are different (D)", decide(linkage.ActDifferent))),
		container.NewCenter(button("U  unsure", "Listed as doubtful (U)", decide(linkage.ActUnsure))), container.NewCenter(button("N  create new", "Ours has no counterpart (N)", decide(linkage.ActCreateNew))),
		container.NewCenter(p.many),
		container.NewCenter(button("Right  skip", "Next case without a decision (Right)", func() { v.m.Skip(1) })), container.NewCenter(button("Z  undo", "Take the last decision back (Z)", v.m.Undo))))
	p.open = container.New(kit.Column{Flex: 2}, head, words, kit.NewRows(p.fields, p.others, 0.68), keys)
	p.nowhere = kit.NewWords("", screen.RoleMuted)
	p.nothing = container.NewBorder(kit.Gap(0, 20), nil, kit.Gap(20, 0), kit.Gap(20, 0), container.NewVBox(p.nowhere))
	p.card = container.NewStack(p.nothing)
}

// grid is a grid that takes the keys of the review.
func (p *reviewPane) grid(g screen.Grid) *kit.GridView {
	v := kit.NewGridView(g)
	v.Single = true
	v.OnRune = p.rune
	v.OnKey = p.key
	return v
}

// rune decides by a letter.
func (p *reviewPane) rune(r rune) {
	m := p.v.m
	switch r {
	case 's', 'S':
		m.Decide(linkage.ActSame)
	case 'd', 'D':
		m.Decide(linkage.ActDifferent)
	case 'u', 'U':
		m.Decide(linkage.ActUnsure)
	case 'n', 'N':
		m.Decide(linkage.ActCreateNew)
	case 'm', 'M':
		m.DecideMany()
	case 'z', 'Z':
		m.Undo()
	}
}

// key goes on without a decision, and back.
func (p *reviewPane) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyRight:
		p.v.m.Skip(1)
	case fyne.KeyLeft:
		p.v.m.Skip(-1)
	default:
		return false
	}
	return true
}

func (p *reviewPane) redraw(what model.What) {
	m := p.v.m
	if what&(model.Cases|model.Desk) != 0 {
		p.redrawFilters()
	}
	if p.list.Selected() != m.Row() {
		p.list.Select(m.Row())
	}
	p.list.Refresh()
	c := m.Card()
	want := p.open
	if c == nil {
		want = p.nothing
		p.nowhere.SetText(p.silence())
	} else {
		p.redrawCard(c)
	}
	if p.card.Objects[0] != want {
		p.card.Objects[0] = want
		p.card.Refresh()
	}
	p.progress.SetText(m.Progress())
}

// silence says why no case is open, and what to do.
func (p *reviewPane) silence() string {
	m := p.v.m
	switch {
	case !m.Known():
		return "The rosters are being opened."
	case m.IsRunning():
		return "The rosters are being compared. The first case opens as soon as that is done."
	case !m.HasResult():
		return "There is nothing to review yet: import both rosters, look at their columns, and run (F5)."
	case m.Searched() != "" || m.Reason() != "":
		return "No case has these words and this reason."
	case m.Filter() == model.ToDecide:
		return "Everything is decided. " + m.Progress() + ". Export with Ctrl+E, or look at a sample of the automatic links again (Ctrl+Shift+R)."
	case m.Filter() == model.SecondReview:
		return "No sample of the automatic links has been drawn. Ctrl+Shift+R draws one."
	}
	return "No case of this kind."
}

func (p *reviewPane) redrawFilters() {
	m := p.v.m
	p.filter.SetSelected(int(m.Filter()))
	reasons := m.Reasons()
	if !equal(reasons, p.reasons) {
		p.reasons = reasons
		p.reason.SetOptions(append([]string{anyReason}, reasons...))
	}
	at := 0
	for i, r := range p.reasons {
		if r == m.Reason() {
			at = i + 1
		}
	}
	p.reason.SetSelected(at)
	if p.search.Password != m.Masked() {
		p.search.Password = m.Masked() // what is looked for may be a patient
		p.search.Refresh()
	}
	p.list.Empty = "No case here."
	if m.IsPlans() {
		p.many.Show()
	} else {
		p.many.Hide()
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (p *reviewPane) redrawCard(c *model.Card) {
	m := p.v.m
	title, sentence, decided := c.Title, c.Sentence, c.Decided
	if m.Blind() {
		title, sentence, decided = "Is this one person?", "The second review is blind: it shows the records, and not what the engine thinks of them.", ""
	}
	p.title.SetText(title)
	role := screen.RoleText
	if c.Bad && !m.Blind() {
		role = screen.RoleError
	}
	p.sentence.Set(sentence, role)
	p.decided.SetText(decided)
	p.decided.Show()
	if decided == "" {
		p.decided.Hide()
	}
	p.fields.Refresh()
	p.others.Refresh()
	p.open.Refresh()
}

// halves is a layout of two controls side by side that does not ask for the width of their longest word: the list of
// cases is narrow.
type halves struct{}

// MinSize implements fyne.Layout.
func (halves) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(160, max(o[0].MinSize().Height, o[1].MinSize().Height))
}

// Layout implements fyne.Layout.
func (halves) Layout(o []fyne.CanvasObject, size fyne.Size) {
	const gap = 4
	w := (size.Width - gap) / 2
	for i, c := range o {
		c.Move(fyne.NewPos(float32(i)*(w+gap), 0))
		c.Resize(fyne.NewSize(w, size.Height))
	}
}
