package project

import (
	"fmt"
	"io"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"trestle/internal/yamlfile"
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
		return nil, Problems{{File: FileName, Text: fmt.Sprintf("larger than %d MB: this is not a project file", maxFileSize>>20)}}
	}
	p, places, problems := parse(FileName, b)
	if p == nil {
		return nil, problems
	}
	problems = append(problems, places.check(fsys, p)...)
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	return p, nil
}

// parse reads the YAML. The project is nil when there is no document to read; places keeps where things were said.
func parse(file string, b []byte) (*Project, *places, Problems) {
	r := &yamlfile.Reader{File: file}
	doc := r.Document(b)
	if doc == nil {
		if len(r.Problems) == 0 {
			r.Problems = Problems{{File: file, Text: "the file is empty"}}
		}
		return nil, nil, r.Problems
	}
	pl := &places{reader: r, at: map[any]*yaml.Node{}}
	p := &Project{}
	pl.project(doc.Content[0], p)
	return p, pl, r.Problems
}

// project reads the top of the file.
func (pl *places) project(n *yaml.Node, p *Project) {
	r := pl.reader
	pl.at[p] = n
	r.Mapping(n, "the project",
		yamlfile.Required("name", r.Needed("name", &p.Name)),
		yamlfile.Key("description", r.Text("description", &p.Description)),
		yamlfile.Required("environment", yamlfile.Word(r, "environment", &p.Environment, Test, Production)),
		yamlfile.Required("scope", func(n *yaml.Node) { pl.scope(n, &p.Scope) }),
		yamlfile.Required("systems", each(pl, "systems", &p.Systems, pl.system)),
		yamlfile.Key("people", each(pl, "people", &p.People, pl.person)),
		yamlfile.Key("tests", each(pl, "tests", &p.TestPlan, pl.test)),
		yamlfile.Key("messages", each(pl, "messages", &p.Messages, pl.message)),
		yamlfile.Key("rosters", each(pl, "rosters", &p.Rosters, pl.roster)),
		yamlfile.Key("plans", each(pl, "plans", &p.Plans, func(n *yaml.Node, l *PlanList) { pl.roster(n, (*Roster)(l)) })),
	)
}

func (pl *places) scope(n *yaml.Node, s *Scope) {
	r := pl.reader
	pl.at[s] = n
	r.Mapping(n, "the scope",
		yamlfile.Required("kind", yamlfile.Word(r, "kind of scope", &s.Kind, StandAlone, OfficeBased)),
		yamlfile.Key("note", r.Text("note", &s.Note)),
		yamlfile.Required("data", each(pl, "data", &s.Flows, pl.flow)),
	)
}

func (pl *places) flow(n *yaml.Node, f *Flow) {
	r := pl.reader
	r.Mapping(n, "a kind of data",
		yamlfile.Required("kind", yamlfile.Word(r, "kind of data", &f.Data, DataKinds()...)),
		yamlfile.Required("record", yamlfile.Word(r, "record (the system of record)", &f.Record, Ours, Theirs)),
		yamlfile.Required("direction", yamlfile.Word(r, "direction", &f.Direction, In, Out, Both, None)),
		yamlfile.Required("edit", yamlfile.Word(r, "edit", &f.Edit, Blocked, Additions, Allowed)),
		yamlfile.Key("messages", r.Texts("messages", &f.Messages)),
		yamlfile.Key("note", r.Text("note", &f.Note)),
	)
}

func (pl *places) system(n *yaml.Node, s *System) {
	r := pl.reader
	r.Mapping(n, "a system",
		yamlfile.Required("id", r.Needed("id", &s.ID)),
		yamlfile.Required("side", yamlfile.Word(r, "side", &s.Side, Ours, Theirs)),
		yamlfile.Required("name", r.Needed("name", &s.Name)),
		yamlfile.Key("product", r.Text("product", &s.Product)),
		yamlfile.Required("application", r.Needed("application", &s.Application)),
		yamlfile.Required("facility", r.Needed("facility", &s.Facility)),
		yamlfile.Key("authority", r.Text("authority", &s.Authority)),
		yamlfile.Required("versions", r.Texts("versions", &s.Versions)),
		yamlfile.Key("connections", each(pl, "connections", &s.Connections, pl.connection)),
	)
}

func (pl *places) connection(n *yaml.Node, c *Connection) {
	r := pl.reader
	r.Mapping(n, "a connection",
		yamlfile.Required("id", r.Needed("id", &c.ID)),
		yamlfile.Required("type", yamlfile.Word(r, "type", &c.Type, MLLP, FHIR, Folder)),
		yamlfile.Required("role", yamlfile.Word(r, "role", &c.Role, Listens, Sends)),
		yamlfile.Required("address", r.Needed("address", &c.Address)),
		yamlfile.Key("carries", r.Texts("carries", &c.Carries)),
		yamlfile.Key("note", r.Text("note", &c.Note)),
	)
}

func (pl *places) person(n *yaml.Node, p *Person) {
	r := pl.reader
	r.Mapping(n, "a person",
		yamlfile.Required("name", r.Needed("name", &p.Name)),
		yamlfile.Required("role", r.Needed("role", &p.Role)),
		yamlfile.Required("side", yamlfile.Word(r, "side", &p.Side, Ours, Theirs)),
		yamlfile.Key("email", r.Text("email", &p.Email)),
		yamlfile.Key("phone", r.Text("phone", &p.Phone)),
		yamlfile.Key("hours", r.Text("hours", &p.Hours)),
		yamlfile.Key("ask", r.Text("ask", &p.Ask)),
	)
}

func (pl *places) test(n *yaml.Node, t *TestCase) {
	r := pl.reader
	r.Mapping(n, "a test",
		yamlfile.Required("id", r.Needed("id", &t.ID)),
		yamlfile.Required("title", r.Needed("title", &t.Title)),
		yamlfile.Required("trigger", r.Needed("trigger", &t.Trigger)),
		yamlfile.Required("expected", r.Needed("expected", &t.Expected)),
		yamlfile.Key("checks", r.Text("checks", &t.Checks)),
		yamlfile.Key("messages", r.Texts("messages", &t.Messages)),
	)
}

func (pl *places) message(n *yaml.Node, m *MessageFile) {
	r := pl.reader
	r.Mapping(n, "a message file",
		yamlfile.Required("file", r.Needed("file", &m.File)),
		yamlfile.Required("title", r.Needed("title", &m.Title)),
		yamlfile.Required("shows", r.Needed("shows", &m.Shows)),
		yamlfile.Key("wrong", each(pl, "wrong", &m.Wrong, pl.fault)),
		yamlfile.Key("expect", r.Texts("expect", &m.Expect)),
	)
}

func (pl *places) fault(n *yaml.Node, f *Fault) {
	r := pl.reader
	r.Mapping(n, "a fault",
		yamlfile.Required("id", r.Needed("id", &f.ID)),
		yamlfile.Required("text", r.Needed("text", &f.Text)),
	)
}

func (pl *places) roster(n *yaml.Node, l *Roster) {
	r := pl.reader
	r.Mapping(n, "a roster or plan list",
		yamlfile.Required("file", r.Needed("file", &l.File)),
		yamlfile.Required("system", r.Needed("system", &l.System)),
		yamlfile.Required("title", r.Needed("title", &l.Title)),
		yamlfile.Required("key", r.Needed("key", &l.Key)),
	)
}
