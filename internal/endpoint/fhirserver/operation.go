package fhirserver

import (
	"net/http"
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
)

// changingOperations are those that change resources.
var changingOperations = []string{"meta-add", "meta-delete", "process-message"}

// operation answers $name on the server, a type or a resource (R4 3.2, Operations).
func (s *Server) operation(r *request, typ, id, name string) (*response, error) {
	if p := s.c.Personality; p != nil && !slices.Contains(p.Operations, name) {
		f := fail(404, "this server does not have the operation $%s", printable(name))
		f.issues[0].code = "not-supported"
		return nil, f
	}
	if !isRead(r.method) && r.method != http.MethodPost {
		return nil, notAllowed("GET, POST")
	}
	switch {
	case typ == "" && !slices.Contains(systemOperations, name), typ != "" && !slices.Contains(operationNames[""], name) && !slices.Contains(operationNames[typ], name):
		name = ""
	}
	switch name {
	case "validate":
		return s.validate(r, typ, id)
	case "meta", "meta-add", "meta-delete":
		return s.meta(r, typ, id, name)
	case "everything":
		return s.everything(r, typ, id)
	case "match":
		return s.match(r)
	case "lastn":
		return s.lastN(r)
	case "translate":
		return s.translate(r, id)
	case "export":
		return s.startExport(r, typ, id)
	case "process-message":
		return s.processMessage(r)
	case "expand":
		return s.expand(r, id)
	case "validate-code":
		return s.validateCode(r, typ, id)
	case "lookup":
		return s.lookup(r)
	}
	f := fail(404, "there is no such operation here")
	f.issues[0].code = "not-supported"
	return nil, f
}

// permitted reads a resource that the client has the right to.
func (s *Server) permitted(r *request, typ, id, interaction string) (*fhirstore.Version, error) {
	if err := r.access.allows(typ, interaction); err != nil {
		return nil, err
	}
	v, err := r.source(s).Read(typ, id)
	if err != nil {
		return nil, err
	}
	return v, s.owned(r.access, r.source(s), v, interaction)
}

// input finds a parameter of an operation: in the address, or in the Parameters that were posted.
func (s *Server) input(r *request, name string) (*fhir.Node, error) {
	if v := r.get(name); v != "" {
		return fhir.NewString(v), nil
	}
	if r.method != http.MethodPost || len(r.body) == 0 && r.tree == nil {
		return nil, nil
	}
	n, err := s.readTree(r)
	if err != nil {
		return nil, err
	}
	if n.ResourceType() != "Parameters" {
		if name == "resource" {
			return n, nil
		}
		return nil, nil
	}
	for p := range n.All("parameter") {
		if p.Member("name").String() == name {
			if x := p.Member("resource"); x != nil {
				return x, nil
			}
			return valueOf(p), nil
		}
	}
	return nil, nil
}

// inputs reads several texts.
func (s *Server) inputs(r *request, names ...string) ([]string, error) {
	out := make([]string, len(names))
	for i, name := range names {
		n, err := s.input(r, name)
		if err != nil {
			return nil, err
		}
		out[i] = n.String()
	}
	return out, nil
}

