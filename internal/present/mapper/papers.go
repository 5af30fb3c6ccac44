package mapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	mappaper "trestle/internal/report/mapping"
	"trestle/internal/workspace"
)

// Paper is what the form of a paper or export says.
type Paper struct {
	Kind       int    // index into PaperKinds
	Edition    string // of the paper, such as 1.2
	Author     string
	Since      int64 // the saved version that the change log is against, 0 for none
	ShowValues bool  // values of samples as they are: the paper holds patient data then
	Letter     bool  // pages of the size Letter, not A4
	URL        string
}

// PaperKinds are the forms in which a mapping leaves the program.
func PaperKinds() []mappaper.Kind { return mappaper.Kinds() }

// IsSpecification says whether a kind is a paper for people, which has an edition, a change log and samples.
func IsSpecification(kind int) bool {
	return kind >= 0 && kind < len(mappaper.Kinds()) && (mappaper.Kinds()[kind] == mappaper.XLSX || mappaper.Kinds()[kind] == mappaper.PDF || mappaper.Kinds()[kind] == mappaper.HTML)
}

// HasPages says whether a kind is one of pages, whose size is to be chosen.
func HasPages(kind int) bool {
	return kind >= 0 && kind < len(mappaper.Kinds()) && mappaper.Kinds()[kind] == mappaper.PDF
}

// PaperName is what the file of a paper may be called.
func (m *Model) PaperName(p Paper) string {
	name := identifier(m.Name())
	if e := identifier(p.Edition); p.Edition != "" && IsSpecification(p.Kind) {
		name += "-" + e
	}
	kind := mappaper.Kinds()[p.Kind]
	if kind == mappaper.ConceptMap || kind == mappaper.StructureMap {
		name += "-" + string(kind)
	}
	return name + kind.Extension()
}

// Version is a version of the mapping that is kept in the project.
type Version struct {
	Revision int64
	Words    string
}

// Versions reads which versions of the mapping that is open are kept, newest first.
func (m *Model) Versions(then func([]Version)) {
	if m.doc == nil {
		return
	}
	name := m.doc.name
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]workspace.Document, error) { return m.store.History(ctx, savedKind, name) }, func(list []workspace.Document, err error) {
		if err != nil {
			m.Fail("Could not read the versions of the mapping", err)
			return
		}
		out := make([]Version, 0, len(list))
		for _, d := range list {
			words := fmt.Sprintf("version %d, %s", d.Revision, d.Created.Local().Format("2006-01-02 15:04"))
			if d.Author != "" {
				words += ", by " + d.Author
			}
			out = append(out, Version{d.Revision, words})
		}
		then(out)
	})
}

