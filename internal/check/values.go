package check

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// leaf checks a value that has no parts.
func (c *checker) leaf(at place, f *fieldPlan, v hl7.Value) {
	raw := v.Raw()
	if c.escape != "" && bytes.IndexByte(raw, c.escape[0]) >= 0 {
		c.escapes(at, v)
	}
	if c.cut != 0 && raw[len(raw)-1] == c.cut && len(raw) > 1 {
		c.truncated(at, f, v)
		return
	}
	if c.oddNull(at, raw, v.Offset()) {
		return
	}
	switch f.kind {
	case valueDate:
		c.date(at, f, raw, v.Offset(), kindDate)
	case valueTime:
		c.date(at, f, raw, v.Offset(), kindTime)
	case valueStamp:
		c.date(at, f, raw, v.Offset(), kindStamp)
	case valueNumber:
		c.number(at, f, raw, v.Offset())
	case valueSequence:
		if !allDigits(raw) {
			c.add(codeSequence, at.String(), v.Offset(), len(raw), "%q is no whole number, but %s (%s) counts.", quote(raw), at, f.def.Name)
		}
	case valueCode:
		if f.codes != nil {
			c.coded(at, f, raw, v.Offset())
		}
	default:
		if f.kind == valueText || f.kind == valueFormatted {
			c.markup(at, f, raw, v.Offset())
		}
		c.padding(at, raw, v.Offset())
		c.lengthOf(at, f, raw, v.Offset())
	}
}

// truncated reports a value that its sender cut off (HL7 2.7 section 2.5.5.2): a
// number sign that belongs to the value would be escaped.
func (c *checker) truncated(at place, f *fieldPlan, v hl7.Value) {
	raw := v.Raw()
	known := ""
	if n := f.def.ConformanceLength; n > 0 {
		known = " The field has to hold " + plural(n, "character", "characters") + "."
	}
	c.add(codeTruncated, at.String(), v.End()-1, 1, "%s (%s) ends with the truncation character %s, so its sender cut it off after %s.%s",
		at, f.def.Name, raw[len(raw)-1:], plural(utf8.RuneCount(raw)-1, "character", "characters"), known)
}

// tags are the HTML elements that documents sent as text have.
var tags = regexp.MustCompile(`(?i)</?(html|body|head|div|p|br|b|i|u|span|table|tr|td|ul|li|font|h[1-6])[ />]`)

// markup reports the formatting of other languages in a text, and that of HL7
// in a type that has none: only FT and TX are formatted.
func (c *checker) markup(at place, f *fieldPlan, raw []byte, offset int) {
	if len(raw) < 4 {
		return
	}
	if raw[0] == '{' && (bytes.HasPrefix(raw, []byte(`{\rtf`)) || bytes.HasPrefix(raw, []byte("{"+c.escape+"E"+c.escape+"rtf"))) {
		c.add(codeMarkup, at.String(), offset, 5, "The text is RTF; a receiver shows its control words.")
		return
	}
	if bytes.IndexByte(raw, '<') >= 0 {
		if tag := tags.FindIndex(raw[:min(len(raw), 64<<10)]); tag != nil {
			c.add(codeMarkup, at.String(), offset+tag[0], tag[1]-tag[0], "The text has HTML (%s); a receiver shows the tags.", quote(raw[tag[0]:tag[1]]))
			return
		}
	}
	if f.kind != valueText || c.escape == "" || bytes.IndexByte(raw, c.escape[0]) < 0 {
		return
	}
	br := c.escape + ".br" + c.escape
	if i := bytes.Index(raw, []byte(br)); i >= 0 {
		c.add(codeMarkup, at.String(), offset+i, len(br), "A line break (%s) stands in a value of type ST; only FT and TX are formatted, and a receiver may show it as it is.", br)
	}
}

// oddNull reports quotation marks that are no null, and words that stand for
// nothing. It returns true if the value needs no further look.
func (c *checker) oddNull(at place, raw []byte, offset int) bool {
	if len(raw) == 0 || len(raw) > 12 {
		return false
	}
	if raw[0] == '"' && len(bytes.Trim(raw, `"`)) == 0 && len(raw) != 2 {
		found := c.add(codeNullOdd, at.String(), offset, len(raw),
			"%s is no null value: two quotation marks delete what is stored, an empty field says nothing.", raw)
		if len(raw) == 4 {
			found.Repair = &Repair{Title: `Write ""`, Offset: offset, Length: len(raw), Replacement: []byte(`""`)}
		}
		return true
	}
	if nullWord(raw) {
		c.add(codeNullWord, at.String(), offset, len(raw), "The word %s stands where nothing is known; a receiver stores it as text. An empty field says nothing, \"\" deletes.", quote(raw))
		return true
	}
	return false
}

