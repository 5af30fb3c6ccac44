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

// slotAAD is what the tag of a wrapped data key covers: the slot's number, the header's fixed fields (magic, cipher,
// page size, header size, file id) and the slot's own type, costs and salt. So costs cannot be lowered, slots not
// moved, and the cipher not changed.
func slotAAD(b *image, i int) []byte {
	a := append([]byte{byte(i)}, b[:seqOff]...)
	return append(a, b.slot(i)[:slotNonce]...)
}

// keyEncryptionKey runs Argon2id. The result must be cleared.
func keyEncryptionKey(s, secret []byte) []byte {
	c := costOf(s)
	return argon2.IDKey(secret, s[slotSalt:slotNonce], c.Passes, c.MemoryKiB, c.Lanes, chacha20poly1305.KeySize)
}

// SetSlot wraps the data key under a secret. The header must be written afterwards.
func (h *Header) SetSlot(i int, typ SlotType, secret []byte, cost Cost) error {
	var random [slotKey - slotSalt]byte
	rand.Read(random[:])
	return h.setSlot(i, typ, secret, cost, random)
}

// setSlot is SetSlot with the salt (16 bytes) and nonce (24 bytes) given.
func (h *Header) setSlot(i int, typ SlotType, secret []byte, cost Cost, random [slotKey - slotSalt]byte) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.dataKey == nil:
		return errLocked
	case i < 0 || i >= Slots:
		return fmt.Errorf("sealed: no key slot %d", i)
	case !cost.Valid():
		return fmt.Errorf("sealed: costs outside the limits: %v", cost)
	}
	guard(func() {
		s := h.b.slot(i)
		clear(s)
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
		a.Seal(s[slotKey:slotKey], s[slotNonce:slotKey], h.dataKey, slotAAD(&h.b, i))
	})
	return
}

// ClearSlot empties a slot. The header must be written afterwards.
func (h *Header) ClearSlot(i int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.b.slot(i))
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
		key := keyEncryptionKey(s, secret)
		a, err := chacha20poly1305.NewX(key)
		clear(key)
		if err != nil {
			return 0, nil, err
		}
		dataKey, err := a.Open(nil, s[slotNonce:slotKey], s[slotKey:slotEnd], slotAAD(b, i))
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
