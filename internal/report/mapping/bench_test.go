package mappaper

import (
	"context"
	"fmt"
	"io"
	"testing"

	"trestle/internal/mapping"
)

// BenchmarkPapers writes a mapping of 3,000 rules in every kind.
func BenchmarkPapers(b *testing.B) {
	f := &mapping.File{ID: "big", Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1"}, Target: mapping.End{Kind: mapping.JSON}, Blocks: []mapping.Block{{ID: "b", Make: "."}},
		Tables: []mapping.Table{{Name: "t", File: "t.csv", Rows: mapping.Rows{Columns: []string{"a", "b"}, Lines: [][]string{{"F", "female"}}}}}}
	for i := range 3000 {
		f.Blocks[0].Rules = append(f.Blocks[0].Rules, mapping.Rule{ID: fmt.Sprintf("r-%04d", i), To: fmt.Sprintf("x.f%d", i), From: []string{fmt.Sprintf("PID-%d", i%39+1)},
			Do: []mapping.Step{{Name: "trim"}, {Name: "upper"}}, When: fmt.Sprintf("IF PID-%d VALUED", i%30+1), Note: "a note that tells why this is so"})
	}
	for _, k := range Kinds() {
		b.Run(string(k), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := (Spec{Mapping: f}).Write(context.Background(), io.Discard, k); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
