package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/workspace"
)

const mockHelp = `
Listens as a partner's system would and answers by rules. Without rules every message is
accepted, as its MSH-15 and MSH-16 ask for it. Prints one line when it listens, and one line a
message: time, type, control ID, what was answered, how fast, which rule. Ends with Ctrl-C, and
answers first what it has received.

  --listen ADDRESS     where, as 127.0.0.1:2575; port 0 takes a free one
  --rules FILE.yaml    how to behave; see "trestle mock presets" for examples
  --preset NAME        how to behave, ready-made; see "trestle mock presets"
  --profile NAME       check messages against this partner profile, for rules on findings: a file,
                       one that comes with the program, or one of the workspace
  --open               allow an address that other computers reach
  --allow ADDRESS      only this client, or network as 10.0.0.0/8, may connect; may be repeated
  --journal FILE.jsonl keep every exchange, one JSON object a line. A message is acknowledged
                       only after it is on the disk. The file holds patient data in clear.
  --no-payloads        the journal keeps sizes, times and hashes only
  --workspace W        keep every exchange in this workspace instead, encrypted. Its patients
                       answer queries, its rosters are lists for rules.
  --endpoint NAME      name of the endpoint in the journal (mock); where the workspace has an
                       endpoint of this name, its settings and rules hold unless flags say
                       otherwise
  --passphrase-file FILE  read the passphrase of the workspace from a file
  --quiet              no line for each message
  --max-frame BYTES    largest message; beyond it the connection is closed (64 MB)
  --release-2          commit bytes of MLLP release 2
  --tls auto           encrypt, with a certificate of an authority that is made for this run
  --tls-save-ca FILE   write the certificate of that authority, for the clients
  --tls-cert FILE --tls-key FILE   encrypt with this certificate and key (PEM)
  --tls-ca FILE        clients need a certificate that this authority signed (PEM)
`

const mockPresetsHelp = `
Prints the partners that --preset knows: name, title and what is known of them. With a name it
prints that one as a file of rules, to be changed and given back with --rules.
`

