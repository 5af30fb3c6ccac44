package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"trestle/internal/hl7"

	"go.yaml.in/yaml/v3"
)

// maxFile is the largest profile that is read, in bytes. The largest hospital guides make about a tenth of it.
const maxFile = 8 << 20

// Parse reads a profile. id names it in its errors and findings, usually the file's name. What is wrong with the file
// comes back all at once as Problems, with lines.
func Parse(id string, b []byte) (*Profile, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s has %d bytes and is no profile: profiles have at most %d", id, len(b), maxFile)
	}
	r := &reader{file: id}
	document := &yaml.Node{}
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	if err := decoder.Decode(document); errors.Is(err, io.EOF) {
		return nil, Problems{{id, 0, "the file is empty; a profile starts with its name, as in profile: Riverbend"}}
	} else if err != nil {
		return nil, syntaxProblem(id, err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, Problems{{id, 0, "the file holds more than one document; a profile is one, without a line of three dashes in it"}}
	}
	p := &Profile{ID: strings.TrimSuffix(strings.TrimSuffix(baseName(id), ".yaml"), ".yml"), document: document}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, Problems{{id, max(document.Line, 1), "this is no profile; one starts with its name, as in profile: Riverbend"}}
	}
	r.profile(document.Content[0], p)
	if p.Name == "" && len(r.problems) == 0 {
		r.fail(document.Content[0], `the profile needs a name, as in "profile: Riverbend"`)
	}
	if len(r.problems) > 0 {
		r.problems.sort()
		return nil, r.problems
	}
	return p, nil
}

func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// yamlLine is how the YAML package names a line in its errors.
var yamlLine = regexp.MustCompile(`line (\d+): `)

func syntaxProblem(id string, err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if at := yamlLine.FindStringSubmatchIndex(text); at != nil {
		line, _ = strconv.Atoi(text[at[2]:at[3]])
		text = text[:at[0]] + text[at[1]:]
	}
	return Problems{{id, line, "this is not YAML: " + text}}
}

func (r *reader) profile(n *yaml.Node, p *Profile) {
	fields := append(r.evidence(&p.Evidence),
		field{"profile", r.text("profile", &p.Name)},
		field{"about", r.text("about", &p.About)},
		field{"aliases", r.texts("aliases", &p.Aliases)},
		field{"versions", r.texts("versions", &p.Versions)},
		field{"delimiters", parsed(r, "delimiters", parseDelimiters, func(d string) { p.Delimiters = d })},
		field{"charset", r.texts("charset", &p.Charset)},
		field{"acknowledgement", func(n *yaml.Node) { r.acknowledgement(n, &p.Acknowledgement) }},
		field{"local-segments", func(n *yaml.Node) { r.local(n, p) }},
		field{"messages", func(n *yaml.Node) {
			r.list(n, "messages", func(e *yaml.Node) { r.message(e, p) })
		}},
		field{"facts", func(n *yaml.Node) {
			r.list(n, "facts", func(e *yaml.Node) { r.fact(e, p) })
		}},
		field{"questions", r.texts("questions", &p.Questions)},
		field{"sources", func(n *yaml.Node) {
			r.pairs(n, "sources", func(k, v *yaml.Node) {
				if text, ok := r.scalar(v, "a source"); ok {
					p.Sources = append(p.Sources, Source{k.Value, text})
				}
			})
		}},
		field{"decisions", func(n *yaml.Node) {
			r.list(n, "decisions", func(e *yaml.Node) { r.decision(e, p) })
		}},
	)
	r.mapping(n, "the profile", fields...)
}

func (r *reader) evidence(e *Evidence) []field {
	levels := make([]string, 0, len(levelWords))
	for _, l := range Levels() {
		levels = append(levels, string(l))
	}
	return []field{
		{"level", func(n *yaml.Node) {
			var text string
			r.word("level", &text, levels...)(n)
			e.Level = Level(text)
		}},
		{"source", r.text("source", &e.Source)},
		{"seen", r.text("seen", &e.Seen)},
		{"note", r.text("note", &e.Note)},
	}
}

func parseDelimiters(text string) (string, error) {
	if n := len([]rune(text)); n < 3 || n > 6 {
		return "", fmt.Errorf("delimiters %q are not understood: write MSH-1 and MSH-2 together, as in '|^~\\&'", shorten(text))
	}
	return text, nil
}

func (r *reader) acknowledgement(n *yaml.Node, a *Acknowledgement) {
	if n.Kind == yaml.ScalarNode {
		r.word("acknowledgement", &a.Mode, "original", "enhanced")(n)
		return
	}
	conditions := []string{"AL", "NE", "ER", "SU"} // table 0155
	r.mapping(n, "acknowledgement",
		field{"mode", r.word("mode", &a.Mode, "original", "enhanced")},
		field{"accept", r.word("accept", &a.Accept, conditions...)},
		field{"application", r.word("application", &a.Application, conditions...)},
	)
}

