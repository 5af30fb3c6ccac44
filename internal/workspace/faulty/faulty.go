package faulty

/*
#cgo CFLAGS: -std=gnu99 -O2 -Wall -Wextra
#include <stdlib.h>
int faultyRegister(void);
int faultyDefault(const char *name);
void faultyArm(int call, int how, long long after, int times);
long long faultyHit(void);
long long faultyCalls(int call);
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // the SQLite that faulty.c is linked with; see package sealed
)

// Call is a kind of call that can fail.
type Call int

// The calls.
const (
	Read Call = 1 + iota
	Write
	Sync
	Truncate
)

func (c Call) String() string { return [...]string{"none", "read", "write", "sync", "truncate"}[c] }

// How is what a failing call does.
type How int

// Error fails with SQLite's I/O error for the call. Part writes the first half and says that the disk is full. Full
// writes nothing and says that the disk is full. Lie does nothing and says that it worked, for writes and syncs.
const (
	Error How = iota
	Part
	Full
	Lie
)

func (h How) String() string { return [...]string{"error", "part", "full", "lie"}[h] }

// Fault is what is to fail: calls of a kind, but for the first After, Times of them, 0 for all that follow.
type Fault struct {
	Call  Call
	How   How
	After int
	Times int
}

var register = sync.OnceValue(func() error {
	if rc := C.faultyRegister(); rc != 0 {
		return fmt.Errorf("faulty: SQLite refused the VFS (%d)", int(rc))
	}
	return nil
})

// Register puts the failing disk below whatever is registered over the default VFS afterwards.
func Register() error { return register() }

// UseVFS makes a VFS that SQLite brings, such as "unix-dotfile", the default one.
func UseVFS(name string) error {
	z := C.CString(name)
	defer C.free(unsafe.Pointer(z))
	if rc := C.faultyDefault(z); rc != 0 {
		return fmt.Errorf("faulty: no VFS %q (%d)", name, int(rc))
	}
	return nil
}

// Arm chooses the fault and starts counting.
func Arm(f Fault) { C.faultyArm(C.int(f.Call), C.int(f.How), C.longlong(f.After), C.int(f.Times)) }

// Disarm lets every call through and gives the number of those that failed.
func Disarm() int {
	n := int(C.faultyHit())
	C.faultyArm(0, 0, 0, 0)
	return n
}

// Calls is how many calls of a kind there have been in this process.
func Calls(c Call) int { return int(C.faultyCalls(C.int(c))) }
