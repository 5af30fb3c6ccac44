package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

type versionFile struct {
	Version    string                   `json:"version"`
	Segments   map[string]segmentJSON   `json:"segments"`
	DataTypes  map[string]typeJSON      `json:"datatypes"`
	Structures map[string]structureJSON `json:"structures"`
	Messages   map[string]messageJSON   `json:"messages"`
	Triggers   map[string]string        `json:"triggers"`
}

type segmentJSON struct {
	Name    string       `json:"n"`
	Section string       `json:"s"`
	Fields  []*fieldJSON `json:"f"`
}

type typeJSON struct {
	Name       string       `json:"n"`
	Components []*fieldJSON `json:"c"`
}

type fieldJSON struct {
	Name    string `json:"n"`
	Type    string `json:"t"`
	Usage   string `json:"o"`
	Repeat  *int   `json:"r"`
	Max     int    `json:"l"`
	Min     int    `json:"lmin"`
	Conf    int    `json:"cl"`
	Table   string `json:"tb"`
	Item    string `json:"i"`
	Section string `json:"s"`
}

type structureJSON struct {
	Name  string            `json:"n"`
	Nodes []json.RawMessage `json:"c"`
}

type messageJSON struct {
	Structure string `json:"s"`
	Response  string `json:"r"`
}

type tablesFile struct {
	MaskVersions []string             `json:"maskVersions"`
	Tables       map[string]tableJSON `json:"tables"`
}

type tableJSON struct {
	Name  string              `json:"n"`
	Kind  string              `json:"ty"`
	OID   string              `json:"oid"`
	Since string              `json:"v"`
	Mask  uint64              `json:"vm"`
	Codes [][]json.RawMessage `json:"codes"`
}

// writer collects the body of a packed file. Strings are numbered in the order
// of their first use: a reference of 0 means "the next new string", which is
// what makes the body compress well.
type writer struct {
	body    []byte
	strings []string
	index   map[string]uint64
}

func newWriter() *writer { return &writer{index: map[string]uint64{}} }

func (w *writer) number(n int) {
	if n < 0 {
		panic("gen: negative number")
	}
	w.body = binary.AppendUvarint(w.body, uint64(n))
}

func (w *writer) text(s string) {
	if i, ok := w.index[s]; ok {
		w.body = binary.AppendUvarint(w.body, i)
		return
	}
	w.strings = append(w.strings, s)
	w.index[s] = uint64(len(w.strings))
	w.body = append(w.body, 0)
}

// packed is the finished file: magic, length and checksum of the payload, and
// the payload (strings, then body) deflated.
func (w *writer) packed(magic string) ([]byte, error) {
	var payload []byte
	payload = binary.AppendUvarint(payload, uint64(len(w.strings)))
	for _, s := range w.strings {
		payload = binary.AppendUvarint(payload, uint64(len(s)))
	}
	for _, s := range w.strings {
		payload = append(payload, s...)
	}
	payload = append(payload, w.body...)

	var out bytes.Buffer
	out.WriteString(magic)
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(payload))))
	out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(payload)))
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(payload); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func packVersion(v *versionFile) ([]byte, error) {
	w := newWriter()
	fields := 0
	for _, s := range v.Segments {
		fields += len(s.Fields)
	}
	w.number(len(v.Segments))
	w.number(fields)
	for _, id := range slices.Sorted(maps.Keys(v.Segments)) {
		s := v.Segments[id]
		w.text(id)
		w.text(s.Name)
		w.text(s.Section)
		w.fields(s.Fields)
	}
	components := 0
	for _, t := range v.DataTypes {
		components += len(t.Components)
	}
	w.number(len(v.DataTypes))
	w.number(components)
	for _, name := range slices.Sorted(maps.Keys(v.DataTypes)) {
		w.text(name)
		w.text(v.DataTypes[name].Name)
		w.fields(v.DataTypes[name].Components)
	}
	if err := w.structures(v.Structures); err != nil {
		return nil, err
	}
	w.number(len(v.Messages))
	for _, key := range slices.Sorted(maps.Keys(v.Messages)) {
		w.text(key)
		w.text(v.Messages[key].Structure)
		w.text(v.Messages[key].Response)
	}
	w.number(len(v.Triggers))
	for _, key := range slices.Sorted(maps.Keys(v.Triggers)) {
		w.text(key)
		w.text(v.Triggers[key])
	}
	return w.packed("TRV1")
}

