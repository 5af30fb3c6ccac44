package sealed

/*
#cgo CFLAGS: -std=gnu99 -O2 -Wall -Wextra
#include <stdlib.h>
typedef unsigned long long sealed_u64;
int sealedRegister(const char *zBase);
*/
import "C"

import (
	"crypto/rand"
	"fmt"
	"sync"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // the SQLite that vfs.c is linked with
)

// How the two halves find each other. vfs.c leaves SQLite's functions undefined; cgo's probe link fails on them, and
// the go command then links externally, where they are found in the object that mattn's package compiles. No
// LDFLAGS are needed. The functions below are called by vfs.c for every record; they return 0 when they worked.

var (
	registerOnce sync.Once
	registerErr  error
)

// Register makes the VFS known to SQLite. It may be called any number of times.
func Register() error { return registerOver("") }

// registerOver registers the VFS over the named one; tests use it to stand on a VFS without shared memory.
func registerOver(base string) error {
	registerOnce.Do(func() {
		var z *C.char
		if base != "" {
			z = C.CString(base)
			defer C.free(unsafe.Pointer(z))
		}
		if rc := C.sealedRegister(z); rc != 0 {
			registerErr = fmt.Errorf("sealed: SQLite refused the VFS (%d)", int(rc))
		}
	})
	return registerErr
}

//export sealedKeyInfo
func sealedKeyInfo(id C.sealed_u64, page, hdr *C.int) C.int {
	k := keysByID(int64(id))
	if k == nil {
		return 1
	}
	*page, *hdr = C.int(k.pageSize), C.int(HeaderSize)
	return 0
}

//export sealedSeal
func sealedSeal(id C.sealed_u64, role C.int, idx C.sealed_u64, in unsafe.Pointer, n C.int, out unsafe.Pointer) C.int {
	k := keysByID(int64(id))
	if k == nil || !k.seal(int(role), uint64(idx), unsafe.Slice((*byte)(out), int(n)+Overhead), unsafe.Slice((*byte)(in), int(n))) {
		return 1
	}
	return 0
}

//export sealedOpen
func sealedOpen(id C.sealed_u64, role C.int, idx C.sealed_u64, in unsafe.Pointer, n C.int, out unsafe.Pointer) C.int {
	k := keysByID(int64(id))
	if k == nil || !k.open(int(role), uint64(idx), unsafe.Slice((*byte)(out), int(n)), unsafe.Slice((*byte)(in), int(n)+Overhead)) {
		return 1
	}
	return 0
}

//export sealedHeader
func sealedHeader(id C.sealed_u64, out unsafe.Pointer, n C.int) C.int {
	k := keysByID(int64(id))
	if k == nil || k.header == nil {
		return 1
	}
	b := k.header()
	if len(b) != int(n) {
		return 1
	}
	copy(unsafe.Slice((*byte)(out), int(n)), b)
	return 0
}

//export sealedHeaderDone
func sealedHeaderDone(id C.sealed_u64, rc C.int) {
	if k := keysByID(int64(id)); k != nil {
		k.headerDone.Store(int64(rc) + 1)
	}
}

// tempKeys are random keys for temporary files, which never leave this process.
var tempKeys = sync.OnceValue(func() *Keys {
	dataKey := make([]byte, 32)
	rand.Read(dataKey)
	defer clear(dataKey)
	var id [16]byte
	rand.Read(id[:])
	k, err := newKeys(dataKey, id, 4096, XChaCha20Poly1305, nil)
	if err != nil {
		panic(err) // only for an unknown cipher
	}
	return k
})

//export sealedTempKey
func sealedTempKey() C.sealed_u64 { return C.sealed_u64(tempKeys().id) }

//export sealedEvent
func sealedEvent(id C.sealed_u64, role C.int, idx C.sealed_u64) {
	if k := keysByID(int64(id)); k != nil {
		k.event(Event{int(role), uint64(idx)})
	}
}
