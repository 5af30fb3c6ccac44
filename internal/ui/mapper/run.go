package mapper

import (
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/mapper"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// runPane runs the mapping: over samples, messages, files, or what a listener receives; and lists what did not go through.
type runPane struct {
	v       *View
	content fyne.CanvasObject

	from, to   *kit.Choice
	query      *kit.Field
	listener   *kit.Choice
	endpoint   *kit.Choice
	paths      *kit.Text
	folder     *kit.Text
	fromBox    *fyne.Container
	toBox      *fyne.Container
	run        *kit.ToolButton
	again      *kit.ToolButton
	fromNow    *kit.ToolButton
	line       *kit.Text
	problem    *kit.Text
	note       *kit.Text
	grid       *kit.GridView
	listeners  []string
	partners   []string
	fromRow    []fyne.CanvasObject // by model.RunFrom
	toRow      []fyne.CanvasObject // by model.RunTo
	shownQuery string
}

func newRunPane(v *View) *runPane {
	p := &runPane{v: v}
	center := func(o fyne.CanvasObject) fyne.CanvasObject { return container.NewCenter(o) }
	p.query = kit.NewField("type:ADT; empty is the messages of the mapping's type")
	p.query.OnSubmitted = func(string) { p.plan(); p.start() }
	p.query.OnBlur = func() {
		if p.query.Text != p.shownQuery {
			p.plan()
		}
	}
	p.paths, p.folder = kit.NewText("", screen.RoleText), kit.NewText("", screen.RoleText)
	p.paths.Min, p.folder.Min = 60, 60
	p.listener = kit.NewChoice([]string{""}, func(int) { p.plan() })
	p.endpoint = kit.NewChoice([]string{""}, func(int) { p.plan() })
	p.from = kit.NewChoice(model.RunFroms, func(int) { p.plan() })
	p.to = kit.NewChoice(model.RunTos, func(int) { p.plan() })
	chosen := func(text *kit.Text, button *kit.ToolButton) fyne.CanvasObject {
		return container.New(kit.Row{Flex: 0}, text, kit.Gap(4, 0), center(button))
	}
	p.fromRow = []fyne.CanvasObject{
		kit.NewCaption("Choose them with Samples… above."), p.query,
		chosen(p.paths, kit.NewTextButton(theme.IconFolder, "Choose…", p.ChooseFiles)), p.listener,
	}
	p.toRow = []fyne.CanvasObject{
		kit.NewCaption("To see what would happen."), chosen(p.folder, kit.NewTextButton(theme.IconFolder, "Choose…", p.ChooseFolder)),
		kit.NewCaption("As messages, which Inspect shows."), p.endpoint,
	}
	p.fromBox, p.toBox = container.NewStack(p.fromRow[0]), container.NewStack(p.toRow[0])
	p.run = kit.NewPrimaryButton(theme.IconPlay, "Run", p.start)
	p.run.SetHint("Run the mapping, or stop it (F5)")
	p.again = kit.NewTextButton(theme.IconRefresh, "", p.runFailed)
	p.fromNow = kit.NewTextButton(theme.IconPlay, "Only what comes from now on", p.runFromNow)
	p.line, p.problem = kit.NewWords("", screen.RoleMuted), kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	p.note = kit.NewWords("", screen.RoleMuted)
	row := func(title string, choice *kit.Choice, box fyne.CanvasObject) fyne.CanvasObject {
		return container.New(kit.Row{Flex: 4}, container.New(kit.LeftIn(56), kit.NewCaption(title)), kit.Gap(4, 0), center(container.New(kit.Width(230), choice)), kit.Gap(8, 0), box)
	}
	buttons := container.NewHBox(center(p.run), kit.Gap(4, 0), center(p.again), center(p.fromNow))
	form := container.NewVBox(row("From", p.from, p.fromBox), row("To", p.to, p.toBox), kit.Gap(0, 2), buttons, p.line, p.problem, p.note)
	top := container.NewBorder(kit.Gap(0, 6), kit.Gap(0, 6), kit.Gap(10, 0), kit.Gap(10, 0), form)
	p.grid = kit.NewGridView(v.m.RunList())
	p.grid.Single = true
	p.grid.Empty = "What fails or warns is listed here, with the reason."
	p.grid.OnOpen = p.open
	p.grid.OnSecondary = func(row int, at fyne.Position) {
		v.host.Menu(fyne.NewMenu("", fyne.NewMenuItem("Try the mapping on this message  (Enter)", func() { p.open(row) })), at)
	}
	p.content = container.New(kit.Column{Flex: 2}, top, kit.NewRule(), p.grid)
	return p
}

// Line is what the status line says of routes in every place.
func (v *View) Line() string { return v.m.Line() }

// plan takes over what is chosen.
func (p *runPane) plan() {
	m := p.v.m
	plan := m.Plan()
	plan.From, plan.To, plan.Query = model.RunFrom(p.from.Selected()), model.RunTo(p.to.Selected()), p.query.Text
	p.shownQuery = p.query.Text
	plan.Listener, plan.Endpoint = chosenName(p.listener, p.listeners), chosenName(p.endpoint, p.partners)
	m.SetPlan(plan)
}

func chosenName(c *kit.Choice, names []string) string {
	if i := c.Selected(); i >= 0 && i < len(names) {
		return names[i]
	}
	return ""
}

// start runs the mapping, or stops it.
func (p *runPane) start() {
	if p.v.m.IsRunning() {
		p.v.m.StopRun()
		return
	}
	p.plan()
	p.say(p.v.m.RunNow())
}

func (p *runPane) runFailed() { p.say(p.v.m.RunFailed()) }

func (p *runPane) runFromNow() { p.plan(); p.say(p.v.m.RunFromNow()) }

func (p *runPane) say(err error) {
	p.problem.Hide()
	if err != nil {
		p.problem.SetText(err.Error())
		p.problem.Show()
	}
	p.content.Refresh()
}

// open tries the mapping on the message of a row.
func (p *runPane) open(row int) {
	p.v.m.UseOutcome(row)
	p.v.ShowTab(0)
}

// ChooseFiles asks what is to be mapped.
func (p *runPane) ChooseFiles() {
	p.v.host.ChooseFilesOrFolders("Map these files", func(paths []string) {
		plan := p.v.m.Plan()
		plan.From, plan.Paths = model.FromFiles, paths
		p.v.m.SetPlan(plan)
	})
}

// ChooseFolder asks where results go.
func (p *runPane) ChooseFolder() {
	p.v.host.ChooseFolder("Write the results to", func(folder string) {
		plan := p.v.m.Plan()
		plan.To, plan.Folder = model.ToFolder, folder
		p.v.m.SetPlan(plan)
	})
}

func (p *runPane) redraw(what model.What) {
	m := p.v.m
	m.ReadRun()
	plan := m.Plan()
	p.names(&p.listeners, m.Listeners(), p.listener, plan.Listener)
	p.names(&p.partners, m.Partners(), p.endpoint, plan.Endpoint)
	p.from.SetSelected(int(plan.From))
	p.to.SetSelected(int(plan.To))
	if plan.Query != p.shownQuery {
		p.shownQuery = plan.Query
		p.query.SetText(plan.Query)
	}
	if p.query.Password != m.Masked() {
		p.query.Password = m.Masked()
		p.query.Refresh()
	}
	p.fromBox.Objects[0], p.toBox.Objects[0] = p.fromRow[plan.From], p.toRow[plan.To]
	p.paths.Set(pathWords(plan.Paths, m.Masked()), screen.RoleText)
	folder := plan.Folder
	if folder == "" {
		folder = "no folder is chosen yet"
	}
	p.folder.Set(folder, screen.RoleText)
	p.redrawButtons(plan)
	p.line.Set(m.RunWords())
	p.grid.Refresh()
	p.content.Refresh()
}

// names fills a choice of endpoints.
func (p *runPane) names(shown *[]string, names []string, c *kit.Choice, chosen string) {
	if !slices.Equal(*shown, names) {
		*shown = slices.Clone(names)
		options := names
		if len(options) == 0 {
			options = []string{"none yet: make one in Endpoints"}
		}
		c.SetOptions(options)
	}
	c.SetSelected(max(slices.Index(names, chosen), 0))
}

func pathWords(paths []string, masked bool) string {
	switch {
	case len(paths) == 0:
		return "nothing is chosen yet"
	case len(paths) == 1 && !masked:
		return filepath.Base(paths[0])
	}
	return screen.Plural(len(paths), "file or folder")
}

func (p *runPane) redrawButtons(plan model.Plan) {
	m := p.v.m
	p.run.SetIcon(theme.IconPlay)
	switch {
	case m.IsRunning():
		p.run.SetIcon(theme.IconStop)
		p.run.SetLabel("Stop")
	case m.Resume():
		p.run.SetLabel("Go on where it stopped")
	default:
		p.run.SetLabel("Run")
	}
	p.fromNow.Hide()
	if m.Resume() {
		p.fromNow.Show()
	}
	p.again.Hide()
	if n := m.CanRepeat(); n > 0 {
		p.again.SetLabel("Run " + screen.Count(n) + " that failed again")
		p.again.Show()
	}
	words := ""
	switch {
	case m.RunStale():
		words = "It runs with the rules from before the last change: stop and start it to use the new ones."
	case plan.From == model.FromListener:
		words = "What the listener accepts is mapped from its journal, in order. If the partner is away, the route waits and tries again; after a crash the last message may be handed on twice, never not at all."
	case m.Dirty():
		words = "It runs the rules as they stand here, also those that are not saved."
	}
	p.note.SetText(words)
}

func (p *runPane) panes() []fyne.Focusable { return []fyne.Focusable{p.from, p.grid} }

func (p *runPane) actions() []shell.Action {
	m := p.v.m
	title := "Run the mapping"
	if m.IsRunning() {
		title = "Stop the run"
	}
	list := []shell.Action{
		{ID: "map.run", Title: title, Keys: "F5", Run: p.start},
		{ID: "map.runfiles", Title: "Map files…", Run: p.ChooseFiles},
		{ID: "map.runfolder", Title: "Write the results to a folder…", Run: p.ChooseFolder},
	}
	if m.CanRepeat() > 0 {
		list = append(list, shell.Action{ID: "map.runagain", Title: "Run those that failed again", Keys: "Shift+F5", Run: p.runFailed})
	}
	return list
}

func (p *runPane) keys() []shell.Key {
	return []shell.Key{{Keys: "Enter", Does: "on a row: try the mapping on its message"}}
}
