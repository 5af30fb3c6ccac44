package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// treeTarget is where a rule writes in a tree.
type treeTarget struct {
	text  string
	steps []targetStep
	typ   string // of FHIR, "" where unknown
	// choice: the last step is value[x], and what is written says which.
	choice bool
}

// targetStep goes down one member of what is made.
//
//	name           the member, or the first item of its list in FHIR
//	name[]         a new item for each turn of the rule's loop; without a loop a new item for each value
//	name[official] the item of that tag, for all rules of the block that name it
//	name[0]        the item at that place
type targetStep struct {
	name  string
	mode  targetMode
	index int
	tag   string
}

type targetMode uint8

const (
	oneMember targetMode = iota
	newItem
	taggedItem
	numberedItem
)

func treeTargetOf(text string) (treeTarget, error) {
	t := treeTarget{text: text}
	rest := text
	if s, ok := strings.CutSuffix(rest, "[x]"); ok {
		t.choice, rest = true, s
	}
	if rest == "" {
		return t, fmt.Errorf("the target is empty")
	}
	for _, part := range strings.Split(rest, ".") {
		name, in, indexed := strings.Cut(part, "[")
		s := targetStep{name: name}
		if name == "" {
			return t, fmt.Errorf("the target %q has an empty step", shorten(text))
		}
		if indexed {
			in, closed := strings.CutSuffix(in, "]")
			n, err := strconv.Atoi(in)
			switch {
			case !closed || strings.ContainsAny(in, "[]"):
				return t, fmt.Errorf("the target %q has a bracket that is not closed", shorten(text))
			case in == "":
				s.mode = newItem
			case err == nil && n >= 0 && n < maxValues:
				s.mode, s.index = numberedItem, n
			case err == nil:
				return t, fmt.Errorf("the target %q counts too far", shorten(text))
			default:
				s.mode, s.tag = taggedItem, in
			}
		}
		t.steps = append(t.steps, s)
	}
	return t, nil
}

// typed lays a target over the definition of a resource: elements that FHIR does not have are told, and lists get their
// brackets.
func (c *compiler) typed(t *treeTarget, resource string) error {
	d := c.definitions()
	at := d.Type(resource).RootElement()
	for i := range t.steps {
		s := &t.steps[i]
		last := i == len(t.steps)-1
		if strings.HasPrefix(s.name, "_") && last {
			return nil
		}
		name := strings.TrimPrefix(s.name, "_")
		e, typ := at.Child(name)
		if e == nil && last && t.choice {
			if e = at.ChildOfPath(name); e != nil && !e.Choice {
				e = nil
			}
		}
		if e == nil {
			if choice := at.ChildOfPath(name); choice != nil && choice.Choice {
				return fmt.Errorf("%s has several types: write %s[x], or the type with it, as in %s", t.text, name, name+choiceExample(choice))
			}
			if at == nil {
				return fmt.Errorf("%s: nothing is known below %s", t.text, t.steps[max(0, i-1)].name)
			}
			return fmt.Errorf("%s has no %q; it has %s", at.Path, shorten(s.name), elementNames(at))
		}
		switch {
		case e.List && s.mode == oneMember:
			s.mode, s.index = numberedItem, 0
		case !e.List && s.mode != oneMember:
			return fmt.Errorf("%s is no list; write it without brackets", e.Path)
		}
		t.typ = typ
		at = e
		if e.Reference == nil && len(e.Children) == 0 {
			at = d.Type(typ).RootElement()
		}
	}
	return nil
}

func choiceExample(e *fhir.ElementDefinition) string {
	if len(e.Types) == 0 {
		return ""
	}
	code := e.Types[0].Code
	return strings.ToUpper(code[:1]) + code[1:]
}

