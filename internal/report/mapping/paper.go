package mappaper

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/report"
)

// paper is a specification before it gets its form: parts with tables, the same for PDF, HTML and the workbook.
type paper struct {
	Spec
	fingerprint string
	parts       []part
	facts       []fact

	source, target *dictionary.Version
	definitions    *fhir.Definitions
	uses           []mapping.Use
	readers        map[string][]string // rules and blocks by the path that they read, without repetitions
	fields         []mapping.SourceField
	report         *mapping.Report   // nil without samples
	around         map[string]string // see inside
}

// fact is one line of the title page.
type fact struct{ name, value string }

// part is a chapter, and a sheet of the workbook.
type part struct {
	name   string
	intro  []string
	tables []table
	sheet  *report.Sheet // the same as one flat table; nil is that the workbook needs no sheet of it
	sign   bool          // room to sign
}

// table is a table for reading.
type table struct {
	title, note string
	columns     []column
	rows        [][]cell
}

// column is one column; the weights of a table share its width.
type column struct {
	title  string
	weight float64
}

// cell is the lines of one field of a table.
type cell []line

type line struct {
	text  string
	style style
}

type style uint8

const (
	plain  style = iota
	code         // paths, identifiers
	soft         // what explains the line above
	strong       // what asks to be looked at
)

func text(s string) cell {
	if s == "" {
		return nil
	}
	return cell{{s, plain}}
}

func codeText(s string) cell {
	if s == "" {
		return nil
	}
	return cell{{s, code}}
}

// with adds a line, if there is anything in it.
func (c cell) with(s string, as style) cell {
	if s == "" {
		return c
	}
	return append(c, line{s, as})
}

// newPaper gathers all that a specification says, and puts it into parts.
func (s Spec) newPaper() (*paper, error) {
	p, err := s.gather()
	if err != nil {
		return nil, err
	}
	p.facts = p.titleFacts()
	for _, make := range []func() part{p.messages, p.sources, p.rules, p.codeTables, p.coverage, p.openPoints, p.changeLog, p.signOff} {
		if made := make(); made.name != "" {
			p.parts = append(p.parts, made)
		}
	}
	return p, nil
}

// gather reads the facts of the standards and the samples.
func (s Spec) gather() (*paper, error) {
	p := &paper{Spec: s, readers: map[string][]string{}}
	var err error
	if p.fingerprint, err = Fingerprint(s.Mapping); err != nil {
		return nil, err
	}
	p.source, p.target = versionOf(s.Mapping.Source), versionOf(s.Mapping.Target)
	if s.Mapping.Target.Kind == mapping.FHIR || s.Mapping.Source.Kind == mapping.FHIR {
		p.definitions = fhir.R4()
	}
	p.uses = mapping.Uses(s.Mapping)
	for _, u := range p.uses {
		if at := p.place(u.Path); !slices.Contains(p.readers[at], u.ID) {
			p.readers[at] = append(p.readers[at], u.ID)
		}
	}
	if s.Samples != nil {
		p.report, p.fields = s.Samples.Report(), s.Samples.coverage.Fields()
	}
	return p, nil
}

// titleFacts are what stands on the title page.
func (p *paper) titleFacts() []fact {
	f := p.Mapping
	var facts []fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, value})
		}
	}
	add("Project", p.Project)
	add("Mapping", f.ID)
	add("Version", p.Version)
	if !p.Made.IsZero() {
		add("Date", p.Made.Format("2 January 2006"))
	}
	add("Prepared by", p.Author)
	add("From", endWords(f.Source))
	add("To", endWords(f.Target))
	switch f.Direction {
	case mapping.In:
		add("Direction", "in: the partner sends, we receive")
	case mapping.Out:
		add("Direction", "out: we send, the partner receives")
	}
	add("Time zone", f.Zone)
	add("Seed", f.Seed)
	add("Columns", strings.Join(f.Target.Columns, sourceSeparator))
	add("Note", f.Note)
	counts := map[mapping.Status]int{}
	f.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			status := b.Rules[i].Status
			if status == "" {
				status = mapping.Draft
			}
			counts[status]++
		}
	})
	rules := []string{}
	for _, s := range []mapping.Status{mapping.Agreed, mapping.Draft, mapping.Question, mapping.OutOfScope} {
		if counts[s] > 0 {
			word := statusWords(s)
			if s == mapping.Question {
				word = "with a question"
			}
			rules = append(rules, fmt.Sprintf("%d %s", counts[s], word))
		}
	}
	state := plural(f.Rules(), "rule", "rules")
	if len(rules) > 0 {
		state += ": " + strings.Join(rules, ", ")
	}
	add("State", state)
	if p.report != nil {
		add("Samples", p.sampleWords())
		add("Contains patient data", yesNo(p.ShowValues, "yes: values of the samples are shown", "no: values of the samples are shown as shapes"))
	} else {
		add("Contains patient data", "no")
	}
	add("Fingerprint", p.fingerprint[:16])
	return facts
}

func (p *paper) sampleWords() string {
	r := p.report
	text := plural(r.Samples, "message", "messages")
	if r.Broken > 0 {
		text += fmt.Sprintf(", of which %d gave no result", r.Broken)
	}
	if r.Values > 0 {
		text += fmt.Sprintf("; %.1f %% of their values are mapped or left out on purpose", 100*r.Share())
	}
	return text
}

