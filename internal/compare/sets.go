package compare

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Pairing says how the messages of two sets find each other.
type Pairing uint8

// The pairings.
const (
	ByKey        Pairing = iota // by the values at the paths of a key
	ByOrder                     // the first with the first
	BySimilarity                // by what they have in common
)

// String returns "key", "order" or "similarity".
func (p Pairing) String() string {
	return [...]string{"key", "order", "similarity"}[min(p, BySimilarity)]
}

// Options choose how two sets are compared.
type Options struct {
	Pairing Pairing
	Key     []string // paths; none takes those of Rules, then MSH-10, and if hardly anything pairs by that, what the data suggest
	Rules   *Rules
	Workers int                     // goroutines that compare; 0 is as many as the program may use
	Begin   func(*Summary) error    // called before the first pair, when it is known how many messages there are and by what they are paired; an error ends the run
	Report  func(done, total int64) // progress in messages of both sides, twice each; called by one goroutine
}

// Pair is what became of one message, or of two that belong together.
type Pair struct {
	Number    int    // in the order of the result, from 1
	Key       string // text of the key, or what names the pair where there is none
	KeyHidden bool   // the key may be patient data: the mask hides it
	Type      string // ADT^A08, or the type of a resource; of the left side if there is one
	Status    Status
	Duplicate bool    // an earlier message of a side has the same key
	Result    *Result // nil if one side is missing
	Left      Member
	Right     Member

	fate *fate // of a source made by Through
}

// Member is the message of one side of a pair.
type Member struct {
	Index int // in its source, from 0; -1 if the side is missing
	Name  string
	Ref   Ref
}

// Summary sums the comparison of two sets up.
type Summary struct {
	Pairing     Pairing
	Key         []string
	Suggested   bool // MSH-10 paired hardly anything, and the data suggested the key
	Counts      [statuses]int
	Types       []TypeCount // sorted by type
	Messages    [2]int      // of the left and the right
	Skipped     [2]int      // envelopes and pieces that are no messages
	NoKey       [2]int      // messages without any value at the key
	Repeated    [2]int      // messages whose key an earlier one has
	Formats     int         // pairs that differ in formatting only or have any such difference
	Patterns    []Pattern
	Overflow    int          // differences of further patterns, which are counted here only
	Translation *Translation // where a side is made by [Through]
	Rules       []RuleCount  // in the order of the rules; one that nothing matched may be out of date
}

// RuleCount says of how many differences a rule spoke.
type RuleCount struct {
	Rule    string // in words, as in Difference.Rule
	Verdict Verdict
	Count   int
}

// Title is the key, or under the mask, where the key may be patient data, the number of the pair.
func (p *Pair) Title(mask bool) string {
	switch {
	case mask && p.KeyHidden:
		return fmt.Sprintf("pair %d", p.Number)
	case strings.TrimSpace(p.Key) == "":
		return fmt.Sprintf("message %d without a key", 1+max(p.Left.Index, p.Right.Index))
	}
	return p.Key
}

// TypeCount counts the pairs of one type of message.
type TypeCount struct {
	Type   string
	Counts [statuses]int
}

// Count returns how many pairs have a status.
func (s *Summary) Count(status Status) int { return s.Counts[status] }

// Total is the number of pairs, those with one side included.
func (s *Summary) Total() int {
	n := 0
	for _, c := range s.Counts {
		n += c
	}
	return n
}

// Clean reports whether there is nothing beyond what was expected.
func (s *Summary) Clean() bool {
	return s.Counts[Different]+s.Counts[OnlyLeft]+s.Counts[OnlyRight] == 0
}

// Sets compares two sets and hands each pair to sink, in the order of the left side and then what only the right has. The
// pair and its result are valid until sink returns. Memory does not grow with the messages: per message a few bytes of
// index are kept (a hash and its place), and the patterns have bounds.
func Sets(ctx context.Context, left, right Source, o Options, sink func(*Pair) error) (*Summary, error) {
	if err := o.Rules.Check(); err != nil {
		return nil, err
	}
	if len(o.Key) == 0 && o.Rules != nil {
		o.Key = o.Rules.Key
	}
	k, err := readKey(o.Key)
	if err != nil {
		return nil, err
	}
	s := &setRun{o: o, sources: [2]Source{left, right}, sum: &Summary{Pairing: o.Pairing, Key: k.texts}, key: k, types: map[string]*TypeCount{}, spoke: map[string]int{}}
	for _, source := range s.sources {
		if _, ok := source.(*translated); ok {
			s.sum.Translation, s.unread = &Translation{}, map[string]int{}
		}
	}
	plan, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	if o.Begin != nil {
		if err := o.Begin(s.sum); err != nil {
			return nil, err
		}
	}
	if err := s.compare(ctx, plan, sink); err != nil {
		return nil, err
	}
	s.finish()
	return s.sum, nil
}

