package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"trestle/internal/job"
	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
	"trestle/internal/workspace"
)

const passphrase = "correct horse battery"

// Invented messages.
const (
	good   = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||Marlow^Jane^Q||19790228|F\rPV1|1|O|INF^2^^LAKE\r"
	broken = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101600||ADT^A08^ADT_A01|MSG00414|P|2.5.1\rEVN|A08|20260302101600\rPID|1||88201^^^LAKE^MR||Ash^Kim||19790231|Male\rPV1|1|O|INF^2^^LAKE\r"
)

// story is the window in Fyne's headless driver, with the test as its user and as the goroutine of the screen.
type story struct {
	*uitest.Window
	t     *testing.T
	s     *Shell
	queue *job.Queue
	dir   string
}

func begin(t *testing.T) *story {
	t.Helper()
	a := uitest.App(t, theme.Light)
	w := test.NewTempWindow(t, nil)
	w.SetPadded(false)
	d := &story{Window: uitest.Wrap(t, w), t: t, queue: &job.Queue{}, dir: t.TempDir()}
	d.s = build(a, w.Canvas(), w, d.queue.Gate, Options{User: "tester"})
	kit.WindowShortcut = nil // uitest hands the window its shortcuts
	d.s.SetMode(theme.Light)
	w.SetContent(d.s.root)
	w.Resize(fyne.NewSize(1280, 800))
	t.Cleanup(func() {
		if d.s.session != nil {
			d.s.close(func() {})
		}
		d.settle()
		d.s.runner.Close()
		kit.Active = func() {}
		kit.Hints, kit.WindowKey, kit.WindowShortcut = func(string) {}, func(*fyne.KeyEvent, fyne.KeyModifier) bool { return false }, nil
	})
	return d
}

