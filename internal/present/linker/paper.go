package linker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/present/screen"
	"trestle/internal/report/links"
)

// contentHash is the same for records of the same content.
func contentHash(p plan.Record) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q %q %q %q %q", p.ID, p.Insurer, p.Name, p.Type, fmt.Sprint(p.PayerIDs), p.Address, p.City, p.State, p.ZIP, p.Phones))
	return hex.EncodeToString(h[:16])
}

// ExportForm is what an export shall hold.
type ExportForm struct {
	Tables, Workbook, SQL, FHIR, HL7 bool
	Dialect                          int // of Dialects
	Proposals                        bool
	Authority                        [2]string // assigning authorities of both systems, as PID-3.4 has them
	CanPropose                       string    // why there are no proposals, "" if there are
}

// Dialects are the databases that the script can be for.
var Dialects = []string{"PostgreSQL, Oracle, SQLite, Db2", "MySQL", "SQL Server"}

var dialects = []links.Dialect{links.ANSI, links.MySQL, links.SQLServer}

// PrepareExport finds what an export would hold, beside the screen, and hands it over with a line that says how much it is.
// What refuses it is the error: open conflicts are listed in a *links.ConflictError.
func (m *Model) PrepareExport(then func(f ExportForm, line string, err error)) {
	d := m.desk()
	if !d.has() || d.running != nil {
		then(ExportForm{}, "", fmt.Errorf("compare the rosters first (F5): only what is decided is exported"))
		return
	}
	still := d.still()
	type ready struct {
		line      string
		conflicts []links.Conflict
	}
	job.Start(m.ctx, m.runner, func(context.Context) (r ready, err error) {
		settled, err := still.settled()
		if err != nil {
			return r, err
		}
		r.conflicts = settled.Conflicts
		r.line = fmt.Sprintf("%s, %s decided otherwise, %s to create", screen.Plural(len(settled.Links), "link"), screen.Plural(len(settled.Doubtful), "pair"), screen.Count(len(still.creations(settled))))
		if settled.Undecided > 0 {
			r.line += fmt.Sprintf(". Undecided: %s, counted on the cover sheet and not exported", screen.Plural(settled.Undecided, "case"))
		}
		r.line += "."
		return r, nil
	}, func(r ready, err error) {
		if err == nil && len(r.conflicts) > 0 {
			err = &links.ConflictError{Conflicts: r.conflicts}
		}
		if err != nil {
			then(ExportForm{}, "", err)
			return
		}
		then(m.exportForm(d), r.line, nil)
	})
}

// exportForm is what an export holds if nothing else is said.
func (m *Model) exportForm(d *desk) ExportForm {
	f := ExportForm{Tables: true, Workbook: true, FHIR: d.kind == linkage.Patients, SQL: true, CanPropose: m.noProposals()}
	f.Proposals = f.CanPropose == ""
	for w := range f.Authority {
		if s, ok := m.system(Which(w)); ok {
			f.Authority[w] = s.Authority
		}
		if t := d.sides[w].table; t != nil && f.Authority[w] == "" {
			for _, c := range t.Columns {
				if c.Authority != "" {
					f.Authority[w] = c.Authority
				}
			}
		}
	}
	f.HL7 = d.kind == linkage.Patients && f.Authority[0] != "" && f.Authority[1] != ""
	return f
}

// still is the desk as it stands now, for work beside the screen.
func (d *desk) still() *desk {
	ledger := &linkage.Ledger{}
	ledger.Add(d.ledger.All()...)
	return &desk{kind: d.kind, sides: d.sides, ledger: ledger, spec: d.spec, planSpec: d.planSpec, patients: d.patients, plans: d.plans, samples: slices.Clone(d.samples)}
}

// Conflicting are the conflicts that stop an export, a line each, hidden by the mask.
func (m *Model) Conflicting(e *links.ConflictError) []string {
	var lines []string
	for i, c := range e.Conflicts {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Conflicts)-i))
			break
		}
		if m.masked {
			lines = append(lines, c.What)
			continue
		}
		lines = append(lines, c.String())
	}
	return lines
}

// settled is what stands after all decisions.
func (d *desk) settled() (links.Settled, error) {
	// What was decided about two records of one system is no pair of both; only the duplicates are exported, as merges.
	across := slices.DeleteFunc(d.ledger.All(), func(x linkage.Decision) bool {
		return x.Side != "" && x.Action != linkage.ActDuplicate && x.Action != linkage.ActUndo
	})
	return links.Settle(withoutError(d.candidates()), withoutError(slices.Values(across)))
}

