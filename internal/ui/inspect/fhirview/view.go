package fhirview

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/inspect/resource"
	"trestle/internal/present/inspect"
	model "trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/screen"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the parts of the place that show a FHIR resource.
type View struct {
	place *inspect.Model
	m     *model.Model
	host  host.Host

	top     fyne.CanvasObject
	kind    *kit.Text
	detail  *kit.Text
	titles  *fyne.Container
	verdict *kit.Badge
	single  *kit.SegmentedControl // the modes of a resource
	bundle  *kit.SegmentedControl // those of a Bundle
	modes   *fyne.Container
	back    *kit.ToolButton
	wrap    *kit.ToolButton
	line    *pathLine
	problem *kit.Text
	body    *fyne.Container
	code    *kit.CodeView
	shown   screen.Text
	of      *resource.Document // that shown is of
	mode    model.Mode         // in which it is shown
	cards   *kit.GridView
	entries *entryPane

	left *elementPane
}

// New returns the view over the place's model.
func New(place *inspect.Model, h host.Host) *View {
	v := &View{place: place, m: place.FHIR(), host: h}
	v.kind = kit.NewTitle("", theme.SizeText)
	v.kind.Min = 50
	v.detail = kit.NewCaption("")
	v.detail.Min = 20
	v.titles = container.New(kit.Titles{}, v.kind, v.detail)
	v.verdict = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	v.single = kit.NewSegmentedControl([]string{"JSON", "XML", "Hex", "Cards"}, v.choose)
	v.bundle = kit.NewSegmentedControl([]string{"JSON", "XML", "Hex", "Cards", "Entries"}, v.choose)
	v.modes = container.NewStack(v.single)
	v.back = kit.NewToolButton(theme.IconUndo, "Back to where the reference was followed from (Alt+Left)", place.Back)
	v.wrap = kit.NewToolButton(theme.IconWrap, "", func() { place.SetWraps(!place.Wraps()) })
	v.line = newPathLine(v)
	v.problem = kit.NewWords("", screen.RoleWarning)
	v.problem.Hide()
	v.makeCode()
	v.cards = kit.NewGridView(v.m.CardGrid())
	v.cards.Single = true
	v.cards.Empty = "Nothing in this resource makes a card."
	v.cards.OnSelect = v.m.SelectCard
	v.cards.OnOpen = func(int) { v.SetMode(v.m.Own()) }
	v.entries = newEntryPane(v)
	v.body = container.NewStack(v.code)
	bar := container.NewBorder(nil, nil, kit.Gap(6, 0),
		container.NewHBox(container.NewCenter(v.verdict), kit.Gap(2, 0), container.NewCenter(v.modes), container.NewCenter(v.back), container.NewCenter(v.wrap), kit.Gap(3, 0)), v.titles)
	v.top = container.New(kit.Float{List: v.line.offers}, container.New(kit.Column{Flex: 3}, kit.NewBand(bar), v.line.content, v.problem, v.body), v.line.offers)
	v.left = newElementPane(v)
	v.m.Changed = v.redraw
	return v
}

// Top is the part with the text.
func (v *View) Top() fyne.CanvasObject { return v.top }

// Left is the part with the elements.
func (v *View) Left() fyne.CanvasObject { return v.left.content }

// Panes are what takes the keyboard, in order.
func (v *View) Panes() []fyne.Focusable {
	panes := []fyne.Focusable{v.line.field, v.Body(), v.left.pane()}
	if v.m.Mode() == model.EntryMode {
		panes = []fyne.Focusable{v.line.field, v.entries.field, v.entries.grid, v.left.pane()}
	}
	return panes
}

// Body is the part that takes the keyboard: the text, the cards or the entries.
func (v *View) Body() fyne.Focusable {
	switch v.m.Mode() {
	case model.CardMode:
		return v.cards
	case model.EntryMode:
		return v.entries.grid
	}
	return v.code
}

func (v *View) makeCode() {
	c := kit.NewCodeView()
	c.OnCursor = v.m.MoveTo
	c.Expand = v.m.ElementAt
	c.OnHover = func(offset int) { kit.Hints(v.m.HintAt(offset)) }
	c.OnSecondary = func(offset int, at fyne.Position) {
		v.m.MoveTo(offset)
		v.menu([]*fyne.MenuItem{fyne.NewMenuItem("Copy", c.Copy), fyne.NewMenuItem("Select all", c.SelectAll)}, at)
	}
	v.code = c
}

// choose takes a mode from the control, whose labels stand in the order of the modes.
func (v *View) choose(i int) { v.m.SetMode(model.Mode(i)) }

// SetMode shows the resource in another way, and gives that the keyboard.
func (v *View) SetMode(mode model.Mode) {
	v.m.SetMode(mode)
	v.host.Focus(v.Body())
}

