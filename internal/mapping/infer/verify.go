package infer

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// verify runs the proposal over the pairs and counts how many of the values that came out it gives again.
func (p *proposer) verify() error {
	e, err := p.compile()
	if err != nil {
		return err
	}
	failed := 0
	for i := range p.pairs {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		want, err := Values(p.target, p.pairs[i].After.Bytes)
		if err != nil {
			return err
		}
		p.out.Values += len(want)
		result, err := e.RunRecord(p.ctx, p.pairs[i].Before)
		if err != nil {
			failed++
			continue
		}
		got := valuesOf(p.target, result)
		for path, text := range want {
			if got[path] == text {
				p.out.Reproduced++
			}
		}
		for path := range got {
			if _, wanted := want[path]; !wanted {
				p.out.Extra++
			}
		}
		if i%50 == 49 {
			p.tell(0.8 + 0.2*float64(i)/float64(len(p.pairs)))
		}
	}
	if failed > 0 {
		p.note("%d messages before could not be mapped at all", failed)
	}
	return nil
}

// compile compiles the proposal. A rule that the engine does not take, such as one for a member that FHIR does not have, is
// taken out and told.
func (p *proposer) compile() (*mapping.Engine, error) {
	for {
		e, err := mapping.Compile(p.file)
		var problems mapping.Problems
		if err == nil || !errors.As(err, &problems) {
			return e, err
		}
		changed := false
		for _, x := range problems {
			changed = p.without(&p.file.Blocks, x) || changed
		}
		if !changed {
			return nil, err
		}
	}
}

// without takes the rule or block of a problem out of the proposal.
func (p *proposer) without(blocks *[]mapping.Block, x mapping.Problem) bool {
	if x.Rule == "" {
		return false
	}
	for i := range *blocks {
		b := &(*blocks)[i]
		if b.ID == x.Rule {
			p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: b.Make, Count: len(p.pairs), Of: len(p.pairs), Best: x.Text})
			p.out.Evidence = slices.DeleteFunc(p.out.Evidence, func(e Evidence) bool { return e.Block == x.Rule })
			*blocks = slices.Delete(*blocks, i, i+1)
			return true
		}
		for j := range b.Rules {
			if r := &b.Rules[j]; r.ID == x.Rule {
				p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: r.To, Count: len(p.pairs), Of: len(p.pairs), Best: x.Text})
				p.out.Evidence = slices.DeleteFunc(p.out.Evidence, func(e Evidence) bool { return e.Rule == x.Rule })
				b.Rules = slices.Delete(b.Rules, j, j+1)
				return true
			}
		}
		if p.without(&b.Blocks, x) {
			return true
		}
	}
	return false
}

func valuesOf(end mapping.End, r *mapping.Result) map[string]string {
	switch {
	case end.Kind == mapping.HL7v2:
		return messageValues(r.Message)
	case end.Kind.HasRows():
		return rowValues(fhir.NewArray(r.Rows...))
	case end.Kind == mapping.XML:
		b, err := r.Bytes()
		if err != nil {
			return nil
		}
		values, _ := Values(end, b) // what the engine has written can be read
		return values
	}
	return treeValues(end.Kind, r.Tree)
}

// Values are the values of a message by their place, but for what every run derives anew: identifiers of resources and the
// references to them. It is what two results are compared by. b is as a record holds it.
func Values(end mapping.End, b []byte) (map[string]string, error) {
	if end.Kind == mapping.HL7v2 {
		return messageValues(b), nil
	}
	root, err := parseTree(end, b)
	if err != nil {
		return nil, err
	}
	if end.Kind.HasRows() {
		return rowValues(root), nil
	}
	return treeValues(end.Kind, root), nil
}

// rowValues are the values of one row, or of a list of them, by number and column.
func rowValues(root *fhir.Node) map[string]string {
	rows := []*fhir.Node{root}
	if root.Kind == fhir.Array {
		rows = root.Children
	}
	values := map[string]string{}
	for i, row := range rows {
		for _, c := range row.Children {
			if c.IsPrimitive() && c.Text != "" {
				values[strconv.Itoa(i)+" "+c.Name] = c.Text
			}
		}
	}
	return values
}

func messageValues(b []byte) map[string]string {
	values := map[string]string{}
	m := hl7.Parse(b)
	for s := range m.Segments() {
		for leaf := range s.Leaves() {
			if leaf.State() != hl7.Valued && leaf.State() != hl7.Null || s.IsHeader() && leaf.Field <= 2 {
				continue
			}
			p := hl7.Path{Segment: s.Name(), Occurrence: s.Occurrence(), Field: leaf.Field, Repetition: leaf.Repetition, Component: leaf.Component, Subcomponent: leaf.Subcomponent}
			values[p.String()] = string(leaf.Raw())
		}
	}
	return values
}

func treeValues(kind mapping.Kind, root *fhir.Node) map[string]string {
	values := map[string]string{}
	root.Walk(func(path string, n *fhir.Node) bool {
		switch {
		case n.Kind == fhir.Text && strings.TrimSpace(n.Text) == "", n.Kind == fhir.Attribute && strings.HasPrefix(n.Name, "xmlns"):
		case !n.IsPrimitive() && n.Kind != fhir.Text && n.Kind != fhir.Attribute || n.Text == "":
		case kind == mapping.FHIR && (volatile[n.Name] || n.Name == "reference" || path == "Bundle.type"):
		default:
			values[path] = n.Text
		}
		return true
	})
	return values
}
