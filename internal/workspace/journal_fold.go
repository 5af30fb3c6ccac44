package workspace

import (
	"context"
	"sync"
)

// folder folds the write-ahead log into the file while a journal is written. Left to itself, SQLite does so in the middle of a
// commit whenever the log has a thousand pages: several times a second under load, and whoever waits for that commit
// waits ten times as long. The folder does it on a reading connection beside the commits. The log can begin anew only when nothing of it
// is left, so now and then the writing goroutine folds the little that was written meanwhile, between two commits.
type folder struct {
	w    *Workspace
	wake chan struct{} // there is something to fold; room for one
	done chan struct{} // ends run

	mu   sync.Mutex
	idle bool // run waits
	long bool // the log should begin anew
}

const (
	// foldAfter is how many pages of the log are not in the file when folding begins.
	foldAfter = 4000
	// foldAll is how many pages the log has, 64 MB, when it should begin anew.
	foldAll = 16_000
	// foldLimit is what SQLite does by itself at, if others write while the journal is idle.
	foldLimit = "PRAGMA wal_autocheckpoint=32000"
	// foldUsual is SQLite's own measure.
	foldUsual = "PRAGMA wal_autocheckpoint=1000"
)

func newFolder(w *Workspace) *folder {
	return &folder{w: w, wake: make(chan struct{}, 1), done: make(chan struct{}), idle: true}
}

func (f *folder) begin(ctx context.Context) error { return f.every(ctx, foldLimit) }

func (f *folder) end() error { return f.every(context.Background(), foldUsual) }

func (f *folder) every(ctx context.Context, pragma string) error {
	var pages int
	return f.w.sqlError(ctx, f.w.write.QueryRowContext(ctx, pragma).Scan(&pages))
}

// committed is called by the writing goroutine after each commit. What fails here is tried again after the next.
func (f *folder) committed() {
	f.mu.Lock()
	idle, long := f.idle, f.long
	f.long = false
	f.mu.Unlock()
	if !idle {
		return
	}
	ctx := context.Background()
	if long {
		f.w.write.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
		return
	}
	var busy, log, folded int
	err := f.w.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &log, &folded)
	if err != nil || log-folded < foldAfter {
		return
	}
	f.mu.Lock()
	f.idle, f.long = false, log > foldAll
	f.mu.Unlock()
	f.wake <- struct{}{}
}

// run is the goroutine that folds beside the commits.
func (f *folder) run() {
	for {
		select {
		case <-f.done:
			return
		case <-f.wake:
		}
		f.w.read.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
		f.mu.Lock()
		f.idle = true
		f.mu.Unlock()
	}
}

func (f *folder) stop() { close(f.done) }
