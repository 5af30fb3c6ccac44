//go:build linux

package workspace

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Simulated power cuts. A writer runs with a recorder of file writes preloaded (testdata/recorder.c) and ends hard. The
// record is cut at random points, and the files are built that a disk might hold then: what was synced is there; what was
// not is lost, kept, or torn at 512 bytes. Each must open, read, and hold every message that was acknowledged before the
// cut. Assumed are that a write touches nothing outside of its range, that a sync is honoured, and that names in the folder are durable.

const (
	opWrite = 1 + iota
	opTruncate
	opSync
	opUnlink
)

type diskOp struct {
	kind uint32
	name string // without folder
	off  int64
	data []byte
	ns   int64
}

// powerCutWriter is the child: it commits numbered batches, says when each was acknowledged, and ends without closing.
func powerCutWriter(pragma string) func(path string) error {
	return func(path string) error {
		ctx := context.Background()
		w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
		if err != nil {
			return err
		}
		if _, err := w.write.Exec("PRAGMA cache_size=20; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=60;" + pragma); err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(5, 6))
		top, err := w.Count(ctx, Query{})
		if err != nil {
			return err
		}
		for i := range times(60, 400) {
			n := 1 + r.IntN(20)
			if _, err := w.AddMessages(ctx, samples(top, top+n)); err != nil {
				return err
			}
			top += n
			fmt.Println("ack", top, time.Now().UnixNano())
			switch i % 4 {
			case 0:
				err = w.SetNote(ctx, int64(1+r.IntN(top)), fmt.Sprint("note of ", top))
			case 1:
				err = w.writeHeader(ctx)
			}
			if err != nil {
				return err
			}
		}
		syscall.Exit(0)
		return nil
	}
}

func init() {
	children["powercut"] = powerCutWriter("")
	children["powercut-unsynced"] = powerCutWriter("PRAGMA synchronous=OFF")
}

// recording is what a writer did to the disk.
type recording struct {
	base  map[string][]byte // the files before
	start int               // messages in them
	ops   []diskOp
	acks  []struct {
		top int
		ns  int64
	}
	syncs int
	live  string // the folder where the writer worked, as it left it
}

func record(t *testing.T, action string) recording {
	t.Helper()
	return recordOf(t, action, XChaCha20Poly1305)
}

func recordOf(t *testing.T, action string, cipher Cipher) recording {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler cc: the recorder of writes cannot be made")
	}
	dir := t.TempDir()
	recorder, log, live := filepath.Join(dir, "recorder.so"), filepath.Join(dir, "log"), filepath.Join(dir, "live")
	if out, err := exec.Command(cc, "-shared", "-fPIC", "-O2", "-o", recorder, "testdata/recorder.c", "-ldl", "-lpthread").CombinedOutput(); err != nil {
		t.Fatalf("the recorder of writes does not compile: %s", out)
	}
	if err := os.Mkdir(live, 0o700); err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(live, "w.trestle")
	rec := recording{start: 30, live: live}
	w, err := Create(context.Background(), p, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester", Cipher: cipher})
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, rec.start)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rec.base = map[string][]byte{"w.trestle": readFile(t, p)}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, p)
	c.Env = append(os.Environ(), childEnv+"="+action, "LD_PRELOAD="+recorder, "PLOG="+log, "PLOGDIR="+live+"/")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		a := struct {
			top int
			ns  int64
		}{}
		if _, err := fmt.Sscanf(line, "ack %d %d", &a.top, &a.ns); err == nil {
			rec.acks = append(rec.acks, a)
		}
	}
	rec.ops = readOps(t, log)
	for _, o := range rec.ops {
		if o.kind == opSync {
			rec.syncs++
		}
	}
	if len(rec.ops) < 100 || len(rec.acks) == 0 {
		t.Fatalf("only %d operations and %d acknowledgements were recorded: was the recorder loaded?", len(rec.ops), len(rec.acks))
	}
	return rec
}

func readOps(t *testing.T, path string) (ops []diskOp) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal("the recorder was not loaded: ", err)
	}
	for rd := bytes.NewReader(b); ; {
		var h struct {
			Op, NameLen  uint32
			Off, Len, NS int64
		}
		if err := binary.Read(rd, binary.NativeEndian, &h); errors.Is(err, io.EOF) {
			return ops
		} else if err != nil {
			t.Fatal(err)
		}
		name := make([]byte, h.NameLen)
		data := []byte(nil)
		if h.Op == opWrite {
			data = make([]byte, h.Len)
		}
		_, err1 := io.ReadFull(rd, name)
		_, err2 := io.ReadFull(rd, data)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		ops = append(ops, diskOp{h.Op, filepath.Base(string(name)), h.Off, data, h.NS})
	}
}

