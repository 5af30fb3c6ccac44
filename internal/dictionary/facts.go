package dictionary

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed data/*.bin
var packed embed.FS

// facts is an unpacked version.
type facts struct {
	segments   []Segment
	types      []DataType
	structures []Structure

	segment   map[string]*Segment
	typ       map[string]*DataType
	structure map[string]*Structure // published IDs of lettered variants resolve to the first one
	message   map[string]message    // by "ADT^A04"
	first     map[string]string     // message type -> key of its lowest trigger event
	trigger   map[string]string
}

type message struct{ structure, response string }

// load unpacks the version once. The data is part of the program and tested, so
// damage is a fault of the build, not of any input: it panics.
func (v *Version) load() *facts {
	v.once.Do(func() {
		f, err := v.unpack()
		if err != nil {
			panic(fmt.Sprintf("dictionary: the data of version %s in this program cannot be read: %v", v.Name, err))
		}
		v.facts = f
	})
	return v.facts
}

func (v *Version) unpack() (*facts, error) {
	file, err := packed.ReadFile("data/" + v.Name + ".bin")
	if err != nil {
		return nil, err
	}
	payload, err := unpackPayload(file, "TRV1")
	if err != nil {
		return nil, err
	}
	return unpackFacts(payload)
}

func unpackFacts(payload []byte) (*facts, error) {
	r := newReader(payload)
	f := &facts{}
	f.segments = readSegments(r)
	f.types = readTypes(r)
	f.structures = readStructures(r)
	f.message, f.first = readMessages(r)
	f.trigger = map[string]string{}
	for range r.count(2) {
		key := r.text()
		f.trigger[key] = r.text()
	}
	if len(r.rest) > 0 {
		r.fail("bytes after the end")
	}
	if r.err != nil {
		return nil, r.err
	}
	f.link()
	return f, nil
}

func readSegments(r *reader) []Segment {
	segments := make([]Segment, r.count(4))
	fields := slab[Field](make([]Field, r.count(1)))
	for i := range segments {
		s := &segments[i]
		s.ID, s.Name, s.Section = r.text(), r.text(), r.text()
		s.Fields = readFields(r, &fields)
	}
	return segments
}

func readTypes(r *reader) []DataType {
	types := make([]DataType, r.count(3))
	components := slab[Field](make([]Field, r.count(1)))
	for i := range types {
		t := &types[i]
		t.Name, t.Description = r.text(), r.text()
		t.Components = readFields(r, &components)
	}
	return types
}

func readFields(r *reader, from *slab[Field]) []Field {
	fields := from.take(r, r.count(1))
	for i := range fields {
		flags := r.number()
		if flags == 0 {
			continue
		}
		f := &fields[i]
		f.Position, f.Repeat = i+1, 1
		f.Name, f.Usage = r.text(), r.text()
		if flags&2 != 0 {
			f.Type = r.text()
		}
		if flags&4 != 0 {
			f.Repeat = r.number()
		}
		for bit, n := range [...]*int{&f.MaxLength, &f.MinLength, &f.ConformanceLength} {
			if flags&(8<<bit) != 0 {
				*n = r.number()
			}
		}
		for bit, s := range [...]*string{&f.Table, &f.Item, &f.Section} {
			if flags&(64<<bit) != 0 {
				*s = r.text()
			}
		}
	}
	return fields
}

func readStructures(r *reader) []Structure {
	structures := make([]Structure, r.count(3))
	nodes := slab[Node](make([]Node, r.count(4)))
	for i := range structures {
		s := &structures[i]
		s.ID, s.Name = r.text(), r.text()
		s.Nodes = readNodes(r, &nodes, 0)
	}
	return structures
}

// maxDepth of groups in groups; the deepest structure of the standard has 9.
const maxDepth = 32

func readNodes(r *reader, from *slab[Node], depth int) []Node {
	if depth > maxDepth {
		r.fail("groups are nested too deeply")
		return nil
	}
	nodes := from.take(r, r.count(4))
	for i := range nodes {
		n := &nodes[i]
		n.Name = r.text()
		kind := r.number()
		n.Group, n.Choice = kind&1 != 0, kind&2 != 0
		n.Min, n.Max = r.number(), r.number()-1
		if n.Group {
			n.Children = readNodes(r, from, depth+1)
		}
	}
	return nodes
}

func readMessages(r *reader) (messages map[string]message, first map[string]string) {
	n := r.count(3)
	messages, first = make(map[string]message, n), map[string]string{}
	for range n {
		key := r.text()
		messages[key] = message{structure: r.text(), response: r.text()}
		kind, _, _ := strings.Cut(key, "^")
		if old, ok := first[kind]; !ok || key < old {
			first[kind] = key
		}
	}
	return messages, first
}

// link fills the maps and ties fields to the definitions of their types.
func (f *facts) link() {
	f.typ = make(map[string]*DataType, len(f.types))
	for i := range f.types {
		f.typ[f.types[i].Name] = &f.types[i]
	}
	for i := range f.types {
		f.tie(f.types[i].Components)
	}
	f.segment = make(map[string]*Segment, len(f.segments))
	for i := range f.segments {
		f.segment[f.segments[i].ID] = &f.segments[i]
		f.tie(f.segments[i].Fields)
	}
	f.structure = make(map[string]*Structure, len(f.structures))
	for i := range f.structures {
		s := &f.structures[i]
		f.structure[s.ID] = s
		// The variants come in the order of their letters: the first one wins.
		if _, taken := f.structure[s.Published()]; !taken {
			f.structure[s.Published()] = s
		}
	}
}

// tie also renames CM_ABS and the like: these names are the invention of
// schemas, the standard says CM and lists the components with the field.
func (f *facts) tie(fields []Field) {
	for i := range fields {
		field := &fields[i]
		if field.Type == "" {
			continue
		}
		field.typ = f.typ[field.Type]
		if strings.HasPrefix(field.Type, "CM_") {
			field.Type = "CM"
		}
	}
}