func (r *reader) local(n *yaml.Node, p *Profile) {
	r.pairs(n, "local-segments", func(k, v *yaml.Node) {
		if !segmentName(k.Value) {
			r.fail(k, "%q is no segment: use its three letters, as in ZPV", shorten(k.Value))
			return
		}
		s := LocalSegment{Name: k.Value}
		if v.Kind == yaml.ScalarNode {
			r.text("the name of "+k.Value, &s.Title)(v)
		} else {
			r.mapping(v, k.Value, field{"name", r.text("name", &s.Title)}, field{"fields", func(n *yaml.Node) {
				r.pairs(n, "the fields of "+k.Value, func(k, v *yaml.Node) {
					position, err := strconv.Atoi(k.Value)
					if err != nil || position < 1 || position > 999 {
						r.fail(k, "%q is no field number: use 1, 2, 3", shorten(k.Value))
						return
					}
					f := LocalField{Position: position}
					r.text("the name of the field", &f.Name)(v)
					s.Fields = append(s.Fields, f)
				})
			}})
		}
		p.Local = append(p.Local, s)
	})
}

func segmentName(s string) bool {
	if len(s) != 3 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range s {
		if !(s[i] >= 'A' && s[i] <= 'Z' || s[i] >= '0' && s[i] <= '9') {
			return false
		}
	}
	return true
}

func (r *reader) message(n *yaml.Node, p *Profile) {
	var m Message
	r.mapping(n, "a message", append(r.evidence(&m.Evidence),
		field{"message", r.text("message", &m.Type)},
		field{"events", r.texts("events", &m.Events)},
		field{"direction", r.word("direction", &m.Direction, "in", "out", "both")},
		field{"only", r.yes("only", &m.Only)},
		field{"segments", func(n *yaml.Node) {
			r.pairs(n, "segments", func(k, v *yaml.Node) { r.segmentRule(k, v, &m) })
		}},
		field{"fields", func(n *yaml.Node) {
			r.pairs(n, "fields", func(k, v *yaml.Node) { r.fieldRule(k, v, &m) })
		}},
	)...)
	if typ, event, both := strings.Cut(m.Type, "^"); both {
		m.Type = typ
		m.Events = append([]string{event}, m.Events...)
	}
	if m.Type == "" && n.Kind == yaml.MappingNode {
		r.fail(n, "the message has no type; write it as in message: ADT")
		return
	}
	p.Messages = append(p.Messages, m)
}

// use reads "R", "C(R/X)" and "O 0..3", with "R*" for a required element that repeats.
func (r *reader) use(n *yaml.Node, usage *Usage, card **Cardinality) {
	text, ok := r.scalar(n, "usage")
	if !ok {
		return
	}
	code, span, _ := strings.Cut(text, " ")
	if plain, repeats := strings.CutSuffix(code, "*"); repeats {
		code = plain
		*card = &Cardinality{Max: -1}
	}
	u, err := ParseUsage(code)
	if err != nil {
		r.fail(n, "%s", err)
		return
	}
	*usage = u
	if *card != nil && u.Code == Required {
		(*card).Min = 1
	}
	if span = strings.TrimSpace(span); span == "" {
		return
	}
	c, err := ParseCardinality(span)
	if err != nil {
		r.fail(n, "%s", err)
		return
	}
	*card = &c
}

func (r *reader) useFields(usage *Usage, card **Cardinality, when **Condition) []field {
	return []field{
		{"usage", func(n *yaml.Node) { r.use(n, usage, card) }},
		{"cardinality", parsed(r, "cardinality", ParseCardinality, func(c Cardinality) { *card = &c })},
		{"when", parsed(r, "when", ParseCondition, func(c *Condition) { *when = c })},
	}
}

func (r *reader) segmentRule(k, v *yaml.Node, m *Message) {
	if !segmentName(k.Value) {
		r.fail(k, "%q is no segment: use its three letters, as in PV1", shorten(k.Value))
		return
	}
	s := SegmentRule{Name: k.Value}
	if v.Kind == yaml.ScalarNode {
		r.use(v, &s.Usage, &s.Cardinality)
	} else {
		r.mapping(v, k.Value, append(r.evidence(&s.Evidence), r.useFields(&s.Usage, &s.Cardinality, &s.When)...)...)
	}
	m.Segments = append(m.Segments, s)
}

