package fhirserver

import (
	"net/http"
	"slices"
	"sync"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// compartmentMembers are the parameters by which resources belong to a compartment, by its type and theirs.
type compartmentMembers map[string]map[string][]string

var compartmentsOnce sync.Map // of *fhir.Definitions

func compartmentsOf(d *fhir.Definitions) compartmentMembers {
	if m, ok := compartmentsOnce.Load(d); ok {
		return m.(compartmentMembers)
	}
	m := compartmentMembers{}
	for _, n := range d.Compartments() {
		members := map[string][]string{}
		for x := range n.All("resource") {
			for p := range x.All("param") {
				members[x.Member("code").String()] = append(members[x.Member("code").String()], p.Text)
			}
		}
		m[n.Member("code").String()] = members
	}
	compartmentsOnce.Store(d, m)
	return m
}

func (s *Server) hasCompartment(typ string) bool { return compartmentsOf(s.d)[typ] != nil }

// inside keeps the resources of a type, "" for all, that belong to a compartment.
func (s *Server) inside(c *compartment, typ string, list []*fhirstore.Version) []*fhirstore.Version {
	members := map[*fhirstore.Version]bool{}
	for _, v := range s.members(c, typ) {
		members[v] = true
	}
	return slices.DeleteFunc(list, func(v *fhirstore.Version) bool { return !members[v] })
}

// members lists what belongs to a compartment, of one type or all, without the resource that it is of.
func (s *Server) members(c *compartment, typ string) (list []*fhirstore.Version) {
	seen := map[*fhirstore.Version]bool{}
	for _, t := range s.store.Types() {
		if typ != "" && t != typ {
			continue
		}
		for _, code := range compartmentsOf(s.d)[c.typ][t] {
			p := s.store.Param(t, code)
			if p == nil {
				continue
			}
			for _, v := range s.store.Pointing(t, p, c.typ+"/"+c.id) {
				if !seen[v] {
					seen[v] = true
					list = append(list, v)
				}
			}
		}
	}
	return list
}

// interactions are all that a type can have, in the order of the standard.
var interactions = []string{"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"}

// statement is the one that was asked for last, as the clients of one address see it.
type statement struct {
	base string
	n    *fhir.Node
}

// capabilities answers GET metadata with a CapabilityStatement of what is enabled (R4 3.1.0.6).
func (s *Server) capabilities(r *request) (*response, error) {
	if mode := r.get("mode"); mode == "terminology" {
		return nil, fail(501, "this server has no statement of its terminology")
	}
	last := s.metadata.Load()
	if last == nil || last.base != r.base {
		last = &statement{r.base, s.statement(r.base)}
		s.metadata.Store(last)
	}
	root := *last.n // an answer may name its root; what is below is shared and never changed
	return &response{status: 200, tree: &root}, nil
}

func text(name, value string) *fhir.Node { return fhir.NewString(value).Named(name) }

func coded(name string, codes []string) *fhir.Node {
	list := fhir.NewArray().Named(name)
	for _, c := range codes {
		list.Children = append(list.Children, fhir.NewObject(text("code", c)))
	}
	return list
}

func texts(name string, values []string) *fhir.Node {
	list := fhir.NewArray().Named(name)
	for _, v := range values {
		list.Children = append(list.Children, fhir.NewString(v))
	}
	return list
}

func (s *Server) statement(base string) *fhir.Node {
	p := s.c.Personality
	software, description, formats := "Trestle", "A mock FHIR server", []string{typeJSON, typeXML, "json", "xml"}
	date := instant(s.now())
	patches := []string{"application/json-patch+json", typeJSON}
	if p != nil {
		software, description, formats = p.Software.Name, "A mock, modelled on the public statement of "+p.Name+" of "+p.Date(), p.Format
		if software == "" {
			software = p.Name
		}
		patches = p.PatchFormats
	}
	rest := fhir.NewObject(text("mode", "server"))
	security := fhir.NewObject(fhir.NewBool(true).Named("cors"))
	switch s.c.Auth.Kind {
	case AuthBasic:
		security.Children = append(security.Children, fhir.NewArray(fhir.NewObject(text("text", "Basic"))).Named("service"))
	case AuthSMART:
		uris := fhir.NewObject(fhir.NewArray(
			fhir.NewObject(text("url", "authorize"), text("valueUri", base+"/auth/authorize")),
			fhir.NewObject(text("url", "token"), text("valueUri", base+"/auth/token")),
			fhir.NewObject(text("url", "introspect"), text("valueUri", base+"/auth/introspect"))).Named("extension"),
			text("url", "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"))
		security.Children = append([]*fhir.Node{fhir.NewArray(uris).Named("extension")}, security.Children...)
		security.Children = append(security.Children, fhir.NewArray(fhir.NewObject(coded("coding", []string{"SMART-on-FHIR"}))).Named("service"))
		security.Member("service").Children[0].Find("coding").Children = []*fhir.Node{text("system", "http://terminology.hl7.org/CodeSystem/restful-security-service"), text("code", "SMART-on-FHIR")}
	case AuthBearer, AuthKey:
		security.Children = append(security.Children, text("description", "Every request but this one needs credentials of the kind "+string(s.c.Auth.Kind)+"."))
	}
	rest.Children = append(rest.Children, security.Named("security"), s.resourceList())
	system := []string{"transaction", "batch", "search-system", "history-system"}
	if p != nil {
		system = p.System
	}
	if len(system) > 0 {
		rest.Children = append(rest.Children, coded("interaction", system))
	}
	if p == nil {
		rest.Children = append(rest.Children, operationsOf(""))
	}
	n := fhir.NewObject(text("resourceType", "CapabilityStatement"), text("status", "active"), text("date", date), text("kind", "instance"),
		fhir.NewObject(text("name", software)).Named("software"),
		fhir.NewObject(text("description", description), text("url", base)).Named("implementation"),
		text("fhirVersion", s.d.Version), texts("format", formats))
	if len(patches) > 0 {
		n.Children = append(n.Children, texts("patchFormat", patches))
	}
	n.Children = append(n.Children, fhir.NewArray(rest).Named("rest"))
	return n
}

func (s *Server) resourceList() *fhir.Node {
	list := fhir.NewArray().Named("resource")
	names := s.resourceTypes()
	for _, name := range names {
		n := fhir.NewObject(text("type", name), text("profile", "http://hl7.org/fhir/StructureDefinition/"+name))
		own, kinds := Capabilities{UpdateCreate: true, ConditionalCreate: true, ConditionalUpdate: true, ConditionalDelete: "single"}, interactions
		if p := s.c.Personality; p != nil {
			own = p.Resources[name]
			kinds = own.Interactions
		} else if s.c.DeleteMany {
			own.ConditionalDelete = "multiple"
		}
		if own.ConditionalDelete == "" {
			own.ConditionalDelete = "not-supported"
		}
		n.Children = append(n.Children, coded("interaction", kinds), text("versioning", "versioned"),
			fhir.NewBool(slices.Contains(kinds, "vread")).Named("readHistory"), fhir.NewBool(own.UpdateCreate).Named("updateCreate"),
			fhir.NewBool(own.ConditionalCreate).Named("conditionalCreate"), text("conditionalRead", "full-support"),
			fhir.NewBool(own.ConditionalUpdate).Named("conditionalUpdate"), text("conditionalDelete", own.ConditionalDelete))
		s.describeSearch(n, name)
		if p := s.c.Personality; p == nil {
			n.Children = append(n.Children, operationsOf(name))
		}
		list.Children = append(list.Children, n)
	}
	return list
}

// resourceTypes lists the types that the server has, in alphabetical order.
func (s *Server) resourceTypes() []string {
	if p := s.c.Personality; p != nil {
		return p.Types()
	}
	var names []string
	for _, t := range s.d.Types() {
		if def := s.d.Type(t); def != nil && def.Kind == "resource" && !def.Abstract && t != "Parameters" {
			names = append(names, t)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Server) describeSearch(n *fhir.Node, typ string) {
	var includes []string
	params := fhir.NewArray().Named("searchParam")
	for _, p := range s.d.SearchParameters(typ) {
		if !s.searchable(typ, p.Code) || p.Expression == "" && p.Code != "_text" && p.Code != "_content" {
			continue
		}
		kind := p.Type
		params.Children = append(params.Children, fhir.NewObject(text("name", p.Code), text("definition", p.URL), text("type", kind)))
		if kind == "reference" {
			includes = append(includes, typ+":"+p.Code)
		}
	}
	if len(includes) > 0 {
		n.Children = append(n.Children, texts("searchInclude", includes))
	}
	if len(params.Children) > 0 {
		n.Children = append(n.Children, params)
	}
}

// operationNames are the operations that the server has, by the type that they are of; "" is every type.
var operationNames = map[string][]string{
	"": {"validate", "meta", "meta-add", "meta-delete"}, "Patient": {"everything", "match", "export"}, "Encounter": {"everything"},
	"Group": {"export"}, "Observation": {"lastn"}, "ConceptMap": {"translate"},
	"ValueSet": {"expand", "validate-code"}, "CodeSystem": {"lookup", "validate-code"},
}

// systemOperations are those of the whole server.
var systemOperations = []string{"validate", "meta", "export", "process-message"}

var operationURLs = map[string]string{
	"validate": "Resource-validate", "meta": "Resource-meta", "meta-add": "Resource-meta-add", "meta-delete": "Resource-meta-delete",
	"process-message": "MessageHeader-process-message",
}

// bulkURLs are of the guide Bulk Data Access.
var bulkURLs = map[string]string{"": "export", "Patient": "patient-export", "Group": "group-export"}

// operationsOf lists the operations of a type, of "" those of the whole server.
func operationsOf(typ string) *fhir.Node {
	list := fhir.NewArray().Named("operation")
	names := systemOperations
	if typ != "" {
		names = slices.Concat(operationNames[""], operationNames[typ])
	}
	for _, name := range names {
		url := "http://hl7.org/fhir/OperationDefinition/" + operationURLs[name]
		switch {
		case name == "export":
			url = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/" + bulkURLs[typ]
		case operationURLs[name] == "":
			url += typ + "-" + name
		}
		list.Children = append(list.Children, fhir.NewObject(text("name", name), text("definition", url)))
	}
	return list
}

// isRead says whether a method only reads.
func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }
