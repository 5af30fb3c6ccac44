package check

import (
	"strings"
	"testing"
	"time"
)

func TestFaultOf(t *testing.T) {
	for _, c := range []struct {
		value string
		kind  dateKind
		text  string // empty: no fault
		fixed string
	}{
		{"1979", kindStamp, "", ""},
		{"197902", kindDate, "", ""},
		{"20240229", kindDate, "", ""},
		{"20240229235959.1234-0500", kindStamp, "", ""},
		{"2024022923+0000", kindStamp, "", ""},
		{"2359", kindTime, "", ""},
		{"235959.1+0100", kindTime, "", ""},
		{"19790231", kindDate, "19790231 is not a day of the calendar. February 1979 has 28.", ""},
		{"20230229", kindStamp, "20230229 is not a day of the calendar. February 2023 has 28.", ""},
		{"20231301", kindStamp, "20231301 has the month 13; there are 12.", ""},
		{"00000000", kindStamp, "00000000 is all zeros, which is no date. Where nothing is known the field stays empty.", ""},
		{"2024022924", kindStamp, "2024022924 has the hour 24; midnight is hour 00 of the next day.", ""},
		{"202402292575", kindStamp, "202402292575 has the hour 25; the last one is 23.", ""},
		{"2360", kindTime, "2360 has the minute 60; the last one is 59.", ""},
		{"2021-07-28", kindDate, "2021-07-28 is written with hyphens; HL7 writes 20210728.", "20210728"},
		{"2021-07-28T17:36:35+08:00", kindStamp, "2021-07-28T17:36:35+08:00 is written with hyphens; HL7 writes 20210728173635+0800.", "20210728173635+0800"},
		{"20210728T173635Z", kindStamp, "20210728T173635Z is written with a letter T; HL7 writes 20210728173635+0000.", "20210728173635+0000"},
		{"20210728173635.0000+08:00", kindStamp, "20210728173635.0000+08:00 is written with a time zone of ISO 8601; HL7 writes 20210728173635.0000+0800.", "20210728173635.0000+0800"},
		{"28.07.2021", kindDate, "28.07.2021 is written with full stops; HL7 writes 20210728.", "20210728"},
		{"07/28/2021", kindDate, "07/28/2021 is written with slashes; HL7 writes 20210728.", "20210728"},
		{"07/08/2021", kindDate, "07/08/2021 has 2 digits; a date has 4, 6 or 8.", ""},
		{"2021-02-30", kindDate, "20210230 is not a day of the calendar. February 2021 has 28.", ""},
		{"17:36", kindTime, "17:36 is written with colons; HL7 writes 1736.", "1736"},
		{"20210728173635.123456", kindStamp, "20210728173635.123456 has 6 digits after the decimal point; HL7 allows four.", "20210728173635.1234"},
		{"202107281736.5", kindStamp, "202107281736.5 has a fraction, but no seconds before it.", ""},
		{"2021072", kindStamp, "2021072 has 7 digits; a date and time has 4, 6, 8, 10, 12 or 14.", ""},
		{"unknown", kindDate, "unknown is no date; HL7 writes YYYYMMDD.", ""},
		{"20210728 ", kindDate, `"20210728 " has blanks around it.`, "20210728"},
		{"202107281200", kindDate, "202107281200 has a time or time zone, but the type DT holds only a date.", ""},
		{"20210728+9900", kindStamp, "20210728+9900 has the time zone +9900, which does not exist.", ""},
	} {
		f := faultOf([]byte(c.value), c.kind)
		switch {
		case f == nil && c.text != "":
			t.Errorf("%s is taken for good", c.value)
		case f != nil && (f.text != c.text || f.fixed != c.fixed):
			t.Errorf("%s: %q, %q; want %q, %q", c.value, f.text, f.fixed, c.text, c.fixed)
		}
	}
}

// TestGoodDateAgreesWithTime: every date that the standard library can read is
// good, and no other.
func TestGoodDateAgreesWithTime(t *testing.T) {
	for year := 1890; year < 2110; year++ {
		for month := range 15 {
			for day := range 34 {
				s := []byte(pad4(year) + pad2(month) + pad2(day))
				_, err := time.Parse("20060102", string(s))
				if goodDate(s, kindDate) != (err == nil) {
					t.Fatalf("%s: goodDate is %v, time.Parse says %v", s, goodDate(s, kindDate), err)
				}
			}
		}
	}
}

func pad2(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
func pad4(n int) string { return pad2(n/100) + pad2(n%100) }

func FuzzDate(f *testing.F) {
	for _, s := range []string{"20240229", "2021-07-28T17:36:35.1Z", "07/28/2021", "17:36", "20210728173635.0000+08:00", "T", "2021-07-28T"} {
		f.Add([]byte(s), uint8(kindStamp))
	}
	f.Fuzz(func(t *testing.T, s []byte, k uint8) {
		kind := dateKind(k % 3)
		fault := faultOf(s, kind)
		if (fault == nil) != goodDate(s, kind) {
			t.Fatalf("%q: faultOf and goodDate disagree", s)
		}
		if fault != nil && fault.fixed != "" && !goodDate([]byte(fault.fixed), kind) {
			t.Fatalf("%q: the normalised %q is not good", s, fault.fixed)
		}
		if fault != nil && !strings.HasSuffix(fault.text, ".") {
			t.Fatalf("%q: %q is no sentence", s, fault.text)
		}
	})
}
