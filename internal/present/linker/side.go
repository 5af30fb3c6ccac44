package linker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/linkage/roster"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// side is the roster of one system.
type side struct {
	stored   linkage.StoredRoster // ID 0 while it is not in the project
	table    *roster.Roster       // nil where there is none
	spec     roster.Spec          // what the user said about it
	list     plan.ListSpec        // likewise of a plan list
	roles    []string             // of the columns of a plan list
	key      plan.Key
	problem  string // why the roles cannot be used
	profile  []roster.Profile
	reading  bool
	unstored bool // the table or its roles are not as in the project
}

func (s *side) there() bool { return s.table != nil || s.stored.Skipped != "" }

func (s *side) size() string {
	switch {
	case s.table != nil:
		return screen.Count(s.table.Len())
	case s.stored.Skipped != "":
		return "no data"
	}
	return "–"
}

// read is what reading a roster gives.
type read struct {
	table   *roster.Roster
	profile []roster.Profile
}

// Import reads a roster from a file into one side. Its columns are shown for confirmation; a run stores it.
func (m *Model) Import(w Which, path string) {
	d := m.desk()
	m.reading(d, w, "read the roster", func(ctx context.Context, p *job.Progress) (*roster.Roster, error) {
		return roster.Open(ctx, path, roster.Spec{}, p)
	})
}

// Drop takes one file for the side that has none, or two for both: ours first. It says whether it did.
func (m *Model) Drop(paths []string) bool {
	d := m.desk()
	switch {
	case len(paths) == 1 && !d.sides[Ours].there():
		m.Import(Ours, paths[0])
	case len(paths) == 1 && !d.sides[Theirs].there():
		m.Import(Theirs, paths[0])
	case len(paths) == 2:
		slices.SortFunc(paths, func(a, b string) int { return m.likeness(b) - m.likeness(a) })
		m.Import(Ours, paths[0])
		m.Import(Theirs, paths[1])
	default:
		m.Say(screen.News{Text: "Drop two files, ours and theirs; or one where a side is still empty. To replace a roster, import it at its side.", Bad: true}, nil)
	}
	return true
}

// likeness is how much a file's name looks like that of our system.
func (m *Model) likeness(path string) int {
	name, score := strings.ToLower(filepath.Base(path)), 0
	for _, w := range []Which{Ours, Theirs} {
		s, _ := m.system(w)
		for _, part := range []string{s.ID, s.Name, w.String()} {
			if part != "" && strings.Contains(name, strings.ToLower(part)) {
				score += 1 - 2*int(w)
			}
		}
	}
	return score
}

// ImportMessages reads the patients of the project's messages; application, where not empty, is the MSH-3 that they
// must have.
func (m *Model) ImportMessages(w Which, application string) {
	d := m.desk()
	if d.kind == linkage.Plans {
		m.Say(screen.News{Text: "Plans come from a list; messages show which of them are used. Import the list, run, and then simulate with the messages.", Bad: true}, nil)
		return
	}
	m.reading(d, w, "read patients from messages", func(ctx context.Context, p *job.Progress) (*roster.Roster, error) {
		ids, err := m.store.IDs(ctx, workspace.Query{})
		if err != nil {
			return nil, err
		}
		in := &messageReader{p: p, application: strings.TrimSpace(application)}
		p.SetTotal(int64(len(ids)))
		next, stop := iter.Pull2(m.store.Messages(ctx, ids))
		defer stop()
		in.next = next
		r, err := roster.ReadProgress(ctx, "messages of this project", in, roster.Spec{}, nil)
		if err == nil && r.Len() == 0 || in.used == 0 {
			return nil, fmt.Errorf("no message of the project has a patient (PID)%s", in.of())
		}
		return r, err
	})
}

// messageReader gives the bytes of messages one after the other.
type messageReader struct {
	next        func() (workspace.Message, error, bool)
	rest        []byte
	application string
	p           *job.Progress
	used        int
}