// validate answers $validate: 200 with what was found, good or bad (R4 3.2.0.1, Resource-validate).
func (s *Server) validate(r *request, typ, id string) (*response, error) {
	n, err := s.input(r, "resource")
	if err != nil {
		return nil, err
	}
	if n == nil && id != "" {
		v, err := s.permitted(r, typ, id, "read")
		if err != nil {
			return nil, err
		}
		n = v.Tree()
	}
	if n == nil {
		return nil, fail(400, "$validate needs a resource: as the body, or as the parameter resource")
	}
	more, err := s.inputs(r, "mode", "profile")
	if err != nil {
		return nil, err
	}
	var issues []issue
	if got := n.ResourceType(); typ != "" && got != typ {
		issues = append(issues, issue{severity: "error", code: "structure", text: "The resource is a " + known(s.d, got) + ", but the address is that of " + typ + "."})
	}
	o := validate.Options{Definitions: s.d}
	if more[1] != "" {
		if s.d.Structure(more[1]) == nil {
			return nil, fail(400, "the profile is not known here")
		}
		o.Profiles = []string{more[1]}
	}
	if own := n.Member("id").String(); more[0] == "create" && own != "" {
		issues = append(issues, issue{severity: "warning", code: "value", text: "A create gives the resource a new id; the one that it has is not kept.", expression: n.ResourceType() + ".id"})
	}
	for _, f := range validate.Tree(r.ctx, n.Clone(), o) {
		issues = append(issues, issueOf(f))
	}
	if len(issues) == 0 {
		issues = []issue{{severity: "information", code: "informational", text: "Nothing is wrong with the resource."}}
	}
	return &response{status: 200, tree: outcome(issues)}, nil
}

