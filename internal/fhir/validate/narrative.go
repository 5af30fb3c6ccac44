package validate

import (
	"strings"

	"trestle/internal/fhir"
)

// elements and attributes that a narrative may have (R4, section 2.4.1: chapters 7 to 11 of HTML 4.0 except section 4 of
// chapter 9, chapter 15, and a with name or href, images and their attributes, style).
var allowedElements, allowedAttributes = setOf(`p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd
		ol ul li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area sub sup u s strike del ins center font nobr`),
	setOf(`title style class id idref lang dir xml:lang accesskey tabindex xmlns
		span width align valign char charoff abbr axis headers scope rowspan colspan
		cellpadding cellspacing summary frame rules border bgcolor color nowrap
		href name rel rev target coords shape alt src height usemap ismap longdesc start type value cite datetime face size hspace vspace xml:space`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// narrative checks the XHTML of Narrative.div (invariants txt-1 and txt-2).
func (w walker) narrative(n *fhir.Node, at place) {
	if n.Kind != fhir.String {
		w.report(CodeType, Error, at, "a narrative is a string of XHTML, not a %s", n.Kind)
		return
	}
	root, err := fhir.ParseXML([]byte(n.Text))
	if err != nil {
		w.report(CodeNarrative, Error, at, "the narrative is not well-formed XHTML: %v", err)
		return
	}
	if local(root.Name) != "div" {
		w.report(CodeNarrative, Error, at, "a narrative is one div element, not %s", short(root.Name))
	}
	if space := root.Member("xmlns"); !strings.Contains(root.Name, ":") && (space == nil || space.Text != fhir.NamespaceXHTML) {
		w.report(CodeNarrative, Error, at, "the div of a narrative needs xmlns=%q", fhir.NamespaceXHTML)
	}
	content := false
	root.Walk(func(_ string, c *fhir.Node) bool {
		switch c.Kind {
		case fhir.Text:
			content = content || strings.TrimSpace(c.Text) != ""
		case fhir.Element:
			content = content || local(c.Name) == "img"
			if !allowedElements[local(c.Name)] {
				w.report(CodeNarrative, Error, at, "txt-1: a narrative may not have the element %s", short(c.Name))
			}
		case fhir.Attribute:
			if !allowedAttributes[c.Name] && !strings.HasPrefix(c.Name, "xmlns:") {
				w.report(CodeNarrative, Error, at, "txt-1: a narrative may not have the attribute %s", short(c.Name))
			}
		}
		return true
	})
	if !content {
		w.report(CodeNarrative, Error, at, "txt-2: the narrative has no text and no picture")
	}
}

func local(name string) string { return name[strings.IndexByte(name, ':')+1:] }
