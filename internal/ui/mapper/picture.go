package mapper

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
)

// picturePane is both sides as lists with the lines of the rules between them.
type picturePane struct {
	v       *View
	content fyne.CanvasObject
	trees   [2]*kit.TreeView
	search  [2]*kit.Field
	filters [2]*kit.Choice
	links   *kit.LinkView
	curves  []model.Curve
	moving  int  // the side on which the user moves the cursor, -1 for neither
	last    bool // the side that was last in use is the target
	pulled  pulled
}

// pulled is a line that is drawn by hand.
type pulled struct {
	on    bool
	right bool // it began at the target
	row   int
	at    fyne.Position
}

func newPicturePane(v *View) *picturePane {
	p := &picturePane{v: v, moving: -1}
	p.trees = [2]*kit.TreeView{kit.NewTreeView(v.m.SourceTree()), kit.NewTreeView(v.m.TargetTree())}
	p.trees[0].Single = false
	p.links = kit.NewLinkView()
	p.links.Links, p.links.Pulled, p.links.OnTap, p.links.OnSecondary, p.links.OnScroll = p.lines, p.pull, p.tapped, p.secondary, p.scroll
	var sides [2]fyne.CanvasObject
	for i := range p.trees {
		p.side(i)
		hint := [2]string{"Search the source", "Search the target"}[i]
		p.search[i] = kit.NewField(hint)
		p.search[i].OnChanged = func(text string) { v.m.Search(i == 1, text); p.toTop(i) }
		p.search[i].OnSubmitted = func(string) { v.host.Focus(p.trees[i]) }
		p.search[i].OnEscape = func() { p.search[i].SetText(""); v.m.Search(i == 1, ""); v.host.Focus(p.trees[i]) }
		p.filters[i] = kit.NewChoice(model.Filters, func(k int) { v.m.SetFilter(i == 1, model.Filter(k)); p.toTop(i) })
		head := kit.NewBand(container.New(kit.Row{Flex: 1}, kit.Gap(4, 0), container.New(centred{}, p.search[i]), kit.Gap(4, 0), container.NewCenter(container.New(kit.Width(112), p.filters[i])), kit.Gap(4, 0)))
		sides[i] = container.New(kit.Column{Flex: 1}, head, p.trees[i])
	}
	title := kit.NewCaption("drag, or M here, M there")
	title.Min = 40
	middle := container.New(kit.Column{Flex: 1}, kit.NewBand(container.NewPadded(title)), p.links)
	p.content = kit.NewColumns(sides[0], kit.NewColumns(middle, sides[1], 0.30), 0.42)
	return p
}

// centred keeps a field at its own height in the middle of a bar.
type centred struct{}

func (centred) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
func (centred) Layout(o []fyne.CanvasObject, size fyne.Size) {
	high := o[0].MinSize().Height
	o[0].Move(fyne.NewPos(0, (size.Height-high)/2))
	o[0].Resize(fyne.NewSize(size.Width, high))
}

// side makes one of the lists do what it does.
func (p *picturePane) side(i int) {
	v, t, target := p.v, p.trees[i], i == 1
	t.OnToggle = func(row int) { v.m.Toggle(target, row) }
	t.OnScrolled = p.links.Repaint
	t.OnSelect = func(row int) {
		p.moving, p.last = i, target
		v.m.SetCursor(target, row)
		if rules := v.m.RulesAt(target, row); len(rules) > 0 && !contains(rules, v.m.Chosen()) {
			v.m.Choose(rules[0])
		}
		p.moving = -1
		v.host.Status()
	}
	t.OnOpen = func(row int) { p.open(target, row) }
	t.OnSecondary = func(row int, at fyne.Position) { p.menu(target, row, at) }
	t.OnRune = func(r rune) { p.typed(target, r) }
	t.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			v.m.DeleteRules(v.m.RulesAt(target, t.Selected())...)
			return true
		}
		return false
	}
	t.OnPull = func(row int, at fyne.Position) { p.pulling(target, row, at) }
	t.OnPulled = func(row int, at fyne.Position) { p.dropped(target, row, at) }
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// open looks at the rule of a row, or opens its branch.
func (p *picturePane) open(target bool, row int) {
	tree := p.trees[index(target)]
	if rules := p.v.m.RulesAt(target, row); len(rules) > 0 {
		p.v.m.Choose(rules[0])
		p.v.rule.take()
		return
	}
	if _, branch, _ := tree.Grid().(screen.Tree).Level(row); branch {
		p.v.m.Toggle(target, row)
	}
}

