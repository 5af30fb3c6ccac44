package inspect

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/inspect/deidentify"
	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// writeWidth is the width of the dialogs that write messages in units, previewHeight that of a preview.
const (
	writeWidth    float32 = 860
	previewHeight float32 = 190
)

// subject chooses between the messages of the selected rows and all that are listed.
type subject struct {
	*kit.SegmentedControl
	selected, listed []int64
}

// newSubject begins with the selected messages if there are several, or where they are what was asked for.
func (v *View) newSubject(selected bool, changed func()) *subject {
	s := &subject{selected: v.m.IDsOf(v.list.grid.SelectedRows()), listed: v.m.ListedIDs()}
	s.SegmentedControl = kit.NewSegmentedControl([]string{"All listed: " + model.Messages(len(s.listed)), "Selected: " + model.Messages(len(s.selected))}, func(int) { changed() })
	if len(s.selected) > 1 || selected && len(s.selected) > 0 {
		s.SetSelected(1)
	}
	return s
}

// ids are the messages that are chosen.
func (s *subject) ids() []int64 {
	if s.Selected() == 1 {
		return s.selected
	}
	return s.listed
}

// preview is a place of a dialog for text.
type preview struct {
	code    *kit.CodeView
	problem *kit.Text
	content fyne.CanvasObject
}

func newPreview(width float32) *preview {
	p := &preview{code: kit.NewCodeView(), problem: kit.NewWords("", screen.RoleError)}
	p.problem.Hide()
	p.content = container.NewStack(container.New(sizedTo{fyne.NewSize(width, previewHeight)}, p.code), p.problem)
	return p
}

// show shows text, or why there is none.
func (p *preview) show(text screen.Text, err error) {
	if err != nil {
		p.code.Hide()
		p.problem.SetText(sentence(err) + ".")
		p.problem.Show()
		return
	}
	p.problem.Hide()
	p.code.Show()
	p.code.SetText(text)
}

// WriteMessages asks what the messages are written as, shows the first of them so, and writes a file.
func (v *View) WriteMessages() { v.writeMessages(false) }

func (v *View) writeMessages(selected bool) {
	o := model.WriteOrder{}
	refresh := func() {}
	which := v.newSubject(selected, func() { refresh() })
	if len(which.listed) == 0 {
		v.host.Tell("Nothing to write", "The list shows no message. Clear the filter, or open messages first.")
		return
	}
	shown := newPreview(writeWidth)
	paths := kit.NewField("PID-3.1, PID-5.1, PV1-2")
	pretty := kit.NewToggle("With indents", nil)
	size := kit.NewSegmentedControl([]string{"One batch", "Batches of 100", "Batches of 1,000"}, nil)
	more := container.NewStack(size)
	refresh = func() {
		o.IDs = which.ids()
		o.Paths, o.Pretty, o.Size = paths.Text, pretty.On(), [...]int{0, 100, 1000}[size.Selected()]
		if v.m.Masked() {
			return
		}
		v.m.PreviewWrite(o, shown.show)
	}
	pretty.OnChanged = func(bool) { refresh() }
	size.OnChanged = func(int) { refresh() }
	paths.OnChanged = func(string) { refresh() }
	shape := kit.NewChoice(model.ShapeNames, nil)
	shape.OnChanged = func(i int) {
		o.Shape = model.Shape(i)
		switch o.Shape {
		case model.ShapeBatch:
			more.Objects = []fyne.CanvasObject{size}
		case model.ShapeJSON, model.ShapeXML:
			more.Objects = []fyne.CanvasObject{pretty}
		case model.ShapeCSV:
			more.Objects = []fyne.CanvasObject{paths}
		default:
			more.Objects = nil
		}
		more.Refresh()
		refresh()
	}
	if column := v.m.ColumnHere(); column != "" {
		paths.Text = column
	}
	line := container.New(kit.Row{Flex: 2}, container.New(kit.LeftIn(280), shape), kit.Gap(4, 0), more)
	body := container.NewVBox(container.NewHBox(which), line, kit.Gap(0, 2), kit.NewCaption("The first of them"), shown.content,
		kit.NewNote("Every byte of a message stays as it is in the first three. What is written is not masked and not encrypted. The access log keeps that it was written."))
	var dismiss func()
	dismiss = v.host.Dialog("Write messages", container.New(kit.Width(writeWidth), body), writeWidth, shape, kit.Action{Label: "Choose where…", Do: func() {
		refresh()
		if err := o.Check(); err != nil {
			shown.show(nil, err)
			return
		}
		dismiss()
		v.writeTo(o)
	}}, kit.Action{Label: "Cancel"})
	if v.m.Masked() {
		shown.show(nil, errHidden)
		return
	}
	refresh()
}

