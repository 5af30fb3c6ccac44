package profile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/hl7"
	"trestle/internal/yamlfile"
)

// maxFile is the largest profile that is read, in bytes. The largest hospital guides make about a tenth of it.
const maxFile = 8 << 20

// Parse reads a profile. id names it in its errors and findings, usually the file's name. What is wrong with the file
// comes back all at once as Problems, with lines.
func Parse(id string, b []byte) (*Profile, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s has %d bytes and is no profile: profiles have at most %d", id, len(b), maxFile)
	}
	r := &reader{yamlfile.Reader{File: id}}
	document := r.Document(b)
	if document == nil {
		if len(r.Problems) == 0 {
			r.Problems = Problems{{File: id, Text: "the file is empty; a profile starts with its name, as in profile: Riverbend"}}
		}
		return nil, r.Problems
	}
	p := &Profile{ID: strings.TrimSuffix(strings.TrimSuffix(baseName(id), ".yaml"), ".yml"), document: document}
	if document.Content[0].Kind != yaml.MappingNode {
		return nil, Problems{{File: id, Line: max(document.Line, 1), Text: "this is no profile; one starts with its name, as in profile: Riverbend"}}
	}
	r.profile(document.Content[0], p)
	if p.Name == "" && len(r.Problems) == 0 {
		r.Fail(document.Content[0], `the profile needs a name, as in "profile: Riverbend"`)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// reader reads a profile.
type reader struct{ yamlfile.Reader }

func (r *reader) profile(n *yaml.Node, p *Profile) {
	fields := append(r.evidence(&p.Evidence),
		yamlfile.Key("profile", r.Text("profile", &p.Name)),
		yamlfile.Key("about", r.Text("about", &p.About)),
		yamlfile.Key("aliases", r.OneOrMore("aliases", &p.Aliases)),
		yamlfile.Key("versions", r.OneOrMore("versions", &p.Versions)),
		yamlfile.Key("delimiters", yamlfile.Parsed(&r.Reader, "delimiters", parseDelimiters, func(d string) { p.Delimiters = d })),
		yamlfile.Key("charset", r.OneOrMore("charset", &p.Charset)),
		yamlfile.Key("acknowledgement", func(n *yaml.Node) { r.acknowledgement(n, &p.Acknowledgement) }),
		yamlfile.Key("local-segments", func(n *yaml.Node) { r.local(n, p) }),
		yamlfile.Key("messages", func(n *yaml.Node) {
			r.Entries(n, "messages", func(e *yaml.Node) { r.message(e, p) })
		}),
		yamlfile.Key("facts", func(n *yaml.Node) {
			r.Entries(n, "facts", func(e *yaml.Node) { r.fact(e, p) })
		}),
		yamlfile.Key("questions", r.OneOrMore("questions", &p.Questions)),
		yamlfile.Key("sources", func(n *yaml.Node) {
			r.Pairs(n, "sources", func(k, v *yaml.Node) {
				if text, ok := r.Scalar(v, "a source"); ok {
					p.Sources = append(p.Sources, Source{k.Value, text})
				}
			})
		}),
		yamlfile.Key("decisions", func(n *yaml.Node) {
			r.Entries(n, "decisions", func(e *yaml.Node) { r.decision(e, p) })
		}),
	)
	r.Mapping(n, "the profile", fields...)
}

func (r *reader) evidence(e *Evidence) []yamlfile.Field {
	levels := make([]string, 0, len(levelWords))
	for _, l := range Levels() {
		levels = append(levels, string(l))
	}
	return []yamlfile.Field{
		yamlfile.Key("level", func(n *yaml.Node) {
			var text string
			yamlfile.Word(&r.Reader, "level", &text, levels...)(n)
			e.Level = Level(text)
		}),
		yamlfile.Key("source", r.Text("source", &e.Source)),
		yamlfile.Key("seen", r.Text("seen", &e.Seen)),
		yamlfile.Key("note", r.Text("note", &e.Note)),
	}
}

func parseDelimiters(text string) (string, error) {
	if n := len([]rune(text)); n < 3 || n > 6 {
		return "", fmt.Errorf("delimiters %q are not understood: write MSH-1 and MSH-2 together, as in '|^~\\&'", yamlfile.Shorten(text))
	}
	return text, nil
}

func (r *reader) acknowledgement(n *yaml.Node, a *Acknowledgement) {
	if n.Kind == yaml.ScalarNode {
		yamlfile.Word(&r.Reader, "acknowledgement", &a.Mode, "original", "enhanced")(n)
		return
	}
	conditions := []string{"AL", "NE", "ER", "SU"} // table 0155
	r.Mapping(n, "acknowledgement",
		yamlfile.Key("mode", yamlfile.Word(&r.Reader, "mode", &a.Mode, "original", "enhanced")),
		yamlfile.Key("accept", yamlfile.Word(&r.Reader, "accept", &a.Accept, conditions...)),
		yamlfile.Key("application", yamlfile.Word(&r.Reader, "application", &a.Application, conditions...)),
	)
}

func (r *reader) local(n *yaml.Node, p *Profile) {
	r.Pairs(n, "local-segments", func(k, v *yaml.Node) {
		if !segmentName(k.Value) {
			r.Fail(k, "%q is no segment: use its three letters, as in ZPV", yamlfile.Shorten(k.Value))
			return
		}
		s := LocalSegment{Name: k.Value}
		if v.Kind == yaml.ScalarNode {
			r.Text("the name of "+k.Value, &s.Title)(v)
		} else {
			r.Mapping(v, k.Value, yamlfile.Key("name", r.Text("name", &s.Title)), yamlfile.Key("fields", func(n *yaml.Node) {
				r.Pairs(n, "the fields of "+k.Value, func(k, v *yaml.Node) {
					position, err := strconv.Atoi(k.Value)
					if err != nil || position < 1 || position > 999 {
						r.Fail(k, "%q is no field number: use 1, 2, 3", yamlfile.Shorten(k.Value))
						return
					}
					f := LocalField{Position: position}
					r.Text("the name of the field", &f.Name)(v)
					s.Fields = append(s.Fields, f)
				})
			}))
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
	r.Mapping(n, "a message", append(r.evidence(&m.Evidence),
		yamlfile.Key("message", r.Text("message", &m.Type)),
		yamlfile.Key("events", r.OneOrMore("events", &m.Events)),
		yamlfile.Key("direction", yamlfile.Word(&r.Reader, "direction", &m.Direction, "in", "out", "both")),
		yamlfile.Key("only", r.Flag("only", &m.Only)),
		yamlfile.Key("segments", func(n *yaml.Node) {
			r.Pairs(n, "segments", func(k, v *yaml.Node) { r.segmentRule(k, v, &m) })
		}),
		yamlfile.Key("fields", func(n *yaml.Node) {
			r.Pairs(n, "fields", func(k, v *yaml.Node) { r.fieldRule(k, v, &m) })
		}),
	)...)
	if typ, event, both := strings.Cut(m.Type, "^"); both {
		m.Type = typ
		m.Events = append([]string{event}, m.Events...)
	}
	if m.Type == "" && n.Kind == yaml.MappingNode {
		r.Fail(n, "the message has no type; write it as in message: ADT")
		return
	}
	p.Messages = append(p.Messages, m)
}

// use reads "R", "C(R/X)" and "O 0..3", with "R*" for a required element that repeats.
func (r *reader) use(n *yaml.Node, usage *Usage, card **Cardinality) {
	text, ok := r.Scalar(n, "usage")
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
		r.Fail(n, "%s", err)
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
		r.Fail(n, "%s", err)
		return
	}
	*card = &c
}

func (r *reader) useFields(usage *Usage, card **Cardinality, when **Condition) []yamlfile.Field {
	return []yamlfile.Field{
		yamlfile.Key("usage", func(n *yaml.Node) { r.use(n, usage, card) }),
		yamlfile.Key("cardinality", yamlfile.Parsed(&r.Reader, "cardinality", ParseCardinality, func(c Cardinality) { *card = &c })),
		yamlfile.Key("when", yamlfile.Parsed(&r.Reader, "when", ParseCondition, func(c *Condition) { *when = c })),
	}
}

func (r *reader) segmentRule(k, v *yaml.Node, m *Message) {
	if !segmentName(k.Value) {
		r.Fail(k, "%q is no segment: use its three letters, as in PV1", yamlfile.Shorten(k.Value))
		return
	}
	s := SegmentRule{Name: k.Value}
	if v.Kind == yaml.ScalarNode {
		r.use(v, &s.Usage, &s.Cardinality)
	} else {
		r.Mapping(v, k.Value, append(r.evidence(&s.Evidence), r.useFields(&s.Usage, &s.Cardinality, &s.When)...)...)
	}
	m.Segments = append(m.Segments, s)
}

func (r *reader) fieldRule(k, v *yaml.Node, m *Message) {
	path, err := parseRulePath(k.Value)
	if err != nil {
		r.Fail(k, "%s", err)
		return
	}
	f := FieldRule{Path: path}
	if v.Kind == yaml.ScalarNode && !yamlfile.IsEmpty(v) {
		r.use(v, &f.Usage, &f.Cardinality)
	} else if v.Kind != yaml.ScalarNode {
		fields := append(r.evidence(&f.Evidence), r.useFields(&f.Usage, &f.Cardinality, &f.When)...)
		r.Mapping(v, k.Value, append(fields,
			yamlfile.Key("length", func(n *yaml.Node) { r.length(n, &f) }),
			yamlfile.Key("values", func(n *yaml.Node) { r.values(n, &f) }),
			yamlfile.Key("value", func(n *yaml.Node) { r.values(n, &f) }),
			yamlfile.Key("pattern", yamlfile.Parsed(&r.Reader, "pattern", parsePattern, func(p *regexp.Regexp) { f.Pattern = p })),
			yamlfile.Key("format", yamlfile.Word(&r.Reader, "format", &f.Format, formatNames()...)),
			yamlfile.Key("equals", yamlfile.Parsed(&r.Reader, "equals", parseRulePath, func(p hl7.Path) { f.Equals = p })),
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
		return hl7.Path{}, fmt.Errorf("%q is no field: write it as in PID-3 or PID-3.4.1", yamlfile.Shorten(text))
	}
	return p, nil
}

func parsePattern(text string) (*regexp.Regexp, error) {
	p, err := regexp.Compile(`^(?:` + text + `)$`)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is no regular expression: %s", yamlfile.Shorten(text), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return p, nil
}

// length reads 20, which is at most twenty characters, or 1..20.
func (r *reader) length(n *yaml.Node, f *FieldRule) {
	text, ok := r.Scalar(n, "length")
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
		r.Fail(n, "length %q is not understood: write the most characters, as in 20, or 1..20", yamlfile.Shorten(text))
		f.MinLength, f.MaxLength = 0, 0
	}
}

// values reads a list of codes, or codes with their meanings.
func (r *reader) values(n *yaml.Node, f *FieldRule) {
	add := func(code, text string) { f.Values = append(f.Values, Value{code, text}) }
	if n.Kind != yaml.MappingNode {
		r.Entries(n, "values", func(e *yaml.Node) {
			if code, ok := r.Scalar(e, "a value"); ok {
				add(code, "")
			}
		})
		return
	}
	r.Pairs(n, "values", func(k, v *yaml.Node) {
		if text, ok := r.Scalar(v, "the meaning of a value"); ok {
			add(strings.TrimSpace(k.Value), text)
		}
	})
}

func (r *reader) fact(n *yaml.Node, p *Profile) {
	var f Fact
	if n.Kind == yaml.ScalarNode {
		r.Text("a fact", &f.Text)(n)
	} else {
		r.Mapping(n, "a fact", append(r.evidence(&f.Evidence), yamlfile.Key("text", r.Text("text", &f.Text)))...)
	}
	if f.Text == "" {
		r.Fail(n, "a fact needs a text")
		return
	}
	p.Facts = append(p.Facts, f)
}

func (r *reader) decision(n *yaml.Node, p *Profile) {
	var d Decision
	var choice, kind string
	r.Mapping(n, "a decision",
		yamlfile.Key("message", r.Text("message", &d.Message)),
		yamlfile.Key("path", r.Text("path", &d.Path)),
		yamlfile.Key("finding", yamlfile.Word(&r.Reader, "finding", &kind, kindNames()...)),
		yamlfile.Key("decision", yamlfile.Word(&r.Reader, "decision", &choice, choiceNames()...)),
		yamlfile.Key("note", r.Text("note", &d.Note)),
	)
	d.Kind, d.Choice = Kind(kind), Choice(choice)
	if n.Kind == yaml.MappingNode && (d.Kind == "" || d.Choice == "") {
		r.Fail(n, "a decision needs the finding that it is about and what was decided")
		return
	}
	p.Decisions = append(p.Decisions, d)
}
