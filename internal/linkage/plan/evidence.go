package plan

import (
	"math"
	"slices"
	"strings"
)

// Evidence is what one comparison says, in bits: log2 of how much likelier it is for the same plan than for two.
type Evidence struct {
	Field string
	Text  string // what was found, for people
	Bits  float64
}

// comparison is one pair of plans, compared.
type comparison struct {
	left, right int
	insurer     []Evidence // insurers share phones, boxes and IDs among their plans: this is what those say together
	within      []Evidence // what tells the plans of one insurer apart
	gates       []Gate
	bits        float64
	forward     float64 // the probability among all candidates of the left plan
	backward    float64 // among those of the right plan
	insurerMet  bool    // the insurers agree by name

	kept, lost [classes]float64 // words with and without partner

	wordsDiffer, numbersDiffer bool // each name has one that the other lacks
}

func (c *comparison) probability() float64 { return min(c.forward, c.backward) }

// add keeps evidence in bits above or below nothing.
func add(list *[]Evidence, field, text string, bits float64) {
	*list = append(*list, Evidence{field, text, bits})
}

// frequencies are how often values occur in both lists together: agreeing on a rare one says more (Winkler 1989).
type frequencies struct {
	rows   float64
	counts map[string]int // field and value
}

func (f *frequencies) count(l *List) {
	f.rows += float64(len(l.Plans))
	for i := range l.Plans {
		for _, key := range keysOf(&l.Plans[i]) {
			f.counts[key]++
		}
	}
}

// of gives the share of rows with a value, between one row and all of them.
func (f *frequencies) of(key string) float64 {
	return min(max(float64(f.counts[key]), 1)/max(f.rows, 1), 1)
}

// keysOf lists the values that are counted and that find candidates.
func keysOf(p *Plan) []string {
	var keys []string
	for _, w := range p.words {
		keys = append(keys, "w:"+w.text)
	}
	for _, b := range p.Brands {
		keys = append(keys, "b:"+b)
	}
	for _, id := range p.payerIDs {
		keys = append(keys, "i:"+id)
	}
	for _, t := range p.Tel {
		keys = append(keys, "t:"+t)
	}
	for _, s := range p.States {
		keys = append(keys, "s:"+s)
	}
	if p.Box != "" {
		keys = append(keys, "x:"+boxKey(p))
	}
	if p.Metal != "" {
		keys = append(keys, "m:"+p.Metal)
	}
	if p.Products != 0 {
		keys = append(keys, "p:"+p.Products.String())
	}
	if p.Business != LineUnknown {
		keys = append(keys, "l:"+string(p.Business))
	}
	if p.Programme != "" {
		keys = append(keys, "g:"+p.Programme)
	}
	if p.variant != "" {
		keys = append(keys, "v:"+p.variant)
	}
	return keys
}

func boxKey(p *Plan) string { return p.Box + " " + p.ZIP5 }

// model holds, for each field, how often it agrees in two rows of the same plan. The rest follows from frequencies.
type model struct {
	agree map[string]float64
	kept  [classes]float64 // how often words of the other list are there
	freq  frequencies
}

// fields that the EM algorithm learns, with what is assumed before it has seen anything.
var priorAgreement = map[string]float64{
	"payer ID": 0.70, "PO box": 0.70, "telephone": 0.80, "product": 0.90, "metal": 0.97, "state": 0.95, "line of business": 0.97,
}

func newModel(left, right *List) *model {
	m := &model{agree: map[string]float64{}, kept: priorKept, freq: frequencies{counts: map[string]int{}}}
	for field, p := range priorAgreement {
		m.agree[field] = p
	}
	m.freq.count(left)
	m.freq.count(right)
	return m
}

// field adds the evidence of a field with one value on each side.
func (m *model) field(list *[]Evidence, field, key, a, b string, same bool) {
	if same {
		add(list, field, a, math.Log2(m.agree[field]/m.freq.of(key)))
		return
	}
	text := a + " / " + b
	add(list, field, text, math.Log2((1-m.agree[field])/0.95))
}

// compare compares two plans.
func (m *model) compare(l, r *Plan) comparison {
	var c comparison
	m.compareInsurers(&c, l, r)
	if len(l.payerIDs) > 0 && len(r.payerIDs) > 0 {
		shared := firstShared(l.payerIDs, r.payerIDs)
		if shared != "" || !comparableIDs(l, r) {
			if shared != "" {
				m.field(&c.insurer, "payer ID", "i:"+shared, shared, shared, true)
			}
		} else {
			m.field(&c.insurer, "payer ID", "", l.payerIDs[0], r.payerIDs[0], false)
		}
	}
	if l.Box != "" && r.Box != "" {
		m.field(&c.insurer, "PO box", "x:"+boxKey(l), l.Box, r.Box, l.Box == r.Box && (l.ZIP5 == r.ZIP5 || l.ZIP5 == "" || r.ZIP5 == ""))
	}
	if len(l.Tel) > 0 && len(r.Tel) > 0 {
		shared := firstShared(l.Tel, r.Tel)
		m.field(&c.insurer, "telephone", "t:"+shared, l.Tel[0], r.Tel[0], shared != "")
	}
	if len(l.States) > 0 && len(r.States) > 0 {
		shared := firstShared(l.States, r.States)
		m.field(&c.insurer, "state", "s:"+shared, strings.Join(l.States, ","), strings.Join(r.States, ","), shared != "")
	}
	m.compareWithin(&c, l, r)
	m.compareWords(&c, l, r)
	if taught(l, r) || taught(r, l) {
		c.insurerMet = true
		add(&c.within, "name", "decided before to stand for the other", taughtBits)
	}
	c.insurerMet = c.insurerMet || insurerByContact(&c)
	c.bits = total(c.insurer, 0.5) + total(c.within, 0.85)
	c.gates = gates(l, r, &c)
	return c
}

