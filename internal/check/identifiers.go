package check

import (
	"bytes"
	"strings"

	"trestle/internal/hl7"
)

// shape says what a composite value is about beyond its parts.
type shape uint8

const (
	shapeNone         shape = iota
	shapeIdentifier         // CX: 1 identifier, 2 check digit, 3 its scheme, 5 type
	shapeOrganisation       // XON: 3 number, 4 check digit, 5 its scheme, 7 type, 10 identifier
	shapePerson             // XCN: 1 identifier, 11 check digit, 12 its scheme, 13 type
	shapeName               // XPN
	shapeTelephone          // XTN
)

func shapeOf(typ string) shape {
	switch typ {
	case "CX":
		return shapeIdentifier
	case "XON":
		return shapeOrganisation
	case "XCN":
		return shapePerson
	case "XPN":
		return shapeName
	case "XTN", "TN":
		return shapeTelephone
	}
	return shapeNone
}

// shaped looks at what the parts of a value say together.
func (c *checker) shaped(at place, s shape, v hl7.Value) {
	switch s {
	case shapeIdentifier:
		c.checkDigit(at, v, 1, 2, 3, 5)
	case shapeOrganisation:
		c.checkDigit(at, v, 3, 4, 5, 7)
	case shapePerson:
		c.checkDigit(at, v, 1, 11, 12, 13)
	case shapeName:
		c.personName(at, v)
	case shapeTelephone:
		c.telephone(at, v)
	}
}

// checkDigit computes the check digit of an identifier, if it has one and names
// a scheme of table 0061, and that of an NPI, which holds it as its last digit.
func (c *checker) checkDigit(at place, v hl7.Value, id, digit, scheme, kind int) {
	number := v.Component(id)
	raw := number.Raw()
	if !allDigits(raw) || len(raw) > 30 {
		return
	}
	if given := v.Component(digit); len(given.Raw()) == 1 && allDigits(given.Raw()) {
		name := string(v.Component(scheme).Raw())
		if want := checkDigits(raw, name); want != "" && !strings.Contains(want, string(given.Raw())) {
			at.comp = digit
			c.add(codeCheckDigit, at.String(), given.Offset(), 1, "The check digit %s does not belong to the identifier before it: by the scheme %s it is %s. One of the digits is probably mistyped.",
				given.Raw(), name, strings.Join(strings.Split(want, ""), " or "))
		}
		return
	}
	if string(v.Component(kind).Raw()) == "NPI" && !goodNPI(raw) {
		at.comp = id
		why := "its last digit does not belong to the others"
		if len(raw) != 10 {
			why = plural(len(raw), "digit", "digits") + " instead of 10"
		}
		// Test systems are full of invented ones, and a receiver stores them all the same.
		c.add(codeCheckDigit, at.String(), number.Offset(), len(raw), "The identifier is marked as NPI and is none: %s.", why).Severity = Information
	}
}

// checkDigits returns the digits that a scheme of table 0061 allows after a
// number, "" if the scheme is not known or leaves the case open.
//
// M10 and M11 are those of HL7 2.5.1 section 2.A.14.2. ISO stands for ISO 7064
// without saying which of its systems, so that of both that end in one digit
// either is right.
func checkDigits(number []byte, scheme string) string {
	switch scheme {
	case "M10":
		return string(digit(luhn(number)))
	case "NPI":
		return string(digit(luhn(append([]byte("80840"), number...))))
	case "M11":
		sum, weight := 0, 2
		for i := len(number) - 1; i >= 0; i-- {
			sum += int(number[i]-'0') * weight
			if weight++; weight > 7 {
				weight = 2
			}
		}
		if sum%11 < 2 {
			return "" // 11 and 10 are no digits; senders write 0, 1 or X
		}
		return string(digit(11 - sum%11))
	case "ISO":
		p, two := 10, 0
		for _, b := range number {
			n := int(b - '0')
			if p = (p + n) % 10; p == 0 {
				p = 10
			}
			p = p * 2 % 11
			two = (two + n) * 2 % 11
		}
		want := string(digit((11 - p) % 10)) // mod 11,10
		if other := (12 - two) % 11; other < 10 && string(digit(other)) != want {
			want += string(digit(other)) // mod 11-2
		}
		return want
	}
	return ""
}

