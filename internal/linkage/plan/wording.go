package plan

import (
	"cmp"
	"strings"
)

// class is a kind of words that survive from one list into the other equally often.
type class uint8

const (
	genericWord class = iota // common words are left out most
	companyWord
	planWord
	numberWord // least: they are what tells siblings apart
	classes
)

// priorKept is how likely a word of one list stands in the other's name of the same plan, before anything was learned.
var priorKept = [classes]float64{genericWord: 0.5, companyWord: 0.6, planWord: 0.85, numberWord: 0.95}

func classOf(w word) class {
	switch {
	case generic[w.text]:
		return genericWord
	case hasDigit(w.text):
		return numberWord
	case w.company:
		return companyWord
	}
	return planWord
}

// wholeName is what it says that two names have no word without partner: names are copied more often than they are
// rewritten, so that a sibling with one word more is less likely than the word alone would make it.
const wholeName = 2

// pairing says which words of two names belong together, and how well: 1 is the same word.
type pairing struct {
	left, right []float64
	lastLeft    int // the last word of each side that has a partner
	lastRight   int
}

// compareWords compares what the names say beyond all that was understood.
func (m *model) compareWords(c *comparison, l, r *Plan) {
	lw, rw := comparedWords(l, r)
	p := pair(lw, rw, l.Truncated, r.Truncated)
	matched, alone := 0, 0
	plan, company := 0.0, 0.0
	give := func(w word, bits float64) {
		if w.company {
			company += bits
		} else {
			plan += bits
		}
	}
	for i, w := range lw {
		if credit := p.left[i]; credit > 0 {
			matched++
			c.kept[w.class]++
			give(w, credit*max(m.keptBits[w.class]+m.freq.bits("w:", w.text), 0.2)*0.7)
			continue
		}
		if r.Truncated && i > p.lastLeft && p.lastRight >= len(rw)-2 {
			continue // the column of the other side was full before it came to this word
		}
		alone++
		c.lost[w.class]++
		give(w, m.lostBits[w.class])
	}
	for i, w := range rw {
		if p.right[i] > 0 || l.Truncated && i > p.lastRight && p.lastLeft >= len(lw)-2 {
			continue
		}
		alone++
		c.lost[w.class]++
		give(w, m.lostBits[w.class])
	}
	if company != 0 {
		add(&m.insurer, wordsOfInsurer, "", "", company)
	}
	if matched+alone > 0 {
		add(&m.within, wordsOfPlan, "", "", plan)
	}
	if matched > 0 && alone == 0 && !l.Truncated && !r.Truncated {
		c.insurerMet = c.insurerMet || matched >= 2
		add(&m.within, "whole name", "nothing left over", "", wholeName)
	}
	c.wordsDiffer = aloneWord(lw, p.left, p.lastLeft, r.Truncated) && aloneWord(rw, p.right, p.lastRight, l.Truncated)
	c.numbersDiffer = aloneNumber(lw, p.left, p.lastLeft, r.Truncated) && aloneNumber(rw, p.right, p.lastRight, l.Truncated)
	c.insurerMet = c.insurerMet || companyMet(lw, rw, p)
}

// aloneWord says whether a name has a telling word of the plan without partner that the other name could have had.
func aloneWord(words []word, paired []float64, last int, otherCut bool) bool {
	for i, w := range words {
		if paired[i] == 0 && !w.company && !w.hollow && !w.hasDigit() && !(otherCut && i > last) {
			return true
		}
	}
	return false
}

// aloneNumber is aloneWord for numbers: siblings often differ by nothing else.
func aloneNumber(words []word, paired []float64, last int, otherCut bool) bool {
	for i, w := range words {
		if w.hasDigit() && paired[i] == 0 && !(otherCut && i > last) {
			return true
		}
	}
	return false
}

// companyMet says whether the insurer's own words have their partners, where a dictionary does not know it.
func companyMet(lw, rw []word, p pairing) bool {
	for _, s := range []struct {
		words  []word
		paired []float64
	}{{lw, p.left}, {rw, p.right}} {
		met, missed, telling := 0, 0, 0
		for i, w := range s.words {
			switch {
			case !w.company:
			case s.paired[i] > 0:
				met++
				if w.class != genericWord {
					telling++
				}
			case w.class != genericWord:
				missed++
			}
		}
		// A name of nothing but common words, Preferred Medical Plan, has to be there as a whole.
		if telling > missed || missed == 0 && met >= 2 && allCompany(s.words, s.paired) {
			return true
		}
	}
	return false
}

