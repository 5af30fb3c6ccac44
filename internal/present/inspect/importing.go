package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	core "trestle/internal/inspect"
	"trestle/internal/inspect/paste"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// Import reads files and folders into the project, in the background. A folder stands for all files in it.
func (m *Model) Import(paths []string) {
	if len(paths) == 0 {
		return
	}
	title := "import " + filepath.Base(paths[0])
	if len(paths) > 1 {
		title = "import " + screen.Plural(len(paths), "item")
	}
	m.importing(title, func(ctx context.Context, p *job.Progress) (tally, error) {
		files, problems := expand(ctx, paths)
		t := tally{problems: problems}
		var size int64
		for _, f := range files {
			size += f.size
		}
		p.SetTotal(size)
		var before int64
		for _, f := range files {
			if err := m.importFile(ctx, f.path, &t, p, before); err != nil {
				return t, err
			}
			before += f.size
		}
		return t, nil
	})
}

// Paste reads pasted text into the project. Where a message stands within other text, such as a log, it is taken out; the
// notice says what was taken away, and Instead keeps the text as it was pasted.
func (m *Model) Paste(text string) {
	if strings.TrimSpace(text) == "" {
		m.say(NoticeText{Tone: Caution, Text: "The clipboard holds no text. Copy a message first, then paste it here."})
		return
	}
	m.paste(text, true)
}

func (m *Model) paste(text string, clean bool) {
	name := "pasted " + time.Now().Format("2006-01-02 15:04")
	m.importing("import pasted text", func(ctx context.Context, p *job.Progress) (tally, error) {
		t, piece := tally{}, []byte(text)
		if clean {
			found := paste.Clean(piece)
			piece = found.Bytes
			for _, n := range found.Notes {
				t.cleaned = append(t.cleaned, n.String())
			}
		}
		if len(t.cleaned) > 0 {
			t.instead = func() { m.paste(text, false) }
		}
		p.SetTotal(int64(len(piece)))
		err := m.importFrom(ctx, name, bytes.NewReader(piece), &t, p, 0)
		return t, err
	})
}

// Keep stores bytes as they are, such as a message that an endpoint received, and opens them.
func (m *Model) Keep(name string, b []byte) {
	m.importing("keep a message", func(ctx context.Context, p *job.Progress) (tally, error) {
		t := tally{}
		p.SetTotal(int64(len(b)))
		err := m.importFrom(ctx, name, bytes.NewReader(b), &t, p, 0)
		return t, err
	})
}

// tally is what an import did.
type tally struct {
	files    int
	result   core.Result // of all files together
	problems []string    // a line each
	cleaned  []string    // what was taken away from a text to get its messages
	instead  func()      // keeps the text as it was
}

func (m *Model) importing(title string, work func(context.Context, *job.Progress) (tally, error)) {
	if m.masked {
		title = "import" // a file's name may hold a patient's
	}
	m.ShowFile(false)
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, title, work, func(t tally, err error) {
		n := t.notice(err)
		ids := t.result.IDs
		if len(ids) > 0 {
			n.Undo = "Take back"
		}
		if t.instead != nil && len(ids) > 0 {
			n.Other = "Keep it as pasted"
		}
		m.say(n)
		if len(ids) == 0 {
			return
		}
		if t.instead != nil {
			m.other = func() { m.removing(ids, t.instead) }
		}
		m.undo = func() { m.remove(ids, "Taken back: "+screen.Plural(len(ids), "piece")+" removed from the project.") }
		m.readQuery("") // what has just come must not be hidden by a query
		m.openNow(t.first())
	})
}

// first is what an import opens: the first message, else the first piece.
func (t tally) first() int64 {
	if t.result.First != 0 {
		return t.result.First
	}
	return t.result.IDs[0]
}

// openNow reads the list again and opens a message that has just been stored.
func (m *Model) openNow(id int64) {
	m.reload(id)
	m.load(id)
}

func (m *Model) importFile(ctx context.Context, path string, t *tally, p *job.Progress, before int64) error {
	f, _, err := core.Open(path)
	if err != nil {
		t.problems = append(t.problems, err.Error())
		return nil
	}
	defer f.Close()
	return m.importFrom(ctx, filepath.Base(path), f, t, p, before)
}

