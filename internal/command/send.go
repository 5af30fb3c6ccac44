package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/workspace"
)

const sendHelp = `
Sends the messages of files and folders and says what came back, one line a message. A file may
hold one message, many, or a batch. Messages go out byte for byte unless --new-ids is given.

  --to HOST:PORT       the listener
  --rate N             messages a second at most
  --count N            messages in all, beginning anew at the end of the files
  --loop               begin anew until Ctrl-C
  --connections N      connections side by side; only one keeps the order of messages (1)
  --window N           messages under way on each connection (1)
  --per-message        a connection of its own for each message
  --timeout D          for a reply, as 500ms, 30s (30s)
  --new-ids            give each message a new MSH-10 and MSH-7
  --expect CODE        the acknowledgement that counts as success: AA, AE, AR, CA, CE, CR, or
                       several joined with commas; without it AA or CA. With an application
                       code, enhanced mode's application acknowledgement is waited for.
                       A FILE whose name ends in .expect says it message by message, in lines
                       of a control ID, a file or file[index], and codes: "MSG00412 AE",
                       "bad-dates.hl7 AE,AR", "orders.hl7[3] CR", "* AA". The first that fits
                       decides; a line that no message fits is trouble.
  --retry N            try again up to N times where no answer comes, waiting 1 s, 2 s, 4 s ...;
                       the order is kept, and it is said when a message may have arrived twice
  --retry-rejected     try again also after AR, CR and CE
  --batch              send a file as it is, in one frame
  --series "N T..."    make messages instead of reading files: for N invented patients these
                       triggers in order, as "5 A01 A08 A03" or "3 S12 S13 S15"
  --seed N             another series
  --journal FILE.jsonl keep every exchange, one JSON object a line, patient data in clear
  --workspace W        keep every exchange in this workspace instead, encrypted
  --queue              store the messages in the workspace, put them into the queue of --endpoint,
                       and send until it is empty: in order, waiting for a partner that is away as
                       long as it takes. Ctrl-C or a crash loses nothing; without files it goes on.
  --hold               stop the queue at a message that the partner refuses
  --endpoint NAME      name of the sender in the journal (send), and of its queue
  --run NAME           name of this run in the journal
  --passphrase-file FILE  read the passphrase of the workspace from a file
  --release-2          commit bytes of MLLP release 2
  --tls                encrypt, and check the listener's certificate with the system's authorities
  --tls-ca FILE        ... with this authority instead (PEM)
  --tls-name NAME      the name in the listener's certificate, if it is not that of --to
  --tls-cert FILE --tls-key FILE   show this certificate (PEM)
  --tls-insecure       encrypt, and do not check who the listener is
  --json               a report as one JSON object: to, results, summary

A line is: ok or FAILED, file[index], type, control ID, code, time, and why it failed.
Exit status: 0 every message got what was expected; 1 some did not; 2 trouble.
`

func runSend(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("send", flag.ContinueOnError)
	c := endpoint.SendConfig{Endpoint: "send"}
	set.StringVar(&c.To, "to", "", "")
	set.Float64Var(&c.Rate, "rate", 0, "")
	set.Int64Var(&c.Count, "count", 0, "")
	set.BoolVar(&c.Loop, "loop", false, "")
	set.IntVar(&c.Connections, "connections", 1, "")
	set.IntVar(&c.Window, "window", 1, "")
	set.BoolVar(&c.PerMessage, "per-message", false, "")
	set.DurationVar(&c.Timeout, "timeout", endpoint.DefaultTimeout, "")
	set.BoolVar(&c.NewIDs, "new-ids", false, "")
	expect := set.String("expect", "", "")
	set.IntVar(&c.Retry.Times, "retry", 0, "")
	set.BoolVar(&c.Retry.Rejected, "retry-rejected", false, "")
	batch := set.Bool("batch", false, "")
	series := set.String("series", "", "")
	seed := set.Uint64("seed", 0, "")
	journalFile := set.String("journal", "", "")
	workspaceFile := set.String("workspace", "", "")
	passphraseFile := set.String("passphrase-file", "", "")
	set.StringVar(&c.Endpoint, "endpoint", "send", "")
	set.StringVar(&c.Run, "run", "", "")
	queued := set.Bool("queue", false, "")
	hold := set.Bool("hold", false, "")
	set.BoolVar(&c.Release2, "release-2", false, "")
	security := tlsFlags(set)
	useTLS := set.Bool("tls", false, "")
	insecure := set.Bool("tls-insecure", false, "")
	tlsName := set.String("tls-name", "", "")
	asJSON := set.Bool("json", false, "")
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if c.To == "" {
		return usagef("send needs a listener, as in --to 127.0.0.1:2575")
	}
	if *expect != "" {
		if c.Expect, err = endpoint.ParseCodes(*expect); err != nil {
			return usagef("%s", err)
		}
	}
	if c.TLS, err = security.sender(*useTLS, *insecure, *tlsName); err != nil {
		return err
	}
	if *insecure {
		s.complain("the listener is not checked: it could be anyone's")
	}
	if *queued {
		switch {
		case *workspaceFile == "":
			return usagef("--queue needs the workspace that holds the queue: --workspace W")
		case *series != "" || *batch || c.Loop || c.Count > 0 || c.Connections > 1 || c.Window > 1:
			return usagef("a queue sends each message of files once and in order: leave --series, --batch, --loop, --count, --connections and --window out")
		}
		return s.within(ctx, *workspaceFile, *passphraseFile, func(w *workspace.Workspace) error {
			return s.sendQueue(ctx, w, c, files, *hold, *asJSON)
		})
	}
	if *hold {
		return usagef("--hold goes with --queue")
	}
	messages, err := s.messages(ctx, &c, files, *series, *seed, *batch)
	if err != nil {
		return err
	}
	run := func(journal endpoint.Journal) error {
		sender, err := endpoint.NewSender(c, journal)
		if err != nil {
			return usagef("%s", err)
		}
		return s.reportSending(ctx, c.To, *asJSON, func(each func(*endpoint.Result)) (endpoint.Summary, error) {
			return sender.Run(ctx, messages, each)
		})
	}
	switch {
	case *journalFile != "" && *workspaceFile != "":
		return usagef("give --journal or --workspace, not both")
	case *journalFile != "":
		j, err := endpoint.OpenFileJournal(*journalFile)
		if err != nil {
			return err
		}
		return errors.Join(run(j), j.Close())
	case *workspaceFile != "":
		return s.within(ctx, *workspaceFile, *passphraseFile, func(w *workspace.Workspace) error {
			j, err := w.OpenJournal(ctx)
			if err != nil {
				return err
			}
			return errors.Join(run(j), j.Close())
		})
	}
	return run(nil)
}

