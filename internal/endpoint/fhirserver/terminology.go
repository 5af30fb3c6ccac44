package fhirserver

import (
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// terminology is the published definitions with the ValueSets and CodeSystems that are stored.
type terminology struct {
	of []*fhirstore.Version
	d  *fhir.Definitions
}

// terms are the definitions that the operations on codes go by. They are made anew when a ValueSet or CodeSystem was changed.
func (s *Server) terms() *fhir.Definitions {
	var of []*fhirstore.Version
	for _, typ := range []string{"CodeSystem", "ValueSet"} {
		if s.store.Count(typ) == 0 {
			continue
		}
		found, err := s.store.Search(s.stopping, &fhirstore.Query{Type: typ})
		if err != nil {
			continue
		}
		of = append(of, found...)
	}
	if len(of) == 0 {
		return s.d
	}
	last := s.vocabulary.Load()
	if last == nil || !slices.Equal(last.of, of) {
		nodes := make([]*fhir.Node, len(of))
		for i, v := range of {
			nodes[i] = v.Tree()
		}
		last = &terminology{of, s.d.WithResources(nodes...)}
		s.vocabulary.Store(last)
	}
	return last.d
}

// valueSetURL finds the set that an operation is about.
func (s *Server) valueSetURL(r *request, typ, id string) (string, error) {
	if id != "" {
		v, err := s.permitted(r, typ, id, "read")
		if err != nil {
			return "", err
		}
		return v.Tree().Member("url").String(), nil
	}
	in, err := s.inputs(r, "url")
	if err != nil {
		return "", err
	}
	if in[0] == "" {
		return "", fail(400, "the operation needs the parameter url")
	}
	return in[0], nil
}

// expand answers ValueSet/$expand for the sets whose codes are stored here or published with R4.
func (s *Server) expand(r *request, id string) (*response, error) {
	url, err := s.valueSetURL(r, "ValueSet", id)
	if err != nil {
		return nil, err
	}
	in, err := s.inputs(r, "filter", "count", "offset")
	if err != nil {
		return nil, err
	}
	d := s.terms()
	if d.ValueSet(url) == nil {
		return nil, fail(404, "the value set is neither stored here nor among those published with R4")
	}
	codes, complete := d.Expand(url)
	if !complete {
		f := fail(422, "the value set cannot be expanded here: some of its codes, such as those of SNOMED CT or LOINC, are neither stored here nor published with R4")
		f.issues[0].code = "too-costly"
		return nil, f
	}
	if filter := strings.ToLower(in[0]); filter != "" {
		codes = slices.DeleteFunc(codes, func(c fhir.Coding) bool {
			return !strings.Contains(strings.ToLower(c.Display), filter) && !strings.Contains(strings.ToLower(c.Code), filter)
		})
	}
	total := len(codes)
	offset, count := atoi(in[2], 0), atoi(in[1], total)
	codes = codes[min(offset, total):min(offset+count, total)]
	contains := fhir.NewArray().Named("contains")
	for _, c := range codes {
		n := fhir.NewObject(text("system", c.System), text("code", c.Code))
		if c.Display != "" {
			n.Children = append(n.Children, text("display", c.Display))
		}
		contains.Children = append(contains.Children, n)
	}
	expansion := fhir.NewObject(text("timestamp", instant(s.now())), fhir.NewNumber(itoa(total)).Named("total"), fhir.NewNumber(itoa(offset)).Named("offset"))
	if len(contains.Children) > 0 {
		expansion.Children = append(expansion.Children, contains)
	}
	return &response{status: 200, tree: fhir.NewObject(text("resourceType", "ValueSet"), text("url", url), text("status", "active"), expansion.Named("expansion"))}, nil
}

// validateCode answers $validate-code of a set or a code system.
func (s *Server) validateCode(r *request, typ, id string) (*response, error) {
	url, err := s.valueSetURL(r, typ, id)
	if err != nil {
		return nil, err
	}
	in, err := s.inputs(r, "code", "system")
	if err != nil {
		return nil, err
	}
	code, system := in[0], in[1]
	if coding, err := s.input(r, "coding"); err != nil {
		return nil, err
	} else if coding != nil && coding.Kind == fhir.Object {
		code, system = coding.Member("code").String(), coding.Member("system").String()
	}
	if concept, err := s.input(r, "codeableConcept"); err != nil {
		return nil, err
	} else if concept != nil && concept.Kind == fhir.Object { // one of its codings must be in it
		for c := range concept.All("coding") {
			if code, system = c.Member("code").String(), c.Member("system").String(); s.terms().MemberOf(url, system, code) == fhir.Member {
				break
			}
		}
	}
	if code == "" {
		return nil, fail(400, "$validate-code needs a code, a coding, or a codeableConcept")
	}
	d := s.terms()
	answer := d.MemberOf(url, system, code)
	if typ == "CodeSystem" {
		answer, system = d.CodeSystem(url).Has(code), url
	}
	switch answer {
	case fhir.Unknown:
		f := fail(422, "whether the code is in it cannot be told here: the codes are neither stored here nor published with R4")
		f.issues[0].code = "not-found"
		return nil, f
	case fhir.NotMember:
		return &response{status: 200, tree: parameters(part("result", fhir.NewBool(false).Named("valueBoolean")), part("message", text("valueString", "The code is not in it.")))}, nil
	}
	parts := []*fhir.Node{part("result", fhir.NewBool(true).Named("valueBoolean"))}
	if display := d.CodeSystem(system).Display(code); display != "" {
		parts = append(parts, part("display", text("valueString", display)))
	}
	return &response{status: 200, tree: parameters(parts...)}, nil
}

// lookup answers CodeSystem/$lookup.
func (s *Server) lookup(r *request) (*response, error) {
	in, err := s.inputs(r, "system", "code")
	if err != nil {
		return nil, err
	}
	if coding, err := s.input(r, "coding"); err != nil {
		return nil, err
	} else if coding != nil && coding.Kind == fhir.Object {
		in[0], in[1] = coding.Member("system").String(), coding.Member("code").String()
	}
	if in[0] == "" || in[1] == "" {
		return nil, fail(400, "$lookup needs system and code, or a coding")
	}
	c := s.terms().CodeSystem(in[0])
	if c == nil || c.Has(in[1]) != fhir.Member {
		return nil, fail(404, "the code is neither among those stored here nor among those published with R4")
	}
	return &response{status: 200, tree: parameters(part("name", text("valueString", c.URL)), part("display", text("valueString", c.Display(in[1]))))}, nil
}
