package mapping

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// Coverage collects from samples what a mapping still misses. It is made by [NewCoverage] and not for several goroutines.
type Coverage struct {
	e        *Engine
	samples  int
	broken   int
	fields   map[string]*SourceField
	order    []string
	rules    map[string]*RuleUse
	required map[string]*RequiredTarget
	failed   map[FailedLookup]int
	leftOut  []leftOut
}

type leftOut struct {
	path   string
	reason string
}

// SourceField is a place of the source that is populated in samples.
type SourceField struct {
	Path     string       `json:"path"` // PID-5.1, Patient.name.family
	Name     string       `json:"name,omitempty"`
	Samples  int          `json:"samples"` // in how many it is populated
	Values   int          `json:"values"`
	Read     int          `json:"read"` // how many of the values a rule read
	Distinct int          `json:"distinct"`
	More     bool         `json:"more,omitempty"` // there are more distinct values than were counted
	Top      []ValueCount `json:"top,omitempty"`
	LeftOut  string       `json:"leftOut,omitempty"` // why it is deliberately not mapped

	last   int
	counts map[string]int
}

// ValueCount is a value with how often it came.
type ValueCount struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// RuleUse is what became of a rule over all samples.
type RuleUse struct {
	Rule     string `json:"rule"`
	Block    string `json:"block"`
	Target   string `json:"target"`
	Fired    int    `json:"fired"`  // in how many samples it wrote something
	Values   int    `json:"values"` // how many it wrote
	Refused  int    `json:"refused"`
	Empty    int    `json:"empty"` // how often it ran and nothing came out
	Warnings int    `json:"warnings"`

	last int
}

// RequiredTarget is a required element that was not there in a sample.
type RequiredTarget struct {
	Path    string `json:"path"`
	Block   string `json:"block"`
	HasRule bool   `json:"hasRule"`
	Missing int    `json:"missing"` // in how many of the things that the block made
	Made    int    `json:"made"`
}

// Report is the state of a mapping over samples.
type Report struct {
	Samples    int              `json:"samples"`
	Broken     int              `json:"broken"` // samples that gave no result
	Unmapped   []SourceField    `json:"unmapped"`
	LeftOut    []SourceField    `json:"leftOut"`
	Required   []RequiredTarget `json:"required"`
	NeverFired []RuleUse        `json:"neverFired"`
	Rules      []RuleUse        `json:"rules"`
	Failed     []FailedLookup   `json:"failed"`
	// Values are the populated values of all samples; Covered are those that a rule read or that were left out on purpose.
	Values, Covered int
}

// Share is Covered of Values, from 0 to 1.
func (r *Report) Share() float64 {
	if r.Values == 0 {
		return 0
	}
	return float64(r.Covered) / float64(r.Values)
}

// maxDistinct is how many different values of a field are counted.
const maxDistinct = 1000

// NewCoverage makes an empty coverage of a mapping.
func NewCoverage(e *Engine) *Coverage {
	c := &Coverage{e: e, fields: map[string]*SourceField{}, rules: map[string]*RuleUse{}, required: map[string]*RequiredTarget{}, failed: map[FailedLookup]int{}}
	for _, b := range e.all {
		for _, g := range b.groups {
			for _, r := range g.rules {
				c.rules[r.src.ID] = &RuleUse{Rule: r.src.ID, Block: b.src.ID, Target: r.src.To}
			}
		}
	}
	c.leftOut = e.leftOut()
	return c
}

// leftOut are the paths that the mapping leaves out on purpose.
func (e *Engine) leftOut() (list []leftOut) {
	for _, l := range e.file.LeftOut {
		path := l.Path
		if p, err := hl7.ParsePath(path); err == nil && e.file.Source.Kind == HL7v2 {
			path = p.String()
		}
		list = append(list, leftOut{path, l.Reason})
	}
	return list
}

