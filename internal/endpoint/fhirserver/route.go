package fhirserver

import (
	"net/http"
	"net/url"
	"strings"

	"trestle/internal/endpoint/fhirstore"
)

// answer leads a request to its interaction; what fails becomes an OperationOutcome.
func (s *Server) answer(r *request) *response {
	p, err := s.route(r)
	if err == nil {
		return p
	}
	f := asFailure(err)
	return &response{status: f.status, tree: outcome(f.issues), header: f.header}
}

func (s *Server) route(r *request) (*response, error) {
	first := r.segment(0)
	switch {
	case len(r.path) == 0:
		return s.routeSystem(r)
	case first == "metadata" && len(r.path) == 1:
		if r.method != http.MethodGet && r.method != http.MethodHead {
			return nil, notAllowed("GET, HEAD")
		}
		return s.capabilities(r)
	case first == "_history" && len(r.path) == 1:
		return s.historyOf(r, "", "", "history-system")
	case first == "_search" && len(r.path) == 1 && r.method == http.MethodPost:
		return s.searchForm(r, "", nil)
	case strings.HasPrefix(first, "$"):
		return s.operation(r, "", "", first[1:])
	case first == "_bulk" && len(r.path) > 1:
		return s.bulk(r)
	case !s.d.IsResource(first):
		f := fail(404, "FHIR R4 has no resource type of the name in the address")
		f.issues[0].code = "not-supported"
		return nil, f
	case s.c.Personality != nil && !s.c.Personality.has(first):
		f := fail(404, "this server does not support %s", first)
		f.issues[0].code = "not-supported"
		return nil, f
	}
	switch len(r.path) {
	case 1:
		return s.routeType(r, first)
	case 2:
		return s.routeBelowType(r, first, r.path[1])
	}
	return s.routeBelowInstance(r, first, r.path[1])
}

func notAllowed(allow string) *failure {
	f := fail(405, "this address does not answer that method")
	f.header = http.Header{"Allow": {allow}}
	return f
}

func (s *Server) routeSystem(r *request) (*response, error) {
	switch r.method {
	case http.MethodGet, http.MethodHead:
		if cursor := r.get(pageParameter); cursor != "" {
			return s.page(r, cursor)
		}
		if key := r.get("_getpages"); key != "" && s.c.Personality != nil && s.c.Personality.Paging.Offsets {
			return s.page(r, key+"."+r.get("_getpagesoffset"))
		}
		return s.search(r, "", nil, r.query)
	case http.MethodPost:
		return s.bundle(r)
	}
	return nil, notAllowed("GET, HEAD, POST")
}

func (s *Server) routeType(r *request, typ string) (*response, error) {
	switch r.method {
	case http.MethodGet, http.MethodHead:
		if err := s.allow(r, typ, "search-type"); err != nil {
			return nil, err
		}
		return s.search(r, typ, nil, r.query)
	case http.MethodPost:
		if err := s.allow(r, typ, "create"); err != nil {
			return nil, err
		}
		return s.create(r, typ)
	case http.MethodPut:
		if err := s.allow(r, typ, "update"); err != nil {
			return nil, err
		}
		return s.update(r, typ, "")
	case http.MethodPatch:
		if err := s.allow(r, typ, "patch"); err != nil {
			return nil, err
		}
		return s.patch(r, typ, "")
	case http.MethodDelete:
		if err := s.allow(r, typ, "delete"); err != nil {
			return nil, err
		}
		return s.remove(r, typ, "")
	}
	return nil, notAllowed("GET, HEAD, POST, PUT, PATCH, DELETE")
}

func (s *Server) routeBelowType(r *request, typ, id string) (*response, error) {
	switch {
	case id == "_search" && r.method == http.MethodPost:
		if err := s.allow(r, typ, "search-type"); err != nil {
			return nil, err
		}
		return s.searchForm(r, typ, nil)
	case id == "_history":
		return s.historyOf(r, typ, "", "history-type")
	case strings.HasPrefix(id, "$"):
		return s.operation(r, typ, "", id[1:])
	}
	interaction := map[string]string{http.MethodGet: "read", http.MethodHead: "read", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[r.method]
	if interaction == "" {
		return nil, notAllowed("GET, HEAD, PUT, PATCH, DELETE")
	}
	if err := s.allow(r, typ, interaction); err != nil {
		return nil, err
	}
	switch interaction {
	case "read":
		return s.read(r, typ, id, "")
	case "update":
		return s.update(r, typ, id)
	case "patch":
		return s.patch(r, typ, id)
	}
	return s.remove(r, typ, id)
}

func (s *Server) routeBelowInstance(r *request, typ, id string) (*response, error) {
	third := r.path[2]
	switch {
	case third == "_history" && len(r.path) == 3:
		return s.historyOf(r, typ, id, "history-instance")
	case third == "_history" && len(r.path) == 4:
		if r.method != http.MethodGet && r.method != http.MethodHead {
			return nil, notAllowed("GET, HEAD")
		}
		if err := s.allow(r, typ, "vread"); err != nil {
			return nil, err
		}
		return s.read(r, typ, id, r.path[3])
	case strings.HasPrefix(third, "$") && len(r.path) == 3:
		return s.operation(r, typ, id, third[1:])
	case len(r.path) > 4 || !s.hasCompartment(typ):
		return nil, fail(404, "there is nothing at this address")
	}
	// Patient/1/Observation: a search within a compartment (R4 3.1.1.2).
	if third != "*" && !s.d.IsResource(third) {
		return nil, fail(404, "there is nothing at this address")
	}
	within := &compartment{typ, id}
	target := third
	if third == "*" {
		target = ""
	}
	if len(r.path) == 4 && r.path[3] == "_search" && r.method == http.MethodPost {
		return s.searchForm(r, target, within)
	}
	if len(r.path) != 3 || r.method != http.MethodGet && r.method != http.MethodHead {
		return nil, notAllowed("GET, HEAD")
	}
	return s.search(r, target, within, r.query)
}

// allow says whether the server has an interaction with a type, and the client the right to it.
func (s *Server) allow(r *request, typ, interaction string) error {
	if p := s.c.Personality; p != nil && !p.allows(typ, interaction) {
		f := fail(405, "this server does not support %s for %s", interaction, typ)
		f.issues[0].code = "not-supported"
		return f
	}
	return r.access.allows(typ, interaction)
}

// searchForm answers POST [type]/_search: parameters of the body and of the address together.
func (s *Server) searchForm(r *request, typ string, within *compartment) (*response, error) {
	if m := mediaType(r.header.Get("Content-Type")); m != "application/x-www-form-urlencoded" && len(r.body) > 0 {
		return nil, fail(415, "the body of _search must be application/x-www-form-urlencoded")
	}
	r.query = append(r.query, fhirstore.Pairs(string(r.body))...)
	return s.search(r, typ, within, r.query)
}

// joinPairs writes parameters as the query part of an address.
func joinPairs(list []fhirstore.Pair) string {
	var b strings.Builder
	for i, p := range list {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(queryEscape(p.Name))
		b.WriteByte('=')
		b.WriteString(queryEscape(p.Value))
	}
	return b.String()
}

// queryEscape leaves what is common in FHIR searches readable.
func queryEscape(s string) string {
	return readable.Replace(url.QueryEscape(s))
}

var readable = strings.NewReplacer("%3A", ":", "%2C", ",", "%2F", "/", "%24", "$")
