package mappaper

import (
	"fmt"
	"strconv"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/report"
)

// coverage is what samples hold and the mapping does not use, what is left out on purpose, and what is required and empty.
func (p *paper) coverage() part {
	out := part{name: "Coverage"}
	flat := [][]report.Cell{}
	add := func(t table, what string, cells func(row []cell) []report.Cell) {
		if len(t.rows) == 0 {
			return
		}
		out.tables = append(out.tables, t)
		for _, row := range t.rows {
			flat = append(flat, append([]report.Cell{report.Text(what)}, cells(row)...))
		}
	}
	if r := p.report; r == nil {
		out.intro = []string{"No samples were given, so that only what is left out on purpose can be told."}
	} else {
		out.intro = []string{fmt.Sprintf("%s; %d of %d populated values are mapped or left out on purpose: %.1f %%.", plural(r.Samples, "sample", "samples"), r.Covered, r.Values, 100*r.Share())}
		unmapped := table{title: "Populated and not mapped", columns: []column{{"Place", 16}, {"Name", 40}, {"Samples", 12}, {"Values", 10}, {"Different", 10}, {p.exampleTitle(), 30}}}
		for _, f := range r.Unmapped {
			different := strconv.Itoa(f.Distinct)
			if f.More {
				different += "+"
			}
			var top []string
			for _, v := range f.Top[:min(3, len(f.Top))] {
				top = append(top, p.shown(v.Value))
			}
			unmapped.rows = append(unmapped.rows, []cell{codeText(f.Path), text(f.Name), text(share(f.Samples, r.Samples)), text(strconv.Itoa(f.Values)), text(different), codeText(few(distinct(top), 3))})
		}
		add(unmapped, "not mapped", func(row []cell) []report.Cell {
			return report.Texts(row[0].text(), row[1].text(), row[2].text(), row[5].text(), "")
		})
		required := table{title: "Required and empty", columns: []column{{"Target", 40}, {"Empty in", 14}, {"Why", 40}}}
		for _, q := range r.Required {
			why := "no rule writes it"
			if q.HasRule {
				why = "its rules gave nothing"
			}
			required.rows = append(required.rows, []cell{codeText(q.Path), text(share(q.Missing, q.Made)), text(why)})
		}
		add(required, "required and empty", func(row []cell) []report.Cell {
			return report.Texts(row[0].text(), "", row[1].text(), "", row[2].text())
		})
		never := table{title: "Rules that never fired", columns: []column{{"Block", 22}, {"Rules", 100}}}
		silent := map[string][]string{}
		for _, u := range r.NeverFired {
			silent[u.Block] = append(silent[u.Block], u.Rule)
		}
		p.Mapping.Walk(func(b *mapping.Block) {
			if ids := silent[b.ID]; len(ids) > 0 {
				never.rows = append(never.rows, []cell{codeText(b.ID), codeText(strings.Join(ids, ", "))})
			}
		})
		add(never, "never fired", func(row []cell) []report.Cell {
			return report.Texts(row[0].text(), "", "", "", row[1].text())
		})
	}
	left := table{title: "Left out on purpose", columns: []column{{"Place", 16}, {"Name", 36}, {"Reason", 60}}}
	if p.report != nil {
		left.columns = append(left.columns, column{"Samples", 12})
	}
	for _, l := range p.Mapping.LeftOut {
		row := []cell{codeText(l.Path), text(p.sourceAbout(l.Path).name), text(l.Reason)}
		if n, ok := p.populated(p.place(l.Path)); ok {
			row = append(row, text(share(n, p.report.Samples)))
		}
		left.rows = append(left.rows, row)
	}
	add(left, leftOut, func(row []cell) []report.Cell {
		samples := ""
		if len(row) > 3 {
			samples = row[3].text()
		}
		return report.Texts(row[0].text(), row[1].text(), samples, "", row[2].text())
	})
	if len(out.tables) == 0 {
		out.intro = append(out.intro, "Nothing is open here.")
	}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "What", Width: 20}, {Title: "Place or rule", Width: 28}, {Title: "Name or target", Width: 40}, {Title: "Samples", Width: 12}, {Title: p.exampleTitle(), Width: 36}, {Title: "Reason, or why", Width: 60}}, Rows: report.Rows(flat)}
	return out
}

