package main

import (
	"strings"
	"testing"
)

// TestWindowOpens: the window comes up on the sample project, with something on it, and without a word of complaint.
func TestWindowOpens(t *testing.T) {
	t.Setenv("TRESTLE_TEST_IDLE", "1")
	w := driveWindow(t, 1440, 900, 1, "--sample")
	if strings.Contains(w.app.log(), "made the sample workspace") {
		t.Error("the window came after the sample's workspace was made")
	}
	w.WaitLog(`(?m)^trestle: made the sample workspace .*riverbend sample`)
	w.WaitLog(`(?m)^idle$`)
	picture := w.Stable()
	w.Keep("opens", picture)
	if title := w.Title(); !strings.Contains(title, "Trestle") {
		t.Errorf("the title is %q", title)
	}
	if size := picture.Bounds().Size(); size.X < 1000 || size.Y < 600 {
		t.Errorf("the window is %v", size)
	}
}
