package suggest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/mapping"
)

// How much each kind of evidence is worth alone. They are joined as independent signs are: what is left of the doubt is
// multiplied. The order is that of the reference of this project: what is published before what was agreed on elsewhere,
// before values, before names and types.
const (
	worthGuide   = 0.90
	worthKnown   = 0.85
	worthValues  = 0.95
	worthName    = 0.62
	worthSibling = 0.25
	worthShape   = 0.10
)

// Ranker ranks the sources of one mapping. Many goroutines may use it at once.
type Ranker struct {
	o          Options
	candidates []candidate
	byPath     map[string][]int // plain paths
	names      names            // of the candidates
	known      map[string][]usage
}

type candidate struct {
	Candidate
	plain   string // without occurrences and repetitions
	segment string // of HL7 v2, or the resource
	family  string
}

// usage is a rule of a known mapping.
type usage struct {
	from []string
	do   []mapping.Step
	in   string // the title of the mapping
	to   string // with its tags; "" for one that goes the other way round
}

// New prepares the ranking of sources.
func New(o Options) *Ranker {
	r := &Ranker{o: o, byPath: map[string][]int{}, known: map[string][]usage{}}
	list := o.Candidates
	if len(list) == 0 {
		list = standard(o.Source)
	}
	version, _ := dictionary.For(o.Source.Version)
	for _, c := range list {
		x := candidate{Candidate: c, plain: PlainPath(c.Path)}
		var name bag
		switch o.Source.Kind {
		case mapping.HL7v2:
			typ, title := hl7Type(version, x.plain)
			x.Type, x.Name = cmp.Or(x.Type, typ), cmp.Or(x.Name, title)
			x.segment = x.plain[:min(3, len(x.plain))]
			name = bagOf(words(x.Name, segmentWords[x.segment]))
		case mapping.FHIR:
			resource, path, _ := strings.Cut(x.plain, ".")
			typ, short := fhirType(resource, path)
			x.Type, x.Name = cmp.Or(x.Type, typ), cmp.Or(x.Name, short)
			x.segment = resource
			name = bagOf(words(x.plain))
		default:
			name = bagOf(words(x.plain, x.Name))
		}
		x.family = cmp.Or(family(x.Type), shape(x.Values))
		r.names.add(name)
		r.byPath[x.plain] = append(r.byPath[x.plain], len(r.candidates))
		r.candidates = append(r.candidates, x)
	}
	r.names.ready()
	for _, f := range o.Known {
		r.learn(f)
	}
	return r
}

// With is the ranker with other known mappings: as rules are written, the mapping itself becomes one of them. It shares all
// that is costly with the first, which stays as it is.
func (r *Ranker) With(known ...*mapping.File) *Ranker {
	next := *r
	next.o.Known, next.known = known, map[string][]usage{}
	for _, f := range known {
		next.learn(f)
	}
	return &next
}

// segmentWords say what a segment is about, in the words that targets have.
var segmentWords = map[string]string{"PID": "patient", "NK1": "contact", "GT1": "guarantor", "IN1": "insurance", "IN2": "insurance", "PV1": "visit", "PV2": "visit", "DG1": "diagnosis", "AL1": "allergy", "PR1": "procedure", "SCH": "schedule", "AIS": "schedule service", "AIP": "schedule doctor", "AIL": "schedule location", "OBX": "observation", "OBR": "order", "ORC": "order", "RXA": "vaccine", "FT1": "transaction", "TXA": "document", "PD1": "patient", "MSH": "message"}

// PlainPath is a path without occurrences, repetitions, tags and the resolution of its list.
func PlainPath(path string) string {
	if !strings.ContainsAny(path, "[(/") {
		return path
	}
	var b strings.Builder
	depth := 0
	for _, c := range path {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		default:
			if depth == 0 {
				b.WriteRune(c)
			}
		}
	}
	s := b.String()
	return s[strings.LastIndexByte(s, '/')+1:]
}

