package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"trestle/internal/yamlfile"
)

// small is a valid project of 35 lines; tests change single lines of it.
const small = `name: A ↔ B
environment: test
scope:
  kind: stand-alone
  data:
    - {kind: demographics, record: ours, direction: both, edit: allowed}
    - {kind: insurance, record: ours, direction: both, edit: allowed}
    - {kind: appointments, record: ours, direction: out, edit: allowed}
    - {kind: orders, record: theirs, direction: in, edit: blocked}
    - {kind: results, record: theirs, direction: none, edit: blocked}
    - {kind: charges, record: ours, direction: out, edit: allowed}
    - {kind: documents, record: ours, direction: out, edit: additions}
systems:
  - id: a
    side: ours
    name: System A
    application: AAPP
    facility: AFAC
    versions: ["2.5.1"]
    connections:
      - {id: adt-in, type: mllp, role: listens, address: "127.0.0.1:2575"}
  - {id: b, side: theirs, name: System B, application: BAPP, facility: BFAC, versions: ["2.3", "2.8.2"]}
people:
  - {name: Somebody, role: Analyst, side: theirs}
tests:
  - {id: ADT-01, title: First, trigger: Send, expected: Filed, messages: [m/good.hl7]}
messages:
  - {file: m/good.hl7, title: Good, shows: Nothing}
  - file: m/bad.hl7
    title: Bad
    shows: A fault
    wrong: [{id: L1, text: Line feeds}]
    expect: [line-ends]
rosters:
  - {file: r.csv, system: a, title: Patients, key: id}
plans:
  - {file: p.csv, system: b, title: Plans, key: plan}
`

func folder(yaml string) fstest.MapFS {
	return fstest.MapFS{
		FileName:     {Data: []byte(yaml)},
		"m/good.hl7": {}, "m/bad.hl7": {}, "r.csv": {}, "p.csv": {},
		"m/sub": {Mode: fs.ModeDir},
	}
}

func TestLoad(t *testing.T) {
	p, err := Load(folder(small))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "A ↔ B" || p.Environment != Test || p.Scope.Kind != StandAlone {
		t.Errorf("head = %q, %q, %q", p.Name, p.Environment, p.Scope.Kind)
	}
	if f, ok := p.Scope.Flow(Documents); !ok || f.Record != Ours || f.Direction != Out || f.Edit != Additions {
		t.Errorf("documents = %+v, %v", f, ok)
	}
	a, ok := p.System("a")
	if !ok || a.Application != "AAPP" || len(a.Connections) != 1 || a.Connections[0].Address != "127.0.0.1:2575" {
		t.Errorf("system a = %+v, %v", a, ok)
	}
	if _, ok := p.System("c"); ok {
		t.Error("a system that is not there was found")
	}
	bad, ok := p.Message("m/bad.hl7")
	if !ok || !bad.Malformed() || bad.Wrong[0] != (Fault{"L1", "Line feeds"}) || bad.Expect[0] != "line-ends" {
		t.Errorf("bad = %+v, %v", bad, ok)
	}
	if good, _ := p.Message("m/good.hl7"); good.Malformed() {
		t.Error("the good file counts as malformed")
	}
	if len(p.People) != 1 || len(p.TestPlan) != 1 || len(p.Rosters) != 1 || len(p.Plans) != 1 || p.Plans[0].Key != "plan" {
		t.Errorf("lists = %d people, %d tests, %d rosters, %+v", len(p.People), len(p.TestPlan), len(p.Rosters), p.Plans)
	}
}

