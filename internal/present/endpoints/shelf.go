package endpoints

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// shelf is what a FHIR server of the project holds. It is opened when the server starts or somebody looks, and stays open until the
// project is closed or the endpoint deleted.
type shelf struct {
	name string
	w    *workspace.Workspace

	mu     sync.Mutex
	keeper *workspace.Resources
	store  *fhirstore.Store

	// Of the screen.
	shown     bool // the counts have been read
	read      time.Time
	types     []typeCount
	total     int
	chosen    string // type
	list      []*fhirstore.Version
	snapshots []string
	reading   job.Latest
	listing   job.Latest
}

type typeCount struct {
	name  string
	count int
}

func (m *Model) newShelf(name string) *shelf { return &shelf{name: name, w: m.store} }

// shelfOf is the shelf of a FHIR server.
func (m *Model) shelfOf(p *point) *shelf {
	if p.shelf == nil {
		p.shelf = m.newShelf(p.name)
		m.opening.Lock()
		m.shelves = append(m.shelves, p.shelf)
		m.opening.Unlock()
	}
	return p.shelf
}

// open reads what is kept, once.
func (s *shelf) open(ctx context.Context) (*fhirstore.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	keeper, err := s.w.OpenResources(ctx, s.name)
	if err != nil {
		return nil, err
	}
	store, err := fhirstore.Open(ctx, fhirstore.Options{Keeper: keeper})
	if err != nil {
		return nil, errors.Join(err, keeper.Close())
	}
	s.keeper, s.store = keeper, store
	return store, nil
}

func (s *shelf) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper == nil {
		return nil
	}
	keeper := s.keeper
	s.keeper, s.store = nil, nil
	return keeper.Close()
}

// putAway closes the shelf of an endpoint that gets another name or is deleted.
func (m *Model) putAway(p *point) {
	if p.shelf == nil {
		return
	}
	if err := p.shelf.close(); err != nil {
		m.Fail("Could not close the resources of "+p.name, err)
	}
	p.shelf = nil
}

// chosenShelf is that of the chosen endpoint, nil where it is no FHIR server.
func (m *Model) chosenShelf() *shelf {
	if p := m.current(); p != nil && p.kind == FHIRServer {
		return m.shelfOf(p)
	}
	return nil
}

// ReadShelf counts the resources of the chosen FHIR server, in the background; it opens them where nobody has yet.
func (m *Model) ReadShelf() {
	s := m.chosenShelf()
	if s == nil {
		return
	}
	chosen := s.chosen
	type reading struct {
		types     []typeCount
		total     int
		list      []*fhirstore.Version
		snapshots []string
	}
	job.StartLatest(m.ctx, m.runner, &s.reading, func(ctx context.Context) (r reading, err error) {
		store, err := s.open(ctx)
		if err != nil {
			return r, err
		}
		for _, t := range store.Types() {
			if n := store.Count(t); n > 0 {
				r.types = append(r.types, typeCount{t, n})
				r.total += n
			}
		}
		slices.SortFunc(r.types, func(a, b typeCount) int { return cmp.Compare(a.name, b.name) })
		if !slices.ContainsFunc(r.types, func(t typeCount) bool { return t.name == chosen }) {
			chosen = ""
			if len(r.types) > 0 {
				chosen = r.types[0].name
			}
		}
		if r.list, err = listType(ctx, store, chosen); err != nil {
			return r, err
		}
		r.snapshots = store.Snapshots()
		return r, nil
	}, func(r reading, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.Fail("Could not read the resources", err)
			}
			return
		}
		s.read = time.Now()
		s.shown, s.types, s.total, s.list, s.snapshots, s.chosen = true, r.types, r.total, r.list, r.snapshots, chosen
		m.Changed(Shelf)
	})
}

// follow counts anew what is shown, once a second at most, while something changes it.
func (s *shelf) follow(m *Model) {
	if s.shown && time.Since(s.read) >= time.Second {
		s.read = time.Now()
		m.ReadShelf()
	}
}

// listType lists the resources of a type, newest first.
func listType(ctx context.Context, store *fhirstore.Store, typ string) ([]*fhirstore.Version, error) {
	if typ == "" {
		return nil, nil
	}
	list, err := store.Search(ctx, &fhirstore.Query{Type: typ})
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *fhirstore.Version) int { return b.Updated.Compare(a.Updated) })
	return list, nil
}

