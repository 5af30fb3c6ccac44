package mapper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/format"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// maxSamples is how many messages a mapping is tried on with each change. Of more that are found as many are taken, spread
// evenly over all of them; a run takes them all.
const maxSamples = 200

// maxSampleBytes bounds what the samples of files hold in memory.
const maxSampleBytes = 64 << 20

// SampleSet says what a mapping is tried on: messages of the project by a condition or by their IDs, or files. The zero
// value is the messages whose type the name of the mapping says.
type SampleSet struct {
	Query string   `json:"query,omitempty"`
	All   bool     `json:"all,omitempty"` // with no Query: all messages of the project
	IDs   []int64  `json:"ids,omitempty"`
	Paths []string `json:"paths,omitempty"`
	// Exchanges are messages that listeners received, by their numbers in the journal.
	Exchanges []int64 `json:"exchanges,omitempty"`
}

func (s SampleSet) isZero() bool {
	return s.Query == "" && !s.All && len(s.IDs) == 0 && len(s.Paths) == 0 && len(s.Exchanges) == 0
}

// Sample is a message that the mapping is tried on.
type Sample struct {
	mapping.Record
	Name string // of the message of the project, or of the file
	Ref  string // of the message or exchange of the project, "" for none
	Path string // of the file, "" for none
}

// samples are those of the mapping that is open.
type samples struct {
	d       *document
	set     SampleSet
	list    []Sample
	found   int // how many there would be
	at      int // the one that is shown
	loading job.Latest
	busy    bool
	problem string

	counts map[string]int    // in how many samples a path is populated
	order  []string          // the paths as they first came
	values map[string]places // of the one that is shown
}

// places is what stands at a path of one sample.
type places struct {
	first string // the first value
	count int    // how many there are
	open  bool   // the mask need not hide it
}

// loadedSamples is what was read.
type loadedSamples struct {
	set    SampleSet
	list   []Sample
	found  int
	counts map[string]int
	order  []string
}

// SetSamples chooses what the mapping is tried on.
func (m *Model) SetSamples(s SampleSet) {
	if m.doc == nil {
		return
	}
	m.doc.layout.Samples = s
	m.doc.keepLayout()
	m.doc.samples.load(s)
}

// UseSamples tries the mapping on messages of the project that were chosen elsewhere; while none is open, the next that is.
func (m *Model) UseSamples(ids []int64) {
	if m.doc != nil {
		m.SetSamples(SampleSet{IDs: ids})
		return
	}
	m.wanted = ids
	m.Say(screen.News{Text: screen.Plural(len(ids), "message") + " chosen as samples: open the mapping that they are for, or add one."}, nil)
}

// CheckSamples says what is wrong with a condition on messages.
func CheckSamples(text string) error {
	_, err := query.Parse(text)
	return err
}

// reload reads the samples again, as when what is read has changed.
func (s *samples) load(set SampleSet) {
	d, m := s.d, s.d.m
	f := d.file
	s.busy, s.problem = true, ""
	job.StartLatest(m.ctx, m.runner, &s.loading, func(ctx context.Context) (*loadedSamples, error) { return m.readSamples(ctx, f, set) }, func(l *loadedSamples, err error) {
		s.busy = false
		if err != nil {
			s.problem = err.Error()
			s.list, s.counts, s.order, s.found, s.at = nil, nil, nil, 0, 0
			m.Fail("The samples were not read", err)
		} else {
			s.set, s.list, s.found, s.counts, s.order = l.set, l.list, l.found, l.counts, l.order
			s.at = min(s.at, max(len(s.list)-1, 0))
		}
		s.show()
	})
	m.changed(Samples)
}

// show takes the sample that is to be shown.
func (s *samples) show() {
	s.values = nil
	if s.at < len(s.list) {
		s.values = valuesOf(s.d.file.Source, s.list[s.at].Bytes)
	}
	s.d.chosen.turn = 0
	s.d.grow()
	s.d.preview.run()
	s.d.m.changed(Samples | Trees | Chosen)
}

