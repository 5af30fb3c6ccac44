package fhirserver

import (
	"net/http"
	"strconv"
	"time"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// historyOf answers _history of a resource, a type or everything (R4 3.1.0.9).
func (s *Server) historyOf(r *request, typ, id, interaction string) (*response, error) {
	if r.method != http.MethodGet && r.method != http.MethodHead {
		return nil, notAllowed("GET, HEAD")
	}
	if err := s.allow(r, typ, interaction); err != nil {
		return nil, err
	}
	list, err := s.store.History(typ, id)
	if err != nil {
		return nil, fail(404, "there is no %s with this id", typ)
	}
	since, at := r.get("_since"), r.get("_at")
	var kept []*fhirstore.Version
	var after, from, to time.Time
	if since != "" {
		if after, _, err = fhirstore.ParseTime(since); err != nil {
			return nil, fail(400, "_since must be an instant, as 2026-03-02T10:14:00Z")
		}
	}
	if at != "" {
		if from, to, err = fhirstore.ParseTime(at); err != nil {
			return nil, fail(400, "_at must be a date or time, as 2026-03-02")
		}
	}
	replaced := map[string]time.Time{} // when the version after it came
	for _, v := range list {
		next, hasNext := replaced[v.Reference()]
		replaced[v.Reference()] = v.Updated
		switch {
		case since != "" && v.Updated.Before(after):
		case at != "" && (!v.Updated.Before(to) || hasNext && !next.After(from)):
		case !s.visible(r.access, v):
		default:
			kept = append(kept, v)
		}
	}
	l := &listing{s: s, typ: typ, found: kept, history: true, self: r.base + "/" + joinPath(r.path), query: r.query}
	if err := l.controls(r.query); err != nil {
		return nil, err
	}
	return l.page(r, 0)
}

func joinPath(path []string) string {
	text := ""
	for i, p := range path {
		if i > 0 {
			text += "/"
		}
		text += p
	}
	return text
}

// historyEntry is a version with the request that made it and the response that it got.
func historyEntry(base string, v *fhirstore.Version) *fhir.Node {
	e := fhir.NewObject(fhir.NewString(base + "/" + v.Reference()).Named("fullUrl"))
	if n := v.Tree(); n != nil {
		e.Children = append(e.Children, n.Named("resource"))
	}
	url, status := v.Reference(), "200 OK"
	switch {
	case v.Deleted():
		status = "204 No Content"
	case v.Method == http.MethodPost:
		url, status = v.Type, "201 Created"
	case v.Number == 1:
		status = "201 Created"
	}
	e.Children = append(e.Children,
		fhir.NewObject(fhir.NewString(v.Method).Named("method"), fhir.NewString(url).Named("url")).Named("request"),
		fhir.NewObject(fhir.NewString(status).Named("status"),
			fhir.NewString(v.Reference()+"/_history/"+strconv.FormatInt(v.Number, 10)).Named("location"),
			fhir.NewString(v.ETag()).Named("etag"),
			fhir.NewString(instant(v.Updated)).Named("lastModified")).Named("response"))
	return e
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
