package inspect

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// crowd is a store of many messages that counts what is asked of it.
type crowd struct {
	Store
	n    int
	rows atomic.Int64
}

func (c *crowd) IDs(context.Context, workspace.Query) ([]int64, error) {
	ids := make([]int64, c.n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids, nil
}

func (c *crowd) Rows(_ context.Context, ids []int64) ([]workspace.Row, error) {
	c.rows.Add(int64(len(ids)))
	out := make([]workspace.Row, len(ids))
	for i, id := range ids {
		out[i] = workspace.Row{ID: id, Summary: inspect.Summary{Type: "ADT", Trigger: "A08", ControlID: fmt.Sprint(id)}}
	}
	return out, nil
}

// million is a list of a million rows, read.
func million(t testing.TB) (*Model, *crowd, *job.Queue, *job.Runner) {
	t.Helper()
	q, c := &job.Queue{}, &crowd{n: 1_000_000}
	r := job.NewRunner(q.Gate)
	m := New(r, c)
	t.Cleanup(m.Close)
	m.began = true // without what a project keeps beside messages
	m.open.id = 500_000
	m.Reload()
	if err := q.Drain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if shown, _, _ := m.Shown(); shown != c.n || m.Selected() != 499_999 {
		t.Fatalf("%d shown, row %d selected", shown, m.Selected())
	}
	return m, c, q, r
}

// page draws the rows of a screen from one on.
func page(m *Model, from int) {
	g := m.List()
	for row := from; row < min(from+40, g.Len()); row++ {
		for col := range g.Columns() {
			g.Cell(row, col)
		}
	}
}

// Wherever a list of a million rows is scrolled to, a page or two are read; what was read costs next to nothing again; and
// what is kept of it does not grow.
func TestScrollingAMillionRows(t *testing.T) {
	m, c, q, r := million(t)
	for i := range 200 {
		from := i * 4999
		c.rows.Store(0)
		page(m, from)
		if err := q.Drain(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if c.rows.Load() > 2*pageRows {
			t.Fatalf("%d rows were read to show 40", c.rows.Load())
		}
		if got := m.List().Cell(from, 4).Text; got != fmt.Sprint(from+1) {
			t.Fatalf("row %d shows %q", from, got)
		}
	}
	if n := len(m.list.pages); n > keepPage {
		t.Errorf("%d pages are kept", n)
	}
	page(m, 1000)
	if err := q.Drain(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c.rows.Store(0)
	if allocs := testing.AllocsPerRun(20, func() { page(m, 1000) }); allocs > 400 || c.rows.Load() != 0 {
		t.Errorf("drawing a screen of known rows allocates %v times and reads %d rows", allocs, c.rows.Load())
	}
}

// A letter in the query line asks the store for nothing until the user pauses, however long the list is.
func TestTypingOverAMillionRows(t *testing.T) {
	m, c, _, _ := million(t)
	c.rows.Store(0)
	if allocs := testing.AllocsPerRun(20, func() { m.TypeQuery("PID-3.1 = 88"); m.Complete("PID-3.1 = 88", 12) }); allocs > 400 {
		t.Errorf("a letter allocates %v times", allocs)
	}
	if c.rows.Load() != 0 {
		t.Errorf("a letter reads %d rows", c.rows.Load())
	}
}

func BenchmarkScrollAMillionRows(b *testing.B) {
	m, _, q, r := million(b)
	i := 0
	for b.Loop() {
		i++
		page(m, i*7919%990_000)
		if err := q.Drain(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTypeOverAMillionRows(b *testing.B) {
	m, _, _, _ := million(b)
	for b.Loop() {
		m.TypeQuery("PID-3.1 = 88")
		m.Complete("PID-3.1 = 88", 12)
	}
}
