package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/workspace"
)

const mockFHIRHelp = `
Is a FHIR R4 server: create, read, update, patch, delete with versions and conditions, history,
search, batch and transaction, operations such as $validate and $everything, JSON and XML.
Resources are in memory and end with the program; with --workspace they last, and an answer to a
change means that it is on disk. Prints one line when it listens, and one line a request: time,
method, type, status, how fast, which rule. Ends with Ctrl-C.

  --listen ADDRESS     where, as 127.0.0.1:8080; port 0 takes a free one
  --load PATH          resources to begin with: NDJSON, Bundles, single resources in JSON or
                       XML, or a folder with files .json, .ndjson, .jsonl and .xml; may be repeated
  --patients N         begin with N invented patients; 10 where nothing is loaded or stored
  --seed N             of the invented patients (1)
  --base PATH          path of the service (/fhir; of a personality the vendor's)
  --personality NAME   do only what a vendor's public statement says; see
                       "trestle mock fhir-personalities"
  --rules FILE.yaml    when to fail and how: type is the HTTP method and trigger the resource type,
                       as in: {when: {type: POST, trigger: Patient},
                       faults: [{fault: status, value: "503"}]}.
                       Faults: ` + "%s" + `
  --auth METHOD        what requests must carry: basic:user:password, api-key:KEY,
                       api-key:Header=KEY, bearer:TOKEN, or smart: SMART on FHIR with PKCE, scopes
                       of v1 and v2, refresh, id tokens, backend services, introspection and
                       revocation. It approves at once, for the first patient; smart:picker shows a
                       page to approve and pick one. The page BASE/auth/launcher launches an app
                       as an EHR does
  --clients FILE.json  the only clients of smart: client_id, and client_secret, jwks or jwks_uri;
                       redirect_uris and scopes limit what they may ask for
  --strict             search parameters that are not known are an error, not a warning
  --no-validation      store what the definitions forbid too
  --delete-many        a conditional delete may take several resources
  --share ADDRESS      a second door to the same patients: listen there for HL7 v2 (MLLP). An ADT,
                       SIU or DFT changes the resources before it is acknowledged. With
                       --workspace the name of an MLLP endpoint of it, with its address and rules
  --share-to ADDRESS   send ADT, SIU and DFT there when a client changes a patient, visit,
                       coverage, appointment or charge; what came by --share is not sent back
  --share-rules FILE.yaml  how the second door answers, as for "trestle mock mllp"
  --map FILE.yaml      a mapping for the second door, in the place of that which comes with the
                       program ("trestle map new"); may be repeated
  --allow-hook URL     notifications of Subscriptions may go to this address and below it; may be
                       repeated. Without it a Subscription that asks for a rest-hook is in error
  --export-time TIME   how long a bulk export takes, as 10s (0s)
  --open               allow an address that other computers reach
  --journal FILE.jsonl keep every exchange, one JSON object a line. It holds patient data in clear.
  --no-payloads        the journal keeps sizes, times and hashes only
  --workspace W        keep resources and every exchange in this workspace, encrypted; see
                       "trestle mock fhir-state" for snapshots of the resources
  --endpoint NAME      name of the endpoint: of its resources and in the journal (fhir)
  --passphrase-file FILE  read the passphrase of the workspace from a file
  --quiet              no line for each request
  --tls auto           encrypt, with a certificate of an authority that is made for this run
  --tls-save-ca FILE   write the certificate of that authority, for the clients
  --tls-cert FILE --tls-key FILE   encrypt with this certificate and key (PEM)
  --tls-ca FILE        clients need a certificate that this authority signed (PEM)
`

const fhirPersonalitiesHelp = `
Prints the vendors whose servers "mock fhir --personality" plays: name, the day of the public
statement that it is modelled on, what can be written, and what is known besides. With a name it
prints the types with their interactions.
`

// mockFHIRText is the help with the faults that there are.
func mockFHIRText() string {
	var names []string
	for _, f := range rules.HTTPFaults() {
		names = append(names, string(f.Kind))
	}
	return strings.Replace(mockFHIRHelp, "%s", wrapWords(names, 60, "\n                       "), 1)
}

