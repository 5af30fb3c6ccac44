package linker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/linkage"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/plan"
	"trestle/internal/linkage/roster"
	"trestle/internal/present/screen"
)

// fits says whether a filter lists a case.
func (d *desk) fits(i item) bool {
	band := linkage.None
	switch i.form {
	case pairCase:
		band = d.patients.Pairs[i.index].Band
	case planCase:
		band = d.plans.Candidates[i.index].Band
	}
	_, decided := d.decision(i)
	if i.form == ledgerCase && d.cases.filter != Decided {
		return decided && d.cases.filter == Everything
	}
	switch d.cases.filter {
	case ToDecide:
		return d.waits(i)
	case InsideOne:
		return i.form == duplicateCase || i.form == overlayCase || i.form == twinCase
	case Automatics:
		return band == linkage.Automatic && !decided
	case Decided:
		return decided
	case BlockedOnes:
		return band == linkage.Blocked
	case ToCreate:
		left, _ := d.ids(i)
		_, created := d.cases.created[left]
		return i.form == createCase || created
	}
	return true
}

// filter finds what is shown.
func (d *desk) filter() {
	c := &d.cases
	counts := map[string]int{}
	c.open, c.total = 0, 0
	shown := c.shown[:0:0]
	words := strings.Fields(normal.Fold(c.search))
	for n, i := range c.all {
		if n == c.asked && c.filter == ToDecide {
			break // what follows waits for nobody: there may be a million links
		}
		if n < c.asked {
			if d.waits(i) {
				c.open++
				c.total++
				counts[d.reason(i)]++
			} else if d.asks(i) {
				c.total++
			}
		}
		if c.filter == Conflicting || c.filter == SecondReview || !d.fits(i) || c.reason != "" && d.reason(i) != c.reason {
			continue
		}
		if len(words) > 0 && !d.found(i, words) {
			continue
		}
		shown = append(shown, i)
	}
	switch c.filter {
	case Conflicting:
		for i := range d.ledger.Conflicts() {
			shown = append(shown, item{conflictCase, int32(i)})
		}
	case SecondReview:
		shown = d.sampled()
	}
	c.shown = shown
	c.reasons = c.reasons[:0:0]
	for r := range counts {
		c.reasons = append(c.reasons, r)
	}
	slices.SortFunc(c.reasons, func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) })
	if len(c.reasons) > 40 {
		c.reasons = c.reasons[:40]
	}
}

// asks says whether a case is one that people are asked about, decided or not.
func (d *desk) asks(i item) bool {
	switch i.form {
	case duplicateCase:
		return true
	case pairCase:
		b := d.patients.Pairs[i.index].Band
		return b == linkage.Review || b == linkage.Blocked
	case planCase:
		return d.plans.Candidates[i.index].Band != linkage.Automatic
	}
	return false
}

// found says whether both records together have all words.
func (d *desk) found(i item, words []string) bool {
	left, right := d.ids(i)
	text := left + " " + right
	if d.patients != nil {
		lists := d.tables(i)
		for n, row := range d.rows(i) {
			if row < 0 {
				continue
			}
			list := lists[n]
			for _, role := range []roster.Role{roster.LastName, roster.FirstName, roster.FullName, roster.BirthDate, roster.Address} {
				text += " " + list.Value(row, role)
			}
		}
	} else {
		for _, p := range d.planPair(i) {
			if p != nil {
				text += " " + p.Insurer + " " + p.Name
			}
		}
	}
	folded := normal.Fold(text)
	for _, w := range words {
		if !strings.Contains(folded, w) {
			return false
		}
	}
	return true
}

// rows are the rows of both records of a case of patients, -1 for none.
func (d *desk) rows(i item) [2]int {
	switch i.form {
	case pairCase:
		p := d.patients.Pairs[i.index]
		return [2]int{int(p.Left), int(p.Right)}
	case duplicateCase:
		x := d.patients.Duplicates[i.index]
		return [2]int{int(x.A), int(x.B)}
	case overlayCase:
		x := d.patients.Overlays[i.index]
		return [2]int{int(x.A), int(x.B)}
	}
	rows := [2]int{-1, -1}
	if x, ok := d.line(i.index); ok && i.form == ledgerCase {
		for n, id := range []string{x.Left, x.Right} {
			rows[n] = rowWith(d.tables(i)[n], id)
		}
	}
	return rows
}

// rowWith finds a record by its identifier, -1 if the roster has it no more.
func rowWith(list *roster.Roster, id string) int {
	for row := range list.Len() {
		if list.ID(row) == id {
			return row
		}
	}
	return -1
}

