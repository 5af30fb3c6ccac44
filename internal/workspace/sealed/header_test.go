package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// opens tells which of the secrets opens a header area.
func opens(img []byte, secrets ...string) string {
	h, err := parse(img)
	if err != nil {
		return err.Error()
	}
	for _, p := range secrets {
		switch _, err := h.Unlock(SlotPassphrase, []byte(p)); {
		case err == nil:
			return p
		case !errors.Is(err, ErrWrongSecret):
			return err.Error()
		}
	}
	return "none"
}

// forge changes a header copy and mends its checksum, as anybody can who may write the file.
func forge(good []byte, change func(b []byte)) []byte {
	b := bytes.Clone(good)
	change(b)
	sum := sha256.Sum256(b[:sumOff])
	copy(b[sumOff:], sum[:])
	return b
}

// A power cut while the header is rewritten tears at most the copy being written, at 512 bytes: in each of the 2 * 256
// states the old or the new secret opens it, and once copy A is whole the new one does.
func TestHeaderTornRewrite(t *testing.T) {
	h := newHeader(t)
	old := h.Bytes()
	if err := h.SetSlot(0, SlotPassphrase, []byte("two"), cheap); err != nil {
		t.Fatal(err)
	}
	now := h.Bytes()
	for m := range 256 {
		torn := bytes.Clone(old)
		for s := range 8 {
			if m&(1<<s) != 0 {
				copy(torn[s*512:(s+1)*512], now[s*512:])
			}
		}
		want := string(secret)
		if bytes.Equal(torn, now) {
			want = "two"
		}
		// The new secret first: in the state where A is whole and B old, the old one opens B still.
		if got := opens(area(torn, old), "two", string(secret)); got != want {
			t.Errorf("copy A torn %08b: %s, want %s", m, got, want)
		}
		if got := opens(area(now, torn), "two"); got != "two" {
			t.Errorf("copy B torn %08b: %s", m, got)
		}
	}
}

// Whoever can write the file can compute the checksum, but must not get a cheaper KDF, another slot or other
// parameters accepted.
func TestHeaderForged(t *testing.T) {
	h := newHeader(t)
	if err := h.SetSlot(3, SlotRecovery, []byte("recovery"), cheap); err != nil {
		t.Fatal(err)
	}
	good := h.Bytes()
	if got := opens(area(good, good), string(secret)); got != string(secret) {
		t.Fatal(got)
	}
	for name, change := range map[string]func(b []byte){
		"cipher":        func(b []byte) { b[cipherOff] = 2 },
		"page size":     func(b []byte) { binary.LittleEndian.PutUint32(b[pageOff:], 8192) },
		"file id":       func(b []byte) { b[idOff]++ },
		"sequence":      func(b []byte) { b[seqOff]++ },
		"format":        func(b []byte) { b[formatOff]++ },
		"lowest reader": func(b []byte) { b[readerOff] = 0 },
		"passes":        func(b []byte) { b[slotOff+slotPasses]++ },
		"memory":        func(b []byte) { b[slotOff+slotMemory]++ },
		"lanes":         func(b []byte) { b[slotOff+slotLanes]++ },
		"salt":          func(b []byte) { b[slotOff+slotSalt]++ },
		"nonce":         func(b []byte) { b[slotOff+slotNonce]++ },
		"wrapped key":   func(b []byte) { b[slotOff+slotKey]++ },
		"slot moved": func(b []byte) {
			copy(b[slotOff+slotLen:], b[slotOff:slotOff+slotLen])
			clear(b[slotOff : slotOff+slotLen])
		},
		"slot cleared": func(b []byte) { clear(b[slotOff+3*slotLen : slotOff+4*slotLen]) },
		"spare bytes":  func(b []byte) { b[2000]++ },
		"HMAC":         func(b []byte) { b[hmacOff]++ },
	} {
		b := forge(good, change)
		if got := opens(area(b, b), string(secret)); got == string(secret) {
			t.Errorf("%s forged in both copies: opened", name)
		}
		// In one copy, with a number that wins: the other copy opens.
		b = forge(good, func(b []byte) { change(b); b[seqOff+1] = 200 })
		for _, img := range [][]byte{area(b, good), area(good, b)} {
			if got := opens(img, string(secret)); got != string(secret) {
				t.Errorf("%s forged in one copy: %s", name, got)
			}
		}
	}
}

