package rules

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Format writes a file of rules as YAML. The same file gives the same bytes; comments above the file and above rules are
// written back.
func Format(f File) ([]byte, error) {
	top := &node{}
	top.text("title", f.Title)
	top.text("note", f.Note)
	if f.Seed != 0 {
		top.add("seed", number(f.Seed))
	}
	if len(f.Lists) > 0 {
		lists := &node{}
		for _, l := range f.Lists {
			lists.add(l.Name, sequence(l.Values, true))
		}
		top.add("lists", lists.yaml(0))
	}
	if len(f.Rules) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range f.Rules {
			list.Content = append(list.Content, ruleNode(&f.Rules[i]))
		}
		top.add("rules", list)
	}
	top.child("otherwise", actionNode(f.Otherwise))
	top.add("faults", faultNodes(f.Faults))
	doc := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{top.yaml(0)}}
	if len(top.content) == 0 {
		doc.Content[0].Style = yaml.FlowStyle
	}
	var b bytes.Buffer
	if f.Comment != "" {
		b.WriteString(comment(f.Comment) + "\n\n")
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the rules: %w", err)
	}
	return b.Bytes(), e.Close()
}

func comment(text string) string {
	return "# " + strings.ReplaceAll(text, "\n", "\n# ")
}

// node is a mapping under construction that leaves out what says nothing.
type node struct{ content []*yaml.Node }

func (n *node) add(name string, v *yaml.Node) {
	if v != nil {
		n.content = append(n.content, scalar(name), v)
	}
}

func (n *node) text(name, v string) {
	if v != "" {
		n.add(name, scalar(v))
	}
}

func (n *node) template(name string, t *Template) {
	if t != nil && t.text != "" {
		n.add(name, scalar(t.text))
	}
}

func (n *node) number(name string, v int) {
	if v != 0 {
		n.add(name, number(v))
	}
}

func (n *node) flag(name string, v bool) {
	if v {
		n.add(name, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

func (n *node) duration(name string, d time.Duration) {
	if d != 0 {
		n.add(name, scalar(d.String()))
	}
}

func (n *node) chance(p float64) {
	if p != 0 {
		n.add("chance", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(p, 'f', -1, 64)})
	}
}

func (n *node) list(name string, values []string) {
	switch len(values) {
	case 0:
	case 1:
		n.add(name, scalar(values[0]))
	default:
		n.add(name, sequence(values, true))
	}
}

func (n *node) child(name string, c *node) {
	if len(c.content) > 0 {
		n.add(name, c.yaml(yaml.FlowStyle))
	}
}

// yaml is the mapping. One that holds text of several lines cannot stand in braces.
func (n *node) yaml(style yaml.Style) *yaml.Node {
	if style == yaml.FlowStyle && hasBlock(n.content) {
		style = 0
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: style, Content: n.content}
}

func hasBlock(nodes []*yaml.Node) bool {
	for _, c := range nodes {
		if c.Style == yaml.LiteralStyle || c.Kind == yaml.SequenceNode && c.Style == 0 || hasBlock(c.Content) {
			return true
		}
	}
	return false
}

// scalar writes text so that it is read as text: the encoder quotes what looks like something else.
func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func number[T int | uint64](v T) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(v)}
}

func sequence(values []string, flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if flow {
		n.Style = yaml.FlowStyle
	}
	for _, v := range values {
		s := scalar(v)
		if s.Style == yaml.LiteralStyle {
			n.Style = 0
		}
		n.Content = append(n.Content, s)
	}
	return n
}

func ruleNode(r *Rule) *yaml.Node {
	n := &node{}
	n.text("name", r.Name)
	n.flag("off", r.Off)
	n.child("when", whenNode(&r.When))
	n.child("then", actionNode(r.Then))
	n.add("faults", faultNodes(r.Faults))
	y := n.yaml(0)
	if len(n.content) == 0 {
		y.Style = yaml.FlowStyle
	}
	if r.Comment != "" {
		y.HeadComment = comment(r.Comment)
	}
	return y
}

