package mappaper

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

//go:embed mirth/engine.js
var mirthEngine string

//go:embed mirth/functions.js
var mirthFunctions string

// mirthVersion is that of Mirth Connect whose classes are named; later ones read it.
const mirthVersion = "4.4.0"

// script is one JavaScript step of a transformer.
type script struct{ name, text string }

// MirthGaps are the rules that a transformer cannot do, each with the reason. Its steps say so too, and leave them out.
func (s Spec) MirthGaps() ([]string, error) {
	_, gaps, err := s.mirthSteps()
	return gaps, err
}

// mirthSteps are the scripts, and what they leave out.
func (s Spec) mirthSteps() ([]script, []string, error) {
	f := s.Mapping
	switch {
	case f.Source.Kind != mapping.HL7v2:
		return nil, nil, fmt.Errorf("a transformer of Mirth Connect is made of mappings from HL7 v2 only, and this one reads %s", endWords(f.Source))
	case f.Target.Kind == mapping.XML:
		return nil, nil, fmt.Errorf("a transformer of Mirth Connect is made of mappings to HL7 v2, FHIR, JSON and CSV, and this one makes %s", endWords(f.Target))
	case f.Target.Keep:
		return nil, nil, fmt.Errorf("this mapping keeps what no rule writes; a transformer makes new messages only, so that its rules are best done on msg by hand: export --to csv lists them")
	case f.Rules() == 0:
		return nil, nil, fmt.Errorf("the mapping has no rules, of which steps could be made")
	}
	p, err := s.newMirth()
	if err != nil {
		return nil, nil, err
	}
	steps := []script{{"Trestle: what the steps use", p.header() + mirthEngine + codes(mirthFunctions) + p.settings()}}
	var walk func(blocks []mapping.Block, inside string)
	walk = func(blocks []mapping.Block, inside string) {
		for i := range blocks {
			b := &blocks[i]
			steps = append(steps, script{b.ID + ": " + blockTitle(b), p.block(b, inside)})
			walk(b.Blocks, b.ID)
		}
	}
	walk(f.Blocks, "")
	last := "// Makes the target of all that the steps before have said.\ntmp = trestle.run(msg);\n"
	if f.Target.Kind == mapping.HL7v2 {
		last = "// Makes the target of all that the steps before have said.\ntmp = new XML(SerializerFactory.getSerializer('HL7V2').toXML(trestle.run(msg)));\n"
	}
	return append(steps, script{"Trestle: make the message", last}), p.gaps, nil
}

// codes puts the codes that the functions know into their script.
func codes(functions string) string {
	return strings.Replace(functions, "KNOWN", asJSON(mapping.Vocabulary()), 1)
}

// mirth writes the scripts of a mapping.
type mirth struct {
	*paper
	gaps []string
}

func (s Spec) newMirth() (*mirth, error) {
	p := &paper{Spec: s, source: versionOf(s.Mapping.Source), target: versionOf(s.Mapping.Target)}
	if s.Mapping.Target.Kind == mapping.FHIR {
		p.definitions = fhir.R4()
	}
	fingerprint, err := Fingerprint(s.Mapping)
	p.fingerprint = fingerprint
	return &mirth{paper: p}, err
}

func (p *mirth) header() string {
	return fmt.Sprintf("// %s\n// Made from the mapping %s, fingerprint %s. Change the mapping rather than these steps.\n\n", oneLine(p.title()), oneLine(p.name()), p.fingerprint[:16])
}

// settings are the tables and what the target is.
func (p *mirth) settings() string {
	f := p.Mapping
	var b strings.Builder
	bundle := ""
	if f.Target.Kind == mapping.FHIR && f.Target.Root == "Bundle" {
		if bundle = f.Target.Bundle; bundle == "" {
			bundle = "collection"
		}
	}
	fmt.Fprintf(&b, "\ntrestle.begin(%s, %s, %s, %s);\n", asJSON(string(f.Target.Kind)), asJSON(f.Target.Root), asJSON(f.Seed), asJSON(bundle))
	fmt.Fprintf(&b, "trestle.zone = %s;\n", asJSON(f.Zone))
	if f.Target.Kind == mapping.CSV {
		fmt.Fprintf(&b, "trestle.columns = %s;\n", asJSON(f.Columns()))
	}
	for i := range f.Tables {
		t := &f.Tables[i]
		key, value, system, display := t.Columns()
		fmt.Fprintf(&b, "\n// The code table %s: code, becomes, system, display. A code that is not listed %s.\ntrestle.tables[%s] = {missing: %s, use: %s, rows: {\n",
			oneLine(t.Name), missingWords(t.Missing), asJSON(t.Name), asJSON(string(t.Missing.Policy)), asJSON(t.Missing.Use))
		for n, line := range t.Rows.Lines {
			comma := ","
			if n == len(t.Rows.Lines)-1 {
				comma = ""
			}
			fmt.Fprintf(&b, "  %s: %s%s\n", asJSON(line[key]), asJSON([]string{line[value], at(line, system), at(line, display)}), comma)
		}
		b.WriteString("}};\n")
	}
	return b.String()
}

