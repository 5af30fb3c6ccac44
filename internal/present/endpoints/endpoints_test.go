package endpoints

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/inspect"
	"trestle/internal/mllp/pki"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
)

// An invented message.
const admit = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||Marlow^Jane^Q||19790228|F\rPV1|1|O|INF^2^^LAKE\r"

type place struct {
	*Model
	t     *testing.T
	stage *stage.Stage
}

func open(t *testing.T) *place {
	t.Helper()
	s := stage.New(t)
	p := &place{New(s.Runner, s.Workspace), t, s}
	t.Cleanup(func() {
		p.Close()
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	})
	p.Load()
	p.settle()
	return p
}

func (p *place) settle() {
	p.t.Helper()
	p.stage.Settle()
}

// until waits for what comes from beside the runner's work, such as a listener's news.
func (p *place) until(what string, holds func() bool) {
	p.t.Helper()
	end := time.Now().Add(stage.Patience)
	for !holds() {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain for %s; news %+v", what, p.News())
		}
		time.Sleep(5 * time.Millisecond)
		p.settle()
	}
}

// listener makes a listener on a free port and starts it.
func (p *place) listener(name, preset string) {
	p.t.Helper()
	d := p.NewDraft(Listener)
	d.Name, d.Address, d.Preset = name, "127.0.0.1:0", preset
	if err := p.Create(d); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
	p.Start(name)
	p.until("the listener", p.IsRunning)
}

// sender makes a sender to the listener of that name and chooses it.
func (p *place) sender(name, to string) {
	p.t.Helper()
	d := p.NewDraft(Sender)
	d.Name, d.Address = name, p.named(to).running.server.Address()
	if err := p.Create(d); err != nil {
		p.t.Fatal(err)
	}
	p.settle()
}

func (p *place) choose(name string) {
	p.chooseNamed(name)
	p.settle()
}

func cellText(g screen.Grid, row, col int) string { return g.Cell(row, col).Text }

