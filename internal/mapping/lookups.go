package mapping

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"

	"trestle/internal/fhir"
)

func lookupFunctions() []*Function {
	table := func(name, does string, answer func(c *call, x *index, a answer, found bool, key string) (value, bool)) *Function {
		return &Function{Name: name, Group: "lookup", Arguments: "table", Does: does, least: 1, most: 1, reserved: true, make: func(c *compiler, args []string) (apply, error) {
			x, ok := c.tables[args[0]]
			if !ok {
				return nil, fmt.Errorf("there is no table %q; name it under tables, with its file", shorten(args[0]))
			}
			c.tablesUsed[args[0]] = true
			return func(c *call, in []value) []value {
				kept := in[:0]
				for i := range in {
					k := in[i].String()
					if k == "" {
						continue
					}
					a, found := x.answers[k]
					if v, ok := answer(c, x, a, found, k); ok {
						kept = append(kept, v)
					}
				}
				return kept
			}, nil
		}}
	}
	return []*Function{
		table("lookup", "what the table holds for the value", func(c *call, x *index, a answer, found bool, key string) (value, bool) {
			if found {
				return textValue(a.value), true
			}
			s, ok := c.missing(x, key)
			return textValue(s), ok
		}),
		table("concept", "a CodeableConcept of what the table holds: code, system and display", func(c *call, x *index, a answer, found bool, key string) (value, bool) {
			coding := c.coded(x, a, found, key)
			if coding == nil {
				return value{}, false
			}
			concept := c.run.object()
			c.run.addList(concept, "coding", coding)
			return nodeValue(concept), true
		}),
		table("coded", "a Coding of what the table holds: code, system and display", func(c *call, x *index, a answer, found bool, key string) (value, bool) {
			coding := c.coded(x, a, found, key)
			return nodeValue(coding), coding != nil
		}),
		table("known", "the value if the table holds it", func(_ *call, _ *index, _ answer, found bool, key string) (value, bool) {
			return textValue(key), found
		}),
		{Name: "system_uri", Group: "lookup", Does: "the URI of a code system by the name that HL7 v2 gives it (table 0396), or by its OID", make: func(*compiler, []string) (apply, error) {
			return eachText(systemURI), nil
		}},
		systemNames(),
		{Name: "oid_uri", Group: "lookup", Does: "urn:oid: before an OID, urn:uuid: before a UUID", make: func(*compiler, []string) (apply, error) { return eachText(identifierURI), nil }},
	}
}

// coded makes a Coding of an answer, or of what stands for one: then the system is that of the other answers, if what stands
// there is one of them.
func (c *call) coded(x *index, a answer, found bool, key string) *fhir.Node {
	if !found {
		s, ok := c.missing(x, key)
		if !ok {
			return nil
		}
		if a, found = x.byValue(s); !found {
			a = answer{value: s}
		}
	}
	coding := c.run.object()
	c.run.addText(coding, "system", a.system)
	c.run.addText(coding, "code", a.value)
	c.run.addText(coding, "display", a.display)
	return coding
}

// missing applies the policy of a table to a value that it does not hold, and counts it.
func (c *call) missing(x *index, key string) (string, bool) {
	c.run.fail(x.table.Name, key)
	m := x.table.Missing
	if m.Warn || m.Policy == "" {
		c.warn(fmt.Sprintf("the table %q does not hold the value", x.table.Name))
	}
	switch m.Policy {
	case UseDefault:
		return m.Use, true
	case PassThrough:
		return key, true
	case Refuse:
		c.run.refuse(fmt.Sprintf("the table %q does not hold a value that the message has, and the mapping says that this is an error; add the value to %s", x.table.Name, x.table.File))
	}
	return "", false
}

