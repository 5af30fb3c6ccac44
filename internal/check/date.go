package check

import (
	"fmt"
	"strings"
	"time"
)

// dateKind says which parts a value of a date or time type has.
type dateKind uint8

const (
	kindDate  dateKind = iota // DT: YYYY[MM[DD]]
	kindTime                  // TM: HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]
	kindStamp                 // TS, DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]
)

// dateFault says what is wrong with a date or time.
type dateFault struct {
	impossible bool   // written correctly, but no such day or hour
	text       string // sentences, with the value
	fixed      string // the same moment as HL7 writes it, where that is certain
}

// goodDate is the fast answer for what nearly all values are: digits that make
// a day and an hour. A false answer only means that faultOf must look.
func goodDate(s []byte, kind dateKind) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	digits, rest := s[:n], s[n:]
	if kind == kindTime {
		return goodClock(digits) && goodTail(rest, n == 6)
	}
	if n < 4 || n > 14 || n&1 != 0 || kind == kindDate && (n > 8 || len(rest) > 0) {
		return false
	}
	year := number(digits[:4])
	if year == 0 {
		return false
	}
	if n >= 6 {
		month := number(digits[4:6])
		if month < 1 || month > 12 {
			return false
		}
		if n >= 8 {
			if day := number(digits[6:8]); day < 1 || day > daysIn(year, month) {
				return false
			}
		}
	}
	return (n <= 8 || goodClock(digits[8:])) && goodTail(rest, n == 14)
}

func goodClock(d []byte) bool {
	if len(d) != 2 && len(d) != 4 && len(d) != 6 || number(d[:2]) > 23 {
		return false
	}
	for i := 2; i < len(d); i += 2 {
		if number(d[i:i+2]) > 59 {
			return false
		}
	}
	return true
}

// goodTail checks a fraction of a second and the time zone.
func goodTail(s []byte, seconds bool) bool {
	if len(s) > 0 && s[0] == '.' {
		n := 1
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if !seconds || n < 2 || n > 5 {
			return false
		}
		s = s[n:]
	}
	if len(s) == 0 {
		return true
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' || !allDigits(s[1:]) {
		return false
	}
	return number(s[1:3]) <= 14 && number(s[3:5]) <= 59
}

func number(d []byte) int {
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return n
}

func allDigits[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) > 0
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// faultOf explains a value that goodDate refused; nil if it is good after all.
func faultOf(raw []byte, kind dateKind) *dateFault {
	if goodDate(raw, kind) {
		return nil
	}
	s, shown := string(raw), quote(raw)
	if t := strings.TrimSpace(s); t != s && goodDate([]byte(t), kind) {
		return &dateFault{text: fmt.Sprintf("%q has blanks around it.", shown), fixed: t}
	}
	if strings.Trim(s, "0") == "" {
		return &dateFault{impossible: true, text: fmt.Sprintf("%s is all zeros, which is no %s. Where nothing is known the field stays empty.", shown, kind.noun())}
	}
	if kind == kindDate && goodDate(raw, kindStamp) {
		return &dateFault{text: fmt.Sprintf("%s has a time or time zone, but the type DT holds only a date.", shown)}
	}
	if fixed, how := normalise(s, kind); fixed != "" {
		if f := faultOf([]byte(fixed), kind); f != nil {
			f.fixed = ""
			return f
		}
		return &dateFault{text: fmt.Sprintf("%s is written %s; HL7 writes %s.", shown, how, fixed), fixed: fixed}
	}
	digits, rest := cutDigits(s)
	switch {
	case digits == "":
		return &dateFault{text: fmt.Sprintf("%s is no %s; HL7 writes %s.", shown, kind.noun(), kind.pattern())}
	case !kind.goodCount(len(digits)):
		return &dateFault{text: fmt.Sprintf("%s has %s; %s has %s.", shown, plural(len(digits), "digit", "digits"), kind.article(), kind.counts())}
	}
	if f := calendarFault(digits, shown, kind); f != nil {
		return f
	}
	return tailFault(digits, rest, shown, kind)
}