// Costs that no program sets would exhaust the reader before anything can be authenticated.
func TestAbsurdCosts(t *testing.T) {
	good := newHeader(t).Bytes()
	for name, change := range map[string]func(s []byte){
		"memory":    func(s []byte) { binary.LittleEndian.PutUint32(s[slotMemory:], MaxMemoryKiB+1) },
		"passes":    func(s []byte) { binary.LittleEndian.PutUint32(s[slotPasses:], MaxPasses+1) },
		"no passes": func(s []byte) { binary.LittleEndian.PutUint32(s[slotPasses:], 0) },
		"lanes":     func(s []byte) { s[slotLanes] = 255 },
		"no lanes":  func(s []byte) { s[slotLanes] = 0 },
	} {
		b := forge(good, func(b []byte) { change(b[slotOff:]) })
		h, err := parse(area(b, b))
		if err == nil {
			_, err = h.Unlock(SlotPassphrase, secret)
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// "Newer than this program", "damaged" and "not a workspace" are three different things.
func TestHeaderKinds(t *testing.T) {
	h := newHeader(t)
	good := h.Bytes()
	newer := forge(good, func(b []byte) {
		b[formatOff], b[readerOff] = FormatVersion+1, FormatVersion+1
		clear(b[slotOff : slotOff+slotLen]) // whatever it means by then
	})
	readable := forge(good, func(b []byte) { b[formatOff] = FormatVersion + 1 })
	flipped := bytes.Clone(good)
	flipped[100] ^= 1
	zero := make([]byte, copyLen)
	for _, c := range []struct {
		name string
		img  []byte
		want error
	}{
		{"good", area(good, good), nil},
		{"only A", area(good, zero), nil},
		{"only B", area(zero, good), nil},
		{"A flipped", area(flipped, good), nil},
		{"newer", area(newer, newer), ErrNewer},
		{"newer, being upgraded", area(newer, good), ErrNewer},
		{"newer, readable by older programs", area(readable, readable), nil},
		{"both flipped", area(flipped, flipped), ErrDamaged},
		{"cut in the copy", good[:1000], ErrDamaged},
		{"cut after the magic", good[:8], ErrDamaged},
		{"cut in the magic", good[:7], ErrNotWorkspace},
		{"empty", nil, ErrNotWorkspace},
		{"zeros", make([]byte, HeaderSize), ErrNotWorkspace},
		{"plain SQLite", []byte("SQLite format 3\x00 and more"), ErrNotWorkspace},
	} {
		if _, err := parse(c.img); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// Every secret opens its own slot only, and all slots give the same data key.
func TestSlots(t *testing.T) {
	h := newHeader(t)
	kind := func(i int) SlotType {
		if i == 7 {
			return SlotRecovery
		}
		return SlotPassphrase
	}
	for i := 1; i < Slots; i++ {
		if err := h.SetSlot(i, kind(i), []byte(fmt.Sprint("secret ", i)), cheap); err != nil {
			t.Fatal(err)
		}
	}
	h.PutSlot(5, Slot{})
	b := h.Bytes()
	read := func() *Header {
		r, err := parse(area(b, b))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := 1; i < Slots; i++ {
		r := read()
		slot, err := r.Unlock(kind(i), []byte(fmt.Sprint("secret ", i)))
		switch {
		case i == 5:
			if !errors.Is(err, ErrWrongSecret) {
				t.Error("cleared slot:", err)
			}
		case err != nil || slot != i || !bytes.Equal(r.dataKey, h.dataKey):
			t.Error("slot", i, slot, err)
		}
	}
	if _, err := read().Unlock(SlotPassphrase, []byte("secret 7")); !errors.Is(err, ErrWrongSecret) {
		t.Error("the recovery code must not pass as a passphrase:", err)
	}
	if err := h.SetSlot(Slots, SlotPassphrase, secret, cheap); err == nil {
		t.Error("a ninth slot was set")
	}
	r := read()
	if err := r.SetSlot(1, SlotPassphrase, secret, cheap); err == nil || r.Bytes() != nil {
		t.Error("a locked header was changed or written")
	}
}

// After Unlock found the good copy, what is written next must win over the forged one.
func TestForgedCopyIsOutnumbered(t *testing.T) {
	good := newHeader(t).Bytes()
	forged := forge(good, func(b []byte) { b[2000]++; b[seqOff+1] = 200 })
	h, err := parse(area(good, forged))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Unlock(SlotPassphrase, secret); err != nil || !h.NeedsRewrite() {
		t.Fatal(err, h.NeedsRewrite())
	}
	img := area(h.Bytes(), forged) // a power cut after copy A
	r, err := parse(img)
	if err != nil {
		t.Fatal(err)
	}
	if r.b[2000] != 0 {
		t.Error("the forged copy won again")
	}
}

// Any bytes for a header: an error or a header whose numbers are sane, never a panic. The checksum is mended, or
// nothing would get past it. Unlocking is tried only where the costs are small.
func FuzzHeader(f *testing.F) {
	good := newHeader(f).Bytes()
	f.Add(good[:1600], uint8(0)) // the slots end at 1600
	f.Add(good[:64], uint8(1))
	f.Add([]byte(magic), uint8(2))
	f.Fuzz(func(t *testing.T, start []byte, cost uint8) {
		c := forge(good, func(b []byte) {
			copy(b[:sumOff], start)
			for i := range Slots {
				s := b[slotOff+i*slotLen:]
				if cost != 0 && (binary.LittleEndian.Uint32(s[slotPasses:]) > 2 || binary.LittleEndian.Uint32(s[slotMemory:]) > 1024) {
					s[0] = 0
				}
			}
		})
		h, err := parse(area(c, nil))
		if err != nil {
			return
		}
		if p := h.PageSize(); p < 1024 || p > 65536 {
			t.Error("page size", p)
		}
		if cost == 0 {
			return
		}
		if _, err := h.Unlock(SlotPassphrase, secret); err == nil && !bytes.Equal(c, good) {
			t.Error("a changed header opened")
		}
	})
}
