package mapping

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	_ "time/tzdata" // Windows has no time zones that Go can read

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Engine runs a mapping. Many goroutines may use it at once.
type Engine struct {
	file        *File
	blocks      []*block
	all         []*block // with those that stand in others
	byID        map[string]*block
	definitions *fhir.Definitions
	zone        *time.Location
	grouped     bool // the groups of HL7 v2 messages are needed

	layouts layouts
	nodes   atomic.Int64 // how many nodes the last message took
}

// File is the mapping that the engine runs. It must not be changed.
func (e *Engine) File() *File { return e.file }

// block is a compiled Block.
type block struct {
	src    *Block
	number int // place in Engine.all
	per    *reference
	group  string // per names a group of segments
	when   condition
	key    []*reference
	groups []*ruleGroup
	blocks []*block
	place  treeTarget // where it is made, in JSON and XML
	at     string     // as place, from the root
}

// ruleGroup are rules that follow each other and share a loop, so that what they make of one repetition stands together.
type ruleGroup struct {
	each  *reference
	rules []*rule
}

// rule is a compiled Rule.
type rule struct {
	src     *Rule
	block   *block
	loop    *reference
	refs    []*reference
	formula *formula
	inputs  []*reference
	lists   []bool // of inputs: names many values
	steps   []apply
	names   []string // of steps
	when    condition
	tree    treeTarget
	hl7     hl7Target

	many    bool // the target takes many values
	appends bool // with a loop: writes to a list within the item of its turn
	unasked bool // makes something where its sources hold nothing
}

type compiler struct {
	file       *File
	tables     map[string]*index
	tablesUsed map[string]bool
	references []string
	grouped    bool
	problems   Problems
	defs       *fhir.Definitions
	all        []*block
	sources    []sourceUse // every source that is named
	line       int         // where the compiler is
	id         string
}

// definitions are those of R4, unpacked when something asks for them.
func (c *compiler) definitions() *fhir.Definitions {
	if c.defs == nil {
		c.defs = fhir.R4()
	}
	return c.defs
}

// Compile makes an engine of a mapping. What is wrong is told all at once, as [Problems] with lines.
func Compile(f *File) (*Engine, error) {
	c, e := compile(f)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return e, nil
}

func compile(f *File) (*compiler, *Engine) {
	c := &compiler{file: f, tables: map[string]*index{}, tablesUsed: map[string]bool{}}
	e := &Engine{file: f, byID: map[string]*block{}}
	for i := range f.Tables {
		t := &f.Tables[i]
		if len(t.Rows.Columns) < 2 || len(t.columnProblems()) > 0 {
			c.problems = append(c.problems, Problem{Line: t.Line, Text: fmt.Sprintf("the table %q has no rows that can be used; load it with the mapping", t.Name)})
			continue
		}
		c.tables[t.Name] = newIndex(t)
	}
	if f.Zone != "" {
		zone, err := zoneOf(f.Zone)
		if err != nil {
			c.problems = append(c.problems, Problem{Line: 1, Text: err.Error()})
		}
		e.zone = zone
	}
	c.ends()
	e.blocks = c.blocks(f.Blocks, nil)
	e.all = c.all
	for _, b := range e.all {
		e.byID[b.src.ID] = b
	}
	for _, name := range c.references {
		if b := e.byID[name]; b == nil {
			c.problems = append(c.problems, Problem{Text: fmt.Sprintf("a rule refers to the block %q, which the mapping does not have", shorten(name))})
		}
	}
	e.definitions = c.defs
	e.grouped = c.grouped
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return a.Line - b.Line })
	return c, e
}

// ends checks what the two ends say together.
func (c *compiler) ends() {
	s, t := c.file.Source, c.file.Target
	switch {
	case t.Keep && (s.Kind != HL7v2 || t.Kind != HL7v2):
		c.fail(t.Line, "", "keep: true is for HL7 v2 to HL7 v2 only")
	case t.Kind == FHIR && t.Root == "":
		c.fail(t.Line, "", "say what is made, as in root: Bundle")
	case t.Kind == FHIR && !c.definitions().IsResource(t.Root):
		c.fail(t.Line, "", fmt.Sprintf("FHIR R4 has no resource %q", shorten(t.Root)))
	}
	for _, end := range []*End{&c.file.Source, &c.file.Target} {
		for _, text := range end.rowProblems() {
			c.fail(end.Line, "", text)
		}
	}
	if t.Kind == FHIR || s.Kind == FHIR {
		c.definitions()
	}
}

