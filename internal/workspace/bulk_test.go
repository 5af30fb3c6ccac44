package workspace

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Many messages, in the order asked for, with one entry in the log that says how many and which.
func TestMessages(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 450)
	if err := w.DeleteMessages(ctx, []int64{7}); err != nil {
		t.Fatal(err)
	}
	before := len(entries(t, w))
	ids := idsTo(450)
	slices.Reverse(ids)
	ids = append(ids, 3, 3)
	var got []int64
	for m, err := range w.Messages(ctx, ids) {
		if m.ID == 7 {
			if !errors.Is(err, ErrNotFound) {
				t.Error("7:", err)
			}
		} else if err != nil || !bytes.Equal(m.Bytes, sample(int(m.ID-1)).Bytes) || m.ControlID != sample(int(m.ID-1)).Summary.ControlID {
			t.Fatal(m.ID, err)
		}
		got = append(got, m.ID)
		if _, err := w.Message(ctx, 1); err != nil { // no connection is held while the caller works
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, ids) {
		t.Error("order:", len(got), len(ids))
	}
	l := entries(t, w)[before:]
	if len(l) != 2 || l[0].Action != ActionViewed || l[0].Object != "452 messages" || l[0].Details != "1-450" {
		t.Errorf("log: %+v", l)
	}
	n := 0
	for _, err := range w.Messages(ctx, ids) {
		if n++; n == 5 {
			cancel()
		} else if n == 6 && !errors.Is(err, context.Canceled) || n > 6 {
			t.Error(n, err)
		}
	}
	for range w.Messages(context.Background(), nil) {
		t.Error("nothing was asked for")
	}
	if _, err := w.write.Exec("CREATE TRIGGER full BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'full'); END"); err != nil {
		t.Fatal(err)
	}
	n = 0
	for m, err := range w.Messages(context.Background(), ids) {
		if n++; err == nil || m.Bytes != nil {
			t.Error("handed out without an entry in the log")
		}
	}
	if n != 1 {
		t.Error(n)
	}
	if _, err := w.write.Exec("DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
}

// A damaged page costs the messages that lie on it, and no others.
func TestMessagesOfDamagedFile(t *testing.T) {
	im := build(t, 111, 111, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	partly, rowsPartly := 0, 0
	for i := 5; i < (len(im.closed)-65536)/pageSize; i++ {
		d := bytes.Clone(im.closed)
		pageAt(d, i)[100] ^= 1
		put(t, q, d, nil)
		w, err := Open(context.Background(), q, testPass, OpenOptions{})
		if err != nil {
			continue
		}
		good, bad := 0, 0
		rows, err := w.Rows(context.Background(), idsTo(111))
		if err != nil && !errors.Is(err, ErrDamaged) || err == nil && len(rows) != 111 {
			t.Errorf("page %d: %d rows, %v", i+1, len(rows), err)
		}
		if err != nil && len(rows) > 0 && len(rows) < 111 {
			rowsPartly++
		}
		for m, err := range w.Messages(context.Background(), idsTo(111)) {
			switch {
			case errors.Is(err, ErrDamaged) && m.ID > 0:
				bad++
			case err != nil || !bytes.Equal(m.Bytes, sample(int(m.ID-1)).Bytes):
				t.Fatal(m.ID, err)
			default:
				good++
			}
		}
		if good+bad != 111 {
			t.Errorf("page %d: %d and %d", i+1, good, bad)
		}
		if bad > 0 && good > 0 {
			partly++
		}
		w.Close()
	}
	if rowsPartly == 0 {
		t.Error("no page of rows was met")
	}
	if partly == 0 {
		t.Error("no page of messages was met")
	}
}

func TestIDRanges(t *testing.T) {
	for want, ids := range map[string][]int64{"": nil, "5": {5}, "1-3 5 7-8": {8, 1, 2, 3, 5, 7, 2}, "1 3": {3, 1}} {
		if got := idRanges(ids); got != want {
			t.Errorf("%v: %q, want %q", ids, got, want)
		}
	}
	odd := idsTo(100000)
	for i := range odd {
		odd[i] *= 2
	}
	if s := idRanges(odd); len(s) > maxRanges+100 || !strings.HasSuffix(s, " more") {
		t.Error(len(s), s[len(s)-30:])
	}
}
