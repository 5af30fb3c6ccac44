package fhirserver

import (
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// translation is what $translate is asked.
type translation struct {
	codings        []fhir.Coding
	reverse        bool
	source, target string // value sets
	targetSystem   string
	conceptMap     string
}

// translate answers ConceptMap/$translate (R4 ConceptMap-translate) with the ConceptMaps that the server holds, or one that is sent along.
func (s *Server) translate(r *request, id string) (*response, error) {
	t, err := s.readTranslation(r)
	if err != nil {
		return nil, err
	}
	maps, err := s.conceptMaps(r, id, t)
	if err != nil {
		return nil, err
	}
	var matches []*fhir.Node
	found := false
	for _, m := range maps {
		for _, c := range t.codings {
			for _, x := range t.apply(m, c) {
				found = found || x.equivalence != "unmatched" && x.equivalence != "disjoint"
				matches = append(matches, x.write(m))
			}
		}
	}
	parts := []*fhir.Node{part("result", fhir.NewBool(found).Named("valueBoolean"))}
	if !found {
		parts = append(parts, part("message", text("valueString", "None of the concept maps that were asked translates the code.")))
	}
	return &response{status: 200, tree: parameters(append(parts, matches...)...)}, nil
}

func (s *Server) readTranslation(r *request) (t translation, err error) {
	in, err := s.inputs(r, "code", "system", "source", "target", "targetsystem", "reverse", "url")
	if err != nil {
		return t, err
	}
	t.source, t.target, t.targetSystem, t.reverse, t.conceptMap = in[2], in[3], in[4], in[5] == "true", in[6]
	if in[0] != "" {
		t.codings = append(t.codings, fhir.Coding{Code: in[0], System: in[1]})
	}
	for _, name := range []string{"coding", "codeableConcept"} {
		n, err := s.input(r, name)
		switch {
		case err != nil:
			return t, err
		case n == nil || n.Kind != fhir.Object:
		case name == "coding":
			t.codings = append(t.codings, codingOf(n))
		default:
			for c := range n.All("coding") {
				t.codings = append(t.codings, codingOf(c))
			}
		}
	}
	if len(t.codings) == 0 {
		return t, fail(400, "$translate needs code and system, a coding, or a codeableConcept with codings")
	}
	return t, nil
}

func codingOf(n *fhir.Node) fhir.Coding {
	return fhir.Coding{System: n.Member("system").String(), Code: n.Member("code").String(), Display: n.Member("display").String()}
}

// conceptMaps are those to ask: that of the address, the one that is sent, the one of a url, or all that fit source and target.
func (s *Server) conceptMaps(r *request, id string, t translation) (list []*fhir.Node, err error) {
	if id != "" {
		v, err := s.permitted(r, "ConceptMap", id, "read")
		if err != nil {
			return nil, err
		}
		return []*fhir.Node{v.Tree()}, nil
	}
	sent, err := s.input(r, "conceptMap")
	if err != nil {
		return nil, err
	}
	if sent.ResourceType() == "ConceptMap" {
		return []*fhir.Node{sent}, nil
	}
	if err := r.access.allows("ConceptMap", "search-type"); err != nil {
		return nil, err
	}
	all, err := s.store.Search(r.ctx, &fhirstore.Query{Type: "ConceptMap"})
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		n := v.Tree()
		fits := func(asked string, names ...string) bool {
			return asked == "" || slices.ContainsFunc(names, func(name string) bool { return n.Member(name).String() == asked })
		}
		if fits(t.conceptMap, "url") && fits(t.source, "sourceUri", "sourceCanonical") && fits(t.target, "targetUri", "targetCanonical") {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		f := fail(404, "there is no such ConceptMap here; store one, or send it as the parameter conceptMap")
		return nil, f
	}
	return list, nil
}

type translated struct {
	fhir.Coding
	equivalence string
}

func (x translated) write(m *fhir.Node) *fhir.Node {
	parts := fhir.NewArray(part("equivalence", text("valueCode", x.equivalence))).Named("part")
	if x.Code != "" {
		c := fhir.NewObject().Named("valueCoding")
		for _, f := range [][2]string{{"system", x.System}, {"code", x.Code}, {"display", x.Display}} {
			if f[1] != "" {
				c.Children = append(c.Children, text(f[0], f[1]))
			}
		}
		parts.Children = append(parts.Children, part("concept", c))
	}
	if url := m.Member("url").String(); url != "" {
		parts.Children = append(parts.Children, part("source", text("valueUri", url)))
	}
	return fhir.NewObject(text("name", "match"), parts)
}

// apply finds what a map makes of a code, or of what a code was made if t.reverse is set.
func (t *translation) apply(m *fhir.Node, c fhir.Coding) (list []translated) {
	for g := range m.All("group") {
		source, target := g.Member("source").String(), g.Member("target").String()
		from, to := source, target
		if t.reverse {
			from, to = target, source
		}
		if c.System != "" && from != "" && c.System != from || t.targetSystem != "" && t.targetSystem != to {
			continue
		}
		mapped := false
		for e := range g.All("element") {
			code := e.Member("code").String()
			if !t.reverse && code != c.Code {
				continue
			}
			for x := range e.All("target") {
				equivalence := x.Member("equivalence").String()
				switch {
				case !t.reverse:
					mapped = true
					list = append(list, translated{fhir.Coding{System: target, Code: x.Member("code").String(), Display: x.Member("display").String()}, equivalence})
				case x.Member("code").String() == c.Code:
					list = append(list, translated{fhir.Coding{System: source, Code: code, Display: e.Member("display").String()}, turned(equivalence)})
				}
			}
		}
		if u := g.Member("unmapped"); !mapped && !t.reverse && u != nil {
			switch u.Member("mode").String() {
			case "provided":
				list = append(list, translated{fhir.Coding{System: target, Code: c.Code}, "equal"})
			case "fixed":
				list = append(list, translated{fhir.Coding{System: target, Code: u.Member("code").String(), Display: u.Member("display").String()}, "inexact"})
			}
		}
	}
	return list
}

// turned is an equivalence seen from the other side: wider becomes narrower.
func turned(equivalence string) string {
	return strings.NewReplacer("wider", "narrower", "narrower", "wider", "subsumes", "specializes", "specializes", "subsumes").Replace(equivalence)
}