func (r *messageReader) of() string {
	if r.application == "" {
		return ""
	}
	return ", of those that " + r.application + " has sent"
}

// Read implements io.Reader.
func (r *messageReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		m, err, ok := r.next()
		if !ok {
			return 0, io.EOF
		}
		r.p.Add(1)
		if err != nil { // one damaged message is no reason to lose the others
			continue
		}
		parsed := hl7.Parse(m.Bytes)
		if header, ok := parsed.Header(); !ok || r.application != "" && !strings.EqualFold(header.Field(3).String(), r.application) {
			continue
		}
		r.used++
		r.rest = append(bytes.TrimRight(m.Bytes, "\r\n"), '\r')
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (m *Model) reading(d *desk, w Which, title string, work func(context.Context, *job.Progress) (*roster.Roster, error)) {
	s := &d.sides[w]
	if s.reading {
		return
	}
	s.reading = true
	d.step = Rosters
	m.Changed(Desk | Setup)
	job.Track(m.ctx, m.runner, title, func(ctx context.Context, p *job.Progress) (r read, err error) {
		if r.table, err = work(ctx, p); err != nil {
			return r, err
		}
		r.profile, err = r.table.Profile(ctx)
		return r, err
	}, func(r read, err error) {
		s.reading = false
		if err != nil {
			m.Fail("The roster of "+m.name(w)+" was not read", err)
			m.Changed(Setup)
			return
		}
		*s = side{table: r.table, profile: r.profile, unstored: true}
		s.interpret(d.kind)
		d.outdated("the roster of " + w.String() + " is a new one")
		text := fmt.Sprintf("%s read. Look at what its columns were taken for, then run (F5).", screen.Plural(r.table.Len(), "row"))
		if n := len(r.table.Bad); n > 0 {
			text += fmt.Sprintf(" %s set aside; the list says why.", screen.Plural(n, "row"))
		}
		m.Say(screen.News{Text: text}, nil)
		m.Changed(All)
	})
}

// NoData records that a system has no existing data, so that the step is skipped, and why.
func (m *Model) NoData(w Which, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fmt.Errorf("say why: it is recorded with the project, such as: new site, no patients before go-live")
	}
	d := m.desk()
	stored := linkage.StoredRoster{Kind: d.kind, Side: w.side(), Skipped: reason}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (int64, error) {
		return m.store.Linkage().SaveRoster(ctx, stored, nil)
	}, func(id int64, err error) {
		if err != nil {
			m.Fail("It was not recorded", err)
			return
		}
		stored.ID = id
		d.sides[w] = side{stored: stored}
		d.patients, d.plans = nil, nil
		d.cases.reset()
		m.Say(screen.News{Text: "Recorded: no existing data of " + m.name(w) + ". There is nothing to link, so that every record of the other side is a new one."}, nil)
		m.Changed(All)
	})
	return nil
}

// interpret finds what the columns of a plan list are taken for.
func (s *side) interpret(kind linkage.Kind) {
	s.problem = ""
	if kind != linkage.Plans || s.table == nil {
		return
	}
	roles, key, err := plan.RolesOf(s.table, s.list)
	if len(roles) > 0 {
		s.roles = roles
	}
	s.key = key
	if err != nil {
		s.problem = "Say which column is the plan ID: " + err.Error()
		return
	}
	if key.ChosenBy == "guess" && len(key.Candidates) > 1 {
		s.problem = fmt.Sprintf("Which column is the plan ID? %s could be: open the one that messages carry and say so.", strings.Join(key.Candidates, ", "))
	}
}

