package check

import (
	"bytes"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"trestle/internal/dictionary"
)

// valueKind is what a primitive value is checked as.
type valueKind uint8

const (
	valueOther     valueKind = iota // nothing is known about its inside
	valueText                       // ST
	valueFormatted                  // TX, FT
	valueDate                       // DT
	valueTime                       // TM
	valueStamp                      // TS, DTM
	valueNumber                     // NM
	valueSequence                   // SI
	valueCode                       // ID, IS
	valueVaries                     // OBX-5 and the like
	valueComposite                  // has components
)

// fieldPlan is a field, component or subcomponent made ready for checking.
type fieldPlan struct {
	def      dictionary.Field
	kind     valueKind
	required bool
	careful  bool // always read carefully: its type is another field's matter, unknown or withdrawn
	codes    *codeSet
	shape    shape
	parts    []fieldPlan // of a composite: its components
}

// defined reports whether the version knows the position at all.
func (p *fieldPlan) defined() bool { return p != nil && p.def.Position > 0 }

// segmentPlan is a segment made ready for checking.
type segmentPlan struct {
	def    *dictionary.Segment
	fields []fieldPlan
	setID  bool // field 1 counts the segments

	conditionals []*conditionalRule
}

func (p *segmentPlan) field(n int) *fieldPlan {
	if n < 1 || n > len(p.fields) {
		return nil
	}
	return &p.fields[n-1]
}

// codeSet is a table made ready for looking up.
type codeSet struct {
	table  *dictionary.Table
	exact  map[string]bool          // value is true for a deprecated code
	single [256]bool                // the codes of one byte
	hl7    bool                     // defined by HL7, not by the user
	fold   func() map[string]string // lower case of a code or its name -> the code

	elsewhere func() map[string]string // code of other versions -> nearest of them
}

// suggest finds the code that a value outside of the table means: the same in
// another case, or the code whose name the value is.
func (s *codeSet) suggest(value []byte) (string, bool) {
	var room [32]byte
	lower := room[:0]
	for _, b := range bytes.TrimSpace(value) {
		if b >= utf8.RuneSelf || len(lower) == len(room) {
			code, ok := s.fold()[strings.ToLower(strings.TrimSpace(string(value)))]
			return code, ok && code != ""
		}
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower = append(lower, b)
	}
	code, ok := s.fold()[string(lower)]
	return code, ok && code != ""
}

// plans of one version, made when first asked for. They are never dropped:
// a version has fewer than 200 segments.
type versionPlans struct {
	v          *dictionary.Version
	segments   atomic.Pointer[map[string]*segmentPlan] // copied when one is added
	types      atomic.Pointer[map[string]*fieldPlan]   // as segments
	tables     sync.Map                                // string -> *codeSet
	composites sync.Map                                // compositeKey -> string, the version that gives it parts
	relaxes    sync.Map                                // fieldKey -> string, the version that does not require the field
}

var allPlans sync.Map // *dictionary.Version -> *versionPlans

func plansOf(v *dictionary.Version) *versionPlans {
	if p, ok := allPlans.Load(v); ok {
		return p.(*versionPlans)
	}
	p, _ := allPlans.LoadOrStore(v, &versionPlans{v: v})
	return p.(*versionPlans)
}

// conditional are fields that the data calls required and the standard makes
// required under a condition only: OBX-4, if several OBX have one OBX-3.
var conditional = map[string]int{"OBX": 4}

// segment returns the plan of a segment, nil if the version does not define it.
func (p *versionPlans) segment(name string) *segmentPlan {
	made := p.segments.Load()
	if made != nil {
		if s, ok := (*made)[name]; ok {
			return s
		}
	}
	def, ok := p.v.Segment(name)
	if !ok {
		return nil // not kept: the names of senders are without number
	}
	s := &segmentPlan{def: def, fields: make([]fieldPlan, len(def.Fields))}
	for i, f := range def.Fields {
		s.fields[i] = p.plan(f, 0)
		if conditional[name] == i+1 {
			s.fields[i].required = false
		}
	}
	s.setID = len(def.Fields) > 0 && def.Fields[0].Type == "SI" && strings.HasPrefix(strings.ToLower(def.Fields[0].Name), "set id")
	s.conditionals = conditionalsOf[name]
	return keep(&p.segments, name, s)
}

// keep adds a plan to those made already, and returns the one that stays: another
// goroutine may have been faster.
func keep[T any](plans *atomic.Pointer[map[string]*T], name string, plan *T) *T {
	for {
		made := plans.Load()
		more := map[string]*T{name: plan}
		if made != nil {
			maps.Copy(more, *made)
		}
		if plans.CompareAndSwap(made, &more) {
			return more[name]
		}
	}
}

