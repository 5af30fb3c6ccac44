package workspace

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"trestle/internal/workspace/sealed"
)

// After a few wrong passphrases each further try waits, twice as long as the one before. That stops who types guesses at this
// program, and scripts that run it. It does not stop who has copied the file and guesses with a program of their own: against them only
// Argon2id helps. The count is kept in the memory of this process, by the file's id, and beside the file, in the lock file, so that it
// outlives the process. Whoever can write in the folder can reset the one beside the file. The wait has a ceiling, since whoever can reach
// the file could else keep its owner out by typing nonsense.

const (
	freeTries  = 3 // wrong passphrases before the first wait: slips of the finger
	firstWait  = time.Second
	maxWait    = time.Minute
	waitGrowth = 2
)

// waitAfter is how long the next try waits after n wrong ones.
func waitAfter(n int) time.Duration {
	if n < freeTries {
		return 0
	}
	d := firstWait
	for ; n > freeTries && d < maxWait; n-- {
		d *= waitGrowth
	}
	return min(d, maxWait)
}

// tries are wrong passphrases for one file.
type tries struct {
	n    int
	last time.Time
}

// left is what remains of the wait. A time in the future, which only a changed lock file or clock can give, counts as now.
func (t tries) left(now time.Time) time.Duration {
	wait := waitAfter(t.n)
	return max(0, min(wait, wait-now.Sub(t.last)))
}

var (
	triedMu sync.Mutex
	tried   = map[[16]byte]tries{} // by file id
)

// triesOf is the worse of what this process and the lock file remember.
func triesOf(id [16]byte, o owner) tries {
	triedMu.Lock()
	defer triedMu.Unlock()
	t := tried[id]
	if o.Failed > t.n {
		t = tries{o.Failed, o.LastFailed}
	}
	return t
}

func rememberWrong(id [16]byte, t tries) {
	triedMu.Lock()
	defer triedMu.Unlock()
	tried[id] = tries{t.n + 1, time.Now()}
}

func forgetWrong(id [16]byte) {
	triedMu.Lock()
	defer triedMu.Unlock()
	delete(tried, id)
}

// pause waits, unless ctx ends first. Tests replace it.
var pause = func(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// NextTry tells how long Open, Verify and the like will wait before they try a passphrase on the workspace at path, because of
// wrong ones before. It is 0 where none were, or nothing can be known.
func NextTry(path string) time.Duration {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return 0
	}
	fi, err := os.Stat(path)
	if err != nil || !fi.Mode().IsRegular() || isOpen(fi) {
		return 0
	}
	h, err := sealed.ReadFile(path)
	if err != nil {
		return 0
	}
	o, _ := readOwner(path + ".lock") // none, mostly
	return triesOf(h.FileID(), o).left(time.Now())
}

// untilNextTry waits out what is left, with the lock of the file given up meanwhile, and gives it back. The lock file is written by
// other programs too, so it is asked again afterwards.
func (w *Workspace) untilNextTry(ctx context.Context, id [16]byte) (t tries, err error) {
	for {
		if w.lock, err = lockFile(w.path); err != nil {
			return t, err
		}
		t = triesOf(id, w.lock.owner)
		left := t.left(time.Now())
		if left == 0 {
			return t, nil
		}
		w.lock.release()
		w.lock = nil
		if err := pause(ctx, left); err != nil {
			return t, err
		}
	}
}

// wrong counts a wrong passphrase, and adds to what is wrong how long the next one waits.
func (w *Workspace) wrong(id [16]byte, t tries, err error) error {
	rememberWrong(id, t)
	if w.lock != nil { // beside another program it belongs to that
		w.lock.failed(t.n + 1)
		w.lock = nil
	}
	err = headerError(w.name, err)
	if wait := waitAfter(t.n + 1); wait > 0 {
		return fail(ErrWrongPassphrase, "%s. It was wrong %d times, so the next try waits %s", err, t.n+1, inSeconds(wait))
	}
	return err
}

func inSeconds(d time.Duration) string {
	if d < 2*time.Second {
		return "a second"
	}
	return plural(int(d/time.Second), "second")
}

// words tells of the wrong passphrases in the access log. file is what the lock file says of them.
func (t tries) words(file owner) string {
	s := fmt.Sprintf("%d since it was last opened, the last at %s, by the lock file, which is not protected", file.Failed, file.LastFailed.Format(time.RFC3339))
	if t.n > file.Failed {
		s = fmt.Sprintf("%d since it was last opened, the last at %s; the lock file, which is not protected, tells of %d", t.n, t.last.UTC().Format(time.RFC3339), file.Failed)
	}
	if wait := waitAfter(max(t.n, file.Failed)); wait > 0 {
		s += "; each waited longer than the one before, up to " + inSeconds(wait)
	}
	return s
}
