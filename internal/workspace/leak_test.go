package workspace

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/inspect"
	"trestle/internal/workspace/sealed"
)

// markers stand in messages, summaries, notes, tags, searches and settings, and must be in no file.
var markers = []string{"Zebrafish-Quillfeather", "MRNX7741903", "note-marker-Umbrage", "tag-marker-Vellum", "search-marker-Wicket", "setting-marker-Yarrow", "source-marker-Xylem", "correct horse battery"}

// leaks looks for the markers in every file of the folder, and in everything that this process has open, since SQLite
// unlinks its temporary files at once.
func leaks(t *testing.T, dir, stage string, found map[string]string) (temporary int64) {
	t.Helper()
	var files []string
	filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	})
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		for _, e := range fds {
			l := "/proc/self/fd/" + e.Name()
			if to, err := os.Readlink(l); err == nil && strings.Contains(to, "etilqs") {
				files = append(files, l)
				if fi, err := os.Stat(l); err == nil {
					temporary = max(temporary, fi.Size())
				}
			}
		}
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for _, m := range markers {
			if bytes.Contains(b, []byte(m)) {
				found[m] = fmt.Sprintf("%s in %s", stage, filepath.Base(f))
			}
		}
	}
	return temporary
}

func marked(from, to int) []inspect.Record {
	out := samples(from, to)
	for i := range out {
		r := &out[i]
		r.Source = markers[6]
		r.Summary.Name, r.Summary.MRN = markers[0], markers[1]
		r.Bytes = append(bytes.Clone(r.Bytes), []byte("ZZZ|"+markers[0]+"|"+markers[1]+"\r")...)
	}
	return out
}

func TestNothingLeaks(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	w := newWorkspace(t, filepath.Join(dir, "w.trestle"))
	found := map[string]string{}
	step := func(stage string, err error) int64 {
		t.Helper()
		if err != nil {
			t.Fatal(stage, err)
		}
		return leaks(t, dir, stage, found)
	}
	_, err := w.AddMessages(ctx, marked(0, 400))
	step("imported", err)
	step("noted", w.SetNote(ctx, 1, markers[2]))
	step("tagged", w.SetTags(ctx, 1, []string{markers[3]}))
	_, err = w.IDs(ctx, Query{Text: markers[4], Sort: "name"})
	step("searched", err)
	step("set", w.SetSetting(ctx, markers[5], markers[5]))
	step("checkpoint", w.checkpoint(ctx))
	step("deleted", w.DeleteMessages(ctx, []int64{2, 3}))
	step("exported", w.LogExport(ctx, markers[4], 3, markers[6]))

	// a transaction larger than the cache, temporary tables and sorts in files: they spill
	temporary := int64(0)
	c, err := w.write.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"PRAGMA cache_size=10", "PRAGMA cache_spill=5", "PRAGMA temp_store=FILE", "BEGIN IMMEDIATE",
		"UPDATE contents SET bytes=bytes||'" + markers[0] + "'",
		"CREATE TEMP TABLE big AS SELECT * FROM messages JOIN contents USING(id) ORDER BY bytes DESC",
		"CREATE INDEX ix ON contents(bytes)", "SAVEPOINT s", "UPDATE big SET name=name||mrn", "ROLLBACK TO s", "ROLLBACK", "PRAGMA temp_store=MEMORY",
	} {
		_, err := c.ExecContext(ctx, q)
		temporary = max(temporary, step(q, err))
	}
	c.Close()
	_, err = Open(ctx, w.Path(), testPass, OpenOptions{})
	if err == nil {
		t.Error("opened twice")
	}
	leaks(t, dir, "refused", found)
	step("closed", w.Close())
	if _, err = Open(ctx, w.Path(), []byte("a wrong passphrase"), OpenOptions{}); err == nil {
		t.Error("opened")
	}
	leaks(t, dir, "wrong passphrase", found)
	if len(found) != 0 {
		t.Errorf("found in files: %v", found)
	}
	if runtime.GOOS == "linux" && temporary == 0 {
		t.Error("no temporary file was seen: the test proves nothing of them")
	}
	t.Logf("temporary file of %d bytes", temporary)
}

// The control: a plain database shows the markers, in the file, its log and its temporary files.
func TestNothingLeaksControl(t *testing.T) {
	dir := t.TempDir()
	for _, v := range []string{"TMPDIR", "SQLITE_TMPDIR"} {
		t.Setenv(v, dir)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(filepath.Join(dir, "plain.db"))+"?_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t(x); INSERT INTO t VALUES('" + markers[0] + "')"); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	leaks(t, dir, "plain", found)
	if len(found) == 0 {
		t.Error("the control found no marker in a plain database: TestNothingLeaks proves nothing")
	}
}

// Errors never carry a passphrase, a key, a value or a folder.
func TestErrorsSayNothing(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	for code := range 29 {
		for _, ext := range []int{code, 8202, 778} {
			e := sqlite3.Error{Code: sqlite3.ErrNo(code), ExtendedCode: sqlite3.ErrNoExtended(ext), SystemErrno: 2}
			s := w.sqlError(context.Background(), e).Error()
			if strings.Contains(s, "no such file") || strings.Contains(s, w.path) || !strings.Contains(s, "w.trestle") {
				t.Errorf("code %d: %s", code, s)
			}
		}
	}
	if s := w.keys.URI("/x"); strings.Contains(s, "horse") || !strings.Contains(s, "key=") || strings.Contains(s, sealed.ErrDamaged.Error()) {
		t.Error(s)
	}
}
