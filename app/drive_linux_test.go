package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tags are those of every build of the project; see the Makefile.
const tags = "migrated_fynedo,no_emoji,no_metadata,fts5"

// binary builds the program once for all tests of this package and returns its path.
func binary(t *testing.T) string {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var buildFolder string // removed by TestMain

var buildOnce = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "trestle-e2e-")
	if err != nil {
		return "", err
	}
	buildFolder = folder
	path := filepath.Join(folder, "trestle")
	out, err := exec.Command("go", "build", "-tags", tags, "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if buildFolder != "" {
		os.RemoveAll(buildFolder)
	}
	os.Exit(status)
}

// window is a running program in a virtual display of its own, with a home of its own.
type window struct {
	t       *testing.T
	Home    string // its home folder; nothing of one test reaches the next
	display string
	id      string // of the X window
	app     *process
}

// limit is how long anything may take that a test waits for.
const limit = 30 * time.Second

// driveWindow starts the program with args in a display of width × height and waits for its window. The scale is
// 1 for 100 %, 2 for 200 %. Everything ends with the test.
func driveWindow(t *testing.T, width, height int, scale float64, args ...string) *window {
	t.Helper()
	needTools(t, "Xvfb", "xdotool", "import", "xclip")
	program := binary(t)
	home := t.TempDir()
	w := &window{t: t, Home: home, display: startDisplay(t, width, height)}
	for _, folder := range []string{".config", ".cache", ".local/share", "run"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = home
	cmd.Env = append(w.environment(),
		"HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+filepath.Join(home, ".cache"),
		"XDG_DATA_HOME="+filepath.Join(home, ".local/share"), "XDG_RUNTIME_DIR="+filepath.Join(home, "run"),
		"LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE="+strconv.FormatFloat(scale, 'f', -1, 64))
	w.app = start(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program wrote:\n%s", w.app.log())
		}
	})
	w.wait("the window", func() bool {
		if w.app.ended() {
			t.Fatalf("the program ended before its window came:\n%s", w.app.log())
		}
		out, err := w.output("xdotool", "search", "--onlyvisible", "--name", ".")
		w.id, _, _ = strings.Cut(strings.TrimSpace(out), "\n")
		return err == nil && w.id != ""
	})
	w.run("xdotool", "windowfocus", w.id)
	w.wait("something in the window", func() bool { return colours(w.Picture()) >= 20 }) // the first frames are empty
	return w
}

// needTools skips the test where the tools are missing; on the build server that is a failure.
func needTools(t *testing.T, tools ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out of short runs: drives a real window")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: see .ci/need", tool)
			}
			t.Skipf("%s is missing: make test installs it", tool)
		}
	}
}

// startDisplay starts a virtual X display that ends with the test and returns its name.
func startDisplay(t *testing.T, width, height int) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// -displayfd lets the server choose a free display itself: no race between tests.
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	server := start(t, cmd)
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	// The server writes the line end by itself and takes it amiss if nobody reads that.
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the virtual display did not start: %v\n%s", err, server.log())
	}
	return ":" + strings.TrimSpace(number)
}

// process is a child that dies with the test, or with the test's process however that ends.
type process struct {
	cmd  *exec.Cmd
	out  *lockedBuffer
	done chan struct{}
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, out: &lockedBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.out, p.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second
	started := make(chan error)
	go func() {
		// Pdeathsig is sent when the thread ends that started the child: keep that thread.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is the test's question, see stop and ended
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	t.Cleanup(p.stop)
	return p
}

func (p *process) log() string { return p.out.String() }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop asks the process and its children to end, and makes them.
func (p *process) stop() {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if p.ended() {
			return
		}
		_ = syscall.Kill(-p.cmd.Process.Pid, s) // it may have ended by now
		select {
		case <-p.done:
		case <-time.After(3 * time.Second):
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (w *window) environment() []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "DISPLAY", "WAYLAND_DISPLAY", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "LC_ALL":
			continue
		}
		env = append(env, pair)
	}
	return append(env, "DISPLAY="+w.display, "LC_ALL=C.UTF-8") // xdotool types beyond ASCII in a UTF-8 locale only
}

func (w *window) output(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), limit) // xdotool --sync waits for ever for what does not come
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = w.environment()
	out, err := cmd.Output()
	return string(out), err
}

