package house

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// floors gives each package its floor, from the ground up. A package imports only from floors below its own, or from
// its own folders: internal/workspace/sealed is part of internal/workspace, and each part is listed before who uses it.
var floors = []struct {
	about    string
	packages []string // "x/*" is every package in the folder x that is not named itself
}{
	{"data that is embedded", []string{"assets", "workspaces"}},
	{"bytes and work", []string{"internal/hl7", "internal/fhir", "internal/job", "internal/yamlfile"}},
	{"what a file is", []string{"internal/format"}},
	{"the facts of the standard", []string{"internal/dictionary"}},
	{"findings and wires", []string{"internal/check", "internal/mllp"}},
	{"the tools, which never import each other", []string{"internal/inspect", "internal/project", "internal/compare", "internal/endpoint", "internal/mapping", "internal/linkage"}},
	{"storing and writing", []string{"internal/workspace", "internal/report"}},
	{"what our widgets draw", []string{"internal/present/screen"}},
	{"how every place draws a message", []string{"internal/present/message"}},
	{"how what the places know is tested", []string{"internal/present/stage"}},
	{"what the places know", []string{"internal/present/*"}},
	{"how the window looks", []string{"internal/ui/theme"}},
	{"our widgets", []string{"internal/ui/kit"}},
	{"how the window is tested", []string{"internal/ui/uitest"}},
	{"what a place asks of the window", []string{"internal/ui/host"}},
	{"the places of the window", []string{"internal/ui/*"}},
	{"the window", []string{"internal/ui"}},
	{"the terminal", []string{"internal/command"}},
	{"the program", []string{"app"}},
}

// alone are packages outside the floors: nothing may import them.
var alone = []string{"internal/house", "internal/dictionary/gen", "internal/fhir/gen"}

func floorOf(folder string) (int, bool) {
	for i, f := range floors {
		if slices.Contains(f.packages, folder) {
			return i, true
		}
	}
	for i, f := range floors {
		for _, p := range f.packages {
			if star, ok := strings.CutSuffix(p, "/*"); ok && path.Dir(folder) == star {
				return i, true
			}
		}
	}
	// A part of a package stands on its floor: internal/workspace/sealed on that of internal/workspace.
	if up := path.Dir(folder); up != "." && up != "internal" {
		return floorOf(up)
	}
	return 0, false
}

// partOf says whether folder is the package owner or lies inside it.
func partOf(folder, owner string) bool {
	return folder == owner || strings.HasPrefix(folder, owner+"/")
}

// sameHouse says whether one of two folders of one floor is a part of the other.
func sameHouse(a, b string) bool {
	top := func(folder string) string {
		for _, f := range floors {
			for _, p := range f.packages {
				if !strings.HasSuffix(p, "/*") && p != "internal/ui" && partOf(folder, p) {
					return p
				}
			}
		}
		return folder
	}
	return top(a) == top(b) || partOf(a, b) || partOf(b, a)
}

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || slices.Contains(alone, s.folder) {
			continue
		}
		own, ok := floorOf(s.folder)
		if !ok {
			t.Errorf("%s: the package %s has no floor: give it one in floors_test.go", s.name, s.folder)
			continue
		}
		for _, p := range s.imports {
			folder, ours := strings.CutPrefix(p, module+"/")
			if !ours {
				continue
			}
			if slices.Contains(alone, folder) {
				t.Errorf("%s imports %s, which nothing may import", s.name, folder)
				continue
			}
			floor, ok := floorOf(folder)
			switch {
			case !ok:
				t.Errorf("%s imports %s, which has no floor", s.name, folder)
			case floor > own:
				t.Errorf("%s (%s) imports %s (%s), which stands above it", s.name, floors[own].about, folder, floors[floor].about)
			case floor == own && !sameHouse(s.folder, folder):
				t.Errorf("%s imports %s, its neighbour on the same floor (%s)", s.name, folder, floors[own].about)
			}
		}
	}
}

// reserved names imports that only some packages may have.
var reserved = []struct {
	what    string
	matches func(importPath string) bool
	who     []string // and the packages inside them
	tests   bool     // holds for tests too
}{
	{"Fyne's app, which needs a display", is("fyne.io/fyne/v2/app"), []string{"app"}, true},
	{"Fyne", under("fyne.io/fyne"), []string{"internal/ui", "app"}, true},
	{"Fyne's test driver, which brings testing into the program", is("fyne.io/fyne/v2/test"), []string{"internal/ui/uitest"}, false},
	{"SQL", under("database/sql"), []string{"internal/workspace"}, true},
	{"SQLite", under("github.com/mattn/go-sqlite3"), []string{"internal/workspace"}, true},
	{"HTTP", under("net/http"), []string{"internal/endpoint"}, false},
	// project reads addresses, app knocks at the display's door.
	{"the network", is("net"), []string{"internal/mllp", "internal/endpoint", "internal/project", "app"}, false},
	{"other programs", is("os/exec"), []string{"internal/ui"}, false},
	{"logging, where patient data could end", is("log", "log/slog"), nil, false},
	{"testing", is("testing"), []string{"internal/ui/uitest", "internal/present/stage"}, false},
}

func is(paths ...string) func(string) bool {
	return func(p string) bool { return slices.Contains(paths, p) }
}

func under(prefix string) func(string) bool {
	return func(p string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }
}

func TestReservedImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range s.imports {
			for _, r := range reserved {
				if !r.matches(p) || s.test && !r.tests || slices.Contains(alone, s.folder) {
					continue
				}
				if !slices.ContainsFunc(r.who, func(owner string) bool { return partOf(s.folder, owner) }) {
					t.Errorf("%s imports %s: %s is not for %s", s.name, p, r.what, s.folder)
				}
			}
		}
	}
}

func TestFloorsThemselves(t *testing.T) {
	for folder, want := range map[string]string{
		"internal/hl7":                 "bytes and work",
		"internal/workspace/sealed":    "storing and writing",
		"internal/present/screen":      "what our widgets draw",
		"internal/present/inspect":     "what the places know",
		"internal/ui/kit":              "our widgets",
		"internal/ui/inspect":          "the places of the window",
		"internal/ui":                  "the window",
		"internal/dictionary/data/sub": "the facts of the standard",
	} {
		i, ok := floorOf(folder)
		if !ok || floors[i].about != want {
			t.Errorf("%s stands on %q, not on %q", folder, floors[i].about, want)
		}
	}
	if _, ok := floorOf("internal/unheard"); ok {
		t.Error("an unknown package has a floor")
	}
	if sameHouse("internal/present/inspect", "internal/present/link") || sameHouse("internal/inspect", "internal/compare") {
		t.Error("neighbours count as one house")
	}
	if !sameHouse("internal/workspace", "internal/workspace/sealed") {
		t.Error("a package and its part do not count as one house")
	}
}
