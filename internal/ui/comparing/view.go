package comparing

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/comparing"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the place Compare.
type View struct {
	// Shown says whether the place is the one on the screen: only then it may take the keyboard by itself.
	Shown func() bool
	Send  func(name string, b []byte) // offers a message to be sent through a sender of Endpoints

	m    *model.Model
	host host.Host
	root *fyne.Container // the empty state or the place

	place  fyne.CanvasObject
	empty  fyne.CanvasObject
	news   *kit.News
	top    *topBar
	set    *setPane
	pair   *pairPane
	waits  fyne.CanvasObject // while nothing is found yet
	half   fyne.CanvasObject // while a side is missing
	body   *fyne.Container   // the pair alone, or below the set
	both   *kit.Split        // the set above the pair
	filled bool              // something was compared
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, Shown: func() bool { return false }, Send: func(string, []byte) {}}
	v.news = kit.NewNews()
	v.top, v.set, v.pair = newTopBar(v), newSetPane(v), newPairPane(v)
	v.both = kit.NewRows(v.set.content, v.pair.content, 0.42)
	v.waits = kit.NewEmptyState(theme.IconCompare, "Comparing …", "Pairs and patterns show as they are found. You can go on with other things meanwhile.", kit.Action{Label: "Cancel", Do: m.Cancel})
	v.half = kit.NewEmptyState(theme.IconCompare, "The other side is missing", "Drop the file or folder to compare with, or choose it.", kit.Action{Label: "Choose…", Do: v.ChooseSides})
	v.body = container.NewStack(v.pair.content)
	v.place = container.New(kit.Column{Flex: 2}, v.top.content, v.news, v.body)
	v.empty = container.New(kit.Column{Flex: 1}, v.news, kit.NewEmptyState(theme.IconCompare, "What changed?",
		"Drop two files or two folders here: two messages, or two sets of any size. Or choose messages of the project, the runs of an endpoint, or a baseline. Segments are set against each other by what they are, so that one inserted OBX is one difference.",
		kit.Action{Label: "Compare…", Do: v.ChooseSides}))
	v.root = container.NewStack(v.empty)
	m.Changed = v.redraw
	v.redraw(model.All)
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Focus gives what is shown the keyboard.
func (v *View) Focus() {
	switch {
	case !v.filled || !v.m.HasResults():
	case v.m.IsSet():
		v.host.Focus(v.set.pane())
	default:
		v.host.Focus(v.pair.pane())
	}
}

// NextPane gives the next part the keyboard.
func (v *View) NextPane(n int, focused fyne.Focusable) {
	if !v.filled || !v.m.HasResults() {
		return
	}
	var panes []fyne.Focusable
	if v.m.IsSet() {
		panes = v.set.panes()
	}
	v.host.Focus(host.Next(append(panes, v.pair.panes()...), focused, n))
}

// Drop takes files or folders: two of them are compared at once.
func (v *View) Drop(paths []string) bool {
	v.m.OfferPaths(paths)
	return true
}

// Status says where the user is.
func (v *View) Status() shell.Status { return shell.Status{Where: v.m.Where()} }

// Offer compares two messages of the project.
func (v *View) Offer(ids []int64) { v.m.OfferMessages(ids) }

func (v *View) redraw(what model.What) {
	v.chooseRoot()
	if what&model.Notice != 0 {
		v.news.Tell(&v.m.Board)
	}
	if what&(model.Sides|model.Results|model.Rules) != 0 {
		v.top.redraw()
	}
	if what&(model.Results|model.Sides|model.Open) != 0 {
		v.set.redraw()
	}
	if what&model.Open != 0 {
		v.pair.redraw()
	}
	if what&(model.Open|model.Current) != 0 {
		v.pair.redrawCurrent()
	}
	if what&(model.Rules|model.Results|model.Open) != 0 {
		v.pair.redrawRules()
	}
	v.host.Status()
}

// chooseRoot shows the first step as long as nothing was compared, the set with the pair below it, or a pair alone.
func (v *View) chooseRoot() {
	sides, _ := v.m.Sides()
	v.filled = v.m.HasResults() || sides[0].Kind != model.None
	want := v.empty
	if v.filled {
		want = v.place
	}
	changed := v.root.Objects[0] != want
	if changed {
		v.root.Objects[0] = want
		v.root.Refresh()
	}
	body := v.pair.content
	switch {
	case v.m.IsSet():
		body = v.both
	case !v.m.HasResults() && v.m.IsRunning():
		body = v.waits
	case !v.m.HasResults():
		body = v.half
	}
	if v.body.Objects[0] != body {
		if v.m.IsSet() { // the pair was taken out of it
			v.both = kit.NewRows(v.set.content, v.pair.content, v.both.Ratio())
			body = v.both
		}
		v.body.Objects[0] = body
		v.body.Refresh()
		changed = true
	}
	if changed && v.filled && v.Shown() {
		v.Focus()
	}
}

// topBar names what is compared.
type topBar struct {
	v           *View
	content     fyne.CanvasObject
	left, right *kit.Text
	numbers     *kit.Text
	run         *kit.ToolButton
	report      *kit.ToolButton
	keep        *kit.ToolButton
}

func newTopBar(v *View) *topBar {
	b := &topBar{v: v}
	b.left, b.right = kit.NewTitle("", theme.SizeText), kit.NewTitle("", theme.SizeText)
	b.left.Min, b.right.Min = 60, 60
	b.numbers = kit.NewCaption("")
	b.numbers.Min = 120
	b.run = kit.NewToolButton(theme.IconRefresh, "Compare again (F5)", nil)
	b.keep = kit.NewToolButton(theme.IconSave, "Keep a side as a baseline… (Ctrl+S)", v.SaveBaseline)
	b.report = kit.NewToolButton(theme.IconExport, "Write a report… (Ctrl+E)", v.Export)
	names := container.New(kit.Row{Flex: 4}, kit.Gap(6, 0), b.left, kit.NewText("  ↔  ", screen.RoleMuted), b.right, container.NewBorder(nil, nil, kit.Gap(14, 0), nil, b.numbers))
	buttons := container.NewHBox(container.NewCenter(kit.NewTextButton(theme.IconCompare, "Compare…", v.ChooseSides)), container.NewCenter(b.run), container.NewCenter(b.keep), container.NewCenter(b.report), kit.Gap(3, 0))
	b.content = kit.NewBand(container.NewBorder(nil, nil, nil, buttons, names))
	return b
}

func (b *topBar) redraw() {
	m := b.v.m
	t := m.Title()
	b.left.SetText(shortened(t.Left))
	b.right.SetText(shortened(t.Right))
	b.left.Min, b.right.Min = 0, 0
	numbers := t.Numbers
	if numbers != "" {
		numbers += "  ·  "
	}
	b.numbers.SetText(numbers + t.Rules)
	if m.IsRunning() {
		b.run.SetIcon(theme.IconStop)
		b.run.SetLabel("Stop comparing (F5)")
		b.run.SetAction(m.Cancel)
	} else {
		b.run.SetIcon(theme.IconRefresh)
		b.run.SetLabel("Compare again (F5)")
		b.run.SetAction(m.Again)
	}
	b.run.SetEnabled(m.Ready())
	b.report.SetEnabled(m.HasResults() && !m.IsRunning())
	b.keep.SetEnabled(m.HasResults())
	b.content.Refresh()
}

// shortened keeps a long name from pushing the bar apart.
func shortened(s string) string {
	const most = 44
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