func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// place is a path without repetitions and groups, as coverage counts them.
func (p *paper) place(path string) string {
	if p.Mapping.Source.Kind == mapping.HL7v2 {
		q, err := hl7.ParsePath(path)
		if err != nil {
			return path
		}
		q.Groups, q.Anywhere, q.Occurrence, q.Repetition = nil, false, 0, 0
		q.Component, q.Subcomponent = max(0, q.Component), max(0, q.Subcomponent)
		return q.String()
	}
	return withoutBrackets(strings.TrimPrefix(path, "/"))
}

func withoutBrackets(path string) string {
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// about is what the standard says of a place.
type about struct{ name, typ, usage, card, length, table string }

// hl7About reads the dictionary.
func hl7About(v *dictionary.Version, q hl7.Path) (a about) {
	a.name = v.NameOf(q)
	if q.Field <= 0 {
		return a
	}
	f, ok := v.FieldAt(q.Segment, q.Field, max(0, q.Component), max(0, q.Subcomponent))
	if !ok {
		if _, f, ok = dictionary.DefinedLater(v.Name, q.Segment, q.Field); !ok || q.Component > 0 {
			return a
		}
	}
	a.typ, a.usage, a.table = f.Type, f.Usage, f.Table
	if f.MaxLength > 0 {
		a.length = fmt.Sprint(f.MaxLength)
	}
	if q.Component <= 0 {
		least := "0"
		if f.Usage == "R" {
			least = "1"
		}
		switch f.Repeat {
		case 0:
			a.card = least + "..*"
		default:
			a.card = fmt.Sprintf("%s..%d", least, f.Repeat)
		}
	}
	return a
}

// elementAbout reads the definition of an element of FHIR by its dotted path below a resource.
func elementAbout(d *fhir.Definitions, resource, path string) (a about) {
	t := d.Type(resource)
	if t == nil {
		return a
	}
	e := t.RootElement()
	for _, name := range strings.Split(withoutBrackets(path), ".") {
		if e == nil || name == "" {
			return about{}
		}
		child, typ := e.Child(strings.TrimPrefix(name, "_"))
		if child == nil {
			if child = e.ChildOfPath(name); child == nil {
				return about{}
			}
		}
		a = about{name: child.Short, typ: typ, card: cardinality(child.Min, child.Max)}
		if typ == "" && len(child.Types) > 0 {
			a.typ = child.Types[0].Code
		}
		if len(a.typ) > 40 { // primitives of FHIRPath, such as the id of an element
			a.typ = "string"
		}
		if e = child; child.Reference == nil && len(child.Children) == 0 {
			e = d.Type(a.typ).RootElement()
		}
	}
	return a
}

func cardinality(least, most int) string {
	if most == fhir.Unlimited {
		return fmt.Sprintf("%d..*", least)
	}
	return fmt.Sprintf("%d..%d", least, most)
}

// sourceAbout is what the standard says of a source path.
func (p *paper) sourceAbout(path string) about {
	switch p.Mapping.Source.Kind {
	case mapping.HL7v2:
		if q, err := hl7.ParsePath(path); err == nil {
			return hl7About(p.source, q)
		}
	case mapping.FHIR:
		if resource, rest, ok := strings.Cut(withoutBrackets(path), "."); ok && p.definitions.IsResource(resource) {
			return elementAbout(p.definitions, resource, rest)
		}
	}
	return about{}
}

// targetAbout is what the standard says of where a rule writes.
func (p *paper) targetAbout(b *mapping.Block, to string) about {
	switch p.Mapping.Target.Kind {
	case mapping.HL7v2:
		if q, err := hl7.ParsePath(strings.Replace(to, "[]", "", 1)); err == nil {
			return hl7About(p.target, q)
		}
	case mapping.FHIR:
		return elementAbout(p.definitions, b.Make, strings.TrimSuffix(to, "[x]"))
	}
	return about{}
}

// populated says in how many samples a place or anything below it is populated; false without samples.
func (p *paper) populated(path string) (n int, ok bool) {
	if p.report == nil {
		return 0, false
	}
	for i := range p.fields {
		if rest, found := strings.CutPrefix(p.fields[i].Path, path); found && (rest == "" || rest[0] == '.' || rest[0] == '-' || rest[0] == '[') {
			n = max(n, p.fields[i].Samples)
		}
	}
	if whole, first := strings.CutSuffix(path, ".1"); first && p.Mapping.Source.Kind == mapping.HL7v2 {
		// A field without components is its own first component.
		for i := range p.fields {
			if at := p.fields[i].Path; at == whole || at == strings.TrimSuffix(whole, ".1") {
				n = max(n, p.fields[i].Samples)
			}
		}
	}
	return n, true
}

// exampleOf is the most frequent value of a place, as the paper shows it.
func (p *paper) exampleOf(path string) string {
	for i := range p.fields {
		f := &p.fields[i]
		if rest, found := strings.CutPrefix(f.Path, path); found && (rest == "" || rest[0] == '.') && len(f.Top) > 0 {
			return p.shown(f.Top[0].Value)
		}
	}
	return ""
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", n, of)
}

// few lists the first names and counts the rest.
func few(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// versionOf is the version of HL7 v2 of an end.
func versionOf(e mapping.End) *dictionary.Version {
	v, _ := dictionary.For(e.Version)
	return v
}
