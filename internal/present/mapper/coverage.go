package mapper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
	"trestle/internal/project"
)

// Section is a part of the account of what a mapping still misses.
type Section uint8

// The sections.
const (
	SectionUnmapped Section = iota // populated in the samples, and no rule reads it
	SectionLeftOut                 // not mapped on purpose, with the reason
	SectionRequired                // a required element of the target that is missing in results
	SectionNever                   // a rule that wrote nothing in any sample
	SectionLookups                 // a value that a table does not hold
	SectionAdvice                  // what is wrong or unwise in the rules, also against the project's scope
	Sections
)

// Title names a section.
func (s Section) Title() string {
	return [Sections]string{"Not mapped", "Left out", "Required", "Never fired", "Look-ups", "Advice"}[s]
}

// account is what belongs to the coverage and not to the preview.
type account struct {
	scope    []mapping.Flow // of the project
	scoped   bool           // it was read
	reading  job.Latest
	advising job.Latest
	advised  *mapping.File // what the advice is about
	advice   []mapping.Finding

	tracing job.Latest
	traced  tracedFor
	matrix  [][]Deed // by rule in the order of the table, by sample
	ruled   []string // the rules of the matrix
}

// tracedFor says what a matrix is of.
type tracedFor struct {
	engine *mapping.Engine
	first  *Sample
	n      int
}

// Account brings what the coverage tells beside the preview up to date: the advice, and if wanted the matrix. A view calls it
// when it shows the coverage and something has changed.
func (m *Model) Account(matrix bool) {
	if m.doc == nil {
		return
	}
	if !m.account.scoped {
		m.readScope()
		return
	}
	if f := m.doc.file; f != m.account.advised {
		scope := m.account.scope
		job.StartLatest(m.ctx, m.runner, &m.account.advising, func(ctx context.Context) ([]mapping.Finding, error) {
			return mapping.Check(f, scope), ctx.Err()
		}, func(list []mapping.Finding, err error) {
			if err == nil {
				m.account.advised, m.account.advice = f, list
				m.changed(Values)
			}
		})
	}
	if matrix {
		m.trace()
	}
}

// readScope reads who owns which data from the project file.
func (m *Model) readScope() {
	job.StartLatest(m.ctx, m.runner, &m.account.reading, func(ctx context.Context) (flows []mapping.Flow, err error) {
		text, ok, err := m.store.Setting(ctx, project.FileName)
		if err != nil || !ok {
			return nil, err
		}
		p, err := project.Parse([]byte(text))
		if err != nil {
			return nil, nil // Overview says what is wrong with it
		}
		for _, f := range p.Scope.Flows {
			flows = append(flows, mapping.Flow{Data: string(f.Data), Ours: f.Record == project.Ours, Direction: string(f.Direction)})
		}
		return flows, nil
	}, func(flows []mapping.Flow, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.Fail("Could not read the project's scope", err)
			}
			return
		}
		m.account.scope, m.account.scoped, m.account.advised = flows, true, nil
		m.changed(Values)
	})
}

// SectionCount is how many rows a section has.
func (m *Model) SectionCount(s Section) int {
	r, _ := m.Report()
	switch {
	case m.doc == nil:
	case s == SectionLeftOut:
		return len(m.doc.file.LeftOut)
	case s == SectionAdvice:
		return len(m.account.advice)
	case r == nil:
	case s == SectionUnmapped:
		return len(r.Unmapped)
	case s == SectionRequired:
		return len(r.Required)
	case s == SectionNever:
		return len(r.NeverFired)
	case s == SectionLookups:
		return len(r.Failed)
	}
	return 0
}

// CoverageWords says how much of what the samples hold is accounted for.
func (m *Model) CoverageWords() string {
	r, fresh := m.Report()
	if m.doc == nil || r == nil || r.Samples == 0 {
		return "Choose samples: then what they hold and no rule reads is listed here."
	}
	text := fmt.Sprintf("%.0f %%: of the %s in %s, %s are read by a rule or left out on purpose.", 100*r.Share(), screen.Plural(r.Values, "value"), screen.Plural(r.Samples, "sample"), screen.Count(r.Covered))
	if r.Broken > 0 {
		text += " " + screen.Plural(r.Broken, "sample") + " gave no result."
	}
	if !fresh {
		text += " Being counted anew …"
	}
	return text
}

