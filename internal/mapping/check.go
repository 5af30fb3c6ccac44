package mapping

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Finding is something that is wrong or unwise in a mapping.
type Finding struct {
	Code     string   `json:"code"` // stable, in kebab case
	Severity Severity `json:"severity"`
	Line     int      `json:"line,omitempty"` // from 1; 0 where unknown
	ID       string   `json:"id,omitempty"`   // of the rule or block
	Text     string   `json:"text"`
}

// Severity says what a finding means for the mapping.
type Severity string

// The severities. A mapping with an error does not run.
const (
	Information Severity = "information"
	Warn        Severity = "warning"
	Error       Severity = "error"
)

// Codes of findings.
const (
	CodeBroken        = "broken"            // it cannot be compiled
	CodeUnknownSource = "unknown-source"    // the version does not define the field, or FHIR the element
	CodeUnknownTarget = "unknown-target"    // as unknown-source
	CodeDuplicate     = "duplicate"         // two rules write one place
	CodeOverwritten   = "overwritten"       // a loop writes one place again and again
	CodeParts         = "parts-overwritten" // a rule writes a whole after others wrote parts of it
	CodeUnusedTable   = "unused-table"
	CodeRequired      = "required" // a required target that no rule writes
	CodeScope         = "scope"    // the mapping writes what the other side owns
	CodeNoDirection   = "no-direction"
	CodeNoData        = "no-data" // the mapping does not say what kind of data a block writes
	CodeOpen          = "open"    // a rule with a question
	CodeBundle        = "bundle"  // no server takes the Bundle as it is made
)

// Flow says of one kind of data who is its system of record and which way it goes. A project's scope is a list of them.
type Flow struct {
	Data      string // demographics, insurance, appointments, orders, results, charges, documents
	Ours      bool   // our system is the system of record
	Direction string // in, out, both, none
}

// Check says what is wrong or unwise in a mapping, by line. scope is that of the project, nil for none.
func Check(f *File, scope []Flow) []Finding {
	c, e := compile(f)
	k := &checker{c: c, e: e, scope: scope}
	for _, p := range c.problems {
		k.add(CodeBroken, Error, p.Line, p.Rule, p.Text)
	}
	k.sources()
	for _, b := range e.all {
		k.targets(b)
		k.owner(b)
	}
	k.shape()
	k.bundle()
	for i := range f.Tables {
		if t := &f.Tables[i]; !c.tablesUsed[t.Name] {
			k.add(CodeUnusedTable, Warn, t.Line, "", fmt.Sprintf("no rule uses the table %q", t.Name))
		}
	}
	f.Walk(func(b *Block) {
		for i := range b.Rules {
			if r := &b.Rules[i]; r.Status == Question {
				k.add(CodeOpen, Information, r.Line, r.ID, "the rule has an open question: "+r.Note)
			}
		}
	})
	slices.SortStableFunc(k.findings, func(a, b Finding) int { return a.Line - b.Line })
	return k.findings
}

type checker struct {
	c        *compiler
	e        *Engine
	scope    []Flow
	findings []Finding
}

func (k *checker) add(code string, s Severity, line int, id, text string) {
	k.findings = append(k.findings, Finding{code, s, line, id, text})
}

// sources looks up every source in the dictionary or in the definitions of FHIR.
func (k *checker) sources() {
	source := k.c.file.Source
	for _, u := range k.c.sources {
		switch {
		case source.Kind == HL7v2 && !u.ref.relative:
			if text := unknownField(source.Version, u.ref.path); text != "" {
				k.add(CodeUnknownSource, Warn, u.line, u.id, text)
			}
		case source.Kind == FHIR && u.ref.resource != "":
			at := k.c.definitions().Type(u.ref.resource).RootElement()
			if text := k.unknownElement(at, u.ref.steps); text != "" {
				k.add(CodeUnknownSource, Warn, u.line, u.id, text)
			}
		}
	}
}

// unknownField says that no version of HL7 v2 has a field, or that the one of the mapping has it not.
func unknownField(version string, p hl7.Path) string {
	if strings.HasPrefix(p.Segment, "Z") {
		return ""
	}
	v, _ := dictionary.For(version)
	if _, ok := v.Segment(p.Segment); !ok {
		newest, _ := dictionary.For("2.9.1")
		if _, ok := newest.Segment(p.Segment); !ok {
			return fmt.Sprintf("%s: HL7 v2 has no segment %s; one of your own begins with Z", p, p.Segment)
		}
		return ""
	}
	if p.Field <= 0 {
		return ""
	}
	component, sub := max(0, p.Component), max(0, p.Subcomponent)
	f, ok := v.FieldAt(p.Segment, p.Field, 0, 0)
	if !ok {
		if later, _, defined := dictionary.DefinedLater(v.Name, p.Segment, p.Field); defined {
			if version == "" {
				return ""
			}
			return fmt.Sprintf("%s: the field is defined in version %s only, and the mapping reads %s", p, later, v.Name)
		}
		return fmt.Sprintf("%s: the segment %s has no field %d in any version", p, p.Segment, p.Field)
	}
	if component > 0 && f.Type != "varies" && f.Type != "" {
		if _, ok := v.FieldAt(p.Segment, p.Field, component, sub); !ok && version != "" {
			return fmt.Sprintf("%s: the data type %s has no such component in version %s", p, f.Type, v.Name)
		}
	}
	return ""
}

