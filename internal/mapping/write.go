package mapping

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Format writes a mapping as YAML. The same mapping gives the same bytes: keys stand in one order, values in quotes, and
// the comments that were read are written back where they stood. Tables are written apart, by [Rows.WriteTo].
func Format(f *File) ([]byte, error) {
	top := &writer{kept: f.comments}
	top.add("map", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "1"})
	top.text("id", f.ID)
	top.text("title", f.Title)
	top.text("note", f.Note)
	top.text("direction", string(f.Direction))
	top.add("source", endNode(f.Source))
	top.add("target", endNode(f.Target))
	top.text("zone", f.Zone)
	top.text("seed", f.Seed)
	if len(f.Tables) > 0 {
		tables := &writer{}
		for i := range f.Tables {
			k, v := tableNode(&f.Tables[i])
			tables.content = append(tables.content, k, v)
		}
		top.add("tables", tables.node(0))
	}
	top.add("blocks", blockNodes(f.Blocks))
	if len(f.LeftOut) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, l := range f.LeftOut {
			w := &writer{kept: l.comments}
			w.text("path", l.Path)
			w.text("reason", l.Reason)
			list.Content = append(list.Content, w.node(yaml.FlowStyle))
		}
		top.add("unmapped", list)
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	doc := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{top.node(0)}}
	if c, ok := f.comments[""]; ok {
		doc.HeadComment, doc.FootComment = c.head, c.foot
		doc.Content[0].HeadComment, doc.Content[0].FootComment = "", ""
	}
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the mapping: %w", err)
	}
	return b.Bytes(), e.Close()
}

// writer collects the keys of a mapping in YAML and leaves out what says nothing.
type writer struct {
	content []*yaml.Node
	kept    comments
}

func (w *writer) add(name string, v *yaml.Node) {
	if v == nil {
		return
	}
	k := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
	if c, ok := w.kept[name]; ok {
		k.HeadComment, k.FootComment = c.head, c.foot
		if v.Kind == yaml.ScalarNode || v.Style&yaml.FlowStyle != 0 {
			v.LineComment = c.line
		} else {
			k.LineComment = c.line
		}
	}
	w.content = append(w.content, k, v)
}

func (w *writer) text(name, v string) {
	if v != "" {
		w.add(name, quoted(v))
	}
}

func (w *writer) flag(name string, v bool) {
	if v {
		w.add(name, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

func (w *writer) node(style yaml.Style) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: style, Content: w.content}
	if c, ok := w.kept[""]; ok {
		n.HeadComment, n.LineComment, n.FootComment = c.head, c.line, c.foot
	}
	if style == yaml.FlowStyle && w.commented() {
		n.Style = 0 // comments have no room between braces
	}
	return n
}

func (w *writer) commented() bool {
	for name := range w.kept {
		if name != "" {
			return true
		}
	}
	return false
}

// quoted is text in quotes, so that no reader of YAML takes it for something else.
func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

func texts(values []string) *yaml.Node {
	if len(values) == 1 {
		return quoted(values[0])
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range values {
		n.Content = append(n.Content, quoted(v))
	}
	return n
}

func (w *writer) texts(name string, values []string) {
	if len(values) > 0 {
		w.add(name, texts(values))
	}
}

func endNode(e End) *yaml.Node {
	w := &writer{kept: e.comments}
	w.text("kind", string(e.Kind))
	w.text("version", e.Version)
	w.text("message", e.Message)
	w.text("root", e.Root)
	w.text("bundle", e.Bundle)
	w.flag("keep", e.Keep)
	w.texts("columns", e.Columns)
	if e.NoHeader {
		w.add("header", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	w.text("delimiter", e.Delimiter)
	w.text("encoding", e.Encoding)
	w.text("layout", e.Layout)
	w.text("schema", e.Schema)
	return w.node(yaml.FlowStyle)
}

func tableNode(t *Table) (k, v *yaml.Node) {
	w := &writer{kept: t.comments}
	w.text("file", t.File)
	w.text("key", t.Key)
	w.text("value", t.Value)
	w.text("system", t.System)
	w.text("display", t.Display)
	m := &writer{kept: t.Missing.comments}
	m.text("policy", string(t.Missing.Policy))
	m.text("use", t.Missing.Use)
	m.flag("warn", t.Missing.Warn)
	if len(m.content) > 0 {
		w.add("missing", m.node(yaml.FlowStyle))
	}
	k, v = &yaml.Node{Kind: yaml.ScalarNode, Value: t.Name}, w.node(yaml.FlowStyle)
	k.HeadComment, k.FootComment = v.HeadComment, v.FootComment
	v.HeadComment, v.FootComment = "", ""
	return k, v
}

func blockNodes(list []Block) *yaml.Node {
	if len(list) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range list {
		b := &list[i]
		w := &writer{kept: b.comments}
		w.text("id", b.ID)
		w.text("make", b.Make)
		w.text("per", b.Per)
		w.text("when", b.When)
		w.texts("key", b.Key)
		w.flag("drop", b.Drop)
		w.text("data", b.Data)
		w.text("note", b.Note)
		if len(b.Rules) > 0 {
			rules := &yaml.Node{Kind: yaml.SequenceNode}
			for j := range b.Rules {
				rules.Content = append(rules.Content, ruleNode(&b.Rules[j]))
			}
			w.add("rules", rules)
		}
		w.add("blocks", blockNodes(b.Blocks))
		n.Content = append(n.Content, w.node(0))
	}
	return n
}

func ruleNode(r *Rule) *yaml.Node {
	w := &writer{kept: r.comments}
	w.text("id", r.ID)
	w.text("to", r.To)
	w.text("each", r.Each)
	w.texts("from", r.From)
	if len(r.Inputs) > 0 {
		in := &writer{}
		for _, i := range r.Inputs {
			in.add(i.Name, quoted(i.Path))
		}
		w.add("inputs", in.node(yaml.FlowStyle))
	}
	w.text("formula", r.Formula)
	w.text("value", r.Value)
	if len(r.Do) > 0 {
		do := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, s := range r.Do {
			if len(s.Args) == 0 {
				do.Content = append(do.Content, quoted(s.Name))
				continue
			}
			step := &writer{}
			step.add(s.Name, texts(s.Args))
			do.Content = append(do.Content, step.node(yaml.FlowStyle))
		}
		w.add("do", do)
	}
	w.text("when", r.When)
	w.text("default", r.Default)
	w.text("status", string(r.Status))
	w.text("owner", r.Owner)
	w.text("note", r.Note)
	return w.node(0)
}
