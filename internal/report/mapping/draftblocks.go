package mappaper

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

// place puts a rule into its block: that of the sheet, or one for each thing that is made.
func (d *drafting) place(p *pair) {
	id := p.block
	if id == "" {
		id = "b-" + identifier(p.makes)
	}
	i := slices.IndexFunc(d.f.Blocks, func(b mapping.Block) bool { return b.ID == id })
	if i < 0 {
		i = len(d.f.Blocks)
		d.f.Blocks = append(d.f.Blocks, mapping.Block{ID: id, Make: p.makes, Per: p.per, When: p.only, Key: p.key})
		if d.ids[id] {
			d.remark(p.row, "the block %q has the identifier of a rule", id)
		}
		d.ids[id] = true
		d.inside[id] = p.inside
	}
	r := p.rule
	if r.ID == "" || strings.Trim(r.ID, "0123456789") == "" {
		r.ID = "r-" + fmt.Sprintf("%04s", r.ID)
		if p.rule.ID == "" {
			d.next++
			r.ID = fmt.Sprintf("r-%04d", d.next)
		}
	}
	for base, n := r.ID, 2; d.ids[r.ID]; n++ {
		if n == 2 && p.rule.ID != "" {
			d.remark(p.row, "the rule %s stands twice; the second got a number", base)
		}
		r.ID = fmt.Sprintf("%s-%d", base, n)
	}
	d.ids[r.ID] = true
	if len(r.From) == 0 && r.Value == "" && r.Formula == "" && r.Default == "" && len(r.Do) == 0 {
		d.remark(p.row, "%s has no source that can be read, and was left out: %s", r.To, short(r.Note))
		return
	}
	if !d.compiles(&pair{makes: p.makes, rule: r}, func(r *mapping.Rule) { r.Each, r.When = "", "" }) {
		d.remark(p.row, "%s and %s cannot be read as a rule, and were left out: %s", sourceText(&r), r.To, d.problem(p.makes, r))
		return
	}
	d.f.Blocks[i].Rules = append(d.f.Blocks[i].Rules, r)
	if d.segments[id] == nil {
		d.segments[id] = map[string]int{}
	}
	for _, s := range p.segments {
		d.segments[id][s]++
	}
}

// problem is why a rule does not compile.
func (d *drafting) problem(makes string, r mapping.Rule) string {
	f := *d.f
	f.Blocks = []mapping.Block{{ID: "b", Make: makes, Rules: []mapping.Rule{r}}}
	if _, err := mapping.Compile(&f); err != nil {
		return err.Error()
	}
	return "the block is not known"
}

// identifier writes a name in small letters for an identifier.
func identifier(name string) string {
	if id := strings.ReplaceAll(folded(name), " ", "-"); id != "" {
		return id
	}
	return "target"
}

// loops gives blocks without a loop that of the segment that most of their rules read, so that each of
// them makes one. Blocks of a sheet that names loops stay as they are.
func (d *drafting) loops() {
	d.f.Blocks = slices.DeleteFunc(d.f.Blocks, func(b mapping.Block) bool { return len(b.Rules) == 0 && !b.Drop && !d.head.has(roleBlock) })
	if d.f.Source.Kind != mapping.HL7v2 || d.head.has(rolePer) || d.f.Target.Kind != mapping.FHIR && d.f.Target.Kind != mapping.HL7v2 {
		return
	}
	for i := range d.f.Blocks {
		b := &d.f.Blocks[i]
		best, n := "", 0
		for _, c := range byCount(d.segments[b.ID]) {
			if c.n > n && c.name != "MSH" {
				best, n = c.name, c.n
			}
		}
		b.Per = best
	}
}

// check tells what the mapping as a whole lacks to run.
func (d *drafting) check() {
	for _, f := range mapping.Check(d.f, nil) {
		if f.Severity == mapping.Error {
			text := f.Text
			if f.ID != "" {
				text = f.ID + ": " + text
			}
			d.remark(0, "%s", text)
		}
	}
}