func (c *compiler) fail(line int, rule, text string) {
	c.problems = append(c.problems, Problem{Line: line, Rule: rule, Text: text})
}

// used remembers a source for the checks.
func (c *compiler) used(ref *reference) {
	c.sources = append(c.sources, sourceUse{ref, c.line, c.id})
}

// sourceUse is a source with the rule or block that names it.
type sourceUse struct {
	ref  *reference
	line int
	id   string
}

func (c *compiler) source(line int, rule, text string) *reference {
	ref, err := c.reference(text)
	if err != nil {
		c.fail(line, rule, err.Error())
		return nil
	}
	c.used(ref)
	return ref
}

func (c *compiler) blocks(list []Block, parent *block) []*block {
	var out []*block
	for i := range list {
		b := &block{src: &list[i], number: len(c.all)}
		c.all = append(c.all, b)
		c.block(b, parent)
		out = append(out, b)
	}
	return out
}

func (c *compiler) block(b *block, parent *block) {
	src := b.src
	c.line, c.id = src.Line, src.ID
	b.at = b.below(parent)
	if src.Per != "" {
		c.per(b)
	}
	var err error
	if b.when, err = c.condition(src.When, nil, nil); err != nil {
		c.fail(src.Line, src.ID, err.Error())
	}
	for _, k := range src.Key {
		if ref := c.source(src.Line, src.ID, k); ref != nil {
			b.key = append(b.key, ref)
		}
	}
	c.made(b)
	for i := range src.Rules {
		r := &src.Rules[i]
		if r.Status == OutOfScope {
			continue
		}
		compiled := c.rule(r, b)
		last := len(b.groups) - 1
		if last >= 0 && sameLoop(b.groups[last].each, compiled.loop) {
			compiled.loop = b.groups[last].each
			b.groups[last].rules = append(b.groups[last].rules, compiled)
			continue
		}
		b.groups = append(b.groups, &ruleGroup{each: compiled.loop, rules: []*rule{compiled}})
	}
	b.blocks = c.blocks(src.Blocks, b)
}

func sameLoop(a, b *reference) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.text == b.text
}

// per compiles what a block loops over: a segment, a group, a field or the path of a list.
func (c *compiler) per(b *block) {
	src := b.src
	if c.file.Source.Kind == HL7v2 {
		c.grouped = true
		name := strings.ToUpper(src.Per)
		if at := strings.LastIndexByte(name, '/'); at >= 0 {
			name = name[at+1:]
		}
		if len(name) != 3 && !strings.ContainsAny(name, "-.[") {
			b.group = name
			return
		}
	}
	b.per = c.source(src.Line, src.ID, src.Per)
}

// made checks what a block makes.
func (c *compiler) made(b *block) {
	src := b.src
	switch c.file.Target.Kind {
	case HL7v2:
		if len(src.Make) != 3 && !src.Drop {
			c.fail(src.Line, src.ID, fmt.Sprintf("make: %q is no segment; write for example PID", shorten(src.Make)))
		}
		if src.Drop && !c.file.Target.Keep {
			c.fail(src.Line, src.ID, "drop: true takes a segment out of a message that is kept; say keep: true at the target")
		}
	case FHIR:
		root := c.file.Target.Root
		switch {
		case !c.definitions().IsResource(src.Make):
			c.fail(src.Line, src.ID, fmt.Sprintf("make: FHIR R4 has no resource %q", shorten(src.Make)))
		case root != "Bundle" && src.Make != root:
			c.fail(src.Line, src.ID, fmt.Sprintf("make: a %s cannot stand beside the %s that is the root; use root: Bundle", src.Make, root))
		}
	case JSON, XML:
		if src.Make != "." {
			target, err := treeTargetOf(src.Make)
			if err != nil {
				c.fail(src.Line, src.ID, err.Error())
			}
			b.place = target
		}
	}
}

