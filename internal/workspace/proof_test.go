package workspace

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// The figures of a large workspace: how long it takes to its first screen beside the key derivation, and a search by MRN. They are printed and not
// asserted, since the computer is not ours alone. TRESTLE_MILLION is the number of messages, in thousands; "make proof" takes a thousand.
func TestLargeWorkspace(t *testing.T) {
	thousands, err := strconv.Atoi(os.Getenv("TRESTLE_MILLION"))
	if err != nil || thousands < 1 {
		t.Skip("TRESTLE_MILLION is not set: a million messages take three gigabytes and some minutes")
	}
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	n := thousands * 1000
	start := time.Now()
	for i := 0; i < n; i += 1000 {
		recs := samples(i, i+1000)
		for j := range recs { // as many patients as a hospital has
			recs[j].Summary.MRN = fmt.Sprintf("88%07d", (i+j)/4)
		}
		if _, err := w.AddMessages(ctx, recs); err != nil {
			t.Fatal(err)
		}
	}
	imported := time.Since(start)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(p)
	if err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	w, err = Open(ctx, p, testPass, OpenOptions{User: "tester"}) // the derivation costs nothing here
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	opened := time.Since(start)
	all, err := w.IDs(ctx, Query{})
	if err != nil || len(all) != n {
		t.Fatal(len(all), err)
	}
	if _, err := w.Rows(ctx, all[:50]); err != nil {
		t.Fatal(err)
	}
	list := time.Since(start)
	if _, err := w.Info(ctx); err != nil {
		t.Fatal(err)
	}
	info := time.Since(start)
	var searches []time.Duration
	for i := range 50 {
		start := time.Now()
		ids, err := w.IDs(ctx, Query{MRN: fmt.Sprintf("88%07d", (i*104729)%(n/4))})
		if err == nil {
			_, err = w.Rows(ctx, ids)
		}
		if err != nil || len(ids) != 4 {
			t.Fatal(len(ids), err)
		}
		searches = append(searches, time.Since(start))
	}
	slices.Sort(searches)
	t.Logf("%d messages, %.2f GB, imported in %.0f s (%.0f/s)", n, float64(fi.Size())/1e9, imported.Seconds(), float64(n)/imported.Seconds())
	t.Logf("opened in %v, with the list of all and its first 50 rows in %v, with the overview in %v", opened, list, info)
	t.Logf("search by MRN with its rows, of 50: middle %v, slowest %v", searches[25], searches[49])
}
