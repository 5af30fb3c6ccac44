package inspect

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"trestle/internal/compare"
	model "trestle/internal/present/inspect"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// findingsPane is the part with the findings, the chosen one in words, and the note.
type findingsPane struct {
	v       *View
	content fyne.CanvasObject
	tabs    *kit.SegmentedControl
	body    *fyne.Container
	grid    *kit.GridView
	detail  *fyne.Container
	list    fyne.CanvasObject
	note    *kit.Field
	tags    *kit.Field
	remarks fyne.CanvasObject
	counts  *countsPane
	against fyne.CanvasObject // what messages are checked against
	profile *kit.Text
}

func newFindingsPane(v *View) *findingsPane {
	p := &findingsPane{v: v}
	p.grid = kit.NewGridView(v.m.FindingList())
	p.grid.Single = true
	p.grid.Empty = "Nothing is wrong with this message."
	p.grid.OnSelect = v.m.SelectFinding
	p.grid.OnOpen = func(row int) { v.m.SelectFinding(row); v.focusMessage() }
	p.grid.OnSecondary = p.menu
	p.detail = container.NewStack()
	p.list = container.New(kit.Column{Flex: 0}, p.grid, p.detail)
	p.note = kit.NewNoteField(notePlaceholder)
	p.note.OnBlur = p.keep(func() { v.m.SetNote(p.note.Text) })
	p.tags = kit.NewField(tagsPlaceholder)
	p.tags.OnBlur = p.keep(func() { v.m.SetTags(p.tags.Text) })
	p.tags.OnSubmitted = v.m.SetTags
	p.remarks = container.NewBorder(nil, container.NewVBox(kit.NewCaption("Tags"), p.tags), nil, nil,
		container.NewBorder(kit.NewCaption("Note (kept in the project when you leave the field)"), nil, nil, nil, p.note))
	p.tabs = kit.NewSegmentedControl([]string{"Findings", "Note", "Statistics"}, func(int) { p.choose() })
	p.counts = newCountsPane(v)
	p.body = container.NewStack(p.list)
	bar := kit.NewHeading(p.tabs,
		kit.NewToolButton(theme.IconChevronLeft, "Previous finding (Shift+F8)", func() { v.m.NextFinding(-1) }),
		kit.NewToolButton(theme.IconChevronRight, "Next finding (F8)", func() { v.m.NextFinding(1) }))
	p.against = p.newAgainst()
	p.against.Hide()
	p.content = container.New(kit.Column{Flex: 2}, bar, p.against, p.body)
	return p
}

// What stands in an empty note and in empty tags.
const (
	notePlaceholder = "What you found, whom you told, what to ask"
	tagsPlaceholder = "Separated by commas, such as open, ask-vendor"
)

// keep does something unless the mask has emptied the fields.
func (p *findingsPane) keep(do func()) func() {
	return func() {
		if !p.note.Disabled() {
			do()
		}
	}
}

// menu is what can be done with a finding.
func (p *findingsPane) menu(row int, at fyne.Position) {
	m := p.v.m
	m.SelectFinding(row)
	d, ok := m.Finding()
	if !ok || m.Masked() {
		return
	}
	items := []*fyne.MenuItem{
		fyne.NewMenuItem("Copy finding", func() {
			p.v.host.Clipboard().SetContent(d.Severity.String() + "  " + d.Code + "  " + d.Place + "\n" + d.Text)
		}),
	}
	if d.Repair != "" {
		items = append(items, fyne.NewMenuItem(d.Repair+" on a copy", m.Repair))
	}
	p.v.host.Menu(fyne.NewMenu("", items...), at)
}

// pane is what takes the keyboard in this part.
func (p *findingsPane) pane() fyne.Focusable {
	switch p.tabs.Selected() {
	case 1:
		return p.note
	case 2:
		return p.counts.grid
	}
	return p.grid
}

func (p *findingsPane) choose() {
	switch p.tabs.Selected() {
	case 1:
		p.body.Objects = []fyne.CanvasObject{container.NewPadded(p.remarks)}
	case 2:
		p.body.Objects = []fyne.CanvasObject{p.counts.content}
	default:
		p.body.Objects = []fyne.CanvasObject{p.list}
	}
	p.body.Refresh()
}

