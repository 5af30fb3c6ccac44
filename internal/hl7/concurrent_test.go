package hl7

import (
	"strings"
	"sync"
	"testing"
)

// TestConcurrentReading reads one message from several goroutines, everything
// that is built on first use included. It is for the race detector.
func TestConcurrentReading(t *testing.T) {
	m := Parse([]byte("MSH|^~\\&|A\rPID|1||J\xfcrgen\\.br\\x\r" + strings.Repeat("OBX|1\r", 20) + "ZZZ" + strings.Repeat("|f", 3000) + "\r"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			z, _ := m.Find("ZZZ", 1)
			if s, ok := m.Find("OBX", 20); !ok || s.Occurrence() != 20 || z.Fields() != 3000 || string(z.Field(2900).Raw()) != "f" {
				t.Error("a segment reads differently")
			}
			if m.Get(MustPath("PID-3")).Text() != "J\u00fcrgen\nx" || m.Charset().Name != win1252 {
				t.Error("text reads differently")
			}
			m.Locate(30)
			walkAll(m)
		})
	}
	wg.Wait()
}
