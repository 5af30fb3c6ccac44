package fhirserver

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// compartment is the resource that a search is confined to.
type compartment struct{ typ, id string }

// controls are the parameters of a search that say what comes back and not what is found (R4 3.1.1.5).
var controls = []string{"_count", "_include", "_revinclude", "_include:iterate", "_revinclude:iterate", "_include:recurse", "_revinclude:recurse", "_total", "_summary", "_elements", "_contained", "_containedType", "_score", "_format", "_pretty", pageParameter}

func isControl(name string) bool { return slices.Contains(controls, name) }

// searchable says whether a parameter is one of those that the personality has.
func (s *Server) searchable(typ, code string) bool {
	return s.c.Personality == nil || s.c.Personality.searches(typ, code)
}

// search answers a search over a type, "" for all, inside a compartment if within is given.
func (s *Server) search(r *request, typ string, within *compartment, pairs []fhirstore.Pair) (*response, error) {
	if p := s.c.Personality; p != nil && p.Paging.Cursor != "" && r.get(p.Paging.Cursor) != "" {
		return s.page(r, r.get(p.Paging.Cursor))
	}
	q, err := s.store.ParseQuery(typ, pairs, fhirstore.QueryOptions{Base: r.base, Allow: s.searchable, Skip: func(name string) bool { return isControl(name) || s.c.Personality.own(name) }})
	if err != nil {
		return nil, err
	}
	if p := s.c.Personality; p != nil {
		if err := p.required(typ, pairs); err != nil {
			return nil, err
		}
	}
	if err := s.strictly(r, q); err != nil {
		return nil, err
	}
	l := &listing{s: s, typ: typ, ignored: q.Ignored}
	l.self = r.base + "/" + strings.TrimPrefix(strings.Join(r.path, "/"), "/")
	l.self = strings.TrimSuffix(strings.TrimSuffix(l.self, "/_search"), "/")
	if r.tx == nil && r.access == nil {
		asked := pairs
		if p := s.c.Personality; p != nil && p.Paging.Number != "" {
			asked = slices.DeleteFunc(slices.Clone(pairs), func(x fhirstore.Pair) bool { return x.Name == p.Paging.Number })
		}
		l.asked, l.revision = l.self+"?"+joinPairs(asked), s.store.Revision()
		if before := s.pages.same(l); before != nil {
			return before.page(r, before.begin(r))
		}
	}
	found, err := r.source(s).Search(r.ctx, q)
	if err != nil {
		return nil, err
	}
	if within != nil {
		found = s.inside(within, typ, found)
	}
	if r.access != nil {
		sees := s.sees(r.access)
		found = slices.DeleteFunc(found, func(v *fhirstore.Version) bool { return !sees(v) })
	}
	if err := s.c.Personality.bears(typ, len(found)); err != nil {
		return nil, err
	}
	l.found = found
	for _, p := range pairs {
		if !slices.ContainsFunc(q.Ignored, func(x fhirstore.Ignored) bool { return x.Pair == p }) && p.Name != pageParameter {
			l.query = append(l.query, p)
		}
	}
	if err := l.controls(pairs); err != nil {
		return nil, err
	}
	if p := s.c.Personality; p != nil && p.WholeByID && r.get("_id") != "" {
		l.count = max(1, len(found))
	}
	return l.page(r, l.begin(r))
}

// strictly refuses parameters that would have no effect, where the client or the server asks for that.
func (s *Server) strictly(r *request, q *fhirstore.Query) error {
	handling := r.prefers("handling")
	if len(q.Ignored) == 0 || handling != "strict" && (handling != "" || !s.c.Strict) {
		return nil
	}
	f := &failure{status: 400}
	for _, x := range q.Ignored {
		f.issues = append(f.issues, issue{severity: "error", code: "not-supported", text: "The search parameter " + printable(x.Name) + " cannot be used: " + x.Reason + "."})
	}
	return f
}

