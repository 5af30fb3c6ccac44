package endpoints

import (
	"fmt"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// shelfPane is what a FHIR server holds: types with counts, and the resources of one.
type shelfPane struct {
	v         *View
	content   fyne.CanvasObject
	title     *kit.Text
	types     *kit.GridView
	resources *kit.GridView
	more      *kit.ToolButton
}

func newShelfPane(v *View) *shelfPane {
	p := &shelfPane{v: v}
	p.title = kit.NewTitle("", theme.SizeText)
	p.types, p.resources = kit.NewGridView(v.m.Types()), kit.NewGridView(v.m.Resources())
	p.types.Single, p.resources.Single = true, true
	p.types.Empty, p.resources.Empty = "Nothing is here yet.", "Load files, or invent patients."
	p.types.OnSelect = v.m.ChooseType
	p.types.OnOpen = func(row int) { v.m.ChooseType(row); v.host.Focus(p.resources) }
	p.resources.OnOpen = v.OpenResource
	p.more = kit.NewToolButton(theme.IconMore, "Load, invent, keep the state and go back to it", p.showMore)
	bar := kit.NewHeading(p.title, container.NewCenter(kit.NewTextButton(theme.IconImport, "Load…", v.LoadResources)), p.more)
	p.content = container.New(kit.Column{Flex: 1}, bar, kit.NewColumns(p.types, p.resources, 0.3))
	return p
}

func (p *shelfPane) redraw() {
	text, ok := p.v.m.ShelfLine()
	if !ok {
		text = "Resources"
	}
	if line := p.v.m.SharingLine(); line != "" {
		text += "    " + line
	}
	p.title.SetText(text)
	if row := p.v.m.TypeRow(); p.types.Selected() != row {
		p.types.Select(row)
	}
	p.types.Refresh()
	p.resources.Refresh()
}

// showMore is what can be done with all resources at once.
func (p *shelfPane) showMore() {
	v := p.v
	items := []*fyne.MenuItem{
		fyne.NewMenuItem("Load files…", v.LoadResources), fyne.NewMenuItem("Invent patients…", v.InventPatients), fyne.NewMenuItem("Count again", v.m.ReadShelf),
		fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Keep this state as…", v.TakeSnapshot),
	}
	for _, name := range v.m.Snapshots() {
		items = append(items, fyne.NewMenuItem("Go back to: “"+name+"”", func() { v.restoreSnapshot(name) }))
	}
	if len(v.m.Snapshots()) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	for _, name := range v.m.Snapshots() {
		items = append(items, fyne.NewMenuItem("Forget: “"+name+"”", func() { v.m.DropSnapshot(name) }))
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.more)
	v.host.Menu(fyne.NewMenu("", items...), at.AddXY(0, p.more.Size().Height))
}

func (v *View) restoreSnapshot(name string) {
	v.host.Decide("Go back to “"+name+"”?", "All resources and their histories become those of then. What is there now is kept beside it, so that you can come back.", "Go back", func() { v.m.RestoreSnapshot(name) })
}

// LoadResources asks for files of resources for the chosen FHIR server.
func (v *View) LoadResources() {
	v.host.ChooseFilesOrFolders("Load resources", v.m.LoadResources)
}

// InventPatients asks how many.
func (v *View) InventPatients() {
	number, seed := kit.NewField("10"), kit.NewField("1")
	f := kit.NewForm(360, kit.FormRow{Title: "Patients", Control: number, Note: "Each with visits, coverages and appointments. They are nobody's."}, kit.FormRow{Title: "Seed", Control: seed, Note: "The same seed invents the same patients."})
	var dismiss func()
	do := func() {
		n, s := 10, uint64(1)
		var err error
		if number.Text != "" {
			if n, err = strconv.Atoi(number.Text); err != nil || n < 1 || n > 10_000 {
				f.SetProblem(0, "write a number from 1 to 10,000")
				return
			}
		}
		if seed.Text != "" {
			if s, err = strconv.ParseUint(seed.Text, 10, 63); err != nil {
				f.SetProblem(1, "write a number")
				return
			}
		}
		dismiss()
		v.m.InventPatients(s, n)
	}
	number.OnSubmitted, seed.OnSubmitted = func(string) { do() }, func(string) { do() }
	dismiss = v.host.Dialog("Invent patients", f.Content(), 360, number, kit.Action{Label: "Invent", Do: do}, kit.Action{Label: "Cancel"})
}

// TakeSnapshot asks for the name under which the state is kept.
func (v *View) TakeSnapshot() {
	name := kit.NewField("before the test")
	f := kit.NewForm(360, kit.FormRow{Title: "Name", Control: name, Note: "An earlier state of this name is replaced."})
	var dismiss func()
	do := func() {
		if err := v.m.TakeSnapshot(name.Text); err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}
	name.OnSubmitted = func(string) { do() }
	dismiss = v.host.Dialog("Keep the state", f.Content(), 360, name, kit.Action{Label: "Keep it", Do: do}, kit.Action{Label: "Cancel"})
}

// OpenResource shows a resource of the list.
func (v *View) OpenResource(row int) {
	r, ok := v.m.Resource(row)
	if !ok {
		return
	}
	text := kit.NewCodeView()
	text.SetText(r.Text)
	var dismiss func()
	actions := []kit.Action{{Label: "Open in Inspect", Do: func() { dismiss(); v.Inspect(r.Name, r.Bytes) }}}
	if v.m.HasConsole() {
		actions = append(actions, kit.Action{Label: "Put it into the REST console", Do: func() { dismiss(); v.m.OfferResource(r.Bytes) }})
	}
	dismiss = v.host.Dialog(r.Title, container.NewStack(kit.Gap(720, 420), text), 740, text, append(actions, kit.Action{Label: "Close"})...)
}

// abilityPane is what the chosen FHIR server can do, by the personality that it has.
type abilityPane struct {
	v       *View
	content fyne.CanvasObject
	words   *kit.Text
	grid    *kit.GridView
}

func newAbilityPane(v *View) *abilityPane {
	p := &abilityPane{v: v, words: kit.NewWords("", screen.RoleText)}
	p.grid = kit.NewGridView(v.m.Abilities())
	p.grid.Single = true
	head := container.NewBorder(kit.Gap(0, 3), kit.Gap(0, 3), kit.Gap(8, 0), kit.Gap(8, 0), p.words)
	p.content = container.New(kit.Column{Flex: 1}, head, p.grid)
	return p
}

func (p *abilityPane) redraw() {
	p.words.SetText(p.v.m.AbilityLine())
	p.grid.Refresh()
}

// tabOf names a tab with a count.
func tabOf(name string, n int, word string) string {
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s  %d%s", name, n, word)
}
