package deidentify

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// Message returns a de-identified copy of a message and what was done. It takes any message, and blanks what it cannot read
// for certain.
func (s *Scrubber) Message(m *hl7.Message) (*hl7.Message, Report) {
	v, _ := dictionary.For(m.Get(pathVersion).Text())
	c := &copier{Scrubber: s, m: m, version: v, report: newReport(), charset: m.Charset(), known: map[string]bool{}}
	c.report.Messages = 1
	c.people()
	c.dry = true
	c.run() // finds the names and numbers that may stand in other fields too
	c.dry = false
	return hl7.Parse(c.run()), *c.report
}

var (
	pathVersion = hl7.MustPath("MSH-12.1")
	pathTime    = hl7.MustPath("MSH-7.1")
)

// copier makes one copy.
type copier struct {
	*Scrubber
	m       *hl7.Message
	version *dictionary.Version
	charset hl7.Charset
	report  *Report
	dry     bool            // only collect known
	known   map[string]bool // words of names and identifiers, as plainName
	shifts  []int           // of the segments

	// The segment and field at work.
	segment hl7.Segment
	d       hl7.Delimiters
	place   string
	kind    string    // data type
	repeats hl7.Value // the repetition
}

// people finds whose each segment is: the patient of the last PID before it, or of the first one.
func (c *copier) people() {
	first := ""
	c.shifts = make([]int, c.m.Len())
	starts := map[int]string{}
	for s := range c.m.Segments() {
		if s.Name() != "PID" {
			continue
		}
		p := personOf(s)
		starts[s.Index()] = p
		if len(starts) == 1 {
			first = p
		}
	}
	person := first
	for i := range c.shifts {
		if p, ok := starts[i]; ok {
			person = p
		}
		c.shifts[i] = c.shift(person)
	}
}

// personOf names the patient of a PID: the MRN, else the first identifier, else the account, else name and birth date.
func personOf(pid hl7.Segment) string {
	id := ""
	for r := pid.Field(3).Repetition(1); r.IsPresent(); r = r.Next() {
		if t := strings.TrimSpace(r.Component(1).Text()); t != "" && (id == "" || r.Component(5).Text() == "MR") {
			id = t
			if r.Component(5).Text() == "MR" {
				break
			}
		}
	}
	for _, n := range []int{2, 4, 18} {
		if id == "" {
			id = strings.TrimSpace(pid.Field(n).Component(1).Text())
		}
	}
	if id != "" {
		return "id " + id
	}
	name := plainName(pid.Field(5).Component(1).Text() + " " + pid.Field(5).Component(2).Text())
	if name == "" {
		return ""
	}
	return "name " + name + " " + pid.Field(7).Text()
}

// over89 reports whether someone who was there in a year may be 90 or older at the time of the message. Where that cannot be
// told, it is taken to be so.
func over89(birth, message string) bool {
	year := func(s string) (int, bool) {
		if len(s) < 4 {
			return 0, false
		}
		n, err := strconv.Atoi(s[:4])
		return n, err == nil
	}
	b, ok := year(birth)
	if !ok {
		return false // there is nothing to tell
	}
	now, ok := year(message)
	return !ok || now-b >= 90
}

// run writes the copy.
func (c *copier) run() []byte {
	certain := c.isCertain()
	var out []byte
	src := c.m.Bytes()
	for s := range c.m.Segments() {
		c.segment, c.d = s, s.Delimiters().Usable()
		switch {
		case s.Kind() == hl7.LineSegment && certain && c.d.Field != "":
			out = c.fields(out, c.isWhole(s))
		case s.Kind() == hl7.LineBlank && len(bytes.Trim(s.Bytes(), " \t")) == 0:
			out = append(out, s.Bytes()...)
		case s.Kind() == hl7.LineSegment: // without a header nothing says what its separators are
			out = append(out, s.ID()...)
			c.count(s.Name(), Blanked)
		default:
			c.count("(line)", Blanked)
		}
		b := s.Break()
		out = append(out, src[b.Offset:b.Offset+b.Length]...)
	}
	return out
}