// ChooseType lists the resources of a type, by its row.
func (m *Model) ChooseType(row int) {
	s := m.chosenShelf()
	if s == nil || row < 0 || row >= len(s.types) || s.types[row].name == s.chosen {
		return
	}
	s.chosen = s.types[row].name
	typ := s.chosen
	job.StartLatest(m.ctx, m.runner, &s.listing, func(ctx context.Context) ([]*fhirstore.Version, error) {
		store, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		return listType(ctx, store, typ)
	}, func(list []*fhirstore.Version, err error) {
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			m.Fail("Could not list the resources", err)
		case err == nil && s.chosen == typ:
			s.list = list
			m.Changed(Shelf)
		}
	})
}

// TypeRow is the row of the type whose resources are listed, -1 for none.
func (m *Model) TypeRow() int {
	if s := m.chosenShelf(); s != nil {
		return slices.IndexFunc(s.types, func(t typeCount) bool { return t.name == s.chosen })
	}
	return -1
}

// ShelfLine says how much the chosen FHIR server holds; ok is false until it has been counted.
func (m *Model) ShelfLine() (text string, ok bool) {
	s := m.chosenShelf()
	if s == nil || !s.shown {
		return "", false
	}
	return screen.Plural(s.total, "resource"), true
}

var typeColumns = []screen.Column{
	{ID: "type", Title: "Type", Width: 150, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "count", Title: "Count", Width: 70, MinWidth: 50, Right: true, Fixed: true},
}

// Types is the types of which there are resources, with their counts.
func (m *Model) Types() screen.Grid { return (*typeGrid)(m) }

type typeGrid Model

func (g *typeGrid) Columns() []screen.Column { return typeColumns }

func (g *typeGrid) Len() int {
	if s := (*Model)(g).chosenShelf(); s != nil {
		return len(s.types)
	}
	return 0
}

func (g *typeGrid) Cell(row, col int) screen.Cell {
	s := (*Model)(g).chosenShelf()
	if s == nil || row >= len(s.types) {
		return screen.Cell{}
	}
	if col == 0 {
		return screen.Cell{Text: s.types[row].name}
	}
	return screen.Cell{Text: screen.Count(s.types[row].count), Role: screen.RoleMuted}
}

var resourceColumns = []screen.Column{
	{ID: "id", Title: "ID", Width: 170, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "version", Title: "Version", Width: 62, MinWidth: 48, Right: true, Fixed: true},
	{ID: "updated", Title: "Updated", Width: 176, MinWidth: 80, Mono: true, Fixed: true},
	{ID: "about", Title: "What it says", Width: 240, MinWidth: 80, Flex: true, Fixed: true},
}

// Resources is the resources of the type that is chosen.
func (m *Model) Resources() screen.Grid { return (*resourceGrid)(m) }

type resourceGrid Model

func (g *resourceGrid) Columns() []screen.Column { return resourceColumns }

func (g *resourceGrid) Len() int {
	if s := (*Model)(g).chosenShelf(); s != nil {
		return len(s.list)
	}
	return 0
}

func (g *resourceGrid) Cell(row, col int) screen.Cell {
	s := (*Model)(g).chosenShelf()
	if s == nil || row >= len(s.list) {
		return screen.Cell{}
	}
	v := s.list[row]
	switch col {
	case 0:
		return screen.Cell{Text: v.ID, Masked: g.masked}
	case 1:
		return screen.Cell{Text: fmt.Sprint(v.Number), Role: screen.RoleMuted}
	case 2:
		return screen.Cell{Text: v.Updated.Local().Format("2006-01-02 15:04:05"), Role: screen.RoleMuted}
	}
	return screen.Cell{Text: about(v.Tree()), Masked: g.masked}
}

