package endpoints

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirclient"
	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/workspace"
)

// FHIRSettings is a FHIR server as it is stored. What is secret is among the project's secrets.
type FHIRSettings struct {
	Address        string              `yaml:"address"`
	Base           string              `yaml:"base,omitempty"`
	Open           bool                `yaml:"open,omitempty"`
	TLS            bool                `yaml:"tls,omitempty"`
	ClientRequired bool                `yaml:"client-required,omitempty"`
	Personality    string              `yaml:"personality,omitempty"`
	Auth           fhirserver.AuthKind `yaml:"auth,omitempty"`
	User           string              `yaml:"user,omitempty"`
	Header         string              `yaml:"header,omitempty"`
	Strict         bool                `yaml:"strict,omitempty"`
	Unvalidated    bool                `yaml:"unvalidated,omitempty"`
	DeleteMany     bool                `yaml:"delete-many,omitempty"`
	DropPayload    bool                `yaml:"drop-payloads,omitempty"`
	// Share is the listener whose messages change the resources, ShareTo the sender that tells of changes by clients, and Mappings are
	// those of the project that turn one into the other; without them those that come with the program do.
	Share    string   `yaml:"share,omitempty"`
	ShareTo  string   `yaml:"share-to,omitempty"`
	Mappings []string `yaml:"mappings,omitempty"`
}

// RESTSettings is a REST console as it is stored. What is secret is among the project's secrets.
type RESTSettings struct {
	Base        string              `yaml:"base"`
	Auth        fhirclient.AuthKind `yaml:"auth,omitempty"`
	User        string              `yaml:"user,omitempty"`
	Header      string              `yaml:"header,omitempty"`
	KeyID       string              `yaml:"key-id,omitempty"`
	Scope       string              `yaml:"scope,omitempty"`
	Token       string              `yaml:"token-endpoint,omitempty"`
	Plain       bool                `yaml:"plain,omitempty"`
	SystemTrust bool                `yaml:"system-trust,omitempty"`
	Timeout     time.Duration       `yaml:"timeout,omitempty"`
	DropPayload bool                `yaml:"drop-payloads,omitempty"`
}

// ServerAuths are the ways in which clients of a FHIR server can show who they are.
var ServerAuths = []string{"nothing is asked for", "Basic: user and password", "API key", "bearer token", "SMART on FHIR"}

var serverAuths = []fhirserver.AuthKind{fhirserver.AuthNone, fhirserver.AuthBasic, fhirserver.AuthKey, fhirserver.AuthBearer, fhirserver.AuthSMART}

// ClientAuths are the ways in which a REST console can show who it is.
var ClientAuths = func() (words []string) {
	for _, k := range fhirclient.AuthKinds {
		words = append(words, k.String())
	}
	return words
}()

// credentialOf is the name under which an endpoint's password, key or token is kept.
func credentialOf(name string) string { return "credential of " + name }

const credentialKind = "credential"

// firstService is the address of the project's first FHIR server, for a console that is to try it.
func (m *Model) firstService() string {
	for _, p := range m.points {
		if p.kind == FHIRServer {
			if p.running != nil {
				return p.running.server.Where()
			}
			scheme := "http://"
			if p.fhir.TLS {
				scheme = "https://"
			}
			return scheme + p.fhir.Address + p.fhir.path()
		}
	}
	return "http://127.0.0.1:8080/fhir"
}

// path is the path of the service.
func (s *FHIRSettings) path() string {
	if s.Base == "" {
		if p, err := fhirserver.FindPersonality(s.Personality); s.Personality != "" && err == nil {
			return p.Path()
		}
		return "/fhir"
	}
	return s.Base
}

// hostOf is the host, with its port, of the address of a service.
func hostOf(base string) string {
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		return u.Host
	}
	return base
}