// project makes a workspace and opens it through the first place, as a user would.
func project(t *testing.T) *story {
	t.Helper()
	d := begin(t)
	path := filepath.Join(d.dir, "lakeside.trestle")
	w, err := workspace.Create(t.Context(), path, []byte(passphrase), workspace.CreateOptions{KDF: workspace.CheapKDF(t), Project: "Riverbend to Lakeside", User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d.s.Drop([]string{path})
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil {
		_, problem := d.s.start.Problem()
		t.Fatalf("the project did not open: %s", problem)
	}
	return d
}

// pass types a passphrase into the first place.
func (d *story) pass(text string) {
	d.t.Helper()
	d.s.first.FocusFirst()
	d.Type(text)
}

// settle waits until no work is under way and all rows on the screen are read.
func (d *story) settle() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // the cleanup settles too
	defer cancel()
	for range 3 {
		if err := d.queue.Drain(ctx, d.s.runner); err != nil {
			d.t.Fatal(err)
		}
		if d.s.session == nil {
			return
		}
		list := d.s.session.inspect.List() // rows are read when they are painted; painting itself takes longer
		for row := range min(list.Len(), 40) {
			list.Cell(row, 0)
		}
		if err := d.queue.Drain(ctx, d.s.session.runner); err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *story) file(name, content string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func TestWrongPassphraseIsSaidBesideTheField(t *testing.T) {
	d := project(t)
	d.s.Lock()
	d.settle()
	if d.s.session != nil {
		t.Fatal("still open")
	}
	d.pass("wrong wrong wrong")
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session != nil || !d.Shows("passphrase") {
		t.Fatal("a wrong passphrase opened the project, or nothing was said")
	}
	f, text := d.s.start.Problem()
	if f == 0 || strings.Contains(text, "wrong wrong") {
		t.Errorf("problem %q", text)
	}
	d.Shot("start-wrong-passphrase.png")
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil {
		t.Error("the right passphrase did not open it afterwards")
	}
}

func TestNewProjectIsCreatedAndOpened(t *testing.T) {
	if testing.Short() {
		t.Skip("derives a key at full cost")
	}
	d := begin(t)
	path := filepath.Join(d.dir, "new")
	d.s.start.Create(path, "  ", []byte("x"), []byte("x"))
	if f, _ := d.s.start.Problem(); f == 0 {
		t.Error("a project without a name was not refused")
	}
	d.s.start.Create(path, "A", []byte("long enough"), []byte("long enougH"))
	if _, text := d.s.start.Problem(); !strings.Contains(text, "differ") {
		t.Errorf("problem %q", text)
	}
	d.s.start.Create(path, "A", []byte("long enough"), []byte("long enough"))
	d.settle()
	if d.s.session == nil {
		t.Fatal("not opened")
	}
	if _, err := os.Stat(path + ".trestle"); err != nil {
		t.Error(err)
	}
	if !d.Shows("None yet") {
		t.Error("an empty project does not say what to do")
	}
	d.Shot("project-empty.png")
}

// The main job by mouse and file: drop, list, look at the finding.
func TestDroppedFilesAreInspected(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Inspect)
	d.settle()
	if !d.Shows("No messages yet") {
		t.Error("an empty place does not say what goes there")
	}
	d.Shot("inspect-empty.png")
	d.s.Drop([]string{d.file("good.hl7", good), d.file("broken.hl7", broken)})
	d.settle()
	if !d.Shows("2 messages imported") || !d.Shows("Messages  2") {
		t.Errorf("texts %q", d.Texts())
	}
	m := d.s.session.inspect
	m.SetQuery("severity:warning")
	d.settle()
	m.Select(0)
	d.settle()
	if !d.Shows("not a day of the calendar") {
		t.Errorf("texts %q", d.Texts())
	}
	if !strings.HasPrefix(d.s.frame.status.where.Text, "PID-7") {
		t.Errorf("status %q", d.s.frame.status.where.Text)
	}
	d.Shot("inspect-finding.png")
}

// The same by keyboard alone, from the passphrase to the finding.
func TestInspectByKeyboardAlone(t *testing.T) {
	d := project(t)
	fyne.CurrentApp().Clipboard().SetContent(broken)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key2)
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyV)
	d.settle()
	m := d.s.session.inspect
	if shown, _, _ := m.Shown(); shown != 1 || !m.IsOpen() {
		t.Fatalf("%d messages, open %v", shown, m.IsOpen())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key2) // the list has the keyboard
	if m.SelectedFinding() != 0 || !d.Shows("not a day of the calendar") {
		t.Errorf("the cause is not shown when the message is opened: finding %d", m.SelectedFinding())
	}
	d.Key(fyne.KeyF8)
	d.settle()
	if m.SelectedFinding() != 1 {
		t.Errorf("F8 chose finding %d", m.SelectedFinding())
	}
	before := d.Canvas().Focused()
	visited := map[fyne.Focusable]bool{before: true}
	for range 4 {
		d.Key(fyne.KeyF6)
		visited[d.Canvas().Focused()] = true
	}
	if len(visited) != 5 {
		t.Errorf("F6 visited %d parts", len(visited))
	}
	d.Key(fyne.KeyF6)
	if d.Canvas().Focused() != before {
		t.Error("F6 does not come back to where it began")
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyF)
	d.Type("mrn:nobody")
	d.settle()
	if shown, _, _ := m.Shown(); shown != 0 {
		t.Errorf("%d messages shown", shown)
	}
	d.Key(fyne.KeyEscape)
	d.settle()
	if shown, _, _ := m.Shown(); shown != 1 {
		t.Errorf("%d messages shown after Escape", shown)
	}
}

