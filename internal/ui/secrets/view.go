package secrets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	model "trestle/internal/present/secrets"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page: the names above, one secret on demand, and the form below.
type View struct {
	m            *model.Model
	host         host.Host
	content      fyne.CanvasObject
	grid         *kit.GridView
	show, remove *kit.ToolButton
	about        *kit.Text
	shown        *fyne.Container
	news         *kit.News
	name, kind   *kit.Field
	value        *kit.Field
	keep         *kit.ToolButton
}

// formWidth is the width of the form in units.
const formWidth = 420

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h, news: kit.NewNews(), shown: container.NewVBox(), about: kit.NewCaption("")}
	v.grid = kit.NewGridView(m.List())
	v.grid.Single = true
	v.grid.Empty = "No secret is kept. Passwords, client secrets and private keys of connections go here."
	v.grid.OnSelect = func(int) { v.redraw() }
	v.show = kit.NewTextButton(theme.IconUnmask, "Show", func() { m.Reveal(v.grid.Selected()) })
	v.remove = kit.NewTextButton(theme.IconDelete, "Remove…", v.askRemove)
	v.name, v.kind, v.value = kit.NewField("The connection that it is for"), kit.NewField("password, client secret, private key"), kit.NewSecretField("")
	submit := func() { m.Put(v.name.Text, v.kind.Text, []byte(v.value.Text)) }
	v.name.OnSubmitted = func(string) { h.Focus(v.kind) }
	v.kind.OnSubmitted = func(string) { h.Focus(v.value) }
	v.value.OnSubmitted = func(string) { submit() }
	v.keep = kit.NewPrimaryButton(theme.IconAdd, "Keep it", submit)
	form := kit.NewForm(formWidth, kit.FormRow{Title: "Name", Control: v.name}, kit.FormRow{Title: "What it is", Control: v.kind},
		kit.FormRow{Title: "Secret", Control: v.value, Note: "Sealed once more inside the project, by itself. It is in no export, log or picture; each showing is in the access log. Whoever can open the project can have it shown."})
	lower := container.NewBorder(kit.Gap(0, 6), nil, kit.Gap(10, 0), nil, container.NewVBox(
		container.NewHBox(v.show, v.remove, container.NewCenter(v.about)), v.shown, kit.Gap(0, 8), kit.NewTitle("Keep a secret", 14), kit.NewRule(),
		container.NewHBox(form.Content()), container.NewHBox(v.keep)))
	v.content = container.New(kit.Column{Flex: 2}, v.news, container.NewStack(kit.Gap(0, theme.RowHeight*7), v.grid), container.NewVScroll(lower))
	m.Changed = v.redraw
	m.Done = func() {
		for _, f := range []*kit.Field{v.name, v.kind, v.value} {
			f.SetText("")
		}
	}
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus reads the names and gives their list the keyboard. What was shown before is hidden.
func (v *View) Focus() {
	v.m.Hide()
	v.m.Dismiss()
	v.m.Load()
	v.host.Focus(v.grid)
}

func (v *View) askRemove() {
	at := v.grid.Selected()
	s, ok := v.m.Secret(at)
	if !ok {
		return
	}
	v.host.Decide("Remove the secret "+s.Name+"?", "It cannot be brought back. Connections that use it will fail. Backups from before still have it.", "Remove", func() { v.m.Remove(at) })
}

func (v *View) redraw() {
	text, bad := v.m.Notice()
	v.news.Result(text, bad, v.m.Dismiss)
	_, chosen := v.m.Secret(v.grid.Selected())
	idle := v.m.Doing() == ""
	v.show.SetEnabled(chosen && idle)
	v.remove.SetEnabled(chosen && idle)
	v.keep.SetEnabled(idle)
	v.about.SetText(v.m.About())
	v.shown.Objects = nil
	if name, value := v.m.Value(); value != nil {
		t := kit.NewWords(string(value), screen.RoleText)
		t.Mono = true
		v.shown.Objects = []fyne.CanvasObject{kit.NewCaption(name + ", for half a minute"), t, container.NewHBox(kit.NewTextButton(theme.IconMask, "Hide", v.m.Hide))}
	}
	v.content.Refresh()
	v.grid.Refresh()
}