func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

func (k dateKind) noun() string {
	return [...]string{"date", "time", "date"}[k]
}

func (k dateKind) article() string {
	return [...]string{"a date", "a time", "a date and time"}[k]
}

func (k dateKind) pattern() string {
	return [...]string{"YYYYMMDD", "HHMMSS", "YYYYMMDDHHMMSS"}[k]
}

func (k dateKind) counts() string {
	return [...]string{"4, 6 or 8", "2, 4 or 6", "4, 6, 8, 10, 12 or 14"}[k]
}

func (k dateKind) goodCount(n int) bool {
	switch k {
	case kindDate:
		return n == 4 || n == 6 || n == 8
	case kindTime:
		return n == 2 || n == 4 || n == 6
	}
	return n >= 4 && n <= 14 && n%2 == 0
}

// calendarFault names the first part that does not exist.
func calendarFault(digits, shown string, kind dateKind) *dateFault {
	clock := digits
	if kind != kindTime {
		clock = ""
		year := number([]byte(digits[:4]))
		if year == 0 {
			return &dateFault{impossible: true, text: fmt.Sprintf("%s has the year 0000.", shown)}
		}
		if len(digits) >= 6 {
			month := number([]byte(digits[4:6]))
			if month < 1 || month > 12 {
				return &dateFault{impossible: true, text: fmt.Sprintf("%s has the month %s; there are 12.", shown, digits[4:6])}
			}
			if len(digits) >= 8 {
				day, last := number([]byte(digits[6:8])), daysIn(year, month)
				if day < 1 || day > last {
					return &dateFault{impossible: true, text: fmt.Sprintf("%s is not a day of the calendar. %s %d has %d.", shown, time.Month(month), year, last)}
				}
				clock = digits[8:]
			}
		}
	}
	for i := 0; i+2 <= len(clock); i += 2 {
		n, limit, unit := number([]byte(clock[i:i+2])), 59, "minute"
		switch i {
		case 0:
			limit, unit = 23, "hour"
		case 4:
			unit = "second"
		}
		if n <= limit {
			continue
		}
		text := fmt.Sprintf("%s has the %s %02d; the last one is %d.", shown, unit, n, limit)
		if unit == "hour" && n == 24 && strings.Trim(clock[2:], "0") == "" {
			text = fmt.Sprintf("%s has the hour 24; midnight is hour 00 of the next day.", shown)
		}
		return &dateFault{impossible: true, text: text}
	}
	return nil
}

// tailFault explains what follows the digits.
func tailFault(digits, rest, shown string, kind dateKind) *dateFault {
	if strings.HasPrefix(rest, ".") {
		fraction, zone := cutDigits(rest[1:])
		full := len(digits) == 14 || kind == kindTime && len(digits) == 6
		switch {
		case fraction == "":
			return &dateFault{text: fmt.Sprintf("%s has a decimal point without digits after it.", shown), fixed: fixedIf(digits+zone, kind)}
		case !full:
			return &dateFault{text: fmt.Sprintf("%s has a fraction, but no seconds before it.", shown)}
		case len(fraction) > 4:
			return &dateFault{
				text:  fmt.Sprintf("%s has %d digits after the decimal point; HL7 allows four.", shown, len(fraction)),
				fixed: fixedIf(digits+"."+fraction[:4]+zone, kind),
			}
		}
		rest = zone
	}
	if len(rest) == 5 && (rest[0] == '+' || rest[0] == '-') && allDigits(rest[1:]) {
		return &dateFault{impossible: true, text: fmt.Sprintf("%s has the time zone %s, which does not exist.", shown, rest)}
	}
	return &dateFault{text: fmt.Sprintf("%s has %q after the digits, which is no fraction and no time zone such as +0100.", shown, quote([]byte(rest)))}
}

func fixedIf(s string, kind dateKind) string {
	if goodDate([]byte(s), kind) {
		return s
	}
	return ""
}
