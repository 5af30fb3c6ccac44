package check

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// observation checks OBX-2 and OBX-5 together.
func (c *checker) observation(s hl7.Segment) {
	typ, value := c.typ, c.observed
	if !value.IsPresent() {
		typ, value = s.Field(2), s.Field(5) // so that they have a place
	}
	if c.components(typ.Raw()) > 0 {
		c.add(codeComponents, place{segment: s, field: 2}.String(), typ.Offset(), len(typ.Raw()), "OBX-2 is of type ID, which has no components; only its first part is read.")
		typ = typ.Component(1)
	}
	name := strings.TrimSpace(typ.Text())
	if value.State() != hl7.Valued {
		if typ.State() == hl7.Valued && name != "" {
			c.typeKnown(s, typ, name)
		}
		return
	}
	if len(bytes.Trim(value.Raw(), c.comp+c.sub+c.repetition)) == 0 {
		return
	}
	at := place{segment: s, field: 5}
	if typ.State() != hl7.Valued || name == "" {
		c.add(codeOBXTypeMissing, place{segment: s, field: 2}.String(), typ.Offset(), len(typ.Raw()), "OBX-2 is empty, so receivers cannot know the type of the value in OBX-5.")
		c.escapesWithin(at, value)
		return
	}
	plan := c.typeKnown(s, typ, name)
	if plan == nil || bytes.IndexByte(typ.Raw(), ' ') >= 0 {
		c.escapesWithin(at, value)
		return
	}
	if c.fineObservation(name, plan, value) {
		return
	}
	switch name {
	case "ED":
		c.document(at, value)
		return
	case "TX", "FT", "ST":
		if c.codedAsText(at, value, name) {
			return
		}
	}
	n := 0
	many := c.repetition != "" && bytes.Contains(value.Raw(), []byte(c.repetition))
	for r := range value.AllRepetitions() {
		n++
		if many {
			at.rep = n
		}
		if len(r.Raw()) > 0 {
			c.value(at, plan, r)
		}
	}
}

// typeKnown returns the plan for the type of OBX-2, nil after reporting that
// there is none.
func (c *checker) typeKnown(s hl7.Segment, typ hl7.Value, name string) *fieldPlan {
	plan := c.plans.typed(name)
	known := plan != nil
	if known {
		return plan
	}
	at := place{segment: s, field: 2}
	if upper := strings.ToUpper(name); upper != name && c.plans.typed(upper) != nil {
		found := c.add(codeOBXTypeUnknown, at.String(), typ.Offset(), len(typ.Raw()), "OBX-2 is %s; the type is written %s.", quote(typ.Raw()), upper)
		found.Repair = &Repair{Title: "Write " + upper, Offset: typ.Offset(), Length: len(typ.Raw()), Replacement: []byte(upper)}
		return nil
	}
	if later := c.typeElsewhere(name); later != "" {
		found := c.add(codeOBXTypeUnknown, at.String(), typ.Offset(), len(typ.Raw()), "OBX-2 is %s, a type of HL7 %s and not of %s.", quote(typ.Raw()), later, c.v.Name)
		found.Severity = Information
		return nil
	}
	c.add(codeOBXTypeUnknown, at.String(), typ.Offset(), len(typ.Raw()), "OBX-2 is %q, which is no data type of HL7 %s; the value is read as text.", quote(typ.Raw()), c.v.Name)
	return nil
}

// codingSystems that stand in the third component of a coded value.
var codingSystems = map[string]bool{
	"LN": true, "SCT": true, "SNM": true, "L": true, "I9": true, "I9C": true, "I10": true, "I10C": true, "I10P": true, "C4": true, "CPT": true,
	"NDC": true, "CVX": true, "MVX": true, "UCUM": true, "RXNORM": true, "99LAB": true,
}