// links yields both identifiers of each link that stands.
func (d *desk) links() iter.Seq[[2]string] {
	return func(yield func([2]string) bool) {
		s, err := d.settled()
		if err != nil {
			return
		}
		for _, l := range s.Links {
			if !yield([2]string{l.Left, l.Right}) {
				return
			}
		}
	}
}

func (d *desk) candidates() iter.Seq[linkage.Candidate] {
	return outcome{patients: d.patients, plans: d.plans}.candidates()
}

// candidates are the pairs of a run as the store has them.
func (o outcome) candidates() iter.Seq[linkage.Candidate] {
	if o.plans == nil {
		return o.patients.Candidates()
	}
	d := desk{kind: linkage.Plans, plans: o.plans, ledger: &linkage.Ledger{}}
	return func(yield func(linkage.Candidate) bool) {
		for i, c := range o.plans.Candidates {
			if c.Band != linkage.None && !yield(d.planCandidate(item{planCase, int32(i)})) {
				return
			}
		}
	}
}

func withoutError[T any](seq iter.Seq[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v := range seq {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// paper is all that an export says.
func (m *Model) paper(d *desk, f ExportForm) (*links.Paper, error) {
	settled, err := d.settled()
	if err != nil {
		return nil, err
	}
	p := &links.Paper{Kind: d.kind, Settled: settled, At: time.Now().UTC(), By: m.store.Linkage().User(), SQL: links.SQLOptions{Dialect: dialects[f.Dialect]}}
	if m.project != nil {
		p.Project = m.project.Name
		p.HL7.Production = m.project.Environment == "production"
	}
	for w, to := range []*links.System{&p.Left, &p.Right} {
		s := &d.sides[w]
		*to = links.System{Name: m.name(Which(w)), File: s.stored.Name, SHA256: s.stored.Hash, Rows: s.table.Len()}
		to.Authority.Namespace = strings.TrimSpace(f.Authority[w])
		if system, ok := m.system(Which(w)); ok {
			if Which(w) == Ours {
				p.HL7.SendingApplication, p.HL7.SendingFacility = system.Application, system.Facility
			} else {
				p.HL7.ReceivingApplication, p.HL7.ReceivingFacility = system.Application, system.Facility
			}
		}
	}
	if d.kind == linkage.Patients {
		d.describePatients(p)
	} else {
		d.describePlans(p)
	}
	for _, x := range settled.Duplicates {
		p.Merges = append(p.Merges, p.Merge(x.Side, x))
	}
	if f.Proposals && d.patients != nil {
		p.Proposals = m.proposals(d, settled)
	}
	return p, p.Check()
}

func (d *desk) describePatients(p *links.Paper) {
	s := d.patients.Summary
	p.Method, p.Model, p.Seed = "Fellegi-Sunter with three classes: person, household, stranger; one to one", s.Model, s.Seed
	threshold := d.spec.Threshold
	if threshold == 0 {
		threshold = linkage.DefaultThreshold
	}
	p.Thresholds = []links.Field{{Name: "least probability of an automatic link", Value: strconv.FormatFloat(threshold, 'f', -1, 64)}, {Name: "expected false links", Value: strconv.FormatFloat(s.ExpectedFalse, 'f', 4, 64)}}
	if s.AutomaticOff != "" {
		p.Thresholds = append(p.Thresholds, links.Field{Name: "automatic links were off", Value: s.AutomaticOff})
	}
	for name, on := range d.spec.Gates {
		if !on {
			p.Thresholds = append(p.Thresholds, links.Field{Name: "gate switched off", Value: name})
		}
	}
	if len(d.samples) > 0 {
		p.Thresholds = append(p.Thresholds, links.Field{Name: "second review of automatic links", Value: d.sampleLine()})
	}
	for _, g := range slices.Sorted(maps.Keys(s.Gates)) {
		p.Gates = append(p.Gates, links.Field{Name: g, Value: strconv.Itoa(s.Gates[g])})
	}
}

func (d *desk) describePlans(p *links.Paper) {
	s := d.plans.Summary(d.planSpec.Apply(plan.Options{}))
	p.Method, p.Model = "insurer first, plan within it; Fellegi-Sunter with frequencies, one to one", s.Model
	for _, name := range slices.Sorted(maps.Keys(s.Thresholds)) {
		p.Thresholds = append(p.Thresholds, links.Field{Name: name, Value: strconv.FormatFloat(s.Thresholds[name], 'f', -1, 64)})
	}
	p.Thresholds = append(p.Thresholds, links.Field{Name: "plan ID, ours", Value: s.Left.Key.Column + " (" + s.Left.Key.ChosenBy + ")"}, links.Field{Name: "plan ID, theirs", Value: s.Right.Key.Column + " (" + s.Right.Key.ChosenBy + ")"})
	for _, g := range slices.Sorted(maps.Keys(s.Gates)) {
		p.Gates = append(p.Gates, links.Field{Name: string(g), Value: strconv.Itoa(s.Gates[g])})
	}
	p.Creations = d.creations(p.Settled)
}

// creations are the plans to create: those without counterpart that nobody linked, and those that people decided so.
func (d *desk) creations(s links.Settled) []links.Creation {
	if d.plans == nil {
		return nil
	}
	linked, by := map[string]bool{}, map[string]string{}
	for _, l := range s.Links {
		linked[l.Left] = true
	}
	var all []links.Creation
	done := map[string]bool{}
	for _, x := range s.CreateNew {
		by[x.Left] = x.Who
	}
	for _, c := range d.plans.Creations {
		if linked[c.Plan.ID] {
			continue
		}
		x := links.PlanCreation(c)
		x.By, done[c.Plan.ID] = by[c.Plan.ID], true
		all = append(all, x)
	}
	for _, x := range s.CreateNew {
		for i := range d.plans.Left.Plans {
			if p := &d.plans.Left.Plans[i]; p.ID == x.Left && !done[x.Left] {
				c := links.PlanCreation(plan.Creation{Plan: p, Insurer: p.Insurer})
				for _, k := range d.plans.Candidates {
					if k.Left == x.Left {
						c.Near = k.Right
						break
					}
				}
				c.By, done[x.Left] = x.Who, true
				all = append(all, c)
			}
		}
	}
	return all
}

// wants says whether a file of an export was asked for.
func (f ExportForm) wants(name string) bool {
	switch {
	case name == "cover.csv":
		return f.Tables || !f.Workbook // the cover is in each export
	case strings.HasSuffix(name, ".csv"):
		return f.Tables
	case strings.HasSuffix(name, ".xlsx"):
		return f.Workbook
	case strings.HasSuffix(name, ".sql"):
		return f.SQL
	case strings.HasSuffix(name, ".fhir.json"):
		return f.FHIR
	}
	return f.HL7
}

// Export writes what is decided into a folder, and enters it in the access log. What is wrong with the form is the error;
// how it went is in the news.
func (m *Model) Export(folder string, f ExportForm) error {
	d := m.desk()
	if !(f.Tables || f.Workbook || f.SQL || f.FHIR || f.HL7) {
		return fmt.Errorf("choose at least one form")
	}
	if f.HL7 && (strings.TrimSpace(f.Authority[0]) == "" || strings.TrimSpace(f.Authority[1]) == "") {
		return fmt.Errorf("HL7 messages need the assigning authority of both systems, as PID-3.4 has it")
	}
	still := d.still()
	job.Track(m.ctx, m.runner, "export links", func(ctx context.Context, _ *job.Progress) ([]string, error) {
		p, err := m.paper(still, f)
		if err != nil {
			return nil, err
		}
		// The entry comes first: what cannot be entered does not leave.
		if err := m.store.LogExport(ctx, "links of "+string(d.kind), len(p.Settled.Links), filepath.Base(folder)); err != nil {
			return nil, err
		}
		return writeFiles(ctx, p, folder, f)
	}, func(names []string, err error) {
		if err != nil {
			m.Fail("The export ended", err)
			return
		}
		m.Say(screen.News{Text: fmt.Sprintf("%s written: %s. They are not encrypted.", screen.Plural(len(names), "file"), strings.Join(names, ", "))}, nil)
	})
	return nil
}

// writeFiles writes the forms that were asked for. Each file takes its name when it is whole.
func writeFiles(ctx context.Context, p *links.Paper, folder string, f ExportForm) (names []string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	all, err := p.WriteAll(ctx, func(name string) (io.WriteCloser, error) {
		if !f.wants(name) {
			return nowhere{}, nil
		}
		path := filepath.Join(folder, name)
		file, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		return &wholeFile{file, path}, nil
	})
	for _, name := range all {
		if f.wants(name) {
			names = append(names, name)
		}
	}
	return names, err
}

// nowhere takes what nobody asked for.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Close() error                { return nil }

// wholeFile has its name only once it is closed.
type wholeFile struct {
	*os.File
	path string
}

// Close implements io.Closer.
func (w *wholeFile) Close() error {
	if err := w.File.Close(); err != nil {
		return errors.Join(err, os.Remove(w.File.Name()))
	}
	return os.Rename(w.File.Name(), w.path)
}
