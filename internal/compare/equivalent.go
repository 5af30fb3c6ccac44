package compare

import (
	"strings"
	"time"

	"trestle/internal/hl7"
)

// equivalent says what two different texts of one place share, if their type makes them mean the same: "number" for 1.0
// and 1, "instant" for one moment in two zones or precisions. It is empty if they do not.
func (c *comparison) equivalent(at place, l, r string) string {
	if l == "" || r == "" || len(l) > 40 || len(r) > 40 || !numeric(l[0]) || !numeric(r[0]) {
		return ""
	}
	// The dictionary is asked last: hardly any two values get that far.
	number := sameNumber(l, r)
	if !number && !sameInstant(l, r) {
		return ""
	}
	switch kind := c.typeOf(at); {
	case number && (kind == "NM" || kind == "SI"):
		return "number"
	case !number || len(l) >= 8:
		switch kind {
		case "TS", "DTM", "DT", "TM", "TSComponentOne":
			if sameInstant(l, r) {
				return "instant"
			}
		}
	}
	return ""
}

func numeric(c byte) bool { return c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' }

// typeOf is the data type of a place on the left side: for OBX-5 what OBX-2 says.
func (c *comparison) typeOf(at place) string {
	name, ok := c.l.name(int(at.segment))
	if !ok {
		return ""
	}
	v := c.l.dictionaryOf()
	component, sub := max(int(at.component), 1), int(at.subcomponent)
	if name == (name3{'O', 'B', 'X'}) && at.field == 5 {
		kind := c.seg.sl.Field(2).Text()
		if kind != c.seg.sr.Field(2).Text() {
			return ""
		}
		if f, ok := v.ComponentAt(kind, component, sub); ok {
			return f.Type
		}
		return kind
	}
	segment := name.String()
	f, ok := v.FieldAt(segment, int(at.field), component, max(sub, 1))
	if !ok {
		f, ok = v.FieldAt(segment, int(at.field), component, 0)
	}
	if !ok {
		f, ok = v.FieldAt(segment, int(at.field), 0, 0)
	}
	if !ok {
		return ""
	}
	return f.Type
}

// sameNumber compares two numbers of type NM (HL7 v2.9.1 section 2A.2.47): an optional sign, digits, an optional point.
func sameNumber(a, b string) bool {
	na, wa, fa, ok := decimal(a)
	if !ok {
		return false
	}
	nb, wb, fb, ok := decimal(b)
	if !ok || wa != wb || fa != fb {
		return false
	}
	return na == nb || wa == "" && fa == ""
}

// decimal takes a number apart: its sign and the digits that count on both sides of the point.
func decimal(s string) (negative bool, whole, fraction string, ok bool) {
	if s[0] == '+' || s[0] == '-' {
		negative, s = s[0] == '-', s[1:]
	}
	whole, fraction, _ = strings.Cut(s, ".")
	if whole == "" && fraction == "" || !digits(whole) || !digits(fraction) {
		return false, "", "", false
	}
	return negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0"), true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// sameInstant compares two dates and times (HL7 v2.9.1 section 2A.2.22, DTM). Where both give a zone, moments count; where
// neither does, the digits. What the shorter leaves out counts as zero from the hour on; a day is not the month it is in.
func sameInstant(a, b string) bool {
	ta, za, ok := instant(a)
	if !ok {
		return false
	}
	tb, zb, ok := instant(b)
	return ok && za == zb && ta.Equal(tb)
}

// instant reads YYYYMMDD[HH[MM[SS[.S[S[S[S]]]]]]][+/-ZZZZ].
func instant(s string) (t time.Time, zoned, ok bool) {
	text := s
	offset := 0
	if i := strings.LastIndexAny(s, "+-"); i > 0 {
		zone := s[i+1:]
		if len(zone) != 4 || !digits(zone) {
			return t, false, false
		}
		offset = (two(zone)*60 + two(zone[2:])) * 60
		if s[i] == '-' {
			offset = -offset
		}
		zoned, text = true, s[:i]
	}
	text, fraction, point := strings.Cut(text, ".")
	if !digits(text) || !digits(fraction) || len(text) < 8 || len(text) > 14 || len(text)%2 != 0 || point && len(text) != 14 || len(fraction) > 9 {
		return t, false, false
	}
	part := func(at int) int {
		if at+2 > len(text) {
			return 0
		}
		return two(text[at:])
	}
	month, day, hour, minute, second := part(4), part(6), part(8), part(10), part(12)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return t, false, false
	}
	nanos := 0
	for i := range 9 {
		nanos *= 10
		if i < len(fraction) {
			nanos += int(fraction[i] - '0')
		}
	}
	t = time.Date(two(text)*100+two(text[2:]), time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day { // the 30th of February
		return t, false, false
	}
	return t.Add(-time.Duration(offset) * time.Second), zoned, true
}

func two(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// setIDs are the segments whose first field numbers them (type SI).
var setIDs = func() map[name3]bool {
	set := map[name3]bool{}
	for _, s := range []string{"PID", "NK1", "PV1", "OBX", "OBR", "NTE", "AL1", "DG1", "PR1", "GT1", "IN1", "FT1", "IAM", "SPM", "AIS", "AIG", "AIL", "AIP", "RGS", "TQ1", "PSL", "PSG", "PRT", "ARV", "DB1", "CM0", "GOL", "UB1", "UB2", "EDU", "LAN", "REL", "PDC"} {
		set[name3([]byte(s))] = true
	}
	return set
}()

// counted says whether a set ID only counts: one more than that of the segment of its name before it, or 1.
func (s *side) counted(i int) bool {
	own, ok := ordinal(s.m.Segment(i))
	if !ok {
		return false
	}
	if own == 1 {
		return true
	}
	for k := i - 1; k >= 0; k-- {
		if s.lines[k].name == s.lines[i].name {
			before, ok := ordinal(s.m.Segment(k))
			return ok && before+1 == own
		}
	}
	return false
}

func ordinal(s hl7.Segment) (int, bool) {
	raw := s.Field(1).Raw()
	if len(raw) == 0 || len(raw) > 6 {
		return 0, false
	}
	n := 0
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
