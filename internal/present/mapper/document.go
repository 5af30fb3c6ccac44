package mapper

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// The kinds of documents that the place keeps in the project: the mapping as it was saved, the changes since then, and what
// is folded, filtered and shown of it.
const (
	savedKind  = workspace.DocumentMapping
	draftKind  = workspace.DocumentKind("mapping-draft")
	layoutKind = workspace.DocumentKind("mapping-layout")
)

// document is the mapping that is open.
type document struct {
	m        *Model
	name     string // in the project
	revision int64  // of what was saved
	book
	drafts  *draftWriter
	layout  Layout
	layouts *draftWriter

	samples samples
	preview preview
	sides   [2]side
	lines   lines
	chosen  chosen

	proposals proposals
}

// Layout is what is kept of the picture, apart from the mapping: it says nothing about what goes where.
type Layout struct {
	Open    [2][]string `json:"open,omitempty"`    // branches that are open, by their keys
	Samples SampleSet   `json:"samples,omitempty"` // what the mapping is tried on
	Target  []string    `json:"target,omitempty"`  // paths of a target that nothing else defines, from a sample of it
}

// draftWriter writes a document that follows the changes of a mapping. Several writings may be under way; the last of what
// was asked for is what stands.
type draftWriter struct {
	store *workspace.Workspace
	kind  workspace.DocumentKind
	asked int // on the goroutine of the screen

	mu       sync.Mutex
	name     string
	written  int
	revision int64
}

// put writes bytes, or deletes the document where they are nil. What came later is not overwritten.
func (w *draftWriter) put(ctx context.Context, asked int, bytes []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if asked <= w.written {
		return nil
	}
	w.written = asked
	ctx = context.WithoutCancel(ctx) // it is short, and what is locked must not lose a change
	if bytes == nil {
		if w.revision == 0 {
			return nil
		}
		err := w.store.DeleteDocument(ctx, w.kind, w.name, w.revision)
		w.revision = 0
		return err
	}
	d, err := w.store.PutDocument(ctx, w.kind, w.name, bytes, w.revision)
	if err == nil {
		w.revision = d.Revision
	}
	return err
}

// rename follows the mapping to another name.
func (w *draftWriter) rename(ctx context.Context, to string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.revision > 0 {
		if err := w.store.RenameDocument(ctx, w.kind, w.name, to, w.revision); err != nil {
			return err
		}
	}
	w.name = to
	return nil
}

// stored is a mapping as it was read from the project.
type stored struct {
	name      string
	revision  int64
	saved     *mapping.File
	draft     *mapping.File // nil for none
	stale     bool          // the mapping was saved after the draft was begun
	draftRev  int64
	layout    Layout
	layoutRev int64
	learnt    string // what is to be said of one that was learnt from pairs
}

func (m *Model) read(ctx context.Context, name string) (*stored, error) {
	doc, err := m.store.Document(ctx, savedKind, name)
	if err != nil {
		return nil, err
	}
	s := &stored{name: doc.Name, revision: doc.Revision}
	if s.saved, err = mapping.Unpack(doc.Bytes); err != nil {
		return nil, err
	}
	switch draft, err := m.store.Document(ctx, draftKind, name); {
	case err == nil:
		if s.draft, err = mapping.Unpack(draft.Bytes); err != nil {
			return nil, err
		}
		s.draftRev, s.stale = draft.Revision, doc.Changed.After(draft.Created)
	case !errors.Is(err, workspace.ErrNotFound):
		return nil, err
	}
	switch layout, err := m.store.Document(ctx, layoutKind, name); {
	case err == nil:
		s.layoutRev = layout.Revision
		if json.Unmarshal(layout.Bytes, &s.layout) != nil {
			s.layout = Layout{} // of another version of the program; nothing but a view is lost
		}
	case !errors.Is(err, workspace.ErrNotFound):
		return nil, err
	}
	return s, nil
}

// Open opens a mapping of the project.
func (m *Model) Open(name string) {
	if m.doc != nil && m.doc.name == name {
		return
	}
	job.StartLatest(m.ctx, m.runner, &m.opening, func(ctx context.Context) (*stored, error) { return m.read(ctx, name) }, func(s *stored, err error) {
		if err != nil {
			m.Fail("The mapping was not opened", err)
			return
		}
		m.show(s)
	})
}