func index(on bool) int {
	if on {
		return 1
	}
	return 0
}

// typed is what letters do: M marks sources and then maps them to a target.
func (p *picturePane) typed(target bool, r rune) {
	m := p.v.m
	switch {
	case r == 'm' && !target:
		m.MarkSources(p.trees[0].SelectedRows())
		if m.Marked() > 0 {
			p.v.host.Focus(p.trees[1])
		}
	case r == 'm':
		p.mapMarked(p.trees[1].Selected())
	case r == 'c':
		p.mapChildren(p.trees[1].Selected())
	case r == 's' && target:
		p.suggest(p.trees[1].Selected())
	case r == 'o':
		p.otherEnd(target)
	case r == 'n':
		p.nextRule(target)
	case r == '/':
		p.v.host.Focus(p.search[index(target)])
	}
}

// mapMarked maps the sources that were marked, or else the one that the cursor is on, to a target.
func (p *picturePane) mapMarked(target int) {
	rows := p.v.m.MarkedRows()
	if len(rows) == 0 {
		if row := p.trees[0].Selected(); row >= 0 {
			rows = []int{row}
		}
	}
	p.connect(rows, target)
}

func (p *picturePane) mapChildren(target int) {
	rows := p.v.m.MarkedRows()
	source := p.trees[0].Selected()
	if len(rows) > 0 {
		source = rows[0]
	}
	if p.v.m.MapChildren(source, target) > 0 {
		p.v.m.MarkSources(nil)
	}
}

// connect makes a rule, and asks how where the target has one.
func (p *picturePane) connect(sources []int, target int) {
	v, m := p.v, p.v.m
	do := func(how model.Join) {
		if err := m.Connect(sources, target, how); err != nil {
			m.Fail("Not mapped", err)
			return
		}
		m.MarkSources(nil)
		p.last = true
	}
	if len(sources) == 0 || target < 0 {
		m.Say(screen.News{Text: "Mark a source with M first, then choose the target.", Bad: true}, nil)
		return
	}
	rule, parts := m.RuleAt(target), m.PartsAt(target)
	if rule == "" && len(parts) == 0 {
		do(model.JoinRule)
		return
	}
	var dismiss func()
	answer := func(label string, how model.Join) kit.Action {
		return kit.Action{Label: label, Do: func() { dismiss(); do(how) }}
	}
	if rule == "" {
		dismiss = v.host.Dialog("Parts of "+m.PathAt(true, target)+" have rules already", container.New(kit.Width(520), kit.NewNote("They are written by "+partsWords(parts)+
			". A rule that comes before them fills the rest, and they have the last word; one that comes after them replaces what they wrote.")), 520, nil,
			answer("Before them", model.JoinBefore), answer("After them", model.JoinRule), kit.Action{Label: "Cancel"})
		return
	}
	dismiss = v.host.Dialog(m.PathAt(true, target)+" has a rule already", container.New(kit.Width(520), kit.NewNote("The rule "+rule+
		" writes it. Its sources are taken in order: the first that has a value counts, unless a function joins them. A rule of its own needs a condition, or the later one wins.")), 520, nil,
		answer("A further source", model.JoinSource), answer("In the place of its source", model.JoinReplace), answer("A rule of its own", model.JoinRule), kit.Action{Label: "Cancel"})
}

// partsWords name the rules of parts, the first of many.
func partsWords(rules []string) string {
	const most = 4
	if len(rules) > most {
		return strings.Join(rules[:most], ", ") + " …"
	}
	return strings.Join(rules, ", ")
}

