package check

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// header looks at MSH and takes from it what the rest of the checks need:
// delimiters, version and structure.
func (c *checker) header() {
	c.delimiters()
	h, ok := c.m.Header()
	msh := ok && h.Name() == "MSH"
	version := c.options.Version
	if msh && version == "" {
		version = h.Field(12).Component(1).Text()
	}
	var exact bool
	c.v, exact = dictionary.For(strings.TrimSpace(version))
	c.plans = plansOf(c.v)
	if !msh {
		c.noMSH(h, ok)
		return
	}
	c.mshFirst(h)
	if c.has(codeLiteralBreaks) || !c.encodingCharacters(h) {
		c.blind, c.loose = true, true
		return
	}
	c.bodyDelimiters(h)
	if c.shifted(h) || c.cutOff(h) {
		c.loose = true
		c.leaveOut(h)
		return
	}
	c.required9to12(h)
	if c.options.Version == "" && !c.skip[h.Index()] && !c.has(codeOtherDelimiters) {
		c.version(h, exact)
	}
	c.eventOf(h)
	if d := h.Delimiters(); len(d.Truncation) == 1 && c.from(2, 7) {
		c.cut = d.Truncation[0]
	}
	c.messageType(h)
	c.acknowledgement(h)
}

// noMSH is the one finding for a message without MSH; nothing else can be said
// about its header, version and structure.
func (c *checker) noMSH(h hl7.Segment, envelope bool) {
	c.blind, c.loose = true, true
	if envelope {
		c.add(codeNoMSH, "", h.Offset(), 3, "There is an %s segment but no MSH, so this is an envelope without a message.", h.Name())
		return
	}
	for s := range c.m.Segments() {
		if s.Kind() == hl7.LineSegment || s.Kind() == hl7.LineBadID {
			lead := s.Lead()
			if len(lead) > 8 {
				lead = lead[:8]
			}
			c.add(codeNoMSH, "", s.Offset(), min(3, len(s.Bytes())), "There is no MSH segment; the message starts with %s. It is read with the usual delimiters, and its type and version are not known.", quote([]byte(lead)))
			return
		}
	}
	c.add(codeNoMSH, "", 0, 0, "There is no MSH segment.")
}

func (c *checker) mshFirst(h hl7.Segment) {
	for s := range c.m.Segments() {
		if s.Index() >= h.Index() {
			return
		}
		if s.Kind() == hl7.LineSegment && s.Name() != "FHS" && s.Name() != "BHS" || s.Kind() == hl7.LineBadID {
			c.add(codeMSHNotFirst, "MSH", h.Offset(), 3, "MSH is not the first segment; %s stands before it.", quote([]byte(s.Lead())))
			c.loose = true
			return
		}
	}
}

// roleNames are the delimiters of MSH-2 in their order.
var roleNames = [...]string{"component separator", "repetition separator", "escape character", "subcomponent separator", "truncation character"}