func (w *window) run(name string, args ...string) string {
	w.t.Helper()
	out, err := w.output(name, args...)
	if err != nil {
		w.t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

// wait waits until ready, or fails.
func (w *window) wait(what string, ready func() bool) {
	w.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(30 * time.Millisecond) {
		if ready() {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s did not come within %v", what, limit)
		}
	}
}

// Click presses a button (1 left, 2 middle, 3 right) at a place of the window, times times.
func (w *window) Click(x, y, button, times int) {
	w.t.Helper()
	w.run("xdotool", "mousemove", "--sync", "--window", w.id, strconv.Itoa(x), strconv.Itoa(y))
	time.Sleep(30 * time.Millisecond)
	w.run("xdotool", "click", "--repeat", strconv.Itoa(times), "--delay", "60", strconv.Itoa(button))
}

// Drag moves the pointer with the left button down, in steps.
func (w *window) Drag(x1, y1, x2, y2, steps int) {
	w.t.Helper()
	w.run("xdotool", "mousemove", "--sync", "--window", w.id, strconv.Itoa(x1), strconv.Itoa(y1))
	time.Sleep(50 * time.Millisecond)
	w.run("xdotool", "mousedown", "1")
	for i := 1; i <= steps; i++ {
		w.run("xdotool", "mousemove", "--window", w.id, strconv.Itoa(x1+(x2-x1)*i/steps), strconv.Itoa(y1+(y2-y1)*i/steps))
		time.Sleep(15 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	w.run("xdotool", "mouseup", "1")
}

// Scroll turns the wheel at a place; negative lines scroll up.
func (w *window) Scroll(x, y, lines int) {
	w.t.Helper()
	w.run("xdotool", "mousemove", "--sync", "--window", w.id, strconv.Itoa(x), strconv.Itoa(y))
	button := "5"
	if lines < 0 {
		button, lines = "4", -lines
	}
	w.run("xdotool", "click", "--repeat", strconv.Itoa(lines), "--delay", "8", button)
}

// Key presses keys by their xdotool names: "ctrl+k", "Return", "shift+Tab".
func (w *window) Key(keys ...string) {
	w.t.Helper()
	for _, k := range keys {
		w.run("xdotool", "key", "--delay", "20", k)
	}
}

// Type types ASCII text as key presses; for other letters use Paste.
func (w *window) Type(text string) {
	w.t.Helper()
	w.run("xdotool", "type", "--delay", "12", "--", text)
}

// Copy puts text on the clipboard.
func (w *window) Copy(text string) {
	w.t.Helper()
	cmd := exec.Command("xclip", "-selection", "clipboard", "-in", "-quiet")
	cmd.Env = w.environment()
	cmd.Stdin = strings.NewReader(text)
	start(w.t, cmd) // it serves the clipboard until the test ends
	w.wait("the clipboard", func() bool {
		got, err := w.output("xclip", "-selection", "clipboard", "-out")
		return err == nil && got == text
	})
}

// Paste types text by way of the clipboard: any script, any length.
func (w *window) Paste(text string) {
	w.t.Helper()
	w.Copy(text)
	w.Key("ctrl+v")
}

// Clipboard is what was last copied.
func (w *window) Clipboard() string {
	w.t.Helper()
	return w.run("xclip", "-selection", "clipboard", "-out")
}

// Title is the window's title.
func (w *window) Title() string {
	w.t.Helper()
	return strings.TrimSpace(w.run("xdotool", "getwindowname", w.id))
}

// WaitLog waits until the program has written a line that matches.
func (w *window) WaitLog(expression string) {
	w.t.Helper()
	re := regexp.MustCompile(expression)
	w.wait("the line "+expression, func() bool {
		if re.MatchString(w.app.log()) {
			return true
		}
		if w.app.ended() {
			w.t.Fatalf("the program ended without writing %q", expression)
		}
		return false
	})
}

// Picture is what the window shows.
func (w *window) Picture() image.Image {
	w.t.Helper()
	out := w.run("import", "-silent", "-window", w.id, "png:-")
	img, err := png.Decode(strings.NewReader(out))
	if err != nil {
		w.t.Fatal(err)
	}
	return img
}

// Stable waits until the picture has stayed the same for a moment. A blinking cursor changes it twice a second.
func (w *window) Stable() image.Image {
	w.t.Helper()
	var last image.Image
	since := time.Now()
	w.wait("a picture that stays", func() bool {
		now := w.Picture()
		if last == nil || !same(last, now) {
			last, since = now, time.Now()
		}
		return time.Since(since) > 200*time.Millisecond
	})
	return last
}

// Keep writes a picture into the folder that TRESTLE_SHOTS names, for people to look at; it does nothing without.
func (w *window) Keep(name string, img image.Image) {
	w.t.Helper()
	folder := os.Getenv("TRESTLE_SHOTS")
	if folder == "" {
		return
	}
	f, err := os.Create(filepath.Join(folder, name+".png"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		w.t.Fatal(err)
	}
}

// same says whether two pictures are equal, pixel for pixel.
func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			if r1 != r2 || g1 != g2 || b1 != b2 {
				return false
			}
		}
	}
	return true
}

// colours counts the different colours of a picture, looking at every fourth pixel.
func colours(img image.Image) int {
	seen := map[[3]uint32]bool{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 2 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 2 {
			r, g, b, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
