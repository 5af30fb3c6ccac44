package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// Name is the VFS's name in a URI.
	Name = "trestle"
	// Overhead is what a sealed record is longer than its text: a 16-byte tag and a 24-byte nonce. SQLite must
	// keep as many bytes of each page reserved (file control ReserveBytes), or the first write fails.
	Overhead = tagLen + nonceLen

	tagLen   = 16
	nonceLen = 24

	// ReserveBytes is SQLITE_FCNTL_RESERVE_BYTES.
	ReserveBytes = 38
	// NoSharedMemory is the extended code of SQLITE_CANTOPEN that opening gives where there is no shared memory, and
	// so no write-ahead log.
	NoSharedMemory = 14 | 200<<8
	// WriteHeader is a file control of the VFS: rewrite both header copies through SQLite's own file handle.
	WriteHeader = 0x45560001
)

// Ciphers for the records. The key slots always use XChaCha20-Poly1305.
const (
	XChaCha20Poly1305 = 1
	AES256GCM         = 2 // 96-bit random nonces: at most 2^32 records for one data key
)

// What a record is; its tag covers this. Keep in step with vfs.c.
const (
	rolePage      = 1
	roleWALHeader = 2
	roleFrameHdr  = 3
	roleFramePage = 4
	roleChunk     = 5
)

// An Event is a record that failed authentication.
type Event struct {
	Role  int    // 1 page, 2 WAL header, 3 frame header, 4 frame page, 5 chunk of a temporary file
	Index uint64 // page number from 1 (0: page 1 was torn and a synthetic header stood in), frame or chunk from 0
}

func (e Event) String() string {
	switch e.Role {
	case rolePage:
		if e.Index == 0 {
			return "page 1 unreadable before recovery"
		}
		return fmt.Sprintf("page %d damaged or changed", e.Index)
	case roleWALHeader:
		return "log header damaged or changed"
	case roleFrameHdr, roleFramePage:
		return fmt.Sprintf("log record %d damaged, changed or torn", e.Index)
	}
	return fmt.Sprintf("part %d of a temporary file damaged or changed", e.Index)
}

// maxEvents is how many events are listed; all are counted.
const maxEvents = 100

// Keys are the live keys of one open workspace. SQLite's URI names them by a small number, so no key is ever part of
// SQL text or of a data source name.
type Keys struct {
	id       int64
	pageSize int
	fileID   [16]byte
	live     atomic.Pointer[sealers] // nil after Drop
	header   func() []byte

	headerDone atomic.Int64 // SQLite's code of the last writing of the header, plus 1; 0 is none since HeaderWritten
	failures   atomic.Int64
	mu         sync.Mutex
	events     []Event // the first maxEvents
}

// sealers hold the expanded sub-keys. They are apart from Keys, which may be kept for its counts after Drop.
type sealers struct {
	page cipher.AEAD // pages of the main database
	log  cipher.AEAD // WAL; for the temporary keys, temporary files
}

// The table of live keys. vfs.c asks it for every record. Its lock is never held while SQLite is called.
var (
	tableMu sync.RWMutex
	nextID  int64
	table   = map[int64]*Keys{}
)

func newAEAD(cipherID int, key []byte) (cipher.AEAD, error) {
	switch cipherID {
	case XChaCha20Poly1305:
		return chacha20poly1305.NewX(key)
	case AES256GCM:
		b, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(b)
	}
	return nil, fmt.Errorf("sealed: unknown cipher %d", cipherID)
}

// newKeys derives the sub-keys of a data key and enters them in the table.
func newKeys(dataKey []byte, fileID [16]byte, pageSize, cipherID int, header func() []byte) (*Keys, error) {
	k := &Keys{pageSize: pageSize, fileID: fileID, header: header}
	derive := func(info string) (a cipher.AEAD, err error) {
		guard(func() {
			sub := subKey(dataKey, fileID[:], info)
			a, err = newAEAD(cipherID, sub)
			clear(sub)
		})
		return
	}
	var err error
	s := &sealers{}
	if s.page, err = derive(infoPages); err != nil {
		return nil, err
	}
	if s.log, err = derive(infoLog); err != nil {
		return nil, err
	}
	k.live.Store(s)
	tableMu.Lock()
	nextID++
	k.id = nextID
	table[k.id] = k
	tableMu.Unlock()
	return k, nil
}