func runMockPresets(_ context.Context, s *session, args []string) error {
	plain, err := parse(flag.NewFlagSet("mock presets", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(plain) > 1 {
		return usagef("mock presets takes one name at most")
	}
	if len(plain) == 1 {
		p, err := endpoint.FindPreset(plain[0])
		if err != nil {
			return usagef("%s", err)
		}
		b, err := rules.Format(p.Rules)
		if err != nil {
			return err
		}
		_, err = s.out.Write(b)
		return err
	}
	for _, p := range endpoint.Presets() {
		fmt.Fprintf(s.out, "%s  %s\n    %s\n", p.ID, p.Title, p.Note)
		for _, r := range p.Rules.Rules {
			fmt.Fprintf(s.out, "    - %s\n", r.Sentence())
		}
		if len(p.Rules.Rules) > 0 || p.Rules.Otherwise.Sentence() != "accept" {
			fmt.Fprintf(s.out, "    - otherwise %s\n", p.Rules.Otherwise.Sentence())
		}
		for _, f := range p.Rules.Faults {
			fmt.Fprintf(s.out, "    - fault: %s\n", f.Sentence())
		}
	}
	return nil
}

// textList is a flag that may be repeated.
type textList []string

func (l *textList) String() string { return strings.Join(*l, ",") }

func (l *textList) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// mock is what the flags of "mock mllp" say.
type mock struct {
	config                             endpoint.Config
	rules, preset                      string
	journal, workspace, passphraseFile string
	quiet                              bool
	security                           security
	auto, saveCA                       string
}

func runMock(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("mock mllp", flag.ContinueOnError)
	var m mock
	set.StringVar(&m.config.Address, "listen", "", "")
	set.StringVar(&m.rules, "rules", "", "")
	set.StringVar(&m.preset, "preset", "", "")
	set.StringVar(&m.config.Profile, "profile", "", "")
	set.BoolVar(&m.config.Open, "open", false, "")
	set.Var((*textList)(&m.config.Allow), "allow", "")
	set.StringVar(&m.journal, "journal", "", "")
	set.StringVar(&m.workspace, "workspace", "", "")
	set.StringVar(&m.config.Name, "endpoint", "mock", "")
	set.StringVar(&m.passphraseFile, "passphrase-file", "", "")
	set.BoolVar(&m.config.DropPayloads, "no-payloads", false, "")
	set.BoolVar(&m.quiet, "quiet", false, "")
	set.IntVar(&m.config.MaxFrame, "max-frame", 0, "")
	set.BoolVar(&m.config.Release2, "release-2", false, "")
	m.security = tlsFlags(set)
	set.StringVar(&m.auto, "tls", "", "")
	set.StringVar(&m.saveCA, "tls-save-ca", "", "")
	plain, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case len(plain) > 0:
		return usagef("mock mllp takes no arguments but flags; the address is given with --listen")
	case m.rules != "" && m.preset != "":
		return usagef("give --rules or --preset, not both: \"trestle mock presets NAME\" prints a preset as a file of rules")
	case m.journal != "" && m.workspace != "":
		return usagef("give --journal or --workspace, not both")
	case m.workspace != "":
		return s.within(ctx, m.workspace, m.passphraseFile, func(w *workspace.Workspace) error { return s.mockInWorkspace(ctx, w, &m) })
	}
	file, title, err := m.behaviour()
	if err != nil {
		return err
	}
	var o endpoint.Options
	if name := m.config.Profile; name != "" {
		p, err := profile.Load(name)
		if err != nil {
			return usagef("%s", err)
		}
		o.Check = p.Check
	}
	if m.journal == "" {
		return s.mock(ctx, &m, file, title, o)
	}
	j, err := endpoint.OpenFileJournal(m.journal)
	if err != nil {
		return err
	}
	o.Journal = j
	return errors.Join(s.mock(ctx, &m, file, title, o), j.Close())
}

// mockInWorkspace keeps the journal in a workspace, and takes the settings and rules of the endpoint from there if it has one of this
// name; flags go before them.
func (s *session) mockInWorkspace(ctx context.Context, w *workspace.Workspace, m *mock) error {
	if err := m.stored(ctx, w); err != nil {
		return err
	}
	file, title, err := m.behaviour()
	if err != nil {
		return err
	}
	if m.rules == "" && m.preset == "" {
		d, err := w.Document(ctx, workspace.DocumentRules, m.config.Name)
		switch {
		case err == nil:
			if file, err = rules.Parse(d.Bytes); err != nil {
				return fmt.Errorf("the rules of %s: %w", m.config.Name, err)
			}
			title = "the rules of " + m.config.Name
		case !errors.Is(err, workspace.ErrNotFound):
			return err
		}
	}
	findings, err := m.check(ctx, w)
	if err != nil {
		return err
	}
	lists, err := w.RosterLists(ctx)
	if err != nil {
		return err
	}
	j, err := w.OpenJournal(ctx)
	if err != nil {
		return err
	}
	o := endpoint.Options{Journal: j, Patients: w.Patients(), Lists: lists, Check: findings}
	m.config.TLS = m.auto != "" || *m.security.cert != ""
	object := "endpoint " + m.config.Name
	if err := w.LogAct(ctx, workspace.ActionStarted, object, m.config.Reach()); err != nil {
		return errors.Join(err, j.Close())
	}
	err = s.mock(ctx, m, file, title, o)
	return errors.Join(err, j.Close(), w.LogAct(context.WithoutCancel(ctx), workspace.ActionStopped, object, ""))
}

// check is the check of the partner profile, nil for none: of the project, of a file, or one that comes with the program.
func (m *mock) check(ctx context.Context, w *workspace.Workspace) (func(*hl7.Message) []check.Finding, error) {
	name := m.config.Profile
	if name == "" {
		return nil, nil
	}
	d, err := w.Document(ctx, workspace.DocumentProfile, name)
	var p *profile.Profile
	switch {
	case err == nil:
		p, err = profile.Parse(d.Name, d.Bytes)
	case errors.Is(err, workspace.ErrNotFound):
		p, err = profile.Load(name)
	}
	if err != nil {
		return nil, fmt.Errorf("the profile %s: %w", name, err)
	}
	return p.Check, nil
}

// stored takes the settings of the endpoint from the workspace, where it has them.
func (m *mock) stored(ctx context.Context, w *workspace.Workspace) error {
	d, err := w.Document(ctx, workspace.DocumentEndpoint, m.config.Name)
	if errors.Is(err, workspace.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := endpoint.ParseConfig(d.Bytes)
	if err != nil {
		return fmt.Errorf("the endpoint %s: %w", m.config.Name, err)
	}
	given := m.config
	c.Name = given.Name
	if given.Address != "" {
		c.Address = given.Address
	}
	if len(given.Allow) > 0 {
		c.Allow = given.Allow
	}
	if given.MaxFrame > 0 {
		c.MaxFrame = given.MaxFrame
	}
	if given.Profile != "" {
		c.Profile = given.Profile
	}
	c.Open = given.Open // to be reached by others is said each time
	c.Release2 = c.Release2 || given.Release2
	c.DropPayloads = c.DropPayloads || given.DropPayloads
	if c.TLS && m.auto == "" && *m.security.cert == "" {
		m.auto = "auto"
	}
	m.config = c
	return nil
}

// mock listens until ctx ends.
func (s *session) mock(ctx context.Context, m *mock, file rules.File, title string, o endpoint.Options) (err error) {
	c := m.config
	if c.Address == "" {
		return usagef("mock mllp needs an address, as in --listen 127.0.0.1:2575")
	}
	if o.TLS, err = m.security.listener(m.auto, m.saveCA, c.Address, time.Now()); err != nil {
		return err
	}
	c.TLS = o.TLS != nil
	l, err := endpoint.NewListener(c, file, o)
	if err != nil {
		return usagef("%s", err)
	}
	if err := l.Listen(ctx); err != nil {
		return err
	}
	encrypted := ""
	if c.TLS {
		encrypted = ", TLS"
	}
	fmt.Fprintf(s.out, "listening on %s (MLLP%s): %s\n", l.Addr(), encrypted, clean(title))
	if err := s.out.Flush(); err != nil {
		return err
	}
	return s.attend(ctx, l, m.quiet)
}

// behaviour reads the rules, from a file or a preset, and says what they are called.
func (m *mock) behaviour() (rules.File, string, error) {
	switch {
	case m.preset != "":
		p, err := endpoint.FindPreset(m.preset)
		if err != nil {
			return rules.File{}, "", usagef("%s", err)
		}
		p.Apply(&m.config)
		return p.Rules, p.Title, nil
	case m.rules != "":
		b, err := os.ReadFile(m.rules)
		if err != nil {
			return rules.File{}, "", &readError{m.rules, err}
		}
		f, err := rules.Parse(b)
		if err != nil {
			return f, "", fmt.Errorf("%s: %w", m.rules, err)
		}
		title := f.Title
		if title == "" {
			title = m.rules
		}
		return f, title, nil
	}
	return rules.File{}, "accepts every message", nil
}

// attend runs the listener and prints a line for each exchange until it ends.
func (s *session) attend(ctx context.Context, l *endpoint.Listener, quiet bool) error {
	sub := l.Subscribe(64 << 10)
	defer sub.Close()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	var rows []endpoint.Row
	show := func() error {
		var dropped int64
		rows, dropped = sub.Take(rows[:0])
		if quiet {
			return nil
		}
		if dropped > 0 {
			fmt.Fprintf(s.out, "... %s more\n", plural(dropped, "message", "messages"))
		}
		for _, r := range rows {
			fmt.Fprintln(s.out, rowLine(r))
		}
		return s.out.Flush()
	}
	var broken error
	for {
		select {
		case <-sub.C():
			if err := show(); err != nil && broken == nil {
				broken, quiet = err, true // nobody reads any more; clients are still answered
			}
		case err := <-ended:
			if showErr := show(); broken == nil {
				broken = showErr
			}
			st := l.Stats()
			fmt.Fprintf(s.out, "ended: %s, %d accepted, %d errors, %d rejected, %d without an answer, %d refused\n",
				plural(st.In, "message", "messages"), st.Accepted, st.Errors, st.Rejected, st.Silent, st.Refused)
			if err != nil {
				return err
			}
			return broken
		}
	}
}

// rowLine is an exchange in one line, without patient data.
func rowLine(r endpoint.Row) string {
	what := joinNonEmpty("^", r.Type, r.Trigger)
	if what == "" || r.Kind != endpoint.KindMessage {
		what = joinNonEmpty(" ", string(r.Kind), what)
	}
	answer := r.Code
	if answer == "" {
		answer = string(r.Outcome)
	}
	line := []string{r.At.UTC().Format("15:04:05.000"), string(r.Direction), what, r.ControlID, answer}
	if r.Latency > 0 {
		line = append(line, fmt.Sprintf("%.1f ms", float64(r.Latency.Microseconds())/1000))
	}
	line = append(line, r.Rule, r.Fault)
	if r.Outcome != endpoint.OutcomeAccepted {
		line = append(line, r.Detail)
	}
	return clean(joinNonEmpty("  ", line...))
}
