package mapping

import (
	"maps"
	"strings"
)

// Use is a source that a rule or a block names, in a condition too.
type Use struct {
	ID   string // of the rule or block
	Path string // as it is shown: PID-5.1; what lies below a repetition has the path of its loop before it
}

// Uses lists the sources that a mapping names, each once for a rule or block, in the order of the file. Rules that are out
// of scope name none.
func Uses(f *File) []Use {
	c, _ := compile(f)
	loops := map[string]string{}
	f.Walk(func(b *Block) {
		loops[b.ID] = b.Per
		for i := range b.Rules {
			loops[b.Rules[i].ID] = b.Per
			if each := b.Rules[i].Each; each != "" {
				loops[b.Rules[i].ID] = each
			}
		}
	})
	var list []Use
	seen := map[Use]bool{}
	for _, u := range c.sources {
		path := u.ref.text
		switch {
		case u.ref.relative:
			path = strings.TrimSuffix(loops[u.id]+"."+strings.TrimPrefix(path, "."), ".")
		case f.Source.Kind == HL7v2:
			path = u.ref.path.String()
		}
		if use := (Use{u.id, path}); !seen[use] {
			seen[use] = true
			list = append(list, use)
		}
	}
	return list
}

// Fields lists all places of the source that were populated in the samples so far, in the order in which they came.
func (c *Coverage) Fields() []SourceField {
	list := make([]SourceField, 0, len(c.order))
	for _, path := range c.order {
		f := *c.fields[path]
		f.Distinct = len(f.counts)
		f.Top = topValues(f.counts, 5)
		list = append(list, f)
	}
	return list
}

// Implicit is the function that a type of FHIR asks for where a rule reads HL7 v2 and names no function; "" for most.
func Implicit(typ string) string { return implicit[typ] }

// Vocabulary are the codes that functions know, for those who write the functions in another language: the URIs of code
// systems by their names in table 0396, and what becomes of tables 0190, 0191, 0200, 0201, 0202 and 0291.
func Vocabulary() map[string]map[string]string {
	known := map[string]map[string]string{"systems": systemURIs, "nameUses": nameUses, "addressUses": addressUses, "addressTypes": addressTypes,
		"contactSystems": contactSystems, "contactUses": contactUses, "mediaTypes": mediaTypes, "subtypes": subtypes}
	for name, codes := range known {
		known[name] = maps.Clone(codes)
	}
	return known
}
