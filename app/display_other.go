//go:build !linux && !freebsd && !openbsd && !netbsd

package main

// hasDisplay says why no window can be opened, or nil: Windows and macOS sessions have a display.
func hasDisplay() error { return nil }