func (d *desk) tables(i item) [2]*roster.Roster {
	switch i.form {
	case duplicateCase:
		list := d.roster(d.patients.Duplicates[i.index].Side)
		return [2]*roster.Roster{list, list}
	case overlayCase:
		x := d.patients.Overlays[i.index]
		return [2]*roster.Roster{d.overlaid(x, 0), d.overlaid(x, 1)}
	case ledgerCase:
		if x, _ := d.line(i.index); x.Side != "" {
			return [2]*roster.Roster{d.roster(x.Side), d.roster(x.Side)}
		}
	}
	return [2]*roster.Roster{d.patients.Left, d.patients.Right}
}

func (d *desk) planPair(i item) [2]*plan.Plan {
	switch i.form {
	case planCase:
		c := d.plans.Candidates[i.index]
		return [2]*plan.Plan{&d.plans.Left.Plans[c.LeftRow], &d.plans.Right.Plans[c.RightRow]}
	case createCase:
		return [2]*plan.Plan{d.plans.Creations[i.index].Plan}
	case twinCase:
		x := d.plans.Duplicates[i.index]
		list := d.plans.Left
		if x.Side == linkage.Right {
			list = d.plans.Right
		}
		return [2]*plan.Plan{planWith(list, x.A), planWith(list, x.B)}
	case ledgerCase:
		x, _ := d.line(i.index)
		return [2]*plan.Plan{planWith(d.plans.Left, x.Left), planWith(d.plans.Right, x.Right)}
	}
	return [2]*plan.Plan{}
}

// first opens the first case that is shown.
func (d *desk) first() {
	d.cases.at = -1
	if len(d.cases.shown) > 0 {
		d.cases.at = 0
	}
	d.open()
}

// SetFilter lists other cases.
func (m *Model) SetFilter(f Filter) {
	d := m.desk()
	d.cases.filter, d.cases.reason = f, ""
	m.refilter()
}

// Filter is which cases are listed.
func (m *Model) Filter() Filter { return m.desk().cases.filter }

// Reasons lists the reasons among the cases to decide, the most frequent first.
func (m *Model) Reasons() []string { return m.desk().cases.reasons }

// Reason is the one that is listed, "" for all.
func (m *Model) Reason() string { return m.desk().cases.reason }

// SetReason lists the cases of one reason only; "" is all.
func (m *Model) SetReason(reason string) {
	m.desk().cases.reason = reason
	m.refilter()
}

// Search lists the cases whose records have all the words: identifiers, names, birth dates, streets.
func (m *Model) Search(words string) {
	m.desk().cases.search = words
	m.refilter()
}

// Searched is what is looked for.
func (m *Model) Searched() string { return m.desk().cases.search }

func (m *Model) refilter() {
	d := m.desk()
	if d.has() {
		d.filter()
		d.first()
	}
	m.Changed(Cases | Open)
}

// Row is where the open case stands in the list, -1 for none.
func (m *Model) Row() int { return m.desk().cases.at }

// OpenCase opens a case by its row.
func (m *Model) OpenCase(row int) {
	d := m.desk()
	if row < 0 || row >= len(d.cases.shown) || row == d.cases.at {
		return
	}
	d.cases.at = row
	d.open()
	m.preload(d)
	m.Changed(Open)
}

// Skip goes to the next case, or back if n is negative. What is skipped still waits: not tried is not the same as no.
func (m *Model) Skip(n int) {
	d := m.desk()
	if len(d.cases.shown) == 0 {
		return
	}
	m.OpenCase(min(max(d.cases.at+n, 0), len(d.cases.shown)-1))
}

var caseColumns = []screen.Column{
	{ID: "left", Title: "Ours", Width: 78, MinWidth: 56, Mono: true, Fixed: true},
	{ID: "right", Title: "Theirs", Width: 78, MinWidth: 56, Mono: true, Fixed: true},
	{ID: "sure", Title: "Sure", Width: 70, MinWidth: 56, Right: true, Fixed: true},
	{ID: "why", Title: "Why", Width: 90, MinWidth: 60, Flex: true, Fixed: true},
}

// List is the cases that the filter lists.
func (m *Model) List() screen.Grid { return caseGrid{m} }

type caseGrid struct{ m *Model }

func (g caseGrid) Columns() []screen.Column { return caseColumns }
func (g caseGrid) Len() int                 { return len(g.m.desk().cases.shown) }