func targetKey(kind mapping.Kind, made, to string) string {
	to = PlainPath(to)
	if kind == mapping.HL7v2 || kind.HasRows() {
		return string(kind) + " " + to
	}
	return string(kind) + " " + PlainPath(made) + " " + to
}

// learn takes up the rules of a mapping, in their direction and, where a rule has one source, the other way round.
func (r *Ranker) learn(f *mapping.File) {
	title := cmp.Or(f.Title, f.ID)
	f.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			rule := &b.Rules[i]
			from := sourcesOf(rule)
			if len(from) == 0 || rule.Status == mapping.OutOfScope {
				continue
			}
			if f.Source.Kind == r.o.Source.Kind && f.Target.Kind == r.o.Target.Kind {
				k := targetKey(f.Target.Kind, b.Make, rule.To)
				r.known[k] = append(r.known[k], usage{from, rule.Do, title, rule.To})
			}
			if f.Source.Kind != r.o.Target.Kind || f.Target.Kind != r.o.Source.Kind {
				continue
			}
			to := PlainPath(rule.To)
			if f.Target.Kind == mapping.FHIR {
				to = b.Make + "." + to
			}
			for _, path := range from {
				k := targetKey(f.Source.Kind, "", path)
				if f.Source.Kind == mapping.FHIR {
					made, below, _ := strings.Cut(PlainPath(path), ".")
					k = targetKey(f.Source.Kind, made, below)
				}
				r.known[k] = append(r.known[k], usage{[]string{to}, nil, title + ", the other way round", ""})
			}
		}
	})
}

// sourcesOf are the sources of a rule, those of its formula too.
func sourcesOf(rule *mapping.Rule) []string {
	from := rule.From
	for _, in := range rule.Inputs {
		from = append(from[:len(from):len(from)], in.Path)
	}
	return from
}

// score collects what speaks for a candidate.
type score struct {
	doubt   float64
	reasons []reason
	do      []mapping.Step
}

// reason is one piece of evidence. Its words are put together for the few suggestions that are shown.
type reason struct {
	weight float64
	kind   evidence
	text   string
	share  float64 // of names and values
	n      int     // samples
	note   string
}

type evidence uint8

const (
	byGuide evidence = iota
	byKnown
	byVotes
	bySibling
	byName
	byValues
)

func (x reason) String() string {
	switch x.kind {
	case byName:
		return fmt.Sprintf("the names are alike (%.0f %%)%s", 100*x.share, x.note)
	case byValues:
		if x.text != "" {
			return x.text
		}
		return fmt.Sprintf("the values are the same in %.0f %% of %d samples", 100*x.share, x.n)
	case byVotes:
		return fmt.Sprintf("%d rules of known mappings take it from there", x.n)
	}
	return x.text
}

// Sources ranks the sources of a target and returns the best of them, at most so many.
func (r *Ranker) Sources(t Target, most int) []Suggestion {
	scores := map[int]*score{}
	at := func(i int, x reason) *score {
		s := scores[i]
		if s == nil {
			s = &score{doubt: 1}
			scores[i] = s
		}
		for _, before := range s.reasons { // two facts of one kind count once
			if before.weight >= x.weight && before.kind == x.kind {
				return s
			}
		}
		s.doubt *= 1 - min(x.weight, 0.999)
		s.reasons = append(s.reasons, x)
		return s
	}
	typ, name := r.describe(&t)
	r.byGuide(&t, at)
	r.byKnown(&t, at)
	alikes := r.names.alike(bagOf(name))
	for i := range r.candidates {
		c := &r.candidates[i]
		suits := fit(c.family, family(typ))
		alike := alikes[i]
		if near := r.near(c, &t); alike > 0.05 {
			at(i, reason{weight: worthName * alike * (0.4 + 0.6*suits) * near, kind: byName, share: alike, note: typeNote(suits, c.Type, typ)})
		}
		if t.Want != nil {
			if share, n := agree(c.Values, t.Want); share > 0.1 {
				weight := worthValues * share * min(1, 0.5+0.1*float64(n))
				at(i, reason{weight: weight, kind: byValues, share: share, n: n})
			}
		} else if s := shape(c.Values); s != "" && s == family(typ) {
			at(i, reason{weight: worthShape, kind: byValues, text: "its values look like a " + s})
		}
	}
	list := make([]Suggestion, 0, len(scores))
	for i, s := range scores {
		if out := (Suggestion{From: r.from(&r.candidates[i], &t), Do: s.do, Score: 1 - s.doubt, reasons: s.reasons}); out.Score > 0.02 {
			list = append(list, out)
		}
	}
	slices.SortFunc(list, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(a.From), len(b.From)), strings.Compare(a.From, b.From))
	})
	list = slices.Clone(list[:min(len(list), max(0, most))])
	for i := range list {
		s := &list[i]
		slices.SortStableFunc(s.reasons, func(a, b reason) int { return cmp.Compare(b.weight, a.weight) })
		for _, x := range s.reasons {
			s.Reasons = append(s.Reasons, x.String())
		}
		s.reasons = nil
	}
	return list
}

