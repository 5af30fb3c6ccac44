package compare

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/fhir"
	"trestle/internal/format"
	"trestle/internal/hl7"
)

// ErrNotAlike is what Documents says of two texts that have no common form: JSON and XML that are not FHIR.
var ErrNotAlike = errors.New("one side is JSON and the other XML, and they are not both FHIR: convert one of them first")

// Documents compares FHIR (JSON, XML or one of each), other JSON, or other XML. The order of keys never counts, that of
// arrays in FHIR only where it has a meaning (given names, lines of an address, items and sections). What a server makes
// by itself is left out of FHIR: ids, meta.versionId, meta.lastUpdated, the narrative and the fullUrl of entries;
// references are the same if what they refer to was set against each other. A result has no rows.
func Documents(a, b []byte, rules *Rules) (*Result, error) {
	if bytes.Equal(a, b) {
		return &Result{Identical: true}, nil
	}
	turned := bytes.Compare(a, b) > 0
	if turned {
		a, b, rules = b, a, rules.mirrored()
	}
	d := documents{rules: rules, out: &Result{}, left: map[string]int{}, right: map[string]int{}}
	l, r, err := d.parse(a, b, turned)
	if err != nil {
		return nil, err
	}
	d.nodes(l, r, spot{path: rootName(l), inner: rootName(l)}, spot{path: rootName(r), inner: rootName(r)})
	if turned {
		d.out.mirror()
	}
	return d.out, nil
}

// documents is two documents being compared.
type documents struct {
	rules       *Rules
	fhir, xml   bool
	out         *Result
	left, right map[string]int // what references name, by the number of the pair that it is in
	pairs       int
}

// spot is where a node is.
type spot struct {
	path  string // from the root
	inner string // from the resource that it is in
}

func (s spot) member(name string) spot {
	return spot{joinPath(s.path, name), joinPath(s.inner, name)}
}

func (s spot) item(i int) spot {
	index := "[" + strconv.Itoa(i) + "]"
	return spot{s.path + index, s.inner + index}
}

func joinPath(a, b string) string {
	if a == "" {
		return b
	}
	return a + "." + b
}

func rootName(n *fhir.Node) string {
	if t := n.Find("resourceType").String(); t != "" {
		return t
	}
	if n.Kind == fhir.Element {
		return n.Name
	}
	return ""
}

// parse reads both sides into one form.
func (d *documents) parse(a, b []byte, turned bool) (l, r *fhir.Node, err error) {
	ka, kb := format.Detect(a).Kind, format.Detect(b).Kind
	read := fhir.ParseJSON
	switch {
	case isFHIR(ka) && isFHIR(kb):
		d.fhir = true
		read = fhir.R4().Parse
	case fhir.LooksLikeXML(a) && fhir.LooksLikeXML(b):
		d.xml = true
		read = fhir.ParseXML
	case fhir.LooksLikeXML(a) != fhir.LooksLikeXML(b):
		return nil, nil, ErrNotAlike
	}
	names := [2]string{"left", "right"}
	if turned {
		names = [2]string{"right", "left"}
	}
	if l, err = read(a); err != nil {
		return nil, nil, fmt.Errorf("the %s side: %w", names[0], err)
	}
	if r, err = read(b); err != nil {
		return nil, nil, fmt.Errorf("the %s side: %w", names[1], err)
	}
	return l, r, nil
}

func isFHIR(k format.Kind) bool {
	return k == format.FHIRJSON || k == format.FHIRXML || k == format.FHIRNDJSON
}

// nodes compares two nodes that were set against each other.
func (d *documents) nodes(l, r *fhir.Node, at, to spot) {
	switch {
	case l.Kind != r.Kind:
		d.add(Changed, "", l, r, at, to)
	case l.Kind == fhir.Object:
		d.objects(l, r, at, to)
	case l.Kind == fhir.Array:
		d.arrays(l.Children, r.Children, at, to, true)
	case l.Kind == fhir.Element:
		d.elements(l, r, at, to)
	case l.Kind == fhir.Null || l.Text == r.Text:
	default:
		d.scalars(l, r, at, to)
	}
}

