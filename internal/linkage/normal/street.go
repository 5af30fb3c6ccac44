package normal

import (
	"strings"

	"trestle/internal/linkage/lexicon"
)

// Place is a street address in parts. Name has its words in the standard forms of USPS Publication 28, so that
// "N. Mc Kenna Avenue" and "n mckenna ave" are one.
type Place struct {
	Number, Name, Unit string
	Box                string // the number of a post-office box
}

// Street reads a street address. number is a cell for the house number alone, more a second line; both may be empty.
func Street(number, line, more string) Place {
	var p Place
	f := Fold(line)
	if more != "" {
		if m := Fold(more); m != "" && f != "" {
			f += " " + m
		} else {
			f += m
		}
	}
	if Nothing(f) {
		return p
	}
	var store [16]string
	words := splitWords(store[:0], f)
	if n := boxNumber(words); n > 0 {
		if n < len(words) {
			p.Box = words[n]
		}
		return p
	}
	if number != "" {
		p.Number = Fold(number)
	} else if len(words) > 1 && startsWithDigit(words[0]) {
		p.Number, words = words[0], words[1:]
		if len(words) > 1 && (words[0] == "1" || words[0] == "2") && words[1] == "2" { // 12 1/2
			words = words[min(2, len(words)):]
		}
	}
	for i, w := range words {
		if i > 0 && lexicon.IsUnit(w) {
			if i+1 < len(words) {
				p.Unit = words[i+1]
			}
			words = words[:i]
			break
		}
	}
	if n := len(words); p.Unit == "" && n > 2 && startsWithDigit(words[n-1]) && isStandard(words[n-2]) {
		p.Unit, words = words[n-1], words[:n-1] // "250 gayle dr 12"
	}
	var b strings.Builder
	for i, w := range words {
		if s, ok := lexicon.Street(w); ok {
			w = s
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	p.Name = b.String()
	return p
}

func splitWords(words []string, f string) []string {
	for f != "" {
		w, rest, _ := strings.Cut(f, " ")
		words = append(words, w)
		f = rest
	}
	return words
}

// boxNumber returns where the number of a post-office box stands: "po box 12", "p o box 12", "pobox 12". 0 is none.
func boxNumber(words []string) int {
	switch {
	case len(words) > 1 && words[0] == "po" && words[1] == "box":
		return 2
	case len(words) > 2 && words[0] == "p" && words[1] == "o" && words[2] == "box":
		return 3
	case len(words) > 1 && (words[0] == "pobox" || words[0] == "box"):
		return 1
	}
	return 0
}

func isStandard(w string) bool {
	_, ok := lexicon.Street(w)
	return ok
}

func startsWithDigit(w string) bool { return w != "" && w[0] >= '0' && w[0] <= '9' }
