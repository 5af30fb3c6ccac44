package linkage

import (
	"fmt"
	"math/bits"
	"slices"
)

// Gate is a named reason that stops an automatic link, however probable it is. Each is a switch of the project.
type Gate uint8

// The gates.
const (
	GateProbability Gate = iota // below the threshold
	GateFirstName
	GateSurname
	GateSuffix
	GateBirthDate
	GateBirthSlip
	GateSSN
	GateSex
	GateRunnerUp
	GateCorroboration
	GateDuplicate
	GateNewborn
	GateTwin
	GateNamesake
	GateCrosswalk
	GateTraining
	GateTie
	GateDecision
	Gates int = iota
)

var gates = [Gates]struct{ name, about string }{
	GateProbability:   {"probability", "the probability is below the threshold"},
	GateFirstName:     {"first-name", "the given name is missing, different, an initial or only alike; or the middle names contradict each other"},
	GateSurname:       {"surname", "the surname is different or missing, and no identifier, SSN or two contacts of the person agree"},
	GateSuffix:        {"suffix", "the generational suffixes contradict each other (Sr, Jr)"},
	GateBirthDate:     {"birth-date", "the birth date is missing or differs by more than one slip; with an SSN or identifier and the whole name, by more than one of its parts"},
	GateBirthSlip:     {"birth-slip", "the birth date has a slip, and neither SSN, mobile phone, e-mail or identifier agrees, nor name, address and home phone or member identifier together"},
	GateSSN:           {"ssn-conflict", "the social security numbers contradict each other"},
	GateSex:           {"sex-conflict", "the sexes contradict each other, and not all of name, birth date and an SSN or identifier agrees"},
	GateRunnerUp:      {"runner-up", "another record fits nearly as well"},
	GateCorroboration: {"no-corroboration", "nothing but names and birth date agrees"},
	GateDuplicate:     {"duplicate", "one of the records may be a duplicate inside its own system: decide that first"},
	GateNewborn:       {"newborn", "a stand-in for the name of a newborn, or no name"},
	GateTwin:          {"twin", "the household has another person with this birth date and a similar given name"},
	GateNamesake:      {"namesake", "the household has another person of the same name (Sr, Jr)"},
	GateCrosswalk:     {"identifier-conflict", "the identifier that one system keeps of the other names another record, or agrees where name and birth date do not"},
	GateTraining:      {"training", "the training of the model was not trusted"},
	GateTie:           {"tie", "two ways to link are equally good"},
	GateDecision:      {"decision", "a decision contradicts this pair"},
}

// AllGates lists the gates.
func AllGates() []Gate {
	list := make([]Gate, Gates)
	for i := range list {
		list[i] = Gate(i)
	}
	return list
}

// String returns the gate's name, as in specifications and files.
func (g Gate) String() string { return gates[g].name }

// About says in words what the gate stops.
func (g Gate) About() string { return gates[g].about }

// Fixed reports whether the gate cannot be switched off.
func (g Gate) Fixed() bool {
	return g == GateProbability || g == GateTraining || g == GateTie || g == GateDecision
}

// ParseGate reads a gate's name.
func ParseGate(name string) (Gate, error) {
	for g := range Gate(Gates) {
		if gates[g].name == name {
			return g, nil
		}
	}
	names := make([]string, Gates)
	for i := range names {
		names[i] = gates[i].name
	}
	slices.Sort(names)
	return 0, fmt.Errorf("there is no gate %q: the gates are %q", name, names)
}

// GateSet is a set of gates.
type GateSet uint32

// SetOf returns the set of some gates.
func SetOf(list ...Gate) GateSet { return GateSet(bitsOf(list...)) }

// Has reports whether g is in the set.
func (s GateSet) Has(g Gate) bool { return s>>g&1 == 1 }

// With returns the set with g.
func (s GateSet) With(g Gate) GateSet { return s | 1<<g }

// Len returns the number of gates in the set.
func (s GateSet) Len() int { return bits.OnesCount32(uint32(s)) }

// List returns the gates in their order.
func (s GateSet) List() []Gate {
	var list []Gate
	for g := range Gate(Gates) {
		if s.Has(g) {
			list = append(list, g)
		}
	}
	return list
}

