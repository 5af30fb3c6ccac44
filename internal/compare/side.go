package compare

import (
	"bytes"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// side is one message with what the comparison must know of it again and again.
type side struct {
	m       *hl7.Message
	delims  hl7.Delimiters
	hollow  [256]bool // bytes of values that hold nothing: component, repetition and subcomponent separators
	lines   []lineInfo
	version *dictionary.Version
	ascii   bool
}

// lineInfo is what is known of one segment or line.
type lineInfo struct {
	name       name3
	segment    bool // it has an ID
	occurrence int32
}

func (s *side) set(m *hl7.Message) {
	s.m, s.version = m, nil
	s.delims = m.Delimiters()
	s.hollow = [256]bool{}
	for _, d := range [...]string{s.delims.Component, s.delims.Repetition, s.delims.Subcomponent} {
		if len(d) == 1 {
			s.hollow[d[0]] = true
		}
	}
	s.ascii = isASCII(m.Bytes())
	n := m.Len()
	if cap(s.lines) < n {
		s.lines = make([]lineInfo, n)
	}
	s.lines = s.lines[:n]
	for i := range n {
		s.lines[i] = lineInfo{}
		seg := m.Segment(i)
		if seg.Kind() == hl7.LineSegment {
			b := seg.Bytes()
			s.lines[i].segment = true
			s.lines[i].name = name3{upper(b[0]), upper(b[1]), upper(b[2])}
		}
	}
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 0x20
	}
	return c
}

func isASCII(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// name returns the ID of a segment; false for a line that is none.
func (s *side) name(i int) (name3, bool) {
	if i < 0 || i >= len(s.lines) {
		return name3{}, false
	}
	return s.lines[i].name, s.lines[i].segment
}

// occurrence is the place among the segments of one name, from 1. All are counted when the first is asked for.
func (s *side) occurrence(i int) int {
	if s.lines[i].occurrence == 0 {
		counts := make(map[name3]int32, 16)
		for k := range s.lines {
			l := &s.lines[k]
			counts[l.name]++
			l.occurrence = counts[l.name]
		}
	}
	return int(s.lines[i].occurrence)
}

// dictionaryOf returns the version that the message declares.
func (s *side) dictionaryOf() *dictionary.Version {
	if s.version == nil {
		text := ""
		if h, ok := s.m.Header(); ok && h.Name() == "MSH" {
			text = h.Field(12).Component(1).Text()
		}
		s.version, _ = dictionary.For(text)
	}
	return s.version
}

// says reports whether a value makes a statement: "" does, separators alone do not.
func (s *side) says(v hl7.Value) bool {
	switch v.State() {
	case hl7.Absent, hl7.Empty:
		return false
	}
	raw := v.Raw()
	if !s.hollow[raw[0]] {
		return true
	}
	for _, c := range raw {
		if !s.hollow[c] {
			return true
		}
	}
	return false
}

// has reports whether raw holds an escape character.
func (s *side) escaped(raw []byte) bool {
	return s.delims.Escape != "" && bytes.Contains(raw, []byte(s.delims.Escape))
}
