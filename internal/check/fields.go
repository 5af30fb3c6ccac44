package check

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// headerChecked are the fields of MSH that the header checks speak of.
var headerChecked = [...]bool{1: true, 2: true, 7: true, 9: true, 10: true, 11: true, 12: true, 18: true}

// segments checks the fields of every segment.
func (c *checker) segments() {
	if c.has(codeLiteralBreaks) {
		return // MSH holds the whole message
	}
	c.quick.ready(c)
	sets := make(setIDs, 0, 16)
	var plan *segmentPlan
	lastName := ""
	for s := range c.m.Segments() {
		switch s.Kind() {
		case hl7.LineBadID:
			c.badID(s)
			c.plain(s)
			continue
		case hl7.LineSegment:
		default:
			continue
		}
		if c.skip[s.Index()] {
			continue
		}
		name := s.Name()
		if name != lastName { // one OBX follows another
			lastName, plan = name, c.plans.segment(name)
		}
		if plan == nil || c.blind {
			if !c.blind {
				c.unknownSegment(s, name)
			}
			c.plain(s)
			continue
		}
		if s.IsHeader() && name != "MSH" {
			continue // an envelope is the container's matter
		}
		c.fields(s, name, plan)
		if plan.setID {
			sets.check(c, s, name)
		} else {
			sets.other(name)
		}
		switch name {
		case "OBX":
			c.observation(s)
		case "DSC", "ADD":
			c.continued(s, name)
		case "PID":
			c.authority(s, 3, "patient")
		case "MRG":
			c.authority(s, 1, "prior patient")
		}
		for _, rule := range plan.conditionals {
			c.conditional(s, rule)
		}
	}
}

// plain looks at the values of a segment of which nothing is known.
func (c *checker) plain(s hl7.Segment) {
	if c.escape == "" || !bytes.Contains(s.Bytes(), []byte(c.escape)) {
		return
	}
	for n, v := range s.All() {
		if !s.IsHeader() || n > 2 {
			c.escapesWithin(place{segment: s, field: n}, v)
		}
	}
}

// unknownSegment reports a name once, with how often it stands in the message.
func (c *checker) unknownSegment(s hl7.Segment, name string) {
	if c.seen[name] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[name] = true
	times := ""
	if n := c.count(name); n > 1 {
		times = " It stands here " + plural(n, "time", "times") + "."
	}
	at := place{segment: s}.String()
	if name[0] == 'Z' {
		where := ""
		if before, ok := c.segmentBefore(s); ok {
			where = " after " + before.Name()
		}
		c.add(codeSegmentZ, at, s.Offset(), 3, "%s%s is a segment of the sender's own; a receiver that does not know it ignores it.%s", name, where, times)
		return
	}
	where := "no version of HL7 v2 defines it"
	if first := firstVersionWith(func(v *dictionary.Version) bool { _, ok := v.Segment(name); return ok }, c.v.Name); first != "" {
		where = first + " defines it"
	}
	c.add(codeSegmentUnknown, at, s.Offset(), 3, "HL7 %s does not define the segment %s (%s); a receiver ignores it.%s", c.v.Name, name, where, times)
}

func (c *checker) count(name string) int {
	n := 0
	for s := range c.m.Segments() {
		if s.Name() == name {
			n++
		}
	}
	return n
}

func checkedInHeader(field int) bool { return field < len(headerChecked) && headerChecked[field] }

// fields checks the fields of one segment against its plan.
func (c *checker) fields(s hl7.Segment, name string, plan *segmentPlan) {
	last := 0
	c.typ, c.observed = hl7.Value{}, hl7.Value{}
	header := name == "MSH"
	for n, v := range s.All() {
		last = n
		if header && n <= 2 {
			continue
		}
		f := plan.field(n)
		if name == "OBX" && c.isObservation(n, f, v) {
			continue
		}
		raw := v.Raw()
		if len(raw) == 0 {
			if f != nil && f.required && !(header && checkedInHeader(n)) {
				c.required(s, n, f, v.Offset())
			}
			continue
		}
		if f == nil || !f.defined() {
			c.beyond(s, name, n, v)
			continue
		}
		if !c.quick.fine(f, raw, f.def.Repeat) {
			c.field(place{segment: s, field: n}, f, v)
		}
	}
	for n := last + 1; n <= len(plan.fields); n++ {
		if f := &plan.fields[n-1]; f.required && !(header && checkedInHeader(n)) {
			c.required(s, n, f, s.End())
		}
	}
}

