package fhirstore

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Pair is a parameter of a search as it was written, percent signs resolved.
type Pair struct{ Name, Value string }

// Pairs reads the query part of an address, in its order. What cannot be decoded stays as it is.
func Pairs(query string) []Pair {
	var list []Pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, Pair{unescape(name), unescape(value)})
	}
	return list
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// Query is a search that was read: all filters must hold.
type Query struct {
	Type    string   // "" for all types, or those of Types
	Types   []string // of _type
	Filters []Filter
	Sort    []SortKey
	// Ignored are the parameters that the store does not know, with the reason. What to do about them is up to the server.
	Ignored []Ignored
}

// Ignored is a parameter that has no effect.
type Ignored struct {
	Pair
	Reason string // one sentence without a full stop
}

// Filter is one condition: any of its values may hold.
type Filter struct {
	Pair
	param    *Param
	modifier string // without the colon; a type for references
	values   []operand
	chain    *Query // of a chain: what the reference must point to
	targets  []string
	has      *reverse
	own      special
}

// reverse is a _has: resources of a type that point here by a parameter, and what must hold for them.
type reverse struct {
	param *Param
	query *Query
}

// SortKey is a parameter to sort by.
type SortKey struct {
	Code       string
	Descending bool
}

// QueryOptions say how a query is read.
type QueryOptions struct {
	// Base is the address that clients know the server by; references under it are those of the store.
	Base string
	// Skip says which parameters are not for the store: _count, _include.
	Skip func(name string) bool
	// Allow says which search parameters are answered; nil is all.
	Allow func(typ, code string) bool
}

// ValueError says that a value cannot be searched for.
type ValueError struct {
	Parameter string
	Reason    string // one sentence without a full stop; holds nothing of the value
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("the search parameter %s: %s", e.Parameter, e.Reason)
}

// maxChain bounds how deep chains and _has may be nested.
const maxChain = 8

// ParseQuery reads a search over a type, "" for all. The error is a [*ValueError]; unknown parameters are no error but Ignored.
func (s *Store) ParseQuery(typ string, pairs []Pair, o QueryOptions) (*Query, error) {
	return s.parseQuery(typ, pairs, o, 0)
}

func (s *Store) parseQuery(typ string, pairs []Pair, o QueryOptions, depth int) (*Query, error) {
	q := &Query{Type: typ}
	for _, p := range pairs {
		if o.Skip != nil && o.Skip(p.Name) {
			continue
		}
		switch {
		case p.Name == "_sort":
			q.sortBy(s, p)
			continue
		case p.Name == "_type" && typ == "":
			for t := range strings.SplitSeq(p.Value, ",") {
				if !s.d.IsResource(t) {
					return nil, &ValueError{"_type", "it names a type that is no resource"}
				}
				q.Types = append(q.Types, t)
			}
			continue
		case p.Value == "":
			q.Ignored = append(q.Ignored, Ignored{p, "it has no value"})
			continue
		}
		f, reason, err := s.filter(typ, p, o, depth)
		switch {
		case err != nil:
			return nil, err
		case reason != "":
			q.Ignored = append(q.Ignored, Ignored{p, reason})
		default:
			q.Filters = append(q.Filters, f)
		}
	}
	return q, nil
}

func (q *Query) sortBy(s *Store, p Pair) {
	for key := range strings.SplitSeq(p.Value, ",") {
		k := SortKey{Code: key}
		if rest, ok := strings.CutPrefix(key, "-"); ok {
			k = SortKey{rest, true}
		}
		if s.Param(q.Type, k.Code) == nil {
			q.Ignored = append(q.Ignored, Ignored{p, "it sorts by a parameter that is not known here"})
			continue
		}
		q.Sort = append(q.Sort, k)
	}
}

func (s *Store) filter(typ string, p Pair, o QueryOptions, depth int) (f Filter, ignored string, err error) {
	f.Pair = p
	if depth > maxChain {
		return f, "", &ValueError{p.Name, "chains are nested too deep"}
	}
	if rest, ok := strings.CutPrefix(p.Name, "_has:"); ok {
		return s.hasFilter(typ, rest, f, o, depth)
	}
	head, rest, chained := strings.Cut(p.Name, ".")
	code, modifier, _ := strings.Cut(head, ":")
	f.modifier = modifier
	f.param = s.Param(typ, code)
	if f.param == nil || o.Allow != nil && !o.Allow(typ, code) {
		return f, "there is no search parameter of this name here", nil
	}
	f.own = f.param.own
	if chained {
		return s.chainFilter(f, rest, o, depth)
	}
	if reason := f.checkModifier(s); reason != "" {
		return f, "", &ValueError{p.Name, reason}
	}
	for _, v := range splitEscaped(p.Value, ',') {
		x, reason := f.operand(s, v, o)
		if reason != "" {
			return f, "", &ValueError{p.Name, reason}
		}
		f.values = append(f.values, x)
	}
	return f, "", nil
}

