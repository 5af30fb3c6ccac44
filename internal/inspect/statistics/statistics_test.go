package statistics

import (
	"fmt"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

func message(pid8, pid3 string) *hl7.Message {
	return hl7.Parse([]byte("MSH|^~\\&|A\rPID|1||" + pid3 + "|||||" + pid8 + "|\r"))
}

func TestField(t *testing.T) {
	sex, id := New(hl7.MustPath("PID-8")), New(hl7.MustPath("PID-3.1"))
	for i, v := range []string{"F", "M", "F", "", `""`, "Male", "F"} {
		m := message(v, fmt.Sprintf("%05d^^^A~X%d", i, i))
		sex.Add(m)
		id.Add(m)
	}
	if sex.Messages != 7 || sex.With != 6 || sex.Empty != 1 || sex.Null != 1 || sex.Shortest != 1 || sex.Longest != 4 {
		t.Errorf("%+v", sex)
	}
	if got := fmt.Sprint(sex.Top(2)); got != `[{F 3 0} {"" 1 4}]` {
		t.Error(got)
	}
	if n, exact := sex.Distinct(); n != 4 || !exact {
		t.Errorf("%d distinct, %v", n, exact)
	}
	if id.Values != 14 || id.MostTimes != 2 || id.Populated() != 1 {
		t.Errorf("%+v", id)
	}
	if got := fmt.Sprint(id.Patterns(-1)); got != "[{9{5} 7 0} {A9 7 0}]" {
		t.Error(got)
	}
	if id.Average() != 3.5 {
		t.Error(id.Average())
	}
}

func TestNothing(t *testing.T) {
	f := New(hl7.MustPath("ZZZ-1"))
	if f.Populated() != 0 || f.Average() != 0 || len(f.Top(5)) != 0 {
		t.Error("a field without messages has numbers")
	}
	f.Add(message("F", "1"))
	if f.With != 0 || f.Empty != 0 || f.Messages != 1 {
		t.Errorf("%+v", f)
	}
}

func TestPattern(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "19790228": "9{8}", "MSG-00412": "AAA-9{5}", "O'Neil": "A'Aaaa", "ä b": "a a", "555-0101": "999-9{4}", "検査": "aa",
		strings.Repeat("a", 5000): "a{5000}",
	} {
		if got := Pattern(s); got != want {
			t.Errorf("%.20q: %q, want %q", s, got, want)
		}
	}
}

// Memory must not grow with the values: beyond the limit they are counted without being kept.
func TestMemoryIsBounded(t *testing.T) {
	f := New(hl7.MustPath("PID-3"))
	for i := range maxValues + 1000 {
		f.Add(message("", fmt.Sprint(i)))
	}
	if n, exact := f.Distinct(); n != maxValues || exact || f.Values != maxValues+1000 {
		t.Errorf("%d distinct, %v, %d values", n, exact, f.Values)
	}
	long := New(hl7.MustPath("PID-3"))
	long.Add(message("", strings.Repeat("x", 1<<20)))
	long.Add(message("", strings.Repeat("x", 1<<20-1)))
	if got := long.Top(-1); len(got) != 2 || len(got[0].Text) > 300 || long.Longest != 1<<20 {
		t.Errorf("%d values, the longest %d", len(got), long.Longest)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("a1-B")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		if p := Pattern(s); len(p) > maxText*12+64 || s != "" && p == "" {
			t.Errorf("%q gives %q", s, p)
		}
	})
}