// specText is what is stored of the roles: those of all columns, as confirmed.
func (s *side) specText(kind linkage.Kind) (string, error) {
	if kind == linkage.Plans {
		spec := plan.ListSpec{Key: s.key.Column, Columns: map[string]string{}}
		for i, c := range s.table.Columns {
			if i < len(s.roles) && s.roles[i] != "plan id" {
				spec.Columns[c.Name] = s.roles[i]
			}
		}
		b, err := yaml.Marshal(spec)
		return string(b), err
	}
	spec := roster.Spec{Columns: map[string]string{}}
	for _, c := range s.table.Columns {
		role := string(c.Role)
		if c.Role == roster.Ignore {
			role = "ignore"
		}
		spec.Columns[c.Name] = role
		if c.Role == roster.BirthDate {
			spec.Dates = c.Dates
		}
		if c.Role == roster.ID {
			spec.Authority, spec.Type = c.Authority, c.Type
		}
	}
	b, err := yaml.Marshal(spec)
	return string(b), err
}

// take reads the stored roles again.
func (s *side) take(kind linkage.Kind) error {
	if kind == linkage.Plans {
		if err := yaml.Unmarshal([]byte(s.stored.Spec), &s.list); err != nil {
			return err
		}
		s.interpret(kind)
		return nil
	}
	spec, err := roster.ParseSpec(strings.NewReader(s.stored.Spec))
	if err != nil {
		return err
	}
	s.spec = spec
	return s.table.Apply(spec)
}

// rows yields what is stored of a roster.
func (s *side) rows(kind linkage.Kind) iter.Seq[linkage.StoredRow] {
	id := -1
	if kind == linkage.Plans {
		id = slices.IndexFunc(s.table.Columns, func(c roster.Column) bool { return c.Name == s.key.Column })
	}
	return func(yield func(linkage.StoredRow) bool) {
		for row := range linkage.Rows(s.table) {
			if id >= 0 && row.Bad == "" && id < len(row.Cells) {
				row.ID = strings.TrimSpace(row.Cells[id])
			}
			if !yield(row) {
				return
			}
		}
	}
}

// save stores a roster and takes the one away that it replaces: the same file with other roles.
func (m *Model) save(ctx context.Context, kind linkage.Kind, w Which, s *side) (linkage.StoredRoster, error) {
	spec, err := s.specText(kind)
	if err != nil {
		return s.stored, err
	}
	stored := linkage.StoredRoster{Kind: kind, Side: w.side(), Name: s.table.Name, Hash: s.table.Hash, Spec: spec, Rows: s.table.Len()}
	for _, c := range s.table.Columns {
		stored.Columns = append(stored.Columns, c.Name)
	}
	store := m.store.Linkage()
	if stored.ID, err = store.SaveRoster(ctx, stored, s.rows(kind)); err != nil {
		return s.stored, err
	}
	if s.stored.ID != 0 && s.stored.Hash == stored.Hash {
		err = store.DeleteRoster(ctx, s.stored.ID)
	}
	return stored, err
}

// restore reads a stored roster.
func (m *Model) restore(ctx context.Context, stored linkage.StoredRoster) (side, error) {
	s := side{stored: stored, unstored: stored.Spec == "" && stored.Skipped == ""} // of a sample: nobody has confirmed its columns
	if stored.Skipped != "" {
		return s, nil
	}
	var failed error
	s.table = roster.Restore(stored.Name, stored.Hash, stored.Columns, func(yield func(roster.Line) bool) {
		for row, err := range m.store.Linkage().Rows(ctx, stored.ID) {
			if err != nil {
				failed = err
				return
			}
			if row.Bad != "" {
				continue
			}
			if !yield(roster.Line{Number: row.Line, Cells: row.Cells}) {
				return
			}
		}
	})
	if failed != nil {
		return s, failed
	}
	for row, err := range m.store.Linkage().Rows(ctx, stored.ID) {
		if err != nil {
			return s, err
		}
		if row.Bad != "" {
			s.table.Bad = append(s.table.Bad, roster.BadRow{Line: row.Line, Cells: row.Cells, Reason: row.Bad})
		}
	}
	if err := s.take(stored.Kind); err != nil {
		return s, fmt.Errorf("the columns of %s: %w", stored.Name, err)
	}
	var err error
	s.profile, err = s.table.Profile(ctx)
	return s, err
}
