package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// MaxFile is the size in bytes of the largest file of rules that is read.
const MaxFile = 4 << 20

// Parse reads a file of rules. What is wrong with it is told all at once, as [Problems] with lines.
func Parse(b []byte) (File, error) {
	var f File
	if len(b) > MaxFile {
		return f, Problems{{0, fmt.Sprintf("the file has %d bytes; rules of at most %d are read", len(b), MaxFile)}}
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, next yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return f, nil // nothing said: accept everything
	} else if err != nil {
		return f, syntax(err)
	}
	r := &reader{}
	if len(doc.Content) == 1 && !isEmpty(doc.Content[0]) {
		f.Comment = uncomment(doc.HeadComment)
		if f.Comment == "" && len(doc.Content[0].Content) > 0 {
			f.Comment = uncomment(doc.Content[0].Content[0].HeadComment)
		}
		r.file(doc.Content[0], &f)
	}
	if err := d.Decode(&next); err == nil {
		r.fail(&next, "a second document starts here (---); a file of rules has one")
	} else if !errors.Is(err, io.EOF) {
		return f, append(r.problems, syntax(err)...)
	}
	if len(r.problems) > 0 {
		return File{}, r.problems
	}
	return f, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax turns an error of the YAML parser into a problem with a line.
func syntax(err error) Problems {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	p := Problem{Text: "not readable as YAML: " + text}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		p.Line, _ = strconv.Atoi(m[1])
		p.Text = "not readable as YAML: " + m[2]
	}
	return Problems{p}
}

// uncomment takes the # off each line.
func uncomment(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(l), "#"), " "), " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func (r *reader) file(n *yaml.Node, f *File) {
	r.mapping(n, "a file of rules",
		key{"rules", func(n *yaml.Node) {
			r.list(n, "rules", func(e *yaml.Node) {
				var rule Rule
				r.rule(e, &rule)
				f.Rules = append(f.Rules, rule)
			})
		}},
		key{"title", r.text("title", &f.Title)},
		key{"note", r.text("note", &f.Note)},
		key{"seed", func(n *yaml.Node) {
			s, _ := r.scalar(n, "seed")
			v, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				r.fail(n, "seed must be a whole number that is not negative")
			}
			f.Seed = v
		}},
		key{"lists", func(n *yaml.Node) { r.lists(n, f) }},
		key{"otherwise", func(n *yaml.Node) { r.action(n, &f.Otherwise) }},
		key{"faults", r.faults(&f.Faults)},
	)
}

func (r *reader) lists(n *yaml.Node, f *File) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "lists must be names, each with its values: known: [88121, 88190]")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		l := List{Name: n.Content[i].Value}
		for _, other := range f.Lists {
			if other.Name == l.Name {
				r.fail(n.Content[i], "the list %q is given twice", shorten(l.Name))
			}
		}
		r.texts("the list "+shorten(l.Name), &l.Values)(n.Content[i+1])
		f.Lists = append(f.Lists, l)
	}
}

func (r *reader) rule(n *yaml.Node, rule *Rule) {
	rule.Comment = uncomment(n.HeadComment)
	if rule.Comment == "" && len(n.Content) > 0 {
		rule.Comment = uncomment(n.Content[0].HeadComment)
	}
	r.mapping(n, "a rule",
		key{"when", func(n *yaml.Node) { r.when(n, &rule.When) }},
		key{"then", func(n *yaml.Node) { r.action(n, &rule.Then) }},
		key{"name", r.text("name", &rule.Name)},
		key{"off", r.flag("off", &rule.Off)},
		key{"faults", r.faults(&rule.Faults)},
	)
}

func (r *reader) when(n *yaml.Node, w *When) {
	if isEmpty(n) {
		return
	}
	r.mapping(n, "when",
		key{"type", r.texts("type", &w.Types)},
		key{"trigger", r.texts("trigger", &w.Triggers)},
		key{"fields", func(n *yaml.Node) {
			r.list(n, "fields", func(e *yaml.Node) {
				if t, ok := r.fieldTest(e); ok {
					w.Fields = append(w.Fields, t)
				}
			})
		}},
		key{"finding", func(n *yaml.Node) {
			w.Finding = &FindingTest{}
			r.finding(n, w.Finding)
		}},
		key{"time", func(n *yaml.Node) {
			w.Time = &Window{}
			r.window(n, w.Time)
		}},
		key{"from", func(n *yaml.Node) {
			r.list(n, "from", func(e *yaml.Node) {
				p, err := ParsePrefix(e.Value)
				if err != nil {
					r.fail(e, "from: %s", err)
					return
				}
				w.From = append(w.From, p)
			})
		}},
		key{"first", r.number("first", 1, &w.First)},
		key{"every", r.number("every", 1, &w.Every)},
		key{"chance", r.chance(&w.Chance)},
	)
}