// Samples says what the mapping is tried on, how many samples there are and how many more were found.
func (m *Model) Samples() (set SampleSet, n, found int) {
	if m.doc == nil {
		return SampleSet{}, 0, 0
	}
	s := &m.doc.samples
	return s.set, len(s.list), s.found
}

// SampleSetting is what was asked for, which is what the samples are once they were read.
func (m *Model) SampleSetting() SampleSet {
	if m.doc == nil {
		return SampleSet{}
	}
	return m.doc.layout.Samples
}

// Sample is the sample that is shown and its place from 0; false while there is none.
func (m *Model) Sample() (s Sample, at int, ok bool) {
	if m.doc == nil || m.doc.samples.at >= len(m.doc.samples.list) {
		return Sample{}, 0, false
	}
	return m.doc.samples.list[m.doc.samples.at], m.doc.samples.at, true
}

// AllSamples are the samples in their order. They must not be changed.
func (m *Model) AllSamples() []Sample {
	if m.doc == nil {
		return nil
	}
	return m.doc.samples.list
}

// ShowSample shows a sample by its place; past either end the nearest.
func (m *Model) ShowSample(at int) {
	d := m.doc
	if d == nil || len(d.samples.list) == 0 {
		return
	}
	at = min(max(at, 0), len(d.samples.list)-1)
	if at != d.samples.at {
		d.samples.at = at
		d.samples.show()
	}
}

// StepSample shows a sample after this one, or before it.
func (m *Model) StepSample(by int) {
	if m.doc != nil {
		m.ShowSample(m.doc.samples.at + by)
	}
}

// SampleWords say which sample is shown: "sample 3 of 40".
func (m *Model) SampleWords() string {
	d := m.doc
	if d == nil {
		return ""
	}
	s := &d.samples
	switch {
	case s.busy:
		return "reading samples …"
	case len(s.list) == 0:
		return "no samples"
	case s.found > len(s.list):
		return fmt.Sprintf("sample %d of %d (%s found)", s.at+1, len(s.list), screen.Count(s.found))
	}
	return fmt.Sprintf("sample %d of %d", s.at+1, len(s.list))
}

// SampleSource says where the samples come from. Under the mask it says nothing that may be about a person.
func (m *Model) SampleSource() string {
	if m.doc == nil {
		return ""
	}
	switch s := m.doc.samples.set; {
	case len(s.IDs) > 0:
		return screen.Plural(len(s.IDs), "chosen message")
	case len(s.Exchanges) > 0:
		return "messages of the journal"
	case len(s.Paths) == 1 && !m.masked:
		return filepath.Base(s.Paths[0])
	case len(s.Paths) > 0:
		return screen.Plural(len(s.Paths), "file")
	case s.Query != "" && !m.masked:
		return "messages: " + s.Query
	case s.Query != "":
		return "messages by a condition"
	}
	return "messages of the project"
}

// typed are the types of messages that the name of a mapping may begin with.
var typed = map[string]bool{"adt": true, "bar": true, "dft": true, "mdm": true, "mfn": true, "oml": true, "orm": true, "oru": true, "rde": true, "ras": true, "rds": true, "ref": true, "siu": true, "vxu": true}

// usual is the condition for the samples of a mapping for which nobody has chosen any.
func usual(f *mapping.File) string {
	if f.Source.Kind != mapping.HL7v2 {
		return ""
	}
	for _, name := range []string{f.Source.Message, f.ID, f.Title} {
		if name = strings.ToLower(name); len(name) > 3 && typed[name[:3]] {
			return "type:" + strings.ToUpper(name[:3])
		}
	}
	return ""
}

// readSamples reads what a set names, and counts where something stands in it.
func (m *Model) readSamples(ctx context.Context, f *mapping.File, set SampleSet) (*loadedSamples, error) {
	reader, err := mapping.Compile(&mapping.File{Source: f.Source, Target: mapping.End{Kind: mapping.JSON}})
	if err != nil {
		return nil, err
	}
	if set.isZero() {
		set.Query = usual(f)
	}
	l := &loadedSamples{set: set}
	switch {
	case len(set.Paths) > 0:
		err = l.files(ctx, reader)
	case len(set.Exchanges) > 0:
		err = m.received(ctx, l, reader)
	default:
		err = m.messages(ctx, l, reader, f.Source.Kind)
	}
	if err != nil {
		return nil, err
	}
	l.count(f.Source)
	return l, ctx.Err()
}