// Add maps one sample and takes it into the account. Its error is that of the sample; others can follow.
func (c *Coverage) Add(ctx context.Context, rec Record) error {
	c.samples++
	tr := &tracer{}
	var m *message
	var result *Result
	var err error
	result, err = c.e.runRecord(ctx, rec, tr)
	if rec.root != nil {
		m = &message{root: rec.root}
	} else {
		m = c.reread(rec.Bytes)
	}
	c.traced(tr.list)
	if m != nil {
		c.populated(m, &tr.reads)
	}
	if err != nil {
		c.broken++
		return err
	}
	for _, f := range result.Failed {
		c.failed[FailedLookup{Table: f.Table, Key: f.Key}] += f.Count
	}
	c.requirements(result.Tree)
	return nil
}

// reread gives the source once more as the fields are counted in. Reads of HL7 v2 are places in the bytes, so that another
// reading of the same bytes has them too; trees are looked at by path.
func (c *Coverage) reread(b []byte) *message {
	if c.e.file.Source.Kind == HL7v2 {
		return c.e.newHL7(b)
	}
	var root *fhir.Node
	var err error
	switch c.e.file.Source.Kind {
	case FHIR:
		root, err = c.e.definitions.Parse(b)
	case XML:
		root, err = fhir.ParseXML(b)
	default:
		root, err = fhir.ParseJSON(b)
	}
	if err != nil {
		return nil
	}
	return &message{root: root}
}

func (c *Coverage) traced(list []Trace) {
	for i := range list {
		t := &list[i]
		use := c.rules[t.Rule]
		if use == nil {
			continue
		}
		use.Values += len(t.Output)
		use.Warnings += len(t.Warnings)
		switch {
		case t.Fired():
			if use.last != c.samples {
				use.last = c.samples
				use.Fired++
			}
		case t.Condition == Failed || t.Skipped != "":
			use.Refused++
		default:
			use.Empty++
		}
	}
}

// populated counts the values of a sample, and which of them were read.
func (c *Coverage) populated(m *message, read *reads) {
	if m.hl7 == nil {
		spans := slices.Clone(read.spans)
		for n := range read.nodes {
			spans = append(spans, span{n.Off, n.End})
		}
		mergeSpans(&spans)
		m.root.Walk(func(path string, n *fhir.Node) bool {
			if n.IsPrimitive() || n.Kind == fhir.Text || n.Kind == fhir.Attribute {
				covered := read.nodes[n] || n.End > n.Off && inSpans(spans, n.Off)
				c.count(treePath(path), "", n.Text, covered)
			}
			return true
		})
		return
	}
	spans := read.spans
	mergeSpans(&spans)
	version, _ := c.e.structure(m.hl7)
	for s := range m.hl7.Segments() {
		for leaf := range s.Leaves() {
			v := leaf.Value
			if v.State() != hl7.Valued || s.IsHeader() && leaf.Field <= 2 {
				continue
			}
			c.leaf(version, s, leaf, inSpans(spans, v.Offset()))
		}
	}
}

func (c *Coverage) leaf(version *dictionary.Version, s hl7.Segment, leaf hl7.Leaf, read bool) {
	p := hl7.Path{Segment: s.Name(), Field: leaf.Field}
	field := s.Field(leaf.Field).Repetition(max(1, leaf.Repetition))
	if field.Components() > 1 || leaf.Component > 1 {
		p.Component = leaf.Component
		if leaf.Subcomponent > 1 || field.Component(leaf.Component).Subcomponents() > 1 {
			p.Subcomponent = leaf.Subcomponent
		}
	}
	path := p.String()
	name := ""
	if c.fields[path] == nil {
		name = version.NameOf(p)
	}
	c.count(path, name, leaf.Value.Text(), read)
}

func (c *Coverage) count(path, name, text string, read bool) {
	f := c.fields[path]
	if f == nil {
		f = &SourceField{Path: path, Name: name, counts: map[string]int{}, LeftOut: c.reason(path)}
		c.fields[path] = f
		c.order = append(c.order, path)
	}
	if f.last != c.samples {
		f.last = c.samples
		f.Samples++
	}
	f.Values++
	if read {
		f.Read++
	}
	if _, known := f.counts[text]; known || len(f.counts) < maxDistinct {
		f.counts[text]++
	} else {
		f.More = true
	}
}

// reason is why a path, or what it lies below, is left out on purpose.
func (c *Coverage) reason(path string) string {
	for _, l := range c.leftOut {
		if rest, ok := strings.CutPrefix(path, l.path); ok && (rest == "" || rest[0] == '.' || rest[0] == '-') {
			return l.reason
		}
	}
	return ""
}

