package plan

import (
	"math"
	"strings"
)

// How likely a word of one list stands in the other list's name of the same plan. Words that say little are left out
// most, numbers least, because they are what tells siblings apart.
const (
	keepsGeneric = 0.5
	keepsCompany = 0.6
	keepsWord    = 0.85
	keepsNumber  = 0.95
)

func keeps(w word) float64 {
	switch {
	case generic[w.text]:
		return keepsGeneric
	case hasDigit(w.text):
		return keepsNumber
	case w.company:
		return keepsCompany
	}
	return keepsWord
}

// pairing says which words of two names belong together, and how well: 1 is the same word.
type pairing struct {
	left, right []float64
	lastLeft    int // the last word of each side that has a partner
	lastRight   int
}

// compareWords compares what the names say beyond all that was understood.
func (m *model) compareWords(c *comparison, l, r *Plan) {
	p := pair(l, r)
	var same, onlyLeft, onlyRight []string
	plan, company := 0.0, 0.0
	give := func(w word, bits float64) {
		if w.company {
			company += bits
		} else {
			plan += bits
		}
	}
	for i, w := range l.words {
		if credit := p.left[i]; credit > 0 {
			same = append(same, w.text)
			give(w, credit*max(math.Log2(keeps(w)/m.freq.of("w:"+w.text)), 0.2)*0.7)
			continue
		}
		if r.Truncated && i > p.lastLeft && p.lastRight >= len(r.words)-2 {
			continue // the column of the other side was full before it came to this word
		}
		onlyLeft = append(onlyLeft, w.text)
		give(w, math.Log2(1-keeps(w)))
	}
	for i, w := range r.words {
		if p.right[i] > 0 || l.Truncated && i > p.lastRight && p.lastLeft >= len(l.words)-2 {
			continue
		}
		onlyRight = append(onlyRight, w.text)
		give(w, math.Log2(1-keeps(w)))
	}
	if len(same) > 0 || len(onlyLeft) > 0 || len(onlyRight) > 0 {
		text := strings.Join(same, " ")
		if len(onlyLeft)+len(onlyRight) > 0 {
			text += "; without partner: " + strings.Join(onlyLeft, " ") + " / " + strings.Join(onlyRight, " ")
		}
		if company != 0 {
			add(&c.insurer, "words of the insurer", strings.Join(same, " "), company)
		}
		add(&c.within, "words", text, plan)
	}
	c.insurerMet = c.insurerMet || companyMet(l, r, p)
}

// companyMet says whether the insurer's own words have their partners, where a dictionary does not know it.
func companyMet(l, r *Plan, p pairing) bool {
	side := func(words []word, paired []float64) (met, missed float64) {
		for i, w := range words {
			if !w.company || generic[w.text] {
				continue
			}
			if paired[i] > 0 {
				met++
			} else {
				missed++
			}
		}
		return met, missed
	}
	for _, s := range []struct {
		words  []word
		paired []float64
	}{{l.words, p.left}, {r.words, p.right}} {
		if met, missed := side(s.words, s.paired); met > 0 && met > missed {
			return true
		}
	}
	return false
}

func insurerWords(c *comparison) bool {
	for _, e := range c.insurer {
		if e.Field == "words of the insurer" && e.Bits >= 6 {
			return true
		}
	}
	return false
}

// pair finds the partners of words: the same word, then the last word of a cut name, two words written as one, a slip
// of the finger, and a short form.
func pair(l, r *Plan) pairing {
	p := pairing{left: make([]float64, len(l.words)), right: make([]float64, len(r.words)), lastLeft: -1, lastRight: -1}
	for i, a := range l.words {
		for j, b := range r.words {
			if p.right[j] == 0 && a.text == b.text {
				p.left[i], p.right[j] = 1, 1
				break
			}
		}
	}
	for i, a := range l.words {
		if p.left[i] > 0 {
			continue
		}
		for j, b := range r.words {
			if p.right[j] > 0 {
				continue
			}
			credit := likeness(a.text, b.text, l.Truncated && i == len(l.words)-1, r.Truncated && j == len(r.words)-1)
			if credit > 0 {
				p.left[i], p.right[j] = credit, credit
				break
			}
		}
	}
	joinWords(l.words, r.words, p.left, p.right)
	joinWords(r.words, l.words, p.right, p.left)
	for i, credit := range p.left {
		if credit > 0 {
			p.lastLeft = i
		}
	}
	for j, credit := range p.right {
		if credit > 0 {
			p.lastRight = j
		}
	}
	return p
}

// joinWords finds two neighbours of one side that the other side writes as one word.
func joinWords(two, one []word, pairedTwo, pairedOne []float64) {
	for i := 0; i+1 < len(two); i++ {
		if pairedTwo[i] > 0 || pairedTwo[i+1] > 0 {
			continue
		}
		both := two[i].text + two[i+1].text
		for j, w := range one {
			if pairedOne[j] == 0 && w.text == both {
				pairedTwo[i], pairedTwo[i+1], pairedOne[j] = 1, 1, 1
			}
		}
	}
}

// likeness says how well two different words may be the same one; cutA and cutB say that the word stands where its name
// was cut.
func likeness(a, b string, cutA, cutB bool) float64 {
	switch {
	case cutB && len(b) >= 1 && strings.HasPrefix(a, b), cutA && len(a) >= 1 && strings.HasPrefix(b, a):
		return 0.8
	case hasDigit(a) || hasDigit(b):
		return 0 // 1500 is not 1600
	case len(a) >= 3 && len(b) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)):
		return 0.7
	case len(a) >= 5 && len(b) >= 5 && oneSlip(a, b):
		return 0.8
	case isShortForm(a, b) || isShortForm(b, a):
		return 0.6
	}
	return 0
}

// isShortForm says whether s leaves vowels and more out of w and keeps its first and last letter's order: PLN, HLTH.
func isShortForm(s, w string) bool {
	if len(s) < 3 || len(s) >= len(w) || s[0] != w[0] || strings.ContainsAny(s[1:], "AEIOU") {
		return false
	}
	j := 0
	for i := range len(w) {
		if j < len(s) && w[i] == s[j] {
			j++
		}
	}
	return j == len(s)
}

// oneSlip says whether the words are one insertion, deletion, substitution or transposition of neighbours apart.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return a[i:] == b[i:] || i+1 < len(a) && (a[i+1:] == b[i+1:] || a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:])
	}
	return a[i:] == b[i+1:]
}
