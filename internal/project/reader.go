package project

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader walks YAML nodes and collects problems with their lines. The decoder of the YAML package could fill structs
// by itself, but it names Go types in its errors and forgets the line of a value that is well formed and still wrong.
type reader struct {
	file     string
	problems Problems
}

// fail notes a problem at a node.
func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// field is one key of a mapping: how to read its value, and whether it must be there.
type field struct {
	key      string
	read     func(*yaml.Node)
	required bool
}

// mapping reads a mapping that may hold these fields and no others.
func (r *reader) mapping(n *yaml.Node, what string, fields ...field) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a list of keys and values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value && key.Kind == yaml.ScalarNode })
		switch {
		case at < 0:
			r.fail(key, "%s", unknownKey(key, what, fields))
		case seen[key.Value]:
			r.fail(key, "%q is given twice in %s", key.Value, what)
		case value.Kind == yaml.AliasNode:
			r.fail(value, "write the value of %q out: references (*name) are not supported", key.Value)
		default:
			fields[at].read(value)
		}
		seen[key.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.key] {
			r.fail(n, "%s needs %q", what, f.key)
		}
	}
}

// unknownKey says which key was probably meant.
func unknownKey(key *yaml.Node, what string, fields []field) string {
	if key.Kind != yaml.ScalarNode {
		return fmt.Sprintf("a key of %s must be a plain word", what)
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		if nearly(f.key, key.Value) {
			return fmt.Sprintf("unknown key %q in %s; did you mean %q?", shorten(key.Value), what, f.key)
		}
		names[i] = f.key
	}
	return fmt.Sprintf("unknown key %q in %s; known are %s", shorten(key.Value), what, strings.Join(names, ", "))
}

// list reads a sequence, calling item for each entry.
func (r *reader) list(n *yaml.Node, what string, item func(*yaml.Node)) {
	if isEmpty(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s must be a list, each entry on its own line after a dash", what)
		return
	}
	for _, e := range n.Content {
		if e.Kind == yaml.AliasNode {
			r.fail(e, "write the entry of %s out: references (*name) are not supported", what)
			continue
		}
		item(e)
	}
}

// text reads one line or block of text into to.
func (r *reader) text(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.fail(n, "%s must be text", what)
			return
		}
		if n.Tag == "!!binary" {
			r.fail(n, "%s must be plain text, not binary", what)
			return
		}
		if isEmpty(n) {
			return
		}
		*to = strings.TrimSpace(n.Value)
	}
}

// needed reads text that must not be empty.
func (r *reader) needed(what string, to *string) func(*yaml.Node) {
	read := r.text(what, to)
	return func(n *yaml.Node) {
		before := len(r.problems)
		read(n)
		if *to == "" && len(r.problems) == before {
			r.fail(n, "%s is empty", what)
		}
	}
}

// texts reads a list of non-empty texts.
func (r *reader) texts(what string, to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, what, func(e *yaml.Node) {
			var s string
			r.needed("an entry of "+what, &s)(e)
			if s != "" {
				*to = append(*to, s)
			}
		})
	}
}

// word reads one of the known words of a type into to.
func word[T ~string](r *reader, what string, to *T, known ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var s string
		before := len(r.problems)
		r.text(what, &s)(n)
		if len(r.problems) > before {
			return
		}
		if !slices.Contains(known, T(s)) {
			r.fail(n, "%s is %q; it must be %s", what, shorten(s), oneOf(known))
			return
		}
		*to = T(s)
	}
}

// oneOf spells a choice: "a", "b" or "c".
func oneOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", string(w))
	}
	return b.String()
}

// isEmpty reports a value that is there but says nothing: "key:" or "key: null" or "key: ~".
func isEmpty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// shorten keeps a quoted value in an error to one short line.
func shorten(s string) string {
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// nearly reports whether b is a with one letter wrong, missing, added, or two neighbours swapped, or other case.
func nearly(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return true
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a)+len(b) == 1, len(a) == 1 && len(b) == 1:
		return true
	default:
		return len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	}
}
