package workspace

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// plainWorkspace is the same tables and pragmas on SQLite without our VFS, to compare with.
func plainWorkspace(b testing.TB, path string) *Workspace {
	b.Helper()
	open := func(r role) *sql.DB {
		db := sql.OpenDB(connector{&sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
			for _, q := range pragmas(r, pageSize) {
				if _, err := answer(c, q); err != nil {
					return err
				}
			}
			return nil
		}}, "file:" + filepath.ToSlash(path) + "?_txlock=immediate"})
		db.SetMaxOpenConns(map[role]int{writer: 1, reader: maxReaders}[r])
		return db
	}
	w := &Workspace{path: path, name: "plain", keys: &sealed.Keys{}, write: open(writer)}
	w.log.key = make([]byte, 32)
	if err := w.migrate(context.Background(), len(migrations)); err != nil {
		b.Fatal(err)
	}
	w.read = open(reader)
	return w
}

var kinds = []string{"sealed", "plain"}

func benchWorkspace(b testing.TB, kind, dir string) *Workspace {
	b.Helper()
	if kind == "plain" {
		return plainWorkspace(b, filepath.Join(dir, "plain.db"))
	}
	return newWorkspace(b, filepath.Join(dir, "sealed.trestle"))
}

func shut(w *Workspace) {
	w.read.Close()
	w.write.Close()
	if w.lock != nil {
		w.abandon()
	}
}

// BenchmarkImport stores batches of 500 messages of about 700 bytes, full text and seven indexes included.
func BenchmarkImport(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) {
			w := benchWorkspace(b, kind, b.TempDir())
			defer shut(w)
			b.ResetTimer()
			for i := range b.N {
				b.StopTimer()
				recs := samples(i*500, i*500+500)
				b.StartTimer()
				if _, err := w.AddMessages(context.Background(), recs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*500)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// listRows is the size of the list that the benchmarks read.
const listRows = 100_000

// full makes the two workspaces with listRows messages once.
var full = sync.OnceValue(func() map[string]string {
	dir, err := os.MkdirTemp("", "workspace-bench")
	if err != nil {
		panic(err)
	}
	out := map[string]string{"dir": dir}
	for _, kind := range kinds {
		w := benchWorkspace(&testing.B{}, kind, dir)
		for i := 0; i < listRows; i += 1000 {
			if _, err := w.AddMessages(context.Background(), samples(i, i+1000)); err != nil {
				panic(err)
			}
		}
		if _, err := w.write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			panic(err)
		}
		fi, err := os.Stat(w.path)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %d rows, %.1f MB\n", kind, listRows, float64(fi.Size())/1e6)
		out[kind] = w.path
		shut(w)
	}
	return out
})

// BenchmarkRead measures what a list and its filters do, on 100,000 messages.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	files := full()
	for _, kind := range kinds {
		var w *Workspace
		if kind == "plain" {
			w = plainWorkspace(b, files[kind])
		} else {
			var err error
			if w, err = Open(ctx, files[kind], testPass, OpenOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		all, err := w.IDs(ctx, Query{})
		if err != nil || len(all) != listRows {
			b.Fatal(len(all), err)
		}
		r := rand.New(rand.NewPCG(1, 1))
		run := func(name string, f func() error) {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		ids := func(q Query) func() error {
			return func() error { _, err := w.IDs(ctx, q); return err }
		}
		run("ids", ids(Query{}))
		run("ids-time", ids(Query{Sort: "time", Descending: true}))
		run("ids-name", ids(Query{Sort: "name"}))
		run("ids-type", ids(Query{Type: "SIU"}))
		run("ids-mrn", ids(Query{MRN: "8800123"}))
		run("ids-word", ids(Query{Text: "MSG0012345"}))
		run("ids-words", ids(Query{Text: "mockington orrin"}))
		run("ids-severity", ids(Query{Severity: true, MinSeverity: 2}))
		run("page-50-rows", func() error {
			at := r.IntN(listRows - 50)
			_, err := w.Rows(ctx, all[at:at+50])
			return err
		})
		run("bytes", func() error {
			var body []byte
			return w.read.QueryRow("SELECT bytes FROM contents WHERE id=?", 1+r.IntN(listRows)).Scan(&body)
		})
		shut(w)
	}
}

// BenchmarkView opens a message as the window does: logged in a transaction that is on disk before it is shown.
func BenchmarkView(b *testing.B) {
	w := newWorkspace(b, filepath.Join(b.TempDir(), "w.trestle"))
	defer w.Close()
	add(b, w, 0, 1000)
	for i := range b.N {
		w.log.seen = nil
		if _, err := w.Message(context.Background(), int64(1+i%1000)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKDF measures what opening costs beside the file.
func BenchmarkKDF(b *testing.B) {
	for _, k := range []KDF{FloorKDF, DefaultKDF} {
		b.Run(fmt.Sprint(k.MemoryKiB>>10, "MiB"), func(b *testing.B) {
			p := filepath.Join(b.TempDir(), "w.trestle")
			w, err := Create(context.Background(), p, testPass, CreateOptions{KDF: k})
			if err != nil {
				b.Fatal(err)
			}
			w.Close()
			b.ResetTimer()
			for range b.N {
				w, err := Open(context.Background(), p, testPass, OpenOptions{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				w.Close()
				b.StartTimer()
			}
		})
	}
}