// asJSON writes a value as a literal of JavaScript.
func asJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // texts and lists of them only
		return "null"
	}
	return strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`).Replace(strings.TrimSuffix(b.String(), "\n"))
}

// gap notes what cannot be said in the steps.
func (p *mirth) gap(id, why string) string {
	p.gaps = append(p.gaps, id+": "+why)
	return "  // " + id + " IS NOT DONE HERE: " + oneLine(why) + "\n"
}

// block is the script of one block.
func (p *mirth) block(b *mapping.Block, inside string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "// %s\n", oneLine(blockTitle(b)))
	if b.Note != "" {
		fmt.Fprintf(&out, "// %s\n", oneLine(b.Note))
	}
	fields := []string{"id: " + asJSON(b.ID), "make: " + asJSON(b.Make)}
	if inside != "" {
		fields = append(fields, "inside: "+asJSON(inside))
	}
	rules := ""
	if b.Per != "" {
		fields = append(fields, "per: "+asJSON(p.canonicalPath(b.Per)))
		if leaders := p.leaders(b.Per); leaders != nil {
			fields = append(fields, "group: "+asJSON(leaders))
		}
	}
	if len(b.Key) > 0 {
		keys := make([]string, len(b.Key))
		for i, k := range b.Key {
			keys[i] = p.canonicalPath(k)
		}
		fields = append(fields, "key: "+asJSON(keys))
	}
	if b.When != "" {
		when, err := p.condition(b.When, "")
		if err != nil {
			rules += p.gap(b.ID, "its condition: "+conditionWords(b.When))
			when = "function (at) { return false; }"
		}
		fields = append(fields, "when: "+when)
	}
	var lines []string
	for i := range b.Rules {
		r := &b.Rules[i]
		if r.Status == mapping.OutOfScope {
			continue
		}
		line, err := p.rule(b, r)
		if err != nil {
			rules += p.gap(r.ID, err.Error())
			continue
		}
		lines = append(lines, p.comment(r)+"  "+line)
	}
	fmt.Fprintf(&out, "trestle.block({%s}, [\n%s%s\n]);\n", strings.Join(fields, ", "), rules, strings.Join(lines, ",\n"))
	return out.String()
}

// comment says what a rule does, for those who read the step.
func (p *mirth) comment(r *mapping.Rule) string {
	text := r.ID + ": "
	if from := sourceText(r); from != "" {
		text += from + " "
	}
	text += "-> " + r.To
	if when := conditionWords(r.When); when != "" {
		text += " " + when
	}
	if r.Note != "" {
		text += " (" + r.Note + ")"
	}
	return "  // " + oneLine(text) + "\n"
}

// rule is one rule as an object of JavaScript.
func (p *mirth) rule(b *mapping.Block, r *mapping.Rule) (string, error) {
	fields := []string{"id: " + asJSON(r.ID)}
	to, typ, err := p.to(b, r)
	if err != nil {
		return "", err
	}
	fields = append(fields, to...)
	if r.Each != "" {
		fields = append(fields, "each: "+asJSON(p.canonicalPath(r.Each)))
	}
	switch {
	case r.Value != "":
		fields = append(fields, "value: "+asJSON(r.Value))
	case r.Formula != "":
		formula, err := p.formula(r)
		if err != nil {
			return "", err
		}
		fields = append(fields, formula...)
	case len(r.From) > 0:
		paths := make([]string, len(r.From))
		for i, path := range r.From {
			if q, err := hl7.ParsePath(path); err == nil && len(q.Groups) > 0 {
				return "", fmt.Errorf("its source %s names a group of segments", path)
			}
			paths[i] = p.canonicalPath(path)
		}
		fields = append(fields, "from: "+asJSON(paths))
	}
	var run [][]string
	for _, s := range r.Do {
		if !mirthKnows(s.Name) {
			return "", fmt.Errorf("the steps have no function %s", s.Name)
		}
		run = append(run, append([]string{s.Name}, s.Args...))
	}
	if name := mapping.Implicit(typ); name != "" && len(run) == 0 && r.Formula == "" && len(r.From) > 0 {
		run = append(run, []string{name})
	}
	if len(run) > 0 {
		fields = append(fields, "run: "+asJSON(run))
	}
	if r.Default != "" {
		fields = append(fields, "otherwise: "+asJSON(r.Default))
	}
	if r.When != "" {
		subject := ""
		if len(r.From) > 0 {
			subject = r.From[0]
		}
		when, err := p.condition(r.When, subject)
		if err != nil {
			return "", fmt.Errorf("its condition: %s", conditionWords(r.When))
		}
		fields = append(fields, "when: "+when)
	}
	return "{" + strings.Join(fields, ", ") + "}", nil
}

// mirthKnows says whether the steps have a function.
func mirthKnows(name string) bool {
	if strings.HasPrefix(name, "us_core_") {
		return strings.Contains(mirthFunctions, "usCore('"+strings.TrimPrefix(name, "us_core_")+"',")
	}
	for _, form := range []string{"each('%s',", "f.%s =", "f['%s'] =", "typed('%s',", "looked('%s',", "counted('%s',", "summed('%s',"} {
		if strings.Contains(mirthFunctions, fmt.Sprintf(form, name)) {
			return true
		}
	}
	return false
}

// to is where a rule writes, and the type of FHIR there.
func (p *mirth) to(b *mapping.Block, r *mapping.Rule) (fields []string, typ string, err error) {
	switch p.Mapping.Target.Kind {
	case mapping.HL7v2:
		loop := strings.Contains(r.To, "[]")
		q, err := hl7.ParsePath(strings.Replace(r.To, "[]", "", 1))
		if err != nil {
			return nil, "", err
		}
		return []string{fmt.Sprintf("place: {field: %d, repetition: %d, component: %d, sub: %d, loop: %t}", q.Field, max(1, q.Repetition), max(0, q.Component), max(0, q.Subcomponent), loop)}, "", nil
	case mapping.CSV:
		return []string{"to: " + asJSON(r.To), "steps: " + asJSON([]map[string]string{{"name": r.To, "mode": "one"}})}, "", nil
	case mapping.JSON:
		return []string{"to: " + asJSON(r.To)}, "", nil
	}
	path, choice := strings.CutSuffix(r.To, "[x]")
	about := elementAbout(p.definitions, b.Make, path)
	typ = about.typ
	if choice {
		typ = ""
	}
	fields = []string{"to: " + asJSON(listed(p.definitions, b.Make, path))}
	if kind := scriptType(typ); kind != "" {
		fields = append(fields, "type: "+asJSON(kind))
	}
	if choice {
		fields = append(fields, "choice: true")
	}
	return fields, typ, nil
}

// scriptType is what the steps call a type of FHIR.
func scriptType(typ string) string {
	switch typ {
	case "":
		return ""
	case "boolean":
		return "boolean"
	case "decimal":
		return "number"
	case "integer", "positiveInt", "unsignedInt":
		return "integer"
	}
	if typ[0] >= 'a' && typ[0] <= 'z' {
		return "text"
	}
	return "object"
}

// canonicalPath writes a source as the steps read it.
func (p *mirth) canonicalPath(path string) string {
	if strings.HasPrefix(path, ".") {
		return path
	}
	q, err := hl7.ParsePath(path)
	if err != nil {
		return path
	}
	var b strings.Builder
	index := func(n int) {
		switch {
		case n == hl7.All:
			b.WriteString("[*]")
		case n > 0: // the first too: a block for each GT1[1] is one
			fmt.Fprintf(&b, "[%d]", n)
		}
	}
	part := func(sign string, n int) bool {
		switch {
		case n == hl7.All:
			b.WriteString(sign + "*")
		case n > 0:
			fmt.Fprintf(&b, "%s%d", sign, n)
		}
		return n != 0
	}
	b.WriteString(q.Segment)
	index(q.Occurrence)
	if part("-", q.Field) {
		index(q.Repetition)
		if part(".", q.Component) {
			part(".", q.Subcomponent)
		}
	}
	return b.String()
}

// leaders are the segments that a group may begin with, nil for a segment or field.
func (p *mirth) leaders(per string) []string {
	name := strings.ToUpper(per[strings.LastIndexByte(per, '/')+1:])
	if len(name) == 3 || strings.ContainsAny(name, "-.[") {
		return nil
	}
	var found []string
	for _, s := range p.source.Structures() {
		if p.Mapping.Source.Message == "" || s.ID == p.Mapping.Source.Message {
			if found = leadersIn(s.Nodes, name); found != nil {
				break
			}
		}
	}
	return found
}

func leadersIn(nodes []dictionary.Node, group string) []string {
	for i := range nodes {
		if !nodes[i].Group {
			continue
		}
		if nodes[i].Name == group {
			return firstSegments(nodes[i].Children)
		}
		if found := leadersIn(nodes[i].Children, group); found != nil {
			return found
		}
	}
	return nil
}

// firstSegments are the segments up to the first that must be there.
func firstSegments(nodes []dictionary.Node) (names []string) {
	for i := range nodes {
		n := &nodes[i]
		if n.Group {
			names = append(names, firstSegments(n.Children)...)
		} else {
			names = append(names, n.Name)
		}
		if n.Min > 0 && !n.Choice {
			break
		}
	}
	return slices.Compact(names)
}

// condition writes a condition as a function of JavaScript.
func (p *mirth) condition(when, subject string) (string, error) {
	c, err := parseCondition(when)
	if err != nil {
		return "", err
	}
	text, err := p.expression(c, subject)
	return "function (at) { return " + text + "; }", err
}

func (p *mirth) expression(c *condition, subject string) (string, error) {
	switch c.op {
	case "and", "or", "not":
		parts := make([]string, len(c.parts))
		for i, x := range c.parts {
			text, err := p.expression(x, subject)
			if err != nil {
				return "", err
			}
			if x.op == "and" || x.op == "or" {
				text = "(" + text + ")"
			}
			parts[i] = text
		}
		if c.op == "not" {
			return "!" + parts[0], nil
		}
		return strings.Join(parts, map[string]string{"and": " && ", "or": " || "}[c.op]), nil
	}
	path := c.path
	if path == "" {
		path = subject
	}
	if q, err := hl7.ParsePath(path); path == "" || err == nil && len(q.Groups) > 0 || err != nil && !strings.HasPrefix(path, ".") {
		return "", fmt.Errorf("%s cannot be asked for", path)
	}
	source := asJSON(p.canonicalPath(path))
	if c.count {
		operator, ok := map[string]string{"=": "===", "!=": "!==", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[c.test]
		if !ok {
			return "", fmt.Errorf("%s of a number", c.test)
		}
		return fmt.Sprintf("at.count(%s) %s %s", source, operator, c.values[0]), nil
	}
	if c.test == "valued" {
		return "at.valued(" + source + ")", nil
	}
	value := asJSON(c.values[0])
	test := ""
	switch c.test {
	case "=":
		test = "s === " + value
	case "!=":
		test = "s !== " + value
	case "in":
		test = asJSON(c.values) + ".indexOf(s) >= 0"
	case "contains":
		test = "s.indexOf(" + value + ") >= 0"
	case "starts":
		test = "s.indexOf(" + value + ") === 0"
	case "ends":
		test = fmt.Sprintf("s.slice(-%s.length) === %s", value, value)
	case "matches":
		test = "new RegExp(" + value + ").test(s)"
	default:
		test = fmt.Sprintf(`s !== "" && trestle.compare(s, %s) %s 0`, value, c.test)
	}
	return fmt.Sprintf("at.holds(%s, function (s) { return %s; })", source, test), nil
}

// listed writes a target with [0] after each list that has no brackets, as the engine of mappings takes it.
func listed(d *fhir.Definitions, resource, path string) string {
	steps := strings.Split(path, ".")
	e := d.Type(resource).RootElement()
	for i, step := range steps {
		name := withoutBrackets(step)
		if e == nil {
			break
		}
		child, typ := e.Child(strings.TrimPrefix(name, "_"))
		if child == nil {
			break
		}
		if child.List && name == step {
			steps[i] += "[0]"
		}
		if e = child; child.Reference == nil && len(child.Children) == 0 {
			e = d.Type(typ).RootElement()
		}
	}
	return strings.Join(steps, ".")
}
