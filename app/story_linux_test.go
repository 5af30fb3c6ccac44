package main

import (
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Invented: the birth date is on no calendar, and the sex is a word.
const storyMessage = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101600||ADT^A08^ADT_A01|STORY1|T|2.5.1\n" +
	"EVN|A08|20260302101600\n" +
	"PID|1||88201^^^LAKE^MR||Ash^Kim||19790231|Male\n" +
	"PV1|1|O|INF^2^^LAKE\n"

// sampleWindow opens the sample project and waits until it is at rest.
func sampleWindow(t *testing.T, width, height int, scale float64) *window {
	t.Helper()
	t.Setenv("TRESTLE_TEST_IDLE", "1")
	w := driveWindow(t, width, height, scale, "--sample")
	w.WaitLog(`(?m)^idle$`)
	w.Stable()
	return w
}

// quiet waits until the picture rests after what the user did.
func (w *window) quiet() image.Image {
	w.t.Helper()
	time.Sleep(250 * time.Millisecond) // a pause in typing starts the search
	return w.Stable()
}

// pathAtCursor asks the program for the path of the value at the cursor, as a user does: through the clipboard.
func (w *window) pathAtCursor() string {
	w.t.Helper()
	w.Key("ctrl+shift+c")
	time.Sleep(150 * time.Millisecond)
	return w.Clipboard()
}

// From nothing to the cause, by keyboard alone: paste a message, go from finding to finding, copy the path.
func TestPastedMessageByKeyboard(t *testing.T) {
	w := sampleWindow(t, 1280, 800, 1)
	w.Keep("project", w.quiet())
	w.Copy(storyMessage)
	w.Key("ctrl+shift+v")
	w.quiet()
	var paths []string
	for range 4 {
		w.Key("F8")
		w.quiet()
		paths = append(paths, w.pathAtCursor())
	}
	found := strings.Join(paths, " ")
	if !strings.Contains(found, "PID-7") || !strings.Contains(found, "PID-8") {
		t.Errorf("findings lead to %q", found)
	}
	w.Keep("inspect-pasted", w.Stable())
}

// By mouse: the sample's list, a row, a value in the raw view taken by a double click and copied byte for byte.
func TestValueTakenByMouse(t *testing.T) {
	w := sampleWindow(t, 1440, 900, 1)
	w.Click(34, 88, 1, 1) // Inspect in the rail
	w.quiet()
	w.Click(180, 168, 1, 1) // the first row
	first := w.quiet()
	w.Click(180, 192, 1, 1) // the second
	if same(first, w.quiet()) {
		t.Error("another row shows the same")
	}
	w.Click(680, 128, 1, 2) // a value in the raw view, in the middle of its line
	w.quiet()
	w.Key("ctrl+c")
	time.Sleep(200 * time.Millisecond)
	value := w.Clipboard()
	if value == "" || strings.ContainsAny(value, "|\r\n") {
		t.Errorf("a double click took %d bytes", len(value))
	}
	if path := w.pathAtCursor(); !strings.HasPrefix(path, "PID-") {
		t.Errorf("path %q", path)
	}
	w.Keep("inspect-mouse", w.Stable())
}

// The palette opens places by name, F1 lists the keys, Escape closes both, the lock asks for the passphrase.
func TestPaletteKeysAndLock(t *testing.T) {
	w := sampleWindow(t, 1280, 800, 1)
	before := w.quiet()
	w.Key("ctrl+k")
	w.Type("compare")
	w.Keep("palette", w.quiet())
	w.Key("Return")
	there := w.quiet()
	if same(before, there) {
		t.Error("the palette did not lead anywhere")
	}
	w.Keep("compare", there)
	w.Key("F1")
	keys := w.quiet()
	w.Keep("keys", keys)
	if same(there, keys) {
		t.Error("F1 shows nothing")
	}
	w.Key("Escape")
	if !same(there, w.quiet()) {
		t.Error("Escape does not bring the place back")
	}
	w.Key("ctrl+l")
	time.Sleep(500 * time.Millisecond)
	w.Keep("locked", w.Picture())
	w.Type("riverbend sample")
	w.Key("Return")
	w.wait("the project after the lock", func() bool { return strings.Count(w.app.log(), "idle") >= 2 && !blank(w.Picture()) })
	w.quiet()
	w.Key("ctrl+2")
	w.quiet()
	w.wait("a message that is open after unlocking", func() bool {
		w.Key("ctrl+shift+c")
		time.Sleep(150 * time.Millisecond)
		out, err := w.output("xclip", "-selection", "clipboard", "-out") // empty until there is a path: the clipboard ended with the lock
		return err == nil && out != ""
	})
}

// blank says whether a picture is nearly of one colour, as the first place around its form is.
func blank(img image.Image) bool { return colours(img) < 40 }

// Twice the scale on twice the pixels shows the same things, sharp.
func TestTwoHundredPercent(t *testing.T) {
	w := sampleWindow(t, 2560, 1600, 2)
	w.Key("ctrl+2")
	img := w.quiet()
	if b := img.Bounds(); b.Dx() < 2000 {
		t.Errorf("%d pixels wide", b.Dx())
	}
	w.Keep("inspect-200", img)
}

// A file named on the command line that is no workspace is said in the window, and nothing breaks.
func TestForeignFileInsteadOfAProject(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "letter.trestle")
	if err := os.WriteFile(path, []byte("Dear colleague,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := driveWindow(t, 1280, 800, 1, path)
	time.Sleep(500 * time.Millisecond)
	w.Type("some passphrase")
	before := w.Picture()
	w.Key("Return")
	time.Sleep(2 * time.Second)
	if w.app.ended() {
		t.Fatalf("the program ended:\n%s", w.app.log())
	}
	after := w.Picture()
	w.Keep("not-a-workspace", after)
	if same(before, after) {
		t.Error("nothing is said")
	}
}

// A file opened through the dialog by keyboard alone: a name that is not there is said, a path that is typed is opened.
func TestFileOpenedByItsPath(t *testing.T) {
	if _, err := exec.LookPath("zenity"); err == nil {
		t.Skip("the desktop's own dialog is installed here")
	}
	path := filepath.Join(t.TempDir(), "story.hl7")
	if err := os.WriteFile(path, []byte(storyMessage), 0o600); err != nil {
		t.Fatal(err)
	}
	w := sampleWindow(t, 1280, 800, 1)
	w.Key("ctrl+o")
	w.quiet()
	w.Key("Tab")
	w.Type(path + "x")
	w.Key("Return")
	time.Sleep(300 * time.Millisecond)
	w.Keep("open-problem", w.Picture())
	w.Key("BackSpace", "Return")
	w.quiet()
	w.Key("F8")
	w.quiet()
	if got := w.pathAtCursor(); !strings.HasPrefix(got, "PID-7") {
		t.Errorf("the finding is at %q", got)
	}
	w.Keep("opened-by-path", w.Stable())
}