// Names returns the gates' names in their order.
func (s GateSet) Names() []string {
	names := make([]string, 0, s.Len())
	for _, g := range s.List() {
		names = append(names, g.String())
	}
	return names
}

// personal says which evidence of the person, not of the household, agrees.
type personal struct {
	ssn, id, mobile, mail bool
}

func personalOf(p Pattern) personal {
	return personal{
		ssn: p.Level(SSNField) == Exact, id: p.Level(Crosswalk) == Exact,
		mobile: p.Level(Mobile) == Exact, mail: p.Level(Mail) == Exact,
	}
}

func (e personal) any() bool { return e.ssn || e.id || e.mobile || e.mail }

// agreeing says that middle names are the same, or their initials.
func agreeing(middle Level) bool { return middle == Exact || middle == MiddleInitial }

// patternGates are the gates that a pair's own levels close.
func patternGates(p Pattern) GateSet {
	var s GateSet
	e := personalOf(p)
	first, dob, surname, ssn := p.Level(First), p.Level(BirthDay), p.Surname(), p.Level(SSNField)
	sure := dob == Exact && (e.ssn || e.id)
	at := dob == Exact && (p.Address() == Exact || p.Contact() == Exact) // of the household
	switch first {
	case Exact:
		// Twins with one first name and two middle names are rare, and do occur.
		if p.Level(Middle) == MiddleDiffers && !e.any() && !(p.Address() == Exact && p.Contact() == Exact) {
			s = s.With(GateFirstName)
		}
	case FirstNickname:
		// The lists hold odd and cross-sex pairs: the rest must be beyond doubt.
		if !(dob == Exact && (e.any() || agreeing(p.Level(Middle))) || at && p.Level(SexField) == Exact) || p.Level(Middle) == MiddleDiffers && !sure {
			s = s.With(GateFirstName)
		}
	case FirstSwapped:
		if !(sure || surname == Exact && dob == Exact && (e.any() || at)) {
			s = s.With(GateFirstName)
		}
	case FirstSlip, FirstClose, FirstInitial:
		if !sure || p.Level(Middle) == MiddleDiffers {
			s = s.With(GateFirstName)
		}
	default:
		s = s.With(GateFirstName)
	}
	switch surname {
	case Exact:
	case SurnameClose:
		if first != Exact && first != FirstSwapped && !sure && !(first == FirstNickname && at && p.Level(SexField) == Exact && p.Level(Middle) != MiddleDiffers) {
			s = s.With(GateSurname)
		}
	default:
		if !((first == Exact || first == FirstNickname || first == FirstSwapped && e.ssn) && dob == Exact && (e.ssn || e.id || e.mobile && e.mail || (e.mobile || e.mail) && at || first == Exact && p.Contact() == Exact && (p.Address() == Exact || p.Address() == AddressNear && agreeing(p.Level(Middle))))) {
			s = s.With(GateSurname)
		}
	}
	if p.Level(Generation) == Differs {
		s = s.With(GateSuffix)
	}
	switch dob {
	case Exact:
	case BirthSlip:
		// A household does not have the same name twice with birth dates a slip apart; father and son are a generation apart.
		if !e.any() && !(first == Exact && surname == Exact && p.Address() == Exact && p.Contact() == Exact && p.Level(Middle) != MiddleDiffers) {
			s = s.With(GateBirthSlip)
		}
	case BirthPartial:
		// An identifier and the whole name agree: two of year, month and day are enough.
		if !(e.ssn || e.id) || first != Exact || surname != Exact || p.Level(Generation) == Differs {
			s = s.With(GateBirthDate)
		}
	default:
		s = s.With(GateBirthDate)
	}
	switch ssn {
	case SSNDiffers:
		s = s.With(GateSSN)
	case SSNSlip:
		if first != Exact && first != FirstNickname || dob != Exact {
			s = s.With(GateSSN)
		}
	}
	// A sex that was entered wrongly: nobody but the same person has the whole name, the birth date and the number.
	if p.Level(SexField) == Differs && !(sure && (first == Exact || first == FirstSwapped) && surname == Exact) {
		s = s.With(GateSex)
	}
	if !e.any() && ssn != SSNSlip && ssn != SSNLast4 && p.Address() != Exact && p.Address() != AddressNear && p.Contact() != Exact {
		s = s.With(GateCorroboration)
	}
	return s
}
