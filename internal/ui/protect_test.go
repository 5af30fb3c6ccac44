package ui

import (
	"bytes"
	"slices"
	"strings"
	"testing"

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
