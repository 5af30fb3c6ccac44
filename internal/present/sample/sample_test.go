package sample

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/project"
	"trestle/internal/workspace"
)

func TestBuild(t *testing.T) {
	file := filepath.Join(t.TempDir(), FileName)
	calls := 0
	report, err := Build(t.Context(), file, Options{KDF: workspace.CheapKDF(t), User: "tester", Progress: func(_ string, done, total, _ int) {
		if calls++; done != calls || total < done {
			t.Errorf("progress %d of %d at call %d", done, total, calls)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if calls != len(report.Files) || calls != len(report.Project.Messages) {
		t.Errorf("%d calls, %d files, %d in the project", calls, len(report.Files), len(report.Project.Messages))
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), "unfinished") {
			t.Errorf("%s is left", e.Name())
		}
	}

	w, err := workspace.Open(t.Context(), file, []byte(Passphrase), workspace.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	n, err := w.Count(t.Context(), workspace.Query{})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, f := range report.Files {
		want += f.Records()
		if f.Records() == 0 {
			t.Errorf("%s stored nothing", f.File)
		}
	}
	if n != want || n < 50 {
		t.Errorf("%d pieces in the workspace, %d were stored", n, want)
	}
	text, ok, err := w.Setting(t.Context(), project.FileName)
	if err != nil || !ok {
		t.Fatalf("the project file is not in the workspace: %v", err)
	}
	p, err := project.Parse([]byte(text))
	if err != nil || p.Name != report.Project.Name {
		t.Errorf("%v, %q", err, p.Name)
	}

	if _, err := Build(t.Context(), file, Options{KDF: workspace.CheapKDF(t)}); err == nil {
		t.Error("built over a workspace that is there")
	}
}

// TestBuildInterrupted: nothing that looks like a workspace is left.
func TestBuildInterrupted(t *testing.T) {
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Build(ctx, filepath.Join(folder, FileName), Options{KDF: workspace.CheapKDF(t), Progress: func(string, int, int, int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Collect(func(yield func(string) bool) {
		for _, e := range left {
			if !yield(e.Name()) {
				return
			}
		}
	}); len(names) > 0 {
		t.Errorf("left: %v", names)
	}
}

func TestLocation(t *testing.T) {
	home := func() (string, error) { return "/home/ann", nil }
	for _, c := range []struct {
		system, name, value, want string
	}{
		{"linux", "", "", "/home/ann/.local/share/trestle/riverbend.trestle"},
		{"linux", "XDG_DATA_HOME", "/data", "/data/trestle/riverbend.trestle"},
		{"linux", "XDG_DATA_HOME", "relative", "/home/ann/.local/share/trestle/riverbend.trestle"},
		{"darwin", "XDG_DATA_HOME", "/data", "/home/ann/Library/Application Support/Trestle/riverbend.trestle"},
		{"windows", "LOCALAPPDATA", "/local", "/local/Trestle/riverbend.trestle"},
		{"windows", "", "", "/home/ann/AppData/Local/Trestle/riverbend.trestle"},
	} {
		got, err := location(c.system, func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		}, home)
		if err != nil || filepath.ToSlash(got) != c.want {
			t.Errorf("%s %s=%s: %q %v, not %q", c.system, c.name, c.value, got, err, c.want)
		}
	}
	if _, err := location("linux", func(string) string { return "" }, func() (string, error) { return "", errors.New("none") }); err == nil {
		t.Error("no home folder, no error")
	}
}

func TestEnsureBuildsOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of short runs: pays the full cost of a passphrase")
	}
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("LOCALAPPDATA", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	file, made, err := Ensure(t.Context(), Options{})
	if err != nil || !made {
		t.Fatalf("%v, made %v", err, made)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the folder is open to others: %v %v", info.Mode(), err)
	}
	again, made, err := Ensure(t.Context(), Options{})
	if err != nil || made || again != file {
		t.Errorf("the second time: %q %v %v", again, made, err)
	}
}