func distinct(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// text is the text of all lines of a cell.
func (c cell) text() string {
	parts := make([]string, len(c))
	for i, l := range c {
		parts[i] = l.text
	}
	return strings.Join(parts, " ")
}

// openPoints is what somebody has to decide or to do before the mapping can be signed.
func (p *paper) openPoints() part {
	out := part{name: "Open points"}
	t := table{columns: []column{{"No.", 5}, {"What", 16}, {"Where", 18}, {"Point", 60}, {"Owner", 14}, {"Decision, by whom and when", 34}}}
	var flat [][]report.Cell
	add := func(what, where, point, owner string, as style) {
		n := strconv.Itoa(len(t.rows) + 1)
		t.rows = append(t.rows, []cell{text(n), {{what, as}}, codeText(where), text(point), text(owner), nil})
		flat = append(flat, report.Texts(n, what, where, point, owner, ""))
	}
	owners := map[string]string{}
	drafts := []string{}
	p.Mapping.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			r := &b.Rules[i]
			owners[r.ID] = r.Owner
			switch statusOf(r) {
			case mapping.Question:
				point := r.Note
				if point == "" {
					point = "The question is not written down: " + sourceText(r) + " → " + r.To
				}
				add("question", r.ID, point, r.Owner, strong)
			case mapping.Draft:
				drafts = append(drafts, r.ID)
			}
		}
	})
	for _, f := range mapping.Check(p.Mapping, p.Scope) {
		if f.Code == mapping.CodeOpen || f.Severity == mapping.Information && f.Code != mapping.CodeNoDirection {
			continue
		}
		what, as := "finding", plain
		if f.Severity == mapping.Error {
			what, as = "error", strong
		}
		add(what, f.ID, sentence(f.Text), owners[f.ID], as)
	}
	if r := p.report; r != nil {
		for _, q := range r.Required {
			add("required", q.Path, fmt.Sprintf("Required and empty in %s.", share(q.Missing, q.Made)), "", plain)
		}
		tables := map[string]int{}
		for _, f := range r.Failed {
			tables[f.Table] += f.Count
		}
		for _, c := range byCount(tables) {
			add("code table", c.name, fmt.Sprintf("%s of the samples %s not listed.", plural(c.n, "value", "values"), yesNo(c.n == 1, "is", "are")), "", plain)
		}
		if n := len(r.Unmapped); n > 0 {
			add("coverage", "", fmt.Sprintf("%s of the samples %s not mapped and not left out on purpose: see Coverage.", plural(n, "populated place", "populated places"), yesNo(n == 1, "is", "are")), "", plain)
		}
	}
	if len(drafts) > 0 {
		add("draft", "", fmt.Sprintf("%s not agreed on yet: %s.", plural(len(drafts), "rule is", "rules are"), few(drafts, 12)), "", plain)
	}
	if len(t.rows) == 0 {
		out.intro = []string{"None."}
	} else {
		out.tables = []table{t}
	}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "No.", Width: 6}, {Title: "What", Width: 14}, {Title: "Where", Width: 20}, {Title: "Point", Width: 80}, {Title: "Owner", Width: 16}, {Title: "Decision, by whom and when", Width: 40}}, Rows: report.Rows(flat)}
	return out
}

// sentence writes a finding as a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// signOff is the page to sign.
func (p *paper) signOff() part {
	statement := fmt.Sprintf("The signatories agree to the mapping “%s”", p.title())
	if p.Version != "" {
		statement += ", version " + p.Version
	}
	statement += fmt.Sprintf(", with the fingerprint %s, as this paper describes it, but for the open points that it lists. A later change needs a new version of this paper.", p.fingerprint)
	out := part{name: "Sign-off", intro: []string{statement}, sign: true}
	t := table{columns: []column{{"For", 26}, {"Name", 26}, {"Role", 26}, {"Date", 16}, {"Signature", 34}}}
	var flat [][]report.Cell
	for _, who := range p.signatories() {
		t.rows = append(t.rows, []cell{text(who), nil, nil, nil, nil})
		flat = append(flat, report.Texts(who, "", "", "", ""))
	}
	out.tables = []table{t}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "For", Width: 44}, {Title: "Name", Width: 30}, {Title: "Role", Width: 30}, {Title: "Date", Width: 14}, {Title: "Signature", Width: 40}}, Rows: report.Rows(append(flat, report.Texts(statement)))}
	return out
}

func (p *paper) signatories() []string {
	sender, receiver := "The sending system", "The receiving system"
	switch p.Mapping.Direction {
	case mapping.In:
		sender, receiver = "The partner (sends)", "Our side (receives)"
	case mapping.Out:
		sender, receiver = "Our side (sends)", "The partner (receives)"
	}
	return []string{sender + ", technical", sender + ", clinical or operational", receiver + ", technical", receiver + ", clinical or operational"}
}
