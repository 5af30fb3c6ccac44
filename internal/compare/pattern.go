package compare

import (
	"cmp"
	"slices"
	"strings"
)

// Pattern is differences of one kind at one place, wherever they stand in a set.
type Pattern struct {
	Path  string // without indexes: OBX-5, PV1-7.9
	Kind  Change
	Count int    // differences
	Pairs int    // pairs that have any of them
	From  string // of a source made by [Through]: where the first one comes from

	Examples []Example // the first ones
}

// Example is one difference of a pattern.
type Example struct {
	Key         string // of the pair
	Path        string
	Left, Right string // texts, clipped
}

// What is kept of patterns has bounds, whatever a set holds.
const (
	maxPatterns = 5000
	maxExamples = 5
	maxExample  = 160 // bytes of a text
)

// patterns collects the open differences of a set.
type patterns struct {
	at       map[patternKey]*Pattern
	last     map[*Pattern]int // the pair that it was last seen in
	pair     int
	overflow int // differences of patterns beyond the bound
}

type patternKey struct {
	path string
	kind Change
}

func (p *patterns) add(pair *Pair) {
	if p.at == nil {
		p.at, p.last = map[patternKey]*Pattern{}, map[*Pattern]int{}
	}
	p.pair++
	for d := range pair.Result.Open() {
		k := patternKey{d.General(), d.Kind}
		x := p.at[k]
		if x == nil {
			if len(p.at) == maxPatterns {
				p.overflow++
				continue
			}
			k.path = strings.Clone(k.path)
			x = &Pattern{Path: k.path, Kind: k.kind}
			p.at[k] = x
		}
		x.Count++
		if x.From == "" {
			x.From = generalPath(cmp.Or(d.Left.From, d.Right.From))
		}
		if p.last[x] != p.pair {
			p.last[x] = p.pair
			x.Pairs++
		}
		if len(x.Examples) < maxExamples {
			x.Examples = append(x.Examples, Example{pair.Key, d.Path, clip(d.Left.Text), clip(d.Right.Text)})
		}
	}
}

func clip(s string) string {
	if len(s) > maxExample {
		return strings.ToValidUTF8(s[:maxExample], "") + "…"
	}
	return strings.Clone(s)
}

// list returns the patterns, the most frequent first; formatting last.
func (p *patterns) list() []Pattern {
	out := make([]Pattern, 0, len(p.at))
	for _, x := range p.at {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b Pattern) int {
		if fa, fb := a.Kind == Formatting, b.Kind == Formatting; fa != fb {
			return int(btoi(fa) - btoi(fb))
		}
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
