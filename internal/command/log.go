package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/inspect/query"
	"trestle/internal/workspace"
)

// logOptions say what of the access log is printed, and how.
type logOptions struct {
	query        workspace.LogQuery
	since, until string
	limit        int
	asJSON       bool
	csv          string // the file that the log is exported to
}

func runLog(ctx context.Context, s *session, args []string) error {
	var o logOptions
	set := flag.NewFlagSet("workspace log", flag.ContinueOnError)
	set.BoolVar(&o.asJSON, "json", false, "")
	set.IntVar(&o.limit, "limit", 0, "")
	set.StringVar(&o.query.User, "user", "", "")
	action := set.String("action", "", "")
	set.StringVar(&o.query.Text, "text", "", "")
	set.BoolVar(&o.query.Failed, "failed", false, "")
	set.StringVar(&o.since, "since", "", "")
	set.StringVar(&o.until, "until", "", "")
	set.BoolVar(&o.query.Newest, "newest", false, "")
	set.StringVar(&o.csv, "csv", "", "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	o.query.Action = workspace.Action(*action)
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		if err := knownAction(ctx, w, o.query.Action); err != nil {
			return err
		}
		if o.csv != "" {
			return s.exportLog(ctx, w, o)
		}
		return s.printLog(ctx, w, o)
	})
}

// check completes the options and refuses what does not go together.
func (o *logOptions) check() (err error) {
	if o.query.From, _, err = day("since", o.since); err != nil {
		return err
	}
	if _, o.query.To, err = day("until", o.until); err != nil {
		return err
	}
	if o.csv == "" {
		return nil
	}
	if o.asJSON || o.limit > 0 || o.query.Newest {
		return usagef("--csv writes all that is found, oldest first: leave out --json, --limit and --newest")
	}
	if _, err := os.Lstat(o.csv); err == nil && o.csv != "-" {
		return fmt.Errorf("%s exists already; choose another name", o.csv)
	}
	return nil
}

// day reads a date as the conditions of a search do: its beginning, and the end of what it names. Empty is no date.
func day(flag, value string) (from, to time.Time, err error) {
	if value == "" {
		return from, to, nil
	}
	if strings.ContainsAny(value, "\" \t") {
		return from, to, usagef("--%s %s is not a date; write it as 2026-01-31, or 2026-01-31T14:30", flag, value)
	}
	q, err := query.Parse("since:" + value + " until:" + value)
	if err != nil {
		return from, to, usagef("--%s %s is not a date; write it as 2026-01-31, or 2026-01-31T14:30", flag, value)
	}
	n, _ := q.Narrow()
	return n.From, n.To, nil
}

// knownAction refuses an action that the log does not have, and says which it has: a slip would look like an empty log.
func knownAction(ctx context.Context, w *workspace.Workspace, action workspace.Action) error {
	if action == "" {
		return nil
	}
	_, actions, err := w.LogNames(ctx)
	if err != nil || slices.Contains(actions, action) {
		return err
	}
	var names []string
	for _, a := range actions {
		names = append(names, string(a))
	}
	return usagef("the access log has no action %q; it has: %s", action, strings.Join(names, ", "))
}

// logLine is an entry of the access log as JSON.
type logLine struct {
	Number  int64     `json:"number"`
	Time    time.Time `json:"time"`
	User    string    `json:"user"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	Details string    `json:"details"`
	Tool    string    `json:"tool"`
	Failed  bool      `json:"failed"`
	Result  string    `json:"result"`
}

// resultOf says in a word how an act ended.
func resultOf(e workspace.LogEntry) string {
	if e.Failed() {
		return e.Result
	}
	return "done"
}

// printLog prints the entries of the access log that are asked for, or the last of them.
func (s *session) printLog(ctx context.Context, w *workspace.Workspace, o logOptions) error {
	if o.limit > 0 {
		q := o.query
		q.Newest, q.Maximum = true, o.limit
		entries, err := w.SearchLog(ctx, q)
		if err != nil {
			return err
		}
		if !o.query.Newest {
			slices.Reverse(entries)
		}
		return s.printEntries(entries, o.asJSON)
	}
	next := s.logPages(w, o.query)
	for after := int64(0); ; {
		entries, err := next(ctx, after)
		if err := errors.Join(s.printEntries(entries, o.asJSON), err); err != nil || len(entries) == 0 {
			return err
		}
		after = entries[len(entries)-1].Seq
	}
}

// logPages reads the log by portions. The whole of it, oldest first, is read by following its chain, so that a break is
// said; a selection cannot show one.
func (s *session) logPages(w *workspace.Workspace, q workspace.LogQuery) func(context.Context, int64) ([]workspace.LogEntry, error) {
	if q == (workspace.LogQuery{}) {
		return func(ctx context.Context, after int64) ([]workspace.LogEntry, error) { return w.Log(ctx, after, chunk) }
	}
	return func(ctx context.Context, after int64) ([]workspace.LogEntry, error) {
		q.After, q.Maximum = after, chunk
		return w.SearchLog(ctx, q)
	}
}

func (s *session) printEntries(entries []workspace.LogEntry, asJSON bool) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	for _, e := range entries {
		var err error
		if asJSON {
			err = enc.Encode(logLine{e.Seq, e.Time.UTC(), e.User, string(e.Action), e.Object, e.Details, e.Tool, e.Failed(), resultOf(e)})
		} else {
			err = s.columns(fmt.Sprint(e.Seq), e.Time.UTC().Format(time.RFC3339), e.User, string(e.Action), e.Object, e.Details, e.Tool, resultOf(e))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exportLog writes the log as CSV into a new file that only its owner may read, or to standard output.
func (s *session) exportLog(ctx context.Context, w *workspace.Workspace, o logOptions) error {
	if o.csv == "-" {
		_, err := w.ExportLog(ctx, s.out, o.query)
		s.complain("warning: the exported log is not encrypted; it names files and searches, which is patient data")
		return err
	}
	f, err := os.OpenFile(o.csv, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already; choose another name", o.csv)
	}
	if err != nil {
		return fmt.Errorf("cannot make %s: %w", filepath.Base(o.csv), withoutPath(err))
	}
	n, err := w.ExportLog(ctx, f, o.query)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(o.csv)
		return err
	}
	fmt.Fprintf(s.out, "wrote %s: %s\n", clean(o.csv), plural(n, "entry", "entries"))
	s.complain("warning: %s is not encrypted; it names files and searches, which is patient data", o.csv)
	return nil
}

// withoutPath takes the path off an error that names it too.
func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
