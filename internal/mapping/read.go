package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxFile is the size in bytes of the largest mapping, or lookup table, that is read.
const MaxFile = 64 << 20

// maxDepth is how deep blocks may stand in each other.
const maxDepth = 12

// Load reads a mapping and the tables beside it. What is wrong is told all at once, as [Problems] with lines.
func Load(dir fs.FS, name string) (*File, error) { return load(dir, name, Parse) }

// load reads a mapping and its tables; parse reads the mapping itself.
func load(dir fs.FS, name string, parse func([]byte) (*File, error)) (*File, error) {
	text, err := readLimited(dir, name)
	if err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	f, err := parse(text)
	if err != nil {
		return nil, err
	}
	var problems Problems
	for i := range f.Tables {
		t := &f.Tables[i]
		at := path.Join(path.Dir(name), t.File)
		if !fs.ValidPath(at) {
			problems = append(problems, Problem{Line: t.Line, Text: fmt.Sprintf("table %q: %q must lie in the folder of the mapping or below it", t.Name, t.File)})
			continue
		}
		text, err := readLimited(dir, at)
		if err == nil {
			t.Rows, err = ReadRows(bytes.NewReader(text))
		}
		if err != nil {
			problems = append(problems, Problem{Line: t.Line, Text: fmt.Sprintf("table %q: %s", t.Name, err)})
			continue
		}
		problems = append(problems, t.columnProblems()...)
	}
	problems = append(problems, f.loadBeside(dir, name)...)
	if len(problems) > 0 {
		return nil, problems
	}
	return f, nil
}

func readLimited(dir fs.FS, name string) ([]byte, error) {
	file, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("%s is larger than %d bytes", name, MaxFile)
	}
	return text, err
}

// Parse reads a mapping without its tables. What is wrong is told all at once, as [Problems] with lines.
func Parse(b []byte) (*File, error) { return parse(b, false) }

// ParseDraft is Parse for a mapping that is being worked on: rules that do not say yet where their value comes from or goes
// are let through. [Compile] names them.
func ParseDraft(b []byte) (*File, error) { return parse(b, true) }

func parse(b []byte, draft bool) (*File, error) {
	if len(b) > MaxFile {
		return nil, Problems{{Text: fmt.Sprintf("the file has %d bytes; mappings of at most %d are read", len(b), MaxFile)}}
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, next yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, Problems{{Line: 1, Text: `the file is empty; a mapping begins with map: 1`}}
	} else if err != nil {
		return nil, syntax(err)
	}
	r, f := &reader{draft: draft}, &File{}
	if len(doc.Content) == 1 && r.plain(doc.Content[0]) {
		r.keep(&doc, "", &f.comments)
		r.file(doc.Content[0], f)
	}
	if err := d.Decode(&next); err == nil {
		r.fail(&next, "a second document starts here (---); a mapping has one")
	} else if !errors.Is(err, io.EOF) {
		r.problems = append(r.problems, syntax(err)...)
	}
	r.identities(f)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return f, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax turns an error of the YAML parser into a problem with a line.
func syntax(err error) Problems {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	p := Problem{Text: "not readable as YAML: " + text}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Text = "not readable as YAML: " + m[2]
	}
	return Problems{p}
}

func (r *reader) file(n *yaml.Node, f *File) {
	version := ""
	r.keys(n, "a mapping", &f.comments,
		key{"map", func(n *yaml.Node) { version = n.Value }},
		key{"id", r.text("id", &f.ID)},
		key{"title", r.text("title", &f.Title)},
		key{"note", r.text("note", &f.Note)},
		key{"direction", word(r, "direction", &f.Direction, In, Out)},
		key{"source", r.end("source", &f.Source)},
		key{"target", r.end("target", &f.Target)},
		key{"zone", r.text("zone", &f.Zone)},
		key{"seed", r.text("seed", &f.Seed)},
		key{"tables", func(n *yaml.Node) { r.tables(n, f) }},
		key{"blocks", func(n *yaml.Node) { r.blocks(n, &f.Blocks, 1) }},
		key{"unmapped", func(n *yaml.Node) {
			r.list(n, func(e *yaml.Node) {
				l := LeftOut{Line: e.Line}
				r.keys(e, "an entry of unmapped", &l.comments, key{"path", r.text("path", &l.Path)}, key{"reason", r.text("reason", &l.Reason)})
				f.LeftOut = append(f.LeftOut, l)
			})
		}},
	)
	if n.Kind != yaml.MappingNode {
		return
	}
	if version != "1" {
		r.fail(n, "the mapping must say map: 1, the version of this format")
	}
	if f.Source.Kind == "" {
		r.fail(n, "say what is read, as in source: {kind: hl7v2}")
	}
	if f.Target.Kind == "" {
		r.fail(n, "say what is made, as in target: {kind: fhir, root: Bundle}")
	}
}

