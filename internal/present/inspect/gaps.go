package inspect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/report"
)

// gapRows are the rules of the profile that the listed messages depart from.
type gapRows struct {
	all      []profile.Gap
	ids      []int64 // of the messages that were counted
	clean    int
	counted  bool
	counting *job.Job
	run      int
}

func (g *gapRows) clear() {
	if g.counting != nil {
		g.counting.Cancel()
	}
	*g = gapRows{run: g.run + 1}
}

// CountGaps counts what the listed messages do against the chosen profile.
func (m *Model) CountGaps() {
	p := m.agreed.chosen
	if p == nil {
		return
	}
	g := &m.agreed.gaps
	g.clear()
	ids, run := slices.Clone(m.list.ids), g.run
	type counted struct {
		gaps *profile.Gaps
		ids  []int64
	}
	g.counting = job.Track(m.ctx, m.runner, "count the gaps", func(ctx context.Context, progress *job.Progress) (counted, error) {
		progress.SetTotal(int64(len(ids)))
		c := counted{gaps: p.Gaps()}
		parsed := &hl7.Message{}
		for msg, err := range m.store.Messages(ctx, ids) {
			if err != nil {
				return c, err
			}
			progress.Add(1)
			if msg.Format == string(format.HL7v2) {
				parsed.Reset(msg.Bytes)
				c.gaps.Add(parsed)
				c.ids = append(c.ids, msg.ID)
			}
		}
		return c, nil
	}, func(c counted, err error) {
		if run != g.run {
			return
		}
		g.counting = nil
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not count the gaps", err)
		default:
			g.all, g.ids, g.clean, g.counted = c.gaps.List(), c.ids, c.gaps.Clean, true
		}
		m.Changed(Agreement)
	})
	m.Changed(Agreement)
}

// GapsCounted says in a line what was counted: "12 gaps, 3 of them open, in 92 messages; 80 are in order". ok is false
// before anything was.
func (m *Model) GapsCounted() (words string, ok bool) {
	g := &m.agreed.gaps
	switch {
	case g.counting != nil:
		return "Counting…", false
	case !g.counted:
		return "", false
	}
	open := 0
	for _, gap := range g.all {
		if gap.Decision == profile.Open {
			open++
		}
	}
	return fmt.Sprintf("%s, %s open, in %s; %s in order", screen.Plural(len(g.all), "gap"), screen.Count(open), Messages(len(g.ids)), screen.Count(g.clean)), true
}

// GapGrid is the gaps as rows, the gravest first.
func (m *Model) GapGrid() screen.Grid { return (*gapGrid)(m) }

type gapGrid Model

var gapColumns = []screen.Column{
	{ID: "kind", Title: "Finding", Width: 112, MinWidth: 60, Fixed: true},
	{ID: "message", Title: "Message", Width: 110, MinWidth: 50, Mono: true, Fixed: true},
	{ID: "path", Title: "Path", Width: 76, MinWidth: 40, Mono: true, Fixed: true},
	{ID: "messages", Title: "Messages", Width: 84, MinWidth: 50, Right: true, Fixed: true},
	{ID: "text", Title: "What they do", Width: 200, MinWidth: 100, Flex: true, Fixed: true},
	{ID: "level", Title: "Evidence", Width: 80, MinWidth: 40, Fixed: true},
	{ID: "decision", Title: "Decision", Width: 156, MinWidth: 60, Fixed: true},
}

func (g *gapGrid) Columns() []screen.Column { return gapColumns }
func (g *gapGrid) Len() int                 { return len(g.agreed.gaps.all) }

func (g *gapGrid) Cell(row, col int) screen.Cell {
	gap := &g.agreed.gaps.all[row]
	switch gapColumns[col].ID {
	case "kind":
		severity := gap.Severity
		if gap.Decision == profile.Ignore {
			severity = check.Information // as findings have it from then on
		}
		cell := severityCell(severity)
		cell.Text = string(gap.Kind)
		return cell
	case "message":
		if gap.Message == "" {
			return screen.Cell{Text: "all", Role: screen.RoleMuted}
		}
		return screen.Cell{Text: gap.Message}
	case "path":
		return screen.Cell{Text: gap.Path}
	case "messages":
		return screen.Cell{Text: screen.Count(gap.Messages), Bar: float64(gap.Messages) / float64(max(1, len(g.agreed.gaps.ids))), BarRole: screen.RoleAccent}
	case "text":
		return screen.Cell{Text: strings.TrimPrefix(gap.Text, string(gap.Kind)+": "), Masked: g.masked}
	case "level":
		return screen.Cell{Text: string(gap.Level), Role: screen.RoleMuted}
	}
	return decisionCell(gap.Decision)
}