// isObservation keeps OBX-2 and OBX-5, which are looked at together afterwards.
func (c *checker) isObservation(n int, f *fieldPlan, v hl7.Value) bool {
	switch n {
	case 2:
		c.typ = v
		return true
	case 5:
		c.observed = v
		return f != nil && f.kind == valueVaries && len(v.Raw()) > 0
	}
	return false
}

func (c *checker) required(s hl7.Segment, n int, f *fieldPlan, offset int) {
	if c.full(codeFieldRequired) {
		c.counts[codeFieldRequired.index]++
		return
	}
	at := place{segment: s, field: n}.String()
	if later := c.plans.relaxed(s.Name(), n); later != "" {
		c.say(codeFieldRequired, at, offset, 0, s.Name()+"-"+strconv.Itoa(n)+" ("+f.def.Name+") is empty; HL7 "+c.v.Name+" requires it, "+later+" does not any more, and few receivers ask for it.").Severity = Information
		return
	}
	c.say(codeFieldRequired, at, offset, 0, s.Name()+"-"+strconv.Itoa(n)+" ("+f.def.Name+") is empty, but HL7 "+c.v.Name+" requires it.")
}

// beyond reports a field that the version does not define, once for each field
// of a segment name: what repeats in a thousand OBX is one thing to know.
func (c *checker) beyond(s hl7.Segment, name string, n int, v hl7.Value) {
	c.escapesWithin(place{segment: s, field: n}, v)
	if !c.firstTime("beyond", place{segment: s, field: n}) {
		return
	}
	at := place{segment: s, field: n}.String()
	if later, f, ok := dictionary.DefinedLater(c.v.Name, name, n); ok {
		c.say(codeFieldBeyond, at, v.Offset(), len(v.Raw()), name+"-"+strconv.Itoa(n)+" is not defined in HL7 "+c.v.Name+"; from "+later+" on it is "+f.Name+". A receiver ignores it.")
		return
	}
	c.say(codeFieldBeyond, at, v.Offset(), len(v.Raw()), name+"-"+strconv.Itoa(n)+" is not defined in HL7 "+c.v.Name+" nor in a later version. A receiver ignores it.")
}

// fieldKey is a field of any segment of a name.
type fieldKey struct {
	what, name string
	field      int
}

// firstTime reports whether this is the first finding of a sort for a field of
// a segment name: what repeats in a thousand OBX is one thing to know.
func (c *checker) firstTime(what string, at place) bool {
	key := fieldKey{what, at.segment.Name(), min(at.field, 1000)}
	if slices.Contains(c.told, key) || c.more[key] {
		return false
	}
	if len(c.told) < cap(c.told) || cap(c.told) == 0 { // a message has few: a short list is faster than a map
		if c.told == nil {
			c.told = make([]fieldKey, 0, 32)
		}
		c.told = append(c.told, key)
		return true
	}
	if c.more == nil {
		c.more = map[fieldKey]bool{}
	}
	c.more[key] = true
	return true
}

// field checks a field that has bytes.
func (c *checker) field(at place, f *fieldPlan, v hl7.Value) {
	if withdrawn := f.def.Usage == "W" || f.def.Usage == "X"; withdrawn || f.def.Type == "" {
		if withdrawn && c.firstTime("withdrawn", at) {
			c.add(codeFieldWithdrawn, at.String(), v.Offset(), len(v.Raw()), "HL7 %s has withdrawn %s-%d (%s). A receiver ignores it.", c.v.Name, at.segment.Name(), at.field, f.def.Name)
		}
		c.escapesWithin(at, v)
		return
	}
	if f.kind == valueVaries {
		if at.segment.Name() != "OBX" {
			c.escapesWithin(at, v)
		}
		return // OBX-5 is checked with OBX-2
	}
	c.repetitions(at, f, v)
}