func (r *reader) fieldTest(n *yaml.Node) (t FieldTest, ok bool) {
	path, given := "", 0
	set := func(test Test, to *[]string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			given++
			t.Test = test
			r.texts(string(test), to)(n)
			if len(*to) == 0 {
				*to = []string{""}
			}
		}
	}
	before := len(r.problems)
	there := true
	r.mapping(n, "a test of a field",
		key{"path", r.text("path", &path)},
		key{"equals", set(Equals, &t.Values)},
		key{"contains", set(Contains, &t.Values)},
		key{"matches", set(Matches, &t.Values)},
		key{"in", set(In, &t.Values)},
		key{"exists", func(n *yaml.Node) {
			given++
			t.Test = Exists
			r.flag("exists", &there)(n)
		}},
		key{"not", r.flag("not", &t.Not)},
	)
	if len(r.problems) > before {
		return t, false
	}
	t.Not = t.Not != !there
	p, err := hl7.ParsePath(path)
	switch {
	case err != nil:
		r.fail(n, "%s", err)
	case p.Field == 0 && t.Test != Exists:
		r.fail(n, "%s names no field; a test needs a path like PID-3.1", shorten(path))
	case given != 1:
		r.fail(n, "a test of %s needs one of equals, contains, matches, exists and in", shorten(path))
	case (t.Test == Matches || t.Test == In) && len(t.Values) != 1:
		r.fail(n, "%s takes one value", t.Test)
	default:
		t.Path = p
		return t, r.expression(n, t)
	}
	return t, false
}

func (r *reader) expression(n *yaml.Node, t FieldTest) bool {
	if t.Test != Matches {
		return true
	}
	if _, err := regexp.Compile(t.Values[0]); err != nil {
		r.fail(n, "matches: %s; it is a regular expression in RE2 syntax", err)
		return false
	}
	return true
}

func (r *reader) finding(n *yaml.Node, f *FindingTest) {
	severity := func(n *yaml.Node) {
		s, _ := r.scalar(n, "at-least")
		v, err := check.ParseSeverity(s)
		if err != nil {
			r.fail(n, "at-least: %s", err)
		}
		f.AtLeast = v
	}
	if n.Kind == yaml.ScalarNode { // finding: error
		severity(n)
		return
	}
	r.mapping(n, "finding", key{"at-least", severity}, key{"code", r.texts("code", &f.Codes)})
}

var dayNames = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func (r *reader) window(n *yaml.Node, w *Window) {
	at := func(to *time.Duration) func(*yaml.Node) {
		return func(n *yaml.Node) {
			t, err := time.Parse("15:04", n.Value)
			if err != nil && n.Value == "24:00" {
				*to = 0
				return
			}
			if err != nil {
				r.fail(n, "a time of day is %q; write it as \"08:30\", in quotes", shorten(n.Value))
				return
			}
			*to = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		}
	}
	r.mapping(n, "time",
		key{"days", func(n *yaml.Node) {
			r.list(n, "days", func(e *yaml.Node) {
				for i, d := range dayNames {
					if s := strings.ToLower(e.Value); len(s) >= 3 && strings.HasPrefix(d, s) {
						w.Days = append(w.Days, time.Weekday(i))
						return
					}
				}
				r.fail(e, "%q is no day; write monday or mon", shorten(e.Value))
			})
		}},
		key{"from", at(&w.From)},
		key{"to", at(&w.To)},
	)
}

// ParsePrefix reads an address, 10.0.0.7, or a network, 10.0.0.0/8.
func ParsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q is neither an address (10.0.0.7) nor a network (10.0.0.0/8)", shorten(s))
	}
	return p.Masked(), nil
}

func prefixText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}
