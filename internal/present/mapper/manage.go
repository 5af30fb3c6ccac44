package mapper

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Entry is a mapping of the project.
type Entry struct {
	Name     string
	Revision int64
	Changed  time.Time
	Author   string
	Draft    bool // it has changes that were not saved
}

// Entries are the mappings of the project, by name.
func (m *Model) Entries() []Entry { return m.entries }

// Load reads which mappings the project has.
func (m *Model) Load() { m.list(func() {}) }

// Enter says that the place is looked at: the only mapping of the project is opened. Before that nothing is read, so that the
// access log does not tell of messages that nobody has seen.
func (m *Model) Enter() {
	if m.entered {
		return
	}
	m.entered = true
	m.list(func() {
		if m.doc == nil && len(m.entries) == 1 {
			m.Open(m.entries[0].Name)
		}
	})
}

// Reload reads the list again.
func (m *Model) Reload() { m.list(func() {}) }

func (m *Model) list(then func()) {
	job.StartLatest(m.ctx, m.runner, &m.listing, func(ctx context.Context) ([]Entry, error) {
		docs, err := m.store.Documents(ctx, savedKind)
		if err != nil {
			return nil, err
		}
		drafts, err := m.store.Documents(ctx, draftKind)
		if err != nil {
			return nil, err
		}
		list := make([]Entry, 0, len(docs))
		for _, d := range docs {
			drafted := slices.ContainsFunc(drafts, func(x workspace.Document) bool { return x.Name == d.Name })
			list = append(list, Entry{d.Name, d.Revision, d.Changed, d.Author, drafted})
		}
		return list, nil
	}, func(list []Entry, err error) {
		if err != nil {
			m.Fail("The mappings could not be listed", err)
			return
		}
		m.entries = list
		m.changed(List)
		then()
	})
}

// Starter is a mapping to begin with.
type Starter struct{ Name, Title string }

// Starters are the mappings that come with the program.
func Starters() ([]Starter, error) {
	all, err := starter.List()
	list := make([]Starter, 0, len(all))
	for _, s := range all {
		list = append(list, Starter(s))
	}
	return list, err
}

// NewMapping is what a mapping begins with: a starter, or nothing but what it reads and makes.
type NewMapping struct {
	Name           string
	Starter        string // "" for none
	Source, Target mapping.End
}

// Create adds a mapping to the project and opens it. An error says what is to be given.
func (m *Model) Create(n NewMapping) error {
	n.Name = strings.TrimSpace(n.Name)
	if err := m.free(n.Name); err != nil {
		return err
	}
	if n.Starter == "" && (n.Source.Kind == "" || n.Target.Kind == "") {
		return errors.New("say what the mapping reads and what it makes")
	}
	m.add(n.Name, func() (*mapping.File, error) {
		if n.Starter != "" {
			return mapping.Load(starter.FS(), n.Starter+".yaml")
		}
		return emptyMapping(n), nil
	})
	return nil
}

// CheckName says what is wrong with the name of a new mapping.
func (m *Model) CheckName(name string) error { return m.free(strings.TrimSpace(name)) }

// free says what is wrong with the name of a new mapping.
func (m *Model) free(name string) error {
	if name == "" {
		return errors.New("give the mapping a name")
	}
	for _, e := range m.entries {
		if strings.EqualFold(e.Name, name) {
			return fmt.Errorf("there is a mapping %q already; choose another name", e.Name)
		}
	}
	return nil
}

func emptyMapping(n NewMapping) *mapping.File {
	f := &mapping.File{ID: identifier(n.Name), Title: n.Name, Source: n.Source, Target: n.Target}
	if f.Target.Kind == mapping.FHIR {
		if f.Target.Version == "" {
			f.Target.Version = "4.0.1"
		}
		if f.Target.Root == "" {
			f.Target.Root = "Bundle"
		}
	}
	switch {
	case f.Target.Kind == mapping.FHIR && f.Target.Root != "Bundle":
		f.Blocks = []mapping.Block{{ID: "b-" + strings.ToLower(f.Target.Root), Make: f.Target.Root}}
	case f.Target.Kind.HasRows():
		f.Blocks = []mapping.Block{{ID: "b-row", Make: "row"}}
	case f.Target.Kind == mapping.JSON, f.Target.Kind == mapping.XML:
		f.Blocks = []mapping.Block{{ID: "b-document", Make: "."}}
	}
	return f
}

