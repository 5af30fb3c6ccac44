package mappaper

import (
	"fmt"
	"io"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// structureMap is FHIR's StructureMap (R4, 4.12).
type structureMap struct {
	conformance
	Structure []mapStructure `json:"structure"`
	Group     []mapGroup     `json:"group"`
}

type mapStructure struct {
	URL           string `json:"url"`
	Mode          string `json:"mode"`
	Alias         string `json:"alias,omitempty"`
	Documentation string `json:"documentation,omitempty"`
}

type mapGroup struct {
	Name          string     `json:"name"`
	TypeMode      string     `json:"typeMode"`
	Documentation string     `json:"documentation,omitempty"`
	Input         []mapInput `json:"input"`
	Rule          []mapRule  `json:"rule"`
}

type mapInput struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	Mode string `json:"mode"`
}

type mapRule struct {
	Name          string         `json:"name"`
	Source        []mapSource    `json:"source"`
	Target        []mapTarget    `json:"target,omitempty"`
	Rule          []mapRule      `json:"rule,omitempty"`
	Dependent     []mapDependent `json:"dependent,omitempty"`
	Documentation string         `json:"documentation,omitempty"`
}

type mapSource struct {
	Context   string `json:"context"`
	Type      string `json:"type,omitempty"`
	Element   string `json:"element,omitempty"`
	ListMode  string `json:"listMode,omitempty"`
	Variable  string `json:"variable,omitempty"`
	Condition string `json:"condition,omitempty"`
}

type mapTarget struct {
	Context     string         `json:"context,omitempty"`
	ContextType string         `json:"contextType,omitempty"`
	Element     string         `json:"element,omitempty"`
	Variable    string         `json:"variable,omitempty"`
	ListMode    []string       `json:"listMode,omitempty"`
	ListRuleID  string         `json:"listRuleId,omitempty"`
	Transform   string         `json:"transform,omitempty"`
	Parameter   []mapParameter `json:"parameter,omitempty"`
}

type mapParameter struct {
	ID      string `json:"valueId,omitempty"`
	String  string `json:"valueString,omitempty"`
	Integer *int   `json:"valueInteger,omitempty"`
}

type mapDependent struct {
	Name     string   `json:"name"`
	Variable []string `json:"variable"`
}

const specificationOnly = "This map is a specification and no program: its source is HL7 v2, for which FHIR has no structure definitions, and no engine reads HL7 v2 text by a StructureMap. Its elements are named for the fields: PID-5.1 is PID.PID_5.PID_5_1."

// writeStructureMap writes blocks as groups and rules as rules, with the same as FHIR Mapping Language in its narrative.
func (s Spec) writeStructureMap(w io.Writer) error {
	f := s.Mapping
	if f.Rules() == 0 {
		return fmt.Errorf("the mapping %s has no rules, of which a StructureMap could be made", s.title())
	}
	b := structureBuilder{s: s}
	m := structureMap{conformance: s.conformance("StructureMap", s.name(), s.title(), agreedOn(f, func(*mapping.Rule) bool { return true }))}
	m.Description = f.Note
	if f.Source.Kind == mapping.HL7v2 || f.Source.Kind.HasRows() || f.Target.Kind == mapping.HL7v2 {
		m.Experimental = true
		m.Purpose = specificationOnly
		if f.Source.Kind != mapping.HL7v2 {
			m.Purpose = "This map is a specification and no program: " + endWords(f.Source) + " and " + endWords(f.Target) + " have no structure definitions that an engine could read them by."
		}
	}
	m.Structure = b.structures()
	m.Group = b.groups()
	if b.undone > 0 {
		m.Description = strings.TrimSpace(m.Description + fmt.Sprintf(" %s a step that FHIR Mapping Language has no transform for; the documentation of each says what is to be done.", plural(b.undone, "rule has", "rules have")))
	}
	m.Text = generated("<p>" + escaped(m.Title) + "</p><p>" + escaped(m.Purpose) + "</p><pre>" + escaped(mappingLanguage(&m)) + "</pre>")
	return writeJSON(w, m)
}

