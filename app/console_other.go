//go:build !windows

package main

// attachConsole does nothing: only Windows tells programs with a window and with a console apart.
func attachConsole() {}
