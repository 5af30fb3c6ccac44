package workspace

import "time"

// wallClock reads a message's time as it stands there, in seconds since 1970 as though it were UTC. The offset from
// UTC that it may carry is left out of account: most messages have none, and a person who looks for a day means the
// day that the list shows. Known are HL7 (YYYY[MM[DD[HH[MM[SS]]]]], fractions and offset passed over) and ISO 8601.
func wallClock(s string) (int64, bool) {
	var d [14]byte // YYYYMMDDHHMMSS
	n := 0
	iso := len(s) > 4 && s[4] == '-'
scan:
	for i := 0; i < len(s) && n < len(d); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d[n] = c
			n++
		case iso && (c == '-' && i < 8 || c == ':' || c == 'T' || c == ' '):
		default:
			break scan // fraction, offset, or no time at all
		}
	}
	if n < 4 || n%2 != 0 {
		return 0, false
	}
	part := func(at, otherwise int) int {
		if at+2 > n {
			return otherwise
		}
		return int(d[at]-'0')*10 + int(d[at+1]-'0')
	}
	year, month, day := part(0, 0)*100+part(2, 0), part(4, 1), part(6, 1)
	hour, minute, second := part(8, 0), part(10, 0), part(12, 0)
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if year == 0 || t.Month() != time.Month(month) || t.Day() != day || hour > 24 || minute > 59 || second > 60 {
		return 0, false
	}
	return t.Unix(), true
}

// wall is wallClock of a time.Time: the clock on the wall of its own zone.
func wall(t time.Time) int64 {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC).Unix()
}
