package normal

import "strings"

// Day is a date as year*10000 + month*100 + day. Zero is none; a month or day of 0 is not known.
type Day int32

// Parts returns year, month and day.
func (d Day) Parts() (year, month, day int) { return int(d) / 10000, int(d) / 100 % 100, int(d) % 100 }

// Order says what comes first where a date does not show it itself.
type Order uint8

// The orders.
const (
	MonthFirst Order = iota
	DayFirst
)

// pivot parts two-digit years: births of up to this year are of this century.
const pivot = 30

var months = map[string]int{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

// Date reads a birth date in any of the usual forms: 19620215, 1962-02-15, 02/15/1962, 2/15/62, 15-Feb-1962, with or
// without a time. What is no date is 0, and so are the dates that stand for none: 1 January 1900, 1800, 1850 and 1901, 31 December
// 9999 and the like. A date that cannot be, such as 19611331, is kept if its year can: two systems often share such an
// error. ok is false where something was written that is no date at all.
func Date(s string, order Order) (day Day, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, true
	}
	if i := strings.IndexAny(s, "T "); i >= 6 && strings.ContainsRune(s[i:], ':') {
		s = s[:i]
	}
	y, m, d, ok := dateParts(s, order)
	if !ok {
		return 0, false
	}
	switch {
	case y == 1900 && m == 1 && d == 1, y == 1901 && m == 1 && d == 1, y == 1800 && m == 1 && d == 1, y == 1850 && m == 1 && d == 1, y < 1800, y > 2100:
		return 0, true
	}
	return Day(y*10000 + m*100 + d), true
}

func dateParts(s string, order Order) (y, m, d int, ok bool) {
	var parts [3]int
	var lengths [3]int
	n := 0
	named := -1
	for i := 0; i < len(s); {
		c := s[i]
		from := i
		switch {
		case c >= '0' && c <= '9':
			v := 0
			for i < len(s) && s[i] >= '0' && s[i] <= '9' {
				if i-from < 9 {
					v = v*10 + int(s[i]-'0')
				}
				i++
			}
			if n == 3 {
				return 0, 0, 0, false
			}
			parts[n], lengths[n] = v, i-from
			n++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			for i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' {
				i++
			}
			if i-from < 3 || n == 3 || named >= 0 {
				return 0, 0, 0, false
			}
			month, found := months[strings.ToLower(s[from:from+3])]
			if !found {
				return 0, 0, 0, false
			}
			parts[n], lengths[n], named = month, i-from, n
			n++
		default:
			i++
		}
	}
	if n == 1 && lengths[0] >= 12 { // YYYYMMDDHHMM
		return number(s[0:4]), number(s[4:6]), number(s[6:8]), true
	}
	if n == 1 && lengths[0] == 8 {
		v := parts[0]
		if v/10000 >= 1800 && v/10000 <= 2100 {
			return v / 10000, v / 100 % 100, v % 100, true
		}
		if order == DayFirst {
			return v % 10000, v / 10000 % 100, v / 1000000, true
		}
		return v % 10000, v / 1000000, v / 10000 % 100, true
	}
	if n == 1 && lengths[0] == 4 || n == 2 && lengths[0] == 4 { // a year, or a year and a month, as FHIR allows
		return parts[0], parts[1], 0, true
	}
	if n == 1 && lengths[0] == 6 && parts[0]/100 >= 1800 {
		return parts[0] / 100, parts[0] % 100, 0, true
	}
	if n != 3 {
		return 0, 0, 0, false
	}
	switch {
	case lengths[0] == 4 && named <= 1:
		return parts[0], parts[1], parts[2], true
	case named == 1:
		y, m, d = parts[2], parts[1], parts[0]
	case named == 0 || order == MonthFirst && parts[0] <= 12 || parts[1] > 12:
		y, m, d = parts[2], parts[0], parts[1]
	default:
		y, m, d = parts[2], parts[1], parts[0]
	}
	if named != 0 && named != 1 && m > 12 && d <= 12 {
		m, d = d, m
	}
	if lengths[2] == 2 {
		if y <= pivot {
			y += 2000
		} else {
			y += 1900
		}
	}
	return y, m, d, lengths[2] == 2 || lengths[2] == 4
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