// taughtBits is what an earlier decision about the same two names says.
const taughtBits = 12

// taught says whether a decision said that a's name stands for b's.
func taught(a, b *Plan) bool { return a.taught != "" && slices.Contains(b.known, a.taught) }

func comparableIDs(l, r *Plan) bool {
	for _, a := range l.PayerIDs {
		for _, b := range r.PayerIDs {
			if a.meets(b) {
				return true
			}
		}
	}
	return false
}

func firstShared(a, b []string) string {
	for _, v := range a {
		if slices.Contains(b, v) {
			return v
		}
	}
	return ""
}

// compareInsurers compares the brands. A Blue without a brand of its own is any Blue of its state.
func (m *model) compareInsurers(c *comparison, l, r *Plan) {
	if len(l.Brands) == 0 || len(r.Brands) == 0 {
		return
	}
	own := func(brands []string) []string {
		return slices.DeleteFunc(slices.Clone(brands), func(b string) bool { return b == blueKey })
	}
	lb, rb := own(l.Brands), own(r.Brands)
	if len(lb) == 0 || len(rb) == 0 {
		lb, rb = l.Brands, r.Brands
	}
	shared := firstShared(lb, rb)
	if shared == "" {
		add(&c.insurer, "insurer", strings.Join(lb, "+")+" / "+strings.Join(rb, "+"), -8)
		return
	}
	c.insurerMet = true
	add(&c.insurer, "insurer", shared, math.Log2(0.95/m.freq.of("b:"+shared)))
	if len(lb) != len(rb) {
		add(&c.insurer, "insurer", "one more company on one side", -1)
	}
}

func (m *model) compareWithin(c *comparison, l, r *Plan) {
	if l.Metal != "" && r.Metal != "" {
		m.field(&c.within, "metal", "m:"+l.Metal, l.Metal, r.Metal, l.Metal == r.Metal)
	} else if l.Metal != r.Metal && !l.Truncated && !r.Truncated {
		add(&c.within, "metal", "on one side only", -3)
	}
	ln, rn := l.Products.networks(), r.Products.networks()
	if ln != 0 && rn != 0 {
		m.field(&c.within, "product", "p:"+l.Products.String(), l.Products.String(), r.Products.String(), ln&rn != 0)
	}
	for _, one := range []Products{HDHP, OpenAccess, FeeForService} {
		switch hl, hr := l.Products&one, r.Products&one; {
		case hl != hr:
			if cut := hl != 0 && r.Truncated || hr != 0 && l.Truncated; !cut {
				add(&c.within, "product", one.String()+" on one side only", -4)
			}
		case hl != 0:
			add(&c.within, "product", one.String(), 2)
		}
	}
	if l.Business != LineUnknown && r.Business != LineUnknown {
		m.field(&c.within, "line of business", "l:"+string(l.Business), string(l.Business), string(r.Business), l.Business.compatible(r.Business))
	}
	switch {
	case l.Programme != r.Programme:
		add(&c.within, "programme", l.Programme+" / "+r.Programme, -4)
	case l.Programme != "":
		add(&c.within, "programme", l.Programme, math.Log2(0.9/m.freq.of("g:"+l.Programme)))
	}
	switch {
	case l.variant != "" && r.variant != "" && l.variant != r.variant:
		add(&c.within, "plan letter", l.variant+" / "+r.variant, -8)
	case l.variant != r.variant:
		add(&c.within, "plan letter", "on one side only", -1.5)
	case l.variant != "":
		add(&c.within, "plan letter", l.variant, math.Log2(0.9/m.freq.of("v:"+l.variant)))
	}
	for _, rider := range []struct {
		name string
		l, r bool
	}{{"dental rider", l.dental, r.dental}, {"vision rider", l.vision, r.vision}} {
		if rider.l != rider.r && !(r.Truncated && rider.l) && !(l.Truncated && rider.r) {
			add(&c.within, rider.name, "on one side only", -4)
		}
	}
}

// total joins bits that are not independent: the strongest agreement counts in full, each further one less by the
// factor, because plans that share one of these things tend to share the others. What speaks against it counts in full.
func total(list []Evidence, factor float64) float64 {
	var agree []float64
	sum := 0.0
	for _, e := range list {
		if e.Bits > 0 {
			agree = append(agree, e.Bits)
		} else {
			sum += e.Bits
		}
	}
	slices.Sort(agree)
	weight := 1.0
	for _, bits := range slices.Backward(agree) {
		sum += bits * weight
		weight *= factor
	}
	return sum
}
