package endpoints

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/inspect"
	"trestle/internal/linkage"
	"trestle/internal/workspace"
)

// A rule asks for a roster of the project; starts and stops are on record, with who may come.
func TestRosterIsAListAndStartsAreOnRecord(t *testing.T) {
	p := open(t)
	ctx := t.Context()
	roster := func(yield func(linkage.StoredRow) bool) { yield(linkage.StoredRow{ID: "88121"}) }
	if _, err := p.stage.Workspace.Linkage().SaveRoster(ctx, linkage.StoredRoster{Kind: linkage.Patients, Side: linkage.Left, Name: "ehr.csv", Imported: time.Now()}, roster); err != nil {
		t.Fatal(err)
	}
	p.ReadRosters()
	p.settle()
	p.listener("adt-in", "always-accepts")
	if got := strings.Join(p.Lists(), " "); got != "ehr.csv" {
		t.Errorf("lists %q", got)
	}
	for name, problem := range map[string]bool{"ehr.csv": false, "ehr": false, "lab": true} {
		text := "rules:\n  - when: {fields: [{path: PID-3.1, in: " + name + ", not: true}]}\n    then: AE\n"
		if err := p.SetRulesText(text); (err != nil) != problem {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.settle()
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	if got := cellText(p.JournalList(), 0, colCode); got != "AA" {
		t.Errorf("a patient of the roster got %s", got)
	}
	p.Turn(0)
	p.until("its end", func() bool { return !p.IsRunning() })
	log, err := p.stage.Workspace.SearchLog(ctx, workspace.LogQuery{Object: "endpoint adt-in"})
	if err != nil {
		t.Fatal(err)
	}
	var acts []string
	for _, e := range log {
		acts = append(acts, string(e.Action)+" "+e.Details)
	}
	if all := strings.Join(acts, "; "); !strings.Contains(all, "started listening on 127.0.0.1:0") || !strings.HasSuffix(all, "stopped ") {
		t.Error(all)
	}
}

// Queries are answered from the patients of the project's messages.
func TestQueryIsAnsweredFromTheProject(t *testing.T) {
	p := open(t)
	if _, err := inspect.Import(t.Context(), p.stage.Workspace, "a.hl7", strings.NewReader(admit), nil); err != nil {
		t.Fatal(err)
	}
	p.listener("adt-in", "always-accepts")
	p.PutRule(-1, rules.Rule{When: rules.When{Types: []string{"QBP"}}, Then: rules.Action{Query: &rules.Query{}}})
	p.settle()
	s, err := endpoint.NewSender(endpoint.SendConfig{To: p.named("adt-in").running.server.Address()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	query := "MSH|^~\\&|RIVERBEND|INF|LAKESIDE|MAIN|20260302101400||QBP^Q22^QBP_Q21|Q1|P|2.5.1\rQPD|Q22^Find Candidates^HL70471|T1|@PID.5.1^MARLOW\rRCP|I\r"
	reply := ""
	if _, err := s.Run(t.Context(), endpoint.OneMessage(endpoint.Outgoing{Bytes: []byte(query), Name: "query"}), func(r *endpoint.Result) { reply = string(r.Reply) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(reply, "88121") || !strings.Contains(reply, "|OK|") {
		t.Errorf("%d bytes of reply without the patient", len(reply))
	}
}

// A listener checks against the partner profile of the project, and its journal has the findings.
func TestProfileIsChecked(t *testing.T) {
	p := open(t)
	text := "profile: Riverbend\nmessages:\n  - message: ADT\n    fields:\n      PID-19: R\n"
	if _, err := p.stage.Workspace.PutDocument(t.Context(), workspace.DocumentProfile, "riverbend", []byte(text), 0); err != nil {
		t.Fatal(err)
	}
	d := p.NewDraft(Listener)
	d.Name, d.Address, d.Preset, d.Profile, d.Check = "adt-in", "127.0.0.1:0", "validates", "riverbend", true
	if err := p.Create(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.Start("adt-in")
	p.until("the listener", p.IsRunning)
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	if code, what := cellText(p.JournalList(), 0, colCode), cellText(p.JournalList(), 0, colWhat); code != "AE" || !strings.Contains(what, "usage") {
		t.Errorf("%s, %s", code, what)
	}
	d, _ = p.Draft()
	d.Profile = "nobody"
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.Accept() // restart
	p.until("the reason", func() bool { return strings.Contains(p.News().Text, "no partner profile") })
}

// What a form does not show stays: settings of a preset, and how often a fault happens.
func TestFormsLoseNothing(t *testing.T) {
	p := open(t)
	d := p.NewDraft(Listener)
	d.Name, d.Address, d.Preset = "mirth", "127.0.0.1:0", "mirth"
	if err := p.Create(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	d, _ = p.Draft()
	d.Charset, d.Check = "ISO-8859-1", true
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if c := p.current().config; c.MaxConnections != 10 || c.Charset != "ISO-8859-1" || !c.Check {
		t.Errorf("%+v", c)
	}
	d.Charset = "latin-nothing"
	if err, ok := p.Save(d).(*DraftError); !ok || err.Field != CharsetField {
		t.Errorf("%v", err)
	}
	for row, f := range p.current().rules.Faults {
		for i, info := range mllpFaults {
			if info.Kind == f.Kind {
				form, _ := p.FaultForm(i)
				if err := p.PutFault(form); err != nil {
					t.Fatal(err)
				}
			}
		}
		if now := p.current().rules.Faults[row]; now.Chance != f.Chance || now.First != f.First || now.Every != f.Every {
			t.Errorf("%+v became %+v", f, now)
		}
	}
	r := rules.Rule{When: rules.When{Types: []string{"ADT"}, Chance: 0.07, Finding: &rules.FindingTest{AtLeast: 2, Codes: []string{"x"}}}, Faults: []rules.Fault{{Kind: rules.LateAck, Chance: 0.15, First: 3}}}
	form := formOf(r, false)
	got, err := form.Rule()
	if err != nil || got.When.Chance != 0.07 || got.When.Finding.AtLeast != 2 || len(got.When.Finding.Codes) != 1 || got.Faults[0].Chance != 0.15 || got.Faults[0].First != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A part of the journal is removed after it was counted.
func TestJournalIsPurged(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	if err := p.CountPurge("soon", func(Purge) { t.Error("counted") }); err == nil {
		t.Error("soon is no number of days")
	}
	if err := p.CountPurge("1", func(Purge) { t.Error("something is a day old") }); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if n := p.News(); !strings.Contains(n.Text, "that old") {
		t.Errorf("%+v", n)
	}
	var counted Purge
	if err := p.CountPurge("", func(x Purge) { counted = x }); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if !strings.Contains(counted.Title, "1 exchange of adt-in") {
		t.Fatalf("%+v", counted)
	}
	p.RemovePurged(counted)
	p.until("the removal", func() bool { return p.JournalList().Len() == 0 })
}

// The same seed makes the same people; one that is drawn is said.
func TestSeriesSaysItsSeed(t *testing.T) {
	p := open(t)
	if err := p.OfferSeries("2 A01 A03"); err != nil {
		t.Fatal(err)
	}
	if text := p.Offered(); !strings.Contains(text, "2 A01 A03 seed ") {
		t.Error(text)
	}
	if err := p.OfferSeries("2 A01 seed 7"); err != nil || p.Offered() != "generated: 2 A01 seed 7" {
		t.Error(p.Offered(), err)
	}
}

// A file that is a batch goes out as it is, in one frame, and is answered as a batch. Files with expectations are a test.
func TestBatchGoesOutWholeAndASetIsATest(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.sender("adt-out", "adt-in")
	batch, plain, expect := filepath.Join(p.stage.Folder, "b.hl7"), filepath.Join(p.stage.Folder, "a.hl7"), filepath.Join(p.stage.Folder, "a.expect")
	for name, text := range map[string]string{batch: "BHS|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||||B1\r" + admit + "BTS|1\r", plain: admit, expect: "MSG00412 AE\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.OfferFiles([]string{batch})
	p.SetWhole(true)
	if files, on := p.Whole(); !files || !on {
		t.Error("the batch is not to go out whole")
	}
	p.Send()
	p.until("the end", func() bool { return !p.IsSending() })
	p.until("the journal", func() bool { return p.JournalList().Len() == 1 })
	p.OpenExchange(0)
	p.settle()
	if !strings.HasPrefix(string(p.OpenRequest()), "BHS|") || !strings.HasPrefix(string(p.OpenReply()), "BHS|") {
		t.Errorf("request of %d bytes, reply of %d", len(p.OpenRequest()), len(p.OpenReply()))
	}
	p.OfferFiles([]string{plain, expect})
	p.Send()
	p.until("the end", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); !bad || !strings.Contains(text, "1 not") {
		t.Errorf("%q", text)
	}
}
