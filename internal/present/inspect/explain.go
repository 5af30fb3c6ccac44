package inspect

import (
	"fmt"
	"strings"

	"trestle/internal/check/profile"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	"trestle/internal/present/screen"
)

// Explanation is what the dictionary says of a field: facts, not the words of the standard.
type Explanation struct {
	Title  string      // path and name
	Facts  [][2]string // what, and how it is
	Codes  screen.Grid // of the field's table, nil where there is none
	Chosen int         // the row of Codes that the value is, -1 for none
	Table  string      // the table's number and name
}

// usages are what the letters of the standard stand for.
var usages = map[string]string{
	"R": "required", "O": "optional", "C": "conditional", "B": "kept for older systems", "X": "not supported", "W": "withdrawn",
}

// Explain says what the dictionary knows of the segment or field at the cursor.
func (m *Model) Explain() (e Explanation, ok bool) {
	o := &m.open
	p := o.path
	if o.id == 0 || p.Segment == "" {
		return e, false
	}
	e.Chosen = -1
	p.Occurrence, p.Repetition = 0, 0
	e.Title = p.String()
	if name := o.version.NameOf(p); name != "" {
		e.Title += "  " + name
	}
	e.add("HL7 version", versionWords(o.row.Version, o.version, o.exact))
	if p.Field == 0 {
		e.segment(o.version, p.Segment)
		return e, true
	}
	e.field(o.version, p)
	m.explainAgreed(&e, p)
	m.explainCodes(&e, p)
	return e, true
}

// explainAgreed says what the chosen profile says of a place of the open message.
func (m *Model) explainAgreed(e *Explanation, p hl7.Path) {
	agreed := m.agreed.chosen
	if agreed == nil {
		return
	}
	if p.Component == 0 && p.Field > 0 {
		e.add("In the profile", agreed.FieldName(p.Segment, p.Field))
	}
	if f, rules, ok := m.agreedOn(p); ok {
		words := f.Words()
		if more := f.Conditions(); more != "" {
			words += "; " + more
		}
		e.add("Agreed", words+" ("+supportWords(agreed, agreed.RuleEvidence(rules, f.Evidence))+")")
	}
}

// agreedOn is the rule of the chosen profile for a place of the open message, whatever segment and repetition.
func (m *Model) agreedOn(p hl7.Path) (*profile.FieldRule, *profile.Message, bool) {
	if m.agreed.chosen == nil {
		return nil, nil, false
	}
	rules, ok := m.agreed.chosen.RulesOf(m.open.message)
	if !ok {
		return nil, nil, false
	}
	for i := range rules.Fields {
		f := &rules.Fields[i]
		if f.Path.Segment == p.Segment && f.Path.Field == p.Field && f.Path.Component == p.Component && f.Path.Subcomponent == p.Subcomponent {
			return f, rules, true
		}
	}
	return nil, nil, false
}

func (e *Explanation) add(what, how string) {
	if how != "" {
		e.Facts = append(e.Facts, [2]string{what, how})
	}
}

func (e *Explanation) segment(v *dictionary.Version, id string) {
	s, ok := v.Segment(id)
	if !ok {
		e.add("Defined", "not in this version; the two systems must agree on it")
		return
	}
	e.add("Fields", fmt.Sprint(len(s.Fields)))
	e.add("Section", s.Section)
}

func (e *Explanation) field(v *dictionary.Version, p hl7.Path) {
	f, ok := v.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent)
	if !ok {
		if later, def, found := dictionary.DefinedLater(v.Name, p.Segment, p.Field); found {
			e.add("Defined", "from version "+later+" on: "+def.Name)
		} else {
			e.add("Defined", "in no version that is known here")
		}
		return
	}
	kind := f.Type
	if t, ok := v.Type(f.Type); ok && t.Description != "" {
		kind += "  " + t.Description
	}
	e.add("Data type", kind)
	var parts []string
	for _, c := range f.Components() {
		if c.Defined() {
			parts = append(parts, fmt.Sprintf("%d %s", c.Position, c.Name))
		}
	}
	e.add("Components", strings.Join(parts, ", "))
	usage := f.Usage
	if words := usages[f.Usage]; words != "" {
		usage = words
	}
	e.add("Usage", usage)
	if p.Component == 0 {
		e.add("Repeats", repeats(f.Repeat))
	}
	e.add("Length", lengths(f))
	if f.Item != "" {
		e.add("Data element", f.Item)
	}
	e.add("Section", f.Section)
}

