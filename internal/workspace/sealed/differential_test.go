package sealed

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// The same random SQL on a plain database and on a sealed one gives the same errors and the same content, with page
// sizes, auto_vacuum, temporary files, savepoints, rollbacks, VACUUM and reopening mixed in. Afterwards every page in
// the file is authentic, and no record failed.
func TestDifferential(t *testing.T) {
	seeds, steps := uint64(20), 300
	if long() {
		seeds, steps = 400, 400
	}
	if err := Register(); err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		p := newPair(t, seed)
		for range steps {
			if p.step() {
				p.shut()
				p.open()
			}
		}
		if a, b := content(t, p.plain), content(t, p.sealed); a != b {
			t.Fatal(p.what, "content differs", a, b)
		}
		p.shut()
		if p.failures != 0 {
			t.Fatal(p.what, "records failed without an attacker:", p.failures)
		}
		k, err := p.h.Keys()
		if err != nil {
			t.Fatal(err)
		}
		v, err := Verify(context.Background(), p.sealedPath, k, nil)
		k.Drop()
		if err != nil || !v.OK() {
			t.Fatal(p.what, "verify:", v, err)
		}
	}
}

func content(t *testing.T, db *sql.DB) string {
	t.Helper()
	h := sha256.New()
	for _, q := range []string{
		"SELECT a||'|'||b||'|'||length(c)||'|'||hex(substr(c,1,40)) FROM t ORDER BY a",
		"SELECT a||b FROM u ORDER BY 1",
		"SELECT rowid||x FROM f ORDER BY rowid",
		"PRAGMA integrity_check",
	} {
		rows, err := db.Query(q)
		if err != nil {
			t.Fatal(q, err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(q, "PRAGMA") && s != "ok" {
				t.Fatal(s)
			}
			h.Write([]byte(s))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(q, err)
		}
		rows.Close()
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// pair is a plain database and a sealed one under the same statements.
type pair struct {
	t                     *testing.T
	r                     *rand.Rand
	what                  string
	wal                   bool
	plainPath, sealedPath string
	pragmas               []string
	h                     *Header
	k                     *Keys
	plain, sealed         *sql.DB
	failures              int64
}

func newPair(t *testing.T, seed uint64) *pair {
	r := rand.New(rand.NewPCG(seed, 77))
	size := 1024 << r.IntN(7)
	journal := []string{"WAL", "WAL", "WAL", "MEMORY"}[r.IntN(4)]
	p := &pair{t: t, r: r, wal: journal == "WAL"}
	p.pragmas = []string{
		"journal_mode=MEMORY", // a rollback journal in a file is refused
		fmt.Sprintf("page_size=%d", size), "temp_store=" + []string{"MEMORY", "FILE"}[r.IntN(2)],
		"auto_vacuum=" + []string{"NONE", "FULL", "INCREMENTAL"}[r.IntN(3)], "journal_mode=" + journal,
		"synchronous=OFF", "cache_size=20", "cache_spill=5", "wal_autocheckpoint=30",
	}
	p.what = fmt.Sprint("seed ", seed, " ", p.pragmas)
	dir := t.TempDir()
	p.plainPath, p.sealedPath = filepath.Join(dir, "plain.db"), filepath.Join(dir, "sealed.db")
	var err error
	if p.h, err = New(size, []int{XChaCha20Poly1305, AES256GCM}[r.IntN(2)]); err != nil {
		t.Fatal(err)
	}
	if err := p.h.Create(p.sealedPath); err != nil {
		t.Fatal(err)
	}
	p.open()
	if p.wal {
		p.pragmas = p.pragmas[1:]
	}
	p.exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c BLOB)")
	p.exec("CREATE INDEX ti ON t(b)")
	p.exec("CREATE TABLE u(a,b)")
	p.exec("CREATE VIRTUAL TABLE f USING fts5(x)")
	return p
}

func (p *pair) open() {
	p.t.Helper()
	var err error
	if p.plain, err = open("file:"+filepath.ToSlash(p.plainPath), 0, p.pragmas...); err != nil {
		p.t.Fatal(p.what, err)
	}
	if p.k, err = p.h.Keys(); err != nil {
		p.t.Fatal(err)
	}
	if p.sealed, err = open(p.k.URI(p.sealedPath), Overhead, p.pragmas...); err != nil {
		p.t.Fatal(p.what, err)
	}
}

func (p *pair) shut() {
	p.t.Helper()
	for _, db := range []*sql.DB{p.plain, p.sealed} {
		if err := db.Close(); err != nil {
			p.t.Fatal(err)
		}
	}
	p.failures += p.k.Failures()
	p.k.Drop()
}

func (p *pair) exec(q string, args ...any) {
	p.t.Helper()
	_, e1 := p.plain.Exec(q, args...)
	_, e2 := p.sealed.Exec(q, args...)
	if (e1 == nil) != (e2 == nil) || (e1 != nil && e1.Error() != e2.Error()) {
		p.t.Fatal(p.what, "different errors on", q, "|", e1, "|", e2)
	}
}

// step runs one random group of statements; true asks for reopening.
func (p *pair) step() bool {
	r := p.r
	switch r.IntN(16) {
	case 0, 1, 2, 3, 4:
		n := r.IntN(9000)
		if r.IntN(20) == 0 {
			n = r.IntN(400000)
		}
		c := make([]byte, n)
		for j := range c {
			c[j] = byte(r.Uint32())
		}
		p.exec("INSERT INTO t(b,c) VALUES(?,?)", fmt.Sprint("k", r.IntN(1000)), c)
	case 5:
		p.exec("DELETE FROM t WHERE a IN (SELECT a FROM t ORDER BY b LIMIT ?)", r.IntN(12))
	case 6:
		p.exec("UPDATE t SET c=zeroblob(?), b=b||'z' WHERE a%7=?", r.IntN(5000), r.IntN(7))
	case 7:
		p.exec("INSERT INTO f(x) VALUES(?)", strings.Repeat(fmt.Sprint("w", r.IntN(300), " "), 1+r.IntN(100)))
	case 8:
		p.exec("SAVEPOINT s")
		p.exec("INSERT INTO u SELECT b, hex(substr(c,1,200)) FROM t")
		p.exec("DELETE FROM t WHERE a%3=1")
		if r.IntN(2) == 0 {
			p.exec("ROLLBACK TO s")
		}
		p.exec("RELEASE s")
	case 9:
		p.exec("BEGIN IMMEDIATE")
		p.exec("UPDATE t SET b=b||'r'")
		p.exec("INSERT INTO f(x) SELECT b FROM t")
		p.exec("DELETE FROM u")
		p.exec([]string{"ROLLBACK", "COMMIT"}[r.IntN(2)])
	case 10:
		if r.IntN(4) == 0 {
			p.exec("VACUUM")
		} else {
			p.exec("PRAGMA incremental_vacuum(5)")
		}
	case 11:
		p.exec("CREATE TEMP TABLE IF NOT EXISTS tt(a,b)")
		p.exec("INSERT INTO tt SELECT b,c FROM t ORDER BY c")
		p.exec("DROP TABLE tt")
	case 12:
		p.exec("INSERT INTO u SELECT b, count(*) FROM t GROUP BY b ORDER BY length(c)")
	case 13:
		return r.IntN(3) == 0
	case 14:
		p.exec("REINDEX")
	case 15:
		if p.wal {
			p.exec("PRAGMA wal_checkpoint(RESTART)")
		}
	}
	return false
}
