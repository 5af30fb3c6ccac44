package hl7

import (
	"bytes"
	"os"
	"testing"
)

func benchFile(t testing.TB) []byte {
	data, err := os.ReadFile(corpus(t, "hl7v2-bench.hl7"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var sink int

// measure reports the rate by the clock and by processor time.
func measure(b *testing.B, size int) {
	b.SetBytes(int64(size))
	start := processorTime()
	b.Cleanup(func() {
		if used := processorTime() - start; used > 0 {
			b.ReportMetric(float64(size)*float64(b.N)/1e6/used.Seconds(), "cpu-MB/s")
		}
	})
}

// BenchmarkMessages splits the bench file into messages, parses each and reads
// PID-3.1 and PID-5.1. "delimiters" is what a bare scan for line ends and
// field separators costs on the same bytes.
func BenchmarkMessages(b *testing.B) {
	data := benchFile(b)
	id, name := MustPath("PID-3.1"), MustPath("PID-5.1")
	var one bytes.Reader
	read := func(m *Message) { sink += len(m.Get(id).Raw()) + len(m.Get(name).Raw()) }
	b.Run("scan+parse", func(b *testing.B) {
		measure(b, len(data))
		b.ReportAllocs()
		for b.Loop() {
			one.Reset(data)
			s := NewScanner(&one, ScanOptions{})
			for s.Scan() {
				read(Parse(s.Item().Bytes))
			}
		}
	})
	b.Run("scan+reset", func(b *testing.B) {
		measure(b, len(data))
		b.ReportAllocs()
		var m Message
		for b.Loop() {
			one.Reset(data)
			s := NewScanner(&one, ScanOptions{})
			for s.Scan() {
				m.Reset(s.Item().Bytes)
				read(&m)
			}
		}
	})
	b.Run("parse-only", func(b *testing.B) {
		items := scanAll(b, bytes.NewReader(data), ScanOptions{})
		measure(b, len(data))
		b.ReportAllocs()
		var m Message
		for b.Loop() {
			for _, it := range items {
				m.Reset(it.Bytes)
				read(&m)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		items := scanAll(b, bytes.NewReader(data), ScanOptions{})
		measure(b, len(data))
		b.ReportAllocs()
		var m Message
		for b.Loop() {
			for _, it := range items {
				m.Reset(it.Bytes)
				sink += walkAll(&m)
			}
		}
	})
	b.Run("leaves", func(b *testing.B) {
		items := scanAll(b, bytes.NewReader(data), ScanOptions{})
		measure(b, len(data))
		b.ReportAllocs()
		var m Message
		for b.Loop() {
			for _, it := range items {
				m.Reset(it.Bytes)
				for i := range m.Len() {
					for f := range m.Segment(i).Leaves() {
						sink += len(f.Raw())
					}
				}
			}
		}
	})
	b.Run("delimiters", func(b *testing.B) {
		measure(b, len(data))
		index := make([]int, 0, 1<<20)
		for b.Loop() {
			index = index[:0]
			for i, c := range data {
				if c == '|' || c == '\r' {
					index = append(index, i)
				}
			}
			sink += len(index)
		}
	})
}

// walkAll visits every field, repetition, component and subcomponent.
func walkAll(m *Message) (n int) {
	for i := range m.Len() {
		for f := m.Segment(i).Field(1); f.IsPresent(); f = f.Next() {
			for r := f.Repetition(1); r.IsPresent(); r = r.Next() {
				for c := r.Component(1); c.IsPresent(); c = c.Next() {
					for p := c.Subcomponent(1); p.IsPresent(); p = p.Next() {
						n += len(p.Raw())
					}
				}
			}
		}
	}
	return n
}

// BenchmarkHugeField reads a message with 10 MB in OBX-5.5.
func BenchmarkHugeField(b *testing.B) {
	data := []byte("MSH|^~\\&|A|B|||20260101||ORU^R01|1|P|2.5.1\rPID|1||77^^^H||DOE^JO\rOBX|1|ED|PDF||^application^pdf^Base64^")
	data = append(data, bytes.Repeat([]byte("QUJD"), 10<<20/4)...)
	data = append(data, "||||||F\r"...)
	measure(b, len(data))
	b.ReportAllocs()
	var m Message
	p := MustPath("OBX-5.5")
	for b.Loop() {
		m.Reset(data)
		sink += len(m.Get(p).Raw())
	}
}
