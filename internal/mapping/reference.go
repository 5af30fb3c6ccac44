package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir/fhirpath"
	"trestle/internal/hl7"
)

// reference is a source path, ready to be asked.
type reference struct {
	text string
	// HL7 v2
	path     hl7.Path
	relative bool // .1: below the repetition of the rule's loop
	single   bool // names one place at most
	// everything else
	absolute bool
	resource string // the first step names a type of resource
	steps    []treeStep
	fhirpath *fhirpath.Expression
}

// treeStep goes down one member of a tree.
type treeStep struct {
	name  string
	index int // from 0; every for all items, first for the first
	// where the items are filtered: [use=official]
	filter, equals string
}

const (
	first = -1
	every = -2
)

// reference compiles a source path. each is the path of the rule's own loop, "" for none.
func (c *compiler) reference(text string) (*reference, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, fmt.Errorf("a source is empty; write for example %s", c.examplePath())
	}
	ref := &reference{text: text}
	var err error
	if c.file.Source.Kind == HL7v2 {
		if rest, ok := strings.CutPrefix(text, "."); ok {
			ref.relative = true
			part, _ := hl7.ParsePath("ZZZ-1." + rest)
			if part.Component == 0 {
				return nil, fmt.Errorf("the source %q is no component of the repetition; write for example .1 or .4.2", text)
			}
			ref.path = part
			ref.single = !ref.many()
			return ref, nil
		}
		ref.path, err = hl7.ParsePath(text)
		if err != nil {
			return nil, err
		}
		if len(ref.path.Groups) > 0 {
			c.grouped = true
		}
		ref.single = ref.path.Field > 0 && len(ref.path.Groups) == 0 && !ref.many()
		return ref, nil
	}
	if c.file.Source.Kind == FHIR && strings.ContainsAny(text, "()|") {
		if ref.fhirpath, err = fhirpath.Compile(text); err != nil {
			return nil, fmt.Errorf("the FHIRPath %q cannot be read: %w", shorten(text), err)
		}
		if name, _, _ := strings.Cut(strings.TrimLeft(text, "( "), "."); c.definitions().IsResource(name) {
			ref.resource = name
		}
		return ref, nil
	}
	rest := text
	switch {
	case strings.HasPrefix(rest, "/"):
		ref.absolute, rest = true, rest[1:]
	case strings.HasPrefix(rest, ".") && rest != ".":
		ref.relative, rest = true, rest[1:]
	case rest == ".":
		ref.relative = true
		return ref, nil
	}
	if rest == "" {
		return ref, nil
	}
	if c.file.Source.Kind.HasRows() { // the name of a column may hold anything
		ref.steps = []treeStep{{name: rest, index: first}}
		return ref, nil
	}
	if ref.steps, err = treeSteps(rest); err != nil {
		return nil, err
	}
	if c.file.Source.Kind == FHIR && !ref.relative && c.definitions().IsResource(ref.steps[0].name) {
		ref.resource, ref.steps = ref.steps[0].name, ref.steps[1:]
	}
	return ref, nil
}

// treeSteps reads a path such as name[0].given[*] or identifier[use=official].value.
func treeSteps(text string) ([]treeStep, error) {
	var steps []treeStep
	for text != "" {
		end := 0
		for depth := 0; end < len(text) && (depth > 0 || text[end] != '.'); end++ {
			switch text[end] {
			case '[':
				depth++
			case ']':
				depth--
			}
		}
		name, in, indexed := strings.Cut(text[:end], "[")
		s := treeStep{name: name, index: first}
		if name == "" {
			return nil, fmt.Errorf("the path has an empty step before %q", shorten(text))
		}
		if indexed {
			in, closed := strings.CutSuffix(in, "]")
			n, err := strconv.Atoi(in)
			k, v, filtered := strings.Cut(in, "=")
			switch {
			case !closed:
				return nil, fmt.Errorf("close the bracket after %q", shorten(name))
			case in == "*":
				s.index = every
			case filtered:
				s.index, s.filter, s.equals = every, strings.TrimSpace(k), strings.Trim(strings.TrimSpace(v), `"'`)
			case err != nil || n < 0:
				return nil, fmt.Errorf("%s[%s] is no item; write [0] for the first, [*] for all, or a member and its value as in [use=official]", shorten(name), shorten(in))
			default:
				s.index = n
			}
		}
		steps = append(steps, s)
		if text = text[end:]; strings.HasPrefix(text, ".") {
			if text = text[1:]; text == "" {
				return nil, fmt.Errorf("the path ends with a point")
			}
		}
	}
	return steps, nil
}

