package backup

import (
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/backup"
	"trestle/internal/present/screen"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// View is the page.
type View struct {
	m       *model.Model
	host    host.Host
	content fyne.CanvasObject
	folder  *kit.Text
	now     *kit.ToolButton
	compact *kit.ToolButton
	restore *kit.ToolButton
	keep    *kit.SegmentedControl
	news    *kit.News
	grid    *kit.GridView
}

// New returns the view over m.
func New(m *model.Model, h host.Host) *View {
	v := &View{m: m, host: h}
	v.folder = kit.NewText("", screen.RoleText)
	v.folder.Min = 120
	v.now = kit.NewPrimaryButton(theme.IconSave, "Back up now", m.Now)
	v.compact = kit.NewTextButton("", "Compact the file", m.Compact)
	v.compact.SetHint("Give the room of deleted messages back to the disk")
	v.restore = kit.NewTextButton(theme.IconUndo, "Restore the chosen copy…", v.askRestore)
	choose := kit.NewTextButton(theme.IconFolderOpen, "Choose the folder…", v.choose)
	var labels []string
	for _, n := range model.KeepChoices {
		labels = append(labels, fmt.Sprint(n))
	}
	v.keep = kit.NewSegmentedControl(labels, func(i int) { m.SetKeep(model.KeepChoices[i]) })
	v.grid = kit.NewGridView(m.List())
	v.grid.Single = true
	v.grid.OnSelect = func(int) { v.redraw() }
	v.grid.Empty = "No backup yet. Choose a folder that is not on this computer's own disk, such as a stick or a share."
	v.news = kit.NewNews()
	head := container.NewVBox(
		container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(110), kit.NewText("Folder", screen.RoleMuted)), v.folder, choose),
		container.NewHBox(container.New(kit.LeftIn(107), kit.NewText("Copies kept", screen.RoleMuted)), v.keep),
		kit.NewNote("One copy a day is made by itself when the project is opened, and more whenever you want. Each is encrypted, opened and read back whole before it counts. Whoever has a key of the project today can open it, also after their key was removed here."),
		container.NewHBox(v.now, v.restore, v.compact), kit.Gap(0, 4))
	padded := container.NewBorder(kit.Gap(0, 8), nil, kit.Gap(16, 0), kit.Gap(16, 0), head)
	v.content = container.New(kit.Column{Flex: 3}, padded, v.news, kit.NewRule(), v.grid)
	m.Changed = v.redraw
	v.redraw()
	return v
}

// Content is what the place shows.
func (v *View) Content() fyne.CanvasObject { return v.content }

// Focus reads the folder and gives the list the keyboard.
func (v *View) Focus() {
	v.m.Dismiss() // news of an earlier visit
	v.m.Load()
	v.host.Focus(v.grid)
}

func (v *View) choose() { v.host.ChooseFolder("The folder of the backups", v.m.SetFolder) }

// askRestore asks for a passphrase of the copy, which may be an older one than today's.
func (v *View) askRestore() {
	c, ok := v.m.Copy(v.grid.Selected())
	if !ok {
		return
	}
	pass := kit.NewSecretField("")
	var dismiss func()
	do := func() {
		secret := []byte(pass.Text)
		pass.SetText("")
		dismiss()
		v.m.Restore(c.Path, secret)
	}
	pass.OnSubmitted = func(string) { do() }
	words := container.NewVBox(
		kit.NewNote("The project is closed, the copy is read back whole and takes its place. What is there now is kept beside it under another name. What came in after "+c.Time.Format("2006-01-02 15:04")+" UTC is only in what is kept."),
		kit.NewCaption("A passphrase that opened the project then"), pass)
	dismiss = v.host.Dialog("Restore "+filepath.Base(c.Path)+"?", words, 480, pass, kit.Action{Label: "Restore", Do: do}, kit.Action{Label: "Cancel"})
}

func (v *View) redraw() {
	if f := v.m.Folder(); f != "" {
		v.folder.Set(f, screen.RoleText)
	} else {
		v.folder.Set("none chosen yet", screen.RoleMuted)
	}
	for i, n := range model.KeepChoices {
		if n == v.m.Keep() {
			v.keep.SetSelected(i)
		}
	}
	idle := v.m.Doing() == ""
	v.now.SetEnabled(idle && v.m.Folder() != "")
	v.compact.SetEnabled(idle)
	_, chosen := v.m.Copy(v.grid.Selected())
	v.restore.SetEnabled(idle && chosen)
	text, bad := v.m.Notice()
	v.news.Result(text, bad, v.m.Dismiss)
	v.content.Refresh()
	v.grid.Refresh()
}