// decisionCell is a decision with a shape: what is open waits.
func decisionCell(c profile.Choice) screen.Cell {
	if c == profile.Open {
		return screen.Cell{Text: string(c), Shape: screen.ShapeRing, Role: screen.RoleWarning}
	}
	return screen.Cell{Text: string(c), Shape: screen.ShapeCircle, Role: screen.RoleOK}
}

// GapDetail is a gap in full.
type GapDetail struct {
	Text     string // what the messages do
	Values   string // codes that stand in no value set, with counts; "" under the mask
	Evidence string // how well the rule is supported, and by what
	Choice   int    // index in profile.Choices
	Note     string // of the decision
}

// Gap is the gap of a row.
func (m *Model) Gap(row int) (GapDetail, bool) {
	g := &m.agreed.gaps
	if row < 0 || row >= len(g.all) || m.agreed.chosen == nil {
		return GapDetail{}, false
	}
	gap := g.all[row]
	d := GapDetail{Text: gap.Text, Choice: slices.Index(profile.Choices(), gap.Decision), Note: gap.Note}
	if !m.masked {
		d.Values = valueWords(gap.Values)
	}
	d.Evidence = supportWords(m.agreed.chosen, profile.Evidence{Level: gap.Level, Source: gap.Source})
	return d, true
}

func valueWords(values []profile.ValueCount) string {
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprintf("%s (%s)", v.Value, screen.Count(v.Count)))
	}
	return strings.Join(words, ", ")
}

// supportWords is how well a rule is supported and by what: "T: a third party. Open Dental manual".
func supportWords(p *profile.Profile, e profile.Evidence) string {
	if e.Level == "" {
		return "the profile does not say where this comes from"
	}
	words := string(e.Level) + ": " + e.Level.Words()
	if more := evidenceWords(p, e); more != "" {
		words += ". " + more
	}
	return words
}

// DecideGap keeps what is done about the gap of a row, in the profile. A starter is copied into the project first.
func (m *Model) DecideGap(row, choice int, note string) {
	g := &m.agreed.gaps
	choices := profile.Choices()
	if row < 0 || row >= len(g.all) || choice < 0 || choice >= len(choices) {
		return
	}
	gap := &g.all[row]
	note = strings.TrimSpace(note)
	if gap.Decision == choices[choice] && gap.Note == note {
		return
	}
	gap.Decision, gap.Note = choices[choice], note
	m.decide(profile.Decision{Message: gap.Message, Path: gap.Path, Kind: gap.Kind, Choice: gap.Decision, Note: note})
}

// decide takes a decision into a copy of the chosen profile, and makes that the chosen one.
func (m *Model) decide(d profile.Decision) {
	p, err := withDecisions(m.agreed.chosen, []profile.Decision{d})
	if err != nil {
		m.fail("Could not keep the decision", err)
		return
	}
	m.agreed.home.decided = append(m.agreed.home.decided, d)
	m.changeProfile(p)
}

// ShowGap opens the first message that has the gap of a row, and says whether there is one.
func (m *Model) ShowGap(row int) bool {
	g := &m.agreed.gaps
	if row < 0 || row >= len(g.all) || g.all[row].First >= len(g.ids) {
		return false
	}
	gap := g.all[row]
	m.openAt(g.ids[gap.First], func() {
		for i, f := range m.open.findings {
			if d, ok := m.departure(f); ok && d.Kind == gap.Kind && d.Rule == gap.Path {
				m.SelectFinding(i)
				return
			}
		}
	})
	return true
}

// OpenMessage opens a message by its number.
func (m *Model) OpenMessage(id int64) { m.openAt(id, nil) }

// openAt opens a message and then does something there.
func (m *Model) openAt(id int64, then func()) {
	if row := slices.Index(m.list.ids, id); row >= 0 {
		m.Select(row)
	} else {
		m.load(id)
	}
	m.shown = then
}

