package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/compare"
	core "trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// findingRows is the list of findings of the open message, root causes first.
type findingRows struct {
	m        *Model
	selected int
}

var findingColumns = []screen.Column{
	{ID: "finding", Title: "Finding", Width: 164, MinWidth: 60, Mono: true, Fixed: true},
	{ID: "path", Title: "Path", Width: 76, MinWidth: 40, Mono: true, Fixed: true},
	{ID: "text", Title: "Cause", Width: 80, MinWidth: 80, Flex: true, Fixed: true},
}

// FindingList is the findings as rows.
func (m *Model) FindingList() screen.Grid { return (*findingGrid)(&m.findings) }

type findingGrid findingRows

func (g *findingGrid) Columns() []screen.Column { return findingColumns }
func (g *findingGrid) Len() int                 { return len(g.m.open.findings) }

func (g *findingGrid) Cell(row, col int) screen.Cell {
	f := g.m.open.findings[row]
	switch findingColumns[col].ID {
	case "finding":
		c := severityCell(f.Severity)
		c.Text, c.Role = f.Code, roleOf(f.Severity)
		if k, ok := profile.KindOf(f.Code); ok { // in the words of the field
			c.Text = string(k)
		}
		return c
	case "path":
		return screen.Cell{Text: f.Path, Role: screen.RoleMuted, Masked: g.m.open.isFHIR && g.m.fhir.HidesPath(f.Path)}
	}
	return screen.Cell{Text: f.Text, Masked: g.m.masked}
}

func roleOf(s check.Severity) screen.Role { return severityCell(s).Role }

// reset chooses the first of the most serious findings, if it is a warning or worse, and returns its place: who opens a
// message that is wrong reads why at once.
func (r *findingRows) reset() (offset int) {
	r.selected = -1
	worst := check.Information
	for i, f := range r.m.open.findings {
		if f.Severity > worst {
			r.selected, worst, offset = i, f.Severity, f.Offset
		}
	}
	return offset
}

// follow chooses the most serious of the findings that cover the cursor, the shortest of those.
func (r *findingRows) follow() {
	at := r.m.open.cursor
	if r.covers(r.selected, at) {
		return
	}
	r.selected = -1
	for i, f := range r.m.open.findings {
		if !r.covers(i, at) || f.Length >= len(r.m.open.bytes) {
			continue
		}
		if r.selected < 0 {
			r.selected = i
			continue
		}
		best := r.m.open.findings[r.selected]
		if f.Severity > best.Severity || f.Severity == best.Severity && f.Length < best.Length {
			r.selected = i
		}
	}
}

func (r *findingRows) covers(i, at int) bool {
	if i < 0 || i >= len(r.m.open.findings) {
		return false
	}
	f := r.m.open.findings[i]
	return at >= f.Offset && (at < f.Offset+f.Length || at == f.Offset)
}

// SelectedFinding is the chosen finding's row, -1 for none.
func (m *Model) SelectedFinding() int { return m.findings.selected }

// SelectFinding chooses a finding and goes to its place.
func (m *Model) SelectFinding(row int) {
	if row < 0 || row >= len(m.open.findings) {
		return
	}
	m.findings.selected = row
	m.place(m.open.findings[row].Offset)
	m.tree.follow()
	m.Changed(Cursor | Tree | Findings)
}

// NextFinding goes to the next finding, or the one before if n is negative, and starts again at the end.
func (m *Model) NextFinding(n int) {
	count := len(m.open.findings)
	if count == 0 {
		return
	}
	row := m.findings.selected + n
	if m.findings.selected < 0 && n < 0 {
		row = count - 1
	}
	m.SelectFinding((row%count + count) % count)
}

// FindingDetail is the chosen finding in words.
type FindingDetail struct {
	Severity check.Severity
	Code     string
	Place    string // path, offset and length
	Text     string
	Repair   string        // title of the repair, "" where there is none
	Preview  []compare.Run // before and after of the repair
	Alike    int           // findings of the same code with a repair, this one included
}

// previewContext is how many bytes around a repair its preview shows.
const previewContext = 24

// Finding is the chosen finding.
func (m *Model) Finding() (FindingDetail, bool) {
	i := m.findings.selected
	if i < 0 || i >= len(m.open.findings) {
		return FindingDetail{}, false
	}
	f := m.open.findings[i]
	d := FindingDetail{Severity: f.Severity, Code: f.Code, Text: f.Text}
	d.Place = fmt.Sprintf("offset %s, %s", screen.Count(f.Offset), screen.Plural(f.Length, "byte"))
	if f.Path != "" && !(m.open.isFHIR && m.fhir.HidesPath(f.Path)) {
		d.Place = f.Path + "  ·  " + d.Place
	}
	if f.Repair != nil && !m.fixed {
		d.Repair = f.Repair.Title
		d.Preview, d.Alike = preview(m.open.bytes, f.Repair), len(m.alike())
	}
	return d, true
}

