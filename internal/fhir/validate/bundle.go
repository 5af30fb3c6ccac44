package validate

import (
	"fmt"
	"regexp"
	"strings"

	"trestle/internal/fhir"
)

// bundle knows the entries of a Bundle by their URLs.
type bundle struct {
	byURL map[string]*fhir.Node
}

func newBundle(n *fhir.Node) *bundle {
	b := &bundle{byURL: map[string]*fhir.Node{}}
	for e := range n.All("entry") {
		url, r := e.Find("fullUrl").String(), e.Find("resource")
		if r == nil || url == "" {
			continue
		}
		if _, there := b.byURL[url]; !there {
			b.byURL[url] = r
		}
		if version := r.Find("meta", "versionId").String(); version != "" {
			b.byURL[url+"/_history/"+version] = r
		}
	}
	return b
}

// find follows a reference from an entry: a relative one is taken from the server that the entry's fullUrl names (R4,
// section 2.36.4).
func (b *bundle) find(reference, from string) *fhir.Node {
	reference, _, _ = strings.Cut(reference, "#")
	if r := b.byURL[reference]; r != nil {
		return r
	}
	if m := literal.FindStringSubmatch(from); m != nil && m[1] != "" {
		return b.byURL[m[1]+reference]
	}
	// Senders that number their resources by UUID refer to them as Type/UUID too.
	if m := literal.FindStringSubmatch(reference); m != nil && m[1] == "" && strings.HasPrefix(from, "urn:uuid:") {
		return b.byURL["urn:uuid:"+m[3]]
	}
	return nil
}

var uuidPattern = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// checkBundle checks what the invariants of Bundle do not say.
func (w walker) checkBundle(n *fhir.Node, at place) {
	relations := map[string]bool{}
	i := 0
	for l := range n.All("link") {
		r := l.Find("relation").String()
		if relations[r] && (r == "self" || r == "first" || r == "last" || r == "next" || r == "previous" || r == "prev") {
			w.report(CodeBundle, Error, at.of(l, fmt.Sprintf(".link[%d]", i)), "a second link %s stands here: each may be there once", short(r))
		}
		relations[r] = true
		i++
	}
	i = 0
	for e := range n.All("entry") {
		w.fullURL(e, at.of(e, fmt.Sprintf(".entry[%d]", i)))
		i++
	}
	if kind := n.Find("type").String(); kind == "document" || kind == "message" {
		w.held(n, at)
	}
}

// fullURL checks an entry's fullUrl and its resource's id, which must be of one mind.
func (w walker) fullURL(e *fhir.Node, at place) {
	url := e.Find("fullUrl")
	if url == nil || url.Text == "" {
		return
	}
	here := at.of(url, ".fullUrl")
	scheme, _, absolute := strings.Cut(url.Text, ":")
	switch {
	case !absolute || strings.Contains(scheme, "/"):
		w.report(CodeBundle, Error, here, "a fullUrl is absolute, such as http://example.org/fhir/Patient/1 or urn:uuid:…")
		return
	case strings.HasPrefix(url.Text, "urn:uuid:") && !uuidPattern.MatchString(url.Text):
		w.report(CodeBundle, Error, here, "this is no urn:uuid: a UUID has 32 hexadecimal digits in lower case, in groups of 8, 4, 4, 4 and 12")
		return
	}
	r := e.Find("resource")
	m := literal.FindStringSubmatch(url.Text)
	if r == nil || m == nil || !w.d.IsResource(m[2]) {
		return
	}
	id := r.Find("id").String()
	switch {
	case id == "":
		w.report(CodeBundle, Error, here, "the fullUrl is the address of a resource on a server, and the resource has no id")
	case m[2] != r.ResourceType() || m[3] != id:
		w.report(CodeBundle, Error, here, "the fullUrl is the address of %s/%s, and the resource here is %s/%s", m[2], short(m[3]), short(r.ResourceType()), short(id))
	}
}

// held checks that a document or message holds what its first entry refers to (R4, section 3.3.1; R4, section 2.37.5).
func (w walker) held(n *fhir.Node, at place) {
	first := n.Find("entry")
	r := first.Find("resource")
	var paths [][]string
	switch r.ResourceType() {
	case "Composition":
		paths = [][]string{{"subject"}, {"encounter"}, {"author"}, {"attester", "party"}, {"custodian"}, {"event", "detail"}, {"section", "author"}, {"section", "focus"}, {"section", "entry"}}
	case "MessageHeader":
		paths = [][]string{{"focus"}}
	}
	b := newBundle(n)
	from := first.Find("fullUrl").String()
	check := func(r *fhir.Node, steps []string, path string) {
		for ref := range r.All(append(steps, "reference")...) {
			if strings.HasPrefix(ref.Text, "#") || b.find(ref.Text, from) != nil {
				continue
			}
			if strings.HasPrefix(ref.Text, "http:") || strings.HasPrefix(ref.Text, "https:") {
				continue // that may stay outside
			}
			w.report(CodeReference, Error, at.of(ref, ".entry[0].resource."+path), "what %s refers to is not in the bundle", path)
		}
	}
	for _, steps := range paths {
		check(r, steps, strings.Join(steps, "."))
	}
}
