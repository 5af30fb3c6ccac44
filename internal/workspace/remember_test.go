package workspace

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// ring is a keyring in memory.
type ring struct {
	kept   map[string][]byte
	broken error
}

func (r *ring) Load(id string) ([]byte, bool, error) {
	b, ok := r.kept[id]
	return bytes.Clone(b), ok, r.broken
}

func (r *ring) Save(id string, secret []byte) error {
	if r.broken == nil {
		r.kept[id] = bytes.Clone(secret)
	}
	return r.broken
}

func (r *ring) Delete(id string) error { delete(r.kept, id); return r.broken }

func newRing() *ring { return &ring{kept: map[string][]byte{}} }

func TestRemember(t *testing.T) {
	ctx, here, elsewhere := context.Background(), newRing(), newRing()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if _, err := OpenRemembered(ctx, p, here, OpenOptions{}); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
	if err := w.Forget(ctx, here); !errors.Is(err, ErrNotRemembered) {
		t.Error("forgot what was not remembered:", err)
	}
	for range 3 { // again replaces the key; it does not fill the slots
		if err := w.Remember(ctx, here); err != nil {
			t.Fatal(err)
		}
	}
	people, err := w.People(ctx)
	if err != nil || len(people) != 2 || people[1].Kind != KindKeyring || !strings.HasPrefix(people[1].Name, "tester on ") {
		t.Errorf("%+v %v", people, err)
	}
	if slot, ok, err := w.Remembered(here); slot != 1 || !ok || err != nil {
		t.Error(slot, ok, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !MayBeRemembered(p) {
		t.Error("the header does not tell of the key")
	}
	if _, err := OpenRemembered(ctx, p, elsewhere, OpenOptions{}); !errors.Is(err, ErrNotRemembered) || NextTry(p) != 0 {
		t.Error("opened on a computer that remembers nothing, or that counted as a guess:", err)
	}
	w, err = OpenRemembered(ctx, p, here, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := w.SearchLog(ctx, LogQuery{Action: ActionOpened})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Details, "keyring remembers") {
		t.Errorf("%+v %v", entries, err)
	}
	if err := w.RemoveSlot(ctx, 0); !errors.Is(err, ErrLastKey) {
		t.Error("a key in a keyring was left as the only way in:", err)
	}
	if err := w.Forget(ctx, here); err != nil { // also the session's own
		t.Fatal(err)
	}
	if err := w.AddPassphrase(ctx, "second", []byte("another long one")); err != nil {
		t.Fatal(err)
	}
	if people, _ := w.People(ctx); len(people) != 2 || people[1].Current || len(here.kept) != 0 {
		t.Errorf("%+v, kept %d", people, len(here.kept))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if MayBeRemembered(p) {
		t.Error("the slot is still there")
	}
}

// A key that was removed from the workspace, on any computer, opens nothing, whatever the keyring still has.
func TestRevokedKeyring(t *testing.T) {
	ctx, here := context.Background(), newRing()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if err := w.Remember(ctx, here); err != nil {
		t.Fatal(err)
	}
	if err := w.RemoveSlot(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := OpenRemembered(ctx, p, here, OpenOptions{}); !errors.Is(err, ErrNotRemembered) || !strings.Contains(err.Error(), "any more") {
		t.Error(err)
	}
	w, err := Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Remember(ctx, here); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rekey(ctx, []NewKey{{"tester", testPass}}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRemembered(ctx, p, here, OpenOptions{}); !errors.Is(err, ErrNotRemembered) {
		t.Error("after a new data key:", err)
	}
}

// Without a keyring nothing changes, and the words are the keyring's.
func TestNoKeyring(t *testing.T) {
	ctx, none := context.Background(), &ring{broken: errors.New("this computer has no keyring")}
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	before := readFile(t, p)[:8192]
	if err := w.Remember(ctx, none); !errors.Is(err, ErrNotRemembered) || !strings.Contains(err.Error(), "no keyring") {
		t.Error(err)
	}
	if !bytes.Equal(readFile(t, p)[:8192], before) {
		t.Error("the header was changed")
	}
	w.Close()
	if _, err := OpenRemembered(ctx, p, none, OpenOptions{}); !errors.Is(err, ErrNotRemembered) || !strings.Contains(err.Error(), "no keyring") {
		t.Error(err)
	}
}
