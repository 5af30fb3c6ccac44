package main

import (
	"fmt"
	"os"
)

// idleLine returns what writes the word "idle" to standard error each time the window has come to rest, where the
// environment asks for it. Tests of the real window wait for it instead of sleeping.
func idleLine() func() {
	if os.Getenv("TRESTLE_TEST_IDLE") == "" {
		return nil
	}
	return func() { fmt.Fprintln(os.Stderr, "idle") }
}
