package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "trestle"
)

// source is one Go file of the project.
type source struct {
	name    string // slash-separated, from the top
	folder  string
	test    bool
	pkg     string
	doc     bool // has a package comment
	imports []string
}

// sources reads the heads of all Go files, whatever their build tags.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s := source{name: filepath.ToSlash(relative), test: strings.HasSuffix(name, "_test.go"), pkg: f.Name.Name, doc: f.Doc != nil}
		s.folder = path.Dir(s.name)
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found: the test does not see the project", len(all))
	}
	return all
}

func TestTopFolder(t *testing.T) {
	kept := []string{"app", "internal", "assets", "workspaces", "testdata", "go.mod", "go.sum", "FyneApp.toml", "README.md", "Makefile", "LICENSE"}
	built := []string{"trestle", "trestle.exe", "dist", "tour"} // never committed: see .gitignore
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range built {
		if !strings.Contains("\n"+string(ignored), "\n/"+name) {
			t.Errorf("%s is made by a build and is not in .gitignore", name)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(kept, name) && !slices.Contains(built, name) {
			t.Errorf("%s does not belong at the top", name)
		}
	}
	for _, name := range kept {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil && name != "testdata" {
			t.Errorf("%s is missing at the top", name)
		}
	}
}

func TestEveryPackageHasItsDoc(t *testing.T) {
	code, documented := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		code[s.folder] = s.pkg
		base := path.Base(s.name)
		// A command's comment stands over its main function's file, as Go has it; the others have a doc.go.
		if s.doc && (base == "doc.go" || s.pkg == "main" && base == "main.go") {
			documented[s.folder] = true
		}
		if s.doc && base != "doc.go" && s.pkg != "main" && s.folder != "assets" && s.folder != "workspaces" {
			t.Errorf("%s: the package comment belongs into doc.go", s.name)
		}
		if s.doc && (s.folder == "assets" || s.folder == "workspaces") {
			documented[s.folder] = true // one file that embeds, and says so
		}
	}
	for folder := range code {
		if !documented[folder] {
			t.Errorf("%s has no doc.go that says what the package is for", folder)
		}
		name := path.Base(folder)
		for _, vague := range []string{"util", "utils", "helper", "helpers", "common", "misc", "manager", "shared", "base"} {
			if name == vague {
				t.Errorf("%s: a package is named for what it provides", folder)
			}
		}
	}
}

func TestVersionsAgree(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	value := func(text, key string) string {
		for line := range strings.Lines(text) {
			if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(k), "const ")) == key {
				return strings.Trim(strings.TrimSpace(v), `"`)
			}
		}
		return ""
	}
	toml, code := read("FyneApp.toml"), read("internal/command/version.go")
	for _, key := range []string{"Version", "Build"} {
		if a, b := value(toml, key), value(code, key); a == "" || a != b {
			t.Errorf("%s is %q in FyneApp.toml and %q in internal/command/version.go", key, a, b)
		}
	}
	if id := value(toml, "ID"); !strings.Contains(read("app/window.go"), `"`+id+`"`) {
		t.Errorf("app/window.go does not have the application ID %q of FyneApp.toml", id)
	}
	if icon := value(toml, "Icon"); icon != "" {
		if _, err := os.Stat(filepath.Join(root, icon)); err != nil {
			t.Errorf("the icon of FyneApp.toml: %v", err)
		}
	}
}
