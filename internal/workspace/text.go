package workspace

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"trestle/internal/hl7"
	"trestle/internal/inspect"
)

const (
	maxText  = 4 << 20 // bytes of one record that full text knows
	longBlob = 2048    // from here on a field of base64 is taken for an embedded file, which has no words
)

// searchText is what full text knows of a record: escapes resolved, character set decoded, embedded files left out.
// ok is false where that is the bytes as they are, so that nothing is stored twice. The text is fixed at import:
// FTS5 must be told the same words again when the record is deleted, whatever a later program would decode.
func searchText(r *inspect.Record) (text string, ok bool) {
	b := r.Bytes
	if !strings.HasPrefix(r.Summary.Format, "hl7v2") {
		if len(b) <= maxText && utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
			return "", false
		}
		return otherText(b[:min(len(b), maxText)]), true
	}
	m := hl7.Parse(b)
	if len(b) <= maxText && plain(m) {
		return "", false
	}
	return messageText(m), true
}

// plain reports whether the bytes of a message are its words already: UTF-8 by declaration or by use, no escapes, no
// embedded file.
func plain(m *hl7.Message) bool {
	b := m.Bytes()
	esc := m.Delimiters().Escape
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 || bytes.IndexByte(b, 0x1b) >= 0 { // 0x1b: ISO 2022
		return false
	}
	if esc != "" && bytes.Count(b, []byte(esc)) > 1 { // one is in MSH-2
		return false
	}
	for i := 0; len(b) > longBlob && i < m.Len(); i++ {
		s := m.Segment(i)
		if s.End()-s.Offset() <= longBlob {
			continue
		}
		for _, f := range s.All() {
			if embedded(f) {
				return false
			}
		}
	}
	return true
}

func messageText(m *hl7.Message) string {
	var out strings.Builder
	for i := 0; i < m.Len() && out.Len() < maxText; i++ {
		s := m.Segment(i)
		if s.ID() == "" {
			out.WriteString(strings.ToValidUTF8(string(s.Bytes()), " "))
		} else {
			out.WriteString(s.ID())
			for _, f := range s.All() {
				out.WriteByte('|')
				if embedded(f) {
					for c := range f.AllComponents() {
						if !embedded(c) {
							out.WriteString(c.Text())
							out.WriteByte('^')
						}
					}
					continue
				}
				out.WriteString(f.Text())
			}
		}
		out.WriteByte('\r')
	}
	return trimText(out.String())
}

// trimText makes a text fit for FTS5: valid UTF-8 of limited length, without NUL.
func trimText(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")
}

// embedded reports whether a value is, or contains, a long run of base64.
func embedded(v hl7.Value) bool {
	raw := v.Raw()
	if len(raw) < longBlob {
		return false
	}
	run := 0
	for _, c := range raw {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '=':
			if run++; run >= longBlob {
				return true
			}
		default:
			run = 0
		}
	}
	return false
}

// otherText is the text of something that is not an HL7 v2 message, if it is text at all.
func otherText(b []byte) string {
	decode := func(e encoding.Encoding) string {
		s, err := e.NewDecoder().Bytes(b)
		if err != nil {
			return ""
		}
		return trimText(string(s))
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return decode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	case bytes.IndexByte(b, 0) >= 0 || bytes.HasPrefix(b, []byte("%PDF")):
		return "" // not text: no words to find
	case utf8.Valid(b):
		return trimText(string(b))
	}
	return decode(charmap.Windows1252)
}

// joinNonEmpty joins those parts that say something.
func joinNonEmpty(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), sep)
}
