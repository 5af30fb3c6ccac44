package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/workspace/sealed"
)

// opens reports whether a passphrase or code opens a workspace.
func opens(t *testing.T, path string, secret []byte) bool {
	t.Helper()
	w, err := Open(context.Background(), path, secret, OpenOptions{User: "tester"})
	if err != nil {
		if !errors.Is(err, ErrWrongPassphrase) {
			t.Fatal(err)
		}
		return false
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

func people(t *testing.T, w *Workspace) string {
	t.Helper()
	list, err := w.People(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range list {
		s := fmt.Sprintf("%d %s %s", p.Slot, p.Kind, p.Name)
		if p.Current {
			s += " current"
		}
		if !p.LastUsed.IsZero() {
			s += " used"
		}
		if p.Created.IsZero() || p.Cost == "" || time.Since(p.Created) > time.Minute {
			t.Errorf("%+v", p)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// The life of keys: people come, change their passphrase and go; each change is logged, and what was never opens again.
func TestPeople(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w, err := Create(ctx, p, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester", Person: "Ada Example"})
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 5)
	second, third := []byte("second passphrase"), []byte("third passphrase")
	if err := w.AddPassphrase(ctx, " Ben Example ", second); err != nil {
		t.Fatal(err)
	}
	code, err := w.AddRecovery(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := people(t, w), "0 passphrase Ada Example current, 1 passphrase Ben Example, 2 recovery code recovery code"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if err := w.ChangePassphrase(ctx, second, third); err != nil {
		t.Fatal(err)
	}
	if err := w.ChangePassphrase(ctx, second, []byte("anything else")); !errors.Is(err, ErrWrongPassphrase) {
		t.Fatal(err)
	}
	if err := w.RenamePerson(ctx, 1, "Benedict Example"); err != nil {
		t.Fatal(err)
	}
	for slot, want := range map[int]error{0: ErrCurrentKey, 3: ErrNoSlot, -1: ErrNoSlot, 8: ErrNoSlot} {
		if err := w.RemoveSlot(ctx, slot); !errors.Is(err, want) {
			t.Errorf("removing %d: %v", slot, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]bool{string(testPass): true, string(second): false, string(third): true, string(code): true,
		strings.ToLower(strings.ReplaceAll(string(code), "-", "  ")): true, string(code[:len(code)-1]): false, "": false} {
		if got := opens(t, p, []byte(secret)); got != want {
			t.Errorf("%d characters: opens %v", len(secret), got)
		}
	}
	w, err = Open(ctx, p, code, OpenOptions{User: "tester", Tool: "window"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := people(t, w), "0 passphrase Ada Example used, 1 passphrase Benedict Example used, 2 recovery code recovery code current used"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if err := w.RemoveSlot(ctx, 0); err != nil {
		t.Fatal(err)
	}
	if err := w.RemoveSlot(ctx, 1); !errors.Is(err, ErrLastKey) || !strings.Contains(err.Error(), "Benedict") {
		t.Error(err)
	}
	checkKeyLog(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if opens(t, p, testPass) || !opens(t, p, third) {
		t.Error("removed key opens, or the other does not")
	}
	if r, err := Verify(ctx, p, code, nil); err != nil || !r.OK() || r.Messages != 5 {
		t.Errorf("%+v %v", r, err)
	}
}

func checkKeyLog(t *testing.T, w *Workspace) {
	t.Helper()
	var got []string
	for _, e := range entries(t, w) {
		if strings.HasPrefix(string(e.Action), "key") || e.Tool != "" && e.Action != ActionWrongPassphrase {
			got = append(got, joinNonEmpty(" | ", string(e.Action), e.Object, e.Details, e.Tool, e.Result))
		}
	}
	want := []string{
		"key added | passphrase of Ben Example (key 2)",
		"key added | recovery code (key 3)",
		"key changed | passphrase of Ben Example (key 2)",
		"key changed | w.trestle | failed: the old passphrase is not right; nothing was changed",
		"key renamed | passphrase of Ben Example (key 2) | Benedict Example",
		"opened | w.trestle | with a recovery code | window",
		"key removed | passphrase of Ada Example (key 1) | window",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], want[i]) {
			t.Fatalf("log:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if err := w.VerifyLog(context.Background()); err != nil {
		t.Error(err)
	}
}

// What cannot be a key is refused before anything is written.
func TestKeysRefused(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	before := len(entries(t, w))
	_, code := newRecoveryCode()
	good := []byte("long enough for a key")
	for want, err := range map[error]error{
		ErrPassphraseTooShort: errors.Join(w.AddPassphrase(ctx, "x", []byte("short"))),
		ErrName:               w.AddPassphrase(ctx, " ", good),
	} {
		if !errors.Is(err, want) {
			t.Error(want, err)
		}
	}
	for _, name := range []string{"TESTER", strings.Repeat("x", 61), "a\nb"} {
		if err := w.AddPassphrase(ctx, name, good); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := errors.Join(w.AddPassphrase(ctx, "x", code), w.ChangePassphrase(ctx, testPass, code)); !errors.Is(err, ErrName) {
		t.Error(err)
	}
	if err := w.ChangePassphrase(ctx, testPass, []byte("short")); !errors.Is(err, ErrPassphraseTooShort) {
		t.Error(err)
	}
	if n := len(entries(t, w)); n != before {
		t.Error("refused acts were logged", n-before)
	}
	for i := 1; i < MaxPeople; i++ {
		if err := w.AddPassphrase(ctx, fmt.Sprint("person ", i), good); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.AddPassphrase(ctx, "one more", good); !errors.Is(err, ErrNoFreeSlot) {
		t.Error(err)
	}
	if _, err := w.AddRecovery(ctx); !errors.Is(err, ErrNoFreeSlot) {
		t.Error(err)
	}
	if err := w.RemoveSlot(ctx, 4); err != nil {
		t.Fatal(err)
	}
	if err := w.AddPassphrase(ctx, "one more", good); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.AddPassphrase(ctx, "late", good); err == nil {
		t.Error("added to a closed workspace")
	}
}

// A change of a key that is cut off between the log and the header leaves the old key, and no name without one.
func TestKeyChangeCutOff(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if err := w.checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	header := readFile(t, p)[:sealed.HeaderSize]
	if err := w.ChangePassphrase(ctx, testPass, []byte("another passphrase")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if opens(t, p, testPass) || !opens(t, p, []byte("another passphrase")) {
		t.Fatal("not changed")
	}
	b := readFile(t, p)
	copy(b, header) // as though the header had not been written
	put(t, p, b, nil)
	w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if list, err := w.People(ctx); err != nil || len(list) != 1 || list[0].Name != "tester" {
		t.Errorf("%+v %v", list, err)
	}
}

// If the log cannot be written, no key comes to be.
func TestNoKeyWithoutLog(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if err := w.AddPassphrase(ctx, "other", []byte("other passphrase")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.write.Exec("CREATE TRIGGER full BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	before := w.header.Bytes()
	_, err := w.AddRecovery(ctx)
	for _, err := range []error{err, w.AddPassphrase(ctx, "x", []byte("yet another one")), w.ChangePassphrase(ctx, testPass, []byte("yet another one")), w.RemoveSlot(ctx, 1)} {
		if err == nil {
			t.Error("done without an entry")
		}
	}
	if after := w.header.Bytes(); !bytes.Equal(before[64:1600], after[64:1600]) {
		t.Error("slots changed")
	}
	if _, err := w.write.Exec("DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// Changing a passphrase costs two key derivations, whatever the size.
func TestChangeCost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	ctx := context.Background()
	w, err := Create(ctx, filepath.Join(t.TempDir(), "w.trestle"), testPass, CreateOptions{KDF: FloorKDF, User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	start := time.Now()
	if _, err := w.header.Which(sealed.SlotPassphrase, testPass, 0); err != nil {
		t.Fatal(err)
	}
	one := time.Since(start)
	start = time.Now()
	if err := w.ChangePassphrase(ctx, testPass, []byte("another passphrase")); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	t.Logf("one derivation %v, change %v", one, took)
	if took > 6*one+500*time.Millisecond { // other programs run here too
		t.Errorf("one derivation takes %v, the change %v", one, took)
	}
}

// A code survives what a hurried person does to it, and is told from a wrong one.
func TestRecoveryCode(t *testing.T) {
	secret := make([]byte, recoveryBytes)
	for i := range secret {
		secret[i] = byte(i * 7)
	}
	code := string(writeRecoveryCode(secret))
	if want := "00"; !strings.HasPrefix(code, want) || len(code) != 44 || strings.ContainsAny(code, "ILOU") {
		t.Error(code)
	}
	read := func(s string) (bool, bool) {
		got, like := readRecoveryCode([]byte(s))
		if got != nil && !bytes.Equal(got, secret) {
			t.Errorf("%q reads as another code", s)
		}
		return got != nil, like
	}
	swapped := []byte(code)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	for s, want := range map[string]bool{code: true, strings.ToLower(code): true, strings.ReplaceAll(code, "-", ""): true, " " + strings.ReplaceAll(code, "-", " – ") + "\n": true,
		strings.ReplaceAll(code, "0", "o"): true, string(swapped): true, code + "0": false, code[1:]: false, "": false, "correct horse battery": false, strings.Repeat("ü", 36): false} {
		if ok, like := read(s); ok != want || like != want {
			t.Errorf("%q: %v %v", s, ok, like)
		}
	}
	mended, of := 0, 0
	for i := range code {
		if code[i] == '-' {
			continue
		}
		for _, c := range crockford {
			wrong := code[:i] + string(c) + code[i+1:]
			ok, _ := read(wrong)
			if of++; ok {
				mended++
			}
		}
	}
	if mended < of*99/100 {
		t.Errorf("%d of %d codes with one wrong character were read", mended, of)
	}
	if ok, like := read("ZZZZ-ZZZZ-ZZZZ" + code[14:]); ok || !like {
		t.Error("many wrong characters:", ok, like)
	}
	seen := map[string]bool{}
	for range 100 {
		s, c := newRecoveryCode()
		if got, _ := readRecoveryCode(c); !bytes.Equal(got, s) || seen[string(c)] {
			t.Fatal("code does not read as it was written")
		}
		seen[string(c)] = true
	}
}

func FuzzRecoveryCode(f *testing.F) {
	f.Add("0000-0000-0000-0000-0000-0000-0000-0000-0000")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, s string) {
		if secret, like := readRecoveryCode([]byte(s)); secret != nil && (len(secret) != recoveryBytes || !like) {
			t.Error(len(secret), like)
		}
	})
}

// A mistyped code says that it is one.
func TestMistypedCode(t *testing.T) {
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	_, err := Open(context.Background(), p, []byte("ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ"), OpenOptions{})
	if !errors.Is(err, ErrWrongPassphrase) || !strings.Contains(err.Error(), "recovery code") {
		t.Error(err)
	}
	if o, err := readOwner(p + ".lock"); err != nil || o.Failed != 1 {
		t.Error("not counted:", o.Failed, err)
	}
	os.Remove(p + ".lock")
}

// Estimates are in the right order, and none is generous with what guessers try first.
func TestRate(t *testing.T) {
	word := map[string][]string{
		"too short": {"", "short", "1234567"},
		"very weak": {"password", "Password1", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "abcabcabcabc", "summer2026", "P@ssw0rd", "monkey123", "hospital2026", "letmeinletmein", "abcdefghijkl"},
		"strong":    {"correct horse battery staple zebra quilt", "orbit velvet cactus hammer window", "k7#Qz9!vLm2$xW", "wQ8xZr4mKp1vTn6"},
	}
	for want, list := range word {
		for _, s := range list {
			got := Rate([]byte(s))
			if got.Word != want || (got.Advice == "") != (want == "strong") {
				t.Errorf("%q: %+v, want %s", s, got, want)
			}
		}
	}
	if a, b := Rate([]byte("velvetcactus")), Rate([]byte("velvetcactushammer")); a.Bits >= b.Bits {
		t.Error(a, b)
	}
	start := time.Now()
	Rate(bytes.Repeat([]byte("xK3-"), 100_000))
	if d := time.Since(start); d > time.Second {
		t.Error("a long passphrase takes", d)
	}
}

func FuzzRate(f *testing.F) {
	f.Add("correct horse")
	f.Add("\xff\x00\u0301")
	f.Fuzz(func(t *testing.T, s string) {
		if r := Rate([]byte(s)); r.Bits < 0 || r.Bits != r.Bits || r.Word == "" {
			t.Errorf("%+v", r)
		}
	})
}