// repetitions checks each repetition of a field.
func (c *checker) repetitions(at place, f *fieldPlan, v hl7.Value) {
	if c.repetition == "" || !bytes.Contains(v.Raw(), []byte(c.repetition)) {
		c.value(at, f, v)
		return
	}
	n := 0
	for r := range v.AllRepetitions() {
		n++
		at.rep = n
		if allowed := f.def.Repeat; allowed > 0 && n == allowed+1 {
			c.tooMany(at, f, v, r, allowed)
		}
		if len(r.Raw()) > 0 {
			c.value(at, f, r)
		}
	}
}

// tooMany reports the first repetition that the version does not allow. In a
// text it is more likely a tilde that nobody escaped.
func (c *checker) tooMany(at place, f *fieldPlan, field, r hl7.Value, allowed int) {
	if len(bytes.Trim(field.Raw()[r.Offset()-field.Offset():], c.repetition)) == 0 {
		return // only separators follow
	}
	if f.kind == valueText || f.kind == valueFormatted {
		at.rep = 0
		c.add(codeSeparator, at.String(), r.Offset()-len(c.repetition), len(c.repetition),
			"%s-%d (%s) is one text, but the repetition separator %s stands in it; it was probably meant as a character and should be \\R\\.",
			at.segment.Name(), at.field, f.def.Name, c.repetition)
		return
	}
	c.add(codeRepetitions, at.String(), r.Offset(), len(r.Raw()), "%s-%d (%s) can occur %s in HL7 %s. A receiver ignores further repetitions.",
		at.segment.Name(), at.field, f.def.Name, plural(allowed, "time", "times"), c.v.Name)
}

// value checks a whole value: a repetition of a field.
func (c *checker) value(at place, f *fieldPlan, v hl7.Value) {
	if v.State() == hl7.Null {
		return
	}
	raw := v.Raw()
	if c.components(raw) == 0 && c.subcomponents(raw) == 0 && f.kind != valueComposite {
		c.leaf(at, f, v)
		return
	}
	if f.kind != valueComposite {
		c.partsInPrimitive(at, f, v)
		return
	}
	n := 0
	for part := range v.AllComponents() {
		n++
		if len(part.Raw()) == 0 {
			continue
		}
		at.comp = n
		c.component(at, f, n, part)
	}
	at.comp = 0
	c.lengthOf(at, f, raw, v.Offset())
	if f.codes != nil {
		c.codedElement(at, f, v)
	}
	if f.shape != shapeNone {
		c.shaped(at, f.shape, v)
	}
}

// component checks a component that has bytes.
func (c *checker) component(at place, f *fieldPlan, n int, v hl7.Value) {
	if v.State() == hl7.Null {
		return
	}
	if n > len(f.parts) || !f.parts[n-1].defined() {
		c.componentBeyond(at, f, v)
		return
	}
	p := &f.parts[n-1]
	raw := v.Raw()
	sub := c.subcomponents(raw)
	if p.kind != valueComposite {
		if sub > 0 {
			c.partsInPrimitive(at, p, v)
			return
		}
		c.leaf(at, p, v)
		return
	}
	k := 0
	for part := range v.AllSubcomponents() {
		k++
		if len(part.Raw()) == 0 || part.State() == hl7.Null {
			continue
		}
		if sub > 0 {
			at.subcmp = k
		}
		if k > len(p.parts) || !p.parts[k-1].defined() {
			c.componentBeyond(at, p, part)
			continue
		}
		c.leaf(at, &p.parts[k-1], part)
	}
}

func (c *checker) componentBeyond(at place, f *fieldPlan, v hl7.Value) {
	c.escapesWithin(at, v)
	if !c.firstTime("parts", at) {
		return
	}
	c.say(codeComponentBeyond, at.String(), v.Offset(), len(v.Raw()),
		"The data type "+f.def.Type+" ("+f.def.Name+") has "+plural(len(f.parts), "part", "parts")+" in HL7 "+c.v.Name+". A receiver ignores what comes after.")
}

func (c *checker) components(raw []byte) int {
	if c.comp == "" {
		return 0
	}
	return bytes.Count(raw, []byte(c.comp))
}

func (c *checker) subcomponents(raw []byte) int {
	if c.sub == "" {
		return 0
	}
	return bytes.Count(raw, []byte(c.sub))
}

