package inplace

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/inspect/resource"
)

// Find returns the pieces that a query holds for, in the order of the file. What the index rules out is not read; what it
// answers by itself, such as "type = ADT", neither. Where the query asks for findings and the file was not scanned yet,
// each piece is checked. progress, which may be nil, hears of the pieces that are dealt with, from several goroutines.
func (f *File) Find(ctx context.Context, q *query.Query, progress func(done, total int)) ([]int, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	n := f.Len()
	sieve := f.sieve(q)
	candidates := make([]int32, 0, n)
	var sure []int32
	for i := range n {
		if i%(1<<16) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		switch f.judge(sieve, i) {
		case yes:
			sure = append(sure, int32(i))
		case perhaps:
			candidates = append(candidates, int32(i))
		}
	}
	var dealt atomic.Int64
	dealt.Store(int64(n - len(candidates)))
	progress(n-len(candidates), n)
	var mu sync.Mutex
	matched := sure
	err := f.spread(ctx, len(candidates), func(k int) int { return int(candidates[k]) }, func() (func(format.Piece), func(window)) {
		m := &hl7.Message{}
		var hits []int32
		return func(p format.Piece) {
				if f.matches(q, m, p) {
					hits = append(hits, int32(p.Index))
				}
			}, func(w window) {
				progress(int(dealt.Add(int64(len(w.indexes)))), n)
				if len(hits) == 0 {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				matched = append(matched, hits...)
				hits = hits[:0]
			}
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(matched)
	out := make([]int, len(matched))
	for k, i := range matched {
		out[k] = int(i)
	}
	return out, nil
}

// matches asks a query of a piece.
func (f *File) matches(q *query.Query, m *hl7.Message, p format.Piece) bool {
	m.Reset(p.Bytes)
	s := query.Subject{Message: m, Source: f.name}
	if inspect.IsFHIR(string(p.Guess.Kind)) && !p.InHL7 {
		m.Reset(nil)
		s.Plain = p.Bytes
	}
	switch {
	case len(s.Plain) > 0 && q.NeedsSummary():
		s.Summary = inspect.SummariseResource(string(p.Guess.Kind), resource.Read(p.Bytes))
	case !q.NeedsSummary():
	case p.Kind == hl7.ItemMessage && p.Guess.Kind == format.HL7v2:
		s.Summary = inspect.Summarise(m)
	default:
		s.Summary.Format = string(p.Guess.Kind)
	}
	s.Findings = func() []check.Finding {
		if known, ok := f.foundIn(p.Index); ok {
			return known
		}
		return f.record(p).Findings
	}
	return q.Match(&s)
}

// answer is what the index says about a piece and a query.
type answer uint8

const (
	no answer = iota
	perhaps
	yes
)

// sieve is what of a query the index can answer.
type sieve struct {
	narrow  query.Narrow
	exact   bool         // and it answers all of it
	only    *query.Query // asks for nothing but findings, which a scan has found; nil else
	source  answer
	kinds   []answer
	from    uint32 // packed minutes, 0 for none
	to      uint32
	control string
	begins  bool // control is a beginning
	found   *findings
}

func (f *File) sieve(q *query.Query) *sieve {
	n, exact := q.Narrow()
	s := &sieve{narrow: n, source: yes}
	// A time is known to the minute, and only where the header has one that is beyond doubt.
	s.exact = exact && n.Text == "" && n.MRN == "" && n.Account == "" && n.Tag == "" && n.From.IsZero() && n.To.IsZero()
	if n.Source != "" && !like(f.name, n.Source) {
		s.source = no
	}
	s.from, s.to = packTime(n.From), packTime(n.To)
	s.control, s.begins = strings.CutSuffix(n.Control, "*")
	f.mu.RLock()
	defer f.mu.RUnlock()
	s.found = f.found
	if n.HasSeverity && s.found == nil {
		s.exact = false
	}
	if s.found != nil && q.OnlyFindings() {
		s.only = q
	}
	s.kinds = make([]answer, len(f.kinds))
	for i, k := range f.kinds {
		s.kinds[i] = s.kind(k)
	}
	return s
}

// kind says whether a piece of a kind can be one that is looked for.
func (s *sieve) kind(k kind) answer {
	if k.format == "" {
		return perhaps
	}
	if s.narrow.Format != "" && !like(k.format, s.narrow.Format) {
		return no
	}
	if k.typ == "" { // it has none, or one that is in doubt
		if k.format == string(format.HL7v2) {
			return perhaps
		}
		if s.narrow.Type != "" || s.narrow.Trigger != "" || s.narrow.Control != "" {
			if inspect.IsFHIR(k.format) {
				return perhaps // its type stands in it
			}
			return no // what is no message has no header
		}
		return yes
	}
	if s.narrow.Type != "" && !like(k.typ, s.narrow.Type) || s.narrow.Trigger != "" && !like(k.trigger, s.narrow.Trigger) {
		return no
	}
	return yes
}

// like says whether a text is a value, or begins with it where that ends in a star. Upper and lower case are equal.
func like(text, value string) bool {
	if start, prefix := strings.CutSuffix(value, "*"); prefix {
		return len(text) >= len(start) && strings.EqualFold(text[:len(start)], start)
	}
	return strings.EqualFold(text, value)
}

// packTime is a time as minuteOf packs it, 0 where it is none or one that cannot be packed.
func packTime(t time.Time) uint32 {
	if t.IsZero() || t.Year() < firstYear || t.Year() >= firstYear+512 {
		return 0
	}
	return pack(uint32(t.Year()), uint32(t.Month()), uint32(t.Day()), uint32(t.Hour()), uint32(t.Minute()))
}

// Answers says whether the index answers a query by itself, so that Find takes no more than a moment.
func (f *File) Answers(q *query.Query) bool {
	s := f.sieve(q)
	return s.exact || s.only != nil
}

// judge says whether a piece is one that is looked for.
func (f *File) judge(s *sieve, i int) answer {
	if s.only != nil && i < s.found.through {
		if s.only.Match(&query.Subject{Findings: func() []check.Finding { return s.found.in(i) }}) {
			return yes
		}
		return no
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	e, ok := f.at(i)
	if !ok || s.source == no {
		return no
	}
	result := perhaps
	if int(e.kind) < len(s.kinds) {
		result = s.kinds[e.kind]
	}
	if result == no {
		return no
	}
	if s.narrow.HasSeverity && s.found != nil && !s.found.atLeast(i, s.narrow.Severity) {
		return no
	}
	if !e.has(known) {
		if result == yes && (s.narrow.Control != "" || e.item() == hl7.ItemMessage) {
			result = perhaps
		}
	} else {
		if s.narrow.Control != "" {
			id := f.text.get(e.id, e.idLength)
			if s.begins && !(len(id) >= len(s.control) && strings.EqualFold(id[:len(s.control)], s.control)) || !s.begins && !strings.EqualFold(id, s.control) {
				return no
			}
		}
		if e.minute != 0 && (s.from != 0 && e.minute < s.from || s.to != 0 && e.minute > s.to) {
			return no
		}
	}
	if !s.exact && result == yes {
		result = perhaps
	}
	return result
}