// setRun is one run of Sets.
type setRun struct {
	o       Options
	sources [2]Source
	key     key
	index   [2][]indexed
	names   [2][]string // of the files, by their number
	sum     *Summary
	types   map[string]*TypeCount
	found   patterns
	failed  [2]int         // messages of a side that could not be translated
	unread  map[string]int // paths of messages that their translator does not read
	spoke   map[string]int // of each rule, of how many differences
	done    int64
	total   int
}

// indexed is what is kept of each message between the two readings.
type indexed struct {
	hash uint64 // of the key; 0 = none
	ref  Ref
	doc  bool
}

// couple is a pair of the plan, by index; -1 = none.
type couple struct {
	left, right int32
	duplicate   bool
}

func (s *setRun) report(n int64) {
	s.done += n
	if s.o.Report != nil {
		s.o.Report(s.done, 2*int64(len(s.index[0])+len(s.index[1])))
	}
}

const batchSize = 32 // pairs that a worker takes at once

// batch is pairs that one worker compares.
type batch struct {
	couples []couple
	pairs   []Pair
	err     error
	ready   chan struct{}
}

// compare compares the couples with several workers and hands them out in order.
func (s *setRun) compare(ctx context.Context, plan []couple, sink func(*Pair) error) error {
	ctx, cancel := context.WithCancel(ctx)
	workers := s.o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	todo := make(chan *batch, workers)
	order := make(chan *batch, 2*workers)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		defer close(order)
		defer close(todo)
		for part := range slices.Chunk(plan, batchSize) {
			b := &batch{couples: part, ready: make(chan struct{})}
			for _, to := range []chan *batch{order, todo} {
				select {
				case to <- b:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		group.Go(func() {
			w := worker{s: s}
			for b := range todo {
				b.pairs = make([]Pair, len(b.couples))
				w.arena = make([]byte, 0, s.lengthOf(b.couples))
				for i, c := range b.couples {
					if b.err = w.pair(ctx, c, &b.pairs[i]); b.err != nil {
						break
					}
				}
				close(b.ready)
			}
		})
	}
	for b := range order {
		select {
		case <-b.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if b.err != nil {
			return b.err
		}
		for i := range b.pairs {
			s.total++
			b.pairs[i].Number = s.total
			s.count(&b.pairs[i])
			if err := sink(&b.pairs[i]); err != nil {
				return err
			}
		}
		s.report(int64(len(b.pairs)))
	}
	return ctx.Err()
}

// worker compares pairs with its own memory.
type worker struct {
	s     *setRun
	c     comparison
	arena []byte // the bytes of the batch at hand
}

// lengthOf is how many bytes the messages of couples have.
func (s *setRun) lengthOf(couples []couple) int {
	n := 0
	for _, c := range couples {
		if c.left >= 0 {
			n += int(s.index[0][c.left].ref.Length)
		}
		if c.right >= 0 {
			n += int(s.index[1][c.right].ref.Length)
		}
	}
	return n
}

func (w *worker) read(ctx context.Context, side int, at int32) ([]byte, Member, error) {
	if at < 0 {
		return nil, Member{Index: -1}, nil
	}
	x := w.s.index[side][at]
	from := len(w.arena)
	end := min(from+int(x.ref.Length), cap(w.arena))
	b, err := w.s.sources[side].Read(ctx, x.ref, w.arena[from:from:end])
	w.arena = w.arena[:end]
	m := Member{Index: int(at), Ref: x.ref}
	if n := w.s.names[side]; int(x.ref.File) < len(n) {
		m.Name = n[x.ref.File]
	}
	return b, m, err
}

func (w *worker) pair(ctx context.Context, c couple, p *Pair) (err error) {
	if err = ctx.Err(); err != nil {
		return err
	}
	var l, r []byte
	if l, p.Left, err = w.read(ctx, 0, c.left); err != nil {
		return err
	}
	if r, p.Right, err = w.read(ctx, 1, c.right); err != nil {
		return err
	}
	p.Duplicate = c.duplicate
	one, member, doc := l, p.Left, c.left >= 0 && w.s.index[0][c.left].doc
	if c.left < 0 {
		one, member, doc = r, p.Right, w.s.index[1][c.right].doc
	}
	other := c.left >= 0 && c.right >= 0 && w.s.index[1][c.right].doc
	switch {
	case doc || other:
		err = w.documents(p, one, member, l, r, c)
	default:
		m := hl7.Parse(one)
		p.Type = typeOf(m)
		key, _ := w.s.key.append(nil, m, member.Name)
		p.Key, p.KeyHidden = string(key), keyMayBePatientData(w.s.key.texts)
		if c.left >= 0 && c.right >= 0 {
			p.Result = w.c.messages(m, hl7.Parse(r), w.s.o.Rules)
		}
	}
	switch {
	case c.right < 0:
		p.Status = OnlyLeft
	case c.left < 0:
		p.Status = OnlyRight
	case err == nil:
		p.Status = p.Result.Status()
	}
	for side, source := range w.s.sources {
		if t, ok := source.(*translated); ok && err == nil && p.Result != nil {
			p.fate, err = t.origins(ctx, [...]Member{p.Left, p.Right}[side].Ref, p.Result, side)
		}
	}
	return err
}

func (w *worker) documents(p *Pair, one []byte, member Member, l, r []byte, c couple) error {
	p.Key, p.Type = documentKey(one, member.Name)
	if p.KeyHidden = true; w.s.key.file {
		p.Key = member.Name
	}
	if c.left < 0 || c.right < 0 {
		return nil
	}
	var err error
	p.Result, err = Documents(l, r, w.s.o.Rules)
	if err != nil { // what cannot be read as a document is compared as it is
		p.Result, err = textResult(l, r, w.s.o.Rules), nil
	}
	return err
}

// typeOf is MSH-9.1 and MSH-9.2.
func typeOf(m *hl7.Message) string {
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" {
		return ""
	}
	f := h.Field(9)
	kind, trigger := f.Component(1).Text(), f.Component(2).Text()
	if trigger == "" {
		return kind
	}
	return kind + "^" + trigger
}

const maxTypes = 500 // types that are counted by themselves

func (s *setRun) count(p *Pair) {
	s.sum.Counts[p.Status]++
	t := s.types[p.Type]
	if t == nil {
		name := strings.Clone(p.Type)
		if len(s.types) >= maxTypes {
			name = "other types"
		}
		if t = s.types[name]; t == nil {
			t = &TypeCount{Type: name}
			s.types[name] = t
		}
	}
	t.Counts[p.Status]++
	if p.fate != nil {
		s.countFate(p.fate)
	}
	if p.Result != nil {
		s.found.add(p)
		for i := range p.Result.Differences {
			if d := &p.Result.Differences[i]; d.Rule != "" && (d.Verdict == Expected || d.Verdict == Ignored) {
				s.spoke[d.Rule]++
			}
		}
		for d := range p.Result.Open() {
			if d.Kind == Formatting {
				s.sum.Formats++
				break
			}
		}
	}
}

func (s *setRun) finish() {
	for _, t := range s.types {
		s.sum.Types = append(s.sum.Types, *t)
	}
	slices.SortFunc(s.sum.Types, func(a, b TypeCount) int { return strings.Compare(a.Type, b.Type) })
	s.sum.Patterns = s.found.list()
	s.sum.Overflow = s.found.overflow
	if s.sum.Translation != nil {
		s.finishTranslation()
	}
	if s.o.Rules == nil {
		return
	}
	for _, r := range s.o.Rules.set().rules {
		c := RuleCount{Rule: r.words, Verdict: Ignored, Count: s.spoke[r.words]}
		if r.kind == ruleExpect || r.kind == ruleTable {
			c.Verdict = Expected
		}
		if !slices.Contains(s.sum.Rules, c) {
			s.sum.Rules = append(s.sum.Rules, c)
		}
	}
}

// errTooMany bounds the index.
var errTooMany = errors.New("a set may hold two thousand million messages at most: compare it in parts")

// IsDocument reports whether pieces of a kind are compared as documents: FHIR, JSON, XML.
func IsDocument(k format.Kind) bool {
	switch k {
	case format.FHIRJSON, format.FHIRXML, format.FHIRNDJSON, format.JSON, format.NDJSON, format.XML, format.CCDA, format.HL7v2XML, format.HL7v3:
		return true
	}
	return false
}
