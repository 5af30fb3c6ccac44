package check

import (
	"bytes"
	"strings"

	"trestle/internal/hl7"
)

// quick is a first reading of a field: it goes over the bytes once and says
// whether there is anything to say at all. Nearly always there is not, and then
// the careful reading with its places, repairs and sentences is not needed. It
// must never call a field fine of which the careful reading has a finding;
// FuzzQuick compares the two.
type quick struct {
	on                    bool
	comp, rep, sub, esc   byte
	cut                   byte
	class                 *[256]byteClass
	components, fragments [20][]byte
}

// byteClass is what a byte means to the first reading.
type byteClass uint8

const (
	classPlain byteClass = iota
	classPart            // separates components or subcomponents
	classRepetition
	classSpecial // needs the careful reading
)

// ready prepares the reading for a message. It is off where a delimiter is
// missing or has several bytes. Bytes above 7F may hide a delimiter, so a field
// that has some is read carefully.
func (q *quick) ready(c *checker) {
	q.on = !c.options.careful && len(c.comp) == 1 && len(c.repetition) == 1 && len(c.sub) == 1 && len(c.escape) == 1
	if !q.on {
		return
	}
	q.comp, q.rep, q.sub, q.esc, q.cut = c.comp[0], c.repetition[0], c.sub[0], c.escape[0], c.cut
	if q.class = &usualClasses; q.comp != '^' || q.rep != '~' || q.sub != '&' || q.esc != '\\' {
		other := classes(q.comp, q.rep, q.sub, q.esc)
		q.class = &other
	}
}

// usualClasses are those of the delimiters that the standard recommends.
var usualClasses = classes('^', '~', '&', '\\')

func classes(comp, rep, sub, esc byte) (class [256]byteClass) {
	for i := range class {
		if i < 0x20 || i >= 0x7F {
			class[i] = classSpecial
		}
	}
	class[esc], class[comp], class[sub], class[rep] = classSpecial, classPart, classPart, classRepetition
	return class
}

// fine reports whether a field, with all of its repetitions, has no finding. A
// limit of 0 allows any number of repetitions.
func (q *quick) fine(f *fieldPlan, raw []byte, limit int) bool {
	if !q.on || f.careful {
		return false
	}
	reps, start := 0, 0
	parts := false
	for i := 0; ; i++ {
		for i < len(raw) && q.class[raw[i]] == classPlain {
			i++
		}
		if i < len(raw) {
			switch q.class[raw[i]] {
			case classSpecial:
				return false
			case classPart:
				parts = true
				continue
			}
		}
		reps++
		if limit > 0 && reps > limit {
			return false
		}
		if i > start && !q.value(f, raw[start:i], parts) {
			return false
		}
		if i >= len(raw) {
			return true
		}
		start, parts = i+1, false
	}
}

var null = []byte(`""`)

// value is a repetition; parts says whether a separator stands in it.
func (q *quick) value(f *fieldPlan, raw []byte, parts bool) bool {
	if raw[0] == '"' && bytes.Equal(raw, null) {
		return true
	}
	if f.kind != valueComposite {
		return !parts && q.leaf(f, raw)
	}
	n, ok := 1, true
	if q.components[0] = raw; parts {
		n, ok = q.split(raw, q.comp, &q.components)
	}
	if !ok || n > len(f.parts) {
		return false
	}
	for i, part := range q.components[:n] {
		if len(part) == 0 || part[0] == '"' && bytes.Equal(part, null) {
			continue
		}
		if !q.component(&f.parts[i], part, parts) {
			return false
		}
	}
	return short(f, raw) && q.coded(f, n) && q.shaped(f.shape, n)
}

func (q *quick) component(p *fieldPlan, raw []byte, parts bool) bool {
	if !p.defined() {
		return false
	}
	if p.kind != valueComposite {
		return !(parts && bytes.IndexByte(raw, q.sub) >= 0) && q.leaf(p, raw)
	}
	n, ok := 1, true
	if q.fragments[0] = raw; parts {
		n, ok = q.split(raw, q.sub, &q.fragments)
	}
	if !ok || n > len(p.parts) {
		return false
	}
	for i, part := range q.fragments[:n] {
		if len(part) == 0 || bytes.Equal(part, null) {
			continue
		}
		if !p.parts[i].defined() || !q.leaf(&p.parts[i], part) {
			return false
		}
	}
	return true
}