// CoverageList is the rows of a section.
func (m *Model) CoverageList(s Section) screen.Grid { return &sectionGrid{m, s} }

type sectionGrid struct {
	m *Model
	s Section
}

func column(id, title string, width float32, flex bool) screen.Column {
	return screen.Column{ID: id, Title: title, Width: width, MinWidth: 50, Flex: flex, Fixed: true}
}

func number(id, title string) screen.Column {
	return screen.Column{ID: id, Title: title, Width: 76, MinWidth: 44, Right: true, Fixed: true}
}

var sectionColumns = [Sections][]screen.Column{
	SectionUnmapped: {column("path", "Source", 130, false), column("name", "Name", 180, false), number("samples", "Samples"), number("values", "Values"), number("distinct", "Distinct"), column("top", "Most frequent", 240, true)},
	SectionLeftOut:  {column("path", "Source", 150, false), column("name", "Name", 180, false), column("reason", "Left out because", 300, true)},
	SectionRequired: {column("path", "Target", 240, false), column("block", "Block", 140, false), number("missing", "Missing"), number("made", "Of"), column("why", "Why", 240, true)},
	SectionNever:    {column("rule", "Rule", 140, false), column("target", "Target", 240, false), column("why", "What became of it", 260, true)},
	SectionLookups:  {column("table", "Table", 160, false), column("key", "Value that it does not hold", 240, true), number("count", "Times")},
	SectionAdvice:   {column("severity", "", 110, false), column("code", "Code", 130, false), column("rule", "Rule", 120, false), column("text", "What", 320, true)},
}

func (g *sectionGrid) Columns() []screen.Column { return sectionColumns[g.s] }
func (g *sectionGrid) Len() int                 { return g.m.SectionCount(g.s) }

func (g *sectionGrid) Cell(row, col int) screen.Cell {
	if row >= g.Len() {
		return screen.Cell{}
	}
	id := sectionColumns[g.s][col].ID
	m, muted := g.m, func(text string) screen.Cell { return screen.Cell{Text: text, Role: screen.RoleMuted} }
	r, _ := m.Report()
	switch g.s {
	case SectionUnmapped:
		f := &r.Unmapped[row]
		switch id {
		case "path":
			return screen.Cell{Text: f.Path}
		case "name":
			return muted(f.Name)
		case "samples":
			return screen.Cell{Text: fmt.Sprintf("%d %%", 100*f.Samples/max(r.Samples, 1))}
		case "values":
			return screen.Cell{Text: screen.Count(f.Values - f.Read)}
		case "distinct":
			text := screen.Count(f.Distinct)
			if f.More {
				text = "over " + text
			}
			return muted(text)
		}
		return screen.Cell{Text: topWords(f.Top), Masked: m.masked}
	case SectionLeftOut:
		l := &m.doc.file.LeftOut[row]
		switch id {
		case "path":
			return screen.Cell{Text: l.Path}
		case "name":
			return muted(m.leftOutName(l.Path))
		}
		return screen.Cell{Text: l.Reason}
	case SectionRequired:
		x := &r.Required[row]
		switch id {
		case "path":
			return screen.Cell{Text: x.Path, Role: screen.RoleError, Shape: screen.ShapeSquare}
		case "block":
			return muted(x.Block)
		case "missing":
			return screen.Cell{Text: screen.Count(x.Missing)}
		case "made":
			return muted(screen.Count(x.Made))
		}
		if x.HasRule {
			return muted("its rule wrote nothing")
		}
		return muted("no rule writes it")
	case SectionNever:
		x := &r.NeverFired[row]
		switch id {
		case "rule":
			return screen.Cell{Text: x.Rule}
		case "target":
			return muted(x.Target)
		}
		return muted(neverWords(x))
	case SectionLookups:
		x := &r.Failed[row]
		switch id {
		case "table":
			return screen.Cell{Text: x.Table}
		case "key":
			return screen.Cell{Text: x.Key, Masked: m.masked}
		}
		return screen.Cell{Text: screen.Count(x.Count)}
	}
	x := &m.account.advice[row]
	switch id {
	case "severity":
		c := screen.Cell{Text: string(x.Severity), Role: screen.RoleInformation, Shape: screen.ShapeCircle}
		switch x.Severity {
		case mapping.Error:
			c.Role, c.Shape = screen.RoleError, screen.ShapeSquare
		case mapping.Warn:
			c.Role, c.Shape = screen.RoleWarning, screen.ShapeTriangle
		}
		return c
	case "code":
		return muted(x.Code)
	case "rule":
		return muted(x.ID)
	}
	return screen.Cell{Text: x.Text}
}

