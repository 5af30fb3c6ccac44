package files

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/present/screen"
)

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"inbox/b.hl7", "inbox/A.hl7", "inbox/deep/c.hl7", "inbox/.hidden"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("x", 1234)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(m *Model) []string {
	var out []string
	for r := range m.List().Len() {
		out = append(out, strings.TrimSuffix(m.List().Cell(r, 0).Text, string(filepath.Separator)))
	}
	return out
}

func TestListIsOrderedAndCanBeWalked(t *testing.T) {
	dir := folder(t)
	m := New(Open, filepath.Join(dir, "inbox"))
	if got := names(m); !slices.Equal(got, []string{"..", "deep", "A.hl7", "b.hl7"}) {
		t.Fatalf("%q", got)
	}
	if got := m.List().Cell(2, 1).Text; got != "1.2 kB" {
		t.Errorf("size %q", got)
	}
	if _, done := m.Enter("", []int{1}); done || filepath.Base(m.Folder()) != "deep" {
		t.Error("a folder was taken for a file")
	}
	if row := m.Up(); row != 1 {
		t.Errorf("up leads to row %d", row)
	}
	if m.Find("B") != 3 || m.Find("zz") != -1 || m.Find("") != -1 || m.Find(".") != -1 {
		t.Error("rows are not found by their names")
	}
}

func TestWhatIsTyped(t *testing.T) {
	dir := folder(t)
	t.Setenv("HOME", dir)
	inbox := filepath.Join(dir, "inbox")
	for _, c := range []struct {
		typed string
		paths []string
		done  bool
		at    string // folder afterwards
		words string
	}{
		{"inbox", nil, false, inbox, ""},
		{filepath.Join(inbox, "b.hl7"), []string{filepath.Join(inbox, "b.hl7")}, true, dir, ""},
		{`"` + filepath.Join("inbox", "b.hl7") + `"`, []string{filepath.Join(inbox, "b.hl7")}, true, dir, ""},
		{"~/inbox/b.hl7", []string{filepath.Join(inbox, "b.hl7")}, true, dir, ""},
		{filepath.Join("inbox", "*.hl7"), []string{filepath.Join(inbox, "A.hl7"), filepath.Join(inbox, "b.hl7")}, true, dir, ""},
		{"gone.hl7", nil, false, dir, "gone.hl7"},
		{"", nil, false, dir, "Choose"},
	} {
		m := New(Open, dir)
		paths, done := m.Enter(c.typed, nil)
		if !slices.Equal(paths, c.paths) || done != c.done || m.Folder() != c.at || !strings.Contains(m.Problem(), c.words) {
			t.Errorf("%q: %q %v in %s: %q", c.typed, paths, done, m.Folder(), m.Problem())
		}
	}
	m := New(Open, inbox)
	if paths, done := m.Enter("", []int{2, 3}); !done || len(paths) != 2 {
		t.Errorf("two chosen rows gave %q", paths)
	}
}

func TestTarget(t *testing.T) {
	dir := folder(t)
	m := New(Target, dir)
	if paths, done := m.Enter("new.trestle", nil); !done || paths[0] != filepath.Join(dir, "new.trestle") {
		t.Errorf("%q %v", paths, done)
	}
	if _, done := m.Enter(filepath.Join("no", "such", "new.trestle"), nil); done || m.Problem() == "" {
		t.Error("a folder that is not there was taken")
	}
}

func TestFolderThatCannotBeRead(t *testing.T) {
	m := New(Open, filepath.Join(t.TempDir(), "gone"))
	if m.Folder() == "" || m.List().Len() == 0 {
		t.Error("nothing is shown instead")
	}
	before := m.Folder()
	if m.Go(filepath.Join(before, "no such folder")) == nil || m.Folder() != before || m.Problem() == "" {
		t.Error("a folder that is not there is shown")
	}
}

func TestSeveralRows(t *testing.T) {
	inbox := filepath.Join(folder(t), "inbox")
	deep, a, b := filepath.Join(inbox, "deep"), filepath.Join(inbox, "A.hl7"), filepath.Join(inbox, "b.hl7")
	for _, c := range []struct {
		purpose Purpose
		rows    []int
		paths   []string
		at      string
	}{
		{Import, []int{0, 1, 2, 3}, []string{deep, a, b}, inbox}, // all of them, as Ctrl+A chooses
		{Import, []int{0, 1}, []string{deep}, inbox},
		{Import, []int{1}, nil, deep},
		{Import, []int{0}, nil, filepath.Dir(inbox)},
		{Open, []int{0, 1, 2, 3}, []string{a, b}, inbox},
		{Open, []int{0, 1}, nil, inbox},
	} {
		m := New(c.purpose, inbox)
		paths, done := m.Enter("", c.rows)
		if !slices.Equal(paths, c.paths) || done != (len(c.paths) > 0) || m.Folder() != c.at {
			t.Errorf("%v: %q %v in %s", c, paths, done, m.Folder())
		}
		if !done && c.at == inbox && m.Problem() == "" {
			t.Errorf("%v: nothing is said", c)
		}
	}
	if paths, _ := New(Import, inbox).Enter("*", nil); !slices.Contains(paths, deep) {
		t.Errorf("a pattern gave %q", paths)
	}
	if paths, _ := New(Open, inbox).Enter("*", nil); slices.Contains(paths, deep) {
		t.Errorf("a pattern gave a folder: %q", paths)
	}
}

func TestDanglingLink(t *testing.T) {
	dir := folder(t)
	if err := os.Symlink(filepath.Join(dir, "gone.hl7"), filepath.Join(dir, "link.hl7")); err != nil {
		t.Skip("no links here:", err)
	}
	m := New(Import, dir)
	row := m.Find("link")
	if row < 0 || m.List().Cell(row, 0).Role != screen.RoleMuted {
		t.Fatalf("row %d of %q", row, names(m))
	}
	for _, enter := range []func() ([]string, bool){
		func() ([]string, bool) { return m.Enter("", []int{row}) },
		func() ([]string, bool) { return m.Enter("link.hl7", nil) },
	} {
		if paths, done := enter(); done || !strings.Contains(m.Problem(), "link to something") {
			t.Errorf("%q %v, %q", paths, done, m.Problem())
		}
	}
	if paths, done := m.Enter("", []int{0, 1, row}); !done || len(paths) != 1 {
		t.Errorf("among others: %q", paths)
	}
}

func TestFoldersAreMade(t *testing.T) {
	dir := folder(t)
	m := New(Target, dir)
	if _, done := m.Enter("fresh"+string(filepath.Separator), nil); done || m.Folder() != filepath.Join(dir, "fresh") || m.Problem() != "" {
		t.Errorf("in %s, %q", m.Folder(), m.Problem())
	}
	if m.MakeFolder("within") != nil || m.Folder() != filepath.Join(dir, "fresh", "within") {
		t.Errorf("in %s, %q", m.Folder(), m.Problem())
	}
	for _, name := range []string{"", filepath.Join("no", "such"), dir} {
		if m.MakeFolder(name) == nil || m.Problem() == "" {
			t.Errorf("%q was made", name)
		}
	}
	// Nothing is made by what only reads.
	m = New(Open, dir)
	m.Enter("other"+string(filepath.Separator), nil)
	if _, err := os.Stat(filepath.Join(dir, "other")); err == nil || m.Problem() == "" {
		t.Error("a folder was made for reading")
	}
}
