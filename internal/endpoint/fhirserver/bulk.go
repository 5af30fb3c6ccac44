package fhirserver

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

const (
	// exportFile is how many resources a file of an export holds at most.
	exportFile = 2000
	// maxExports is how many exports are kept; the oldest make room.
	maxExports = 20
	// exportKept is how long the files of an export can be fetched.
	exportKept = time.Hour
	typeNDJSON = "application/fhir+ndjson"
)

// exports are the bulk exports under way and done. What an export holds is decided when it is asked for; nothing runs in the background.
type exports struct {
	mu    sync.Mutex
	jobs  map[string]*export
	order []string // oldest first
}

// export is one bulk export (Bulk Data Access 2.0).
type export struct {
	client  string // that asked, of SMART
	request string // address with which it was asked for
	asked   time.Time
	ready   time.Time
	files   []exportedFile
	deleted []exportedFile
	subset  subset
}

// exportedFile is one NDJSON file: resources of one type, or what was deleted as a Bundle a line.
type exportedFile struct {
	typ      string
	versions []*fhirstore.Version
}

var exportParameters = []string{"_outputFormat", "_since", "_type", "_typeFilter", "_elements"}

// startExport answers the kick-off of $export: of everything, of all patients, or of the patients of a group.
func (s *Server) startExport(r *request, typ, id string) (*response, error) {
	switch {
	case typ == "Patient" && id != "", typ == "Group" && id == "":
		return nil, fail(404, "$export is of the server, of Patient, or of one Group")
	case !strings.Contains(strings.Join(r.header.Values("Prefer"), ","), "respond-async"):
		return nil, fail(400, "$export needs the header Prefer: respond-async")
	}
	e := &export{asked: s.now()}
	e.ready = e.asked.Add(s.c.ExportTime)
	if r.access != nil {
		e.client = r.access.client
	}
	if e.request = r.base + "/" + joinPath(r.path); len(r.query) > 0 {
		e.request += "?" + joinPairs(r.query)
	}
	w, err := s.readExport(r)
	if err != nil {
		return nil, err
	}
	e.subset.elements = w.elements
	if err := s.gather(r, e, w, typ, id); err != nil {
		return nil, err
	}
	return &response{status: 202, header: http.Header{"Content-Location": {r.base + "/_bulk/" + s.exports.keep(e)}},
		tree: outcome([]issue{{severity: "information", code: "informational", text: "The export is under way; ask at the address of Content-Location."}})}, nil
}

func (x *exports) keep(e *export) string {
	key := secretText()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.jobs == nil {
		x.jobs = map[string]*export{}
	}
	if len(x.order) >= maxExports {
		delete(x.jobs, x.order[0])
		x.order = x.order[1:]
	}
	x.jobs[key] = e
	x.order = append(x.order, key)
	return key
}

func (x *exports) drop(key string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.jobs, key)
	x.order = slices.DeleteFunc(x.order, func(k string) bool { return k == key })
}

// wantedExport is what the parameters of an export ask for.
type wantedExport struct {
	types    []string // none is all
	since    time.Time
	filters  map[string][]string // queries by type, of which one must hold
	elements []string
}