func allCompany(words []word, paired []float64) bool {
	for i, w := range words {
		if w.company && paired[i] == 0 {
			return false
		}
	}
	return true
}

// Fields of evidence whose text is made when somebody reads it.
const (
	wordsOfInsurer = "words of the insurer"
	wordsOfPlan    = "words"
)

// explainWords puts the words into the evidence of a comparison that somebody will read.
func explainWords(list []Evidence, l, r *Plan) {
	lw, rw := comparedWords(l, r)
	p := pair(lw, rw, l.Truncated, r.Truncated)
	var same, company []string
	only := [2][]string{}
	for i, w := range lw {
		switch {
		case p.left[i] == 0:
			only[0] = append(only[0], w.text)
		case w.company:
			company = append(company, w.text)
		default:
			same = append(same, w.text)
		}
	}
	for i, w := range rw {
		if p.right[i] == 0 {
			only[1] = append(only[1], w.text)
		}
	}
	for i := range list {
		switch e := &list[i]; e.Field {
		case wordsOfInsurer:
			e.Left = strings.Join(company, " ")
		case wordsOfPlan:
			e.Left = strings.Join(same, " ")
			if len(only[0])+len(only[1]) > 0 {
				e.Left = strings.TrimSpace(e.Left + " (without partner: " + cmp.Or(strings.Join(only[0], " "), "none") + " / " + cmp.Or(strings.Join(only[1], " "), "none") + ")")
			}
		}
	}
}

// comparedWords gives the words that are compared: with those of the insurer where the dictionary knows it on one side
// only, because the other side may spell it in a way of its own.
func comparedWords(l, r *Plan) (left, right []word) {
	if (len(l.Brands) == 0) != (len(r.Brands) == 0) {
		return l.allWords, r.allWords
	}
	return l.words, r.words
}

// pair finds the partners of words: the same word, then the last word of a cut name, two words written as one, a slip
// of the finger, and a short form.
func pair(lw, rw []word, leftCut, rightCut bool) pairing {
	p := pairing{left: make([]float64, len(lw)), right: make([]float64, len(rw)), lastLeft: -1, lastRight: -1}
	for i, a := range lw {
		for j, b := range rw {
			if p.right[j] == 0 && a.text == b.text {
				p.left[i], p.right[j] = 1, 1
				break
			}
		}
	}
	for i, a := range lw {
		if p.left[i] > 0 {
			continue
		}
		for j, b := range rw {
			if p.right[j] > 0 {
				continue
			}
			credit := likeness(a, b, leftCut && i == len(lw)-1, rightCut && j == len(rw)-1)
			if credit > 0 {
				p.left[i], p.right[j] = credit, credit
				break
			}
		}
	}
	joinWords(lw, rw, p.left, p.right, leftCut, rightCut)
	joinWords(rw, lw, p.right, p.left, rightCut, leftCut)
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
func joinWords(two, one []word, pairedTwo, pairedOne []float64, twoCut, oneCut bool) {
	for i := 0; i+1 < len(two); i++ {
		if pairedTwo[i] > 0 || pairedTwo[i+1] > 0 {
			continue
		}
		both := two[i].text + two[i+1].text
		for j, w := range one {
			cut := oneCut && j == len(one)-1 && strings.HasPrefix(both, w.text) || twoCut && i == len(two)-2 && strings.HasPrefix(w.text, both)
			if pairedOne[j] == 0 && (w.text == both || cut) {
				pairedTwo[i], pairedTwo[i+1], pairedOne[j] = 1, 1, 1
			}
		}
	}
}

// likeness says how well two different words may be the same one; cutA and cutB say that the word stands where its name
// was cut.
func likeness(wa, wb word, cutA, cutB bool) float64 {
	a, b, digitA, digitB := wa.text, wb.text, wa.hasDigit(), wb.hasDigit()
	switch {
	case cutB && len(b) >= 1 && strings.HasPrefix(a, b), cutA && len(a) >= 1 && strings.HasPrefix(b, a):
		return 0.8
	case digitA || digitB:
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
	if len(s) < 3 || len(s) >= len(w) || s[0] != w[0] || hasVowel(s[1:]) {
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

func hasVowel(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case 'A', 'E', 'I', 'O', 'U':
			return true
		}
	}
	return false
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