// below is the rest of a path below the path of a loop, if it lies below it: name[*].given below name.
func (ref *reference) below(loop *reference) ([]treeStep, bool) {
	if loop == nil || ref.absolute != loop.absolute || ref.resource != loop.resource || len(ref.steps) < len(loop.steps) || len(loop.steps) == 0 {
		return nil, false
	}
	for i, s := range loop.steps {
		if ref.steps[i].name != s.name || i < len(loop.steps)-1 && ref.steps[i] != s {
			return nil, false
		}
	}
	if last := ref.steps[len(loop.steps)-1]; last.index >= 0 || last.filter != "" {
		return nil, false
	}
	return ref.steps[len(loop.steps):], true
}

// values appends what a reference names, seen from a turn and a repetition.
func (r *run) values(ref *reference, loop *reference, t *turn, rep *repetition, dst []value) []value {
	if r.message.hl7 != nil {
		return r.hl7Values(ref, t, rep, dst)
	}
	return r.treeValues(ref, loop, t, rep, dst)
}

// firstText is the text of the first value that a reference names.
func (r *run) firstText(ref *reference, t *turn) string {
	if ref.single && r.message.hl7 != nil {
		return r.hl7One(ref, t, nil).First()
	}
	var few [4]value
	if values := r.values(ref, nil, t, nil, few[:0]); len(values) > 0 {
		return values[0].String()
	}
	return ""
}

// hl7One is the one place that a single reference names.
func (r *run) hl7One(ref *reference, t *turn, rep *repetition) hl7.Value {
	p := &ref.path
	var v hl7.Value
	whole := false
	if rep != nil || t == nil || t.field > 0 {
		v, whole = r.here(ref, t, rep)
	}
	switch {
	case whole:
	case ref.relative:
		return hl7.Value{}
	default:
		i := r.locate(t, rep, p)
		if i < 0 {
			return hl7.Value{}
		}
		v = r.message.field(i, p.Field)
		if s := v.State(); s == hl7.Absent || s == hl7.Empty {
			return v
		}
		if p.Component == 0 || p.Repetition > 1 {
			v = v.Repetition(max(p.Repetition, 1))
		}
	}
	if p.Component > 0 {
		v = r.component(v, p.Component)
	}
	if p.Subcomponent > 0 {
		v = v.Subcomponent(p.Subcomponent)
	}
	return v
}

// component is component n of a field or repetition. Rules ask for one component of a field after the other, so that those of
// the last one are kept.
func (r *run) component(v hl7.Value, n int) hl7.Value {
	if n == 1 || n >= mostParts {
		return v.Component(n)
	}
	if last := &r.last; last.of != v {
		if last.parts == nil {
			last.parts = make([]hl7.Value, 0, mostParts)
		}
		last.of, last.parts = v, v.AppendComponents(last.parts[:0])
	}
	if n <= len(r.last.parts) {
		return r.last.parts[n-1]
	}
	return hl7.Value{}
}

// here is the repetition that a reference means because a loop stands at it.
func (r *run) here(ref *reference, t *turn, rep *repetition) (hl7.Value, bool) {
	p, names := &ref.path, r.message.names
	switch {
	case ref.relative && rep != nil:
		return rep.value, true
	case ref.relative && t != nil && t.field > 0:
		return t.rep, true
	case ref.relative || p.Repetition != 0 || p.Occurrence != 0:
		return hl7.Value{}, false
	case rep != nil && rep.field > 0 && p.Field == rep.field && names[rep.segment] == p.Segment:
		return rep.value, true
	case t != nil && t.field > 0 && p.Field == t.field && names[t.segment] == p.Segment:
		return t.rep, true
	}
	return hl7.Value{}, false
}

func (r *run) hl7Values(ref *reference, t *turn, rep *repetition, dst []value) []value {
	m := r.message
	p := &ref.path
	if v, ok := r.here(ref, t, rep); ok {
		return appendParts(dst, v, p)
	}
	if ref.relative || p.Field == 0 {
		return dst
	}
	if p.Occurrence == hl7.All || len(p.Groups) > 0 {
		n := 0
		s := m.reach(t, p.Segment)
		for i := s.from; i < s.to && len(dst) < maxValues; i++ {
			if m.names[i] != p.Segment || !m.inGroups(i, p.Groups) || !m.near(t, i) {
				continue
			}
			n++
			if p.Occurrence == hl7.All || n == max(p.Occurrence, 1) {
				dst = m.appendField(dst, i, p)
			}
		}
		return dst
	}
	if i := r.locate(t, rep, p); i >= 0 {
		return m.appendField(dst, i, p)
	}
	return dst
}

