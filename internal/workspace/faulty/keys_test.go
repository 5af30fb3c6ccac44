package faulty_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/workspace"
	"trestle/internal/workspace/faulty"
)

// A disk that fails while keys are changed or copies made: the act is whole or did not happen, and nothing else is harmed.
func TestKeysOnFailingDisk(t *testing.T) {
	second, third := []byte("second passphrase"), []byte("third passphrase")
	acts := map[string]func(w *workspace.Workspace, dir string) error{
		"add":    func(w *workspace.Workspace, _ string) error { return w.AddPassphrase(ctx, "Second", second) },
		"change": func(w *workspace.Workspace, _ string) error { return w.ChangePassphrase(ctx, pass, third) },
		"backup": func(w *workspace.Workspace, dir string) error {
			_, err := w.Backup(ctx, filepath.Join(dir, "b.trestle"), nil)
			return err
		},
		"compact": func(w *workspace.Workspace, _ string) error { _, _, err := w.Compact(ctx); return err },
		"rekey": func(w *workspace.Workspace, _ string) error {
			_, err := w.Rekey(ctx, []workspace.NewKey{{Name: "Third", Passphrase: third}}, nil)
			return err
		},
	}
	for name, act := range acts {
		hit := 0
		for _, call := range []faulty.Call{faulty.Write, faulty.Sync} {
			for _, how := range []faulty.How{faulty.Error, faulty.Part, faulty.Full} {
				if call == faulty.Sync && how != faulty.Error {
					continue
				}
				step := max(1, 39/points())
				if name == "add" || name == "change" { // few calls, each of which matters
					step = 3
				}
				for after := 0; after < 40; after += step {
					dir := t.TempDir()
					p := filepath.Join(dir, "w.trestle")
					w := create(t, p)
					faulty.Arm(faulty.Fault{Call: call, How: how, After: after, Times: 1})
					err := act(w, dir)
					n := faulty.Disarm()
					hit += n
					if n > 0 && err != nil {
						if e := unexpected(err); e != nil && !errors.Is(err, workspace.ErrDamaged) {
							t.Errorf("%s, %v %v after %d: %v", name, call, how, after, e)
						}
					}
					w.Close()
					check(t, name, p, err, second, third)
					if t.Failed() {
						t.Fatalf("%s, %v %v after %d: %v", name, call, how, after, err)
					}
				}
			}
		}
		if hit == 0 {
			t.Errorf("%s: no call failed: the test proves nothing", name)
		}
	}
}

// check looks at what an act left: done if it said so, else as before.
func check(t *testing.T, act, p string, err error, second, third []byte) {
	t.Helper()
	open := func(secret []byte) bool {
		w, err := workspace.Open(ctx, p, secret, workspace.OpenOptions{User: "tester"})
		if err != nil {
			if !errors.Is(err, workspace.ErrWrongPassphrase) {
				t.Error(err)
			}
			return false
		}
		ids, err := w.IDs(ctx, workspace.Query{})
		if err = errors.Join(err, w.VerifyLog(ctx)); err != nil || len(ids) != 4*batch {
			t.Error(len(ids), err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		return true
	}
	was, other, new := open(pass), open(second), open(third)
	changed := act == "change" || act == "rekey"
	switch {
	case err == nil && changed && (was || !new), err == nil && act == "add" && (!was || !other), !changed && !was:
		t.Errorf("said that it was done: opens with the old %v, the second %v, the new %v", was, other, new)
	case err != nil && !was && !new:
		t.Error("nothing opens it any more")
	case err != nil && was == new:
		t.Error("opens with the old and the new")
	}
	if act == "backup" {
		b := filepath.Join(filepath.Dir(p), "b.trestle")
		if _, e := os.Stat(b); (e == nil) != (err == nil) {
			t.Error("a backup is there and should not be, or the reverse:", err, e)
		}
	}
}
