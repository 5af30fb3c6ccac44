package links

import (
	"strconv"
	"strings"

	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/report"
)

// PlanTables are the tables of a run over two plan lists, by the names of their CSV files. They are for programs: links
// and review have the columns that a run over patients has.
func PlanTables(r *plan.Result) map[string]report.Sheet {
	return map[string]report.Sheet{
		"links.csv":      pairTable("Links", r.Links()),
		"review.csv":     pairTable("Review", r.ForReview()),
		"candidates.csv": candidateTable(r.Candidates),
		"create.csv":     createTable(r),
		"duplicates.csv": duplicateTable(r.Duplicates),
		"set-aside.csv":  badTable(r),
		"plans.csv":      planTable(r),
	}
}

func probability(p float64) report.Cell { return report.Number(round(p)) }

// round keeps six digits: more are noise, and differ between processors.
func round(p float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(p, 'f', 6, 64), 64)
	if err != nil {
		return p
	}
	return v
}

func pairTable(name string, list []plan.Candidate) report.Sheet {
	return report.Sheet{
		Name: name, Columns: report.Titles("left_id", "right_id", "probability", "band", "reasons"),
		Rows: each(list, func(c plan.Candidate) []report.Cell {
			return []report.Cell{report.Text(c.Left), report.Text(c.Right), probability(c.Probability), report.Text(string(c.Band)), report.Text(c.Reasons)}
		}),
	}
}

func candidateTable(list []plan.Candidate) report.Sheet {
	return report.Sheet{
		Name: "Candidates", Columns: report.Titles("left_id", "rank", "right_id", "probability", "band", "reasons"),
		Rows: each(list, func(c plan.Candidate) []report.Cell {
			return []report.Cell{
				report.Text(c.Left), report.Int(c.Rank), report.Text(c.Right), probability(c.Probability), report.Text(string(c.Band)), report.Text(c.Reasons),
			}
		}),
	}
}

// PlanCreation gives a plan to create with its fields as they were understood, for [Paper.Creations].
func PlanCreation(c plan.Creation) Creation {
	p := c.Plan
	var ids []string
	for _, id := range p.PayerIDs {
		text := id.Value
		for _, of := range []string{id.Transaction, id.Clearinghouse} {
			if of != "" {
				text += " " + of
			}
		}
		if id.Value != "" {
			ids = append(ids, text)
		}
	}
	zip := p.ZIP5
	if p.ZIP4 != "" {
		zip += "-" + p.ZIP4
	}
	return Creation{LeftID: p.ID, Near: c.NearID, Fields: []Field{
		{"name", strings.TrimSpace(p.Name)}, {"insurer", c.Insurer}, {"states", strings.Join(p.States, " ")}, {"line_of_business", string(p.Business)},
		{"product", p.Products.String()}, {"metal", p.Metal}, {"programme", p.Programme}, {"payer_ids", strings.Join(ids, " | ")},
		{"po_box", p.Box}, {"address", strings.TrimSpace(p.Address)}, {"city", p.City}, {"state", p.State}, {"zip", zip}, {"phones", strings.Join(p.Tel, " ")},
	}}
}

// CreationFields names the fields of a plan to create, in their order.
func CreationFields() []string {
	var names []string
	for _, f := range PlanCreation(plan.Creation{Plan: &plan.Plan{}}).Fields {
		names = append(names, f.Name)
	}
	return names
}

func createTable(r *plan.Result) report.Sheet {
	columns := append([]string{"left_id"}, CreationFields()...)
	columns = append(columns, "nearest_id", "nearest_probability", "nearest_reasons", "same_as_left_id")
	return report.Sheet{Name: "Create", Columns: report.Titles(columns...), Rows: each(r.Creations, func(c plan.Creation) []report.Cell {
		row := []report.Cell{report.Text(c.Plan.ID)}
		for _, f := range PlanCreation(c).Fields {
			row = append(row, report.Text(f.Value))
		}
		near := report.Text("")
		if c.NearID != "" {
			near = probability(c.Near)
		}
		return append(row, report.Text(c.NearID), near, report.Text(c.NearWhy), report.Text(c.Duplicate))
	})}
}

// planTable lists all plans of both lists with their fields as they were understood.
func planTable(r *plan.Result) report.Sheet {
	type row struct {
		side linkage.Side
		plan *plan.Plan
	}
	var all []row
	for _, s := range []struct {
		side linkage.Side
		list *plan.List
	}{{linkage.Left, r.Left}, {linkage.Right, r.Right}} {
		for i := range s.list.Plans {
			all = append(all, row{s.side, &s.list.Plans[i]})
		}
	}
	return report.Sheet{Name: "Plans", Columns: report.Titles(append([]string{"system", "id"}, CreationFields()...)...), Rows: each(all, func(o row) []report.Cell {
		cells := report.Texts(string(o.side), o.plan.ID)
		for _, f := range PlanCreation(plan.Creation{Plan: o.plan, Insurer: o.plan.Insurer}).Fields {
			cells = append(cells, report.Text(f.Value))
		}
		return cells
	})}
}

func duplicateTable(list []plan.Duplicate) report.Sheet {
	return report.Sheet{
		Name: "Duplicates", Columns: report.Titles("system", "id_a", "id_b", "probability"),
		Rows: each(list, func(d plan.Duplicate) []report.Cell {
			return []report.Cell{report.Text(string(d.Side)), report.Text(d.A), report.Text(d.B), probability(d.Probability)}
		}),
	}
}

// badTable lists rows that were set aside, and those that are no payers.
func badTable(r *plan.Result) report.Sheet {
	type row struct {
		side   linkage.Side
		line   int
		reason string
		text   string
	}
	var all []row
	for _, s := range []struct {
		side linkage.Side
		list *plan.List
	}{{linkage.Left, r.Left}, {linkage.Right, r.Right}} {
		for _, b := range s.list.Bad {
			all = append(all, row{s.side, b.Line, b.Reason, strings.Join(b.Cells, " | ")})
		}
		for i := range s.list.Plans {
			if p := &s.list.Plans[i]; !p.Business.IsPayer() {
				all = append(all, row{s.side, p.Line, "it is no payer (" + string(p.Business) + ") and is never linked", p.ID + " | " + p.Name})
			}
		}
	}
	return report.Sheet{Name: "Set aside", Columns: report.Titles("system", "line", "reason", "row"), Rows: each(all, func(o row) []report.Cell {
		return []report.Cell{report.Text(string(o.side)), report.Int(o.line), report.Text(o.reason), report.Text(o.text)}
	})}
}
