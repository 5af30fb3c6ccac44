package fhirpath

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// precision of a date or time: how many of its parts are given.
type precision uint8

const (
	toYear precision = iota + 1
	toMonth
	toDay
	toHour
	toMinute
	toSecond // and parts of it: FHIRPath has seconds as decimals
)

// Temporal is a Date, DateTime or Time as far as it is given.
type Temporal struct {
	kind     kind // kindDate, kindDateTime or kindTime
	parts    [6]int
	nanos    int
	fraction int // digits that were written after the seconds
	to       precision
	zoned    bool
	offset   int  // minutes east of UTC
	z        bool // UTC was written as Z, not as +00:00
}

// parseTemporal reads a date, a date and time, or a time, each as FHIRPath or FHIR writes it without @; a T at the end of a
// date makes it a DateTime.
func parseTemporal(text string, k kind) (Temporal, bool) {
	t := Temporal{kind: k}
	rest := text
	if k != kindTime {
		var ok bool
		if rest, ok = t.date(rest); !ok {
			return t, false
		}
		if rest == "" {
			return t, true
		}
		if k == kindDate || rest[0] != 'T' {
			return t, false
		}
		if rest = rest[1:]; rest == "" {
			return t, true
		}
		if t.to != toDay {
			return t, false
		}
	}
	rest, ok := t.clock(rest)
	if !ok {
		return t, false
	}
	if rest == "" {
		return t, true
	}
	return t, k == kindDateTime && t.zone(rest)
}

// digits reads n digits into *to.
func digits(s string, n int, to *int) (rest string, ok bool) {
	if len(s) < n {
		return s, false
	}
	v := 0
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return s, false
		}
		v = v*10 + int(s[i]-'0')
	}
	*to = v
	return s[n:], true
}

