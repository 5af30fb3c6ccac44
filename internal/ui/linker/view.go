package linker

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/linkage"
	model "trestle/internal/present/linker"
	"trestle/internal/present/shell"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the place Link.
type View struct {
	// Shown says whether the place is what the window shows, so that it may take the keyboard.
	Shown func() bool

	m    *model.Model
	host host.Host

	root   *fyne.Container // the empty state or the place
	place  fyne.CanvasObject
	news   *kit.News
	kinds  *kit.SegmentedControl
	steps  *kit.SegmentedControl
	counts *kit.Text
	run    *kit.ToolButton
	export *kit.ToolButton
	body   *fyne.Container

	sides  [2]*sidePane
	setup  fyne.CanvasObject
	review *reviewPane
	gates  *gatesPane
	empty  bool
	step   model.Step // that has the keyboard
	known  bool       // the rosters were there when it got it
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, news: kit.NewNews(), Shown: func() bool { return false }}
	v.kinds = kit.NewSegmentedControl([]string{"Patients", "Plans"}, func(i int) {
		m.SetKind([]linkage.Kind{linkage.Patients, linkage.Plans}[i])
	})
	v.steps = kit.NewSegmentedControl(model.Steps, func(i int) { v.Show(model.Step(i)) })
	v.counts = kit.NewCaption("")
	v.counts.Min = 60
	v.run = kit.NewPrimaryButton(theme.IconPlay, "Run", v.Run)
	v.run.SetHint("Confirm the columns and compare both rosters (F5)")
	v.export = kit.NewTextButton(theme.IconExport, "Export…", v.Export)
	v.export.SetHint("Write what is decided (Ctrl+E)")
	bar := kit.NewBand(container.New(kit.Row{Flex: 5}, kit.Gap(6, 0), container.NewCenter(v.kinds), kit.Gap(8, 0), container.NewCenter(v.steps), kit.Gap(10, 0), v.counts,
		container.NewCenter(v.run), kit.Gap(4, 0), container.NewCenter(v.export), kit.Gap(6, 0)))
	v.sides = [2]*sidePane{newSidePane(v, model.Ours), newSidePane(v, model.Theirs)}
	v.setup = kit.NewColumns(v.sides[0].content, v.sides[1].content, 0.5)
	v.review, v.gates = newReviewPane(v), newGatesPane(v)
	v.body = container.NewStack(v.setup)
	v.place = container.New(kit.Column{Flex: 2}, bar, v.news, v.body)
	v.root = container.NewStack(v.place)
	m.Changed = v.redraw
	v.redraw(model.All)
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Focus reads the rosters the first time, and gives the step that is shown the keyboard.
func (v *View) Focus() {
	if !v.m.Known() {
		v.m.Load()
	}
	if !v.empty {
		v.host.Focus(v.panes()[0])
	}
}

// panes are the parts of the step that is shown.
func (v *View) panes() []fyne.Focusable {
	switch v.m.Step() {
	case model.Review:
		return []fyne.Focusable{v.review.list, v.review.fields, v.review.others, v.review.search}
	case model.Switches:
		return []fyne.Focusable{v.gates.grid}
	}
	return []fyne.Focusable{v.sides[0].grid(), v.sides[1].grid()}
}

// NextPane gives the next part the keyboard.
func (v *View) NextPane(n int, focused fyne.Focusable) {
	if !v.empty {
		v.host.Focus(host.Next(v.panes(), focused, n))
	}
}

// Show shows a step and gives it the keyboard.
func (v *View) Show(s model.Step) {
	v.m.Go(s)
	v.host.Focus(v.panes()[0])
}

// Drop takes one roster, or both.
func (v *View) Drop(paths []string) bool { return v.m.Drop(paths) }

// Status says where the user is.
func (v *View) Status() shell.Status {
	if v.m.Step() == model.Review && v.m.HasResult() {
		return shell.Status{Where: v.m.Progress()}
	}
	return shell.Status{Where: v.m.Counts()}
}

func (v *View) redraw(what model.What) {
	v.chooseRoot()
	if what&model.Notice != 0 {
		v.news.Tell(&v.m.Board)
		v.place.Refresh()
	}
	if what&model.Desk != 0 {
		v.redrawBar()
	}
	if what&(model.Setup|model.Desk) != 0 {
		for _, s := range v.sides {
			s.redraw()
		}
	}
	if what&(model.Cases|model.Open|model.Desk) != 0 {
		v.review.redraw(what)
	}
	if what&(model.Gates|model.Desk) != 0 {
		v.gates.redraw()
	}
	v.host.Status()
}

func (v *View) redrawBar() {
	kind := 0
	if v.m.IsPlans() {
		kind = 1
	}
	v.kinds.SetSelected(kind)
	v.steps.SetSelected(int(v.m.Step()))
	v.counts.SetText(v.m.Counts())
	if v.m.IsRunning() {
		v.run.SetLabel("Stop")
		v.run.SetIcon(theme.IconStop)
	} else {
		v.run.SetLabel("Run")
		v.run.SetIcon(theme.IconPlay)
	}
	v.export.SetEnabled(v.m.HasResult() && !v.m.IsRunning())
	want := v.setup
	switch v.m.Step() {
	case model.Review:
		want = v.review.content
	case model.Switches:
		want = v.gates.content
	}
	if v.body.Objects[0] != want {
		v.body.Objects[0] = want
	}
	v.place.Refresh()
	if v.step != v.m.Step() || v.known != v.m.Known() { // what had the keyboard is not there any more
		v.step, v.known = v.m.Step(), v.m.Known()
		if v.Shown() && !v.empty {
			v.host.Focus(v.panes()[0])
		}
	}
}