// printable shortens a name that a client made up.
func printable(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// listing is a search with its result, from which pages are cut.
type listing struct {
	s        *Server
	typ      string
	self     string
	query    []fhirstore.Pair
	found    []*fhirstore.Version
	ignored  []fhirstore.Ignored
	includes []include
	count    int
	total    string
	subset   subset
	cursor   sync.Once // makes key
	key      string    // of the further pages, once there are any
	history  bool
	asked    string // what was asked for, "" where the answer is for one client only
	revision uint64 // of the store when it was
}

// controls reads the parameters that say what comes back.
func (l *listing) controls(pairs []fhirstore.Pair) error {
	l.count = l.s.c.PageSize
	size := "_count"
	if p := l.s.c.Personality; p != nil && p.Paging.Count != "" {
		size = p.Paging.Count
	}
	for _, p := range pairs {
		switch name, modifier, _ := strings.Cut(p.Name, ":"); name {
		case size:
			n, err := strconv.Atoi(p.Value)
			if err != nil || n < 0 {
				return fail(400, "_count must be a whole number that is not negative")
			}
			l.count = min(n, l.s.c.MaxPage)
		case "_include", "_revinclude":
			i, err := l.s.include(p.Value, name == "_revinclude", modifier != "")
			if err != nil {
				return err
			}
			l.includes = append(l.includes, i)
		case "_total":
			if !slices.Contains([]string{"none", "estimate", "accurate"}, p.Value) {
				return fail(400, "_total must be none, estimate or accurate")
			}
			l.total = p.Value
		}
	}
	var err error
	l.subset, err = readSubset(pairs)
	return err
}

// page cuts a page out, from the resource with this index.
func (l *listing) page(r *request, from int) (*response, error) {
	b := fhir.NewObject(fhir.NewString("Bundle").Named("resourceType"))
	kind := "searchset"
	if l.history {
		kind = "history"
	}
	b.Children = append(b.Children, fhir.NewString(kind).Named("type"))
	if l.total != "none" {
		b.Children = append(b.Children, fhir.NewNumber(strconv.Itoa(len(l.found))).Named("total"))
	}
	count := l.count
	if l.subset.summary == "count" {
		count = 0
	}
	to := min(from+count, len(l.found))
	self := l.self
	if len(l.query) > 0 {
		self += "?" + joinPairs(l.query)
	}
	links := fhir.NewArray(link("self", self)).Named("link")
	if count > 0 && len(l.found) > count {
		l.cursor.Do(func() { l.key = l.s.pages.keep(l) })
		at := func(i int) string { return l.pageURL(r.base, i) }
		links.Children = append(links.Children, link("first", at(0)))
		if from > 0 {
			links.Children = append(links.Children, link("previous", at(max(0, from-count))))
		}
		if to < len(l.found) {
			links.Children = append(links.Children, link("next", at(to)))
		}
		links.Children = append(links.Children, link("last", at((len(l.found)-1)/count*count)))
	}
	b.Children = append(b.Children, links)
	entries := fhir.NewArray().Named("entry")
	if l.history {
		for _, v := range l.found[from:to] {
			entries.Children = append(entries.Children, historyEntry(r.base, v))
		}
	} else {
		matched := l.found[from:to]
		for _, v := range matched {
			entries.Children = append(entries.Children, l.entry(r, v, "match"))
		}
		if count > 0 {
			for _, v := range l.s.included(matched, l.includes) {
				if l.s.visible(r.access, v) {
					entries.Children = append(entries.Children, l.entry(r, v, "include"))
				}
			}
		}
		if len(l.ignored) > 0 && from == 0 {
			entries.Children = append(entries.Children, ignoredEntry(l.ignored))
		}
	}
	if len(entries.Children) > 0 {
		b.Children = append(b.Children, entries)
	}
	return &response{status: 200, tree: b}, nil
}

func link(relation, url string) *fhir.Node {
	return fhir.NewObject(fhir.NewString(relation).Named("relation"), fhir.NewString(url).Named("url"))
}

func (l *listing) entry(r *request, v *fhirstore.Version, mode string) *fhir.Node {
	n := v.Tree()
	if mode == "match" {
		n = l.s.trim(n, l.subset)
	}
	return fhir.NewObject(
		fhir.NewString(r.base+"/"+v.Reference()).Named("fullUrl"),
		n.Named("resource"),
		fhir.NewObject(fhir.NewString(mode).Named("mode")).Named("search"))
}

// ignoredEntry warns of parameters that had no effect: to ignore them silently is the best-known trap of integrations.
func ignoredEntry(list []fhirstore.Ignored) *fhir.Node {
	var issues []issue
	for _, x := range list {
		issues = append(issues, issue{severity: "warning", code: "not-supported", text: "The search parameter " + printable(x.Name) + " was ignored: " + x.Reason + "."})
	}
	return fhir.NewObject(outcome(issues).Named("resource"), fhir.NewObject(fhir.NewString("outcome").Named("mode")).Named("search"))
}

// include is an _include or a _revinclude (R4 3.1.1.5.4).
type include struct {
	typ, code, target string // code "*" is every reference
	reverse, iterate  bool
}

func (s *Server) include(text string, reverse, iterate bool) (include, error) {
	parts := strings.Split(text, ":")
	i := include{typ: parts[0], reverse: reverse, iterate: iterate}
	if text == "*" {
		return include{code: "*", reverse: reverse, iterate: iterate}, nil
	}
	if len(parts) < 2 || len(parts) > 3 || !s.d.IsResource(i.typ) {
		return i, fail(400, "an include reads Type:parameter or Type:parameter:Target")
	}
	i.code = parts[1]
	if len(parts) == 3 {
		i.target = parts[2]
	}
	if p := s.store.Param(i.typ, i.code); i.code != "*" && (p == nil || p.Type != "reference" || i.target != "" && !p.Accepts(i.target)) {
		return i, fail(400, "an include must name a search parameter of type reference that can point to the target")
	}
	return i, nil
}

// maxIncluded bounds what iterating includes can bring.
const maxIncluded = 5000

// included finds what comes along with a page of matches, each once.
func (s *Server) included(matched []*fhirstore.Version, includes []include) (list []*fhirstore.Version) {
	if len(includes) == 0 {
		return nil
	}
	seen := make(map[*fhirstore.Version]bool, len(matched))
	for _, v := range matched {
		seen[v] = true
	}
	from, first := matched, true
	for len(from) > 0 && len(list) < maxIncluded {
		var next []*fhirstore.Version
		for _, i := range includes {
			if !first && !i.iterate {
				continue
			}
			for _, v := range from {
				for _, found := range s.follow(i, v) {
					if !seen[found] {
						seen[found] = true
						next = append(next, found)
					}
				}
			}
		}
		list = append(list, next...)
		from, first = next, false
	}
	return list
}

// follow finds what one include brings for one resource.
func (s *Server) follow(i include, v *fhirstore.Version) (list []*fhirstore.Version) {
	if i.reverse {
		types := []string{i.typ}
		if i.typ == "" {
			types = s.store.Types()
		}
		for _, t := range types {
			for _, p := range s.store.Params(t) {
				if p.Type == "reference" && (i.code == "*" || i.code == p.Code) && (i.target == "" || i.target == v.Type) {
					list = append(list, s.store.Pointing(t, p, v.Reference())...)
				}
			}
		}
		return list
	}
	if i.typ != "" && i.typ != v.Type {
		return nil
	}
	for _, p := range s.store.Params(v.Type) {
		if p.Type != "reference" || i.code != "*" && i.code != p.Code {
			continue
		}
		for _, ref := range s.store.Targets(p, v) {
			typ, id := fhirstore.SplitReference(ref)
			if typ == "" || i.target != "" && i.target != typ {
				continue
			}
			if found, err := s.store.Read(typ, id); err == nil {
				list = append(list, found)
			}
		}
	}
	return list
}
