package people

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/people"
	"trestle/internal/present/screen"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page: the keys above, the forms below.
type View struct {
	m       *model.Model
	host    host.Host
	content fyne.CanvasObject
	grid    *kit.GridView
	remove  *kit.ToolButton
	news    *kit.News
	tabs    *kit.SegmentedControl
	forms   []*form // by tab, nil where it is none
	body    *fyne.Container
	free    *kit.Text
}

// form is one set of fields with what is wrong with each.
type form struct {
	fields   []*kit.Field
	problems map[model.Field]*kit.Text
	strength *kit.Text
	submit   *kit.ToolButton
	content  fyne.CanvasObject
}

// The tabs that are no forms.
const (
	recoveryTab = 2
	computerTab = 3
)

// formWidth is the width of the forms in units.
const formWidth = 420

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h}
	v.grid = kit.NewGridView(m.List())
	v.grid.Single = true
	v.grid.OnSelect = func(int) { v.redraw() }
	v.remove = kit.NewTextButton(theme.IconDelete, "Remove this key…", v.askRemove)
	v.free = kit.NewCaption("")
	v.news = kit.NewNews()
	v.forms = []*form{v.addForm(), v.changeForm(), nil, nil, v.rekeyForm(), v.renameForm()}
	v.body = container.NewStack(v.forms[0].content)
	v.tabs = kit.NewSegmentedControl([]string{"Add a person", "Change my passphrase", "Recovery code", "This computer", "New data key", "Rename"}, func(i int) {
		if i == computerTab && m.Here() == model.HereUnknown {
			m.AskKeyring()
		}
		m.Dismiss()
	})
	list := container.NewStack(kit.Gap(0, theme.RowHeight*7), v.grid)
	bar := container.NewHBox(v.remove, container.NewCenter(v.free))
	lower := container.NewBorder(kit.Gap(0, 6), nil, kit.Gap(10, 0), nil,
		container.NewVBox(bar, kit.Gap(0, 10), container.NewHBox(v.tabs), kit.NewRule(), kit.Gap(0, 4), container.NewHBox(v.body)))
	v.content = container.New(kit.Column{Flex: 2}, v.news, list, container.NewVScroll(lower))
	m.Changed = v.redraw
	m.Done = v.empty
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus reads the keys and gives their list the keyboard.
func (v *View) Focus() {
	v.m.Dismiss() // news of an earlier visit
	v.m.Load()
	v.host.Focus(v.grid)
}

func (v *View) addForm() *form {
	name, pass, again := kit.NewField(""), kit.NewSecretField(""), kit.NewSecretField("")
	submit := func() { v.m.Add(name.Text, []byte(pass.Text), []byte(again.Text)) }
	f := &form{fields: []*kit.Field{name, pass, again}, submit: kit.NewPrimaryButton(theme.IconAdd, "Add the key", submit)}
	f.build(v, submit, pass, []row{{"Name", model.NameField, name}, {"Their passphrase", model.NewField, pass}, {"The same again", model.AgainField, again}},
		"Each person opens the project with a passphrase of their own, so that one can be taken away without telling the others a new one.")
	return f
}

func (v *View) changeForm() *form {
	old, pass, again := kit.NewSecretField(""), kit.NewSecretField(""), kit.NewSecretField("")
	submit := func() { v.m.Change([]byte(old.Text), []byte(pass.Text), []byte(again.Text)) }
	f := &form{fields: []*kit.Field{old, pass, again}, submit: kit.NewPrimaryButton(theme.IconKey, "Change it", submit)}
	f.build(v, submit, pass, []row{{"Passphrase until now", model.OldField, old}, {"New passphrase", model.NewField, pass}, {"The same again", model.AgainField, again}},
		"Only the key is wrapped anew, whatever the size of the project. Copies of the file from before still open with the old passphrase.")
	return f
}

type row struct {
	title string
	field model.Field
	entry *kit.Field
}