// padding reports blanks around a value: identifiers and codes compare unequal
// because of them.
func (c *checker) padding(at place, raw []byte, offset int) {
	if raw[0] != ' ' && raw[len(raw)-1] != ' ' {
		return
	}
	trimmed := bytes.Trim(raw, " ")
	if len(trimmed) == 0 {
		c.add(codePadding, at.String(), offset, len(raw), "The value is only blanks; an empty field says nothing.")
		return
	}
	if at.comp > 1 || at.field == 5 && at.segment.Name() == "OBX" || bytes.IndexByte(trimmed, ' ') >= 0 {
		return // running text, where blanks are harmless
	}
	found := c.add(codePadding, at.String(), offset, len(raw), "Blanks stand around the value; a receiver that does not trim them will not find it.")
	found.Repair = &Repair{Title: "Remove the blanks", Offset: offset, Length: len(raw), Replacement: bytes.Clone(trimmed)}
}

func (c *checker) date(at place, f *fieldPlan, raw []byte, offset int, kind dateKind) {
	if goodDate(raw, kind) {
		return
	}
	if kind == kindDate && goodDate(raw, kindStamp) && c.stampLater(at) {
		return
	}
	fault := faultOf(raw, kind)
	if fault == nil {
		return
	}
	d := codeDateFormat
	if fault.impossible {
		d = codeDateImpossible
	}
	found := c.add(d, at.String(), offset, len(raw), "%s", fault.text)
	if fault.fixed != "" {
		found.Repair = &Repair{Title: "Write " + fault.fixed, Offset: offset, Length: len(raw), Replacement: []byte(fault.fixed)}
	}
}

// number checks NM: an optional sign, digits and at most one decimal point.
func (c *checker) number(at place, f *fieldPlan, raw []byte, offset int) {
	if goodNumber(raw) {
		return
	}
	d := codeNumber
	if at.segment.Name() == "OBX" && at.field == 5 {
		d = codeOBXDisagrees
	}
	text, fixed := numberFault(raw)
	found := c.add(d, at.String(), offset, len(raw), "%s", text)
	if c.v.Name == "2.1" && at.segment.Name() != "OBX" {
		found.Severity = Information // 2.1 wants digits in identifiers that all later versions take as text
	}
	if at.comp == 3 && strings.HasPrefix(strings.ToLower(f.def.Name), "id number") && bytes.ContainsAny(raw, "0123456789") {
		found.Severity = Information // XON.3; its successor, XON.10, takes letters
		found.Text = quote(raw) + " is an identifier with letters; " + at.String() + " takes only digits, and HL7 2.5 has component 10 for such identifiers."
	}
	if fixed != "" {
		found.Repair = &Repair{Title: "Write " + fixed, Offset: offset, Length: len(raw), Replacement: []byte(fixed)}
	}
}

func goodNumber(s []byte) bool {
	if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	digits, point := false, false
	for _, ch := range s {
		switch {
		case ch >= '0' && ch <= '9':
			digits = true
		case ch == '.' && !point:
			point = true
		default:
			return false
		}
	}
	return digits
}

