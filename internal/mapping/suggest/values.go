package suggest

import (
	"regexp"
	"strings"
	"unicode"
)

// agree is the share of samples in which a source holds what is wanted, and how many samples have a wanted value. Case,
// signs and blanks do not count: 1980-01-02 is 19800102. Values that are the same in all samples say less.
func agree(values, want []string) (share float64, n int) {
	same := 0
	var first string
	varied := false
	for i, w := range want {
		if w = bare(w); w == "" {
			continue
		}
		n++
		if first == "" {
			first = w
		}
		varied = varied || w != first
		if i < len(values) && bare(values[i]) == w {
			same++
		}
	}
	if n == 0 {
		return 0, 0
	}
	share = float64(same) / float64(n)
	if !varied && n > 1 {
		share *= 0.6
	}
	return share, n
}

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

var shapes = []struct {
	family string
	form   *regexp.Regexp
}{
	{"date", regexp.MustCompile(`^(19|20)\d{2}-?(0[1-9]|1[0-2])(-?([0-2]\d|3[01])([T ]?\d\d:?\d\d(:?\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?)?$|^\d{1,2}/\d{1,2}/\d{4}$`)},
	{"phone", regexp.MustCompile(`^(\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}$`)},
	{"number", regexp.MustCompile(`^[+-]?\d{1,9}(\.\d+)?$`)},
	{"code", regexp.MustCompile(`^[A-Z][A-Z0-9]{0,3}$`)},
}

// shape is the family that nearly all values look like, "" for none.
func shape(values []string) string {
	for _, s := range shapes {
		n, hits := 0, 0
		for _, v := range values {
			if v == "" {
				continue
			}
			n++
			if s.form.MatchString(v) {
				hits++
			}
		}
		if n >= 3 && 10*hits >= 9*n {
			return s.family
		}
	}
	return ""
}
