package compare

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// line is one difference in a word, for comparing.
func (d *Difference) line() string {
	return fmt.Sprintf("%v %v %s %q %q %s", d.Verdict, d.Kind, d.Path, d.Left.Text, d.Right.Text, d.About)
}

// holds asserts what holds for every pair of messages: nothing differs from itself, the patch makes the right side, and
// the other direction mirrors this one.
func holds(t *testing.T, a, b []byte) *Result {
	t.Helper()
	ma, mb := hl7.Parse(a), hl7.Parse(b)
	if r := Messages(ma, hl7.Parse(bytes.Clone(a)), nil); len(r.Differences) > 0 || r.Status() != Exact {
		t.Fatalf("a message of %d bytes differs from itself", len(a))
	}
	r := Messages(ma, mb, nil)
	got, err := r.Patch().Apply(a)
	if err != nil || !bytes.Equal(got, b) {
		t.Fatalf("the patch of\n%q\nto\n%q\ngives\n%q (%v)", a, b, got, err)
	}
	back := Messages(mb, ma, nil)
	if len(back.Differences) != len(r.Differences) {
		t.Fatalf("%d differences one way, %d the other\n%q\n%q", len(r.Differences), len(back.Differences), a, b)
	}
	var there, again []string
	for i := range r.Differences {
		d := r.Differences[i]
		there = append(there, d.line())
		e := back.Differences[i]
		e.Kind = e.Kind.mirror()
		e.Left, e.Right = e.Right, e.Left
		if e.Path = e.Left.Path; e.Kind == Added || e.Path == "" {
			e.Path = e.Right.Path
		}
		again = append(again, e.line())
	}
	slices.Sort(there)
	slices.Sort(again)
	if !slices.Equal(there, again) {
		t.Fatalf("one way and the other do not mirror\n%s\n---\n%s", strings.Join(there, "\n"), strings.Join(again, "\n"))
	}
	return r
}

const oru = "MSH|^~\\&|LAB|MAIN|EHR|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1\r" +
	"PID|1||88121^^^LAKE^MR~C10442^^^INF^PI||DOE^JANE^Q||19790228|F|||12 OAK ST^^AVON^OH^44011||5550101\r" +
	"PV1|1|I|4E^402^A|||||||MED\r" +
	"ORC|RE|P100|F100\r" +
	"OBR|1|P100|F100|24323-8^CMP^LN|||20260301100000\r" +
	"OBX|1|NM|2345-7^Glucose^LN||98|mg/dL|70-99|N|||F\r" +
	"OBX|2|NM|2951-2^Sodium^LN||140|mmol/L|135-145|N|||F\r" +
	"NTE|1||Sample slightly haemolysed\r" +
	"OBX|3|NM|2823-3^Potassium^LN||4.1|mmol/L|3.5-5.1|N|||F\r" +
	"ORC|RE|P101|F101\r" +
	"OBR|2|P101|F101|58410-2^CBC^LN|||20260301100000\r" +
	"OBX|1|NM|718-7^Hemoglobin^LN||13.1|g/dL|12-16|N|||F\r" +
	"OBX|2|NM|6690-2^WBC^LN||6.2|10*3/uL|4-11|N|||F\r"

// TestOneInsertedSegment puts every kind of segment at every place: one addition, and nothing else.
func TestOneInsertedSegment(t *testing.T) {
	m := hl7.Parse([]byte(oru))
	for at := 1; at <= m.Len(); at++ {
		for _, segment := range []string{
			"OBX|9|NM|2160-0^Creatinine^LN||0.9|mg/dL|||||F", "NTE|1||New", "OBR|3|P200|F200|1^X", "ORC|RE|P200", "ZPI|1|x", "PV2|1",
			"OBX|1|NM|2345-7^Glucose^LN||98|mg/dL|70-99|N|||F", "NTE|1||Sample slightly haemolysed", "PID|2||4", "GARBAGE",
		} {
			n, err := m.InsertSegment(at, []byte(segment))
			if err != nil {
				t.Fatal(err)
			}
			r := holds(t, m.Bytes(), n.Bytes())
			if n.Len() != m.Len()+1 { // a line that is no segment goes on the one before
				continue
			}
			if len(r.Differences) != 1 || r.Differences[0].Kind != Added {
				t.Errorf("%q at %d gives %d differences", segment, at, len(r.Differences))
				for i := range r.Differences {
					t.Log(r.Differences[i].line())
				}
			}
		}
	}
}

