package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
)

// detectJSON knows JSON and NDJSON, and FHIR in them.
func detectJSON(b []byte) (Guess, bool) {
	if b[0] != '{' && b[0] != '[' {
		return Guess{}, false
	}
	first, rest, ok := firstValue(b)
	if !ok {
		return Guess{}, false
	}
	resource := resourceType(first)
	if next := bytes.TrimLeft(rest, " \t\r\n"); first[0] == '{' && len(next) > 0 && next[0] == '{' && bytes.ContainsAny(rest[:len(rest)-len(next)], "\r\n") {
		if resource != "" {
			return Guess{Kind: FHIRNDJSON, Why: "It has one FHIR resource to a line; the first is a " + resource + "."}, true
		}
		return Guess{Kind: NDJSON, Why: "It has one JSON object to a line."}, true
	}
	switch {
	case resource == "Bundle":
		return Guess{Kind: FHIRJSON, Why: "It is a FHIR Bundle in JSON."}, true
	case resource != "":
		return Guess{Kind: FHIRJSON, Why: "It is JSON with a FHIR resourceType, " + resource + "."}, true
	}
	return Guess{Kind: JSON, Why: "It is JSON without a FHIR resourceType."}, true
}

// firstValue returns the first JSON value of b and what follows. A value cut
// by the end of the head counts if everything up to there is JSON.
func firstValue(b []byte) (first, rest []byte, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(b))
	depth := 0
	for n := 0; ; n++ {
		t, err := dec.Token()
		if err != nil {
			cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) && syntax.Offset >= int64(len(b)) {
				cut = true
			}
			// One good name is enough to call broken text JSON: an analyst
			// wants to hear "JSON", not "text".
			return b, nil, cut && n > 0 || n >= 3
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			at := dec.InputOffset()
			return b[:at], b[at:], true
		}
	}
}

var resourceTypePattern = regexp.MustCompile(`"resourceType"\s*:\s*"([A-Z][A-Za-z]{1,40})"`)

// resourceType returns the resourceType of the outermost object; where it
// stands late, as generators that sort names write it, the last at depth one.
func resourceType(b []byte) string {
	if b[0] != '{' {
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	depth, name := 0, false
	for {
		t, err := dec.Token()
		if err != nil {
			break
		}
		if d, ok := t.(json.Delim); ok {
			if d == '{' || d == '[' {
				depth++
			} else {
				depth--
			}
			name = true
			continue
		}
		if depth != 1 {
			continue
		}
		if s, ok := t.(string); ok && name && s == "resourceType" {
			if v, err := dec.Token(); err == nil {
				if s, ok := v.(string); ok && s != "" {
					return s
				}
			}
			return ""
		}
		name = !name
	}
	// The head ended before the name came at depth one: an early match deeper
	// inside still says FHIR for a Bundle of entries.
	if m := resourceTypePattern.FindSubmatch(b); m != nil && bytes.Contains(b, []byte(`"entry"`)) {
		return "Bundle"
	}
	return ""
}

var (
	rootPattern  = regexp.MustCompile(`^<([A-Za-z_][\w.\-]*:)?([A-Za-z_][\w.\-]*)([^>]*)`)
	doctypeHTML  = regexp.MustCompile(`(?i)^<!doctype\s+html`)
	htmlFragment = regexp.MustCompile(`(?i)^<(html|head|body|div|table|p|span|br|h[1-6])\b`)
)

// detectMarkup knows XML and HTML and the healthcare documents written in them.
func detectMarkup(b []byte) (Guess, bool) {
	if b[0] != '<' {
		return Guess{}, false
	}
	prolog := bytes.HasPrefix(b, []byte("<?xml"))
	body := skipProlog(b)
	if doctypeHTML.Match(body) || !prolog && htmlFragment.Match(body) {
		return Guess{Kind: HTML, Why: "It begins with the markup of a web page."}, true
	}
	m := rootPattern.FindSubmatch(body[:min(len(body), 8192)])
	if m == nil {
		if prolog {
			return Guess{Kind: XML, Why: "It begins with an XML declaration."}, true
		}
		return Guess{}, false
	}
	root, attributes := string(m[2]), m[3]
	has := func(ns string) bool { return bytes.Contains(attributes, []byte(ns)) }
	switch {
	case root == "html":
		return Guess{Kind: HTML, Why: "It begins with the markup of a web page."}, true
	case root == "ClinicalDocument":
		return cdaGuess(body), true
	case has("http://hl7.org/fhir"):
		return Guess{Kind: FHIRXML, Why: "It is XML in the FHIR namespace; the root is " + root + "."}, true
	case has("urn:hl7-org:v2xml"):
		return Guess{Kind: HL7v2XML, Why: "It is the XML encoding of HL7 v2, " + root + "."}, true
	case has("urn:hl7-org:v3"):
		return Guess{Kind: HL7v3, Why: "It is XML in the HL7 v3 namespace; the root is " + root + "."}, true
	case has("ncpdp.org"):
		return Guess{Kind: NCPDP, Why: "It is XML of NCPDP SCRIPT."}, true
	case !prolog && !bytes.Contains(b, []byte("</")) && !bytes.Contains(b, []byte("/>")):
		return Guess{}, false
	}
	return Guess{Kind: XML, Why: "It is XML; the root element is " + root + "."}, true
}

func cdaGuess(body []byte) Guess {
	// 2.16.840.1.113883.10.20.22 is the root of the C-CDA templates.
	if bytes.Contains(body, []byte("2.16.840.1.113883.10.20.22")) {
		return Guess{Kind: CCDA, Why: "It is a CDA document with the template identifiers of C-CDA."}
	}
	return Guess{Kind: CCDA, Why: "It is a CDA document; its head names no C-CDA template."}
}

// skipProlog removes the XML declaration, processing instructions, comments
// and blanks before the root element.
func skipProlog(b []byte) []byte {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		var end string
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(b, []byte("<!DOCTYPE")) && !doctypeHTML.Match(b):
			end = ">"
		default:
			return b
		}
		i := bytes.Index(b, []byte(end))
		if i < 0 {
			return b
		}
		b = b[i+len(end):]
	}
}

var httpLine = regexp.MustCompile(`^(?:(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT) \S+ HTTP/\d|HTTP/\d(?:\.\d)? \d{3})`)

// detectWire knows the traffic of other protocols that lands on an HL7 port.
func detectWire(b []byte) (Guess, bool) {
	if httpLine.Match(b) {
		return Guess{Kind: HTTP, Why: "It begins with a line of HTTP: a peer spoke HTTP where HL7 was expected."}, true
	}
	return Guess{}, false
}
