package endpoints

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/endpoints"
	"trestle/internal/present/shell"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the place Endpoints.
type View struct {
	// Inspect keeps bytes in the place Inspect, as they are, and opens them there. name says where they come from.
	Inspect func(name string, b []byte)

	m    *model.Model
	host host.Host
	root *fyne.Container // the empty state or the place

	place   fyne.CanvasObject
	news    *kit.News
	points  *kit.GridView
	add     *kit.ToolButton
	chosen  *chosenPane
	journal *journalPane
	detail  *detailPane
	right   *kit.Split
	console bool            // a REST console is chosen, which needs more room
	split   *fyne.Container // journal alone, or beside an exchange
	made    string          // the endpoint that is being made, which gets the keyboard when it is there
	both    fyne.CanvasObject
	offered int // endpoints of the partner that the empty place offers
}

// How much of the height the chosen endpoint gets over the journal.
const (
	endpointShare = 0.42
	consoleShare  = 0.62
)

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, Inspect: func(string, []byte) {}}
	v.news = kit.NewNews()
	v.points = kit.NewGridView(m.Points())
	v.points.Single = true
	v.points.Empty = "No endpoint yet."
	v.points.OnSelect = m.Choose
	v.points.OnSwitch = func(row, _ int) { m.Turn(row) }
	v.points.OnOpen = func(row int) { m.Choose(row); v.EditSettings() }
	v.points.OnSecondary = v.pointMenu
	v.points.OnKey = func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDelete {
			v.Delete()
			return true
		}
		return false
	}
	v.add = kit.NewToolButton(theme.IconAdd, "New endpoint…", v.showNew)
	v.chosen, v.journal, v.detail = newChosenPane(v), newJournalPane(v), newDetailPane(v)
	v.both = kit.NewColumns(v.journal.content, v.detail.content, 0.52)
	v.split = container.NewStack(v.journal.content)
	list := container.New(kit.Column{Flex: 1},
		kit.NewHeading(kit.NewTitle("Endpoints", theme.SizeText),
			v.add),
		v.points)
	v.right = kit.NewRows(v.chosen.content, v.split, endpointShare)
	v.place = container.New(kit.Column{Flex: 1}, v.news, kit.NewColumns(list, v.right, 0.29))
	v.root = container.NewStack(v.place)
	m.Changed, m.Settings = v.redraw, v.EditSettings
	v.redraw(model.All)
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Focus gives the list of endpoints the keyboard.
func (v *View) Focus() {
	if !v.m.Known() {
		v.m.Load()
	} else {
		v.m.ReadRosters()
	}
	if v.m.Count() > 0 {
		v.host.Focus(v.points)
	}
}

// NextPane gives the next part the keyboard.
func (v *View) NextPane(n int, focused fyne.Focusable) {
	panes := append([]fyne.Focusable{v.points}, v.chosen.panes()...)
	panes = append(panes, v.journal.filter, v.journal.grid)
	if v.m.IsOpen() {
		panes = append(panes, v.detail.pane())
	}
	v.host.Focus(host.Next(panes, focused, n))
}

// Drop takes files that shall be sent.
func (v *View) Drop(paths []string) bool {
	switch h, ok := v.m.Header(); {
	case ok && h.Kind == model.FHIRServer:
		v.m.LoadResources(paths)
	case ok && h.Kind == model.RESTClient && len(paths) == 1:
		v.m.BodyFromFile(paths[0])
	case v.m.HasSender():
		v.m.OfferFiles(paths)
	default:
		return false
	}
	return true
}

// Status says where the user is.
func (v *View) Status() shell.Status {
	h, ok := v.m.Header()
	if !ok {
		return shell.Status{}
	}
	return shell.Status{Where: h.Name + "  " + h.State}
}

// Line is what the status line says of the listeners in every place.
func (v *View) Line() string { return v.m.Line() }

func (v *View) redraw(what model.What) {
	v.chooseRoot()
	if what&model.Notice != 0 {
		v.news.Tell(&v.m.Board)
	}
	if h, ok := v.m.Header(); ok && (h.Kind == model.RESTClient) != v.console {
		v.console = !v.console
		share := endpointShare
		if v.console {
			share = consoleShare
		}
		v.right.SetRatio(share)
	}
	if what&(model.List|model.Chosen) != 0 {
		if v.points.Selected() != v.m.ChosenRow() {
			v.points.Select(v.m.ChosenRow())
		}
		v.points.Refresh()
	}
	if what&(model.Chosen|model.List|model.Rules|model.Sending|model.Shelf|model.Console) != 0 {
		v.chosen.redraw(what)
	}
	if what&(model.Journal|model.Chosen) != 0 {
		v.journal.redraw()
	}
	if what&(model.Open|model.Chosen) != 0 {
		v.redrawOpen()
	}
	if h, ok := v.m.Header(); ok && v.made == h.Name {
		v.made = ""
		v.focusChosen()
	}
	v.host.Status()
}

