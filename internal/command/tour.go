package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
	return t.open(ctx, func(w *workspace.Workspace) error {
		ids, err := w.IDs(ctx, workspace.Query{})
		if err != nil {
			return err
		}
		rows, err := w.Rows(ctx, ids[:min(shownRows, len(ids))])
		if err != nil {
			return err
		}
		if err := t.table(rows); err != nil {
			return err
		}
		if more := len(ids) - len(rows); more > 0 {
			fmt.Fprintf(t.out, "  and %s more\n", thousands(int64(more)))
		}
		for _, r := range rows {
			if t.mrn == "" {
				t.mrn = r.MRN
			}
		}
		return nil
	})
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

// malformed shows the first message of the sample that is wrong on purpose and reads worst.
func (t *tour) malformed(ctx context.Context) error {
	t.title("What is wrong with one of them")
	var worst *sample.File
	for i := range t.report.Files {
		f := &t.report.Files[i]
		if f.Malformed() && (worst == nil || total(f.Counts[1:]) > total(worst.Counts[1:])) {
			worst = f
		}
	}
	if worst == nil {
		fmt.Fprintln(t.out, "  nothing: every message of the sample is as it should be")
		return nil
	}
	file, err := workspaces.Riverbend().Open(worst.File)
	if err != nil {
		return err
	}
	defer file.Close()
	t.shell("inspect " + filepath.Base(worst.File))
	fmt.Fprintf(t.out, "  (%s)\n", clean(worst.Title))
	write := t.textWriter(&severityValue{})
	for record, err := range inspect.Read(ctx, filepath.Base(worst.File), file, inspect.Options{}) {
		if err != nil {
			return err
		}
		if err := write(&input{name: filepath.Base(worst.File)}, record); err != nil {
			return err
		}
	}
	return nil
}

func total(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func (t *tour) find(ctx context.Context) error {
	t.title("One patient's messages")
	query, err := workspace.ParseQuery("mrn:" + t.mrn)
	if err != nil {
		return err
	}
	t.shell(fmt.Sprintf("workspace find %s mrn:%s", t.file, clean(t.mrn)))
	return t.open(ctx, func(w *workspace.Workspace) error {
		ids, err := w.IDs(ctx, query)
		if err != nil {
			return err
		}
		rows, err := w.Rows(ctx, ids)
		if err != nil {
			return err
		}
		return t.table(rows)
	})
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
		fmt.Fprintf(t.out, "  %s\n", clean(strings.TrimPrefix(name, "./")))
	}
	return nil
}
