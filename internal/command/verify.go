package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

func runVerify(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace verify", flag.ContinueOnError)
	file := passphraseFlag(set)
	path, rest, err := workspaceFlags(set, args)
	if err == nil {
		err = alone(set, rest)
	}
	if err != nil {
		return err
	}
	pass, err := s.passphrase(ctx, *file, false)
	if err != nil {
		return err
	}
	defer clear(pass)
	return s.verify(ctx, path, pass)
}

// verify prints what the check of a workspace found; it fails if something is wrong.
func (s *session) verify(ctx context.Context, path string, pass []byte) error {
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

func (s *session) printReport(r workspace.Report) error {
	state := func(bad bool, words string) string {
		if bad {
			return "BAD   " + words
		}
		return "ok    " + words
	}
	pages := plural(r.Pages, "page", "pages") + " authenticated"
	if r.BadPages > 0 {
		pages = fmt.Sprintf("%s of %s not as they were written: %s", thousands(r.BadPages), plural(r.Pages, "page", "pages"), numbers(r.BadPageList, r.BadPages))
	}
	if r.Tail > 0 {
		pages += fmt.Sprintf("; the file was cut off, %s are left of a page", plural(r.Tail, "byte", "bytes"))
	}
	rows := [][]string{{"pages", state(r.BadPages > 0 || r.Tail > 0, pages)}}
	header := "both copies are good"
	if r.HeaderMended {
		header = "one of the two copies is damaged or old; opening the workspace mends it"
	}
	rows = append(rows, []string{"header", state(false, header)})
	if r.Recovered || r.LogLoss != "" {
		words := "what a crash left was folded in"
		if r.LogLoss != "" {
			words = r.LogLoss
		}
		rows = append(rows, []string{"write-ahead log", state(r.LogLoss != "", words)})
	}
	rows = append(rows,
		[]string{"database", state(len(r.Integrity) > 0, listOr(r.Integrity, "its structure is whole"))},
		[]string{"full text", state(len(r.FullText) > 0, listOr(r.FullText, "the indexes of words agree with the messages"))})
	log := plural(r.LogEntries, "entry", "entries") + ", none changed, missing or added"
	if r.LogProblem != "" {
		log = r.LogProblem
	}
	rows = append(rows, []string{"access log", state(r.LogProblem != "", log)})
	messages := thousands(r.Messages)
	if !r.OK() {
		messages = fmt.Sprintf("%s of %s can be read", thousands(r.Readable), thousands(r.Messages))
	}
	rows = append(rows, []string{"messages", state(!r.OK() && r.Readable < r.Messages, messages)})
	for i := range rows {
		rows[i][1] = clean(rows[i][1])
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	verdict := "everything is as it was written"
	if !r.OK() {
		verdict = "something is wrong: restore the workspace from a backup, or import what can be read into a new one"
	}
	_, err := fmt.Fprintf(s.out, "%s: %s\n", clean(r.Name), verdict)
	return err
}

// numbers lists page numbers, shortened.
func numbers(list []uint64, all int64) string {
	const most = 8
	var words []string
	for _, n := range list[:min(most, len(list))] {
		words = append(words, fmt.Sprint(n))
	}
	text := strings.Join(words, ", ")
	if all > int64(len(words)) {
		text += " ..."
	}
	return text
}

// listOr joins what is wrong, or says that nothing is.
func listOr(problems []string, good string) string {
	switch len(problems) {
	case 0:
		return good
	case 1:
		return problems[0]
	}
	return fmt.Sprintf("%s, and %d more", problems[0], len(problems)-1)
}