// focusChosen gives a new endpoint the keyboard, where its first step is: F5 starts a listener from the list, and a sender wants
// to know what to send.
func (v *View) focusChosen() {
	switch h, ok := v.m.Header(); {
	case ok && h.Kind == model.Sender && v.m.Offered() == "":
		v.host.Focus(v.chosen.series)
		return
	case ok && h.Kind == model.RESTClient:
		v.host.Focus(v.chosen.console.path)
		return
	}
	v.host.Focus(v.points)
}

// redrawOpen shows the exchange beside the journal while one is open.
func (v *View) redrawOpen() {
	want := v.journal.content
	if v.m.IsOpen() {
		want = v.both
		v.detail.redraw()
	}
	if v.split.Objects[0] != want {
		v.split.Objects[0] = want
		v.split.Refresh()
	}
}

// chooseRoot shows the first step as long as there is no endpoint.
func (v *View) chooseRoot() {
	want := v.place
	if v.m.Known() && v.m.Count() == 0 {
		if _, n := v.m.Partner(); v.root.Objects[0] != v.place && n == v.offered {
			return
		}
		_, v.offered = v.m.Partner()
		want = kit.NewEmptyState(theme.IconEndpoints, "No partner yet",
			"Make a stand-in for the partner's system: it listens, answers by rules, and misbehaves on demand. Or make a sender that plays your side. Every exchange is kept in the project's journal.",
			v.firstSteps()...)
	}
	if v.root.Objects[0] != want {
		v.root.Objects[0] = want
		v.root.Refresh()
	}
}

// firstSteps are the buttons of the empty place: the partner as the project file describes it comes first.
func (v *View) firstSteps() (steps []kit.Action) {
	if name, n := v.m.Partner(); n > 0 {
		steps = append(steps, kit.Action{Label: "Stand in for " + name, Do: v.m.StandIn})
	}
	for _, n := range newEndpoints {
		steps = append(steps, kit.Action{Label: n.title, Do: func() { v.Create(n.kind) }})
	}
	return steps
}

// newEndpoints are the kinds that can be made.
var newEndpoints = []struct {
	kind                    model.Kind
	id, title, detail, keys string
}{
	{model.Listener, "new", "New listener…", "a stand-in for the partner, HL7 v2 over MLLP", "Ctrl+N"},
	{model.Sender, "sender", "New sender…", "to play the other side, HL7 v2 over MLLP", "Ctrl+Shift+N"},
	{model.FHIRServer, "fhir", "New FHIR server…", "a stand-in for the partner's API", "Alt+N"},
	{model.RESTClient, "rest", "New REST console…", "requests to a FHIR server", "Alt+Shift+N"},
}

