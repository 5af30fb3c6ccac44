package endpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Draft is an endpoint as a form has it: every value as it is typed.
type Draft struct {
	Kind    Kind
	Name    string
	Address string // where it listens; of a sender the partner's; of a REST console that of the service
	Preset  string // ID of a preset for a new listener, "" for one that accepts

	// Of a listener.
	Open           bool
	Allow          string // separated by blanks or commas
	TLS            bool
	ClientRequired bool
	Start, End     string // hexadecimal
	Release2       bool
	OneValued      int // index into OneValuedWords
	NewExchange    bool
	Silent         bool
	ApplicationTo  string
	Application    string
	Facility       string
	Charset        string // IANA name; "" follows the message
	Profile        string // of the partner, which messages are checked against; "" for the standard alone
	Check          bool   // the journal has the findings of every message
	MaxFrame       string // megabytes
	Idle           string // seconds
	KeepPayloads   bool

	// Of a sender.
	Connections string
	PerMessage  bool
	Rate        string
	Timeout     string // seconds
	Retries     string
	NewIDs      bool
	Expect      string

	// Of a FHIR server, beside Open, TLS, ClientRequired and KeepPayloads.
	Base        string // path of the service; "" is the usual one
	Personality string // ID of a vendor's, "" for all of FHIR R4
	Strict      bool   // search parameters that are not known are an error
	Validate    bool   // what the definitions forbid is refused
	DeleteMany  bool
	Invent      bool   // a new one begins with invented patients
	Share       string // the listener whose messages change its resources, "" for none
	ShareTo     string // the sender that tells of changes, "" for none
	Mappings    string // of the project, with commas between them; "" takes those of the program

	// Of a FHIR server and a REST console.
	Auth   int    // index into ServerAuths or ClientAuths
	User   string // of Basic; the client_id of OAuth
	Header string // of an API key
	Secret string // as it is typed; "" keeps the one that is stored

	// Of a REST console, beside Timeout and KeepPayloads.
	Plain         bool // credentials may go over plain HTTP
	KeyID         string
	Scope         string
	TokenEndpoint string
	SystemTrust   bool // the authorities of the system are trusted, not those of the project

	base endpoint.Config // what the form does not show stays as it was
}

// OneValuedWords are the readings of a message in which only one of MSH-15 and MSH-16 is valued.
var OneValuedWords = []string{"enhanced mode (usual before 2.9)", "original mode, unless both are valued", "what MSH-15 alone says"}

var oneValued = []string{"either", "both", "msh-15"}

// DraftField names a field of the form that something is wrong with.
type DraftField uint8

// The fields.
const (
	NoField DraftField = iota
	NameField
	AddressField
	AllowField
	FramingField
	ApplicationField
	CharsetField
	LimitField
	IdleField
	ConnectionsField
	RateField
	TimeoutField
	RetriesField
	ExpectField
	BaseField
	UserField
	SecretField
)

// DraftError is what is wrong with a field.
type DraftError struct {
	Field DraftField
	Text  string
}

func (e *DraftError) Error() string { return e.Text }

func wrong(f DraftField, format string, args ...any) error {
	return &DraftError{f, fmt.Sprintf(format, args...)}
}

// NewDraft is a form for a new endpoint, with a free port.
func (m *Model) NewDraft(kind Kind) Draft {
	d := Draft{Kind: kind, KeepPayloads: true, Start: "0B", End: "1C0D", MaxFrame: "64", Timeout: "30", Connections: "1", Retries: "0", Preset: "always-accepts"}
	switch kind {
	case Sender:
		d.Name, d.Address, d.Expect = m.freeName("adt-out"), "127.0.0.1:2575", ""
	case FHIRServer:
		d.Name, d.Address, d.Validate, d.Invent = m.freeName("fhir"), m.freeAddress(8080), true, true
	case RESTClient:
		d.Name, d.Address = m.freeName("rest"), m.firstService()
	default:
		d.Name, d.Address = m.freeName("adt-in"), m.freeAddress(2575)
	}
	return d
}