// Drop forgets the keys: every later read or write of their workspace fails. Close the connections first.
func (k *Keys) Drop() {
	tableMu.Lock()
	delete(table, k.id)
	tableMu.Unlock()
	k.live.Store(nil) // whoever still holds k must not keep the keys in memory
}

func keysByID(id int64) *Keys {
	tableMu.RLock()
	k := table[id]
	tableMu.RUnlock()
	return k
}

// HeaderWritten gives SQLite's code of the last file control WriteHeader, 0 for success. The driver asks the connection for the
// error of a file control, which does not know of it, and so says that all is well. ok is false if none ran since the last call.
func (k *Keys) HeaderWritten() (code int, ok bool) {
	n := k.headerDone.Swap(0)
	return int(n) - 1, n > 0
}

// PageSize is the workspace's page size in bytes.
func (k *Keys) PageSize() int { return k.pageSize }

// Failures counts the records that failed authentication since the keys were made.
func (k *Keys) Failures() int64 { return k.failures.Load() }

// Events lists the first of them.
func (k *Keys) Events() []Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Event(nil), k.events...)
}

func (k *Keys) event(e Event) {
	k.failures.Add(1)
	k.mu.Lock()
	if len(k.events) < maxEvents {
		k.events = append(k.events, e)
	}
	k.mu.Unlock()
}

// URI is the data source name of the file at path under these keys. More parameters can be added with "&".
func (k *Keys) URI(path string) string {
	p := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path))
	if strings.HasPrefix(p, "//") {
		p = "//" + p // a UNC path: SQLite takes what follows two slashes for a host
	}
	return fmt.Sprintf("file:%s?vfs=%s&key=%d", p, Name, k.id)
}

// aead is the cipher for records of a role, or nil after Drop.
func (k *Keys) aead(role int) cipher.AEAD {
	s := k.live.Load()
	switch {
	case s == nil:
		return nil
	case role == rolePage:
		return s.page
	}
	return s.log
}

// aad is what a record's tag covers beside its text: role, place, file. So a record cannot be moved within a file,
// from one kind of file to another, or from another workspace.
func (k *Keys) aad(role int, idx uint64) (a [25]byte) {
	a[0] = byte(role)
	binary.LittleEndian.PutUint64(a[1:], idx)
	copy(a[9:], k.fileID[:])
	return
}

// seal writes ciphertext, tag, nonce to dst, which is Overhead longer than src. They may start at the same byte.
// It reports false when the keys were dropped.
func (k *Keys) seal(role int, idx uint64, dst, src []byte) bool {
	rand.Read(dst[len(src)+tagLen:]) // 192 random bits at each write; rand.Read never fails
	return k.sealWithNonce(role, idx, dst, src)
}

// sealWithNonce is seal with the nonce already in its place at the end of dst. Only seal and the test of the format's
// vectors call it: a nonce used twice under one key gives both texts away.
func (k *Keys) sealWithNonce(role int, idx uint64, dst, src []byte) bool {
	a := k.aead(role)
	if a == nil {
		return false
	}
	nonce := dst[len(src)+tagLen:]
	aad := k.aad(role, idx)
	a.Seal(dst[:0], nonce[:a.NonceSize()], src, aad[:])
	return true
}

// open is seal's inverse; it reports whether src is authentic. They may start at the same byte.
func (k *Keys) open(role int, idx uint64, dst, src []byte) bool {
	a := k.aead(role)
	if a == nil {
		return false
	}
	n := len(src) - Overhead
	nonce := src[n+tagLen:]
	aad := k.aad(role, idx)
	_, err := a.Open(dst[:0], nonce[:a.NonceSize()], src[:n+tagLen], aad[:])
	return err == nil
}
