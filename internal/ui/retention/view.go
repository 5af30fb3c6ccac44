package retention

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/retention"
	"trestle/internal/present/screen"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page: conditions, what they would take along, and the removal.
type View struct {
	m                   *model.Model
	host                host.Host
	content             fyne.CanvasObject
	before, tag, source *kit.Field
	look, remove        *kit.ToolButton
	news                *kit.News
	lines               *fyne.Container
}

// formWidth is the width of the form in units.
const formWidth = 460

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, news: kit.NewNews(), lines: container.NewVBox()}
	v.before, v.tag, v.source = kit.NewField("2026-01-31"), kit.NewField(""), kit.NewField("adt.hl7")
	look := func() { m.Preview(v.before.Text, v.tag.Text, v.source.Text) }
	for _, f := range []*kit.Field{v.before, v.tag, v.source} {
		f.OnChanged = func(string) { m.Forget() }
		f.OnSubmitted = func(string) { look() }
	}
	v.look = kit.NewPrimaryButton(theme.IconSearch, "Show what would go", look)
	v.remove = kit.NewTextButton(theme.IconDelete, "Remove them…", v.askRemove)
	form := kit.NewForm(formWidth,
		kit.FormRow{Title: "Came into the project before (UTC)", Control: v.before},
		kit.FormRow{Title: "With the tag", Control: v.tag},
		kit.FormRow{Title: "From the file", Control: v.source, Note: "All conditions that are given must hold. Nothing is removed before you have seen what would go."})
	column := container.NewVBox(form.Content(), container.NewHBox(v.look, v.remove), kit.Gap(0, 6), v.lines)
	v.content = container.New(kit.Column{Flex: 1}, v.news, container.NewVScroll(container.NewBorder(kit.Gap(0, 8), nil, kit.Gap(16, 0), kit.Gap(16, 0), container.NewHBox(container.New(kit.Width(formWidth), column)))))
	m.Changed = v.redraw
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus gives the first field the keyboard.
func (v *View) Focus() { v.host.Focus(v.before) }

func (v *View) askRemove() {
	v.host.Decide("Remove "+v.m.Going()+" for good?", "Their notes and tags go with them, and they are overwritten in the file. Backups and exports still hold them, and flash memory may keep old blocks, which are encrypted. The access log is kept.",
		"Remove", v.m.Purge)
}

func (v *View) redraw() {
	text, bad := v.m.Notice()
	if d := v.m.Doing(); d != "" {
		v.news.Say(screen.RoleInformation, d+"…", nil)
	} else {
		v.news.Result(text, bad, v.m.Dismiss)
	}
	idle := v.m.Doing() == ""
	v.look.SetEnabled(idle)
	v.remove.SetEnabled(idle && v.m.Count() > 0)
	v.lines.Objects = nil
	for _, l := range v.m.Lines() {
		v.lines.Add(kit.NewWords(l, screen.RoleText))
	}
	v.content.Refresh()
}