// apply does one operation to a file's content. Torn: each sector of a write arrives or not.
func (o diskOp) apply(b []byte, r *rand.Rand, torn bool) []byte {
	if o.kind == opTruncate {
		if int64(len(b)) > o.off {
			return b[:o.off]
		}
		return append(b, make([]byte, o.off-int64(len(b)))...)
	}
	end := o.off + int64(len(o.data))
	if int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	if !torn {
		copy(b[o.off:], o.data)
		return b
	}
	const sector = 512
	for s := o.off; s < end; {
		e := min((s/sector+1)*sector, end)
		if r.IntN(2) == 0 {
			copy(b[s:e], o.data[s-o.off:])
		}
		s = e
	}
	return b
}

// crash is what the disk holds when the power goes after the first n operations, and how many messages were acknowledged.
func (rec recording) crash(n int, r *rand.Rand) (files map[string][]byte, acked int) {
	files = map[string][]byte{}
	for k, v := range rec.base {
		files[k] = bytes.Clone(v)
	}
	pending := map[string][]diskOp{}
	for _, o := range rec.ops[:n] {
		switch o.kind {
		case opSync:
			for _, q := range pending[o.name] {
				files[o.name] = q.apply(files[o.name], r, false)
			}
			pending[o.name] = nil
		case opUnlink:
			delete(files, o.name)
			delete(pending, o.name)
		default:
			pending[o.name] = append(pending[o.name], o)
			if _, ok := files[o.name]; !ok {
				files[o.name] = nil
			}
		}
	}
	mode := r.IntN(3) // what was not synced: 0 all lost; 1 each lost, torn or kept; 2 all kept but the last, which is torn
	for _, name := range slices.Sorted(maps.Keys(pending)) {
		for i, o := range pending[name] {
			switch mode {
			case 1:
				if c := r.IntN(3); c < 2 {
					files[name] = o.apply(files[name], r, c == 1)
				}
			case 2:
				files[name] = o.apply(files[name], r, i == len(pending[name])-1)
			}
		}
	}
	acked = rec.start
	for _, a := range rec.acks {
		if a.ns <= rec.ops[n-1].ns {
			acked = a.top
		}
	}
	return files, acked
}

// cuts tries the recording at many points.
func (rec recording) cuts(t *testing.T, n int) (lost, corrupt, ahead int, first string) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 8))
	q := filepath.Join(t.TempDir(), "w.trestle")
	for range n {
		cut := 1 + r.IntN(len(rec.ops)-1)
		files, acked := rec.crash(cut, r)
		put(t, q, files["w.trestle"], files["w.trestle-wal"])
		found, _, err := readThrough(q, 0)
		switch {
		case err != nil:
			corrupt++
			first = fmt.Sprintf("cut at %d of %d: %v", cut, len(rec.ops), err)
		case found < acked:
			lost += acked - found
			first = fmt.Sprintf("cut at %d of %d: acknowledged %d, found %d", cut, len(rec.ops), acked, found)
		case found > acked:
			ahead++ // committed, and the power went before that was said
		}
	}
	return lost, corrupt, ahead, first
}

// The journal is always the write-ahead log; rollback journals do not exist (FORMAT.md §6). Both ciphers write it.
func TestPowerCut(t *testing.T) {
	for _, c := range Ciphers() {
		t.Run(string(c), func(t *testing.T) { testPowerCut(t, recordOf(t, "powercut", c), times(40, 1000)) })
	}
}

func testPowerCut(t *testing.T, rec recording, n int) {
	t.Helper()
	lost, corrupt, ahead, first := rec.cuts(t, n)
	t.Logf("%d operations, %d syncs, %d acknowledgements; %d cuts: %d messages lost, %d corrupt, %d ahead", len(rec.ops), rec.syncs, len(rec.acks), n, lost, corrupt, ahead)
	if lost+corrupt > 0 {
		t.Error(first)
	}
}

// The control: without syncs the same cuts lose or damage what was acknowledged.
func TestPowerCutControl(t *testing.T) {
	rec := record(t, "powercut-unsynced")
	n := times(40, 200)
	lost, corrupt, _, _ := rec.cuts(t, n)
	t.Logf("without syncs, %d cuts: %d messages lost, %d corrupt", n, lost, corrupt)
	if lost+corrupt == 0 {
		t.Error("nothing was lost without syncs: TestPowerCut proves nothing")
	}
}