// fhirDraft is the form of an endpoint that speaks FHIR.
func (p *point) fhirDraft() Draft {
	if s := p.rest; s != nil {
		return Draft{
			Kind: RESTClient, Name: p.name, Address: s.Base, Auth: max(slices.Index(fhirclient.AuthKinds, s.Auth), 0), User: s.User, Header: s.Header, KeyID: s.KeyID, Scope: s.Scope,
			TokenEndpoint: s.Token, Plain: s.Plain, SystemTrust: s.SystemTrust, Timeout: number(cmpDuration(s.Timeout, fhirclient.DefaultTimeout).Seconds()), KeepPayloads: !s.DropPayload,
		}
	}
	s := p.fhir
	return Draft{
		Kind: FHIRServer, Name: p.name, Address: s.Address, Base: s.Base, Open: s.Open, TLS: s.TLS, ClientRequired: s.ClientRequired, Personality: s.Personality,
		Auth: max(slices.Index(serverAuths, s.Auth), 0), User: s.User, Header: s.Header, Strict: s.Strict, Validate: !s.Unvalidated, DeleteMany: s.DeleteMany, KeepPayloads: !s.DropPayload,
		Share: s.Share, ShareTo: s.ShareTo, Mappings: strings.Join(s.Mappings, ", "),
	}
}

// fhirSettings is the FHIR server that the form describes.
func (d *Draft) fhirSettings() (*FHIRSettings, error) {
	s := &FHIRSettings{
		Address: strings.TrimSpace(d.Address), Base: strings.TrimSuffix(strings.TrimSpace(d.Base), "/"), Open: d.Open, TLS: d.TLS, ClientRequired: d.TLS && d.ClientRequired, Personality: d.Personality,
		Auth: serverAuths[min(max(d.Auth, 0), len(serverAuths)-1)], Strict: d.Strict, Unvalidated: !d.Validate, DeleteMany: d.DeleteMany, DropPayload: !d.KeepPayloads,
	}
	s.Share, s.ShareTo = d.Share, d.ShareTo
	for name := range strings.SplitSeq(d.Mappings, ",") {
		if name = strings.TrimSpace(name); name != "" {
			s.Mappings = append(s.Mappings, name)
		}
	}
	if s.Base != "" && (s.Base[0] != '/' || strings.ContainsAny(s.Base, "?#{} ")) {
		return nil, wrong(BaseField, "write the path as /fhir or /api/R4")
	}
	if err := (&endpoint.Config{Address: s.Address}).Validate(); err != nil {
		return nil, wrong(AddressField, "%s", err)
	}
	switch s.Auth {
	case fhirserver.AuthBasic:
		if s.User = strings.TrimSpace(d.User); s.User == "" || strings.Contains(s.User, ":") {
			return nil, wrong(UserField, "give the user that clients must name; it has no colon")
		}
	case fhirserver.AuthKey:
		s.Header = strings.TrimSpace(d.Header)
	}
	return s, nil
}

// needsSecret says whether the way to authenticate has something that is secret.
func needsSecret[K fhirserver.AuthKind | fhirclient.AuthKind](kind K) bool {
	return kind != "" && string(kind) != string(fhirserver.AuthSMART)
}

// prepareFHIR reads the form of a FHIR server, a new one if p is nil, and gives what stores it.
func (m *Model) prepareFHIR(d Draft, p *point) (func(context.Context) error, error) {
	s, err := d.fhirSettings()
	if err != nil {
		return nil, err
	}
	if needsSecret(s.Auth) && d.Secret == "" && (p == nil || p.fhir.Auth != s.Auth) {
		return nil, wrong(SecretField, "give the password, key or token that clients must show")
	}
	name, revision := d.Name, int64(0)
	if p != nil {
		name, revision = p.name, p.revision
	}
	return func(ctx context.Context) error {
		if err := m.putSettings(ctx, FHIRServer, name, s, revision); err != nil {
			return err
		}
		if err := m.keepCredential(ctx, name, needsSecret(s.Auth), d.Secret); err != nil || p != nil || !d.Invent {
			return err
		}
		shelf := m.newShelf(name)
		store, err := shelf.open(ctx)
		if err == nil {
			err = store.Fill(ctx, fhirstore.Invent(firstSeed, inventedPatients))
		}
		return errors.Join(err, shelf.close())
	}, nil
}

// A new FHIR server begins with these invented patients.
const (
	firstSeed        = 1
	inventedPatients = 10
)

