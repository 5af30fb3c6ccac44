package mapping

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// Translate maps one message to the text of its target. It is Run for those who compare what a mapping makes with what
// came.
func (e *Engine) Translate(ctx context.Context, b []byte) ([]byte, error) {
	r, err := e.Run(ctx, b)
	if err != nil {
		return nil, err
	}
	return r.Bytes()
}

// Origins says of each value that a mapping makes from a message which paths of the message it was made from, by where it
// stands in the result: "Bundle.entry[0].resource.name[0].family" from "PID-5". Values that a rule holds by itself, and
// the results in HL7 v2 and CSV, have no origins. unread are the populated paths of the message that no rule reads and that
// are not left out on purpose; the header, which is for the transport, is not among them.
func (e *Engine) Origins(ctx context.Context, b []byte) (from map[string]string, unread []string, err error) {
	tr := &tracer{wrote: map[*fhir.Node]int{}}
	r, err := e.run(ctx, b, tr)
	if err != nil {
		return nil, nil, err
	}
	c := &Coverage{e: e, fields: map[string]*SourceField{}, leftOut: e.leftOut()}
	if m := c.reread(b); m != nil {
		c.populated(m, &tr.reads)
	}
	for _, path := range c.order {
		if f := c.fields[path]; f.Read == 0 && f.LeftOut == "" && !strings.HasPrefix(path, "MSH-") {
			unread = append(unread, path)
		}
	}
	if r.Tree == nil {
		return nil, unread, nil
	}
	o := origins{tracer: tr, found: map[string]string{}}
	root := r.Tree.ResourceType()
	if root == "" {
		root = e.file.Target.Root
	}
	o.walk(r.Tree, root, -1)
	return o.found, unread, nil
}

// origins are being found.
type origins struct {
	*tracer
	found map[string]string
}

func (o *origins) walk(n *fhir.Node, path string, above int) {
	if at, ok := o.wrote[n]; ok {
		above = at
	}
	switch n.Kind {
	case fhir.Object:
		for _, c := range n.Children {
			o.walk(c, strings.TrimPrefix(path+"."+c.Name, "."), above)
		}
	case fhir.Array:
		for i, c := range n.Children {
			o.walk(c, path+"["+strconv.Itoa(i)+"]", above)
		}
	default:
		if above >= 0 {
			if from := o.list[above].from(); from != "" {
				o.found[path] = from
			}
		}
	}
}

// from are the paths that held something.
func (t *Trace) from() string {
	var paths []string
	for _, in := range t.Inputs {
		if len(in.Values) > 0 && !slices.Contains(paths, in.Path) {
			paths = append(paths, in.Path)
		}
	}
	return strings.Join(paths, ", ")
}

// writes notes that the last rule has made a node and all below it, if origins are asked for.
func (tr *tracer) writes(n *fhir.Node) {
	if tr.wrote == nil || tr.off || len(tr.list) == 0 {
		return
	}
	tr.wrote[n] = len(tr.list) - 1
	for _, c := range n.Children {
		tr.writes(c)
	}
}
