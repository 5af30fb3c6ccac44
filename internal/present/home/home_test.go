package home

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
	"trestle/internal/present/stage"
	"trestle/internal/project"
	"trestle/internal/workspace"
	"trestle/workspaces"
)

const message = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101600||ADT^A08^ADT_A01|MSG1|P|2.5.1\rEVN|A08|20260302101600\rPID|1||88201^^^LAKE^MR||Ash^Kim||19790231|F\rPV1|1|O|INF^2^^LAKE\r"

func TestFactsOfAProject(t *testing.T) {
	on := stage.New(t)
	w := on.Workspace
	if _, err := inspect.Import(t.Context(), w, "a.hl7", strings.NewReader(message), nil); err != nil {
		t.Fatal(err)
	}
	m := New(on.Runner, w)
	load := func() Facts {
		t.Helper()
		m.Load()
		on.Settle()
		f, _ := m.Facts()
		return f
	}
	if _, known := m.Facts(); known {
		t.Error("facts before anything was read")
	}
	f := load()
	if f.Info.Project != "Test" || f.Info.Messages != 1 || f.Project != nil {
		t.Errorf("%+v", f.Info)
	}
	if len(f.Acts) == 0 || f.Acts[0].Action != workspace.ActionImported || f.Acts[0].User != "tester" {
		t.Errorf("newest act %+v", f.Acts)
	}
	for _, x := range f.Trouble {
		if want := map[check.Severity]int{check.Error: 0, check.Warning: 1}[x.Severity]; x.Messages != want {
			t.Errorf("%v: %d messages, not %d", x.Severity, x.Messages, want)
		}
	}
	file := filepath.Join(t.TempDir(), "project.yaml")
	if err := os.WriteFile(file, []byte("name: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	m.TakeProjectFile(file)
	if f := load(); f.Project != nil {
		t.Error("a project file that cannot be read was taken over")
	}
	good, err := fs.ReadFile(workspaces.Riverbend(), project.FileName)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	m.TakeProjectFile(file)
	load()
	if f := load(); f.Project == nil || len(f.Project.Scope.Flows) == 0 || m.Problem() != "" {
		t.Errorf("the project file was not taken over: %s", m.Problem())
	}
	if err := w.SetSetting(t.Context(), project.FileName, "name: ["); err != nil {
		t.Fatal(err)
	}
	load()
	if m.Problem() == "" {
		t.Error("a project file that cannot be read is not said")
	}
}

func TestSentencesOfTheScope(t *testing.T) {
	for _, c := range []struct {
		f    project.Flow
		want string
	}{
		{project.Flow{Direction: project.In, Edit: project.Blocked}, "comes to us, read-only with us"},
		{project.Flow{Direction: project.Both, Edit: project.Allowed}, "goes both ways, may be edited with us"},
		{project.Flow{Direction: project.None}, "not exchanged"},
	} {
		if got := Sentence(c.f); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		10 * time.Second: "just now", 5 * time.Minute: "5 min ago", 3 * time.Hour: "09:00", 48 * time.Hour: "2026-02-28 12:00",
	} {
		if got := Age(now, now.Add(-d)); got != want {
			t.Errorf("%v: %q, not %q", d, got, want)
		}
	}
}
