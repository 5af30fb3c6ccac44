package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong in a mapping.
type Problem struct {
	Line int    // from 1; 0 where unknown
	Rule string // its ID, if it is about a rule
	Text string
}

// Problems is everything that is wrong in a mapping, by line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.String()
	}
	return strings.Join(lines, "; ")
}

// String writes the problem with its place.
func (p Problem) String() string {
	s := p.Text
	if p.Rule != "" {
		s = p.Rule + ": " + s
	}
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, s)
	}
	return s
}

// comments are the comments of a mapping in YAML: by key, "" for those of the whole.
type comments map[string]comment

type comment struct{ head, line, foot string }

// reader walks YAML nodes and collects problems with their lines. It is stricter than YAML: codes such as 01, N and ~
// must stay what they are, so what YAML would read as a number, truth value or nothing has to stand in quotes.
type reader struct {
	problems Problems
	draft    bool // rules need not be finished
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: n.Line, Text: fmt.Sprintf(format, args...)})
}

type key struct {
	name string
	read func(*yaml.Node)
}

// keys reads a mapping that may hold these keys and no others, and keeps its comments.
func (r *reader) keys(n *yaml.Node, what string, kept *comments, keys ...key) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be keys and values, as in {%s: ...}", what, keys[0].name)
		return
	}
	r.keep(n, "", kept)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(keys, func(x key) bool { return x.name == k.Value && k.Kind == yaml.ScalarNode })
		switch {
		case at < 0:
			names := make([]string, len(keys))
			for i, x := range keys {
				names[i] = x.name
			}
			r.fail(k, "%s has no %q; it can have %s", what, shorten(k.Value), strings.Join(names, ", "))
		case seen[k.Value]:
			r.fail(k, "%q is given twice in %s", k.Value, what)
		case !r.plain(v):
		default:
			r.keep(k, k.Value, kept)
			if v.Kind == yaml.ScalarNode || v.Style&yaml.FlowStyle != 0 {
				r.keep(v, k.Value, kept)
			}
			keys[at].read(v)
		}
		seen[k.Value] = true
	}
}

func (r *reader) keep(n *yaml.Node, name string, kept *comments) {
	if n.HeadComment == "" && n.LineComment == "" && n.FootComment == "" || kept == nil {
		return
	}
	if *kept == nil {
		*kept = comments{}
	}
	c := (*kept)[name]
	c.head, c.line, c.foot = joinLines(c.head, n.HeadComment), joinLines(c.line, n.LineComment), joinLines(c.foot, n.FootComment)
	(*kept)[name] = c
}

func joinLines(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return a + "\n" + b
}

// plain refuses what makes YAML more than a notation: references, anchors and tags.
func (r *reader) plain(n *yaml.Node) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(n, "write the value out: references (*name) are not supported")
	case n.Anchor != "":
		r.fail(n, "take &%s away: anchors are not supported", shorten(n.Anchor))
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "take %s away: tags are not supported", shorten(n.Tag))
	default:
		return true
	}
	return false
}

// list reads a sequence, or one entry alone.
func (r *reader) list(n *yaml.Node, item func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		item(n)
		return
	}
	for _, e := range n.Content {
		if r.plain(e) {
			item(e)
		}
	}
}

// scalar reads text. What is not quoted must be text for YAML too.
func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.fail(n, "%s must be text", what)
		return "", false
	case n.Tag != "!!str" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0:
		r.fail(n, "put the value of %s in quotes, as in %q: without them it is read as something else than text", what, shorten(n.Value))
		return "", false
	}
	return n.Value, true
}

func (r *reader) text(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.scalar(n, what); ok {
			*to = s
		}
	}
}

func (r *reader) texts(what string, to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, func(e *yaml.Node) {
			if s, ok := r.scalar(e, what); ok {
				*to = append(*to, s)
			}
		})
	}
}

func (r *reader) flag(what string, to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		v, err := strconv.ParseBool(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			r.fail(n, "%s is %q; it must be true or false", what, shorten(n.Value))
			return
		}
		*to = v
	}
}

// word reads one of a list of words into a string type.
func word[T ~string](r *reader, what string, to *T, known ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		if !slices.Contains(known, T(s)) {
			names := make([]string, len(known))
			for i, k := range known {
				names[i] = string(k)
			}
			r.fail(n, "%s is %q; it must be one of %s", what, shorten(s), strings.Join(names, ", "))
			return
		}
		*to = T(s)
	}
}

// shorten keeps a quoted value in an error to one short line.
func shorten(s string) string {
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

func quote(s string) string { return strconv.Quote(s) }