// suggest shows which sources a target may be filled from, with what speaks for each. What is taken becomes a rule.
func (p *picturePane) suggest(target int) {
	v, m := p.v, p.v.m
	m.Suggest(target, func(n int) {
		if n == 0 || !v.Shown() {
			return
		}
		list := kit.NewGridView(m.Proposals())
		list.Single = true
		var dismiss func()
		take := func() {
			row := list.Selected()
			dismiss()
			m.TakeProposal(row)
			v.host.Focus(p.trees[1])
		}
		list.OnOpen = func(int) { take() }
		const width = 860
		dismiss = v.host.Dialog("Sources for "+m.ProposalTitle(), container.NewStack(kit.Gap(width, 240), list), width, list, kit.Action{Label: "Map it", Do: take}, kit.Action{Label: "Cancel"})
		list.Select(0)
	})
}

// otherEnd goes to the other end of the rule of a row.
func (p *picturePane) otherEnd(target bool) {
	rules := p.v.m.RulesAt(target, p.trees[index(target)].Selected())
	if len(rules) == 0 {
		return
	}
	if !contains(rules, p.v.m.Chosen()) {
		p.v.m.Choose(rules[0])
	}
	p.v.m.Reveal()
	p.follow(true)
	p.v.host.Focus(p.trees[index(!target)])
}

// nextRule looks at the next of several rules of a row.
func (p *picturePane) nextRule(target bool) {
	rules := p.v.m.RulesAt(target, p.trees[index(target)].Selected())
	for i, id := range rules {
		if id == p.v.m.Chosen() {
			p.v.m.Choose(rules[(i+1)%len(rules)])
			return
		}
	}
}

// menu is what can be done with a row.
func (p *picturePane) menu(target bool, row int, at fyne.Position) {
	v, m := p.v, p.v.m
	var items []*fyne.MenuItem
	add := func(label string, do func()) { items = append(items, fyne.NewMenuItem(label, do)) }
	if target {
		add("Map the marked sources here  (M)", func() { p.mapMarked(row) })
		add("Propose sources…  (S)", func() { p.suggest(row) })
		add("Map all children by name  (C)", func() { p.mapChildren(row) })
		add("Add a block…  (Ctrl+B)", v.AddBlock)
	} else {
		add("Mark as source  (M)", func() { m.MarkSources(p.trees[0].SelectedRows()); v.host.Focus(p.trees[1]) })
	}
	if rules := m.RulesAt(target, row); len(rules) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
		for _, id := range rules[:min(len(rules), 8)] {
			add("Rule "+id, func() { m.Choose(id); v.rule.take() })
		}
		add("Go to the other end  (O)", func() { p.otherEnd(target) })
		add("Delete its rules  (Delete)", func() { m.DeleteRules(rules...) })
	}
	if path := m.PathAt(target, row); path != "" {
		items = append(items, fyne.NewMenuItemSeparator())
		add("Copy the path", func() { v.host.Clipboard().SetContent(path) })
	}
	v.host.Menu(fyne.NewMenu("", items...), at)
}

// lines are what the picture shows now.
func (p *picturePane) lines(dst []kit.Link) []kit.Link {
	rows, top := p.trees[0].Page()
	p.curves = p.v.m.Curves(p.curves, p.trees[0].ScrollOffset(), p.trees[1].ScrollOffset(), rows)
	for _, c := range p.curves {
		dst = append(dst, kit.Link{Left: top + float32(c.Left)*kit.RowHeight, Right: top + float32(c.Right)*kit.RowHeight, Count: c.Count, Front: c.Chosen, Dotted: c.Out})
	}
	return dst
}

// tapped looks at the rule of the line under the mouse.
func (p *picturePane) tapped(across, y float32, _ *fyne.PointEvent) {
	rules := p.at(across, y)
	if len(rules) == 0 {
		return
	}
	for i, id := range rules { // a line that stands for several leads to the next with each click
		if id == p.v.m.Chosen() {
			p.v.m.Choose(rules[(i+1)%len(rules)])
			return
		}
	}
	p.v.m.Choose(rules[0])
}

