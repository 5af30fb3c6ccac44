//go:build sealed_control_strictwal

package sealed

// A control of the tests, never for use: a torn record at the end of the log is an error, so a workspace may not open after a power cut.

// #cgo CFLAGS: -DSEALED_CONTROL_STRICT_WAL
import "C"