// Redraw draws all anew, as when another resource is open or the mask is put on.
func (v *View) Redraw() { v.redraw(model.All) }

func (v *View) redraw(what model.What) {
	if what&model.Text != 0 {
		v.redrawText()
	}
	if what&(model.Text|model.Cursor) != 0 {
		v.redrawCursor()
	}
	if what&(model.Tree|model.Cursor) != 0 {
		v.left.redraw()
	}
	if what&model.Answers != 0 {
		v.line.redraw()
		v.left.redrawAnswers()
	}
	if what&(model.Entries|model.Cursor) != 0 {
		v.entries.redraw()
	}
	if what&model.Cards != 0 {
		v.cards.Refresh()
	}
}

// RedrawHead draws what stands above the text: the place says when the findings are others.
func (v *View) RedrawHead() {
	kind, detail := v.place.Title()
	v.kind.SetText(kind)
	v.detail.SetText(detail)
	v.titles.Refresh()
	_, counts, _ := v.place.Status()
	role, shape := screen.RoleOK, screen.ShapeNone
	switch {
	case v.place.CheckingResource():
		role = screen.RoleMuted
	case counts[3]+counts[2] > 0:
		role, shape = screen.RoleError, screen.ShapeSquare
	case counts[1] > 0:
		role, shape = screen.RoleWarning, screen.ShapeTriangle
	case counts[0] > 0:
		role, shape = screen.RoleInformation, screen.ShapeCircle
	}
	words := v.place.Verdict()
	if v.place.CheckingResource() {
		words = "checking…"
	}
	v.verdict.Set(role, shape, words)
	if v.place.CanGoBack() {
		v.back.Show()
	} else {
		v.back.Hide()
	}
	v.wrap.SetSelected(v.place.Wraps())
	v.wrap.SetLabel("Break long lines at the edge (Alt+Z)")
	v.code.SetWrap(v.place.Wraps())
}

func (v *View) redrawText() {
	modes := v.single
	if v.m.IsBundle() {
		modes = v.bundle
	}
	if v.modes.Objects[0] != modes {
		v.modes.Objects[0] = modes
		v.modes.Refresh()
	}
	modes.SetSelected(int(v.m.Mode()))
	if problem := v.m.Problem(); problem != "" {
		v.problem.Set(problem, screen.RoleWarning)
		v.problem.Show()
	} else {
		v.problem.Hide()
	}
	shown := fyne.CanvasObject(v.code)
	switch v.m.Mode() {
	case model.CardMode:
		shown = v.cards
	case model.EntryMode:
		shown = v.entries.content
	}
	if v.body.Objects[0] != shown {
		v.body.Objects[0] = shown
		v.body.Refresh()
	}
	if t := v.m.Text(); t != v.shown {
		if v.of == v.m.Document() && v.mode == v.m.Mode() {
			v.code.Replace(t) // the same bytes under the mask, or without it
		} else {
			v.code.SetText(t)
		}
		v.shown, v.of, v.mode = t, v.m.Document(), v.m.Mode()
	}
	v.RedrawHead()
	v.top.Refresh()
}

func (v *View) redrawCursor() {
	v.code.SetMarks(v.m.Marks())
	if at := v.m.CursorShown(); v.code.Cursor() != at {
		v.code.SetCursor(at)
	}
	if v.place.CanGoBack() != v.back.Visible() {
		v.RedrawHead()
		v.top.Refresh()
	}
}

// Code is the raw view.
func (v *View) Code() *kit.CodeView { return v.code }

// menu shows what can be done with the element at the cursor, after items of the part's own.
func (v *View) menu(items []*fyne.MenuItem, at fyne.Position) {
	add := func(label string, do func()) { items = append(items, fyne.NewMenuItem(label, do)) }
	if reference := v.m.ReferenceHere(); reference != "" {
		add("Follow the reference (Ctrl+J)", v.place.FollowReference)
	}
	if v.place.CanGoBack() {
		add("Back (Alt+Left)", v.place.Back)
	}
	if _, ok := v.m.Explain(); ok {
		add("Explain this element (F3)", v.Explain)
	}
	if _, from, to := v.place.Cursor(); to > from && !v.place.Masked() {
		add("Copy value", func() { v.host.Clipboard().SetContent(string(v.place.Raw()[from:to])) })
	}
	if path := v.m.Path(); path != "" {
		add("Copy path "+path, func() { v.host.Clipboard().SetContent(path) })
		add("Ask FHIRPath for this", func() { v.Ask(path) })
	}
	if len(items) > 0 {
		v.host.Menu(fyne.NewMenu("", items...), at)
	}
}
