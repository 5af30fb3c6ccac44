package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
	"trestle/internal/ui/away"
	"trestle/internal/ui/kit"
	"trestle/internal/workspace"
)

// ring is a keyring in memory.
type ring map[string][]byte

func (r ring) Load(id string) ([]byte, bool, error) { b, ok := r[id]; return bytes.Clone(b), ok, nil }
func (r ring) Save(id string, b []byte) error       { r[id] = bytes.Clone(b); return nil }
func (r ring) Delete(id string) error               { delete(r, id); return nil }

// tab chooses a tab of whatever control has one of this name.
func (d *story) tab(name string) {
	d.t.Helper()
	for _, o := range d.Objects() {
		if tabs, ok := o.(*kit.SegmentedControl); ok {
			if i := slices.Index(tabs.Labels(), name); i >= 0 {
				tabs.Choose(i)
				d.settle()
				return
			}
		}
	}
	d.t.Fatalf("there is no tab %q", name)
}

// page goes to a page of Project.
func (d *story) page(title string) {
	d.t.Helper()
	for i, p := range d.s.session.project.pages {
		if p.title == title {
			d.s.session.project.open(i)
			d.settle()
			return
		}
	}
	d.t.Fatalf("there is no page %q", title)
}

// A key is remembered on the page of the keys; the first place then opens the project without the passphrase, until it is forgotten.
func TestThisComputerRemembers(t *testing.T) {
	d := project(t)
	k := ring{}
	d.s.options.Keyring, d.s.start.Keyring, d.s.session.people.Keyring = k, k, k
	d.page("Keys and people")
	d.tab("This computer")
	if !d.Shows("without the passphrase") {
		t.Error("it is not said what remembering means")
	}
	d.Press("Remember on this computer")
	d.settle()
	if len(k) != 1 || !d.Shows("remembers a key") {
		t.Fatalf("%d keys, texts %q", len(k), d.Texts())
	}
	d.Shot("keyring.png")
	d.s.Lock()
	d.settle()
	d.Press("Open without the passphrase")
	d.settle()
	if d.s.session == nil {
		t.Fatalf("did not open: %q", d.Texts())
	}
	d.page("Keys and people")
	d.tab("This computer")
	d.Press("Forget it")
	d.settle()
	d.s.Lock()
	d.settle()
	if len(k) != 0 || slices.Contains(d.Labels(), "Open without the passphrase") {
		t.Errorf("%d keys, %q", len(k), d.Labels())
	}
	for _, o := range d.Objects() {
		if box, ok := o.(*kit.Toggle); ok && box.Label() == "Remember on this computer" {
			if box.On() {
				t.Error("it is on by itself")
			}
			box.SetOn(true)
			box.OnChanged(true)
		}
	}
	if !d.Shows("also after it locked itself") {
		t.Error("the choice does not say what it means")
	}
	d.Shot("start-remember.png")
	d.pass(passphrase)
	d.Press("Open project")
	d.settle()
	if d.s.session == nil || len(k) != 1 {
		t.Errorf("%d keys: %q", len(k), d.Texts())
	}
}

// A new data key closes the project, and it opens with the new passphrase only.
func TestNewDataKeyInTheWindow(t *testing.T) {
	d := project(t)
	d.page("Keys and people")
	d.tab("New data key")
	d.Shot("rekey.png")
	d.s.session.people.Rekey([]byte("violet tram gossip anvil"), []byte("violet tram gossip anvil"))
	d.settle()
	if d.s.session != nil || !d.Shows("has a new data key") {
		t.Fatalf("%q", d.Texts())
	}
	path := d.s.options.Workspace
	if w, err := workspace.Open(t.Context(), path, []byte(passphrase), workspace.OpenOptions{}); err == nil {
		w.Close()
		t.Error("the old passphrase opens it")
	}
	d.pass("violet tram gossip anvil")
	d.Press("Open project")
	d.settle()
	if d.s.session == nil {
		t.Errorf("%q", d.Texts())
	}
}

// Who chooses AES reads what that is worth at a FIPS site.
func TestCipherIsExplained(t *testing.T) {
	d := begin(t)
	d.tab("New project")
	if strings.Contains(strings.Join(d.Texts(), " "), "FIPS") {
		t.Error("everybody is told of FIPS")
	}
	d.tab(string(workspace.AES256GCM))
	if !d.Shows("does not make a project FIPS compliant") {
		t.Errorf("%q", d.Texts())
	}
	d.Shot("start-cipher.png")
}

// runs is a service of a test.
type runs int

func (r *runs) Running() int { return int(*r) }

// The screen lock and the sleep of the computer close the project, work or not, and nothing of it stands over the first place.
func TestLocksWhenTheUserLeaves(t *testing.T) {
	d := project(t)
	d.s.Go(shell.Inspect)
	d.s.ShowPalette()
	w, closed := d.s.session.workspace, false
	d.s.lockNow("because "+string(away.Screen), func() { closed = true })
	if d.s.session != nil || d.s.canvas.Overlays().Top() != nil || d.Shows("Riverbend to Lakeside") {
		t.Errorf("something of the project is shown: %q", d.Texts())
	}
	d.settle()
	if !closed || w.Check(t.Context(), []byte(passphrase)) == nil || !d.Shows("Locked because the screen was locked.") {
		t.Errorf("closed %v, texts %q", closed, d.Texts())
	}
	again := false
	if d.s.lockNow("because "+string(away.Sleep), func() { again = true }); !again {
		t.Error("a sleep would wait for a project that is not open")
	}
}