// split cuts a value at a separator; ok is false if it has too many parts.
func (q *quick) split(raw []byte, sep byte, into *[20][]byte) (n int, ok bool) {
	start := 0
	for i, b := range raw {
		if b == sep {
			if n == len(into)-1 {
				return 0, false
			}
			into[n] = raw[start:i]
			n++
			start = i + 1
		}
	}
	into[n] = raw[start:]
	return n + 1, true
}

// short reports whether a value keeps to the length of its field, or the field
// has none.
func short(f *fieldPlan, raw []byte) bool {
	limit := f.def.MaxLength
	return limit <= 0 || len(raw) <= limit || limit >= 65536
}

// leaf is a value without parts and without escapes.
func (q *quick) leaf(p *fieldPlan, raw []byte) bool {
	last := raw[len(raw)-1]
	if raw[0] == '"' || nullWord(raw) || q.cut != 0 && last == q.cut {
		return false
	}
	switch p.kind {
	case valueDate:
		return goodDate(raw, kindDate)
	case valueTime:
		return goodDate(raw, kindTime)
	case valueStamp:
		return goodDate(raw, kindStamp)
	case valueNumber:
		return goodNumber(raw)
	case valueSequence:
		return allDigits(raw)
	case valueCode:
		return p.codes == nil || p.codes.has(raw)
	case valueText, valueFormatted:
		if raw[0] == '{' {
			return false // perhaps RTF
		}
		if i := bytes.IndexByte(raw, '<'); i >= 0 && perhapsTag(raw[i+1:]) {
			return false
		}
	}
	return raw[0] != ' ' && last != ' ' && short(p, raw)
}

// perhapsTag reports whether an HTML tag may start in what follows the first <.
func perhapsTag(raw []byte) bool {
	return bytes.IndexByte(raw, '<') >= 0 || bytes.ContainsAny(raw, " />")
}

// coded is codedElement for the components of q.
func (q *quick) coded(f *fieldPlan, n int) bool {
	if f.codes == nil {
		return true
	}
	first := q.components[0]
	if len(first) == 0 || bytes.Equal(first, null) || f.codes.has(first) {
		return true
	}
	if n < 3 || len(q.components[2]) == 0 {
		return false
	}
	system := q.components[2]
	return !bytes.Equal(bytes.TrimPrefix(system, []byte("HL7")), []byte(f.codes.table.ID))
}

// shaped is what shaped looks at: whether the parts that it asks about are there.
func (q *quick) shaped(s shape, n int) bool {
	at := func(i int) []byte {
		if i <= n {
			return q.components[i-1]
		}
		return nil
	}
	isNPI := func(i int) bool { return string(at(i)) == "NPI" }
	switch s {
	case shapeIdentifier:
		return len(at(2)) == 0 && !isNPI(5)
	case shapeOrganisation:
		return len(at(4)) == 0 && !isNPI(7)
	case shapePerson:
		return len(at(11)) == 0 && !isNPI(13)
	case shapeName:
		return !bytes.ContainsAny(at(1), ",0123456789")
	case shapeTelephone:
		number := at(1)
		if len(at(4)) > 0 || bytes.IndexByte(number, '@') >= 0 {
			return false
		}
		return len(number) == 0 || twoDigits(number)
	}
	return true
}

// twoDigits reports whether a value has two digits that differ.
func twoDigits(raw []byte) bool {
	first := byte(0)
	for _, b := range raw {
		if b < '0' || b > '9' || b == first {
			continue
		}
		if first != 0 {
			return true
		}
		first = b
	}
	return false
}

// nullWord reports a word that stands for nothing. "Null" in mixed case is a
// surname.
func nullWord(raw []byte) bool {
	if len(raw) > len("undefined") || len(raw) < 3 {
		return false
	}
	switch raw[0] | 0x20 {
	case 'n', '(', 'u', '<':
	default:
		return false
	}
	switch strings.ToLower(string(raw)) {
	case "null", "(null)", "<null>", "n/a", "nil", "undefined", "nan":
		return string(raw) != "Null"
	}
	return false
}

// has reports whether a value is a code of the table.
func (s *codeSet) has(raw []byte) bool {
	if len(raw) == 1 {
		return s.single[raw[0]]
	}
	_, ok := s.exact[string(raw)]
	return ok
}

// fine is the first reading of OBX-5, of the type that OBX-2 names.
func (c *checker) fineObservation(name string, plan *fieldPlan, v hl7.Value) bool {
	return name != "ED" && c.quick.fine(plan, v.Raw(), 0)
}
