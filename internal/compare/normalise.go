package compare

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Normalisers are the words that a normaliser's "with" takes, each with what it does.
func Normalisers() map[string]string {
	out := map[string]string{}
	for name, n := range normalisers {
		out[name] = n.about
	}
	return out
}

type normaliser struct {
	about string
	do    func(string) string
}

var normalisers = map[string]normaliser{
	"case":           {"capital and small letters are the same", strings.ToUpper},
	"spaces":         {"blanks around do not count, several inside count as one", func(s string) string { return strings.Join(strings.Fields(s), " ") }},
	"leading zeros":  {"zeros in front do not count", func(s string) string { return strings.TrimLeft(s, "0") }},
	"phone":          {"only the digits of a telephone number count, without a leading 1 or +1 of North America", phone},
	"name":           {"case, accents, hyphens, apostrophes, full stops and blanks of names do not count", personName},
	"time to second": {"times count to the second", timeTo(14)},
	"time to minute": {"times count to the minute", timeTo(12)},
	"time to hour":   {"times count to the hour", timeTo(10)},
	"time to day":    {"times count to the day", timeTo(8)},
}

// normaliserOf makes the steps of one normaliser.
func normaliserOf(n Normaliser) ([]func(string) string, error) {
	var steps []func(string) string
	for _, name := range n.With {
		x, ok := normalisers[name]
		if !ok {
			return nil, fmt.Errorf("there is no normaliser %q; there are case, spaces, leading zeros, phone, name and time to second, minute, hour or day", name)
		}
		steps = append(steps, x.do)
	}
	if n.Replace != "" {
		re, err := regexp.Compile(n.Replace)
		if err != nil {
			return nil, fmt.Errorf("%q is no regular expression: %s", n.Replace, expressionFault(err))
		}
		by := n.By
		steps = append(steps, func(s string) string { return re.ReplaceAllString(s, by) })
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("say how: with: [case, spaces], or replace: and by: for a regular expression")
	}
	return steps, nil
}

func phone(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) == 11 && digits[0] == '1' {
		return digits[1:]
	}
	return digits
}

func personName(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		plain = s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-'.’‐", r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, plain)
}

// timeTo cuts a time to its first digits. The zone and what is behind the digits go too, unless the digits do not reach
// that far: a date is not a time.
func timeTo(n int) func(string) string {
	return func(s string) string {
		i := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		if i < n {
			return s
		}
		return s[:n]
	}
}
