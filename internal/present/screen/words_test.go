package screen

import "testing"

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 94350: "94,350", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
}
