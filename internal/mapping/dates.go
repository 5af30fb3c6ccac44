package mapping

import (
	"fmt"
	"strings"
	"time"
)

// moment is a date or time with the precision and zone that were given.
type moment struct {
	digits   int // of HL7: 4 a year, 6 a month, 8 a day, 10 an hour, 12 a minute, 14 a second
	text     [14]byte
	fraction string // digits after the second
	zone     string // +hhmm, -hhmm; "" where not given
}

// parseHL7Time reads HL7's DTM, DT and TS: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] (chapter 2A.3.21).
func parseHL7Time(s string) (moment, bool) {
	var m moment
	s = strings.TrimSpace(s)
	for m.digits < len(s) && m.digits < 14 && s[m.digits] >= '0' && s[m.digits] <= '9' {
		m.text[m.digits] = s[m.digits]
		m.digits++
	}
	rest := s[m.digits:]
	if m.digits == 14 && strings.HasPrefix(rest, ".") {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		m.fraction, rest = rest[1:min(n, 10)], rest[n:]
	}
	if len(rest) == 5 && (rest[0] == '+' || rest[0] == '-') && allDigits(rest[1:]) {
		m.zone, rest = rest, ""
	}
	if rest != "" || m.digits < 4 || m.digits%2 != 0 || !m.real() {
		return moment{}, false
	}
	return m, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (m *moment) number(from, to int) int {
	n := 0
	for _, d := range m.text[min(from, m.digits):min(to, m.digits)] {
		n = n*10 + int(d-'0')
	}
	return n
}

// real says whether there is such a date and time.
func (m *moment) real() bool {
	if m.digits >= 6 && (m.number(4, 6) < 1 || m.number(4, 6) > 12) {
		return false
	}
	if m.digits >= 8 {
		day := m.number(6, 8)
		if day < 1 || day > 28 && time.Date(m.number(0, 4), time.Month(m.number(4, 6)), day, 0, 0, 0, 0, time.UTC).Day() != day {
			return false
		}
	}
	return m.number(8, 10) < 24 && m.number(10, 12) < 60 && m.number(12, 14) < 61 && m.number(0, 4) > 0
}

func (m *moment) time(zone *time.Location) time.Time {
	month, day := max(1, m.number(4, 6)), max(1, m.number(6, 8))
	return time.Date(m.number(0, 4), time.Month(month), day, m.number(8, 10), m.number(10, 12), m.number(12, 14), 0, zone)
}

// date is a FHIR date with the precision that was given.
func (m *moment) date() string {
	switch {
	case m.digits >= 8:
		return string(m.text[:4]) + "-" + string(m.text[4:6]) + "-" + string(m.text[6:8])
	case m.digits >= 6:
		return string(m.text[:4]) + "-" + string(m.text[4:6])
	}
	return string(m.text[:4])
}

// offset is the zone as FHIR writes it, +hh:mm; of the location where the time itself gives none.
func (m *moment) offset(zone *time.Location) string {
	if m.zone != "" {
		return m.zone[:3] + ":" + m.zone[3:]
	}
	if zone == nil {
		return ""
	}
	return m.time(zone).Format("Z07:00") // Z for UTC
}

// dateTime is a FHIR dateTime. FHIR wants minutes and a zone with every hour: minutes and seconds that are not given are
// filled with zeros, as FHIR allows; without any zone only the date can be said, and full is false.
func (m *moment) dateTime(zone *time.Location) (text string, full bool) {
	if m.digits <= 8 {
		return m.date(), true
	}
	offset := m.offset(zone)
	if offset == "" {
		return m.date(), false
	}
	var b [40]byte
	out := append(b[:0], m.text[:4]...)
	out = append(append(append(out, '-'), m.text[4:6]...), '-')
	out = append(append(out, m.text[6:8]...), 'T')
	out = append(out, m.text[8:10]...)
	out = append(out, ':')
	if m.digits >= 12 {
		out = append(out, m.text[10:12]...)
	} else {
		out = append(out, "00"...)
	}
	out = append(out, ':')
	if m.digits >= 14 {
		out = append(out, m.text[12:14]...)
	} else {
		out = append(out, "00"...)
	}
	if m.fraction != "" {
		out = append(append(out, '.'), m.fraction...)
	}
	return string(append(out, offset...)), true
}

// parseFHIRTime reads FHIR's date, dateTime and instant.
func parseFHIRTime(s string) (moment, bool) {
	s = strings.TrimSpace(s)
	date, rest, timed := strings.Cut(s, "T")
	plain := strings.ReplaceAll(date, "-", "")
	if timed {
		clock, zone := rest, ""
		if i := strings.IndexAny(rest, "+-Z"); i >= 0 {
			clock, zone = rest[:i], rest[i:]
		}
		if zone == "Z" {
			zone = "+0000"
		}
		plain += strings.ReplaceAll(clock, ":", "") + strings.ReplaceAll(zone, ":", "")
	}
	return parseHL7Time(plain)
}

func (m *moment) hl7(most int) string {
	n := min(m.digits, most)
	s := string(m.text[:n])
	if n == 14 && m.fraction != "" {
		s += "." + m.fraction[:min(4, len(m.fraction))]
	}
	if n > 8 {
		s += m.zone
	}
	return s
}

// readTime reads a date or time of HL7 or of FHIR.
func readTime(s string) (moment, bool) {
	if m, ok := parseHL7Time(s); ok {
		return m, true
	}
	return parseFHIRTime(s)
}

// eachTime applies a function to each value that is a date or time; of another it says so.
func eachTime(write func(c *call, m *moment) string) apply {
	return func(c *call, in []value) []value {
		for i := range in {
			s := in[i].String()
			m, ok := readTime(s)
			switch {
			case ok:
				in[i] = textValue(write(c, &m))
			default:
				if s != "" {
					c.warn("the value is no date or time that HL7 or FHIR knows; it was left out")
				}
				in[i] = value{}
			}
		}
		return in
	}
}

// zoned makes a function on times that may say the zone of those that give none; else it is that of the mapping.
func zoned(name, does string, write func(c *call, m *moment, zone *time.Location) string) *Function {
	return &Function{Name: name, Group: "date", Arguments: "zone", Does: does, most: 1, make: func(_ *compiler, args []string) (apply, error) {
		if len(args) == 0 {
			return eachTime(func(c *call, m *moment) string { return write(c, m, nil) }), nil
		}
		zone, err := zoneOf(args[0])
		if err != nil {
			return nil, err
		}
		return eachTime(func(c *call, m *moment) string { return write(c, m, zone) }), nil
	}}
}

func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		return nil, fmt.Errorf("the zone %q is not known; write for example America/New_York", shorten(name))
	}
	return zone, nil
}

