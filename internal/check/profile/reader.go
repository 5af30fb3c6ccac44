package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader walks YAML nodes and collects problems with their lines, which the decoder of the YAML package forgets for
// values that are well formed and still wrong.
type reader struct {
	file     string
	problems Problems
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, n.Line, fmt.Sprintf(format, args...)})
}

// field is one key of a mapping and how to read its value.
type field struct {
	key  string
	read func(*yaml.Node)
}

// mapping reads a mapping that may hold these fields and no others.
func (r *reader) mapping(n *yaml.Node, what string, fields ...field) {
	r.pairs(n, what, func(key, value *yaml.Node) {
		at := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		if at < 0 {
			r.fail(key, "%s", unknownKey(key.Value, what, fields))
			return
		}
		fields[at].read(value)
	})
}

// pairs reads a mapping with keys of the file's own choice.
func (r *reader) pairs(n *yaml.Node, what string, pair func(key, value *yaml.Node)) {
	if isEmpty(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be keys and values, as in PID: R", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(key, "a key of %s must be a plain word", what)
		case seen[key.Value]:
			r.fail(key, "%q is given twice in %s", shorten(key.Value), what)
		case value.Kind == yaml.AliasNode:
			r.fail(value, "write the value of %q out: references (*name) are not supported", shorten(key.Value))
		default:
			pair(key, value)
		}
		seen[key.Value] = true
	}
}

// unknownKey says which key was probably meant.
func unknownKey(key, what string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if len(key) > 0 && (strings.HasPrefix(f.key, key) || strings.HasPrefix(key, f.key) || strings.EqualFold(f.key, key)) {
			return fmt.Sprintf("unknown key %q in %s; did you mean %q?", shorten(key), what, f.key)
		}
		names[i] = f.key
	}
	return fmt.Sprintf("unknown key %q in %s; known are %s", shorten(key), what, strings.Join(names, ", "))
}

// list reads a sequence, or a single value in its place.
func (r *reader) list(n *yaml.Node, what string, item func(*yaml.Node)) {
	if isEmpty(n) {
		return
	}
	if n.Kind == yaml.ScalarNode {
		item(n)
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s must be a list", what)
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

// scalar returns a node's text; ok is false after a problem was noted.
func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!binary" {
		r.fail(n, "%s must be text", what)
		return "", false
	}
	if isEmpty(n) {
		return "", true
	}
	return strings.TrimSpace(n.Value), true
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
		r.list(n, what, func(e *yaml.Node) {
			if s, ok := r.scalar(e, "an entry of "+what); ok && s != "" {
				*to = append(*to, s)
			} else if ok {
				r.fail(e, "an entry of %s is empty", what)
			}
		})
	}
}

// word reads one of some known words.
func (r *reader) word(what string, to *string, known ...string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if ok && !slices.Contains(known, s) {
			r.fail(n, "%s is %q; it must be %s", what, shorten(s), strings.Join(known, ", "))
			return
		}
		*to = s
	}
}

func (r *reader) yes(what string, to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		b, err := strconv.ParseBool(s)
		if err != nil {
			r.fail(n, "%s is %q; it must be true or false", what, shorten(s))
		}
		*to = b
	}
}

// parsed reads text through a parser whose errors say what to do.
func parsed[T any](r *reader, what string, parse func(string) (T, error), set func(T)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		v, err := parse(s)
		if err != nil {
			r.fail(n, "%s", err)
			return
		}
		set(v)
	}
}

func isEmpty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// shorten keeps a quoted value in an error to one short line.
func shorten(s string) string {
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
