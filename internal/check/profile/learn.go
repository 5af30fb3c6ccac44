package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// Learner makes a profile from sample messages. Its memory is bounded by what HL7 has places for, not by the number of
// messages. Nothing that can point to a person goes into the profile: of values only codes of tables are kept, and of
// those that are in no table only those that at least three patients have; names, identifiers, dates, addresses,
// numbers and text leave lengths and the kind of their characters. It is not for several goroutines at once.
type Learner struct {
	messages int
	types    map[string]*learntType
	versions map[string]int
	charsets map[string]int
	delims   map[string]int
	original int // without MSH-15 and MSH-16
	accept   map[string]int
	answer   map[string]int
}

// What is counted at most: messages of a file that is no HL7 must not fill the memory.
const (
	maxTypes    = 300 // message type and event
	maxPlaces   = 5000
	maxDistinct = 40 // values of one place while learning
	maxLearnt   = 20 // values of one place in a profile
	minPatients = 3  // that have a value which is in no table
	fewMessages = 20 // below it, what is always there may be chance: RE, not R
)

// NewLearner returns a learner that knows nothing.
func NewLearner() *Learner {
	return &Learner{types: map[string]*learntType{}, versions: map[string]int{}, charsets: map[string]int{}, delims: map[string]int{},
		accept: map[string]int{}, answer: map[string]int{}}
}

// Messages is how many messages were learnt from.
func (l *Learner) Messages() int { return l.messages }

type learntType struct {
	typ, event string
	messages   int
	segments   map[string]*learntSegment
	order      []string
	places     int
}

type learntSegment struct {
	messages, most, total int // messages that have it; most in one; segments in all
	least                 int // in one message that has it
	fields                map[place]*learntPlace
}

// place is a field or component of a segment.
type place struct{ field, comp int }

type learntPlace struct {
	segments  int // in which it is valued
	times     int // the same with its repetitions
	composite bool
	most      int // repetitions
	low, high int // characters
	values    map[string]*learntValue
	tooMany   bool // distinct values
	chars     charClass
	dates     int // bit 0: 8 digits, 1: 12, 2: 14, 3: other
	about     dictionary.Field
	keep      keeping
	seenIn    int // number of the last segment, so that repetitions count once
}

type learntValue struct {
	count    int
	patients []uint64 // hashes, at most minPatients
}

// charClass is a set of kinds of characters.
type charClass uint8

const (
	digits charClass = 1 << iota
	upper
	lower
	others
)

// Add learns from one message. A message without MSH-9 says nothing and is left out.
func (l *Learner) Add(m *hl7.Message) {
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" {
		return
	}
	typ, event := h.Field(9).Component(1).Text(), h.Field(9).Component(2).Text()
	if !segmentName(typ) || len(event) > 3 {
		return
	}
	key := typ + "^" + event
	t := l.types[key]
	if t == nil {
		if len(l.types) >= maxTypes {
			return
		}
		t = &learntType{typ: typ, event: event, segments: map[string]*learntSegment{}}
		l.types[key] = t
	}
	l.messages++
	t.messages++
	l.header(h)
	version, _ := dictionary.For(h.Field(12).Component(1).Text())
	t.learn(m, version, patientOf(m))
}

func (l *Learner) header(h hl7.Segment) {
	tally(l.versions, h.Field(12).Component(1).Text())
	tally(l.charsets, h.Field(18).Component(1).Text())
	tally(l.delims, h.Delimiters().Field+string(h.Field(2).Raw()))
	accept, answer := h.Field(15).Text(), h.Field(16).Text()
	if accept == "" && answer == "" {
		l.original++
	}
	tally(l.accept, accept)
	tally(l.answer, answer)
}

// tally counts a value of the header; what is long or new after forty others is none that a profile could hold.
func tally(counts map[string]int, value string) {
	if _, known := counts[value]; known || len(counts) < maxDistinct && len(value) <= 20 {
		counts[value]++
	}
}

