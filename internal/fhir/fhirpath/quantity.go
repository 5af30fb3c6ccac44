package fhirpath

import (
	"math/big"
	"strings"
)

// Quantity is a number with a unit of UCUM, or a calendar duration.
type Quantity struct {
	value    Decimal
	unit     string // a code of UCUM, or the word of a calendar duration in singular
	calendar bool
}

const ucumSystem = "http://unitsofmeasure.org"

// String writes 1 'mg' or 2 years.
func (q Quantity) String() string {
	if q.calendar {
		unit := q.unit
		if q.value.Cmp(decimalOf(1)) != 0 {
			unit += "s"
		}
		return q.value.String() + " " + unit
	}
	return q.value.String() + " '" + q.unit + "'"
}

// parseQuantity reads what toQuantity() accepts: a number, and optionally a unit in quotes or a word for a duration.
func parseQuantity(s string) (Quantity, bool) {
	s = strings.TrimSpace(s)
	end := 0
	for end < len(s) && strings.IndexByte("+-.0123456789", s[end]) >= 0 {
		end++
	}
	d, ok := ParseDecimal(s[:end])
	if !ok {
		return Quantity{}, false
	}
	unit := strings.TrimLeft(s[end:], " \t")
	switch {
	case unit == "":
		return Quantity{d, "1", false}, true
	case len(unit) > 2 && unit[0] == '\'' && unit[len(unit)-1] == '\'':
		return Quantity{d, unit[1 : len(unit)-1], false}, true
	}
	if word := strings.TrimSuffix(unit, "s"); calendarUnits[word].count != 0 {
		return Quantity{d, word, true}, true
	}
	return Quantity{}, false
}

// ucumOfCalendar are the units that a calendar duration is the same as. Years and months have none: theirs differ in
// length.
var ucumOfCalendar = map[string]string{
	"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms", "year": "a", "month": "mo",
}

// convertible returns both values in one unit. exact is false where a year or month of the calendar meets one of UCUM, or
// days: they are equivalent at most.
func convertible(a, b Quantity) (x, y *big.Rat, exact, ok bool) {
	if a.unit == b.unit && a.calendar == b.calendar {
		return a.value.rat(), b.value.rat(), true, true
	}
	ua, ub := a.ucum(), b.ucum()
	fa, ok := parseUnit(ua)
	if !ok {
		return nil, nil, false, false
	}
	fb, ok := parseUnit(ub)
	if !ok || fa.dimension != fb.dimension {
		return nil, nil, false, false
	}
	exact = true
	long := func(q Quantity) bool { return q.calendar && (q.unit == "year" || q.unit == "month") }
	if long(a) != long(b) {
		exact = false
	}
	if long(a) && long(b) { // 1 year is 12 months
		months := map[string]int64{"year": 12, "month": 1}
		x = new(big.Rat).Mul(a.value.rat(), big.NewRat(months[a.unit], 1))
		y = new(big.Rat).Mul(b.value.rat(), big.NewRat(months[b.unit], 1))
		return x, y, true, true
	}
	return fa.base(a.value), fb.base(b.value), exact, true
}

func (q Quantity) ucum() string {
	if q.calendar {
		return ucumOfCalendar[q.unit]
	}
	return q.unit
}

// compare returns the order of two quantities, and whether they can be compared.
func (q Quantity) compare(o Quantity) (order int, known bool) {
	x, y, exact, ok := convertible(q, o)
	if !ok || !exact {
		return 0, false
	}
	return x.Cmp(y), true
}

// equivalent compares with the digits of the less precise of the two.
func (q Quantity) equivalent(o Quantity) bool {
	if q.unit == o.unit && q.calendar == o.calendar {
		return equivalentDecimals(q.value, o.value)
	}
	x, y, _, ok := convertible(q, o)
	if !ok {
		return false
	}
	if x.Cmp(y) == 0 {
		return true
	}
	// What the other would be in the unit of the less precise one.
	coarse, fine := q, o
	a, b := x, y
	if o.value.significantScale() < q.value.significantScale() {
		coarse, fine = o, q
		a, b = y, x
	}
	if coarse.value.sign() == 0 || fine.value.sign() == 0 {
		return false
	}
	perUnit := new(big.Rat).Quo(a, coarse.value.rat())
	other := fromRat(new(big.Rat).Quo(b, perUnit))
	return equivalentDecimals(coarse.value, other)
}

// mul multiplies quantities with their units.
func (q Quantity) mul(o Quantity, divide bool) (Quantity, bool) {
	if divide && o.value.sign() == 0 {
		return Quantity{}, false
	}
	a, ok := parseUnit(q.ucum())
	if !ok {
		return Quantity{}, false
	}
	b, ok := parseUnit(o.ucum())
	if !ok || a.special != nil || b.special != nil {
		return Quantity{}, false
	}
	x, y := a.base(q.value), b.base(o.value)
	var product *big.Rat
	sign := 1
	if divide {
		product, sign = new(big.Rat).Quo(x, y), -1
	} else {
		product = new(big.Rat).Mul(x, y)
	}
	if o.ucum() == "1" || o.ucum() == "" { // the unit stays as it is
		factor := a.factor
		return Quantity{fromRat(product.Quo(product, factor)), q.unit, q.calendar}, true
	}
	dimension := a.dimension
	for i := range dimension {
		dimension[i] += int8(sign) * b.dimension[i]
	}
	return Quantity{fromRat(product), dimension.String(), false}, true
}