// isCertain reports whether the header says beyond doubt how the message is split: a separator, and three to five other
// characters that can be none of a value.
func (c *copier) isCertain() bool {
	h, ok := c.m.Header()
	if !ok || c.m.Delimiters().Guessed {
		return false
	}
	encoding := h.Field(2).Raw()
	if len(encoding) < 3 || len(encoding) > 5 {
		return false
	}
	for i, b := range encoding {
		if isWordByte(b) || b <= ' ' || b == h.Field(1).Raw()[0] || bytes.IndexByte(encoding[:i], b) >= 0 {
			return false
		}
	}
	return true
}

func (c *copier) count(place string, a Action) {
	if !c.dry {
		c.report.count(place, a)
	}
}

// isWhole reports whether a segment is one segment: not several on one line, which shows in more fields than any version
// has, and in fields that end with the ID of the next one.
func (c *copier) isWhole(s hl7.Segment) bool {
	latest, _ := dictionary.For(lastVersion)
	if def, ok := latest.Segment(s.Name()); ok && s.Fields() > len(def.Fields)+extraFields {
		return false
	}
	if s.IsHeader() && bytes.ContainsAny(s.Bytes(), "\r\n") { // its separator is not the one that the message uses
		return false
	}
	for n, v := range s.All() {
		raw := v.Raw()
		if n <= 2 || len(raw) < 4 || isWordByte(raw[len(raw)-4]) || bytes.IndexByte([]byte(".@-"), raw[len(raw)-4]) >= 0 { // example.org is an address
			continue
		}
		if def, ok := latest.Segment(string(raw[len(raw)-3:])); ok && def.ID == string(raw[len(raw)-3:]) {
			return false
		}
	}
	return true
}

const (
	lastVersion = "2.9.1"
	// extraFields is how many fields more than the standard has a segment may have: some systems append a few separators.
	extraFields = 3
)

// fields writes a segment. If it is not known to be one, only what says how to read the message stays.
func (c *copier) fields(out []byte, whole bool) []byte {
	s := c.segment
	out = append(out, s.ID()...)
	_, known := c.version.Segment(s.Name())
	known = known && (whole || s.Name() == "MSH")
	for n, v := range s.All() {
		if s.IsHeader() && n <= 2 {
			out = append(out, v.Raw()...)
			continue
		}
		out = append(out, c.d.Field...)
		if v.State() != hl7.Valued {
			out = append(out, v.Raw()...)
			continue
		}
		c.place = place(s.Name(), n)
		switch {
		case c.allow[c.place]:
			c.count(c.place, Allowed)
			out = append(out, v.Raw()...)
		case !known || s.Name()[0] == 'Z' || !whole && (n != 9 && n != 10 && n != 12 || len(v.Raw()) > 40):
			if t := v.Text(); n == 1 && len(t) <= 4 && isNumber(t) { // a Set ID
				out = append(out, v.Raw()...)
				continue
			}
			c.collect(v.Text(), text)
			c.count(c.place, Blanked)
		default:
			out = c.field(out, v, n)
		}
	}
	return out
}

// field writes a field that the standard knows.
func (c *copier) field(out []byte, v hl7.Value, n int) []byte {
	dataType := ""
	def, ok := c.version.FieldAt(c.segment.Name(), n, 0, 0)
	if !ok {
		_, def, ok = dictionary.DefinedLater(c.version.Name, c.segment.Name(), n)
	}
	if ok {
		dataType = def.Type
	}
	r := fields[c.place]
	if c.place == "OBX-5" {
		dataType, r = strings.TrimSpace(c.segment.Field(2).Text()), ""
		if dataType == "ED" || dataType == "RP" {
			return c.document(out, v, dataType)
		}
	}
	if c.place == "MSH-9" || c.place == "MSH-12" || c.place == "OBX-2" {
		r = ""
		dataType = map[string]string{"MSH-9": "MSG", "MSH-12": "VID", "OBX-2": "ID"}[c.place]
	}
	c.kind = dataType
	shape := c.shape(def, r)
	for rep := v.Repetition(1); rep.IsPresent(); rep = rep.Next() {
		if c.repeats = rep; rep.Offset() > v.Offset() {
			out = append(out, c.d.Repetition...)
		}
		out = c.repetition(out, shape)
	}
	return out
}

