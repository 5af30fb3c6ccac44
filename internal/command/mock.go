package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
)

const mockHelp = `
Listens as a partner's system would and answers by rules. Without rules every message is
accepted, as its MSH-15 and MSH-16 ask for it. Prints one line when it listens, and one line a
message: time, type, control ID, what was answered, how fast, which rule. Ends with Ctrl-C, and
answers first what it has received.

  --listen ADDRESS     where, as 127.0.0.1:2575; port 0 takes a free one
  --rules FILE.yaml    how to behave; see "trestle mock presets" for examples
  --preset NAME        how to behave, ready-made; see "trestle mock presets"
  --open               allow an address that other computers reach
  --allow ADDRESS      only this client, or network as 10.0.0.0/8, may connect; may be repeated
  --journal FILE.jsonl keep every exchange, one JSON object a line. A message is acknowledged
                       only after it is on the disk. The file holds patient data in clear.
  --no-payloads        the journal keeps sizes, times and hashes only
  --name NAME          name of the endpoint in the journal
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

func runMock(ctx context.Context, s *session, args []string) (err error) {
	set := flag.NewFlagSet("mock mllp", flag.ContinueOnError)
	var c endpoint.Config
	set.StringVar(&c.Address, "listen", "", "")
	rulesFile := set.String("rules", "", "")
	preset := set.String("preset", "", "")
	set.BoolVar(&c.Open, "open", false, "")
	set.Var((*textList)(&c.Allow), "allow", "")
	journalFile := set.String("journal", "", "")
	set.BoolVar(&c.DropPayloads, "no-payloads", false, "")
	set.StringVar(&c.Name, "name", "mock", "")
	quiet := set.Bool("quiet", false, "")
	set.IntVar(&c.MaxFrame, "max-frame", 0, "")
	set.BoolVar(&c.Release2, "release-2", false, "")
	security := tlsFlags(set)
	auto := set.String("tls", "", "")
	saveCA := set.String("tls-save-ca", "", "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) > 0 {
		return usagef("mock mllp takes no arguments but flags; the address is given with --listen")
	}
	file, title, err := behaviour(&c, *rulesFile, *preset)
	if err != nil {
		return err
	}
	if c.Address == "" {
		return usagef("mock mllp needs an address, as in --listen 127.0.0.1:2575")
	}
	var o endpoint.Options
	if o.TLS, err = security.listener(*auto, *saveCA, c.Address, time.Now()); err != nil {
		return err
	}
	c.TLS = o.TLS != nil
	if *journalFile != "" {
		j, err := endpoint.OpenFileJournal(*journalFile)
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := j.Close(); closeErr != nil && err == nil {
				err = closeErr
			}
		}()
		o.Journal = j
	}
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
	return s.attend(ctx, l, *quiet)
}

// behaviour reads the rules, from a file or a preset, and says what they are called.
func behaviour(c *endpoint.Config, path, preset string) (rules.File, string, error) {
	switch {
	case path != "" && preset != "":
		return rules.File{}, "", usagef("give --rules or --preset, not both: \"trestle mock presets NAME\" prints a preset as a file of rules")
	case preset != "":
		p, err := endpoint.FindPreset(preset)
		if err != nil {
			return rules.File{}, "", usagef("%s", err)
		}
		p.Apply(c)
		return p.Rules, p.Title, nil
	case path != "":
		b, err := os.ReadFile(path)
		if err != nil {
			return rules.File{}, "", &readError{path, err}
		}
		f, err := rules.Parse(b)
		if err != nil {
			return f, "", fmt.Errorf("%s: %w", path, err)
		}
		title := f.Title
		if title == "" {
			title = path
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
