package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// gapsDialog lists what the listed messages do against the profile, and takes a decision about each.
type gapsDialog struct {
	v       *View
	dismiss func()
	body    *fyne.Container
	title   *kit.Text
	grid    *kit.GridView
	text    *kit.Text
	support *kit.Text
	choice  *kit.SegmentedControl
	note    *kit.Field
	row     int // whose detail shows, -1 for none
}

// ShowGaps counts what the listed messages do against the profile and shows it.
func (v *View) ShowGaps() {
	if _, _, ok := v.m.Profile(); !ok {
		v.ChooseProfile()
		return
	}
	if _, counted := v.m.GapsCounted(); !counted {
		v.m.CountGaps()
	}
	d := &gapsDialog{v: v, row: -1}
	name, _, _ := v.m.Profile()
	d.title = kit.NewText("", screen.RoleMuted)
	d.grid = kit.NewGridView(v.m.GapGrid())
	d.grid.Single = true
	d.grid.OnSelect = d.choose
	d.grid.OnOpen = func(int) { d.show() }
	d.grid.OnRune = d.typed
	d.text, d.support = kit.NewWords("", screen.RoleText), kit.NewWords("", screen.RoleMuted)
	d.choice = kit.NewSegmentedControl(decisionNames(), func(i int) { v.m.DecideGap(d.row, i, d.note.Text) })
	d.note = kit.NewField("a note for those who ask later")
	keep := func() { v.m.DecideGap(d.row, d.choice.Selected(), d.note.Text) }
	d.note.OnBlur = keep
	d.note.OnSubmitted = func(string) { keep(); v.host.Focus(d.grid) }
	decision := container.New(kit.Row{Flex: 2}, d.choice, kit.Gap(4, 0), d.note)
	d.body = container.New(kit.Column{Flex: 2}, d.title, kit.Gap(0, 2), container.New(sizedTo{fyne.NewSize(profileWidth, 300)}, d.grid), kit.Gap(0, 2),
		container.New(sizedTo{fyne.NewSize(profileWidth, 40)}, d.text), container.New(sizedTo{fyne.NewSize(profileWidth, 36)}, d.support), decision,
		kit.NewNote("The keys 1 to 4 decide about the chosen gap. The decision is kept in the profile; what is ignored is information from then on."))
	d.dismiss = v.host.Dialog("Gaps against "+name, container.New(kit.Width(profileWidth), d.body), profileWidth, d.grid,
		kit.Action{Label: "Show the first message", Do: d.show},
		kit.Action{Label: "Export…", Do: func() { d.keep(); v.host.ChooseTarget("Export the gaps", "gaps.xlsx", v.m.ExportGaps) }},
		kit.Action{Label: "Count again", Do: func() { d.keep(); v.m.CountGaps() }},
		kit.Action{Label: "Another profile…", Do: func() { d.dismiss(); v.ChooseProfile() }},
		kit.Action{Label: "Close", Do: func() { d.keep(); d.dismiss() }})
	v.gaps = d
	d.redraw()
}

// keep takes over a note that is still being written.
func (d *gapsDialog) keep() { d.v.m.DecideGap(d.row, d.choice.Selected(), d.note.Text) }

// show goes to the first message that has the chosen gap.
func (d *gapsDialog) show() {
	d.keep()
	if d.v.m.ShowGap(d.grid.Selected()) {
		d.dismiss()
	}
}

// typed decides by number, and goes on to the next gap.
func (d *gapsDialog) typed(r rune) {
	i := int(r - '1')
	if i < 0 || i >= len(decisionNames()) || d.row < 0 {
		return
	}
	d.v.m.DecideGap(d.row, i, d.note.Text)
	if next := d.row + 1; next < d.v.m.GapGrid().Len() {
		d.grid.Select(next)
		d.choose(next)
	}
}

// choose shows a gap in full.
func (d *gapsDialog) choose(row int) {
	if d.row >= 0 && d.row != row {
		d.keep()
	}
	d.row = row
	d.redrawDetail()
}

func (d *gapsDialog) redrawDetail() {
	g, ok := d.v.m.Gap(d.row)
	if !ok {
		d.text.SetText("")
		d.support.SetText("")
		return
	}
	text := g.Text
	if g.Values != "" {
		text += " They send " + g.Values + "."
	}
	if d.v.m.Masked() {
		text = "The mask is on. Take it off to read what the messages do."
	}
	d.text.SetText(text)
	d.support.SetText("Evidence of the rule: " + g.Evidence + ".")
	d.choice.SetSelected(g.Choice)
	if d.note.Text != g.Note {
		d.note.SetText(g.Note)
	}
	d.body.Refresh()
}

// redraw shows what has been counted by now.
func (d *gapsDialog) redraw() {
	words, counted := d.v.m.GapsCounted()
	d.title.SetText(words)
	d.grid.Empty = "Nothing that the messages do is against the profile."
	if !counted {
		d.grid.Empty = words
	}
	n := d.v.m.GapGrid().Len()
	switch {
	case n == 0:
		d.row = -1
	case d.row < 0 || d.row >= n:
		d.row = 0
		d.grid.Select(0)
	}
	d.grid.Refresh()
	d.redrawDetail()
}
