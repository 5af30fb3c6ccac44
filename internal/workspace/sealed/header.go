package sealed

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Places in a header copy; FORMAT.md §2 is the full table.
const (
	// HeaderSize is the offset of page 1: the header area with both copies.
	HeaderSize = 65536

	copyLen   = 4096
	copyBOff  = HeaderSize / 2
	magic     = "TRESTLE\x1a"
	cipherOff = 8
	pageOff   = 12
	sizeOff   = 16
	idOff     = 20
	seqOff    = 36
	formatOff = 44
	readerOff = 48
	slotOff   = 64
	slotLen   = 192
	originOff = 1600 // the workspace id of a copy; zero in a file that is its own origin
	originEnd = 1616
	hmacOff   = 4032
	sumOff    = 4064

	// Slots is how many key slots a header has.
	Slots = 8
)

// Versions of the format. A program reads a file if the file's lowest reader version is not above its own
// FormatVersion. The magic, bytes 44 to 51 and the checksum keep their places in every version, so that a program can
// always tell "newer than this program" from "damaged".
const (
	FormatVersion = 2
	formatPlain   = 1 // files that are their own origin: as in version 1, and readable by it
	formatCopy    = 2 // files with the id of another: copies, and files with a new data key
)

// What can be wrong with a file before anything in it was decrypted.
var (
	ErrNotWorkspace = errors.New("not a workspace file")
	ErrDamaged      = errors.New("workspace header is damaged")
	ErrNewer        = errors.New("workspace was made by a newer program")
	ErrNoPages      = errors.New("workspace has a header and no pages: cut off, or its creation did not finish")
	ErrWrongSecret  = errors.New("wrong passphrase")
	errLocked       = errors.New("sealed: header is locked")
)

// image is one header copy as it lies on disk.
type image [copyLen]byte

func (b *image) u32(o int) uint32      { return binary.LittleEndian.Uint32(b[o:]) }
func (b *image) put32(o int, v uint32) { binary.LittleEndian.PutUint32(b[o:], v) }
func (b *image) seq() uint64           { return binary.LittleEndian.Uint64(b[seqOff:]) }
func (b *image) slot(i int) []byte     { return b[slotOff+i*slotLen : slotOff+(i+1)*slotLen] }

// intact reports whether the checksum holds. It finds torn and damaged copies, not forged ones.
func (b *image) intact() bool {
	sum := sha256.Sum256(b[:sumOff])
	return bytes.Equal(sum[:], b[sumOff:])
}

// sane checks the fields that are used before the HMAC can be.
func (b *image) sane() bool {
	c := b.u32(cipherOff)
	return validPageSize(int(b.u32(pageOff))) && b.u32(sizeOff) == HeaderSize && (c == XChaCha20Poly1305 || c == AES256GCM)
}

// mac is the HMAC of everything before it, under a key from the data key.
func (b *image) mac(dataKey []byte) []byte {
	k := subKey(dataKey, b[idOff:seqOff], infoHeader)
	defer clear(k)
	m := hmac.New(sha256.New, k)
	m.Write(b[:hmacOff])
	return m.Sum(nil)
}

