package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// chunk is how many rows are fetched at a time.
const chunk = 500

// workspaceFlags parses args and returns the workspace's path and what follows it.
func workspaceFlags(set *flag.FlagSet, args []string) (path string, rest []string, err error) {
	plain, err := parse(set, args)
	if err != nil {
		return "", nil, err
	}
	if len(plain) == 0 {
		return "", nil, usagef("%s needs the name of a workspace file", set.Name())
	}
	return plain[0], plain[1:], nil
}

// onlyWorkspace is workspaceFlags for commands that take nothing but a workspace.
func onlyWorkspace(set *flag.FlagSet, args []string) (path string, err error) {
	path, rest, err := workspaceFlags(set, args)
	if err != nil {
		return "", err
	}
	return path, alone(set, rest)
}

func alone(set *flag.FlagSet, rest []string) error {
	if len(rest) > 0 {
		return usagef("%s takes one workspace; %q is too much", set.Name(), rest[0])
	}
	return nil
}

// tool is what the access log says things were done with.
const tool = "command"

// within opens the workspace, uses it and closes it.
func (s *session) within(ctx context.Context, path, passphraseFile string, use func(*workspace.Workspace) error) error {
	if w, err := s.openRemembered(ctx, path, passphraseFile); w != nil || err != nil {
		if err != nil {
			return err
		}
		return errors.Join(use(w), w.Close())
	}
	return s.withPassphrase(ctx, path, passphraseFile, func(w *workspace.Workspace, pass []byte) error {
		clear(pass)
		return use(w)
	})
}

// withPassphrase is within for what needs the passphrase once more. It is cleared afterwards.
func (s *session) withPassphrase(ctx context.Context, path, file string, use func(w *workspace.Workspace, pass []byte) error) error {
	// Ask for no passphrase where there is nothing to open.
	if _, err := os.Stat(path); err != nil {
		return errors.New(describe(path, err))
	}
	pass, err := s.passphrase(ctx, file)
	if err != nil {
		return err
	}
	defer clear(pass)
	w, err := s.unlock(ctx, path, pass)
	if err != nil {
		return err
	}
	return errors.Join(use(w, pass), w.Close())
}

// unlock opens the workspace and says what was odd about it.
func (s *session) unlock(ctx context.Context, path string, pass []byte) (*workspace.Workspace, error) {
	s.sayWait(path)
	w, err := workspace.Open(ctx, path, pass, s.opening())
	if err != nil {
		return nil, err
	}
	s.warn(path, w)
	return w, nil
}

// warn says what was odd about a workspace that was opened.
func (s *session) warn(path string, w *workspace.Workspace) {
	for _, text := range w.Warnings() {
		s.complain("%s: %s", filepath.Base(path), text)
	}
}

func (s *session) opening() workspace.OpenOptions {
	return workspace.OpenOptions{User: s.User, Tool: tool, Anchors: s.Anchors, Beside: true}
}

func runNew(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace new", flag.ContinueOnError)
	name, cipherName := set.String("project", "", ""), set.String("cipher", "", "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	cipher, err := workspace.ParseCipher(*cipherName)
	if err != nil {
		return usagef("%s", err)
	}
	if *name == "" {
		*name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists already; choose another name", path)
	}
	pass, err := s.chosenPassphrase(ctx, *file, PassphraseVariable, "passphrase-file")
	if err != nil {
		return err
	}
	w, err := workspace.Create(ctx, path, pass, workspace.CreateOptions{KDF: s.kdf, User: s.User, Tool: tool, Project: *name, Cipher: cipher, Anchors: s.Anchors})
	clear(pass)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "made %s%s\n", clean(path), bareName(path))
	return nil
}

// bareName says what follows from a name without the usual ending. It is kept: it may be meant.
func bareName(path string) string {
	if strings.EqualFold(filepath.Ext(path), Extension) {
		return ""
	}
	return fmt.Sprintf(" (the file has this name as it stands, without %s)", Extension)
}

func runImport(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace import", flag.ContinueOnError)
	recursive := recursiveFlag(set)
	file := passphraseFlag(set)
	path, files, err := workspaceFlags(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("workspace import needs at least one file; - is standard input")
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		var all imported
		err := s.eachInput(ctx, files, *recursive, func(in *input) error { return s.importOne(ctx, w, in, &all) })
		if all.files > 1 {
			fmt.Fprintf(s.out, "together, %s: %s\n", plural(int64(all.files), "file", "files"), &all)
		}
		return err
	})
}

// imported counts what was stored.
type imported struct {
	files, messages, resources, others int
	counts                             [check.Severities]int64
}

func (i *imported) add(r inspect.Result) {
	i.files++
	i.messages += r.Messages
	i.resources += r.Resources
	i.others += r.Others
	for n, c := range r.Counts {
		i.counts[n] += int64(c)
	}
}

