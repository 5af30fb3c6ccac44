package fhirstore

import (
	"math"
	"strconv"
	"strings"
	"time"

	"trestle/internal/fhir"
)

// operand is one value to search for.
type operand struct {
	prefix       string // eq, ne, gt, lt, ge, le, sa, eb, ap; eq if none was given
	lo, hi       float64
	exact        float64 // of numbers: the value without its implicit precision
	system, code string  // of a token; the unit of a quantity
	hasSystem    bool    // there was a |
	text         string  // of strings, uris and references; folded for strings
	refs         []string
	missing      bool
	parts        []operand // of a composite
	kind         string    // of a part: the type of its parameter
	member       func(system, code string) bool
}

// operand reads a value; reason says what is wrong with it, without its text.
func (f *Filter) operand(s *Store, v string, o QueryOptions) (x operand, reason string) {
	if f.modifier == "missing" {
		if v != "true" && v != "false" {
			return x, ":missing takes true or false"
		}
		x.missing = v == "true"
		return x, ""
	}
	switch f.own {
	case byID:
		x.text = plain(v)
		return x, ""
	case byText, byContent:
		x.text = fold(plain(v))
		return x, ""
	}
	if f.param.Type == "composite" {
		return f.composite(s, v, o)
	}
	x, reason = newOperand(f.param, f.modifier, v, o)
	if reason != "" {
		return x, reason
	}
	switch f.modifier {
	case "in", "not-in":
		set := plain(v)
		if s.d.ValueSet(set) == nil {
			return x, "the value set is not among the published definitions of R4"
		}
		x.member = func(system, code string) bool { return s.d.MemberOf(set, system, code) == fhir.Member }
	case "above", "below":
		if f.param.Type == "token" {
			codes := s.d.CodeSystem(x.system)
			if codes == nil {
				return x, "the hierarchy of the code system is not among the published definitions"
			}
			asked, up := x, f.modifier == "above"
			x.member = func(system, code string) bool {
				if system != asked.system && system != "" {
					return false
				}
				if up {
					return codes.Subsumes(code, asked.code)
				}
				return codes.Subsumes(asked.code, code)
			}
		}
	}
	return x, ""
}

func newOperand(p *Param, modifier, v string, o QueryOptions) (x operand, reason string) {
	switch p.Type {
	case "string":
		if x.text = plain(v); modifier != "exact" {
			x.text = fold(x.text)
		}
	case "uri":
		x.text = plain(v)
	case "token":
		if modifier == "text" {
			x.text = fold(plain(v))
			break
		}
		parts := splitEscaped(v, '|')
		switch {
		case modifier == "of-type" && len(parts) != 3:
			return x, ":of-type takes system|code|value"
		case modifier == "of-type":
			x.system, x.code, x.text = plain(parts[0]), plain(parts[1]), plain(parts[2])
		case len(parts) == 1:
			x.code = plain(v)
		case len(parts) == 2:
			x.system, x.code, x.hasSystem = plain(parts[0]), plain(parts[1]), true
		default:
			return x, "a token is code, system|code, |code or system|"
		}
	case "reference":
		return referenceOperand(p, modifier, v, o)
	case "date":
		x.prefix, v = cutPrefix(v)
		var ok bool
		if x.lo, x.hi, ok = dateRange(strings.ReplaceAll(plain(v), " ", "+")); !ok { // a + that nobody escaped became a blank
			return x, "a date is written 2026, 2026-03, 2026-03-02 or 2026-03-02T10:14:00Z"
		}
		x.exact = x.lo
	case "number":
		return numberOperand(v)
	case "quantity":
		parts := splitEscaped(v, '|')
		x, reason = numberOperand(parts[0])
		if reason != "" || len(parts) == 1 {
			return x, reason
		}
		if len(parts) != 3 {
			return x, "a quantity is number, number|system|code or number||unit"
		}
		x.system, x.code, x.hasSystem = plain(parts[1]), plain(parts[2]), true
	}
	return x, ""
}