// Endpoints that go on keep the project open behind the locked window, which shows nothing and says so; the right passphrase shows it again; when they
// end, it is closed.
func TestEndpointsGoOnBehindTheLock(t *testing.T) {
	d := project(t)
	n := runs(1)
	d.s.session.services = append(d.s.session.services, &n)
	old := d.s.session
	d.s.Lock() // as set at first: they stop
	d.settle()
	if d.s.veiled != nil || old.workspace.Check(t.Context(), []byte(passphrase)) == nil {
		t.Fatal("the project stays open although endpoints are to stop")
	}
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	d.s.setServices(servicesGoOn)
	old = d.s.session
	old.services = append(old.services, &n)
	d.s.lockNow("by hand", func() {})
	d.settle()
	if d.s.session != nil || d.s.veiled != old || !d.Shows("keys stay in memory") || d.Shows("Riverbend to Lakeside") {
		t.Fatalf("%q", d.Texts())
	}
	d.Shot("locked-with-endpoints.png")
	if err := old.workspace.SetSetting(t.Context(), "kept", "yes"); err != nil {
		t.Error("what endpoints receive cannot be kept:", err)
	}
	d.pass("not the passphrase")
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session != nil {
		t.Fatal("a wrong passphrase showed the project")
	}
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session != old || d.s.veiled != nil || !d.Shows("Riverbend to Lakeside") {
		t.Fatalf("not shown again: %q", d.Texts())
	}
	d.s.lockNow("by hand", func() {})
	d.settle()
	d.s.endVeiled()
	if d.s.veiled == nil {
		t.Error("closed while endpoints run")
	}
	n = 0
	d.s.endVeiled()
	d.settle()
	if d.s.veiled != nil || old.workspace.Check(t.Context(), []byte(passphrase)) == nil || !d.Shows("The endpoints have ended") {
		t.Errorf("still open: %q", d.Texts())
	}
}

// The pages about the project's own state: verified, purged, a secret shown and hidden again.
func TestVerifyRetentionAndSecrets(t *testing.T) {
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good), d.file("broken.hl7", broken)})
	d.settle()
	d.s.Go(shell.Project)
	d.page("Verify")
	d.Press("Verify now")
	d.settle()
	if !d.Shows("Everything is as it was written.") || !d.Shows("each authenticated") {
		t.Errorf("%q", d.Texts())
	}
	d.Shot("verify.png")
	d.page("Retention")
	d.s.Focus(d.Field("adt.hl7"))
	d.Type("broken.hl7")
	d.Key(fyne.KeyReturn)
	d.settle()
	if !d.Shows("1 message would go, 1 would stay.") {
		t.Errorf("%q", d.Texts())
	}
	d.Shot("retention.png")
	d.Press("Remove them…")
	d.Press("Remove")
	d.settle()
	if !d.Shows("1 message was removed") || d.s.session.inspect.List().Len() != 1 {
		t.Errorf("%q", d.Texts())
	}
	d.page("Secrets")
	d.s.session.care.secrets.Put("Lakeside FHIR", "client secret", []byte("an-invented-secret"))
	d.settle()
	if !d.Shows("1 secret") || d.Shows("an-invented-secret") {
		t.Errorf("%q", d.Texts())
	}
	d.s.session.care.secrets.Reveal(0)
	d.settle()
	if !d.Shows("an-invented-secret") {
		t.Errorf("not shown: %q", d.Texts())
	}
	d.Shot("secrets.png")
	d.s.SetMasked(true)
	if d.Shows("an-invented-secret") {
		t.Error("shown under the mask")
	}
	d.s.SetMasked(false)
}

// A copy is put in the place of the project from the page of the backups, and the project is open again.
func TestRestoreInTheWindow(t *testing.T) {
	d := project(t)
	d.page("Backup")
	folder := t.TempDir()
	d.s.session.backup.SetFolder(folder)
	d.settle()
	d.s.Drop([]string{d.file("good.hl7", good)})
	d.settle()
	copies, err := os.ReadDir(folder)
	if err != nil || len(copies) != 1 {
		t.Fatal(copies, err)
	}
	path := filepath.Join(folder, copies[0].Name())
	d.s.session.backup.Restore(path, []byte("not the passphrase"))
	d.settle()
	if _, problem := d.s.start.Problem(); d.s.session != nil || !strings.Contains(problem, "passphrase") {
		t.Fatalf("%q", problem)
	}
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	if d.s.session == nil || d.s.session.inspect.List().Len() != 1 {
		t.Fatal("the project is not as it was")
	}
	d.s.session.backup.Restore(path, []byte(passphrase))
	d.settle()
	if d.s.session == nil || d.s.session.inspect.List().Len() != 0 {
		t.Fatalf("not restored: %q", d.Texts())
	}
	kept, err := filepath.Glob(filepath.Join(d.dir, "lakeside-before-restore-*.trestle"))
	if err != nil || len(kept) != 1 {
		t.Error(kept, err)
	}
}
