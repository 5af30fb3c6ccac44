package convert

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// FromXML returns the ER7 bytes of a message in the HL7 v2 XML encoding, of ToXML or of another program.
func FromXML(b []byte) ([]byte, error) {
	dec := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := dec.Token()
		if err != nil {
			return nil, plainXML(dec, err)
		}
		if e, ok := t.(xml.StartElement); ok {
			d, err := documentOfXML(dec, e)
			if err != nil {
				return nil, err
			}
			return d.er7(xmlShaper)
		}
	}
}

// plainXML says where XML is wrong, without what stands there.
func plainXML(dec *xml.Decoder, err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("this is not well-formed XML from byte %d on", dec.InputOffset())
	}
	return err
}

func ownAttributes(e xml.StartElement) map[string]string {
	at := map[string]string{}
	for _, a := range e.Attr {
		if a.Name.Space == namespaceOwn {
			at[a.Name.Local] = a.Value
		}
	}
	return at
}

func attributeBytes(at map[string]string, name string) ([]byte, error) {
	if s, ok := at[name]; ok {
		return []byte(s), nil
	}
	s, ok := at[name+"Base64"]
	if !ok {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("the attribute %sBase64 is not Base64", name)
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

// documentOfXML reads a message whose start tag was read.
func documentOfXML(dec *xml.Decoder, root xml.StartElement) (*document, error) {
	at := ownAttributes(root)
	d := &document{lineEnd: at["lineEnd"], charset: at["charset"]}
	var err error
	if d.before, err = attributeBytes(at, "before"); err != nil {
		return nil, err
	}
	if d.whole, err = attributeBytes(at, "er7"); err != nil {
		return nil, err
	}
	depth := 1
	for depth > 0 {
		t, err := dec.Token()
		if err != nil {
			return nil, plainXML(dec, err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			own := t.Name.Space == namespaceOwn && t.Name.Local == "line"
			if !own && (strings.Contains(t.Name.Local, ".") || len(t.Name.Local) != 3) { // a group
				if depth++; depth > 64 {
					return nil, errors.New("the groups of this XML are nested deeper than those of any message structure")
				}
				continue
			}
			s, err := segmentOfXML(dec, t, own)
			if err != nil {
				return nil, err
			}
			d.segments = append(d.segments, s)
		}
	}
	return d, nil
}

func segmentOfXML(dec *xml.Decoder, e xml.StartElement, line bool) (segment, error) {
	at := ownAttributes(e)
	s := segment{end: at["end"]}
	var err error
	if s.er7, err = attributeBytes(at, "er7"); err != nil {
		return s, err
	}
	if t := at["trailing"]; t != "" {
		if s.trailing, err = number(t); err != nil {
			return s, fmt.Errorf("the attribute trailing must be a number up to %d", maxNumber)
		}
	}
	if line {
		n, err := nodeOfXML(dec, 3)
		s.line = n.text
		return s, err
	}
	s.id = e.Name.Local
	for {
		t, err := dec.Token()
		if err != nil {
			return s, plainXML(dec, err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return s, s.settle()
		case xml.StartElement:
			n, err := lastNumber(t.Name.Local)
			if err != nil {
				return s, err
			}
			v, err := nodeOfXML(dec, 0)
			if err != nil {
				return s, err
			}
			if last := len(s.fields) - 1; last >= 0 && s.fields[last].number == n {
				s.fields[last].reps = append(s.fields[last].reps, v)
			} else {
				s.fields = append(s.fields, field{number: n, reps: []node{v}})
			}
		}
	}
}

// settle drops empty fields and checks that the others are in order.
func (s *segment) settle() error {
	kept := s.fields[:0]
	for _, f := range s.fields {
		if len(f.reps) > 1 || !f.reps[0].empty() {
			kept = append(kept, f)
		}
	}
	s.fields = kept
	for i := 1; i < len(kept); i++ {
		if kept[i].number <= kept[i-1].number {
			return fmt.Errorf("%.3s: its fields are not in the order of their numbers", s.id)
		}
	}
	return nil
}

// lastNumber is the place that an element's name ends with: PID.3, CX.1, ZPI.4.1.2.
func lastNumber(name string) (int, error) {
	n, err := strconv.Atoi(name[strings.LastIndexByte(name, '.')+1:])
	if err != nil || n < 1 || n > maxNumber {
		return 0, errors.New("an element inside a segment is named by a number after a point, such as PID.3 or CX.1")
	}
	return n, nil
}

// nodeOfXML reads a value up to its end tag. Level 3 takes no parts.
func nodeOfXML(dec *xml.Decoder, level int) (node, error) {
	var n node
	var text strings.Builder
	for {
		t, err := dec.Token()
		if err != nil {
			return n, plainXML(dec, err)
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if n.parts != nil {
				return n.tidy(), nil // text between parts is layout
			}
			n.text = text.String()
			return n, nil
		case xml.StartElement:
			if t.Name.Local == "escape" {
				if err := n.escape(dec, t, &text); err != nil {
					return n, err
				}
				continue
			}
			if level >= 2 {
				return n, errors.New("a subcomponent has no parts")
			}
			i, err := lastNumber(t.Name.Local)
			if err != nil {
				return n, err
			}
			for len(n.parts) < i {
				n.parts = append(n.parts, node{})
			}
			if n.parts[i-1], err = nodeOfXML(dec, level+1); err != nil {
				return n, err
			}
		}
	}
}

// escape reads <escape V=".br"/>, how the XML encoding writes escape sequences that are no character.
func (n *node) escape(dec *xml.Decoder, e xml.StartElement, text *strings.Builder) error {
	for _, a := range e.Attr {
		if a.Name.Local == "V" {
			n.escapes = append(n.escapes, escape{text.String(), a.Value})
			text.Reset()
		}
	}
	if err := dec.Skip(); err != nil {
		return plainXML(dec, err)
	}
	return nil
}