// from is how a rule names a candidate: in a loop over a part of a tree, relative to that, or from the root.
func (r *Ranker) from(c *candidate, t *Target) string {
	tree := r.o.Source.Kind == mapping.JSON || r.o.Source.Kind == mapping.XML || r.o.Source.Kind == mapping.FHIR
	if !tree || t.Per == "" {
		return c.Path
	}
	if rest, ok := strings.CutPrefix(c.plain, PlainPath(t.Per)+"."); ok {
		return rest
	}
	if r.o.Source.Kind == mapping.FHIR {
		return c.Path
	}
	return "/" + c.Path
}

func typeNote(suits float64, from, to string) string {
	if from == "" || to == "" {
		return ""
	}
	if suits >= 0.6 {
		return ", and " + from + " goes into " + to
	}
	return ""
}

// describe finds the type and the words of a target.
func (r *Ranker) describe(t *Target) (typ string, name []string) {
	plain := PlainPath(t.To)
	typ = t.Type
	switch r.o.Target.Kind {
	case mapping.HL7v2:
		v, _ := dictionary.For(r.o.Target.Version)
		found, words0 := hl7Type(v, plain)
		typ = cmp.Or(typ, found)
		name = words(cmp.Or(t.Name, words0), segmentWords[plain[:min(3, len(plain))]])
	case mapping.FHIR:
		found, short := fhirType(t.Make, plain)
		typ = cmp.Or(typ, found)
		name = words(t.Make, plain, tags(t.To), t.Name)
		if len(words(plain)) < 2 {
			name = append(name, words(firstWords(short))...)
		}
	default:
		name = words(PlainPath(t.Make), plain, tags(t.To), t.Name)
	}
	return typ, name
}

// firstWords are the first few words of an explanation.
func firstWords(s string) string {
	list := strings.Fields(s)
	return strings.Join(list[:min(4, len(list))], " ")
}

// tags are the tags of a path: ssn of identifier[ssn].value.
func tags(path string) string {
	var b strings.Builder
	for {
		_, rest, found := strings.Cut(path, "[")
		if !found {
			return b.String()
		}
		var tag string
		tag, path, _ = strings.Cut(rest, "]")
		if strings.Trim(tag, "0123456789*") != "" {
			b.WriteString(tag + " ")
		}
	}
}

// near prefers what belongs to the thing that the block loops over.
func (r *Ranker) near(c *candidate, t *Target) float64 {
	per := t.Per
	if i := strings.LastIndexByte(per, '/'); i >= 0 {
		per = per[i+1:]
	}
	switch {
	case per == "":
		return 1
	case r.o.Source.Kind == mapping.HL7v2:
		switch field := strings.Contains(per, "-"); {
		case field && (c.plain == per || strings.HasPrefix(c.plain, per+".")):
			return 1.6 // the loop is over this very field
		case field:
			return 0.6
		case c.segment == strings.ToUpper(per[:min(3, len(per))]):
			return 1.3
		}
		return 0.7
	case c.segment != "" && (per == c.segment || strings.HasPrefix(per, c.segment+".")):
		return 1.3
	case strings.HasPrefix(c.plain, PlainPath(per)+"."):
		return 1.3
	}
	return 0.8
}

