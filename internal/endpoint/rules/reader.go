package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong in a file of rules.
type Problem struct {
	Line int // from 1; 0 where unknown
	Text string
}

// Problems is everything that is wrong in a file of rules, by line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, x := range p {
		lines[i] = x.Text
		if x.Line > 0 {
			lines[i] = fmt.Sprintf("line %d: %s", x.Line, x.Text)
		}
	}
	return strings.Join(lines, "; ")
}

// reader walks YAML nodes and collects problems with their lines.
type reader struct{ problems Problems }

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{n.Line, fmt.Sprintf(format, args...)})
}

// key is one key of a mapping and how its value is read.
type key struct {
	name string
	read func(*yaml.Node)
}

// mapping reads a mapping that may hold these keys and no others.
func (r *reader) mapping(n *yaml.Node, what string, keys ...key) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be keys and values, as in {%s: ...}", what, keys[0].name)
		return
	}
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
		case v.Kind == yaml.AliasNode:
			r.fail(v, "write the value of %q out: references (*name) are not supported", k.Value)
		default:
			keys[at].read(v)
		}
		seen[k.Value] = true
	}
}

// list reads a sequence, or one entry alone.
func (r *reader) list(n *yaml.Node, what string, item func(*yaml.Node)) {
	switch {
	case isEmpty(n):
	case n.Kind != yaml.SequenceNode:
		item(n)
	default:
		for _, e := range n.Content {
			if e.Kind == yaml.AliasNode {
				r.fail(e, "write the entry of %s out: references (*name) are not supported", what)
				continue
			}
			item(e)
		}
	}
}

func (r *reader) scalar(n *yaml.Node, what string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!binary" {
		r.fail(n, "%s must be text", what)
		return "", false
	}
	if isEmpty(n) {
		return "", true
	}
	return n.Value, true
}

func (r *reader) text(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s, ok := r.scalar(n, what); ok {
			*to = strings.TrimSpace(s)
		}
	}
}

func (r *reader) texts(what string, to *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.list(n, what, func(e *yaml.Node) {
			if s, ok := r.scalar(e, "an entry of "+what); ok {
				*to = append(*to, s)
			}
		})
	}
}

func (r *reader) number(what string, least int, to *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		v, err := strconv.Atoi(s)
		if err != nil || v < least || v > 1_000_000_000 {
			r.fail(n, "%s is %q; it must be a whole number of at least %d", what, shorten(s), least)
			return
		}
		*to = v
	}
}

func (r *reader) chance(to *float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, "chance")
		if !ok {
			return
		}
		text, isPercent := strings.CutSuffix(s, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if isPercent {
			v /= 100
		}
		if err != nil || !(v > 0 && v < 1) {
			r.fail(n, "chance is %q; it must lie above 0 and below 1, as in 0.1 or 10%%", shorten(s))
			return
		}
		*to = v
	}
}

func (r *reader) flag(what string, to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		switch strings.ToLower(s) {
		case "true", "yes", "on":
			*to = true
		case "false", "no", "off":
			*to = false
		default:
			r.fail(n, "%s is %q; it must be true or false", what, shorten(s))
		}
	}
}

// maxDuration is the longest wait that a rule can ask for.
const maxDuration = 24 * time.Hour

// maxSigma is the widest spread: one time in a thousand is already over ten thousand times the median.
const maxSigma = 3

func (r *reader) sigma(to *float64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, "sigma")
		if !ok {
			return
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v > 0 && v <= maxSigma) {
			r.fail(n, "sigma is %q; it must lie above 0 and not above %d, as in 0.5", shorten(s), maxSigma)
			return
		}
		*to = v
	}
}

func (r *reader) duration(what string, to *time.Duration) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
		if err != nil || d < 0 || d > maxDuration {
			r.fail(n, "%s is %q; it must be a time such as 500ms, 2s or 1m30s, at most a day", what, shorten(s))
			return
		}
		*to = d
	}
}

func (r *reader) word(what string, to *string, known ...string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok {
			return
		}
		if !slices.Contains(known, s) {
			r.fail(n, "%s is %q; it must be one of %s", what, shorten(s), strings.Join(known, ", "))
			return
		}
		*to = s
	}
}

func (r *reader) template(what string, to **Template) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s, ok := r.scalar(n, what)
		if !ok || s == "" {
			return
		}
		t, err := ParseTemplate(s)
		if err != nil {
			r.fail(n, "%s: %s", what, err)
			return
		}
		*to = t
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
