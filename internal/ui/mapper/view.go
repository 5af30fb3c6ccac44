package mapper

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/mapping"
	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// Tab is a part of the place: the picture, the table, the lookup tables, and what others add.
type Tab struct {
	Title   string
	Content fyne.CanvasObject
	// Panes are what F6 goes through, the first of which gets the keyboard with the tab; nil for none.
	Panes func() []fyne.Focusable
	// Redraw hears of every change.
	Redraw func(model.What)
	// Actions are what can be done while the tab shows, and Keys the lines of the keys page that are no actions.
	Actions func() []shell.Action
	Keys    []shell.Key
	// Whole takes the room of the rule and the result below, too.
	Whole bool
}

// View is the place Map.
type View struct {
	// Shown says whether the place is the one on the screen: only then it may take the keyboard by itself.
	Shown func() bool

	m    *model.Model
	host host.Host
	root *fyne.Container // the empty state, the list of mappings, or the place

	empty, chooser fyne.CanvasObject
	place          fyne.CanvasObject
	news           *kit.News
	bar            *topBar
	tabs           []Tab
	shownTab       int
	body           *fyne.Container
	upper          *fyne.Container
	both           *kit.Split
	list           *kit.GridView

	picture *picturePane
	table   *tablePane
	lookups *lookupPane

	coverage *coveragePane
	run      *runPane
	rule     *rulePane
	result   *resultPane
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, Shown: func() bool { return false }}
	v.news = kit.NewNews()
	v.bar = newTopBar(v)
	v.picture, v.table, v.lookups = newPicturePane(v), newTablePane(v), newLookupPane(v)
	v.rule, v.result = newRulePane(v), newResultPane(v)
	v.upper = container.NewStack(v.picture.content)
	lower := kit.NewColumns(v.rule.content, v.result.content, 0.58)
	v.both = kit.NewRows(v.upper, lower, 0.58)
	v.body = container.NewStack(v.both)
	place := container.New(kit.Column{Flex: 2}, v.bar.content, v.news, v.body)
	lists := v.rule.offers()
	floating := []fyne.CanvasObject{place}
	for _, l := range lists {
		floating = append(floating, l)
	}
	v.place = container.New(kit.Floats(lists), floating...)
	v.makeChooser()
	v.root = container.NewStack(v.empty)
	v.AddTab(Tab{Title: "Picture", Content: v.picture.content, Panes: v.picture.panes, Redraw: v.picture.redraw, Actions: v.picture.actions, Keys: v.picture.keys()})
	v.AddTab(Tab{Title: "Table", Content: v.table.content, Panes: v.table.panes, Redraw: v.table.redraw, Actions: v.table.actions, Keys: v.table.keys()})
	v.AddTab(Tab{Title: "Lookups", Content: v.lookups.content, Panes: v.lookups.panes, Redraw: v.lookups.redraw, Actions: v.lookups.actions, Keys: v.lookups.keys(), Whole: true})
	v.coverage, v.run = newCoveragePane(v), newRunPane(v)
	v.AddTab(Tab{Title: "Coverage", Content: v.coverage.content, Panes: v.coverage.panes, Redraw: v.coverage.redraw, Actions: v.coverage.actions, Keys: v.coverage.keys(), Whole: true})
	v.AddTab(Tab{Title: "Run", Content: v.run.content, Panes: v.run.panes, Redraw: v.run.redraw, Actions: v.run.actions, Keys: v.run.keys(), Whole: true})
	m.Watch(v.redraw)
	v.redraw(model.All)
	return v
}

// AddTab adds a part to the place, after those that it has.
func (v *View) AddTab(t Tab) {
	v.tabs = append(v.tabs, t)
	titles := make([]string, len(v.tabs))
	for i := range v.tabs {
		titles[i] = v.tabs[i].Title
	}
	v.bar.setTabs(titles)
}

