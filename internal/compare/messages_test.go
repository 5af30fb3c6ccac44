package compare

import (
	"errors"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// TestCharacterSets compares one name in two sets of bytes.
func TestCharacterSets(t *testing.T) {
	head := "MSH|^~\\&|A|||||||1|P|2.5.1||||||"
	latin := hl7.Parse([]byte(head + "8859/1\rPID|1||2||M\xfcller\rNTE|1||\xe4\r"))
	utf := hl7.Parse([]byte(head + "UNICODE UTF-8\rPID|1||2||Müller\rNTE|1||ö\r"))
	r := Messages(latin, utf, nil)
	same(t, verdicts(r), []string{"open changed MSH-18: 8859/1 → UNICODE UTF-8", "open formatting PID-5: character set", "open changed NTE-3: ä → ö"})
	// The same bytes, read in two ways, are two texts.
	western := hl7.Parse([]byte(head + "8859/1\rPID|1||2||\xe6\r"))
	eastern := hl7.Parse([]byte(head + "8859/2\rPID|1||2||\xe6\r"))
	same(t, verdicts(Messages(western, eastern, nil)), []string{"open changed MSH-18: 8859/1 → 8859/2", "open changed PID-5: æ → ć"})
}

// TestRows lays the two sides beside each other as a window shows them.
func TestRows(t *testing.T) {
	a := hl7.Parse(lines("MSH|^~\\&|A\nPID|1||2\nAL1|1||X\nAL1|2||W\nAL1|3||Y\nDG1|1||Z"))
	b := hl7.Parse(lines("MSH|^~\\&|A\nPID|1||3\nDG1|1||Z\nAL1|1||X\nAL1|2||W\nZZZ|1"))
	r := Messages(a, b, nil)
	type row struct {
		left, right    int
		moved, changed bool
		kinds          string
	}
	var got []row
	for _, w := range r.Rows {
		var kinds []string
		for _, d := range r.Of(w) {
			kinds = append(kinds, d.Kind.String()+" "+d.Path)
		}
		got = append(got, row{w.Left, w.Right, w.Moved, w.Changed, strings.Join(kinds, ", ")})
	}
	want := []row{
		{0, 0, false, false, ""}, {1, 1, false, true, "changed PID-3"}, {5, 2, true, false, "moved DG1"}, {2, 3, false, false, ""},
		{3, 4, false, false, ""}, {4, -1, false, true, "removed AL1[3]"}, {-1, 5, false, true, "added ZZZ"},
	}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d is %v, not %v", i, got[i], want[i])
		}
	}
	// The spans are those of each side.
	for d := range r.Open() {
		if d.Path == "PID-3" {
			l, r := a.Bytes()[d.Left.Span.Offset:d.Left.Span.End], b.Bytes()[d.Right.Span.Offset:d.Right.Span.End]
			if string(l) != "2" || string(r) != "3" {
				t.Errorf("%q and %q", l, r)
			}
		}
	}
}

func TestWordsInside(t *testing.T) {
	a := "The patient was fasting for 12 hours before the sample was drawn."
	d := &Difference{Kind: Changed, Left: Side{Text: a}, Right: Side{Text: strings.Replace(a, "12", "8", 1)}}
	if runs := d.Words(); len(runs) != 4 || runs[1] != (Run{Delete, "12"}) || runs[2] != (Run{Insert, "8"}) {
		t.Errorf("%v", runs)
	}
	d.Left.Text = "12"
	if d.Words() != nil {
		t.Error("short texts are compared inside")
	}
}

func TestPatchIsForItsMessage(t *testing.T) {
	p := Messages(hl7.Parse([]byte("PID|1")), hl7.Parse([]byte("PID|2")), nil).Patch()
	if _, err := p.Apply([]byte("PID|3")); !errors.Is(err, errOtherMessage) {
		t.Error(err)
	}
}

// TestInstants are pairs of values of one time type.
func TestInstants(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"20260301", "20260301000000", true}, {"202603011015", "20260301101500.000", true}, {"20260301101500+0100", "20260301091500+0000", true},
		{"20260301101500", "20260301101500+0000", false}, {"202603", "20260301", false}, {"20260301", "20260302", false}, {"20260230", "20260302", false},
		{"20260301101500.1", "20260301101500.10", true}, {"2026030110150", "202603011015", false}, {"20260301-0500", "20260301050000+0000", true},
	} {
		if got := sameInstant(c.a, c.b); got != c.same || sameInstant(c.b, c.a) != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{{"1", "1.0", true}, {"+1", "1", true}, {"-0", "0", true}, {".5", "0.50", true}, {"01", "1", true}, {"1", "-1", false}, {"1.", "1", true}, {"1e1", "10", false}, {"", "0", false}} {
		if got := c.a != "" && sameNumber(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// TestAllocations keeps the usual comparison cheap: nothing is allocated for fields that agree.
func TestAllocations(t *testing.T) {
	left, right := typical()
	a, b := hl7.Parse(left), hl7.Parse(right)
	if n := testing.AllocsPerRun(50, func() { Messages(a, b, nil) }); n > 60 {
		t.Errorf("%v allocations for seven differences", n)
	}
}