// origin is the workspace id: what stays the same in copies of a workspace, while each copy has a file id of its own. It
// stands in place of the file id in the tag of a slot, so that the slots of a copy are those of the original.
func (b *image) origin() []byte {
	if o := b[originOff:originEnd]; !allZero(o) {
		return o
	}
	return b[idOff:seqOff]
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Header is one workspace's header. It is locked until New or Unlock gives it the data key. Its methods may be called
// from several goroutines.
type Header struct {
	mu      sync.Mutex
	b       image
	other   *image // an intact copy that differs from b: Unlock tries it if b does not open
	dataKey []byte
	mend    bool // the copies on disk differ from each other or one is damaged
}

func validPageSize(n int) bool { return n >= 1024 && n <= 65536 && n&(n-1) == 0 }

// New makes a header with a random data key and file id, and no slot. Page sizes are the powers of two from 1,024 to
// 65,536 bytes.
func New(pageSize, cipherID int) (*Header, error) {
	h := &Header{}
	copy(h.b[:], magic)
	h.b.put32(cipherOff, uint32(cipherID))
	h.b.put32(pageOff, uint32(pageSize))
	h.b.put32(sizeOff, HeaderSize)
	h.b.put32(formatOff, formatPlain)
	h.b.put32(readerOff, formatPlain)
	if !h.b.sane() {
		return nil, fmt.Errorf("sealed: page size %d or cipher %d is not supported", pageSize, cipherID)
	}
	guard(func() { h.dataKey = make([]byte, 32); rand.Read(h.dataKey) }) // rand.Read never fails
	rand.Read(h.b[idOff:seqOff])
	return h, nil
}

// Parse finds the newest intact header copy. The other copy is kept beside it: whoever can write the file can give a
// forged copy a right checksum and a high sequence number, and then the good copy must still open.
func Parse(r io.ReaderAt) (*Header, error) {
	var good []*image
	seen, newer := false, false
	for _, off := range []int64{0, copyBOff} {
		b := &image{}
		n, err := r.ReadAt(b[:], off)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if n < len(magic) || string(b[:len(magic)]) != magic {
			continue
		}
		seen = true
		switch {
		case n < copyLen || !b.intact():
		case b.u32(readerOff) > FormatVersion:
			newer = true
		case b.sane():
			good = append(good, b)
		}
	}
	switch {
	case newer: // even if the other copy is older: a newer program is changing this file
		return nil, ErrNewer
	case len(good) == 0 && seen:
		return nil, ErrDamaged
	case len(good) == 0:
		return nil, ErrNotWorkspace
	}
	h := &Header{b: *good[0], mend: len(good) < 2}
	if len(good) == 2 && *good[1] != h.b {
		h.mend = true
		h.other = good[1]
		if h.other.seq() > h.b.seq() {
			h.other, h.b = good[0], *good[1]
		}
	}
	return h, nil
}

// FileID is the workspace's random identity.
func (h *Header) FileID() (id [16]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(id[:], h.b[idOff:])
	return
}

// WorkspaceID is what a workspace has in common with its copies. It is the file id of the first of them.
func (h *Header) WorkspaceID() (id [16]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	copy(id[:], h.b.origin())
	return
}

// Copy makes a header for a copy of this workspace: a new file id, and so new keys for pages and log, but the same data
// key, slots and workspace id. So whoever can open this workspace now can open the copy, and no page of one is authentic in
// the other.
func (h *Header) Copy() (*Header, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dataKey == nil {
		return nil, errLocked
	}
	c := &Header{b: h.b}
	copy(c.b[originOff:originEnd], h.b.origin())
	rand.Read(c.b[idOff:seqOff])
	binary.LittleEndian.PutUint64(c.b[seqOff:], 0)
	c.b.put32(formatOff, formatCopy)
	c.b.put32(readerOff, formatCopy)
	guard(func() { c.dataKey = bytes.Clone(h.dataKey) })
	return c, nil
}

// Successor makes a header for the same workspace under a new data key. It has no slot.
func (h *Header) Successor() (*Header, error) {
	c, err := New(h.PageSize(), h.Cipher())
	if err != nil {
		return nil, err
	}
	id := h.WorkspaceID()
	copy(c.b[originOff:originEnd], id[:])
	c.b.put32(formatOff, formatCopy)
	c.b.put32(readerOff, formatCopy)
	return c, nil
}

// PageSize is the size of a page in bytes.
func (h *Header) PageSize() int { return int(h.b.u32(pageOff)) }

// Cipher is the cipher of the records.
func (h *Header) Cipher() int { return int(h.b.u32(cipherOff)) }

// Format is the version of the format that the file was written with.
func (h *Header) Format() int { return int(h.b.u32(formatOff)) }

// NeedsRewrite reports that one copy on disk is damaged, forged or older than the other. Writing the header once
// (file control WriteHeader) makes both whole.
func (h *Header) NeedsRewrite() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mend
}

// Bytes closes the header for writing: next sequence number, HMAC, checksum. It is nil when the header is locked.
func (h *Header) Bytes() (b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dataKey == nil {
		return nil
	}
	guard(func() {
		binary.LittleEndian.PutUint64(h.b[seqOff:], h.b.seq()+1)
		copy(h.b[hmacOff:], h.b.mac(h.dataKey))
		sum := sha256.Sum256(h.b[:sumOff])
		copy(h.b[sumOff:], sum[:])
		b = bytes.Clone(h.b[:])
	})
	return
}

// Keys makes the workspace's keys known to the VFS.
func (h *Header) Keys() (*Keys, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dataKey == nil {
		return nil, errLocked
	}
	var id [16]byte
	copy(id[:], h.b[idOff:])
	return newKeys(h.dataKey, id, h.PageSize(), h.Cipher(), h.Bytes)
}

// Derive gives a 32-byte key for a purpose outside the file's own records, such as a MAC chain inside the database. Copies
// of a workspace have it in common.
func (h *Header) Derive(info string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dataKey == nil {
		return nil, errLocked
	}
	return subKey(h.dataKey, h.b.origin(), info), nil
}

// Wipe forgets the data key.
func (h *Header) Wipe() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.dataKey)
	h.dataKey = nil
}

// Purposes of sub-keys. A workspace with the same passphrase shares none of them: the salt is the file id, and the
// data key is random.
const (
	infoPages  = "trestle/pages"
	infoLog    = "trestle/log"
	infoHeader = "trestle/header"
)

// subKey is HKDF-SHA256(data key, salt = file id, info).
func subKey(dataKey, fileID []byte, info string) (k []byte) {
	guard(func() {
		var err error
		if k, err = hkdf.Key(sha256.New, dataKey, fileID, info, 32); err != nil {
			panic(err) // only for lengths, which are constant here
		}
	})
	return
}
