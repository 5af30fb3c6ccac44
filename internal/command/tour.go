package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"trestle/internal/inspect"
	"trestle/internal/present/sample"
	"trestle/internal/workspace"
	"trestle/workspaces"
)

func runTour(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("tour", flag.ContinueOnError)
	dir := set.String("dir", "tour", "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) > 0 {
		return usagef("tour takes no arguments but --dir")
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the tour: %w", err)
	}
	t := &tour{session: s, dir: *dir, file: filepath.Join(*dir, sample.FileName)}
	for _, step := range []func(context.Context) error{t.build, t.list, t.malformed, t.find, t.verifyFile, t.accessLog, t.pictures} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return err
		}
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// tour is the main job on the sample project, step by step.
type tour struct {
	*session
	dir, file string
	report    sample.Report
	step      int
	mrn       string
}

// title starts a step.
func (t *tour) title(words string) {
	t.step++
	fmt.Fprintf(t.out, "\n%d. %s\n\n", t.step, words)
	t.out.Flush()
}

// shell shows the command that does the same by hand.
func (t *tour) shell(line string) { fmt.Fprintf(t.out, "  $ trestle %s\n", line) }

func (t *tour) build(ctx context.Context) error {
	fmt.Fprintf(t.out, "The tour of Trestle, on its sample project. All data in it is invented.\n")
	t.title("An encrypted workspace, and messages imported into it")
	// Only what an earlier tour made under this name is replaced.
	for _, suffix := range []string{"", ".lock"} {
		if err := os.Remove(t.file + suffix); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("replacing the workspace of an earlier tour: %w", err)
		}
	}
	var err error
	t.report, err = sample.Build(ctx, t.file, sample.Options{KDF: t.kdf, User: t.User})
	if err != nil {
		return err
	}
	messages, others := 0, 0
	var counts [4]int64
	for _, f := range t.report.Files {
		messages += f.Messages
		others += f.Others
		for i, n := range f.Counts {
			counts[i] += int64(n)
		}
	}
	t.shell("workspace import " + t.file + " FILE...")
	fmt.Fprintf(t.out, "  %s\n  %s: %s, %s\n  findings: %s\n  the passphrase of the sample is %q\n",
		clean(t.report.Project.Name), plural(int64(len(t.report.Files)), "file", "files"),
		plural(int64(messages), "message", "messages"), plural(int64(others), "other piece", "other pieces"),
		countsText(counts), sample.Passphrase)
	return nil
}

// open opens the tour's workspace for one step.
func (t *tour) open(ctx context.Context, use func(*workspace.Workspace) error) error {
	w, err := workspace.Open(ctx, t.file, []byte(sample.Passphrase), workspace.OpenOptions{User: t.User})
	if err != nil {
		return err
	}
	defer w.Close()
	if err := use(w); err != nil {
		return err
	}
	return w.Close()
}

// shownRows is how many rows of a list the tour prints.
const shownRows = 12

func (t *tour) list(ctx context.Context) error {
	t.title("What is in it")
	t.shell("workspace find " + t.file)
	return t.open(ctx, func(w *workspace.Workspace) error { return t.found(ctx, w, workspace.Query{}) })
}

// found prints the first messages of a query, and remembers a patient among them.
func (t *tour) found(ctx context.Context, w *workspace.Workspace, query workspace.Query) error {
	ids, err := w.IDs(ctx, query)
	if err != nil {
		return err
	}
	rows, err := w.Rows(ctx, ids[:min(shownRows, len(ids))])
	if err != nil {
		return err
	}
	for _, r := range rows {
		if t.mrn == "" {
			t.mrn = r.MRN
		}
	}
	if err := t.table(rows); err != nil {
		return err
	}
	if more := len(ids) - len(rows); more > 0 {
		fmt.Fprintf(t.out, "  and %s more\n", thousands(int64(more)))
	}
	return nil
}

func (t *tour) table(rows []workspace.Row) error {
	lines := [][]string{{"id", "type", "control id", "MRN", "name", "findings", "source"}}
	for _, r := range rows {
		var counts [4]int64
		for i, n := range r.Counts {
			counts[i] = int64(n)
		}
		findings := countsText(counts)
		if counts == [4]int64{} {
			findings = ""
		}
		lines = append(lines, []string{fmt.Sprint(r.ID), kindOf(r.Summary), clean(r.ControlID), clean(r.MRN), clean(r.Name), findings, clean(r.Source)})
	}
	return writeAligned(t.out, "  ", lines)
}

// malformed shows the message of the sample, of those that are wrong on purpose, in which most different things are.
func (t *tour) malformed(ctx context.Context) error {
	t.title("What is wrong with one of them")
	var worst []inspect.Record
	var title string
	most := 0
	for _, f := range t.report.Files {
		if !f.Malformed() {
			continue
		}
		records, err := readSample(ctx, f.File)
		if err != nil {
			return err
		}
		codes := map[string]bool{}
		for _, r := range records {
			for _, finding := range r.Findings {
				codes[finding.Code] = true
			}
		}
		if len(records) == 1 && len(codes) > most {
			worst, title, most = records, f.Title, len(codes)
		}
	}
	if worst == nil {
		fmt.Fprintln(t.out, "  nothing: every message of the sample is as it should be")
		return nil
	}
	t.shell("inspect " + worst[0].Source)
	fmt.Fprintf(t.out, "  (%s)\n", clean(title))
	write := t.textWriter(&severityValue{})
	for _, r := range worst {
		if err := write(&input{name: r.Source}, r); err != nil {
			return err
		}
	}
	return nil
}

// readSample reads one message file of the sample project.
func readSample(ctx context.Context, name string) (records []inspect.Record, err error) {
	file, err := workspaces.Riverbend().Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for record, err := range inspect.Read(ctx, filepath.Base(name), file, inspect.Options{}) {
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func (t *tour) find(ctx context.Context) error {
	t.title("One patient's messages")
	query, err := workspace.ParseQuery("mrn:" + t.mrn)
	if err != nil {
		return err
	}
	t.shell(fmt.Sprintf("workspace find %s mrn:%s", t.file, clean(t.mrn)))
	return t.open(ctx, func(w *workspace.Workspace) error { return t.found(ctx, w, query) })
}

func (t *tour) verifyFile(ctx context.Context) error {
	t.title("Nothing is damaged or tampered with")
	t.shell("workspace verify " + t.file)
	return t.verify(ctx, t.file, []byte(sample.Passphrase))
}

func (t *tour) accessLog(ctx context.Context) error {
	t.title("Who did what")
	t.shell("workspace log --limit 6 " + t.file)
	return t.open(ctx, func(w *workspace.Workspace) error { return t.printLog(ctx, w, 6, false) })
}

func (t *tour) pictures(ctx context.Context) error {
	t.title("The window")
	if t.Pictures == nil {
		fmt.Fprintln(t.out, "  this build has none")
		return nil
	}
	names, err := t.Pictures(ctx, t.dir, t.file, []byte(sample.Passphrase))
	if err != nil {
		return fmt.Errorf("drawing the window: %w", err)
	}
	for _, name := range names {
		fmt.Fprintf(t.out, "  %s\n", clean(filepath.Join(t.dir, filepath.Base(name))))
	}
	return nil
}