// ReadBack makes HL7 v2 messages of the selected pieces.
func (v *View) ReadBack() { v.m.ReadBack(v.m.IDsOf(v.list.grid.SelectedRows())) }

func (v *View) writeTo(o model.WriteOrder) {
	name := model.ShapeFile(o.Shape)
	if name == "" {
		v.host.ChooseFolder("The folder for the files", func(folder string) { v.m.WriteMessages(o, folder) })
		return
	}
	v.host.ChooseTarget("Write messages", name, func(path string) {
		if filepath.Ext(path) == "" {
			path += filepath.Ext(name)
		}
		v.m.WriteMessages(o, path)
	})
}

// hiddenError says why a preview shows nothing.
type hiddenError struct{}

func (hiddenError) Error() string { return "the mask is on: take it off to see what is written" }

var errHidden = hiddenError{}

// Deidentify asks how messages are copied without what identifies people, shows the first of them so, and makes the copies.
func (v *View) Deidentify() { v.deidentify(false) }

func (v *View) deidentify(selected bool) {
	o := model.ScrubOrder{}
	refresh := func() {}
	which := v.newSubject(selected, func() { refresh() })
	if len(which.listed) == 0 {
		v.host.Tell("Nothing to copy", "The list shows no message. Clear the filter, or open messages first.")
		return
	}
	half := (writeWidth - 8) / 2
	before, after := newPreview(half), newPreview(half)
	warning := kit.NewWords("", screen.RoleWarning)
	body := container.NewVBox()
	days := kit.NewField("30")
	weekday := kit.NewToggle("By whole weeks", nil)
	text := kit.NewToggle("Keep free text, without what is known of people", nil)
	allow := kit.NewField("none, such as NTE-3, ZPI-3")
	policies := [3]*kit.Choice{}
	for i := range policies {
		policies[i] = kit.NewChoice(model.PolicyNames, nil)
	}
	shift := container.New(kit.Row{Flex: 0}, container.New(kit.LeftIn(70), days), kit.Gap(2, 0), container.NewCenter(kit.NewCaption("days at most")), kit.Gap(6, 0), weekday)
	way := kit.NewSegmentedControl([]string{"Safe Harbor: years only", "Shift dates, per person"}, nil)
	refresh = func() {
		o.IDs = which.ids()
		o.SafeHarbor, o.Days, o.Weekday = way.Selected() == 0, days.Text, weekday.On()
		o.Staff, o.Sites, o.Locations = deidentify.Policy(policies[0].Selected()), deidentify.Policy(policies[1].Selected()), deidentify.Policy(policies[2].Selected())
		o.ScrubText, o.Allow = text.On(), allow.Text
		warning.SetText(strings.Join(o.Warnings(), " "))
		shift.Hidden, warning.Hidden = o.SafeHarbor, warning.Text == ""
		body.Refresh()
		if v.m.Masked() {
			return
		}
		v.m.PreviewScrub(o, func(b, a screen.Text, err error) {
			before.show(b, err)
			after.show(a, err)
		})
	}
	way.OnChanged = func(int) { refresh() }
	weekday.OnChanged, text.OnChanged = func(bool) { refresh() }, func(bool) { refresh() }
	days.OnChanged, allow.OnChanged = func(string) { refresh() }, func(string) { refresh() }
	for _, p := range policies {
		p.OnChanged = func(int) { refresh() }
	}
	named := func(label string, o fyne.CanvasObject) fyne.CanvasObject {
		return container.NewVBox(kit.NewCaption(label), o)
	}
	body.Objects = []fyne.CanvasObject{
		container.NewHBox(which),
		container.NewHBox(way, kit.Gap(6, 0), shift), warning,
		container.NewGridWithColumns(4, named("Names and ids of staff", policies[0]), named("Applications, facilities, authorities", policies[1]), named("Wards, rooms, beds", policies[2]), named("Fields to keep as they are", allow)),
		container.NewHBox(text), kit.Gap(0, 2),
		container.New(kit.Row{Flex: 2}, container.NewVBox(kit.NewCaption("The first of them as it is"), before.content), kit.Gap(4, 0), container.NewVBox(kit.NewCaption("Its copy"), after.content)),
		kit.NewNote("The originals stay as they are. The same person has the same pseudonym in every copy that this project makes. Free text, documents, Z segments and what cannot be read for certain are blanked. Afterwards a check that shares nothing with the replacing looks for every original value in the copies."),
	}
	var dismiss func()
	checked := func(then func()) {
		refresh()
		if err := o.Check(); err != nil {
			after.show(nil, err)
			return
		}
		dismiss()
		then()
	}
	dismiss = v.host.Dialog("De-identify, on copies", container.New(kit.Width(writeWidth), body), writeWidth, way,
		kit.Action{Label: "Into a file…", Do: func() {
			checked(func() {
				v.host.ChooseTarget("Write the copies", "deidentified.hl7", func(path string) {
					if filepath.Ext(path) == "" {
						path += ".hl7"
					}
					v.m.Scrub(o, path, v.showScrubbed)
				})
			})
		}},
		kit.Action{Label: "Into this project", Do: func() { checked(func() { v.m.Scrub(o, "", v.showScrubbed) }) }},
		kit.Action{Label: "Cancel"})
	if v.m.Masked() {
		before.show(nil, errHidden)
		after.show(nil, errHidden)
	}
	refresh()
}