// fields writes a list of fields or components. The flags say what follows;
// 0 is a position that the version does not define.
func (w *writer) fields(list []*fieldJSON) {
	w.number(len(list))
	for _, f := range list {
		if f == nil {
			w.number(0)
			continue
		}
		flags := 1
		for bit, set := range []bool{f.Type != "", f.Repeat != nil, f.Max > 0, f.Min > 0, f.Conf > 0, f.Table != "", f.Item != "", f.Section != ""} {
			if set {
				flags |= 2 << bit
			}
		}
		w.number(flags)
		w.text(f.Name)
		w.text(f.Usage)
		if f.Type != "" {
			w.text(f.Type)
		}
		if f.Repeat != nil {
			w.number(*f.Repeat)
		}
		for _, n := range []int{f.Max, f.Min, f.Conf} {
			if n > 0 {
				w.number(n)
			}
		}
		for _, s := range []string{f.Table, f.Item, f.Section} {
			if s != "" {
				w.text(s)
			}
		}
	}
}

type node struct {
	name          string
	min, max      int
	group, choice bool
	children      []node
}

func (w *writer) structures(all map[string]structureJSON) error {
	parsed := map[string][]node{}
	total := 0
	for id, s := range all {
		nodes, n, err := parseNodes(s.Nodes)
		if err != nil {
			return fmt.Errorf("structure %s: %w", id, err)
		}
		parsed[id] = nodes
		total += n
	}
	w.number(len(all))
	w.number(total)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		w.text(id)
		w.text(all[id].Name)
		w.nodes(parsed[id])
	}
	return nil
}

func parseNodes(raw []json.RawMessage) ([]node, int, error) {
	nodes := make([]node, len(raw))
	total := len(raw)
	for i, r := range raw {
		var parts []json.RawMessage
		if err := json.Unmarshal(r, &parts); err != nil {
			return nil, 0, err
		}
		if len(parts) < 3 {
			return nil, 0, fmt.Errorf("node of %d parts", len(parts))
		}
		n := &nodes[i]
		for j, into := range []any{&n.name, &n.min, &n.max} {
			if err := json.Unmarshal(parts[j], into); err != nil {
				return nil, 0, err
			}
		}
		if len(parts) > 3 {
			var children []json.RawMessage
			if err := json.Unmarshal(parts[3], &children); err != nil {
				return nil, 0, err
			}
			var below int
			var err error
			if n.children, below, err = parseNodes(children); err != nil {
				return nil, 0, err
			}
			n.group, total = true, total+below
		}
		n.choice = len(parts) > 4
	}
	return nodes, total, nil
}

func (w *writer) nodes(list []node) {
	w.number(len(list))
	for _, n := range list {
		kind := 0
		if n.group {
			kind |= 1
		}
		if n.choice {
			kind |= 2
		}
		w.text(n.name)
		w.number(kind)
		w.number(n.min)
		w.number(n.max + 1) // -1, without limit, becomes 0
		if n.group {
			w.nodes(n.children)
		}
	}
}

func packTables(t *tablesFile) ([]byte, error) {
	want := slices.Clone(versions)
	want[len(want)-1] = "THO" // the current terminology stands for 2.9.1
	if !slices.Equal(t.MaskVersions, want) {
		return nil, fmt.Errorf("mask versions are %v, expected %v", t.MaskVersions, want)
	}
	w := newWriter()
	codes := 0
	for _, table := range t.Tables {
		codes += len(table.Codes)
	}
	w.number(len(t.Tables))
	w.number(codes)
	for _, id := range slices.Sorted(maps.Keys(t.Tables)) {
		table := t.Tables[id]
		w.text(id)
		w.text(table.Name)
		w.text(table.Kind)
		w.text(table.OID)
		w.text(table.Since)
		w.number(int(table.Mask))
		w.number(len(table.Codes))
		for _, c := range table.Codes {
			var value, display string
			var mask int
			if len(c) < 3 {
				return nil, fmt.Errorf("table %s: code of %d parts", id, len(c))
			}
			for j, into := range []any{&value, &display, &mask} {
				if err := json.Unmarshal(c[j], into); err != nil {
					return nil, fmt.Errorf("table %s: %w", id, err)
				}
			}
			w.text(value)
			w.text(display)
			flags := mask << 1
			if len(c) > 3 {
				flags |= 1 // deprecated
			}
			w.number(flags)
		}
	}
	return w.packed("TRT1")
}