func digit(n int) []byte { return []byte{'0' + byte(n)} }

// luhn returns the digit that makes the sum of ISO/IEC 7812 a multiple of ten.
func luhn(number []byte) int {
	sum := 0
	for i := range number {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return (10 - sum%10) % 10
}

// goodNPI checks a National Provider Identifier (45 CFR 162.406: ISO 7812 with
// the prefix 80840).
func goodNPI(raw []byte) bool {
	return len(raw) == 10 && luhn(append([]byte("80840"), raw[:9]...)) == int(raw[9]-'0')
}

// authority reports identifiers that do not say whose they are: the patient's,
// and those that a merge takes away.
func (c *checker) authority(s hl7.Segment, field int, whose string) {
	if !c.from(2, 3) {
		return
	}
	at := place{segment: s, field: field}
	value := s.Field(field)
	many := c.repetition != "" && bytes.Contains(value.Raw(), []byte(c.repetition))
	n := 0
	for r := range value.AllRepetitions() {
		n++
		if many {
			at.rep = n
		}
		id := r.Component(1)
		if id.State() != hl7.Valued || len(bytes.Trim(r.Component(4).Raw(), c.sub)) > 0 {
			continue
		}
		c.add(codeNoAuthority, at.String(), id.Offset(), len(id.Raw()), "The %s identifier names no assigning authority (component 4), so it cannot be told from the same number of another system.", whose)
	}
}

// personName reports names that are in the wrong parts: a whole name in the
// place of the family name, or a number in it.
func (c *checker) personName(at place, v hl7.Value) {
	family := v.Component(1)
	raw := family.Raw()
	if len(raw) == 0 || family.State() == hl7.Null || c.escaped(raw) {
		return
	}
	at.comp = 1
	if i := bytes.IndexByte(raw, ','); i > 0 && i < len(raw)-1 && len(v.Component(2).Raw()) == 0 && raw[len(raw)-1] != '.' {
		c.add(codeName, at.String(), family.Offset(), len(raw), "The whole name stands in the family name, with a comma; the given name belongs into component 2.")
		return
	}
	digits := 0
	for _, b := range raw {
		if b >= '0' && b <= '9' {
			digits++
		}
	}
	if digits >= 4 || digits == len(raw) {
		c.add(codeName, at.String(), family.Offset(), len(raw), "The family name has %s; an identifier was probably put into its place.", plural(digits, "digit", "digits"))
	}
}

// telephone reports values that nobody can call or write to.
func (c *checker) telephone(at place, v hl7.Value) {
	first := v.Component(1)
	raw := first.Raw()
	equipment := string(v.Component(3).Raw())
	internet := equipment == "Internet" || string(v.Component(2).Raw()) == "NET"
	if mail := v.Component(4); internet && mail.State() == hl7.Valued && bytes.IndexByte(mail.Raw(), '@') < 0 && equipment != "X.400" && !c.escaped(mail.Raw()) {
		at.comp = 4
		c.add(codeTelephone, at.String(), mail.Offset(), len(mail.Raw()), "The value is declared as an e-mail address and has no @.")
		return
	}
	if len(raw) == 0 || first.State() == hl7.Null || c.escaped(raw) {
		return
	}
	at.comp = 1
	if bytes.IndexByte(raw, '@') > 0 {
		if !internet && c.from(2, 3) {
			c.add(codeTelephone, at.String(), first.Offset(), len(raw), "An e-mail address stands in the place of the telephone number; it belongs into component 4, with NET and Internet in 2 and 3.")
		}
		return
	}
	digits := 0
	same := true
	var last byte
	for _, b := range raw {
		if b >= '0' && b <= '9' {
			same = same && (digits == 0 || b == last)
			last = b
			digits++
		}
	}
	switch {
	case internet:
	case digits == 0:
		c.add(codeTelephone, at.String(), first.Offset(), len(raw), "The telephone number has no digit.")
	case digits >= 7 && same:
		c.add(codeTelephone, at.String(), first.Offset(), len(raw), "The telephone number is one digit repeated, which stands for nothing; an empty field says that none is known.")
	}
}

// escaped reports whether a value has an escape sequence, so that its bytes are
// not its characters.
func (c *checker) escaped(raw []byte) bool {
	return c.escape != "" && bytes.Contains(raw, []byte(c.escape))
}
