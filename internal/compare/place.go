package compare

import "strconv"

// place is where a difference is on one side, by numbers. 0 means: not given, the whole above it.
type place struct {
	segment                                    int32 // index, from 0
	field, repetition, component, subcomponent int32
}

// name3 is a segment ID in upper case.
type name3 [3]byte

func (n name3) String() string { return string(n[:]) }

// path writes a place as hl7.Path does: OBX[2]-5.1.
func (s *side) path(p place) string {
	var buf [48]byte
	b := buf[:0]
	if name, ok := s.name(int(p.segment)); ok {
		b = append(b, name[:]...)
		if n := s.occurrence(int(p.segment)); n > 1 {
			b = appendIndex(b, n)
		}
	} else {
		b = appendIndex(append(b, "line"...), int(p.segment)+1)
	}
	if p.field > 0 {
		b = strconv.AppendInt(append(b, '-'), int64(p.field), 10)
		if p.repetition > 0 {
			b = appendIndex(b, int(p.repetition))
		}
		if p.component > 0 {
			b = strconv.AppendInt(append(b, '.'), int64(p.component), 10)
			if p.subcomponent > 0 {
				b = strconv.AppendInt(append(b, '.'), int64(p.subcomponent), 10)
			}
		}
	}
	return string(b)
}

func appendIndex(b []byte, n int) []byte {
	return append(strconv.AppendInt(append(b, '['), int64(n), 10), ']')
}
