package inplace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"trestle/internal/inspect/query"
)

// large is a file for measurements: the one that TRESTLE_LARGE names, else 100 MB of invented messages of a kilobyte.
func large(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("TRESTLE_LARGE"); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "feed.hl7")
	text := strings.ReplaceAll(many(10_000), "PV1|1|O\r", "PV1|1|O\r"+strings.Repeat("OBX|1|NM|8302-2^Height^LN||172|cm|||||F|||20260302101400\r", 15))
	w, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	for range 100_000_000 / len(text) {
		_, err = w.WriteString(text)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkIndex goes through a large file. first-ms is how long it takes until there is something to show, B/piece what the
// index holds.
func BenchmarkIndex(b *testing.B) {
	path := large(b)
	var first time.Duration
	var pieces int
	var held uint64
	for b.Loop() {
		before := heap()
		start := time.Now()
		f, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(f.Size())
		seen := false
		err = f.Index(b.Context(), func(int64, int) {
			if !seen {
				if _, err := f.Glance(b.Context(), sequence(min(f.Len(), 40))); err != nil {
					b.Error(err)
				}
				first, seen = time.Since(start), true
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		pieces, held = f.Len(), heap()-before
		f.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	b.ReportMetric(float64(pieces), "pieces")
	b.ReportMetric(float64(held)/float64(pieces), "B/piece")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func sequence(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// BenchmarkFind looks through a large file for what the index answers, and for what it does not.
func BenchmarkFind(b *testing.B) {
	f, err := Open(large(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Index(context.Background(), nil); err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{"index": "type = ADT", "scan": "PID-3.1 = 17", "both": "type = ACK and PID-3.1 = 17"} {
		b.Run(name, func(b *testing.B) {
			q, err := query.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(f.Size())
			for b.Loop() {
				if _, err := f.Find(b.Context(), q, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScan looks for all findings of a large file.
func BenchmarkScan(b *testing.B) {
	f, err := Open(large(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Index(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(f.Size())
	for b.Loop() {
		if _, err := f.Scan(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