type structureBuilder struct {
	s      Spec
	undone int // rules with a step that has no transform
	vars   int
}

// structures are the types that the map names.
func (b *structureBuilder) structures() []mapStructure {
	f := b.s.Mapping
	list := []mapStructure{{URL: b.structureURL(f.Source), Mode: "source", Alias: b.sourceType()}}
	if f.Source.Kind == mapping.HL7v2 {
		list[0].Documentation = specificationOnly
	}
	if f.Target.Kind != mapping.FHIR {
		return append(list, mapStructure{URL: b.structureURL(f.Target), Mode: "target", Alias: "Target"})
	}
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] && name != "" {
			seen[name] = true
			list = append(list, mapStructure{URL: "http://hl7.org/fhir/StructureDefinition/" + name, Mode: "target", Alias: name})
		}
	}
	add(f.Target.Root)
	f.Walk(func(block *mapping.Block) { add(block.Make) })
	return list
}

// structureURL names the structure of an end. Only FHIR's own exist.
func (b *structureBuilder) structureURL(e mapping.End) string {
	switch {
	case e.Kind == mapping.FHIR && e.Root != "":
		return "http://hl7.org/fhir/StructureDefinition/" + e.Root
	case e.Kind == mapping.FHIR:
		return "http://hl7.org/fhir/StructureDefinition/Bundle"
	}
	name := string(e.Kind)
	if e.Message != "" {
		name += "-" + e.Message
	}
	return b.s.canonical("StructureDefinition", b.s.name()+"-"+name)
}

func (b *structureBuilder) sourceType() string {
	e := b.s.Mapping.Source
	switch {
	case e.Message != "":
		return elementName(e.Message)
	case e.Kind == mapping.FHIR && e.Root != "":
		return e.Root
	case e.Kind == mapping.FHIR:
		return "Bundle"
	}
	return "Source"
}

// groups are the main group, which calls one for each block, and those.
func (b *structureBuilder) groups() []mapGroup {
	f := b.s.Mapping
	root := "Target"
	if f.Target.Kind == mapping.FHIR {
		root = f.Target.Root
	}
	main := mapGroup{Name: computable(b.s.name()), TypeMode: "none", Input: []mapInput{{"message", b.sourceType(), "source"}, {"target", root, "target"}}}
	var list []mapGroup
	var walk func(blocks []mapping.Block) []mapRule
	walk = func(blocks []mapping.Block) (calls []mapRule) {
		for i := range blocks {
			block := &blocks[i]
			group := b.group(block)
			call, inner := b.call(block, root), walk(block.Blocks)
			if len(inner) > 0 && len(call.Dependent) > 0 { // a rule has either
				self := mapRule{Name: fhirID(block.ID + "-self"), Source: []mapSource{{Context: "src"}}, Dependent: call.Dependent}
				call.Dependent, inner = nil, append([]mapRule{self}, inner...)
			}
			call.Rule = inner
			calls = append(calls, call)
			if len(group.Rule) > 0 {
				list = append(list, group)
			}
		}
		return calls
	}
	main.Rule = walk(f.Blocks)
	return append([]mapGroup{main}, list...)
}

// call is the rule of the main group that makes what a block makes, once for each turn of its loop.
func (b *structureBuilder) call(block *mapping.Block, root string) mapRule {
	r := mapRule{Name: fhirID(block.ID), Source: []mapSource{{Context: "message", Variable: "src"}}}
	if block.Per != "" {
		r.Source = b.down(nil, "message", b.elements(block.Per), "src")
		r.Documentation = "once for each " + block.Per
	}
	b.condition(&r, block.When, nil)
	made := mapTarget{Variable: "made", Transform: "copy", Parameter: []mapParameter{{ID: "target"}}}
	if b.s.Mapping.Target.Kind == mapping.FHIR && block.Make != root {
		r.Target = append(r.Target, mapTarget{Context: "target", ContextType: "variable", Element: "entry", Variable: "entry"})
		made = mapTarget{Context: "entry", ContextType: "variable", Element: "resource", Variable: "made", Transform: "create", Parameter: []mapParameter{{String: block.Make}}}
	}
	r.Target = append(r.Target, made)
	if len(block.Rules) > 0 {
		r.Dependent = []mapDependent{{variableName(block.ID), []string{"message", "src", "made"}}}
	}
	if block.Note != "" {
		r.Documentation = joined(r.Documentation, block.Note)
	}
	return r
}

