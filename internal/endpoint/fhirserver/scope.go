package fhirserver

import (
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
	expires       time.Time
}

// scope is one scope on resources, of SMART v1 or v2.
type scope struct {
	context string // patient, user or system
	typ     string // or *
	letters string // of c, r, u, d and s
}

// parseScopes reads the scopes on resources; the others, such as launch/patient, are left out.
func parseScopes(text string) (list []scope) {
	for word := range strings.FieldsSeq(text) {
		context, rest, ok := strings.Cut(word, "/")
		typ, what, ok2 := strings.Cut(rest, ".")
		if !ok || !ok2 || context != "patient" && context != "user" && context != "system" {
			continue
		}
		what, _, _ = strings.Cut(what, "?")
		switch what { // v1
		case "read":
			what = "rs"
		case "write":
			what = "cud"
		case "*":
			what = "cruds"
		}
		list = append(list, scope{context, typ, what})
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

// confined says whether a type is covered only for the patient in context.
func (a *access) confined(typ string) bool {
	return a != nil && !slices.ContainsFunc(a.scopes, func(s scope) bool { return s.context != "patient" && (s.typ == "*" || s.typ == typ) })
}

// admits says whether the holder may see a resource: one of the patient in context, or one that is nobody's.
func (s *Server) admits(a *access, v *fhirstore.Version) bool {
	if !a.confined(v.Type) || v.Deleted() {
		return true
	}
	if v.Type == "Patient" {
		return v.ID == a.patient
	}
	codes := compartmentsOf(s.d)["Patient"][v.Type]
	for _, code := range codes {
		if p := s.store.Param(v.Type, code); p != nil && slices.Contains(s.store.Targets(p, v), "Patient/"+a.patient) {
			return true
		}
	}
	return len(codes) == 0
}

// visible says whether the holder may see a resource that was found.
func (s *Server) visible(a *access, v *fhirstore.Version) bool {
	return a == nil || a.allows(v.Type, "read") == nil && s.admits(a, v)
}

// sees is visible for many resources as they are now: what belongs to the patient in context is looked up once for each type.
func (s *Server) sees(a *access) func(v *fhirstore.Version) bool {
	own := map[string]map[*fhirstore.Version]bool{}
	return func(v *fhirstore.Version) bool {
		if a == nil || a.allows(v.Type, "read") != nil || !a.confined(v.Type) || v.Type == "Patient" || len(compartmentsOf(s.d)["Patient"][v.Type]) == 0 {
			return s.visible(a, v)
		}
		if own[v.Type] == nil {
			own[v.Type] = map[*fhirstore.Version]bool{}
			for _, m := range s.members(&compartment{"Patient", a.patient}, v.Type) {
				own[v.Type][m] = true
			}
		}
		return own[v.Type][v]
	}
}

// owned refuses a change of what is not the patient's in context.
func (s *Server) owned(a *access, v *fhirstore.Version) error {
	if v == nil || s.admits(a, v) {
		return nil
	}
	return fail(403, "the access token is for another patient")
}