func whenNode(w *When) *node {
	n := &node{}
	n.list("type", w.Types)
	n.list("trigger", w.Triggers)
	if len(w.Fields) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, f := range w.Fields {
			list.Content = append(list.Content, fieldNode(f))
		}
		if hasBlock(list.Content) || len(w.Fields) > 1 { // several conditions are read better below each other
			list.Style = 0
		}
		n.add("fields", list)
	}
	if w.Finding != nil {
		f := &node{}
		f.text("at-least", w.Finding.AtLeast.String())
		f.list("code", w.Finding.Codes)
		n.child("finding", f)
	}
	if w.Time != nil {
		t := &node{}
		var days []string
		for _, d := range w.Time.Days {
			days = append(days, dayNames[d])
		}
		t.list("days", days)
		if w.Time.From != w.Time.To {
			t.add("from", scalar(clock(w.Time.From)))
			t.add("to", scalar(clock(w.Time.To)))
		}
		n.add("time", t.yaml(yaml.FlowStyle)) // an empty one stays: it is "any time"
	}
	var from []string
	for _, p := range w.From {
		from = append(from, prefixText(p))
	}
	n.list("from", from)
	n.number("first", w.First)
	n.number("every", w.Every)
	n.chance(w.Chance)
	return n
}

func fieldNode(f FieldTest) *yaml.Node {
	n := &node{}
	n.text("path", f.Path.String())
	if f.Test == Exists {
		n.add("exists", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(!f.Not)})
		return n.yaml(yaml.FlowStyle)
	}
	n.list(string(f.Test), f.Values)
	n.flag("not", f.Not)
	return n.yaml(yaml.FlowStyle)
}

func actionNode(a Action) *node {
	n := &node{}
	n.text("code", a.Code)
	n.flag("exact", a.Exact)
	n.template("text", a.Text)
	if len(a.Errors) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, e := range a.Errors {
			x := &node{}
			x.text("code", e.Code)
			x.text("location", e.Location)
			x.text("severity", e.Severity)
			x.text("application", e.Application)
			x.template("text", e.Diagnostic)
			x.template("user-text", e.User)
			list.Content = append(list.Content, x.yaml(yaml.FlowStyle))
		}
		if hasBlock(list.Content) {
			list.Style = 0
		}
		n.add("errors", list)
	}
	n.template("reply", a.Reply)
	if a.Query != nil {
		q := &node{}
		q.text("answer", a.Query.Answer)
		q.text("matches", a.Query.Matches)
		n.add("query", q.yaml(yaml.FlowStyle))
	}
	if a.Forward != nil {
		f := &node{}
		f.text("to", a.Forward.To)
		f.duration("timeout", a.Forward.Timeout)
		f.flag("relay", a.Forward.Relay)
		n.add("forward", f.yaml(yaml.FlowStyle))
	}
	if a.Application != nil {
		p := &node{}
		p.text("code", a.Application.Code)
		p.duration("after", a.Application.After)
		p.text("to", a.Application.To)
		n.add("application", p.yaml(yaml.FlowStyle))
	}
	return n
}

func faultNodes(list []Fault) *yaml.Node {
	if len(list) == 0 {
		return nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, f := range list {
		x := &node{}
		x.text("fault", string(f.Kind))
		x.duration("time", f.Time)
		x.duration("to", f.To)
		if f.Sigma != 0 {
			x.add("sigma", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: strconv.FormatFloat(f.Sigma, 'f', -1, 64)})
		}
		x.number("count", f.Count)
		x.text("value", f.Value)
		x.number("every", f.Every)
		x.number("first", f.First)
		x.chance(f.Chance)
		x.flag("off", f.Off)
		n.Content = append(n.Content, x.yaml(yaml.FlowStyle))
	}
	return n
}