// orDefault is the zone that was named, or that of the mapping.
func (c *call) orDefault(zone *time.Location) *time.Location {
	if zone == nil && c.run != nil {
		return c.run.e.zone
	}
	return zone
}

// assumed says once in a message that the zone of the mapping stood in for one that the message does not give.
func (c *call) assumed(m *moment, zone *time.Location) {
	if m.zone != "" || zone != nil || c.run.assumed || c.run.e.zone == nil {
		return
	}
	c.run.assumed = true
	c.warn(fmt.Sprintf("the message gives times without a zone; they were read as times of %s, the zone of the mapping", c.run.e.zone))
}

const noZone = "say the sender's zone at the top of the mapping, as in zone: America/New_York"

func dateFunctions() []*Function {
	date := func(name, does string, write func(c *call, m *moment) string) *Function {
		return &Function{Name: name, Group: "date", Does: does, make: func(*compiler, []string) (apply, error) { return eachTime(write), nil }}
	}
	return []*Function{
		date("date", "a FHIR date, as precise as it was given", func(_ *call, m *moment) string { return m.date() }),
		zoned("datetime", "a FHIR dateTime, as precise as it was given; a time without zone gets this one, or that of the mapping", func(c *call, m *moment, zone *time.Location) string {
			s, full := m.dateTime(c.orDefault(zone))
			if !full {
				c.warn("the time gives no zone, so that FHIR can take the date only; " + noZone)
			}
			return s
		}),
		zoned("instant", "a FHIR instant; nothing if the day, or the zone, is not known", func(c *call, m *moment, zone *time.Location) string {
			if m.digits < 8 {
				return ""
			}
			c.assumed(m, zone)
			full := *m
			for ; full.digits < 14; full.digits++ {
				full.text[full.digits] = '0'
			}
			s, ok := full.dateTime(c.orDefault(zone))
			if !ok {
				c.warn("the time gives no zone, so that it is no instant; " + noZone)
				return ""
			}
			return s
		}),
		date("time", "a FHIR time: the hour, minute and second", func(_ *call, m *moment) string {
			if m.digits < 10 {
				return ""
			}
			return fmt.Sprintf("%02d:%02d:%02d", m.number(8, 10), m.number(10, 12), m.number(12, 14))
		}),
		{Name: "now", Group: "date", Does: "the time at which the message is mapped, as HL7's DTM in UTC; of all functions the one that gives another result the next time", whole: true, reserved: true, unasked: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				return append(in[:0], textValue(c.run.clock().UTC().Format("20060102150405-0700")))
			}, nil
		}},
		date("hl7_date", "HL7's DT, as precise as it was given", func(_ *call, m *moment) string { return m.hl7(8) }),
		date("hl7_datetime", "HL7's DTM, as precise as it was given", func(_ *call, m *moment) string { return m.hl7(14) }),
		date("utc", "a FHIR dateTime in UTC", func(c *call, m *moment) string {
			s, full := m.dateTime(c.run.e.zone)
			if at, err := time.Parse(time.RFC3339Nano, s); full && err == nil {
				return at.UTC().Format("2006-01-02T15:04:05Z")
			}
			return s
		}),
		{Name: "reformat", Group: "date", Arguments: "[in, out]", Does: "a date from one pattern into another; YYYY, YY, MM, DD, HH, mm, SS and MMM (Jan) stand for the parts", least: 2, most: 2,
			make: func(_ *compiler, args []string) (apply, error) {
				in, out := goPattern(args[0]), goPattern(args[1])
				return func(c *call, values []value) []value {
					for i := range values {
						s := values[i].String()
						at, err := time.Parse(in, s)
						if err != nil {
							if s != "" {
								c.warn(fmt.Sprintf("the value is no date of the form %s; it was left out", args[0]))
							}
							values[i] = value{}
							continue
						}
						values[i] = textValue(at.Format(out))
					}
					return values
				}, nil
			}},
		{Name: "plus_minutes", Group: "date", Does: "the first value, a time, so many minutes later as the second says", whole: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, values []value) []value {
				values = present(values)
				if len(values) != 2 {
					return values[:0]
				}
				m, ok := readTime(values[0].String())
				var n int
				if _, err := fmt.Sscan(values[1].String(), &n); !ok || m.digits < 12 || err != nil || n < 0 || n > 100_000 {
					return values[:0]
				}
				copy(m.text[:], m.time(time.UTC).Add(time.Duration(n)*time.Minute).Format("20060102150405"))
				m.digits = 14
				return append(values[:0], textValue(m.hl7(14)))
			}, nil
		}},
		{Name: "add_days", Group: "date", Arguments: "n", Does: "so many days later, or earlier for -n", least: 1, most: 1,
			make: func(_ *compiler, args []string) (apply, error) {
				var n int
				if _, err := fmt.Sscan(args[0], &n); err != nil || n < -100_000 || n > 100_000 {
					return nil, fmt.Errorf("add_days: %q is no number of days", shorten(args[0]))
				}
				return func(c *call, values []value) []value {
					for i := range values {
						m, ok := readTime(values[i].String())
						if !ok || m.digits < 8 {
							values[i] = value{}
							continue
						}
						d := m.time(time.UTC).AddDate(0, 0, n)
						copy(m.text[:8], d.Format("20060102"))
						values[i] = textValue(m.hl7(14))
					}
					return values
				}, nil
			}},
	}
}

// goPattern turns a pattern that people write into that of package time.
func goPattern(p string) string {
	return strings.NewReplacer("YYYY", "2006", "YY", "06", "MMM", "Jan", "MM", "01", "DD", "02", "HH", "15", "mm", "04", "SS", "05").Replace(p)
}
