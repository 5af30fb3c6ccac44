//go:build unix

package hl7

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far, the collector included.
// On a machine that does other work it says more than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
