package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

func runVerify(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace verify", flag.ContinueOnError)
	repair := set.Bool("repair", false, "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	pass, err := s.passphrase(ctx, *file)
	if err != nil {
		return err
	}
	defer clear(pass)
	if *repair {
		return s.repair(ctx, path, pass)
	}
	return s.verify(ctx, path, pass)
}

// repair builds what is derived again, and prints what the check of the result found.
func (s *session) repair(ctx context.Context, path string, pass []byte) error {
	s.sayWait(path)
	progress, stop := s.watch("repair")
	defer stop()
	kept, report, err := workspace.Repair(ctx, path, pass, s.opening(), progress)
	stop()
	if err == nil {
		fmt.Fprintf(s.out, "repaired %s; what was there is now %s\n", clean(path), clean(filepath.Join(filepath.Dir(path), filepath.Base(kept))))
	}
	return s.checked(report, err)
}

// verify prints what the check of a workspace found; it fails if something is wrong.
func (s *session) verify(ctx context.Context, path string, pass []byte) error {
	s.sayWait(path)
	progress := job.NewProgress()
	stop := s.showProgress("verify", progress)
	defer stop()
	report, err := workspace.Verify(ctx, path, pass, func(done, total int64) {
		progress.SetTotal(total)
		progress.Set(done)
	})
	stop()
	if err != nil {
		// A file too damaged to be opened is a check that failed, not a mistake of usage.
		if errors.Is(err, workspace.ErrDamaged) {
			s.complain("%s", err)
			return errFailed
		}
		return err
	}
	if err := s.printReport(report); err != nil {
		return err
	}
	if !report.OK() {
		return errFailed
	}
	return nil
}

// printReport says what was looked at, then what is wrong and what to do about it.
func (s *session) printReport(r workspace.Report) error {
	rows := [][]string{
		{"pages", plural(r.Pages, "page", "pages") + " read, each authenticated"},
		{"messages", thousands(r.Messages)},
		{"access log", plural(r.LogEntries, "entry", "entries")},
		{"decisions", plural(r.Decisions, "about links", "about links")},
	}
	if r.Recovered {
		rows = append(rows, []string{"log", "what a crash had left was folded in"})
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	for _, problem := range r.Problems() {
		fmt.Fprintf(s.out, "WRONG: %s\n", clean(problem))
	}
	verdict := "everything is as it was written"
	if !r.OK() {
		verdict = "not everything is as it was written"
	}
	_, err := fmt.Fprintf(s.out, "%s: %s\n", clean(r.Name), verdict)
	return err
}