// topWords are values with how often they came.
func topWords(top []mapping.ValueCount) string {
	parts := make([]string, len(top))
	for i, t := range top {
		parts[i] = fmt.Sprintf("%s ×%s", t.Value, screen.Count(t.Count))
	}
	return strings.Join(parts, "   ")
}

func neverWords(x *mapping.RuleUse) string {
	var parts []string
	if x.Refused > 0 {
		parts = append(parts, fmt.Sprintf("its condition was false %s", times(x.Refused)))
	}
	if x.Empty > 0 {
		parts = append(parts, fmt.Sprintf("nothing came out %s", times(x.Empty)))
	}
	if x.Warnings > 0 {
		parts = append(parts, screen.Plural(x.Warnings, "warning"))
	}
	if len(parts) == 0 {
		return "it never ran: its block made nothing, or it is out of scope"
	}
	return strings.Join(parts, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return screen.Count(n) + " times"
}

func (m *Model) leftOutName(path string) string {
	if r, _ := m.Report(); r != nil {
		for i := range r.LeftOut {
			if r.LeftOut[i].Path == path {
				return r.LeftOut[i].Name
			}
		}
	}
	return ""
}

// GoTo shows what a row of a section is about: the rule, or the place in the picture. It says which: a rule's ID, or a path of the
// source or of the target.
func (m *Model) GoTo(s Section, row int) (rule, source, target string) {
	if row < 0 || row >= m.SectionCount(s) {
		return "", "", ""
	}
	r, _ := m.Report()
	switch s {
	case SectionUnmapped:
		return "", r.Unmapped[row].Path, ""
	case SectionLeftOut:
		return "", m.doc.file.LeftOut[row].Path, ""
	case SectionRequired:
		return "", "", r.Required[row].Path
	case SectionNever:
		rule = r.NeverFired[row].Rule
	case SectionAdvice:
		rule = m.account.advice[row].ID
	}
	if rule != "" {
		m.Choose(rule)
	}
	return rule, "", ""
}

// LeaveOut says of rows of what is not mapped that this is on purpose, and why.
func (m *Model) LeaveOut(rows []int, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return errors.New("say why: whoever reads the specification will ask")
	}
	r, _ := m.Report()
	if r == nil {
		return nil
	}
	var paths []string
	for _, row := range rows {
		if row >= 0 && row < len(r.Unmapped) {
			paths = append(paths, r.Unmapped[row].Path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	m.Edit("Leave "+screen.Plural(len(paths), "field")+" out", func(e *Edit) bool {
		e.File.LeftOut = slices.Clone(e.File.LeftOut)
		for _, p := range paths {
			e.File.LeftOut = append(e.File.LeftOut, mapping.LeftOut{Path: p, Reason: reason})
		}
		return true
	})
	return nil
}

// TakeBack lets rows of what is left out count as not mapped again.
func (m *Model) TakeBack(rows []int) {
	m.Edit("Take what was left out back", func(e *Edit) bool {
		kept := make([]mapping.LeftOut, 0, len(e.File.LeftOut))
		for i, l := range e.File.LeftOut {
			if !slices.Contains(rows, i) {
				kept = append(kept, l)
			}
		}
		if len(kept) == len(e.File.LeftOut) {
			return false
		}
		e.File.LeftOut = kept
		return true
	})
}

// AddFailedRows adds the values of rows that look-ups did not find to their tables, where their meaning is to be written.
func (m *Model) AddFailedRows() {
	r, _ := m.Report()
	if r == nil {
		return
	}
	done := map[string]bool{}
	for _, x := range r.Failed {
		if !done[x.Table] {
			done[x.Table] = true
			m.AddFailed(x.Table)
		}
	}
}

// Deed is what a rule did in one sample.
type Deed uint8

// The deeds.
const (
	NotRun  Deed = iota // its block made nothing there
	Refused             // its condition was false
	Nothing             // it ran, and nothing came out
	Wrote               // it wrote
	Warned              // it warned
)

// trace finds what every rule did in every sample.
func (m *Model) trace() {
	d := m.doc
	e, list := d.preview.engine, d.samples.list
	now := tracedFor{engine: e, n: len(list)}
	if len(list) > 0 {
		now.first = &list[0]
	}
	if e == nil || now == m.account.traced {
		return
	}
	var rules []string
	for _, r := range d.rows {
		if r.rule != nil {
			rules = append(rules, r.rule.ID)
		}
	}
	job.StartLatest(m.ctx, m.runner, &m.account.tracing, func(ctx context.Context) ([][]Deed, error) {
		at := make(map[string]int, len(rules))
		matrix := make([][]Deed, len(rules))
		cells := make([]Deed, len(rules)*len(list))
		for i, id := range rules {
			at[id] = i
			matrix[i] = cells[i*len(list) : (i+1)*len(list)]
		}
		for k := range list {
			_, traces, err := e.TraceRecord(ctx, list[k].Record)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				continue // the report counts it
			}
			for i := range traces {
				if row, ok := at[traces[i].Rule]; ok {
					matrix[row][k] = max(matrix[row][k], deedOf(&traces[i]))
				}
			}
		}
		return matrix, nil
	}, func(matrix [][]Deed, err error) {
		if err != nil {
			return
		}
		m.account.traced, m.account.matrix, m.account.ruled = now, matrix, rules
		m.changed(Values)
	})
}

func deedOf(t *mapping.Trace) Deed {
	switch {
	case len(t.Warnings) > 0:
		return Warned
	case t.Fired():
		return Wrote
	case t.Condition == mapping.Failed:
		return Refused
	case t.Skipped != "":
		return NotRun
	}
	return Nothing
}

// Matrix is rules and samples: what each rule did in each sample.
func (m *Model) Matrix() screen.Grid { return (*matrixGrid)(m) }

type matrixGrid Model

// matrixFixed is how many columns stand before those of the samples.
const matrixFixed = 2

func (g *matrixGrid) Columns() []screen.Column {
	n := 0
	if len(g.account.matrix) > 0 {
		n = len(g.account.matrix[0])
	}
	all := make([]screen.Column, 0, n+matrixFixed)
	all = append(all, column("rule", "Rule", 130, false), column("target", "Target", 200, false))
	for i := range n {
		all = append(all, screen.Column{ID: fmt.Sprint("s", i), Title: fmt.Sprint(i + 1), Width: 32, MinWidth: 32, Fixed: true})
	}
	return all
}

func (g *matrixGrid) Len() int { return len(g.account.matrix) }

func (g *matrixGrid) Cell(row, col int) screen.Cell {
	a := &g.account
	if row >= len(a.matrix) || g.doc == nil {
		return screen.Cell{}
	}
	id := a.ruled[row]
	if col < matrixFixed {
		if col == 0 {
			return screen.Cell{Text: id}
		}
		if at, ok := g.doc.index[id]; ok && g.doc.rows[at].rule != nil {
			return screen.Cell{Text: g.doc.rows[at].rule.To, Role: screen.RoleMuted}
		}
		return screen.Cell{}
	}
	if col-matrixFixed >= len(a.matrix[row]) {
		return screen.Cell{}
	}
	switch a.matrix[row][col-matrixFixed] {
	case Wrote:
		return screen.Cell{Shape: screen.ShapeCircle, Role: screen.RoleOK}
	case Warned:
		return screen.Cell{Shape: screen.ShapeTriangle, Role: screen.RoleWarning}
	case Refused:
		return screen.Cell{Shape: screen.ShapeRing, Role: screen.RoleMuted}
	case Nothing:
		return screen.Cell{Text: "–", Role: screen.RoleMuted}
	}
	return screen.Cell{}
}

// GoToDeed looks at the rule of a row of the matrix, in the sample of a column.
func (m *Model) GoToDeed(row, col int) {
	a := &m.account
	if row < 0 || row >= len(a.ruled) {
		return
	}
	if s := col - matrixFixed; s >= 0 {
		m.ShowSample(s)
	}
	m.Choose(a.ruled[row])
}

// MatrixWords explains the signs.
const MatrixWords = "●  wrote     ▲  warned     ○  its condition was false     –  nothing came out     empty: it did not run"