// What only informs goes by itself while the user is at work in its place, and not while another is shown.
func TestNewsGoByThemselves(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("a.hl7", good+broken)})
	d.settle()
	d.s.session.inspect.Delete([]int{1})
	d.settle()
	const words = "1 message deleted."
	later := func() {
		d.Settle()
		now := time.Now()
		d.s.used()
		d.s.passNews(now)
		d.s.passNews(now.Add(time.Minute))
		d.settle()
	}
	d.s.Go(shell.Link)
	later()
	d.s.Go(shell.Inspect)
	if !d.Shows(words) {
		t.Fatalf("gone before it was seen: %q", d.Texts())
	}
	later()
	if d.Shows(words) || d.s.session.inspect.Notice().Text != "" {
		t.Errorf("shown still: %q", d.Texts())
	}
}

// Under the mask the palette shows what is typed, and not what may be a patient.
func TestPaletteUnderTheMask(t *testing.T) {
	d := project(t)
	d.ctrl(fyne.KeyM)
	d.ctrl(fyne.KeyK)
	d.Type("light col")
	if !d.Shows("light col") || !d.Shows("Light col") || !d.Shows("Find messages with what was typed") {
		t.Errorf("texts %q", d.Texts())
	}
}

func TestPaletteAndKeysPage(t *testing.T) {
	d := project(t)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyK)
	if d.Canvas().Overlays().Top() == nil {
		t.Fatal("no palette")
	}
	d.Type("link")
	d.Shot("palette.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.m.Place() != shell.Link || d.Canvas().Overlays().Top() != nil {
		t.Errorf("at %v", d.s.m.Place())
	}
	if !d.Shows("No rosters yet") {
		t.Error("the empty place does not say what goes there")
	}
	d.s.ShowKeys()
	if !d.Shows("Ctrl+K") {
		t.Error("the keys page lists no keys")
	}
	d.Key(fyne.KeyEscape)
	if d.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the keys page")
	}
}

// Every key that an action names does something, and nothing is bound twice.
func TestEveryActionRunsAndKeysAreUnique(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	seen := map[string]string{}
	for _, a := range d.s.actions() {
		if a.Title == "" || a.Run == nil {
			t.Errorf("action %q has no title or does nothing", a.ID)
		}
		if other, twice := seen[a.Keys]; twice && a.Keys != "" {
			t.Errorf("%s is bound to %s and %s", a.Keys, other, a.ID)
		}
		seen[a.Keys] = a.ID
	}
}

func TestMaskCoversTheWindow(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyM)
	d.settle()
	if !d.s.m.Masked() || !d.s.session.inspect.Masked() {
		t.Error("not masked")
	}
	for _, text := range d.Texts() {
		for _, secret := range []string{"88121", "Marlow", "19790228"} {
			if strings.Contains(text, secret) {
				t.Error("a label shows patient data under the mask")
			}
		}
	}
	d.Shot("inspect-masked.png")
}

func TestLockForgetsThePictureAndTheProject(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyL)
	d.settle()
	if d.s.session != nil || d.Shows("MSG00412") || d.Shows("Riverbend to Lakeside") {
		t.Error("something of the project is still there")
	}
	if got := d.s.app.Preferences().StringList(prefRecent); len(got) != 1 || strings.Contains(strings.Join(got, ""), "Marlow") {
		t.Errorf("recent projects %q", got)
	}
	// What is not open can be used by another program: the lock is gone.
	w, err := workspace.Open(t.Context(), d.s.options.Workspace, []byte(passphrase), workspace.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestEachPlaceLightAndDarkAtTwoScales(t *testing.T) {
	if raced {
		t.Skip("paints only: left to the run without the race detector")
	}
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good), d.file("broken.hl7", broken)})
	d.settle()
	for _, mode := range []theme.Mode{theme.Light, theme.Dark} {
		d.s.SetMode(mode)
		for _, scale := range []float32{1, 2} {
			d.Canvas().(software.WindowlessCanvas).SetScale(scale)
			for _, p := range shell.Places() {
				if scale == 2 && p != shell.Inspect {
					continue // the software painter takes a second for each
				}
				d.s.Go(p)
				d.settle()
				img := d.Canvas().Capture()
				if want := int(1280 * scale); img.Bounds().Dx() != want {
					t.Errorf("%v: %d pixels wide, not %d", p, img.Bounds().Dx(), want)
				}
				if scale == 1 {
					d.Shot(strings.ToLower(p.String()) + "-" + mode.String() + ".png")
				}
			}
		}
	}
}

