package mappaper

import (
	"context"
	"io"
	"slices"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/report"
)

// Titles of the columns of rules in the workbook and in CSV. [Read] knows them.
const (
	titleBlock, titleMakes, titlePer, titleOnly = "Block", "Makes", "For each", "Block condition"
	titleKey, titleRule                         = "Block key", "Rule"
	titleTarget, titleTargetName                = "Target", "Target name"
	titleTargetType, titleTargetCard            = "Target type", "Target cardinality"
	titleEach, titleSource, titleSourceName     = "Each", "Source", "Source name"
	titleSourceUsage                            = "Source usage"
	titleCondition, titleFunctions, titleWords  = "Condition", "Functions", "What is done"
	titleFormula, titleConstant                 = "Formula", "Constant"
	titleLookup, titleDefault                   = "Code table", "Default"
	titlePopulated, titleBefore, titleAfter     = "Populated", "Sample before", "Sample after"
	titleStatus, titleOwner, titleNote          = "Status", "Owner", "Note"
	titleSourceKind, titleTargetKind            = "Source kind", "Target kind"
	titleInside                                 = "Inside of block"
)

func ruleColumns() []report.Column {
	return []report.Column{{Title: titleBlock, Width: 14}, {Title: titleMakes, Width: 16}, {Title: titlePer, Width: 12}, {Title: titleOnly, Width: 24}, {Title: titleKey, Width: 20},
		{Title: titleRule, Width: 11}, {Title: titleTarget, Width: 32}, {Title: titleTargetName, Width: 32}, {Title: titleTargetType, Width: 14}, {Title: titleTargetCard, Width: 11},
		{Title: titleEach, Width: 10}, {Title: titleSource, Width: 20}, {Title: titleSourceName, Width: 32}, {Title: titleSourceUsage, Width: 12},
		{Title: titleCondition, Width: 36}, {Title: titleFunctions, Width: 28}, {Title: titleWords, Width: 40}, {Title: titleFormula, Width: 24}, {Title: titleConstant, Width: 18},
		{Title: titleLookup, Width: 14}, {Title: titleDefault, Width: 12}, {Title: titlePopulated, Width: 12}, {Title: titleBefore, Width: 24}, {Title: titleAfter, Width: 24},
		{Title: titleStatus, Width: 12}, {Title: titleOwner, Width: 14}, {Title: titleNote, Width: 40}, {Title: titleSourceKind, Width: 14}, {Title: titleTargetKind, Width: 14}, {Title: titleInside, Width: 14}}
}

// sourceSeparator stands between several sources of a rule.
const sourceSeparator = "; "

// sourceText are the sources of a rule as a workbook has them: PID-3.4; PID-3.1, and with names for a formula: last =
// PID-5.1.
func sourceText(r *mapping.Rule) string {
	var parts []string
	for _, in := range r.Inputs {
		parts = append(parts, in.Name+" = "+in.Path)
	}
	return strings.Join(append(parts, r.From...), sourceSeparator)
}

func sourcePaths(r *mapping.Rule) (paths []string) {
	for _, in := range r.Inputs {
		paths = append(paths, in.Path)
	}
	return append(paths, r.From...)
}

// functionText are the functions of a rule as [Read] reads them: trim, pad("8", "0").
func functionText(steps []mapping.Step) string {
	parts := make([]string, len(steps))
	for i, s := range steps {
		parts[i] = s.String()
	}
	return strings.Join(parts, ", ")
}

