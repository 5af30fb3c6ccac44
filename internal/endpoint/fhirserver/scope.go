package fhirserver

import (
	"context"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

// access is what a token of SMART lets its holder do. A nil access is everything, of servers that do not ask.
type access struct {
	client, scope string
	scopes        []scope
	patient       string // id; "" without a patient in context
	encounter     string // likewise
	user          string // Practitioner/1 or Patient/1
	family        string // the same for all tokens of one authorization
	expires       time.Time
}

// asked says whether a scope was granted.
func (a *access) asked(word string) bool { return slices.Contains(strings.Fields(a.scope), word) }

// scope is one scope on resources, of SMART v1 or v2.
type scope struct {
	context string // patient, user or system
	typ     string // or *
	letters string // of c, r, u, d and s
	query   string // of v2: the search that a resource must meet
}

// parseScopes reads the scopes on resources; the others, such as launch/patient, are left out.
func parseScopes(text string) (list []scope) {
	for word := range strings.FieldsSeq(text) {
		context, rest, ok := strings.Cut(word, "/")
		typ, what, ok2 := strings.Cut(rest, ".")
		if !ok || !ok2 || context != "patient" && context != "user" && context != "system" {
			continue
		}
		what, query, _ := strings.Cut(what, "?")
		switch what { // v1
		case "read":
			what = "rs"
		case "write":
			what = "cud"
		case "*":
			what = "cruds"
		}
		list = append(list, scope{context, typ, what, query})
	}
	return list
}

var letters = map[string]string{
	"read": "r", "vread": "r", "history-instance": "r", "search-type": "s", "history-type": "s", "history-system": "s", "create": "c", "update": "u", "patch": "u", "delete": "d",
}

// allows says whether a scope covers an interaction with a type. The whole system, "", is checked resource by resource.
func (a *access) allows(typ, interaction string) error {
	if a == nil || typ == "" {
		return nil
	}
	for _, s := range a.scopes {
		if (s.typ == "*" || s.typ == typ) && strings.Contains(s.letters, letters[interaction]) {
			return nil
		}
	}
	return fail(403, "no scope of the access token covers %s of %s", interaction, typ)
}

// covering are the scopes that cover one of these letters for a type.
func (a *access) covering(typ, letters string) (list []scope) {
	for _, s := range a.scopes {
		if (s.typ == "*" || s.typ == typ) && strings.ContainsAny(s.letters, letters) {
			list = append(list, s)
		}
	}
	return list
}

// holds says whether a scope covers one of these letters for a resource: one of the patient in context, or one that is nobody's, and one
// that meets the scope's own search.
func (s *Server) holds(a *access, from reader, v *fhirstore.Version, letters string) bool {
	return slices.ContainsFunc(a.covering(v.Type, letters), func(c scope) bool {
		return (c.context != "patient" || s.ofPatient(a.patient, v)) && (c.query == "" || s.meets(c.query, from, v))
	})
}

// ofPatient says whether a resource belongs to the compartment of a patient, or to no patient's.
func (s *Server) ofPatient(patient string, v *fhirstore.Version) bool {
	switch {
	case v.Deleted():
		return true
	case v.Type == "Patient":
		return v.ID == patient
	}
	codes := compartmentsOf(s.d)["Patient"][v.Type]
	for _, code := range codes {
		if p := s.store.Param(v.Type, code); p != nil && slices.Contains(s.store.Targets(p, v), "Patient/"+patient) {
			return true
		}
	}
	return len(codes) == 0
}

// meets says whether a resource, as it is now, meets the search of a scope. A search that cannot be answered is met by nothing.
func (s *Server) meets(query string, from reader, v *fhirstore.Version) bool {
	q, err := s.store.ParseQuery(v.Type, append(fhirstore.Pairs(query), fhirstore.Pair{Name: "_id", Value: v.ID}), fhirstore.QueryOptions{})
	if err != nil || len(q.Ignored) > 0 {
		return false
	}
	found, err := from.Search(context.Background(), q)
	return err == nil && len(found) == 1
}

// visible says whether the holder may see a resource.
func (s *Server) visible(a *access, v *fhirstore.Version) bool {
	return a == nil || s.holds(a, s.store, v, "rs")
}

// sees is visible for many resources as they are now: what belongs to the patient in context, and what meets the search of a scope, is
// looked up once for each type.
func (s *Server) sees(a *access) func(v *fhirstore.Version) bool {
	type versions = map[*fhirstore.Version]bool
	own := map[string]versions{}
	met := map[string]versions{}
	return func(v *fhirstore.Version) bool {
		if a == nil {
			return true
		}
		return slices.ContainsFunc(a.covering(v.Type, "rs"), func(c scope) bool {
			if c.context == "patient" && v.Type != "Patient" && len(compartmentsOf(s.d)["Patient"][v.Type]) > 0 {
				if own[v.Type] == nil {
					own[v.Type] = versions{}
					for _, m := range s.members(&compartment{"Patient", a.patient}, v.Type) {
						own[v.Type][m] = true
					}
				}
				if !own[v.Type][v] {
					return false
				}
			} else if c.context == "patient" && !s.ofPatient(a.patient, v) {
				return false
			}
			if c.query == "" {
				return true
			}
			key := v.Type + "?" + c.query
			if met[key] == nil {
				met[key] = versions{}
				if q, err := s.store.ParseQuery(v.Type, fhirstore.Pairs(c.query), fhirstore.QueryOptions{}); err == nil && len(q.Ignored) == 0 {
					found, _ := s.store.Search(context.Background(), q) // it fails only where its context ends
					for _, f := range found {
						met[key][f] = true
					}
				}
			}
			return met[key][v]
		})
	}
}

// owned refuses what no scope covers for a resource itself: another patient's, or one that a scope leaves out.
func (s *Server) owned(a *access, from reader, v *fhirstore.Version, interaction string) error {
	if a == nil || v == nil || s.holds(a, from, v, letters[interaction]) {
		return nil
	}
	return fail(403, "no scope of the access token covers this %s: it is another patient's, or one that the scopes leave out", v.Type)
}
