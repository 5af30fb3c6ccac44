package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/yamlfile"
)

// violation is a departure before it is a finding or a part of a gap.
type violation struct {
	kind     Kind
	message  string // label of the rules, "" for a rule of the whole profile
	rule     string // path of the rule
	finding  check.Finding
	value    string // of ValueSetKind: the code that is in no set
	evidence Evidence
}

// Apply returns what m does against the profile, by place. It is the profile alone; Check takes the standard with it.
// Any bytes will do; a message without a header has no findings here.
func (p *Profile) Apply(m *hl7.Message) []check.Finding {
	r := p.compiled()
	found := r.apply(m)
	out := make([]check.Finding, 0, len(found))
	for _, v := range found {
		if r.ignored[v.key()] {
			v.finding.Severity = check.Information
		}
		out = append(out, v.finding)
	}
	return out
}

// Check returns everything that is to be said about m: what the standard says but for what the profile agrees to, and
// what the profile says. It fits where findings on a message are asked for, such as a listener.
func (p *Profile) Check(m *hl7.Message) []check.Finding {
	return check.Message(m, check.Options{Rules: p})
}

// application is one message under the rules.
type application struct {
	r        *rules
	m        *hl7.Message
	mr       *messageRules
	label    string
	found    []violation
	counts   map[gapKey]int
	occurred map[string]int
	values   []hl7.Value // the fields of the segment that is looked at
}

// maxAlike is how many findings of one rule a message can have; a message of a hundred thousand OBX says it with less.
const maxAlike = 20

func (r *rules) apply(m *hl7.Message) []violation {
	mr, label, typeKnown := r.of(m)
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" {
		return nil
	}
	a := &application{r: r, m: m, mr: mr, counts: map[gapKey]int{}}
	a.header(h)
	if mr == nil {
		if len(r.messages) > 0 {
			a.noRules(h, label, typeKnown)
		}
		return a.found
	}
	a.label = mr.m.Label()
	a.segments()
	slices.SortStableFunc(a.found, func(x, y violation) int { return cmp.Compare(x.finding.Offset, y.finding.Offset) })
	return a.found
}

func (a *application) noRules(h hl7.Segment, label string, typeKnown bool) {
	v := h.Field(9)
	what := "message"
	if typeKnown {
		what = "event"
	}
	a.label = label
	a.add(UnexpectedKind, "MSH-9", "MSH-9", v.Offset(), len(v.Raw()), a.r.p.Evidence,
		"the profile %s has no %s %s.", a.r.p.Name, what, label).Severity = check.Warning
}

