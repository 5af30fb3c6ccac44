package fhirserver

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
)

// read answers GET [type]/[id], and GET [type]/[id]/_history/[vid] if version is given (R4 3.1.0.1, 3.1.0.2).
func (s *Server) read(r *request, typ, id, version string) (*response, error) {
	var v *fhirstore.Version
	var err error
	if version == "" {
		v, err = r.source(s).Read(typ, id)
	} else {
		number, bad := strconv.ParseInt(version, 10, 64)
		if bad != nil {
			return nil, fail(404, "there is no such version")
		}
		v, err = s.store.ReadVersion(typ, id, number)
	}
	if errors.Is(err, fhirstore.ErrGone) {
		f := fail(410, "%s/%s was deleted; its history is still there", typ, id)
		f.header = http.Header{"Etag": {v.ETag()}}
		return nil, f
	}
	if err != nil {
		return nil, fail(404, "there is no %s with this id", typ)
	}
	if err := s.owned(r.access, r.source(s), v, "read"); err != nil {
		return nil, err
	}
	p := (&response{status: 200, version: v}).describe(v)
	if unchanged(r, v) {
		p.status, p.version = 304, nil
		return p, nil
	}
	if typ == "Binary" {
		return s.binary(r, p)
	}
	return p, s.subset(r, p)
}

// unchanged answers a conditional read (R4 3.1.0.1.1).
func unchanged(r *request, v *fhirstore.Version) bool {
	if tag := r.header.Get("If-None-Match"); tag != "" {
		return tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(v.ETag(), "W/")
	}
	if since := r.header.Get("If-Modified-Since"); since != "" {
		t, err := http.ParseTime(since)
		return err == nil && !v.Updated.Truncate(time.Second).After(t)
	}
	return false
}

// checked reads the body and validates it as a resource of the type.
func (s *Server) checked(r *request, typ string) (*fhir.Node, error) {
	if typ == "Binary" && r.tree == nil {
		if n := rawBinary(r); n != nil {
			return n, nil
		}
	}
	n, err := s.readTree(r)
	if err != nil {
		return nil, err
	}
	if got := n.ResourceType(); got != typ {
		return nil, fail(400, "the body is a %s, but the address is that of %s", known(s.d, got), typ)
	}
	return n, s.check(r, n)
}

// known keeps a text that a client made out of a message.
func known(d *fhir.Definitions, typ string) string {
	if d.IsResource(typ) {
		return typ
	}
	return "resource of an unknown type"
}

// check refuses what the definitions forbid.
func (s *Server) check(r *request, n *fhir.Node) error {
	if s.c.Unvalidated {
		return nil
	}
	f := failure{status: 422}
	for _, x := range validate.Tree(r.ctx, n, validate.Options{Definitions: s.d}) {
		if x.Severity >= validate.Error {
			f.issues = append(f.issues, issueOf(x))
		}
	}
	if len(f.issues) > 0 {
		return &f
	}
	return nil
}

// only finds the resources of a condition: none, one, or the error for several.
func (s *Server) only(r *request, from reader, typ, query string) (*fhirstore.Version, error) {
	list, err := s.matching(r, from, typ, fhirstore.Pairs(query))
	if err != nil {
		return nil, err
	}
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	f := fail(412, "%d resources match the condition, not one", len(list))
	f.issues[0].code = "multiple-matches"
	return nil, f
}

// matching finds the resources of a condition, which must name at least one search parameter.
func (s *Server) matching(r *request, from reader, typ string, pairs []fhirstore.Pair) ([]*fhirstore.Version, error) {
	q, err := s.store.ParseQuery(typ, pairs, fhirstore.QueryOptions{Base: r.base, Skip: func(name string) bool { return name == "_format" || name == "_pretty" }, Allow: s.searchable})
	if err != nil {
		return nil, err
	}
	if len(q.Ignored) > 0 || len(q.Filters) == 0 { // to ignore a condition would change the wrong resources
		return nil, fail(412, "the condition must be made of search parameters that are known here")
	}
	return from.Search(r.ctx, q)
}

// create answers POST [type], with If-None-Exist a conditional one (R4 3.1.0.8).
func (s *Server) create(r *request, typ string) (*response, error) {
	n, err := s.checked(r, typ)
	if err != nil {
		return nil, err
	}
	draft := s.store.Draft(n)
	var v *fhirstore.Version
	status := 201
	err = r.change(s, func(tx *fhirstore.Tx) error {
		if condition := r.header.Get("If-None-Exist"); condition != "" {
			if p := s.c.Personality; p != nil && !p.Resources[typ].ConditionalCreate {
				return fail(412, "this server does not support conditional creates of %s", typ)
			}
			found, err := s.only(r, tx, typ, strings.TrimPrefix(condition, "?"))
			if err != nil {
				return err
			}
			if found != nil {
				v, status = found, 200
				return s.owned(r.access, tx, v, "create")
			}
		}
		tx.As("POST")
		if v, err = tx.Create(draft); err != nil {
			return err
		}
		return s.owned(r.access, tx, v, "create")
	})
	if err != nil {
		return nil, err
	}
	return s.written(r, v, status), nil
}

// written answers a change, with as much of the resource as Prefer asks for (R4 3.1.0.1.8).
func (s *Server) written(r *request, v *fhirstore.Version, status int) *response {
	p := (&response{status: status}).describe(v)
	p.location = r.base + "/" + v.Reference() + "/_history/" + strconv.FormatInt(v.Number, 10)
	switch r.prefers("return") {
	case "minimal":
	case "OperationOutcome":
		p.tree = outcome([]issue{{severity: "information", code: "informational", text: "The resource was stored."}})
	default:
		p.version = v
	}
	return p
}

