package validate

import (
	"regexp"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// literal is a reference to a resource on a server: Patient/1, http://example.org/fhir/Patient/1/_history/2.
var literal = regexp.MustCompile(`^((?:http|https)://[^#?]*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?(#.*)?$`)

// reference checks that a reference leads to something, and to a type that may be there.
func (w walker) reference(def *fhir.ElementDefinition, n *fhir.Node, at place) {
	text := n.Find("reference").String()
	stated := n.Find("type").String()
	if text == "" {
		w.target(def, stated, at)
		return
	}
	if id, ok := strings.CutPrefix(text, "#"); ok {
		target := w.contained(id)
		if target == nil {
			w.report(CodeReference, Error, at, "the reference leads to a contained resource that is not there")
			return
		}
		w.target(def, target.ResourceType(), at)
		return
	}
	if w.bundle != nil {
		if target := w.bundle.find(text, w.entry); target != nil {
			if m := literal.FindStringSubmatch(text); m != nil && m[2] != target.ResourceType() {
				w.report(CodeReference, Error, at, "the reference says %s, and leads to a %s in the bundle", short(m[2]), short(target.ResourceType()))
				return
			}
			w.target(def, target.ResourceType(), at)
			return
		}
	}
	if m := literal.FindStringSubmatch(text); m != nil {
		if !w.d.IsResource(m[2]) {
			if m[1] == "" {
				w.report(CodeReference, Error, at, "the reference names the type %s, which FHIR %s does not define", short(m[2]), w.d.Version)
			}
			return
		}
		if stated != "" && stated != m[2] {
			w.report(CodeReference, Error, at, "the reference leads to a %s, and its type says %s", m[2], short(stated))
		}
		w.target(def, m[2], at)
	}
}

// contained finds a contained resource by its id; # alone is the container.
func (w walker) contained(id string) *fhir.Node {
	here := w.within[0].Node()
	if id == "" {
		return here
	}
	for _, container := range []*fhir.Node{here, w.container} {
		for c := range container.All("contained") {
			if c.Find("id").String() == id {
				return c
			}
		}
		if container.Find("id").String() == id && container != here {
			return container
		}
	}
	return nil
}

// target checks the type of what a reference leads to.
func (w walker) target(def *fhir.ElementDefinition, typ string, at place) {
	if typ == "" || len(def.Types) == 0 || !w.d.IsResource(typ) {
		return
	}
	var allowed []string
	for _, t := range def.Types {
		if t.Code != "Reference" {
			continue
		}
		if len(t.TargetProfiles) == 0 {
			return
		}
		for _, p := range t.TargetProfiles {
			s := w.d.Structure(p)
			if s == nil {
				return
			}
			if w.d.IsA(typ, s.Type) {
				return
			}
			allowed = append(allowed, s.Type)
		}
	}
	if len(allowed) > 0 {
		slices.Sort(allowed)
		w.report(CodeReference, Error, at, "the reference leads to a %s; permitted are %s", typ, strings.Join(slices.Compact(allowed), ", "))
	}
}
