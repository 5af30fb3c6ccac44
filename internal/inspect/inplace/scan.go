package inplace

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"trestle/internal/check"
	"trestle/internal/inspect"
)

// findings is what a scan of the whole file found: for each code and severity the pieces that have it, a bit a piece.
type findings struct {
	pieces    map[foundKey]bits
	worst     [check.Severities]bits // pieces with a finding of a severity
	container map[int][]check.Finding
	through   int // pieces that were scanned
}

type foundKey struct {
	code     string
	severity check.Severity
}

// bits are a set of small numbers.
type bits []uint64

func (b *bits) set(i int) {
	for len(*b) <= i/64 {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b bits) has(i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }

func (s *findings) atLeast(i int, severity check.Severity) bool {
	if i >= s.through {
		return true // not known
	}
	for v := severity; v < check.Severities; v++ {
		if s.worst[v].has(i) {
			return true
		}
	}
	return false
}

// maxContainers is how many pieces keep what a scan says of their surroundings.
const maxContainers = 1 << 17

// Found is how often a finding was found in the file.
type Found struct {
	Code     string
	Severity check.Severity
	Pieces   int // that have it
	First    int // the first of them
}

// Scan looks for the findings of the whole file, which Index must have gone through. progress, which may be nil, is called in
// the same goroutine now and then, with the bytes so far. What it found is returned, the gravest first, and kept: Find
// answers from it, and Record adds what other pieces say.
func (f *File) Scan(ctx context.Context, progress func(through int64)) ([]Found, error) {
	if err := f.unchanged(); err != nil {
		return nil, err
	}
	n := f.Len()
	if _, complete := f.Indexed(); !complete {
		return nil, errors.New("the file is still being read through; look for its findings after that")
	}
	s := &findings{pieces: map[foundKey]bits{}, container: map[int][]check.Finding{}}
	all := map[foundKey]*Found{}
	for r, err := range inspect.Read(ctx, f.name, &inFile{ctx: ctx, f: f}, inspect.Options{}) {
		if err != nil {
			return nil, err
		}
		if e, ok := f.entry(r.Index); !ok || e.start != r.Offset {
			return nil, f.explain(ErrChanged)
		}
		for _, found := range r.Findings {
			s.take(r.Index, found, all)
		}
		if len(r.Container) > 0 && len(s.container) < maxContainers {
			s.container[r.Index] = slices.Clone(r.Container)
		}
		if s.through = r.Index + 1; progress != nil && s.through%256 == 0 {
			progress(r.Offset + r.Length)
		}
	}
	if s.through != n {
		return nil, f.explain(ErrChanged)
	}
	f.mu.Lock()
	f.found = s
	f.mu.Unlock()
	if progress != nil {
		progress(f.size)
	}
	out := make([]Found, 0, len(all))
	for _, found := range all {
		out = append(out, *found)
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), b.Pieces-a.Pieces, cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}

// take notes a finding of a piece.
func (s *findings) take(i int, found check.Finding, all map[foundKey]*Found) {
	key := foundKey{found.Code, found.Severity}
	set := s.pieces[key]
	if set.has(i) {
		return
	}
	set.set(i)
	s.pieces[key] = set
	s.worst[found.Severity].set(i)
	if sum := all[key]; sum != nil {
		sum.Pieces++
	} else {
		all[key] = &Found{found.Code, found.Severity, 1, i}
	}
}

// Scanned says whether the findings of the whole file are known.
func (f *File) Scanned() bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.found != nil
}

// foundIn is what a scan found in a piece: codes and severities, each once and without a place.
func (f *File) foundIn(i int) (found []check.Finding, ok bool) {
	f.mu.RLock()
	s := f.found // never changed any more
	f.mu.RUnlock()
	if s == nil || i >= s.through {
		return nil, false
	}
	return s.in(i), true
}

func (s *findings) in(i int) (found []check.Finding) {
	for key, set := range s.pieces {
		if set.has(i) {
			found = append(found, check.Finding{Code: key.code, Severity: key.severity})
		}
	}
	return found
}

// container is what a scan says of the surroundings of a piece.
func (f *File) container(i int) (found []check.Finding, ok bool) {
	f.mu.RLock()
	s := f.found
	f.mu.RUnlock()
	if s == nil {
		return nil, false
	}
	found, ok = s.container[i]
	return found, ok
}
