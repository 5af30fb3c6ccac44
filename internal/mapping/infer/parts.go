package infer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"trestle/internal/mapping"
)

// try is a way from one text to another that a few examples suggest.
type try struct {
	do   []mapping.Step
	kind Kind
	cost float64
}

// example is a source text with what came out of it.
type example struct{ from, to string }

// ways are the functions that the examples suggest for a source, the simplest first. They are guesses: what they are worth
// is counted over all rows.
func (p *proposer) ways(examples []example) []try {
	var list []try
	add := func(cost float64, kind Kind, do ...mapping.Step) { list = append(list, try{do, kind, cost}) }
	for _, s := range plainSteps {
		if p.mostly(examples, func(e example) bool { return p.trials.apply([]mapping.Step{{Name: s.name}}, e.from) == e.to }) {
			add(2, s.kind, step(s.name))
		}
	}
	for _, first := range []string{"", "upper", "lower", "digits", "trim", "hl7_date", "date"} {
		from := examples
		var before []mapping.Step
		if first != "" {
			before = []mapping.Step{{Name: first}}
			from = make([]example, len(examples))
			changed := false
			for i, e := range examples {
				from[i] = example{p.trials.apply(before, e.from), e.to}
				changed = changed || from[i].from != e.from
			}
			if !changed {
				continue
			}
		}
		for _, t := range arguments(from) {
			do := append(slices.Clone(before), t.do...)
			if p.mostly(examples, func(e example) bool { return p.trials.apply(do, e.from) == e.to }) {
				list = append(list, try{do, t.kind, t.cost + 1.5*float64(len(before))})
			}
		}
	}
	list = append(list, p.reformats(examples)...)
	slices.SortStableFunc(list, func(a, b try) int { return cmp.Compare(a.cost, b.cost) })
	return list[:min(len(list), 12)]
}

// mostly says whether something holds for most examples; a few odd ones must not hide a rule.
func (p *proposer) mostly(examples []example, holds func(example) bool) bool {
	wrong := 0
	for _, e := range examples {
		if !holds(e) {
			if wrong++; 3*wrong > len(examples) {
				return false
			}
		}
	}
	return len(examples) > 0
}

// reformats tries dates from one pattern into another.
func (p *proposer) reformats(examples []example) (list []try) {
	in, out := map[string]int{}, map[string]int{}
	for _, e := range examples {
		for _, x := range dated(e.from) {
			in[x]++
		}
		for _, x := range dated(e.to) {
			out[x]++
		}
	}
	for _, a := range datePatterns {
		for _, b := range datePatterns {
			if a == b || 3*in[a] < 2*len(examples) || 3*out[b] < 2*len(examples) {
				continue
			}
			do := []mapping.Step{step("reformat", a, b)}
			if p.mostly(examples, func(e example) bool { return p.trials.apply(do, e.from) == e.to }) {
				list = append(list, try{do, Date, 2.2})
			}
		}
	}
	return list
}

// separators are what cuts texts into pieces.
var separators = []string{" ", ", ", ",", "-", "/", ".", ":", "_", "|", ";", "^", "&", "@", "#", "(", ")"}

// vote is the argument that most examples suggest.
type vote map[string]int

func (v vote) best(least int) (string, bool) {
	best := ""
	for s, n := range v {
		if n > v[best] || n == v[best] && (best == "" || len(s) < len(best) || len(s) == len(best) && s < best) {
			best = s
		}
	}
	return best, v[best] >= max(1, least)
}

// arguments guesses the arguments of the functions that take some.
func arguments(examples []example) (list []try) {
	n := len(examples)
	need := (2*n + 2) / 3
	add := func(cost float64, kind Kind, do ...mapping.Step) { list = append(list, try{do, kind, cost}) }
	one := func(cost float64, kind Kind, name string, guess func(e example) (string, bool)) {
		v := vote{}
		for _, e := range examples {
			if a, ok := guess(e); ok {
				v[a]++
			}
		}
		if a, ok := v.best(need); ok {
			add(cost, kind, step(name, strings.Split(a, "\x00")...))
		}
	}
	one(2.4, Convert, "prefix", func(e example) (string, bool) {
		p, ok := strings.CutSuffix(e.to, e.from)
		return p, ok && p != ""
	})
	one(2.4, Convert, "suffix", func(e example) (string, bool) {
		s, ok := strings.CutPrefix(e.to, e.from)
		return s, ok && s != ""
	})
	list = append(list, framed(examples, need)...)
	one(2.5, Convert, "pad", padded(strings.CutSuffix))
	one(2.6, Convert, "pad_right", padded(strings.CutPrefix))
	one(2.5, Convert, "strip_leading", stripped(strings.CutSuffix))
	one(2.6, Convert, "strip_trailing", stripped(strings.CutPrefix))
	one(2.7, Convert, "remove", removed)
	one(2.8, Convert, "replace", replaced)
	for _, sep := range separators {
		for _, f := range []struct {
			name string
			take func(s string) (string, bool)
		}{
			{"before", func(s string) (string, bool) { b, _, ok := strings.Cut(s, sep); return b, ok }},
			{"after", func(s string) (string, bool) { _, a, ok := strings.Cut(s, sep); return a, ok }},
		} {
			hits := 0
			for _, e := range examples {
				if got, ok := f.take(e.from); ok && got == e.to || !ok && f.name == "before" && e.from == e.to {
					hits++
				}
			}
			if hits >= need && hits > 0 {
				add(2.6, Part, step(f.name, sep))
			}
		}
	}
	one(2.7, Part, "piece", pieces)
	list = append(list, cuts(examples, need)...)
	return list
}