func (r *reader) end(what string, e *End) func(*yaml.Node) {
	return func(n *yaml.Node) {
		e.Line = n.Line
		r.keys(n, what, &e.comments,
			key{"kind", word(r, "kind", &e.Kind, HL7v2, FHIR, JSON, XML, CSV, FixedWidth)},
			key{"version", r.text("version", &e.Version)},
			key{"message", r.text("message", &e.Message)},
			key{"root", r.text("root", &e.Root)},
			key{"bundle", r.text("bundle", &e.Bundle)},
			key{"keep", r.flag("keep", &e.Keep)},
			key{"columns", r.texts("columns", &e.Columns)},
			key{"header", func(n *yaml.Node) {
				header := true
				r.flag("header", &header)(n)
				e.NoHeader = !header
			}},
			key{"delimiter", r.text("delimiter", &e.Delimiter)},
			key{"encoding", r.text("encoding", &e.Encoding)},
			key{"layout", r.text("layout", &e.Layout)},
			key{"schema", r.text("schema", &e.Schema)},
		)
	}
}

func (r *reader) tables(n *yaml.Node, f *File) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "tables must be names, each with its file: sex: {file: tables/sex.csv}")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		t := Table{Name: k.Value, Line: k.Line}
		if _, twice := f.Table(t.Name); twice {
			r.fail(k, "the table %q is given twice", shorten(t.Name))
		}
		if !r.plain(v) {
			continue
		}
		r.keep(k, "", &t.comments)
		r.keys(v, "a table", &t.comments,
			key{"file", r.text("file", &t.File)},
			key{"key", r.text("key", &t.Key)},
			key{"value", r.text("value", &t.Value)},
			key{"system", r.text("system", &t.System)},
			key{"display", r.text("display", &t.Display)},
			key{"missing", func(n *yaml.Node) {
				r.keys(n, "missing", &t.Missing.comments,
					key{"policy", word(r, "policy", &t.Missing.Policy, UseDefault, PassThrough, LeaveEmpty, Refuse)},
					key{"use", r.text("use", &t.Missing.Use)},
					key{"warn", r.flag("warn", &t.Missing.Warn)})
				if t.Missing.Policy == "" && t.Missing.Use != "" {
					t.Missing.Policy = UseDefault
				}
			}},
		)
		if t.File == "" {
			r.fail(k, "the table %q needs its file, as in file: tables/sex.csv", shorten(t.Name))
		}
		f.Tables = append(f.Tables, t)
	}
}

func (r *reader) blocks(n *yaml.Node, to *[]Block, depth int) {
	if depth > maxDepth {
		r.fail(n, "blocks stand in each other more than %d deep", maxDepth)
		return
	}
	r.list(n, func(e *yaml.Node) {
		b := Block{Line: e.Line}
		r.keys(e, "a block", &b.comments,
			key{"id", r.text("id", &b.ID)},
			key{"make", r.text("make", &b.Make)},
			key{"per", r.text("per", &b.Per)},
			key{"when", r.text("when", &b.When)},
			key{"key", r.texts("key", &b.Key)},
			key{"drop", r.flag("drop", &b.Drop)},
			key{"data", r.text("data", &b.Data)},
			key{"note", r.text("note", &b.Note)},
			key{"rules", func(n *yaml.Node) {
				r.list(n, func(e *yaml.Node) {
					rule := Rule{Line: e.Line}
					r.rule(e, &rule)
					b.Rules = append(b.Rules, rule)
				})
			}},
			key{"blocks", func(n *yaml.Node) { r.blocks(n, &b.Blocks, depth+1) }},
		)
		*to = append(*to, b)
	})
}