func (s *Server) readExport(r *request) (w wantedExport, err error) {
	pairs := r.query
	if r.method == http.MethodPost && (len(r.body) > 0 || r.tree != nil) {
		n, err := s.readTree(r)
		if err != nil {
			return w, err
		}
		for p := range n.All("parameter") {
			pairs = append(pairs, fhirstore.Pair{Name: p.Member("name").String(), Value: valueOf(p).String()})
		}
	}
	w.filters = map[string][]string{}
	for _, p := range pairs {
		switch p.Name {
		case "_format", "_pretty":
		case "_outputFormat":
			if !slices.Contains([]string{typeNDJSON, "application/fhir ndjson", "application/ndjson", "ndjson"}, p.Value) {
				return w, fail(400, "_outputFormat must be %s", typeNDJSON)
			}
		case "_since":
			if w.since, _, err = fhirstore.ParseTime(p.Value); err != nil {
				return w, fail(400, "_since must be an instant, as 2026-03-02T10:14:00Z")
			}
		case "_type":
			for t := range strings.SplitSeq(p.Value, ",") {
				if !s.d.IsResource(t) {
					return w, fail(400, "_type names a type that is no resource")
				}
				w.types = append(w.types, t)
			}
		case "_typeFilter":
			for f := range strings.SplitSeq(p.Value, ",") {
				typ, query, ok := strings.Cut(f, "?")
				if !ok || !s.d.IsResource(typ) {
					return w, fail(400, "_typeFilter reads Type?parameter=value")
				}
				w.filters[typ] = append(w.filters[typ], query)
			}
		case "_elements":
			x, err := readSubset([]fhirstore.Pair{p})
			if err != nil {
				return w, err
			}
			w.elements = append(w.elements, x.elements...)
		default:
			if r.prefers("handling") != "lenient" {
				return w, fail(400, "the parameter %s is not one of %s; with Prefer: handling=lenient it is ignored", printable(p.Name), strings.Join(exportParameters, ", "))
			}
		}
	}
	return w, nil
}

// gather decides what an export holds.
func (s *Server) gather(r *request, e *export, w wantedExport, typ, id string) error {
	inside, err := s.exported(r, typ, id)
	if err != nil {
		return err
	}
	sees := s.sees(r.access)
	for _, t := range s.store.Types() {
		if len(w.types) > 0 && !slices.Contains(w.types, t) || r.access.allows(t, "read") != nil {
			continue
		}
		found, err := s.filtered(r, t, w.filters[t])
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(v *fhirstore.Version) bool {
			return v.Updated.Before(w.since) || inside != nil && !inside[v] || !sees(v)
		})
		for part := range slices.Chunk(found, exportFile) {
			e.files = append(e.files, exportedFile{t, part})
		}
		if w.since.IsZero() || inside != nil { // what belonged to a patient cannot be told of what is gone
			continue
		}
		log, err := s.store.History(t, "")
		if err != nil {
			return err
		}
		last := map[string]bool{}
		log = slices.DeleteFunc(log, func(v *fhirstore.Version) bool {
			newest := !last[v.ID]
			last[v.ID] = true
			return !newest || !v.Deleted() || v.Updated.Before(w.since)
		})
		if len(log) > 0 {
			e.deleted = append(e.deleted, exportedFile{t, log})
		}
	}
	return nil
}

// filtered finds the resources of a type for which one of the queries holds; without any all.
func (s *Server) filtered(r *request, typ string, queries []string) (list []*fhirstore.Version, err error) {
	if len(queries) == 0 {
		return s.store.Search(r.ctx, &fhirstore.Query{Type: typ})
	}
	seen := map[*fhirstore.Version]bool{}
	for _, query := range queries {
		q, err := s.store.ParseQuery(typ, fhirstore.Pairs(query), fhirstore.QueryOptions{Base: r.base, Allow: s.searchable})
		if err != nil {
			return nil, err
		}
		if len(q.Ignored) > 0 {
			return nil, fail(400, "_typeFilter has the search parameter %s, which cannot be used: %s", printable(q.Ignored[0].Name), q.Ignored[0].Reason)
		}
		found, err := s.store.Search(r.ctx, q)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			if !seen[v] {
				seen[v] = true
				list = append(list, v)
			}
		}
	}
	return list, nil
}