// ifMatch reads the version that a change expects; 0 if it expects none.
func (s *Server) ifMatch(r *request) (int64, error) {
	tag := r.header.Get("If-Match")
	if p := s.c.Personality; tag == "" && p != nil && p.NeedsIfMatch && r.method != http.MethodDelete {
		return 0, fail(412, "an update needs If-Match with the ETag of the version that it changes")
	}
	if tag == "" || tag == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), 10, 64)
	if err != nil {
		return 0, fail(412, `If-Match must be the ETag of a version, as W/"3"`)
	}
	return n, nil
}

// update answers PUT [type]/[id], and PUT [type]?condition if id is "" (R4 3.1.0.3).
func (s *Server) update(r *request, typ, id string) (*response, error) {
	n, err := s.checked(r, typ)
	if err != nil {
		return nil, err
	}
	own := n.Member("id").String()
	if id != "" && own != id {
		if own == "" {
			return nil, fail(400, "the body has no id; an update needs the one of the address")
		}
		return nil, fail(400, "the id of the body is not the one of the address")
	}
	if id != "" && !fhirstore.ValidID(id) {
		return nil, fail(400, "an id has 1 to 64 letters, digits, - and .")
	}
	expected, err := s.ifMatch(r)
	if err != nil {
		return nil, err
	}
	draft := s.store.Draft(n)
	var v *fhirstore.Version
	created := false
	err = r.change(s, func(tx *fhirstore.Tx) error {
		target := id
		if id == "" {
			found, err := s.only(r, tx, typ, joinPairs(r.query))
			switch {
			case err != nil:
				return err
			case found != nil && own != "" && own != found.ID:
				return fail(400, "the id of the body is not that of the resource that matches")
			case found != nil:
				target = found.ID
			case own != "":
				target = own
			default:
				target = tx.NewID(typ)
			}
		}
		if expected > 0 {
			if err := tx.Expect(typ, target, expected); err != nil {
				return err
			}
		}
		if p := s.c.Personality; p != nil && !p.updateCreates(typ) {
			if _, err := tx.Read(typ, target); err != nil {
				return fail(405, "this server creates resources by POST only")
			}
		}
		if before, err := tx.Read(typ, target); err == nil {
			if err := s.owned(r.access, tx, before, "update"); err != nil {
				return err
			}
		}
		tx.As("PUT")
		if v, created, err = tx.Put(draft, target); err != nil {
			return err
		}
		return s.owned(r.access, tx, v, "update")
	})
	if err != nil {
		return nil, err
	}
	if created {
		return s.written(r, v, 201), nil
	}
	return s.written(r, v, 200), nil
}

// remove answers DELETE [type]/[id], and DELETE [type]?condition if id is "" (R4 3.1.0.7).
func (s *Server) remove(r *request, typ, id string) (*response, error) {
	expected, err := s.ifMatch(r)
	if err != nil {
		return nil, err
	}
	p := &response{status: 204}
	err = r.change(s, func(tx *fhirstore.Tx) error {
		targets := []string{id}
		if id == "" {
			found, err := s.matching(r, tx, typ, r.query)
			if err != nil {
				return err
			}
			if len(found) > 1 && !s.c.DeleteMany {
				f := fail(412, "%d resources match the condition; this server deletes one at a time", len(found))
				f.issues[0].code = "multiple-matches"
				return f
			}
			targets = targets[:0]
			for _, v := range found {
				targets = append(targets, v.ID)
			}
		}
		for _, id := range targets {
			if expected > 0 {
				if err := tx.Expect(typ, id, expected); err != nil {
					return err
				}
			}
			if before, err := tx.Read(typ, id); err == nil {
				if err := s.owned(r.access, tx, before, "delete"); err != nil {
					return err
				}
			}
			v, err := tx.Delete(typ, id)
			if err != nil {
				return err
			}
			if v != nil {
				p.describe(v)
			}
		}
		return nil
	})
	if err == nil && r.prefers("return") == "OperationOutcome" {
		p.status, p.tree = 200, outcome([]issue{{severity: "information", code: "informational", text: "What matched is deleted."}})
	}
	return p, err
}

// patch answers PATCH [type]/[id], and PATCH [type]?condition if id is "" (R4 3.1.0.5).
func (s *Server) patch(r *request, typ, id string) (*response, error) {
	apply, err := s.readPatch(r)
	if err != nil {
		return nil, err
	}
	expected, err := s.ifMatch(r)
	if err != nil {
		return nil, err
	}
	var v *fhirstore.Version
	err = r.change(s, func(tx *fhirstore.Tx) error {
		target := id
		if id == "" {
			found, err := s.only(r, tx, typ, joinPairs(r.query))
			if err != nil {
				return err
			}
			if found == nil {
				return fail(404, "no %s matches the condition", typ)
			}
			target = found.ID
		}
		if expected > 0 {
			if err := tx.Expect(typ, target, expected); err != nil {
				return err
			}
		}
		before, err := tx.Read(typ, target)
		if err != nil {
			return err
		}
		if err := s.owned(r.access, tx, before, "patch"); err != nil {
			return err
		}
		n, err := apply(before.Tree())
		if err != nil {
			return err
		}
		if n.ResourceType() != typ || n.Member("id").String() != target {
			return fail(422, "a patch cannot change the type or the id of a resource")
		}
		if err := s.check(r, n); err != nil {
			return err
		}
		tx.As("PATCH")
		if v, _, err = tx.Put(s.store.Draft(n), target); err != nil {
			return err
		}
		return s.owned(r.access, tx, v, "patch")
	})
	if err != nil {
		return nil, err
	}
	return s.written(r, v, 200), nil
}
