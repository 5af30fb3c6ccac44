package workspace

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/workspace/sealed"
)

// tally counts how damaged workspaces read.
type tally struct {
	errs, fine, wrong int
	other             string // an error that is not ErrDamaged
}

func (c *tally) count(err error) {
	switch {
	case err == nil:
		c.fine++
	case errors.Is(err, errWrong):
		c.wrong++
	default:
		c.errs++
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotWorkspace) {
			c.other = err.Error()
		}
	}
}

func pageAt(b []byte, i int) []byte { return b[sealed.HeaderSize+i*pageSize:][:pageSize] }

// A flipped bit in the file is an error, or harmless where SQLite never reads; verify finds every one in a page.
func TestFlips(t *testing.T) {
	im := build(t, 150, 150, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	r := rand.New(rand.NewPCG(99, 3))
	var c tally
	unseen := 0
	for range times(100, 1000) {
		d := bytes.Clone(im.closed)
		at := r.IntN(len(d))
		d[at] ^= 1 << r.IntN(8)
		put(t, q, d, nil)
		_, _, err := readThrough(q, 0)
		c.count(err)
		if at < sealed.HeaderSize {
			continue
		}
		put(t, q, d, nil)
		if rep, err := Verify(context.Background(), q, testPass, nil); err == nil && rep.OK() {
			unseen++
		}
	}
	t.Logf("error %d, no error %d", c.errs, c.fine)
	if c.wrong != 0 || c.other != "" || unseen != 0 || c.errs < c.fine {
		t.Errorf("%+v, not found by verify %d", c, unseen)
	}
}

// The control of TestFlips: in a plain database flipped bits do give wrong data without an error, so the test is able
// to see them.
func TestFlipsControl(t *testing.T) {
	p := filepath.Join(t.TempDir(), "plain.db")
	open := func() *sql.DB {
		db, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(p))
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	if _, err := db.Exec("CREATE TABLE contents(id INTEGER PRIMARY KEY, bytes BLOB)"); err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		if _, err := db.Exec("INSERT INTO contents(bytes) VALUES(?)", sample(i).Bytes); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	good := readFile(t, p)
	r := rand.New(rand.NewPCG(99, 3))
	silent := 0
	for range 100 {
		d := bytes.Clone(good)
		d[r.IntN(len(d))] ^= 1 << r.IntN(8)
		if err := os.WriteFile(p, d, 0o600); err != nil {
			t.Fatal(err)
		}
		db := open()
		rows, err := db.Query("SELECT bytes FROM contents ORDER BY id")
		for i := 0; err == nil && rows.Next(); i++ {
			var b []byte
			if rows.Scan(&b) == nil && !bytes.Equal(b, sample(i).Bytes) {
				silent++
				break
			}
		}
		if err == nil {
			rows.Close()
		}
		db.Close()
	}
	if silent == 0 {
		t.Error("the control found no wrong data in a plain database: TestFlips proves nothing")
	}
}

// A flipped bit in a live log ends the log there, which is counted and told, or is an error; never wrong data.
func TestFlipsInLog(t *testing.T) {
	im := build(t, 120, 60, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	put(t, q, im.live, im.log)
	if n, failures, err := readThrough(q, 0); err != nil || n != im.rows || failures != 0 {
		t.Fatal("intact:", n, failures, err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	cut, noticed := 0, 0
	var c tally
	for range times(100, 1000) {
		log := bytes.Clone(im.log)
		log[r.IntN(len(log))] ^= 1 << r.IntN(8)
		put(t, q, im.live, log)
		n, failures, err := readThrough(q, 0)
		c.count(err)
		if err == nil && n < im.rows {
			if cut++; failures > 0 {
				noticed++
			}
		}
	}
	t.Logf("log cut %d, error %d", cut, c.errs)
	if c.wrong != 0 || noticed != cut || cut == 0 {
		t.Errorf("%+v, cut %d, noticed %d", c, cut, noticed)
	}
	put(t, q, im.live, nil)
	if n, _, err := readThrough(q, 0); err != nil || n != im.saved {
		t.Error("log deleted (not to be seen from the files):", n, err)
	}
}

// Every page once zeroed, swapped with another, and replaced by the same page of another workspace.
func TestPages(t *testing.T) {
	im, foreign := build(t, 40, 40, 0), build(t, 40, 40, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	r := rand.New(rand.NewPCG(5, 6))
	pages := (len(im.closed) - sealed.HeaderSize) / pageSize
	var zeroed, swapped, other tally
	for i := range pages {
		d := bytes.Clone(im.closed)
		clear(pageAt(d, i))
		put(t, q, d, nil)
		_, _, err := readThrough(q, 0)
		zeroed.count(err)

		d = bytes.Clone(im.closed)
		j := (i + 1 + r.IntN(pages-1)) % pages
		copy(pageAt(d, i), pageAt(im.closed, j))
		copy(pageAt(d, j), pageAt(im.closed, i))
		put(t, q, d, nil)
		_, _, err = readThrough(q, 0)
		swapped.count(err)

		d = bytes.Clone(im.closed)
		copy(pageAt(d, i), pageAt(foreign.closed, min(i, (len(foreign.closed)-sealed.HeaderSize)/pageSize-1)))
		put(t, q, d, nil)
		_, _, err = readThrough(q, 0)
		other.count(err)
	}
	for name, c := range map[string]tally{"zeroed": zeroed, "swapped": swapped, "foreign": other} {
		if c.wrong != 0 || c.other != "" || c.errs < pages*9/10 { // free pages are never read
			t.Errorf("%s: of %d pages %+v", name, pages, c)
		}
	}
	if zeroed.fine > 0 {
		t.Logf("%d pages are free", zeroed.fine)
	}
}

// A file that was cut off is an error each time, closed and with a live log: never zeros for content.
func TestTruncated(t *testing.T) {
	im := build(t, 111, 75, 0) // samples 36 and 73 are large
	q := filepath.Join(t.TempDir(), "x.trestle")
	r := rand.New(rand.NewPCG(7, 8))
	for _, live := range []bool{false, true} {
		file, log, what := im.closed, []byte(nil), "closed"
		if live {
			file, log, what = im.live, im.log, "live"
		}
		var cuts []int
		for range times(40, 400) {
			cuts = append(cuts, sealed.HeaderSize+1+r.IntN(len(file)-sealed.HeaderSize-1),
				sealed.HeaderSize+pageSize*(1+r.IntN((len(file)-sealed.HeaderSize)/pageSize-1)))
		}
		for i := 1; i < 8; i++ {
			cuts = append(cuts, len(file)-i*pageSize, len(file)-i*pageSize+100, len(file)-i)
		}
		var c tally
		for _, n := range cuts {
			put(t, q, file[:n], log)
			_, _, err := readThrough(q, 0)
			c.count(err)
		}
		t.Logf("%s, cut at %d places: %+v", what, len(cuts), c)
		// With a live log, a page that is in the log whole may be cut off the file: nothing is lost then.
		if c.wrong != 0 || c.other != "" || !live && c.fine != 0 || c.errs == 0 {
			t.Errorf("%s: %+v", what, c)
		}
	}
	for _, n := range []int{0, 1, 7} {
		put(t, q, im.closed[:n], im.log)
		if _, _, err := readThrough(q, 0); !errors.Is(err, ErrNotWorkspace) {
			t.Errorf("cut to %d: %v", n, err)
		}
	}
	for _, n := range []int{8, 4095, 4096, sealed.HeaderSize - 1, sealed.HeaderSize} {
		put(t, q, im.closed[:n], im.log)
		if _, _, err := readThrough(q, 0); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d: %v", n, err)
		}
		if fi, err := os.Stat(q + "-wal"); err != nil || fi.Size() != int64(len(im.log)) {
			t.Errorf("cut to %d: the log was touched", n)
		}
	}
}

// Writing on after pages were cut off under a live log must not turn the missing pages into authentic zeros.
func TestTruncatedThenWritten(t *testing.T) {
	im := build(t, 111, 75, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	var c tally
	for i := 1; i <= times(12, 40); i++ {
		put(t, q, im.live[:len(im.live)-3*i*pageSize], im.log)
		w, err := Open(context.Background(), q, testPass, OpenOptions{})
		if err == nil {
			_, err = w.AddMessages(context.Background(), samples(111, 140))
			w.Close()
		}
		if err == nil {
			_, _, err = readThrough(q, 0)
		}
		c.count(err)
	}
	t.Logf("%+v", c)
	if c.wrong != 0 || c.other != "" || c.errs == 0 {
		t.Errorf("%+v", c)
	}
}

// One damaged page must not spoil the rest: other messages still read, on the same open workspace, and verify tells
// which do not.
func TestDamagedPageLeavesTheRest(t *testing.T) {
	im := build(t, 111, 111, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	tried := 0
	for i := 10; i < (len(im.closed)-sealed.HeaderSize)/pageSize && tried < 5; i += 7 {
		d := bytes.Clone(im.closed)
		pageAt(d, i)[100] ^= 1
		put(t, q, d, nil)
		rep, err := Verify(context.Background(), q, testPass, nil)
		if err != nil || rep.BadPages != 1 || int(rep.BadPageList[0]) != i+1 || rep.OK() {
			t.Fatalf("page %d: %+v %v", i+1, rep, err)
		}
		lost := len(rep.Unreadable)
		if lost == 0 || lost > im.rows/2 {
			continue // a page of an index, of the words or of the log, or one above the leaves
		}
		tried++
		put(t, q, d, nil)
		if bad, good := readOneByOne(t, q, im.rows); bad != lost || good != im.rows-lost || int(rep.Readable) != good {
			t.Errorf("page %d: verify says that %d messages do not read, but %d do not", i+1, lost, bad)
		}
	}
	if tried == 0 {
		t.Error("no page of a message's bytes was found")
	}
}

// readOneByOne reads every message of an open workspace by itself.
func readOneByOne(t *testing.T, path string, rows int) (bad, good int) {
	t.Helper()
	w, err := Open(context.Background(), path, testPass, OpenOptions{})
	if err != nil {
		return 0, 0
	}
	defer w.Close()
	for id := int64(1); id <= int64(rows); id++ {
		m, err := w.Message(context.Background(), id)
		switch {
		case errors.Is(err, ErrDamaged):
			bad++
		case err != nil:
			t.Fatal(err)
		case !bytes.Equal(m.Bytes, sample(int(id-1)).Bytes):
			t.Fatal(errWrong)
		default:
			good++
		}
	}
	return bad, good
}

// Flips in one header copy open from the other, and opening mends it; in both they are "damaged", never "wrong
// passphrase".
func TestHeaderDamage(t *testing.T) {
	im := build(t, 5, 5, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	r := rand.New(rand.NewPCG(11, 12))
	for range times(30, 300) {
		at, bit := r.IntN(4096), byte(1<<r.IntN(8))
		for _, copyAt := range []int{0, sealed.HeaderSize / 2} {
			d := bytes.Clone(im.closed)
			d[copyAt+at] ^= bit
			put(t, q, d, nil)
			if n, _, err := readThrough(q, 0); err != nil || n != im.rows {
				t.Errorf("copy at %d, byte %d: %d %v", copyAt, at, n, err)
			}
			h, err := sealed.ReadFile(q)
			if err != nil || h.NeedsRewrite() {
				t.Errorf("copy at %d, byte %d: not mended", copyAt, at)
			}
		}
		d := bytes.Clone(im.closed)
		d[at] ^= bit
		d[sealed.HeaderSize/2+at] ^= bit
		put(t, q, d, nil)
		_, _, err := readThrough(q, 0)
		if want := ErrDamaged; !errors.Is(err, want) && !(at < 8 && errors.Is(err, ErrNotWorkspace)) {
			t.Errorf("both copies, byte %d: %v", at, err)
		}
	}
}