func (r *reader) rule(n *yaml.Node, rule *Rule) {
	r.keys(n, "a rule", &rule.comments,
		key{"id", r.text("id", &rule.ID)},
		key{"to", r.text("to", &rule.To)},
		key{"each", r.text("each", &rule.Each)},
		key{"from", r.texts("from", &rule.From)},
		key{"inputs", func(n *yaml.Node) { r.inputs(n, rule) }},
		key{"formula", r.text("formula", &rule.Formula)},
		key{"value", r.text("value", &rule.Value)},
		key{"do", func(n *yaml.Node) { r.list(n, func(e *yaml.Node) { r.step(e, rule) }) }},
		key{"when", r.text("when", &rule.When)},
		key{"default", r.text("default", &rule.Default)},
		key{"status", word(r, "status", &rule.Status, Draft, Question, Agreed, OutOfScope)},
		key{"owner", r.text("owner", &rule.Owner)},
		key{"note", r.text("note", &rule.Note)},
	)
}

func (r *reader) inputs(n *yaml.Node, rule *Rule) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "inputs must be names, each with its source: {last: PID-5.1}")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		in := Input{Name: n.Content[i].Value}
		for _, other := range rule.Inputs {
			if other.Name == in.Name {
				r.fail(n.Content[i], "the input %q is given twice", shorten(in.Name))
			}
		}
		if r.plain(n.Content[i+1]) {
			r.text("the input "+shorten(in.Name), &in.Path)(n.Content[i+1])
		}
		rule.Inputs = append(rule.Inputs, in)
	}
}

// step reads trim, {lookup: sex} or {pad: ["8", "0"]}.
func (r *reader) step(n *yaml.Node, rule *Rule) {
	s := Step{}
	switch {
	case n.Kind == yaml.ScalarNode:
		r.text("a function", &s.Name)(n)
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		s.Name = n.Content[0].Value
		if r.plain(n.Content[1]) {
			r.texts("an argument of "+shorten(s.Name), &s.Args)(n.Content[1])
		}
	default:
		r.fail(n, `a function is written as trim, or with its arguments as {lookup: sex} or {pad: ["8", "0"]}`)
		return
	}
	rule.Do = append(rule.Do, s)
}

// identities checks that blocks and rules can be told apart.
func (r *reader) identities(f *File) {
	seen := map[string]int{}
	once := func(id string, line int, what, example string) {
		switch before, twice := seen[id]; {
		case id == "":
			r.problems = append(r.problems, Problem{Line: line, Text: what + " needs an id that stays the same, as in id: " + example})
		case twice:
			r.problems = append(r.problems, Problem{Line: line, Text: fmt.Sprintf("the id %q stands in line %d already", shorten(id), before)})
		default:
			seen[id] = line
		}
	}
	f.Walk(func(b *Block) {
		once(b.ID, b.Line, "a block", "b-patient")
		if b.Make == "" && !b.Drop {
			r.problems = append(r.problems, Problem{Line: b.Line, Text: "a block needs make: the resource, segment or object that it makes"})
		}
		for i := range b.Rules {
			once(b.Rules[i].ID, b.Rules[i].Line, "a rule", "r-0001")
			r.shape(&b.Rules[i])
		}
	})
}

// shape checks that a rule is finished, unless it may be a draft.
func (r *reader) shape(rule *Rule) {
	if r.draft {
		return
	}
	for _, text := range rule.unfinished() {
		r.problems = append(r.problems, Problem{Line: rule.Line, Rule: rule.ID, Text: text})
	}
}

// unfinished is what a rule lacks: it must say where its value goes, and once where it comes from.
func (rule *Rule) unfinished() (texts []string) {
	if rule.To == "" {
		texts = append(texts, "says not where the value goes; add to:")
	}
	ways := 0
	for _, has := range []bool{len(rule.From) > 0, rule.Formula != "", rule.Value != ""} {
		if has {
			ways++
		}
	}
	switch {
	case ways > 1:
		texts = append(texts, "has more than one of from, formula and value; a rule has one source")
	case ways == 0 && rule.Default == "" && len(rule.Do) == 0:
		texts = append(texts, "says not where the value comes from; add from, formula or value")
	}
	if len(rule.Inputs) > 0 && rule.Formula == "" {
		texts = append(texts, "names inputs, but has no formula that uses them")
	}
	return texts
}
