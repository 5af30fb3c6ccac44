package fhirserver

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// request is one interaction: an HTTP request, or an entry of a batch or transaction.
type request struct {
	ctx    context.Context
	method string
	path   []string // below the base, without empty parts
	query  []fhirstore.Pair
	header http.Header
	body   []byte     // as it was sent, decompressed
	tree   *fhir.Node // of an entry: the resource
	base   string     // the address of the service root as the client knows it
	tx     *fhirstore.Tx
	access *access // of SMART; nil is everything
}

func (r *request) get(name string) string {
	for _, p := range r.query {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (r *request) segment(i int) string {
	if i >= 0 && i < len(r.path) {
		return r.path[i]
	}
	return ""
}

// prefers reads Prefer: return=minimal, handling=strict.
func (r *request) prefers(name string) string {
	for _, line := range r.header.Values("Prefer") {
		for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
			if v, ok := strings.CutPrefix(part, name+"="); ok {
				return v
			}
		}
	}
	return ""
}

// reader is what the store and a transaction have in common.
type reader interface {
	Read(typ, id string) (*fhirstore.Version, error)
	Search(ctx context.Context, q *fhirstore.Query) ([]*fhirstore.Version, error)
}

// source reads inside the transaction where the request is part of one.
func (r *request) source(s *Server) reader {
	if r.tx != nil {
		return r.tx
	}
	return s.store
}

// change runs f in the request's transaction, or in one of its own.
func (r *request) change(s *Server, f func(tx *fhirstore.Tx) error) error {
	if r.tx != nil {
		return f(r.tx)
	}
	return s.store.Change(r.ctx, f)
}

// response is what answers a request. At most one of version, tree and raw is set.
type response struct {
	status   int
	version  *fhirstore.Version
	tree     *fhir.Node
	raw      []byte
	rawType  string
	etag     string
	location string
	modified string // HTTP date
	header   http.Header
	about    *fhirstore.Version // of a response without a body: what it is about
}

// about fills the headers that speak of a version.
func (p *response) describe(v *fhirstore.Version) *response {
	p.about, p.etag, p.modified = v, v.ETag(), v.Updated.Format(http.TimeFormat)
	return p
}

// resource is the tree of what is answered, nil if it is no resource.
func (p *response) resource() *fhir.Node {
	if p.version != nil {
		return p.version.Tree()
	}
	return p.tree
}

const (
	typeJSON = "application/fhir+json"
	typeXML  = "application/fhir+xml"
)

var (
	jsonTypes = []string{typeJSON, "application/json", "application/json+fhir", "text/json", "json"}
	xmlTypes  = []string{typeXML, "application/xml", "application/xml+fhir", "text/xml", "xml"}
)

// mediaType leaves the parameters out.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

// wantsXML decides between the two forms; ok is false where the client takes neither.
func (r *request) wantsXML() (xml, ok bool) {
	if f := r.get("_format"); f != "" {
		f = strings.ReplaceAll(mediaType(f), " ", "+") // a + that nobody escaped
		return slices.Contains(xmlTypes, f), slices.Contains(xmlTypes, f) || slices.Contains(jsonTypes, f) || f == "text/html" || f == "html"
	}
	accept := r.header.Get("Accept")
	if accept == "" {
		return false, true
	}
	best := -1.0
	for part := range strings.SplitSeq(accept, ",") {
		q := 1.0
		if _, parameters, ok := strings.Cut(part, ";"); ok {
			q = quality(parameters)
		}
		if q <= best || q == 0 {
			continue
		}
		switch m := mediaType(part); {
		case slices.Contains(xmlTypes, m):
			xml, ok, best = true, true, q
		case slices.Contains(jsonTypes, m), m == "*/*", m == "application/*", m == "text/html":
			xml, ok, best = false, true, q
		}
	}
	return xml, ok
}

func quality(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
			return parseQuality(v)
		}
	}
	return 1
}

// readTree reads the body as a resource, in the form that Content-Type names or that it has.
func (s *Server) readTree(r *request) (*fhir.Node, error) {
	if r.tree != nil {
		return r.tree, nil
	}
	m := mediaType(r.header.Get("Content-Type"))
	switch {
	case len(r.body) == 0:
		return nil, fail(400, "the request needs a resource as its body")
	case m != "" && !slices.Contains(jsonTypes, m) && !slices.Contains(xmlTypes, m):
		return nil, fail(415, "the body must be %s or %s", typeJSON, typeXML)
	case slices.Contains(xmlTypes, m) || m == "" && fhir.LooksLikeXML(r.body):
		return s.d.ParseXML(r.body)
	}
	n, err := fhir.ParseJSON(r.body)
	if err == nil && n.ResourceType() == "" {
		return nil, fail(400, "the body is no resource: it has no resourceType")
	}
	return n, err
}
