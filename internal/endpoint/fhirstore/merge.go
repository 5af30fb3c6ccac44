package fhirstore

import (
	"context"
	"net/http"
	"slices"

	"trestle/internal/fhir"
)

// notMerged are resources that speak of a message and are no part of anybody's record.
var notMerged = []string{"MessageHeader", "OperationOutcome", "Parameters", "Bundle"}

// Merge brings the resources of a Bundle into the store, in one transaction: each changes the resource that it is about, or becomes a
// new one. A resource is about the one that shares an identifier with it, alone of its type; a Coverage also about the only one of the same
// beneficiary with the same subscriber or payor, and an Encounter without an identifier about the only one of its patient that goes on; else
// about the one with its id. An element that it has takes the place of the one that was there, but
// identifiers are added to; an element that it does not have stays as it was. References between the entries become references to what
// they are about. It returns the versions that were made, of which there is none where nothing changed. origin is that of [Tx.From].
func (s *Store) Merge(ctx context.Context, bundle *fhir.Node, origin string) (made []*Version, err error) {
	type arrival struct {
		n  *fhir.Node
		id string
	}
	var arrivals []arrival
	err = s.Change(ctx, func(tx *Tx) error {
		made, arrivals = nil, nil
		tx.From(origin)
		urls := map[string]string{}
		for e := range bundle.All("entry") {
			n := e.Member("resource")
			typ := n.ResourceType()
			if !s.d.IsResource(typ) || slices.Contains(notMerged, typ) {
				continue
			}
			n = n.Clone().Named("")
			// What comes later points to what came before, as coverages to patients: so far the references are those of the store.
			Rewrite(n, func(ref string) string { return urls[ref] })
			id, err := tx.subject(ctx, n)
			if err != nil {
				return err
			}
			own := n.Member("id").String()
			switch {
			case id != "":
			case ValidID(own):
				id = own
			default:
				id = tx.NewID(typ)
			}
			if own != "" {
				urls[typ+"/"+own] = typ + "/" + id
			}
			if full := e.Member("fullUrl").String(); full != "" {
				urls[full] = typ + "/" + id
			}
			arrivals = append(arrivals, arrival{n, id})
		}
		for _, a := range arrivals {
			Rewrite(a.n, func(ref string) string { return urls[ref] })
			typ := a.n.ResourceType()
			if before, err := tx.Read(typ, a.id); err == nil {
				a.n = s.merged(before.Tree(), a.n)
			}
			d := s.Draft(a.n)
			if tx.has(d, a.id) {
				continue
			}
			tx.As(http.MethodPut)
			v, _, err := tx.Put(d, a.id)
			if err != nil {
				return err
			}
			made = append(made, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// subject finds the resource that another is about; "" if there is none, or more than one.
func (tx *Tx) subject(ctx context.Context, n *fhir.Node) (string, error) {
	typ := n.ResourceType()
	for i := range n.All("identifier") {
		value := i.Member("value").String()
		if value == "" {
			continue
		}
		found, err := tx.Search(ctx, &Query{Type: typ, Filters: tx.s.identifierFilter(typ, value)})
		if err != nil {
			return "", err
		}
		found = slices.DeleteFunc(found, func(v *Version) bool {
			return !slices.ContainsFunc(slices.Collect(v.Tree().All("identifier")), func(other *fhir.Node) bool { return sameIdentifier(i, other) })
		})
		if len(found) == 1 {
			return found[0].ID, nil
		}
	}
	switch typ {
	case "Coverage":
		return tx.alone(n, "beneficiary", func(other *fhir.Node) bool {
			if a, b := n.Member("subscriberId").String(), other.Member("subscriberId").String(); a != "" && b != "" {
				return a == b
			}
			return sameParty(n.Find("payor"), other.Find("payor"))
		}), nil
	case "Encounter":
		if n.Member("identifier") == nil {
			return tx.alone(n, "subject", func(other *fhir.Node) bool {
				return !slices.Contains([]string{"finished", "cancelled", "entered-in-error"}, other.Member("status").String())
			}), nil
		}
	}
	return "", nil
}

// alone finds the one resource of n's type that points to the same by an element, and is the same; "" if there is none, or more than one.
func (tx *Tx) alone(n *fhir.Node, element string, same func(other *fhir.Node) bool) string {
	typ, to := n.ResourceType(), n.Find(element, "reference").String()
	p := tx.s.Param(typ, element)
	if to == "" || p == nil {
		return ""
	}
	id := ""
	for _, v := range tx.s.pointers(typ, p, to) {
		if same(v.Tree()) {
			if id != "" {
				return ""
			}
			id = v.ID
		}
	}
	return id
}

// sameParty compares two references: by what they point to, else by their display.
func sameParty(a, b *fhir.Node) bool {
	for _, name := range []string{"reference", "display"} {
		if x, y := a.Member(name).String(), b.Member(name).String(); x != "" && y != "" {
			return x == y
		}
	}
	return false
}

// identifierFilter finds an identifier by its value alone; none where the type cannot be searched by it, so that nothing is found.
func (s *Store) identifierFilter(typ, value string) []Filter {
	p := s.Param(typ, "identifier")
	if p == nil {
		return []Filter{{param: &Param{own: byID}, own: byID}}
	}
	return []Filter{{param: p, values: []operand{{code: value}}}}
}

// sameIdentifier compares system and value. A message of HL7 v2 often knows no system: then the type decides, as far as both have one.
func sameIdentifier(a, b *fhir.Node) bool {
	if a.Member("value").String() != b.Member("value").String() {
		return false
	}
	x, y := a.Member("system").String(), b.Member("system").String()
	if x != "" && y != "" || x == y {
		return x == y && (x != "" || typesFit(a, b))
	}
	return typesFit(a, b)
}

// typesFit says that two identifiers may be of one type.
func typesFit(a, b *fhir.Node) bool {
	x, y := a.Find("type", "coding", "code").String(), b.Find("type", "coding", "code").String()
	return x == "" || y == "" || x == y
}

// merged is what was there, which it changes, with the elements that came in their places.
func (s *Store) merged(out, n *fhir.Node) *fhir.Node {
	def := s.d.Type(n.ResourceType()).RootElement()
	for _, m := range n.Children {
		switch m.Name {
		case "resourceType", "id", "meta":
		case "identifier":
			list := fhir.NewArray().Named("identifier")
			if old := out.Member("identifier"); old != nil {
				list.Children = slices.Clone(old.Children)
			}
			for _, i := range m.Children {
				at := slices.IndexFunc(list.Children, func(other *fhir.Node) bool { return sameIdentifier(i, other) })
				switch {
				case at < 0:
					list.Children = append(list.Children, i)
				case i.Member("system") != nil || list.Children[at].Member("system") == nil:
					list.Children[at] = i
				}
			}
			out.Set(list)
		default:
			if e, _ := def.Child(m.Name); e != nil { // deceasedDateTime takes the place of deceasedBoolean
				for _, c := range slices.Clone(out.Children) {
					if other, _ := def.Child(c.Name); other == e && c.Name != m.Name {
						out.Remove(c.Name)
					}
				}
			}
			out.Set(m)
		}
	}
	if n.Member("text") == nil && out.Find("text", "status").String() == "generated" {
		out.Remove("text") // it told of what was there before
	}
	return out
}