// restSettings is the REST console that the form describes.
func (d *Draft) restSettings() (*RESTSettings, error) {
	s := &RESTSettings{
		Base: strings.TrimRight(strings.TrimSpace(d.Address), "/"), Auth: fhirclient.AuthKinds[min(max(d.Auth, 0), len(fhirclient.AuthKinds)-1)], User: strings.TrimSpace(d.User),
		Header: strings.TrimSpace(d.Header), KeyID: strings.TrimSpace(d.KeyID), Scope: strings.TrimSpace(d.Scope), Token: strings.TrimSpace(d.TokenEndpoint), Plain: d.Plain, SystemTrust: d.SystemTrust, DropPayload: !d.KeepPayloads,
	}
	timeout, err := readNumber(TimeoutField, d.Timeout, "the time-out in seconds")
	if err != nil {
		return nil, err
	}
	s.Timeout = time.Duration(timeout * float64(time.Second))
	if _, err := fhirclient.New(fhirclient.Config{Base: s.Base}, nil); err != nil {
		return nil, wrong(AddressField, "%s", err)
	}
	if s.User == "" && (s.Auth == fhirclient.AuthBasic || s.Auth == fhirclient.AuthClient || s.Auth == fhirclient.AuthBackend) {
		return nil, wrong(UserField, "give the user, or the client_id")
	}
	return s, nil
}

// prepareREST reads the form of a REST console, a new one if p is nil, and gives what stores it.
func (m *Model) prepareREST(d Draft, p *point) (func(context.Context) error, error) {
	s, err := d.restSettings()
	if err != nil {
		return nil, err
	}
	changed := p == nil || p.rest.Auth != s.Auth
	if needsSecret(s.Auth) && d.Secret == "" && changed {
		return nil, wrong(SecretField, "give %s", s.Auth.Secret())
	}
	if d.Secret != "" || s.Auth == fhirclient.AuthNone {
		if _, err := fhirclient.New(s.config(d.Name, "", []byte(d.Secret)), nil); err != nil {
			return nil, wrong(SecretField, "%s", err)
		}
	}
	name, revision := d.Name, int64(0)
	if p != nil {
		name, revision = p.name, p.revision
	}
	return func(ctx context.Context) error {
		if err := m.putSettings(ctx, RESTClient, name, s, revision); err != nil {
			return err
		}
		return m.keepCredential(ctx, name, needsSecret(s.Auth), d.Secret)
	}, nil
}

// config is what the engine is told.
func (s *RESTSettings) config(name, run string, secret []byte) fhirclient.Config {
	return fhirclient.Config{
		Name: name, Run: run, Base: s.Base, Plain: s.Plain, Timeout: s.Timeout, DropPayloads: s.DropPayload,
		Auth: fhirclient.Auth{Kind: s.Auth, User: s.User, Header: s.Header, KeyID: s.KeyID, Scope: s.Scope, Token: s.Token, Secret: secret},
	}
}

// keepCredential seals what was typed among the project's secrets, and removes what is needed no more.
func (m *Model) keepCredential(ctx context.Context, name string, needed bool, typed string) error {
	if needed && typed == "" {
		return nil // as it was
	}
	if needed {
		return m.store.Secrets().Put(ctx, credentialOf(name), credentialKind, []byte(typed))
	}
	err := m.store.Secrets().Delete(ctx, credentialOf(name))
	if errors.Is(err, workspace.ErrNoSecret) {
		err = nil
	}
	return err
}

// renameKept gives what an endpoint keeps beside its documents another name.
func (m *Model) renameKept(ctx context.Context, kind Kind, from, to string) error {
	if !kind.FHIR() {
		return nil
	}
	switch secret, err := m.store.Secrets().Use(ctx, credentialOf(from)); {
	case err == nil:
		defer clear(secret)
		if err := m.store.Secrets().Put(ctx, credentialOf(to), credentialKind, secret); err != nil {
			return err
		}
		if err := m.store.Secrets().Delete(ctx, credentialOf(from)); err != nil {
			return err
		}
	case !errors.Is(err, workspace.ErrNoSecret):
		return err
	}
	if kind == FHIRServer {
		return m.store.RenameResources(ctx, from, to)
	}
	return nil
}