// showScrubbed says what was done and what the checker found.
func (v *View) showScrubbed(s model.Scrubbed) {
	role := screen.RoleOK
	if s.AllLeaks > 0 {
		role = screen.RoleWarning
	}
	rows := []fyne.CanvasObject{kit.NewWords(s.Verdict(), role)}
	for _, w := range s.Warnings {
		rows = append(rows, kit.NewWords(w, screen.RoleWarning))
	}
	if len(s.Leaks) > 0 {
		list := kit.NewGridView(linesGrid(s.Leaks))
		list.Single, list.HideHeader = true, true
		rows = append(rows, kit.NewCaption("To look at"), container.New(sizedTo{fyne.NewSize(560, 120)}, list))
	}
	done := kit.NewGridView(s.Grid())
	done.Single = true
	rows = append(rows, kit.NewCaption("What was done with how many values"), container.New(sizedTo{fyne.NewSize(560, 260)}, done))
	var dismiss func()
	dismiss = v.host.Dialog(model.Messages(s.Messages)+" copied to "+s.Where, container.New(kit.Width(560), container.NewVBox(rows...)), 560, done, kit.Action{Label: "Close", Do: func() { dismiss() }})
}

// linesGrid shows lines of text.
type linesGrid []string

func (g linesGrid) Columns() []screen.Column {
	return []screen.Column{{ID: "line", Title: "", Width: 500, Flex: true, Fixed: true}}
}
func (g linesGrid) Len() int                    { return len(g) }
func (g linesGrid) Cell(row, _ int) screen.Cell { return screen.Cell{Text: g[row]} }
