package fhirserver

import (
	"net/http"
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// job is an entry of a batch or transaction on its way.
type job struct {
	entry   *fhir.Node
	request *request
	fullURL string
	answer  *response
	target  string // Type/id, as soon as it is known
}

// order of the methods in a transaction (R4 3.1.0.11.2).
var order = []string{http.MethodDelete, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodGet, http.MethodHead}

// bundle answers POST [base]: a batch or a transaction (R4 3.1.0.11).
func (s *Server) bundle(r *request) (*response, error) {
	n, err := s.readTree(r)
	if err != nil {
		return nil, err
	}
	kind := n.Member("type").String()
	if n.ResourceType() != "Bundle" || kind != "batch" && kind != "transaction" {
		return nil, fail(400, "the service root takes a Bundle of type batch or transaction; a resource is posted to the address of its type")
	}
	if p := s.c.Personality; p != nil && !slices.Contains(p.System, kind) {
		f := fail(405, "this server does not support %s", kind)
		f.issues[0].code = "not-supported"
		return nil, f
	}
	jobs, err := s.jobs(r, n, kind)
	if err != nil {
		return nil, err
	}
	if kind == "transaction" {
		if err := s.transaction(r, jobs); err != nil {
			return nil, err
		}
	} else {
		for _, j := range jobs {
			if j.answer == nil {
				j.answer = s.answer(j.request)
			}
		}
	}
	out := fhir.NewObject(fhir.NewString("Bundle").Named("resourceType"), fhir.NewString(kind+"-response").Named("type"))
	if len(jobs) > 0 {
		entries := fhir.NewArray().Named("entry")
		for _, j := range jobs {
			entries.Children = append(entries.Children, j.write())
		}
		out.Children = append(out.Children, entries)
	}
	return &response{status: 200, tree: out}, nil
}

// jobs reads the entries. In a batch an entry that cannot be read is answered alone.
func (s *Server) jobs(r *request, n *fhir.Node, kind string) ([]*job, error) {
	var jobs []*job
	for e := range n.All("entry") {
		ask := e.Member("request")
		j := &job{entry: e, fullURL: e.Member("fullUrl").String()}
		method, url := ask.Member("method").String(), ask.Member("url").String()
		j.request = &request{ctx: r.ctx, method: method, base: r.base, tree: e.Member("resource"), access: r.access, header: http.Header{}}
		if j.request.tree != nil {
			j.request.tree = j.request.tree.Clone().Named("")
		}
		for name, header := range map[string]string{"ifMatch": "If-Match", "ifNoneMatch": "If-None-Match", "ifModifiedSince": "If-Modified-Since", "ifNoneExist": "If-None-Exist"} {
			if v := ask.Member(name).String(); v != "" {
				j.request.header.Set(header, v)
			}
		}
		if prefer := r.header.Get("Prefer"); prefer != "" {
			j.request.header.Set("Prefer", prefer)
		}
		url = strings.TrimPrefix(strings.TrimPrefix(url, r.base), "/")
		path, query, _ := strings.Cut(url, "?")
		j.request.path = strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
		j.request.query = fhirstore.Pairs(query)
		switch {
		case !slices.Contains(order, method) || url == "":
			f := fail(400, "entry %d needs a request with a method and a url", len(jobs))
			if kind == "transaction" {
				return nil, f
			}
			j.answer = &response{status: f.status, tree: outcome(f.issues)}
		case method == http.MethodPost && len(j.request.path) == 0:
			return nil, fail(400, "entry %d is a Bundle for the service root; batches and transactions are not nested", len(jobs))
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// transaction runs all jobs or none. Reads are answered when the changes are done.
func (s *Server) transaction(r *request, jobs []*job) error {
	if err := noTwice(jobs); err != nil {
		return err
	}
	sorted := slices.Clone(jobs)
	slices.SortStableFunc(sorted, func(a, b *job) int {
		return slices.Index(order, a.request.method) - slices.Index(order, b.request.method)
	})
	err := s.store.Change(r.ctx, func(tx *fhirstore.Tx) error {
		if err := s.resolve(r, tx, jobs); err != nil {
			return err
		}
		for _, j := range sorted {
			if j.reads() {
				continue
			}
			j.request.tx = tx
			p, err := s.runJob(j, tx)
			if err != nil {
				f := asFailure(err)
				f.issues = slices.Clone(f.issues)
				f.issues[0].text = "entry " + itoa(slices.Index(jobs, j)) + " failed, so nothing of the transaction was done: " + f.issues[0].text
				return f
			}
			j.answer, j.request.tx = p, nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, j := range sorted {
		if j.answer == nil {
			j.answer = s.answer(j.request)
		}
	}
	return nil
}

// reads says that a job changes nothing: besides GET a search by POST and most operations. They are answered outside of the transaction.
func (j *job) reads() bool {
	q := j.request
	if isRead(q.method) {
		return true
	}
	last := q.segment(len(q.path) - 1)
	return q.method == http.MethodPost && (last == "_search" || strings.HasPrefix(last, "$") && !slices.Contains(changingOperations, last[1:]))
}

// runJob runs a change. A create stores under the id that references were given already.
func (s *Server) runJob(j *job, tx *fhirstore.Tx) (*response, error) {
	q := j.request
	if q.method != http.MethodPost || len(q.path) != 1 || strings.HasPrefix(q.path[0], "$") || j.target == "" {
		return s.route(q)
	}
	typ, id := fhirstore.SplitReference(j.target)
	if err := s.allow(q, typ, "create"); err != nil {
		return nil, err
	}
	if v, err := tx.Read(typ, id); err == nil && q.header.Get("If-None-Exist") != "" {
		return s.written(q, v, 200), s.owned(q.access, tx, v, "create")
	}
	n, err := s.checked(q, typ)
	if err != nil {
		return nil, err
	}
	tx.As(http.MethodPost)
	v, _, err := tx.Put(s.store.Draft(n), id)
	if err != nil {
		return nil, err
	}
	return s.written(q, v, 201), s.owned(q.access, tx, v, "create")
}

// noTwice refuses a transaction that changes one resource twice, or has one fullUrl twice.
func noTwice(jobs []*job) error {
	targets, urls := map[string]bool{}, map[string]bool{}
	for i, j := range jobs {
		if m := j.request.method; (m == http.MethodPut || m == http.MethodPatch || m == http.MethodDelete) && len(j.request.path) == 2 {
			t := joinPath(j.request.path)
			if targets[t] {
				return fail(400, "entry %d changes a resource that an entry before it changes too", i)
			}
			targets[t] = true
		}
		if j.fullURL != "" && j.request.method != http.MethodGet {
			if urls[j.fullURL] {
				return fail(400, "entry %d has the fullUrl of an entry before it", i)
			}
			urls[j.fullURL] = true
		}
	}
	return nil
}

// resolve gives creates their ids, and references that name entries or conditions the resources that they mean.
func (s *Server) resolve(r *request, tx *fhirstore.Tx, jobs []*job) error {
	urls := map[string]string{}
	for _, j := range jobs {
		q := j.request
		switch {
		case q.method == http.MethodPost && len(q.path) == 1 && s.d.IsResource(q.path[0]):
			if condition := q.header.Get("If-None-Exist"); condition != "" {
				found, err := s.only(r, tx, q.path[0], strings.TrimPrefix(condition, "?"))
				if err != nil {
					return err
				}
				if found != nil {
					j.target = found.Reference()
					break
				}
			}
			j.target = q.path[0] + "/" + tx.NewID(q.path[0])
		case q.method == http.MethodPut && len(q.path) == 2:
			j.target = joinPath(q.path)
		case q.method == http.MethodPut && len(q.path) == 1:
			found, err := s.only(r, tx, q.path[0], joinPairs(q.query))
			if err != nil {
				return err
			}
			id := q.tree.Member("id").String()
			switch {
			case found != nil:
				id = found.ID
			case !fhirstore.ValidID(id):
				id = tx.NewID(q.path[0])
			}
			j.target = q.path[0] + "/" + id
			q.path, q.query = []string{q.path[0], id}, nil
			if q.tree != nil && q.tree.Kind == fhir.Object {
				q.tree.Set(fhir.NewString(id).Named("id"))
			}
		}
		if j.fullURL != "" && j.target != "" {
			urls[j.fullURL] = j.target
		}
	}
	var failed error
	for _, j := range jobs {
		if j.request.tree == nil {
			continue
		}
		fhirstore.Rewrite(j.request.tree, func(ref string) string {
			if target := urls[ref]; target != "" {
				return target
			}
			if own, fragment, ok := strings.Cut(ref, "#"); ok && urls[own] != "" {
				return urls[own] + "#" + fragment
			}
			typ, query, ok := strings.Cut(ref, "?")
			if !ok || failed != nil || !s.d.IsResource(typ) {
				return ""
			}
			found, err := s.only(r, tx, typ, query) // a conditional reference
			switch {
			case err != nil:
				failed = err
			case found == nil:
				failed = fail(412, "a reference by a condition finds no %s", typ)
			default:
				return found.Reference()
			}
			return ""
		})
	}
	return failed
}

// write makes the entry that answers a job.
func (j *job) write() *fhir.Node {
	p := j.answer
	e := fhir.NewObject()
	if n := p.resource(); n != nil && p.status < 300 {
		e.Children = append(e.Children, n.Named("resource"))
	}
	answer := fhir.NewObject(fhir.NewString(itoa(p.status) + " " + http.StatusText(p.status)).Named("status")).Named("response")
	if p.location != "" {
		answer.Children = append(answer.Children, fhir.NewString(p.location).Named("location"))
	}
	if p.etag != "" {
		answer.Children = append(answer.Children, fhir.NewString(p.etag).Named("etag"))
	}
	if p.about != nil {
		answer.Children = append(answer.Children, fhir.NewString(instant(p.about.Updated)).Named("lastModified"))
	}
	if p.status >= 300 && p.tree != nil {
		answer.Children = append(answer.Children, p.tree.Named("outcome"))
	}
	e.Children = append(e.Children, answer)
	return e
}
