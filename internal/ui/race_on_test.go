//go:build race

package ui

// raced says that the race detector is on, which makes painting fifty times slower. Tests that only paint are left to
// the run without it; see the Makefile.
const raced = true