// The main story: a stand-in is made and started, a message is sent to it, and both sides of it stand in the journal.
func TestMessageIsSentAndAcknowledged(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.sender("adt-out", "adt-in")
	file := filepath.Join(p.stage.Folder, "a.hl7")
	if err := os.WriteFile(file, []byte(admit+strings.Replace(admit, "MSG00412", "MSG00413", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.OfferFiles([]string{file})
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); bad || !strings.Contains(text, "2 messages sent") || !strings.Contains(text, "2 as expected") {
		t.Errorf("%q, %v", text, bad)
	}
	p.until("the sender's journal", func() bool { return p.JournalList().Len() == 2 })
	if got := cellText(p.JournalList(), 0, colMessage) + cellText(p.JournalList(), 0, colCode) + cellText(p.JournalList(), 0, colControl); got != "ADT^A08AAMSG00413" {
		t.Error(got)
	}
	p.choose("adt-in")
	p.until("the listener's journal", func() bool { return p.JournalList().Len() == 2 })
	p.OpenExchange(1)
	p.settle()
	if string(p.OpenRequest()) != admit {
		t.Errorf("the request is %q", p.OpenRequest())
	}
	if line, _ := p.Reply().Line(1, 0, 40); !strings.HasPrefix(line, "MSA|AA|MSG00412") {
		t.Errorf("the reply is %q", line)
	}
	if p.Steps().Len() != 2 { // what was sent, and what was received
		t.Errorf("%d steps of the conversation", p.Steps().Len())
	}
	p.until("the numbers", func() bool { h, ok := p.Header(); return ok && h.Running && strings.Contains(h.Numbers, "2 in") })
	if line := p.Line(); !strings.Contains(line, "adt-in") || !strings.Contains(line, "2 in") {
		t.Error(line)
	}
	p.FilterJournal("control:MSG00413")
	p.settle()
	if p.JournalList().Len() != 1 || !strings.HasSuffix(p.JournalTitle(), "1 found") {
		t.Errorf("%d rows, %q", p.JournalList().Len(), p.JournalTitle())
	}
	p.FilterJournal("colour:red")
	if _, problem := p.JournalQuery(); !strings.Contains(problem, "colour is unknown") {
		t.Error(problem)
	}
}

// Messages of the project are sent by reference; the request of an exchange can be sent again.
func TestMessagesOfTheProjectAreSent(t *testing.T) {
	p := open(t)
	r, err := inspect.Import(t.Context(), p.stage.Workspace, "a.hl7", strings.NewReader(admit), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.listener("adt-in", "always-accepts")
	p.sender("adt-out", "adt-in")
	p.OfferMessages(r.IDs)
	if p.Offered() != "1 message of this project" {
		t.Error(p.Offered())
	}
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	p.until("the journal", func() bool { return p.JournalList().Len() == 1 })
	p.OpenExchange(0)
	p.settle()
	p.OfferExchange()
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	p.until("the journal", func() bool { return p.JournalList().Len() == 2 })
	if err := p.OfferSeries("2 A01 A08"); err != nil {
		t.Fatal(err)
	}
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); bad || !strings.Contains(text, "4 messages sent") {
		t.Errorf("%q", text)
	}
	if err := p.OfferSeries("2 X99"); err == nil {
		t.Error("a trigger that cannot be made is taken")
	}
}

// A rule that is made by a form rejects what it names, in a listener that runs; the journal says which rule it was.
func TestRuleOfAFormDecides(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	form := RuleForm{Name: "unknown MRN", Conditions: []Condition{{Subject: subjectPath, Test: 3, Path: "PID-3.1", Value: "99"}, {Subject: subjectType, Value: "ADT"}}, Answer: 1, Text: "unknown MRN {{PID-3.1}}", ErrorCode: "204", ErrorPath: "PID-3[1].1"}
	r, err := form.Rule()
	if err != nil {
		t.Fatal(err)
	}
	p.PutRule(-1, r)
	p.settle()
	if got := cellText(p.RuleList(), 0, colRule); !strings.Contains(got, "unknown MRN") || !strings.Contains(got, "PID-3.1 does not contain") {
		t.Error(got)
	}
	p.sender("adt-out", "adt-in")
	if err := p.OfferSeries("1 A08"); err != nil {
		t.Fatal(err)
	}
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); !bad || !strings.Contains(text, "1 not") {
		t.Errorf("%q, %v", text, bad)
	}
	p.choose("adt-in")
	p.until("the journal", func() bool { return p.JournalList().Len() == 1 })
	if c := p.JournalList().Cell(0, colCode); c.Text != "AE" || c.Shape == screen.ShapeNone {
		t.Errorf("%+v", c)
	}
	if got := cellText(p.RuleList(), 0, colFired); got != "1" {
		t.Errorf("the rule fired %q times", got)
	}
	p.OpenExchange(0)
	p.settle()
	if facts := p.Facts(); len(facts) < 4 || !strings.Contains(facts[1].Text, "unknown MRN") {
		t.Errorf("%+v", facts)
	}
	// What the form shows of a rule is the rule.
	again, err := func() (rules.Rule, error) { f := p.RuleForm(0); return f.Rule() }()
	if err != nil || again.Sentence() != r.Sentence() {
		t.Errorf("%v, %v", again.Sentence(), err)
	}
}

func TestRulesAreOrderedSwitchedAndTakenBack(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	for _, code := range []int{1, 2} {
		f := RuleForm{Answer: code, Conditions: []Condition{{Subject: subjectEvery, Value: "10"}}}
		r, err := f.Rule()
		if err != nil {
			t.Fatal(err)
		}
		p.PutRule(-1, r)
	}
	p.settle()
	p.MoveRule(1, 0)
	p.SwitchRule(1)
	p.settle()
	p.Load() // what is stored is what is shown
	p.settle()
	l := p.RuleList()
	if l.Len() != 3 || !strings.Contains(cellText(l, 0, 0), "AR") || l.Cell(1, 0).Switch != screen.SwitchOff || l.Cell(2, 0).Switch != screen.NoSwitch {
		t.Errorf("%q, %q, %q", cellText(l, 0, 0), cellText(l, 1, 0), cellText(l, 2, 0))
	}
	p.DeleteRule(0)
	p.settle()
	if l.Len() != 2 {
		t.Fatal("not deleted")
	}
	p.Accept()
	p.settle()
	if l.Len() != 3 || !strings.Contains(cellText(l, 0, 0), "AR") {
		t.Error("not taken back")
	}
	p.SwitchFault(0)
	p.settle()
	if p.FaultsOn() != 1 || p.FaultList().Cell(0, 0).Switch != screen.SwitchOn {
		t.Error("the fault is not on")
	}
	if err := p.PutFault(FaultForm{Kind: 0, Argument: "750 ms", Every: "3"}); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if got := cellText(p.FaultList(), 0, colHow); got != "750 ms, every 3." {
		t.Error(got)
	}
	text := p.RulesText()
	if err := p.SetRulesText(text + "nonsense: 7\n"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
	if err := p.SetRulesText(text); err != nil {
		t.Error(err)
	}
}

// A port that another program has is said with the next free one, which a click takes.
func TestTakenPortOffersAFreeOne(t *testing.T) {
	p := open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := p.NewDraft(Listener)
	d.Address = l.Addr().String()
	if err := p.Create(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.Turn(0)
	p.settle()
	if n := p.News(); !n.Bad || !strings.Contains(n.Text, "taken") || !strings.HasPrefix(n.Offer, "Listen on 127.0.0.1:") {
		t.Fatalf("%+v", n)
	}
	p.Accept()
	p.until("the listener", p.IsRunning)
	p.Turn(0)
	p.until("its end", func() bool { return !p.IsRunning() })
}

func TestFormsSayWhatIsWrong(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	for name, c := range map[string]struct {
		change func(*Draft)
		field  DraftField
	}{
		"no name":      {func(d *Draft) { d.Name = " " }, NameField},
		"same name":    {func(d *Draft) { d.Name = "ADT-in" }, NameField},
		"no port":      {func(d *Draft) { d.Address = "127.0.0.1" }, AddressField},
		"odd network":  {func(d *Draft) { d.Allow = "10.0.0.0/99" }, AllowField},
		"odd framing":  {func(d *Draft) { d.Start = "0G" }, FramingField},
		"odd limit":    {func(d *Draft) { d.MaxFrame = "much" }, LimitField},
		"odd rate":     {func(d *Draft) { d.Kind, d.Rate = Sender, "fast" }, RateField},
		"odd expected": {func(d *Draft) { d.Kind, d.Expect = Sender, "AQ" }, ExpectField},
	} {
		d := p.NewDraft(Listener)
		d.Name = "other"
		c.change(&d)
		err := p.Create(d)
		var e *DraftError
		if !errors.As(err, &e) || e.Field != c.field || e.Text == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, f := range map[string]RuleForm{
		"no value":     {Conditions: []Condition{{Subject: subjectType}}},
		"odd path":     {Conditions: []Condition{{Subject: subjectPath, Path: "PI", Value: "x"}}},
		"odd severity": {Conditions: []Condition{{Subject: subjectFinding, Value: "grave"}}},
		"odd day":      {Conditions: []Condition{{Subject: subjectTime, Value: "Someday"}}},
		"odd address":  {Conditions: []Condition{{Subject: subjectClient, Value: "here"}}},
		"odd number":   {Conditions: []Condition{{Subject: subjectEvery, Value: "-1"}}},
		"odd chance":   {Conditions: []Condition{{Subject: subjectChance, Value: "120"}}},
		"odd template": {Text: "{{nothing known}}"},
		"odd error":    {ErrorCode: "x"},
		"odd forward":  {Forward: "host"},
		"odd fault":    {Faults: []FaultForm{{Kind: 0, Argument: "soon"}}},
	} {
		var e *RuleError
		if _, err := f.Rule(); !errors.As(err, &e) || e.Text == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every kind of condition comes back from the rule as it was typed.
func TestConditionsRoundTrip(t *testing.T) {
	for _, c := range []Condition{
		{Subject: subjectType, Value: "ADT, ORU"}, {Subject: subjectTrigger, Value: "A01"}, {Subject: subjectPath, Test: 4, Path: "PID-5.1", Value: "^A{1,3}"},
		{Subject: subjectPath, Test: 6, Path: "NK1-2"}, {Subject: subjectPath, Test: 9, Path: "PID-3.1", Value: "EHR"}, {Subject: subjectFinding, Value: "warning"},
		{Subject: subjectCode, Value: "date-impossible"}, {Subject: subjectTime, Value: "Mon Fri 22:00-06:00"}, {Subject: subjectClient, Value: "10.0.0.0/8"},
		{Subject: subjectEvery, Value: "10"}, {Subject: subjectFirst, Value: "3"}, {Subject: subjectChance, Value: "2.5"},
	} {
		f := RuleForm{Conditions: []Condition{c}}
		r, err := f.Rule()
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if got := conditionsOf(r.When); len(got) != 1 || got[0] != c {
			t.Errorf("%+v comes back as %+v", c, got)
		}
	}
}

// TLS with certificates that one click made: the listener asks for the client's, and the sender has one.
func TestTLSWithTheProjectsOwnAuthority(t *testing.T) {
	p := open(t)
	d := p.NewDraft(Listener)
	d.Name, d.Address, d.TLS, d.ClientRequired = "safe-in", "127.0.0.1:0", true, true
	if err := p.Create(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.Start("safe-in")
	p.until("the listener", p.IsRunning)
	s := p.NewDraft(Sender)
	s.Name, s.Address, s.TLS = "safe-out", p.named("safe-in").running.server.Address(), true
	if err := p.Create(s); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if err := p.OfferSeries("1 A01"); err != nil {
		t.Fatal(err)
	}
	p.Send()
	p.until("the end of the run", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); bad {
		t.Errorf("%q; %+v", text, p.News())
	}
	p.choose("safe-in")
	p.until("the journal", func() bool { return p.JournalList().Len() == 1 })
	p.OpenExchange(0)
	p.settle()
	found := false
	for _, f := range p.Facts() {
		found = found || f.Name == "TLS" && strings.Contains(f.Text, "TLS 1.")
	}
	if !found {
		t.Errorf("%+v", p.Facts())
	}
	var pem []byte
	p.CertificateForPartner(func(b []byte) { pem = b })
	p.settle()
	if !strings.Contains(string(pem), "BEGIN CERTIFICATE") || strings.Contains(string(pem), "KEY") {
		t.Errorf("%d bytes of PEM", len(pem))
	}
}

// A queue outlives an absent partner: what waits is sent when the partner is there.
func TestQueueGoesOn(t *testing.T) {
	p := open(t)
	r, err := inspect.Import(t.Context(), p.stage.Workspace, "a.hl7", strings.NewReader(admit), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.listener("adt-in", "always-accepts")
	p.sender("adt-out", "adt-in")
	p.choose("adt-in")
	p.Turn(p.ChosenRow())
	p.until("the listener's end", func() bool { return !p.IsRunning() })
	p.choose("adt-out")
	p.SetQueued(true)
	p.OfferMessages(r.IDs)
	p.Send()
	p.until("a try without an answer", func() bool { return p.JournalList().Len() > 0 || p.send.failed > 0 || p.IsSending() })
	p.CancelSending()
	p.until("the end", func() bool { return !p.IsSending() })
	p.until("the count", func() bool { _, n := p.Queued(); return n == 1 })
	// The partner is back, at another port: the sender is told.
	p.Start("adt-in")
	p.until("the listener", func() bool { return p.named("adt-in").running != nil })
	d, _ := p.Draft()
	d.Address = p.named("adt-in").running.server.Address()
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.GoOn()
	p.until("the end", func() bool { return !p.IsSending() })
	if text, bad := p.SendLine(); bad || !strings.Contains(text, "1 as expected") {
		t.Errorf("%q; %+v", text, p.News())
	}
	p.until("an empty queue", func() bool { _, n := p.Queued(); return n == 0 })
}

// The user's own certificate is used in the place of the project's.
func TestOwnCertificate(t *testing.T) {
	p := open(t)
	authority, err := pki.NewAuthority("Own", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.Server([]string{"127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(p.stage.Folder, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate, key, trusted := write("c.pem", leaf.Cert), write("k.pem", leaf.Key), write("a.pem", authority.Cert)
	d := p.NewDraft(Listener)
	d.Name, d.Address, d.TLS = "safe-in", "127.0.0.1:0", true
	if err := p.Create(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.OwnCertificate(key, certificate, "") // the wrong way round
	p.settle()
	if n := p.News(); !n.Bad {
		t.Errorf("%+v", n)
	}
	p.OwnCertificate(certificate, key, trusted)
	p.settle()
	if n := p.News(); n.Bad {
		t.Fatalf("%+v", n)
	}
	p.Start("safe-in")
	p.until("the listener", p.IsRunning)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Cert)
	c, err := tls.Dial("tcp", p.named("safe-in").running.server.Address(), &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// The journal stands still while it is paused, and then shows what has come.
func TestPausedJournalStandsStill(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.Pause(true)
	p.sendTo("adt-in")
	p.until("the count", func() bool { h, _ := p.Header(); return strings.Contains(h.Numbers, "1 in") })
	p.until("the note", func() bool { _, missed := p.Paused(); return missed })
	if p.JournalList().Len() != 0 {
		t.Error("a paused journal has moved")
	}
	p.Pause(false)
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
}

// sendTo writes one framed message to a listener.
func (p *place) sendTo(name string) {
	p.t.Helper()
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "tcp", p.named(name).running.server.Address())
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("\x0b" + admit + "\x1c\r")); err != nil {
		p.t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 200)); err != nil {
		p.t.Fatal(err)
	}
}

// However much comes in, the screen hears of it a few times a second, and reads a page of it each time.
func TestFloodDoesNotSlowTheScreen(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	changes, most := 0, 0
	p.Changed = func(w What) {
		if w&Journal != 0 {
			changes++
			most = max(most, p.JournalList().Len())
		}
	}
	const messages = 4000
	config := endpoint.SendConfig{To: p.named("adt-in").running.server.Address(), Connections: 16, Window: 8, Count: messages}
	sender, err := endpoint.NewSender(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	began, done := time.Now(), make(chan error, 1)
	go func() {
		_, err := sender.Run(t.Context(), endpoint.OneMessage(endpoint.Outgoing{Bytes: []byte(admit)}), func(*endpoint.Result) {})
		done <- err
	}()
	running := true
	for running {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		default:
			time.Sleep(time.Millisecond)
			p.settle()
		}
	}
	p.until("all of them", func() bool { return strings.HasPrefix(p.JournalTitle(), "Journal  4,000") })
	// Each news is a reading that begins and one that ends at most.
	if limit := 4*int(time.Since(began)/pace) + 10; changes > limit {
		t.Errorf("the journal was drawn %d times in %v", changes, time.Since(began))
	}
	if most > messages || p.JournalList().Len() < journalPage {
		t.Errorf("%d rows at most, %d at the end", most, p.JournalList().Len())
	}
	// Older rows come when the end of the list is looked at.
	for row := 0; row < p.JournalList().Len(); row++ {
		p.JournalList().Cell(row, colTime)
		p.settle()
	}
	// What came between the reading and the count of the last news comes with the next.
	p.until("every row", func() bool { return p.JournalList().Len() == messages })
}

// Patient data is hidden under the mask.
func TestMaskHidesTheJournal(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	p.OpenExchange(0)
	p.settle()
	p.SetMasked(true)
	if c := p.JournalList().Cell(0, colMRN); !c.Masked {
		t.Errorf("%+v", c)
	}
	if b := string(p.Request().Bytes(0, len(admit))); strings.Contains(b, "Marlow") || strings.Contains(b, "88121") {
		t.Error("the mask shows the patient")
	}
}

// Endpoints are renamed, changed and deleted; the journal stays.
func TestSettingsAreChanged(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	d, ok := p.Draft()
	if !ok || d.Address != "127.0.0.1:0" || !d.KeepPayloads || d.Start != "0B" {
		t.Fatalf("%+v", d)
	}
	d.KeepPayloads = false
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if n := p.News(); n.Offer != "Restart it" {
		t.Fatalf("%+v", n)
	}
	p.Accept()
	p.until("the restart", func() bool {
		return p.IsRunning() && p.named("adt-in").running.server.(mllpServer).Config().DropPayloads
	})
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	p.OpenExchange(0)
	p.settle()
	if p.OpenRequest() != nil {
		t.Error("the payload was kept")
	}
	d.Name = "other"
	if err := p.Save(d); err == nil {
		t.Error("a listener that runs was renamed")
	}
	p.Turn(0)
	p.until("its end", func() bool { return !p.IsRunning() })
	if err := p.Save(d); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if h, _ := p.Header(); h.Name != "other" || p.RuleList().Len() < 1 {
		t.Errorf("%+v", h)
	}
	p.Delete()
	p.settle()
	if p.Count() != 0 {
		t.Error("not deleted")
	}
}
