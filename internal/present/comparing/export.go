package comparing

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/report/difference"
)

// ReportKind is the form of a report.
type ReportKind int

// The forms.
const (
	HTML ReportKind = iota
	JSON
	JUnit
)

// ReportKinds are the forms in words, and ReportNames the names that are proposed for their files.
var (
	ReportKinds = []string{"HTML, a page for people", "JSON, for programs", "JUnit XML, for a build server"}
	ReportNames = []string{"comparison.html", "comparison.json", "comparison.xml"}
)

// Export compares once more and writes a report of it. The access log keeps where it went.
func (m *Model) Export(path string, kind ReportKind, mask bool) {
	if m.inputs == nil || m.found == nil {
		return
	}
	in, rules := m.inputs, m.rules.active()
	t := m.Title()
	about := difference.Options{Title: "Comparison", Left: t.Left, Right: t.Right, Mask: mask}
	if mask {
		for i, side := range []*string{&about.Left, &about.Right} {
			if m.sides[i].mayNamePatient() {
				*side = "the " + sideNames[i] + " side"
			}
		}
	}
	if !rules.Empty() {
		about.Rules = rules.String()
	}
	o := compare.Options{Pairing: m.pairing.Way, Key: m.pairing.Key, Rules: rules}
	in.users++
	job.Track(m.ctx, m.runner, "write a report", func(ctx context.Context, p *job.Progress) (int, error) {
		o.Report = func(done, total int64) { p.SetTotal(total); p.Set(done) }
		n, err := writeReport(ctx, path, kind, about, in, o)
		if err != nil {
			return n, err
		}
		what := "comparison, pairs"
		if mask {
			what = "comparison under the mask, pairs"
		}
		return n, m.store.LogExport(ctx, what, n, path)
	}, func(n int, err error) {
		in.release()
		if err != nil {
			m.Fail("The report was not written", err)
			return
		}
		words := screen.Plural(n, "pair") + " written"
		if !m.masked {
			words += " to " + filepath.Base(path)
		}
		m.Say(screen.News{Text: words + "."}, nil)
	})
}

// writeReport writes to a file beside the one that is asked for, which it becomes when all went well.
func writeReport(ctx context.Context, path string, kind ReportKind, about difference.Options, in *inputs, o compare.Options) (n int, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	var w difference.Writer
	switch kind {
	case JSON:
		w = difference.NewJSON(f, about)
	case JUnit:
		w = difference.NewJUnit(f, about)
	default:
		w = difference.NewHTML(f, about)
	}
	summary, err := compare.Sets(ctx, in.sources[0], in.sources[1], o, w.Pair)
	if err == nil {
		err = w.Close(summary)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, err
	}
	return summary.Total(), os.Rename(f.Name(), path)
}

// PairingWords say a pairing's ways, in the order of compare.Pairing.
var PairingWords = []string{"By a key", "In order", "By similarity"}

// ReadKey reads the paths of a key as they are typed.
func ReadKey(text string) (key []string, err error) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		key = append(key, part)
	}
	return key, compare.CheckKey(key)
}
