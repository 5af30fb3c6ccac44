package ui

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// statusLine is the line at the bottom: hints at the left, work in the middle, the cursor's place at the right.
type statusLine struct {
	s       *Shell
	content fyne.CanvasObject
	left    *kit.Text
	work    *kit.Text
	cancel  *kit.ToolButton
	where   *kit.Text
	counts  *kit.Badge
	hinted  string
	stop    func()
}

func newStatusLine(s *Shell) *statusLine {
	l := &statusLine{s: s}
	l.left = kit.NewCaption("")
	l.left.Min = 40
	l.work = kit.NewCaption("")
	l.cancel = kit.NewToolButton(theme.IconClose, "Stop this", func() {
		if l.stop != nil {
			l.stop()
		}
	})
	l.cancel.Hide()
	l.where = kit.NewCaption("")
	l.where.Mono = true
	l.where.Min = 60
	l.where.Align = fyne.TextAlignTrailing
	l.counts = kit.NewBadge(screen.RoleMuted, screen.ShapeNone, "")
	l.counts.Hide()
	middle := container.NewHBox(container.NewCenter(l.work), container.NewCenter(l.cancel))
	right := container.NewBorder(nil, nil, nil, container.NewHBox(container.NewCenter(l.counts), kit.Gap(4, 0)), l.where)
	bar := container.New(statusLayout{}, container.NewBorder(nil, nil, kit.Gap(6, 0), nil, l.left), middle, right)
	l.content = container.New(kit.Column{Flex: 1}, kit.NewRule(), kit.OnPanel(theme.ColorPanel, container.NewStack(kit.Gap(0, 26), bar)))
	return l
}

// hint shows the words that explain what the mouse is over.
func (l *statusLine) hint(text string) {
	l.hinted = text
	l.redraw()
}

func (l *statusLine) redraw() {
	l.left.SetText(l.hinted)
	if l.hinted == "" && l.s.session != nil {
		l.left.SetText(l.s.session.line())
	}
	l.where.SetText("")
	l.counts.Hide()
	if n := l.s.session; n != nil {
		status := n.places[l.s.m.Place()].Status()
		l.where.SetText(status.Where)
		switch {
		case status.Errors > 0:
			l.counts.Set(screen.RoleError, screen.ShapeSquare, fmt.Sprint(status.Errors))
			l.counts.Show()
		case status.Warnings > 0:
			l.counts.Set(screen.RoleWarning, screen.ShapeTriangle, fmt.Sprint(status.Warnings))
			l.counts.Show()
		}
	}
	l.content.Refresh() // the badge comes and goes
	l.redrawWork()
}

// redrawWork shows the oldest work under way with its progress.
func (l *statusLine) redrawWork() {
	work := l.s.m.Work()
	if len(work) == 0 {
		l.work.SetText("")
		if l.cancel.Visible() {
			l.cancel.Hide()
			l.hinted = ""
			l.left.SetText("")
		}
		l.stop = nil
		return
	}
	text := work[0].Title + "  " + work[0].State.String()
	if len(work) > 1 {
		text += fmt.Sprintf("  and %d more", len(work)-1)
	}
	l.work.SetText(text)
	l.stop = work[0].Cancel
	l.cancel.Show()
}
