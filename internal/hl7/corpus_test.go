package hl7

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// corpus returns the folder of public sample messages, or skips the test.
func corpus(t testing.TB, name string) string {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS is not set: it names the folder with the public sample messages")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("TRESTLE_CORPUS has no %s", name)
	}
	return path
}

func scanAll(t testing.TB, r io.Reader, o ScanOptions) []Item {
	t.Helper()
	var items []Item
	s := NewScanner(r, o)
	for s.Scan() {
		items = append(items, s.Item())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return items
}

// checkStream checks that items are in order and that what lies between them
// is framing.
func checkStream(t testing.TB, data []byte, items []Item) {
	t.Helper()
	pos := int64(0)
	for i, it := range items {
		if it.Index != i || it.Length != int64(len(it.Bytes)) {
			t.Fatalf("item %d has index %d, length %d for %d bytes", i, it.Index, it.Length, len(it.Bytes))
		}
		if it.Offset < pos {
			t.Fatalf("item %d starts at %d, before %d", i, it.Offset, pos)
		}
		checkFraming(t, data[pos:it.Offset])
		pos = it.Offset + it.Length
		if !bytes.Equal(data[it.Offset:pos], it.Bytes) {
			t.Fatalf("item %d differs from the stream", i)
		}
	}
	checkFraming(t, data[pos:])
}

func checkFraming(t testing.TB, gap []byte) {
	t.Helper()
	for len(gap) > 0 {
		n := 0
		for _, f := range []string{"\x1c\r\n", "\x1c\r", "\x1c\n", "\x1c\f", "\x1c", "\x0b"} {
			if bytes.HasPrefix(gap, []byte(f)) {
				n = len(f)
				break
			}
		}
		if n == 0 {
			t.Fatalf("%d bytes between items are not framing: %x", len(gap), gap[:min(len(gap), 16)])
		}
		gap = gap[n:]
	}
}

func TestCorpusFiles(t *testing.T) {
	root := corpus(t, "hl7v2")
	files := 0
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		checkStream(t, data, scanAll(t, bytes.NewReader(data), ScanOptions{}))
		checkMessage(t, data)
		for _, it := range scanAll(t, bytes.NewReader(data), ScanOptions{}) {
			checkMessage(t, it.Bytes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", files)
}

func TestCorpusBoundaries(t *testing.T) {
	root := corpus(t, "hl7v2")
	f, err := os.Open(filepath.Join(root, "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	items := map[string][]Item{}
	starts, whole, trailed := 0, 0, 0
	for _, row := range rows[1:] {
		name := row[1]
		if _, ok := items[name]; !ok {
			data, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			items[name] = scanAll(t, bytes.NewReader(data), ScanOptions{})
		}
		offset, _ := strconv.ParseInt(row[2], 10, 64)
		length, _ := strconv.ParseInt(row[3], 10, 64)
		// The index counts trailers (BTS, FTS) and end blocks as a part of the
		// message before them; here they are items and framing of their own.
		for i, it := range items[name] {
			if bytes.HasPrefix(it.Bytes, bom) { // the index counts from behind it
				it.Offset, it.Length = it.Offset+int64(len(bom)), it.Length-int64(len(bom))
			}
			if it.Kind != ItemMessage || it.Offset != offset {
				continue
			}
			starts++
			if it.Length == length {
				whole++
			} else if it.Framed || i+1 < len(items[name]) && items[name][i+1].Kind == ItemEnvelope {
				trailed++
			} else {
				t.Errorf("%s: the message at %d has %d bytes, the index says %d", name, offset, it.Length, length)
			}
		}
	}
	t.Logf("%d of %d messages start where the index says; %d have its length, %d without the trailer or end block", starts, len(rows)-1, whole, trailed)
	if starts != len(rows)-1 {
		t.Errorf("%d messages were not found at their place", len(rows)-1-starts)
	}
}
