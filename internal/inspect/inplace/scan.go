package inplace

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
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

// has says whether a piece has a finding, of whatever severity.
func (s *findings) has(code string, i int) bool {
	for v := range check.Severity(check.Severities) {
		if s.pieces[foundKey{code, v}].has(i) {
			return true
		}
	}
	return false
}

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
	Severity check.Severity // the worst; the same code may be graver in one place than in another
	Pieces   int            // that have it
	First    int            // the first of them
}

// Scan looks for the findings of the whole file, which Index must have gone through, on all cores. progress, which may be
// nil, hears of the bytes so far, from several goroutines. What it found is returned, the gravest first, and kept: Find
// answers from it, and Record adds what other pieces say.
func (f *File) Scan(ctx context.Context, progress func(through int64)) ([]Found, error) {
	if _, complete := f.Indexed(); !complete {
		return nil, errors.New("the file is still being read through; look for its findings after that")
	}
	n := f.Len()
	s := &scan{
		f: f, progress: progress, senders: make([]inspect.Identity, n), sums: map[string]*Found{},
		findings: &findings{pieces: map[foundKey]bits{}, container: map[int][]check.Finding{}, through: n},
	}
	if err := f.spread(ctx, n, func(k int) int { return k }, s.start); err != nil {
		return nil, err
	}
	if err := s.among(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.found = s.findings
	f.mu.Unlock()
	out := make([]Found, 0, len(s.sums))
	for _, sum := range s.sums {
		out = append(out, *sum)
	}
	slices.SortFunc(out, func(a, b Found) int {
		return cmp.Or(int(b.Severity)-int(a.Severity), b.Pieces-a.Pieces, cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}

// scan is one going through the whole file for findings.
type scan struct {
	f        *File
	progress func(int64)
	senders  []inspect.Identity // of each piece, written by the goroutine that has it

	mu        sync.Mutex
	findings  *findings
	sums      map[string]*Found // by code
	continued []int             // pieces that are parts of a continued message
	through   int64
}

// start makes what one goroutine needs. It looks at each piece by itself, and hands over what it found window by window.
func (s *scan) start() (piece func(format.Piece), done func(window)) {
	var found []inspect.Record // without their bytes
	var parts []int
	return func(p format.Piece) {
			r := inspect.Alone(s.f.name, p, inspect.Options{})
			s.senders[p.Index] = r.Summary.Identity()
			if r.IsMessage() && continued(r.Bytes) {
				parts = append(parts, p.Index)
			}
			found = append(found, inspect.Record{Index: p.Index, Findings: r.Findings, Container: r.Container})
		}, func(w window) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, r := range found {
				s.take(r)
			}
			s.continued = append(s.continued, parts...)
			clear(found)
			found, parts = found[:0], parts[:0]
			if s.through += w.to - w.from; s.progress != nil {
				s.progress(s.through)
			}
		}
}

func (s *scan) take(r inspect.Record) {
	for _, x := range r.Findings {
		s.note(r.Index, x)
	}
	s.keep(r.Index, r.Container)
}

// keep keeps what the surroundings of a piece say.
func (s *scan) keep(i int, container []check.Finding) {
	kept, more := s.findings.container[i]
	if len(container) > 0 && (more || len(s.findings.container) < maxContainers) {
		s.findings.container[i] = slices.Concat(kept, container)
	}
}

// continued says whether a message may be part of a continued one: it has MSH-14 or a DSC segment.
func continued(b []byte) bool {
	m := hl7.Parse(b)
	if h, ok := m.Header(); ok && h.Field(14).State() == hl7.Valued {
		return true
	}
	_, ok := m.Find("DSC", 1)
	return ok
}

// note notes that a piece has a finding.
func (s *scan) note(i int, x check.Finding) {
	key := foundKey{x.Code, x.Severity}
	set := s.findings.pieces[key]
	if set.has(i) {
		return
	}
	sum := s.sums[x.Code]
	if sum == nil {
		sum = &Found{Code: x.Code, First: i}
		s.sums[x.Code] = sum
	}
	sum.Severity, sum.First = max(sum.Severity, x.Severity), min(sum.First, i)
	if !s.findings.has(x.Code, i) {
		sum.Pieces++
	}
	set.set(i)
	s.findings.pieces[key] = set
	s.findings.worst[x.Severity].set(i)
}

// among adds what messages say about each other. Only those that share sender and control ID with another one, or are parts
// of one that goes on, are read again, in the order of the file.
func (s *scan) among(ctx context.Context) error {
	first := make(map[inspect.Identity]int32, len(s.senders))
	related := s.continued
	for i, sender := range s.senders {
		if sender == (inspect.Identity{}) {
			continue
		}
		if earlier, twice := first[sender]; twice {
			related = append(related, int(earlier), i)
		} else {
			first[sender] = int32(i)
		}
	}
	slices.Sort(related)
	related = slices.Compact(related)
	var a inspect.Among
	m := &hl7.Message{}
	return s.f.Each(ctx, related, func(p format.Piece) error {
		m.Reset(p.Bytes)
		found := a.Add(m, inspect.Summarise(m), p.Index)
		for _, x := range found {
			s.note(p.Index, x)
		}
		s.keep(p.Index, found)
		return nil
	})
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