// TestLoadProblems changes one place of the valid file and names the line and the words of the error.
func TestLoadProblems(t *testing.T) {
	tests := []struct {
		name, old, new string
		line           int
		text           string
	}{
		{"misspelt key", "systems:", "sytems:", 13, `unknown key "sytems" in the project; did you mean "systems"?`},
		{"required key", "environment: test\n", "", 1, `the project needs "environment"`},
		{"unknown key", "side: ours\n", "side: ours\n    colour: red\n", 16, `unknown key "colour" in a system; known are id, side, name`},
		{"key twice", "    side: ours\n", "    side: ours\n    side: ours\n", 16, `"side" is given twice in a system`},
		{"word outside the list", "environment: test", "environment: prod", 2, `environment is "prod"; it must be "test" or "production"`},
		{"empty name", "name: A ↔ B", "name: ''", 1, "name is empty"},
		{"name null", "name: A ↔ B", "name:", 1, "name is empty"},
		{"list for text", "name: A ↔ B", "name: [A]", 1, "name must be text"},
		{"text for list", "    versions: [\"2.5.1\"]", "    versions: 2.5.1", 19, "versions must be a list"},
		{"text for mapping", "  - {name: Somebody, role: Analyst, side: theirs}", "  - Somebody", 24, "a person must be keys and values"},
		{"binary", "name: A ↔ B", "name: !!binary aGVsbG8=", 1, "name must be plain text, not binary"},
		{"alias", "name: A ↔ B\nenvironment: test", "name: &x test\nenvironment: *x", 2, `write the value of "environment" out`},
		{"data kind twice", "kind: insurance", "kind: demographics", 7, "demographics is decided twice"},
		{"data kind missing", "    - {kind: orders, record: theirs, direction: in, edit: blocked}\n", "", 4, "does not decide on orders"},
		{"against the owner", "kind: orders, record: theirs, direction: in", "kind: orders, record: theirs, direction: out", 9, "the partner is the system of record"},
		{"against ourselves", "kind: charges, record: ours, direction: out", "kind: charges, record: ours, direction: in", 11, "we are the system of record"},
		{"system id", "id: a\n", "id: A B\n", 14, `system id "A B" must be lower-case`},
		{"system twice", "{id: b, side", "{id: a, side", 22, `two entries have the system id "a"`},
		{"one side only", "side: theirs, name: System B", "side: ours, name: System B", 14, "a project joins two sides"},
		{"version a number", `"2.3", "2.8.2"`, `2.30, "2.8.2"`, 22, `"2.30" is not an HL7 v2 version`},
		{"port", "127.0.0.1:2575", "127.0.0.1:99999", 14, "the address of an MLLP connection is host:port"},
		{"FHIR address", `type: mllp, role: listens, address: "127.0.0.1:2575"`, `type: fhir, role: listens, address: "127.0.0.1:2575"`, 14, "base URL"},
		{"password", `type: mllp, role: listens, address: "127.0.0.1:2575"`, `type: fhir, role: listens, address: "http://u:p@h/fhir"`, 14, "holds no passwords"},
		{"missing file", "file: m/bad.hl7", "file: m/none.hl7", 29, "m/none.hl7 does not exist in the project folder"},
		{"folder as file", "file: m/bad.hl7", "file: m/sub", 29, "m/sub is a folder"},
		{"way out of the folder", "file: m/bad.hl7", "file: ../bad.hl7", 29, "is not a path inside the project folder"},
		{"drive letter", "file: m/bad.hl7", `file: 'C:\bad.hl7'`, 29, "is not a path inside the project folder"},
		{"file twice", "file: m/bad.hl7", "file: m/good.hl7", 29, "m/good.hl7 is listed twice"},
		{"expectation of a good file", "shows: Nothing}", "shows: Nothing, expect: [line-ends]}", 28, "does not say what is wrong"},
		{"fault id", "id: L1", "id: line-1", 29, `fault id "line-1" must be a letter and a number`},
		{"finding code", "expect: [line-ends]", "expect: [Line Ends]", 29, `finding code "Line Ends" must be`},
		{"roster of nobody", "{file: r.csv, system: a", "{file: r.csv, system: c", 35, `belongs to system "c", which is not among`},
		{"test id", "id: ADT-01", "id: first", 26, `test id "first" must be an area and a number`},
		{"test of nothing", "messages: [m/good.hl7]", "messages: [m/other.hl7]", 26, `test ADT-01 uses "m/other.hl7"`},
		{"second document", "plans:\n", "---\nplans:\n", 36, "a second document starts here"},
		{"tab", "  kind: stand-alone", "\tkind: stand-alone", 4, "not readable as YAML"},
		{"merge key", "name: A ↔ B", "<<: {name: x}\nname: A ↔ B", 1, `unknown key "<<"`},
		{"mapping as key", "name: A ↔ B", "? {a: b}\n: c\nname: A ↔ B", 1, "a key of the project must be a plain word"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(small, tt.old, tt.new, 1)
			if changed == small {
				t.Fatal("the change does nothing")
			}
			p, err := Load(folder(changed))
			var problems Problems
			if !errors.As(err, &problems) || p != nil {
				t.Fatalf("Load = %v, %v; want Problems and no project", p, err)
			}
			for _, pr := range problems {
				if pr.Line == tt.line && strings.Contains(pr.Text, tt.text) {
					return
				}
			}
			t.Errorf("no problem at line %d with %q in:\n%v", tt.line, tt.text, err)
		})
	}
}

