package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"
)

// A copy has the slots, the data key and the workspace id of the original, and a file id of its own.
func TestCopyHeader(t *testing.T) {
	h := newHeader(t)
	c, err := h.Copy()
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Copy()
	if err != nil {
		t.Fatal(err)
	}
	if h.WorkspaceID() != h.FileID() || c.WorkspaceID() != h.FileID() || second.WorkspaceID() != h.FileID() || c.FileID() == h.FileID() || c.FileID() == second.FileID() {
		t.Error("ids")
	}
	if h.Format() != 1 || c.Format() != 2 {
		t.Error("versions:", h.Format(), c.Format())
	}
	for _, x := range []*Header{h, c, second} {
		b := x.Bytes()
		r, err := parse(area(b, b))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Unlock(SlotPassphrase, []byte("another secret")); !errors.Is(err, ErrWrongSecret) {
			t.Error(err)
		}
		if slot, err := r.Unlock(SlotPassphrase, secret); err != nil || slot != 0 || r.WorkspaceID() != h.WorkspaceID() {
			t.Error(slot, err)
		}
		a, err1 := h.Derive("x")
		d, err2 := r.Derive("x")
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(a, d) {
			t.Error("a key for what is inside differs in a copy", err)
		}
		if err := r.SetSlot(3, SlotRecovery, []byte("code"), cheap); err != nil {
			t.Error(err)
		}
		if slot, err := r.Which(SlotRecovery, []byte("code"), 0); slot != 3 || err != nil {
			t.Error(slot, err)
		}
		if _, err := r.Which(SlotPassphrase, []byte("code"), 3); !errors.Is(err, ErrWrongSecret) {
			t.Error(err)
		}
	}
	h.Wipe()
	for _, err := range []error{failure(h.Copy()), failure(h.SealSlot(1, SlotPassphrase, secret, cheap)), failure(h.Which(SlotPassphrase, secret, 0))} {
		if err == nil {
			t.Error("a locked header was used")
		}
	}
}

func failure[T any](_ T, err error) error { return err }

// Who has no key can neither make a copy of a file out of its header, nor a header of its own out of a copy.
func TestForgedCopy(t *testing.T) {
	h := newHeader(t)
	c, err := h.Copy()
	if err != nil {
		t.Fatal(err)
	}
	original, copied := h.Bytes(), c.Bytes()
	id := h.FileID()
	for name, b := range map[string][]byte{
		"another file id": forge(original, func(b []byte) {
			copy(b[originOff:], id[:])
			b[idOff]++
			binary.LittleEndian.PutUint32(b[formatOff:], 2)
			binary.LittleEndian.PutUint32(b[readerOff:], 2)
		}),
		"the copy's file id in the original": forge(original, func(b []byte) { copy(b[idOff:seqOff], copied[idOff:]); copy(b[originOff:], id[:]) }),
		"the original's file id in the copy": forge(copied, func(b []byte) { copy(b[idOff:seqOff], original[idOff:]); clear(b[originOff:originEnd]) }),
	} {
		r, err := parse(area(b, b))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := r.Unlock(SlotPassphrase, secret); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := forge(copied, func(b []byte) { b[originOff]++ }) // another workspace id: the slot is not authentic
	r, err := parse(area(b, b))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Unlock(SlotPassphrase, secret); !errors.Is(err, ErrWrongSecret) {
		t.Error(err)
	}
}

// The successor of a header is the same workspace under another data key, without a way in.
func TestSuccessor(t *testing.T) {
	h := newHeader(t)
	s, err := h.Successor()
	if err != nil {
		t.Fatal(err)
	}
	if s.WorkspaceID() != h.WorkspaceID() || s.FileID() == h.FileID() || bytes.Equal(s.dataKey, h.dataKey) {
		t.Error("ids or keys")
	}
	for i := range Slots {
		if typ, _ := s.Slot(i); typ != SlotEmpty {
			t.Error("slot", i)
		}
	}
	a, err1 := h.Derive("x")
	b, err2 := s.Derive("x")
	if err := errors.Join(err1, err2); err != nil || bytes.Equal(a, b) {
		t.Error("a key is the same under another data key", err)
	}
	if err := s.SetSlot(2, SlotPassphrase, secret, cheap); err != nil {
		t.Fatal(err)
	}
	img := s.Bytes()
	r, err := parse(area(img, img))
	if err != nil {
		t.Fatal(err)
	}
	if slot, err := r.Unlock(SlotPassphrase, secret); slot != 2 || err != nil {
		t.Error(slot, err)
	}
}

// The second reader, which knows FORMAT.md only, reads a copy.
func TestSecondReaderOfCopy(t *testing.T) {
	c, err := newHeader(t).Copy()
	if err != nil {
		t.Fatal(err)
	}
	f := createUnder(t, c)
	f.exec(t, "CREATE TABLE t(x); INSERT INTO t VALUES('a row in a copy')")
	f.close(t)
	b, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	r := newSecondReader(t, b, secret)
	found := false
	for pg := 1; HeaderSize+pg*4096 <= len(b); pg++ {
		found = found || bytes.Contains(r.record(r.pages, 1, uint64(pg), b[HeaderSize+(pg-1)*4096:HeaderSize+pg*4096]), []byte("a row in a copy"))
	}
	if !found {
		t.Error("the row is in no page")
	}
}
