package normal

import (
	"strings"

	"trestle/internal/linkage/lexicon"
)

// generation reads a generational suffix. A single v or i is an initial more often.
func generation(word string) (string, bool) {
	if len(word) < 2 {
		return "", false
	}
	return lexicon.Suffix(word)
}

// Suffix reads a cell for generational suffixes; others, such as MD, give "".
func Suffix(s string) string {
	x, _ := lexicon.Suffix(Fold(s))
	return x
}

// Digits returns the digits of s; it returns s itself if there is nothing else.
func Digits(s string) string {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			b := append(make([]byte, 0, len(s)), s[:i]...)
			for ; i < len(s); i++ {
				if s[i] >= '0' && s[i] <= '9' {
					b = append(b, s[i])
				}
			}
			return string(b)
		}
	}
	return s
}

func repeated(d string) bool {
	for i := 1; i < len(d); i++ {
		if d[i] != d[0] {
			return false
		}
	}
	return true
}

// SSN reads a social security number. valid follows SSA POMS RM 10201.035: no area 000, 666 or 9xx, no group 00, no
// serial 0000; numbers that were printed in advertisements and runs of one digit are no numbers at all and come back
// empty. A number of other lengths, as other countries have, is returned with valid false if it has six digits or more:
// it is evidence of identity, but says nothing about conflicts by the rules of the SSA. Four digits alone are last4.
func SSN(s string) (number, last4 string, valid bool) {
	d := Digits(s)
	if len(d) > 4 && repeated(d) {
		return "", "", false
	}
	switch {
	case len(d) == 9:
	case len(d) == 8 && len(strings.TrimSpace(s)) == 8: // a leading zero that a spreadsheet took away
		d = "0" + d
	case len(d) == 4 && d != "0000":
		return "", d, false
	case len(d) >= 6 && len(d) <= 12 && len(d) != 9:
		return d, d[len(d)-4:], false
	default:
		return "", "", false
	}
	switch d {
	case "078051120", "219099999", "123456789", "987654321", "457555462", "111223333":
		return "", "", false
	}
	if d >= "987654320" && d <= "987654329" || d[3:5] == "00" || d[5:] == "0000" || d[:3] == "000" {
		return "", "", false
	}
	return d, d[5:], d[:3] != "666" && d[0] != '9'
}

// Phone reads a number of the North American numbering plan: ten digits, or eleven with a leading 1. Numbers that
// cannot be anybody's are empty: an area or exchange that begins with 0 or 1, one digit only. Others of 8 to 15 digits are
// kept as they are.
func Phone(s string) string {
	if i := strings.IndexAny(s, "xX"); i > 9 { // an extension
		s = s[:i]
	}
	d := Digits(s)
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) < 7 || len(d) > 15 || repeated(d) || len(d) == 10 && repeated(d[3:]) {
		return ""
	}
	if len(d) == 10 && d[3:8] == "55501" {
		return "" // reserved for fiction: nobody answers
	}
	if len(d) == 10 && d[0] != '0' && (d[0] == '1' || d[3] == '0' || d[3] == '1') {
		return ""
	}
	if d == "1234567890" || d == "1234567" {
		return ""
	}
	return d
}

// PostalCode returns the first five digits of a ZIP code, or a folded code of another country without blanks.
func PostalCode(s string) string {
	s = strings.TrimSpace(s)
	if d := Digits(s); len(d) >= 5 && len(d) == len(strings.ReplaceAll(s, "-", "")) {
		d = d[:5]
		if repeated(d) && d != "44444" && d != "22222" && d != "55555" || d == "12345" {
			return ""
		}
		return d
	}
	f := strings.ReplaceAll(Fold(s), " ", "")
	if repeated(f) {
		return ""
	}
	return f
}

// Email folds an address. An address that stands for none is empty.
func Email(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	user, domain, ok := strings.Cut(s, "@")
	if !ok || user == "" || domain == "" {
		return ""
	}
	switch user {
	case "none", "noemail", "no", "na", "unknown", "test", "declined", "refused", "no.email", "donotreply", "noreply", "nomail":
		return ""
	}
	switch domain {
	case "none.com", "noemail.com", "na.com", "unknown.com", "test.com", "nomail.com":
		return ""
	}
	return s
}

// Sex returns 'm', 'f' or 0 for everything else: other, unknown and empty contradict nothing.
func Sex(s string) byte {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "m", "male", "man", "boy", "1":
		return 'm'
	case "f", "female", "woman", "girl", "2":
		return 'f'
	}
	return 0
}

// Identifier folds an identifier for comparing: upper case, no blanks and punctuation; leading zeros stay. Runs of one
// digit are empty.
func Identifier(s string) string {
	clean := true
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z') {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.ToUpper(strings.ReplaceAll(Fold(s), " ", ""))
	}
	if len(s) < 3 || repeated(s) || nothing[strings.ToLower(s)] {
		return ""
	}
	return s
}