func (k *checker) unknownElement(at *fhir.ElementDefinition, steps []treeStep) string {
	for _, s := range steps {
		e, typ := at.Child(strings.TrimPrefix(s.name, "_"))
		if e == nil {
			if choice := at.ChildOfPath(s.name); choice != nil {
				return fmt.Sprintf("%s is written with its type in JSON, as in %s%s", choice.Path, s.name, choiceExample(choice))
			}
			if at == nil {
				return ""
			}
			return fmt.Sprintf("%s has no %q", at.Path, shorten(s.name))
		}
		if at = e; e.Reference == nil && len(e.Children) == 0 {
			at = k.c.definitions().Type(typ).RootElement()
		}
	}
	return ""
}

// targets checks what the rules of a block write.
func (k *checker) targets(b *block) {
	written := map[string]*rule{}
	var before []*rule
	for _, g := range b.groups {
		for _, r := range g.rules {
			if part := firstPart(before, r); part != nil {
				k.add(CodeParts, Warn, r.src.Line, r.src.ID, fmt.Sprintf("%s is written as a whole after %s wrote %s, and may replace it; put it before the rules of its parts", r.src.To, part.src.ID, part.src.To))
			}
			before = append(before, r)
			if k.c.file.Target.Kind == HL7v2 {
				if text := unknownField(k.c.file.Target.Version, r.hl7.path); text != "" && r.hl7.path.Segment != "" {
					k.add(CodeUnknownTarget, Warn, r.src.Line, r.src.ID, text)
				}
			}
			loop := ""
			if r.loop != nil {
				loop = r.loop.text
				if !r.hl7.loop && !slices.ContainsFunc(r.tree.steps, func(s targetStep) bool { return s.mode == newItem || s.mode == taggedItem }) {
					k.add(CodeOverwritten, Warn, r.src.Line, r.src.ID, fmt.Sprintf("%s is written again for each repetition of %s, and the last stays; write [] after the list", r.src.To, r.src.Each))
				}
			}
			place := loop + " " + r.src.To
			before := written[place]
			if before != nil && !r.many && r.when == nil && before.when == nil {
				k.add(CodeDuplicate, Warn, r.src.Line, r.src.ID, fmt.Sprintf("%s writes %s too; say with conditions which of them is to", before.src.ID, r.src.To))
			}
			written[place] = r
		}
	}
	if k.c.file.Target.Kind == FHIR && b.src.Make != "" {
		for _, path := range requiredWithout(k.c.definitions(), b) {
			k.add(CodeRequired, Warn, b.src.Line, b.src.ID, fmt.Sprintf("%s is required and no rule writes it", path))
		}
	}
}

// firstPart is the first of the rules before r that writes a part of what r writes as a whole, in the same item, nil for none.
// One of them with a condition is taken to know when it is meant.
func firstPart(before []*rule, r *rule) *rule {
	if r.when != nil {
		return nil
	}
	for _, part := range before {
		if part.when == nil && part.src.To != r.src.To && isPartOf(part, r) {
			return part
		}
	}
	return nil
}

// isPartOf says whether a rule writes a part of what another writes. A new item, and one of a tag, is the same for rules of
// the same loop only.
func isPartOf(part, whole *rule) bool {
	same := sameLoop(part.loop, whole.loop)
	if len(whole.tree.steps) == 0 {
		p, w := part.hl7, whole.hl7
		if w.path.Segment == "" || p.path.Segment != w.path.Segment || p.path.Field != w.path.Field || p.loop != w.loop || p.path.Repetition != w.path.Repetition || p.loop && (!same || part.loop == nil) {
			return false
		}
		return w.path.Component == 0 && p.path.Component > 0 || w.path.Component == p.path.Component && w.path.Subcomponent == 0 && p.path.Subcomponent > 0
	}
	if len(part.tree.steps) <= len(whole.tree.steps) {
		return false
	}
	for i, s := range whole.tree.steps {
		if s != part.tree.steps[i] || s.mode == taggedItem && !same || s.mode == newItem && (!same || part.loop == nil) {
			return false
		}
	}
	return true
}

// requiredWithout lists the required elements of what a block makes that no rule writes: of the resource, and of every part
// of it that rules build piece by piece.
func requiredWithout(d *fhir.Definitions, b *block) []string {
	below := map[string]bool{} // parts that rules write into
	exact := map[string]bool{}
	for _, g := range b.groups {
		for _, r := range g.rules {
			path := ""
			for i, s := range r.tree.steps {
				if i > 0 {
					below[path] = true
					path += "."
				}
				path += s.name
			}
			exact[path] = true
			if r.tree.choice {
				exact[path+"[x]"] = true
			}
		}
	}
	below[""] = true
	var missing []string
	root := d.Type(b.src.Make).RootElement()
	var walk func(e *fhir.ElementDefinition, path string)
	walk = func(e *fhir.ElementDefinition, path string) {
		if e == nil || exact[path] && path != "" {
			return
		}
		if e.Reference != nil {
			e = e.Reference
		}
		for _, c := range e.Children {
			name := c.Name
			at := strings.TrimPrefix(path+"."+name, ".")
			if c.Choice {
				if c.Min > 0 && !hasPrefix(exact, at) && !hasPrefix(below, at) {
					missing = append(missing, b.src.Make+"."+at+"[x]")
				}
				continue
			}
			if c.Min > 0 && !exact[at] && !below[at] && !(b.src.Make == "Bundle" && at == "type") {
				missing = append(missing, b.src.Make+"."+at)
			}
			if !below[at] {
				continue
			}
			next := c
			if c.Reference == nil && len(c.Children) == 0 && len(c.Types) > 0 {
				next = d.Type(c.Types[0].Code).RootElement()
			}
			if strings.Count(at, ".") < 12 {
				walk(next, at)
			}
		}
	}
	walk(root, "")
	return missing
}

func hasPrefix(set map[string]bool, prefix string) bool {
	for s := range set {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}