// partsInPrimitive judges separators in a value that has no parts: a field
// that later versions made composite, a text that was not escaped, or a
// mistake. Empty parts at the end say nothing.
func (c *checker) partsInPrimitive(at place, f *fieldPlan, v hl7.Value) {
	raw := v.Raw()
	c.escapesWithin(at, v)
	trimmed := bytes.TrimRight(raw, c.comp+c.sub)
	if c.components(trimmed) == 0 && c.subcomponents(trimmed) == 0 {
		return
	}
	if f.kind == valueOther || f.kind == valueVaries {
		return
	}
	if later := c.compositeLater(at); later != "" {
		path := at.String()
		c.say(codeComponentBeyond, path, v.Offset(), len(raw), path+" has no components in HL7 "+c.v.Name+", but from "+later+" on. Receivers of "+c.v.Name+" may take it for one text.")
		return
	}
	if at.segment.Name() == "OBX" && at.field == 3 && at.comp == 1 {
		return // suffixes such as &IMP are the standard's own (HL7 2.5.1 section 7.2.4)
	}
	text := f.kind == valueText || f.kind == valueFormatted
	sep, escape, i := c.meant(trimmed)
	if !text || i < 0 || c.escape == "" {
		c.add(codeComponents, at.String(), v.Offset(), len(raw), "%s is of type %s in HL7 %s, which has no components, but the value has some.", at, f.def.Type, c.v.Name)
		return
	}
	found := c.add(codeSeparator, at.String(), v.Offset()+i, len(sep),
		"%s is a text, but the separator %s stands in it; it was probably meant as a character and should be %s.", at, sep, escape)
	found.Repair = &Repair{Title: "Escape the separators in this text", Offset: v.Offset(), Length: len(raw), Replacement: c.escapeSeparators(raw)}
}

// meant finds a separator in a text that is probably a character of it: an
// ampersand, or a single circumflex. Several of them, or one at the edge, are
// parts that somebody sent on purpose.
func (c *checker) meant(text []byte) (sep, escape string, at int) {
	if c.comp != "" {
		switch i := bytes.Index(text, []byte(c.comp)); {
		case i == 0 || bytes.Count(text, []byte(c.comp)) > 1:
			return "", "", -1
		case i > 0:
			return c.comp, c.escape + "S" + c.escape, i
		}
	}
	return c.sub, c.escape + "T" + c.escape, bytes.Index(text, []byte(c.sub))
}

func (c *checker) escapeSeparators(raw []byte) []byte {
	pairs := []string{c.comp, c.escape + "S" + c.escape}
	if c.sub != "" {
		pairs = append(pairs, c.sub, c.escape+"T"+c.escape)
	}
	if c.comp == "" {
		pairs = pairs[2:]
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(raw)))
}

// compositeLater returns the first later version in which the place has parts.
// The parts of OBX-5 are those of the type that OBX-2 names.
func (c *checker) compositeLater(at place) string {
	observed := ""
	if at.segment.Name() == "OBX" && at.field == 5 {
		observed = strings.TrimSpace(at.segment.Field(2).Component(1).Text())
	}
	key := compositeKey{at.segment.Name(), observed, at.field, at.comp}
	if name, ok := c.plans.composites.Load(key); ok {
		return name.(string)
	}
	name := c.findComposite(key)
	if at.field <= maxKeptField && at.comp <= maxKeptField && len(observed) <= 3 {
		c.plans.composites.Store(key, name)
	}
	return name
}

// compositeKey is a place whose parts later versions may define.
type compositeKey struct {
	segment, observed string
	field, comp       int
}

// maxKeptField bounds what is remembered: no version has a longer segment.
const maxKeptField = 128

func (c *checker) findComposite(at compositeKey) string {
	past := false
	for _, v := range versions() {
		if !past {
			past = v == c.v
			continue
		}
		if at.observed != "" {
			if t, ok := v.Type(at.observed); ok && partsOf(t, at.comp) > 1 {
				return v.Name
			}
			continue
		}
		f, ok := v.FieldAt(at.segment, at.field, at.comp, 0)
		if ok && (len(f.Components()) > 1 || f.Type == "varies") {
			return v.Name
		}
	}
	return ""
}

// partsOf counts the components of a type, or the subcomponents of one of them.
func partsOf(t *dictionary.DataType, comp int) int {
	switch {
	case comp == 0:
		return len(t.Components)
	case comp <= len(t.Components):
		return len(t.Components[comp-1].Components())
	}
	return 0
}
