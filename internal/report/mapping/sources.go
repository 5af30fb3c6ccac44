package mappaper

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/report"
)

// messages lists the messages that the mapping is for, and what is made of each.
func (p *paper) messages() part {
	f := p.Mapping
	out := part{name: "Messages"}
	if f.Note != "" {
		out.intro = append(out.intro, f.Note)
	}
	var flat [][]report.Cell
	list := table{title: "Received", columns: []column{{"Message", 14}, {"Event", 40}, {"Structure", 20}, {"In the samples", 14}}}
	if f.Source.Kind == mapping.HL7v2 {
		for _, m := range p.messageTypes() {
			list.rows = append(list.rows, []cell{codeText(m.name), text(m.event), codeText(m.structure), text(m.count)})
			flat = append(flat, report.Texts("received", m.name, m.event, m.structure, "", "", "", "", "", m.count))
		}
	}
	if len(list.rows) > 0 {
		out.tables = append(out.tables, list)
	} else {
		out.intro = append(out.intro, "Received: "+endWords(f.Source)+".")
	}
	made := table{title: "Made of each message", columns: []column{{"Block", 15}, {"Makes", 16}, {"Once for each", 16}, {"Only", 34}, {"The same one if these agree", 24}, {"Rules", 6}}}
	f.Walk(func(b *mapping.Block) {
		makes := b.Make
		if b.Drop {
			makes += takenOut
		}
		per := b.Per
		if per == "" {
			per = wholeMessage
		}
		key := strings.Join(b.Key, ", ")
		made.rows = append(made.rows, []cell{codeText(b.ID), codeText(makes).with(b.Note, soft), codeText(per), text(conditionWords(b.When)), codeText(key), text(strconv.Itoa(len(b.Rules)))})
		flat = append(flat, report.Texts(madeMark, makes, b.Note, "", b.ID, per, conditionWords(b.When), strings.Join(b.Key, sourceSeparator), p.inside()[b.ID], strconv.Itoa(len(b.Rules)), b.Data))
	})
	out.tables = append(out.tables, made)
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "What", Width: 10}, {Title: titleMade, Width: 26}, {Title: titleEvent, Width: 44}, {Title: "Structure", Width: 14},
		{Title: titleBlock, Width: 18}, {Title: titleOnce, Width: 16}, {Title: titleCondition, Width: 50}, {Title: titleKey, Width: 30}, {Title: titleInside, Width: 18}, {Title: "In the samples, or rules", Width: 22}, {Title: titleData, Width: 16}}, Rows: report.Rows(flat)}
	return out
}

// What the sheet of messages says of blocks. [Read] knows it.
const (
	titleMade, titleEvent, titleOnce = "Message, or what is made", "Event, or note", "Once for each"
	titleData                        = "Kind of data"
	madeMark, wholeMessage, takenOut = "made", "message", " (taken out)"
)

type messageRow struct{ name, event, structure, count string }

