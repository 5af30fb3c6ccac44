package fhirserver

import (
	"encoding/base64"
	"net/http"
	"slices"

	"trestle/internal/fhir"
)

// rawBinary makes a Binary of bytes that were sent as what they are (R4 2.36.4.1); nil if it is a resource.
func rawBinary(r *request) *fhir.Node {
	kind := r.header.Get("Content-Type")
	m := mediaType(kind)
	if m == "" || slices.Contains(jsonTypes, m) || slices.Contains(xmlTypes, m) {
		return nil
	}
	n := fhir.NewObject(fhir.NewString("Binary").Named("resourceType"))
	if r.method == http.MethodPut {
		n.Children = append(n.Children, fhir.NewString(r.segment(1)).Named("id"))
	}
	if context := r.header.Get("X-Security-Context"); context != "" {
		n.Children = append(n.Children, fhir.NewObject(fhir.NewString(context).Named("reference")).Named("securityContext"))
	}
	n.Children = append(n.Children, fhir.NewString(kind).Named("contentType"))
	if len(r.body) > 0 {
		n.Children = append(n.Children, fhir.NewString(base64.StdEncoding.EncodeToString(r.body)).Named("data"))
	}
	return n
}

// binary answers a read of a Binary: the bytes themselves, unless the client asks for a form of FHIR.
func (s *Server) binary(r *request, p *response) (*response, error) {
	accept := mediaType(r.header.Get("Accept"))
	if r.get("_format") != "" || accept == typeJSON || accept == typeXML || r.tx != nil || r.tree != nil {
		return p, s.subset(r, p)
	}
	n := p.version.Tree()
	data, err := base64.StdEncoding.DecodeString(n.Member("data").String())
	if err != nil {
		return p, nil // what was stored is no base64: it is given back as it came
	}
	p.version, p.raw, p.rawType = nil, data, n.Member("contentType").String()
	if p.rawType == "" {
		p.rawType = "application/octet-stream"
	}
	return p, nil
}
