//go:build !unix

package main

// keepMemoryOutOfFiles does nothing: Windows writes no dump of a program unless an administrator asked for it.
func keepMemoryOutOfFiles() {}