// preview compares what stands around a repair with what it would become. A repair of more than a few hundred bytes,
// such as all line ends of a message, is described by its title alone.
func preview(b []byte, r *check.Repair) []compare.Run {
	if r.Length > 512 || len(r.Replacement) > 512 || r.Offset < 0 || r.Offset+r.Length > len(b) {
		return nil
	}
	from, to := max(0, r.Offset-previewContext), min(len(b), r.Offset+r.Length+previewContext)
	before, after := string(b[from:r.Offset]), string(b[r.Offset+r.Length:to])
	return around(compare.Words(
		visible(before+string(b[r.Offset:r.Offset+r.Length])+after),
		visible(before+string(r.Replacement)+after)))
}

// around cuts what is equal before the first change to a few letters, so that the change is what is seen.
func around(runs []compare.Run) []compare.Run {
	if len(runs) > 0 && runs[0].Kind == compare.Equal {
		letters := []rune(runs[0].Text)
		if keep := 12; len(letters) > keep {
			runs[0].Text = "…" + string(letters[len(letters)-keep:])
		}
	}
	return runs
}

// visible writes line ends as words, so that a preview stands on one line.
func visible(s string) string {
	return strings.NewReplacer("\r\n", "<CR><LF>", "\r", "<CR>", "\n", "<LF>").Replace(strings.ToValidUTF8(s, "·"))
}

// Repair makes the chosen finding's repair on a copy of the open message, and opens the copy. The original stays as it
// came. If a copy is open already, the repair goes on there.
func (m *Model) Repair() {
	if i := m.findings.selected; i >= 0 && i < len(m.open.findings) {
		m.repair(m.open.findings[i : i+1])
	}
}

// RepairAll makes the repairs of every finding that has the chosen one's code, on a copy.
func (m *Model) RepairAll() { m.repair(m.alike()) }

// alike are the findings with the chosen one's code that have a repair.
func (m *Model) alike() []check.Finding {
	var out []check.Finding
	if i := m.findings.selected; i >= 0 && i < len(m.open.findings) {
		for _, f := range m.open.findings {
			if f.Code == m.open.findings[i].Code && f.Repair != nil {
				out = append(out, f)
			}
		}
	}
	return out
}

// mend returns a copy of b with the repairs made, and how many were: one that overlaps an earlier one is left out.
func mend(b []byte, findings []check.Finding) (mended []byte, made int) {
	repairs := make([]*check.Repair, 0, len(findings))
	for _, f := range findings {
		if f.Repair != nil {
			repairs = append(repairs, f.Repair)
		}
	}
	slices.SortStableFunc(repairs, func(x, y *check.Repair) int { return y.Offset - x.Offset }) // from the end: places stay
	mended = b
	before := len(b) + 1
	for _, r := range repairs {
		if r.Offset+r.Length < before {
			mended = r.Apply(mended)
			before, made = r.Offset, made+1
		}
	}
	return mended, made
}

func (m *Model) repair(findings []check.Finding) {
	mended, made := mend(m.open.bytes, findings)
	if made == 0 || m.fixed {
		return
	}
	done := findings[0].Repair.Title
	if made > 1 {
		done += fmt.Sprintf(" and %s more", screen.Count(made-1))
	}
	if m.Edited() { // one change more
		m.change(done, mended, m.open.cursor, false)
		return
	}
	old := m.open.row
	job.Start(m.ctx, m.runner, func(ctx context.Context) (core.Result, error) {
		r, err := core.Import(ctx, m.store, repairedName(old.Source), bytes.NewReader(mended), nil)
		if err == nil && r.First == 0 {
			err = errors.New("the repaired copy holds no message")
		}
		if err == nil && isRepaired(old.Source) { // the copy goes on as this one
			err = m.store.DeleteMessagesProgress(ctx, []int64{old.ID}, nil)
		}
		return r, err
	}, func(r core.Result, err error) {
		if err != nil {
			m.fail("Could not store the repaired copy", err)
			return
		}
		m.say(NoticeText{Tone: Quiet, Text: done + ": done on a copy, which is open now. The original is unchanged.", Undo: "Remove the copy"})
		m.undo = func() { m.remove(r.IDs, "The copy is removed.") }
		m.openNow(r.First)
	})
}

const repairedMark = " (repaired)"

// isRepaired says whether a source is that of a repaired copy.
func isRepaired(source string) bool { return strings.HasSuffix(source, repairedMark) }

// repairedName is the source that a repaired copy names.
func repairedName(source string) string {
	if isRepaired(source) {
		return source
	}
	return source + repairedMark
}

const editedMark = " (edited)"

// isEdited says whether a source is that of a message that was changed here.
func isEdited(source string) bool { return strings.HasSuffix(source, editedMark) }

// editedName is the source that a changed message names.
func editedName(source string) string {
	if isEdited(source) {
		return source
	}
	return source + editedMark
}