// group is a block.
func (b *structureBuilder) group(block *mapping.Block) mapGroup {
	target := block.Make
	if b.s.Mapping.Target.Kind != mapping.FHIR {
		target = "Target"
	}
	g := mapGroup{Name: variableName(block.ID), TypeMode: "none", Documentation: blockTitle(block), Input: []mapInput{{"message", b.sourceType(), "source"}, {"src", "", "source"}, {"tgt", target, "target"}}}
	for i := range block.Rules {
		if r := &block.Rules[i]; r.Status != mapping.OutOfScope {
			g.Rule = append(g.Rule, b.rule(block, r))
		}
	}
	return g
}

// rule is a rule of the mapping: its sources go down to the field, and its targets to the element.
func (b *structureBuilder) rule(block *mapping.Block, r *mapping.Rule) mapRule {
	b.vars = 0
	var notes []string
	sources, values := b.sources(block, r)
	out := mapRule{Name: fhirID(r.ID), Source: sources}
	b.condition(&out, r.When, r)
	last, undone := b.transform(r, values)
	if undone != "" {
		b.undone++
		notes = append(notes, "Not in the mapping language: "+undone+".")
	}
	out.Target = b.targets(r, last)
	if r.Default != "" {
		notes = append(notes, quoted(r.Default)+" where nothing comes out.")
	}
	if r.Note != "" {
		notes = append(notes, r.Note)
	}
	if out.Documentation != "" {
		notes = append([]string{out.Documentation}, notes...)
	}
	notes = append(notes, "Status: "+statusWords(r.Status)+".")
	out.Documentation = strings.Join(notes, " ")
	return out
}

// sources are the elements that a rule reads. A path of several steps is one FHIRPath-like step after the other: the last
// of them has a variable of values.
func (b *structureBuilder) sources(block *mapping.Block, r *mapping.Rule) (list []mapSource, values []string) {
	context := "src"
	if r.Each != "" {
		list = b.path(list, "src", "message", block, r.Each, "each")
		context = "each"
	}
	for _, path := range sourcePaths(r) {
		if rest, relative := strings.CutPrefix(path, "."); relative {
			path = r.Each + "." + rest
			if r.Each == "" {
				path = block.Per + "." + rest
			}
		}
		if r.Each != "" && (path == r.Each || strings.HasPrefix(path, r.Each+".")) {
			if path == r.Each {
				values = append(values, context)
				continue
			}
			values = append(values, b.variable())
			list = b.down(list, context, b.elements(path)[len(b.elements(r.Each)):], values[len(values)-1])
			continue
		}
		values = append(values, b.variable())
		list = b.path(list, "src", "message", block, path, values[len(values)-1])
	}
	if len(list) == 0 {
		list = []mapSource{{Context: "src"}}
	}
	return list, values
}

func (b *structureBuilder) variable() string {
	b.vars++
	return fmt.Sprintf("v%d", b.vars)
}

// path goes down from the block's own source if the path lies below it, and else from the message.
func (b *structureBuilder) path(list []mapSource, own, whole string, block *mapping.Block, path, variable string) []mapSource {
	steps, base := b.elements(path), b.elements(block.Per)
	if len(base) > 0 && len(steps) > 0 && steps[0] == base[0] {
		if len(base) > 1 && len(steps) > 1 && steps[1] == base[1] {
			base = base[:2]
		} else {
			base = base[:1]
		}
		if len(steps) == len(base) {
			return append(list, mapSource{Context: own, Variable: variable})
		}
		return b.down(list, own, steps[len(base):], variable)
	}
	return b.down(list, whole, steps, variable)
}

