package check

import (
	"trestle/internal/dictionary"
)

// shapes remembers how sequences of segments match their structures. A feed has
// few of them: the same system sends the same segments again and again. It holds
// names of segments and nothing else of a message.
type shapes struct {
	known map[shapeKey][]dictionary.Deviation
	key   []byte
}

type shapeKey struct {
	structure *dictionary.Structure
	names     string
}

const (
	maxShapes    = 1024 // that are remembered before the memory starts anew
	maxShapeName = 2048 // bytes of names; longer sequences hardly come twice
)

// deviations is dictionary.Match, which depends on the names alone.
func (c *checker) deviations() []dictionary.Deviation {
	s := &c.shapes
	s.key = s.key[:0]
	for i := range c.m.Len() {
		if len(s.key) > maxShapeName {
			return c.v.Match(c.m, c.structure).Deviations
		}
		s.key = append(append(s.key, c.m.Segment(i).Name()...), ' ')
	}
	if d, ok := s.known[shapeKey{c.structure, string(s.key)}]; ok {
		return d
	}
	d := c.v.Match(c.m, c.structure).Deviations
	if s.known == nil || len(s.known) >= maxShapes {
		s.known = make(map[shapeKey][]dictionary.Deviation)
	}
	s.known[shapeKey{c.structure, string(s.key)}] = d
	return d
}
