package workspace

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// What is left in memory after locking. A child opens a workspace with the passphrase that it reads from its input, reads every message, searches, has a
// secret shown, and closes the workspace as the window does when it locks. Its whole memory is searched, before and after, for the passphrase,
// the keys, and markers planted in messages and in the secret. The counts are printed; asserted is only what the program promises: that the passphrase and
// the secret, which its callers clear, are gone, and that far less than before is left of the rest. doc.go has the figures.

const (
	memoryMarker = "PLANTEDMARKERINAMESSAGE"
	memorySecret = "planted-value-of-a-secret"
	memoryPass   = 40 // letters of the passphrase, which is made anew: the program must not have it as a constant
)

func init() { children["memory"] = childMemory }

func childMemory(path string) error {
	ctx := context.Background()
	pass, next := make([]byte, memoryPass), make([]byte, 1)
	if _, err := io.ReadFull(os.Stdin, pass); err != nil {
		return err
	}
	w, err := Open(ctx, path, pass, OpenOptions{User: "child"})
	clear(pass)
	if err != nil {
		return err
	}
	ids, err := w.IDs(ctx, Query{Text: "invented"})
	if err != nil {
		return err
	}
	kept := 0
	for m, err := range w.Messages(ctx, ids) {
		if err != nil {
			return err
		}
		kept += len(m.Bytes)
	}
	for _, id := range ids[:100] {
		if _, err := w.Message(ctx, id); err != nil {
			return err
		}
	}
	value, err := w.Secrets().Reveal(ctx, "partner")
	clear(value)
	if err != nil {
		return err
	}
	fmt.Println("open", kept)
	if _, err := os.Stdin.Read(next); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = os.Stdin.Read(next)
	return err
}

func TestMemoryAfterLocking(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	random := make([]byte, memoryPass/2)
	rand.Read(random)
	pass := []byte(hex.EncodeToString(random))
	w, err := Create(ctx, p, pass, CreateOptions{KDF: CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 2000; i += 500 {
		recs := samples(i, i+500)
		for j := range recs {
			recs[j].Bytes = fmt.Appendf(recs[j].Bytes, "NTE|1||%s %d invented\r", memoryMarker, i+j)
		}
		if _, err := w.AddMessages(ctx, recs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Secrets().Put(ctx, "partner", "password", []byte(memorySecret)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	needles := memoryNeedles(t, readFile(t, p), pass)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, p)
	c.Env = append(os.Environ(), childEnv+"=memory")
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err1 != nil || err2 != nil || c.Start() != nil {
		t.Fatal(err1, err2)
	}
	defer kill(t, c)
	lines := bufio.NewScanner(out)
	step := func(send []byte, want string) {
		t.Helper()
		if _, err := in.Write(send); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("%q, not %q", lines.Text(), want)
		}
	}
	step(pass, "open")
	open := scan(t, c.Process.Pid, needles)
	step([]byte{'\n'}, "locked")
	locked := scan(t, c.Process.Pid, needles)
	for _, n := range needles {
		t.Logf("%-22s open %6d, locked %6d", n.name, open[n.name], locked[n.name])
	}
	if open["page key"] == 0 || open["message text"] < 1000 {
		t.Error("the scan does not find what must be there: it proves nothing")
	}
	for _, gone := range []string{"passphrase", "secret"} {
		if locked[gone] > 0 {
			t.Errorf("the %s is left in memory", gone)
		}
	}
	if locked["message text"] > open["message text"]/2 {
		t.Error("most of the messages are left in memory")
	}
}

type needle struct {
	name  string
	bytes []byte
}

// memoryNeedles derives the keys of a file by FORMAT.md, with no function that the child has.
func memoryNeedles(t *testing.T, file, pass []byte) []needle {
	t.Helper()
	b := file[:4096]
	s := b[64:256]
	u32 := func(o int) uint32 { return binary.LittleEndian.Uint32(s[o:]) }
	wrap := argon2.IDKey(pass, s[12:28], u32(4), u32(8), s[1], 32)
	x, err := chacha20poly1305.NewX(wrap)
	if err != nil {
		t.Fatal(err)
	}
	id := b[20:36]
	data, err := x.Open(nil, s[28:52], s[52:100], slices.Concat([]byte{0}, b[:20], id, s[:28]))
	if err != nil {
		t.Fatal(err)
	}
	list := []needle{{"passphrase", pass}, {"key of the passphrase", wrap}, {"data key", data}}
	for _, k := range []struct{ name, info string }{{"page key", "trestle/pages"}, {"log key", "trestle/log"}, {"header key", "trestle/header"},
		{"access log key", "trestle/access-log"}, {"secrets key", "trestle/secrets"}} {
		key, err := hkdf.Key(sha256.New, data, id, k.info, 32)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, needle{k.name, key})
	}
	return append(list, needle{"message text", []byte(memoryMarker + " ")}, needle{"secret", []byte(memorySecret)})
}

// scan counts needles in the memory of a process that can be written: what it made itself, not what it was loaded from. The needles of this test
// that are constants of the program stand in memory that cannot.
func scan(t *testing.T, pid int, needles []needle) map[string]int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skip("the memory of another process cannot be read here:", err)
	}
	defer mem.Close()
	found, regions := map[string]int{}, 0
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "rw") {
			continue
		}
		text := make([]byte, to-from)
		n, err := mem.ReadAt(text, int64(from))
		if err != nil && n == 0 {
			continue // guard pages and the like
		}
		regions++
		for _, x := range needles {
			found[x.name] += bytes.Count(text[:n], x.bytes)
		}
	}
	if regions == 0 {
		t.Skip("the memory of another process cannot be read here")
	}
	return found
}
