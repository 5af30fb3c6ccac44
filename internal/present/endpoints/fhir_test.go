package endpoints

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/endpoint/rules"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/present/screen"
	"trestle/internal/present/translation"
)

// fhirServer makes a FHIR server on a free port and starts it.
func (p *place) fhirServer(name string, change func(*Draft)) {
	p.t.Helper()
	d := p.NewDraft(FHIRServer)
	d.Name, d.Address = name, "127.0.0.1:0"
	if change != nil {
		change(&d)
	}
	if err := p.Create(d); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
	p.Start(name)
	p.until("the server", p.IsRunning)
}

// console makes a REST console for the server of that name and chooses it.
func (p *place) restConsole(name, to string, change func(*Draft)) {
	p.t.Helper()
	d := p.NewDraft(RESTClient)
	d.Name, d.Address = name, p.named(to).running.server.Where()
	if change != nil {
		change(&d)
	}
	if err := p.Create(d); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
}

// ask sends a request and waits for its answer.
func (p *place) ask(method, path, rest string) string {
	p.t.Helper()
	p.Write(method, path, rest)
	p.SendRequest()
	p.until("the answer", func() bool { return !p.IsAsking() })
	text, _ := p.AnswerLine()
	return text
}

func gridText(g screen.Grid) string {
	var b strings.Builder
	for row := range g.Len() {
		for col := range g.Columns() {
			if c := g.Cell(row, col); c.Masked {
				b.WriteString("[masked] ")
			} else {
				b.WriteString(c.Text + " ")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func allText(t screen.Text) string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for i := range t.Lines() {
		line, _ := t.Line(i, 0, t.Columns(i))
		b.WriteString(line + "\n")
	}
	return b.String()
}

// The main story: a FHIR server stands in, a console asks it, and both sides stand in the journal.
func TestFHIRServerIsAsked(t *testing.T) {
	p := open(t)
	p.fhirServer("fhir", nil)
	p.ReadShelf()
	p.settle()
	if text, ok := p.ShelfLine(); !ok || !strings.Contains(text, "resources") || p.Types().Len() < 3 {
		t.Fatalf("%q, %d types; news %+v", text, p.Types().Len(), p.News())
	}
	p.restConsole("rest", "fhir", nil)
	p.CompletePath("GET", "Pat")
	p.settle()
	if p.JournalList().Len() != 0 {
		t.Error("the server is asked before anything is sent")
	}
	if got := p.ask("GET", "Patient?_count=3", ""); !strings.HasPrefix(got, "200 OK") || !strings.Contains(got, "Bundle of 10, 3 here") {
		t.Errorf("the answer is %q; news %+v", got, p.News())
	}
	if !strings.Contains(allText(p.AnswerText()), `"resourceType": "Bundle"`) {
		t.Error("the answer is not shown indented")
	}
	next, back := p.Pages()
	if !next || back {
		t.Errorf("pages: next %v, back %v", next, back)
	}
	p.FollowPage("next")
	p.until("the next page", func() bool { return !p.IsAsking() })
	if _, back := p.Pages(); !back {
		t.Error("the second page knows of no page before it")
	}
	if got := p.ask("POST", "Patient", `{"resourceType":"Patient","gender":"unknowable"}`); !strings.HasPrefix(got, "422") || !p.HasIssues() || !strings.Contains(gridText(p.AnswerIssues()), "Patient.gender") {
		t.Errorf("the answer is %q\n%s", got, gridText(p.AnswerFacts()))
	}
	if got := p.ask("POST", "Patient", "Prefer: return=minimal\n\n"+`{"resourceType":"Patient","name":[{"family":"Testcase"}]}`); !strings.HasPrefix(got, "201") {
		t.Errorf("the answer is %q", got)
	}
	suggestions := p.CompletePath("GET", "Patient/")
	found := false
	for _, s := range suggestions {
		found = found || s.Text == "seen in an answer"
	}
	if !found {
		t.Errorf("no id that was seen is offered: %+v", suggestions)
	}
	p.settle()
	if got := p.CompletePath("GET", "Patient?fam"); len(got) != 1 || got[0].Path != "Patient?family=" {
		t.Errorf("offered are %+v", got)
	}
	if p.FilterJournal("code:422"); true {
		p.settle()
		if p.JournalList().Len() != 1 {
			t.Fatalf("%d exchanges with 422", p.JournalList().Len())
		}
	}
	p.OpenExchange(0)
	p.until("the exchange", p.IsOpen)
	if request := allText(p.Request()); !strings.Contains(request, "POST /fhir/Patient") || !strings.Contains(request, `"gender": "unknowable"`) {
		t.Errorf("the request is shown as\n%s", request)
	}
	if _, reply := p.Fields(); !strings.Contains(gridText(reply), "OperationOutcome.issue[0].severity error") {
		t.Errorf("the reply's values are\n%s", gridText(reply))
	}
	if !p.OfferExchange() {
		t.Error("the request cannot be sent again")
	}
	if method, path, rest, _ := p.Written(); method != "POST" || path != "Patient" || !strings.Contains(rest, "unknowable") {
		t.Errorf("on the console is %s %s\n%s", method, path, rest)
	}
	p.SetMasked(true)
	masked := allText(p.Request()) + allText(p.Reply()) + allText(p.AnswerText()) + gridText(p.AnswerFacts()) + gridText(p.AnswerIssues())
	request, reply := p.Fields()
	masked += gridText(request) + gridText(reply)
	if strings.Contains(masked, "Testcase") || strings.Contains(masked, "unknowable") || strings.Contains(masked, "Patient/") {
		t.Errorf("the mask lets through\n%s", masked)
	}
	p.SetMasked(false)
	if curl, err := p.CopyCURL(); err != nil || !strings.HasPrefix(curl, "curl ") || !strings.Contains(curl, "--request POST") {
		t.Errorf("%v\n%s", err, curl)
	}
	p.choose("fhir")
	p.until("both sides in the journal", func() bool { return p.JournalList().Len() == 1 }) // the filter still holds
	if got := cellText(p.JournalList(), 0, colMessage); got != "POST Patient" {
		t.Errorf("the journal says %q", got)
	}
	if text := gridText(p.JournalList()); !strings.Contains(text, "code-invalid Patient.gender") {
		t.Errorf("the journal does not say why: %s", text)
	}
}

// What the server holds outlives it, and a state can be gone back to.
func TestFHIRResourcesAreKept(t *testing.T) {
	p := open(t)
	p.fhirServer("fhir", func(d *Draft) { d.Invent = false })
	p.restConsole("rest", "fhir", nil)
	put := func(id string) {
		t.Helper()
		if got := p.ask("PUT", "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","birthDate":"1980-02-29"}`); !strings.HasPrefix(got, "201") {
			t.Fatalf("the answer is %q", got)
		}
	}
	put("a")
	p.choose("fhir")
	if err := p.TakeSnapshot(" "); err == nil {
		t.Error("a snapshot without a name is taken")
	}
	if err := p.TakeSnapshot("first"); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.choose("rest")
	put("b")
	p.choose("fhir")
	p.Turn(p.ChosenRow())
	p.until("the end", func() bool { return !p.IsRunning() })
	p.ReadShelf()
	p.settle()
	if p.Resources().Len() != 2 || !strings.Contains(gridText(p.Resources()), "1980-02-29") {
		t.Fatalf("kept is\n%s", gridText(p.Resources()))
	}
	if r, ok := p.Resource(0); !ok || !strings.Contains(string(r.Bytes), `"id": "b"`) || r.Title != "Patient, version 1" {
		t.Errorf("the newest is %+v", r.Title)
	}
	if got := p.Snapshots(); len(got) != 1 || got[0] != "first" {
		t.Errorf("snapshots are %q", got)
	}
	p.Start("fhir")
	p.until("the server", p.IsRunning)
	p.choose("rest")
	base := p.named("rest").rest
	base.Base = p.named("fhir").running.server.Where()
	put("c")
	p.choose("fhir")
	p.until("the new count", func() bool { text, _ := p.ShelfLine(); return text == "3 resources" })
	p.RestoreSnapshot("first")
	p.settle()
	if p.Resources().Len() != 1 || len(p.Snapshots()) != 2 {
		t.Errorf("after going back there are %d, snapshots %q; news %+v", p.Resources().Len(), p.Snapshots(), p.News())
	}
	p.SetMasked(true)
	if text := gridText(p.Resources()); strings.Contains(text, "1980") || strings.Contains(text, "a ") && !strings.Contains(text, "[masked]") {
		t.Errorf("the mask lets through\n%s", text)
	}
	p.SetMasked(false)
	file := filepath.Join(p.stage.Folder, "more.ndjson")
	if err := os.WriteFile(file, []byte(`{"resourceType":"Organization","id":"o","name":"Lakeside"}`+"\n"+`{"resourceType":"Chart"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.LoadResources([]string{file})
	p.settle()
	if text, _ := p.ShelfLine(); text != "2 resources" || !strings.Contains(p.News().Text, "1 left out") {
		t.Errorf("%q; news %+v", text, p.News())
	}
	// Under another name it holds the same; deleted, it holds nothing.
	p.Turn(p.ChosenRow())
	p.until("the end", func() bool { return !p.IsRunning() })
	d, _ := p.Draft()
	d.Name = "ehr"
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.ReadShelf()
	p.settle()
	if text, _ := p.ShelfLine(); text != "2 resources" {
		t.Errorf("under another name: %q; news %+v", text, p.News())
	}
	p.Start("ehr")
	p.until("the server", p.IsRunning)
	p.Delete()
	p.until("its end", func() bool { return p.named("ehr") == nil })
	p.fhirServer("ehr", func(d *Draft) { d.Invent = false })
	p.ReadShelf()
	p.settle()
	if text, _ := p.ShelfLine(); text != "0 resources" {
		t.Errorf("a new one of the name begins with %q", text)
	}
}

// A vendor's limits are seen before the server starts, and hold when it runs; faults are those of HTTP.
func TestFHIRServerPlaysAVendor(t *testing.T) {
	p := open(t)
	vendor := ""
	for _, x := range Personalities() {
		if strings.Contains(x.Note, "cannot book an appointment") && strings.Contains(x.Note, "public statement of 20") {
			vendor = x.ID
			break
		}
	}
	if vendor == "" {
		t.Fatal("no vendor's note says that it cannot book an appointment")
	}
	p.fhirServer("ehr", func(d *Draft) { d.Personality = vendor })
	if !strings.Contains(p.AbilityLine(), "cannot book an appointment") {
		t.Errorf("the line is %q", p.AbilityLine())
	}
	row := -1
	for i := range p.Abilities().Len() {
		if cellText(p.Abilities(), i, 0) == "Appointment" {
			row = i
		}
	}
	if row >= 0 && cellText(p.Abilities(), row, 3) != "no" {
		t.Errorf("creating an Appointment is %q", cellText(p.Abilities(), row, 3))
	}
	if text := gridText(p.FaultList()); !strings.Contains(text, "Missing next link") || strings.Contains(text, "Wrong control ID") {
		t.Errorf("the faults are\n%s", text)
	}
	p.restConsole("rest", "ehr", nil)
	if got := p.ask("POST", "Appointment", `{"resourceType":"Appointment","status":"booked","participant":[{"status":"accepted"}]}`); !strings.HasPrefix(got, "4") {
		t.Errorf("booking is answered with %q", got)
	}
	p.choose("ehr")
	form := p.RuleForm(-1)
	for _, s := range form.Subjects() {
		if s.ID == subjectPath || s.ID == subjectFinding {
			t.Errorf("a rule of a FHIR server offers %q", s.Title)
		}
	}
	form.Conditions = []Condition{{Subject: subjectType, Value: "GET"}, {Subject: subjectTrigger, Value: "Patient"}}
	form.Answer, form.Text = form.Answers()[2].ID, "down for maintenance"
	for i, f := range rules.HTTPFaults() {
		if f.Kind == rules.Status {
			form.Faults = []FaultForm{{HTTP: true, Kind: i, Argument: "503"}}
		}
	}
	r, err := form.Rule()
	if err != nil {
		t.Fatal(err)
	}
	p.PutRule(-1, r)
	p.settle()
	again := p.RuleForm(0)
	if len(again.Faults) != 1 || again.Faults[0].Argument != "503" || again.Answer != form.Answer {
		t.Errorf("the rule is read as %+v", again)
	}
	p.choose("rest")
	if got := p.ask("GET", "Patient?_id=1", ""); !strings.HasPrefix(got, "503") || !strings.Contains(gridText(p.AnswerIssues()), "down for maintenance") {
		t.Errorf("the rule answers %q\n%s", got, gridText(p.AnswerFacts()))
	}
	p.choose("ehr")
	if got := cellText(p.RuleList(), 0, colFired); got != "1" {
		t.Errorf("the rule fired %q", got)
	}
}

func TestFHIRCredentialsAreSealed(t *testing.T) {
	p := open(t)
	basic := func(d *Draft) { d.Auth, d.User, d.Secret = 1, "ann", "quiet-word" }
	p.fhirServer("fhir", func(d *Draft) { basic(d); d.TLS = true })
	p.restConsole("bare", "fhir", nil)
	if got := p.ask("GET", "Patient", ""); !strings.HasPrefix(got, "401") {
		t.Errorf("without credentials: %q", got)
	}
	p.restConsole("rest", "fhir", basic)
	if got := p.ask("GET", "Patient", ""); !strings.HasPrefix(got, "200") {
		t.Errorf("with credentials: %q", got)
	}
	for _, kind := range []Kind{FHIRServer, RESTClient} {
		list, err := p.store.Documents(t.Context(), documentKinds[kind])
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			d, err := p.store.Document(t.Context(), documentKinds[kind], x.Name)
			if err != nil || strings.Contains(string(d.Bytes), "quiet-word") {
				t.Errorf("%s: %v, or the secret is in the settings", x.Name, err)
			}
		}
	}
	d, _ := p.Draft()
	if d.Secret != "" || d.User != "ann" {
		t.Error("the form shows the secret, or not the user")
	}
	d.Name = "rest-2"
	if err := p.Save(d); err != nil { // as it is stored
		t.Fatal(err)
	}
	p.settle()
	if got := p.ask("GET", "Patient", ""); !strings.HasPrefix(got, "200") {
		t.Errorf("under another name: %q", got)
	}
}

func TestWrongFHIRDrafts(t *testing.T) {
	p := open(t)
	for name, c := range map[string]struct {
		kind   Kind
		change func(*Draft)
		want   DraftField
	}{
		"no address":         {FHIRServer, func(d *Draft) { d.Address = "here" }, AddressField},
		"odd path":           {FHIRServer, func(d *Draft) { d.Base = "fhir?" }, BaseField},
		"no user":            {FHIRServer, func(d *Draft) { d.Auth, d.Secret = 1, "x" }, UserField},
		"no password":        {FHIRServer, func(d *Draft) { d.Auth, d.User = 1, "ann" }, SecretField},
		"no service":         {RESTClient, func(d *Draft) { d.Address = "127.0.0.1:8080" }, AddressField},
		"odd time":           {RESTClient, func(d *Draft) { d.Timeout = "soon" }, TimeoutField},
		"no token":           {RESTClient, func(d *Draft) { d.Auth = 3 }, SecretField},
		"no key":             {RESTClient, func(d *Draft) { d.Auth, d.User, d.Secret = 5, "app", "not a key" }, SecretField},
		"plain to elsewhere": {RESTClient, func(d *Draft) { d.Address, d.Auth, d.Secret = "http://ehr.example/r4", 3, "tok" }, SecretField},
	} {
		d := p.NewDraft(c.kind)
		c.change(&d)
		var wrong *DraftError
		if err := p.Create(d); !errors.As(err, &wrong) || wrong.Field != c.want {
			t.Errorf("%s: %v, want field %d", name, err, c.want)
		}
	}
	if p.Count() != 0 {
		t.Errorf("%d endpoints were made", p.Count())
	}
}

// What is written is checked while it is written.
func TestBodyIsCheckedWhileItIsWritten(t *testing.T) {
	p := open(t)
	p.fhirServer("fhir", nil)
	p.restConsole("rest", "fhir", nil)
	p.Write("POST", "Patient", `{"resourceType":"Patient","birthDate":"1980-02-30"}`)
	p.until("the findings", func() bool { return p.BodyFindings().Len() > 0 })
	if text := gridText(p.BodyFindings()); !strings.Contains(text, "Patient.birthDate") {
		t.Errorf("findings\n%s", text)
	}
	p.Write("POST", "Patient", `{"resourceType":"Patient","birthDate":"1980-02-28"}`)
	p.until("no findings", func() bool { return p.BodyFindings().Len() == 0 })
	p.Write("POST", "Patient", "Prefer return=minimal\n\n{}")
	if !strings.Contains(p.WrittenProblem(), "header") {
		t.Errorf("the problem is %q", p.WrittenProblem())
	}
	if p.OfferResource([]byte("no resource")) {
		t.Error("what is no resource is taken")
	}
	for text, want := range map[string]string{
		`{"resourceType":"Patient"}`:                      "POST Patient",
		`{"resourceType":"Patient","id":"7"}`:             "PUT Patient/7",
		`{"resourceType":"Bundle","type":"transaction"}`:  "POST ",
		`<Patient xmlns="http://hl7.org/fhir"></Patient>`: "POST Patient",
	} {
		if !p.OfferResource([]byte(text)) {
			t.Errorf("%s is not taken", text)
		}
		if method, path, rest, _ := p.Written(); method+" "+path != want || strings.TrimSpace(rest) != text {
			t.Errorf("%s: %s %s\n%s", text, method, path, rest)
		}
	}
}

// One patient, two doors: a message changes the FHIR server's resources before it is acknowledged, and a client's change is told by a
// message.
func TestPatientsAreShared(t *testing.T) {
	p := open(t)
	p.Translator = func(_ context.Context, names []string) (twodoors.Translator, error) {
		if len(names) > 0 {
			t.Errorf("mappings %q are asked for", names)
		}
		return translation.New(nil)
	}
	p.listener("partner", "always-accepts")
	p.sender("to-partner", "partner")
	p.fhirServer("fhir", func(d *Draft) { d.Invent, d.Share, d.ShareTo = false, "adt-in", "to-partner" })
	p.listener("adt-in", "always-accepts")
	p.sender("adt-out", "adt-in")
	p.OfferMessage("an admission", []byte(admit))
	p.Send()
	p.until("the acknowledgement", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); bad {
		t.Fatalf("%q", text)
	}
	p.restConsole("rest", "fhir", nil)
	if got := p.ask("GET", "Patient?family=Marlow", ""); !strings.Contains(got, "Bundle of 1") {
		t.Fatalf("the message's patient is not at the FHIR server: %q", got)
	}
	if got := p.ask("POST", "Patient", `{"resourceType":"Patient","identifier":[{"system":"urn:example:mrn","value":"4711","type":{"coding":[{"code":"MR"}]}}],"name":[{"family":"Testcase"}],"gender":"female"}`); !strings.HasPrefix(got, "201") {
		t.Fatalf("the answer is %q", got)
	}
	p.choose("partner")
	p.until("the message at the partner", func() bool { return p.JournalList().Len() == 1 })
	if got := cellText(p.JournalList(), 0, colMessage); !strings.HasPrefix(got, "ADT^A") {
		t.Errorf("the partner got %q", got)
	}
	p.choose("fhir")
	if text := p.SharingLine(); !strings.Contains(text, "adt-in") || !strings.Contains(text, "to-partner") {
		t.Errorf("%q", text)
	}
	// A server that begins to share with a listener that runs gets what comes from then on.
	other := p.NewDraft(FHIRServer)
	other.Name, other.Address, other.Invent = "second", "127.0.0.1:0", false
	if err := p.Create(other); err != nil {
		t.Fatal(err)
	}
	p.settle()
	d, _ := p.Draft()
	d.Share = "adt-in"
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.until("the listener again", func() bool { l := p.named("adt-in"); return l.running != nil && !l.again && !l.starting })
	out := p.named("adt-out").sender
	out.To = p.named("adt-in").running.server.Address()
	p.choose("adt-out")
	p.OfferMessage("an admission", []byte(admit))
	p.Send()
	p.until("the acknowledgement", func() bool { return !p.IsSending() })
	p.choose("second")
	p.ReadShelf()
	p.settle()
	if text, _ := p.ShelfLine(); text == "0 resources" || text == "" {
		t.Errorf("the second server holds %q", text)
	}
	// The listener's new name is known to the server that shares with it.
	p.choose("adt-in")
	p.Turn(p.ChosenRow())
	p.until("its end", func() bool { return !p.IsRunning() })
	d, _ = p.Draft()
	d.Name = "front"
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if got := p.named("fhir").fhir.Share; got != "front" {
		t.Errorf("the FHIR server shares with %q", got)
	}
}