// wrapWords joins words with commas, into lines of about so many characters.
func wrapWords(words []string, width int, lineEnd string) string {
	var b strings.Builder
	at := 0
	for i, w := range words {
		if i > 0 {
			b.WriteByte(',')
			if at += len(w) + 2; at > width {
				b.WriteString(lineEnd)
				at = len(w)
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(w)
	}
	return b.String()
}

func runFHIRPersonalities(_ context.Context, s *session, args []string) error {
	plain, err := parse(flag.NewFlagSet("mock fhir-personalities", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(plain) > 1 {
		return usagef("mock fhir-personalities takes one name at most")
	}
	if len(plain) == 1 {
		p, err := fhirserver.FindPersonality(plain[0])
		if err != nil {
			return usagef("%s", err)
		}
		for _, t := range p.Types() {
			fmt.Fprintf(s.out, "%s  %s\n", t, strings.Join(p.Resources[t].Interactions, " "))
		}
		return nil
	}
	for _, p := range fhirserver.Personalities() {
		fmt.Fprintf(s.out, "%s  %s\n    modelled on the public statement of %s; %d types; base %s\n", p.ID, p.Name, p.Date(), len(p.Resources), p.Path())
		if w := p.Writes(); len(w) > 0 {
			fmt.Fprintf(s.out, "    can be written: %s\n", strings.Join(w, ", "))
		} else {
			fmt.Fprintf(s.out, "    nothing can be written\n")
		}
		for _, n := range p.Notes {
			fmt.Fprintf(s.out, "    - %s\n", n)
		}
	}
	return nil
}

// mockFHIR is what the flags of "mock fhir" say.
type mockFHIR struct {
	config                             fhirserver.Config
	load                               textList
	patients                           int
	seed                               uint64
	rules, personality, auth, clients  string
	journal, workspace, passphraseFile string
	quiet                              bool
	security                           security
	tls, saveCA                        string
	share                              sharing
}

func runMockFHIR(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("mock fhir", flag.ContinueOnError)
	var m mockFHIR
	set.StringVar(&m.config.Address, "listen", "", "")
	set.Var(&m.load, "load", "")
	set.IntVar(&m.patients, "patients", -1, "")
	set.Uint64Var(&m.seed, "seed", 1, "")
	set.StringVar(&m.config.Base, "base", "", "")
	set.StringVar(&m.personality, "personality", "", "")
	set.StringVar(&m.rules, "rules", "", "")
	set.StringVar(&m.auth, "auth", "", "")
	set.StringVar(&m.clients, "clients", "", "")
	set.BoolVar(&m.config.Strict, "strict", false, "")
	set.BoolVar(&m.config.Unvalidated, "no-validation", false, "")
	set.BoolVar(&m.config.DeleteMany, "delete-many", false, "")
	set.Var((*textList)(&m.config.Hooks), "allow-hook", "")
	set.DurationVar(&m.config.ExportTime, "export-time", 0, "")
	set.BoolVar(&m.config.Open, "open", false, "")
	set.StringVar(&m.journal, "journal", "", "")
	set.BoolVar(&m.config.DropPayloads, "no-payloads", false, "")
	set.StringVar(&m.workspace, "workspace", "", "")
	set.StringVar(&m.config.Name, "endpoint", "fhir", "")
	set.StringVar(&m.passphraseFile, "passphrase-file", "", "")
	set.BoolVar(&m.quiet, "quiet", false, "")
	m.security = tlsFlags(set)
	set.StringVar(&m.tls, "tls", "", "")
	set.StringVar(&m.saveCA, "tls-save-ca", "", "")
	m.share.flags(set)
	plain, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case len(plain) > 0:
		return usagef("mock fhir takes no arguments but flags; resources are given with --load")
	case m.config.Address == "":
		return usagef("mock fhir needs an address, as in --listen 127.0.0.1:8080")
	case m.journal != "" && m.workspace != "":
		return usagef("give --journal or --workspace, not both")
	case m.patients > 10000:
		return usagef("--patients takes up to 10000")
	}
	m.share.open = m.config.Open
	if err := m.share.check(); err != nil {
		return err
	}
	var o fhirserver.Options
	if err := s.prepareFHIR(&m, &o); err != nil {
		return err
	}
	switch {
	case m.workspace != "":
		return s.within(ctx, m.workspace, m.passphraseFile, func(w *workspace.Workspace) error {
			j, err := w.OpenJournal(ctx)
			if err != nil {
				return err
			}
			if o.Lists, err = w.RosterLists(ctx); err != nil {
				return errors.Join(err, j.Close())
			}
			o.Journal = j
			object, where := "endpoint "+m.config.Name, "listening on "+m.config.Address
			if m.config.Open {
				where += ", open to other computers"
			}
			if err := w.LogAct(ctx, workspace.ActionStarted, object, where); err != nil {
				return errors.Join(err, j.Close())
			}
			err = s.mockStoredFHIR(ctx, w, &m, o)
			return errors.Join(err, j.Close(), w.LogAct(context.WithoutCancel(ctx), workspace.ActionStopped, object, ""))
		})
	case m.journal != "":
		j, err := endpoint.OpenFileJournal(m.journal)
		if err != nil {
			return err
		}
		o.Journal = j
		return errors.Join(s.mockFHIR(ctx, &m, o), j.Close())
	}
	return s.mockFHIR(ctx, &m, o)
}

// prepareFHIR reads what the flags name: personality, rules, authentication, certificates.
func (s *session) prepareFHIR(m *mockFHIR, o *fhirserver.Options) (err error) {
	if m.config.Auth, err = fhirserver.ParseAuth(m.auth); err != nil {
		return usagef("%s", err)
	}
	if m.clients != "" {
		if m.config.Auth.Kind != fhirserver.AuthSMART {
			return usagef("--clients goes with --auth smart")
		}
		b, err := os.ReadFile(m.clients)
		if err != nil {
			return &readError{m.clients, err}
		}
		if m.config.Auth.Clients, err = fhirserver.ParseClients(b); err != nil {
			return fmt.Errorf("%s: %w", m.clients, err)
		}
	}
	if m.personality != "" {
		if m.config.Personality, err = fhirserver.FindPersonality(m.personality); err != nil {
			return usagef("%s", err)
		}
		if m.config.Base == "" {
			m.config.Base = m.config.Personality.Path()
		}
	}
	if m.rules != "" {
		b, err := os.ReadFile(m.rules)
		if err != nil {
			return &readError{m.rules, err}
		}
		if o.Rules, err = rules.Parse(b); err != nil {
			return fmt.Errorf("%s: %w", m.rules, err)
		}
	}
	o.TLS, err = m.security.listener(m.tls, m.saveCA, m.config.Address, time.Now())
	return err
}

// mockStoredFHIR is mockFHIR with the resources in a workspace.
func (s *session) mockStoredFHIR(ctx context.Context, w *workspace.Workspace, m *mockFHIR, o fhirserver.Options) error {
	m.share.workspace = w
	kept, err := w.OpenResources(ctx, m.config.Name)
	if err != nil {
		return err
	}
	if o.Store, err = fhirstore.Open(ctx, fhirstore.Options{Keeper: kept}); err == nil {
		err = s.mockFHIR(ctx, m, o)
	}
	return errors.Join(err, kept.Close())
}

// mockFHIR loads what there is to load and serves until ctx ends.
func (s *session) mockFHIR(ctx context.Context, m *mockFHIR, o fhirserver.Options) error {
	if o.Store == nil {
		o.Store = fhirstore.New(fhirstore.Options{})
	}
	if m.patients < 0 && len(m.load) == 0 && len(o.Store.Types()) == 0 {
		m.patients = 10
	}
	if m.patients > 0 {
		if err := o.Store.Fill(ctx, fhirstore.Invent(m.seed, m.patients)); err != nil {
			return err
		}
	}
	if err := s.loadFHIR(ctx, o.Store, m.load); err != nil {
		return err
	}
	server, err := fhirserver.New(m.config, o)
	if err != nil {
		return usagef("%s", err)
	}
	if err := server.Listen(ctx); err != nil {
		return err
	}
	title := "FHIR R4"
	if p := m.config.Personality; p != nil {
		title += ", modelled on the public statement of " + p.Name + " of " + p.Date()
	}
	fmt.Fprintf(s.out, "listening on %s (%s): %s\n", server.URL(), title, plural(int64(o.Store.Count("")), "resource", "resources"))
	other, err := s.openSecond(ctx, &m.share, o.Store, o.Journal)
	if err != nil {
		return err
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	sharing, end := context.WithCancel(ctx)
	defer end()
	all := other.watch(server) // before anything can come
	other.run(sharing)
	err = s.attendFHIR(ctx, server, other, all, m.quiet)
	end()
	return errors.Join(err, other.wait())
}

// resourceFiles are how the names of files end that are loaded from a folder.
var resourceFiles = []string{".json", ".ndjson", ".jsonl", ".xml"}

func (s *session) loadFHIR(ctx context.Context, store *fhirstore.Store, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	return s.eachInput(ctx, paths, true, func(in *input) error {
		if !slices.Contains(paths, in.name) && !slices.Contains(resourceFiles, strings.ToLower(filepath.Ext(in.name))) {
			return nil // a licence or a picture that lies in the folder too
		}
		done, err := store.Load(ctx, in)
		if done.Skipped > 0 {
			s.complain("%s: %s left out, of types that FHIR R4 does not have", in.title(), plural(int64(done.Skipped), "resource", "resources"))
		}
		if err != nil {
			return &readError{in.name, err}
		}
		return nil
	})
}

// attendFHIR runs the server and prints a line for each request, and each message of the second door, until it ends.
func (s *session) attendFHIR(ctx context.Context, server *fhirserver.Server, other *second, all []*lookout, quiet bool) error {
	wake := make(chan struct{}, 1)
	var passing sync.WaitGroup
	stop := make(chan struct{})
	for _, w := range all {
		defer w.sub.Close()
		passing.Go(func() {
			for {
				select {
				case <-w.sub.C():
					select {
					case wake <- struct{}{}:
					default:
					}
				case <-stop:
					return
				}
			}
		})
	}
	defer passing.Wait()
	defer close(stop)
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	show := func() error {
		for _, w := range all {
			var dropped int64
			w.rows, dropped = w.sub.Take(w.rows[:0])
			if quiet {
				continue
			}
			if dropped > 0 {
				fmt.Fprintf(s.out, "... %s more\n", plural(dropped, "request", "requests"))
			}
			for _, r := range w.rows {
				fmt.Fprintln(s.out, w.line(r))
			}
		}
		if quiet {
			return nil
		}
		return s.out.Flush()
	}
	var broken error
	for {
		select {
		case <-wake:
			if err := show(); err != nil && broken == nil {
				broken, quiet = err, true // nobody reads any more; clients are still answered
			}
		case err := <-ended:
			if showErr := show(); broken == nil {
				broken = showErr
			}
			st := server.Stats()
			fmt.Fprintf(s.out, "ended: %s, %d answered well, %d client errors, %d server errors, %d without an answer%s\n",
				plural(st.In, "request", "requests"), st.Accepted, st.Errors, st.Rejected, st.Silent+st.Refused, other.ended())
			return errors.Join(err, broken)
		}
	}
}

// requestLine is a request in one line, without patient data.
func requestLine(r endpoint.Row) string {
	answer := r.Code
	if answer == "" || r.Outcome == endpoint.OutcomeSilent {
		answer = string(r.Outcome)
	}
	line := []string{r.At.UTC().Format("15:04:05.000"), joinNonEmpty(" ", r.Type, r.Trigger), r.ControlID, answer}
	if r.Latency > 0 {
		line = append(line, fmt.Sprintf("%.1f ms", float64(r.Latency.Microseconds())/1000))
	}
	return clean(joinNonEmpty("  ", append(line, r.Rule, r.Fault, r.Detail)...))
}
