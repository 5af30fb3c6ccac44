package similar

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		// The examples of Winkler (1990) and of the literature since.
		{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.8133},
		{"pia", "pai", 0.5556}, {"josé", "jose", 0.8833}, {"", "a", 0}, {"", "", 1}, {"abc", "xyz", 0},
		{"李小龍", "李小龙", 0.8222},
	} {
		if got := JaroWinkler(c.a, c.b); math.Abs(got-c.want) > 0.0001 {
			t.Errorf("JaroWinkler(%q, %q) = %.4f, not %.4f", c.a, c.b, got, c.want)
		}
	}
}

func TestOneEdit(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"pace", "apce", true}, {"smith", "smyth", true}, {"smith", "smiths", true}, {"smith", "mith", true},
		{"smith", "smith", false}, {"smith", "smytt", false}, {"", "a", true}, {"", "", false}, {"ab", "cd", false},
		{"müller", "muller", true}, {"abcd", "badc", false}, {"ab", "abcd", false},
	} {
		if OneEdit(c.a, c.b) != c.want || OneEdit(c.b, c.a) != c.want {
			t.Errorf("OneEdit(%q, %q) is not %v", c.a, c.b, c.want)
		}
	}
}

func TestSoundex(t *testing.T) {
	for name, want := range map[string]string{
		"robert": "r163", "rupert": "r163", "campbell": "c514", "jack": "j200", "ashcraft": "a261", "tymczak": "t522",
		"pfister": "p236", "honeyman": "h555", "": "", "李": "",
	} {
		if got := Soundex(name); got != want {
			t.Errorf("Soundex(%q) = %q, not %q", name, got, want)
		}
	}
}

func TestDiffGivesBothStringsBack(t *testing.T) {
	for _, c := range [][2]string{{"", ""}, {"a", ""}, {"", "b"}, {"Smith", "Smyth"}, {"JOSÉ", "JOSE"}, {"1980-01-31", "1980-10-13"}, {strings.Repeat("x", 600), "y"}} {
		var a, b strings.Builder
		for _, e := range Diff(c[0], c[1]) {
			if e.Same && e.A != e.B {
				t.Errorf("%q: same, but %q and %q", c, e.A, e.B)
			}
			a.WriteString(e.A)
			b.WriteString(e.B)
		}
		if a.String() != c[0] || b.String() != c[1] {
			t.Errorf("%q: got %q and %q", c, a.String(), b.String())
		}
	}
}

func ExampleDiff() {
	for _, e := range Diff("Smith", "Smyth") {
		fmt.Printf("%v %q %q\n", e.Same, e.A, e.B)
	}
	// Output:
	// true "Sm" "Sm"
	// false "i" "y"
	// true "th" "th"
}

func TestASCIIAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { JaroWinkler("catherine", "katharina"); OneEdit("smith", "smyth") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzSimilar(f *testing.F) {
	f.Add("martha", "marhta")
	f.Add("é", "e\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := JaroWinkler(a, b), JaroWinkler(b, a)
		if x != y || x < 0 || x > 1.0000001 || math.IsNaN(x) {
			t.Errorf("%q, %q: %v and %v", a, b, x, y)
		}
		if OneEdit(a, b) != OneEdit(b, a) {
			t.Errorf("%q, %q: OneEdit is not symmetric", a, b)
		}
	})
}

func BenchmarkJaroWinkler(b *testing.B) {
	for b.Loop() {
		JaroWinkler("catherine", "katharina")
	}
}