// locate finds the segment of a path: the one that the rule's loop stands at, then as [message.locate] does.
func (r *run) locate(t *turn, rep *repetition, p *hl7.Path) int {
	if rep != nil && rep.field == 0 && rep.segment >= 0 && p.Occurrence == 0 && r.message.names[rep.segment] == p.Segment {
		return rep.segment
	}
	return r.message.locate(t, p.Segment, p.Occurrence)
}

// inGroups says whether the groups of a segment are those of a path, outermost first, others between allowed.
func (m *message) inGroups(segment int, want []hl7.GroupStep) bool {
	for _, have := range m.chainOf(segment) {
		if len(want) == 0 {
			return true
		}
		if have.Name == want[0].Name && (want[0].Repetition <= 0 || want[0].Repetition == have.Repetition) {
			want = want[1:]
		}
	}
	return len(want) == 0
}

func (m *message) appendField(dst []value, segment int, p *hl7.Path) []value {
	v := m.field(segment, p.Field)
	if s := v.State(); s == hl7.Absent || s == hl7.Empty {
		return dst
	}
	switch p.Repetition {
	case hl7.All:
		for v := range v.AllRepetitions() {
			if dst = appendParts(dst, v, p); len(dst) >= maxValues {
				break
			}
		}
		return dst
	default:
		return appendParts(dst, v.Repetition(max(p.Repetition, 1)), p)
	}
}

func appendParts(dst []value, v hl7.Value, p *hl7.Path) []value {
	switch p.Component {
	case 0:
		return append(dst, hl7Value(v))
	case hl7.All:
		for v := range v.AllComponents() {
			dst = append(dst, hl7Value(v))
		}
		return dst
	}
	v = v.Component(p.Component)
	switch p.Subcomponent {
	case 0:
		return append(dst, hl7Value(v))
	case hl7.All:
		for v := range v.AllSubcomponents() {
			dst = append(dst, hl7Value(v))
		}
		return dst
	}
	return append(dst, hl7Value(v.Subcomponent(p.Subcomponent)))
}

// count is how many there are of what a reference names: repetitions of a field, segments, items.
func (r *run) count(ref, loop *reference, t *turn, rep *repetition) int {
	if r.message.hl7 == nil {
		all := *ref
		all.steps = slices.Clone(ref.steps)
		if len(all.steps) > 0 && all.steps[len(all.steps)-1].index == first {
			all.steps[len(all.steps)-1].index = every
		}
		return len(r.values(&all, loop, t, rep, nil))
	}
	m := r.message
	if ref.path.Field == 0 && !ref.relative {
		n := 0
		s := m.reach(t, ref.path.Segment)
		for i := s.from; i < s.to; i++ {
			if m.names[i] == ref.path.Segment && m.inGroups(i, ref.path.Groups) && m.near(t, i) {
				n++
			}
		}
		return n
	}
	all := *ref
	if all.path.Repetition == 0 && all.path.Component == 0 && !all.relative {
		all.path.Repetition = hl7.All
		return len(present(r.hl7Values(&all, t, segmentOnly(rep), nil)))
	}
	return len(present(r.hl7Values(ref, t, rep, nil)))
}

// segmentOnly is a repetition that stands at a segment, nil for any other.
func segmentOnly(rep *repetition) *repetition {
	if rep != nil && rep.field > 0 {
		return nil
	}
	return rep
}

func present(values []value) []value {
	kept := values[:0]
	for _, v := range values {
		if !v.empty() {
			kept = append(kept, v)
		}
	}
	return kept
}

// valued says whether a reference names anything that is there and not empty.
func (r *run) valued(ref, loop *reference, t *turn, rep *repetition) bool {
	if r.message.hl7 != nil && !ref.relative && ref.path.Field == 0 {
		return r.locate(t, rep, &ref.path) >= 0
	}
	if ref.single && r.message.hl7 != nil {
		return r.hl7One(ref, t, rep).State() == hl7.Valued
	}
	var few [4]value
	for _, v := range r.values(ref, loop, t, rep, few[:0]) {
		if !v.empty() {
			return true
		}
	}
	return false
}

func (c *compiler) examplePath() string {
	switch c.file.Source.Kind {
	case HL7v2:
		return "PID-5.1"
	case FHIR:
		return "Patient.name.family"
	case CSV, FixedWidth:
		return "the name of a column"
	}
	return "patient.name"
}