func (g caseGrid) Cell(row, col int) screen.Cell {
	d := g.m.desk()
	if row >= len(d.cases.shown) {
		return screen.Cell{}
	}
	i := d.cases.shown[row]
	if i.form == conflictCase {
		return d.conflictCell(int(i.index), col, g.m.masked)
	}
	left, right := d.ids(i)
	switch col {
	case 0, 1:
		text := left
		if col == 1 {
			text = right
		}
		return screen.Cell{Text: text, Masked: g.m.masked && text != ""}
	case 2:
		if d.cases.filter == SecondReview {
			return screen.Cell{} // blind
		}
		return d.sure(i)
	}
	return d.state(i)
}

// sure is the probability of a case, as a bar.
func (d *desk) sure(i item) screen.Cell {
	p := -1.0
	switch i.form {
	case pairCase:
		p = d.patients.Pairs[i.index].Probability
	case duplicateCase:
		p = d.patients.Duplicates[i.index].Probability
	case planCase:
		p = d.plans.Candidates[i.index].Probability
	case twinCase:
		p = d.plans.Duplicates[i.index].Probability
	}
	if p < 0 {
		return screen.Cell{}
	}
	return screen.Cell{Text: percent(p), Bar: p, BarRole: screen.RoleAccent}
}

func percent(p float64) string {
	switch {
	case p >= 0.9995 && p < 1:
		return ">99.9 %"
	case p > 0 && p < 0.001:
		return "<0.1 %"
	}
	return fmt.Sprintf("%.1f %%", 100*p)
}

// state is what became of a case, or why it waits.
func (d *desk) state(i item) screen.Cell {
	if d.cases.filter == SecondReview {
		for _, s := range d.samples {
			if left, right := d.ids(i); s.Pair.Left == left && s.Pair.Right == right && s.Answer != "" {
				return screen.Cell{Text: string(s.Answer), Role: screen.RoleMuted}
			}
		}
		return screen.Cell{Text: "not looked at", Role: screen.RoleMuted}
	}
	if x, ok := d.decision(i); ok {
		c := screen.Cell{Text: string(x.Action), Role: screen.RoleOK, Shape: screen.ShapeCircle}
		switch x.Action {
		case linkage.ActDifferent:
			c.Role, c.Shape = screen.RoleMuted, screen.ShapeRing
		case linkage.ActUnsure:
			c.Role, c.Shape = screen.RoleWarning, screen.ShapeTriangle
		}
		return c
	}
	c := screen.Cell{Text: d.reason(i)}
	switch {
	case i.form == overlayCase:
		c.Shape, c.Role = screen.ShapeSquare, screen.RoleError
	case i.form == pairCase && d.patients.Pairs[i.index].Band == linkage.Blocked, i.form == planCase && d.plans.Candidates[i.index].Band == linkage.Blocked:
		c.Shape, c.Role = screen.ShapeSquare, screen.RoleError
	case i.form == pairCase && d.patients.Pairs[i.index].Band == linkage.Automatic, i.form == planCase && d.plans.Candidates[i.index].Band == linkage.Automatic:
		c.Text, c.Role = "automatic", screen.RoleMuted
	}
	return c
}

func (d *desk) conflictCell(n, col int, masked bool) screen.Cell {
	all := d.ledger.Conflicts()
	if n >= len(all) {
		return screen.Cell{}
	}
	x := all[n]
	switch col {
	case 0, 1:
		if (x.Side == linkage.Right) == (col == 1) {
			return screen.Cell{Text: x.ID, Masked: masked}
		}
		return screen.Cell{}
	case 2:
		return screen.Cell{Text: fmt.Sprint(len(x.Decisions))}
	}
	return screen.Cell{Text: "decisions that cannot all be right", Shape: screen.ShapeSquare, Role: screen.RoleError}
}

// fewDecisions say nothing of how fast somebody decides.
const fewDecisions = 4

// Progress says how far the review is: how many are decided, how fast, and how long the rest takes.
func (m *Model) Progress() string {
	d := m.desk()
	c := &d.cases
	if !d.has() {
		return ""
	}
	if c.filter == SecondReview {
		return d.sampleLine()
	}
	text := fmt.Sprintf("%s of %s decided", screen.Count(c.total-c.open), screen.Count(c.total))
	if c.filter != ToDecide {
		text = fmt.Sprintf("%s listed  ·  ", screen.Plural(len(c.shown), "case")) + text
	}
	if p := linkage.PaceOf(d.pace.times, c.open); p.PerHour > 0 && len(d.pace.times) > fewDecisions {
		text += fmt.Sprintf("  ·  %s an hour  ·  %s left", screen.Count(int(p.PerHour+0.5)), duration(p.Left))
	}
	return text
}
