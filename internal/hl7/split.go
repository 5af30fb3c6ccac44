package hl7

import "iter"

const (
	wideStep = 64   // every how many parts a place is remembered
	wideSize = 4096 // values shorter than this are always scanned
)

// part finds the n-th part, from 1, of b[off:end] split by the role.
func (m *Message) part(set int32, off, end int, r role, n int) (from, to int, ok bool) {
	d := m.setAt(set)
	if n > wideStep && end-off >= wideSize {
		w := m.widely(set, off, end, r)
		if n > w.count {
			return 0, 0, false
		}
		off = w.starts[(n-1)/wideStep]
		n = (n-1)%wideStep + 1
	}
	for {
		i, w := d.next(m.b[off:end], r)
		if n == 1 {
			if i >= 0 {
				end = off + i
			}
			return off, end, true
		}
		if i < 0 {
			return 0, 0, false
		}
		off += i + w
		n--
	}
}

// countParts counts the parts of b[off:end] split by the role, at least 1.
func (m *Message) countParts(set int32, off, end int, r role) int {
	d := m.setAt(set)
	if end-off < wideSize {
		return 1 + d.count(m.b[off:end], r)
	}
	if n, ok := m.knownWide(off, end, r); ok {
		return n
	}
	n := 1 + d.count(m.b[off:end], r)
	if n > wideStep {
		m.widely(set, off, end, r)
	}
	return n
}

// parts iterates over the parts of b[off:end] split by the role.
func (m *Message) parts(set int32, off, end int, r role) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		d := m.setAt(set)
		for {
			i, w := d.next(m.b[off:end], r)
			if i < 0 {
				yield(off, end)
				return
			}
			if !yield(off, off+i) {
				return
			}
			off += i + w
		}
	}
}

func (m *Message) knownWide(off, end int, r role) (int, bool) {
	m.wide.mu.Lock()
	defer m.wide.mu.Unlock()
	w, ok := m.wide.at[wideKey{off, end, r}]
	return w.count, ok
}

// widely returns the remembered places of a value with many parts.
func (m *Message) widely(set int32, off, end int, r role) wideParts {
	m.wide.mu.Lock()
	defer m.wide.mu.Unlock()
	key := wideKey{off, end, r}
	if w, ok := m.wide.at[key]; ok {
		return w
	}
	var w wideParts
	for from := range m.parts(set, off, end, r) {
		if w.count%wideStep == 0 {
			w.starts = append(w.starts, from)
		}
		w.count++
	}
	if m.wide.at == nil {
		m.wide.at = map[wideKey]wideParts{}
	}
	m.wide.at[key] = w
	return w
}