// typed returns the plan of a value of a data type, for OBX-5; nil if the
// version does not define the type.
func (p *versionPlans) typed(name string) *fieldPlan {
	made := p.types.Load()
	if made != nil {
		if t, ok := (*made)[name]; ok {
			return t
		}
	}
	def, ok := p.v.Type(name)
	if !ok {
		return nil
	}
	t := p.plan(dictionary.Field{Position: 1, Name: def.Description, Type: def.Name}, 0)
	if len(t.parts) == 0 && len(def.Components) > 0 && t.kind != valueStamp {
		t.kind = valueComposite
		for _, f := range def.Components {
			t.parts = append(t.parts, p.plan(f, 1))
		}
	}
	return keep(&p.types, name, &t)
}

// maxDepth: a field has components, a component subcomponents, no further.
const maxDepth = 2

func (p *versionPlans) plan(f dictionary.Field, depth int) fieldPlan {
	out := fieldPlan{def: f, required: f.Usage == "R", kind: kindOf(f.Type)}
	out.careful = out.kind == valueVaries || f.Type == "" || f.Usage == "W" || f.Usage == "X"
	parts := f.Components()
	if len(parts) > 0 && depth < maxDepth {
		out.kind = valueComposite
		if depth == 0 {
			out.shape = shapeOf(f.Type)
		}
		for _, part := range parts {
			out.parts = append(out.parts, p.plan(part, depth+1))
		}
		switch f.Type {
		case "TS":
			out.parts[0].kind = valueStamp
		case "CM":
			// The component lists of CM come from schemas, not from the
			// standard: good for names, not for judging values.
			for i := range out.parts {
				out.parts[i].kind, out.parts[i].codes, out.parts[i].parts = valueOther, nil, nil
			}
		}
		if f.Table != "" && (f.Type == "CE" || f.Type == "CWE" || f.Type == "CNE") {
			out.codes = p.codes(f.Table)
		}
		return out
	}
	if out.kind == valueCode && f.Table != "" {
		out.codes = p.codes(f.Table)
	}
	return out
}

func kindOf(typ string) valueKind {
	switch typ {
	case "ST":
		return valueText
	case "TX", "FT":
		return valueFormatted
	case "DT":
		return valueDate
	case "TM":
		return valueTime
	case "TS", "DTM":
		return valueStamp
	case "NM":
		return valueNumber
	case "SI":
		return valueSequence
	case "ID", "IS":
		return valueCode
	case "varies":
		return valueVaries
	}
	return valueOther
}

// openTables are checked elsewhere or take values by a rule, not by a list:
// message types, events, structures, versions, coding systems, value types,
// character sets.
var openTables = map[string]bool{
	"0003": true, "0076": true, "0104": true, "0125": true, "0211": true, "0354": true, "0396": true, "0399": true,
}

// extended are tables of HL7 that take local codes by the words of the standard:
// source of comment (HL7 2.5.1 section 2.15.10.2), identifier type (2.A.14.5).
var extended = map[string]bool{"0105": true, "0203": true}

// codes returns the table for checking; nil if there is nothing to check.
func (p *versionPlans) codes(id string) *codeSet {
	if openTables[id] {
		return nil
	}
	if s, ok := p.tables.Load(id); ok {
		return s.(*codeSet)
	}
	var s *codeSet
	if t, ok := p.v.Table(id); ok && t.Listed && len(t.Codes) > 0 && !rangesOnly(t) {
		s = newCodeSet(p.v, t)
	}
	kept, _ := p.tables.LoadOrStore(id, s)
	return kept.(*codeSet)
}

// rangesOnly reports whether a table describes its values instead of listing
// them: "...", "No suggested values", "0-9".
func rangesOnly(t *dictionary.Table) bool {
	for _, c := range t.Codes {
		if strings.Contains(c.Value, "...") || strings.Contains(c.Value, "…") || strings.ContainsAny(c.Value, "<>") && strings.Contains(c.Value, " ") {
			return true
		}
	}
	return false
}

func newCodeSet(v *dictionary.Version, t *dictionary.Table) *codeSet {
	s := &codeSet{table: t, exact: make(map[string]bool, len(t.Codes)), hl7: strings.EqualFold(t.Kind, "hl7") && !extended[t.ID]}
	for _, c := range t.Codes {
		s.exact[c.Value] = c.Deprecated
		if len(c.Value) == 1 {
			s.single[c.Value[0]] = true
		}
	}
	s.elsewhere = sync.OnceValue(func() map[string]string { return elsewhere(v, t.ID) })
	s.fold = sync.OnceValue(func() map[string]string {
		fold := make(map[string]string, 2*len(t.Codes))
		put := func(key, code string) {
			key = strings.ToLower(strings.TrimSpace(key))
			if old, taken := fold[key]; taken && old != code {
				code = "" // two codes answer: no suggestion is certain
			}
			fold[key] = code
		}
		for _, c := range t.Codes {
			put(c.Display, c.Value)
		}
		for _, c := range t.Codes {
			// The code itself in another case is the stronger answer.
			fold[strings.ToLower(c.Value)] = c.Value
		}
		return fold
	})
	return s
}
