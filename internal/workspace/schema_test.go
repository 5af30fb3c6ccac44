package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// A workspace of every older schema opens, is brought up to date, and keeps what it had.
func TestMigrations(t *testing.T) {
	ctx := context.Background()
	for from := 1; from < len(migrations); from++ {
		p := filepath.Join(t.TempDir(), "w.trestle")
		w := olderWorkspace(t, p, from)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatalf("from %d: %v", from, err)
		}
		if v, ok, err := w.Setting(ctx, "kept"); v != "yes" || !ok || err != nil {
			t.Error(v, ok, err)
		}
		add(t, w, 0, 3)
		if err := errors.Join(w.SetNote(ctx, 1, "x"), w.SetTags(ctx, 1, []string{"x"}), w.VerifyLog(ctx)); err != nil {
			t.Error(err)
		}
		upgraded := 0
		for _, e := range entries(t, w) {
			if e.Action == ActionUpgraded {
				upgraded++
			}
		}
		if upgraded != len(migrations)-from {
			t.Errorf("from %d: %d entries", from, upgraded)
		}
		if i, err := w.Info(ctx); err != nil || i.SchemaVersion != len(migrations) {
			t.Error(i.SchemaVersion, err)
		}
		w.Close()
		if r, err := Verify(ctx, p, testPass, nil); err != nil || !r.OK() {
			t.Errorf("from %d: %+v %v", from, r, err)
		}
	}
}

// olderWorkspace makes a workspace as the program of an older schema did.
func olderWorkspace(t *testing.T, path string, version int) *Workspace {
	t.Helper()
	all := migrations
	migrations = migrations[:version]
	defer func() { migrations = all }()
	w := newWorkspace(t, path)
	if err := w.SetSetting(context.Background(), "kept", "yes"); err != nil {
		t.Fatal(err)
	}
	return w
}

// A newer schema is refused in words and left as it is.
func TestNewerSchema(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if _, err := w.write.Exec("PRAGMA user_version=99"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, p, testPass, OpenOptions{}); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "update Trestle") {
		t.Error(err)
	}
}

// A migration that fails leaves the workspace as it was.
func TestFailedMigration(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	add(t, w, 0, 3)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := migrations
	migrations = append(append([]string(nil), all...), "CREATE TABLE new(x)", "CREATE TABLE newer(x); INSERT INTO nowhere VALUES(1)")
	_, err := Open(ctx, p, testPass, OpenOptions{})
	migrations = all
	if err == nil || !strings.Contains(err.Error(), "unchanged") {
		t.Error(err)
	}
	w, err = Open(ctx, p, testPass, OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if n, err := w.Count(ctx, Query{}); n != 3 || err != nil {
		t.Error(n, err)
	}
	var tables int
	if err := w.read.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name IN ('new', 'newer')").Scan(&tables); err != nil || tables != 0 {
		t.Error("the step before the one that failed stayed:", tables, err)
	}
	if i, err := w.Info(ctx); err != nil || i.SchemaVersion != len(migrations) {
		t.Error(i.SchemaVersion, err)
	}
}

// Creation that did not finish is told so.
func TestUnfinishedCreation(t *testing.T) {
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if _, err := w.write.Exec("PRAGMA user_version=0; PRAGMA application_id=0"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := Open(context.Background(), p, testPass, OpenOptions{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "did not finish") {
		t.Error(err)
	}
}
