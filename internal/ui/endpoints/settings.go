package endpoints

import (
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// dialogWidth is the width of the dialogs in units.
const dialogWidth = 640

// Create asks for a new endpoint.
func (v *View) Create(kind model.Kind) {
	v.form("New "+kind.String(), "Create", v.m.NewDraft(kind), true, func(d model.Draft) error {
		err := v.m.Create(d)
		if err == nil {
			v.made = strings.TrimSpace(d.Name)
		}
		return err
	})
}

// EditSettings shows the settings of the chosen endpoint.
func (v *View) EditSettings() {
	if d, ok := v.m.Draft(); ok {
		v.form("Settings of "+d.Name, "Save", d, false, v.m.Save)
	}
}

// draftForm is the form of an endpoint.
type draftForm struct {
	d        model.Draft
	basic    *kit.Form
	more     *kit.Form
	rows     [2]map[model.DraftField]int // of basic and more
	fields   []func()                    // read the controls into d
	presets  []model.Preset
	first    fyne.Focusable
	moreOpen *kit.Toggle
	whole    *fyne.Container
	submit   func() // what Enter in a field does

	listeners, senders []string // that patients can be shared with
}

// form shows a draft and hands it to done until that finds nothing wrong.
func (v *View) form(title, yes string, d model.Draft, isNew bool, done func(model.Draft) error) {
	f := &draftForm{d: d, presets: model.Presets(), rows: [2]map[model.DraftField]int{{}, {}}, listeners: v.m.ListenerNames(), senders: v.m.SenderNames()}
	f.build(isNew)
	var dismiss func()
	save := func() {
		for _, read := range f.fields {
			read()
		}
		f.basic.SetProblem(-1, "")
		f.more.SetProblem(-1, "")
		var wrong *model.DraftError
		switch err := done(f.d); {
		case err == nil:
			dismiss()
		case errors.As(err, &wrong):
			f.complain(wrong)
		default:
			f.basic.SetProblem(0, err.Error())
		}
	}
	f.submit = save
	scroll := kit.NewFollowingScroll(container.NewBorder(nil, nil, nil, kit.Gap(14, 0), f.whole)) // room for the bar
	scroll.SetMinSize(fyne.NewSize(dialogWidth, 420))
	dismiss = v.host.Dialog(title, scroll, dialogWidth, f.first, kit.Action{Label: yes, Do: save}, kit.Action{Label: "Cancel"})
}

// complain says what is wrong beside its field.
func (f *draftForm) complain(e *model.DraftError) {
	if row, ok := f.rows[0][e.Field]; ok {
		f.basic.SetProblem(row, e.Text)
		return
	}
	if !f.moreOpen.On() {
		f.moreOpen.Press()
	}
	f.more.SetProblem(f.rows[1][e.Field], e.Text)
}

// text is a field of the form.
func (f *draftForm) text(value *string, placeholder string) *kit.Field {
	e := kit.NewField(placeholder)
	e.SetText(*value)
	e.OnSubmitted = func(string) { f.submit() }
	f.fields = append(f.fields, func() { *value = e.Text })
	return e
}

// toggle is a switch of the form.
func (f *draftForm) toggle(value *bool, label string) *kit.Toggle {
	t := kit.NewToggle(label, nil)
	t.SetOn(*value)
	f.fields = append(f.fields, func() { *value = t.On() })
	return t
}

func (f *draftForm) build(isNew bool) {
	var basic, more []kit.FormRow
	add := func(rows *[]kit.FormRow, which int, field model.DraftField, row kit.FormRow) {
		if field != model.NoField {
			f.rows[which][field] = len(*rows)
		}
		*rows = append(*rows, row)
	}
	name := f.text(&f.d.Name, [...]string{"adt-in", "adt-out", "fhir", "rest"}[f.d.Kind])
	f.first = name
	add(&basic, 0, model.NameField, kit.FormRow{Title: "Name", Control: name})
	switch f.d.Kind {
	case model.Sender:
		f.sender(add, &basic, &more)
	case model.FHIRServer:
		f.fhirServer(isNew, add, &basic, &more)
	case model.RESTClient:
		f.restClient(add, &basic, &more)
	default:
		f.listener(isNew, add, &basic, &more)
	}
	f.basic, f.more = kit.NewForm(dialogWidth-24, basic...), kit.NewForm(dialogWidth-24, more...)
	below := f.more.Content()
	below.Hide()
	f.moreOpen = kit.NewToggle("More settings", func(on bool) {
		if on {
			below.Show()
		} else {
			below.Hide()
		}
		f.whole.Refresh()
	})
	f.whole = container.NewVBox(f.basic.Content(), container.New(kit.Width(dialogWidth-24), f.moreOpen), below)
}

type adder func(rows *[]kit.FormRow, which int, field model.DraftField, row kit.FormRow)

func (f *draftForm) sender(add adder, basic, more *[]kit.FormRow) {
	add(basic, 0, model.AddressField, kit.FormRow{Title: "Partner's address", Control: f.text(&f.d.Address, "127.0.0.1:2575")})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.TLS, "TLS, with the certificate of this project's test authority")})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.NewIDs, "Give every message a new control ID and time"), Note: "Otherwise messages go out byte for byte."})
	add(basic, 0, model.ExpectField, kit.FormRow{Title: "Expected acknowledgement", Control: f.text(&f.d.Expect, "AA or CA"), Note: "What a message must get to pass, such as AE, or AA,CA."})
	add(basic, 0, model.RetriesField, kit.FormRow{Title: "Retries after no answer", Control: f.text(&f.d.Retries, "0"), Note: "The same message with the same control ID, after 1, 2, 4 … seconds. It says when it may have arrived twice."})
	add(more, 1, model.TimeoutField, kit.FormRow{Title: "Time-out in seconds", Control: f.text(&f.d.Timeout, "30")})
	add(more, 1, model.RateField, kit.FormRow{Title: "Messages a second at most", Control: f.text(&f.d.Rate, "no limit")})
	add(more, 1, model.ConnectionsField, kit.FormRow{Title: "Connections side by side", Control: f.text(&f.d.Connections, "1"), Note: "Only one keeps the order of the messages."})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.PerMessage, "A connection of its own for each message")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.KeepPayloads, "Keep the messages in the journal"), Note: "Without it sizes, times and hashes are kept."})
}

