//go:build sealed_control_nosynth

package sealed

// A control of the tests, never for use: page 1 torn by a power cut is not bridged, so a workspace may not open after one.

// #cgo CFLAGS: -DSEALED_CONTROL_NO_SYNTH
import "C"