// importFrom adds what r holds to t. Only an end of the whole import is an error; what is wrong with one file is noted.
func (m *Model) importFrom(ctx context.Context, name string, r io.Reader, t *tally, p *job.Progress, before int64) error {
	done, start := t.result.Messages+t.result.Resources, time.Now()
	res, err := core.Import(ctx, m.store, name, r, func(read int64, messages int) {
		p.Set(before + read)
		words := screen.Plural(done+messages, "message")
		if seconds := time.Since(start).Seconds(); seconds > 1 {
			words += ", " + screen.Count(int(float64(messages)/seconds)) + " a second"
		}
		p.Note(words)
	})
	t.files++
	t.result.Messages += res.Messages
	t.result.Resources += res.Resources
	t.result.Others += res.Others
	t.result.Bytes += res.Bytes
	t.result.IDs = append(t.result.IDs, res.IDs...)
	if t.result.First == 0 {
		t.result.First = res.First
	}
	for s := range res.Counts {
		t.result.Counts[s] += res.Counts[s]
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	t.problems = append(t.problems, fmt.Sprintf("%s: %v", name, err))
	return nil
}

func (t tally) notice(err error) NoticeText {
	n := NoticeText{Tone: Success, Detail: strings.Join(t.problems, "\n")}
	var parts []string
	var came []string
	if n := t.result.Messages; n > 0 {
		came = append(came, screen.Plural(n, "message"))
	}
	if n := t.result.Resources; n > 0 {
		came = append(came, screen.Plural(n, "FHIR resource"))
	}
	if len(came) > 0 {
		parts = append(parts, strings.Join(came, " and ")+" imported, "+countWords(t.result.Counts))
	}
	if t.result.Others > 0 {
		parts = append(parts, screen.Plural(t.result.Others, "piece")+" kept that "+are(t.result.Others)+" neither HL7 v2 nor FHIR")
		n.Tone = Caution
	}
	if len(t.cleaned) > 0 {
		parts = append(parts, strings.Join(t.cleaned, ", "))
	}
	if len(t.problems) > 0 {
		parts = append(parts, problemWords(t.problems))
		n.Tone = Caution
	}
	switch {
	case errors.Is(err, context.Canceled):
		parts = append([]string{"Import stopped"}, parts...)
		n.Tone = Caution
	case err != nil:
		parts = append([]string{"Import ended early: " + err.Error()}, parts...)
		n.Tone = Failure
	case t.result.Records() == 0:
		n.Tone = Failure
		if len(parts) == 0 {
			parts = append(parts, "Nothing to import")
		}
	}
	n.Text = strings.Join(parts, "  ·  ")
	return n
}

// problemWords is the one problem, or how many there are.
func problemWords(problems []string) string {
	if len(problems) == 1 {
		return problems[0]
	}
	return screen.Plural(len(problems), "file") + " could not be read"
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

type sized struct {
	path string
	size int64
}

// expand replaces folders by the files in them, in order of their names. What cannot be read is a line of problems.
func expand(ctx context.Context, paths []string) (files []sized, problems []string) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			files = append(files, sized{path, sizeOf(info)}) // core.Open says what is wrong with it
			continue
		}
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				problems = append(problems, fmt.Sprintf("%s: the folder cannot be read; check its permissions", filepath.Base(p)))
				return fs.SkipDir
			case strings.HasPrefix(d.Name(), ".") && p != path:
				if d.IsDir() {
					return fs.SkipDir
				}
			case d.Type().IsRegular():
				i, _ := d.Info()
				files = append(files, sized{p, sizeOf(i)})
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			problems = append(problems, fmt.Sprintf("%s: %v", filepath.Base(path), err))
		}
	}
	return files, problems
}

func sizeOf(i fs.FileInfo) int64 {
	if i == nil {
		return 0
	}
	return i.Size()
}

// Verdict says in words what the findings of the open message come to.
func (m *Model) Verdict() string { return countWords(m.open.counts) }