// identifier is a name in lower-case letters, digits and hyphens.
func identifier(name string) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
	if id == "" {
		return "mapping"
	}
	return id
}

// add stores a mapping under a name and opens it.
func (m *Model) add(name string, load func() (*mapping.File, error)) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (*stored, error) {
		f, err := load()
		if err != nil {
			return nil, err
		}
		b, err := mapping.Pack(f)
		if err != nil {
			return nil, err
		}
		if _, err = m.store.PutDocument(ctx, savedKind, name, b, 0); err != nil {
			return nil, err
		}
		return m.read(ctx, name)
	}, func(s *stored, err error) {
		if err != nil {
			m.Fail("The mapping was not added", err)
			return
		}
		m.opening.Cancel()
		m.show(s)
		m.Reload()
	})
}

// Import adds the mappings of files and folders: a mapping in YAML with its tables beside it, or a packed one. The last
// of them is opened.
func (m *Model) Import(paths []string) {
	taken := make([]string, 0, len(m.entries))
	for _, e := range m.entries {
		taken = append(taken, e.Name)
	}
	job.Track(m.ctx, m.runner, "importing mappings", func(ctx context.Context, _ *job.Progress) ([]string, error) {
		files, err := mappingFiles(paths)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, file := range files {
			f, err := loadFile(file)
			if err != nil {
				return names, fmt.Errorf("%s: %w", filepath.Base(file), err)
			}
			b, err := mapping.Pack(f)
			if err != nil {
				return names, err
			}
			name := freeName(titleOf(f, file), append(taken, names...))
			if _, err := m.store.PutDocument(ctx, savedKind, name, b, 0); err != nil {
				return names, err
			}
			names = append(names, name)
		}
		return names, nil
	}, func(names []string, err error) {
		m.Reload()
		if len(names) > 0 {
			m.Open(names[len(names)-1])
		}
		if err != nil {
			m.Fail(fmt.Sprintf("%s of the files imported; the next one was not read", screen.Plural(len(names), "mapping")), err)
			return
		}
		m.Say(screen.News{Text: screen.Plural(len(names), "mapping") + " imported."}, nil)
	})
}

// mappingFiles are the mappings among files and in folders.
func mappingFiles(paths []string) (files []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			found, err := filepath.Glob(filepath.Join(p, pattern))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	if len(files) == 0 {
		return nil, errors.New("there is no mapping in it; a mapping is a YAML file that begins with map: 1")
	}
	return files, nil
}

func loadFile(file string) (*mapping.File, error) {
	if strings.EqualFold(filepath.Ext(file), ".zip") {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return mapping.Unpack(b)
	}
	return mapping.Load(os.DirFS(filepath.Dir(file)), filepath.Base(file))
}

func titleOf(f *mapping.File, file string) string {
	if f.ID != "" {
		return f.ID
	}
	return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
}

// freeName is a name with a number after it if it is taken.
func freeName(name string, taken []string) string {
	is := func(s string) bool {
		return slices.ContainsFunc(taken, func(t string) bool { return strings.EqualFold(t, s) })
	}
	for n, free := 2, name; ; n++ {
		if !is(free) {
			return free
		}
		free = fmt.Sprintf("%s %d", name, n)
	}
}

// Export writes the mapping that is open into a folder: the YAML, and its tables below. Files of these names are replaced.
func (m *Model) Export(folder string) {
	if m.doc == nil {
		return
	}
	f, name := m.doc.file, identifier(m.doc.name)
	job.Start(m.ctx, m.runner, func(ctx context.Context) (int, error) {
		n, err := writeMapping(f, folder, name)
		if err == nil {
			err = m.store.LogExport(ctx, "mapping", n, filepath.Join(folder, name+".yaml"))
		}
		return n, err
	}, func(n int, err error) {
		if err != nil {
			m.Fail("The mapping was not written", err)
			return
		}
		m.Say(screen.News{Text: fmt.Sprintf("%s.yaml written, with %s beside it.", name, screen.Plural(n-1, "file"))}, nil)
	})
}

