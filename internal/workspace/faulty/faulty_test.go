package faulty_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/workspace"
	"trestle/internal/workspace/faulty"
)

var (
	pass = []byte("correct horse battery")
	ctx  = context.Background()
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		os.Exit(childMain(what))
	}
	if err := faulty.Register(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func long() bool { return os.Getenv("TRESTLE_LONG") == "1" }

// points is how many places of a run are tried for each fault.
func points() int {
	if long() {
		return 60
	}
	return 3
}

// message is the i-th invented one; some lie on overflow pages.
func message(i int) inspect.Record {
	text := fmt.Sprintf("MSH|^~\\&|EHR|RIVERBEND|INFUSE|CENTRE|20260131||ADT^A08|MSG%d|P|2.5.1\rPID|1||88%d||Testperson^Quenby\r", i, i)
	if i%7 == 6 {
		text += "NTE|1||" + strings.Repeat(fmt.Sprintf("long text %d ", i), 900) + "\r"
	}
	return inspect.Record{Source: "sample.hl7", Index: i, Bytes: []byte(text), Summary: inspect.Summary{Format: "hl7v2", Type: "ADT", Trigger: "A08", ControlID: fmt.Sprint("MSG", i)}}
}

const batch = 5

func add(w *workspace.Workspace, from int) error {
	var rs []inspect.Record
	for i := from; i < from+batch; i++ {
		rs = append(rs, message(i))
	}
	_, err := w.AddMessages(ctx, rs)
	return err
}

func create(t testing.TB, path string) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Create(ctx, path, pass, workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if err := add(w, i*batch); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// look opens a workspace, compares every message with what it must be, verifies it, and gives the number of messages.
func look(path string) (int, error) {
	w, err := workspace.Open(ctx, path, pass, workspace.OpenOptions{User: "tester"})
	if err != nil {
		return 0, err
	}
	ids, err := w.IDs(ctx, workspace.Query{})
	n := 0
	for m, e := range w.Messages(ctx, ids) {
		if err = errors.Join(err, e); e == nil && !bytes.Equal(m.Bytes, message(n).Bytes) {
			err = fmt.Errorf("WRONG DATA in message %d", m.ID)
		}
		n++
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return n, err
	}
	r, err := workspace.Verify(ctx, path, pass, nil)
	if err == nil && !r.OK() {
		err = fmt.Errorf("verify: %v", r.Problems())
	}
	return n, err
}

// copyAs makes a copy of a workspace as a kill would leave it now.
func copyAs(path, to string) error {
	for _, s := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + s)
		if err == nil {
			err = os.WriteFile(to+s, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome is what a trial found.
type outcome struct {
	hit, failed   int   // calls of the disk that failed, acts that failed
	acked         int   // messages acknowledged
	killed, found int   // messages in a copy as after a kill, and in the end
	odd           error // what must not happen
}

// phases are the moments at which the disk fails: while messages come in, while the log is folded in on closing, while
// a log left by a crash is recovered on opening. arm lets the disk begin to fail; reads says that reads may fail too.
var phases = map[string]func(t *testing.T, dir string, arm func(), reads bool) outcome{
	"work": func(t *testing.T, dir string, arm func(), reads bool) (o outcome) {
		p := filepath.Join(dir, "w.trestle")
		w := create(t, p)
		o.acked = 4 * batch
		arm()
		for range 6 {
			if err := add(w, o.acked); err == nil {
				o.acked += batch
			} else {
				o.failed++
				o.odd = errors.Join(o.odd, unexpected(err))
			}
			rows, err := w.Rows(ctx, []int64{1, 2})
			switch {
			case err != nil && reads:
				o.odd = errors.Join(o.odd, unexpected(err))
			case err != nil || len(rows) != 2:
				o.odd = errors.Join(o.odd, fmt.Errorf("does not read while the disk cannot write: %w", err))
			}
		}
		o.hit = faulty.Disarm()
		q := filepath.Join(dir, "killed.trestle")
		err := copyAs(p, q)
		if o.killed = o.acked; err == nil {
			o.killed, err = look(q)
		}
		o.odd = errors.Join(o.odd, err)
		if err := add(w, o.acked); err != nil { // works again
			o.odd = errors.Join(o.odd, fmt.Errorf("afterwards: %w", err))
		} else {
			o.acked, o.killed = o.acked+batch, o.killed+batch
		}
		o.odd = errors.Join(o.odd, w.Close())
		o.found, err = look(p)
		o.odd = errors.Join(o.odd, err)
		return o
	},
	"closing": func(t *testing.T, dir string, arm func(), reads bool) (o outcome) {
		p := filepath.Join(dir, "w.trestle")
		w := create(t, p)
		o.acked = 4 * batch
		arm()
		if err := w.Close(); err != nil {
			o.failed++
			o.odd = unexpected(err)
		}
		o.hit = faulty.Disarm()
		n, err := look(p)
		o.killed, o.found, o.odd = n, n, errors.Join(o.odd, err)
		return o
	},
	"opening": func(t *testing.T, dir string, arm func(), reads bool) (o outcome) {
		p, q := filepath.Join(dir, "w.trestle"), filepath.Join(dir, "q.trestle")
		w := create(t, p)
		o.acked = 4 * batch
		if err := errors.Join(copyAs(p, q), w.Close()); err != nil {
			t.Fatal(err)
		}
		arm()
		w, err := workspace.Open(ctx, q, pass, workspace.OpenOptions{User: "tester"})
		if err == nil {
			if w.ReadOnly() {
				o.odd = errors.New("a failing disk was taken for a damaged log")
			}
			err = w.Close()
		}
		if err != nil {
			o.failed++
			o.odd = errors.Join(o.odd, unexpected(err))
		}
		o.hit = faulty.Disarm()
		n, err := look(q)
		o.killed, o.found, o.odd = n, n, errors.Join(o.odd, err)
		return o
	},
}

// unexpected is an error that says something else than that the disk failed or is full.
func unexpected(err error) error {
	if s := err.Error(); errors.Is(err, workspace.ErrNoSpace) || strings.Contains(s, "the disk failed") && !errors.Is(err, workspace.ErrDamaged) {
		return nil
	}
	return fmt.Errorf("words: %w", err)
}

// try runs a phase with a fault at places spread over the calls that it makes.
func try(t *testing.T, phase string, f faulty.Fault) (all []outcome) {
	t.Helper()
	run := phases[phase]
	before := 0
	clean := run(t, t.TempDir(), func() { before = faulty.Calls(f.Call) }, false)
	if clean.odd != nil || clean.found != clean.acked || clean.failed != 0 {
		t.Fatalf("%s without a fault: %+v", phase, clean)
	}
	calls := faulty.Calls(f.Call) - before // those of look are counted too; a fault there is none
	r := rand.New(rand.NewPCG(uint64(f.Call), uint64(f.How)))
	for i := range points() {
		f.After = 0
		if i > 0 {
			f.After = r.IntN(max(1, calls/(1+i%3)))
		}
		all = append(all, run(t, t.TempDir(), func() { faulty.Arm(f) }, f.Call == faulty.Read))
	}
	return all
}

// Whatever the disk refuses, at whatever moment: the error says that it was the disk, nothing that was acknowledged is lost
// or damaged, not by a kill at that moment either, and the open workspace works again as soon as the disk does.
func TestFailingDisk(t *testing.T) {
	trials, hits, failed := 0, 0, 0
	for phase := range phases {
		for _, f := range []faulty.Fault{
			{Call: faulty.Read}, {Call: faulty.Write}, {Call: faulty.Sync}, {Call: faulty.Truncate},
			{Call: faulty.Write, How: faulty.Part}, {Call: faulty.Write, How: faulty.Full},
		} {
			for _, f.Times = range []int{1, 0} {
				for _, o := range try(t, phase, f) {
					trials++
					failed += o.failed
					if o.hit > 0 {
						hits++
					}
					if o.odd != nil {
						t.Errorf("%s, %v %v, %d times: %v", phase, f.Call, f.How, f.Times, o.odd)
					}
					if o.found != o.acked || o.killed < o.acked || o.killed%batch != 0 {
						t.Errorf("%s, %v %v, %d times: %+v", phase, f.Call, f.How, f.Times, o)
					}
				}
			}
		}
	}
	t.Logf("%d trials, in %d the disk failed, %d acts refused, 0 messages lost", trials, hits, failed)
	if hits < trials/3 || failed == 0 {
		t.Errorf("the disk failed in %d of %d trials: the test proves too little", hits, trials)
	}
}

// The control: a disk that says it wrote and did not is found out, so TestFailingDisk is able to see a loss.
func TestFailingDiskControl(t *testing.T) {
	found := 0
	for _, phase := range []string{"work", "closing"} {
		for _, o := range try(t, phase, faulty.Fault{Call: faulty.Write, How: faulty.Lie, Times: 3}) {
			if o.odd != nil || o.found != o.acked || o.killed < o.acked {
				found++
			}
		}
	}
	if found == 0 {
		t.Error("a lying disk was not found out: TestFailingDisk proves nothing")
	}
	t.Logf("found out %d times", found)
}
