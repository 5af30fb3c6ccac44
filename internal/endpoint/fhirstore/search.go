package fhirstore

import (
	"context"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Search finds the resources for which all filters hold, in the order of the query; without one in the order of their last change.
func (s *Store) Search(ctx context.Context, q *Query) (list []*Version, err error) {
	s.see(func() { list, err = s.search(ctx, q) })
	return list, err
}

// Search is [Store.Search] inside the transaction.
func (tx *Tx) Search(ctx context.Context, q *Query) ([]*Version, error) { return tx.s.search(ctx, q) }

func (s *Store) search(ctx context.Context, q *Query) ([]*Version, error) {
	types := []string{q.Type}
	if q.Type == "" {
		if types = q.Types; len(types) == 0 {
			for t := range s.kinds {
				types = append(types, t)
			}
			slices.Sort(types)
		}
	}
	var docs []uint32
	for _, t := range types {
		found, err := s.matching(ctx, t, q)
		if err != nil {
			return nil, err
		}
		docs = merge(docs, found)
	}
	list := make([]*Version, 0, len(docs))
	for _, d := range docs {
		if v := s.docs[d]; v != nil {
			list = append(list, v)
		}
	}
	s.sort(list, q)
	return list, nil
}

// matching lists documents of a type for which all filters hold, dead ones too. The filters that are answered by looking up go
// first, so that the others look at few documents.
func (s *Store) matching(ctx context.Context, typ string, q *Query) ([]uint32, error) {
	k := s.kinds[typ]
	if k == nil {
		return nil, nil
	}
	docs := k.all
	filters := make([]*Filter, len(q.Filters))
	for i := range q.Filters {
		filters[i] = &q.Filters[i]
	}
	slices.SortStableFunc(filters, func(a, b *Filter) int { return a.cost() - b.cost() })
	for _, f := range filters {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := s.apply(ctx, k, f, docs)
		if err != nil {
			return nil, err
		}
		docs = found
	}
	return docs, nil
}

// cost orders filters by how much they look at.
func (f *Filter) cost() int {
	switch {
	case f.own == byID:
		return 0
	case f.has != nil || f.chain != nil:
		return 3
	case f.own == byText || f.own == byContent:
		return 6
	case f.modifier == "in" || f.modifier == "not-in" || f.modifier == "above" || f.modifier == "below":
		return 5
	case f.param.Type == "token" || f.param.Type == "reference":
		return 1
	case f.param.Type == "composite":
		return 4
	}
	return 2
}

// apply keeps those of docs for which the filter holds.
func (s *Store) apply(ctx context.Context, k *kind, f *Filter, docs []uint32) ([]uint32, error) {
	switch {
	case f.has != nil:
		return s.pointedAt(ctx, k, f.has, docs)
	case f.chain != nil:
		return s.pointing(ctx, k, f, docs)
	case f.own == byID:
		return s.byID(k, f, docs), nil
	case f.own == byUpdated:
		return s.keep(docs, func(v *Version) bool {
			at := float64(v.Updated.UnixMilli())
			return slices.ContainsFunc(f.values, func(x operand) bool { return x.between(at, at+1, true) })
		}), nil
	case f.own == byText || f.own == byContent:
		return s.keep(docs, func(v *Version) bool { return f.inText(v) }), nil
	}
	p := s.paramOf(k, f.param)
	if p == nil {
		return nil, nil
	}
	x := &k.indexes[p.at]
	switch {
	case f.modifier == "missing":
		if f.values[0].missing {
			return without(docs, x.any), nil
		}
		return intersect(docs, x.any), nil
	case p.Type == "composite":
		return s.composed(k, p, f, docs), nil
	case f.values[0].member != nil:
		return s.keep(docs, func(v *Version) bool { return f.members(p, v) }), nil
	case f.modifier == "not":
		return without(docs, s.tokens(p, x, f)), nil
	case p.Type == "token":
		if f.modifier == "text" {
			return intersect(docs, textDocs(x, f.values)), nil
		}
		return among(k, docs, s.tokens(p, x, f)), nil
	case p.Type == "reference":
		return among(k, docs, references(x, f)), nil
	case p.Type == "string" || p.Type == "uri":
		return scan(docs, x.strings, func(e *stringEntry) uint32 { return e.doc }, func(e *stringEntry) bool { return f.stringHolds(p.Type, e.raw, e.folded) }), nil
	}
	isDate := p.Type == "date"
	return scan(docs, x.ranges, func(e *rangeEntry) uint32 { return e.doc }, func(e *rangeEntry) bool {
		for i := range f.values {
			if o := &f.values[i]; o.fits(e.unit) && o.between(e.lo, e.hi, isDate) {
				return true
			}
		}
		return false
	}), nil
}

// among keeps those of docs that were found; where docs are still all of the type, that is what was found.
func among(k *kind, docs, found []uint32) []uint32 {
	if len(docs) == len(k.all) {
		return found
	}
	return intersect(docs, found)
}

// paramOf is the parameter of a type that has the code of another's: searches over several types are read once.
func (s *Store) paramOf(k *kind, p *Param) *Param {
	if p.at < len(k.params) && k.params[p.at] == p {
		return p
	}
	return s.Param(k.name, p.Code)
}

// scan keeps the documents with an entry that holds: it goes through all entries, or only those of few documents.
func scan[E any](docs []uint32, entries []E, of func(*E) uint32, holds func(*E) bool) []uint32 {
	out := make([]uint32, 0, min(len(docs), 64))
	if len(docs)*16 < len(entries) {
		for _, d := range docs {
			of := entriesOf(entries, d, of)
			for i := range of {
				if holds(&of[i]) {
					out = append(out, d)
					break
				}
			}
		}
		return out
	}
	for i := range entries {
		if d := of(&entries[i]); (len(out) == 0 || out[len(out)-1] != d) && holds(&entries[i]) {
			out = append(out, d)
		}
	}
	return intersect(docs, out)
}

func (f *Filter) stringHolds(typ, raw, folded string) bool {
	for i := range f.values {
		t := f.values[i].text
		ok := false
		switch {
		case typ == "uri" && f.modifier == "below":
			ok = raw == t || strings.HasPrefix(raw, strings.TrimSuffix(t, "/")+"/")
		case typ == "uri" && f.modifier == "above":
			ok = raw == t || strings.HasPrefix(t, strings.TrimSuffix(raw, "/")+"/")
		case typ == "uri" || f.modifier == "exact":
			ok = raw == t
		case f.modifier == "contains":
			ok = strings.Contains(folded, t)
		default:
			ok = strings.HasPrefix(folded, t)
		}
		if ok {
			return true
		}
	}
	return false
}

func (s *Store) keep(docs []uint32, holds func(v *Version) bool) []uint32 {
	var out []uint32
	for _, d := range docs {
		if v := s.docs[d]; v != nil && holds(v) {
			out = append(out, d)
		}
	}
	return out
}

func (s *Store) byID(k *kind, f *Filter, docs []uint32) []uint32 {
	var out []uint32
	for i := range f.values {
		if v := k.current(f.values[i].text); v != nil && !v.Deleted() {
			out = append(out, v.doc)
		}
	}
	slices.Sort(out)
	return intersect(docs, slices.Compact(out))
}

// tokens lists the documents of all values of a filter.
func (s *Store) tokens(p *Param, x *index, f *Filter) []uint32 {
	lists := make([][]uint32, 0, len(f.values))
	for i := range f.values {
		o := &f.values[i]
		switch {
		case f.modifier == "of-type":
			lists = append(lists, x.keys[ofType+o.system+keySplitter+o.code+keySplitter+o.text])
		case !o.hasSystem:
			lists = append(lists, x.keys[anySystem+o.code])
		case o.code == "":
			lists = append(lists, x.keys[o.system+whole])
		default:
			lists = append(lists, x.keys[o.system+keySplitter+o.code])
			// A code alone has the system that its binding implies.
			if o.system != "" && p.set != "" && s.d.MemberOf(p.set, o.system, o.code) == fhir.Member {
				lists = append(lists, x.keys[keySplitter+o.code])
			}
		}
	}
	return merge(lists...)
}

func textDocs(x *index, values []operand) []uint32 {
	var out []uint32
	for _, e := range x.texts {
		if (len(out) == 0 || out[len(out)-1] != e.doc) && slices.ContainsFunc(values, func(o operand) bool { return strings.HasPrefix(e.folded, o.text) }) {
			out = append(out, e.doc)
		}
	}
	return out
}

func references(x *index, f *Filter) []uint32 {
	var lists [][]uint32
	for i := range f.values {
		o := &f.values[i]
		switch {
		case f.modifier == "identifier" && o.hasSystem:
			lists = append(lists, x.keys[ofRef+o.system+keySplitter+o.code])
		case f.modifier == "identifier":
			lists = append(lists, x.keys[anyRef+o.code])
		default:
			for _, r := range o.refs {
				if isName(f.modifier) && !strings.Contains(r, f.modifier+"/") {
					continue
				}
				lists = append(lists, x.keys[r])
			}
		}
	}
	return merge(lists...)
}

// members looks at the codes of a document itself: for :in, :not-in, :above and :below.
func (f *Filter) members(p *Param, v *Version) bool {
	found := false
	p.source.each(v.Tree(), func(n *fhir.Node, typ string) {
		atoms(p.Type, n, typ, func(a atom) {
			if a.kind == atomToken {
				for i := range f.values {
					found = found || f.values[i].member(a.system, a.code)
				}
			}
		})
	})
	return found != (f.modifier == "not-in")
}

func (f *Filter) inText(v *Version) bool {
	var texts []string
	if f.own == byText {
		texts = append(texts, tagless(v.Tree().Find("text", "div").String()))
	} else {
		v.Tree().Walk(func(_ string, n *fhir.Node) bool {
			if n.Kind == fhir.String {
				texts = append(texts, tagless(n.Text))
			}
			return true
		})
	}
	all := fold(strings.Join(texts, " "))
	return slices.ContainsFunc(f.values, func(o operand) bool { return strings.Contains(all, o.text) })
}

// tagless leaves the tags out of a narrative.
func tagless(s string) string {
	if strings.IndexByte(s, '<') < 0 {
		return s
	}
	var b strings.Builder
	inside := false
	for _, r := range s {
		switch {
		case r == '<':
			inside = true
			b.WriteByte(' ')
		case r == '>':
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// composed keeps the documents in which one element has all the components.
func (s *Store) composed(k *kind, p *Param, f *Filter, docs []uint32) []uint32 {
	return s.keep(docs, func(v *Version) bool {
		tree, found := v.Tree(), false
		for _, g := range p.groups {
			g.whole.each(tree, func(n *fhir.Node, _ string) {
				for i := range f.values {
					found = found || g.holds(n, f.values[i].parts)
				}
			})
		}
		return found
	})
}

func (g *group) holds(n *fhir.Node, parts []operand) bool {
	for i := range parts {
		o, ok := &parts[i], false
		g.parts[i].each(n, func(v *fhir.Node, typ string) {
			atoms(o.kind, v, typ, func(a atom) { ok = ok || o.holds(&a) })
		})
		if !ok {
			return false
		}
	}
	return true
}

// holds compares with one value that was taken out of a resource.
func (x *operand) holds(a *atom) bool {
	switch a.kind {
	case atomToken:
		return (x.code == "" || x.code == a.code) && (!x.hasSystem || x.system == a.system)
	case atomString:
		if x.kind == "uri" {
			return x.text == a.text
		}
		return strings.HasPrefix(fold(a.text), x.text)
	case atomRef:
		typ, id := splitReference(a.text)
		return slices.Contains(x.refs, a.text) || typ != "" && slices.Contains(x.refs, typ+"/"+id)
	case atomRange:
		return x.fits(&unit{a.system, a.code, a.text}) && x.between(a.lo, a.hi, x.kind == "date")
	}
	return false
}

// pointing keeps the documents whose reference points to what the chain finds.
func (s *Store) pointing(ctx context.Context, k *kind, f *Filter, docs []uint32) ([]uint32, error) {
	x := &k.indexes[f.param.at]
	var out []uint32
	for i := range f.chain.Filters {
		q := f.chain.Filters[i].chain
		found, err := s.matching(ctx, q.Type, q)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if v := s.docs[d]; v != nil {
				out = append(out, x.keys[v.Reference()]...)
			}
		}
	}
	slices.Sort(out)
	return intersect(docs, slices.Compact(out)), nil
}

// pointedAt keeps the documents that others point to, for which the inner query holds.
func (s *Store) pointedAt(ctx context.Context, k *kind, h *reverse, docs []uint32) ([]uint32, error) {
	found, err := s.matching(ctx, h.query.Type, h.query)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	// Who points is in the index of the reference by what it points to: nothing needs to be read again.
	held := make(set, len(s.docs)/64+1)
	for _, d := range found {
		if s.docs[d] != nil {
			held.add(d)
		}
	}
	pointing := s.kinds[h.query.Type].indexes[h.param.at].keys
	return s.keep(docs, func(v *Version) bool { return slices.ContainsFunc(pointing[v.Reference()], held.has) }), nil
}

// set is a set of documents.
type set []uint64

func (s set) add(doc uint32) { s[doc/64] |= 1 << (doc % 64) }

func (s set) has(doc uint32) bool { return s[doc/64]&(1<<(doc%64)) != 0 }

// targets lists what a resource points to by a parameter.
func (s *Store) targets(p *Param, v *Version) (list []string) {
	if p.source == nil {
		return nil
	}
	p.source.each(v.Tree(), func(n *fhir.Node, typ string) {
		atoms("reference", n, typ, func(a atom) {
			if a.kind == atomRef {
				list = append(list, a.text)
			}
		})
	})
	return list
}

// Targets lists what a resource points to by a reference parameter, as Type/id where it is a resource of the store.
func (s *Store) Targets(p *Param, v *Version) []string { return s.targets(p, v) }

// Pointing lists the resources of a type that point to reference, Type/id, by a parameter.
func (s *Store) Pointing(typ string, p *Param, reference string) (list []*Version) {
	s.see(func() { list = s.pointers(typ, p, reference) })
	return list
}

func (s *Store) pointers(typ string, p *Param, reference string) []*Version {
	k := s.kinds[typ]
	if k == nil || p.Type != "reference" {
		return nil
	}
	var list []*Version
	for _, d := range k.indexes[p.at].keys[reference] {
		if v := s.docs[d]; v != nil {
			list = append(list, v)
		}
	}
	return list
}
