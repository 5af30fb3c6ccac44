package fhir

import (
	"strconv"
	"strings"
)

// Extensions of StructureDefinition that say what a type really is.
const (
	ExtensionType  = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
	ExtensionRegex = "http://hl7.org/fhir/StructureDefinition/regex"
)

// Structure is a StructureDefinition: a type, a resource, a profile or an extension.
type Structure struct {
	URL, Name  string
	Kind       string // primitive-type, complex-type, resource, logical
	Type       string // the type that it defines or constrains
	Base       string // URL of what it derives from; "" for the roots
	Abstract   bool
	Constraint bool               // a profile or an extension, not a type of its own
	Root       *ElementDefinition // of the snapshot
	Contexts   []string           // of an extension: where it may stand
}

// Primitive says whether the structure is a type whose value is one text.
func (s *Structure) Primitive() bool { return s != nil && s.Kind == "primitive-type" }

// RootElement returns the root of the snapshot; nil for no structure.
func (s *Structure) RootElement() *ElementDefinition {
	if s == nil {
		return nil
	}
	return s.Root
}

// Unlimited is the Max of an element that may be there any number of times.
const Unlimited = -1

// ElementDefinition is an element of a snapshot, with the elements below it.
type ElementDefinition struct {
	Path        string // Patient.contact.name, Observation.value[x]
	ID          string // as Path, with slices: Patient.extension:race
	Name        string // contact; a choice has it without [x]
	SliceName   string
	Choice      bool // value[x]
	Min, Max    int  // Max can be Unlimited
	List        bool // JSON has an array: the base permits more than one
	Types       []TypeRef
	Attribute   bool // XML has an attribute, not an element
	Short       string
	Modifier    bool
	Summary     bool
	MustSupport bool
	MaxLength   int                // in characters; 0 is no limit
	Reference   *ElementDefinition // what it shares the content of: Questionnaire.item.item is as Questionnaire.item
	Binding     Binding
	Constraints []Constraint
	Slicing     *Slicing
	Fixed       *Node // fixed[x], nil if there is none; its Name is the member's
	Pattern     *Node
	MinValue    *Node
	MaxValue    *Node
	Children    []*ElementDefinition
	Slices      []*ElementDefinition

	contentReference string
}

// TypeRef is one of the types that an element can have.
type TypeRef struct {
	Code           string // string, Quantity, Reference; types of FHIRPath are given as those of FHIR
	Profiles       []string
	TargetProfiles []string // of a Reference or canonical
	Regex          string   // that the whole text of a primitive must match
}

// Binding ties an element to a set of codes.
type Binding struct {
	Strength string // required, extensible, preferred, example; "" is no binding
	ValueSet string // canonical URL, possibly with |version
}

// Constraint is an invariant.
type Constraint struct {
	Key, Severity, Human, Expression string
}

// Slicing says how the items of a list are told apart.
type Slicing struct {
	Discriminators []Discriminator
	Ordered        bool
	Rules          string // open, closed, openAtEnd
}

// Discriminator is one of the ways to tell slices apart.
type Discriminator struct {
	Type string // value, exists, pattern, type, profile
	Path string
}

// Child finds the element that a member of JSON or an element of XML belongs to, and its type: valueQuantity is value[x]
// as a Quantity. The type is "" where content is shared or the element has children of its own only. nil if there is no
// such element.
func (e *ElementDefinition) Child(name string) (*ElementDefinition, string) {
	if e == nil {
		return nil, ""
	}
	if e.Reference != nil {
		e = e.Reference
	}
	for _, c := range e.Children {
		if !c.Choice {
			if c.Name == name {
				return c, c.onlyType()
			}
			continue
		}
		if rest, ok := strings.CutPrefix(name, c.Name); ok && rest != "" {
			for _, t := range c.Types {
				if rest == capital(t.Code) {
					return c, t.Code
				}
			}
		}
	}
	return nil, ""
}

