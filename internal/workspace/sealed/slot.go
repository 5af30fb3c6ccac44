package sealed

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// SlotType says what kind of secret opens a key slot.
type SlotType byte

// The types of key slots. Their numbers are part of the format.
const (
	SlotEmpty      SlotType = 0
	SlotPassphrase SlotType = 1
	SlotRecovery   SlotType = 2
	SlotKeyring    SlotType = 3 // 32 random bytes that a system's keyring keeps
)

// Places in a slot; FORMAT.md §3.
const (
	slotLanes  = 1
	slotPasses = 4
	slotMemory = 8
	slotSalt   = 12
	slotNonce  = 28
	slotKey    = 52
	slotEnd    = 100
)

// Cost is what one Argon2id run costs.
type Cost struct {
	Passes    uint32
	MemoryKiB uint32
	Lanes     uint8
}

// The largest costs that are accepted from a file. Argon2id runs before anything could be authenticated, so a forged
// header would else exhaust the reader.
const (
	MaxPasses    = 64
	MaxMemoryKiB = 2 << 20
	maxLanes     = 64
)

// Valid reports whether Argon2id can run at these costs within the limits of the format.
func (c Cost) Valid() bool {
	return c.Passes >= 1 && c.Passes <= MaxPasses && c.Lanes >= 1 && c.Lanes <= maxLanes &&
		c.MemoryKiB >= 8*uint32(c.Lanes) && c.MemoryKiB <= MaxMemoryKiB
}

func (c Cost) String() string {
	return fmt.Sprintf("Argon2id, %d MiB, %d passes, %d lanes", c.MemoryKiB>>10, c.Passes, c.Lanes)
}

func costOf(s []byte) Cost {
	return Cost{
		Passes:    binary.LittleEndian.Uint32(s[slotPasses:]),
		MemoryKiB: binary.LittleEndian.Uint32(s[slotMemory:]),
		Lanes:     s[slotLanes],
	}
}

// Slot is one key slot as it lies in the header.
type Slot [slotLen]byte

// slotAAD is what the tag of a wrapped data key covers: the slot's number, the header's fixed fields (magic, cipher,
// page size, header size, workspace id) and the slot's own type, costs and salt. So costs cannot be lowered, slots not
// moved, and the cipher not changed.
func slotAAD(b *image, i int, s []byte) []byte {
	a := append([]byte{byte(i)}, b[:idOff]...)
	a = append(a, b.origin()...)
	return append(a, s[:slotNonce]...)
}

// keyEncryptionKey runs Argon2id. The result must be cleared.
func keyEncryptionKey(s, secret []byte) []byte {
	c := costOf(s)
	return argon2.IDKey(secret, s[slotSalt:slotNonce], c.Passes, c.MemoryKiB, c.Lanes, chacha20poly1305.KeySize)
}

// SetSlot wraps the data key under a secret and puts it into a slot. The header must be written afterwards.
func (h *Header) SetSlot(i int, typ SlotType, secret []byte, cost Cost) error {
	s, err := h.SealSlot(i, typ, secret, cost)
	if err == nil {
		h.PutSlot(i, s)
	}
	return err
}

// SealSlot wraps the data key under a secret, for slot i. It does not change the header, so that an act which takes a second
// can be prepared before it is written down and done.
func (h *Header) SealSlot(i int, typ SlotType, secret []byte, cost Cost) (Slot, error) {
	var random [slotKey - slotSalt]byte
	rand.Read(random[:])
	return h.sealSlot(i, typ, secret, cost, random)
}

// sealSlot is SealSlot with the salt (16 bytes) and nonce (24 bytes) given.
func (h *Header) sealSlot(i int, typ SlotType, secret []byte, cost Cost, random [slotKey - slotSalt]byte) (slot Slot, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.dataKey == nil:
		return slot, errLocked
	case i < 0 || i >= Slots:
		return slot, fmt.Errorf("sealed: no key slot %d", i)
	case !cost.Valid():
		return slot, fmt.Errorf("sealed: costs outside the limits: %v", cost)
	}
	guard(func() {
		s := slot[:]
		s[0], s[slotLanes] = byte(typ), cost.Lanes
		binary.LittleEndian.PutUint32(s[slotPasses:], cost.Passes)
		binary.LittleEndian.PutUint32(s[slotMemory:], cost.MemoryKiB)
		copy(s[slotSalt:slotKey], random[:])
		key := keyEncryptionKey(s, secret)
		defer clear(key)
		a, e := chacha20poly1305.NewX(key)
		if e != nil {
			err = e
			return
		}
		a.Seal(s[slotKey:slotKey], s[slotNonce:slotKey], h.dataKey, slotAAD(&h.b, i, s))
	})
	return
}

