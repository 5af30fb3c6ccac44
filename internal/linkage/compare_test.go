package linkage

import (
	"testing"

	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/similar"
)

func TestBirths(t *testing.T) {
	for _, c := range []struct {
		a, b normal.Day
		want Level
	}{
		{19620215, 19620215, Exact}, {19620215, 0, Missing}, {19620215, 19620216, BirthSlip}, {19620215, 19620251, BirthSlip},
		{19620403, 19620304, BirthSlip}, {19621204, 19621231, BirthPartial}, {19620215, 19720215, BirthSlip}, {19620215, 19820215, BirthPartial},
		{19620215, 19890215, BirthDiffers}, {19620215, 19710830, BirthDiffers}, {19620200, 19620215, BirthPartial},
	} {
		if got := births(c.a, c.b); got != c.want || births(c.b, c.a) != c.want {
			t.Errorf("%d and %d: %d, not %d", c.a, c.b, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	read := func(s string) *person {
		n, last4, valid := normal.SSN(s)
		p := &person{ssn: digitsValue(n), ssnValid: valid}
		if last4 != "" {
			p.last4 = uint16(digitsValue(last4)) + 1
		}
		return p
	}
	for _, c := range []struct {
		a, b string
		want Level
	}{
		{"212-45-6789", "212456789", Exact}, {"212-45-6789", "212-45-6798", SSNSlip}, {"212-45-6789", "6789", SSNLast4}, {"212-45-6789", "6788", SSNDiffers},
		{"212-45-6789", "631-22-1188", SSNDiffers}, {"212-45-6789", "912-11-1188", Missing}, {"212-45-6789", "", Missing}, {"212-45-6789", "999-99-9999", Missing},
	} {
		if got := numbers(read(c.a), read(c.b)); got != c.want {
			t.Errorf("%s and %s: %d, not %d", c.a, c.b, got, c.want)
		}
	}
}

// What mayBeAlike rules out must not be alike.
func FuzzMayBeAlike(f *testing.F) {
	f.Add("martha", "marhta")
	f.Add("jo", "joe")
	f.Add("李", "李小")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = normal.Fold(a), normal.Fold(b)
		if a == "" || b == "" || a == b {
			return
		}
		s := newSymbols()
		x, y := s.add(a), s.add(b)
		all := s.describe(true)
		if !mayBeAlike(&all[x], &all[y]) && (similar.OneEdit(a, b) || similar.JaroWinkler(a, b) >= 0.9) {
			t.Errorf("%q and %q are alike", a, b)
		}
	})
}
