package project

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileSize is far above any real project file. It keeps a wrong file from filling the memory.
const maxFileSize = 4 << 20

// Load reads project.yaml from a project folder and checks that it is complete and that every file it names exists.
//
// The error is Problems when the file could be read but not accepted, and wraps the cause, such as fs.ErrNotExist,
// when it could not be read. Load returns no project with an error.
func Load(fsys fs.FS) (*Project, error) {
	f, err := fsys.Open(FileName)
	if err != nil {
		return nil, fmt.Errorf("read the project file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the project file: %w", err)
	}
	if len(b) > maxFileSize {
		return nil, Problems{{FileName, 0, 0, fmt.Sprintf("larger than %d MB: this is not a project file", maxFileSize>>20)}}
	}
	p, places, problems := parse(FileName, b)
	if p == nil {
		return nil, problems
	}
	problems = append(problems, places.check(fsys, p)...)
	if len(problems) > 0 {
		problems.sort()
		return nil, problems
	}
	return p, nil
}

// parse reads the YAML. The project is nil when there is no document to read; places keeps where things were said.
func parse(file string, b []byte) (*Project, *places, Problems) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, next yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil, Problems{{file, 0, 0, "the file is empty"}}
	} else if err != nil {
		return nil, nil, Problems{syntaxProblem(file, err)}
	}
	r := &reader{file: file}
	pl := &places{reader: r, at: map[any]*yaml.Node{}}
	p := &Project{}
	if len(doc.Content) != 1 {
		return nil, nil, Problems{{file, 0, 0, "the file is empty"}}
	}
	pl.project(doc.Content[0], p)
	if err := d.Decode(&next); err == nil {
		r.fail(&next, "a second document starts here (---); a project file has one")
	} else if !errors.Is(err, io.EOF) {
		r.problems = append(r.problems, syntaxProblem(file, err))
	}
	return p, pl, r.problems
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxProblem turns an error of the YAML parser into a problem with a line.
func syntaxProblem(file string, err error) Problem {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	p := Problem{File: file, Text: "not readable as YAML: " + text}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Text = "not readable as YAML: " + m[2]
	}
	return p
}

// project reads the top of the file.
func (pl *places) project(n *yaml.Node, p *Project) {
	r := pl.reader
	pl.at[p] = n
	r.mapping(n, "the project",
		field{"name", r.needed("name", &p.Name), true},
		field{"description", r.text("description", &p.Description), false},
		field{"environment", word(r, "environment", &p.Environment, Test, Production), true},
		field{"scope", func(n *yaml.Node) { pl.scope(n, &p.Scope) }, true},
		field{"systems", each(pl, "systems", &p.Systems, pl.system), true},
		field{"people", each(pl, "people", &p.People, pl.person), false},
		field{"tests", each(pl, "tests", &p.TestPlan, pl.test), false},
		field{"messages", each(pl, "messages", &p.Messages, pl.message), false},
		field{"rosters", each(pl, "rosters", &p.Rosters, pl.roster), false},
		field{"plans", each(pl, "plans", &p.Plans, func(n *yaml.Node, l *PlanList) { pl.roster(n, (*Roster)(l)) }), false},
	)
}

func (pl *places) scope(n *yaml.Node, s *Scope) {
	r := pl.reader
	pl.at[s] = n
	r.mapping(n, "the scope",
		field{"kind", word(r, "kind of scope", &s.Kind, StandAlone, OfficeBased), true},
		field{"note", r.text("note", &s.Note), false},
		field{"data", each(pl, "data", &s.Flows, pl.flow), true},
	)
}

func (pl *places) flow(n *yaml.Node, f *Flow) {
	r := pl.reader
	r.mapping(n, "a kind of data",
		field{"kind", word(r, "kind of data", &f.Data, DataKinds()...), true},
		field{"record", word(r, "record (the system of record)", &f.Record, Ours, Theirs), true},
		field{"direction", word(r, "direction", &f.Direction, In, Out, Both, None), true},
		field{"edit", word(r, "edit", &f.Edit, Blocked, Additions, Allowed), true},
		field{"messages", r.texts("messages", &f.Messages), false},
		field{"note", r.text("note", &f.Note), false},
	)
}

func (pl *places) system(n *yaml.Node, s *System) {
	r := pl.reader
	r.mapping(n, "a system",
		field{"id", r.needed("id", &s.ID), true},
		field{"side", word(r, "side", &s.Side, Ours, Theirs), true},
		field{"name", r.needed("name", &s.Name), true},
		field{"product", r.text("product", &s.Product), false},
		field{"application", r.needed("application", &s.Application), true},
		field{"facility", r.needed("facility", &s.Facility), true},
		field{"authority", r.text("authority", &s.Authority), false},
		field{"versions", r.texts("versions", &s.Versions), true},
		field{"connections", each(pl, "connections", &s.Connections, pl.connection), false},
	)
}

func (pl *places) connection(n *yaml.Node, c *Connection) {
	r := pl.reader
	r.mapping(n, "a connection",
		field{"id", r.needed("id", &c.ID), true},
		field{"type", word(r, "type", &c.Type, MLLP, FHIR, Folder), true},
		field{"role", word(r, "role", &c.Role, Listens, Sends), true},
		field{"address", r.needed("address", &c.Address), true},
		field{"carries", r.texts("carries", &c.Carries), false},
		field{"note", r.text("note", &c.Note), false},
	)
}

func (pl *places) person(n *yaml.Node, p *Person) {
	r := pl.reader
	r.mapping(n, "a person",
		field{"name", r.needed("name", &p.Name), true},
		field{"role", r.needed("role", &p.Role), true},
		field{"side", word(r, "side", &p.Side, Ours, Theirs), true},
		field{"email", r.text("email", &p.Email), false},
		field{"phone", r.text("phone", &p.Phone), false},
		field{"hours", r.text("hours", &p.Hours), false},
		field{"ask", r.text("ask", &p.Ask), false},
	)
}

func (pl *places) test(n *yaml.Node, t *TestCase) {
	r := pl.reader
	r.mapping(n, "a test",
		field{"id", r.needed("id", &t.ID), true},
		field{"title", r.needed("title", &t.Title), true},
		field{"trigger", r.needed("trigger", &t.Trigger), true},
		field{"expected", r.needed("expected", &t.Expected), true},
		field{"checks", r.text("checks", &t.Checks), false},
		field{"messages", r.texts("messages", &t.Messages), false},
	)
}

func (pl *places) message(n *yaml.Node, m *MessageFile) {
	r := pl.reader
	r.mapping(n, "a message file",
		field{"file", r.needed("file", &m.File), true},
		field{"title", r.needed("title", &m.Title), true},
		field{"shows", r.needed("shows", &m.Shows), true},
		field{"wrong", each(pl, "wrong", &m.Wrong, pl.fault), false},
		field{"expect", r.texts("expect", &m.Expect), false},
	)
}

func (pl *places) fault(n *yaml.Node, f *Fault) {
	r := pl.reader
	r.mapping(n, "a fault",
		field{"id", r.needed("id", &f.ID), true},
		field{"text", r.needed("text", &f.Text), true},
	)
}

func (pl *places) roster(n *yaml.Node, l *Roster) {
	r := pl.reader
	r.mapping(n, "a roster or plan list",
		field{"file", r.needed("file", &l.File), true},
		field{"system", r.needed("system", &l.System), true},
		field{"title", r.needed("title", &l.Title), true},
		field{"key", r.needed("key", &l.Key), true},
	)
}
