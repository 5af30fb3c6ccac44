package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

func runPurge(ctx context.Context, s *session, args []string) error {
	var rule workspace.PurgeRule
	set := flag.NewFlagSet("workspace purge", flag.ContinueOnError)
	before := set.String("before", "", "")
	set.StringVar(&rule.Tag, "tag", "", "")
	set.StringVar(&rule.Source, "source", "", "")
	endpoint := set.String("endpoint", "", "")
	yes := set.Bool("yes", false, "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err == nil {
		rule.Before, _, err = day("before", *before)
	}
	switch {
	case err != nil:
		return err
	case *endpoint != "" && rule.Tag+rule.Source != "":
		return usagef("--endpoint removes exchanges of the journal, which have no tag and no file: leave --tag and --source out")
	case *endpoint != "":
		return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
			return s.purgeJournal(ctx, w, path, workspace.ExchangePurge{Endpoint: strings.TrimSuffix(*endpoint, everyEndpoint), Before: rule.Before}, *yes)
		})
	case rule == (workspace.PurgeRule{}):
		return usagef("say which messages are to go: --before DATE, --tag TAG or --source FILE, or several of them; or --endpoint NAME")
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error { return s.purge(ctx, w, path, rule, *yes) })
}

// everyEndpoint stands for all endpoints.
const everyEndpoint = "*"

// purgeJournal is purge for exchanges of the journal.
func (s *session) purgeJournal(ctx context.Context, w *workspace.Workspace, path string, rule workspace.ExchangePurge, yes bool) error {
	if rule == (workspace.ExchangePurge{}) {
		return usagef("to remove exchanges of all endpoints, say how old: --endpoint '*' --before DATE")
	}
	p, err := w.PreviewExchangePurge(ctx, rule)
	if err != nil {
		return err
	}
	if p.Exchanges == 0 {
		_, err := fmt.Fprintf(s.out, "nothing in the journal of %s is to go\n", clean(path))
		return err
	}
	rows := [][]string{
		{"would go", fmt.Sprintf("%s, %s", plural(p.Exchanges, "exchange", "exchanges"), plural(p.Bytes, "byte", "bytes"))},
		{"kept from", fmt.Sprintf("%s to %s", p.Oldest.UTC().Format(time.RFC3339), p.Newest.UTC().Format(time.RFC3339))},
		{"would stay", plural(p.Kept, "exchange", "exchanges")},
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	if err := s.sure(ctx, yes, fmt.Sprintf("Remove %s from %s for good?", plural(p.Exchanges, "exchange", "exchanges"), path)); err != nil {
		return err
	}
	watch := job.NewProgress()
	stop := s.showProgress("purge", watch)
	defer stop()
	n, err := w.PurgeExchanges(ctx, p, func(done, total int64) {
		watch.SetTotal(total)
		watch.Set(done)
	})
	stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "removed %s from %s\n", plural(n, "exchange", "exchanges"), clean(path))
	s.complain("backups and exports still hold them, and the medium may keep old encrypted blocks; the access log stays as it is")
	return nil
}

// purge shows what would go, asks, and removes exactly that.
func (s *session) purge(ctx context.Context, w *workspace.Workspace, path string, rule workspace.PurgeRule, yes bool) error {
	p, err := w.PurgePreview(ctx, rule)
	if err != nil {
		return err
	}
	if p.Messages == 0 {
		_, err := fmt.Fprintf(s.out, "nothing in %s is to go\n", clean(path))
		return err
	}
	if err := s.printPreview(p); err != nil {
		return err
	}
	if err := s.sure(ctx, yes, fmt.Sprintf("Remove %s from %s for good?", plural(int64(p.Messages), "message", "messages"), path)); err != nil {
		return err
	}
	watch := job.NewProgress()
	stop := s.showProgress("purge", watch)
	defer stop()
	n, err := w.Purge(ctx, rule, p.Messages, func(done, total int) {
		watch.SetTotal(int64(total))
		watch.Set(int64(done))
	})
	stop()
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "removed %s from %s\n", plural(int64(n), "message", "messages"), clean(path))
	s.complain("backups and exports still hold them, and the medium may keep old encrypted blocks; the access log stays as it is")
	return nil
}

func (s *session) printPreview(p workspace.PurgePreview) error {
	rows := [][]string{
		{"would go", fmt.Sprintf("%s, %s", plural(int64(p.Messages), "message", "messages"), plural(p.Bytes, "byte", "bytes"))},
		{"received", fmt.Sprintf("%s to %s", p.Oldest.UTC().Format(time.RFC3339), p.Newest.UTC().Format(time.RFC3339))},
		{"of them", fmt.Sprintf("%s with a note, %s with a tag", thousands(int64(p.Noted)), thousands(int64(p.Tagged)))},
		{"would stay", plural(int64(p.Kept), "message", "messages")},
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nby source\n")
	rows = rows[:0]
	for _, t := range p.Sources {
		rows = append(rows, []string{fmt.Sprintf("%9s", thousands(t.Messages)), clean(t.Name)})
	}
	return writeAligned(s.out, "", rows)
}

func runDispose(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace dispose", flag.ContinueOnError)
	certificate := set.String("certificate", "", "")
	yes := set.Bool("yes", false, "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return errors.New(describe(path, err))
	}
	pass, err := s.passphrase(ctx, *file)
	if err != nil {
		return err
	}
	defer clear(pass)
	if !*yes {
		question, err := s.whatIsDisposed(ctx, path, pass)
		if err == nil {
			err = s.sure(ctx, false, question)
		}
		if err != nil {
			return err
		}
	}
	return s.dispose(ctx, path, pass, *certificate)
}

// whatIsDisposed looks into the workspace, so that nobody destroys another one than they meant.
func (s *session) whatIsDisposed(ctx context.Context, path string, pass []byte) (question string, err error) {
	w, err := s.unlock(ctx, path, pass)
	if err != nil {
		return "", err
	}
	info, err := w.Info(ctx)
	if err = errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	return fmt.Sprintf("Destroy %s, the project %s with %s? Nobody can open it again.", path, info.Project, plural(info.Messages, "message", "messages")), nil
}

// dispose destroys the workspace and prints the certificate. Its file is made before, so that nothing is destroyed that cannot be
// certified.
func (s *session) dispose(ctx context.Context, path string, pass []byte, certificate string) error {
	var f *os.File
	if certificate != "" {
		var err error
		f, err = os.OpenFile(certificate, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return fmt.Errorf("%s exists already; choose another name for the certificate", certificate)
		}
		if err != nil {
			return fmt.Errorf("cannot make %s, so nothing was destroyed: %w", filepath.Base(certificate), withoutPath(err))
		}
		defer f.Close()
	}
	c, err := workspace.Dispose(ctx, path, pass, s.opening())
	if c.Disposed.IsZero() { // not done
		if f != nil {
			f.Close()
			os.Remove(certificate)
		}
		return err
	}
	for line := range strings.Lines(c.Text()) {
		fmt.Fprintln(s.out, clean(strings.TrimSuffix(line, "\n")))
	}
	if f != nil {
		_, writeErr := f.WriteString(c.Text())
		if writeErr == nil {
			writeErr = f.Sync()
		}
		if writeErr != nil {
			err = errors.Join(err, fmt.Errorf("the certificate could not be written to %s; keep what is printed here: %w", filepath.Base(certificate), withoutPath(writeErr)))
		}
	}
	return err
}
