package dictionary

import "testing"

// BenchmarkLoad measures the first use of a version: inflating, unpacking and
// linking, afresh in each round.
func BenchmarkLoad(b *testing.B) {
	for _, name := range Versions() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v := &Version{Name: name}
				if _, err := v.unpack(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoadTables measures the first Table call: unpacking all tables and
// selecting those of one version.
func BenchmarkLoadTables(b *testing.B) {
	file, err := packed.ReadFile("data/tables.bin")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := unpackTables(file); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("select", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v := &Version{Name: "2.5.1", index: 6}
			v.loadTables()
		}
	})
}

func BenchmarkFieldAt(b *testing.B) {
	v, _ := For("2.5.1")
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := v.FieldAt("PID", 3, 4, 1); !ok {
			b.Fatal("PID-3.4.1 is not there")
		}
	}
}