// PutSlot replaces a slot, by an empty one too, and gives what was there. The header must be written afterwards.
func (h *Header) PutSlot(i int, s Slot) (old Slot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(old[:], h.b.slot(i))
	copy(h.b.slot(i), s[:])
	return
}

// Salt tells the slots of a workspace apart, in its copies too: the salt is made anew with each slot.
func (h *Header) Salt(i int) (salt [slotNonce - slotSalt]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(salt[:], h.b.slot(i)[slotSalt:])
	return
}

// Salt is that of a slot which is not in a header yet.
func (s Slot) Salt() (salt [slotNonce - slotSalt]byte) {
	copy(salt[:], s[slotSalt:])
	return
}

// Which tells which slot of the type the secret opens, in a header that is open. first is the slot to try first, since each
// costs one run of Argon2id. The error is ErrWrongSecret if it opens none.
func (h *Header) Which(typ SlotType, secret []byte, first int) (slot int, err error) {
	h.mu.Lock()
	b, own := h.b, bytes.Clone(h.dataKey)
	h.mu.Unlock()
	defer clear(own)
	if len(own) == 0 {
		return 0, errLocked
	}
	err = ErrWrongSecret
	guard(func() {
		for n := range Slots {
			i := (first + n) % Slots
			if SlotType(b.slot(i)[0]) != typ || !costOf(b.slot(i)).Valid() {
				continue
			}
			k, e := openSlot(&b, i, secret)
			same := e == nil && hmac.Equal(k, own)
			clear(k)
			if same {
				slot, err = i, nil
				return
			}
		}
	})
	return
}

// Slot tells a slot's type and costs.
func (h *Header) Slot(i int) (SlotType, Cost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.b.slot(i)
	return SlotType(s[0]), costOf(s)
}

// Unlock tries the secret on every slot of the type and returns the number of the slot that it opened. Each slot costs
// one run of Argon2id. A copy whose HMAC is wrong is forged or damaged in a way that the checksum was made to hide:
// then the other copy, if there is one, is tried.
func (h *Header) Unlock(typ SlotType, secret []byte) (slot int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	guard(func() {
		if slot, h.dataKey, err = unlock(&h.b, typ, secret); err == nil || h.other == nil {
			return
		}
		if errors.Is(err, ErrWrongSecret) && bytes.Equal(h.other[:seqOff], h.b[:seqOff]) && bytes.Equal(h.other[slotOff:hmacOff], h.b[slotOff:hmacOff]) {
			return // the same slots: the same answer, for another second of work
		}
		s, k, e := unlock(h.other, typ, secret)
		switch {
		case e == nil:
			seq := h.b.seq() // whatever is written next must win over the other copy
			h.b, h.other = *h.other, nil
			binary.LittleEndian.PutUint64(h.b[seqOff:], max(seq, h.b.seq()))
			slot, h.dataKey, err = s, k, nil
		case errors.Is(e, ErrDamaged):
			err = e
		}
	})
	return
}

// unlock opens one header copy.
func unlock(b *image, typ SlotType, secret []byte) (int, []byte, error) {
	failure := ErrWrongSecret
	for i := range Slots {
		s := b.slot(i)
		if SlotType(s[0]) != typ {
			continue
		}
		if !costOf(s).Valid() {
			failure = fmt.Errorf("%w: key slot %d asks for more than any program sets", ErrDamaged, i)
			continue
		}
		dataKey, err := openSlot(b, i, secret)
		if err != nil {
			continue
		}
		if !hmac.Equal(b.mac(dataKey), b[hmacOff:sumOff]) {
			clear(dataKey)
			return 0, nil, ErrDamaged
		}
		return i, dataKey, nil
	}
	return 0, nil, failure
}

// openSlot unwraps the data key from one slot whose costs are valid.
func openSlot(b *image, i int, secret []byte) ([]byte, error) {
	s := b.slot(i)
	key := keyEncryptionKey(s, secret)
	defer clear(key)
	a, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	return a.Open(nil, s[slotNonce:slotKey], s[slotKey:slotEnd], slotAAD(b, i, s))
}
