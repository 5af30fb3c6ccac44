package plan

import (
	"cmp"
	"math"
	"slices"
)

// Evidence is what one comparison says, in bits: log2 of how much likelier it is for the same plan than for two.
type Evidence struct {
	Field       string
	Left, Right string // what was compared; Right is empty where both are the same, or where Left says it all
	Bits        float64
}

// Text is what was found, for people.
func (e Evidence) Text() string {
	if e.Right == "" || e.Right == e.Left {
		return e.Left
	}
	return e.Left + " / " + e.Right
}

// comparison is one pair of plans, compared. There are many: it holds no text.
type comparison struct {
	left, right    int
	gates          []Gate
	bits           float64
	insurerBits    float64
	withinBits     float64 // what tells the plans of one insurer apart
	forward        float64 // the probability among all candidates of the left plan
	backward       float64 // among those of the right plan
	insurerMet     bool    // the insurers agree by name
	insurersDiffer bool    // the dictionary knows both, and they are two
	contacts       uint8   // how many of payer ID, box and telephone agree

	agreed, compared           uint8          // bits of the fields that are learned
	kept, lost                 [classes]uint8 // words with and without partner
	wordsDiffer, numbersDiffer bool           // each name has one that the other lacks
}

func (c *comparison) probability() float64 { return min(c.forward, c.backward) }

// frequencies are how often values occur in both lists together: agreeing on a rare one says more (Winkler 1989).
type frequencies struct {
	rows   float64
	counts map[string]int // field and value
	logs   map[string]float64
	rare   float64
}

func (f *frequencies) count(l *List) {
	f.rows += float64(len(l.Plans))
	for i := range l.Plans {
		for _, key := range l.Plans[i].keys() {
			f.counts[key]++
		}
	}
}

// settle computes the bits of all values, once they are counted.
func (f *frequencies) settle() {
	f.logs = make(map[string]float64, len(f.counts))
	for key, n := range f.counts {
		f.logs[key] = -math.Log2(min(float64(n)/max(f.rows, 1), 1))
	}
	f.rare = math.Log2(max(f.rows, 1))
}

// bits says how rare a value is: log2 of one in so many rows. A value that was never counted is as rare as one of one row.
func (f *frequencies) bits(prefix, value string) float64 {
	if bits, ok := f.logs[prefix+value]; ok {
		return bits
	}
	return f.rare
}

// keys lists the values that are counted, and that find candidates.
func (p *Plan) keys() []string {
	var keys []string
	add := func(prefix string, values ...string) {
		for _, v := range values {
			if v != "" {
				keys = append(keys, prefix+v)
			}
		}
	}
	for _, w := range p.words {
		add("w:", w.text)
	}
	add("b:", p.Brands...)
	add("i:", p.payerIDs...)
	add("t:", p.Tel...)
	add("s:", p.States...)
	add("x:", p.boxKey)
	add("m:", p.Metal)
	add("p:", p.product)
	add("l:", string(p.Business))
	add("g:", p.Programme)
	add("v:", p.variant)
	return keys
}

// learned are the fields of which the EM algorithm learns how often they agree in two rows of the same plan.
type learned uint8

const (
	payerField learned = iota
	boxField
	phoneField
	productField
	metalField
	stateField
	lineField
	learnedFields
)

var learnedNames = [learnedFields]string{"payer ID", "PO box", "telephone", "product", "metal", "state", "line of business"}

// priorAgreement is what is assumed of them before anything was seen.
var priorAgreement = [learnedFields]float64{0.70, 0.70, 0.80, 0.90, 0.97, 0.95, 0.97}

// model weighs evidence. The rest of what it needs follows from frequencies. It is used by one goroutine.
type model struct {
	agree [learnedFields]float64
	kept  [classes]float64 // how often words of the other list are there
	// keptBits and lostBits are log2 of kept and of what is left of 1.
	keptBits, lostBits [classes]float64
	freq               frequencies

	insurer, within []Evidence // of the last comparison
}

func newModel(left, right *List) *model {
	m := &model{agree: priorAgreement, kept: priorKept, freq: frequencies{counts: map[string]int{}}}
	m.freq.count(left)
	m.freq.count(right)
	m.freq.settle()
	m.settle()
	return m
}

// settle computes what follows from kept.
func (m *model) settle() {
	for class, p := range m.kept {
		m.keptBits[class], m.lostBits[class] = math.Log2(p), math.Log2(1-p)
	}
}

// field adds the evidence of a field with one value on each side.
func (m *model) field(c *comparison, list *[]Evidence, f learned, prefix, shared, a, b string, same bool) {
	c.compared |= 1 << f
	if same {
		c.agreed |= 1 << f
		add(list, learnedNames[f], a, "", math.Log2(m.agree[f])+m.freq.bits(prefix, shared))
		return
	}
	add(list, learnedNames[f], a, b, math.Log2((1-m.agree[f])/0.95))
}

// add keeps evidence in bits above or below nothing.
func add(list *[]Evidence, field, left, right string, bits float64) {
	*list = append(*list, Evidence{field, left, right, bits})
}

