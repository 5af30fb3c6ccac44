package accesslog

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/accesslog"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page.
type View struct {
	m       *model.Model
	host    host.Host
	content fyne.CanvasObject
	filter  *kit.Field
	failed  *kit.ToolButton
	count   *kit.Text
	more    *kit.ToolButton
	news    *kit.News
	grid    *kit.GridView
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h}
	v.filter = kit.NewField("Filter: who, what, words of the details; Enter searches")
	v.filter.OnSubmitted = func(text string) { m.SetText(text); h.Focus(v.grid) }
	v.filter.OnEscape = func() { v.filter.SetText(""); m.SetText(""); h.Focus(v.grid) }
	v.failed = kit.NewTextButton("", "Only what failed", func() { m.SetOnlyFailed(!m.OnlyFailed()) })
	v.count = kit.NewCaption("")
	v.more = kit.NewTextButton("", "Older entries", m.More)
	v.grid = kit.NewGridView(m.List())
	v.grid.Single = true
	v.grid.Empty = "No entry matches the filter."
	v.news = kit.NewNews()
	buttons := container.NewHBox(v.failed,
		kit.NewTextButton(theme.IconShield, "Check the chain", m.Verify),
		kit.NewTextButton(theme.IconExport, "Export as CSV…", v.export),
		kit.NewToolButton(theme.IconRefresh, "Read the log again", m.Load))
	line := container.NewBorder(kit.Gap(0, 4), kit.Gap(0, 4), kit.Gap(6, 0), kit.Gap(6, 0), container.New(kit.Row{Flex: 0}, v.filter, kit.Gap(8, 0), buttons))
	foot := container.NewBorder(nil, nil, container.NewHBox(kit.Gap(6, 0), container.NewCenter(v.count)), v.more)
	v.content = container.New(kit.Column{Flex: 3}, line, v.news, kit.NewRule(), v.grid, kit.NewRule(), foot)
	m.Changed = v.redraw
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus gives the list the keyboard and reads the newest entries.
func (v *View) Focus() {
	v.m.Dismiss() // news of an earlier visit
	v.m.Load()
	v.host.Focus(v.grid)
}

func (v *View) export() {
	v.host.Decide("Export the access log?", "The file is not encrypted. It names who opened which messages and what was searched for, and may so name patients. That it was exported is an entry of the log.",
		"Export", func() { v.host.ChooseTarget("Export the access log", "access-log.csv", v.m.Export) })
}

func (v *View) redraw() {
	shown, total, known := v.m.Shown()
	v.count.SetText("")
	if known {
		v.count.SetText(fmt.Sprintf("%d of %d entries, newest first. Entries cannot be changed or switched off.", shown, total))
	}
	if int64(shown) < total {
		v.more.Show()
	} else {
		v.more.Hide()
	}
	v.failed.SetSelected(v.m.OnlyFailed())
	text, bad := v.m.Notice()
	v.news.Result(text, bad, v.m.Dismiss)
	v.content.Refresh()
	v.grid.Refresh()
}