// patientOf is a hash of the first patient identifier (FNV-1a), 0 for none. It lives as long as the learner.
func patientOf(m *hl7.Message) uint64 {
	s, ok := m.Find("PID", 1)
	if !ok {
		return 0
	}
	raw := s.Field(3).Component(1).Raw()
	if len(raw) == 0 {
		raw = s.Field(2).Raw()
	}
	if len(raw) == 0 {
		return 0
	}
	hash := uint64(14695981039346656037)
	for _, b := range raw {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

func (t *learntType) learn(m *hl7.Message, version *dictionary.Version, patient uint64) {
	here := map[string]int{}
	for s := range m.Segments() {
		name := s.Name()
		if s.Kind() != hl7.LineSegment || !segmentName(name) {
			continue
		}
		seg := t.segments[name]
		if seg == nil {
			if t.places >= maxPlaces {
				continue
			}
			seg = &learntSegment{fields: map[place]*learntPlace{}}
			t.segments[name] = seg
			t.order = append(t.order, name)
		}
		here[name]++
		seg.total++
		for n, v := range s.All() {
			if s.IsHeader() && n <= 2 || !valued(v) {
				continue
			}
			t.field(seg, name, n, v, version, patient)
		}
	}
	for name, n := range here {
		seg := t.segments[name]
		seg.messages++
		seg.most = max(seg.most, n)
		if seg.least == 0 || n < seg.least {
			seg.least = n
		}
	}
}

func (t *learntType) field(seg *learntSegment, segment string, n int, field hl7.Value, version *dictionary.Version, patient uint64) {
	reps := 0
	for r := range field.AllRepetitions() {
		if !valued(r) {
			continue
		}
		reps++
		t.place(seg, segment, place{n, 0}, r, version, patient)
		c := 0
		for part := range r.AllComponents() {
			c++
			if valued(part) && c <= 30 {
				t.place(seg, segment, place{n, c}, part, version, patient)
			}
		}
	}
	if p := seg.fields[place{field: n}]; p != nil {
		p.most = max(p.most, reps)
	}
}

// place counts one value. Of what has parts, only that it is there; a field without parts is its own first component.
func (t *learntType) place(seg *learntSegment, segment string, at place, v hl7.Value, version *dictionary.Version, patient uint64) {
	p := seg.fields[at]
	if p == nil {
		if t.places >= maxPlaces {
			return
		}
		t.places++
		p = &learntPlace{values: map[string]*learntValue{}}
		p.about, p.keep = keepingOf(version, segment, at)
		seg.fields[at] = p
	}
	p.times++
	if p.seenIn != seg.total {
		p.seenIn = seg.total
		p.segments++
	}
	if at.comp == 0 {
		p.composite = p.composite || v.Components() > 1 || v.Subcomponents() > 1
		return
	}
	if p.composite = p.composite || v.Subcomponents() > 1; p.composite || v.State() == hl7.Null {
		return
	}
	if len(v.Raw()) > 4096 {
		p.high, p.chars, p.tooMany = max(p.high, len(v.Raw())), others, true
		return // a document
	}
	text := v.Text()
	p.shape(text)
	if p.keep != keepNothing && !p.tooMany {
		p.value(text, patient)
	}
}

func (p *learntPlace) shape(text string) {
	n := 0
	for _, r := range text {
		n++
		switch {
		case r >= '0' && r <= '9':
			p.chars |= digits
		case r >= 'A' && r <= 'Z':
			p.chars |= upper
		case r >= 'a' && r <= 'z':
			p.chars |= lower
		default:
			p.chars |= others
		}
	}
	if p.high == 0 || n < p.low {
		p.low = n
	}
	p.high = max(p.high, n)
	switch n {
	case 8:
		p.dates |= 1
	case 12:
		p.dates |= 2
	case 14:
		p.dates |= 4
	default:
		p.dates |= 8
	}
}

func (p *learntPlace) value(text string, patient uint64) {
	v := p.values[text]
	if v == nil {
		if len(p.values) == maxDistinct || len(text) > 30 {
			p.tooMany, p.values = true, nil
			return
		}
		v = &learntValue{}
		p.values[text] = v
	}
	v.count++
	if patient != 0 && len(v.patients) < minPatients && !slices.Contains(v.patients, patient) {
		v.patients = append(v.patients, patient)
	}
}

// Profile writes down what was learnt, under the name given. Whatever was never seen is not in it; each message says
// "only", so that it is Extra or Unexpected where it comes later.
func (l *Learner) Profile(name string) *Profile {
	p := &Profile{ID: name, Name: name, Evidence: Evidence{Level: Measured}}
	p.About = fmt.Sprintf("Learnt from %d messages. R is what was always there, RE what was there in at least a tenth, O what was there now and then.", l.messages)
	p.Versions = most(l.versions)
	if d := most(l.delims); len(d) == 1 {
		p.Delimiters = d[0]
	}
	if l.charsets[""] == 0 {
		p.Charset = most(l.charsets)
	}
	if l.messages > 0 && l.original == l.messages {
		p.Acknowledgement.Mode = "original"
	} else if l.original == 0 && l.messages > 0 {
		p.Acknowledgement.Mode = "enhanced"
		if a := most(l.accept); len(a) == 1 && len(l.accept) == 1 {
			p.Acknowledgement.Accept = knownCondition(a[0])
		}
		if a := most(l.answer); len(a) == 1 && len(l.answer) == 1 {
			p.Acknowledgement.Application = knownCondition(a[0])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.types)) {
		p.Messages = append(p.Messages, l.types[key].message())
	}
	return p
}

func knownCondition(s string) string {
	if slices.Contains([]string{"AL", "NE", "ER", "SU"}, s) {
		return s
	}
	return ""
}

// most lists the values that are not empty, the most frequent first.
func most(counts map[string]int) []string {
	var list []string
	for v := range counts {
		if v != "" {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) })
	return list
}

// usageOf reads how much of the population has an element.
func usageOf(n, of int) string {
	switch {
	case n == of && of >= fewMessages:
		return Required
	case n*10 >= of:
		return RequiredIf
	}
	return Optional
}

func seen(n, of int) string { return fmt.Sprintf("%d of %d", n, of) }

func (t *learntType) message() Message {
	m := Message{Type: t.typ, Only: true, Evidence: Evidence{Seen: fmt.Sprintf("%d messages", t.messages)}}
	if t.messages == 1 {
		m.Seen = "1 message"
	}
	if t.event != "" {
		m.Events = []string{t.event}
	}
	for _, name := range t.order {
		seg := t.segments[name]
		s := SegmentRule{Name: name, Usage: Usage{Code: usageOf(seg.messages, t.messages)}, Evidence: Evidence{Seen: seen(seg.messages, t.messages)}}
		s.Cardinality = &Cardinality{Max: seg.most}
		if s.Usage.Code == Required {
			s.Cardinality.Min = 1
		}
		if seg.most > 1 {
			s.Cardinality.Max = -1 // the next message may have one more
		}
		m.Segments = append(m.Segments, s)
		m.Fields = append(m.Fields, seg.rules(name)...)
	}
	return m
}

func (seg *learntSegment) rules(name string) []FieldRule {
	places := slices.SortedFunc(maps.Keys(seg.fields), func(a, b place) int {
		return cmp.Or(a.field-b.field, a.comp-b.comp)
	})
	var rules []FieldRule
	for _, at := range places {
		p := seg.fields[at]
		field := seg.fields[place{field: at.field}]
		n, of := p.segments, seg.total
		if at.comp > 0 {
			if !field.composite {
				continue // told with the field
			}
			n, of = p.times, field.times
		}
		f := FieldRule{Path: hl7.Path{Segment: name, Field: at.field, Component: at.comp},
			Usage: Usage{Code: usageOf(n, of)}, Evidence: Evidence{Seen: seen(n, of)}}
		if at.comp == 0 {
			f.Cardinality = &Cardinality{Max: p.most}
			if p.most > 1 {
				f.Cardinality.Max = -1
			}
			if f.Usage.Code == Required {
				f.Cardinality.Min = 1
			}
		}
		if at.comp > 0 {
			p.describe(&f)
		} else if first := seg.fields[place{at.field, 1}]; first != nil && !p.composite {
			first.describe(&f)
		}
		rules = append(rules, f)
	}
	return rules
}

// describe writes down lengths, value set and form of a place.
func (p *learntPlace) describe(f *FieldRule) {
	if p.composite {
		return // its parts have lengths, it has none
	}
	if p.high > 0 {
		f.MaxLength = p.high
	}
	if values := p.valueSet(); values != nil {
		f.Values, f.MaxLength = values, 0 // the values say it
		return
	}
	if p.high == 0 || p.segments < fewMessages {
		return
	}
	switch {
	case isDateType(p.about.Type) && p.chars == digits:
		f.Format = map[int]string{1: "YYYYMMDD", 2: "YYYYMMDDHHMM", 4: "YYYYMMDDHHMMSS"}[p.dates]
	case p.about.Type == "SI" || p.about.Type == "NM":
	case p.chars == digits:
		f.Pattern, _ = parsePattern("[0-9]" + span(p.low, p.high))
	case p.chars == digits|upper && p.high <= 30:
		f.Pattern, _ = parsePattern("[A-Z0-9]" + span(p.low, p.high))
	}
}

func span(low, high int) string {
	if low == high {
		return fmt.Sprintf("{%d}", low)
	}
	return fmt.Sprintf("{%d,%d}", low, high)
}

func isDateType(typ string) bool { return typ == "DT" || typ == "TS" || typ == "DTM" || typ == "TM" }

// valueSet returns the codes of a place with their counts, nil where it has too many or one that cannot be shown.
func (p *learntPlace) valueSet() []Value {
	if p.keep == keepNothing || p.tooMany || len(p.values) == 0 || len(p.values) > maxLearnt {
		return nil
	}
	for text, v := range p.values {
		if !p.keep.safe(text, v) {
			return nil // a set that lacks some of its values would be wrong
		}
	}
	values := make([]Value, 0, len(p.values))
	for _, text := range most(counts(p.values)) {
		n := p.values[text].count
		times := fmt.Sprintf("%d times", n)
		if n == 1 {
			times = "once"
		}
		values = append(values, Value{text, times})
	}
	return values
}

func counts(values map[string]*learntValue) map[string]int {
	out := make(map[string]int, len(values))
	for text, v := range values {
		out[text] = v.count
	}
	return out
}
