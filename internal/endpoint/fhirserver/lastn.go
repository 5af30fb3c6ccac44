package fhirserver

import (
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// lastN answers Observation/$lastn (R4 Observation-lastn): of each kind of observation that a search finds the latest, or as many as max.
func (s *Server) lastN(r *request) (*response, error) {
	if err := r.access.allows("Observation", "search-type"); err != nil {
		return nil, err
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(r.query, func(p fhirstore.Pair) bool {
			name, _, _ := strings.Cut(p.Name, ":")
			name, _, _ = strings.Cut(name, ".")
			return slices.Contains(names, name)
		})
	}
	if !has("patient", "subject") || !has("category", "code") {
		f := fail(400, "$lastn needs a patient or subject, and a category or code")
		f.issues[0].code = "required"
		return nil, f
	}
	most := atoi(r.get("max"), 1)
	if most < 1 {
		return nil, fail(400, "max must be a whole number from 1 on")
	}
	q, err := s.store.ParseQuery("Observation", r.query, fhirstore.QueryOptions{Base: r.base, Allow: s.searchable, Skip: func(name string) bool { return name == "max" || isControl(name) }})
	if err != nil {
		return nil, err
	}
	q.Sort = []fhirstore.SortKey{{Code: "date", Descending: true}}
	found, err := s.store.Search(r.ctx, q)
	if err != nil {
		return nil, err
	}
	sees := s.sees(r.access)
	counts := map[string]*int{} // by code, shared by those of one kind
	var kept []*fhirstore.Version
	for _, v := range found {
		if !sees(v) {
			continue
		}
		// Two observations are of one kind if they share a code: the first that is known tells which.
		keys := kindsOf(v.Tree())
		var n *int
		for _, k := range keys {
			if n = counts[k]; n != nil {
				break
			}
		}
		if n == nil {
			n = new(int)
		}
		for _, k := range keys {
			counts[k] = n
		}
		if *n++; *n > most {
			continue
		}
		kept = append(kept, v)
	}
	l := &listing{s: s, typ: "Observation", found: kept, self: r.base + "/" + joinPath(r.path), query: r.query, ignored: q.Ignored}
	if err := l.controls(r.query); err != nil {
		return nil, err
	}
	return l.page(r, 0)
}

// kindsOf are the codes of an observation; its text where it has none.
func kindsOf(n *fhir.Node) (keys []string) {
	for c := range n.All("code", "coding") {
		keys = append(keys, c.Member("system").String()+"|"+c.Member("code").String())
	}
	if len(keys) == 0 {
		keys = []string{fhirstore.Fold(n.Find("code", "text").String())}
	}
	return keys
}
