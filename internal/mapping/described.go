package mapping

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Companion is a file that lies beside a mapping: a lookup table, a layout or a schema.
type Companion struct {
	Name string // relative to the mapping
	Text []byte
}

// Companions are the files that belong to a mapping, each once, in the order in which the mapping names them.
func (f *File) Companions() ([]Companion, error) {
	var list []Companion
	add := func(name string, content io.WriterTo) error {
		if slices.ContainsFunc(list, func(c Companion) bool { return c.Name == name }) {
			return nil
		}
		var b bytes.Buffer
		if _, err := content.WriteTo(&b); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		list = append(list, Companion{name, b.Bytes()})
		return nil
	}
	for _, t := range f.Tables {
		if err := add(t.File, t.Rows); err != nil {
			return nil, err
		}
	}
	for _, e := range []*End{&f.Source, &f.Target} {
		if e.Fields != nil && e.Layout != "" {
			if err := add(e.Layout, e.Fields); err != nil {
				return nil, err
			}
		}
		if e.Shape != nil && e.Schema != "" {
			if err := add(e.Schema, e.Shape); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// loadBeside reads the layouts and schemas that the ends name.
func (f *File) loadBeside(dir fs.FS, name string) (problems Problems) {
	for _, e := range []*End{&f.Source, &f.Target} {
		read := func(what, file string, take func(b []byte) error) {
			if file == "" {
				return
			}
			at := path.Join(path.Dir(name), file)
			if !fs.ValidPath(at) {
				problems = append(problems, Problem{Line: e.Line, Text: fmt.Sprintf("%s: %q must lie in the folder of the mapping or below it", what, file)})
				return
			}
			text, err := readLimited(dir, at)
			if err == nil {
				err = take(text)
			}
			if err != nil {
				problems = append(problems, Problem{Line: e.Line, Text: fmt.Sprintf("%s %s: %s", what, file, err)})
			}
		}
		read("the layout", e.Layout, func(b []byte) (err error) { e.Fields, err = ReadLayout(b); return err })
		read("the schema", e.Schema, func(b []byte) (err error) { e.Shape, err = ReadSchema(b); return err })
	}
	return problems
}

// column checks the target of a rule that writes a row.
func (c *compiler) column(r *rule) error {
	l := c.file.Target.Fields
	if c.file.Target.Kind != FixedWidth || l == nil {
		return nil
	}
	f, ok := l.Field(r.src.To)
	if !ok {
		return fmt.Errorf("the layout has no field %q; it has %s", shorten(r.src.To), strings.Join(l.Names(), ", "))
	}
	r.steps, r.names = append(r.steps, f.fits()), append(r.names, fmt.Sprintf("fits(%d)", f.Length))
	return nil
}

// schemaTypes are the types of a schema as the engine writes them.
var schemaTypes = map[string]string{"number": "decimal", "integer": "integer", "boolean": "boolean"}

// shaped gives the target of a rule the type that the schema of a JSON target has for it.
func (c *compiler) shaped(r *rule) {
	if s := c.file.Target.Shape; s != nil && c.file.Target.Kind == JSON {
		if e, ok := s.Element(strings.TrimPrefix(r.block.at+"."+r.src.To, ".")); ok {
			r.tree.typ = schemaTypes[e.Type]
		}
	}
}

// below is where a block makes what it makes, as a path from the root.
func (b *block) below(parent *block) string {
	at := ""
	if parent != nil {
		at = parent.at
	}
	if b.src.Make == "." {
		return at
	}
	return at + "." + b.src.Make
}

// shape compares what the rules write with the schema of a JSON target.
func (k *checker) shape() {
	s := k.c.file.Target.Shape
	if s == nil || k.c.file.Target.Kind != JSON {
		return
	}
	written := map[string]bool{"": true} // and what lies above
	for _, b := range k.e.all {
		paths := []string{b.at}
		for _, g := range b.groups {
			for _, r := range g.rules {
				at := b.at + "." + r.src.To
				paths = append(paths, at)
				if _, ok := s.Element(strings.TrimPrefix(at, ".")); !ok && r.src.To != "" {
					k.add(CodeUnknownTarget, Warn, r.src.Line, r.src.ID, fmt.Sprintf("the schema has no %s", strings.TrimPrefix(treePath(at), ".")))
				}
			}
		}
		for _, p := range paths {
			for p = strings.TrimPrefix(treePath(p), "."); p != ""; p = p[:max(0, strings.LastIndexByte(p, '.'))] {
				written[p] = true
			}
		}
	}
	for _, e := range s.Elements {
		plain := treePath(e.Path)
		above := plain[:max(0, strings.LastIndexByte(plain, '.'))]
		if e.Required && written[above] && !written[plain] {
			k.add(CodeRequired, Warn, 0, "", fmt.Sprintf("%s is required by the schema and no rule writes it", e.Path))
		}
	}
}
