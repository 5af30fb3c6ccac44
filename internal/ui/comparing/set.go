package comparing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/comparing"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// setPane is the sums and patterns of a set, or the list of its pairs.
type setPane struct {
	v        *View
	content  fyne.CanvasObject
	tabs     *kit.SegmentedControl
	body     *fyne.Container
	overview fyne.CanvasObject
	types    *kit.GridView
	patterns *kit.GridView
	remarks  *kit.Text
	ignore   *kit.ToolButton
	expect   *kit.ToolButton
	open     *kit.ToolButton
	listed   fyne.CanvasObject
	filter   *kit.Field
	status   *kit.Choice
	limits   *kit.Text
	clear    *kit.ToolButton
	pairs    *kit.GridView
}

func newSetPane(v *View) *setPane {
	p := &setPane{v: v}
	p.makeOverview()
	p.makePairs()
	p.body = container.NewStack(p.overview)
	p.tabs = kit.NewSegmentedControl([]string{"Overview", "Pairs"}, func(int) { p.choose() })
	p.remarks = kit.NewCaption("")
	p.remarks.Min = 60
	bar := kit.NewBand(container.New(kit.Row{Flex: 3}, kit.Gap(4, 0), container.NewCenter(p.tabs), kit.Gap(10, 0), p.remarks))
	p.content = container.New(kit.Column{Flex: 1}, bar, p.body)
	return p
}

func (p *setPane) makeOverview() {
	v, m := p.v, p.v.m
	p.types = kit.NewGridView(m.Types())
	p.types.Single = true
	p.types.OnOpen = func(row int) { m.PairsOfType(row); v.ShowPairs() }
	p.patterns = kit.NewGridView(m.Patterns())
	p.patterns.Single = true
	p.patterns.Empty = "No difference beyond what the rules know."
	p.patterns.OnOpen = m.OpenExample
	p.patterns.OnSelect = func(int) { p.enable() }
	p.patterns.OnSecondary = p.patternMenu
	p.patterns.OnRune = func(r rune) {
		switch r {
		case 'i':
			v.IgnorePattern()
		case 'e':
			v.ExpectPattern()
		case 'p':
			v.PairsOfPattern()
		}
	}
	p.ignore = kit.NewTextButton("", "Ignore", v.IgnorePattern)
	p.ignore.SetHint("Leave this path out everywhere (I)")
	p.expect = kit.NewTextButton("", "Expect", v.ExpectPattern)
	p.expect.SetHint("Expect all differences of this pattern (E)")
	p.open = kit.NewTextButton("", "Open example", func() { m.OpenExample(p.patterns.Selected()) })
	p.open.SetHint("Open the first pair that has it (Enter)")
	head := kit.NewHeading(kit.NewTitle("Patterns", theme.SizeText), container.NewCenter(p.ignore), container.NewCenter(p.expect), container.NewCenter(p.open))
	right := container.New(kit.Column{Flex: 1}, head, p.patterns)
	legend := kit.NewCaption("█ exact  ▓ same  ▒ expected  ▄ different  ▌▐ only on one side")
	legend.Mono, legend.Min = true, 60
	left := container.New(kit.Column{Flex: 1}, kit.NewHeading(kit.NewTitle("By type of message", theme.SizeText)), p.types, container.NewBorder(nil, nil, kit.Gap(6, 0), nil, legend))
	p.overview = kit.NewColumns(left, right, 0.5)
}

func (p *setPane) makePairs() {
	v, m := p.v, p.v.m
	p.pairs = kit.NewGridView(m.Pairs())
	p.pairs.Single = true
	p.pairs.Empty = "No pair passes the filter."
	p.pairs.OnOpen = func(row int) { m.OpenPair(row); v.host.Focus(v.pair.pane()) }
	p.pairs.OnSelect = m.OpenPair
	p.filter = kit.NewField("Filter by key")
	p.filter.OnChanged = m.FilterText
	p.filter.OnSubmitted = func(string) { v.host.Focus(p.pairs) }
	p.filter.OnEscape = func() { p.filter.SetText(""); m.FilterText(""); v.host.Focus(p.pairs) }
	p.status = kit.NewChoice(model.StatusFilters(), func(i int) { m.FilterStatus(model.StatusFilter(i)) })
	p.limits = kit.NewCaption("")
	p.limits.Min = 20
	p.clear = kit.NewTextButton("", "Show all", m.ClearFilter)
	line := container.New(kit.Row{Flex: 5}, kit.Gap(4, 0), container.New(kit.Width(180), p.filter), kit.Gap(6, 0), container.New(kit.Width(170), p.status), kit.Gap(8, 0), p.limits, container.NewCenter(p.clear), kit.Gap(4, 0))
	p.listed = container.New(kit.Column{Flex: 1}, container.NewBorder(kit.Gap(0, 2), kit.Gap(0, 2), nil, nil, line), p.pairs)
}

