package mappaper

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"trestle/internal/fhir"
)

// shown is a value of a sample as a paper shows it: as it is, or its shape.
func (s Spec) shown(text string) string {
	write := shape
	if s.ShowValues {
		write = func(t string) string { return t }
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if n, err := fhir.ParseJSON([]byte(text)); err == nil {
			var parts []string
			leaves(n, "", func(name, text string) {
				if !telling(name) {
					text = write(text)
				}
				parts = append(parts, name+" "+text)
			})
			return short(strings.Join(parts, "; "))
		}
	}
	return short(write(text))
}

// telling says whether a member of a FHIR type says what a value is, and nothing of anybody: the code system, and the use of a
// name, address or number.
func telling(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	return name == "system" || name == "use"
}

// leaves visits the plain values of a tree with their names, those of lists once for each item.
func leaves(n *fhir.Node, name string, visit func(name, text string)) {
	if n.IsPrimitive() {
		visit(name, n.String())
		return
	}
	for _, c := range n.Children {
		at := name
		if c.Name != "" {
			at = strings.TrimPrefix(name+"."+c.Name, ".")
		}
		leaves(c, at, visit)
	}
}

// maxShown is how many characters of a value are shown.
const maxShown = 240

func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return string([]rune(text)[:maxShown]) + " …"
}

// shape writes A for capitals, a for small letters and 9 for digits; signs stay. Letters that are more than three of one
// kind are written as one with a plus, so that the length of a name is not told; digits keep their number, because the
// form of a date or an identifier is what a specification is about. Identifiers of our own making stay.
func shape(text string) string {
	if strings.HasPrefix(text, "urn:uuid:") {
		return "urn:uuid:…"
	}
	var b strings.Builder
	var last rune
	run := 0
	end := func() {
		switch {
		case last != 0 && run > 3 && last != '9':
			b.WriteRune(last)
			b.WriteByte('+')
		case last != 0:
			b.WriteString(strings.Repeat(string(last), run))
		}
		last, run = 0, 0
	}
	for _, r := range text {
		class := rune(0)
		switch {
		case unicode.IsDigit(r):
			class = '9'
		case unicode.IsUpper(r):
			class = 'A'
		case unicode.IsLetter(r), unicode.IsMark(r):
			class = 'a'
		}
		if class != last || class == 0 {
			end()
		}
		if class == 0 {
			b.WriteRune(r)
			continue
		}
		last = class
		run++
	}
	end()
	return b.String()
}