func TestPicturesOfTheTour(t *testing.T) {
	if raced {
		t.Skip("paints only: left to the run without the race detector")
	}
	d := project(t)
	d.s.Drop([]string{d.file("broken.hl7", broken)})
	d.settle()
	path := d.s.session.workspace.Path()
	d.s.Lock()
	d.settle()
	names, err := Pictures(t.Context(), d.s.app, d.dir, Options{Workspace: path, Passphrase: []byte(passphrase)})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if info, err := os.Stat(filepath.Join(d.dir, n)); err != nil || info.Size() < 5000 {
			t.Errorf("%s is missing or empty", n)
		}
	}
	if len(names) < 10 {
		t.Errorf("%d pictures", len(names))
	}
}

// The pages of Project: the log is there and can be checked, another person gets a key, the recovery code is shown once.
func TestPagesOfProject(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Project)
	pages := d.s.session.project
	pages.open(1)
	d.settle()
	d.Press("Check the chain")
	d.settle()
	if !d.Shows("The chain is whole") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Shot("access-log.png")
	pages.open(2)
	d.settle()
	before := d.s.session.people.List().Len()
	d.s.session.people.Add("Bo Example", []byte("violet tram gossip anvil"), []byte("violet tram gossip anvil"))
	d.settle()
	if got := d.s.session.people.List().Len(); got != before+1 || !d.Shows("Bo Example can open the project") {
		t.Errorf("%d keys, texts %q", got, d.Texts())
	}
	d.Shot("keys-and-people.png")
	pages.open(3)
	d.s.session.backup.SetFolder(t.TempDir())
	d.settle()
	if !d.Shows("read back whole") || d.s.session.backup.List().Len() != 1 {
		t.Errorf("no backup: %q", d.Texts())
	}
	d.Shot("backup.png")
	pages.open(2)
	d.s.session.people.AddRecovery()
	d.settle()
	code := string(d.s.session.people.Code())
	if code == "" {
		t.Fatal("no code")
	}
	for _, o := range d.Objects() {
		if tabs, ok := o.(*kit.SegmentedControl); ok && slices.Contains(tabs.Labels(), "Recovery code") {
			tabs.Choose(2)
		}
	}
	if !d.Shows(code) {
		t.Error("the recovery code is not shown")
	}
	d.s.SetMasked(true)
	if d.Shows(code) {
		t.Error("the mask shows the recovery code")
	}
	d.s.SetMasked(false)
	d.s.Lock()
	d.settle()
	if d.Shows(code) {
		t.Error("the recovery code is still shown after locking")
	}
	d.pass("violet tram gossip anvil")
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil {
		t.Error("the new key does not open the project")
	}
}

// A window that nobody uses locks itself, whatever stands over it; a key that is pressed keeps it open.
func TestUnusedWindowLocks(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	if d.s.idleLimit() != 10*time.Minute {
		t.Errorf("the limit is %v", d.s.idleLimit())
	}
	long := time.Now().Add(-11 * time.Minute).UnixNano()
	d.s.lastUse.Store(long)
	d.Key(fyne.KeyDown)
	d.s.lockIdle()
	if d.s.session == nil {
		t.Fatal("locked although a key was pressed just now")
	}
	d.s.ShowKeys()
	d.s.lastUse.Store(long)
	d.s.lockIdle()
	d.settle()
	if d.s.session != nil || d.Canvas().Overlays().Top() != nil || d.Shows("MSG00412") {
		t.Error("something of the project is still shown")
	}
	if !d.Shows("Locked after 10 minutes") {
		t.Errorf("texts %q", d.Texts())
	}
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil || d.s.isIdle(time.Now()) {
		t.Error("not open, or already unused again")
	}
}
