package people

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/people"
	"trestle/internal/present/screen"
	"trestle/internal/present/start"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
	"trestle/internal/workspace/keyring"
)

// thisComputer is the page about what this computer's keyring remembers.
func (v *View) thisComputer() fyne.CanvasObject {
	column := container.NewVBox(kit.NewNote("This computer's keyring can keep a key of the project: Keychain on macOS, Credential Manager on Windows, a Secret Service such as GNOME Keyring or KWallet on Linux. " + start.AboutRemembering))
	idle := v.m.Doing() == ""
	switch v.m.Here() {
	case model.HereUnknown:
		column.Add(kit.NewCaption("Asking the keyring…"))
	case model.HereNone:
		column.Add(kit.NewWords(capital(keyring.ErrNone.Error())+".", screen.RoleWarning))
	case model.HereForgets:
		b := kit.NewPrimaryButton(theme.IconKey, "Remember on this computer", v.m.Remember)
		b.SetEnabled(idle)
		column.Add(container.NewHBox(b))
	case model.HereRemembers:
		column.Add(kit.NewWords("This computer remembers a key of the project.", screen.RoleText))
		b := kit.NewPrimaryButton(theme.IconDelete, "Forget it", v.m.Forget)
		b.SetEnabled(idle)
		column.Add(container.NewHBox(b))
	}
	return container.New(kit.Width(formWidth), column)
}

func capital(s string) string { return fmt.Sprintf("%c%s", s[0]-'a'+'A', s[1:]) }

// rekeyForm gives the project a new data key.
func (v *View) rekeyForm() *form {
	pass, again := kit.NewSecretField(""), kit.NewSecretField("")
	f := &form{fields: []*kit.Field{pass, again}}
	submit := func() {
		text := "Everything is encrypted again, which takes about three seconds for each gigabyte, and the project is closed by it. Copies from before still open with the keys that they had."
		switch n := v.m.Others(); {
		case n == 1:
			text += " One other key will be gone: its owner needs a new one."
		case n > 1:
			text += fmt.Sprintf(" %d other keys will be gone: their owners need new ones.", n)
		}
		v.host.Decide("Give the project a new data key?", text, "Encrypt again", func() {
			v.m.Rekey([]byte(pass.Text), []byte(again.Text))
			v.empty()
		})
	}
	f.submit = kit.NewPrimaryButton(theme.IconKey, "New data key…", submit)
	f.build(v, submit, pass, []row{{"New passphrase", model.NewField, pass}, {"The same again", model.AgainField, again}},
		"For when a passphrase became known: what comes from now on is out of reach of those who have it. Being cut off loses nothing.")
	return f
}

// renameForm changes whose key the chosen one is.
func (v *View) renameForm() *form {
	name := kit.NewField("Choose a key above")
	f := &form{fields: []*kit.Field{name}}
	submit := func() { v.m.Rename(v.grid.Selected(), name.Text) }
	f.submit = kit.NewPrimaryButton(theme.IconCheck, "Change the name", submit)
	f.build(v, submit, nil, []row{{"Name of the chosen key's owner", model.RenameField, name}}, "The key stays as it is. The access log tells of both names.")
	return f
}
