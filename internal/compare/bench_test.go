package compare

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// typical is an ORU of about 2 kB and what becomes of it after an upgrade: other times and ids, a field dropped, a result
// inserted.
func typical() (a, b []byte) {
	text := strings.Replace(oru, "\rORC|RE|P101", "\rNTE|1||"+strings.Repeat("Result was called to the ward and read back. ", 6)+"\rORC|RE|P101", 1)
	for i := range 15 {
		text += fmt.Sprintf("OBX|%d|NM|%d-%d^Analyte %d^LN||%d.%d|mmol/L|1-9|N|||F|||20260301100%d00\r", i+3, 5000+i, i, i, i+2, i, i)
	}
	changed := strings.NewReplacer("20260301101500", "20260304090000", "|M1|", "|M1A|", "|MED\r", "|\r", "140|mmol/L", "141|mmol/L").Replace(text)
	lines := strings.SplitAfter(changed, "\r")
	at := len(lines) - 6
	changed = strings.Join(lines[:at], "") + "OBX|99|NM|9999-9^New^LN||1|mmol/L|||||F\r" + strings.Join(lines[at:], "")
	return []byte(text), []byte(changed)
}

func BenchmarkMessages(b *testing.B) {
	left, right := typical()
	inStep := bytes.Replace(bytes.Replace(left, []byte("20260301101500"), []byte("20260304090000"), 1), []byte("JANE"), []byte("JOAN"), 1)
	rules := &Rules{Ignore: []Ignore{{Path: "MSH-7"}, {Path: "MSH-10"}}}
	for _, c := range []struct {
		name  string
		right []byte
		rules *Rules
	}{{"in step", inStep, nil}, {"inserted", right, nil}, {"rules", right, rules}, {"identical", left, nil}} {
		b.Run(fmt.Sprintf("%s %d bytes", c.name, len(left)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Messages(hl7.Parse(left), hl7.Parse(c.right), c.rules)
			}
		})
	}
}

// scattered is a message of 20,000 results and, on each side, 500 others inserted.
func scattered(repeated bool) (a, b []byte) {
	rng := rand.New(rand.NewPCG(5, 6))
	var l, r bytes.Buffer
	for _, w := range []*bytes.Buffer{&l, &r} {
		w.WriteString("MSH|^~\\&|LAB|MAIN|EHR|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1\rPID|1||88121^^^LAKE^MR||DOE^JANE\rOBR|1|P1|F1|1^PANEL\r")
	}
	insert := map[int]int{}
	for k := range 1000 {
		insert[rng.IntN(20000)] = k%2 + 1
	}
	for i := range 20000 {
		code := i
		if repeated {
			code = i % 40
		}
		line := fmt.Sprintf("OBX|%d|NM|%05d^Waveform sample of the bedside monitor^LOCAL||%d|mV|0-100|N|||F|||20260301101500\r", i+1, code, rng.IntN(1000))
		l.WriteString(line)
		r.WriteString(line)
		switch insert[i] {
		case 1:
			fmt.Fprintf(&l, "OBX|0|NM|L%d^Left^LOCAL||1|mV|||||F\r", i)
		case 2:
			fmt.Fprintf(&r, "OBX|0|NM|R%d^Right^LOCAL||1|mV|||||F\r", i)
		}
	}
	return l.Bytes(), r.Bytes()
}

func BenchmarkScatteredInsertions(b *testing.B) {
	for name, repeated := range map[string]bool{"codes once": false, "codes repeated": true} {
		left, right := scattered(repeated)
		b.Run(fmt.Sprintf("%s %d bytes", name, len(left)), func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = len(Messages(hl7.Parse(left), hl7.Parse(right), nil).Differences)
			}
			b.ReportMetric(float64(n), "differences")
		})
	}
}

// writeSet writes n messages of about 1.5 kB into one file; the right side has other times, a field dropped and now and
// then a result more or a message less.
func writeSet(tb testing.TB, dir string, n int) (left, right string) {
	tb.Helper()
	left, right = filepath.Join(dir, "left.hl7"), filepath.Join(dir, "right.hl7")
	a, b := typical()
	a, b = a[:1500], b[:1500]
	a, b = a[:bytes.LastIndexByte(a, '\r')+1], b[:bytes.LastIndexByte(b, '\r')+1]
	for _, f := range []struct {
		name string
		text []byte
		step int
	}{{left, a, 97}, {right, b, 101}} {
		file, err := os.Create(f.name)
		if err != nil {
			tb.Fatal(err)
		}
		w := bufio.NewWriterSize(file, 1<<20)
		for i := range n {
			if i%f.step == 0 {
				continue
			}
			m := bytes.Replace(f.text, []byte("|M1"), fmt.Appendf(nil, "|C%07d", i), 1)
			if m[bytes.IndexByte(m, 'C')+8] == 'A' {
				m = bytes.Replace(m, fmt.Appendf(nil, "C%07dA", i), fmt.Appendf(nil, "C%07d", i), 1)
			}
			w.Write(m)
		}
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
		if err := file.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return left, right
}

func BenchmarkSets(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("%d pairs", n), func(b *testing.B) {
			left, right := writeSet(b, b.TempDir(), n)
			var peak uint64
			for b.Loop() {
				peak = 0
				l, err := OpenFiles(left)
				if err != nil {
					b.Fatal(err)
				}
				r, err := OpenFiles(right)
				if err != nil {
					b.Fatal(err)
				}
				k := 0
				sum, err := Sets(context.Background(), l, r, Options{}, func(*Pair) error {
					if k++; k%5000 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapInuse)
					}
					return nil
				})
				if err != nil || sum.Total() < n*98/100 {
					b.Fatal(sum, err)
				}
				l.Close()
				r.Close()
			}
			b.ReportMetric(float64(peak)/1e6, "MB-heap")
		})
	}
}
