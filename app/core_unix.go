//go:build unix

package main

import "golang.org/x/sys/unix"

// keepMemoryOutOfFiles forbids core files: they would hold messages and keys. An error means that the limit is lower
// still, or that the system has none; there is nothing to do about either.
func keepMemoryOutOfFiles() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}