func repeats(n int) string {
	switch n {
	case 0:
		return "any number of times"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times at most", n)
}

func lengths(f dictionary.Field) string {
	var words []string
	switch {
	case f.MinLength > 0 && f.MaxLength > 0 && f.MinLength != f.MaxLength:
		words = append(words, fmt.Sprintf("%d to %d", f.MinLength, f.MaxLength))
	case f.MaxLength > 0:
		words = append(words, fmt.Sprintf("%d at most", f.MaxLength))
	}
	if f.ConformanceLength > 0 {
		words = append(words, fmt.Sprintf("%d must be kept by a receiver", f.ConformanceLength))
	}
	return strings.Join(words, "; ")
}

// explainCodes takes up the table of a field, with the row that the value under the cursor is.
func (m *Model) explainCodes(e *Explanation, p hl7.Path) {
	f, ok := m.open.version.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent)
	if !ok || f.Table == "" {
		return
	}
	t, ok := m.open.version.Table(f.Table)
	if !ok {
		e.Table = f.Table
		return
	}
	e.Table = t.ID + "  " + t.Name
	if t.Kind == "user" {
		e.Table += ", sites may add their own codes"
	}
	if len(t.Codes) == 0 {
		return
	}
	e.Codes = codeGrid(t.Codes)
	if !m.masked {
		value := m.open.message.Get(m.open.path).Text()
		for i, c := range t.Codes {
			if c.Value == value {
				e.Chosen = i
			}
		}
	}
}

type codeGrid []dictionary.Code

var codeColumns = []screen.Column{
	{ID: "code", Title: "Code", Width: 90, Mono: true, Fixed: true},
	{ID: "display", Title: "Meaning", Width: 240, Flex: true, Fixed: true},
}

func (g codeGrid) Columns() []screen.Column { return codeColumns }
func (g codeGrid) Len() int                 { return len(g) }
func (g codeGrid) Cell(row, col int) screen.Cell {
	if col == 0 {
		return screen.Cell{Text: g[row].Value}
	}
	text := g[row].Display
	if g[row].Deprecated {
		text += "  (not for new use)"
	}
	return screen.Cell{Text: text, Role: screen.RoleMuted}
}

// HintAt says in one line what stands at a byte of the open message, "" where that is no field.
func (m *Model) HintAt(offset int) string {
	o := &m.open
	if o.id == 0 || !o.isHL7 || offset < 0 {
		return ""
	}
	p := o.message.Locate(offset)
	if p.Segment == "" {
		return ""
	}
	words := []string{p.String()}
	if name := o.version.NameOf(p); name != "" {
		words[0] += "  " + name
	}
	if f, ok := o.version.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent); p.Field > 0 && ok {
		words = append(words, f.Type, usages[f.Usage], lengths(f))
		if f.Table != "" {
			words = append(words, "table "+f.Table+m.codeWords(p, f.Table))
		}
	}
	kept := words[:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "  ·  ")
}

// codeWords is what the code at a path stands for.
func (m *Model) codeWords(p hl7.Path, table string) string {
	v := m.open.message.Get(p)
	if m.masked || len(v.Raw()) > 64 {
		return ""
	}
	if t, ok := m.open.version.Table(table); ok {
		if c, ok := t.Code(v.Text()); ok {
			return ": " + c.Display
		}
	}
	return ""
}

// LeadAt is the ID of the segment that a line of the raw view shows.
func (m *Model) LeadAt(line int) string {
	o := &m.open
	if !o.isHL7 || o.hexView {
		return ""
	}
	if s, ok := o.message.SegmentAt(o.raw.Offset(line, 0)); ok {
		return s.ID()
	}
	return ""
}

// settingWrap keeps that the raw view wraps.
const settingWrap = "inspect.wrap"

// Wraps says whether the raw view breaks long segments at its edge.
func (m *Model) Wraps() bool { return m.wraps }

// SetWraps breaks long segments at the edge of the raw view, or shows one segment a line. The project keeps the choice.
func (m *Model) SetWraps(on bool) {
	if m.wraps == on {
		return
	}
	m.wraps = on
	word := "off"
	if on {
		word = "on"
	}
	m.keepSetting(settingWrap, word, "Could not keep the choice")
	m.Changed(Message)
}
