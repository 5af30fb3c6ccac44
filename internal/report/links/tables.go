package links

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"trestle/internal/linkage"
	"trestle/internal/report"
)

func stamp(t time.Time) report.Cell {
	if t.IsZero() {
		return report.Text("")
	}
	return report.Text(t.UTC().Format(time.RFC3339))
}

func yes(b bool) report.Cell {
	if b {
		return report.Text("yes")
	}
	return report.Text("")
}

// linkSheet is the table of links, from left to right or back.
func (p *Paper) linkSheet(back bool) report.Sheet {
	from, to := p.Left, p.Right
	rows := p.Settled.Links
	if back {
		from, to = p.Right, p.Left
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b Link) int { return strings.Compare(a.Right+"\x00"+a.Left, b.Right+"\x00"+b.Left) })
	}
	return report.Sheet{
		Name: from.Name + " to " + to.Name,
		Columns: []report.Column{
			{Title: from.Name + " ID", Width: 20}, {Title: to.Name + " ID", Width: 20}, {Title: "How", Width: 12}, {Title: "Probability"},
			{Title: "Decided by", Width: 20}, {Title: "Decided at", Width: 22}, {Title: "Changed since", Width: 14}, {Title: "Reasons", Width: 60}, {Title: "Note", Width: 40},
		},
		Rows: each(rows, func(l Link) []report.Cell {
			a, b := l.Left, l.Right
			if back {
				a, b = b, a
			}
			return []report.Cell{
				report.Text(a), report.Text(b), report.Text(l.How()), report.Number(l.Probability), report.Text(l.By), stamp(l.At), yes(l.Changed),
				report.Text(l.Pattern), report.Text(l.Note),
			}
		}),
	}
}

// each makes rows from a list as they are asked for.
func each[T any](list []T, row func(T) []report.Cell) iter.Seq2[[]report.Cell, error] {
	return func(yield func([]report.Cell, error) bool) {
		for _, item := range list {
			if !yield(row(item), nil) {
				return
			}
		}
	}
}

func (p *Paper) doubtSheet() report.Sheet {
	return report.Sheet{
		Name:    "Doubtful",
		Columns: report.Titles(p.Left.Name+" ID", p.Right.Name+" ID", "Decision", "Probability", "Decided by", "Decided at", "Stopped by", "Reasons", "Note"),
		Rows: each(p.Settled.Doubtful, func(d Doubt) []report.Cell {
			return []report.Cell{
				report.Text(d.Left), report.Text(d.Right), report.Text(string(d.Action)), report.Number(d.Probability), report.Text(d.By), stamp(d.At),
				report.Text(strings.Join(d.Gates, ", ")), report.Text(d.Pattern), report.Text(d.Note),
			}
		}),
	}
}