func writeMapping(f *mapping.File, folder, name string) (files int, err error) {
	root, err := os.OpenRoot(folder) // the names of tables come from files of others
	if err != nil {
		return 0, err
	}
	defer root.Close()
	text, err := mapping.Format(f)
	if err != nil {
		return 0, err
	}
	if err := root.WriteFile(name+".yaml", text, 0o600); err != nil {
		return 0, err
	}
	beside, err := f.Companions()
	if err != nil {
		return 1, err
	}
	for i, c := range beside {
		if !fs.ValidPath(c.Name) {
			return 1 + i, fmt.Errorf("%q does not lie below the mapping", c.Name)
		}
		if dir := path.Dir(c.Name); dir != "." {
			if err := root.MkdirAll(dir, 0o700); err != nil {
				return 1 + i, err
			}
		}
		if err := root.WriteFile(c.Name, c.Text, 0o600); err != nil {
			return 1 + i, err
		}
	}
	return 1 + len(beside), nil
}

// Rename gives the mapping that is open another name. An error says what is wrong with it.
func (m *Model) Rename(to string) error {
	d := m.doc
	to = strings.TrimSpace(to)
	if d == nil || to == d.name {
		return nil
	}
	if !strings.EqualFold(to, d.name) {
		if err := m.free(to); err != nil {
			return err
		}
	}
	if m.IsRunning() {
		return errors.New("stop its run before you give it another name")
	}
	name, revision, x := d.name, d.revision, m.runs.run()
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		err := m.store.RenameDocument(ctx, savedKind, name, to, revision)
		for _, w := range []*draftWriter{d.drafts, d.layouts, x.stored} {
			if err == nil {
				err = w.rename(ctx, to)
			}
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The mapping was not renamed", err)
			return
		}
		d.name = to
		delete(m.runs.all, name)
		m.runs.all[to] = x
		m.Reload()
		m.changed(List)
	})
	return nil
}

// Duplicate adds a copy of the mapping that is open, with the changes that were not saved, and opens it.
func (m *Model) Duplicate(name string) error {
	name = strings.TrimSpace(name)
	if m.doc == nil {
		return nil
	}
	if err := m.free(name); err != nil {
		return err
	}
	f := *m.doc.file
	m.add(name, func() (*mapping.File, error) { return &f, nil })
	return nil
}

// CopyName is a free name for a copy of the mapping that is open.
func (m *Model) CopyName() string {
	taken := make([]string, 0, len(m.entries))
	for _, e := range m.entries {
		taken = append(taken, e.Name)
	}
	return freeName(m.Name(), taken)
}

// DeleteWords say what goes with the mapping that is open when it is deleted.
func (m *Model) DeleteWords() string {
	d := m.doc
	if d == nil {
		return ""
	}
	words := fmt.Sprintf("%s, %s and the versions before this one are deleted with it", screen.Plural(d.file.Rules(), "rule"), screen.Plural(len(d.file.Tables), "lookup table"))
	if d.dirty() {
		words += ", and so are the changes that were not saved"
	}
	return words + ". This cannot be undone."
}

// Delete removes the mapping that is open with all its versions.
func (m *Model) Delete() {
	d := m.doc
	if d == nil {
		return
	}
	m.StopRun()
	name, revision, x := d.name, d.revision, m.runs.run()
	d.drafts.asked++
	d.layouts.asked++
	x.stored.asked++
	asked := [3]int{d.drafts.asked, d.layouts.asked, x.stored.asked}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		err := m.store.DeleteDocument(ctx, savedKind, name, revision)
		for i, w := range []*draftWriter{d.drafts, d.layouts, x.stored} {
			if err == nil {
				err = w.put(ctx, asked[i], nil)
			}
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The mapping was not deleted", err)
			return
		}
		if m.doc == d {
			d.preview.cancel()
			d.samples.loading.Cancel()
			m.doc = nil
		}
		delete(m.runs.all, name)
		m.Reload()
		m.changed(All)
		m.Say(screen.News{Text: name + " was deleted."}, nil)
	})
}
