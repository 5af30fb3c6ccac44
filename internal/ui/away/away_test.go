package away

import (
	"testing"
	"time"
)

func TestSlept(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		last time.Time
		want bool
	}{
		"a tick":                       {now.Add(-tick), false},
		"late on a busy computer":      {now.Add(-10 * time.Second), false},
		"both clocks went on":          {now.Add(-time.Hour), true},
		"only that on the wall did":    {now.Round(0).Add(-time.Hour), true},
		"the clock was set back":       {now.Add(time.Hour), false},
		"a short sleep, less than one": {now.Add(-asleep), false},
	} {
		if got := slept(c.last, now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
