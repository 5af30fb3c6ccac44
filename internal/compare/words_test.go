package compare

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func ExampleWords() {
	for _, run := range Words("PID|1||4711||DOE^JON|", "PID|1||4711||DOE^JOHN|") {
		fmt.Println(run.Kind, run.Text)
	}
	// Output:
	// equal PID|1||4711||DOE^JO
	// insert H
	// equal N|
}

func sides(runs []Run) (a, b string) {
	for _, r := range runs {
		if r.Kind != Insert {
			a += r.Text
		}
		if r.Kind != Delete {
			b += r.Text
		}
	}
	return a, b
}

// check asserts what holds for every pair of texts.
func check(t *testing.T, a, b string) {
	t.Helper()
	runs := Words(a, b)
	if left, right := sides(runs); left != a || right != b {
		t.Fatalf("Words(%q, %q) rebuilds %q and %q", a, b, left, right)
	}
	if left, right := sides(wholeWords(runs)); left != a || right != b {
		t.Fatalf("whole words of (%q, %q) rebuild %q and %q", a, b, left, right)
	}
	for i, r := range runs {
		if r.Text == "" {
			t.Fatalf("Words(%q, %q): run %d is empty", a, b, i)
		}
		if i > 0 && runs[i-1].Kind == r.Kind {
			t.Fatalf("Words(%q, %q): runs %d and %d are both %v", a, b, i-1, i, r.Kind)
		}
		if utf8.ValidString(a) && utf8.ValidString(b) && !utf8.ValidString(r.Text) {
			t.Fatalf("Words(%q, %q): run %d cuts a character", a, b, i)
		}
	}
	if a == b && len(runs) > 1 {
		t.Fatalf("Words(%q, itself) has %d runs", a, len(runs))
	}
}

func TestWholeWords(t *testing.T) {
	for _, c := range [][3]string{
		{"was received in good order", "was received in poor order", "was received in |-good|+poor| order"},
		{"read twice", "read it twice", "read |+it |twice"},
		{"13.2 mg", "13.4 mg", "|-13.2|+13.4| mg"},
		{"the end", "the ending now", "the |-end|+ending now"},
		{strings.Repeat("QUJD", 20) + "x", strings.Repeat("QUJD", 20) + "y", strings.Repeat("QUJD", 20) + "|-x|+y"},
	} {
		var got []string
		for _, r := range wholeWords(Words(c[0], c[1])) {
			got = append(got, map[Kind]string{Delete: "-", Insert: "+"}[r.Kind]+r.Text)
		}
		if words := strings.Join(got, "|"); words != strings.TrimPrefix(c[2], "|") {
			t.Errorf("%s, not %s", words, c[2])
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want []Run
	}{
		{"", "", nil},
		{"same", "same", []Run{{Equal, "same"}}},
		{"", "new", []Run{{Insert, "new"}}},
		{"old", "", []Run{{Delete, "old"}}},
		{"PID|||Male|", "PID|||M|", []Run{{Equal, "PID|||M"}, {Delete, "ale"}, {Equal, "|"}}},
		{"1985-04-12", "19850412", []Run{{Equal, "1985"}, {Delete, "-"}, {Equal, "04"}, {Delete, "-"}, {Equal, "12"}}},
		{"ä", "ö", []Run{{Delete, "ä"}, {Insert, "ö"}}},
		{"a\xffb", "a\xfeb", []Run{{Equal, "a"}, {Delete, "\xff"}, {Insert, "\xfe"}, {Equal, "b"}}},
	} {
		if got := Words(c.a, c.b); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Words(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestWordsProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "b", "|", "^", "\r", "ä", "€", "😀", "PID"}
	text := func() string {
		var s strings.Builder
		for range rng.IntN(30) {
			s.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return s.String()
	}
	for range 2000 {
		check(t, text(), text())
	}
}

func TestWordsIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + rng.IntN(26))
		}
		return string(b)
	}
	for _, n := range []int{100 << 10, 4 << 20} {
		a, b := noise(n), noise(n)
		start := time.Now()
		check(t, a, b)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("two texts of %d bytes took %v", n, took)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("PID|1", "PID|2")
	f.Add("\xff", "\xfe\xff")
	f.Add("ä", "ö")
	f.Fuzz(func(t *testing.T, a, b string) { check(t, a, b) })
}
