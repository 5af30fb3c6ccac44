package resource

import (
	"fmt"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

// MaxTree is the longest text in bytes of which a tree is made: a tree of JSON takes about three times its text in memory.
const MaxTree = 128 << 20

// Document is a text and the resource that was read from it. It does not change and may be used by many goroutines.
type Document struct {
	Bytes       []byte
	XML         bool
	Definitions *fhir.Definitions
	Tree        *fhir.Node // nil where the text could not be read
	Problem     error      // why it could not; a *fhir.SyntaxError where the text is at fault
	// Loose says that the text departs from JSON, with comments or commas too many for example, and was read all the same.
	Loose bool

	entries []Entry
	byURL   map[string]int // fullUrl -> entry
	byID    map[string]int // Patient/1 -> entry
}

// Read reads a text with the definitions of R4. It never fails: what cannot be read has a Problem and no tree.
func Read(data []byte) *Document {
	d := &Document{Bytes: data, XML: fhir.LooksLikeXML(data), Definitions: fhir.R4()}
	switch {
	case len(data) > MaxTree:
		d.Problem = fmt.Errorf("the resource has %d MB, and is shown as text only: a tree is made of up to %d MB. Split the Bundle, for example with: trestle fhir convert --to json --compact", len(data)>>20, MaxTree>>20)
	default:
		d.Tree, d.Problem = d.Definitions.Parse(data)
		if d.Problem != nil && !d.XML {
			if n, _, err := fhir.ParseJSONLenient(data); err == nil && n.Kind == fhir.Object {
				d.Tree, d.Problem, d.Loose = n, nil, true
			}
		}
	}
	if d.Tree != nil && d.Tree.ResourceType() == "Bundle" {
		d.index()
	}
	return d
}

// Type is the type of the resource, "" where there is none.
func (d *Document) Type() string { return d.Tree.ResourceType() }

// Entry is an entry of a Bundle.
type Entry struct {
	Index    int
	Node     *fhir.Node // the entry
	Resource *fhir.Node // what it holds, nil for none
	Type, ID string     // of the resource
	FullURL  string
}

// Path is the entry's path.
func (e *Entry) Path() string { return "Bundle.entry[" + strconv.Itoa(e.Index) + "]" }

// Entries are the entries of a Bundle in their order; do not change them.
func (d *Document) Entries() []Entry { return d.entries }

// index lists the entries of the Bundle and remembers what they go by.
func (d *Document) index() {
	list := d.Tree.Member("entry")
	if list == nil || list.Kind != fhir.Array {
		return
	}
	d.entries = make([]Entry, 0, len(list.Children))
	d.byURL, d.byID = make(map[string]int, len(list.Children)), make(map[string]int, len(list.Children))
	for _, n := range list.Children {
		if n.Kind == fhir.Comment {
			continue
		}
		i := len(d.entries)
		r := n.Member("resource")
		e := Entry{Index: i, Node: n, Resource: r, Type: r.ResourceType(), ID: r.Find("id").String(), FullURL: n.Find("fullUrl").String()}
		d.entries = append(d.entries, e)
		if _, there := d.byURL[e.FullURL]; !there && e.FullURL != "" {
			d.byURL[e.FullURL] = i
		}
		if id := e.Type + "/" + e.ID; e.Type != "" && e.ID != "" {
			if _, there := d.byID[id]; !there {
				d.byID[id] = i
			}
		}
	}
}

// EntryAt is the entry that holds a byte, -1 for none.
func (d *Document) EntryAt(offset int) int {
	from, to := 0, len(d.entries)
	for from < to {
		if mid := (from + to) / 2; d.entries[mid].Node.End <= offset {
			from = mid + 1
		} else {
			to = mid
		}
	}
	if from < len(d.entries) && d.entries[from].Node.Off <= offset {
		return from
	}
	return -1
}

// Target is where a reference leads.
type Target struct {
	Node *fhir.Node // in this document, nil for none
	// Where the reference leads out of the document: Type and ID of the resource.
	Type, ID string
}

// Follow finds what a reference leads to, from the byte at which it stands: a contained resource, an entry of the Bundle (R4,
// section 2.36.4), or a type and id that are to be found elsewhere. ok is false where it leads nowhere that is known.
func (d *Document) Follow(reference string, offset int) (t Target, ok bool) {
	here := d.EntryAt(offset)
	if id, inside := strings.CutPrefix(reference, "#"); inside {
		holder := d.Tree
		if here >= 0 {
			holder = d.entries[here].Resource
		}
		if id == "" && holder != nil {
			return Target{Node: holder}, true
		}
		for c := range holder.All("contained") {
			if c.Find("id").String() == id {
				return Target{Node: c}, true
			}
		}
		return t, false
	}
	reference, _, _ = strings.Cut(reference, "#")
	reference, _, _ = strings.Cut(reference, "/_history/")
	if i, there := d.byURL[reference]; there {
		return d.target(i), true
	}
	base, typ, id := splitReference(reference)
	if typ == "" {
		return t, false
	}
	if base == "" && here >= 0 {
		// A relative reference is taken from the server that the entry's fullUrl names; senders that number by UUID write
		// Type/UUID too.
		from, _, _ := splitReference(d.entries[here].FullURL)
		for _, url := range []string{from + typ + "/" + id, "urn:uuid:" + id} {
			if i, there := d.byURL[url]; there {
				return d.target(i), true
			}
		}
	}
	if i, there := d.byID[typ+"/"+id]; there && base == "" {
		return d.target(i), true
	}
	if d.Definitions.IsResource(typ) {
		return Target{Type: typ, ID: id}, true
	}
	return t, false
}

func (d *Document) target(i int) Target {
	e := &d.entries[i]
	if e.Resource == nil {
		return Target{Node: e.Node}
	}
	return Target{Node: e.Resource}
}

// splitReference splits http://example.org/fhir/Patient/1 into its parts; typ is "" where it is no address of a resource.
func splitReference(s string) (base, typ, id string) {
	i := strings.LastIndexByte(s, '/')
	if i <= 0 || i+1 == len(s) || strings.HasPrefix(s, "urn:") {
		return "", "", ""
	}
	rest, id := s[:i], s[i+1:]
	j := strings.LastIndexByte(rest, '/')
	base, typ = rest[:j+1], rest[j+1:]
	if typ == "" || typ[0] < 'A' || typ[0] > 'Z' {
		return "", "", ""
	}
	return base, typ, id
}
