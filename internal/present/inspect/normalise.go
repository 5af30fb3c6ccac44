package inspect

import (
	"bytes"
	"slices"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// maxPasses is how often repairs are looked for again: one can make another possible, such as that of line ends.
const maxPasses = 5

// Normalise writes the open message as the standard likes it best, on a draft, as one change: all repairs that findings
// offer, CR at the end of each segment, no blank lines, and no delimiters behind the last value of a segment or of a field
// that has components. No value is changed but by a repair. It says how many repairs were made.
func (m *Model) Normalise() (repairs int, err error) {
	if _, err := m.segment(true); err != nil {
		return 0, err
	}
	b := m.open.bytes
	for range maxPasses {
		found := check.Message(hl7.Parse(b), check.Options{Minimum: check.Warning, Rules: m.rules()})
		mended, made := mend(b, found)
		if made == 0 || bytes.Equal(mended, b) {
			break
		}
		b, repairs = mended, repairs+made
	}
	b = withoutTrailing(hl7.Parse(lineEnds(hl7.Parse(b), "\r")), m.open.version)
	m.change("normalising", b, min(m.open.cursor, len(b)), false)
	return repairs, nil
}

// withoutTrailing is the message without the delimiters that stand before the end of a segment, a field or a component and
// separate nothing (HL7 v2.9.1 section 2.5.3). In a field that has no components by the standard they may be text.
func withoutTrailing(m *hl7.Message, v *dictionary.Version) []byte {
	var out bytes.Buffer
	for i := range m.Len() {
		s := m.Segment(i)
		k := s.Break()
		out.Write(trimmed(s, v))
		out.Write(m.Bytes()[k.Offset : k.Offset+k.Length])
	}
	return out.Bytes()
}

// trimmed is a segment without such delimiters.
func trimmed(s hl7.Segment, v *dictionary.Version) []byte {
	d := s.Delimiters()
	if s.ID() == "" || d.Field == "" {
		return s.Bytes()
	}
	var b []byte
	at := s.Offset()
	whole := s.Message().Bytes()
	for n := 1; n <= s.Fields(); n++ {
		def, ok := v.FieldAt(s.Name(), n, 0, 0)
		if !ok || len(def.Components()) < 2 || s.IsHeader() && n <= 2 {
			continue
		}
		for rep := s.Field(n).Repetition(1); rep.IsPresent(); rep = rep.Next() {
			kept := bytes.TrimRight(rep.Raw(), d.Component+d.Subcomponent)
			b = append(append(b, whole[at:rep.Offset()]...), kept...)
			at = rep.End()
		}
	}
	b = append(b, whole[at:s.End()]...)
	if s.IsHeader() && s.Fields() <= 2 {
		return b
	}
	return bytes.TrimRight(slices.Clone(b), d.Field)
}
