//go:build !unix

package workspace

import "os"

// hardLinked is not known here.
func hardLinked(os.FileInfo) bool { return false }
