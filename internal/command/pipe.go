package command

import (
	"errors"
	"io"
	"runtime"
	"syscall"
)

// isBrokenPipe says whether err means that the reader of our output has gone.
func isBrokenPipe(err error) bool {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return true
	}
	var n syscall.Errno
	if runtime.GOOS == "windows" && errors.As(err, &n) {
		return n == 109 || n == 232 // ERROR_BROKEN_PIPE, ERROR_NO_DATA
	}
	return false
}