// messages says what is to be sent.
func (s *session) messages(ctx context.Context, c *endpoint.SendConfig, files []string, series string, seed uint64, batch bool) (endpoint.Messages, error) {
	switch {
	case series != "" && len(files) > 0:
		return nil, usagef("give files or --series, not both")
	case series != "":
		made, err := endpoint.ParseSeries(series)
		if err != nil {
			return nil, usagef("%s", err)
		}
		if seed != 0 {
			made.Seed = seed
		}
		if made.Begin = time.Now(); made.Seed != 0 { // with a seed the same command makes the same messages
			made.Begin = time.Time{}
		}
		return made.Messages(), nil
	case len(files) == 0:
		return nil, usagef("send needs at least one file or --series; - is standard input")
	case len(files) == 1 && files[0] == "-":
		if c.Loop || c.Count > 0 {
			return nil, usagef("standard input can be read only once: --count and --loop need a file")
		}
		in, err := s.open(ctx, "-")
		if err != nil {
			return nil, err
		}
		return endpoint.Reader(in, "standard input"), nil
	}
	for _, f := range files {
		if f == "-" {
			return nil, usagef("standard input cannot be sent together with files")
		}
	}
	return endpoint.Files(files, batch), nil
}

// reportSending sends and says what became of each message.
func (s *session) reportSending(ctx context.Context, address string, asJSON bool, send func(each func(*endpoint.Result)) (endpoint.Summary, error)) error {
	write := s.resultLine
	wrote := false
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	if asJSON {
		to, err := json.Marshal(address)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "{\"to\":%s,\"results\":[\n", to)
		write = func(r *endpoint.Result) error {
			if wrote {
				s.out.WriteString(",")
			}
			wrote = true
			return enc.Encode(r)
		}
	}
	var broken error
	sum, err := send(func(r *endpoint.Result) {
		if broken == nil {
			broken = write(r)
		}
	})
	if asJSON {
		fmt.Fprint(s.out, "],\"summary\":")
		if encodeErr := enc.Encode(sum); broken == nil {
			broken = encodeErr
		}
		fmt.Fprintln(s.out, "}")
	} else if sum.Messages > 1 || sum.Unsure > 0 || sum.MaybeTwice > 0 {
		fmt.Fprintln(s.out, summaryLine(&sum))
	}
	switch {
	case err != nil:
		return readable(err)
	case broken != nil:
		return broken
	case ctx.Err() != nil:
		return ctx.Err()
	case sum.Failed() > 0:
		return errFailed
	}
	return nil
}

// readable says of a file that cannot be read what to do.
func readable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &readError{path.Path, path.Err}
	}
	return err
}

// resultLine writes what became of one message.
func (s *session) resultLine(r *endpoint.Result) error {
	word := "ok"
	if !r.Passed {
		word = "FAILED"
	}
	code := string(r.Code)
	if code == "" {
		code = "-"
	}
	line := []string{word, fmt.Sprintf("%s[%d]", r.Name, r.Index), joinNonEmpty("^", r.Type, r.Trigger), r.ControlID, code}
	if r.Latency > 0 {
		line = append(line, fmt.Sprintf("%.1f ms", float64(r.Latency.Microseconds())/1000))
	}
	if r.Attempts > 1 {
		line = append(line, fmt.Sprintf("%d tries", r.Attempts))
	}
	line = append(line, r.Detail)
	if !r.Code.Positive() {
		line = append(line, r.Text, strings.Join(r.Errors, "; "))
	}
	if r.MaybeTwice {
		line = append(line, "may have arrived twice")
	} else if r.Unsure {
		line = append(line, "may have arrived")
	}
	fmt.Fprintln(s.out, clean(joinNonEmpty("  ", line...)))
	return s.out.Flush()
}

// summaryLine is a run in one line.
func summaryLine(sum *endpoint.Summary) string {
	parts := []string{
		plural(sum.Messages, "message", "messages"), fmt.Sprintf("%s ok", thousands(sum.Passed)), fmt.Sprintf("%s failed", thousands(sum.Failed())),
	}
	if sum.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%.0f a second", sum.Rate), fmt.Sprintf("p50 %.1f ms, p99 %.1f ms", float64(sum.P50.Microseconds())/1000, float64(sum.P99.Microseconds())/1000))
	}
	if sum.Retries > 0 {
		parts = append(parts, plural(sum.Retries, "retry", "retries"))
	}
	if sum.MaybeTwice > 0 {
		parts = append(parts, fmt.Sprintf("%s may have arrived twice", thousands(sum.MaybeTwice)))
	}
	if sum.Unsure > 0 {
		parts = append(parts, fmt.Sprintf("%s without an answer may have arrived", thousands(sum.Unsure)))
	}
	return strings.Join(parts, ", ")
}