// dropKept removes what an endpoint keeps beside its documents.
func (m *Model) dropKept(ctx context.Context, kind Kind, name string) error {
	if !kind.FHIR() {
		return nil
	}
	if err := m.keepCredential(ctx, name, false, ""); err != nil {
		return err
	}
	if kind == FHIRServer {
		if err := m.store.DeleteResources(ctx, name); !errors.Is(err, workspace.ErrNotFound) {
			return err
		}
	}
	return nil
}

// bindFHIR makes a FHIR server that has its port, over the resources that the project keeps of it. That it was started, and for whom, is
// on record before the port is open.
func (m *Model) bindFHIR(ctx context.Context, name string, s FHIRSettings, file rules.File, shelf *shelf, to *SenderSettings) (server, error) {
	store, err := shelf.open(ctx)
	if err != nil {
		return nil, err
	}
	keeper, err := m.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := m.store.RosterLists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the rosters for the rules: %w", err)
	}
	config := fhirserver.Config{
		Name: name, Address: s.Address, Open: s.Open, Base: s.path(), Strict: s.Strict, Unvalidated: s.Unvalidated, DeleteMany: s.DeleteMany, DropPayloads: s.DropPayload,
		Auth: fhirserver.Auth{Kind: s.Auth, User: s.User, Header: s.Header},
	}
	if config.Auth.Kind == fhirserver.AuthKey && config.Auth.Header == "" {
		config.Auth.Header = "X-API-Key"
	}
	if s.Personality != "" {
		if config.Personality, err = fhirserver.FindPersonality(s.Personality); err != nil {
			return nil, err
		}
	}
	if needsSecret(s.Auth) {
		secret, err := m.store.Secrets().Use(ctx, credentialOf(name))
		if err != nil {
			return nil, fmt.Errorf("what clients must show is not among the project's secrets; give it anew in the settings: %w", err)
		}
		config.Auth.Secret = string(secret)
		clear(secret)
	}
	o := fhirserver.Options{Store: store, Journal: keeper, Rules: file, Lists: lists}
	reach := endpoint.Config{Name: name, Address: s.Address, Open: s.Open, TLS: s.TLS, ClientRequired: s.ClientRequired}
	if s.TLS {
		if o.TLS, err = m.serverTLS(ctx, reach); err != nil {
			return nil, err
		}
	}
	l, err := fhirserver.New(config, o)
	if err != nil {
		return nil, err
	}
	served := fhirServer{Server: l}
	if to != nil {
		if served.door, err = m.tellingDoor(ctx, &s, store, keeper, to); err != nil {
			return nil, err
		}
	}
	if err := m.store.LogAct(ctx, workspace.ActionStarted, "endpoint "+name, reach.Reach()); err != nil {
		return nil, err
	}
	if err := l.Listen(ctx); err != nil {
		return nil, errors.Join(err, m.store.LogFailure(ctx, workspace.ActionStarted, "endpoint "+name, err))
	}
	return served, nil
}

// Personality is a vendor whose server a FHIR server can play.
type Personality struct{ ID, Title, Note string }

// Personalities lists the vendors that a FHIR server can play, after the server that does everything.
func Personalities() []Personality {
	all := []Personality{{"", "everything that FHIR R4 has", "All types, interactions, search parameters and operations."}}
	for _, p := range fhirserver.Personalities() {
		all = append(all, Personality{p.ID, p.Name, limits(p)})
	}
	return all
}

// limits says in a few words what a vendor's server does not do.
func limits(p *fhirserver.Personality) string {
	text := "By the vendor's public statement of " + p.Date() + ": " + strconv.Itoa(len(p.Resources)) + " types. "
	if w := p.Writes(); len(w) > 0 {
		text += "Can be written: " + strings.Join(w, ", ") + "."
	} else {
		text += "Nothing can be written."
	}
	if !slices.ContainsFunc(p.Writes(), func(w string) bool { return strings.HasPrefix(w, "Appointment") }) {
		text += " It cannot book an appointment."
	}
	for _, n := range p.Notes {
		text += " " + strings.ToUpper(n[:1]) + n[1:] + "."
	}
	return text
}
