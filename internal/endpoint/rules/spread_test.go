package rules

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// Times that are spread are drawn anew for each message, in the way that the fault says, and the same for the same seed.
func TestSpreadTimes(t *testing.T) {
	draw := func(text string) (list []time.Duration) {
		t.Helper()
		f, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 4000 {
			due := p.Decide(&Subject{}).Faults
			if len(due) != 1 || due[0].To != 0 || due[0].Sigma != 0 {
				t.Fatalf("%+v", due)
			}
			list = append(list, due[0].Time)
		}
		return list
	}
	even := draw("seed: 3\nfaults: [{fault: delay-before, time: 100ms, to: 300ms}]")
	if !slices.Equal(even, draw("seed: 3\nfaults: [{fault: delay-before, time: 100ms, to: 300ms}]")) || slices.Equal(even, draw("seed: 4\nfaults: [{fault: delay-before, time: 100ms, to: 300ms}]")) {
		t.Error("the seed decides")
	}
	slices.Sort(even)
	if even[0] < 100*time.Millisecond || even[len(even)-1] > 300*time.Millisecond || even[0] > 102*time.Millisecond || math.Abs(float64(even[2000]-200*time.Millisecond)) > float64(8*time.Millisecond) {
		t.Errorf("from %s by %s to %s", even[0], even[2000], even[3999])
	}
	normal := draw("faults: [{fault: delay-before, time: 200ms, sigma: 0.5}]")
	slices.Sort(normal)
	// The median is the time; 84 of 100 lie below the time by e to the power of sigma.
	if math.Abs(float64(normal[2000]-200*time.Millisecond)) > float64(10*time.Millisecond) || math.Abs(normal[3365].Seconds()-0.2*math.Exp(0.5)) > 0.02 {
		t.Errorf("median %s, 84 %% below %s", normal[2000], normal[3365])
	}
	if n := draw("faults: [{fault: delay-before, time: 24h, sigma: 3}]"); slices.Max(n) > maxDuration {
		t.Errorf("%s is longer than anything may take", slices.Max(n))
	}
}

func TestSpreadIsReadAndWritten(t *testing.T) {
	for text, want := range map[string]string{
		"{fault: delay-before, time: 200ms, to: 2s}":      "after 200 ms to 2 s",
		"{fault: delay-before, time: 300ms, sigma: 0.5}":  "after 300 ms, spread 0.5",
		"{fault: delay-before, to: 5s}":                   "after 2 s to 5 s",
		"{fault: dribble, time: 1ms, to: 2ms, every: 10}": "byte by byte (one each 1 ms to 2 ms), every 10th",
	} {
		f, err := Parse([]byte("faults: [" + text + "]"))
		if err != nil || f.Faults[0].Sentence() != want {
			t.Errorf("%s: %v, %v", text, f.Faults, err)
			continue
		}
		b, err := Format(f)
		if again, parseErr := Parse(b); err != nil || parseErr != nil || again.Faults[0] != f.Faults[0] {
			t.Errorf("%s: written as %s: %v %v", text, b, err, parseErr)
		}
	}
	for text, want := range map[string]string{
		"{fault: delay-before, time: 2s, to: 1s}":      "not after its time",
		"{fault: delay-before, to: 1s}":                "not after its time",
		"{fault: delay-before, to: 5s, sigma: 1}":      "both to and sigma",
		"{fault: delay-before, time: 1s, sigma: 4}":    "not above 3",
		"{fault: delay-before, time: 1s, sigma: wide}": "sigma is",
		"{fault: corrupt, to: 1s}":                     "no time that could be spread",
		"{fault: duplicate-ack, count: 2, sigma: 0.5}": "no time that could be spread",
		"{fault: no-such, to: 1s}":                     "expired-token",
	} {
		if _, err := Parse([]byte("faults: [" + text + "]")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
