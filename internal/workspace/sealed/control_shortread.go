//go:build sealed_control_shortread

package sealed

// A control of the tests, never for use: a page that was cut off reads as zeros, so TestTruncated must find wrong data.

// #cgo CFLAGS: -DSEALED_CONTROL_SHORT_READ
import "C"
