package infer

import (
	"slices"
	"strings"
	"unicode"
)

// joined are guesses that put two or three values together, with one separator between them.
func (p *proposer) joined(v *view, want []string) (list []*guess) {
	rows := make([]int, 0, 60)
	wanted := 0
	for i, w := range want {
		if w != "" {
			wanted++
			if len(rows) < 60 && len(w) >= 3 {
				rows = append(rows, i)
			}
		}
	}
	if len(rows) < 2 {
		return nil
	}
	need := (2*len(rows) + 2) / 3
	var heads, tails, middles []string
	for _, path := range v.paths {
		col := v.cols[path]
		head, tail, middle := 0, 0, 0
		for _, i := range rows {
			s, w := col[i], want[i]
			if s == "" || len(s) >= len(w) {
				continue
			}
			if strings.HasPrefix(w, s) {
				head++
			}
			if strings.HasSuffix(w, s) {
				tail++
			}
			if strings.Contains(w[1:], s) {
				middle++
			}
		}
		if head >= need {
			heads = append(heads, path)
		}
		if 2*tail >= need {
			tails = append(tails, path)
		}
		if 2*middle >= need {
			middles = append(middles, path)
		}
	}
	const most = 12
	heads, tails, middles = heads[:min(len(heads), most)], tails[:min(len(tails), most)], middles[:min(len(middles), most)]
	for _, a := range heads {
		for _, b := range tails {
			if a == b {
				continue
			}
			if sep, ok := between(v, want, rows, a, b); ok {
				if g := p.join(v, want, sep, a, b); g != nil {
					list = append(list, g)
				}
			}
			for _, c := range middles {
				if c == a || c == b {
					continue
				}
				if sep, ok := between(v, want, rows, a, c); ok || sep != "" {
					if g := p.join(v, want, sep, a, c, b); g != nil {
						list = append(list, g)
					}
				}
			}
		}
	}
	return list
}

// between is what stands after the first value and before the second in most rows; ok if nothing else stands around them.
func between(v *view, want []string, rows []int, a, b string) (sep string, ok bool) {
	counts, whole := map[string]int{}, 0
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
		if at+len(y) == len(rest) {
			whole++
		}
	}
	n := 0
	for _, s := range sortedKeys(counts) {
		if counts[s] > n {
			sep, n = s, counts[s]
		}
	}
	return sep, whole > 0 && 2*whole >= n
}

// join is the guess that joins the values of some sources, those that are there.
func (p *proposer) join(v *view, want []string, sep string, from ...string) *guess {
	g := &guess{kind: Joined, from: slices.Clone(from), sep: sep, cost: 3 + float64(len(from)), got: make([]string, len(want))}
	hits, n := 0, 0
	for i := range want {
		var parts []string
		for _, path := range from {
			if s := v.cols[path][i]; s != "" {
				parts = append(parts, s)
			}
		}
		g.got[i] = strings.Join(parts, sep)
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