// showNew offers the kinds of endpoints.
func (v *View) showNew() {
	var items []*fyne.MenuItem
	for _, n := range newEndpoints {
		items = append(items, fyne.NewMenuItem(n.title+"  ("+n.keys+")", func() { v.Create(n.kind) }))
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(v.add)
	v.host.Menu(fyne.NewMenu("", items...), at.AddXY(0, v.add.Size().Height))
}

// pointMenu is what can be done with an endpoint.
func (v *View) pointMenu(row int, at fyne.Position) {
	v.m.Choose(row)
	h, ok := v.m.Header()
	if !ok {
		return
	}
	var items []*fyne.MenuItem
	if h.Kind.Listens() {
		turn := "Start"
		if h.Running {
			turn = "Stop"
		}
		items = append(items, fyne.NewMenuItem(turn, func() { v.m.Turn(row) }))
	}
	items = append(items, fyne.NewMenuItem("Settings…", v.EditSettings))
	if h.Kind == model.Listener {
		items = append(items, fyne.NewMenuItem("Behave like…", v.ChoosePreset))
	}
	if h.Kind.Listens() {
		items = append(items, fyne.NewMenuItem("Copy the certificate for the partner", v.copyCertificate))
	}
	items = append(items, fyne.NewMenuItem("Use a certificate of your own…", v.OwnCertificate), fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Delete…", v.Delete))
	v.host.Menu(fyne.NewMenu("", items...), at)
}

func (v *View) copyCertificate() {
	v.m.CertificateForPartner(func(pem []byte) {
		v.host.Clipboard().SetContent(string(pem))
		v.host.Tell("The certificate is on the clipboard", "It is the project's own test authority. The partner adds it to the certificates that it trusts; then TLS with this project's listeners and senders works. The private key stays in the project.")
	})
}

// Delete asks and then deletes the chosen endpoint.
func (v *View) Delete() {
	h, ok := v.m.Header()
	if !ok {
		return
	}
	text := "Its settings and rules are removed. What it has received and sent stays in the journal."
	if h.Kind == model.FHIRServer {
		text = "Its settings, its rules and all resources that it holds are removed. What it has received and answered stays in the journal."
	}
	if h.Running {
		text = "It is stopped first. " + text
	}
	v.host.Decide("Delete "+h.Name+"?", text, "Delete", v.m.Delete)
}

// Actions are what can be done here.
func (v *View) Actions() []shell.Action {
	var actions []shell.Action
	for _, n := range newEndpoints {
		actions = append(actions, shell.Action{ID: "endpoints." + n.id, Title: n.title, Detail: n.detail, Keys: n.keys, Run: func() { v.Create(n.kind) }})
	}
	if offer := v.m.News().Offer; offer != "" {
		actions = append(actions, shell.Action{ID: "endpoints.offer", Title: offer, Detail: "what the news offers", Keys: "Ctrl+Return", Run: v.m.Accept})
	}
	if name, n := v.m.Partner(); n > 0 {
		actions = append(actions, shell.Action{ID: "endpoints.partner", Title: "Stand in for " + name, Detail: "endpoints by the project file", Everywhere: true, Run: v.m.StandIn})
	}
	h, ok := v.m.Header()
	if v.m.Running() > 0 {
		actions = append(actions, shell.Action{ID: "endpoints.stopall", Title: "Stop all listeners", Everywhere: true, Run: v.m.StopAll})
	}
	if !ok {
		return actions
	}
	add := func(id, title, detail, keys string, run func()) {
		actions = append(actions, shell.Action{ID: "endpoints." + id, Title: title, Detail: detail, Keys: keys, Run: run})
	}
	switch h.Kind {
	case model.RESTClient:
		v.consoleActions(add)
	case model.Sender:
		if v.m.IsSending() {
			add("stop", "Stop sending", "what is under way is taken in", "F5", v.m.CancelSending)
		} else {
			add("send", "Send", v.m.Offered(), "F5", v.m.Send)
		}
		add("files", "Choose files to send…", "", "Ctrl+O", v.ChooseFiles)
	default:
		turn := "Start " + h.Name
		if h.Running {
			turn = "Stop " + h.Name
		}
		add("turn", turn, h.State, "F5", func() { v.m.Turn(v.m.ChosenRow()) })
		add("rule", "Add a rule…", "what is answered, and when", "Ctrl+R", func() { v.EditRule(-1) })
		add("text", "Edit the rules as text…", "the file itself", "Ctrl+T", v.EditText)
		if h.Kind == model.Listener {
			add("preset", "Behave like…", "a preset, or an engine's public defaults", "", v.ChoosePreset)
		} else {
			v.shelfActions(add)
		}
	}
	paused, _ := v.m.Paused()
	pause := "Let the journal stand still"
	if paused {
		pause = "Let the journal go on"
	}
	add("certificate", "Use a certificate of your own…", "PEM files", "", v.OwnCertificate)
	add("settings", "Settings of "+h.Name+"…", "", "F2", v.EditSettings)
	add("delete", "Delete "+h.Name+"…", "", "", v.Delete)
	add("filter", "Filter the journal", "mrn:, control:, code:, failed, words", "Ctrl+F", v.journal.focusFilter)
	add("pause", pause, "", "F9", func() { v.m.Pause(!paused) })
	add("export", "Export the journal…", "as JSON lines or CSV", "Ctrl+E", v.Export)
	add("purge", "Remove from the journal…", "exchanges of "+h.Name+" by age", "", v.Purge)
	if v.m.IsOpen() {
		add("again", "Send the open request again", "", "", v.SendAgain)
		add("inspect", "Open the request in Inspect", "it is kept in the project", "Ctrl+I", v.openInInspect)
		add("reply", "Open the reply in Inspect", "it is kept in the project", "Ctrl+Shift+I", v.openReplyInInspect)
	}
	return actions
}

// Keys are the keys beside those of the actions.
func (v *View) Keys() []shell.Key {
	return []shell.Key{
		{Keys: "F6, Shift+F6", Does: "next and previous part of the place"},
		{Keys: "Space", Does: "turn the switch of a row: start, stop, rule, fault"},
		{Keys: "Alt+Up, Alt+Down", Does: "move a rule"},
		{Keys: "Enter", Does: "open: settings, a rule, a fault, an exchange"},
		{Keys: "Delete", Does: "delete a rule or endpoint"},
		{Keys: "Escape", Does: "in the filter: clear it; in an exchange: close it"},
	}
}

// ChooseFiles asks for the files to be sent.
func (v *View) ChooseFiles() {
	v.host.ChooseFilesOrFolders("Send messages", v.m.OfferFiles)
}

// Export writes the journal, as far as the filter shows it.
func (v *View) Export() {
	h, ok := v.m.Header()
	if !ok {
		return
	}
	v.host.ChooseTarget("Export the journal", h.Name+" journal.jsonl", v.m.ExportJournal)
}

// Offer shows messages of the project as what is to be sent, and asks for a sender where there is none.
func (v *View) Offer(ids []int64) {
	v.m.OfferMessages(ids)
	v.toSender()
}

// OfferMessage does so with a message that another place shows.
func (v *View) OfferMessage(name string, b []byte) {
	v.m.OfferMessage(name, b)
	v.toSender()
}

func (v *View) toSender() {
	if !v.m.HasSender() {
		v.Create(model.Sender)
		return
	}
	v.host.Focus(v.chosen.send)
}

// SendAgain offers the request of the open exchange to the sender, or to the REST console.
func (v *View) SendAgain() {
	h, _ := v.m.Header()
	if v.m.OfferExchange() {
		if now, _ := v.m.Header(); now.Kind == model.RESTClient {
			v.host.Focus(v.chosen.console.path)
		}
		return
	}
	if h.Kind.FHIR() {
		v.Create(model.RESTClient)
		return
	}
	v.Create(model.Sender)
}

// OfferResource puts a FHIR resource that another place shows into the REST console, and asks for one where there is none.
func (v *View) OfferResource(b []byte) {
	if !v.m.OfferResource(b) {
		v.Create(model.RESTClient)
		return
	}
	v.host.Focus(v.chosen.console.path)
}

// consoleActions are what can be done with a REST console.
func (v *View) consoleActions(add func(id, title, detail, keys string, run func())) {
	if v.m.IsAsking() {
		add("stop", "Stop waiting for the answer", "", "F5", v.m.CancelRequest)
	} else {
		add("send", "Send the request", "", "F5", v.m.SendRequest)
	}
	if next, back := v.m.Pages(); next || back {
		add("next", "The next page of the answer", "", "Alt+Page Down", func() { v.m.FollowPage("next") })
		add("back", "The page before", "", "Alt+Page Up", func() { v.m.FollowPage("previous") })
	}
	add("body", "Take the body from a file…", "", "Ctrl+O", v.ChooseBody)
	add("curl", "Copy the request as cURL", "credentials stay out of it", "Ctrl+Shift+C", v.CopyCURL)
	add("ask", "What can this server do?", "its CapabilityStatement, for completion", "", func() { v.m.AskServer(true) })
	if _, b := v.m.AnswerBytes(); len(b) > 0 && !v.m.IsOpen() {
		add("answer", "Open the answer in Inspect", "it is kept in the project", "Ctrl+I", v.openAnswer)
	}
}

// shelfActions are what can be done with a FHIR server's resources.
func (v *View) shelfActions(add func(id, title, detail, keys string, run func())) {
	add("load", "Load resources…", "JSON, XML, NDJSON, Bundles", "Ctrl+O", v.LoadResources)
	add("invent", "Invent patients…", "", "", v.InventPatients)
	add("snapshot", "Keep the state of the resources as…", "a snapshot", "", v.TakeSnapshot)
	for _, name := range v.m.Snapshots() {
		add("restore."+name, "Go back to: "+name, "a snapshot", "", func() { v.restoreSnapshot(name) })
	}
}

func (v *View) openInInspect() { v.keep(v.m.OpenRequest(), "request") }

func (v *View) openReplyInInspect() { v.keep(v.m.OpenReply(), "reply") }

// keep opens one side of the open exchange in Inspect.
func (v *View) keep(b []byte, side string) {
	if len(b) == 0 {
		v.host.Tell("There is no "+side+" to open", "None came, or the endpoint is set to keep sizes, times and hashes only.")
		return
	}
	v.Inspect(v.m.OpenName()+" "+side, b)
}

// Purge removes exchanges of the chosen endpoint from the journal, after saying what would go.
func (v *View) Purge() {
	h, ok := v.m.Header()
	if !ok {
		return
	}
	days := kit.NewField("all of it")
	f := kit.NewForm(380, kit.FormRow{Title: "Older than, in days", Control: days, Note: "What would go is counted first. Endpoints go on meanwhile."})
	var dismiss func()
	count := func() {
		err := v.m.CountPurge(days.Text, func(p model.Purge) {
			v.host.Decide(p.Title, p.Text, "Remove", func() { v.m.RemovePurged(p) })
		})
		if err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}
	days.OnSubmitted = func(string) { count() }
	dismiss = v.host.Dialog("Remove from the journal of "+h.Name, f.Content(), 380, days, kit.Action{Label: "Count what would go", Do: count}, kit.Action{Label: "Cancel"})
}
