package sealed

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Without the reserve bytes SQLite would put data where the tag goes: the first write must fail.
func TestReserveRequired(t *testing.T) {
	if err := Register(); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), "w.db")
	h := newHeader(t)
	if err := h.Create(p); err != nil {
		t.Fatal(err)
	}
	k, err := h.Keys()
	if err != nil {
		t.Fatal(err)
	}
	defer k.Drop()
	db, err := open(k.URI(p), 0, "journal_mode=MEMORY")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t(x)"); err == nil {
		t.Error("a page without reserve bytes was written")
	}
}

// After the keys were dropped nothing can be read, and a workspace cannot be opened without keys.
func TestNoKeys(t *testing.T) {
	f := create(t)
	defer f.Close()
	f.exec(t, "CREATE TABLE t(x); INSERT INTO t VALUES(1)")
	f.k.Drop()
	if f.k.live.Load() != nil {
		t.Error("the keys are still in memory")
	}
	if _, err := f.Exec("INSERT INTO t VALUES(2)"); err == nil {
		t.Error("wrote without keys")
	}
	c, err := (&sqlite3.SQLiteDriver{}).Open(f.k.URI(f.path))
	if err == nil {
		_, err = c.(*sqlite3.SQLiteConn).Exec("SELECT * FROM t", nil)
		c.Close()
	}
	if err == nil {
		t.Error("opened without keys")
	}
}

// There is no rollback journal: none is made, and one that lies there is not seen, whatever is in it.
func TestNoRollbackJournal(t *testing.T) {
	f := create(t)
	f.exec(t, "CREATE TABLE t(x); INSERT INTO t VALUES(1)")
	f.close(t)
	j := make([]byte, 512+4+4096+4) // a hot journal in clear: header and an image of page 1
	copy(j, []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 16, 0})
	j[515] = 1
	if err := os.WriteFile(f.path+"-journal", j, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := start(f.path, f.h, "journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer g.close(t)
	var n int
	if err := g.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Error(n, err)
	}
	if now, err := os.ReadFile(f.path + "-journal"); err != nil || !bytes.Equal(now, j) {
		t.Error("the foreign journal was touched", err)
	}
	os.Remove(f.path + "-journal")
	if _, err := g.Exec("PRAGMA journal_mode=DELETE; INSERT INTO t VALUES(2)"); err == nil {
		t.Error("wrote with a rollback journal")
	}
	if _, err := os.Stat(f.path + "-journal"); err == nil {
		t.Error("a rollback journal was made")
	}
}

// A VFS without shared memory, as macOS picks for network volumes, is refused with a code of its own.
func TestNoSharedMemory(t *testing.T) {
	const env = "SEALED_TEST_DOTFILE"
	if runtime.GOOS == "windows" {
		t.Skip("needs SQLite's unix-dotfile VFS")
	}
	if os.Getenv(env) == "" { // the VFS is registered once in a process
		c := exec.Command(os.Args[0], "-test.run=^TestNoSharedMemory$", "-test.v")
		c.Env = append(os.Environ(), env+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := registerOver("unix-dotfile"); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(t.TempDir(), "w.db")
	h := newHeader(t)
	if err := h.Create(p); err != nil {
		t.Fatal(err)
	}
	var e sqlite3.Error
	if f, err := start(p, h, "journal_mode=MEMORY"); !errors.As(err, &e) || e.ExtendedCode != NoSharedMemory {
		t.Error("opened:", f != nil, err)
	}
}

// Opened read-only, nothing can be written.
func TestReadOnly(t *testing.T) {
	f := create(t)
	f.exec(t, `CREATE TABLE t(x); INSERT INTO t VALUES(1)`)
	f.close(t)
	k, err := f.h.Keys()
	if err != nil {
		t.Fatal(err)
	}
	defer k.Drop()
	db, err := open(k.URI(f.path)+"&mode=ro", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != 1 {
		t.Error("read:", n, err)
	}
	if _, err := db.Exec("INSERT INTO t VALUES(2)"); err == nil {
		t.Error("wrote to a read-only workspace")
	}
}

// The header can be rewritten while the database is open, through SQLite's own handle.
func TestWriteHeader(t *testing.T) {
	f := create(t)
	f.exec(t, `CREATE TABLE t(x)`)
	if err := f.h.SetSlot(1, SlotPassphrase, []byte("another"), cheap); err != nil {
		t.Fatal(err)
	}
	c, err := f.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	err = c.Raw(func(x any) error { return x.(*sqlite3.SQLiteConn).SetFileControlInt("main", WriteHeader, 0) })
	c.Close()
	if err != nil {
		t.Fatal(err)
	}
	f.close(t)
	h, err := ReadFile(f.path)
	if err != nil || h.NeedsRewrite() {
		t.Fatal(err, h != nil && h.NeedsRewrite())
	}
	if slot, err := h.Unlock(SlotPassphrase, []byte("another")); slot != 1 || err != nil {
		t.Error(slot, err)
	}
}

// Names that mean something in a URI.
func TestStrangePaths(t *testing.T) {
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "n#1.db", "ä ö&x=1.db", "%41.db"} {
		if runtime.GOOS == "windows" && name == "what?.db" {
			continue
		}
		p := filepath.Join(t.TempDir(), name)
		h := newHeader(t)
		if err := h.Create(p); err != nil {
			t.Fatal(err)
		}
		f, err := start(p, h, "journal_mode=MEMORY", "journal_mode=WAL")
		if err != nil {
			t.Fatal(name, err)
		}
		f.exec(t, `CREATE TABLE t(x)`)
		f.close(t)
		if fi, err := os.Stat(p); err != nil || fi.Size() <= HeaderSize {
			t.Error(name, "was not written:", err)
		}
	}
}

// A file with a header and no pages would be new and empty to SQLite, and its log deleted.
func TestNoPages(t *testing.T) {
	p := filepath.Join(t.TempDir(), "w.db")
	if err := newHeader(t).Create(p); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(p); err != ErrNoPages {
		t.Error(err)
	}
	if err := newHeader(t).Create(p); !os.IsExist(err) {
		t.Error("a file was overwritten:", err)
	}
}