// compare compares two plans. What it found stays in m.insurer and m.within until the next comparison.
func (m *model) compare(l, r *Plan) comparison {
	var c comparison
	m.insurer, m.within = m.insurer[:0], m.within[:0]
	m.compareInsurers(&c, l, r)
	m.compareContacts(&c, l, r)
	if len(l.States) > 0 && len(r.States) > 0 {
		shared := firstShared(l.States, r.States)
		m.field(&c, &m.insurer, stateField, "s:", shared, l.States[0], r.States[0], shared != "")
	}
	m.compareWithin(&c, l, r)
	m.compareWords(&c, l, r)
	if taught(l, r) || taught(r, l) {
		c.insurerMet = true
		add(&m.within, "name", "decided before to stand for the other", "", taughtBits)
	}
	c.insurerMet = c.insurerMet || c.contacts >= 2 || c.contacts == 1 && c.agreed&(1<<stateField) != 0
	c.insurerBits, c.withinBits = total(m.insurer, 0.5), total(m.within, 0.85)
	c.bits = c.insurerBits + c.withinBits
	c.gates = gates(l, r, &c)
	return c
}

// compareContacts compares what the plans of one insurer share. Two of them that agree, or one in the same state, show
// that the insurer is one.
func (m *model) compareContacts(c *comparison, l, r *Plan) {
	if len(l.payerIDs) > 0 && len(r.payerIDs) > 0 && comparableIDs(l, r) {
		shared := firstShared(l.payerIDs, r.payerIDs)
		m.field(c, &m.insurer, payerField, "i:", shared, l.payerIDs[0], r.payerIDs[0], shared != "")
	}
	if l.Box != "" && r.Box != "" {
		same := l.Box == r.Box && (l.ZIP5 == r.ZIP5 || l.ZIP5 == "" || r.ZIP5 == "")
		m.field(c, &m.insurer, boxField, "x:", l.boxKey, l.Box, r.Box, same)
	}
	if len(l.Tel) > 0 && len(r.Tel) > 0 {
		shared := firstShared(l.Tel, r.Tel)
		m.field(c, &m.insurer, phoneField, "t:", shared, l.Tel[0], r.Tel[0], shared != "")
	}
	for _, f := range []learned{payerField, boxField, phoneField} {
		c.contacts += c.agreed >> f & 1
	}
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
	lb, rb := l.ownBrands, r.ownBrands
	if len(lb) == 0 || len(rb) == 0 {
		lb, rb = l.Brands, r.Brands
	}
	shared := firstShared(lb, rb)
	if shared == "" {
		c.insurersDiffer = true
		add(&m.insurer, "insurer", lb[0], rb[0], -8)
		return
	}
	c.insurerMet = true
	add(&m.insurer, "insurer", shared, "", math.Log2(0.95)+m.freq.bits("b:", shared))
	if len(lb) != len(rb) {
		add(&m.insurer, "insurer", "one more company on one side", "", -1)
	}
}

// flagged are properties that a plan has or not; siblings differ by them.
var flagged = []struct {
	product Products
	name    string
}{{HDHP, "high deductible"}, {OpenAccess, "open access"}, {FeeForService, "fee for service"}}

func (m *model) compareWithin(c *comparison, l, r *Plan) {
	if l.Metal != "" && r.Metal != "" {
		m.field(c, &m.within, metalField, "m:", l.Metal, l.Metal, r.Metal, l.Metal == r.Metal)
	} else if l.Metal != r.Metal && !l.Truncated && !r.Truncated {
		add(&m.within, "metal", "on one side only", "", -3)
	}
	ln, rn := l.Products.networks(), r.Products.networks()
	if ln != 0 && rn != 0 {
		m.field(c, &m.within, productField, "p:", l.product, l.product, r.product, ln&rn != 0)
	}
	for _, one := range flagged {
		switch hl, hr := l.Products&one.product, r.Products&one.product; {
		case hl != hr:
			if cut := hl != 0 && r.Truncated || hr != 0 && l.Truncated; !cut {
				add(&m.within, one.name, "on one side only", "", -4)
			}
		case hl != 0:
			add(&m.within, one.name, "both", "", 2)
		}
	}
	if l.Business != LineUnknown && r.Business != LineUnknown {
		m.field(c, &m.within, lineField, "l:", string(l.Business), string(l.Business), string(r.Business), l.Business.compatible(r.Business))
	}
	switch {
	case l.Programme != r.Programme:
		add(&m.within, "programme", cmp.Or(l.Programme, "none"), cmp.Or(r.Programme, "none"), -4)
	case l.Programme != "":
		add(&m.within, "programme", l.Programme, "", math.Log2(0.9)+m.freq.bits("g:", l.Programme))
	}
	switch {
	case l.variant != "" && r.variant != "" && l.variant != r.variant:
		add(&m.within, "plan letter", l.variant, r.variant, -8)
	case l.variant != r.variant:
		add(&m.within, "plan letter", "on one side only", "", -1.5)
	case l.variant != "":
		add(&m.within, "plan letter", l.variant, "", math.Log2(0.9)+m.freq.bits("v:", l.variant))
	}
	for _, rider := range []struct {
		name string
		l, r bool
	}{{"dental rider", l.dental, r.dental}, {"vision rider", l.vision, r.vision}} {
		if rider.l != rider.r && !(r.Truncated && rider.l) && !(l.Truncated && rider.r) {
			add(&m.within, rider.name, "on one side only", "", -4)
		}
	}
}

// total joins bits that are not independent: the strongest agreement counts in full, each further one less by the
// factor, because plans that share one of these things tend to share the others. What speaks against it counts in full.
func total(list []Evidence, factor float64) float64 {
	var room [16]float64
	agree := room[:0]
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