// codedAsText reports a coded value that is declared as text: not a separator
// that was forgotten to be escaped, but a wrong OBX-2.
func (c *checker) codedAsText(at place, v hl7.Value, name string) bool {
	if c.components(v.Raw()) < 2 {
		return false
	}
	system := string(v.Component(3).Raw())
	if !codingSystems[system] && !strings.HasPrefix(system, "HL7") && !strings.HasPrefix(system, "99") && !looksCoded(v, system) {
		return false
	}
	c.add(codeOBXDisagrees, at.String(), v.Offset(), len(v.Raw()), "OBX-2 says %s (text), but OBX-5 holds a code with its system (%s); the type is probably CE or CWE.", name, quote([]byte(system)))
	return true
}

// systemName is how the names of table 0396 are written.
var systemName = regexp.MustCompile(`^[A-Z][A-Z0-9]*([_+.-][A-Z0-9]+)*$`)

// looksCoded reports whether a value of three components has the shape of a
// code, its text and the name of a coding system that is not known here.
func looksCoded(v hl7.Value, system string) bool {
	code, text := v.Component(1).Raw(), v.Component(2).Raw()
	return v.Components() == 3 && len(system) >= 3 && len(system) <= 20 && systemName.MatchString(system) &&
		len(code) > 0 && len(code) <= 20 && bytes.IndexByte(code, ' ') < 0 && len(text) > 0
}

// document checks the ED values of OBX-5: source ^ type ^ subtype ^ encoding ^
// data (HL7 2.5.1 section 2.A.24).
func (c *checker) document(at place, field hl7.Value) {
	n := 0
	many := c.repetition != "" && bytes.Contains(field.Raw(), []byte(c.repetition))
	for v := range field.AllRepetitions() {
		n++
		if many {
			at.rep = n
		}
		if v.State() == hl7.Valued {
			c.documentValue(at, v)
		}
	}
}

func (c *checker) documentValue(at place, v hl7.Value) {
	encoding, data := v.Component(4), v.Component(5)
	name := strings.ToLower(strings.TrimSpace(encoding.Text()))
	dataAt := at
	dataAt.comp = 5
	if len(data.Raw()) == 0 {
		c.documentMisplaced(at, v)
		return
	}
	raw := data.Raw()
	if bytes.HasPrefix(raw, []byte("data:")) && bytes.Contains(raw[:min(len(raw), 128)], []byte(",")) {
		start := bytes.IndexByte(raw, ',') + 1
		found := c.add(codeDocumentPlace, dataAt.String(), data.Offset(), start, "The data begins with a data URI (%s), as in a web page; HL7 has only the data here.", quote(raw[:start]))
		found.Repair = &Repair{Title: "Remove the data URI prefix", Offset: data.Offset(), Length: start}
		return
	}
	switch name {
	case "base64":
		c.base64Data(dataAt, v, data)
	case "hex":
		if bad := badHex(raw); bad >= 0 {
			c.add(codeDocumentEncoding, dataAt.String(), data.Offset()+bad, 1, "The data is declared as Hex, but byte %d of it is no hexadecimal digit.", bad)
		}
	case "a":
		if len(raw) > 200 && goodBase64(raw) && bytes.IndexByte(raw, ' ') < 0 {
			c.add(codeDocumentEncoding, dataAt.String(), data.Offset(), min(len(raw), 40), "The data is declared as plain text (A), but looks like Base64.")
		} else {
			c.escapesWithin(dataAt, data)
		}
	default:
		at.comp = 4
		c.add(codeDocumentEncoding, at.String(), encoding.Offset(), len(encoding.Raw()), "ED.4 is %q; the encoding of the data is A, Hex or Base64.", quote(encoding.Raw()))
	}
}

// documentMisplaced says where the data went if component 5 is empty.
func (c *checker) documentMisplaced(at place, v hl7.Value) {
	n := 0
	for part := range v.AllComponents() {
		n++
		raw := part.Raw()
		if n != 5 && len(raw) >= 64 && goodBase64(raw) {
			at.comp = n
			c.add(codeDocumentPlace, at.String(), part.Offset(), min(len(raw), 40), "The data stands in component %d; the type ED has it in component 5, after source, type, subtype and encoding.", n)
			return
		}
	}
	at.comp = 5
	c.add(codeDocumentPlace, at.String(), v.End(), 0, "OBX-2 says ED, but component 5 of OBX-5 has no data.")
}