func (f *draftForm) listener(isNew bool, add adder, basic, more *[]kit.FormRow) {
	add(basic, 0, model.AddressField, kit.FormRow{Title: "Address", Control: f.text(&f.d.Address, "127.0.0.1:2575"), Note: "127.0.0.1 is reached from this computer only."})
	if isNew {
		add(basic, 0, model.NoField, f.presetRow())
	}
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Open, "Other computers may reach it"), Note: "Needed for any address but 127.0.0.1. The access log keeps that it was opened."})
	add(basic, 0, model.AllowField, kit.FormRow{Title: "Who may connect", Control: f.text(&f.d.Allow, "everyone who reaches it; or 10.1.2.3 10.2.0.0/16")})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.TLS, "TLS, with the certificate of this project's test authority")})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.ClientRequired, "Clients need a certificate of that authority")})

	one := kit.NewChoice(model.OneValuedWords, nil)
	one.SetSelected(f.d.OneValued)
	f.fields = append(f.fields, func() { f.d.OneValued = one.Selected() })
	add(more, 1, model.ApplicationField, kit.FormRow{Title: "If only one of MSH-15 and MSH-16 is valued, it is", Control: one})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.NewExchange, "If MSH-15 is NE, the application acknowledgement is an exchange of its own"), Note: "As HL7 2.9.1 has it. Most systems expect it on the same connection."})
	add(more, 1, model.NoField, kit.FormRow{Title: "Application acknowledgements of their own go to", Control: f.text(&f.d.ApplicationTo, "the connection of the message; or host:port")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Silent, "Do not answer what cannot be correlated"), Note: "Otherwise it is answered with an error, never positively."})
	add(more, 1, model.NoField, kit.FormRow{Title: "Name in replies (MSH-3)", Control: f.text(&f.d.Application, "the message's MSH-5")})
	add(more, 1, model.NoField, kit.FormRow{Title: "Facility in replies (MSH-4)", Control: f.text(&f.d.Facility, "the message's MSH-6")})
	add(more, 1, model.CharsetField, kit.FormRow{Title: "Read every message as", Control: f.text(&f.d.Charset, "what MSH-18 says; or ISO-8859-1, windows-1252, UTF-8")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Check, "Check every message: its findings stand in the journal")})
	add(more, 1, model.NoField, kit.FormRow{Title: "Partner profile that messages are checked against", Control: f.text(&f.d.Profile, "none: the standard alone"), Note: "A profile of this project, or one that comes with the program, such as ecw. Rules on findings ask for it, too."})
	add(more, 1, model.FramingField, kit.FormRow{Title: "Start bytes, hexadecimal", Control: f.text(&f.d.Start, "0B")})
	add(more, 1, model.NoField, kit.FormRow{Title: "End bytes", Control: f.text(&f.d.End, "1C0D")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Release2, "MLLP release 2: commit bytes")})
	add(more, 1, model.LimitField, kit.FormRow{Title: "Longest message in MB", Control: f.text(&f.d.MaxFrame, "64")})
	add(more, 1, model.IdleField, kit.FormRow{Title: "Close a silent connection after seconds", Control: f.text(&f.d.Idle, "never")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.KeepPayloads, "Keep the messages in the journal"), Note: "Without it sizes, times and hashes are kept."})
}

