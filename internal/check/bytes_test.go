package check

import (
	"encoding/binary"
	"testing"
)

// TestPrintable: whatever stands beside it, a byte that needs a look is never
// taken for text, and text always is.
func TestPrintable(t *testing.T) {
	for _, neighbour := range []byte{0x20, 0x41, 0x7E} {
		for at := range 8 {
			for b := range 256 {
				var word [8]byte
				for i := range word {
					word[i] = neighbour
				}
				word[at] = byte(b)
				if got, want := printable(binary.LittleEndian.Uint64(word[:])), b >= 0x20 && b < 0x7F; got != want {
					t.Fatalf("%02X at %d among %02X: %v", b, at, neighbour, got)
				}
			}
		}
	}
}