func (f *form) build(v *View, submit func(), pass *kit.Field, rows []row, note string) {
	f.problems = map[model.Field]*kit.Text{}
	f.strength = kit.NewWords("", screen.RoleMuted)
	column := container.NewVBox()
	for i, r := range rows {
		problem := kit.NewWords("", screen.RoleError)
		problem.Hide()
		f.problems[r.field] = problem
		column.Add(kit.NewCaption(r.title))
		column.Add(r.entry)
		if r.entry == pass {
			column.Add(f.strength)
		}
		column.Add(problem)
		r.entry.OnSubmitted = func(string) {
			if i+1 < len(rows) {
				v.host.Focus(rows[i+1].entry)
				return
			}
			submit()
		}
	}
	if pass != nil {
		pass.OnChanged = func(text string) {
			secret := []byte(text)
			line, role := model.Strength(secret)
			clear(secret)
			f.strength.Set(line, role)
			column.Refresh()
		}
	}
	column.Add(kit.NewNote(note))
	column.Add(container.NewHBox(f.submit))
	f.content = container.New(kit.Width(formWidth), column)
}

// empty forgets what was typed.
func (v *View) empty() {
	for _, f := range v.forms {
		if f == nil {
			continue
		}
		for _, e := range f.fields {
			e.SetText("")
		}
	}
}

func (v *View) askRemove() {
	p, ok := v.m.Person(v.grid.Selected())
	if !ok {
		return
	}
	at := v.grid.Selected()
	v.host.Decide("Remove the key of "+model.Title(p)+"?", "The project can then no longer be opened with it. Copies of the file from before still can. If a key has leaked, give the project a new data key as well.",
		"Remove", func() { v.m.Remove(at) })
}

func (v *View) redraw() {
	field, problem := v.m.Problem()
	switch {
	case problem != "" && field == model.NoField:
		v.news.Result(problem, true, v.m.Dismiss)
	case v.m.Doing() != "":
		v.news.Say(screen.RoleInformation, v.m.Doing()+". Deriving a key takes about a second.", nil)
	default:
		v.news.Result(v.m.Notice(), false, v.m.Dismiss)
	}
	v.chooseForm()
	for _, f := range v.forms {
		if f == nil {
			continue
		}
		for which, line := range f.problems {
			line.Hide()
			if which == field && problem != "" {
				line.SetText(problem)
				line.Show()
			}
		}
		f.submit.SetEnabled(v.m.Doing() == "")
	}
	_, chosen := v.m.Person(v.grid.Selected())
	v.remove.SetEnabled(chosen && v.m.Doing() == "")
	v.free.SetText(v.m.Free())
	v.content.Refresh()
	v.grid.Refresh()
}

func (v *View) chooseForm() {
	want := fyne.CanvasObject(nil)
	switch i := v.tabs.Selected(); i {
	case recoveryTab:
		want = v.recovery()
	case computerTab:
		want = v.thisComputer()
	default:
		want = v.forms[i].content
	}
	if v.body.Objects[0] != want {
		v.body.Objects[0] = want
		v.body.Refresh()
	}
}

// recovery is the page with the code, or with the button that makes one.
func (v *View) recovery() fyne.CanvasObject {
	column := container.NewVBox(kit.NewNote("A recovery code opens the project when nobody knows a passphrase any more. It is shown once. Print it or write it down, and keep it where the file is not: in a safe, not in the laptop's bag."))
	if code := v.m.Code(); code != nil {
		text := kit.NewTitle(string(code), 16)
		text.Mono = true
		if v.m.Masked() {
			text = kit.NewText("Hidden by the mask. Take it off where nobody else looks on.", screen.RoleMuted)
		}
		column.Add(text)
		column.Add(container.NewHBox(
			kit.NewTextButton(theme.IconCopy, "Copy", func() { v.host.Clipboard().SetContent(string(code)) }),
			kit.NewPrimaryButton(theme.IconCheck, "I have it; take it off the screen", v.m.ForgetCode)))
	} else {
		b := kit.NewPrimaryButton(theme.IconKey, "Make a recovery code", v.m.AddRecovery)
		b.SetEnabled(v.m.Doing() == "")
		column.Add(container.NewHBox(b))
	}
	return container.New(kit.Width(560), column)
}