// ruleRow is a rule as one row.
func (p *paper) ruleRow(b *mapping.Block, r *mapping.Rule) []report.Cell {
	target := p.targetAbout(b, r.To)
	var names, usage []string
	least := ""
	for _, path := range sourcePaths(r) {
		full := p.full(b, r, path)
		a := p.sourceAbout(full)
		if a.name != "" {
			names = append(names, a.name)
		}
		if a.usage != "" {
			usage = append(usage, a.usage)
		}
		if n, ok := p.populated(p.place(full)); ok && least == "" {
			least = share(n, p.report.Samples)
		}
	}
	before, after := p.sample(r.ID)
	return report.Texts(b.ID, b.Make, b.Per, b.When, strings.Join(b.Key, sourceSeparator), r.ID, r.To, target.name, target.typ, target.card, r.Each, sourceText(r),
		strings.Join(names, sourceSeparator), strings.Join(usage, sourceSeparator), r.When, functionText(r.Do), strings.Join(doneWords(r, target.typ), ", then "), r.Formula, r.Value,
		strings.Join(tablesOf(r), ", "), r.Default, least, before, after, string(statusOf(r)), r.Owner, r.Note, endCode(p.Mapping.Source), endCode(p.Mapping.Target), p.inside()[b.ID])
}

// inside is the block around each block that stands in another.
func (p *paper) inside() map[string]string {
	if p.around == nil {
		p.around = map[string]string{}
		p.Mapping.Walk(func(b *mapping.Block) {
			for i := range b.Blocks {
				p.around[b.Blocks[i].ID] = b.ID
			}
		})
	}
	return p.around
}

// endCode says what an end is so that [Read] can read it: the kind, then what else is said, as in hl7v2 version=2.5.1.
func endCode(e mapping.End) string {
	parts := []string{string(e.Kind)}
	for _, f := range []fact{{"version", e.Version}, {"message", e.Message}, {"root", e.Root}, {"bundle", e.Bundle}, {"keep", yesNo(e.Keep, "true", "")}, {"delimiter", e.Delimiter}, {"encoding", e.Encoding}} {
		if f.value != "" && !strings.ContainsAny(f.value, " =") {
			parts = append(parts, f.name+"="+f.value)
		}
	}
	return strings.Join(parts, " ")
}

// endOf reads what endCode writes; what is no such thing has no kind.
func endOf(code string) (e mapping.End) {
	for i, part := range strings.Fields(code) {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case i == 0 && slices.Contains([]mapping.Kind{mapping.HL7v2, mapping.FHIR, mapping.JSON, mapping.XML, mapping.CSV}, mapping.Kind(part)):
			e.Kind = mapping.Kind(part)
		case i == 0:
			return mapping.End{}
		case name == "version":
			e.Version = value
		case name == "message":
			e.Message = value
		case name == "root":
			e.Root = value
		case name == "bundle":
			e.Bundle = value
		case name == "delimiter":
			e.Delimiter = value
		case name == "encoding":
			e.Encoding = value
		case name == "keep":
			e.Keep = value == "true"
		}
	}
	return e
}

func statusOf(r *mapping.Rule) mapping.Status {
	if r.Status == "" {
		return mapping.Draft
	}
	return r.Status
}

// full is the path of a source with that of its loop, where it is written relative to it.
func (p *paper) full(b *mapping.Block, r *mapping.Rule, path string) string {
	rest, relative := strings.CutPrefix(path, ".")
	if !relative {
		return path
	}
	loop := r.Each
	if loop == "" {
		loop = b.Per
	}
	return strings.TrimSuffix(loop+"."+rest, ".")
}

// sample is what a rule read and wrote in the first sample in which it wrote something.
func (p *paper) sample(id string) (before, after string) {
	if p.Samples == nil {
		return "", ""
	}
	x := p.Samples.examples[id]
	return p.values(x.before), p.values(x.after)
}

func (p *paper) values(list []string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = p.shown(v)
	}
	return strings.Join(out, " | ")
}