func (p *picturePane) at(across, y float32) []string {
	p.lines(nil) // as they are now
	_, top := p.trees[0].Page()
	const near = 8.0 / float64(kit.RowHeight)
	return p.v.m.CurveAt(p.curves, float64(across), float64((y-top)/kit.RowHeight), near)
}

func (p *picturePane) secondary(across, y float32, e *fyne.PointEvent) {
	rules := p.at(across, y)
	if len(rules) == 0 {
		return
	}
	m := p.v.m
	if !contains(rules, m.Chosen()) {
		m.Choose(rules[0])
	}
	p.v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Show both ends", func() { m.Reveal(); p.follow(true) }), fyne.NewMenuItem("Edit the rule", func() { p.v.rule.take() }),
		fyne.NewMenuItem("Delete the rule", func() { m.DeleteRules(m.Chosen()) })), e.AbsolutePosition)
}

func (p *picturePane) scroll(right bool, e *fyne.ScrollEvent) { p.trees[index(right)].Scrolled(e) }

// pull is the line that is drawn by hand.
func (p *picturePane) pull() (right bool, y float32, to fyne.Position, ok bool) {
	if !p.pulled.on {
		return false, 0, fyne.Position{}, false
	}
	tree := p.trees[index(p.pulled.right)]
	_, top := tree.Page()
	return p.pulled.right, top + float32(float64(p.pulled.row)+0.5-tree.ScrollOffset())*kit.RowHeight, p.pulled.at, true
}

// The edge, in units, near which dragging scrolls the other list, and by how much of a row with each movement.
const (
	scrollEdge = 28
	scrollStep = 0.5
)

func (p *picturePane) pulling(right bool, row int, at fyne.Position) {
	p.pulled = pulled{true, right, row, at}
	other := p.trees[index(!right)]
	other.SetTarget(other.RowAt(at))
	top := fyne.CurrentApp().Driver().AbsolutePositionForObject(other)
	if at.X >= top.X && at.X < top.X+other.Size().Width {
		switch {
		case at.Y < top.Y+scrollEdge:
			other.SetScrollOffset(other.ScrollOffset() - scrollStep)
		case at.Y > top.Y+other.Size().Height-scrollEdge:
			other.SetScrollOffset(other.ScrollOffset() + scrollStep)
		}
	}
	p.links.Repaint()
}

func (p *picturePane) dropped(right bool, row int, at fyne.Position) {
	other := p.trees[index(!right)]
	on := other.RowAt(at)
	p.pulled = pulled{}
	other.SetTarget(-1)
	p.links.Repaint()
	if on < 0 {
		return
	}
	p.v.host.Focus(p.trees[1]) // Fyne takes the keyboard away when a drag begins
	if right {
		p.connect([]int{on}, row)
	} else {
		p.connect([]int{row}, on)
	}
}

func (p *picturePane) panes() []fyne.Focusable {
	return []fyne.Focusable{p.trees[0], p.trees[1]}
}

func (p *picturePane) redraw(what model.What) {
	if what&(model.Trees|model.Values|model.Samples|model.Rules) != 0 {
		for i, t := range p.trees {
			if row := p.v.m.Cursor(i == 1); row >= 0 && row != t.Selected() && t.SelectedCount() < 2 {
				t.Select(row)
			}
			t.Empty = p.v.m.EmptyWords(i == 1)
			t.Refresh()
		}
	}
	if what&(model.Chosen|model.Rules|model.Trees) != 0 {
		p.follow(false)
	}
	p.links.Repaint()
	for i := range p.filters {
		p.filters[i].SetSelected(int(p.v.m.FilterOf(i == 1)))
	}
}

