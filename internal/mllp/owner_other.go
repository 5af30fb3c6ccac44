//go:build !linux && !windows

package mllp

import (
	"errors"
	"syscall"
)

func isTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// errForbidden is the error of a port that the system keeps for others.
var errForbidden error = syscall.EACCES

// portOwner is "": this system tells only its administrator.
func portOwner(uint16) string { return "" }
