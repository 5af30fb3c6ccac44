package stage

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

// Passphrase opens the project of a stage.
const Passphrase = "correct horse battery"

// Patience is how long work may take that a test waits for.
const Patience = 20 * time.Second

// Stage is a project with the test as its user.
type Stage struct {
	Workspace *workspace.Workspace
	Queue     *job.Queue
	Runner    *job.Runner
	Folder    string // of the test; everything in it goes with the test

	t testing.TB
}

// New makes a project and opens it. It is closed with the test, after all work has ended.
func New(t testing.TB) *Stage {
	t.Helper()
	s := Empty(t)
	w, err := workspace.Create(t.Context(), filepath.Join(s.Folder, "project.trestle"), []byte(Passphrase),
		workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester", Project: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	s.Workspace = w
	t.Cleanup(func() {
		s.Runner.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Empty is a stage without a project.
func Empty(t testing.TB) *Stage {
	t.Helper()
	s := &Stage{Queue: &job.Queue{}, Folder: t.TempDir(), t: t}
	s.Runner = job.NewRunner(s.Queue.Gate)
	t.Cleanup(s.Runner.Close)
	return s
}

// Settle runs what comes back to the screen until no work is under way. It fails the test when that takes too long.
func (s *Stage) Settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := s.Queue.Drain(ctx, s.Runner); err != nil {
		s.t.Fatal(err)
	}
}