func (m *Model) messages(ctx context.Context, l *loadedSamples, reader *mapping.Engine, kind mapping.Kind) error {
	ids := l.set.IDs
	if len(ids) == 0 {
		var err error
		if ids, err = m.indexedIDs(ctx, l.set.Query); err != nil {
			return err
		}
	}
	l.found = len(ids)
	for msg, err := range m.store.Messages(ctx, spread(ids, maxSamples)) {
		switch {
		case errors.Is(err, workspace.ErrDamaged), errors.Is(err, workspace.ErrNotFound):
			continue
		case err != nil:
			return err
		case !suits(kind, msg.Bytes):
			l.found--
			continue
		}
		for rec, err := range reader.Records(ctx, bytes.NewReader(msg.Bytes)) {
			if err != nil {
				break // it is not of this kind after all
			}
			l.list = append(l.list, Sample{Record: rec, Name: fmt.Sprintf("message %d of the project", msg.ID), Ref: workspace.MessageRef(msg.ID)})
		}
	}
	l.found = max(l.found, len(l.list))
	return nil
}

// received takes messages of the journal.
func (m *Model) received(ctx context.Context, l *loadedSamples, reader *mapping.Engine) error {
	for _, id := range l.set.Exchanges {
		ref := workspace.ExchangeRef(id)
		b, err := m.store.Source().Message(ctx, ref)
		if err != nil {
			return err
		}
		for rec, err := range reader.Records(ctx, bytes.NewReader(b)) {
			if err != nil {
				return err
			}
			l.list = append(l.list, Sample{Record: rec, Name: fmt.Sprintf("exchange %d of the journal", id), Ref: ref})
		}
	}
	l.found = len(l.list)
	return nil
}

// suits says whether bytes may be a source of a kind.
func suits(kind mapping.Kind, b []byte) bool {
	found := format.Detect(b).Kind
	switch kind {
	case mapping.HL7v2:
		return found.IsHL7v2()
	case mapping.FHIR:
		return found == format.FHIRJSON || found == format.FHIRXML || found == format.FHIRNDJSON
	case mapping.JSON:
		return found == format.JSON || found == format.NDJSON || found == format.FHIRJSON
	case mapping.XML:
		return found == format.XML || found == format.CCDA || found == format.HL7v3 || found == format.HL7v2XML || found == format.FHIRXML
	case mapping.CSV:
		return found == format.CSV || found == format.TSV
	case mapping.FixedWidth:
		return found == format.Fixed || found == format.Text
	}
	return false
}

// spread takes at most n of a list, evenly.
func spread(ids []int64, n int) []int64 {
	if len(ids) <= n {
		return ids
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = ids[i*len(ids)/n]
	}
	return out
}

// files reads the samples of files and of all files in folders.
func (l *loadedSamples) files(ctx context.Context, reader *mapping.Engine) error {
	size := 0
	for _, top := range l.set.Paths {
		err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			for rec, err := range reader.Records(ctx, f) {
				if err != nil {
					return fmt.Errorf("%s: %w", filepath.Base(path), err)
				}
				l.found++
				if size += len(rec.Bytes); len(l.list) < maxSamples && size < maxSampleBytes {
					l.list = append(l.list, Sample{Record: rec, Name: filepath.Base(path), Path: path})
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	if len(l.list) == 0 {
		return errors.New("there is no message in these files that the mapping reads")
	}
	return nil
}

// count counts in how many samples each path is populated.
func (l *loadedSamples) count(source mapping.End) {
	l.counts = map[string]int{}
	seen := map[string]bool{}
	for i := range l.list {
		clear(seen)
		visitValues(source, l.list[i].Bytes, func(v visited) {
			if !seen[v.key] {
				seen[v.key] = true
				if l.counts[v.key] == 0 {
					l.order = append(l.order, v.key)
				}
				l.counts[v.key]++
			}
		})
	}
}
