package fhirserver

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// person is what $match compares of a Patient. Texts are folded.
type person struct {
	identifiers            map[string]string // value by system
	families, givens       []string
	birth, gender          string
	phones, mails, postals []string
}

func personOf(n *fhir.Node) (p person) {
	p.identifiers = map[string]string{}
	for i := range n.All("identifier") {
		if v := i.Member("value").String(); v != "" {
			p.identifiers[i.Member("system").String()] = v
		}
	}
	texts := func(names ...string) (list []string) {
		for x := range n.All(names...) {
			if t := fhirstore.Fold(x.Text); t != "" {
				list = append(list, t)
			}
		}
		return list
	}
	p.families, p.givens, p.postals = texts("name", "family"), texts("name", "given"), texts("address", "postalCode")
	p.birth, p.gender = n.Member("birthDate").String(), n.Member("gender").String()
	for t := range n.All("telecom") {
		switch value := t.Member("value").String(); t.Member("system").String() {
		case "email":
			p.mails = append(p.mails, strings.ToLower(value))
		default:
			if d := digits(value); len(d) >= 7 { // some write the area, others do not
				p.phones = append(p.phones, d[len(d)-7:])
			}
		}
	}
	return p
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// evidence compares two people in bits, as Fellegi and Sunter do: log2 of how much likelier an agreement, or a disagreement, is for one
// person than for two. The numbers are fixed and rough, made for a stand-in: they tell a real server's grades, not its decisions.
func (p *person) evidence(o *person) (bits float64) {
	for system, v := range p.identifiers {
		switch other, both := o.identifiers[system]; {
		case both && v == other:
			bits += 16
		case both:
			bits -= 4
		}
	}
	both := func(a, b []string, same, near, apart float64) {
		if len(a) == 0 || len(b) == 0 {
			return
		}
		best := apart
		for _, x := range a {
			for _, y := range b {
				switch {
				case x == y:
					best = max(best, same)
				case alike(x, y):
					best = max(best, near)
				}
			}
		}
		bits += best
	}
	both(p.families, o.families, 8, 4, -3)
	both(p.givens, o.givens, 5, 2, -2)
	both(p.phones, o.phones, 8, 0, -0.5)
	both(p.mails, o.mails, 10, 0, -0.5)
	both(p.postals, o.postals, 4, 0, -1)
	switch {
	case p.birth == "" || o.birth == "":
	case p.birth == o.birth:
		bits += 12
	case strings.HasPrefix(p.birth, o.birth) || strings.HasPrefix(o.birth, p.birth) || alike(digits(p.birth), digits(o.birth)) || swapped(p.birth, o.birth):
		bits += 4
	default:
		bits -= 6
	}
	switch {
	case p.gender == "" || o.gender == "":
	case p.gender == o.gender:
		bits++
	default:
		bits -= 3
	}
	return bits
}

// alike says that two texts differ by one letter that was changed, left out or swapped with the next, or that one is the other's initial.
func alike(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 1 {
		return b[:1] == a
	}
	if len(a) < 4 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return i+1 >= len(a) || a[i+1:] == b[i+1:] || a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// swapped says that month and day changed places.
func swapped(a, b string) bool {
	return len(a) == 10 && len(b) == 10 && a[:4] == b[:4] && a[5:7] == b[8:] && a[8:] == b[5:7]
}

// fewest is among how many people somebody is looked for at least: a mock with ten patients must not be sure by a name alone.
const fewest = 10_000

// grades of the score of a match (extension match-grade); below the last it is none.
var grades = []struct {
	least float64
	code  string
}{{0.99, "certain"}, {0.8, "probable"}, {0.25, "possible"}}

type candidate struct {
	v     *fhirstore.Version
	score float64
	grade string
}

// match answers Patient/$match (R4 Patient-match): who of those who share an identifier, a name, a birth date or a phone number it may be.
func (s *Server) match(r *request) (*response, error) {
	if err := r.access.allows("Patient", "search-type"); err != nil {
		return nil, err
	}
	if r.method != http.MethodPost {
		return nil, notAllowed("POST")
	}
	n, err := s.input(r, "resource")
	if err != nil {
		return nil, err
	}
	if n.ResourceType() != "Patient" {
		return nil, fail(400, "$match needs a Patient: as the parameter resource, or as the body")
	}
	in, err := s.inputs(r, "onlyCertainMatches", "count")
	if err != nil {
		return nil, err
	}
	list, err := s.candidates(r, n)
	if err != nil {
		return nil, err
	}
	if in[0] == "true" {
		list = slices.DeleteFunc(list, func(c candidate) bool { return c.grade != grades[0].code })
		if len(list) > 1 { // then none of them is certain
			list = nil
		}
	}
	list = list[:min(len(list), atoi(in[1], len(list)))]
	entries := fhir.NewArray().Named("entry")
	for _, c := range list {
		score := strconv.FormatFloat(math.Floor(c.score*10000)/10000, 'f', -1, 64)
		grade := fhir.NewObject(text("url", "http://hl7.org/fhir/StructureDefinition/match-grade"), text("valueCode", c.grade))
		entries.Children = append(entries.Children, fhir.NewObject(text("fullUrl", r.base+"/"+c.v.Reference()), c.v.Tree().Named("resource"),
			fhir.NewObject(fhir.NewArray(grade).Named("extension"), text("mode", "match"), fhir.NewNumber(score).Named("score")).Named("search")))
	}
	b := fhir.NewObject(text("resourceType", "Bundle"), text("type", "searchset"), fhir.NewNumber(itoa(len(list))).Named("total"))
	if len(list) > 0 {
		b.Children = append(b.Children, entries)
	}
	return &response{status: 200, tree: b}, nil
}

// candidates are those with a grade, the likeliest first.
func (s *Server) candidates(r *request, n *fhir.Node) (list []candidate, err error) {
	wanted := personOf(n)
	prior := math.Log2(1 / float64(max(fewest, s.store.Count("Patient"))))
	seen := map[*fhirstore.Version]bool{}
	sees := s.sees(r.access)
	for _, p := range wanted.queries(n) {
		q, err := s.store.ParseQuery("Patient", []fhirstore.Pair{p}, fhirstore.QueryOptions{})
		if err != nil {
			continue // a birth date that is none finds nobody
		}
		found, err := s.store.Search(r.ctx, q)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			if seen[v] || !sees(v) {
				continue
			}
			seen[v] = true
			other := personOf(v.Tree())
			score := 1 / (1 + math.Exp2(-prior-wanted.evidence(&other)))
			for _, g := range grades {
				if score >= g.least {
					list = append(list, candidate{v, score, g.code})
					break
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.v.ID, b.v.ID))
	})
	return list, nil
}

// queries find whoever may be worth comparing.
func (p *person) queries(n *fhir.Node) (list []fhirstore.Pair) {
	add := func(name, value string) { list = append(list, fhirstore.Pair{Name: name, Value: value}) }
	for system, v := range p.identifiers {
		if v = escapeSearch(v); system != "" {
			v = escapeSearch(system) + "|" + v
		}
		add("identifier", v)
	}
	for _, f := range p.families {
		add("family", escapeSearch(f[:min(len(f), 3)]))
	}
	for t := range n.All("telecom", "value") {
		add("telecom", escapeSearch(t.Text))
	}
	if p.birth != "" {
		add("birthdate", p.birth)
	}
	return list
}

var searchEscaper = strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`)

// escapeSearch makes a text one value of a search (R4 3.1.1.4.0).
func escapeSearch(s string) string { return searchEscaper.Replace(s) }
