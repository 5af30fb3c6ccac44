package endpoints

import (
	"fmt"
	"strings"
	"time"

	"trestle/internal/endpoint/rules"
)

var days = []struct {
	day   time.Weekday
	words string
}{
	{time.Monday, "Mon"}, {time.Tuesday, "Tue"}, {time.Wednesday, "Wed"}, {time.Thursday, "Thu"}, {time.Friday, "Fri"}, {time.Saturday, "Sat"}, {time.Sunday, "Sun"},
}

// windowText writes a time that comes again: "Mon Tue 22:00-06:00".
func windowText(w rules.Window) string {
	var parts []string
	for _, d := range w.Days {
		for _, x := range days {
			if x.day == d {
				parts = append(parts, x.words)
			}
		}
	}
	if w.From != w.To || len(w.Days) == 0 {
		parts = append(parts, clock(w.From)+"-"+clock(w.To))
	}
	return strings.Join(parts, " ")
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// readWindow reads what windowText writes.
func readWindow(text string) (w rules.Window, err error) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		if from, to, ok := strings.Cut(part, "-"); ok && strings.Contains(from, ":") {
			if w.From, err = readClock(from); err == nil {
				w.To, err = readClock(to)
			}
			if err != nil {
				return w, err
			}
			continue
		}
		known := false
		for _, d := range days {
			if len(part) >= 2 && strings.HasPrefix(strings.ToLower(d.day.String()), strings.ToLower(part)) {
				w.Days, known = append(w.Days, d.day), true
			}
		}
		if !known {
			return w, fmt.Errorf("%q is neither a day nor a time; write it as Mon Tue 22:00-06:00", part)
		}
	}
	if len(w.Days) == 0 && w.From == w.To {
		return w, fmt.Errorf("write days, a time, or both: Mon Tue 22:00-06:00")
	}
	return w, nil
}

func readClock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day; write it as 22:00", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