// down adds a source for each step.
func (b *structureBuilder) down(list []mapSource, context string, steps []string, variable string) []mapSource {
	for i, step := range steps {
		s := mapSource{Context: context, Element: step, Variable: fmt.Sprintf("%sin%d", variable, i+1)}
		if i == len(steps)-1 {
			s.Variable = variable
		}
		list = append(list, s)
		context = s.Variable
	}
	return list
}

// elements are the steps of a source path as element names: PID, PID_5, PID_5_1.
func (b *structureBuilder) elements(path string) []string {
	if path == "" {
		return nil
	}
	if b.s.Mapping.Source.Kind == mapping.HL7v2 {
		q, err := hl7.ParsePath(path)
		if err != nil {
			return []string{elementName(path)} // a group of segments
		}
		steps := []string{q.Segment}
		name := q.Segment
		for _, n := range []int{q.Field, q.Component, q.Subcomponent} {
			if n <= 0 {
				break
			}
			name = fmt.Sprintf("%s_%d", name, n)
			steps = append(steps, name)
		}
		return steps
	}
	path = strings.Trim(withoutBrackets(path), "/.")
	if b.s.Mapping.Source.Kind == mapping.CSV {
		return []string{elementName(path)}
	}
	return strings.Split(path, ".")
}

// condition writes a condition as FHIRPath, and in its own words where that cannot be.
func (b *structureBuilder) condition(out *mapRule, when string, r *mapping.Rule) {
	words := conditionWords(when)
	if words == "" {
		return
	}
	subject := ""
	if r != nil && len(r.From) > 0 {
		subject = r.From[0]
	}
	c, err := parseCondition(when)
	if err == nil {
		if text, ok := b.fhirPath(c, subject); ok {
			out.Source[0].Condition = text
		}
	}
	out.Documentation = joined(out.Documentation, words)
}

// fhirPath writes a condition as FHIRPath over the message.
func (b *structureBuilder) fhirPath(c *condition, subject string) (string, bool) {
	switch c.op {
	case "and", "or":
		parts := make([]string, len(c.parts))
		for i, p := range c.parts {
			text, ok := b.fhirPath(p, subject)
			if !ok {
				return "", false
			}
			if p.op == "and" || p.op == "or" {
				text = "(" + text + ")"
			}
			parts[i] = text
		}
		return strings.Join(parts, " "+c.op+" "), true
	case "not":
		text, ok := b.fhirPath(c.parts[0], subject)
		return "(" + text + ").not()", ok
	}
	path := c.path
	if path == "" {
		path = subject
	}
	if path == "" || strings.HasPrefix(path, ".") {
		return "", false
	}
	at := "%message." + strings.Join(b.elements(path), ".")
	literals := make([]string, len(c.values))
	for i, v := range c.values {
		literals[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
	}
	if c.count {
		switch c.test {
		case "=", "!=", "<", "<=", ">", ">=":
			return fmt.Sprintf("%s.count() %s %s", at, c.test, strings.Trim(literals[0], "'")), true
		}
		return "", false
	}
	switch c.test {
	case "valued":
		return at + ".exists()", true
	case "in":
		return fmt.Sprintf("%s.where($this in (%s)).exists()", at, strings.Join(literals, " | ")), true
	case "contains", "matches":
		return fmt.Sprintf("%s.where($this.%s(%s)).exists()", at, c.test, literals[0]), true
	case "starts", "ends":
		return fmt.Sprintf("%s.where($this.%sWith(%s)).exists()", at, c.test, literals[0]), true
	}
	return fmt.Sprintf("%s.where($this %s %s).exists()", at, c.test, literals[0]), true
}