// shape says what the components of a field are.
func (c *copier) shape(def dictionary.Field, r rule) []what {
	dataType := c.kind
	p, composite := parts[dataType]
	switch {
	case r == ruleToken && isCoded(dataType):
		return []what{token, blank, code, token, blank, code}
	case r == ruleDrop || r == ruleSSN:
		return []what{plain[r]}
	case r == ruleText && c.place != "OBX-5":
		return []what{text}
	case composite && len(p) > 1 || composite && r == "":
		return p
	case r != "":
		return []what{plain[r]}
	}
	switch dataType {
	case "ST", "TX", "FT", "":
		return []what{text}
	}
	// Another composite type: its components by their own types, where they are simple.
	components := def.Components()
	if t, ok := c.version.Type(dataType); ok && c.place == "OBX-5" {
		components = t.Components
	}
	if len(components) > 0 {
		var out []what
		for _, comp := range components {
			w := blank
			if p := parts[comp.Type]; len(p) == 1 || comp.Type == "TS" && p != nil {
				w = p[0]
			}
			out = append(out, w)
		}
		return out
	}
	return []what{text}
}

func isCoded(dataType string) bool {
	return dataType == "CE" || dataType == "CWE" || dataType == "CNE" || dataType == "CF"
}

func (c *copier) repetition(out []byte, shape []what) []byte {
	if len(shape) == 1 && shape[0] == text { // as a whole: its separators may be text too
		return append(out, c.leaf(c.repeats, text)...)
	}
	v := c.repeats
	if isSSN(v, c.kind) {
		shape = append([]what{ssn, blank}, shape[2:]...)
	}
	i := 0
	for comp := v.Component(1); comp.IsPresent(); comp = comp.Next() {
		if i > 0 {
			out = append(out, c.d.Component...)
		}
		k := 0
		for sub := comp.Subcomponent(1); sub.IsPresent(); sub = sub.Next() {
			if k > 0 {
				out = append(out, c.d.Subcomponent...)
			}
			out = append(out, c.leaf(sub, c.part(shape, i, k))...)
			k++
		}
		i++
	}
	return out
}

// part says what a subcomponent is, by its place from 0.
func (c *copier) part(shape []what, i, k int) what {
	switch {
	case i >= len(shape):
		return blank
	case c.kind == "EIP" && shape[i] == token:
		return entity[min(k, len(entity)-1)]
	case c.kind == "NDL" && i == 0: // who, as a whole CNN
		cnn := parts["CNN"]
		return cnn[min(k, len(cnn)-1)]
	case shape[i] == street && k > 0: // SAD: the first part is the whole street line
		return blank
	}
	return shape[i]
}

func isSSN(v hl7.Value, dataType string) bool {
	return (dataType == "CX" || dataType == "CK") && v.Component(5).Text() == "SS"
}

// document writes a document's field without the document: its type stays, and a note in its place.
func (c *copier) document(out []byte, v hl7.Value, dataType string) []byte {
	c.count(c.place, RemovedDocument)
	comp := func(n int) string {
		t := v.Component(n).Text()
		if len(t) > 20 || !looksLikeCode(t) {
			return ""
		}
		return string(c.encode(t))
	}
	sep := c.d.Component
	if dataType == "RP" {
		return append(out, sep+sep+comp(3)+sep+comp(4)...)
	}
	return append(out, sep+comp(2)+sep+comp(3)+sep+"A"+sep+string(c.encode(documentRemoved))...)
}

const (
	documentRemoved = "[document removed]"
	textRemoved     = "[text removed]"
)

func (c *copier) encode(t string) []byte {
	raw, err := c.charset.Encode(t)
	if err != nil {
		return nil
	}
	return []byte(c.d.EscapeText(string(raw)))
}

// leaf writes a smallest part.
func (c *copier) leaf(v hl7.Value, w what) []byte {
	if v.State() != hl7.Valued {
		return v.Raw()
	}
	original := v.Text()
	if strings.TrimSpace(original) == "" {
		return v.Raw()
	}
	if c.dry {
		c.collect(original, w)
		return nil
	}
	to, a := c.replace(original, w)
	if a == Kept && (c.mentions(original) || strings.ContainsFunc(original, unicode.IsControl)) {
		to, a = "", Blanked
	}
	c.count(c.place, a)
	if a == Kept {
		return v.Raw()
	}
	return c.encode(to)
}