// ShowTab shows a part of the place and gives it the keyboard.
func (v *View) ShowTab(i int) {
	if i < 0 || i >= len(v.tabs) {
		return
	}
	v.shownTab = i
	v.bar.tabs.SetSelected(i)
	t := &v.tabs[i]
	want := fyne.CanvasObject(v.both)
	if t.Whole {
		want = t.Content
	} else {
		v.upper.Objects[0] = t.Content
		v.upper.Refresh()
	}
	v.body.Objects[0] = want
	v.body.Refresh()
	if t.Redraw != nil {
		t.Redraw(model.All)
	}
	v.Focus()
	v.host.Status()
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Focus gives what is shown the keyboard.
func (v *View) Focus() {
	if !v.Shown() {
		return
	}
	v.m.Enter()
	switch {
	case v.m.IsOpen():
		if panes := v.panes(); len(panes) > 0 {
			v.host.Focus(panes[0])
		}
	case len(v.m.Entries()) > 0:
		v.host.Focus(v.list)
	}
}

func (v *View) panes() []fyne.Focusable {
	var panes []fyne.Focusable
	t := &v.tabs[v.shownTab]
	if t.Panes != nil {
		panes = t.Panes()
	}
	if !t.Whole {
		panes = append(panes, v.rule.panes()...)
		panes = append(panes, v.result.code)
	}
	return panes
}

// NextPane gives the next part the keyboard.
func (v *View) NextPane(n int, focused fyne.Focusable) {
	if panes := v.panes(); v.m.IsOpen() && len(panes) > 0 {
		v.host.Focus(host.Next(panes, focused, n))
	}
}

// Drop takes mappings, and messages as samples.
func (v *View) Drop(paths []string) bool {
	if v.m.IsOpen() && !areMappings(paths) {
		v.m.SetSamples(model.SampleSet{Paths: paths})
		return true
	}
	if len(paths) == 1 && model.IsSheet(paths[0]) {
		v.importSheet(paths[0])
		return true
	}
	v.m.Import(paths)
	return true
}

// Status says where the user is.
func (v *View) Status() shell.Status {
	if !v.m.IsOpen() {
		return shell.Status{}
	}
	return shell.Status{Where: v.picture.where(), Errors: len(v.m.Problems())}
}

// UseSamples tries the mapping on messages of the project.
func (v *View) UseSamples(ids []int64) { v.m.UseSamples(ids) }

func (v *View) redraw(what model.What) {
	v.chooseRoot()
	if what&model.Notice != 0 {
		v.news.Tell(&v.m.Board)
	}
	if what&(model.List|model.Rules|model.Samples|model.Values) != 0 {
		v.bar.redraw()
		v.list.Refresh()
	}
	if v.m.IsOpen() {
		if t := &v.tabs[v.shownTab]; t.Redraw != nil {
			t.Redraw(what)
		}
		if what&(model.Rules|model.Chosen|model.Values|model.Samples) != 0 {
			v.rule.redraw()
			v.result.redraw(what)
		}
	}
	v.host.Status()
}

// chooseRoot shows the first step while the project has no mapping, its mappings while none is open, or the open one.
func (v *View) chooseRoot() {
	want := v.empty
	switch {
	case v.m.IsOpen():
		want = v.place
	case len(v.m.Entries()) > 0:
		want = v.chooser
	}
	if v.root.Objects[0] == want {
		return
	}
	v.root.Objects[0] = want
	v.news.Refresh()
	v.root.Refresh()
	v.Focus()
}

// makeChooser makes what is shown while no mapping is open.
func (v *View) makeChooser() {
	steps := []kit.Action{{Label: "New mapping…", Do: v.New}, {Label: "Import…", Do: v.Import}, {Label: "From a spreadsheet…", Do: v.ImportSheet}, {Label: "From examples…", Do: v.Learn}}
	v.empty = container.New(kit.Column{Flex: 1}, v.news, kit.NewEmptyState(theme.IconMap, "Which field goes where?",
		"A mapping says it, rule by rule, and does it: begin with a starter for ADT, SIU, ORU or VXU, with an empty one, or import one. Drop a mapping, or a folder of them, here.", steps...))
	v.list = kit.NewGridView(&entryGrid{v.m})
	v.list.Single = true
	v.list.OnOpen = func(row int) {
		if list := v.m.Entries(); row < len(list) {
			v.m.Open(list[row].Name)
		}
	}
	head := kit.NewHeading(kit.NewTitle("Mappings of this project", theme.SizeText), container.NewCenter(kit.NewPrimaryButton(theme.IconAdd, "New…", v.New)),
		container.NewCenter(kit.NewTextButton(theme.IconImport, "Import…", v.Import)))
	v.chooser = container.New(kit.Column{Flex: 2}, head, v.news, v.list)
}

// entryGrid is the mappings of the project.
type entryGrid struct{ m *model.Model }

var entryColumns = []screen.Column{
	{ID: "name", Title: "Name", Width: 260, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "version", Title: "Version", Width: 80, MinWidth: 50, Right: true, Fixed: true},
	{ID: "changed", Title: "Saved", Width: 150, MinWidth: 80, Fixed: true},
	{ID: "author", Title: "By", Width: 120, MinWidth: 50, Fixed: true},
	{ID: "draft", Title: "", Width: 160, MinWidth: 60, Fixed: true},
}

func (g *entryGrid) Columns() []screen.Column { return entryColumns }
func (g *entryGrid) Len() int                 { return len(g.m.Entries()) }

func (g *entryGrid) Cell(row, col int) screen.Cell {
	list := g.m.Entries()
	if row >= len(list) {
		return screen.Cell{}
	}
	e := list[row]
	switch entryColumns[col].ID {
	case "version":
		return screen.Cell{Text: screen.Count(e.Revision), Role: screen.RoleMuted}
	case "changed":
		return screen.Cell{Text: e.Changed.Local().Format("2006-01-02 15:04"), Role: screen.RoleMuted}
	case "author":
		return screen.Cell{Text: e.Author, Role: screen.RoleMuted}
	case "draft":
		if e.Draft {
			return screen.Cell{Text: "unsaved changes", Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
		}
		return screen.Cell{}
	}
	return screen.Cell{Text: e.Name}
}

// topBar names the mapping, the sample and how much of it is mapped.
type topBar struct {
	v        *View
	content  fyne.CanvasObject
	name     *kit.Text
	about    *kit.Text
	sample   *kit.Text
	samples  *kit.ToolButton
	before   *kit.ToolButton
	after    *kit.ToolButton
	coverage *kit.Badge
	share    fyne.CanvasObject // the coverage in the bar, which goes where there is no room
	tabs     *kit.SegmentedControl
	tabsBox  *fyne.Container
	save     *kit.ToolButton
	undo     *kit.ToolButton
	redo     *kit.ToolButton
}

func newTopBar(v *View) *topBar {
	b := &topBar{v: v}
	b.name, b.about = kit.NewTitle("", theme.SizeText), kit.NewCaption("")
	b.sample = kit.NewCaption("")
	b.before = kit.NewToolButton(theme.IconChevronLeft, "The sample before (Alt+Page Up)", func() { v.m.StepSample(-1) })
	b.after = kit.NewToolButton(theme.IconChevronRight, "The next sample (Alt+Page Down)", func() { v.m.StepSample(1) })
	b.coverage = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	b.tabs = kit.NewSegmentedControl([]string{"Picture"}, nil)
	b.tabsBox = container.NewCenter(b.tabs)
	back := kit.NewToolButton(theme.IconFolderOpen, "All mappings (Ctrl+W)", v.m.CloseMapping)
	b.save = kit.NewToolButton(theme.IconSave, "Save (Ctrl+S)", v.m.Save)
	b.undo = kit.NewToolButton(theme.IconUndo, "Undo (Ctrl+Z)", v.m.Undo)
	b.redo = kit.NewToolButton(theme.IconRedo, "Redo (Ctrl+Y)", v.m.Redo)
	var more *kit.ToolButton
	more = kit.NewToolButton(theme.IconMore, "More: rename, export, delete …", func() { v.more(more) })
	b.samples = kit.NewTextButton("", "Samples…", v.ChooseSamples)
	b.name.Min, b.about.Min, b.sample.Min = 50, 16, 60
	center := func(o fyne.CanvasObject) fyne.CanvasObject { return container.NewCenter(o) }
	b.share = center(b.coverage)
	b.content = kit.NewBand(container.New(topRow{b}, center(back), container.New(kit.Titles{}, b.name, b.about), b.share, center(b.before), b.sample, center(b.after), center(b.samples),
		b.tabsBox, center(b.undo), center(b.redo), center(b.save), center(more)))
	return b
}

func (b *topBar) setTabs(titles []string) {
	selected := b.tabs.Selected()
	b.tabs = kit.NewSegmentedControl(titles, b.v.ShowTab)
	b.tabs.SetSelected(selected)
	b.tabsBox.Objects[0] = b.tabs
	b.tabsBox.Refresh()
}

func (b *topBar) redraw() {
	m := b.v.m
	name := m.Name()
	if m.Dirty() {
		name += " •"
	}
	b.name.SetText(name)
	b.about.SetText("")
	if f := m.File(); f != nil {
		b.about.SetText(endWords(f.Source) + " to " + endWords(f.Target))
	}
	b.sample.SetText(m.SampleWords())
	b.samples.SetHint("Choose what the mapping is tried on (Ctrl+Shift+L); now " + m.SampleSource())
	_, n, _ := m.Samples()
	_, at, ok := m.Sample()
	b.before.SetEnabled(ok && at > 0)
	b.after.SetEnabled(ok && at+1 < n)
	if r, _ := m.Report(); r != nil && r.Values > 0 {
		b.coverage.Set(screen.RoleInformation, screen.ShapeNone, fmt.Sprintf("coverage %.0f %%", 100*r.Share()))
		b.coverage.Show()
	} else {
		b.coverage.Hide()
	}
	b.save.SetEnabled(m.Dirty())
	b.undo.SetEnabled(m.CanUndo() != "")
	b.redo.SetEnabled(m.CanRedo() != "")
	b.content.Refresh()
}

// endWords say what one end of a mapping is.
func endWords(e mapping.End) string {
	switch e.Kind {
	case mapping.HL7v2:
		words := "HL7 v2"
		if e.Version != "" {
			words = "v" + e.Version
		}
		if e.Message != "" {
			words += " " + e.Message
		}
		if e.Keep {
			words += ", the rest kept"
		}
		return words
	case mapping.FHIR:
		words := "FHIR R4"
		if e.Root != "" {
			words += " " + e.Root
		}
		return words
	case mapping.XML:
		if e.Root != "" {
			return "XML " + e.Root
		}
		return "XML"
	case mapping.JSON:
		return "JSON"
	}
	if e.Kind == mapping.FixedWidth {
		return "fixed width"
	}
	return "CSV"
}

// more shows what else can be done with the mapping.
func (v *View) more(at fyne.CanvasObject) {
	m := v.m
	items := []*fyne.MenuItem{fyne.NewMenuItem("What it reads and makes…  (Ctrl+Shift+E)", v.Settings), fyne.NewMenuItem("Add a block…  (Ctrl+B)", v.AddBlock)}
	if m.TakesTarget() {
		items = append(items, fyne.NewMenuItem("Take the target from a sample or its description…", v.TakeTarget))
	}
	if m.TakesLayout() {
		items = append(items, fyne.NewMenuItem("Read the layout of the source…", v.TakeLayout))
	}
	items = append(items, fyne.NewMenuItemSeparator(),
		fyne.NewMenuItem("Rename…", v.Rename), fyne.NewMenuItem("Duplicate…", v.Duplicate), fyne.NewMenuItem("Export to a folder…  (Ctrl+E)", v.Export), fyne.NewMenuItem("Papers and exports…  (Ctrl+P)", v.Papers))
	if m.Dirty() {
		items = append(items, fyne.NewMenuItem("Go back to the saved version", m.Discard))
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Delete…", v.Delete), fyne.NewMenuItem("New mapping…  (Ctrl+N)", v.New), fyne.NewMenuItem("Import…  (Ctrl+O)", v.Import), fyne.NewMenuItem("Import a spreadsheet of pairs…", v.ImportSheet), fyne.NewMenuItem("Learn from examples…", v.Learn))
	p := fyne.CurrentApp().Driver().AbsolutePositionForObject(at)
	v.host.Menu(fyne.NewMenu("", items...), p.AddXY(0, at.Size().Height))
}
