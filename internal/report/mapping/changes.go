package mappaper

import (
	"slices"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/report"
)

// ChangeKind says what became of something.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// Change is one difference between two versions of a mapping.
type Change struct {
	Kind   ChangeKind `json:"kind"`
	What   string     `json:"what"`  // rule, block, table, code, left out, mapping
	ID     string     `json:"id"`    // of the rule or block; a table's name, a path, a code
	Field  string     `json:"field"` // as the YAML calls it; "" for what was added or removed
	Before string     `json:"before,omitempty"`
	After  string     `json:"after,omitempty"`
}

// Changes compares two versions by the identifiers of rules and blocks, field by field. Rules and blocks come in the order
// of the newer version, what is gone last.
func Changes(before, after *mapping.File) []Change {
	c := &changes{}
	c.fields("mapping", after.ID, fileFields(before), fileFields(after))
	one(c, "block", blocksOf(before), blocksOf(after))
	one(c, "rule", rulesOf(before), rulesOf(after))
	c.order(before, after)
	one(c, "table", tablesIn(before), tablesIn(after))
	for i := range after.Tables {
		if old, ok := before.Table(after.Tables[i].Name); ok {
			one(c, "code", codesOf(old), codesOf(&after.Tables[i]))
		}
	}
	one(c, "left out", leftOutOf(before), leftOutOf(after))
	return c.list
}

type changes struct{ list []Change }

// entry is something with an identifier, as its fields.
type entry struct {
	id     string
	about  string // what is told of it when it comes or goes
	fields []fact
}

// fields compares the fields of one thing.
func (c *changes) fields(what, id string, before, after []fact) {
	value := func(list []fact, name string) string {
		for _, f := range list {
			if f.name == name {
				return f.value
			}
		}
		return ""
	}
	for _, f := range after {
		if old := value(before, f.name); old != f.value {
			c.list = append(c.list, Change{Changed, what, id, f.name, old, f.value})
		}
	}
}

func one(c *changes, what string, before, after []entry) {
	old := map[string]*entry{}
	for i := range before {
		old[before[i].id] = &before[i]
	}
	now := map[string]bool{}
	for _, e := range after {
		now[e.id] = true
		if was := old[e.id]; was != nil {
			c.fields(what, e.id, was.fields, e.fields)
			continue
		}
		c.list = append(c.list, Change{Kind: Added, What: what, ID: e.id, After: e.about})
	}
	for _, e := range before {
		if !now[e.id] {
			c.list = append(c.list, Change{Kind: Removed, What: what, ID: e.id, Before: e.about})
		}
	}
}

// order tells of blocks whose rules stand in another order: of two that write one place the later wins.
func (c *changes) order(before, after *mapping.File) {
	old := map[string][]string{}
	before.Walk(func(b *mapping.Block) { old[b.ID] = ruleIDs(b) })
	after.Walk(func(b *mapping.Block) {
		was, is := old[b.ID], ruleIDs(b)
		both := func(list, other []string) (kept []string) {
			for _, id := range list {
				if slices.Contains(other, id) {
					kept = append(kept, id)
				}
			}
			return kept
		}
		if x, y := both(was, is), both(is, was); !slices.Equal(x, y) {
			c.list = append(c.list, Change{Changed, "block", b.ID, "order", few(x, 12), few(y, 12)})
		}
	})
}

func ruleIDs(b *mapping.Block) []string {
	ids := make([]string, len(b.Rules))
	for i := range b.Rules {
		ids[i] = b.Rules[i].ID
	}
	return ids
}

func fileFields(f *mapping.File) []fact {
	return []fact{{"title", f.Title}, {"note", f.Note}, {"direction", string(f.Direction)}, {"source", endWords(f.Source)}, {"target", endWords(f.Target)}, {"zone", f.Zone}, {"seed", f.Seed}}
}

func blocksOf(f *mapping.File) (list []entry) {
	f.Walk(func(b *mapping.Block) {
		list = append(list, entry{b.ID, blockTitle(b), []fact{{"make", b.Make}, {"per", b.Per}, {"when", b.When}, {"key", strings.Join(b.Key, ", ")}, {"drop", yesNo(b.Drop, "true", "")}, {"data", b.Data}, {"note", b.Note}}})
	})
	return list
}

func rulesOf(f *mapping.File) (list []entry) {
	f.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			r := &b.Rules[i]
			from := sourceText(r)
			if from == "" {
				from = quotedValue(r.Value)
			}
			list = append(list, entry{r.ID, strings.Trim(from+" → "+r.To, " →"), []fact{{"block", b.ID}, {"to", r.To}, {"each", r.Each}, {"from", sourceText(r)}, {"formula", r.Formula}, {"value", r.Value},
				{"do", functionText(r.Do)}, {"when", conditionWords(r.When)}, {"default", r.Default}, {"status", string(statusOf(r))}, {"owner", r.Owner}, {"note", r.Note}}})
		}
	})
	return list
}

func quotedValue(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}

func tablesIn(f *mapping.File) (list []entry) {
	for i := range f.Tables {
		t := &f.Tables[i]
		list = append(list, entry{t.Name, plural(len(t.Rows.Lines), "code", "codes"), []fact{{"file", t.File}, {"key", t.Key}, {"value", t.Value}, {"system", t.System}, {"display", t.Display}, {"missing", missingWords(t.Missing)}}})
	}
	return list
}

func codesOf(t *mapping.Table) (list []entry) {
	key, _, _, _ := t.Columns()
	for _, line := range t.Rows.Lines {
		e := entry{id: t.Name + " " + quotedValue(line[key]), about: strings.Join(line, ", ")}
		for i, column := range t.Rows.Columns {
			if i != key {
				e.fields = append(e.fields, fact{column, line[i]})
			}
		}
		list = append(list, e)
	}
	return list
}

func leftOutOf(f *mapping.File) (list []entry) {
	for _, l := range f.LeftOut {
		list = append(list, entry{l.Path, l.Reason, []fact{{"reason", l.Reason}}})
	}
	return list
}

// changeLog is what has changed since the last version.
func (p *paper) changeLog() part {
	if p.Previous == nil {
		return part{}
	}
	out := part{name: "Changes since the last version"}
	before, err := Fingerprint(p.Previous)
	if err == nil {
		out.intro = append(out.intro, "The last version has the fingerprint "+before[:16]+".")
	}
	t := table{columns: []column{{"What", 12}, {"Which", 22}, {"Change", 16}, {"Before", 40}, {"After", 40}}}
	var flat [][]report.Cell
	for _, c := range Changes(p.Previous, p.Mapping) {
		change := string(c.Kind)
		if c.Field != "" {
			change = c.Field
		}
		t.rows = append(t.rows, []cell{text(c.What), codeText(c.ID), text(change), codeText(c.Before), codeText(c.After)})
		flat = append(flat, report.Texts(c.What, c.ID, string(c.Kind), c.Field, c.Before, c.After))
	}
	if len(t.rows) == 0 {
		out.intro = append(out.intro, "Nothing has changed.")
	} else {
		out.tables = []table{t}
	}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "What", Width: 10}, {Title: "Which", Width: 24}, {Title: "Change", Width: 10}, {Title: "Field", Width: 12}, {Title: "Before", Width: 50}, {Title: "After", Width: 50}}, Rows: report.Rows(flat)}
	return out
}