// framed is a prefix and a suffix at once.
func framed(examples []example, need int) []try {
	v := vote{}
	for _, e := range examples {
		if i := strings.Index(e.to, e.from); i > 0 && e.from != "" && i+len(e.from) < len(e.to) {
			v[e.to[:i]+"\x00"+e.to[i+len(e.from):]]++
		}
	}
	if a, ok := v.best(need); ok {
		before, after, _ := strings.Cut(a, "\x00")
		return []try{{[]mapping.Step{step("prefix", before), step("suffix", after)}, Convert, 3.2}}
	}
	return nil
}

func padded(cut func(s, affix string) (string, bool)) func(example) (string, bool) {
	return func(e example) (string, bool) {
		fill, ok := cut(e.to, e.from)
		if !ok || e.from == "" {
			return "", false
		}
		if fill == "" { // full already: it does not say what fills
			return "", false
		}
		r, _ := utf8.DecodeRuneInString(fill)
		return strconv.Itoa(utf8.RuneCountInString(e.to)) + "\x00" + string(r), strings.Trim(fill, string(r)) == ""
	}
}

func stripped(cut func(s, affix string) (string, bool)) func(example) (string, bool) {
	return func(e example) (string, bool) {
		gone, ok := cut(e.from, e.to)
		if !ok || gone == "" || e.to == "" {
			return "", false
		}
		r, _ := utf8.DecodeRuneInString(gone)
		return string(r), strings.Trim(gone, string(r)) == ""
	}
}

// removed are the characters that are in the source and not in the target.
func removed(e example) (string, bool) {
	var gone []rune
	for _, r := range e.from {
		if !strings.ContainsRune(e.to, r) && !slices.Contains(gone, r) {
			gone = append(gone, r)
		}
	}
	slices.Sort(gone)
	return string(gone), len(gone) > 0 && len(gone) <= 6 && len(e.to) < len(e.from)
}

// replaced is one sign that became another.
func replaced(e example) (string, bool) {
	a, b := []rune(e.from), []rune(e.to)
	if len(a) != len(b) {
		return "", false
	}
	for i := range a {
		if a[i] != b[i] {
			return string(a[i]) + "\x00" + string(b[i]), strings.ReplaceAll(e.from, string(a[i]), string(b[i])) == e.to
		}
	}
	return "", false
}

func pieces(e example) (string, bool) {
	for _, sep := range separators {
		if parts := strings.Split(e.from, sep); len(parts) > 1 {
			if i := slices.Index(parts, e.to); i >= 0 {
				return sep + "\x00" + strconv.Itoa(i+1), true
			}
		}
	}
	return "", false
}

// cuts are left, right and substring.
func cuts(examples []example, need int) (list []try) {
	starts, lengths, shorter := map[int]int{}, map[int]int{}, 0
	longest, heads, tails := 0, 0, 0
	for _, e := range examples {
		from, to := []rune(e.from), []rune(e.to)
		if len(to) == 0 || len(to) > len(from) {
			continue
		}
		if len(to) < len(from) {
			shorter++
		}
		longest = max(longest, len(to))
		lengths[len(to)]++
		if strings.HasPrefix(e.from, e.to) {
			heads++
		}
		if strings.HasSuffix(e.from, e.to) {
			tails++
		}
		for i := 0; i+len(to) <= min(len(from), 200); i++ {
			if string(from[i:i+len(to)]) == e.to {
				starts[i]++
			}
		}
	}
	if shorter == 0 {
		return nil
	}
	length := longest // the length that most have, if they agree; the longest else
	for l, n := range lengths {
		if n >= need {
			length = l
		}
	}
	n := strconv.Itoa(length)
	if heads >= need {
		list = append(list, try{[]mapping.Step{step("left", n)}, Part, 2.5})
	}
	if tails >= need {
		list = append(list, try{[]mapping.Step{step("right", n)}, Part, 2.5})
	}
	best, found := -1, 0
	for i, hits := range starts {
		if hits > found || hits == found && i < best {
			best, found = i, hits
		}
	}
	if found >= need && best > 0 {
		list = append(list, try{[]mapping.Step{step("substring", strconv.Itoa(best+1), n)}, Part, 2.8})
	}
	return list
}