func (p *Paper) creationSheet() report.Sheet {
	columns := []report.Column{{Title: p.Left.Name + " ID", Width: 20}}
	var names []string // of the fields, in the order of their first appearance
	for _, c := range p.Creations {
		for _, f := range c.Fields {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	columns = append(columns, report.Titles(append(names, "Most similar in "+p.Right.Name, "Decided by")...)...)
	return report.Sheet{Name: "To create", Columns: columns, Rows: each(p.Creations, func(c Creation) []report.Cell {
		row := make([]report.Cell, 1+len(names), len(columns))
		row[0] = report.Text(c.LeftID)
		for _, f := range c.Fields {
			row[1+slices.Index(names, f.Name)] = report.Text(f.Value)
		}
		return append(row, report.Text(c.Near), report.Text(c.By))
	})}
}

func (p *Paper) proposalSheet() report.Sheet {
	return report.Sheet{
		Name:    "Proposals",
		Columns: report.Titles(p.Left.Name+" ID", p.Right.Name+" ID", "Field", p.Left.Name, p.Right.Name, "Proposed", "From", "Rule"),
		Rows: each(p.Proposals, func(o Proposal) []report.Cell {
			value, from := o.LeftValue, p.Left.Name
			if o.From == linkage.Right {
				value, from = o.RightValue, p.Right.Name
			}
			return report.Texts(o.Left, o.Right, o.Field, o.LeftValue, o.RightValue, value, from, o.Rule)
		}),
	}
}

func (p *Paper) mergeSheet() report.Sheet {
	return report.Sheet{
		Name:    "Duplicates",
		Columns: report.Titles("System", "Kept ID", "ID merged into it", "Assigning authority", "Decided by", "Decided at"),
		Rows: each(p.Merges, func(m Merge) []report.Cell {
			name := p.Left.Name
			if m.Side == linkage.Right {
				name = p.Right.Name
			}
			return []report.Cell{report.Text(name), report.Text(m.Kept.Value), report.Text(m.Gone.Value), report.Text(m.Kept.Authority.name()), report.Text(m.By), stamp(m.At)}
		}),
	}
}

func (a Authority) name() string {
	if a.Namespace != "" {
		return a.Namespace
	}
	return a.UniversalID
}

func (p *Paper) cover() report.Sheet {
	automatic := 0
	for _, l := range p.Settled.Links {
		if l.Decision == 0 {
			automatic++
		}
	}
	facts := []report.Fact{
		{Name: "Project", Value: report.Text(p.Project)}, {Name: "What", Value: report.Text(fmt.Sprintf("links of %s", p.Kind))},
		{Name: "Exported at (UTC)", Value: stamp(p.At)}, {Name: "Exported by", Value: report.Text(p.By)},
	}
	for _, s := range []System{p.Left, p.Right} {
		facts = append(facts,
			report.Fact{Name: s.Name + ": file", Value: report.Text(s.File)}, report.Fact{Name: s.Name + ": SHA-256", Value: report.Text(s.SHA256)},
			report.Fact{Name: s.Name + ": rows", Value: report.Int(s.Rows)}, report.Fact{Name: s.Name + ": assigning authority", Value: report.Text(s.Authority.name())})
	}
	facts = append(facts,
		report.Fact{Name: "Links", Value: report.Int(len(p.Settled.Links))}, report.Fact{Name: "Links, automatic", Value: report.Int(automatic)},
		report.Fact{Name: "Links, decided by people", Value: report.Int(len(p.Settled.Links) - automatic)},
		report.Fact{Name: "Links of records that changed since", Value: report.Int(p.Settled.Changed)},
		report.Fact{Name: "Links taken back", Value: report.Int(len(p.Settled.Unlinked))},
		report.Fact{Name: "Doubtful cases, decided", Value: report.Int(len(p.Settled.Doubtful))},
		report.Fact{Name: "To create", Value: report.Int(len(p.Creations))}, report.Fact{Name: "Duplicates to merge", Value: report.Int(len(p.Merges))},
		report.Fact{Name: "Undecided, not exported", Value: report.Int(p.Settled.Undecided)},
		report.Fact{Name: "Method", Value: report.Text(p.Method)}, report.Fact{Name: "Model", Value: report.Text(p.Model)},
		report.Fact{Name: "Seed", Value: report.Text(fmt.Sprint(p.Seed))})
	for _, f := range p.Thresholds {
		facts = append(facts, report.Fact{Name: "Threshold: " + f.Name, Value: report.Text(f.Value)})
	}
	for _, f := range p.Gates {
		facts = append(facts, report.Fact{Name: "Stopped: " + f.Name, Value: report.Text(f.Value)})
	}
	return report.Cover(facts...)
}

// sheets are the tables of the paper, with the file names of their CSV forms. The cover is always there; others are
// left out where there is nothing to say.
func (p *Paper) sheets() (sheets []report.Sheet, files []string) {
	add := func(file string, n int, sheet func() report.Sheet) {
		if n > 0 {
			sheets, files = append(sheets, sheet()), append(files, file)
		}
	}
	add("cover.csv", 1, p.cover)
	add("links-left-to-right.csv", 1, func() report.Sheet { return p.linkSheet(false) })
	add("links-right-to-left.csv", 1, func() report.Sheet { return p.linkSheet(true) })
	add("to-create.csv", len(p.Creations), p.creationSheet)
	add("doubtful.csv", len(p.Settled.Doubtful), p.doubtSheet)
	add("proposals.csv", len(p.Proposals), p.proposalSheet)
	add("duplicates.csv", len(p.Merges), p.mergeSheet)
	return sheets, files
}

// Book is the paper as a workbook.
func (p *Paper) Book() (report.Book, error) {
	if err := p.Check(); err != nil {
		return report.Book{}, err
	}
	sheets, _ := p.sheets()
	return report.Book{Title: fmt.Sprintf("%s: links of %s", p.Project, p.Kind), Author: p.By, Made: p.At, Sheets: sheets}, nil
}
