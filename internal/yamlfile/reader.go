package yamlfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Reader walks YAML nodes and collects problems.
type Reader struct {
	File     string // for the problems
	Problems Problems
}

// Err is the problems by their place, nil if there are none.
func (r *Reader) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	r.Problems.Sort()
	return r.Problems
}

// Fail notes a problem at a node.
func (r *Reader) Fail(n *yaml.Node, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{r.File, n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// Field is one key of a mapping: how its value is read, and whether it must be there.
type Field struct {
	Key      string
	Read     func(*yaml.Node)
	Required bool
}

// Key is a field that may be there.
func Key(key string, read func(*yaml.Node)) Field { return Field{Key: key, Read: read} }

// Required is a field that must be there.
func Required(key string, read func(*yaml.Node)) Field { return Field{key, read, true} }

// Mapping reads a mapping that may hold these fields and no others. what names it in problems: "the project", "a rule".
func (r *Reader) Mapping(n *yaml.Node, what string, fields ...Field) {
	seen := r.pairs(n, what, func(key, value *yaml.Node) {
		if at := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key.Value }); at >= 0 {
			fields[at].Read(value)
			return
		}
		r.Fail(key, "%s", unknownKey(key.Value, what, fields))
	})
	for _, f := range fields {
		if f.Required && seen != nil && !seen[f.Key] {
			r.Fail(n, "%s needs %q", what, f.Key)
		}
	}
}

// Pairs reads a mapping with keys of the file's own choice; what says nothing is none.
func (r *Reader) Pairs(n *yaml.Node, what string, pair func(key, value *yaml.Node)) {
	if !IsEmpty(n) {
		r.pairs(n, what, pair)
	}
}

// pairs returns the keys that it has met, nil where there is no mapping.
func (r *Reader) pairs(n *yaml.Node, what string, pair func(key, value *yaml.Node)) map[string]bool {
	if n.Kind != yaml.MappingNode {
		r.Fail(n, "%s must be keys and values, as in name: value", what)
		return nil
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.Fail(key, "a key of %s must be a plain word", what)
		case seen[key.Value]:
			r.Fail(key, "%q is given twice in %s", Shorten(key.Value), what)
		case value.Kind == yaml.AliasNode:
			r.Fail(value, "write the value of %q out: references (*name) are not supported", Shorten(key.Value))
		default:
			pair(key, value)
		}
		seen[key.Value] = true
	}
	return seen
}

// unknownKey says which key was probably meant.
func unknownKey(key, what string, fields []Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		if nearly(f.Key, key) {
			return fmt.Sprintf("unknown key %q in %s; did you mean %q?", Shorten(key), what, f.Key)
		}
		names[i] = f.Key
	}
	return fmt.Sprintf("unknown key %q in %s; known are %s", Shorten(key), what, strings.Join(names, ", "))
}

// nearly reports whether b is a with one letter wrong, missing, added, or two neighbours swapped, or in other case, or
// whether one begins with the other.
func nearly(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if min(len(a), len(b)) > 1 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
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

// List reads a sequence, calling item for each entry; what says nothing is an empty one.
func (r *Reader) List(n *yaml.Node, what string, item func(*yaml.Node)) {
	switch {
	case IsEmpty(n):
	case n.Kind != yaml.SequenceNode:
		r.Fail(n, "%s must be a list, each entry on its own line after a dash", what)
	default:
		for _, e := range n.Content {
			if e.Kind == yaml.AliasNode {
				r.Fail(e, "write the entry of %s out: references (*name) are not supported", what)
				continue
			}
			item(e)
		}
	}
}

// Entries is List where one entry may stand alone.
func (r *Reader) Entries(n *yaml.Node, what string, item func(*yaml.Node)) {
	if n.Kind == yaml.SequenceNode || IsEmpty(n) {
		r.List(n, what, item)
		return
	}
	item(n)
}

// Raw is the text of a node as it stands, with the blanks around it; ok is false after a problem was noted.
func (r *Reader) Raw(n *yaml.Node, what string) (text string, ok bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.Fail(n, "%s must be text", what)
		return "", false
	case n.Tag == "!!binary":
		r.Fail(n, "%s must be plain text, not binary", what)
		return "", false
	case IsEmpty(n):
		return "", true
	}
	return n.Value, true
}

// Scalar is Raw without the blanks around the text.
func (r *Reader) Scalar(n *yaml.Node, what string) (text string, ok bool) {
	text, ok = r.Raw(n, what)
	return strings.TrimSpace(text), ok
}

// Text reads a line or block of text.
func (r *Reader) Text(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.Scalar(n, what); ok {
			*to = s
		}
	}
}

// Needed reads text that must not be empty.
func (r *Reader) Needed(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.Scalar(n, what)
		if ok && s == "" {
			r.Fail(n, "%s is empty", what)
		}
		*to = s
	}
}

// Texts reads a list of texts, none of which is empty.
func (r *Reader) Texts(what string, to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) { r.List(n, what, r.entry(what, to)) }
}

// OneOrMore is Texts where one text may stand alone.
func (r *Reader) OneOrMore(what string, to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) { r.Entries(n, what, r.entry(what, to)) }
}

func (r *Reader) entry(what string, to *[]string) func(*yaml.Node) {
	return func(e *yaml.Node) {
		var s string
		if r.Needed("an entry of "+what, &s)(e); s != "" {
			*to = append(*to, s)
		}
	}
}

// Number reads a whole number of at least least.
func (r *Reader) Number(what string, least int, to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.Scalar(n, what)
		if !ok {
			return
		}
		v, err := strconv.Atoi(s)
		if err != nil || v < least || v > 1_000_000_000 {
			r.Fail(n, "%s is %q; it must be a whole number of at least %d", what, Shorten(s), least)
			return
		}
		*to = v
	}
}

// Flag reads yes or no, in the words of YAML.
func (r *Reader) Flag(what string, to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.Scalar(n, what)
		if !ok {
			return
		}
		switch strings.ToLower(s) {
		case "true", "yes", "on":
			*to = true
		case "false", "no", "off":
			*to = false
		default:
			r.Fail(n, "%s is %q; it must be true or false", what, Shorten(s))
		}
	}
}

// Word reads one of the known words of a type.
func Word[T ~string](r *Reader, what string, to *T, known ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.Scalar(n, what)
		if !ok {
			return
		}
		if !slices.Contains(known, T(s)) {
			r.Fail(n, "%s is %q; it must be %s", what, Shorten(s), oneOf(known))
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

// Parsed reads text through a parser whose errors say what to do.
func Parsed[T any](r *Reader, what string, parse func(string) (T, error), set func(T)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.Scalar(n, what)
		if !ok {
			return
		}
		v, err := parse(s)
		if err != nil {
			r.Fail(n, "%s", err)
			return
		}
		set(v)
	}
}

// IsEmpty reports a value that is there but says nothing: "key:", "key: null" or "key: ~".
func IsEmpty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Shorten keeps a quoted value in an error to one short line.
func Shorten(s string) string {
	const limit = 40
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