func (p *findingsPane) editNote() {
	if !p.v.m.IsOpen() {
		return
	}
	p.tabs.SetSelected(1)
	p.choose()
	p.v.host.Focus(p.note)
}

func (p *findingsPane) redraw() {
	m := p.v.m
	p.grid.Empty = "Nothing is wrong with this message."
	if m.CheckingResource() {
		p.grid.Empty = "The resource is being checked."
	}
	if !m.IsOpen() {
		p.grid.Empty = "Open a message to see what is wrong with it."
	}
	if p.grid.Selected() != m.SelectedFinding() {
		p.grid.Select(m.SelectedFinding())
	}
	p.grid.Refresh()
	p.detail.Objects = nil
	if d, ok := m.Finding(); ok {
		p.detail.Objects = []fyne.CanvasObject{p.card(d)}
	}
	p.detail.Refresh()
}

func (p *findingsPane) redrawRemarks() {
	why := ""
	switch {
	case p.v.m.Masked(): // people write names into notes
		why = "Hidden by the mask"
	case p.v.m.Fixed():
		why = "Import the message into the project to write about it"
	}
	if why != "" {
		for _, f := range []*kit.Field{p.note, p.tags} {
			f.Text = ""
			f.SetPlaceHolder(why)
			f.Disable()
		}
		return
	}
	if p.note.Disabled() {
		p.note.Enable()
		p.tags.Enable()
		p.note.SetPlaceHolder(notePlaceholder)
		p.tags.SetPlaceHolder(tagsPlaceholder)
	}
	if p.note.Text != p.v.m.Note() {
		p.note.SetText(p.v.m.Note())
	}
	if p.tags.Text != p.v.m.Tags() {
		p.tags.SetText(p.v.m.Tags())
	}
}

// card is the chosen finding in full, with its repair.
func (p *findingsPane) card(d model.FindingDetail) fyne.CanvasObject {
	text := d.Text
	if p.v.m.Masked() {
		text = "The mask is on. Take it off to read what the finding says about the value."
	}
	words := widget.NewLabel(text)
	words.Wrapping = fyne.TextWrapWord
	rows := []fyne.CanvasObject{words, indent(kit.NewCaption(d.Place))}
	rows = append(rows, p.ruleCard()...)
	if d.Repair != "" {
		if len(d.Preview) > 0 && !p.v.m.Masked() {
			rows = append(rows, indent(previewLine(d.Preview)))
		}
		buttons := container.NewHBox(kit.Gap(2, 0), kit.NewTextButton(theme.IconEdit, d.Repair+" on a copy", p.v.m.Repair))
		if d.Alike > 1 {
			buttons.Add(kit.NewTextButton("", fmt.Sprintf("All %d like this", d.Alike), p.v.m.RepairAll))
		}
		rows = append(rows, buttons)
	}
	rows = append(rows, kit.Gap(0, 2))
	return container.NewBorder(kit.NewRule(), nil, nil, nil, kit.OnPanel(theme.ColorPanel, container.NewVBox(rows...)))
}

func indent(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, kit.Gap(5, 0), nil, o)
}

// previewLine writes what a repair takes away and what it puts there, one above the other.
func previewLine(runs []compare.Run) fyne.CanvasObject {
	line := func(word string, drop compare.Kind, role screen.Role) []widget.RichTextSegment {
		segments := []widget.RichTextSegment{piece(word, screen.RoleMuted)}
		for _, r := range runs {
			switch r.Kind {
			case drop:
			case compare.Equal:
				segments = append(segments, piece(r.Text, screen.RoleMuted))
			default:
				segments = append(segments, piece(r.Text, role))
			}
		}
		return segments
	}
	before := widget.NewRichText(line("before  ", compare.Insert, screen.RoleRemoved)...)
	after := widget.NewRichText(line("after   ", compare.Delete, screen.RoleAdded)...)
	before.Truncation, after.Truncation = fyne.TextTruncateClip, fyne.TextTruncateClip
	return container.NewVBox(before, after)
}

func piece(text string, role screen.Role) widget.RichTextSegment {
	return &widget.TextSegment{Text: text, Style: widget.RichTextStyle{
		Inline: true, ColorName: theme.RoleName(role), TextStyle: fyne.TextStyle{Monospace: true, Bold: role != screen.RoleMuted},
	}}
}
