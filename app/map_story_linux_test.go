package main

import (
	"strings"
	"testing"
	"time"
)

// The mapping of the sample, by keyboard: two fields are joined, and the rule stands in the table. By mouse: a field is
// dragged to its target, and a value of the result leads to its rule.
func TestMappingInTheWindow(t *testing.T) {
	w := sampleWindow(t, 1280, 800, 1)
	w.Key("ctrl+4")
	w.quiet()
	picture := w.Stable()
	w.Keep("map-picture", picture)
	goTo := func(path string) {
		w.Key("ctrl+g")
		w.quiet()
		w.Type(path)
		w.Key("Return")
		w.quiet()
	}
	copied := func() string {
		w.Key("ctrl+c")
		time.Sleep(200 * time.Millisecond)
		return w.Clipboard()
	}
	goTo("PID-10")
	w.Key("m")
	w.quiet()
	goTo("Patient.active")
	w.Key("m")
	w.quiet()
	w.Keep("map-drawn", w.Stable())
	w.Key("alt+2")
	w.quiet()
	if row := copied(); !strings.Contains(row, "active") || !strings.Contains(row, "PID-10") {
		t.Errorf("the row of the new rule is %q", row)
	}
	w.Key("Right", "Right", "Right", "Right", "Right")
	w.Type("PID-10 VALUED")
	w.Key("Return", "Up")
	w.quiet()
	w.Keep("map-table", w.Stable())
	if row := copied(); !strings.Contains(row, "PID-10 VALUED") {
		t.Errorf("the row of the rule with a condition is %q", row)
	}
	w.Key("ctrl+z", "ctrl+z")
	w.quiet()
	if row := copied(); strings.Contains(row, "active") {
		t.Errorf("after undo the row is %q", row)
	}

	w.Key("alt+1")
	goTo("PID-4")
	w.Key("Home")
	w.quiet()
	w.Drag(200, 267, 900, 291, 16) // PID-4 to Patient.active
	w.Keep("map-dragged", w.quiet())
	w.Key("alt+2")
	w.quiet()
	if row := copied(); !strings.Contains(row, "PID-4") || !strings.Contains(row, "active") {
		t.Errorf("the row of the rule that was dragged is %q", row)
	}
	w.Key("ctrl+z")
	w.quiet()
	w.Click(1000, 571, 1, 1) // a line of the result
	w.quiet()
	w.Keep("map-result", w.Stable())
	w.Key("ctrl+m")
	if masked := w.quiet(); same(picture, masked) {
		t.Error("the mask hides nothing")
	}
}