// chooseRoot shows the first step as long as there is no roster.
func (v *View) chooseRoot() {
	empty := v.m.Known() && v.m.IsEmpty() && v.m.News().Text == "" && !v.m.IsPlans()
	if empty == v.empty {
		return
	}
	v.empty = empty
	want := v.place
	if empty {
		want = kit.NewEmptyState(theme.IconLink, "No rosters yet",
			"Drop two files on the window: the patients of our system and of theirs, as CSV, Excel, HL7 v2 or FHIR. What is certain is linked, what is not is shown for a person to decide, and nothing leaves the project until it is decided.",
			kit.Action{Label: "Import ours…", Do: func() { v.Import(model.Ours) }}, kit.Action{Label: "Import theirs…", Do: func() { v.Import(model.Theirs) }},
			kit.Action{Label: "Plans instead", Do: func() { v.m.SetKind(linkage.Plans) }})
	}
	v.root.Objects[0] = want
	v.root.Refresh()
}

// Run compares the rosters, or ends that.
func (v *View) Run() {
	if v.m.IsRunning() {
		v.m.Cancel()
		return
	}
	v.m.Run()
}

// Actions are what can be done here.
func (v *View) Actions() []shell.Action {
	var actions []shell.Action
	add := func(id, title, detail, keys string, run func()) {
		actions = append(actions, shell.Action{ID: "link." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	if v.m.IsRunning() {
		add("run", "Stop comparing", "nothing is stored", "F5", v.m.Cancel)
	} else {
		add("run", "Compare the rosters", "confirms their columns", "F5", v.m.Run)
	}
	add("ours", "Import our roster…", "CSV, Excel, HL7 v2, FHIR", "Ctrl+O", func() { v.Import(model.Ours) })
	add("theirs", "Import their roster…", "CSV, Excel, HL7 v2, FHIR", "Ctrl+Shift+O", func() { v.Import(model.Theirs) })
	add("messages", "Our roster from messages…", "patients of this project's messages", "", func() { v.FromMessages(model.Ours) })
	add("messages.theirs", "Their roster from messages…", "patients of this project's messages", "", func() { v.FromMessages(model.Theirs) })
	add("none", "No existing data on our side…", "recorded with the reason", "", func() { v.NoData(model.Ours) })
	add("none.theirs", "No existing data on their side…", "recorded with the reason", "", func() { v.NoData(model.Theirs) })
	other, kind := "Plans", linkage.Plans
	if v.m.IsPlans() {
		other, kind = "Patients", linkage.Patients
	}
	add("kind", "Link "+strings.ToLower(other), "", "Ctrl+P", func() { v.m.SetKind(kind); v.Focus() })
	for i, s := range model.Steps {
		add("step."+s, "Link: "+s, "", "Alt+"+string(rune('1'+i)), func() { v.Show(model.Step(i)) })
	}
	if v.m.HasResult() {
		actions = append(actions, v.reviewActions()...)
	}
	return actions
}

func (v *View) reviewActions() []shell.Action {
	var actions []shell.Action
	add := func(id, title, detail, keys string, run func()) {
		actions = append(actions, shell.Action{ID: "link." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	add("export", "Export links…", "what is decided", "Ctrl+E", v.Export)
	add("find", "Find records to link", "identifier, name, birth date, street", "Ctrl+F", v.find)
	add("history", "Who decided what about this case", "", "Ctrl+H", v.ShowHistory)
	add("back", "Take the decision about this case back", "however old it is", "Ctrl+Z", v.m.TakeBack)
	for i, name := range model.Filters {
		add("filter."+name, "Cases: "+name, "", "", func() { v.m.SetFilter(model.Filter(i)); v.Show(model.Review) })
	}
	if v.m.IsPlans() {
		add("many", "Same, and several of ours may be", "one of theirs stands for several", "Ctrl+Shift+M", v.m.DecideMany)
		add("simulate", "Simulate with messages…", "which plans they would find or create", "Ctrl+Shift+S", v.Simulate)
		return actions
	}
	add("bulk", "Decide all with these reasons…", "after a look at a sample", "Ctrl+B", v.Bulk)
	add("second", "Second review of automatic links", "blind, with an estimate of the error", "Ctrl+Shift+R", func() { v.m.SecondReview(); v.host.Focus(v.review.list) })
	return actions
}

// Keys are the keys beside those of the actions.
func (v *View) Keys() []shell.Key {
	return []shell.Key{
		{Keys: "S", Does: "the same"},
		{Keys: "D", Does: "different"},
		{Keys: "U", Does: "unsure: listed as doubtful"},
		{Keys: "N", Does: "no counterpart: create new"},
		{Keys: "Z", Does: "take the last decision back"},
		{Keys: "Right, Left", Does: "next case without a decision, and back"},
		{Keys: "M", Does: "plans: same, though theirs has one of ours already"},
		{Keys: "Enter", Does: "open the other candidate; say what a column is"},
		{Keys: "Space", Does: "turn the switch of a gate"},
		{Keys: "F6, Shift+F6", Does: "next and previous part of the place"},
	}
}

func (v *View) find() {
	v.Show(model.Review)
	v.host.Focus(v.review.search)
	v.review.search.SelectAll()
}
