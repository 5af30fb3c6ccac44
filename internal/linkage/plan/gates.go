package plan

import "slices"

// Gate is a reason why a pair is not linked without a person, however alike it is. The names are written to files.
type Gate string

// Gates that contradict: the pair is [linkage.Blocked].
const (
	GateState    Gate = "state conflict"
	GateBusiness Gate = "line of business conflict"
	GateBlues    Gate = "Blue Cross against Blue Shield"
	GateInsurer  Gate = "insurer conflict"
	GateNotPayer Gate = "not a payer"
	GateRejected Gate = "decided to be different"
)

// Gates that ask for a person: the pair is [linkage.Review].
const (
	GateBlueHalf     Gate = "only one side says Blue Cross and Blue Shield"
	GateStateOneSide Gate = "state on one side only"
	GateLineOneSide  Gate = "line of business on one side only"
	GateProduct      Gate = "product conflict"
	GateMetal        Gate = "metal level conflict"
	GateLetter       Gate = "plan letter conflict"
	GateProgramme    Gate = "programme differs"
	GateNumber       Gate = "number differs"
	GateName         Gate = "name differs"
	GateInsurerWeak  Gate = "insurer not certain"
	GateSibling      Gate = "close runner-up"
	GateTaken        Gate = "already linked"
	GateTie          Gate = "one of several equal names"
	GateUncertain    Gate = "not probable enough"
)

// Blocks says whether the gate contradicts, and does not only ask.
func (g Gate) Blocks() bool {
	switch g {
	case GateState, GateBusiness, GateBlues, GateInsurer, GateNotPayer, GateRejected:
		return true
	}
	return false
}

// splitBlues are the states where Blue Cross and Blue Shield are, or were, two companies, in all of the state or in
// regions of it.
var splitBlues = []string{"CA", "ID", "PA", "WA"}

// gates lists what speaks against linking the pair without a person, whatever the others of the list look like.
func gates(l, r *Plan, c *comparison) []Gate {
	var list []Gate
	if !l.Business.IsPayer() || !r.Business.IsPayer() {
		list = append(list, GateNotPayer)
	}
	if len(l.States) > 0 && len(r.States) > 0 && firstShared(l.States, r.States) == "" {
		list = append(list, GateState)
	} else if (len(l.States) == 0) != (len(r.States) == 0) && boundToState(l, r) {
		list = append(list, GateStateOneSide)
	}
	if !l.Business.compatible(r.Business) {
		list = append(list, GateBusiness)
	} else if (l.Business == LineUnknown) != (r.Business == LineUnknown) && !ordinary(l.Business) && !ordinary(r.Business) {
		list = append(list, GateLineOneSide)
	}
	list = append(list, blueGates(l, r)...)
	if c.insurersDiffer {
		list = append(list, GateInsurer)
	}
	if !c.insurerMet && !slices.Contains(list, GateInsurer) {
		list = append(list, GateInsurerWeak)
	}
	if l.Metal != "" && r.Metal != "" && l.Metal != r.Metal {
		list = append(list, GateMetal)
	}
	if a, b := l.Products.networks(), r.Products.networks(); a != 0 && b != 0 && a&b == 0 {
		list = append(list, GateProduct)
	}
	if l.variant != r.variant && l.variant != "" && r.variant != "" {
		list = append(list, GateLetter)
	}
	if l.Programme != r.Programme {
		list = append(list, GateProgramme)
	}
	if c.numbersDiffer {
		list = append(list, GateNumber)
	}
	if c.wordsDiffer {
		list = append(list, GateName)
	}
	return list
}

// ordinary says whether a line is what a plan is if nothing else is said. The other side may leave it out.
func ordinary(l Line) bool { return l == LineUnknown || l == Commercial || l == Exchange }

// boundToState says whether the insurer is one company a state: a Blue, or a state's programme.
func boundToState(l, r *Plan) bool {
	for _, p := range []*Plan{l, r} {
		if p.Business == Medicaid || slices.Contains(p.Brands, blueKey) {
			return true
		}
	}
	return false
}

func blueGates(l, r *Plan) []Gate {
	if l.Blue == r.Blue || l.Blue == NotBlue || r.Blue == NotBlue {
		return nil
	}
	split := len(l.States) == 0 && len(r.States) == 0
	for _, s := range append(slices.Clone(l.States), r.States...) {
		split = split || slices.Contains(splitBlues, s)
	}
	one := l.Blue&r.Blue == 0
	switch {
	case one && split:
		return []Gate{GateBlues}
	case one || split || l.Blue == BlueShield || r.Blue == BlueShield:
		return []Gate{GateBlueHalf}
	}
	return nil // BC OF TX is the Blue Cross Blue Shield of Texas
}