// byGuide adds what HL7 International publishes.
func (r *Ranker) byGuide(t *Target, at func(int, reason) *score) {
	if r.o.WithoutGuide {
		return
	}
	var found []guided
	plain := PlainPath(t.To)
	switch {
	case r.o.Source.Kind == mapping.HL7v2 && r.o.Target.Kind == mapping.FHIR:
		found = guide().sources(t.Make, plain)
	case r.o.Source.Kind == mapping.FHIR && r.o.Target.Kind == mapping.HL7v2:
		found = guide().targets(plain)
	}
	alikes := r.names.alike(bagOf(words(tags(t.To), t.To)))
	for _, g := range found {
		weight := worthGuide * g.how
		if g.fixed {
			weight *= 0.8
		}
		for _, i := range r.places(g.path) {
			near := r.near(&r.candidates[i], t)
			at(i, reason{weight: min(0.97, weight*(0.5+0.35*(near-0.7)/0.6+0.25*alikes[i])), kind: byGuide, text: g.text})
		}
	}
}

// places are the candidates at a path; where there is none, as in samples that have a plain value there, those of its first
// component, or of what it is a component of.
func (r *Ranker) places(path string) []int {
	if found := r.byPath[path]; found != nil {
		return found
	}
	if rest, ok := strings.CutSuffix(path, ".1"); ok {
		return r.byPath[rest]
	}
	return r.byPath[path+".1"]
}

// byKnown adds what other mappings do for the same target, and what they, and this one, do for its neighbours.
func (r *Ranker) byKnown(t *Target, at func(int, reason) *score) {
	k := targetKey(r.o.Target.Kind, t.Make, t.To)
	votes := map[int]int{}
	for _, u := range r.known[k] {
		worth := worthKnown
		if u.to != "" && tags(u.to) != tags(t.To) {
			worth *= 0.3 // another item of the list
		}
		for n, path := range u.from {
			for _, i := range r.places(PlainPath(path)) {
				if worth == worthKnown {
					votes[i]++
				}
				s := at(i, reason{weight: worth * math.Pow(0.9, float64(n)), kind: byKnown, text: "the mapping " + u.in + " takes it from " + path})
				if s.do == nil && len(u.from) == 1 {
					s.do = u.do
				}
			}
		}
	}
	for i, n := range votes {
		if n > 1 {
			at(i, reason{weight: 0.05 * float64(min(n, 10)), kind: byVotes, n: n})
		}
	}
	for _, f := range r.o.Known {
		if f.Source.Kind != r.o.Source.Kind || f.Target.Kind != r.o.Target.Kind {
			continue
		}
		r.bySiblings(f, t, at)
	}
}

// bySiblings looks at the rules that write into the same item: who takes the code of a participant from a field takes its
// display from there too.
func (r *Ranker) bySiblings(f *mapping.File, t *Target, at func(int, reason) *score) {
	item := t.To
	for strings.Contains(item, ".") {
		item = item[:strings.LastIndexByte(item, '.')]
		if !strings.HasSuffix(item, "]") || strings.HasSuffix(item, "[]") {
			continue
		}
		f.Walk(func(b *mapping.Block) {
			if b.Make != t.Make {
				return
			}
			for i := range b.Rules {
				rule := &b.Rules[i]
				if rule.To == t.To || !strings.HasPrefix(rule.To, item+".") && rule.To != item {
					continue
				}
				for _, path := range sourcesOf(rule) {
					for _, c := range r.places(PlainPath(path)) {
						at(c, reason{weight: worthSibling, kind: bySibling, text: "its neighbour " + rule.To + " is taken from " + path})
					}
				}
			}
		})
	}
}
