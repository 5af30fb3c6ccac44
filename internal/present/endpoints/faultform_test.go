package endpoints

import (
	"testing"
	"time"

	"trestle/internal/endpoint/rules"
)

// The time of a fault is read as the form shows it, with its spread.
func TestTimesOfFaults(t *testing.T) {
	for text, want := range map[string]rules.Fault{
		"2 s":                {Time: 2 * time.Second},
		"200 ms to 2 s":      {Time: 200 * time.Millisecond, To: 2 * time.Second},
		"300 ms, spread 0.5": {Time: 300 * time.Millisecond, Sigma: 0.5},
	} {
		var f rules.Fault
		if err := readSpan(text, &f); err != nil || f != want {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
		want.Kind = rules.DelayBefore
		if shown := argumentText(want); shown != text && shown != "2s" {
			t.Errorf("%s is shown as %s", text, shown)
		}
	}
	for _, text := range []string{"2 s to 1 s", "soon", "1 s to later", "1 s, spread 9", "1 s, spread wide"} {
		var f rules.Fault
		if err := readSpan(text, &f); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
