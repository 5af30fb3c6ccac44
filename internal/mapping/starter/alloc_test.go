//go:build !race

// The race detector has pools forget at random, so that this counts nothing then.

package starter_test

import (
	"context"
	"os"
	"testing"

	"trestle/internal/mapping"
)

// TestAllocations holds the memory that a message of a feed takes: what is not asserted grows.
func TestAllocations(t *testing.T) {
	text, err := os.ReadFile("testdata/adt-a01.hl7")
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, "adt-to-patient")
	var out []byte
	feed := testing.AllocsPerRun(50, func() {
		if out, _, err = e.Convert(context.Background(), out[:0], mapping.Record{Bytes: text}); err != nil {
			t.Fatal(err)
		}
	})
	tree := testing.AllocsPerRun(50, func() {
		if _, err := e.Run(context.Background(), text); err != nil {
			t.Fatal(err)
		}
	})
	// A full A01 with 11 resources of about 500 values took 53 and 62 when the ceilings were set.
	if feed > 75 || tree > 90 {
		t.Errorf("a message of a feed takes %.0f allocations (at most 75), one whose tree is kept %.0f (at most 90)", feed, tree)
	}
}