func referenceOperand(p *Param, modifier, v string, o QueryOptions) (x operand, reason string) {
	v = plain(v)
	if modifier == "identifier" {
		x.system, x.code, x.hasSystem = "", v, false
		if system, code, ok := strings.Cut(v, "|"); ok {
			x.system, x.code, x.hasSystem = system, code, true
		}
		return x, ""
	}
	x.text = v
	if rest, ok := strings.CutPrefix(v, o.Base+"/"); ok && o.Base != "" {
		v = rest
	}
	v, _, _ = strings.Cut(v, "/_history/")
	x.refs = []string{v}
	switch {
	case strings.Contains(v, "/") || strings.Contains(v, ":"):
	case modifier != "" && isName(modifier):
		x.refs = []string{modifier + "/" + v}
	default:
		for _, t := range p.Targets {
			x.refs = append(x.refs, t+"/"+v)
		}
	}
	return x, ""
}

// cutPrefix takes a prefix such as ge off a value.
func cutPrefix(v string) (prefix, rest string) {
	if len(v) > 2 {
		switch p := v[:2]; p {
		case "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap":
			return p, v[2:]
		}
	}
	return "eq", v
}

// numberOperand reads a number with the precision that its digits imply (R4 3.1.1.4.5): 100 is from 99.5 up to 100.5.
func numberOperand(v string) (x operand, reason string) {
	x.prefix, v = cutPrefix(v)
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(v, "xXpP_") {
		return x, "a number is written 100, 100.00 or 1e2, with one of the prefixes eq ne gt lt ge le sa eb ap before it if needed"
	}
	digits, exponent, scientific := strings.Cut(strings.ToLower(v), "e")
	places := 0
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		places = len(digits) - i - 1
	}
	if scientific {
		e, _ := strconv.Atoi(exponent)
		places -= e
	}
	half := 0.5 * math.Pow(10, -float64(places))
	x.exact, x.lo, x.hi = n, n-half, n+half
	return x, ""
}

func (f *Filter) composite(s *Store, v string, o QueryOptions) (x operand, reason string) {
	def := s.d.SearchParameter(f.param.URL)
	parts := splitEscaped(v, '$')
	if def == nil || len(parts) != len(def.Components) {
		return x, "a composite takes as many values as it has components, with $ between them"
	}
	for i, c := range def.Components {
		component := s.d.SearchParameter(c.Definition)
		if component == nil {
			return x, "a component of it is not defined"
		}
		part, reason := newOperand(&Param{Code: component.Code, Type: component.Type, Targets: component.Targets}, "", parts[i], o)
		if reason != "" {
			return x, reason
		}
		part.kind = component.Type
		x.parts = append(x.parts, part)
	}
	return x, ""
}

// between compares ranges by a prefix (R4 3.1.1.4.4): from lo to hi is the value of a resource.
func (x *operand) between(lo, hi float64, isDate bool) bool {
	slo, shi := x.lo, x.hi
	inside := slo <= lo && (hi < shi || hi == shi && (hi > lo || isDate))
	if !isDate && x.prefix != "eq" && x.prefix != "ne" && x.prefix != "ap" {
		slo, shi = x.exact, x.exact // the prefixes that order take the number as exact
	}
	switch x.prefix {
	case "ne":
		return !inside
	case "gt":
		return hi > shi
	case "lt":
		return lo < slo
	case "ge":
		return hi > shi || inside || lo >= slo
	case "le":
		return lo < slo || inside || hi <= shi
	case "sa":
		return lo > shi || lo == shi && isDate
	case "eb":
		return hi < slo || hi == slo && isDate
	case "ap":
		margin := math.Abs(x.exact) * 0.1
		if isDate { // a tenth of the distance to now, as R4 recommends
			margin = math.Abs(float64(time.Now().UnixMilli())-slo) * 0.1
		}
		return lo < shi+margin && hi >= slo-margin
	}
	return inside
}

// fits compares the unit of a quantity.
func (x *operand) fits(u *unit) bool {
	switch {
	case !x.hasSystem || x.code == "" && x.system == "":
		return true
	case u == nil:
		return false
	case x.system == "":
		return x.code == u.code || x.code == u.name
	}
	return x.system == u.system && x.code == u.code
}
