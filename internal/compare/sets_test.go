package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"trestle/internal/format"
)

func message(id, rest string) []byte {
	return lines("MSH|^~\\&|A|B|C|D|20260301||ADT^A08^ADT_A01|" + id + "|P|2.5.1\n" + rest)
}

// told compares two sets and tells each pair in a line.
func told(t *testing.T, l, r Source, o Options) (list []string, s *Summary) {
	t.Helper()
	s, err := Sets(context.Background(), l, r, o, func(p *Pair) error {
		line := fmt.Sprintf("%s %v %d %d", p.Title(false), p.Status, p.Left.Index, p.Right.Index)
		if p.Duplicate {
			line += " again"
		}
		list = append(list, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, s
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSetsByKey(t *testing.T) {
	left := Slice{message("M1", "PID|1||1"), message("M2", "PID|1||2"), message("M2", "PID|1||3"), message("M4", "PID|1||4"), message("", "PID|1||5"), message("M6", "PID|1||6^^^")}
	right := Slice{message("M6", "PID|1||6"), message("M2", "PID|1||2"), message("M1", "PID|1||9"), message("M7", "PID|1||7"), message("M1", "PID|1||1")}
	list, s := told(t, left, right, Options{})
	same(t, list, []string{
		"M1 different 0 2 again", "M2 exact 1 1", "M2 only left 2 -1 again", "M4 only left 3 -1", "message 5 without a key only left 4 -1", "M6 same 5 0",
		"M7 only right -1 3", "M1 only right -1 4 again",
	})
	if s.Repeated != [2]int{1, 1} || s.NoKey != [2]int{1, 0} || s.Messages != [2]int{6, 5} || s.Total() != 8 || s.Clean() || s.Suggested {
		t.Errorf("%+v", s)
	}
	if want := (TypeCount{"ADT^A08", [statuses]int{1, 1, 0, 1, 3, 2}}); len(s.Types) != 1 || s.Types[0] != want {
		t.Errorf("%v", s.Types)
	}
	list, _ = told(t, left, right, Options{Pairing: ByOrder})
	if len(list) != 6 || !strings.HasSuffix(list[5], "5 -1") {
		t.Errorf("in order: %v", list)
	}
}

func TestOneMessageEachIsAPair(t *testing.T) {
	list, s := told(t, Slice{message("M1", "PID|1||1")}, Slice{message("X9", "PID|1||1")}, Options{})
	same(t, list, []string{"M1 different 0 0"})
	if s.Pairing != ByOrder {
		t.Error(s.Pairing)
	}
}

func TestSuggestedKey(t *testing.T) {
	var left, right Slice
	for i := range 40 {
		left = append(left, message(fmt.Sprint("L", i), fmt.Sprintf("PID|1||P%d\nPV1|1|I", i)))
		right = append(right, message(fmt.Sprint("R", i), fmt.Sprintf("PID|1||P%d\nPV1|1|O", 39-i)))
	}
	list, s := told(t, left, right, Options{Rules: &Rules{Ignore: []Ignore{{Path: "MSH-10"}}}})
	if !s.Suggested || !slices.Contains(s.Key, "PID-3.1") || s.Count(Different) != 40 || len(list) != 40 {
		t.Errorf("%+v", s)
	}
	if len(s.Patterns) != 1 || s.Patterns[0].Path != "PV1-2" || s.Patterns[0].Count != 40 || s.Patterns[0].Pairs != 40 || len(s.Patterns[0].Examples) != maxExamples {
		t.Errorf("%+v", s.Patterns)
	}
	// One step accepts the pattern.
	_, s = told(t, left, right, Options{Rules: (&Rules{Ignore: []Ignore{{Path: "MSH-10"}, {Path: "ZZZ"}}}).ExpectPattern(s.Patterns[0])})
	if want := []RuleCount{{"ignore MSH-10", Ignored, 40}, {"ignore ZZZ", Ignored, 0}, {"expect PV1-2", Expected, 40}}; !slices.Equal(s.Rules, want) {
		t.Errorf("%v", s.Rules)
	}
	if !s.Clean() || s.Count(AsExpected) != 40 || len(s.Patterns) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestSimilar(t *testing.T) {
	var left, right Slice
	for i := range 60 {
		body := fmt.Sprintf("PID|1||P%d||NAME%d^GIVEN%d||19%02d0101|F|||%d OAK ST^^AVON^OH\nPV1|1|I|W%d", i, i*7, i*3, i, i, i%9)
		left = append(left, message("L", body))
		right = append(right, message("R", strings.Replace(body, "|F|", "|M|", 1)))
	}
	slices.Reverse(right)
	list, s := told(t, left, right, Options{Pairing: BySimilarity})
	for i, line := range list {
		if !strings.HasSuffix(line, fmt.Sprintf("different %d %d", i, 59-i)) {
			t.Errorf("%s", line)
		}
	}
	if s.Total() != 60 {
		t.Errorf("%d pairs", s.Total())
	}
}

// TestSetsAreDeterministic runs with other numbers of workers.
func TestSetsAreDeterministic(t *testing.T) {
	dir := t.TempDir()
	l, r := writeSet(t, dir, 700)
	var before []string
	var sum *Summary
	for _, workers := range []int{1, 2, 7} {
		left, right := files(t, l), files(t, r)
		list, s := told(t, left, right, Options{Workers: workers})
		if before != nil && (!slices.Equal(list, before) || !reflect.DeepEqual(s, sum)) {
			t.Errorf("%d workers give another answer", workers)
		}
		before, sum = list, s
	}
	if sum.Count(OnlyRight) == 0 || sum.Count(OnlyLeft) == 0 || sum.Count(Different) < 600 {
		t.Errorf("%+v", sum.Counts)
	}
}

func files(t *testing.T, paths ...string) *Files {
	t.Helper()
	f, err := OpenFiles(paths...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFoldersPairByFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 80 { // more than are held open
		write(fmt.Sprintf("a/sub/%02d.hl7", i), message("L", "PID|1||1"))
		write(fmt.Sprintf("b/sub/%02d.hl7", i), message("R", "PID|1||1"))
	}
	write("a/patient.json", []byte(`{"resourceType":"Patient","id":"1","active":true}`))
	write("b/patient.json", []byte(`{"resourceType":"Patient","active":true,"id":"1"}`))
	write("b/notes.txt", []byte("Call the laboratory.\n"))
	write("b/.hidden", message("H", "PID|1||1"))
	_, s := told(t, files(t, filepath.Join(dir, "a")), files(t, filepath.Join(dir, "b")), Options{Key: []string{FileKey}, Rules: &Rules{Ignore: []Ignore{{Path: "MSH-10"}}}})
	if s.Count(Same) != 81 || s.Total() != 81 || s.Skipped != [2]int{0, 1} {
		t.Errorf("%+v", s)
	}
}

// broken is a source that fails.
type broken struct{ Slice }

var errBroken = errors.New("the disk is gone")

func (b broken) Messages(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) { yield(Entry{}, errBroken) }
}

// unreadable can be listed and not be read again.
type unreadable struct{ Slice }

func (unreadable) Read(context.Context, Ref, []byte) ([]byte, error) { return nil, errBroken }

func TestSetsEndOnErrors(t *testing.T) {
	var set Slice
	for i := range 500 {
		set = append(set, message(fmt.Sprint(i), "PID|1||1"))
	}
	ignore := func(*Pair) error { return nil }
	for name, run := range map[string]func(context.Context) error{
		"listing": func(ctx context.Context) error {
			_, err := Sets(ctx, set, broken{set}, Options{}, ignore)
			return err
		},
		"reading": func(ctx context.Context) error {
			_, err := Sets(ctx, set, unreadable{set}, Options{}, ignore)
			return err
		},
		"sink": func(ctx context.Context) error {
			_, err := Sets(ctx, set, set, Options{}, func(*Pair) error { return errBroken })
			return err
		},
	} {
		if err := run(context.Background()); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err := Sets(ctx, set, set, Options{}, func(*Pair) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Sets(context.Background(), set, set, Options{Key: []string{"PID"}}, ignore); err == nil {
		t.Error("a key without a field is taken")
	}
}

// TestMemoryOfPatterns fills more patterns than are kept.
func TestMemoryOfPatterns(t *testing.T) {
	var p patterns
	for i := range maxPatterns + 50 {
		r := &Result{Differences: []Difference{{Kind: Changed, Path: fmt.Sprintf("Z%02d-%d", i%100, i/100+1)}}}
		p.add(&Pair{Result: r})
	}
	if len(p.list()) != maxPatterns || p.overflow != 50 {
		t.Errorf("%d patterns, %d beyond", len(p.list()), p.overflow)
	}
}

func TestSliceOfDocuments(t *testing.T) {
	for e, err := range (Slice{[]byte(`{"a":1}`), message("1", "PID|1")}).Messages(context.Background()) {
		if err != nil || (e.Kind == format.JSON) != bytes.HasPrefix(e.Bytes, []byte("{")) {
			t.Errorf("%v %v", e.Kind, err)
		}
	}
}

// TestMemoryStaysSmall compares the memory of a set with that of one eight times as large: all that grows is the index.
func TestMemoryStaysSmall(t *testing.T) {
	live := func(n int) (bytes uint64) {
		l, r := writeSet(t, t.TempDir(), n)
		k := 0
		_, err := Sets(context.Background(), files(t, l), files(t, r), Options{}, func(*Pair) error {
			if k++; k == n*3/4 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				bytes = m.HeapAlloc
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	const n = 1000
	live(n) // what is unpacked once
	small, large := live(n), live(8*n)
	// Two messages of 1.5 kB each would be 3,000.
	if grown := (int64(large) - int64(small)) / (7 * n); grown > 300 {
		t.Errorf("%d bytes more for each pair", grown)
	}
}