// add records a violation with the sentence "Kind: text".
func (a *application) add(k Kind, rule, path string, offset, length int, e Evidence, format string, args ...any) *check.Finding {
	v := violation{kind: k, message: a.label, rule: rule, evidence: e}
	n := a.counts[v.key()] + 1
	if a.counts[v.key()] = n; n > maxAlike {
		return &check.Finding{}
	}
	text := string(k) + ": " + fmt.Sprintf(format, args...)
	if words := e.Level.Words(); words != "" && (e.Level == Unverified || e.Level == Observed) {
		text += " (" + upperFirst(words) + ".)"
	}
	v.finding = check.Finding{Code: k.Code(), Severity: severityOf(k, e, false), Path: path, Offset: offset, Length: length, Text: text}
	a.found = append(a.found, v)
	return &a.found[len(a.found)-1].finding
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// header compares MSH with what holds for every message of the profile.
func (a *application) header(h hl7.Segment) {
	p := a.r.p
	if want := p.Delimiters; want != "" {
		d := h.Delimiters()
		if got := d.Field + string(h.Field(2).Raw()); got != want {
			a.add(FormatKind, "MSH-2", "MSH-2", h.Offset()+3, min(len(got), h.End()-h.Offset()-3), p.Evidence, "the delimiters are %s; the profile has %s.", quote(got), want)
		}
	}
	one := func(field int, want []string, v hl7.Value) {
		if len(want) == 0 || slices.Contains(want, v.Text()) {
			return
		}
		path := fmt.Sprintf("MSH-%d", field)
		found := a.add(ValueSetKind, path, path, v.Offset(), len(v.Raw()), p.Evidence, "%s is %s; the profile has %s.", path, shown(v), strings.Join(want, ", "))
		if found.Code != "" {
			a.found[len(a.found)-1].value = shortValue(v)
		}
	}
	one(12, p.Versions, h.Field(12).Component(1))
	if set := h.Field(18).Component(1); set.State() == hl7.Valued || !slices.Contains(p.Charset, "ASCII") {
		one(18, p.Charset, set)
	}
	accept, application := h.Field(15), h.Field(16)
	ack := p.Acknowledgement
	switch {
	case ack.Mode == "original" && (valued(accept) || valued(application)):
		v := accept
		path := "MSH-15"
		if !valued(v) {
			v, path = application, "MSH-16"
		}
		a.add(ValueSetKind, path, path, v.Offset(), len(v.Raw()), p.Evidence, "%s asks for enhanced acknowledgement; the profile has original mode.", path)
	case ack.Mode == "enhanced" && !valued(accept) && !valued(application):
		a.add(ValueSetKind, "MSH-15", "MSH-15", accept.Offset(), 0, p.Evidence, "MSH-15 and MSH-16 are empty, which is original mode; the profile has enhanced acknowledgement.")
	}
	if ack.Accept != "" && valued(accept) {
		one(15, []string{ack.Accept}, accept)
	}
	if ack.Application != "" && valued(application) {
		one(16, []string{ack.Application}, application)
	}
}

// segments applies the rules of the message's segments and fields.
func (a *application) segments() {
	a.occurred = map[string]int{}
	for s := range a.m.Segments() {
		name := s.Name()
		if s.Kind() != hl7.LineSegment || name == "" {
			continue
		}
		a.occurred[name]++
		rule := a.mr.segments[name]
		if rule != nil {
			a.segmentThere(s, rule)
		} else if a.mr.m.Only && len(a.mr.segments) > 0 && a.occurred[name] == 1 {
			a.add(UnexpectedKind, name, pathOf(s, hl7.Path{}), s.Offset(), 3, a.mr.m.Evidence, "the profile has no segment %s in %s.", name, a.label)
		}
		rules := a.mr.fields[name]
		if len(rules) == 0 {
			continue
		}
		a.values = a.values[:0]
		for _, v := range s.All() {
			a.values = append(a.values, v)
		}
		for _, f := range rules {
			a.field(s, f)
		}
		if a.mr.m.Only {
			a.extra(s)
		}
	}
	for i := range a.mr.m.Segments {
		a.segmentCount(&a.mr.m.Segments[i])
	}
}

func (a *application) segmentThere(s hl7.Segment, rule *SegmentRule) {
	e := a.r.p.evidenceOf(rule.Evidence, a.mr.m.Evidence)
	if a.usage(rule.Usage, rule.When, s) == NotUsed {
		a.add(UsageKind, rule.Name, pathOf(s, hl7.Path{}), s.Offset(), 3, e, "%s is not used%s, but it is there.%s", rule.Name, because(rule.Usage, rule.When), noted(e))
	}
	if c := rule.Cardinality; c != nil && c.Max >= 0 && a.occurred[rule.Name] == c.Max+1 {
		a.add(CardinalityKind, rule.Name, pathOf(s, hl7.Path{}), s.Offset(), 3, e, "%s occurs more often than the profile says (%s).%s", rule.Name, c, noted(e))
	}
}

func (a *application) segmentCount(rule *SegmentRule) {
	n := a.occurred[rule.Name]
	e := a.r.p.evidenceOf(rule.Evidence, a.mr.m.Evidence)
	end := len(a.m.Bytes())
	if n == 0 && a.usage(rule.Usage, rule.When, hl7.Segment{}) == Required {
		a.add(UsageKind, rule.Name, rule.Name, end, 0, e, "the segment %s is required%s and is not there.%s", rule.Name, because(rule.Usage, rule.When), noted(e)).Severity = severityOf(UsageKind, e, true)
		return
	}
	if c := rule.Cardinality; c != nil && n > 0 && n < c.Min {
		a.add(CardinalityKind, rule.Name, rule.Name, end, 0, e, "%s occurs %d times; the profile has %s.%s", rule.Name, n, c, noted(e))
	}
}

// usage is the usage that holds in a message.
func (a *application) usage(u Usage, when *Condition, s hl7.Segment) string {
	if u.Code != Conditional {
		return u.Code
	}
	if when == nil {
		return Optional // nobody has written down the condition
	}
	if when.holds(a.m, s) {
		return u.True
	}
	return u.False
}

func because(u Usage, when *Condition) string {
	if u.Code != Conditional || when == nil {
		return ""
	}
	return " (condition: " + when.text + ")"
}

// noted adds the note of a rule to a sentence: it is what the partner said.
func noted(e Evidence) string {
	if e.Note == "" {
		return ""
	}
	return " Note: " + e.Note + "."
}

// field applies one rule to one segment.
func (a *application) field(s hl7.Segment, f *fieldRules) {
	var field hl7.Value
	if f.Path.Field <= len(a.values) {
		field = a.values[f.Path.Field-1]
	} else {
		field = s.Field(f.Path.Field)
	}
	there := valued(field)
	usage := a.usage(f.Usage, f.When, s)
	if usage == "" && f.Cardinality != nil && f.Cardinality.Min > 0 {
		usage = Required
	}
	switch {
	case !there:
		if usage == Required && !f.lenient {
			a.missing(s, f, field.Offset(), 0)
		}
		return
	case usage == NotUsed && f.whole:
		a.add(UsageKind, f.Path.String(), pathOf(s, f.Path), field.Offset(), len(field.Raw()), f.evidence, "%s is not used%s, but it is valued.%s", a.name(f), because(f.Usage, f.When), noted(f.evidence))
		return
	}
	n := 0
	eachValue(field, f.Path, func(v hl7.Value, rep int) {
		at := f.Path
		at.Repetition = rep
		if valued(v) {
			n++
			if usage == NotUsed {
				a.add(UsageKind, f.Path.String(), pathOf(s, at), v.Offset(), len(v.Raw()), f.evidence, "%s is not used%s, but it is valued.%s", a.name(f), because(f.Usage, f.When), noted(f.evidence))
				return
			}
			a.value(s, f, at, v)
			return
		}
		if usage == Required && !f.whole {
			a.missing(s, f, v.Offset(), rep)
		}
	})
	if f.whole && f.Cardinality != nil {
		a.count(s, f, field, n)
	}
}

func (a *application) missing(s hl7.Segment, f *fieldRules, offset, rep int) {
	at := f.Path
	at.Repetition = max(at.Repetition, rep)
	found := a.add(UsageKind, f.Path.String(), pathOf(s, at), offset, 0, f.evidence, "%s is required%s, but it is empty.%s", a.name(f), because(f.Usage, f.When), noted(f.evidence))
	found.Severity = severityOf(UsageKind, f.evidence, true)
}

func (a *application) count(s hl7.Segment, f *fieldRules, field hl7.Value, n int) {
	if c := f.Cardinality; n < c.Min || c.Max >= 0 && n > c.Max {
		a.add(CardinalityKind, f.Path.String(), pathOf(s, f.Path), field.Offset(), len(field.Raw()), f.evidence, "%s occurs %d times; the profile has %s.%s", a.name(f), n, c, noted(f.evidence))
	}
}

// value applies the rules for one value that says something.
func (a *application) value(s hl7.Segment, f *fieldRules, at hl7.Path, v hl7.Value) {
	if v.State() == hl7.Null {
		return // deletes what is stored: no value to judge
	}
	add := func(k Kind, format string, args ...any) *check.Finding {
		return a.add(k, f.Path.String(), pathOf(s, at), v.Offset(), len(v.Raw()), f.evidence, format, args...)
	}
	// Decoding only makes a value shorter, so that most need not be decoded for this.
	if f.MinLength > 0 || f.MaxLength > 0 && len(v.Raw()) > f.MaxLength {
		if n := utf8.RuneCountInString(v.Text()); n < f.MinLength || f.MaxLength > 0 && n > f.MaxLength {
			add(LengthKind, "%s has %d characters; the profile has %s.%s", a.name(f), n, lengthText(f.MinLength, f.MaxLength), noted(f.evidence))
		}
	}
	first := v
	if f.Path.Component == 0 && v.Components() > 1 {
		first = v.Component(1) // a code with its text and system
	}
	if f.codes != nil && !f.codes[string(first.Raw())] && !f.codes[first.Text()] && !f.codes[v.Text()] {
		found := add(ValueSetKind, "%s is %s; the profile has %s.%s", a.name(f), shown(first), valuesText(f.Values), noted(f.evidence))
		if found.Code != "" {
			a.found[len(a.found)-1].value = shortValue(first)
			found.Repair = repairTo(f, first)
		}
	}
	if f.Pattern != nil && !f.Pattern.MatchString(first.Text()) {
		add(FormatKind, "%s is not written as the profile says (pattern %s).%s", a.name(f), patternText(f.Pattern), noted(f.evidence))
	}
	if form, ok := formats[f.Format]; ok && !form.pattern.MatchString(first.Text()) {
		add(FormatKind, "%s is not %s (%s).%s", a.name(f), form.words, f.Format, noted(f.evidence))
	}
	if f.Equals.Segment == "" {
		return
	}
	other, there := a.other(s, f.Equals)
	if there && other.Text() != v.Text() {
		add(ValueSetKind, "%s is not the same as %s, as the profile has it.%s", a.name(f), f.Equals, noted(f.evidence))
	}
}

// other finds the place that a value must equal, in the same segment or in the first of its name.
func (a *application) other(s hl7.Segment, p hl7.Path) (hl7.Value, bool) {
	if p.Segment != s.Name() {
		return a.m.Get(p), a.m.Get(p).IsPresent()
	}
	var found hl7.Value
	eachValue(s.Field(p.Field), p, func(v hl7.Value, _ int) {
		if !found.IsPresent() {
			found = v
		}
	})
	return found, found.IsPresent()
}

// extra reports fields that the profile does not list, in a segment of which it lists some.
func (a *application) extra(s hl7.Segment) {
	listed := a.mr.listed[s.Name()]
	for i, v := range a.values {
		n := i + 1
		if s.IsHeader() && n <= 2 || n < len(listed) && listed[n] || !valued(v) {
			continue
		}
		at := hl7.Path{Segment: s.Name(), Field: n}
		a.add(ExtraKind, at.String(), pathOf(s, at), v.Offset(), len(v.Raw()), a.mr.m.Evidence, "%s is valued; the profile does not list it.", at)
	}
}

// name is the field as a sentence has it: "ZX1-2 (Type)".
func (a *application) name(f *fieldRules) string {
	path := f.Path.String()
	if name := a.r.p.FieldName(f.Path.Segment, f.Path.Field); name != "" && f.Path.Component == 0 {
		return path + " (" + name + ")"
	}
	return path
}

// pathOf is the canonical path of a rule's place in one segment.
func pathOf(s hl7.Segment, p hl7.Path) string {
	p.Segment, p.Occurrence = s.Name(), s.Occurrence()
	if p.Component == 1 || p.Subcomponent == 1 {
		v := s.Field(p.Field).Repetition(max(p.Repetition, 1))
		if p.Subcomponent == 1 && v.Component(max(p.Component, 1)).Subcomponents() <= 1 {
			p.Subcomponent = 0
		}
		if p.Component == 1 && p.Subcomponent == 0 && v.Components() <= 1 {
			p.Component = 0
		}
	}
	return p.String()
}

func lengthText(low, high int) string {
	switch {
	case high == 0:
		return fmt.Sprintf("at least %d", low)
	case low == 0:
		return fmt.Sprintf("at most %d", high)
	case low == high:
		return fmt.Sprintf("%d", low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func valuesText(values []Value) string {
	const most = 8
	codes := make([]string, 0, most)
	for i, v := range values {
		if i == most {
			return strings.Join(codes, ", ") + fmt.Sprintf(" and %d more", len(values)-most)
		}
		codes = append(codes, v.Code)
	}
	return strings.Join(codes, ", ")
}

// shown is a value for a sentence.
func shown(v hl7.Value) string {
	if !valued(v) {
		return "empty"
	}
	return quote(shortValue(v))
}

// shortValue cuts a value before it is decoded: a document of megabytes is no code.
func shortValue(v hl7.Value) string {
	const limit = 40
	raw := v.Raw()
	if len(raw) > 4*limit {
		raw = raw[:4*limit]
	} else {
		raw = []byte(v.Text())
	}
	return yamlfile.Shorten(string(bytes.ToValidUTF8(raw, []byte("\uFFFD"))))
}

func quote(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 {
			return r + 0x2400 // the control pictures
		}
		return r
	}, s)
}

// repairTo offers the one code of the set that a value means: the same in another case, or the one whose meaning it is.
func repairTo(f *fieldRules, v hl7.Value) *check.Repair {
	better := ""
	for _, c := range f.Values {
		if strings.EqualFold(c.Code, strings.TrimSpace(v.Text())) || c.Text != "" && strings.EqualFold(c.Text, strings.TrimSpace(v.Text())) {
			if better != "" {
				return nil
			}
			better = c.Code
		}
	}
	if better == "" {
		return nil
	}
	written := v.Segment().Delimiters().EscapeText(better)
	return &check.Repair{Title: "Write " + better, Offset: v.Offset(), Length: len(v.Raw()), Replacement: []byte(written)}
}
