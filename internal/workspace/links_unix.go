//go:build unix

package workspace

import (
	"os"
	"syscall"
)

// hardLinked reports whether a file has a second name. Under each name it would have a lock and a write-ahead log of its own.
func hardLinked(fi os.FileInfo) bool {
	s, ok := fi.Sys().(*syscall.Stat_t)
	return ok && s.Nlink > 1
}