// messageTypes are those of the samples, or the one that the mapping names.
func (p *paper) messageTypes() (rows []messageRow) {
	if p.Samples != nil {
		for _, c := range byCount(p.Samples.messages) {
			typ, event, _ := strings.Cut(c.name, "^")
			row := messageRow{name: c.name, count: strconv.Itoa(c.n)}
			row.event, _ = p.source.Trigger(event)
			row.structure, _ = p.source.StructureOf(typ, event)
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 && p.Mapping.Source.Message != "" {
		row := messageRow{name: p.Mapping.Source.Message, structure: p.Mapping.Source.Message}
		if s, ok := p.source.Structure(p.Mapping.Source.Message); ok {
			row.event = s.Name
		}
		rows = append(rows, row)
	}
	return rows
}

// sourceRow is one field of the source.
type sourceRow struct {
	about
	group   string // the segment, or the resource
	seq     int
	path    string
	state   string // mapped, left out, not mapped, required
	reason  string
	parts   []string // components that are read, such as 4.1
	rules   []string
	samples int
	example string
}

// sources is the segment detail: every field that is read, left out, populated or required.
func (p *paper) sources() part {
	out := part{name: "Source fields"}
	out.intro = append(out.intro, "Fields that a rule reads, that are left out on purpose, that samples hold or that the standard requires. Usage: R required, O optional, C conditional, B backward compatible, W withdrawn, as the standard has them.")
	if p.Mapping.Source.Kind != mapping.HL7v2 {
		out.intro[0] = "Places of the source that a rule reads, that are left out on purpose or that samples hold."
	}
	var flat [][]report.Cell
	groups := p.sourceRows()
	for _, rows := range groups {
		t := table{title: rows[0].group, columns: p.sourceColumns()}
		if p.Mapping.Source.Kind == mapping.HL7v2 {
			if name := p.source.NameOf(hl7.Path{Segment: rows[0].group}); name != "" {
				t.title += ": " + name
			}
		}
		for _, r := range rows {
			t.rows = append(t.rows, p.sourceCells(r))
			seq := ""
			if r.seq > 0 {
				seq = strconv.Itoa(r.seq)
			}
			flat = append(flat, []report.Cell{report.Text(r.group), report.Text(seq), report.Text(r.path), report.Text(r.name), report.Text(r.typ), report.Text(r.length), report.Text(r.usage), report.Text(r.card), report.Text(r.table),
				report.Text(r.state), report.Text(r.reason), report.Text(strings.Join(r.rules, ", ")), p.count(r.samples), report.Text(r.example)})
		}
		out.tables = append(out.tables, t)
	}
	if len(groups) == 0 {
		out.intro = []string{"No rule reads anything."}
	}
	out.sheet = &report.Sheet{Columns: []report.Column{{Title: "Segment"}, {Title: "Seq", Width: 6}, {Title: "Field", Width: 14}, {Title: "Name", Width: 36}, {Title: "Type", Width: 8}, {Title: "Length", Width: 8}, {Title: "Usage", Width: 8}, {Title: "Cardinality", Width: 11},
		{Title: "Table", Width: 8}, {Title: "State", Width: 14}, {Title: "Reason", Width: 40}, {Title: "Read by", Width: 36}, {Title: "Samples that hold it", Width: 12}, {Title: "Example", Width: 30}}, Rows: report.Rows(flat)}
	return out
}

// count is a number of samples; empty where there were none.
func (p *paper) count(n int) report.Cell {
	if p.report == nil {
		return report.Text("")
	}
	return report.Int(n)
}

func (p *paper) sourceColumns() []column {
	if p.Mapping.Source.Kind == mapping.HL7v2 {
		c := []column{{"Seq", 5}, {"Field", 30}, {"Type", 7}, {"Len", 6}, {"Use", 5}, {"Card.", 7}, {"Table", 7}, {"Read by", 30}}
		if p.report != nil {
			c = append(c, column{"Populated", 11}, column{p.exampleTitle(), 22})
		}
		return c
	}
	c := []column{{"Place", 34}, {"Type", 14}, {"Card.", 8}, {"Read by", 34}}
	if p.report != nil {
		c = append(c, column{"Populated", 12}, column{p.exampleTitle(), 24})
	}
	return c
}

func (p *paper) exampleTitle() string { return yesNo(p.ShowValues, "Example", "Shape") }

func (p *paper) sourceCells(r sourceRow) []cell {
	read := codeText(few(r.rules, 6))
	if len(r.parts) > 0 {
		parts := slices.SortedFunc(slices.Values(r.parts), byNumber)
		read = read.with(yesNo(len(parts) == 1, "component ", "components ")+few(parts, 8), soft)
	}
	switch r.state {
	case leftOut:
		read = read.with("left out: "+r.reason, soft)
	case notMapped:
		read = read.with(notMapped, strong)
	case notSaid:
		read = read.with(notSaid, soft)
	}
	populated := text(share(r.samples, len1(p.report)))
	if p.Mapping.Source.Kind == mapping.HL7v2 {
		cells := []cell{text(strconv.Itoa(r.seq)), codeText(r.path).with(r.name, soft), text(r.typ), text(r.length), text(r.usage), text(r.card), text(r.table), read}
		if p.report != nil {
			cells = append(cells, populated, codeText(r.example))
		}
		return cells
	}
	cells := []cell{codeText(r.path).with(r.name, soft), text(r.typ), text(r.card), read}
	if p.report != nil {
		cells = append(cells, populated, codeText(r.example))
	}
	return cells
}

func len1(r *mapping.Report) int {
	if r == nil {
		return 0
	}
	return r.Samples
}

// byNumber compares components such as 4.1 and 12.
func byNumber(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// States of a source field.
const (
	mapped    = "mapped"
	leftOut   = "left out"
	notMapped = "not mapped"
	notSaid   = "required by the standard, not read"
)

// sourceRows are the fields by segment, in the order in which the mapping names the segments.
func (p *paper) sourceRows() [][]sourceRow {
	rows := map[string]*sourceRow{}
	var order, groups []string
	at := func(path string) *sourceRow {
		group, place, part, seq := p.split(path)
		if place == "" {
			return nil
		}
		r := rows[place]
		if r == nil {
			r = &sourceRow{about: p.sourceAbout(place), group: group, path: place, seq: seq}
			rows[place] = r
			order = append(order, place)
			if !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
		if part != "" && !slices.Contains(r.parts, part) {
			r.parts = append(r.parts, part)
		}
		return r
	}
	for _, u := range p.uses {
		if r := at(p.place(u.Path)); r != nil {
			r.state = mapped
			if !slices.Contains(r.rules, u.ID) {
				r.rules = append(r.rules, u.ID)
			}
		}
	}
	for _, l := range p.Mapping.LeftOut {
		if r := at(p.place(l.Path)); r != nil && r.state == "" {
			r.state, r.reason = leftOut, l.Reason
		}
	}
	for i := range p.fields {
		f := &p.fields[i]
		if group, place, _, _ := p.split(f.Path); place != "" && (p.Mapping.Source.Kind != mapping.HL7v2 || slices.Contains(groups, group) || group[0] == 'Z') {
			r := rows[place]
			if r == nil {
				r = at(place)
			}
			if r.state == "" {
				r.state = notMapped
				if f.LeftOut != "" {
					r.state, r.reason = leftOut, f.LeftOut
				}
			}
		}
	}
	p.required(groups, at)
	var list [][]sourceRow
	for _, g := range groups {
		var of []sourceRow
		for _, place := range order {
			r := rows[place]
			if r.group != g {
				continue
			}
			r.samples, _ = p.populated(place)
			r.example = p.exampleOf(place)
			of = append(of, *r)
		}
		if p.Mapping.Source.Kind == mapping.HL7v2 {
			slices.SortStableFunc(of, func(a, b sourceRow) int { return cmp.Compare(a.seq, b.seq) })
		}
		list = append(list, of)
	}
	return list
}

// required adds the fields that the standard requires in the segments of the mapping.
func (p *paper) required(groups []string, at func(string) *sourceRow) {
	if p.Mapping.Source.Kind != mapping.HL7v2 {
		return
	}
	for _, g := range groups {
		s, ok := p.source.Segment(g)
		if !ok {
			continue
		}
		for n := range s.Fields {
			if f := s.Fields[n]; f.Usage == "R" && (g != "MSH" || f.Position > 2) {
				if r := at(fmt.Sprintf("%s-%d", g, f.Position)); r != nil && r.state == "" {
					r.state = notSaid
				}
			}
		}
	}
}

// split takes a path apart: its segment, its field, the components that are meant and the number of the field.
func (p *paper) split(path string) (group, place, part string, seq int) {
	switch p.Mapping.Source.Kind {
	case mapping.HL7v2:
		q, err := hl7.ParsePath(path)
		if err != nil || q.Field <= 0 {
			return "", "", "", 0
		}
		field := hl7.Path{Segment: q.Segment, Field: q.Field}
		if q.Component > 0 {
			part = strings.TrimPrefix(path, field.String()+".")
		}
		return q.Segment, field.String(), part, q.Field
	case mapping.FHIR:
		if resource, _, ok := strings.Cut(path, "."); ok && p.definitions.IsResource(resource) {
			return resource, path, "", 0
		}
	}
	return "Source", path, "", 0
}
