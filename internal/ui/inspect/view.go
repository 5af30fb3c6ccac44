package inspect

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/host"
	"trestle/internal/ui/inspect/fhirview"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the place Inspect.
type View struct {
	// Send offers messages, by their ids, to the senders of the project.
	Send func(ids []int64)
	// Compare compares two messages, by their ids.
	Compare func(ids []int64)
	// Samples tries the mapping that is open in Map on messages, by their ids.
	Samples func(ids []int64)
	// Shown says whether the place is the one on the screen: only then it may take the keyboard by itself.
	Shown func() bool

	m     *model.Model
	host  host.Host
	outer *View           // of the project, where this is one of a file that is open in place
	file  *filePane       // that is open in place, nil for none
	root  *fyne.Container // the empty state, the place or the file

	place   fyne.CanvasObject
	empty   fyne.CanvasObject // in its place as long as there is no message
	list    *listPane
	message *messagePane
	tree    *treePane
	form    *formPane
	cards   *cardsPane
	right   *kit.Split
	usual   float64         // the ratio of right while the cards, which need more room, do not show
	below   *fyne.Container // the tree, or, below the form, the bytes
	lower   *findingsPane
	gaps    *gapsDialog     // the one that was opened last
	fhir    *fhirview.View  // draws a FHIR resource in the place of message and tree
	upper   *fyne.Container // the message, or the resource
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View { return newView(m, h, nil) }

func newView(m *model.Model, h host.Host, outer *View) *View {
	v := &View{m: m, host: h, outer: outer, Shown: func() bool { return false }, Send: func([]int64) {}, Compare: func([]int64) {}, Samples: func([]int64) {}}
	v.list = newListPane(v)
	v.message = newMessagePane(v)
	v.tree = newTreePane(v)
	v.form = newFormPane(v)
	v.cards = newCardsPane(v)
	v.lower = newFindingsPane(v)
	v.fhir = fhirview.New(m, h)
	v.upper, v.below = container.NewStack(v.message.content), container.NewStack(v.tree.content)
	v.right = kit.NewRows(v.upper, kit.NewColumns(v.below, v.lower.content, 0.56), 0.46)
	v.place = kit.NewColumns(v.list.content, v.right, 0.36)
	v.empty = v.emptyState()
	v.root = container.NewStack(v.empty)
	if outer != nil {
		v.Shown = func() bool { return outer.Shown() && outer.front() == v }
	}
	m.Changed, m.OpenFile = v.redraw, v.openFile
	v.redraw(model.All)
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

func (v *View) emptyState() fyne.CanvasObject {
	return kit.NewEmptyState(theme.IconMessage, "No messages yet",
		"Drop HL7 files or folders on the window, open them, or paste a message. Whatever it is opens: what is wrong with it is said, and nothing is changed.",
		kit.Action{Label: "Open messages…", Do: v.ChooseFiles}, kit.Action{Label: "Paste", Do: v.Paste})
}

// ChooseFiles asks for files and reads them into the project.
func (v *View) ChooseFiles() {
	v.host.ChooseFilesOrFolders("Open messages", v.project().Take)
}

// Paste reads the clipboard's text into the project.
func (v *View) Paste() { v.project().m.Paste(v.host.Clipboard().Content()) }

// Drop reads files and folders that were dropped on the window.
func (v *View) Drop(paths []string) bool {
	v.Take(paths)
	return true
}

// Status is where the cursor is and what is wrong with the open message.
func (v *View) Status() shell.Status {
	where, counts, _ := v.front().m.Status()
	return shell.Status{Where: where, Errors: counts[3] + counts[2], Warnings: counts[1]}
}

// Focus gives the message list the keyboard, or the first step where there is no message.
func (v *View) Focus() {
	if front := v.front(); front != v {
		front.Focus()
		return
	}
	if _, total, known := v.m.Shown(); known && total > 0 {
		v.host.Focus(v.list.grid)
	}
}

// FocusQuery gives the query line the keyboard, with what stands there selected.
func (v *View) FocusQuery() {
	v.host.Focus(v.list.query)
	v.list.query.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// panes are the parts of the place in the order in which F6 visits them.
func (v *View) panes() []fyne.Focusable {
	if v.m.FHIR().IsOpen() {
		return append(append([]fyne.Focusable{v.list.query, v.list.grid}, v.fhir.Panes()...), v.lower.pane())
	}
	if v.m.Face() == model.FaceForm {
		return []fyne.Focusable{v.list.query, v.list.grid, v.form.segments, v.form.tree, v.message.code, v.lower.pane()}
	}
	if v.m.Face() == model.FaceCards {
		return []fyne.Focusable{v.list.query, v.list.grid, v.cards.list, v.cards.lines, v.tree.tree, v.lower.pane()}
	}
	return []fyne.Focusable{v.list.query, v.list.grid, v.message.pane(), v.tree.tree, v.lower.pane()}
}

// focusMessage gives what shows the open message the keyboard.
func (v *View) focusMessage() {
	if v.m.FHIR().IsOpen() {
		v.host.Focus(v.fhir.Body())
		return
	}
	v.host.Focus(v.message.code)
}

// toggleFace shows the message in a way, or as text where it is shown so already.
func (v *View) toggleFace(f model.Face) {
	if v.m.Face() == f {
		f = model.FaceRaw
	}
	v.m.SetFace(f)
}

// showBelow puts the bytes where the tree is, as long as the form shows what the tree does.
func (v *View) showBelow() {
	shown := v.tree.content
	switch {
	case v.m.FHIR().IsOpen():
		shown = v.fhir.Left()
	case v.m.Face() == model.FaceForm:
		shown = container.New(kit.Column{Flex: 1}, kit.NewHeading(kit.NewTitle("Raw", theme.SizeText)), v.message.code)
	}
	v.below.Objects = []fyne.CanvasObject{shown}
	v.below.Refresh()
	switch cards := v.m.Face() == model.FaceCards; {
	case cards && v.usual == 0:
		v.usual = v.right.Ratio()
		v.right.SetRatio(max(v.usual, cardsRatio))
	case !cards && v.usual != 0:
		v.right.SetRatio(v.usual)
		v.usual = 0
	}
}

// cardsRatio is the share of the height that the cards have at least at first.
const cardsRatio = 0.68

// NextPane gives the next part of the place the keyboard, or the one before if n is negative.
func (v *View) NextPane(n int, focused fyne.Focusable) {
	v.host.Focus(host.Next(v.front().panes(), focused, n))
}

func (v *View) redraw(what model.What) {
	if what&model.Place != 0 {
		v.redrawFile()
		v.chooseRoot()
	}
	if what&model.List != 0 {
		v.chooseRoot()
		v.list.redraw()
	}
	if what&model.Columns != 0 {
		v.list.grid.SetGrid(v.m.List())
	}
	if what&model.Notice != 0 {
		v.list.redrawNotice()
	}
	if what&(model.Message|model.Mask) != 0 {
		v.chooseKind()
		v.message.redraw()
		v.fhir.RedrawHead()
	}
	if what&(model.Cards|model.Message|model.Mask) != 0 && v.m.Face() == model.FaceCards {
		v.cards.redraw()
	}
	if what&(model.Cursor|model.Message) != 0 {
		v.message.redrawCursor()
	}
	if what&(model.Tree|model.Message|model.Mask) != 0 {
		v.tree.redraw()
	}
	if what&(model.Tree|model.Message|model.Cursor|model.Mask) != 0 && v.m.Face() == model.FaceForm {
		v.form.redraw()
	}
	if what&(model.Findings|model.Message|model.Mask) != 0 {
		v.lower.redraw()
	}
	if what&(model.Cursor|model.Message|model.Mask) != 0 {
		v.tree.line.follow()
	}
	if what&(model.Statistics|model.Cursor|model.Message) != 0 {
		v.lower.counts.redraw()
	}
	if what&model.Agreement != 0 {
		v.lower.redrawProfile()
		if v.gaps != nil {
			v.gaps.redraw()
		}
	}
	if what&(model.Remarks|model.Mask) != 0 {
		v.lower.redrawRemarks()
	}
	v.host.Status()
}

// chooseKind puts what draws the open message into its place: a FHIR resource looks otherwise than HL7 v2.
func (v *View) chooseKind() {
	upper := v.message.content
	if v.m.FHIR().IsOpen() {
		upper = v.fhir.Top()
	}
	if v.upper.Objects[0] != upper {
		v.upper.Objects[0] = upper
		v.upper.Refresh()
		v.showBelow()
		v.fhir.Redraw()
	}
}

// chooseRoot shows the file that is open in place, or the project's messages, or the empty state as long as there are none.
func (v *View) chooseRoot() {
	_, total, known := v.m.Shown()
	want := v.place
	switch {
	case v.file != nil && v.file.p.Shown():
		want = v.file.content
	case known && total == 0 && !v.m.Fixed():
		if v.empty == nil || v.root.Objects[0] != v.empty {
			v.empty = v.emptyState()
		}
		want = v.empty
	}
	if v.root.Objects[0] == want {
		return
	}
	v.root.Objects[0] = want
	v.root.Refresh()
	if want != v.empty && v.Shown() { // the first messages have come, or others: the list is what the user goes on with
		v.host.Focus(v.front().list.grid)
	}
}

// Actions are what can be done here, for the palette.
func (v *View) Actions() []shell.Action {
	return append(v.fileActions(), v.front().actions()...)
}

func (v *View) actions() []shell.Action {
	actions := []shell.Action{
		{ID: "inspect.open", Title: "Open messages…", Detail: "import files into this project", Keys: "Ctrl+O", Everywhere: true, Run: v.ChooseFiles},
		{ID: "inspect.inplace", Title: "Open a file in place…", Detail: "read where it lies, whatever its size; nothing is copied", Everywhere: true, Run: v.ChooseInPlace},
		{ID: "inspect.paste", Title: "Paste a message", Detail: "import the clipboard's text", Keys: "Ctrl+Shift+V, Ctrl+V", Everywhere: true, Run: v.Paste},
		{ID: "inspect.filter", Title: "Filter messages", Detail: "type, MRN, control ID, words", Keys: "Ctrl+F", Everywhere: true, Run: v.FocusQuery},
		{ID: "inspect.reload", Title: "Read the message list again", Run: v.m.Reload},
		{ID: "inspect.down", Title: "Go to the next message", Keys: "Alt+Down", Run: func() { v.m.Move(1) }},
		{ID: "inspect.up", Title: "Go to the previous message", Keys: "Alt+Up", Run: func() { v.m.Move(-1) }},
	}
	for i, c := range v.m.List().Columns() {
		if v.m.Fixed() {
			break // a file keeps its own order
		}
		actions = append(actions, shell.Action{ID: "inspect.sort." + c.ID, Title: "Sort messages by " + strings.ToLower(c.Title), Detail: "again: the other way round", Run: func() {
			v.list.sort(v.m.List().Columns()[i].ID)
		}})
	}
	for _, f := range v.m.Filters() {
		actions = append(actions, shell.Action{ID: "inspect.filter." + f.Name, Title: "Filter: " + f.Name, Detail: f.Query, Run: func() { v.m.SubmitQuery(f.Query) }})
	}
	actions = append(actions,
		shell.Action{ID: "inspect.filters", Title: "Saved filters", Keys: "Ctrl+B", Run: v.ShowFilters},
		shell.Action{ID: "inspect.savefilter", Title: "Save this filter…", Detail: "under a name, in this project", Keys: "Ctrl+Shift+B", Run: v.SaveFilter},
		shell.Action{ID: "inspect.columns", Title: "Choose the columns of the list…", Run: v.ChooseColumns},
		shell.Action{ID: "inspect.types", Title: "Group the messages by type…", Detail: "how many of each; Enter shows only those", Keys: "Ctrl+Shift+T", Run: v.CountTypes},
		shell.Action{ID: "inspect.export", Title: "Export the list…", Detail: "CSV or Excel, with the columns that it shows", Keys: "Ctrl+E", Run: v.ExportList},
		shell.Action{ID: "inspect.write", Title: "Write messages as…", Detail: "a batch, a file each, JSON, XML, CSV of paths", Keys: "Ctrl+Shift+X", Run: v.WriteMessages},
		shell.Action{ID: "inspect.deidentify", Title: "De-identify messages…", Detail: "on copies, by Safe Harbor or with dates shifted", Keys: "Ctrl+Shift+Y", Run: v.Deidentify},
	)
	actions = append(actions, v.profileActions()...)
	if v.m.Filtered() {
		actions = append(actions, shell.Action{ID: "inspect.all", Title: "Show all messages", Detail: "clear the filter", Run: func() { v.m.SetQuery("") }})
	}
	if !v.m.IsOpen() {
		return actions
	}
	if v.m.CanReadBack() {
		actions = append(actions, shell.Action{ID: "inspect.readback", Title: "Make HL7 v2 messages of this JSON or XML", Detail: "of all selected pieces; they stay", Run: v.ReadBack})
	}
	if v.m.FHIR().IsOpen() {
		return append(append(actions, v.fhir.Actions()...), v.itemActions()...)
	}
	wrap := "Break long segments at the edge"
	if v.m.Wraps() {
		wrap = "Show one segment a line"
	}
	hex, empty := "Show the message as hex", "Show empty fields in the tree"
	if v.m.Hex() {
		hex = "Show the message as text"
	}
	if v.m.ShowsEmpty() {
		empty = "Hide empty fields in the tree"
	}
	actions = append(append(actions, v.editActions()...), v.itemActions()...)
	return append(actions,
		shell.Action{ID: "inspect.right", Title: "Go to the next field with a value", Keys: "Ctrl+Right", Run: func() { v.m.Step(1) }},
		shell.Action{ID: "inspect.left", Title: "Go to the previous field with a value", Keys: "Ctrl+Left", Run: func() { v.m.Step(-1) }},
		shell.Action{ID: "inspect.hex", Title: hex, Keys: "Ctrl+H", Run: func() { v.toggleFace(model.FaceHex) }},
		shell.Action{ID: "inspect.form", Title: "Show the message as a form", Detail: "the fields of a segment, to be filled in; again: as text", Keys: "Ctrl+Shift+E", Run: v.ToggleForm},
		shell.Action{ID: "inspect.cards", Title: "Show the message as cards", Detail: "patient, visit, insurance, results, documents; again: as text", Keys: "Ctrl+Shift+K", Run: func() { v.toggleFace(model.FaceCards) }},
		shell.Action{ID: "inspect.wrap", Title: wrap, Keys: "Alt+Z", Run: func() { v.m.SetWraps(!v.m.Wraps()) }},
		shell.Action{ID: "inspect.explain", Title: "Explain the field at the cursor", Detail: "type, length, usage, codes", Keys: "F3", Run: v.Explain},
		shell.Action{ID: "inspect.empty", Title: empty, Run: func() { v.m.SetShowsEmpty(!v.m.ShowsEmpty()) }},
		shell.Action{ID: "inspect.unfold", Title: "Unfold all segments", Run: func() { v.m.OpenAll(true) }},
		shell.Action{ID: "inspect.fold", Title: "Fold all segments", Run: func() { v.m.OpenAll(false) }},
		shell.Action{ID: "inspect.filterhere", Title: "Filter by the value at the cursor", Detail: "all messages where its field has this value", Keys: "Ctrl+Shift+F", Run: v.FilterHere},
		shell.Action{ID: "inspect.count", Title: "Count the values of the field at the cursor", Detail: "in the listed messages: values, lengths, patterns", Keys: "Ctrl+I", Run: v.CountHere},
		shell.Action{ID: "inspect.addcolumn", Title: "Show the field at the cursor as a column", Run: v.AddColumn},
	)
}

// itemActions are what can be done with whatever is open.
func (v *View) itemActions() []shell.Action {
	actions := []shell.Action{
		{ID: "inspect.next", Title: "Go to the next finding", Keys: "F8", Run: func() { v.NextFinding(1) }},
		{ID: "inspect.previous", Title: "Go to the previous finding", Keys: "Shift+F8", Run: func() { v.NextFinding(-1) }},
		{ID: "inspect.copypath", Title: "Copy the path of the value at the cursor", Keys: "Ctrl+Shift+C", Run: v.CopyPath},
	}
	if v.m.Fixed() {
		return actions
	}
	return append(actions, []shell.Action{
		{ID: "inspect.note", Title: "Write a note on this message", Keys: "Ctrl+N", Run: v.EditNote},
		{ID: "inspect.send", Title: "Send the selected messages…", Detail: "through a sender of Endpoints", Keys: "F5", Run: v.SendSelected},
		{ID: "inspect.compare", Title: "Compare the two selected messages", Detail: "what changed between them", Keys: "Ctrl+D", Run: v.CompareSelected},
		{ID: "inspect.samples", Title: "Use the selected messages as samples", Detail: "of the mapping that is open in Map", Keys: "Ctrl+Shift+M", Run: v.SampleSelected},
		{ID: "inspect.delete", Title: "Delete the selected messages…", Keys: "Delete", Run: v.DeleteSelected},
	}...)
}

// Keys are the keys of this place beside those of the palette's actions.
func (v *View) Keys() []shell.Key {
	return []shell.Key{
		{Keys: "F6, Shift+F6", Does: "next and previous part of the place"},
		{Keys: "Arrows, Page, Home, End", Does: "move; the other parts follow"},
		{Keys: "Right, Left", Does: "in the tree: open and close a branch"},
		{Keys: "Shift with a movement", Does: "select"},
		{Keys: "Ctrl+C", Does: "copy the selection, or the line"},
		{Keys: "Down, Up, Tab", Does: "in the filter: choose what could be written"},
		{Keys: "Enter, Tab, Shift+Tab", Does: "in the form: change the value, and go on to the next or back; Escape takes it back"},
		{Keys: "Down, Delete", Does: "in the form: choose a code of the table, empty the value"},
		{Keys: "Escape", Does: "in the filter: put the proposals away, then clear it"},
	}
}

// NextFinding goes to the next finding, or the one before if n is negative, and brings the findings to the front.
func (v *View) NextFinding(n int) {
	v.lower.tabs.SetSelected(0)
	v.lower.choose()
	v.m.NextFinding(n)
}

// CopyPath puts the path at the cursor on the clipboard.
func (v *View) CopyPath() {
	if p := v.m.Path(); p != "" {
		v.host.Clipboard().SetContent(p)
	}
}

// EditNote shows the note of the open message and gives it the keyboard.
func (v *View) EditNote() { v.lower.editNote() }

// SendSelected offers the selected messages, or the open one, to be sent.
func (v *View) SendSelected() {
	if ids := v.m.IDsOf(v.list.grid.SelectedRows()); len(ids) > 0 {
		v.Send(ids)
	}
}

// CompareSelected compares the two messages that are selected.
func (v *View) CompareSelected() { v.Compare(v.m.IDsOf(v.list.grid.SelectedRows())) }

// SampleSelected tries the mapping that is open on the selected messages.
func (v *View) SampleSelected() {
	if ids := v.m.IDsOf(v.list.grid.SelectedRows()); len(ids) > 0 {
		v.Samples(ids)
	}
}

// DeleteSelected asks and then deletes the selected messages.
func (v *View) DeleteSelected() {
	rows := v.list.grid.SelectedRows()
	if len(rows) == 0 || v.m.Fixed() {
		return
	}
	what := "this message"
	if len(rows) > 1 {
		what = "these " + screen.Count(len(rows)) + " messages"
	}
	v.host.Decide("Delete "+what+"?", "The bytes, notes and tags are removed from the project. The access log keeps that it was done. This cannot be undone.",
		"Delete", func() { v.m.Delete(rows) })
}

// severityChip is how the worst of some findings looks.
func severityChip(counts [4]int) (screen.Role, screen.Shape) {
	switch {
	case counts[3]+counts[2] > 0:
		return screen.RoleError, screen.ShapeSquare
	case counts[1] > 0:
		return screen.RoleWarning, screen.ShapeTriangle
	case counts[0] > 0:
		return screen.RoleInformation, screen.ShapeCircle
	}
	return screen.RoleOK, screen.ShapeNone
}