// treePath is a path without the numbers of items.
func treePath(path string) string {
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

// mergeSpans sorts spans and joins those that overlap.
func mergeSpans(list *[]span) {
	slices.SortFunc(*list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	kept := (*list)[:0]
	for _, s := range *list {
		if n := len(kept); n > 0 && s.from <= kept[n-1].to {
			kept[n-1].to = max(kept[n-1].to, s.to)
			continue
		}
		kept = append(kept, s)
	}
	*list = kept
}

func inSpans(list []span, at int) bool {
	i, found := slices.BinarySearchFunc(list, at, func(s span, at int) int { return cmp.Compare(s.from, at) })
	return found || i > 0 && at < list[i-1].to
}

// requirements looks for the required elements of what each block has made.
func (c *Coverage) requirements(root *fhir.Node) {
	if c.e.file.Target.Kind != FHIR {
		return
	}
	byMake := map[string]*block{}
	for _, b := range c.e.all {
		if byMake[b.src.Make] == nil {
			byMake[b.src.Make] = b
		}
	}
	one := func(n *fhir.Node) {
		b := byMake[n.ResourceType()]
		if b == nil {
			return
		}
		for _, child := range c.e.definitions.Type(b.src.Make).RootElement().Children {
			if child.Min == 0 {
				continue
			}
			path := b.src.Make + "." + child.Name
			has := n.Member(child.Name) != nil
			if child.Choice {
				path += "[x]"
				has = slices.ContainsFunc(n.Children, func(m *fhir.Node) bool { return strings.HasPrefix(m.Name, child.Name) })
			}
			use := c.required[path]
			if use == nil {
				use = &RequiredTarget{Path: path, Block: b.src.ID, HasRule: b.writes(child.Name)}
				c.required[path] = use
			}
			use.Made++
			if !has {
				use.Missing++
			}
		}
	}
	one(root)
	for n := range root.All("entry", "resource") {
		one(n)
	}
}

// writes says whether a rule of the block writes an element, whatever its type.
func (b *block) writes(name string) bool {
	for _, g := range b.groups {
		for _, r := range g.rules {
			if len(r.tree.steps) > 0 && (r.tree.steps[0].name == name || strings.HasPrefix(r.tree.steps[0].name, name)) {
				return true
			}
		}
	}
	return false
}

// Report is the state after the samples so far.
func (c *Coverage) Report() *Report {
	r := &Report{Samples: c.samples, Broken: c.broken}
	for _, path := range c.order {
		f := *c.fields[path]
		f.Distinct = len(f.counts)
		f.Top = topValues(f.counts, 5)
		r.Values += f.Values
		switch {
		case f.LeftOut != "":
			r.Covered += f.Values
			r.LeftOut = append(r.LeftOut, f)
		default:
			r.Covered += f.Read
			if f.Read < f.Values {
				r.Unmapped = append(r.Unmapped, f)
			}
		}
	}
	slices.SortStableFunc(r.Unmapped, func(a, b SourceField) int { return b.Samples - a.Samples })
	c.e.file.Walk(func(b *Block) {
		for i := range b.Rules {
			if use := c.rules[b.Rules[i].ID]; use != nil {
				r.Rules = append(r.Rules, *use)
				if use.Fired == 0 {
					r.NeverFired = append(r.NeverFired, *use)
				}
			}
		}
	})
	for _, x := range c.required {
		if x.Missing > 0 {
			r.Required = append(r.Required, *x)
		}
	}
	slices.SortFunc(r.Required, func(a, b RequiredTarget) int { return strings.Compare(a.Path, b.Path) })
	for f, n := range c.failed {
		f.Count = n
		r.Failed = append(r.Failed, f)
	}
	slices.SortFunc(r.Failed, func(a, b FailedLookup) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), b.Count-a.Count, strings.Compare(a.Key, b.Key))
	})
	return r
}

func topValues(counts map[string]int, n int) []ValueCount {
	list := make([]ValueCount, 0, len(counts))
	for v, k := range counts {
		list = append(list, ValueCount{v, k})
	}
	slices.SortFunc(list, func(a, b ValueCount) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
	return list[:min(n, len(list))]
}