// choose shows the overview or the pairs.
func (p *setPane) choose() {
	want := p.overview
	if p.tabs.Selected() == 1 {
		want = p.listed
	}
	if p.body.Objects[0] != want {
		p.body.Objects[0] = want
		p.body.Refresh()
	}
}

// pane is what takes the keyboard first.
func (p *setPane) pane() fyne.Focusable {
	if p.tabs.Selected() == 1 {
		return p.pairs
	}
	return p.patterns
}

func (p *setPane) panes() []fyne.Focusable {
	if p.tabs.Selected() == 1 {
		return []fyne.Focusable{p.filter, p.pairs}
	}
	return []fyne.Focusable{p.types, p.patterns}
}

// enable says what can be done with the chosen pattern.
func (p *setPane) enable() {
	on := p.v.m.Pattern(p.patterns.Selected()) != ""
	for _, b := range []*kit.ToolButton{p.ignore, p.expect, p.open} {
		b.SetEnabled(on)
	}
}

func (p *setPane) redraw() {
	m := p.v.m
	p.tabs.SetLabels([]string{"Overview", m.PairsTitle()})
	p.remarks.SetText(m.Remarks())
	if n := m.Patterns().Len(); p.patterns.Selected() < 0 && n > 0 {
		p.patterns.Select(0)
	}
	p.types.Refresh()
	p.patterns.Refresh()
	p.enable()
	f := m.Filter()
	p.status.SetSelected(int(f.Status))
	if p.filter.Password != m.Masked() {
		p.filter.Password = m.Masked() // a key may be a patient's
		p.filter.Refresh()
	}
	if f.Text == "" && p.filter.Text != "" {
		p.filter.Text = "" // not SetText, which would filter again
		p.filter.Refresh()
	}
	p.limits.SetText(limits(f))
	p.clear.SetEnabled(f != (model.Filter{}))
	if row := m.OpenRow(); row >= 0 && p.pairs.Selected() != row {
		p.pairs.Select(row)
	}
	p.pairs.Refresh()
	p.content.Refresh()
}

// limits says in words what else the list is limited to.
func limits(f model.Filter) string {
	words := ""
	if f.Type != "" {
		words = "type " + f.Type
	}
	if f.Pattern != "" {
		words = "with " + f.Pattern
	}
	return words
}

// patternMenu is what can be done with a pattern.
func (p *setPane) patternMenu(row int, at fyne.Position) {
	p.patterns.Select(row)
	v := p.v
	v.host.Menu(fyne.NewMenu("",
		fyne.NewMenuItem("Leave it out everywhere  (I)", v.IgnorePattern), fyne.NewMenuItem("Expect it  (E)", v.ExpectPattern),
		fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Open an example  (Enter)", func() { v.m.OpenExample(row) }), fyne.NewMenuItem("List its pairs  (P)", v.PairsOfPattern)), at)
}

// IgnorePattern leaves the path of the chosen pattern out.
func (v *View) IgnorePattern() { v.m.IgnorePattern(v.set.patterns.Selected()) }

// ExpectPattern expects all differences of the chosen pattern.
func (v *View) ExpectPattern() { v.m.ExpectPattern(v.set.patterns.Selected()) }

// PairsOfPattern lists the pairs of the chosen pattern.
func (v *View) PairsOfPattern() {
	v.m.PairsOfPattern(v.set.patterns.Selected())
	v.ShowPairs()
}

// ShowPairs brings the list of pairs to the front.
func (v *View) ShowPairs() {
	v.set.tabs.SetSelected(1)
	v.set.choose()
	v.host.Focus(v.set.pairs)
}

// ShowOverview brings the sums and patterns to the front.
func (v *View) ShowOverview() {
	v.set.tabs.SetSelected(0)
	v.set.choose()
	v.host.Focus(v.set.patterns)
}