// freeAddress is one of this computer with a port that no endpoint of the project has.
func (m *Model) freeAddress(port int) string {
	for slices.ContainsFunc(m.points, func(p *point) bool {
		return p.kind.Listens() && strings.HasSuffix(p.listens(), ":"+strconv.Itoa(port))
	}) {
		port++
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// Draft is the form of the chosen endpoint; ok is false where none is chosen.
func (m *Model) Draft() (d Draft, ok bool) {
	p := m.current()
	if p == nil {
		return d, false
	}
	if p.kind.FHIR() {
		return p.fhirDraft(), true
	}
	if s := p.sender; s != nil {
		return Draft{
			Kind: Sender, Name: p.name, Address: s.To, TLS: s.TLS, Connections: strconv.Itoa(max(s.Connections, 1)), PerMessage: s.PerMessage, Rate: number(s.Rate),
			Timeout: number(cmpDuration(s.Timeout, endpoint.DefaultTimeout).Seconds()), Retries: strconv.Itoa(s.Retries), NewIDs: s.NewIDs, Expect: s.Expect, KeepPayloads: !s.DropPayload,
		}, true
	}
	c := p.config
	d = Draft{
		Name: p.name, Address: c.Address, Open: c.Open, Allow: strings.Join(c.Allow, " "), TLS: c.TLS, ClientRequired: c.ClientRequired, Start: "0B", End: "1C0D",
		Release2: c.Release2, OneValued: max(slices.Index(oneValued, c.Ack.OneValued), 0), NewExchange: c.Ack.NeverAccept == "new", Silent: c.Ack.Silent,
		Charset: c.Charset, Profile: c.Profile, Check: c.Check, base: c,
		ApplicationTo: c.Ack.ApplicationTo, Application: c.Ack.Application, Facility: c.Ack.Facility, MaxFrame: "64", Idle: number(c.Idle.Seconds()), KeepPayloads: !c.DropPayloads,
	}
	if c.Start != "" || c.End != "" {
		d.Start, d.End = c.Start, c.End
	}
	if c.MaxFrame > 0 {
		d.MaxFrame = number(float64(c.MaxFrame) / (1 << 20))
	}
	return d, true
}

func cmpDuration(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// number writes a number for a field, nothing for none.
func number(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// readNumber reads a field that holds a number of at least 0; empty is 0.
func readNumber(field DraftField, text, what string) (float64, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, ",", "."))
	if text == "" {
		return 0, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0, wrong(field, "%s is a number, such as 10", what)
	}
	return f, nil
}

// name says what is wrong with the name, where it is to be that of the endpoint p, nil for a new one.
func (d *Draft) name(m *Model, p *point) error {
	d.Name = strings.TrimSpace(d.Name)
	if d.Name == "" {
		return wrong(NameField, "give it a name, such as adt-in")
	}
	if other := m.named(d.Name); other != nil && other != p {
		return wrong(NameField, "another endpoint is called %s", other.name)
	}
	if d.Kind == RESTClient {
		return nil // its address is checked with the rest
	}
	if host, port, ok := cutAddress(strings.TrimSpace(d.Address)); !ok || port == "" || host == "" && d.Kind == Sender {
		return wrong(AddressField, "write it as host:port, such as 127.0.0.1:2575")
	}
	return nil
}

// cutAddress splits host:port; a host with colons stands in brackets.
func cutAddress(address string) (host, port string, ok bool) {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return "", "", false
	}
	host, port = address[:i], address[i+1:]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1], port, true
	}
	return host, port, !strings.Contains(host, ":")
}

