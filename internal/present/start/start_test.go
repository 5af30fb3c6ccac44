package start

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

type fixture struct {
	*Model
	*stage.Stage
	opened *workspace.Workspace
	kept   []string
}

func open(t *testing.T, recent ...string) *fixture {
	s := stage.Empty(t)
	f := &fixture{Model: New(s.Runner, recent), Stage: s}
	f.Opened = func(w *workspace.Workspace) { f.opened = w }
	f.Keep = func(paths []string) { f.kept = paths }
	t.Cleanup(func() {
		if f.opened != nil {
			if err := f.opened.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

func project(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.trestle")
	w, err := workspace.Create(t.Context(), path, []byte("long enough"), workspace.CreateOptions{KDF: workspace.CheapKDF(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProblemsBelongToAField(t *testing.T) {
	path := project(t)
	folder := filepath.Dir(path)
	text := filepath.Join(folder, "letter.trestle")
	if err := os.WriteFile(text, []byte("Dear colleague"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, pass string
		field            Field
		words            string
	}{
		{"no file", "", "x", File, "Choose"},
		{"no passphrase", path, "", Passphrase, "passphrase"},
		{"wrong passphrase", path, "wrong wrong", Passphrase, "passphrase"},
		{"missing", filepath.Join(folder, "gone.trestle"), "x", File, "gone.trestle"},
		{"foreign", text, "x", File, "letter.trestle is not"},
		{"folder", folder, "x", File, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			f.Open(c.path, []byte(c.pass))
			f.Settle()
			field, words := f.Problem()
			if field != c.field || !strings.Contains(words, c.words) || words == "" {
				t.Errorf("field %d, %q", field, words)
			}
			if f.Doing() != "" || f.opened != nil {
				t.Error("still at work, or open")
			}
			f.Clear()
			if _, words := f.Problem(); words != "" {
				t.Error("the problem stays after a change")
			}
		})
	}
}

func TestOpenRemembersOnlyThePath(t *testing.T) {
	path := project(t)
	f := open(t, "elsewhere.trestle", path)
	pass := []byte("long enough")
	f.Open(path, pass)
	if f.Doing() == "" {
		t.Error("nothing is said while it opens")
	}
	f.Open(path, []byte("again")) // a second click while it opens
	f.Settle()
	if f.opened == nil {
		t.Fatal(f.Problem())
	}
	if !slices.Equal(f.kept, []string{path, "elsewhere.trestle"}) {
		t.Errorf("kept %q", f.kept)
	}
	if string(pass) == "long enough" {
		t.Error("the passphrase is still in memory")
	}
	recent := f.Recent()
	if recent[0].Missing || !recent[1].Missing || recent[0].Title() != "a" {
		t.Errorf("%+v", recent)
	}
	f.Forget(path)
	if len(f.Recent()) != 1 {
		t.Error("not forgotten")
	}
}

func TestCreateChecksBeforeItWrites(t *testing.T) {
	folder := t.TempDir()
	there := filepath.Join(folder, "there.trestle")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, name, pass, again string
		field                   Field
	}{
		{filepath.Join(folder, "x"), " ", "long enough", "long enough", Name},
		{"", "A", "long enough", "long enough", File},
		{filepath.Join(folder, "x"), "A", "short", "short", Passphrase},
		{filepath.Join(folder, "x"), "A", "long enough", "long enougH", Again},
		{there, "A", "long enough", "long enough", File},
		{filepath.Join(folder, "no such folder", "x"), "A", "long enough", "long enough", File},
		{filepath.Join(folder, "there"), "A", "long enough", "long enough", File},
	} {
		f := open(t)
		f.Create(c.path, c.name, []byte(c.pass), []byte(c.again))
		f.Settle()
		if field, words := f.Problem(); field != c.field || words == "" {
			t.Errorf("%+v: field %d, %q", c, field, words)
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("%d files were left", len(entries)-1)
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"Riverbend ↔ Lakeside EHR": "riverbend-lakeside-ehr.trestle", "": "project.trestle", " ../x ": "x.trestle", "Köln 2": "köln-2.trestle",
	} {
		if got := FileName(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
}
