package verify

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	model "trestle/internal/present/verify"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page.
type View struct {
	m       *model.Model
	host    host.Host
	content fyne.CanvasObject
	start   *kit.ToolButton
	news    *kit.News
	lines   *fyne.Container
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, news: kit.NewNews(), lines: container.NewVBox()}
	v.start = kit.NewPrimaryButton(theme.IconShield, "Verify now", m.Verify)
	head := container.NewVBox(
		kit.NewNote("Reads the whole file: each page is authenticated, also those that nothing uses; the tables and indexes are checked, and the access log is followed. Work goes on meanwhile. It takes about a second for each gigabyte, and the rest as long as there are messages."),
		container.NewHBox(v.start), kit.Gap(0, 4), v.lines, kit.Gap(0, 8),
		kit.NewNote("A file cannot show that it is an older copy of itself, put back whole. This computer remembers how far the access log had come, and says so at opening. If only indexes are damaged, \"trestle workspace verify --repair\" builds them again once the project is closed; for more than that, restore a backup."))
	v.content = container.New(kit.Column{Flex: 1}, v.news, container.NewVScroll(container.NewBorder(kit.Gap(0, 8), nil, kit.Gap(16, 0), kit.Gap(16, 0), head)))
	m.Changed = v.redraw
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus gives the button the keyboard.
func (v *View) Focus() { v.host.Focus(v.start) }

func (v *View) redraw() {
	text, bad := v.m.Notice()
	if v.m.Doing() {
		v.news.Say(screen.RoleInformation, "The file is being read. The status line shows how far, and stops it.", nil)
	} else {
		v.news.Result(text, bad, v.m.Dismiss)
	}
	v.start.SetEnabled(!v.m.Doing())
	v.lines.Objects = nil
	for _, l := range v.m.Lines() {
		v.lines.Add(kit.NewWords(l.Text, l.Role))
	}
	v.content.Refresh()
}