// WritePaper writes a paper or an export of the mapping as it stands. That it was written is on record.
func (m *Model) WritePaper(p Paper, path string) {
	d := m.doc
	if d == nil || p.Kind < 0 || p.Kind >= len(mappaper.Kinds()) {
		return
	}
	kind, name := mappaper.Kinds()[p.Kind], d.name
	spec := mappaper.Spec{Mapping: d.file, Version: strings.TrimSpace(p.Edition), Made: time.Now(), Author: strings.TrimSpace(p.Author), ShowValues: p.ShowValues, Letter: p.Letter, URL: strings.TrimSpace(p.URL), Scope: m.account.scope}
	samples := d.samples.list
	job.Track(m.ctx, m.runner, "writing "+filepath.Base(path), func(ctx context.Context, progress *job.Progress) (int, error) {
		if p.Since > 0 {
			doc, err := m.store.DocumentVersion(ctx, savedKind, name, p.Since)
			if err != nil {
				return 0, err
			}
			if spec.Previous, err = mapping.Unpack(doc.Bytes); err != nil {
				return 0, err
			}
		}
		if info, err := m.store.Info(ctx); err == nil {
			spec.Project = info.Project
		}
		if IsSpecification(p.Kind) && len(samples) > 0 {
			e, err := mapping.Compile(spec.Mapping)
			if err != nil {
				return 0, fmt.Errorf("the mapping cannot run as it is: %w", err)
			}
			spec.Samples = mappaper.NewSamples(e)
			progress.SetTotal(int64(len(samples)))
			for i := range samples {
				if err := spec.Samples.Add(ctx, samples[i].Record); err != nil && ctx.Err() != nil {
					return 0, ctx.Err()
				} // what has no result is counted
				progress.Add(1)
			}
		}
		if err := writeFile(path, func(w io.Writer) error { return spec.Write(ctx, w, kind) }); err != nil {
			return 0, err
		}
		what := "specification of a mapping"
		if !IsSpecification(p.Kind) {
			what = "mapping as " + string(kind)
		} else if p.ShowValues && len(samples) > 0 {
			what += ", with values of samples"
		}
		return len(samples), m.store.LogExport(ctx, what, 1, path)
	}, func(n int, err error) {
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.Fail("The paper was not written", err)
		case p.ShowValues && n > 0 && IsSpecification(p.Kind):
			m.Say(screen.News{Text: filepath.Base(path) + " is written. It holds values of the samples and is not encrypted."}, nil)
		default:
			m.Say(screen.News{Text: filepath.Base(path) + " is written. It holds no values of the samples."}, nil)
		}
	})
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".trestle-*")
	if err != nil {
		return err
	}
	err = write(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// SheetImport is a spreadsheet of pairs that becomes a first draft of a mapping.
type SheetImport struct {
	Path              string // of the file; "" reads the text
	Text              string // as it was pasted from a spreadsheet
	Name              string // of the mapping
	MSHFromDelimiters bool   // the sheet numbers MSH from its encoding characters
}

// ImportSheet adds a mapping that is made of a spreadsheet of pairs and opens it, and then tells what could not be taken over as it
// stands, "" for nothing. An error says what is wrong with the form.
func (m *Model) ImportSheet(s SheetImport, told func(words string)) error {
	s.Name = strings.TrimSpace(s.Name)
	if s.Path == "" && strings.TrimSpace(s.Text) == "" {
		return errors.New("choose a file, or paste the rows of a spreadsheet")
	}
	if s.Name == "" && s.Path != "" {
		s.Name = m.freeNameFor(strings.TrimSuffix(filepath.Base(s.Path), filepath.Ext(s.Path)))
	}
	if s.Name == "" {
		return errors.New("give the mapping a name")
	}
	if err := m.free(s.Name); err != nil {
		return err
	}
	type read struct {
		stored *stored
		draft  *mappaper.Draft
	}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (read, error) {
		in := io.Reader(strings.NewReader(s.Text))
		if s.Path != "" {
			f, err := os.Open(s.Path)
			if err != nil {
				return read{}, err
			}
			defer f.Close()
			in = f
		}
		d, err := mappaper.Read(ctx, in, mappaper.ReadOptions{ID: identifier(s.Name), Title: s.Name, MSHFromDelimiters: s.MSHFromDelimiters})
		if err != nil {
			return read{}, err
		}
		b, err := mapping.Pack(d.Mapping)
		if err != nil {
			return read{}, err
		}
		if _, err = m.store.PutDocument(ctx, savedKind, s.Name, b, 0); err != nil {
			return read{}, err
		}
		x, err := m.read(ctx, s.Name)
		return read{x, d}, err
	}, func(r read, err error) {
		if err != nil {
			m.Fail("The sheet was not imported", err)
			return
		}
		m.opening.Cancel()
		m.show(r.stored)
		m.Reload()
		var lines []string
		text := fmt.Sprintf("%s of %s.", screen.Plural(r.draft.Rules, "rule"), screen.Plural(r.draft.Rows, "row"))
		if n := len(r.draft.Remarks); n > 0 {
			text += " " + screen.Plural(n, "remark") + ": what could not be read is in the note of its rule, with the status question."
			for _, x := range r.draft.Remarks[:min(n, 40)] {
				lines = append(lines, x.String())
			}
			if n > 40 {
				lines = append(lines, fmt.Sprintf("and %d more", n-40))
			}
		}
		told(strings.Join(lines, "\n"))
		m.Say(screen.News{Text: text}, nil)
	})
	return nil
}

// freeNameFor is a name that no mapping of the project has.
func (m *Model) freeNameFor(name string) string {
	taken := make([]string, 0, len(m.entries))
	for _, e := range m.entries {
		taken = append(taken, e.Name)
	}
	return freeName(name, taken)
}

// IsSheet says whether a file is a spreadsheet rather than a mapping.
func IsSheet(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx", ".csv", ".tsv", ".txt":
		return true
	}
	return false
}