// ChildOfPath finds the element of that name as FHIRPath knows it: value for value[x].
func (e *ElementDefinition) ChildOfPath(name string) *ElementDefinition {
	if e == nil {
		return nil
	}
	if e.Reference != nil {
		e = e.Reference
	}
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (e *ElementDefinition) onlyType() string {
	if len(e.Types) == 0 {
		return ""
	}
	return e.Types[0].Code
}

func capital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// newStructure reads a StructureDefinition with a snapshot.
func newStructure(n *Node) *Structure {
	s := &Structure{
		URL: n.Find("url").String(), Name: n.Find("name").String(), Kind: n.Find("kind").String(),
		Type: n.Find("type").String(), Base: n.Find("baseDefinition").String(),
		Abstract: n.Find("abstract").String() == "true", Constraint: n.Find("derivation").String() == "constraint",
	}
	for c := range n.All("context") {
		s.Contexts = append(s.Contexts, c.Find("expression").String())
	}
	byPath := map[string]*ElementDefinition{}
	var all []*ElementDefinition
	for n := range n.All("snapshot", "element") {
		e := newElement(n)
		all = append(all, e)
		byPath[e.ID] = e
		if s.Root == nil {
			s.Root = e
			continue
		}
		if e.SliceName != "" && strings.HasSuffix(e.ID, ":"+e.SliceName) {
			if whole := byPath[strings.TrimSuffix(e.ID, ":"+e.SliceName)]; whole != nil {
				whole.Slices = append(whole.Slices, e)
				continue
			}
		}
		if parent := byPath[e.ID[:max(0, strings.LastIndexByte(e.ID, '.'))]]; parent != nil {
			parent.Children = append(parent.Children, e)
		}
	}
	for _, e := range all {
		if _, path, ok := strings.Cut(e.contentReference, "#"); ok {
			e.Reference = byPath[path]
		}
	}
	return s
}

func newElement(n *Node) *ElementDefinition {
	e := &ElementDefinition{Path: n.Find("path").String(), ID: n.Find("id").String(), Max: Unlimited}
	if e.ID == "" {
		e.ID = e.Path
	}
	e.Name = e.Path[strings.LastIndexByte(e.Path, '.')+1:]
	e.Name, e.Choice = strings.CutSuffix(e.Name, "[x]")
	for _, m := range n.Children {
		switch m.Name {
		case "sliceName":
			e.SliceName = m.Text
		case "short":
			e.Short = m.Text
		case "min":
			e.Min, _ = strconv.Atoi(m.Text)
		case "max":
			if most, err := strconv.Atoi(m.Text); err == nil {
				e.Max = most
			}
			e.List = e.List || m.Text != "0" && m.Text != "1"
		case "base":
			if most := m.Find("max").String(); most != "" {
				e.List = most != "0" && most != "1"
			}
		case "type":
			for t := range m.All() {
				e.Types = append(e.Types, newTypeRef(t))
			}
		case "contentReference":
			e.contentReference = m.Text
		case "maxLength":
			e.MaxLength, _ = strconv.Atoi(m.Text)
		case "isModifier":
			e.Modifier = m.Text == "true"
		case "isSummary":
			e.Summary = m.Text == "true"
		case "mustSupport":
			e.MustSupport = m.Text == "true"
		case "representation":
			e.Attribute = m.Item(0).String() == "xmlAttr"
		case "binding":
			e.Binding = newBinding(m)
		case "constraint":
			for c := range m.All() {
				e.Constraints = append(e.Constraints, Constraint{
					Key: c.Find("key").String(), Severity: c.Find("severity").String(),
					Human: c.Find("human").String(), Expression: c.Find("expression").String(),
				})
			}
		case "slicing":
			e.Slicing = &Slicing{Ordered: m.Find("ordered").String() == "true", Rules: m.Find("rules").String()}
			for d := range m.All("discriminator") {
				e.Slicing.Discriminators = append(e.Slicing.Discriminators, Discriminator{d.Find("type").String(), d.Find("path").String()})
			}
		default:
			switch {
			case strings.HasPrefix(m.Name, "fixed"):
				e.Fixed = m
			case strings.HasPrefix(m.Name, "pattern"):
				e.Pattern = m
			case strings.HasPrefix(m.Name, "minValue"):
				e.MinValue = m
			case strings.HasPrefix(m.Name, "maxValue"):
				e.MaxValue = m
			}
		}
	}
	// R4 publishes the id of resources as a string; the text of the specification, and R5, say id.
	if e.Name == "id" && !e.Attribute && len(e.Types) == 1 && e.Types[0].Code == "string" && strings.Count(e.Path, ".") == 1 {
		e.Types[0].Code = "id"
	}
	return e
}

func newBinding(n *Node) Binding {
	b := Binding{Strength: n.Find("strength").String()}
	for _, name := range []string{"valueSet", "valueSetReference", "valueSetUri"} { // the last two in STU3
		v := n.Find(name)
		if v != nil && v.Kind == Object {
			v = v.Find("reference")
		}
		if v != nil {
			b.ValueSet = v.Text
		}
	}
	return b
}

// systemTypes gives the types of FHIRPath that snapshots name the types of FHIR for, where no extension says it.
var systemTypes = map[string]string{
	"String": "string", "Boolean": "boolean", "Integer": "integer", "Decimal": "decimal", "Date": "date", "DateTime": "dateTime", "Time": "time",
}

func newTypeRef(n *Node) TypeRef {
	t := TypeRef{Code: n.Find("code").String()}
	for p := range n.All("profile") {
		t.Profiles = append(t.Profiles, p.Text)
	}
	for p := range n.All("targetProfile") {
		t.TargetProfiles = append(t.TargetProfiles, p.Text)
	}
	system, isSystem := strings.CutPrefix(t.Code, "http://hl7.org/fhirpath/System.")
	if isSystem {
		t.Code = systemTypes[system]
	}
	for x := range n.All("extension") {
		var value string
		for _, m := range x.Children {
			if strings.HasPrefix(m.Name, "value") {
				value = m.Text
			}
		}
		switch x.Find("url").String() {
		case ExtensionType:
			t.Code = value
		case ExtensionRegex:
			t.Regex = value
		}
	}
	if t.Code == "" { // STU3 has the code of a primitive's value in an extension of the code
		t.Code = "string"
	}
	return t
}
