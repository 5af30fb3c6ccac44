package sealed

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
)

var (
	secret = []byte("one secret")
	cheap  = Cost{Passes: 1, MemoryKiB: 64, Lanes: 1} // where Argon2id would only be in the way
)

// long reports whether the long forms of the tests were asked for.
func long() bool { return os.Getenv("TRESTLE_LONG") == "1" }

// area is a header area with these two copies.
func area(a, b []byte) []byte {
	img := make([]byte, HeaderSize)
	copy(img, a)
	copy(img[copyBOff:], b)
	return img
}

func newHeader(t testing.TB) *Header {
	t.Helper()
	h, err := New(4096, XChaCha20Poly1305)
	if err == nil {
		err = h.SetSlot(0, SlotPassphrase, secret, cheap)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type connector struct {
	d   *sqlite3.SQLiteDriver
	dsn string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.d.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.d }

// open opens one connection to a database, sealed or plain, with pragmas of the test's choice.
func open(dsn string, reserve int, pragmas ...string) (*sql.DB, error) {
	d := &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		if reserve > 0 {
			if err := c.SetFileControlInt("main", ReserveBytes, reserve); err != nil {
				return err
			}
		}
		for _, p := range pragmas {
			if _, err := c.Exec("PRAGMA "+p, nil); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}}
	db := sql.OpenDB(connector{d, dsn})
	db.SetMaxOpenConns(1)
	if err := db.Ping(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// file is a sealed database of a test.
type file struct {
	*sql.DB
	path string
	h    *Header
	k    *Keys
}

func (f *file) close(t testing.TB) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.k.Drop()
}

// start opens the file of an unlocked header.
func start(path string, h *Header, pragmas ...string) (*file, error) {
	if err := Register(); err != nil {
		return nil, err
	}
	k, err := h.Keys()
	if err != nil {
		return nil, err
	}
	p := append([]string{fmt.Sprintf("page_size=%d", h.PageSize())}, pragmas...)
	db, err := open(k.URI(path), Overhead, p...)
	if err != nil {
		k.Drop()
		return nil, err
	}
	return &file{db, path, h, k}, nil
}

// create makes a sealed database in WAL mode.
func create(t testing.TB) *file { return createUnder(t, newHeader(t)) }

// createUnder makes one under a header.
func createUnder(t testing.TB, h *Header) *file {
	t.Helper()
	p := filepath.Join(t.TempDir(), "w.db")
	if err := h.Create(p); err != nil {
		t.Fatal(err)
	}
	f, err := start(p, h, "journal_mode=MEMORY", "journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *file) exec(t testing.TB, q string, args ...any) {
	t.Helper()
	if _, err := f.Exec(q, args...); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

// parse reads a header from bytes.
func parse(b []byte) (*Header, error) { return Parse(bytes.NewReader(b)) }

func readAll(t testing.TB, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