// meta answers $meta, $meta-add and $meta-delete.
func (s *Server) meta(r *request, typ, id, name string) (*response, error) {
	if name == "meta" && id == "" {
		if r.access != nil {
			return nil, fail(403, "$meta of many resources is not for clients of SMART")
		}
		return &response{status: 200, tree: parameters(part("return", s.allMeta(typ).Named("valueMeta")))}, nil
	}
	if id == "" {
		return nil, fail(400, "$%s is for one resource", name)
	}
	interaction := "update"
	if name == "meta" {
		interaction = "read"
	}
	v, err := s.permitted(r, typ, id, interaction)
	if err != nil {
		return nil, err
	}
	if name == "meta" {
		return &response{status: 200, tree: parameters(part("return", v.Tree().Member("meta").Named("valueMeta")))}, nil
	}
	change, err := s.input(r, "meta")
	if err != nil {
		return nil, err
	}
	if change == nil || change.Kind != fhir.Object {
		return nil, fail(400, "$%s needs the parameter meta", name)
	}
	err = r.change(s, func(tx *fhirstore.Tx) error {
		before, err := tx.Read(typ, id)
		if err != nil {
			return err
		}
		n := before.Tree()
		meta := n.Member("meta")
		for _, list := range []string{"profile", "security", "tag"} {
			changeList(meta, change, list, name == "meta-add")
		}
		tx.As(http.MethodPost)
		v, _, err = tx.Put(s.store.Draft(n), id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &response{status: 200, tree: parameters(part("return", v.Tree().Member("meta").Named("valueMeta")))}, nil
}

// changeList adds what is not there, or takes out what is.
func changeList(meta, change *fhir.Node, name string, add bool) {
	list := fhir.NewArray().Named(name)
	if before := meta.Member(name); before != nil {
		list.Children = slices.Clone(before.Children)
	}
	for x := range change.All(name) {
		i := slices.IndexFunc(list.Children, func(n *fhir.Node) bool {
			return n.Kind == x.Kind && n.Text == x.Text && n.Member("system").String() == x.Member("system").String() && n.Member("code").String() == x.Member("code").String()
		})
		switch {
		case add && i < 0:
			list.Children = append(list.Children, x)
		case !add && i >= 0:
			list.Children = slices.Delete(list.Children, i, i+1)
		}
	}
	meta.Remove(name)
	if len(list.Children) > 0 {
		meta.Children = append(meta.Children, list)
	}
}

// allMeta collects the profiles, security labels and tags of all resources of a type.
func (s *Server) allMeta(typ string) *fhir.Node {
	all := fhir.NewObject()
	list, _ := s.store.History(typ, "") // a type of which nothing was ever stored has none
	for _, v := range list {
		if m := v.Tree().Member("meta"); m != nil {
			for _, name := range []string{"profile", "security", "tag"} {
				changeList(all, m, name, true)
			}
		}
	}
	return all
}

func parameters(parts ...*fhir.Node) *fhir.Node {
	return fhir.NewObject(text("resourceType", "Parameters"), fhir.NewArray(parts...).Named("parameter"))
}

func part(name string, value *fhir.Node) *fhir.Node {
	return fhir.NewObject(text("name", name), value)
}

// everything answers Patient/[id]/$everything: the resource, its compartment, and what both refer to (R4 Patient-everything).
func (s *Server) everything(r *request, typ, id string) (*response, error) {
	var roots []*fhirstore.Version
	if id == "" {
		found, err := r.source(s).Search(r.ctx, &fhirstore.Query{Type: typ})
		if err != nil {
			return nil, err
		}
		roots = found
	} else {
		v, err := s.permitted(r, typ, id, "read")
		if err != nil {
			return nil, err
		}
		roots = []*fhirstore.Version{v}
	}
	seen := map[*fhirstore.Version]bool{}
	var list []*fhirstore.Version
	add := func(v *fhirstore.Version) {
		if !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	for _, root := range roots {
		add(root)
		for _, v := range s.members(&compartment{typ, root.ID}, "") {
			add(v)
		}
	}
	for _, v := range slices.Clone(list) {
		for _, found := range s.follow(include{code: "*"}, v) {
			if found.Type != "Patient" || typ != "Patient" { // other patients are not this one's data
				add(found)
			}
		}
	}
	kept, err := s.narrow(r, list, roots)
	if err != nil {
		return nil, err
	}
	l := &listing{s: s, typ: typ, found: kept, self: r.base + "/" + joinPath(r.path), query: r.query}
	if err := l.controls(r.query); err != nil {
		return nil, err
	}
	if r.get("_count") == "" { // without a page size everything comes at once
		l.count = max(1, len(kept))
	}
	return l.page(r, 0)
}

// narrow keeps what _type, _since, start and end leave over.
func (s *Server) narrow(r *request, list, roots []*fhirstore.Version) ([]*fhirstore.Version, error) {
	types := strings.FieldsFunc(r.get("_type"), func(c rune) bool { return c == ',' })
	since := r.get("_since")
	var query []fhirstore.Pair
	if v := r.get("start"); v != "" {
		query = append(query, fhirstore.Pair{Name: "date", Value: "ge" + v})
	}
	if v := r.get("end"); v != "" {
		query = append(query, fhirstore.Pair{Name: "date", Value: "le" + v})
	}
	inTime := map[string]map[*fhirstore.Version]bool{}
	var kept []*fhirstore.Version
	sees := s.sees(r.access)
	for _, v := range list {
		if !sees(v) {
			continue
		}
		if len(types) > 0 && !slices.Contains(types, v.Type) {
			continue
		}
		if since != "" {
			t, _, err := fhirstore.ParseTime(since)
			if err != nil {
				return nil, fail(400, "_since must be an instant, as 2026-03-02T10:14:00Z")
			}
			if v.Updated.Before(t) {
				continue
			}
		}
		if p := s.store.Param(v.Type, "date"); len(query) > 0 && p != nil && p.Type == "date" && !slices.Contains(roots, v) {
			if inTime[v.Type] == nil {
				q, err := s.store.ParseQuery(v.Type, query, fhirstore.QueryOptions{})
				if err != nil {
					return nil, err
				}
				found, err := r.source(s).Search(r.ctx, q)
				if err != nil {
					return nil, err
				}
				inTime[v.Type] = map[*fhirstore.Version]bool{}
				for _, f := range found {
					inTime[v.Type][f] = true
				}
			}
			if !inTime[v.Type][v] {
				continue
			}
		}
		kept = append(kept, v)
	}
	return kept, nil
}

func atoi(text string, otherwise int) int {
	n := 0
	if text == "" {
		return otherwise
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > 1<<24 {
			return otherwise
		}
		n = n*10 + int(c-'0')
	}
	return n
}