// base64Data checks the alphabet, the padding and the first bytes.
func (c *checker) base64Data(at place, v, data hl7.Value) {
	raw := data.Raw()
	if c.escape != "" && bytes.Contains(raw, []byte(c.escape+".br"+c.escape)) || bytes.ContainsAny(raw, "\r\n") || bytes.IndexByte(raw, ' ') >= 0 {
		i := bytes.IndexAny(raw, " \r\n"+c.escape)
		found := c.add(codeDocumentEncoding, at.String(), data.Offset()+i, 1, "The Base64 data is wrapped into lines; receivers that decode it strictly fail.")
		if joined := unwrap(raw, c.escape); goodBase64(joined) {
			found.Repair = &Repair{Title: "Join the lines of the data", Offset: data.Offset(), Length: len(raw), Replacement: joined}
		}
		return
	}
	if bad := badBase64(raw); bad >= 0 {
		c.add(codeDocumentEncoding, at.String(), data.Offset()+bad, 1, "The data is declared as Base64, but byte %d of it is %q, which Base64 does not have.", bad, quote(raw[bad:bad+1]))
		return
	}
	if len(bytes.TrimRight(raw, "="))%4 == 1 || bytes.Contains(raw, []byte("=")) && len(raw)%4 != 0 {
		c.add(codeDocumentEncoding, at.String(), data.End(), 0, "The Base64 data has %d characters, which is not a multiple of four; it was probably cut off.", len(raw))
		return
	}
	c.documentKind(at, v, data)
}

// documentKind compares the declared subtype with the first bytes.
func (c *checker) documentKind(at place, v, data hl7.Value) {
	head := make([]byte, 768)
	raw := data.Raw()
	n, _ := base64.RawStdEncoding.Decode(head, bytes.TrimRight(raw[:min(len(raw), 1024)&^3], "="))
	if n < 8 {
		return
	}
	g := format.Detect(head[:n])
	declared := strings.ToUpper(v.Component(3).Text())
	want, ok := documentKinds[declared]
	if !ok || g.Kind == want || g.Kind == format.Text || g.Kind == format.Binary && want == format.Image {
		return
	}
	c.add(codeDocumentType, at.String(), data.Offset(), min(len(raw), 40), "ED.3 says %s, but the data is %s.", quote(v.Component(3).Raw()), g.Kind.Words())
}

var documentKinds = map[string]format.Kind{
	"PDF": format.PDF, "RTF": format.RTF, "JPEG": format.Image, "JPG": format.Image, "GIF": format.Image, "PNG": format.Image,
	"TIFF": format.Image, "TIF": format.Image, "BMP": format.Image, "DICOM": format.DICOM, "APPLICATION/PDF": format.PDF,
}

func isBase64(b byte) bool {
	return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '+' || b == '/'
}

// badBase64 returns the first byte that is not of the alphabet, -1 if all are.
func badBase64(raw []byte) int {
	body := bytes.TrimRight(raw, "=")
	for i, b := range body {
		if !isBase64(b) {
			return i
		}
	}
	if len(raw)-len(body) > 2 {
		return len(body)
	}
	return -1
}

func goodBase64(raw []byte) bool {
	return badBase64(raw) < 0 && len(bytes.TrimRight(raw, "="))%4 != 1
}

func badHex(raw []byte) int {
	for i, b := range raw {
		if !(b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f') {
			return i
		}
	}
	return -1
}

// unwrap takes line ends out of data: blanks, raw ones and \.br\.
func unwrap(raw []byte, escape string) []byte {
	if escape != "" {
		raw = bytes.ReplaceAll(raw, []byte(escape+".br"+escape), nil)
		raw = bytes.ReplaceAll(raw, []byte(escape+"X0D"+escape), nil)
		raw = bytes.ReplaceAll(raw, []byte(escape+"X0A"+escape), nil)
		raw = bytes.ReplaceAll(raw, []byte(escape+"X0D0A"+escape), nil)
	}
	out := make([]byte, 0, len(raw))
	for _, b := range raw {
		if b != ' ' && b != '\r' && b != '\n' {
			out = append(out, b)
		}
	}
	return out
}