// String is what was stored, in words.
func (i *imported) String() string {
	text := plural(int64(i.messages), "message", "messages")
	if i.resources > 0 {
		text += ", " + plural(int64(i.resources), "FHIR resource", "FHIR resources")
	}
	if i.others > 0 {
		text += ", " + plural(int64(i.others), "other piece", "other pieces")
	}
	return text + "; " + countsText(i.counts)
}

func (s *session) importOne(ctx context.Context, w *workspace.Workspace, in *input, all *imported) error {
	progress := job.NewProgress()
	progress.SetTotal(in.size)
	stop := s.showProgress(in.source(), progress)
	defer stop()
	// An error of the file is that file's alone; one of the workspace ends the command.
	watched := &watchedReader{Reader: in}
	result, err := inspect.Import(ctx, w, in.source(), watched, func(done int64, messages int) {
		progress.Set(done)
		progress.Note(plural(int64(messages), "message", "messages"))
	})
	stop()
	if err != nil {
		stored := plural(int64(result.Records()), "piece", "pieces")
		if watched.err != nil && ctx.Err() == nil {
			return &readError{in.name, fmt.Errorf("%w (%s before that are stored)", watched.err, stored)}
		}
		return err
	}
	var one imported
	one.add(result)
	all.add(result)
	fmt.Fprintf(s.out, "%s: %s\n", clean(in.title()), &one)
	return s.out.Flush()
}

// watchedReader remembers the error that it gave.
type watchedReader struct {
	io.Reader
	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func runFind(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace find", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	limit := set.Int("limit", 0, "")
	file := passphraseFlag(set)
	path, words, err := workspaceFlags(set, args)
	if err != nil {
		return err
	}
	q, err := readQuery(strings.Join(words, " "))
	if err != nil {
		return err
	}
	index, exact, err := workspace.Indexed(q)
	if err != nil {
		return usagef("%s", err)
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		ids, err := w.IDs(ctx, index)
		if err == nil && !exact {
			ids, err = w.Matching(ctx, q, ids, nil)
		}
		if err != nil {
			return err
		}
		return s.rows(ctx, w, ids, *limit, *asJSON)
	})
}

// rows prints messages of a workspace, a line each.
func (s *session) rows(ctx context.Context, w *workspace.Workspace, ids []int64, limit int, asJSON bool) error {
	if limit > 0 && len(ids) > limit {
		ids = ids[:limit]
	}
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		rows, err := w.Rows(ctx, ids[:n])
		if err != nil {
			return err
		}
		for _, r := range rows {
			if asJSON {
				err = enc.Encode(rowObject(r))
			} else {
				err = s.columns(rowColumns(r)...)
			}
			if err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}

// columns writes one tab-separated line.
func (s *session) columns(cells ...string) error {
	for i, c := range cells {
		if i > 0 {
			s.out.WriteByte('\t')
		}
		s.out.WriteString(field(c))
	}
	return s.out.WriteByte('\n')
}

func rowColumns(r workspace.Row) []string {
	return []string{
		fmt.Sprint(r.ID), r.Time, kindOf(r.Summary), r.ControlID, r.MRN, r.Account, r.Name, r.Source, fmt.Sprint(r.Index),
		fmt.Sprint(r.Counts[check.Fatal]), fmt.Sprint(r.Counts[check.Error]), fmt.Sprint(r.Counts[check.Warning]),
	}
}

// kindOf is the message type, or the format of what is no message.
func kindOf(sum inspect.Summary) string {
	if sum.Type == "" {
		return sum.Format
	}
	return joinNonEmpty("^", sum.Type, sum.Trigger)
}

// foundMessage is a row as JSON.
type foundMessage struct {
	ID          int64     `json:"id"`
	Source      string    `json:"source"`
	Index       int       `json:"index"`
	Format      string    `json:"format"`
	Type        string    `json:"type"`
	Trigger     string    `json:"trigger"`
	Structure   string    `json:"structure"`
	Version     string    `json:"version"`
	ControlID   string    `json:"controlId"`
	Time        string    `json:"time"`
	MRN         string    `json:"mrn"`
	Account     string    `json:"account"`
	Visit       string    `json:"visit"`
	Name        string    `json:"name"`
	Size        int64     `json:"size"`
	Received    time.Time `json:"received"`
	Tags        []string  `json:"tags"`
	Noted       bool      `json:"noted"`
	Fatal       int       `json:"fatal"`
	Errors      int       `json:"errors"`
	Warnings    int       `json:"warnings"`
	Information int       `json:"information"`
}

func rowObject(r workspace.Row) foundMessage {
	return foundMessage{
		ID: r.ID, Source: r.Source, Index: r.Index, Format: r.Format, Type: r.Type, Trigger: r.Trigger, Structure: r.Structure,
		Version: r.Version, ControlID: r.ControlID, Time: r.Time, MRN: r.MRN, Account: r.Account, Visit: r.Visit, Name: r.Name,
		Size: r.Size, Received: r.Received, Tags: append([]string{}, r.Tags...), Noted: r.Noted,
		Fatal: r.Counts[check.Fatal], Errors: r.Counts[check.Error], Warnings: r.Counts[check.Warning], Information: r.Counts[check.Information],
	}
}