func (t *Temporal) date(s string) (rest string, ok bool) {
	if s, ok = digits(s, 4, &t.parts[0]); !ok || t.parts[0] == 0 {
		return s, false
	}
	t.to = toYear
	for p := toMonth; p <= toDay && strings.HasPrefix(s, "-"); p++ {
		if s, ok = digits(s[1:], 2, &t.parts[p-1]); !ok {
			return s, false
		}
		t.to = p
	}
	if t.to >= toMonth && (t.parts[1] < 1 || t.parts[1] > 12) || t.to >= toDay && (t.parts[2] < 1 || t.parts[2] > daysIn(t.parts[0], t.parts[1])) {
		return s, false
	}
	return s, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (t *Temporal) clock(s string) (rest string, ok bool) {
	if s, ok = digits(s, 2, &t.parts[3]); !ok {
		return s, false
	}
	t.to = toHour
	for p := toMinute; p <= toSecond && strings.HasPrefix(s, ":"); p++ {
		if s, ok = digits(s[1:], 2, &t.parts[p-1]); !ok {
			return s, false
		}
		t.to = p
	}
	if t.to == toSecond && len(s) > 1 && s[0] == '.' {
		s = s[1:]
		unit := int(time.Second)
		for s != "" && s[0] >= '0' && s[0] <= '9' {
			unit /= 10
			t.nanos += int(s[0]-'0') * unit
			t.fraction++
			s = s[1:]
		}
		if t.fraction == 0 {
			return s, false
		}
	}
	// 60 is a leap second; 24:00 is not permitted.
	return s, t.parts[3] < 24 && t.parts[4] < 60 && t.parts[5] < 61
}

func (t *Temporal) zone(s string) bool {
	if s == "Z" {
		t.zoned, t.z = true, true
		return true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return false
	}
	var h, m int
	if _, ok := digits(s[1:], 2, &h); !ok {
		return false
	}
	if _, ok := digits(s[4:], 2, &m); !ok || h > 14 || m > 59 {
		return false
	}
	t.zoned, t.offset = true, h*60+m
	if s[0] == '-' {
		t.offset = -t.offset
	}
	return true
}

// String writes the value as FHIR does, with the digits that it was read with.
func (t Temporal) String() string {
	var b strings.Builder
	if t.kind != kindTime {
		fmt.Fprintf(&b, "%04d", t.parts[0])
		for p := toMonth; p <= min(t.to, toDay); p++ {
			fmt.Fprintf(&b, "-%02d", t.parts[p-1])
		}
		if t.to < toHour {
			return b.String()
		}
		b.WriteByte('T')
	}
	fmt.Fprintf(&b, "%02d", t.parts[3])
	for p := toMinute; p <= t.to; p++ {
		fmt.Fprintf(&b, ":%02d", t.parts[p-1])
	}
	if t.fraction > 0 {
		b.WriteByte('.')
		b.WriteString(fmt.Sprintf("%09d", t.nanos)[:min(9, t.fraction)])
	}
	switch {
	case !t.zoned:
	case t.offset == 0 && t.z:
		b.WriteByte('Z')
	case t.offset < 0:
		fmt.Fprintf(&b, "-%02d:%02d", -t.offset/60, -t.offset%60)
	default:
		fmt.Fprintf(&b, "+%02d:%02d", t.offset/60, t.offset%60)
	}
	return b.String()
}

// time is the moment as if it were in UTC; what is not given is the beginning.
func (t Temporal) time() time.Time {
	return time.Date(max(t.parts[0], 1), time.Month(max(t.parts[1], 1)), max(t.parts[2], 1), t.parts[3], t.parts[4], t.parts[5], t.nanos, time.UTC)
}

func fromTime(at time.Time, like Temporal) Temporal {
	t := like
	y, m, d := at.Date()
	t.parts = [6]int{y, int(m), d, at.Hour(), at.Minute(), at.Second()}
	t.nanos = at.Nanosecond()
	if t.kind == kindTime {
		t.parts[0], t.parts[1], t.parts[2] = 0, 0, 0
	}
	for p := t.to; p < toSecond; p++ {
		t.parts[p] = 0
	}
	return t
}

// utc moves a value with a zone to UTC.
func (t Temporal) utc() Temporal {
	if !t.zoned || t.offset == 0 || t.to < toHour {
		return t
	}
	to := t.to
	u := t
	u.to = toSecond
	u = fromTime(u.time().Add(-time.Duration(t.offset)*time.Minute), u)
	u.to, u.offset = to, 0
	return u
}

// compare returns -1, 0 or 1, and whether that is known: it is not where one has a part that the other lacks and all
// before it are the same (FHIRPath 2.0, section 6.2). Where only one has a zone, the other may be anywhere from UTC-12 to
// UTC+14.
func (t Temporal) compare(o Temporal) (order int, known bool) {
	if t.kind != kindTime && t.to >= toHour && o.to >= toHour && t.zoned != o.zoned {
		gap := t.withoutZone().Sub(o.withoutZone())
		if t.zoned {
			gap = -gap
		} // the gap of the local one to the zoned one, as if it were in UTC
		switch {
		case gap > 14*time.Hour:
			order = 1
		case gap < -12*time.Hour:
			order = -1
		default:
			return 0, false
		}
		if t.zoned {
			order = -order
		}
		return order, true
	}
	a, b := t, o
	if t.zoned && o.zoned {
		a, b = t.utc(), o.utc()
	}
	first := toYear
	if t.kind == kindTime {
		first = toHour
	}
	for p := first; p <= min(a.to, b.to); p++ {
		if x, y := a.parts[p-1], b.parts[p-1]; x != y {
			return sign(x - y), true
		}
	}
	if a.to != b.to {
		return 0, false
	}
	return sign(a.nanos - b.nanos), true
}

func (t Temporal) withoutZone() time.Time { return t.utc().time() }

func sign(i int) int {
	switch {
	case i < 0:
		return -1
	case i > 0:
		return 1
	}
	return 0
}

// calendarUnits are the words for durations, and what one is of the smallest unit that is exact.
var calendarUnits = map[string]struct {
	to    precision
	count int64 // of months, or of nanoseconds
}{
	"year": {toYear, 12}, "month": {toMonth, 1},
	"week": {toDay, 7 * 24 * int64(time.Hour)}, "day": {toDay, 24 * int64(time.Hour)},
	"hour": {toHour, int64(time.Hour)}, "minute": {toMinute, int64(time.Minute)},
	"second": {toSecond, int64(time.Second)}, "millisecond": {toSecond, int64(time.Millisecond)},
}

// definite are the units of UCUM that may be added to a date or time: those of fixed length.
var definite = map[string]string{"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}

// plus adds a duration (FHIRPath 2.0, section 6.6.2): only whole units count above seconds, and a duration finer than the
// value is first turned into the value's precision.
func (t Temporal) plus(q Quantity, sign int) (Temporal, error) {
	name := strings.TrimSuffix(q.unit, "s")
	if !q.calendar {
		if name = definite[q.unit]; name == "" {
			return t, fmt.Errorf("a quantity in %s cannot be added to a %s: use a calendar duration, such as 1 month", quoted(q.unit), t.kind)
		}
	}
	unit, ok := calendarUnits[name]
	if !ok || t.kind == kindTime && unit.to < toHour && name != "day" && name != "week" {
		return t, fmt.Errorf("a quantity in %s cannot be added to a %s", quoted(q.unit), t.kind)
	}
	amount := q.value
	if unit.to != toSecond {
		amount = amount.truncated(0)
	}
	if sign < 0 {
		amount = amount.neg()
	}
	n := new(big.Int).Mul(amount.int(), big.NewInt(unit.count))
	n.Quo(n, tenTo(amount.scale))
	if unit.to <= toMonth {
		if !n.IsInt64() {
			return t, errOutOfRange
		}
		return t.plusMonths(n.Int64())
	}
	// A span of time.Duration is 292 years: count days apart.
	day := big.NewInt(int64(24 * time.Hour))
	days, rest := new(big.Int).QuoRem(n, day, new(big.Int))
	if !days.IsInt64() || days.CmpAbs(big.NewInt(4_000_000)) > 0 {
		return t, errOutOfRange
	}
	return t.plusDays(days.Int64(), time.Duration(rest.Int64()))
}

var errOutOfRange = fmt.Errorf("the date is out of range: years go from 1 to 9999")

func (t Temporal) plusMonths(months int64) (Temporal, error) {
	if t.to == toYear {
		months = months / 12 * 12
	}
	at := int64(t.parts[0])*12 + int64(max(t.parts[1], 1)-1) + months
	if months > 200_000 || months < -200_000 || at < 12 || at >= 10_000*12 {
		return t, errOutOfRange
	}
	t.parts[0] = int(at / 12)
	if t.to >= toMonth {
		t.parts[1] = int(at%12) + 1
	}
	if t.to >= toDay {
		t.parts[2] = min(t.parts[2], daysIn(t.parts[0], t.parts[1]))
	}
	return t, nil
}

func (t Temporal) plusDays(days int64, rest time.Duration) (Temporal, error) {
	switch t.to {
	case toYear:
		return t.plusMonths(days / 365 * 12)
	case toMonth:
		return t.plusMonths(days / 30)
	case toDay:
		rest = 0
	case toHour:
		rest = rest.Truncate(time.Hour)
	case toMinute:
		rest = rest.Truncate(time.Minute)
	}
	if t.kind == kindTime {
		days = 0
	}
	at := t.time().AddDate(0, 0, int(days)).Add(rest)
	if t.kind != kindTime && (at.Year() < 1 || at.Year() > 9999) {
		return t, errOutOfRange
	}
	sum := fromTime(at, t)
	if t.to == toSecond && sum.nanos%int(time.Second/time.Nanosecond) != 0 && sum.fraction < 3 {
		sum.fraction = 3
	}
	return sum, nil
}

// digitsOf is how many digits the value is written with, which is how FHIRPath counts the precision of dates and times.
func (t Temporal) digitsOf() int {
	n := 0
	if t.kind != kindTime {
		n = [...]int{0, 4, 6, 8, 8, 8, 8}[t.to]
	}
	if t.to >= toHour {
		n += 2 * int(t.to-toDay)
	}
	return n + t.fraction
}

// bound returns the first or last moment that a value of this precision can mean, with that many digits. An hour without
// minutes is FHIR's way to write its first minute.
func (t Temporal) bound(upper bool, want int) (Temporal, bool) {
	b := t
	if b.to == toHour {
		b.to = toMinute
	}
	end := toSecond
	if t.kind == kindDate {
		end = toDay
	}
	for p := b.to + 1; p <= end; p++ {
		switch {
		case p == toMonth || p == toDay:
			b.parts[p-1] = 1
			if upper && p == toMonth {
				b.parts[p-1] = 12
			} else if upper {
				b.parts[p-1] = daysIn(b.parts[0], b.parts[1])
			}
		case upper && p == toHour:
			b.parts[p-1] = 23
		case upper:
			b.parts[p-1] = 59
		}
	}
	b.to = end
	if end == toSecond && b.fraction < 3 {
		if upper {
			b.nanos += [...]int{999, 99, 9}[b.fraction] * int(time.Millisecond)
		}
		b.fraction = 3
	}
	if t.kind == kindDateTime && !b.zoned {
		b.zoned, b.offset = true, 14*60
		if upper {
			b.offset = -12 * 60
		}
	}
	return b.cut(want)
}

// cut drops what is behind that many digits.
func (t Temporal) cut(want int) (Temporal, bool) {
	full := t
	for to := t.to; to >= toYear; to-- {
		full.to = to
		full.fraction = 0
		if full.kind == kindTime && to < toHour {
			break
		}
		if to == toSecond && t.fraction > 0 {
			if withFraction := full.digitsOf() + t.fraction; withFraction == want {
				return t, true
			}
		}
		if full.digitsOf() == want {
			if to < toHour {
				full.zoned = false
			}
			full.nanos = 0
			return full, true
		}
	}
	return t, false
}
