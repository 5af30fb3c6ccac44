package convert

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// Namespaces of the XML. The first is that of the HL7 v2 XML encoding, the second holds our additions.
const (
	namespaceV2  = "urn:hl7-org:v2xml"
	namespaceOwn = "urn:trestle:er7"
)

// xmlShaper leaves out what XML 1.0 cannot hold; a segment that has it carries its original bytes.
var xmlShaper = shaper{xmlText}

func xmlText(s string) string {
	if xmlLegal(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if !xmlRune(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

func xmlLegal(s string) bool {
	for _, r := range s {
		if !xmlRune(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// xmlRune reports whether XML 1.0 has the character (section 2.2 of its specification).
func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

// ToXML returns a message as one XML element, without a declaration, indented if pretty.
func ToXML(m *hl7.Message, pretty bool) []byte {
	w := xmlWriter{pretty: pretty}
	w.message(m, nil, true)
	return w.out
}

// message writes a message; before is the framing that stands before it. top says that its element declares the
// namespaces.
func (w *xmlWriter) message(m *hl7.Message, before []byte, top bool) {
	d := frame(m)
	d.before = before
	w.version = versionOf(m)
	structure := structureOf(m)
	groups := func(int) []hl7.GroupStep { return nil }
	if s, ok := w.version.Structure(structure); ok {
		groups = w.version.Match(m, s).Groups
		structure = s.Published()
	}
	if w.root = xmlName(structure); w.root == "" {
		w.root = "MESSAGE"
	}
	w.begin(&d, top)
	i := 0
	for s := range xmlShaper.segments(m, &d) {
		w.enter(groups(i))
		w.segment(s)
		w.pass(false)
		i++
	}
	w.enter(nil)
	w.end(w.root)
}

func versionOf(m *hl7.Message) *dictionary.Version {
	v, _ := dictionary.For(m.Get(pathVersion).Text())
	return v
}

var (
	pathVersion   = hl7.MustPath("MSH-12.1")
	pathType      = hl7.MustPath("MSH-9.1")
	pathTrigger   = hl7.MustPath("MSH-9.2")
	pathStructure = hl7.MustPath("MSH-9.3")
)

// structureOf is the message structure: MSH-9.3 if the version knows it, else that of type and trigger event; "" if there
// is none.
func structureOf(m *hl7.Message) string {
	v := versionOf(m)
	if s, ok := v.Structure(m.Get(pathStructure).Text()); ok {
		return s.Published()
	}
	id, ok := v.StructureOf(m.Get(pathType).Text(), m.Get(pathTrigger).Text())
	if !ok {
		return ""
	}
	if s, ok := v.Structure(id); ok {
		return s.Published()
	}
	return id
}

// xmlName makes a name of an ID of the standard; "" if nothing is left.
func xmlName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
	return strings.TrimLeft(s, "0123456789_")
}

type xmlWriter struct {
	spill
	pretty  bool
	depth   int
	version *dictionary.Version
	root    string
	groups  []hl7.GroupStep // that are open
	obx2    string
}

func (w *xmlWriter) indent() {
	if !w.pretty {
		return
	}
	if len(w.out) > 0 || w.some {
		w.out = append(w.out, '\n')
	}
	for range w.depth {
		w.out = append(w.out, ' ', ' ')
	}
}

// start writes a start tag; attributes are pairs of name and value.
func (w *xmlWriter) start(name string, attributes []string) {
	w.indent()
	w.out = append(append(w.out, '<'), name...)
	for i := 0; i < len(attributes); i += 2 {
		w.out = append(append(w.out, ' '), attributes[i]...)
		w.out = append(w.out, '=', '"')
		w.text(attributes[i+1])
		w.out = append(w.out, '"')
	}
	w.out = append(w.out, '>')
	w.depth++
}

func (w *xmlWriter) end(name string) {
	w.depth--
	w.indent()
	w.endInline(name)
}

func (w *xmlWriter) endInline(name string) {
	w.out = append(append(append(w.out, '<', '/'), name...), '>')
}

func (w *xmlWriter) text(s string) {
	for i := range len(s) {
		switch c := s[i]; c {
		case '&':
			w.out = append(w.out, "&amp;"...)
		case '<':
			w.out = append(w.out, "&lt;"...)
		case '>':
			w.out = append(w.out, "&gt;"...)
		case '"':
			w.out = append(w.out, "&quot;"...)
		case '\t', '\n', '\r': // a reader may change them where they are not written as references
			w.out = append(w.out, "&#"...)
			w.out = strconv.AppendInt(w.out, int64(c), 10)
			w.out = append(w.out, ';')
		default:
			w.out = append(w.out, c)
		}
	}
}

func bytesAttribute(name string, b []byte) []string {
	if xmlLegal(string(b)) {
		return []string{"t:" + name, string(b)}
	}
	return []string{"t:" + name + "Base64", base64.StdEncoding.EncodeToString(b)}
}

// begin writes the start tag of a message.
func (w *xmlWriter) begin(d *document, top bool) {
	var at []string
	if top {
		at = append(at, "xmlns", namespaceV2, "xmlns:t", namespaceOwn)
	}
	if len(d.before) > 0 {
		at = append(at, bytesAttribute("before", d.before)...)
	}
	if d.lineEnd != "" {
		at = append(at, "t:lineEnd", d.lineEnd)
	}
	if d.charset != "" {
		at = append(at, "t:charset", d.charset)
	}
	if d.whole != nil {
		at = append(at, bytesAttribute("er7", d.whole)...)
	}
	w.start(w.root, at)
}

// enter closes and opens groups until those are open that a segment is in.
func (w *xmlWriter) enter(groups []hl7.GroupStep) {
	same := 0
	for same < len(groups) && same < len(w.groups) && groups[same] == w.groups[same] {
		same++
	}
	for i := len(w.groups) - 1; i >= same; i-- {
		w.end(w.groupName(w.groups[i]))
	}
	for _, g := range groups[same:] {
		w.start(w.groupName(g), nil)
	}
	w.groups = groups
}

func (w *xmlWriter) groupName(g hl7.GroupStep) string { return w.root + "." + xmlName(g.Name) }

func (w *xmlWriter) segment(s *segment) {
	var at []string
	if s.trailing > 0 {
		at = append(at, "t:trailing", strconv.Itoa(s.trailing))
	}
	if s.end != "" {
		at = append(at, "t:end", s.end)
	}
	if s.er7 != nil {
		at = append(at, bytesAttribute("er7", s.er7)...)
	}
	if s.id == "" {
		w.start("t:line", at)
		w.depth--
		w.text(s.line)
		w.endInline("t:line")
		return
	}
	w.start(s.id, at)
	for _, f := range s.fields {
		if s.id == "OBX" && f.number == 2 {
			w.obx2 = f.reps[0].text
		}
		dataType := ""
		if def, ok := w.version.FieldAt(s.id, f.number, 0, 0); ok {
			dataType = def.Type
		}
		if s.id == "OBX" && f.number == 5 {
			dataType = w.obx2
		}
		name := fmt.Sprintf("%s.%d", s.id, f.number)
		for _, r := range f.reps {
			w.node(name, dataType, r, 0)
		}
	}
	if s.id == "OBX" {
		w.obx2 = ""
	}
	w.end(s.id)
}

// node writes a value under its name. The parts are named after the data type, or after their place where it is not known.
// Level 0 is a repetition, 1 a component, 2 a subcomponent; ER7 has no part below that, whatever its data type.
func (w *xmlWriter) node(name, dataType string, n node, level int) {
	t, known := w.version.Type(dataType)
	composite := known && len(t.Components) > 0 && xmlName(t.Name) == t.Name
	if n.parts == nil && composite && level < 2 && n.text != `""` && n.text != "" {
		n = node{parts: []node{n}}
	}
	if n.parts == nil {
		w.start(name, nil)
		w.depth--
		w.text(n.text)
		w.endInline(name)
		return
	}
	w.start(name, nil)
	for i, p := range n.parts {
		if p.empty() {
			continue
		}
		part, partType := name+"."+strconv.Itoa(i+1), ""
		if composite && i < len(t.Components) {
			part = t.Name + "." + strconv.Itoa(i+1)
			partType = t.Components[i].Type
		}
		w.node(part, partType, p, level+1)
	}
	w.end(name)
}