// presetRow chooses whom a new listener behaves like.
func (f *draftForm) presetRow() kit.FormRow {
	var titles []string
	for _, p := range f.presets {
		titles = append(titles, p.Title)
	}
	note := kit.NewWords("", screen.RoleMuted)
	choice := kit.NewChoice(titles, nil)
	choose := func(i int) {
		f.d.Preset = f.presets[i].ID
		note.SetText(f.presets[i].Note)
		if f.whole != nil {
			f.whole.Refresh()
		}
	}
	choice.OnChanged = choose
	for i, p := range f.presets {
		if p.ID == f.d.Preset {
			choice.SetSelected(i)
			choose(i)
		}
	}
	return kit.FormRow{Title: "Behaves like", Control: container.NewVBox(choice, note)}
}

// ChoosePreset asks for a partner whose rules the chosen listener takes over.
func (v *View) ChoosePreset() {
	presets := model.Presets()
	var titles []string
	for _, p := range presets {
		titles = append(titles, p.Title)
	}
	note := kit.NewWords(presets[0].Note, screen.RoleMuted)
	body := container.NewVBox()
	choice := kit.NewChoice(titles, func(i int) {
		note.SetText(presets[i].Note)
		body.Refresh()
	})
	body.Objects = []fyne.CanvasObject{choice, note, kit.NewNote("Its rules and faults take the place of those that are there now.")}
	var dismiss func()
	dismiss = v.host.Dialog("Behave like", container.New(kit.Width(480), body), 480, choice,
		kit.Action{Label: "Use it", Do: func() { dismiss(); v.m.UsePreset(presets[choice.Selected()].ID) }}, kit.Action{Label: "Cancel"})
}

// OwnCertificate asks for the files of the user's own certificate.
func (v *View) OwnCertificate() {
	h, ok := v.m.Header()
	if !ok {
		return
	}
	fields := [3]*kit.Field{kit.NewField("server.pem"), kit.NewField("server.key"), kit.NewField("ca.pem")}
	row := func(i int, title, note string) kit.FormRow {
		browse := kit.NewToolButton(theme.IconFolder, "Choose the file…", func() {
			v.host.ChooseFiles(title, func(paths []string) { fields[i].SetText(paths[0]) })
		})
		return kit.FormRow{Title: title, Control: container.NewBorder(nil, nil, nil, browse, fields[i]), Note: note}
	}
	f := kit.NewForm(dialogWidth-24, row(0, "Certificate, with its chain (PEM)", ""), row(1, "Private key (PEM, without a passphrase)", "It is sealed among the project's secrets."),
		row(2, "Authority of the other side (PEM)", "Whose certificates are trusted: of clients for a listener, of the partner for a sender. May stay empty."))
	var dismiss func()
	dismiss = v.host.Dialog("Certificate of "+h.Name, f.Content(), dialogWidth, fields[0], kit.Action{Label: "Use it", Do: func() {
		for i, what := range []string{"name the certificate's file", "name the key's file"} {
			if fields[i].Text == "" {
				f.SetProblem(i, what)
				return
			}
		}
		dismiss()
		v.m.OwnCertificate(fields[0].Text, fields[1].Text, fields[2].Text)
	}}, kit.Action{Label: "Cancel"})
}
