package mapping

import (
	"sync"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// layout is how the segments of a message lie in the groups of its structure.
type layout struct {
	chains [][]hl7.GroupStep // by segment, outermost first; shared, not to be changed
}

func (m *message) chainOf(segment int) []hl7.GroupStep {
	if m.layout == nil {
		return nil
	}
	return m.layout.chains[segment]
}

// layouts remembers the layouts of messages by what decides them: the message type, the version and the names of the
// segments. The messages of a feed share a few.
type layouts struct {
	mu    sync.RWMutex
	found map[string]*layout
}

// maxLayouts bounds the memory: a flood of invented messages must not fill it. Messages that come later, and long ones, are
// laid out each for itself.
const maxLayouts = 1000

func (e *Engine) layoutOf(m *message) *layout {
	if len(m.names) > 200 {
		return e.lay(m)
	}
	var few [1024]byte
	key := few[:0]
	header, _ := m.hl7.Header()
	kind := header.Field(9).Component(1)
	for range 3 {
		key = append(append(key, kind.First()...), 0)
		kind = kind.Next()
	}
	key = append(append(key, header.Field(12).First()...), 0)
	for _, name := range m.names {
		key = append(append(key, name...), 0)
	}
	if len(key) > len(few) {
		return e.lay(m)
	}
	l := &e.layouts
	l.mu.RLock()
	found := l.found[string(key)]
	l.mu.RUnlock()
	if found != nil {
		return found
	}
	found = e.lay(m)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found == nil {
		l.found = map[string]*layout{}
	}
	if len(l.found) < maxLayouts {
		l.found[string(key)] = found
	}
	return found
}

// lay lays a message over its structure.
func (e *Engine) lay(m *message) *layout {
	version, structure := e.structure(m.hl7)
	match := version.Match(m.hl7, structure)
	l := &layout{chains: make([][]hl7.GroupStep, len(m.names))}
	for i := range l.chains {
		l.chains[i] = match.Groups(i)
	}
	return l
}

// structure finds the structure of a message.
func (e *Engine) structure(m *hl7.Message) (*dictionary.Version, *dictionary.Structure) {
	header, _ := m.Header()
	kind, event, id := header.Field(9).Component(1).Text(), header.Field(9).Component(2).Text(), header.Field(9).Component(3).Text()
	name := header.Field(12).Component(1).Text()
	if e.file.Source.Version != "" {
		name = e.file.Source.Version
	}
	if e.file.Source.Message != "" {
		id = e.file.Source.Message
	}
	version, _ := dictionary.For(name)
	s, ok := version.Structure(id)
	if !ok {
		if of, known := version.StructureOf(kind, event); known {
			s, _ = version.Structure(of)
		}
	}
	return version, s
}