// departure is the rule that the chosen finding departs from.
func (m *Model) departure(f check.Finding) (profile.Departure, bool) {
	a := &m.agreed
	if _, ok := profile.KindOf(f.Code); !ok || a.chosen == nil {
		return profile.Departure{}, false
	}
	if a.of != m.open.message || a.by != a.chosen {
		a.departures, a.of, a.by = a.chosen.Departures(m.open.message), m.open.message, a.chosen
	}
	for _, d := range a.departures {
		if d.Code == f.Code && d.Offset == f.Offset && d.Path == f.Path {
			return d, true
		}
	}
	return profile.Departure{}, false
}

// Rule is the rule of the profile that the chosen finding departs from, with what was decided about it.
type Rule struct {
	Title    string // "PID-8 of ADT^A04"
	Evidence string
	Choice   int // index in profile.Choices
	Note     string
}

// RuleHere is the rule of the profile that the chosen finding is about; ok is false for a finding of the standard.
func (m *Model) RuleHere() (r Rule, ok bool) {
	i := m.findings.selected
	if i < 0 || i >= len(m.open.findings) {
		return r, false
	}
	d, ok := m.departure(m.open.findings[i])
	if !ok {
		return r, false
	}
	r = Rule{Title: d.Rule, Evidence: supportWords(m.agreed.chosen, d.Evidence), Choice: slices.Index(profile.Choices(), d.Decision), Note: d.Note}
	if d.Message != "" {
		r.Title += " of " + d.Message
	}
	return r, true
}

// DecideHere keeps what is done about the rule that the chosen finding departs from, for all messages.
func (m *Model) DecideHere(choice int) {
	i, choices := m.findings.selected, profile.Choices()
	if i < 0 || i >= len(m.open.findings) || choice < 0 || choice >= len(choices) {
		return
	}
	d, ok := m.departure(m.open.findings[i])
	if !ok || d.Decision == choices[choice] {
		return
	}
	for row := range m.agreed.gaps.all {
		if g := &m.agreed.gaps.all[row]; g.Message == d.Message && g.Path == d.Rule && g.Kind == d.Kind {
			g.Decision = choices[choice]
		}
	}
	m.decide(profile.Decision{Message: d.Message, Path: d.Rule, Kind: d.Kind, Choice: choices[choice], Note: d.Note})
}

// ExportGaps writes the gaps with their decisions to a file: an Excel workbook where the name ends in .xlsx, else CSV. The
// access log says so before: a gap may quote values.
func (m *Model) ExportGaps(path string) {
	g := &m.agreed.gaps
	if !g.counted || m.agreed.chosen == nil {
		return
	}
	p, name := m.agreed.chosen, filepath.Base(path)
	table := gapTable(p, g.all)
	cover := []report.Fact{{Name: "Profile", Value: report.Text(p.Name)}, {Name: "Messages", Value: report.Int(len(g.ids))}, {Name: "In order", Value: report.Int(g.clean)}}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		if err := m.store.LogExport(ctx, "gaps against the profile "+p.Name, len(table), name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, writeWhole(path, func(f *os.File) error {
			sheet := report.Sheet{Name: "Gaps", Columns: report.Titles(gapTitles...), Rows: report.Rows(table)}
			if strings.EqualFold(filepath.Ext(path), ".xlsx") {
				return report.Book{Title: "Gaps against " + p.Name, Sheets: []report.Sheet{report.Cover(cover...), sheet}}.WriteXLSX(ctx, f)
			}
			return report.ForSpreadsheets.Write(ctx, f, sheet)
		})
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail("Could not export the gaps", err)
			return
		}
		m.say(NoticeText{Tone: Success, Text: screen.Plural(len(table), "gap") + " written to " + name + ". The access log says so."})
	})
}

var gapTitles = []string{"Severity", "Finding", "Message", "Path", "What they do", "Messages", "Values", "Evidence", "Source", "Decision", "Note"}

func gapTable(p *profile.Profile, all []profile.Gap) [][]report.Cell {
	table := make([][]report.Cell, 0, len(all))
	for _, g := range all {
		row := report.Texts(g.Severity.String(), string(g.Kind), g.Message, g.Path, g.Text)
		row = append(row, report.Int(g.Messages))
		row = append(row, report.Texts(valueWords(g.Values), strings.TrimSpace(string(g.Level)+" "+g.Level.Words()), sourceWords(p, g.Source), string(g.Decision), g.Note)...)
		table = append(table, row)
	}
	return table
}
