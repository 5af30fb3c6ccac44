package profile

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Write writes the profile as YAML, the same for the same profile. Comments of the file that it was read from stay
// with their keys.
func (p *Profile) Write(w io.Writer) error {
	root := p.node()
	if p.document != nil && len(p.document.Content) == 1 {
		keepComments(root, p.document.Content[0])
	}
	var b bytes.Buffer
	if p.document != nil && p.document.HeadComment != "" && root.HeadComment == "" && root.Content[0].HeadComment == "" {
		b.WriteString(p.document.HeadComment + "\n\n")
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return fmt.Errorf("writing the profile %s: %w", p.Name, err)
	}
	if err := e.Close(); err != nil {
		return fmt.Errorf("writing the profile %s: %w", p.Name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// mapNode builds a mapping in the order of its puts; what is empty is left out.
type mapNode struct{ *yaml.Node }

func newMap() mapNode { return mapNode{&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}} }

func (m mapNode) put(key string, value *yaml.Node) {
	if value != nil {
		m.Content = append(m.Content, scalar(key), value)
	}
}

func (m mapNode) text(key, value string) {
	if value != "" {
		m.put(key, scalar(value))
	}
}

// scalar is text that reads back as the same text, quoted where YAML would take it for something else.
func scalar(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	if n.Style == 0 && len(text) > 0 {
		var plain yaml.Node
		if err := yaml.Unmarshal([]byte(text), &plain); err != nil || len(plain.Content) != 1 || plain.Content[0].Kind != yaml.ScalarNode || plain.Content[0].Value != text || plain.Content[0].Tag == "!!null" {
			n.Style = yaml.SingleQuotedStyle
		} else {
			n.Tag = plain.Content[0].Tag // 12 and true stay plain: they are read as text
		}
	}
	return n
}

func texts(list []string) *yaml.Node {
	if len(list) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, s := range list {
		n.Content = append(n.Content, scalar(s))
	}
	return n
}

func sequence[T any](list []T, node func(T) *yaml.Node) *yaml.Node {
	if len(list) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, e := range list {
		n.Content = append(n.Content, node(e))
	}
	return n
}

func (m mapNode) evidence(e Evidence) {
	m.text("level", string(e.Level))
	m.text("source", e.Source)
	m.text("seen", e.Seen)
	m.text("note", e.Note)
}

func (p *Profile) node() *yaml.Node {
	m := newMap()
	m.text("profile", p.Name)
	m.text("about", p.About)
	m.put("aliases", texts(p.Aliases))
	m.put("versions", texts(p.Versions))
	if p.Delimiters != "" {
		m.put("delimiters", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.Delimiters, Style: yaml.SingleQuotedStyle})
	}
	m.put("charset", texts(p.Charset))
	if a := p.Acknowledgement; a != (Acknowledgement{}) {
		ack := newMap()
		ack.Style = yaml.FlowStyle
		ack.text("mode", a.Mode)
		ack.text("accept", a.Accept)
		ack.text("application", a.Application)
		m.put("acknowledgement", ack.Node)
	}
	m.evidence(p.Evidence)
	m.put("local-segments", p.localNode())
	m.put("messages", sequence(p.Messages, messageNode))
	m.put("facts", sequence(p.Facts, func(f Fact) *yaml.Node {
		n := newMap()
		n.text("text", f.Text)
		n.evidence(f.Evidence)
		return n.Node
	}))
	m.put("questions", sequence(p.Questions, scalar))
	if len(p.Sources) > 0 {
		sources := newMap()
		for _, s := range p.Sources {
			sources.put(s.Key, scalar(s.Text))
		}
		m.put("sources", sources.Node)
	}
	m.put("decisions", sequence(p.Decisions, func(d Decision) *yaml.Node {
		n := newMap()
		n.text("message", d.Message)
		n.text("path", d.Path)
		n.text("finding", string(d.Kind))
		n.text("decision", string(d.Choice))
		n.text("note", d.Note)
		return n.Node
	}))
	return m.Node
}

func (p *Profile) localNode() *yaml.Node {
	if len(p.Local) == 0 {
		return nil
	}
	all := newMap()
	for _, s := range p.Local {
		if len(s.Fields) == 0 {
			all.put(s.Name, scalar(s.Title))
			continue
		}
		m, fields := newMap(), newMap()
		m.text("name", s.Title)
		for _, f := range s.Fields {
			fields.put(strconv.Itoa(f.Position), scalar(f.Name))
		}
		m.put("fields", fields.Node)
		all.put(s.Name, m.Node)
	}
	return all.Node
}

func messageNode(message Message) *yaml.Node {
	m := newMap()
	m.text("message", message.Type)
	m.put("events", texts(message.Events))
	m.text("direction", message.Direction)
	if message.Only {
		m.put("only", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
	m.evidence(message.Evidence)
	if len(message.Segments) > 0 {
		segments := newMap()
		for _, s := range message.Segments {
			segments.put(s.Name, ruleNode(s.Usage, s.Cardinality, s.When, s.Evidence, newMap()))
		}
		m.put("segments", segments.Node)
	}
	if len(message.Fields) > 0 {
		fields := newMap()
		for _, f := range message.Fields {
			fields.put(f.Path.String(), ruleNode(f.Usage, f.Cardinality, f.When, f.Evidence, fieldNode(f)))
		}
		m.put("fields", fields.Node)
	}
	return m.Node
}

// fieldNode holds what only a field's rule has.
func fieldNode(f FieldRule) mapNode {
	m := newMap()
	switch {
	case f.MinLength > 0 && f.MaxLength == 0:
		m.text("length", fmt.Sprintf("%d..*", f.MinLength))
	case f.MinLength > 0:
		m.text("length", fmt.Sprintf("%d..%d", f.MinLength, f.MaxLength))
	case f.MaxLength > 0:
		m.text("length", strconv.Itoa(f.MaxLength))
	}
	m.put("values", valuesNode(f.Values))
	if f.Pattern != nil {
		m.text("pattern", patternText(f.Pattern))
	}
	m.text("format", f.Format)
	if f.Equals.Segment != "" {
		m.text("equals", f.Equals.String())
	}
	return m
}

func valuesNode(values []Value) *yaml.Node {
	var codes []string
	explained := false
	for _, v := range values {
		codes = append(codes, v.Code)
		explained = explained || v.Text != ""
	}
	if !explained {
		return texts(codes)
	}
	m := newMap()
	m.Style = yaml.FlowStyle
	for _, v := range values {
		m.put(v.Code, scalar(v.Text))
	}
	return m.Node
}

// ruleNode is "R", or a mapping where there is more to say than usage and cardinality.
func ruleNode(u Usage, c *Cardinality, when *Condition, e Evidence, more mapNode) *yaml.Node {
	use := u.String()
	if c != nil && use != "" {
		use += " " + c.String()
	}
	if when == nil && e == (Evidence{}) && len(more.Content) == 0 && use != "" {
		return scalar(use)
	}
	m := newMap()
	m.Style = yaml.FlowStyle
	m.text("usage", use)
	if use == "" && c != nil {
		m.text("cardinality", c.String())
	}
	if when != nil {
		m.text("when", when.text)
	}
	m.Content = append(m.Content, more.Content...)
	m.evidence(e)
	return m.Node
}

// keepComments gives the nodes that are written the comments of those that were read: by key in mappings, by place in
// lists.
func keepComments(to, from *yaml.Node) {
	if to.Kind != from.Kind {
		return
	}
	to.HeadComment, to.LineComment, to.FootComment = from.HeadComment, from.LineComment, from.FootComment
	if from.LineComment != "" || hasComment(from) {
		to.Style &^= yaml.FlowStyle // a comment inside braces would end them
		if from.Style&yaml.FlowStyle != 0 && !hasComment(from) {
			to.Style |= yaml.FlowStyle
		}
	}
	if to.Kind == yaml.SequenceNode {
		for i := range min(len(to.Content), len(from.Content)) {
			keepComments(to.Content[i], from.Content[i])
		}
		return
	}
	if to.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(to.Content); i += 2 {
		for j := 0; j+1 < len(from.Content); j += 2 {
			if to.Content[i].Value == from.Content[j].Value {
				keepComments(to.Content[i], from.Content[j])
				keepComments(to.Content[i+1], from.Content[j+1])
				break
			}
		}
	}
}

func hasComment(n *yaml.Node) bool {
	for _, c := range n.Content {
		if c.HeadComment != "" || c.LineComment != "" || c.FootComment != "" || hasComment(c) {
			return true
		}
	}
	return false
}