// config is the listener that the form describes.
func (d *Draft) config() (endpoint.Config, error) {
	c := d.base
	c.Name, c.Address, c.Open = d.Name, strings.TrimSpace(d.Address), d.Open
	c.Allow = strings.FieldsFunc(d.Allow, func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	c.TLS, c.ClientRequired = d.TLS, d.TLS && d.ClientRequired
	c.Release2, c.DropPayloads, c.Charset, c.Profile, c.Check = d.Release2, !d.KeepPayloads, strings.TrimSpace(d.Charset), strings.TrimSpace(d.Profile), d.Check
	c.Ack.Silent, c.Ack.ApplicationTo, c.Ack.Application, c.Ack.Facility = d.Silent, strings.TrimSpace(d.ApplicationTo), d.Application, d.Facility
	c.Ack.OneValued, c.Ack.NeverAccept = "", ""
	if d.OneValued > 0 && d.OneValued < len(oneValued) {
		c.Ack.OneValued = oneValued[d.OneValued]
	}
	if d.NewExchange {
		c.Ack.NeverAccept = "new"
	}
	c.Start, c.End, c.MaxFrame = "", "", 0
	start, end := strings.ToUpper(strings.ReplaceAll(d.Start, " ", "")), strings.ToUpper(strings.ReplaceAll(d.End, " ", ""))
	if start != "0B" || end != "1C0D" {
		c.Start, c.End = start, end
	}
	limit, err := readNumber(LimitField, d.MaxFrame, "the limit in megabytes")
	if err != nil {
		return c, err
	}
	if limit != 64 {
		c.MaxFrame = int(limit * (1 << 20))
	}
	idle, err := readNumber(IdleField, d.Idle, "the time in seconds")
	if err != nil {
		return c, err
	}
	c.Idle = time.Duration(idle * float64(time.Second))
	return c, d.validate(c)
}

// validate asks the engine part by part, so that the field is known.
func (d *Draft) validate(c endpoint.Config) error {
	for _, part := range []struct {
		field  DraftField
		config endpoint.Config
	}{
		{AllowField, endpoint.Config{Address: c.Address, Allow: c.Allow}},
		{FramingField, endpoint.Config{Address: c.Address, Start: c.Start, End: c.End}},
		{CharsetField, endpoint.Config{Address: c.Address, Charset: c.Charset}},
		{ApplicationField, endpoint.Config{Address: c.Address, Ack: c.Ack}},
		{AddressField, c},
	} {
		if err := part.config.Validate(); err != nil {
			return wrong(part.field, "%s", err)
		}
	}
	return nil
}

// settings is the sender that the form describes.
func (d *Draft) settings() (*SenderSettings, error) {
	s := &SenderSettings{To: strings.TrimSpace(d.Address), TLS: d.TLS, PerMessage: d.PerMessage, NewIDs: d.NewIDs, Expect: strings.TrimSpace(d.Expect), DropPayload: !d.KeepPayloads}
	var err error
	read := func(field DraftField, text, what string) (f float64) {
		if err == nil {
			f, err = readNumber(field, text, what)
		}
		return f
	}
	s.Connections = int(read(ConnectionsField, d.Connections, "the number of connections"))
	s.Rate = read(RateField, d.Rate, "the rate")
	s.Timeout = time.Duration(read(TimeoutField, d.Timeout, "the time-out in seconds") * float64(time.Second))
	s.Retries = int(read(RetriesField, d.Retries, "the number of retries"))
	if err == nil && s.Expect != "" {
		if _, e := endpoint.ParseCodes(s.Expect); e != nil {
			err = wrong(ExpectField, "%s", e)
		}
	}
	return s, err
}

// Create makes a new endpoint. An error is a *DraftError; nothing is stored then.
func (m *Model) Create(d Draft) error {
	if err := d.name(m, nil); err != nil {
		return err
	}
	put, err := m.prepare(d)
	if err != nil {
		return err
	}
	m.write("store the endpoint", put, func() { m.chooseNamed(d.Name) })
	return nil
}

// prepare reads the form of a new endpoint and gives what stores it.
func (m *Model) prepare(d Draft) (put func(context.Context) error, err error) {
	switch d.Kind {
	case Sender:
		s, err := d.settings()
		return func(ctx context.Context) error { return m.putSettings(ctx, Sender, d.Name, s, 0) }, err
	case FHIRServer:
		return m.prepareFHIR(d, nil)
	case RESTClient:
		return m.prepareREST(d, nil)
	}
	preset, err := endpoint.FindPreset(d.Preset)
	if err != nil {
		return nil, wrong(NameField, "%s", err)
	}
	c, err := d.config()
	if err != nil {
		return nil, err
	}
	if preset.Apply != nil {
		preset.Apply(&c)
	}
	return func(ctx context.Context) error {
		if err := m.putConfig(ctx, d.Name, c, 0); err != nil {
			return err
		}
		_, err := m.putRules(ctx, d.Name, preset.Rules, 0)
		return err
	}, nil
}

// Save changes the chosen endpoint to what the form says. An error is a *DraftError. A listener that runs goes on with its
// former settings until it is started anew; the news say so.
func (m *Model) Save(d Draft) error {
	p := m.current()
	if p == nil {
		return nil
	}
	if err := d.name(m, p); err != nil {
		return err
	}
	put, err := m.prepareChange(d, p)
	if err != nil {
		return err
	}
	before := *p
	wasRunning, old := p.running != nil, p.name
	if wasRunning && d.Name != old {
		return wrong(NameField, "stop it before you give it another name")
	}
	var sharing []*point
	if d.Name != old {
		m.putAway(p)
		sharing = m.sharingWith(old)
	}
	m.write("store the settings", func(ctx context.Context) error {
		if err := put(ctx); err != nil {
			return err
		}
		if err := m.rename(ctx, p.kind, old, d.Name); err != nil {
			return err
		}
		return m.follow(ctx, sharing, old, d.Name)
	}, func() {
		m.chooseNamed(d.Name)
		m.shareAnew(before, m.current())
		if wasRunning {
			m.Say(screen.News{Text: "The settings are stored. " + d.Name + " goes on with the former ones until it is started anew.", Offer: "Restart it"}, func() { m.restart(d.Name) })
		}
	})
	return nil
}

// prepareChange reads the form of an endpoint that is there and gives what stores it.
func (m *Model) prepareChange(d Draft, p *point) (put func(context.Context) error, err error) {
	switch p.kind {
	case Sender:
		s, err := d.settings()
		return func(ctx context.Context) error { return m.putSettings(ctx, Sender, p.name, s, p.revision) }, err
	case FHIRServer:
		return m.prepareFHIR(d, p)
	case RESTClient:
		return m.prepareREST(d, p)
	}
	c, err := d.config()
	return func(ctx context.Context) error { return m.putConfig(ctx, p.name, c, p.revision) }, err
}

// rename gives the documents of an endpoint another name, and what it keeps beside them.
func (m *Model) rename(ctx context.Context, kind Kind, from, to string) error {
	if from == to {
		return nil
	}
	if err := m.renameKept(ctx, kind, from, to); err != nil {
		return err
	}
	for _, k := range []workspace.DocumentKind{documentKinds[kind], workspace.DocumentRules} {
		d, err := m.store.Document(ctx, k, from)
		if errors.Is(err, workspace.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := m.store.RenameDocument(ctx, k, from, to, d.Revision); err != nil {
			return err
		}
	}
	return nil
}

// restart stops a listener and starts it when it has ended.
func (m *Model) restart(name string) {
	p := m.named(name)
	if p == nil || p.running == nil {
		m.Start(name)
		return
	}
	p.again = true
	m.stop(p)
}

func (m *Model) chooseNamed(name string) {
	for i, p := range m.points {
		if p.name == name {
			m.Choose(i)
		}
	}
}

// Delete removes the chosen endpoint with its rules. Its journal stays.
func (m *Model) Delete() {
	p := m.current()
	if p == nil {
		return
	}
	if p.running != nil {
		p.doomed = true
		m.stop(p)
		return
	}
	m.remove(p)
}

// remove deletes an endpoint that does not run.
func (m *Model) remove(p *point) {
	before := *p
	m.putAway(p)
	kind, name := p.kind, p.name
	m.write("delete the endpoint", func(ctx context.Context) error {
		for _, k := range []workspace.DocumentKind{documentKinds[kind], workspace.DocumentRules} {
			d, err := m.store.Document(ctx, k, name)
			if errors.Is(err, workspace.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := m.store.DeleteDocument(ctx, k, name, d.Revision); err != nil {
				return err
			}
		}
		return m.dropKept(ctx, kind, name)
	}, func() { m.shareAnew(before, nil) })
}

// Preset is a partner that one click makes.
type Preset struct{ ID, Title, Note string }

// Presets lists the partners that can be chosen for a new listener.
func Presets() []Preset {
	var all []Preset
	for _, p := range endpoint.Presets() {
		all = append(all, Preset{p.ID, p.Title, p.Note})
	}
	return all
}

// UsePreset puts the rules and faults of a preset in the place of those of the chosen listener.
func (m *Model) UsePreset(id string) {
	preset, err := endpoint.FindPreset(id)
	if err != nil {
		m.Fail("Could not use the preset", err)
		return
	}
	m.changeRules(func(f *rules.File) { *f = preset.Rules })
}