func (d *documents) scalars(l, r *fhir.Node, at, to spot) {
	switch {
	case l.Kind == fhir.Number && sameDecimal(l.Text, r.Text):
		d.add(Formatting, "number", l, r, at, to)
	case l.Kind == fhir.String && sameMoment(l.Text, r.Text):
		d.add(Formatting, "instant", l, r, at, to)
	default:
		d.add(Changed, "", l, r, at, to)
	}
}

// sameDecimal compares numbers of JSON.
func sameDecimal(a, b string) bool {
	if sameNumber(a, b) {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y && (strings.ContainsAny(a, "eE") || strings.ContainsAny(b, "eE"))
}

// sameMoment compares instants of ISO 8601 that both have a zone.
func sameMoment(a, b string) bool {
	if len(a) < 16 || len(b) < 16 || a[4] != '-' {
		return false
	}
	x, errX := time.Parse(time.RFC3339Nano, a)
	y, errY := time.Parse(time.RFC3339Nano, b)
	return errX == nil && errY == nil && x.Equal(y)
}

// objects compares members by name. Contained resources come first, because references may name them; the members that
// both have follow in the order of the left, then those of the right alone.
func (d *documents) objects(l, r *fhir.Node, at, to spot) {
	if t, u := l.Find("resourceType").String(), r.Find("resourceType").String(); d.fhir && t != "" && t == u {
		at.inner, to.inner = t, t
	}
	taken := make([]bool, len(r.Children))
	other := func(m *fhir.Node) *fhir.Node {
		for j, n := range r.Children {
			if !taken[j] && n.Name == m.Name {
				taken[j] = true
				return n
			}
		}
		return nil
	}
	one := func(m *fhir.Node) {
		p, q := at.member(m.Name), to.member(m.Name)
		if n := other(m); n != nil {
			d.nodes(m, n, p, q)
		} else {
			d.add(Removed, "", m, nil, p, q)
		}
	}
	for _, first := range [...]bool{true, false} {
		for _, m := range l.Children {
			if m.Kind != fhir.Comment && (m.Name == "contained") == first {
				one(m)
			}
		}
	}
	for j, n := range r.Children {
		if !taken[j] && n.Kind != fhir.Comment {
			d.add(Added, "", nil, n, at.member(n.Name), to.member(n.Name))
		}
	}
}

// ordered are the arrays of FHIR whose order has a meaning.
var ordered = map[string]bool{"given": true, "line": true, "item": true, "section": true, "step": true, "action": true}

// arrays aligns items by identity and compares the pairs.
func (d *documents) arrays(l, r []*fhir.Node, at, to spot, indexed bool) {
	itemsL, itemsR := d.items(l), d.items(r)
	pairs := align(itemsL, itemsR, func(i, j int) float64 { return alikeNodes(l[i], r[j]) })
	moved := movedAmong(pairs)
	name := at.path[strings.LastIndexByte(at.path, '.')+1:]
	if d.fhir && !ordered[name] {
		moved = nil
	}
	place := func(s spot, list []*fhir.Node, i int) spot {
		if indexed {
			return s.item(i)
		}
		return elementSpot(s, list, i)
	}
	taken := make([]bool, len(r))
	for i, j := range pairs {
		if j >= 0 {
			taken[j] = true
			d.refer(l[i], r[j])
		}
	}
	for i, j := range pairs {
		p := place(at, l, i)
		if j < 0 {
			d.add(Removed, "", l[i], nil, p, spot{})
			continue
		}
		q := place(to, r, int(j))
		if moved != nil && moved[i] {
			d.add(Moved, "", l[i], r[j], p, q)
		}
		d.nodes(l[i], r[j], p, q)
	}
	for j, n := range r {
		if !taken[j] {
			d.add(Added, "", nil, n, spot{}, place(to, r, j))
		}
	}
}

// elements compares XML elements: attributes by name, texts without the blanks around them, elements aligned.
func (d *documents) elements(l, r *fhir.Node, at, to spot) {
	if l.Name != r.Name {
		d.add(Changed, "", l, r, at, to)
		return
	}
	split := func(n *fhir.Node) (attributes, texts, elements []*fhir.Node) {
		for _, c := range n.Children {
			switch {
			case blankNode(c):
			case c.Kind == fhir.Attribute:
				attributes = append(attributes, c)
			case c.Kind == fhir.Text:
				texts = append(texts, c)
			default:
				elements = append(elements, c)
			}
		}
		return
	}
	al, tl, el := split(l)
	ar, tr, er := split(r)
	for _, a := range al {
		p, q := at.member("@"+a.Name), to.member("@"+a.Name)
		k := slices.IndexFunc(ar, func(b *fhir.Node) bool { return b.Name == a.Name })
		switch {
		case k < 0:
			d.add(Removed, "", a, nil, p, q)
		case ar[k].Text != a.Text:
			d.add(Changed, "", a, ar[k], p, q)
		}
	}
	for _, b := range ar {
		if !slices.ContainsFunc(al, func(a *fhir.Node) bool { return b.Name == a.Name }) {
			d.add(Added, "", nil, b, at.member("@"+b.Name), to.member("@"+b.Name))
		}
	}
	for k := range max(len(tl), len(tr)) {
		switch {
		case k >= len(tl):
			d.add(Added, "", nil, tr[k], at, to)
		case k >= len(tr):
			d.add(Removed, "", tl[k], nil, at, to)
		case strings.TrimSpace(tl[k].Text) != strings.TrimSpace(tr[k].Text):
			d.add(Changed, "", tl[k], tr[k], at, to)
		}
	}
	d.arrays(el, er, at, to, false)
}

// blankNode says whether a node is a comment or blanks between elements.
func blankNode(n *fhir.Node) bool {
	return n.Kind == fhir.Comment || n.Kind == fhir.Text && strings.TrimSpace(n.Text) == ""
}

// elementSpot numbers an element among its siblings of one name, if there are several.
func elementSpot(s spot, list []*fhir.Node, at int) spot {
	n, own := 0, 0
	for i, e := range list {
		if e.Name == list[at].Name {
			if i == at {
				own = n
			}
			n++
		}
	}
	s = s.member(list[at].Name)
	if n > 1 {
		s = s.item(own)
	}
	return s
}

// add keeps a difference between two nodes, of which one may be nil.
func (d *documents) add(kind Change, about string, l, r *fhir.Node, at, to spot) {
	x := Difference{Kind: kind, About: about, Count: 1, Left: nodeSide(l, at.path), Right: nodeSide(r, to.path)}
	if l == nil {
		x.Left.Path = at.path
	}
	if x.Path = x.Left.Path; kind == Added || x.Path == "" {
		x.Path = x.Right.Path
	}
	inner := at.inner
	if kind == Added || inner == "" {
		inner = to.inner
	}
	if x.inner = generalPath(inner); x.inner == generalPath(x.Path) {
		x.inner = ""
	}
	if d.fhir {
		d.serversOwn(&x, l, r)
	}
	d.judge(&x)
	d.out.Differences = append(d.out.Differences, x)
}

func nodeSide(n *fhir.Node, path string) Side {
	if n == nil {
		return Side{State: hl7.Absent}
	}
	s := Side{Path: path, Span: Span{n.Off, n.End}, State: hl7.Valued, Text: n.Text}
	switch n.Kind {
	case fhir.Object, fhir.Array:
		s.Text = string(fhir.AppendJSON(nil, n))
	case fhir.Element:
		s.Text = string(fhir.AppendXMLTree(nil, n))
	case fhir.Null:
		s.Text, s.State = "null", hl7.Null
	}
	return s
}

// textResult compares what could not be read as a document, line by line.
func textResult(a, b []byte, rules *Rules) *Result {
	return Messages(hl7.Parse(a), hl7.Parse(b), rules)
}

// documentKey is by what a document is paired in a set, and its type: Patient/17 and Patient, or the name of its file.
func documentKey(b []byte, name string) (key, kind string) {
	switch k := format.Detect(b).Kind; {
	case isFHIR(k):
		n, err := fhir.R4().Parse(b)
		if err != nil {
			return name, string(k)
		}
		if kind = n.Find("resourceType").String(); kind != "" {
			if id := n.Find("id").String(); id != "" && kind != "Bundle" {
				return kind + "/" + id, kind
			}
			if id := n.Find("identifier", "value").String(); id != "" && kind == "Bundle" {
				return id, kind
			}
			return name, kind
		}
		return name, string(k)
	default:
		return name, string(k)
	}
}
