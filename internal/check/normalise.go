package check

import (
	"strings"
)

// normalise rewrites a date or time of another notation as HL7 writes it. The
// answer is empty if the notation is not known or can be read in two ways. how
// names the notation for a sentence: "with hyphens".
func normalise(s string, kind dateKind) (fixed, how string) {
	if kind == kindTime {
		return normaliseTime(s)
	}
	date, rest := s, ""
	if i := strings.IndexAny(s, "Tt "); i > 0 {
		date, rest = s[:i], s[i+1:]
		how = "with a letter T"
		if s[i] == ' ' {
			how = "with a blank before the time"
		}
		if rest == "" {
			return "", ""
		}
	}
	compact, notation := normaliseDay(date)
	if compact == "" {
		return "", ""
	}
	if notation != "" {
		how = notation
	}
	if rest != "" {
		clock, ok := compactClock(rest)
		if !ok {
			return "", ""
		}
		if kind == kindDate {
			return "", ""
		}
		compact += clock
	} else if notation == "" {
		// Digits only up to here: what can differ is the zone.
		digits, tail := cutDigits(s)
		zone, ok := compactZone(tail)
		if _, bare := cutDigits(strings.TrimPrefix(tail, ".")); !ok || zone == tail || bare == "" {
			return "", "" // nothing, or only a fraction that is too long
		}
		return digits + zone, "with a time zone of ISO 8601"
	}
	return compact, how
}

// normaliseDay turns 2021-07-28 and its relatives into 20210728. The notation
// is empty where the digits stand together already.
func normaliseDay(s string) (compact, notation string) {
	digits, _ := cutDigits(s)
	if len(digits) == len(s) && len(s) == 8 {
		return s, ""
	}
	for _, sep := range []struct{ char, name string }{{"-", "with hyphens"}, {"/", "with slashes"}, {".", "with full stops"}} {
		parts := strings.Split(s, sep.char)
		if len(parts) != 3 && !(len(parts) == 2 && sep.char == "-" && len(parts[0]) == 4) {
			continue
		}
		for _, p := range parts {
			if !allDigits(p) {
				return "", ""
			}
		}
		if len(parts) == 2 {
			return parts[0] + pad(parts[1]), sep.name
		}
		if len(parts[0]) == 4 {
			return parts[0] + pad(parts[1]) + pad(parts[2]), sep.name
		}
		if len(parts[2]) != 4 {
			return "", ""
		}
		return dayOrMonthFirst(parts, sep.char), sep.name
	}
	if len(digits) >= 8 {
		return digits, ""
	}
	return "", ""
}

// dayOrMonthFirst reads 28/07/2021 and 07/28/2021, which is certain only where
// one of the two numbers cannot be a month. Full stops have the day first.
func dayOrMonthFirst(parts []string, sep string) string {
	a, b := number([]byte(parts[0])), number([]byte(parts[1]))
	if len(parts[0]) > 2 || len(parts[1]) > 2 {
		return ""
	}
	switch {
	case a > 12 && b <= 12, sep == ".", a == b:
		return parts[2] + pad(parts[1]) + pad(parts[0])
	case b > 12 && a <= 12:
		return parts[2] + pad(parts[0]) + pad(parts[1])
	}
	return ""
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// normaliseTime turns 17:36:35 into 173635.
func normaliseTime(s string) (fixed, how string) {
	if !strings.Contains(s, ":") {
		return "", ""
	}
	clock, ok := compactClock(s)
	if !ok {
		return "", ""
	}
	return clock, "with colons"
}

// compactClock takes the colons out of a time and its zone and cuts the
// fraction to four digits.
func compactClock(s string) (string, bool) {
	digits := strings.Builder{}
	i := 0
	for ; i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == ':'); i++ {
		if s[i] != ':' {
			digits.WriteByte(s[i])
		}
	}
	clock, tail := digits.String(), s[i:]
	if len(clock) != 2 && len(clock) != 4 && len(clock) != 6 {
		return "", false
	}
	if strings.HasPrefix(tail, ".") {
		fraction, rest := cutDigits(tail[1:])
		if fraction != "" {
			clock += "." + fraction[:min(4, len(fraction))]
		}
		tail = rest
	}
	zone, ok := compactZone(tail)
	return clock + zone, ok
}

// compactZone turns Z, +08:00 and +08 into the four digits of HL7. Digits of a
// fraction before it are kept.
func compactZone(s string) (string, bool) {
	lead := ""
	if strings.HasPrefix(s, ".") {
		digits, rest := cutDigits(s[1:])
		lead, s = "."+digits[:min(4, len(digits))], rest
	}
	switch {
	case s == "":
		return lead, true
	case s == "Z" || s == "z":
		return lead + "+0000", true
	case s[0] != '+' && s[0] != '-':
		return "", false
	}
	hours := strings.ReplaceAll(s[1:], ":", "")
	if !allDigits(hours) {
		return "", false
	}
	switch len(hours) {
	case 2:
		return lead + s[:1] + hours + "00", true
	case 4:
		return lead + s[:1] + hours, true
	}
	return "", false
}
