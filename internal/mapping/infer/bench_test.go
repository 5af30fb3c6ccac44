package infer_test

import (
	"context"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/mapping/starter"
)

// BenchmarkPropose learns the starter for ADT from 500 pairs.
func BenchmarkPropose(b *testing.B) {
	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
	if err != nil {
		b.Fatal(err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		b.Fatal(err)
	}
	pairs := applied(b, e, feed(1, 500))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := infer.Propose(context.Background(), pairs, infer.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
