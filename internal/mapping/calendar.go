package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calendarFunctions reckon with dates: in a zone, so much later, parts, ages and differences.
func calendarFunctions() []*Function {
	return []*Function{
		{Name: "in_zone", Group: "date", Arguments: "zone", Does: "a FHIR dateTime as the clock shows it in the zone; a date stays as it is", least: 1, most: 1, make: func(_ *compiler, args []string) (apply, error) {
			zone, err := zoneOf(args[0])
			return eachTime(func(c *call, m *moment) string {
				s, full := m.dateTime(c.orDefault(nil))
				if at, err := time.Parse(time.RFC3339Nano, s); full && err == nil {
					return at.In(zone).Format("2006-01-02T15:04:05Z07:00")
				}
				return s
			}), err
		}},
		{Name: "later", Group: "date", Arguments: "[n, unit]", Does: "so many years, months, weeks, days, hours, minutes or seconds later, or earlier for -n, as HL7's DTM", least: 2, most: 2, make: func(_ *compiler, args []string) (apply, error) {
			n, err := strconv.Atoi(strings.TrimSpace(args[0]))
			if err != nil || n < -1_000_000 || n > 1_000_000 {
				return nil, fmt.Errorf("later: %q is no whole number", shorten(args[0]))
			}
			unit, ok := calendarUnits[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(args[1])), "s")]
			if !ok {
				return nil, fmt.Errorf("later: %q is no unit; write years, months, weeks, days, hours, minutes or seconds", shorten(args[1]))
			}
			return eachTime(func(c *call, m *moment) string {
				if m.digits < unit.digits {
					c.warn("the time is not precise enough to be moved so; it was left out")
					return ""
				}
				copy(m.text[:], unit.move(m.time(time.UTC), n).Format("20060102150405"))
				return m.hl7(14)
			}), nil
		}},
		{Name: "date_part", Group: "date", Arguments: "part", Does: "the year, month, day, hour, minute, second or weekday (1 is Monday) of a date or time", least: 1, most: 1, make: func(_ *compiler, args []string) (apply, error) {
			part := strings.ToLower(strings.TrimSpace(args[0]))
			at, ok := map[string][2]int{"year": {0, 4}, "month": {4, 6}, "day": {6, 8}, "hour": {8, 10}, "minute": {10, 12}, "second": {12, 14}, "weekday": {0, 8}}[part]
			if !ok {
				return nil, fmt.Errorf("date_part: %q is no part; write year, month, day, hour, minute, second or weekday", shorten(args[0]))
			}
			return eachTime(func(_ *call, m *moment) string {
				switch {
				case m.digits < at[1]:
					return ""
				case part == "weekday":
					return strconv.Itoa((int(m.time(time.UTC).Weekday())+6)%7 + 1)
				}
				return strconv.Itoa(m.number(at[0], at[1]))
			}), nil
		}},
		{Name: "age", Group: "date", Does: "the age in whole years of who was born at the first value, on the day of the second", whole: true, make: func(*compiler, []string) (apply, error) {
			return between(func(born, at time.Time) (string, bool) {
				years := at.Year() - born.Year()
				if at.Month() < born.Month() || at.Month() == born.Month() && at.Day() < born.Day() {
					years--
				}
				return strconv.Itoa(years), years >= 0
			}), nil
		}},
		{Name: "difference", Group: "date", Arguments: "unit", Does: "from the first value to the second in whole weeks, days, hours, minutes or seconds", least: 1, most: 1, whole: true, make: func(_ *compiler, args []string) (apply, error) {
			unit := map[string]time.Duration{"week": 7 * 24 * time.Hour, "day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute, "second": time.Second}[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(args[0])), "s")]
			if unit == 0 {
				return nil, fmt.Errorf("difference: %q is no unit; write weeks, days, hours, minutes or seconds", shorten(args[0]))
			}
			return between(func(from, to time.Time) (string, bool) {
				return strconv.FormatInt(int64(to.Sub(from)/unit), 10), true
			}), nil
		}},
	}
}

// calendarUnit moves a time, if it is known so precisely (digits of HL7's DTM).
type calendarUnit struct {
	digits int
	move   func(t time.Time, n int) time.Time
}

var calendarUnits = map[string]calendarUnit{
	"year":   {4, func(t time.Time, n int) time.Time { return withinMonth(t, n, 0) }},
	"month":  {6, func(t time.Time, n int) time.Time { return withinMonth(t, 0, n) }},
	"week":   {8, func(t time.Time, n int) time.Time { return t.AddDate(0, 0, 7*n) }},
	"day":    {8, func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }},
	"hour":   {10, func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Hour) }},
	"minute": {12, func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Minute) }},
	"second": {14, func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * time.Second) }},
}

// withinMonth adds years and months; the 31st becomes the last day of a shorter month, as people reckon.
func withinMonth(t time.Time, years, months int) time.Time {
	first := time.Date(t.Year()+years, t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// between makes a function of two times. One that gives no zone is taken as the other has it.
func between(f func(from, to time.Time) (string, bool)) apply {
	return func(c *call, in []value) []value {
		if in = present(in); len(in) != 2 {
			return in[:0]
		}
		a, okA := readTime(in[0].String())
		b, okB := readTime(in[1].String())
		if !okA || !okB || a.digits < 8 || b.digits < 8 {
			c.warn("two dates are needed, each with its day; there was none")
			return in[:0]
		}
		if a.zone == "" || b.zone == "" {
			a.zone, b.zone = "", ""
		}
		s, ok := f(a.absolute(), b.absolute())
		if !ok {
			return in[:0]
		}
		return append(in[:0], textValue(s))
	}
}

// absolute is the time in UTC, by the zone that was given.
func (m *moment) absolute() time.Time {
	t := m.time(time.UTC)
	if len(m.zone) != 5 {
		return t
	}
	hours, _ := strconv.Atoi(m.zone[1:3])
	minutes, _ := strconv.Atoi(m.zone[3:5])
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if m.zone[0] == '-' {
		offset = -offset
	}
	return t.Add(-offset)
}