func identityFunctions() []*Function {
	id := func(name, arguments, does string, least, most int, m func(c *compiler, args []string) (apply, error)) *Function {
		return &Function{Name: name, Group: "identity", Arguments: arguments, Does: does, least: least, most: most, whole: true, reserved: true, make: m}
	}
	return []*Function{
		id("uuid", "", "a UUID that is derived from the values and the seed of the mapping: the same for the same values", 0, 0, func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				if in = present(in); len(in) == 0 {
					return in
				}
				parts := make([]string, len(in))
				for i := range in {
					parts[i] = in[i].String()
				}
				return append(in[:0], textValue(derivedUUID(c.run.e.file.Seed, parts...)))
			}, nil
		}),
		unasked(id("counter", "", "the number of the turn, from 1", 0, 0, func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				n := 1
				if c.rep != nil {
					n += c.rep.n
				} else if c.turn != nil {
					n += c.turn.index
				}
				return append(in[:0], textValue(strconv.Itoa(n)))
			}, nil
		})),
		unasked(id("set_id", "", "the number of the turn within the turn of the block around it, from 1: OBX-1 begins anew for each OBR", 0, 0, func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				n := 1
				if c.rep != nil {
					n += c.rep.n
				} else if c.turn != nil {
					n += c.turn.within
				}
				return append(in[:0], textValue(strconv.Itoa(n)))
			}, nil
		})),
		unasked(id("reference", "block", "a Reference to what the block has made that belongs here", 1, 1, func(c *compiler, args []string) (apply, error) {
			c.references = append(c.references, args[0])
			name := args[0]
			return func(c *call, in []value) []value {
				in = in[:0]
				for _, t := range c.run.instances(name) {
					if len(in) >= maxValues || !c.turn.belongs(t, c.run.message.names) || !c.rep.at(t, c.run.message.names) {
						continue
					}
					ref := c.run.object()
					c.run.addText(ref, "reference", t.urn)
					in = append(in, nodeValue(ref))
				}
				return in
			}, nil
		})),
	}
}

// at says whether a turn stands at the segment, or the repetition, that a rule's loop stands at, if it stands at one of that
// name at all.
func (rep *repetition) at(t *turn, names []string) bool {
	if rep == nil || rep.segment < 0 || t.segment < 0 || names[rep.segment] != names[t.segment] {
		return true
	}
	return rep.segment == t.segment && (rep.field == 0 || t.field != rep.field || t.rep.Offset() == rep.value.Offset())
}

// belongs says whether what two turns make belongs together. Turns at segments of one name do if it is one segment; turns in
// groups if they are in no two repetitions of one group; and what lies inside of a turn belongs to it, not to its neighbours.
func (t *turn) belongs(o *turn, names []string) bool {
	if t.segment >= 0 && o.segment >= 0 && t.segment != o.segment && names[t.segment] == names[o.segment] || !related(t.chain, o.chain) {
		return false
	}
	for u := t; u != nil; u = u.parent {
		for w := o; w != nil; w = w.parent {
			if u.block == w.block {
				return u == w
			}
		}
	}
	return true
}

// derivedUUID is a UUID of version 5 (RFC 9562) over the parts, each ended so that they cannot run into another.
func derivedUUID(seed string, parts ...string) string {
	text := derivation(nil, seed)
	for _, p := range parts {
		text = append(append(text, p...), 0)
	}
	return derivedURN(text)[len(urnUUID):]
}

// derivation begins the text that an identifier is derived from.
func derivation(dst []byte, seed string) []byte {
	return append(append(append(dst, "trestle mapping\x00"...), seed...), 0)
}

// derivedURN is the URN of the UUID of a derivation.
func derivedURN(text []byte) string {
	b := sha1.Sum(text)
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	var whole [len(urnUUID) + 36]byte
	out := whole[copy(whole[:], urnUUID):]
	hex.Encode(out[0:8], b[0:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:36], b[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(whole[:])
}

// object makes an object of the result.
func (r *run) object() *fhir.Node {
	n := r.node()
	n.Kind = fhir.Object
	return n
}

func (r *run) node() *fhir.Node { return r.nodes.next() }

func (r *run) addText(to *fhir.Node, name, text string) {
	if text == "" {
		return
	}
	n := r.node()
	n.Kind, n.Name, n.Text = fhir.String, name, text
	r.attach(to, n)
}

// attach adds a child. Lists of children are cut from blocks too.
func (r *run) attach(to, child *fhir.Node) {
	if n := len(to.Children); n == cap(to.Children) && n < 64 {
		to.Children = append(r.slots.some(max(4, 2*n)), to.Children...)
	}
	to.Children = append(to.Children, child)
}

func (r *run) add(to *fhir.Node, name string, child *fhir.Node) {
	if child == nil || len(child.Children) == 0 && child.Text == "" {
		return
	}
	child.Name = name
	r.attach(to, child)
}

// addList adds a child to the array of that name.
func (r *run) addList(to *fhir.Node, name string, item *fhir.Node) {
	if item == nil || len(item.Children) == 0 && item.Text == "" {
		return
	}
	list := to.Member(name)
	if list == nil {
		list = r.node()
		list.Kind, list.Name = fhir.Array, name
		r.attach(to, list)
	}
	item.Name = ""
	r.attach(list, item)
}

func (r *run) addListText(to *fhir.Node, name, text string) {
	if text == "" {
		return
	}
	n := r.node()
	n.Kind, n.Text = fhir.String, text
	r.addList(to, name, n)
}
