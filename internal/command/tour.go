package command

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"trestle/internal/inspect"
	"trestle/internal/present/sample"
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
	var all imported
	for _, f := range t.report.Files {
		all.add(f.Result)
	}
	fmt.Fprintf(t.out, "  As by \"trestle workspace new\" and \"trestle workspace import\", here from the project in the program.\n\n"+
		"  %s, in %s\n  %s: %s\n  the passphrase of the sample is %q\n",
		clean(t.report.Project.Name), clean(t.file), plural(int64(all.files), "file", "files"), &all, sample.Passphrase)
	return nil
}

// command runs a command as the user would and prints its first lines as they are, at most limit, then how many more
// there are. It returns all of them.
func (t *tour) command(ctx context.Context, limit int, args ...string) ([]string, error) {
	var out bytes.Buffer
	env := t.Env
	env.Stdout, env.Live = &out, false
	env.Getenv = func(name string) string {
		if name == PassphraseVariable {
			return sample.Passphrase
		}
		return ""
	}
	fmt.Fprintf(t.out, "  $ trestle %s\n", clean(strings.Join(args, " ")))
	status := Run(ctx, args, env)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines[:min(limit, len(lines))] {
		fmt.Fprintf(t.out, "  %s\n", line) // it is clean: it was written for a terminal
	}
	if more := len(lines) - limit; more > 0 {
		fmt.Fprintf(t.out, "\n  ... and %s that the tour leaves out.\n", plural(int64(more), "more line", "more lines"))
	}
	switch {
	case status == StatusOK:
		return lines, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case status == StatusFailed:
		return nil, errFailed
	}
	return nil, errUnreadable // what it was has been said
}

// shownLines is how many lines of a command the tour prints.
const shownLines = 12

// mrnColumn is where "trestle workspace find" prints the medical record number.
const mrnColumn = 4

func (t *tour) list(ctx context.Context) error {
	t.title("What is in it")
	lines, err := t.command(ctx, shownLines, "workspace", "find", t.file)
	for _, line := range lines {
		if cells := strings.Split(line, "\t"); t.mrn == "" && len(cells) > mrnColumn {
			t.mrn = cells[mrnColumn]
		}
	}
	return err
}

// malformed shows the message of the sample, of those that are wrong on purpose, in which most different things are.
func (t *tour) malformed(ctx context.Context) error {
	t.title("What is wrong with one of them")
	worst, title, most := "", "", 0
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
			worst, title, most = f.File, f.Title, len(codes)
		}
	}
	if worst == "" {
		fmt.Fprintln(t.out, "  nothing: every message of the sample is as it should be")
		return nil
	}
	file, err := t.unpack(worst)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "  %s\n\n", clean(title))
	_, err = t.command(ctx, 3*shownLines, "inspect", file)
	return err
}

// unpack copies a message file of the sample into the tour's folder, where a command can read it.
func (t *tour) unpack(name string) (string, error) {
	b, err := fs.ReadFile(workspaces.Riverbend(), name)
	if err != nil {
		return "", fmt.Errorf("reading the sample project: %w", err)
	}
	file := filepath.Join(t.dir, path.Base(name))
	if err := os.WriteFile(file, b, 0o644); err != nil {
		return "", fmt.Errorf("writing a message of the sample: %w", err)
	}
	return file, nil
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
	_, err := t.command(ctx, shownLines, "workspace", "find", t.file, "mrn:"+t.mrn)
	return err
}

func (t *tour) verifyFile(ctx context.Context) error {
	t.title("Nothing is damaged or tampered with")
	_, err := t.command(ctx, shownLines, "workspace", "verify", t.file)
	return err
}

func (t *tour) accessLog(ctx context.Context) error {
	t.title("Who did what")
	_, err := t.command(ctx, shownLines, "workspace", "log", "--limit", "6", t.file)
	return err
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
