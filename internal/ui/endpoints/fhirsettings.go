package endpoints

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
)

// fhirServer is the form of a FHIR server.
func (f *draftForm) fhirServer(isNew bool, add adder, basic, more *[]kit.FormRow) {
	add(basic, 0, model.AddressField, kit.FormRow{Title: "Address", Control: f.text(&f.d.Address, "127.0.0.1:8080"), Note: "127.0.0.1 is reached from this computer only."})
	add(basic, 0, model.NoField, f.personalityRow())
	if isNew {
		add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Invent, "Begin with ten invented patients"), Note: "With visits, coverages and appointments. They are nobody's."})
	}
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Open, "Other computers may reach it"), Note: "Needed for any address but 127.0.0.1. The access log keeps that it was opened."})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.TLS, "TLS, with the certificate of this project's test authority")})
	add(basic, 0, model.NoField, kit.FormRow{Control: f.toggle(&f.d.ClientRequired, "Clients need a certificate of that authority")})
	f.authRows(model.ServerAuths, []part{nothing, userPart | secretPart, headerPart | secretPart, secretPart, nothing}, "Clients authenticate with", isNew, add, basic)
	f.shareRows(add, basic, more)
	add(more, 1, model.BaseField, kit.FormRow{Title: "Path of the service", Control: f.text(&f.d.Base, "/fhir, or the vendor's")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Validate, "Refuse what the definitions forbid"), Note: "With 422 and an OperationOutcome that says what and where."})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Strict, "Search parameters that are not known are an error"), Note: "Otherwise they are ignored with a warning, unless the client asks for Prefer: handling=strict."})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.DeleteMany, "A conditional delete may take several resources")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.KeepPayloads, "Keep requests and answers in the journal"), Note: "Without it sizes, times and hashes are kept."})
}

// shareRows choose with which endpoints for HL7 v2 the patients are shared.
func (f *draftForm) shareRows(add adder, basic, more *[]kit.FormRow) {
	one := func(title, note string, names []string, value *string) {
		options := append([]string{"none"}, names...)
		choice := kit.NewChoice(options, func(i int) {
			*value = ""
			if i > 0 {
				*value = names[i-1]
			}
		})
		choice.SetSelected(max(slices.Index(names, *value), -1) + 1)
		add(basic, 0, model.NoField, kit.FormRow{Title: title, Control: choice, Note: note})
	}
	one("One patient, two doors: messages that this listener accepts change the resources", "An ADT creates or updates Patient, Encounter and Coverage before it is acknowledged; SIU and DFT appointments and charges.", f.listeners, &f.d.Share)
	one("Changes that clients make are told through this sender", "As ADT, SIU or DFT. What came by the listener is not sent back.", f.senders, &f.d.ShareTo)
	add(more, 1, model.NoField, kit.FormRow{Title: "Mappings of this project that turn one into the other", Control: f.text(&f.d.Mappings, "those that come with the program"), Note: "Names with commas between them, each for one type of message and one way."})
}

// restClient is the form of a REST console.
func (f *draftForm) restClient(add adder, basic, more *[]kit.FormRow) {
	add(basic, 0, model.AddressField, kit.FormRow{Title: "Address of the service", Control: f.text(&f.d.Address, "http://127.0.0.1:8080/fhir")})
	f.authRows(model.ClientAuths, []part{nothing, userPart | secretPart, headerPart | secretPart, secretPart, userPart | secretPart | oauthPart, userPart | keyPart | oauthPart}, "It authenticates with", false, add, basic)
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.SystemTrust, "Trust the authorities of this computer, not those of the project"), Note: "For a partner's server with a public certificate."})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.Plain, "Credentials may go over plain HTTP to other computers"), Note: "Anyone on the way can read them then."})
	add(more, 1, model.TimeoutField, kit.FormRow{Title: "Time-out in seconds", Control: f.text(&f.d.Timeout, "30")})
	add(more, 1, model.NoField, kit.FormRow{Control: f.toggle(&f.d.KeepPayloads, "Keep requests and answers in the journal"), Note: "Credentials are never kept there. Without it sizes, times and hashes are kept."})
}

// part is what a way to authenticate asks for, as a set.
type part uint8

const (
	nothing  part = 0
	userPart part = 1 << (iota - 1)
	headerPart
	secretPart
	keyPart
	oauthPart
)

// authRows choose how clients show who they are, and show the fields that this way needs.
func (f *draftForm) authRows(words []string, needs []part, title string, isNew bool, add adder, rows *[]kit.FormRow) {
	placeholder := "as it is stored"
	if isNew {
		placeholder = ""
	}
	secret := kit.NewSecretField(placeholder)
	secret.OnSubmitted = func(string) { f.submit() }
	key := kit.NewNoteField("-----BEGIN PRIVATE KEY-----, RSA or EC P-384; empty keeps the one that is stored")
	f.fields = append(f.fields, func() {
		if f.d.Secret = secret.Text; f.partOf(needs)&keyPart != 0 {
			f.d.Secret = key.Text
		}
	})
	user, header := f.text(&f.d.User, "user, or client_id"), f.text(&f.d.Header, "X-API-Key")
	keyID, scope, token := f.text(&f.d.KeyID, "kid of the key"), f.text(&f.d.Scope, "system/*.read"), f.text(&f.d.TokenEndpoint, "token endpoint, if the server does not publish it")
	lines := []struct {
		needs   part
		title   string
		control fyne.CanvasObject
	}{
		{userPart, "User", user}, {headerPart, "Header", header}, {secretPart, "Secret", secret}, {keyPart, "Private key", container.NewStack(kit.Gap(0, 76), key)}, {keyPart, "Key ID", keyID},
		{oauthPart, "Scopes", scope}, {oauthPart, "Token endpoint", token},
	}
	box := container.NewVBox()
	show := func() {
		box.Objects = nil
		for _, l := range lines {
			if f.partOf(needs)&l.needs != 0 {
				box.Add(labelledRow(l.title, l.control))
			}
		}
		if f.whole != nil {
			f.whole.Refresh()
		}
	}
	choice := kit.NewChoice(words, func(i int) { f.d.Auth = i; show() })
	choice.SetSelected(f.d.Auth)
	show()
	add(rows, 0, model.UserField, kit.FormRow{Title: title, Control: container.NewVBox(choice, box), Note: "What is secret is sealed among the project's secrets."})
	f.rows[0][model.SecretField] = f.rows[0][model.UserField]
}

func (f *draftForm) partOf(needs []part) part { return needs[min(max(f.d.Auth, 0), len(needs)-1)] }

// personalityRow chooses whose server is played.
func (f *draftForm) personalityRow() kit.FormRow {
	all := model.Personalities()
	var titles []string
	chosen := 0
	for i, p := range all {
		titles = append(titles, p.Title)
		if p.ID == f.d.Personality {
			chosen = i
		}
	}
	note := kit.NewWords("", screen.RoleMuted)
	choose := func(i int) {
		f.d.Personality = all[i].ID
		note.SetText(all[i].Note)
		if f.whole != nil {
			f.whole.Refresh()
		}
	}
	choice := kit.NewChoice(titles, choose)
	choice.SetSelected(chosen)
	choose(chosen)
	return kit.FormRow{Title: "It can do", Control: container.NewVBox(choice, note)}
}