// encodingCharacters checks MSH-2. It returns false if the body cannot be
// split.
func (c *checker) encodingCharacters(h hl7.Segment) bool {
	v := h.Field(2)
	raw := v.Raw()
	d := h.Delimiters()
	n := utf8.RuneCount(raw)
	if d.Field == "" {
		c.add(codeMSH2Missing, "MSH-1", h.Offset()+3, 0, "MSH has no field separator after its ID.")
		return false
	}
	if d.Component == "" {
		c.add(codeMSH2Missing, "MSH-2", v.Offset(), len(raw), "MSH-2 declares no encoding characters, so components, repetitions and escapes cannot be told from text.")
		return false
	}
	if a, b, ok := duplicate(d); ok {
		text := fmt.Sprintf("MSH-2 is %s: %s and %s are the same character, so one of them cannot be used.", quote(raw), a, b)
		var fix *Repair
		if strings.Contains(string(raw), `\\`) {
			text = fmt.Sprintf("MSH-2 is %s with the escape character doubled, as program text writes it; the subcomponent separator is then not declared.", quote(raw))
			fix = &Repair{Title: `Write a single \`, Offset: v.Offset(), Length: len(raw), Replacement: []byte(strings.Replace(string(raw), `\\`, `\`, 1))}
		}
		c.add(codeMSH2Duplicate, "MSH-2", v.Offset(), len(raw), "%s", text).Repair = fix
		return true
	}
	switch {
	case n < 4:
		text := fmt.Sprintf("MSH-2 is %s, so the message has no %s.", quote(raw), strings.Join(roleNames[n:4], " and no "))
		var fix *Repair
		if n == 3 && d.Escape == "&" && d.Component != `\` && d.Repetition != `\` {
			meant := d.Component + d.Repetition + `\&`
			text = fmt.Sprintf("MSH-2 is %s; probably %s is meant and the escape character is forgotten. As it stands, & is the escape character and the message has no %s.", quote(raw), quote([]byte(meant)), roleNames[3])
			fix = &Repair{Title: "Write " + meant, Offset: v.Offset(), Length: len(raw), Replacement: []byte(meant)}
			c.escape = ""
		}
		if rest := h.Field(3).Raw(); len(rest) > 0 && len(rest) <= 3 && !alnumAny(rest) {
			text = fmt.Sprintf("MSH-2 contains the field separator %s, which ends it after %s.", d.Field, plural(n, "character", "characters"))
			fix = nil
		}
		c.add(codeMSH2Short, "MSH-2", v.Offset(), len(raw), "%s", text).Repair = fix
	case n == 5 && !c.from(2, 7):
		c.add(codeMSH2Five, "MSH-2", v.Offset(), len(raw), "MSH-2 is %s; the truncation character (%s) comes with HL7 2.7, and older receivers may refuse a fifth character.", quote(raw), d.Truncation)
	case n > 5:
		c.add(codeMSH2Long, "MSH-2", v.Offset(), len(raw), "MSH-2 is %s with %d characters; HL7 knows four, from 2.7 on five.", quote(raw), n)
	}
	if n >= 4 && (d.Field != "|" || !strings.HasPrefix(`^~\&#`, string(raw)) && n <= 5) {
		c.add(codeMSH2Unusual, "MSH-2", h.Offset()+3, len(d.Field)+len(raw), "The delimiters are %s%s instead of the recommended |^~\\&; receivers that do not read MSH-1 and MSH-2 fail.", d.Field, quote(raw))
	}
	return true
}

func alnumAny(b []byte) bool {
	for _, x := range b {
		if x >= 0x80 || x|0x20 >= 'a' && x|0x20 <= 'z' || x >= '0' && x <= '9' {
			return true
		}
	}
	return false
}

// duplicate finds two roles that share a character.
func duplicate(d hl7.Delimiters) (a, b string, ok bool) {
	all := [...]string{d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation}
	name := func(i int) string {
		if i == 0 {
			return "field separator"
		}
		return roleNames[i-1]
	}
	for i := range all {
		for j := range i {
			if all[i] != "" && all[i] == all[j] {
				return name(j), name(i), true
			}
		}
	}
	return "", "", false
}

// from reports whether the version is at least major.minor. Both are single
// digits in every version of the standard.
func (c *checker) from(major, minor int) bool {
	a, b := int(c.v.Name[0]-'0'), int(c.v.Name[2]-'0')
	return a > major || a == major && b >= minor
}

var messageTypePattern = regexp.MustCompile(`^[A-Z]{3}([^A-Za-z0-9 ][A-Z][0-9A-Z]{2}([^A-Za-z0-9 ].*)?)?$`)

// shifted reports a header in which a separator is missing or too many, so that
// all fields stand one place off: one cause instead of five empty fields.
func (c *checker) shifted(h hl7.Segment) bool {
	nine := string(h.Field(9).Raw())
	if messageTypePattern.MatchString(nine) {
		return false
	}
	for _, at := range []int{8, 10} {
		v := h.Field(at)
		raw := string(v.Raw())
		if !messageTypePattern.MatchString(raw) || len(raw) == 3 && !knownType(raw) || at == 8 && nine != "" && len(raw) < 7 {
			continue
		}
		what := "a separator too few"
		if at == 10 {
			what = "a separator too many"
		}
		c.add(codeTypeMissing, "MSH-9", h.Field(9).Offset(), len(nine), "MSH-%d holds what looks like the message type (%s) and MSH-9 does not: MSH has %s before it, so all fields after it are one place off.", at, quote(v.Raw()), what)
		return true
	}
	return false
}

// knownType reports whether a version defines messages of the type.
func knownType(name string) bool {
	for _, version := range []string{"2.3.1", "2.5.1", "2.8"} {
		v, _ := dictionary.For(version)
		if _, ok := v.StructureOf(name, ""); ok {
			return true
		}
	}
	return false
}

// cutOff reports a header that ends before MSH-9: one cause instead of four
// empty fields.
func (c *checker) cutOff(h hl7.Segment) bool {
	n := h.Fields()
	if n >= 9 {
		return false
	}
	c.add(codeTypeMissing, "MSH-9", h.End(), 0, "MSH ends after MSH-%d, before message type, control ID and version; it is cut off, or this is only a fragment of a message.", n)
	return true
}

// required9to12 reports what an acknowledgement cannot do without.
func (c *checker) required9to12(h hl7.Segment) {
	for _, f := range []struct {
		n    int
		d    *Description
		text string
	}{
		{7, codeTimeMissing, "MSH-7 (date and time of the message) is empty."},
		{9, codeTypeMissing, "MSH-9 (message type) is empty, so a receiver cannot know what to do with the message and rejects it."},
		{10, codeControlMissing, "MSH-10 (message control ID) is empty, so no acknowledgement can name this message."},
		{11, codeProcessingID, "MSH-11 (processing ID) is empty; strict receivers reject a message that is neither for production nor for test, others take it for production."},
		{12, codeVersionMissing, "MSH-12 (version) is empty; it is read as HL7 2.5.1 here."},
	} {
		v := h.Field(f.n)
		if v.State() == hl7.Valued && v.Component(1).State() == hl7.Valued {
			continue
		}
		if f.n == 12 && c.options.Version != "" {
			continue
		}
		if f.n == 7 && c.v.Name == "2.1" {
			continue
		}
		c.add(f.d, fmt.Sprintf("MSH-%d", f.n), v.Offset(), len(v.Raw()), "%s", f.text)
	}
}

// version says which version was used where MSH-12 names none that is known.
func (c *checker) version(h hl7.Segment, exact bool) {
	v := h.Field(12).Component(1)
	if exact || v.State() != hl7.Valued {
		return
	}
	raw := v.Raw()
	found := c.add(codeVersionUnknown, "MSH-12", v.Offset(), len(raw), "MSH-12 says %q, which is no version of HL7 v2 that is known here; the message is checked as %s.", quote(raw), c.v.Name)
	if trimmed := strings.TrimSpace(string(raw)); trimmed == "2.9" {
		found.Severity = Information
		found.Text = "HL7 2.9 is checked with the data of its successor 2.9.1, which is a draft."
	} else if _, ok := dictionary.For(trimmed); ok {
		found.Text = fmt.Sprintf("MSH-12 has blanks around %s; receivers that compare it as it is do not know the version.", trimmed)
		found.Repair = &Repair{Title: "Write " + trimmed, Offset: v.Offset(), Length: len(raw), Replacement: []byte(trimmed)}
	}
}

// messageType resolves MSH-9 to a structure and checks MSH-9.3 against it.
func (c *checker) messageType(h hl7.Segment) {
	field := h.Field(9)
	kind, trigger, id := field.Component(1).Text(), field.Component(2).Text(), field.Component(3).Text()
	if kind == "" || kind == `""` {
		c.loose = true
		return
	}
	expected, known := c.v.StructureOf(kind, trigger)
	if !known {
		c.unknownType(field, kind, trigger)
		expected = id
	}
	s, ok := c.v.Structure(expected)
	if !ok {
		c.loose = true
	} else {
		c.structure = s
	}
	if known && id != "" && id != `""` {
		c.structureID(field, kind, trigger, id, expected)
	}
	if known && id == "" && c.from(2, 5) && kind != "ACK" {
		published, _, _ := strings.Cut(expected, "-")
		v := field.Component(3)
		found := c.add(codeStructureMissing, "MSH-9.3", v.Offset(), 0, "MSH-9.3 (message structure) is empty; HL7 %s asks for %s.", c.v.Name, published)
		if field.Components() == 2 && trigger != "" {
			found.Repair = &Repair{Title: "Write " + published, Offset: field.End(), Replacement: []byte(c.comp + published)}
		}
	}
	c.event(kind, trigger)
}

func (c *checker) unknownType(field hl7.Value, kind, trigger string) {
	name := kind
	if trigger != "" {
		name += "^" + trigger
	}
	shown := quote([]byte(name))
	if strings.HasPrefix(kind, "Z") || strings.HasPrefix(trigger, "Z") {
		c.add(codeTypeUnknown, "MSH-9", field.Offset(), len(field.Raw()), "%s is a message of the sender's own; its structure is not checked.", shown).Severity = Information
		return
	}
	up, upTrigger := strings.ToUpper(kind), strings.ToUpper(trigger)
	if (up != kind || upTrigger != trigger) && c.v.HasMessage(up, upTrigger) {
		c.add(codeTypeUnknown, "MSH-9", field.Offset(), len(field.Raw()), "MSH-9 is %s in lower case; HL7 compares codes as they are, and the message is %s^%s.", shown, up, upTrigger)
		return
	}
	where := "no version does"
	if v := firstVersionWith(func(v *dictionary.Version) bool { return v.HasMessage(kind, trigger) }, c.v.Name); v != "" {
		where = v + " does"
	}
	c.add(codeTypeUnknown, "MSH-9", field.Offset(), len(field.Raw()), "HL7 %s does not define the message %s (%s); its structure is not checked.", c.v.Name, shown, where)
}

func (c *checker) structureID(field hl7.Value, kind, trigger, id, expected string) {
	published, _, _ := strings.Cut(expected, "-")
	if id == published || id == expected {
		return
	}
	v := field.Component(3)
	text := fmt.Sprintf("MSH-9.3 is %s, but the structure of %s^%s is %s in HL7 %s.", quote([]byte(id)), kind, trigger, published, c.v.Name)
	if trigger == "" {
		text = fmt.Sprintf("MSH-9.3 is %s, but the structure of %s is %s in HL7 %s.", quote([]byte(id)), kind, published, c.v.Name)
	} else if id == kind+"_"+trigger {
		text = fmt.Sprintf("MSH-9.3 is %s, but there is no such structure: %s^%s has the structure %s in HL7 %s.", quote([]byte(id)), kind, trigger, published, c.v.Name)
		if _, ok := c.v.Structure(id); ok {
			// A version's data has two answers; the one that repeats the event
			// is not wrong.
			return
		}
	}
	found := c.add(codeStructureWrong, "MSH-9.3", v.Offset(), len(v.Raw()), "%s", text)
	found.Repair = &Repair{Title: "Write " + published, Offset: v.Offset(), Length: len(v.Raw()), Replacement: []byte(published)}
	if kind == "ACK" {
		found.Severity = Information
	}
}

// event compares EVN-1 with MSH-9.2.
func (c *checker) event(kind, trigger string) {
	evn, ok := c.m.Find("EVN", 1)
	if !ok || trigger == "" {
		return
	}
	v := evn.Field(1)
	if v.State() != hl7.Valued || v.Text() == trigger {
		return
	}
	c.add(codeEventDisagrees, "EVN-1", v.Offset(), len(v.Raw()), "EVN-1 says %s, but MSH-9 says %s^%s.", quote(v.Raw()), kind, trigger)
}

// acknowledgement reports the half-declared enhanced mode.
func (c *checker) acknowledgement(h hl7.Segment) {
	accept, application := h.Field(15), h.Field(16)
	if (accept.State() == hl7.Valued) == (application.State() == hl7.Valued) {
		return
	}
	if c.skip[h.Index()] {
		return
	}
	has, not, v := "MSH-15", "MSH-16", accept
	if application.State() == hl7.Valued {
		has, not, v = not, has, application
	}
	text := "%s is valued and %s is empty; some receivers then use the enhanced acknowledgement mode and some the original one."
	found := c.add(codeAckMode, has, v.Offset(), len(v.Raw()), text, has, not)
	if !c.from(2, 9) {
		found.Severity = Information
	}
}

// otherDelimiters are the characters that senders put in the place of the
// component separator.
const otherDelimiters = "^~@#$*!;:+&"

// bodyDelimiters reports a body written with other delimiters than MSH
// declares: a gateway rebuilt the header and not the rest.
func (c *checker) bodyDelimiters(h hl7.Segment) {
	sep := h.Delimiters().Field
	same, differ, other, at := 0, 0, byte(0), -1
	_, rest := cutLine(c.b[h.Offset():])
	for len(rest) > 0 {
		start := len(c.b) - len(rest)
		var line []byte
		line, rest = cutLine(rest)
		switch {
		case len(line) < 6 || !isID(line[:3]):
		case bytes.HasPrefix(line[3:], []byte(sep)):
			same++
		case strings.IndexByte("|^~@#$*!;:", line[3]) >= 0 && knownSegment(string(line[:3])) && bytes.Count(line, line[3:4]) >= 2:
			if differ++; at < 0 {
				at, other = start, line[3]
			}
		}
	}
	if differ <= same {
		at = -1 // a text that happens to have such a line
	}
	if at >= 0 {
		c.blind, c.loose = true, true
		c.add(codeOtherDelimiters, "", at, 4, "MSH declares %s as the field separator, but %s and other segments use %c; MSH was probably written anew and the body was not.", sep, c.b[at:at+3], other)
		return
	}
	c.bodyComponents(h)
}

// cutLine cuts b at its first line end; rest starts after it.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\r')
	line = b
	if i >= 0 {
		line = b[:i]
	}
	if j := bytes.IndexByte(line, '\n'); j >= 0 {
		i = j
	}
	if i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// bodyComponents reports a body whose component separator is not the declared
// one: the declared one never occurs, and another stands between words in the
// names and identifiers, which always have components.
func (c *checker) bodyComponents(h hl7.Segment) {
	if c.comp == "" || c.m.Len() < 2 {
		return
	}
	if bytes.Contains(c.b[min(h.End(), len(c.b)):], []byte(c.comp)) {
		return
	}
	votes, at := map[byte]int{}, map[byte]int{}
	for _, p := range [...]struct {
		id    string
		field int
	}{{"PID", 3}, {"PID", 5}, {"PID", 11}, {"PV1", 3}, {"PV1", 7}, {"NK1", 2}, {"OBR", 4}, {"OBX", 3}, {"OBR", 16}, {"IN1", 16}} {
		s, ok := c.m.Find(p.id, 1)
		if !ok {
			continue
		}
		v := s.Field(p.field)
		raw := v.Raw()
		for i := range len(otherDelimiters) {
			x := otherDelimiters[i]
			if string(x) == c.repetition || string(x) == c.escape || string(x) == c.sub || string(x) == h.Delimiters().Field {
				continue
			}
			if j := strings.IndexByte(string(raw), x); j > 0 && strings.Count(string(raw), string(x)) >= 1 && j+1 < len(raw) {
				if votes[x]++; votes[x] == 1 {
					at[x] = v.Offset() + j
				}
			}
		}
	}
	best := byte(0)
	for i := range len(otherDelimiters) {
		if x := otherDelimiters[i]; votes[x] >= 2 && (best == 0 || votes[x] > votes[best]) {
			best = x
		}
	}
	if best == 0 {
		return
	}
	c.blind = true
	c.add(codeOtherDelimiters, c.m.Locate(at[best]).String(), at[best], 1, "MSH-2 declares %s as the component separator, but it never occurs and %c stands in its place; MSH was probably written anew and the body was not.", c.comp, best)
}
