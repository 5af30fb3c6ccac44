package start

import (
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"trestle/internal/present/screen"
	model "trestle/internal/present/start"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
	"trestle/internal/workspace"
)

// View is the first place.
type View struct {
	m    *model.Model
	host host.Host
	// Sample opens the sample project.
	Sample func()

	root    *fyne.Container
	waiting *kit.News // which messages wait for a project
	tabs    *kit.SegmentedControl
	body    *fyne.Container

	file, name, create     *kit.Field
	pass, newPass, again   *kit.Field
	problems               map[model.Field]*widget.Label
	doing                  *kit.Text
	open, make, sample     *kit.ToolButton
	recent                 *fyne.Container
	openForm, createForm   fyne.CanvasObject
	ciphers                *kit.SegmentedControl
	fips                   fyne.CanvasObject
	remember               *kit.Toggle
	aboutRemember          fyne.CanvasObject
	remembered, stop       *kit.ToolButton
	chooseOpen, chooseMake *kit.ToolButton
}

// formWidth is the width of the card in units.
const formWidth = 460

// New returns the view over m. path is the project to open, "" for the one used last.
func New(m *model.Model, h host.Host, path string) *View {
	v := &View{m: m, host: h, problems: map[model.Field]*widget.Label{}}
	v.fields()
	v.forms()
	v.build()
	m.Changed = v.redraw
	if path == "" {
		if recent := m.Recent(); len(recent) > 0 {
			path = recent[0].Path
		}
	}
	v.file.SetText(path)
	v.redraw()
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

func (v *View) fields() {
	field := func(f *kit.Field, submit func()) *kit.Field {
		f.OnChanged = func(string) { v.m.Clear() }
		f.OnSubmitted = func(string) { submit() }
		return f
	}
	v.file = field(kit.NewField(""), func() { v.host.Focus(v.pass) })
	v.file.OnChanged = func(string) { v.m.Clear(); v.redrawRemembered() }
	v.pass = field(kit.NewSecretField(""), v.submitOpen)
	v.name = field(kit.NewField("The two systems that it connects"), func() { v.host.Focus(v.create) })
	v.create = field(kit.NewField(""), func() { v.host.Focus(v.newPass) })
	v.newPass = field(kit.NewSecretField("At least 8 characters; several words are better"), func() { v.host.Focus(v.again) })
	v.again = field(kit.NewSecretField(""), v.submitCreate)
}

func (v *View) forms() {
	v.open = kit.NewPrimaryButton(theme.IconUnlock, "Open project", v.submitOpen)
	v.make = kit.NewPrimaryButton(theme.IconAdd, "Create project", v.submitCreate)
	v.sample = kit.NewTextButton(theme.IconMessage, "Open the sample project", func() { v.Sample() })
	v.chooseOpen = kit.NewTextButton(theme.IconFolderOpen, "Choose…", func() {
		v.host.ChooseFiles("Open project", func(paths []string) { v.file.SetText(paths[0]); v.host.Focus(v.pass) })
	})
	v.chooseMake = kit.NewTextButton(theme.IconFolderOpen, "Choose…", func() {
		v.host.ChooseTarget("New project", model.FileName(v.name.Text), v.create.SetText)
	})
	v.chooseCipher()
	v.offerToRemember()
	v.stop = kit.NewTextButton(theme.IconClose, "Stop", v.m.Cancel)
	v.openForm = container.NewVBox(
		v.row("Project file", model.File, container.NewBorder(nil, nil, nil, v.chooseOpen, v.file)),
		v.row("Passphrase", model.Passphrase, v.pass),
		container.NewHBox(v.remember),
		v.aboutRemember,
		kit.Gap(0, 4),
		container.NewHBox(v.open, v.remembered),
	)
	v.createForm = container.NewVBox(
		v.row("Name", model.Name, v.name),
		v.row("Project file", model.File, container.NewBorder(nil, nil, nil, v.chooseMake, v.create)),
		v.row("Passphrase", model.Passphrase, v.newPass),
		v.row("Passphrase again", model.Again, v.again),
		kit.NewCaption("Cipher"),
		container.NewHBox(v.ciphers),
		v.fips,
		kit.NewNote("The file is encrypted with this passphrase. Nobody can open it without: there is no way around a lost passphrase."),
		kit.Gap(0, 4),
		container.NewHBox(v.make),
	)
}

// chooseCipher makes the choice of what seals a new project. Who needs none leaves it; who is told to take AES reads what that is worth.
func (v *View) chooseCipher() {
	var names []string
	for _, c := range workspace.Ciphers() {
		names = append(names, string(c))
	}
	v.fips = kit.NewNote(workspace.AboutFIPS)
	v.fips.Hide()
	v.ciphers = kit.NewSegmentedControl(names, func(i int) {
		c := workspace.Ciphers()[i]
		v.m.SetCipher(c)
		if c == workspace.AES256GCM {
			v.fips.Show()
		} else {
			v.fips.Hide()
		}
		v.createForm.Refresh()
	})
}

// offerToRemember makes the choice to let this computer remember a key, which is off each time, and the button that uses one.
func (v *View) offerToRemember() {
	v.m.SetRemember(false)
	v.aboutRemember = kit.NewNote(model.AboutRemembering)
	v.aboutRemember.Hide()
	v.remember = kit.NewToggle("Remember on this computer", func(on bool) {
		v.m.SetRemember(on)
		if on {
			v.aboutRemember.Show()
		} else {
			v.aboutRemember.Hide()
		}
		v.openForm.Refresh()
	})
	if v.m.Keyring == nil {
		v.remember.Hide()
	}
	v.remembered = kit.NewTextButton(theme.IconKey, "Open without the passphrase", func() { v.m.OpenRemembered(v.file.Text) })
	v.remembered.SetHint("With the key that this computer may remember")
	v.remembered.Hide()
}

// redrawRemembered offers to open without a passphrase where that may work.
func (v *View) redrawRemembered() {
	if v.m.Doing() == "" && v.m.MayBeRemembered(v.file.Text) {
		v.remembered.Show()
	} else {
		v.remembered.Hide()
	}
	v.openForm.Refresh()
}

// row is a field under its name, with room for what is wrong with it.
func (v *View) row(name string, f model.Field, field fyne.CanvasObject) fyne.CanvasObject {
	problem := widget.NewLabel("")
	problem.Wrapping, problem.Importance, problem.SizeName = fyne.TextWrapWord, widget.DangerImportance, fynetheme.SizeNameCaptionText
	problem.Hide()
	key := f
	if name == "Project file" && v.problems[model.File] != nil || name == "Passphrase" && v.problems[model.Passphrase] != nil {
		key += createForm // the same field of the other form
	}
	v.problems[key] = problem
	return container.NewVBox(kit.NewCaption(name), field, problem)
}

// createForm is added to a field's number for its problem line in the form of a new project.
const createForm model.Field = 100

func (v *View) build() {
	v.tabs = kit.NewSegmentedControl([]string{"Open project", "New project"}, func(int) { v.m.Clear(); v.redraw() })
	v.body = container.NewStack(v.openForm)
	v.doing = kit.NewText("", screen.RoleMuted)
	v.recent = container.NewVBox()
	v.waiting = kit.NewNews()
	title := kit.NewTitle("Trestle", 22)
	subtitle := kit.NewText("A workbench for connecting healthcare systems", screen.RoleMuted)
	card := container.NewVBox(title, subtitle, kit.Gap(0, 10), v.waiting, v.tabs, kit.NewRule(), kit.Gap(0, 6), v.body, kit.Gap(0, 4),
		v.doing, container.NewHBox(v.stop), kit.Gap(0, 8), v.recent, kit.Gap(0, 6),
		container.NewHBox(v.sample), kit.NewNote("The sample is an infusion centre that is being joined to a practice. All of its patients are invented."))
	v.root = container.NewStack(kit.NewPanel("background"), container.NewCenter(container.New(kit.Width(formWidth), card)))
}

// Await says that files of messages wait until a project is open.
func (v *View) Await(files []string) {
	text := ""
	switch len(files) {
	case 0:
	case 1:
		text = filepath.Base(files[0]) + " opens as soon as a project is open: yours, a new one, or the sample."
	default:
		text = screen.Plural(len(files), "file") + " open as soon as a project is open: yours, a new one, or the sample."
	}
	v.waiting.Say(screen.RoleInformation, text, nil)
	v.root.Refresh()
}

func (v *View) submitOpen() { v.m.Open(v.file.Text, []byte(v.pass.Text)) }

func (v *View) submitCreate() {
	v.m.Create(v.create.Text, v.name.Text, []byte(v.newPass.Text), []byte(v.again.Text))
}

// FocusFirst gives the field that the user needs next the keyboard.
func (v *View) FocusFirst() {
	switch {
	case v.tabs.Selected() == 1:
		v.host.Focus(v.name)
	case v.file.Text == "":
		v.host.Focus(v.file)
	default:
		v.host.Focus(v.pass)
	}
}

func (v *View) redraw() {
	creating := v.tabs.Selected() == 1
	form := v.openForm
	if creating {
		form = v.createForm
	}
	if v.body.Objects[0] != form {
		v.body.Objects[0] = form
		v.body.Refresh()
	}
	v.redrawProblem(creating)
	v.redrawDoing()
	v.redrawRecent()
	if v.m.Doing() == "" {
		v.focusProblem(creating)
	}
}

// focusProblem gives the field that something is wrong with the keyboard.
func (v *View) focusProblem(creating bool) {
	fields := map[model.Field]*kit.Field{model.File: v.file, model.Passphrase: v.pass}
	if creating {
		fields = map[model.Field]*kit.Field{model.File: v.create, model.Name: v.name, model.Passphrase: v.newPass, model.Again: v.again}
	} else if v.problem() == model.Passphrase {
		v.pass.Text = "" // not SetText: typing is what takes the problem away
		v.pass.Refresh()
	}
	if f := fields[v.problem()]; f != nil {
		v.host.Focus(f)
	}
}

func (v *View) problem() model.Field { f, _ := v.m.Problem(); return f }

func (v *View) redrawProblem(creating bool) {
	field, text := v.m.Problem()
	if creating && (field == model.File || field == model.Passphrase) {
		field += createForm
	}
	for f, line := range v.problems {
		if f == field && text != "" {
			line.SetText(text)
			line.Show()
		} else {
			line.Hide()
		}
	}
}

func (v *View) redrawDoing() {
	doing := v.m.Doing()
	v.redrawRemembered()
	if doing == "" {
		v.stop.Hide()
	} else {
		v.stop.Show()
	}
	buttons := []*kit.ToolButton{v.open, v.make, v.sample, v.chooseOpen, v.chooseMake}
	if doing == "" {
		v.doing.SetText(v.m.Said())
		if v.m.Said() == "" {
			v.doing.Hide()
		} else {
			v.doing.Show()
		}
		for _, b := range buttons {
			b.SetEnabled(true)
		}
		return
	}
	v.doing.SetText(doing + ". Deriving the key takes about a second.")
	v.doing.Show()
	for _, b := range buttons {
		b.SetEnabled(false)
	}
}

func (v *View) redrawRecent() {
	recent := v.m.Recent()
	v.recent.Objects = nil
	if len(recent) > 0 && v.tabs.Selected() == 0 {
		v.recent.Add(kit.NewCaption("Opened before"))
		for _, r := range recent {
			v.recent.Add(v.recentRow(r))
		}
	}
	v.recent.Refresh()
}

func (v *View) recentRow(r model.Recent) fyne.CanvasObject {
	b := kit.NewTextButton(theme.IconFile, r.Title(), func() { v.file.SetText(r.Path); v.host.Focus(v.pass) })
	b.Kind = kit.Flat
	where := kit.NewCaption(filepath.ToSlash(r.Folder()))
	where.Min = 60
	if r.Missing {
		where.Set("not there any more", screen.RoleWarning)
		b.Disable()
	}
	forget := kit.NewToolButton(theme.IconClose, "Take "+r.Title()+" off this list; the file stays", func() { v.m.Forget(r.Path) })
	return container.NewBorder(nil, nil, b, forget, where)
}
