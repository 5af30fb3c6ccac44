package infer

import (
	"slices"
	"strings"
	"unicode"
)

// The bounds of the search for values that were joined.
const (
	maxJoined = 6  // values
	joinRows  = 60 // rows that are looked at while searching
	joinBeam  = 4  // beginnings that are followed
	joinHeads = 12
	joinParts = 80 // sources
)

// joined are guesses that put several values together, with one separator between them. The search goes from the left:
// beginnings that fit most rows are made longer by what fits behind them.
func (p *proposer) joined(v *view, want []string) (list []*guess) {
	rows := make([]int, 0, joinRows)
	for i, w := range want {
		if len(rows) < joinRows && len(w) >= 3 && !strings.HasPrefix(w, referred) {
			rows = append(rows, i)
		}
	}
	if len(rows) < 2 {
		return nil
	}
	need := (2*len(rows) + 2) / 3
	var parts []string // what lies in the values that are wanted
	for _, path := range v.paths {
		n := 0
		for _, i := range rows {
			if s := v.cols[path][i]; s != "" && len(s) < len(want[i]) && strings.Contains(want[i], s) {
				n++
			}
		}
		if 3*n >= len(rows) && len(parts) < joinParts {
			parts = append(parts, path)
		}
	}
	fits := func(sep string, from ...string) (length int, ok bool) {
		n := 0
		for _, i := range rows {
			if s := joinOf(v, i, sep, from); s != "" && strings.HasPrefix(want[i], s) {
				n++
				length += len(s)
			}
		}
		return length, n >= need
	}
	heads := 0
	for _, a := range parts {
		if _, ok := fits("", a); !ok || heads == joinHeads {
			continue
		}
		heads++
		seps := map[string]bool{}
		for _, b := range parts {
			if b != a && len(seps) < 3 {
				if sep, n := between(v, want, rows, a, b); 2*n >= need {
					seps[sep] = true
				}
			}
		}
		for _, sep := range sortedKeys(seps) {
			list = append(list, p.extend(v, want, parts, sep, a, fits)...)
		}
	}
	return list
}

// extend makes a beginning longer, as far as anything fits.
func (p *proposer) extend(v *view, want, parts []string, sep, head string, fits func(sep string, from ...string) (int, bool)) (list []*guess) {
	type beginning struct {
		from   []string
		length int
	}
	length, _ := fits(sep, head)
	beam := []beginning{{[]string{head}, length}}
	for range maxJoined - 1 {
		var next []beginning
		for _, b := range beam {
			for _, path := range parts {
				if slices.Contains(b.from, path) {
					continue
				}
				from := append(slices.Clone(b.from), path)
				if length, ok := fits(sep, from...); ok && length > b.length {
					next = append(next, beginning{from, length})
				}
			}
		}
		slices.SortStableFunc(next, func(a, b beginning) int { return b.length - a.length })
		beam = next[:min(len(next), joinBeam)]
		for _, b := range beam {
			if g := p.join(v, want, sep, b.from...); g != nil {
				list = append(list, g)
			}
		}
	}
	return list
}

// joinOf joins the values of a row that are there.
func joinOf(v *view, row int, sep string, from []string) string {
	text := ""
	for _, path := range from {
		if s := v.cols[path][row]; s != "" {
			if text != "" {
				text += sep
			}
			text += s
		}
	}
	return text
}

// between is what stands after the first value and before the second in most rows, and in how many.
func between(v *view, want []string, rows []int, a, b string) (sep string, n int) {
	counts := map[string]int{}
	for _, i := range rows {
		x, y := v.cols[a][i], v.cols[b][i]
		rest, cut := strings.CutPrefix(want[i], x)
		if !cut || x == "" || y == "" {
			continue
		}
		at := strings.Index(rest, y)
		if at < 0 || at > 3 || strings.ContainsFunc(rest[:at], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			continue
		}
		counts[rest[:at]]++
	}
	for _, s := range sortedKeys(counts) {
		if counts[s] > n {
			sep, n = s, counts[s]
		}
	}
	return sep, n
}

// join is the guess that joins the values of some sources, those that are there.
func (p *proposer) join(v *view, want []string, sep string, from ...string) *guess {
	g := &guess{kind: Joined, from: slices.Clone(from), sep: sep, cost: 3 + float64(len(from)), got: make([]string, len(want))}
	hits, n := 0, 0
	for i := range want {
		g.got[i] = joinOf(v, i, sep, from)
		if want[i] != "" {
			if n++; g.got[i] == want[i] {
				hits++
			}
		}
	}
	if 2*hits < n {
		return nil
	}
	return g
}