// exported are the resources that an export of patients may hold; nil is all.
func (s *Server) exported(r *request, typ, id string) (map[*fhirstore.Version]bool, error) {
	var patients []*fhirstore.Version
	all := map[*fhirstore.Version]bool{}
	switch typ {
	case "":
		return nil, nil
	case "Patient":
		found, err := s.store.Search(r.ctx, &fhirstore.Query{Type: "Patient"})
		if err != nil {
			return nil, err
		}
		patients = found
	case "Group":
		group, err := s.permitted(r, "Group", id, "read")
		if err != nil {
			return nil, err
		}
		all[group] = true
		for m := range group.Tree().All("member", "entity", "reference") {
			t, id := fhirstore.SplitReference(m.Text)
			if v, err := s.store.Read(t, id); err == nil && t == "Patient" {
				patients = append(patients, v)
			}
		}
	}
	for _, p := range patients {
		all[p] = true
		for _, v := range s.members(&compartment{"Patient", p.ID}, "") {
			all[v] = true
		}
	}
	return all, nil
}

// bulk answers the addresses of an export: how far it is, its files, and DELETE, which forgets it.
func (s *Server) bulk(r *request) (*response, error) {
	key := r.segment(1)
	s.exports.mu.Lock()
	e := s.exports.jobs[key]
	s.exports.mu.Unlock()
	if e == nil || s.now().After(e.ready.Add(exportKept)) || r.access != nil && r.access.client != e.client {
		return nil, fail(404, "there is no such export; it may have been deleted, or it is too old")
	}
	switch {
	case r.method == http.MethodDelete && len(r.path) == 2:
		s.exports.drop(key)
		return &response{status: 202, tree: outcome([]issue{{severity: "information", code: "informational", text: "The export is forgotten."}})}, nil
	case !isRead(r.method):
		return nil, notAllowed("GET, DELETE")
	case s.now().Before(e.ready):
		done := 100 * s.now().Sub(e.asked) / max(1, e.ready.Sub(e.asked))
		return &response{status: 202, header: http.Header{"X-Progress": {strconv.Itoa(int(done)) + " % exported"}, "Retry-After": {"1"}}}, nil
	case len(r.path) == 2:
		p := answerJSON(200, e.manifest(r.base+"/_bulk/"+key, s.c.Auth.Kind != AuthNone))
		p.header.Set("Expires", e.ready.Add(exportKept).UTC().Format(http.TimeFormat))
		return p, nil
	case len(r.path) == 3:
		return s.bulkFile(e, r.path[2])
	}
	return nil, fail(404, "there is nothing at this address")
}

func (e *export) manifest(address string, token bool) map[string]any {
	list := func(files []exportedFile, kind, prefix string) []map[string]any {
		out := []map[string]any{}
		for i, f := range files {
			x := map[string]any{"type": f.typ, "url": address + "/" + prefix + itoa(i+1) + ".ndjson", "count": len(f.versions)}
			if kind != "" {
				x["type"] = kind
			}
			out = append(out, x)
		}
		return out
	}
	return map[string]any{
		"transactionTime": instant(e.asked), "request": e.request, "requiresAccessToken": token,
		"output": list(e.files, "", ""), "deleted": list(e.deleted, "Bundle", "deleted-"), "error": []map[string]any{},
	}
}

// bulkFile writes one file: 12.ndjson, or deleted-2.ndjson.
func (s *Server) bulkFile(e *export, name string) (*response, error) {
	number, ok := strings.CutSuffix(name, ".ndjson")
	files := e.files
	number, deleted := strings.CutPrefix(number, "deleted-")
	if deleted {
		files = e.deleted
	}
	n := atoi(number, 0)
	if !ok || n < 1 || n > len(files) {
		return nil, fail(404, "the export has no such file")
	}
	out := []byte{}
	for _, v := range files[n-1].versions {
		switch {
		case deleted:
			gone := fhir.NewObject(fhir.NewObject(text("method", "DELETE"), text("url", v.Reference())).Named("request"))
			out = fhir.AppendJSON(out, fhir.NewObject(text("resourceType", "Bundle"), text("type", "transaction"), fhir.NewArray(gone).Named("entry")))
		case len(e.subset.elements) > 0:
			out = fhir.AppendJSON(out, s.trim(v.Tree(), e.subset))
		default:
			out = append(out, v.Body...)
		}
		out = append(out, '\n')
	}
	return &response{status: 200, raw: out, rawType: typeNDJSON}, nil
}