func (m *Model) show(s *stored) {
	m.leave()
	d := &document{m: m, name: s.name, revision: s.revision, layout: s.layout}
	d.drafts = &draftWriter{store: m.store, kind: draftKind, name: s.name, revision: s.draftRev}
	d.layouts = &draftWriter{store: m.store, kind: layoutKind, name: s.name, revision: s.layoutRev}
	d.chosen.turn = 0
	d.reset(s.saved)
	if s.draft != nil {
		d.set(s.draft)
	}
	m.doc = d
	if len(m.wanted) > 0 {
		d.layout.Samples, m.wanted = SampleSet{IDs: m.wanted}, nil
	}
	d.begin()
	m.Say(screen.News{}, nil)
	switch {
	case s.stale:
		m.Say(screen.News{Text: "This mapping has changes that were not saved, and was saved elsewhere since they were begun. Save to replace that version, or go back to it.", Offer: "Go back to it"}, m.Discard)
	case s.draft != nil:
		m.Say(screen.News{Text: "This mapping has changes that were not saved yet.", Offer: "Discard them"}, m.Discard)
	}
	m.changed(All)
	m.ReadRun()
}

// begin shows what a mapping that was just opened has.
func (d *document) begin() {
	d.sides[0].d, d.sides[1].d = d, d
	d.sides[1].target = true
	d.samples.d, d.preview.d, d.lines.d, d.chosen.d = d, d, d, d
	d.grow()
	d.keepChoice()
	d.preview.run()
	d.samples.load(d.layout.Samples)
}

// leave ends the work on the mapping that is open.
func (m *Model) leave() {
	if d := m.doc; d != nil {
		d.keepDraft()
		d.preview.cancel()
		d.samples.loading.Cancel()
		m.doc = nil
	}
}

// CloseMapping goes back to the list of mappings. What was not saved stays as a draft.
func (m *Model) CloseMapping() {
	m.leave()
	m.Say(screen.News{}, nil)
	m.changed(All)
}

// edited brings everything up to date after a change, and keeps it as a draft.
func (d *document) edited() {
	d.grow()
	d.keepChoice()
	d.preview.run()
	d.keepDraft()
	d.m.changed(Rules | List | Chosen | Trees)
}

// keepDraft writes the changes that were not saved, or removes the draft when there are none.
func (d *document) keepDraft() {
	w := d.drafts
	f := d.file
	if !d.dirty() {
		f = nil
	}
	if f == nil && w.asked == 0 && w.written == 0 && w.revision == 0 {
		return
	}
	w.asked++
	asked := w.asked
	job.Start(context.WithoutCancel(d.m.ctx), d.m.runner, func(ctx context.Context) (struct{}, error) {
		var b []byte
		var err error
		if f != nil {
			if b, err = mapping.Pack(f); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, w.put(ctx, asked, b)
	}, func(_ struct{}, err error) {
		if err != nil {
			d.m.Fail("The changes were not kept in the project; save the mapping under another name", err)
		}
	})
}

// keepLayout writes how the picture stands.
func (d *document) keepLayout() {
	w, layout := d.layouts, d.layout
	w.asked++
	asked := w.asked
	job.Start(context.WithoutCancel(d.m.ctx), d.m.runner, func(ctx context.Context) (struct{}, error) {
		b, err := json.Marshal(layout)
		if err == nil {
			err = w.put(ctx, asked, b)
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			d.m.Fail("What is folded and shown was not kept", err)
		}
	})
}

// Dirty says whether the mapping has changes that were not saved.
func (m *Model) Dirty() bool { return m.doc != nil && m.doc.dirty() }

// Save makes the mapping, as it stands, its newest version in the project. The versions before are kept, as the project
// keeps them of each document.
func (m *Model) Save() {
	d := m.doc
	if d == nil || !d.dirty() {
		return
	}
	f, name, revision := d.file, d.name, d.revision
	d.drafts.asked++
	asked := d.drafts.asked
	job.Start(m.ctx, m.runner, func(ctx context.Context) (workspace.Document, error) {
		b, err := mapping.Pack(f)
		if err != nil {
			return workspace.Document{}, err
		}
		doc, err := m.store.PutDocument(ctx, savedKind, name, b, revision)
		if err == nil {
			err = d.drafts.put(ctx, asked, nil)
		}
		return doc, err
	}, func(doc workspace.Document, err error) {
		if errors.Is(err, workspace.ErrChanged) {
			err = errors.New("it was changed elsewhere meanwhile; duplicate yours, and open the mapping again")
		}
		if err != nil {
			m.Fail("The mapping was not saved", err)
			return
		}
		d.revision, d.saved = doc.Revision, f
		if d.drafts.asked != asked { // it was changed meanwhile
			d.keepDraft()
		}
		m.Reload()
		m.Say(screen.News{Text: "Saved as version " + screen.Count(doc.Revision) + "."}, nil)
		m.changed(List)
	})
}

// Discard goes back to the version that was saved, as a change that can be undone.
func (m *Model) Discard() {
	d := m.doc
	if d == nil || !d.dirty() {
		return
	}
	saved := d.saved
	d.change("Go back to the saved version", func(e *Edit) bool { *e.File = *saved; return true })
	d.set(saved) // the same, so that nothing is left to be saved
	d.edited()
	m.Say(screen.News{Text: "The mapping is as it was saved.", Offer: "Undo"}, m.Undo)
}