// rule compiles one row.
func (c *compiler) rule(src *Rule, b *block) *rule {
	c.line, c.id = src.Line, src.ID
	r := &rule{src: src, block: b}
	fail := func(err error) {
		if err != nil {
			c.fail(src.Line, src.ID, err.Error())
		}
	}
	if lacks := src.unfinished(); len(lacks) > 0 { // only of a file that was not read by Parse
		for _, text := range lacks {
			c.fail(src.Line, src.ID, text)
		}
		return r
	}
	if src.Each != "" {
		if r.loop = c.source(src.Line, src.ID, src.Each); r.loop != nil && c.file.Source.Kind == HL7v2 {
			c.grouped = c.grouped || r.loop.path.Field == 0
			if p := r.loop.path; p.Component != 0 || p.Field == 0 && (p.Occurrence > 0 || r.loop.relative) {
				fail(fmt.Errorf("each: %s is no field and no segment; a rule repeats for each repetition of a field, as in PID-3, or for each segment of a name, as in NK1", src.Each))
			}
		}
	}
	for _, from := range src.From {
		if ref := c.source(src.Line, src.ID, from); ref != nil {
			if c.file.Source.Kind == HL7v2 && ref.path.Field == 0 && !ref.relative {
				fail(fmt.Errorf("from: %s is a whole segment; name a field, as in %s-1", from, from))
			}
			r.refs = append(r.refs, ref)
		}
	}
	for _, in := range src.Inputs {
		if ref := c.source(src.Line, src.ID, in.Path); ref != nil {
			r.inputs = append(r.inputs, ref)
			r.lists = append(r.lists, ref.many())
		}
	}
	var err error
	if src.Formula != "" && len(r.inputs) == len(src.Inputs) {
		r.formula, err = c.formula(src.Formula, src.Inputs, r.lists)
		fail(err)
	}
	for _, s := range src.Do {
		f, err := c.step(s)
		fail(err)
		r.steps = append(r.steps, f)
		r.names = append(r.names, s.String())
	}
	var subject *reference
	if len(r.refs) > 0 {
		subject = r.refs[0]
	}
	r.when, err = c.condition(src.When, subject, r.loop)
	fail(err)
	fail(c.target(r))
	lists := 0
	for _, s := range r.tree.steps {
		if s.mode == newItem {
			lists++
		}
	}
	n := len(r.tree.steps)
	r.many = r.hl7.loop || n > 0 && r.tree.steps[n-1].mode == newItem || lists > 0 && r.loop == nil
	r.appends = lists > 1
	r.unasked = r.formula != nil || slices.ContainsFunc(src.Do, func(s Step) bool { f := libraryByName[s.Name]; return f != nil && f.unasked })
	return r
}

// many says whether a reference names all of something.
func (ref *reference) many() bool {
	p := ref.path
	if p.Occurrence == hl7.All || p.Repetition == hl7.All || p.Component == hl7.All || p.Subcomponent == hl7.All {
		return true
	}
	return slices.ContainsFunc(ref.steps, func(s treeStep) bool { return s.index == every }) || ref.fhirpath != nil
}

// target compiles where a rule writes, and the conversion that the type there asks for if the rule names no function.
func (c *compiler) target(r *rule) error {
	if r.block.src.Drop {
		return fmt.Errorf("a block with drop: true takes the segment out and has no rules")
	}
	switch c.file.Target.Kind {
	case HL7v2:
		var err error
		r.hl7, err = hl7TargetOf(r.src.To, r.block.src.Make)
		return err
	case CSV, FixedWidth:
		r.tree = treeTarget{text: r.src.To, steps: []targetStep{{name: r.src.To}}}
		return c.column(r)
	}
	var err error
	if r.tree, err = treeTargetOf(r.src.To); err != nil {
		return err
	}
	c.shaped(r)
	if c.file.Target.Kind == FHIR && c.definitions().IsResource(r.block.src.Make) {
		if err := c.typed(&r.tree, r.block.src.Make); err != nil {
			return err
		}
		if name := implicit[r.tree.typ]; name != "" && len(r.steps) == 0 && r.formula == nil && len(r.refs) > 0 && c.file.Source.Kind == HL7v2 {
			f, err := c.step(Step{Name: name})
			if err != nil {
				return err
			}
			r.steps, r.names = append(r.steps, f), append(r.names, name)
		}
	}
	return nil
}

// implicit are the conversions from HL7 v2 that a type of FHIR asks for. A rule that names functions has none of them.
var implicit = map[string]string{
	"date": "date", "dateTime": "datetime", "instant": "instant", "time": "time", "boolean": "boolean", "HumanName": "human_name",
	"Address": "address", "ContactPoint": "contact_point", "Identifier": "identifier", "CodeableConcept": "concept_cwe", "Coding": "coding",
	"decimal": "number", "integer": "number", "positiveInt": "number", "unsignedInt": "number", "Money": "money", "Period": "period_dr", "Quantity": "quantity_cq",
}