// follow moves the cursors of the lists to the ends of the rule that is looked at; both, or the one that the user does not
// move himself.
func (p *picturePane) follow(both bool) {
	if !both && p.v.m.StandsIn() {
		return
	}
	source, target := p.v.m.Ends()
	for i, row := range [2]int{source, target} {
		if row >= 0 && (both || p.moving >= 0 && p.moving != i || p.moving < 0 && !p.on(i, row)) {
			p.trees[i].Select(row)
			p.v.m.SetCursor(i == 1, row)
		}
	}
}

// toTop shows the first of the rows that were found.
func (p *picturePane) toTop(i int) { p.trees[i].SetScrollOffset(0) }

// on says whether the cursor of a list stands on a row of the rule that is looked at already, or on something that the user
// has selected for the next.
func (p *picturePane) on(i, row int) bool {
	t := p.trees[i]
	if t.SelectedCount() > 1 {
		return true
	}
	return t.Selected() == row || contains(p.v.m.RulesAt(i == 1, t.Selected()), p.v.m.Chosen())
}

// where says what the cursor is on.
func (p *picturePane) where() string {
	if p.v.shownTab == 0 {
		if words := p.v.m.PlaceWords(p.last, p.trees[index(p.last)].Selected()); words != "" {
			return words
		}
	}
	t, _ := p.v.m.RuleTitle()
	return t.Text
}

// goTo goes to a path of a side.
func (p *picturePane) goTo(target bool, path string) bool {
	row := p.v.m.RowOfPath(target, path)
	if row < 0 {
		return false
	}
	p.last = target
	t := p.trees[index(target)]
	t.Select(row)
	p.v.m.SetCursor(target, row)
	p.v.host.Focus(t)
	return true
}

func (p *picturePane) actions() []shell.Action {
	v, m := p.v, p.v.m
	side := "source"
	if p.last {
		side = "target"
	}
	list := []shell.Action{
		{ID: "map.search", Title: "Search the " + side, Keys: "Ctrl+F", Run: func() { v.host.Focus(p.search[index(p.last)]) }},
		{ID: "map.goto", Title: "Go to a path…", Detail: "PID-5.1, Patient.birthDate", Keys: "Ctrl+G", Run: v.GoToPath},
		{ID: "map.copypath", Title: "Copy the path of the row", Keys: "Ctrl+Shift+C", Run: func() {
			if path := m.PathAt(p.last, p.trees[index(p.last)].Selected()); path != "" {
				v.host.Clipboard().SetContent(path)
			}
		}},
		{ID: "map.fold", Title: "Close all branches", Run: m.CloseAll},
		{ID: "map.suggest", Title: "Propose sources for the target…", Detail: "by the guide, names, types and values", Keys: "Ctrl+Shift+S", Run: func() { p.suggest(p.trees[1].Selected()) }},
		{ID: "map.reveal", Title: "Show both ends of the rule", Keys: "Ctrl+R", Run: func() { m.Reveal(); p.follow(true) }},
		{ID: "map.children", Title: "Map all children by name", Detail: "of the source and the target that the cursors are on", Run: func() { p.mapChildren(p.trees[1].Selected()) }},
	}
	if m.Marked() > 0 {
		list = append(list, shell.Action{ID: "map.unmark", Title: "Take the marks away", Run: func() { m.MarkSources(nil) }})
	}
	for i, words := range model.Filters {
		list = append(list, shell.Action{ID: "map.filter." + words, Title: "Filter the " + side + ": " + words, Run: func() { m.SetFilter(p.last, model.Filter(i)) }})
	}
	return list
}

func (p *picturePane) keys() []shell.Key {
	return []shell.Key{
		{Keys: "M, M", Does: "mark the selected sources, then map them to a target"},
		{Keys: "Shift or Ctrl with a click", Does: "select several sources"},
		{Keys: "C, S", Does: "on a target: map all children by name; propose sources"},
		{Keys: "O, N", Does: "go to the other end; the next rule of the row"},
		{Keys: "Enter, Delete", Does: "edit the rule of the row; delete it"},
		{Keys: "/", Does: "search the list"},
		{Keys: "Left, Right", Does: "close and open a branch"},
	}
}