func TestLoadReportsAllProblemsInOrder(t *testing.T) {
	bad := strings.NewReplacer("environment: test", "environment: lab", "shows: A fault", "show: A fault", "edit: additions", "edit: some").Replace(small)
	_, err := Load(folder(bad))
	want := `project.yaml:2: environment is "lab"; it must be "test" or "production"
project.yaml:12: edit is "some"; it must be "blocked", "additions" or "allowed"
project.yaml:29: a message file needs "shows"
project.yaml:31: unknown key "show" in a message file; did you mean "shows"?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	var one Problem
	if !errors.As(err, &one) || one.Line != 2 || one.File != FileName {
		t.Errorf("first problem = %+v", one)
	}
}

func TestLoadUnreadable(t *testing.T) {
	if _, err := Load(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no project file: %v", err)
	}
	for name, content := range map[string]string{"nothing": "", "comment only": "# nothing\n"} {
		if _, err := Load(folder(content)); err == nil || err.Error() != "project.yaml: the file is empty" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Load(folder("# " + strings.Repeat("x", maxFileSize)))
	if err == nil || !strings.Contains(err.Error(), "larger than 4 MB") {
		t.Errorf("large file: %v", err)
	}
	_, err = Load(folder("name: \xff\xfe"))
	if err == nil || !strings.Contains(err.Error(), "not readable as YAML") {
		t.Errorf("bad UTF-8: %v", err)
	}
}

func TestProblemsAreCutShort(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "key%d: x\n", i)
	}
	_, err := Load(folder(b.String()))
	if lines := strings.Split(err.Error(), "\n"); len(lines) != yamlfile.Shown+1 || !strings.HasPrefix(lines[yamlfile.Shown], "… and ") {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

func TestParseLeavesFilesAlone(t *testing.T) {
	if _, err := Parse([]byte(small)); err != nil {
		t.Errorf("Parse looked for files: %v", err)
	}
	if _, err := Parse([]byte(strings.Replace(small, "m/bad.hl7", "../bad.hl7", 1))); err == nil {
		t.Error("Parse took a path out of the folder")
	}
}

func TestPresets(t *testing.T) {
	for _, kind := range []ScopeKind{StandAlone, OfficeBased} {
		s := Preset(kind)
		for _, d := range DataKinds() {
			f, ok := s.Flow(d)
			if !ok || len(f.Messages) == 0 {
				t.Errorf("%s does not decide on %s", kind, d)
			}
			if f.Record == Theirs && f.Direction == Out || f.Record == Ours && f.Direction == In {
				t.Errorf("%s: %s flows against its owner", kind, d)
			}
		}
		f, _ := s.Flow(Demographics)
		if want := kind == OfficeBased; (f.Record == Theirs && f.Edit == Blocked) != want {
			t.Errorf("%s: demographics = %+v", kind, f)
		}
	}
	if _, ok := (Scope{}).Flow(Charges); ok {
		t.Error("an empty scope decides on charges")
	}
}

// FuzzLoad: whatever the file holds, Load gives a project or a reason, never both, and the reason fits on a screen.
func FuzzLoad(f *testing.F) {
	f.Add(small)
	f.Add("")
	f.Add("name: *a")
	f.Add("a: &a [*a]")
	f.Add("scope: {data: [{}, [], ~]}")
	f.Add("messages: [{file: '', wrong: [x], expect: {}}]")
	f.Add("rosters:\n- {file: r.csv}\n---\n...\n---")
	if b, err := os.ReadFile("../../workspaces/riverbend/project.yaml"); err == nil {
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, content string) {
		p, err := Load(folder(content))
		if (p == nil) == (err == nil) {
			t.Fatalf("project %v with error %v", p != nil, err)
		}
		if err != nil {
			if n := strings.Count(err.Error(), "\n"); n > yamlfile.Shown {
				t.Errorf("the error has %d lines", n+1)
			}
			return
		}
		if p.Name == "" || len(p.Systems) < 2 || len(p.Scope.Flows) != len(DataKinds()) {
			t.Errorf("accepted an incomplete project: %+v", p)
		}
	})
}
