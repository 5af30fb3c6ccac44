package suggest

import (
	"maps"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// family is what data types of HL7 v2, FHIR and JSON are alike in: a date fits a date.
func family(typ string) string {
	switch typ {
	case "DT", "DTM", "TS", "TM", "date", "dateTime", "instant", "time":
		return "date"
	case "NM", "SI", "decimal", "integer", "positiveInt", "unsignedInt", "number":
		return "number"
	case "XPN", "PPN", "HumanName":
		return "name"
	case "XAD", "SAD", "AD", "Address":
		return "address"
	case "XTN", "TN", "ContactPoint":
		return "phone"
	case "CX", "EI", "EIP", "Identifier", "CK":
		return "identifier"
	case "CE", "CWE", "CNE", "CF", "IS", "ID", "CodeableConcept", "Coding", "code":
		return "code"
	case "XCN", "CNN", "NDL", "Practitioner", "PractitionerRole", "Reference":
		return "person"
	case "XON", "HD", "Organization":
		return "organization"
	case "PL", "LA1", "LA2", "Location":
		return "location"
	case "CQ", "Quantity", "Money", "MO", "CP":
		return "quantity"
	case "DR", "Period", "TQ", "Timing":
		return "period"
	case "ST", "TX", "FT", "string", "markdown", "GTS":
		return "text"
	case "boolean":
		return "yes or no"
	case "ED", "RP", "Attachment", "base64Binary":
		return "document"
	}
	return ""
}

// fit says how well a value of one family goes into another, from 0 to 1; 0.5 where nothing is known.
func fit(from, to string) float64 {
	switch {
	case from == "" || to == "":
		return 0.5
	case from == to:
		return 1
	case to == "text" || from == "text":
		return 0.6
	case from == "person" && (to == "name" || to == "identifier"), from == "period" && to == "date", from == "date" && to == "period", from == "code" && to == "yes or no", from == "number" && to == "quantity", from == "location" && to == "person", from == "organization" && to == "person":
		return 0.7
	case from == "identifier" && to == "code", from == "code" && to == "identifier":
		return 0.5
	}
	return 0.1
}

// fhirType is the type of an element, and its words.
func fhirType(resource, path string) (typ, short string) {
	if !fhir.R4().IsResource(resource) {
		return "", ""
	}
	e := fhir.R4().Type(resource).RootElement()
	for _, name := range strings.Split(path, ".") {
		if e == nil {
			return "", ""
		}
		child, t := e.Child(name)
		if child == nil {
			if child = e.ChildOfPath(name); child == nil {
				return "", ""
			}
		}
		typ, short, e = t, child.Short, child
		switch {
		case child.Reference != nil:
			e = child.Reference
		case len(child.Children) == 0:
			e = fhir.R4().Type(typ).RootElement()
		}
	}
	return typ, short
}

// hl7Type is the data type of a field or component, and its name.
func hl7Type(v *dictionary.Version, path string) (typ, name string) {
	p, err := hl7.ParsePath(path)
	if err != nil || p.Field <= 0 {
		return "", ""
	}
	p = hl7.Path{Segment: p.Segment, Field: p.Field, Component: max(0, p.Component), Subcomponent: max(0, p.Subcomponent)}
	f, ok := v.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent)
	if !ok {
		v, _ = dictionary.For("2.8.2")
		f, _ = v.FieldAt(p.Segment, p.Field, p.Component, p.Subcomponent)
	}
	return f.Type, v.NameOf(p)
}

// standard are the candidates that the standard gives where there are no samples: the fields of HL7 v2 with their
// components, or the elements of the resources that the guide knows.
func standard(end mapping.End) (list []Candidate) {
	switch end.Kind {
	case mapping.HL7v2:
		v, _ := dictionary.For(end.Version)
		for _, s := range v.Segments() {
			for i := range s.Fields {
				f := &s.Fields[i]
				if !f.Defined() || f.Usage == "X" || f.Usage == "W" {
					continue
				}
				p := hl7.Path{Segment: s.ID, Field: f.Position}
				list = append(list, Candidate{Path: p.String(), Name: f.Name, Type: f.Type})
				for _, c := range f.Components() {
					if c.Defined() {
						p.Component = c.Position
						list = append(list, Candidate{Path: p.String(), Name: v.NameOf(p), Type: c.Type})
					}
				}
			}
		}
	case mapping.FHIR:
		seen := map[string]bool{}
		sources := guide().bySource
		for _, field := range slices.Sorted(maps.Keys(sources)) {
			for _, f := range sources[field] {
				if path := f.holder + "." + f.path; !seen[path] && fhir.R4().IsResource(f.holder) {
					seen[path] = true
					elements(f.holder, f.path, seen, &list)
				}
			}
		}
	case mapping.CSV, mapping.JSON, mapping.XML:
		for _, c := range end.Columns {
			list = append(list, Candidate{Path: c})
		}
	}
	return list
}

// elements adds an element and the parts of its type.
func elements(resource, path string, seen map[string]bool, list *[]Candidate) {
	typ, short := fhirType(resource, path)
	*list = append(*list, Candidate{Path: resource + "." + path, Name: short, Type: typ})
	if primitive := typ == "" || typ[0] >= 'a' && typ[0] <= 'z' || typ == "Reference" || typ == "Extension" || fhir.R4().IsResource(typ); primitive {
		return
	}
	for _, c := range fhir.R4().Type(typ).RootElement().Children {
		at := path + "." + c.Name
		if c.Choice || c.Name == "id" || c.Name == "extension" || seen[resource+"."+at] || strings.Count(at, ".") > 3 {
			continue
		}
		seen[resource+"."+at] = true
		if c.Name == "coding" {
			for _, part := range []string{"code", "display", "system"} {
				*list = append(*list, Candidate{Path: resource + "." + at + "." + part, Type: "code"})
			}
			continue
		}
		t := ""
		if len(c.Types) > 0 {
			t = c.Types[0].Code
		}
		*list = append(*list, Candidate{Path: resource + "." + at, Name: c.Short, Type: t})
	}
}
