package shell

import (
	"context"
	"testing"
	"time"

	"trestle/internal/job"
)

func TestPlacesAndProject(t *testing.T) {
	var q job.Queue
	m := New(job.NewRunner(q.Gate))
	changes := 0
	m.Changed = func() { changes++ }
	m.Enter("lakeside", job.NewRunner(q.Gate))
	m.Go(Link)
	m.Go(Link)
	m.Describe("Riverbend to Lakeside", "test")
	m.SetMasked(true)
	if name, environment := m.Project(); name != "Riverbend to Lakeside" || environment != "test" || m.Place() != Link || !m.Masked() {
		t.Errorf("%q %q %v", name, environment, m.Place())
	}
	if changes != 4 {
		t.Errorf("%d changes were told", changes)
	}
	m.Leave()
	if name, _ := m.Project(); m.IsOpen() || name != "" || m.Place() != Project {
		t.Error("something of the project is left")
	}
	if !m.Masked() {
		t.Error("locking took the mask off")
	}
}

func TestWorkOfTheProjectIsListedAndForgotten(t *testing.T) {
	var q job.Queue
	own, project := job.NewRunner(q.Gate), job.NewRunner(q.Gate)
	m := New(own)
	m.Enter("a", project)
	job.Track(t.Context(), project, "import a.hl7", func(ctx context.Context, p *job.Progress) (int, error) {
		p.SetTotal(10)
		p.Set(5)
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(int, error) {})
	work := m.Work()
	if len(work) != 1 || work[0].Title != "import a.hl7" {
		t.Fatalf("%+v", work)
	}
	work[0].Cancel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := q.Drain(ctx, project); err != nil {
		t.Fatal(err)
	}
	m.Leave()
	if len(m.Work()) != 0 {
		t.Error("work of a closed project is listed")
	}
}

func TestEveryPlaceSaysWhatItIsFor(t *testing.T) {
	for _, p := range Places() {
		if p.String() == "" {
			t.Errorf("place %d has no name", p)
		}
		if p != Project && p != Settings && p.Question() == "" {
			t.Errorf("%v asks no question", p)
		}
	}
}