// about says in a few words what a resource is about: a name, a code, whose it is, in what state.
func about(n *fhir.Node) string {
	var parts []string
	add := func(text string) {
		if text != "" && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	name := n.Member("name").Item(0)
	if name == nil {
		name = n.Member("name")
	}
	if name.IsPrimitive() {
		add(name.String())
	} else if name != nil {
		given := ""
		for g := range name.All("given") {
			given = strings.TrimSpace(given + " " + g.String())
		}
		add(strings.Trim(name.Member("family").String()+", "+given, ", "))
		add(name.Member("text").String())
	}
	add(n.Member("birthDate").String())
	for _, path := range [][]string{{"code", "text"}, {"code", "coding", "display"}, {"type", "text"}, {"description"}, {"title"}, {"status"}, {"start"}, {"subject", "reference"}, {"patient", "reference"}, {"beneficiary", "reference"}} {
		for x := range n.All(path...) {
			add(x.String())
			break
		}
	}
	return strings.Join(parts, "  ·  ")
}

// ShownResource is a resource as it is shown: its bytes, and under what name other places keep it.
type ShownResource struct {
	Title, Name string
	Bytes       []byte
	Text        screen.Text
}

// Resource is a resource of the list; ok is false where there is none.
func (m *Model) Resource(row int) (r ShownResource, ok bool) {
	s := m.chosenShelf()
	if s == nil || row < 0 || row >= len(s.list) {
		return r, false
	}
	v := s.list[row]
	b := fhir.AppendIndentedJSON(nil, v.Tree(), "  ")
	title := v.Type + ", version " + fmt.Sprint(v.Number)
	return ShownResource{Title: title, Name: s.name + " " + v.Type, Bytes: b, Text: drawJSON(b, m.masked)}, true
}

// onShelf changes the resources of the chosen FHIR server in the background, and says what was done.
func (m *Model) onShelf(doing string, do func(ctx context.Context, store *fhirstore.Store, p *job.Progress) (done string, err error)) {
	s := m.chosenShelf()
	if s == nil {
		return
	}
	job.Track(m.ctx, m.runner, doing, func(ctx context.Context, p *job.Progress) (string, error) {
		store, err := s.open(ctx)
		if err != nil {
			return "", err
		}
		return do(ctx, store, p)
	}, func(done string, err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			m.Fail("Could not "+doing, err)
		} else if done != "" {
			m.Say(screen.News{Text: done}, nil)
		}
		m.ReadShelf()
	})
}

// LoadResources reads resources from files and folders into the chosen FHIR server: JSON, XML, NDJSON, Bundles.
func (m *Model) LoadResources(paths []string) {
	m.onShelf("load resources", func(ctx context.Context, store *fhirstore.Store, p *job.Progress) (string, error) {
		loaded, same, skipped := 0, 0, 0
		for _, path := range paths {
			err := filepath.WalkDir(path, func(name string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() || ctx.Err() != nil {
					return errors.Join(err, ctx.Err())
				}
				if name != path && !slices.Contains(resourceEndings, strings.ToLower(filepath.Ext(name))) {
					return nil
				}
				f, err := os.Open(name)
				if err != nil {
					return err
				}
				defer f.Close()
				done, err := store.Load(ctx, f)
				loaded, same, skipped = loaded+done.Resources, same+done.Same, skipped+done.Skipped
				p.Add(int64(done.Resources))
				if err != nil {
					return fmt.Errorf("%s: %w", filepath.Base(name), err)
				}
				return nil
			})
			if err != nil {
				return "", err
			}
		}
		text := screen.Plural(loaded, "resource") + " loaded."
		if same > 0 {
			text += " " + screen.Count(same) + " were there already."
		}
		if skipped > 0 {
			text += " " + screen.Count(skipped) + " left out, of types that FHIR R4 does not have."
		}
		return text, nil
	})
}

// resourceEndings are how the names of files end that are loaded from a folder.
var resourceEndings = []string{".json", ".ndjson", ".jsonl", ".xml"}

// InventPatients adds invented patients with their visits, coverages and appointments. The same seed makes the same ones.
func (m *Model) InventPatients(seed uint64, n int) {
	m.onShelf("invent patients", func(ctx context.Context, store *fhirstore.Store, _ *job.Progress) (string, error) {
		return screen.Plural(n, "patient") + " invented.", store.Fill(ctx, fhirstore.Invent(seed, n))
	})
}

// Snapshots are the names under which the state of the chosen FHIR server was kept.
func (m *Model) Snapshots() []string {
	if s := m.chosenShelf(); s != nil {
		return s.snapshots
	}
	return nil
}

// TakeSnapshot keeps the state of the chosen FHIR server under a name.
func (m *Model) TakeSnapshot(name string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		return errors.New("give it a name, such as before the test")
	}
	m.onShelf("take a snapshot", func(ctx context.Context, store *fhirstore.Store, _ *job.Progress) (string, error) {
		return "The state is kept as “" + name + "”.", store.Snapshot(name)
	})
	return nil
}

// RestoreSnapshot goes back to a snapshot, also while the server runs.
func (m *Model) RestoreSnapshot(name string) {
	m.onShelf("go back to the snapshot", func(ctx context.Context, store *fhirstore.Store, _ *job.Progress) (string, error) {
		return "The resources are those of “" + name + "” again. What they were before is kept as “" + fhirstore.BeforeRestore + "”.", store.Restore(ctx, name)
	})
}

// DropSnapshot forgets a snapshot.
func (m *Model) DropSnapshot(name string) {
	m.onShelf("forget the snapshot", func(ctx context.Context, store *fhirstore.Store, _ *job.Progress) (string, error) {
		return "The snapshot “" + name + "” is forgotten.", store.Drop(ctx, name)
	})
}