func (r *reader) fieldRule(k, v *yaml.Node, m *Message) {
	path, err := parseRulePath(k.Value)
	if err != nil {
		r.fail(k, "%s", err)
		return
	}
	f := FieldRule{Path: path}
	if v.Kind == yaml.ScalarNode && !isEmpty(v) {
		r.use(v, &f.Usage, &f.Cardinality)
	} else if v.Kind != yaml.ScalarNode {
		fields := append(r.evidence(&f.Evidence), r.useFields(&f.Usage, &f.Cardinality, &f.When)...)
		r.mapping(v, k.Value, append(fields,
			field{"length", func(n *yaml.Node) { r.length(n, &f) }},
			field{"values", func(n *yaml.Node) { r.values(n, &f) }},
			field{"value", func(n *yaml.Node) { r.values(n, &f) }},
			field{"pattern", parsed(r, "pattern", parsePattern, func(p *regexp.Regexp) { f.Pattern = p })},
			field{"format", r.word("format", &f.Format, formatNames()...)},
			field{"equals", parsed(r, "equals", parseRulePath, func(p hl7.Path) { f.Equals = p })},
		)...)
	}
	m.Fields = append(m.Fields, f)
}

// maxField is the highest field number that a rule can have; the longest segment of the standard has 113 fields.
const maxField = 999

// parseRulePath reads a path that is for every occurrence of its segment.
func parseRulePath(text string) (hl7.Path, error) {
	p, err := hl7.ParsePath(text)
	if err != nil || p.Field < 1 || p.Field > maxField || len(p.Groups) > 0 || p.Occurrence != 0 || p.Repetition < 0 || p.Component < 0 || p.Subcomponent < 0 || !segmentName(p.Segment) {
		return hl7.Path{}, fmt.Errorf("%q is no field: write it as in PID-3 or PID-3.4.1", shorten(text))
	}
	return p, nil
}

func parsePattern(text string) (*regexp.Regexp, error) {
	p, err := regexp.Compile(`^(?:` + text + `)$`)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is no regular expression: %s", shorten(text), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return p, nil
}

// length reads 20, which is at most twenty characters, or 1..20.
func (r *reader) length(n *yaml.Node, f *FieldRule) {
	text, ok := r.scalar(n, "length")
	if !ok {
		return
	}
	low, high, span := strings.Cut(text, "..")
	if !span {
		low, high = "0", text
	}
	var err, errHigh error
	f.MinLength, err = strconv.Atoi(low)
	if high != "*" {
		f.MaxLength, errHigh = strconv.Atoi(high)
	}
	if err != nil || errHigh != nil || f.MinLength < 0 || high != "*" && f.MaxLength < max(f.MinLength, 1) {
		r.fail(n, "length %q is not understood: write the most characters, as in 20, or 1..20", shorten(text))
		f.MinLength, f.MaxLength = 0, 0
	}
}

// values reads a list of codes, or codes with their meanings.
func (r *reader) values(n *yaml.Node, f *FieldRule) {
	add := func(code, text string) { f.Values = append(f.Values, Value{code, text}) }
	if n.Kind != yaml.MappingNode {
		r.list(n, "values", func(e *yaml.Node) {
			if code, ok := r.scalar(e, "a value"); ok {
				add(code, "")
			}
		})
		return
	}
	r.pairs(n, "values", func(k, v *yaml.Node) {
		if text, ok := r.scalar(v, "the meaning of a value"); ok {
			add(strings.TrimSpace(k.Value), text)
		}
	})
}

func (r *reader) fact(n *yaml.Node, p *Profile) {
	var f Fact
	if n.Kind == yaml.ScalarNode {
		r.text("a fact", &f.Text)(n)
	} else {
		r.mapping(n, "a fact", append(r.evidence(&f.Evidence), field{"text", r.text("text", &f.Text)})...)
	}
	if f.Text == "" {
		r.fail(n, "a fact needs a text")
		return
	}
	p.Facts = append(p.Facts, f)
}

func (r *reader) decision(n *yaml.Node, p *Profile) {
	var d Decision
	var choice, kind string
	r.mapping(n, "a decision",
		field{"message", r.text("message", &d.Message)},
		field{"path", r.text("path", &d.Path)},
		field{"finding", r.word("finding", &kind, kindNames()...)},
		field{"decision", r.word("decision", &choice, choiceNames()...)},
		field{"note", r.text("note", &d.Note)},
	)
	d.Kind, d.Choice = Kind(kind), Choice(choice)
	if n.Kind == yaml.MappingNode && (d.Kind == "" || d.Choice == "") {
		r.fail(n, "a decision needs the finding that it is about and what was decided")
		return
	}
	p.Decisions = append(p.Decisions, d)
}