// rules is every rule, by the block that it belongs to.
func (p *paper) rules() part {
	out := part{name: "Rules"}
	out.intro = append(out.intro, "Each row is one rule. Its identifier stays the same from version to version. A target is a path below what the block makes; [] is a new item for each repetition, a name in brackets the same item for all rules that name it.")
	if p.report != nil && !p.ShowValues {
		out.intro = append(out.intro, "Samples are shown by their shape: A and a stand for letters, 9 for a digit, a plus for more than three letters.")
	}
	var flat [][]report.Cell
	p.Mapping.Walk(func(b *mapping.Block) {
		if len(b.Rules) == 0 {
			return
		}
		t := table{title: blockTitle(b), columns: p.printColumns()}
		notes := []string{}
		if b.When != "" {
			notes = append(notes, "Only "+conditionWords(b.When)+".")
		}
		if len(b.Key) > 0 {
			notes = append(notes, "The same one where these agree: "+strings.Join(b.Key, ", ")+".")
		}
		if b.Note != "" {
			notes = append(notes, b.Note)
		}
		t.note = strings.Join(notes, " ")
		for i := range b.Rules {
			t.rows = append(t.rows, p.printRow(b, &b.Rules[i]))
			flat = append(flat, p.ruleRow(b, &b.Rules[i]))
		}
		out.tables = append(out.tables, t)
	})
	out.sheet = &report.Sheet{Columns: ruleColumns(), Rows: report.Rows(flat)}
	return out
}

func blockTitle(b *mapping.Block) string {
	title := b.Make
	if title == "." || title == "" {
		title = "the target itself"
	}
	if b.Per != "" {
		title += ", for each " + b.Per
	}
	return title + " (" + b.ID + ")"
}

func (p *paper) printColumns() []column {
	c := []column{{"Rule", 8}, {"Target", 25}, {"Source", 24}, {"Condition", 17}, {"What is done", 22}}
	if p.report != nil {
		c = append(c, column{"Sample: before → after", 28})
	}
	return append(c, column{"Status", 10}, column{"Note", 14})
}

func (p *paper) printRow(b *mapping.Block, r *mapping.Rule) []cell {
	target := p.targetAbout(b, r.To)
	about := target.name
	if target.typ != "" || target.card != "" {
		about = strings.TrimPrefix(about+" · "+strings.TrimSpace(target.typ+" "+target.card), " · ")
	}
	to := codeText(r.To).with(about, soft)
	var from cell
	if r.Each != "" {
		from = from.with("for each "+r.Each, plain)
	}
	for _, in := range r.Inputs {
		from = from.with(in.Name+" = "+in.Path, code).with(p.sourceLine(b, r, in.Path), soft)
	}
	for _, path := range r.From {
		from = from.with(path, code).with(p.sourceLine(b, r, path), soft)
	}
	var done cell
	for _, words := range doneWords(r, target.typ) {
		done = done.with(words, plain)
	}
	row := []cell{codeText(r.ID), to, from, text(conditionWords(r.When)), done}
	if p.report != nil {
		before, after := p.sample(r.ID)
		sample := codeText(before)
		if after != "" {
			sample = sample.with("→ "+after, code)
		}
		if len(sample) == 0 && r.Status != mapping.OutOfScope {
			sample = cell{{"never fired", soft}}
		}
		row = append(row, sample)
	}
	status := cell{{statusWords(r.Status), plain}}
	if r.Status == mapping.Question {
		status[0].style = strong
	}
	return append(row, status.with(r.Owner, soft), text(r.Note))
}

// sourceLine is the name of a source, its usage and how often it is populated.
func (p *paper) sourceLine(b *mapping.Block, r *mapping.Rule, path string) string {
	full := p.full(b, r, path)
	a := p.sourceAbout(full)
	parts := []string{}
	for _, s := range []string{a.name, strings.TrimSpace(a.typ + " " + a.usage)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if n, ok := p.populated(p.place(full)); ok {
		parts = append(parts, share(n, p.report.Samples))
	}
	return strings.Join(parts, " · ")
}

// writeRules writes the rules as CSV for spreadsheets.
func (s Spec) writeRules(ctx context.Context, w io.Writer) error {
	p, err := s.gather()
	if err != nil {
		return err
	}
	return report.ForSpreadsheets.Write(ctx, w, *p.rules().sheet)
}
