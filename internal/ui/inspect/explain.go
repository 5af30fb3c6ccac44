package inspect

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// explainWidth is the width of the explanation in units.
const explainWidth float32 = 520

// Explain shows what the dictionary says of the field at the cursor.
func (v *View) Explain() {
	e, ok := v.m.Explain()
	if !ok {
		v.host.Tell("Nothing to explain", "Put the cursor into a segment of an HL7 v2 message.")
		return
	}
	body := container.NewVBox()
	for _, f := range e.Facts {
		body.Add(container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(110), kit.NewText(f[0], screen.RoleMuted)), kit.NewWords(f[1], screen.RoleText)))
	}
	if e.Table != "" {
		body.Add(container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(110), kit.NewText("Table", screen.RoleMuted)), kit.NewWords(e.Table, screen.RoleText)))
	}
	var first fyne.Focusable
	if e.Codes != nil {
		grid := kit.NewGridView(e.Codes)
		grid.Single = true
		rows := min(e.Codes.Len(), 8)
		body.Add(kit.Gap(0, 2))
		body.Add(container.New(sizedTo{fyne.NewSize(explainWidth, float32(26+24*rows+4))}, grid))
		if e.Chosen >= 0 {
			defer grid.Select(e.Chosen)
		}
		first = grid
	}
	var dismiss func()
	dismiss = v.host.Dialog(e.Title, container.New(kit.Width(explainWidth), body), explainWidth, first, kit.Action{Label: "Close", Do: func() { dismiss() }})
}

// Code is the raw view.
func (v *View) Code() *kit.CodeView { return v.message.code }

// Wraps says whether the raw view breaks long segments at its edge.
func (v *View) Wraps() bool { return v.message.code.Wraps() }