// TestInsertedAndRenumbered is the same with the set IDs counted on: they are implied.
func TestInsertedAndRenumbered(t *testing.T) {
	b := strings.Replace(oru, "OBX|2|NM|2951-2", "OBX|2|NM|2160-0^Creatinine^LN||0.9|mg/dL|||||F\rOBX|3|NM|2951-2", 1)
	b = strings.Replace(b, "OBX|3|NM|2823", "OBX|4|NM|2823", 1)
	r := holds(t, []byte(oru), []byte(b))
	open := slices.Collect(r.Open())
	if len(open) != 1 || open[0].Kind != Added || open[0].Path != "OBX[2]" {
		t.Errorf("%d open differences", len(open))
	}
	if n := len(r.Differences); n != 3 {
		t.Errorf("%d differences with the implied ones, not 3", n)
	}
}

// scramble makes a message of another by a few random changes, most of them such as systems make.
func scramble(rng *rand.Rand, b []byte) []byte {
	for range 1 + rng.IntN(4) {
		lines := bytes.SplitAfter(b, []byte("\r"))
		i := 0
		if len(lines) > 2 {
			i = 1 + rng.IntN(len(lines)-2)
		}
		switch rng.IntN(7) {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, i, bytes.Clone(lines[rng.IntN(len(lines))]))
		case 2:
			k := rng.IntN(max(len(lines)-1, 1))
			lines[i], lines[k] = lines[k], lines[i]
		case 3:
			lines[i] = bytes.Replace(lines[i], []byte("|"), []byte("||"), 1)
		case 4, 5:
			if n := len(lines[i]); n > 0 {
				piece := []string{"|", "^", "~", "&", "x", `""`, "\\T\\", "\n", "1"}[rng.IntN(9)]
				at := rng.IntN(n)
				lines[i] = slices.Concat(lines[i][:at], []byte(piece), lines[i][at:])
			}
		case 6:
			if n := len(lines[i]); n > 2 {
				at := rng.IntN(n - 1)
				lines[i] = slices.Concat(lines[i][:at], lines[i][at+1:])
			}
		}
		b = bytes.Join(lines, nil)
	}
	return b
}

func TestProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	for range 4000 {
		holds(t, []byte(oru), scramble(rng, []byte(oru)))
	}
}

// TestCorpus holds the properties on real messages, each against a neighbour and against a changed copy.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS names no folder with the corpus")
	}
	rng := rand.New(rand.NewPCG(1, 9))
	var before []byte
	n := 0
	err := filepath.WalkDir(filepath.Join(dir, "hl7v2"), func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) > 40_000 {
			return err
		}
		if n++; n%4 != 0 {
			return nil
		}
		holds(t, b, scramble(rng, b))
		holds(t, before, b)
		before = b
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("%d files: %v", n, err)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte(oru), []byte(strings.Replace(oru, "JANE", "JOAN", 1)))
	f.Add([]byte("MSH|^~\\&|A\rPID|1||2"), []byte("MSH#*~\\&#A\rPID#1##2"))
	f.Add([]byte("PID|1|a~b~c"), []byte("PID|1|c~a"))
	f.Add([]byte("x"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a)+len(b) < 1<<16 {
			holds(t, a, b)
		}
	})
}

// TestScatteredInsertions puts new results under random ones: as many additions, and nothing moves.
func TestScatteredInsertions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		b, n := oru, 1+rng.IntN(6)
		for k := range n {
			lines := strings.SplitAfter(b, "\r")
			var after []int
			for i, line := range lines {
				if strings.HasPrefix(line, "OBX") && !strings.HasPrefix(lines[i+1], "NTE") {
					after = append(after, i+1)
				}
			}
			at := after[rng.IntN(len(after))]
			b = strings.Join(slices.Insert(lines, at, fmt.Sprintf("OBX|9|NM|%d-%d^New %d^LN||%d|mg/dL|||||F\r", 100+k, k, k, k)), "")
		}
		r := holds(t, []byte(oru), []byte(b))
		for i := range r.Differences {
			if d := &r.Differences[i]; d.Kind != Added || len(r.Differences) != n {
				t.Fatalf("%d insertions: %s, of %d", n, d.line(), len(r.Differences))
			}
		}
	}
}