// numberFault explains what makes a value no number.
func numberFault(raw []byte) (text, fixed string) {
	s, shown := string(raw), quote(raw)
	trimmed := strings.TrimSpace(s)
	switch {
	case trimmed != s && goodNumber([]byte(trimmed)):
		return "The number " + trimmed + " has blanks around it.", trimmed
	case strings.Count(s, ",") == 1 && !strings.Contains(s, ".") && goodNumber([]byte(strings.Replace(s, ",", ".", 1))):
		// 1,234 can be a thousand; two digits after the comma cannot.
		if i := strings.IndexByte(s, ','); len(s)-i-1 != 3 {
			fixed = strings.Replace(s, ",", ".", 1)
		}
		return shown + " has a comma; the type NM has a decimal point.", fixed
	case len(s) > 1 && strings.ContainsAny(s[:1], "<>=") && goodNumber([]byte(strings.TrimLeft(s, "<>= "))):
		return shown + " has a comparison sign, which the type NM has not; the type SN carries it (" + comparator(s) + "^" + strings.TrimLeft(s, "<>= ") + ").", ""
	case strings.HasSuffix(s, "%"):
		return shown + " has a percent sign; the type NM has only the number, the unit stands in OBX-6.", ""
	}
	if i := strings.IndexAny(s, " \t"); i > 0 && goodNumber(raw[:i]) {
		return shown + " has text after the number; the type NM has only the number.", ""
	}
	return shown + " is no number, but the type is NM.", ""
}

func comparator(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "<>="))]
}

// coded checks an ID or IS value against its table.
func (c *checker) coded(at place, f *fieldPlan, raw []byte, offset int) {
	if _, ok := f.codes.exact[string(raw)]; ok {
		return
	}
	c.notInTable(at, f, raw, offset, f.codes.hl7 && f.def.Type == "ID")
}

// codedElement checks component 1 of CE, CWE and CNE, if the coding system is
// not another one.
func (c *checker) codedElement(at place, f *fieldPlan, v hl7.Value) {
	first := v.Component(1)
	raw := first.Raw()
	if len(raw) == 0 || first.State() == hl7.Null || c.subcomponents(raw) > 0 {
		return
	}
	if _, ok := f.codes.exact[string(raw)]; ok {
		return
	}
	if system := string(v.Component(3).Raw()); system != "" && system != "HL7"+f.codes.table.ID && system != f.codes.table.ID {
		return
	}
	at.comp = 1
	c.notInTable(at, f, raw, first.Offset(), false)
}

// notInTable reports a code. Where the value is a name or a code in another
// case, that is a mistake whatever kind of table it is; else it is one only in
// a table of HL7's own.
func (c *checker) notInTable(at place, f *fieldPlan, raw []byte, offset int, strict bool) {
	if c.escape != "" && bytes.Contains(raw, []byte(c.escape)) {
		return
	}
	table := f.codes.table
	if better, ok := f.codes.suggest(raw); ok && !(strings.EqualFold(better, string(raw)) && f.codes.elsewhere()[string(raw)] != "") {
		found := c.say(codeNotInTable, at.String(), offset, len(raw), quote(raw)+" is not in table "+table.ID+" ("+table.Name+"); the code is "+better+".")
		found.Repair = &Repair{Title: "Write " + better, Offset: offset, Length: len(raw), Replacement: []byte(better)}
		return
	}
	if other := f.codes.elsewhere()[string(raw)]; other != "" {
		found := c.say(codeNotInTable, at.String(), offset, len(raw), quote(raw)+" is not in table "+table.ID+" ("+table.Name+") of HL7 "+c.v.Name+", but in that of "+other+".")
		found.Severity = Information
		return
	}
	if !strict {
		c.say(codeLocal, at.String(), offset, len(raw), quote(raw)+" is not among the values that HL7 "+c.v.Name+" suggests in table "+table.ID+" ("+table.Name+"); sender and receiver must have agreed on it.")
		return
	}
	c.say(codeNotInTable, at.String(), offset, len(raw), quote(raw)+" is not in table "+table.ID+" ("+table.Name+") of HL7 "+c.v.Name+".")
}

// lengthOf reports a value over the length that the version gives. Before 2.7
// lengths are those of the standard's tables, which few systems keep.
func (c *checker) lengthOf(at place, f *fieldPlan, raw []byte, offset int) {
	limit := f.def.MaxLength
	if limit <= 0 || limit >= 65536 || len(raw) <= limit || c.full(codeTooLong) {
		return
	}
	n := utf8.RuneCount(raw)
	if c.escape != "" {
		n -= bytes.Count(raw, []byte(c.escape))
	}
	if n <= limit || !c.firstTime("long", at) {
		return
	}
	path := at.String()
	c.say(codeTooLong, path, offset, len(raw), path+" ("+f.def.Name+") has "+strconv.Itoa(n)+" characters; HL7 "+c.v.Name+" gives it "+strconv.Itoa(limit)+". A receiver that keeps to that cuts it off.")
}