func elementNames(e *fhir.ElementDefinition) string {
	if e.Reference != nil {
		e = e.Reference
	}
	var names []string
	for _, c := range e.Children {
		if c.Name != "id" && c.Name != "extension" && c.Name != "modifierExtension" {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// itemKey finds the item that an earlier rule of the turn has made.
type itemKey struct {
	list *fhir.Node
	loop string
	n    int
	tag  string
	item *fhir.Node
}

// write puts a value where the target says.
func (r *run) write(t *turn, target *treeTarget, loop *reference, rep *repetition, v *value) {
	n := r.treeValue(target, v)
	if n == nil {
		return
	}
	if r.tracer != nil {
		r.tracer.writes(n)
	}
	at := t.out
	looped := false
	for i := range target.steps {
		s := &target.steps[i]
		last := i == len(target.steps)-1
		if at.Kind != fhir.Object {
			r.warn(fmt.Sprintf("%s lies below something that is a plain value; the value was left out", target.text))
			return
		}
		if s.mode == oneMember {
			if last {
				r.put(at, s.name, target, n)
				return
			}
			child := at.Member(s.name)
			if child == nil {
				child = r.object()
				child.Name = s.name
				r.attach(at, child)
			}
			at = child
			continue
		}
		list := at.Member(s.name)
		if list == nil {
			list = r.node()
			list.Kind, list.Name = fhir.Array, s.name
			r.attach(at, list)
		}
		if list.Kind != fhir.Array {
			r.warn(fmt.Sprintf("%s lies below something that is no list; the value was left out", target.text))
			return
		}
		inLoop := s.mode == newItem && rep != nil && !looped
		looped = looped || inLoop
		item := r.item(list, s, inLoop, loop, rep)
		if last {
			r.putItem(list, item, s, inLoop, loop, rep, n)
			return
		}
		if item == nil {
			item = r.object()
			r.attach(list, item)
			r.remember(list, s, inLoop, loop, rep, item)
		}
		at = item
	}
}

// item finds the item that a step means, nil if it is not there yet.
func (r *run) item(list *fhir.Node, s *targetStep, inLoop bool, loop *reference, rep *repetition) *fhir.Node {
	switch {
	case s.mode == numberedItem:
		for len(list.Children) < s.index { // what no rule fills shows in the result, as JSON's null
			gap := r.node()
			gap.Kind = fhir.Null
			r.attach(list, gap)
		}
		if s.index < len(list.Children) {
			return list.Children[s.index]
		}
	case s.mode == taggedItem || inLoop:
		n, text := 0, ""
		if rep != nil {
			n, text = rep.n, loop.text
		}
		for i := len(r.keys) - 1; i >= 0; i-- {
			if k := &r.keys[i]; k.list == list && k.n == n && k.tag == s.tag && k.loop == text {
				return k.item
			}
		}
	}
	return nil
}

func (r *run) remember(list *fhir.Node, s *targetStep, inLoop bool, loop *reference, rep *repetition, item *fhir.Node) {
	if s.mode != taggedItem && !inLoop {
		return
	}
	k := itemKey{list: list, tag: s.tag, item: item}
	if rep != nil {
		k.n, k.loop = rep.n, loop.text
	}
	r.keys = append(r.keys, k)
}

// put writes a value as a member of an object.
func (r *run) put(at *fhir.Node, name string, target *treeTarget, n *fhir.Node) {
	if target.choice {
		name += choiceSuffix(n)
	}
	n.Name = name
	if old := at.Member(name); old != nil {
		if old.Kind == fhir.Object && n.Kind == fhir.Object {
			r.merge(old, n)
			return
		}
		at.Set(n)
		return
	}
	r.attach(at, n)
}

// choiceSuffix is the type that value[x] has, from the name that the node bears: Quantity of valueQuantity.
func choiceSuffix(n *fhir.Node) string {
	if suffix, ok := strings.CutPrefix(n.Name, "value"); ok && suffix != "" {
		return suffix
	}
	switch n.Kind {
	case fhir.Bool:
		return "Boolean"
	case fhir.Number:
		return "Decimal"
	}
	return "String"
}

func (r *run) putItem(list, item *fhir.Node, s *targetStep, inLoop bool, loop *reference, rep *repetition, n *fhir.Node) {
	n.Name = ""
	if item == nil {
		r.attach(list, n)
		r.remember(list, s, inLoop, loop, rep, n)
		return
	}
	if item.Kind == fhir.Object && n.Kind == fhir.Object {
		r.merge(item, n)
		return
	}
	*item = *n
	if r.tracer != nil {
		r.tracer.writes(item)
	}
}

// merge adds the members of a value to what other rules have made of the same thing.
func (r *run) merge(to, from *fhir.Node) {
	for _, m := range from.Children {
		old := to.Member(m.Name)
		switch {
		case old == nil:
			r.attach(to, m)
		case old.Kind == fhir.Array && m.Kind == fhir.Array:
			for _, item := range m.Children {
				r.attach(old, item)
			}
		default:
			to.Set(m)
		}
	}
}

// treeValue makes the node of a value in the type of its target. nil if it does not fit.
func (r *run) treeValue(target *treeTarget, v *value) *fhir.Node {
	if v.node != nil {
		n := v.node
		foreign := r.foreign(n)
		if n.Kind == fhir.Element || n.Kind == fhir.Attribute || foreign && n.IsPrimitive() && target.typ != "" && !target.choice {
			return r.textNode(target, nodeText(n))
		}
		if foreign {
			n = n.Clone()
		}
		if n.IsPrimitive() {
			if target.typ != "" && n.Name == "" {
				return r.textNode(target, n.Text)
			}
			c := r.node()
			*c = *n
			return c
		}
		if primitiveTypes[target.typ] {
			r.warn(fmt.Sprintf("%s takes plain text, and the value is a whole %s; name the part that is meant", target.text, n.Kind))
			return nil
		}
		return n
	}
	return r.textNode(target, v.String())
}

// foreign says whether a node belongs to the source, which must not be changed.
func (r *run) foreign(n *fhir.Node) bool {
	return r.message.root != nil && (n.Off != 0 || n.End != 0 || n.Name != "" && r.message.hl7 == nil)
}

// primitiveTypes are the types of FHIR that are written as strings.
var primitiveTypes = map[string]bool{"string": true, "code": true, "uri": true, "url": true, "canonical": true, "date": true, "dateTime": true, "instant": true, "id": true, "markdown": true, "oid": true, "uuid": true, "base64Binary": true, "time": true, "http://hl7.org/fhirpath/System.String": true}

func (r *run) textNode(target *treeTarget, text string) *fhir.Node {
	if text == "" {
		return nil
	}
	n := r.node()
	n.Kind, n.Text = fhir.String, text
	switch typ := target.typ; {
	case typ == "" || primitiveTypes[typ] || typ == "xhtml":
	case typ == "boolean":
		if n.Kind = fhir.Bool; text != "true" && text != "false" {
			r.warn(fmt.Sprintf("%s must be true or false; the value is neither and was left out", target.text))
			return nil
		}
	case typ == "decimal" || typ == "integer" || typ == "positiveInt" || typ == "unsignedInt":
		if n.Kind = fhir.Number; !fhir.ValidNumber(text) || typ != "decimal" && strings.ContainsAny(text, ".eE") {
			r.warn(fmt.Sprintf("%s must be a number; the value is none and was left out", target.text))
			return nil
		}
	case target.choice:
	default:
		r.warn(fmt.Sprintf("%s is a %s and cannot take plain text; name a part of it, or a function that makes one", target.text, typ))
		return nil
	}
	return n
}
