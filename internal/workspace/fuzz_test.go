package workspace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/workspace/sealed"
)

// Whatever lies beside a workspace as its log: it opens with what is authentic, or with an error, never with wrong data, and what was in
// the file before is there.
func FuzzLog(f *testing.F) {
	im := build(f, 8, 4, 0)
	p := filepath.Join(f.TempDir(), "w.trestle")
	// The keys are other ones in each process, so what is fuzzed is what is done to a log, and what stands in its place.
	f.Add(uint32(0), byte(0), uint32(0), []byte{})
	f.Add(uint32(200), byte(1), uint32(0), []byte{})
	f.Add(uint32(40), byte(128), uint32(4000), bytes.Repeat([]byte{7}, 300))
	f.Add(uint32(0), byte(0), uint32(1<<31), bytes.Repeat([]byte{255}, 9000))
	f.Fuzz(func(t *testing.T, at uint32, flip byte, cut uint32, behind []byte) {
		log := bytes.Clone(im.log[:len(im.log)-int(min(cut, uint32(len(im.log))))])
		if int64(at) < int64(len(log)) {
			log[at] ^= flip
		}
		log = append(log, behind...)
		put(t, p, im.live, log)
		n, _, err := readThrough(p, 0)
		switch {
		case errors.Is(err, errWrong):
			t.Fatal(err)
		case err == nil && (n < im.saved || n > im.rows):
			t.Fatalf("%d messages of %d to %d", n, im.saved, im.rows)
		}
	})
}

// Whatever lies there as the file of readings: reading it ends, and nothing that is not authentic comes out.
func FuzzReadings(f *testing.F) {
	box, err := sealed.NewBox(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	p := filepath.Join(f.TempDir(), "w.trestle"+readingsSuffix)
	open := func(t testing.TB, content []byte) *spool {
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.OpenFile(p, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		return &spool{path: p, f: file}
	}
	s := open(f, nil)
	for range 3 {
		if err := s.append(box, reading{User: "reader", Action: ActionViewed, Object: "message 1"}); err != nil {
			f.Fatal(err)
		}
	}
	whole, err := os.ReadFile(p)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add([]byte("\x00" + readingsMagic))
	f.Fuzz(func(t *testing.T, content []byte) {
		s := open(t, content)
		entered := 0
		_, _, _, err := s.each(func(i int64, entry, previous []byte) error {
			text, err := box.Open(entry, s.belongs(i, previous))
			if err == nil {
				entered++
				if !bytes.Contains(text, []byte("message 1")) {
					t.Fatal("something else came out")
				}
			}
			return err
		})
		if entered > 3 {
			t.Fatal(entered, err)
		}
	})
}