// hasFilter reads what follows _has: in _has:Observation:patient:code=1234-5.
func (s *Store) hasFilter(typ, rest string, f Filter, o QueryOptions, depth int) (Filter, string, error) {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 || !s.d.IsResource(parts[0]) {
		return f, "", &ValueError{f.Name, "it must read _has:Type:reference:parameter"}
	}
	p := s.Param(parts[0], parts[1])
	if p == nil || p.Type != "reference" || !p.Accepts(typ) {
		return f, "", &ValueError{f.Name, "the second part must be a reference parameter that can point to " + typ}
	}
	inner, err := s.parseQuery(parts[0], []Pair{{parts[2], f.Value}}, QueryOptions{Base: o.Base, Allow: o.Allow}, depth+1)
	if err != nil {
		return f, "", err
	}
	if len(inner.Ignored) > 0 {
		return f, "there is no such search parameter of " + parts[0], nil
	}
	f.has = &reverse{p, inner}
	return f, "", nil
}

// chainFilter reads what follows the dot in subject:Patient.name=moss.
func (s *Store) chainFilter(f Filter, rest string, o QueryOptions, depth int) (Filter, string, error) {
	if f.param.Type != "reference" {
		return f, "", &ValueError{f.Name, "only a reference can be followed by a dot"}
	}
	f.targets = f.param.Targets
	switch {
	case f.modifier != "" && !s.d.IsResource(f.modifier):
		return f, "", &ValueError{f.Name, "what follows the colon of a chain must be a resource type"}
	case f.modifier != "":
		f.targets = []string{f.modifier}
	case len(f.targets) == 0 || slices.Contains(f.targets, "Resource"):
		f.targets = s.typesLocked()
	}
	next, _, _ := strings.Cut(rest, ".")
	next, _, _ = strings.Cut(next, ":")
	var kept []string
	for _, t := range f.targets {
		if s.hasReaches(t, rest) || s.Param(t, next) != nil {
			kept = append(kept, t)
		}
	}
	f.targets = kept
	if len(kept) == 0 {
		return f, "none of the types that it can point to has the search parameter after the dot", nil
	}
	f.chain = &Query{}
	for _, t := range kept {
		q, err := s.parseQuery(t, []Pair{{rest, f.Value}}, QueryOptions{Base: o.Base, Allow: o.Allow}, depth+1)
		if err != nil {
			return f, "", err
		}
		if len(q.Ignored) > 0 {
			return f, "the chain does not end in a search parameter that is known here", nil
		}
		f.chain.Filters = append(f.chain.Filters, Filter{chain: q})
	}
	return f, "", nil
}

// hasReaches says whether a _has after a dot can find a type.
func (s *Store) hasReaches(typ, rest string) bool {
	parts := strings.SplitN(rest, ":", 4)
	if len(parts) < 4 || parts[0] != "_has" || !s.d.IsResource(parts[1]) {
		return false
	}
	p := s.Param(parts[1], parts[2])
	return p != nil && p.Type == "reference" && p.Accepts(typ)
}

// typesLocked lists types without the store's lock, which the caller may hold: those with parameters that were asked for.
func (s *Store) typesLocked() []string {
	s.paramMu.Lock()
	defer s.paramMu.Unlock()
	var list []string
	for t := range s.params {
		if t != "Resource" {
			list = append(list, t)
		}
	}
	slices.Sort(list)
	return list
}

var modifiers = map[string][]string{
	"string":    {"missing", "exact", "contains"},
	"token":     {"missing", "text", "not", "in", "not-in", "above", "below", "of-type"},
	"reference": {"missing", "identifier", "above", "below"},
	"uri":       {"missing", "above", "below"},
	"date":      {"missing"}, "number": {"missing"}, "quantity": {"missing"}, "composite": {"missing"}, "special": {},
}

// checkModifier says what is wrong with the modifier; "" if nothing is.
func (f *Filter) checkModifier(s *Store) string {
	m := f.modifier
	switch {
	case m == "" || slices.Contains(modifiers[f.param.Type], m) && f.own == indexed:
		return ""
	case f.param.Type == "reference" && s.d.IsResource(m):
		if !f.param.Accepts(m) {
			return "it cannot point to the type after the colon"
		}
		return ""
	}
	return "the modifier after the colon is not known for a parameter of type " + f.param.Type
}

// splitEscaped splits at a character that has no \ before it. The pieces keep their escapes.
func splitEscaped(s string, at byte) []string {
	if strings.IndexByte(s, at) < 0 {
		return []string{s}
	}
	var parts []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case at:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// plain takes the escapes out.
func plain(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
