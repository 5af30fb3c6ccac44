package linkage

import "math"

// class is what two records may be to each other.
type class uint8

const (
	person1 class = iota // the same person
	family               // of one household, and two persons
	stranger
	classes int = iota
)

// Model holds, for each class, how often a level is seen where nothing is missing, and how many pairs each class has.
// Missing values say nothing: they have the probability 1 in every class.
type Model struct {
	// p[c][f][l] is P(level l of field f | class c, both values are there). For the household it is given which of its
	// three parts are there.
	p [classes][Fields][houseLevels]float64
	// share[c] is the part of all pairs that is of class c.
	share [classes]float64
	// weight[c][f][l] is log2 of p[c]/p[stranger], filled by prepare.
	weight [2][Fields][houseLevels]float64
}

// The shipped parameters: what m and h are where nothing could be learned, and the priors of learning. Those of the same
// person lean on Just et al. 2016 (PMC4832129) and on common practice; the engine's gates do not depend on them.
var shipped = struct {
	person, family, stranger  [Fields][]float64
	surname, address, contact [classes][]float64
}{
	person: [Fields][]float64{
		First:      {0, .88, .03, .045, .012, .010, .008, .015},
		Middle:     {0, .45, .49, .06},
		BirthDay:   {0, .955, .025, .010, .010},
		SexField:   {0, .988, .012},
		SSNField:   {0, .88, .06, .01, .05},
		Mobile:     {0, .62, .38},
		Mail:       {0, .65, .08, .05, .22},
		Generation: {0, .97, .03},
		Crosswalk:  {0, .75, .25},
	},
	family: [Fields][]float64{
		First:      {0, .02, .001, .008, .02, .02, .002, .929},
		Middle:     {0, .03, .08, .89},
		BirthDay:   {0, .02, .004, .04, .936},
		SexField:   {0, .47, .53},
		SSNField:   {0, .003, .005, .002, .99},
		Mobile:     {0, .10, .90},
		Mail:       {0, .06, .03, .10, .81},
		Generation: {0, .25, .75},
		Crosswalk:  {0, .003, .997},
	},
	stranger: [Fields][]float64{
		First:      {0, .006, .001, .003, .011, .008, .001, .97},
		Middle:     {0, .01, .07, .92},
		BirthDay:   {0, .00005, .0003, .02, .97965},
		SexField:   {0, .5, .5},
		SSNField:   {0, .000002, .00002, .0001, .999878},
		Mobile:     {0, .00001, .99999},
		Mail:       {0, .00001, .0005, .004, .99549},
		Generation: {0, .4, .6},
		Crosswalk:  {0, .00001, .99999},
	},
	surname: [classes][]float64{{0, .91, .045, .045}, {0, .80, .03, .17}, {0, .003, .006, .991}},
	address: [classes][]float64{{0, .68, .08, .06, .18}, {0, .80, .06, .05, .09}, {0, .0005, .002, .05, .9475}},
	contact: [classes][]float64{{0, .65, .35}, {0, .75, .25}, {0, .0002, .9998}},
}

// houseGroup numbers which parts of the household are there.
func houseGroup(level int) int {
	g := 0
	if level/(addressLevels*contactLevels) > 0 {
		g |= 1
	}
	if level/contactLevels%addressLevels > 0 {
		g |= 2
	}
	if level%contactLevels > 0 {
		g |= 4
	}
	return g
}

// houseProduct is the probability of a household level if its parts were independent.
func houseProduct(c class, level int) float64 {
	p := 1.0
	if s := level / (addressLevels * contactLevels); s > 0 {
		p *= shipped.surname[c][s]
	}
	if a := level / contactLevels % addressLevels; a > 0 {
		p *= shipped.address[c][a]
	}
	if k := level % contactLevels; k > 0 {
		p *= shipped.contact[c][k]
	}
	return p
}

// defaultModel returns the model with the shipped parameters.
func defaultModel() *Model {
	m := &Model{share: [classes]float64{1e-4, 2e-4, 1 - 3e-4}}
	for c, set := range [classes]*[Fields][]float64{&shipped.person, &shipped.family, &shipped.stranger} {
		for f, levels := range set {
			copy(m.p[c][f][:], levels)
			m.p[c][f][0] = 1
		}
		for l := range houseLevels {
			m.p[c][Household][l] = houseProduct(class(c), l)
		}
	}
	m.prepare()
	return m
}

// prepare computes the weights.
func (m *Model) prepare() {
	for c := range 2 {
		for f := range Fields {
			for l := range levelsOf[f] {
				m.weight[c][f][l] = math.Log2(m.p[c][f][l] / m.p[stranger][f][l])
			}
			m.weight[c][f][0] = 0
		}
	}
	// In small rosters chance can make a rare partial agreement look better than equality. It is not.
	for f := range Field(Fields - 1) {
		for l := 2; l < levelsOf[f]; l++ {
			m.weight[person1][f][l] = min(m.weight[person1][f][l], m.weight[person1][f][Exact])
		}
	}
}

// evidence sums the weights of a pattern: log2 of P(pattern | class) / P(pattern | stranger).
func (m *Model) evidence(p Pattern) (samePerson, sameHouse float64) {
	for f := range Field(Fields) {
		l := p.Level(f)
		samePerson += m.weight[person1][f][l]
		sameHouse += m.weight[family][f][l]
	}
	if p.Level(BirthDay) == Exact {
		sameHouse -= namesakeTwins[p.Level(First)]
	}
	return
}

// namesakeTwins is by how many bits two of one household are less likely to share the birth date and, at this level, the
// given name than the product of both says: nobody gives twins one name.
var namesakeTwins = [...]float64{Exact: 7, FirstSlip: 3, FirstNickname: 2, FirstSwapped: 5, FirstDiffers: 0}

// bits returns log2 of the odds that a pair is one person. adjust is the term-frequency adjustment: log2 of how much
// rarer, or more common, the shared values are than the average.
func (m *Model) bits(p Pattern, adjust float64) float64 {
	x, h := m.evidence(p)
	x += math.Log2(m.share[person1]) + adjust
	// A household shares its names as one person does, however rare they are: the adjustment is against strangers only.
	h = math.Exp2(h+math.Log2(m.share[family])+adjust) + m.share[stranger]
	return x - math.Log2(h)
}

// probability turns log2 odds into a probability.
func probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }
