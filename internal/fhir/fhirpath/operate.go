package fhirpath

import (
	"math"
	"math/big"

	"trestle/internal/fhir"
)

// operate evaluates operators, indexes and type tests.
func (ev *evaluation) operate(x *expr, s scope) (Collection, error) {
	switch x.op {
	case opNegate, opPlus:
		return ev.negate(x, s)
	case opIndex:
		return ev.indexed(x, s)
	case opIs, opAs:
		in, err := ev.value(x.on, s)
		if err != nil {
			return nil, err
		}
		if x.op == opAs {
			return ev.ofType(x, in)
		}
		return ev.isType(x, in)
	}
	left, err := ev.value(x.args[0], s)
	if err != nil {
		return nil, err
	}
	switch x.text {
	case "and", "or", "xor", "implies":
		return ev.logic(x, left, s)
	}
	right, err := ev.value(x.args[1], s)
	if err != nil {
		return nil, err
	}
	switch x.text {
	case "=", "!=":
		l, err := ev.equalCollections(left, right)
		if x.text == "!=" && l != unknown {
			l = no + yes - l
		}
		return l.collection(), err
	case "~", "!~":
		same, err := ev.equivalentCollections(left, right)
		return truth(same == (x.text == "~")), err
	case "|":
		return ev.distinct(append(append(make(Collection, 0, len(left)+len(right)), left...), right...))
	case "in":
		return ev.contains(x, right, left)
	case "contains":
		return ev.contains(x, left, right)
	case "&":
		return concatenate(x, left, right)
	}
	a, aThere, err := single(x, left)
	if err != nil {
		return nil, err
	}
	b, bThere, err := single(x, right)
	if err != nil || !aThere || !bThere {
		return nil, err
	}
	switch x.text {
	case "<", ">", "<=", ">=":
		return compare(x, a, b)
	}
	return arithmetic(x, a.system(), b.system())
}

func (ev *evaluation) negate(x *expr, s scope) (Collection, error) {
	in, err := ev.value(x.on, s)
	if err != nil {
		return nil, err
	}
	i, ok, err := single(x, in)
	if err != nil || !ok {
		return nil, err
	}
	v := i.system()
	switch v.kind {
	case kindInteger, kindDecimal, kindQuantity:
	default:
		return nil, fail(x, "a sign needs a number, not a %s", v.kind)
	}
	if x.op == opPlus {
		return in, nil
	}
	switch v.kind {
	case kindInteger:
		if v.i == math.MinInt64 {
			return nil, nil
		}
		return one(integer(-v.i)), nil
	case kindDecimal:
		return one(decimal(v.d.neg())), nil
	}
	return one(quantity(Quantity{v.d.neg(), v.unit, v.cal})), nil
}

func (ev *evaluation) indexed(x *expr, s scope) (Collection, error) {
	in, err := ev.value(x.on, s)
	if err != nil {
		return nil, err
	}
	at, err := ev.value(x.args[0], s)
	if err != nil {
		return nil, err
	}
	i, ok, err := single(x, at)
	if err != nil || !ok {
		return nil, err
	}
	v := i.system()
	if v.kind != kindInteger {
		return nil, fail(x, "an index is an integer, not a %s", v.kind)
	}
	if v.i < 0 || v.i >= int64(len(in)) {
		return nil, nil
	}
	return in[v.i : v.i+1], nil
}

// logic is three-valued (FHIRPath 2.0, section 6.5). The right side is evaluated only where it can matter.
func (ev *evaluation) logic(x *expr, left Collection, s scope) (Collection, error) {
	a, err := condition(x, left)
	if err != nil {
		return nil, err
	}
	switch {
	case x.text == "and" && a == no:
		return truth(false), nil
	case x.text == "or" && a == yes, x.text == "implies" && a == no:
		return truth(true), nil
	}
	right, err := ev.value(x.args[1], s)
	if err != nil {
		return nil, err
	}
	b, err := condition(x, right)
	if err != nil {
		return nil, err
	}
	switch x.text {
	case "and":
		if b == no {
			return truth(false), nil
		}
		return min(a, b).both(a, b), nil
	case "or":
		if b == yes {
			return truth(true), nil
		}
		return min(a, b).both(a, b), nil
	case "xor":
		if a == unknown || b == unknown {
			return nil, nil
		}
		return truth(a != b), nil
	}
	switch { // implies
	case b == yes:
		return truth(true), nil
	case a == unknown || b == unknown:
		return nil, nil
	}
	return truth(false), nil
}

// both is l, if neither side is unknown.
func (l logical) both(a, b logical) Collection {
	if a == unknown || b == unknown {
		return nil
	}
	return l.collection()
}

func (ev *evaluation) contains(x *expr, c, item Collection) (Collection, error) {
	i, ok, err := single(x, item)
	if err != nil || !ok {
		return nil, err
	}
	for k := range c {
		l, err := ev.equal(&c[k], &i, 0)
		if err != nil {
			return nil, err
		}
		if l == yes {
			return truth(true), nil
		}
	}
	return truth(false), nil
}

func concatenate(x *expr, left, right Collection) (Collection, error) {
	a, _, err := single(x, left)
	if err != nil {
		return nil, err
	}
	b, _, err := single(x, right)
	if err != nil {
		return nil, err
	}
	sum := a.String() + b.String()
	if len(sum) > maxString {
		return nil, fail(x, "the text grows longer than %d bytes", maxString)
	}
	return one(text(sum)), nil
}

// compare orders two values of one kind (FHIRPath 2.0, section 6.2).
func compare(x *expr, left, right Item) (Collection, error) {
	a, b := promote(left.system(), right.system())
	var order int
	known := true
	switch {
	case a.kind == kindNone || b.kind == kindNone:
		if left.typ.Namespace == "FHIR" && a.kind == kindNone && !left.hasObject() || right.typ.Namespace == "FHIR" && b.kind == kindNone && !right.hasObject() {
			return nil, nil // a primitive without a value
		}
		return nil, fail(x, "%s and %s have no order", left.typ, right.typ)
	case a.kind != b.kind:
		return nil, fail(x, "a %s and a %s have no order", a.kind, b.kind)
	case a.kind == kindInteger:
		order = big.NewInt(a.i).Cmp(big.NewInt(b.i))
	case a.kind == kindDecimal:
		order = a.d.Cmp(b.d)
	case a.kind == kindString:
		switch {
		case a.s < b.s:
			order = -1
		case a.s > b.s:
			order = 1
		}
	case a.kind == kindQuantity:
		order, known = a.quantity().compare(b.quantity())
	case a.t != nil:
		order, known = a.t.compare(*b.t)
	default:
		return nil, fail(x, "a %s has no order", a.kind)
	}
	if !known {
		return nil, nil
	}
	switch x.text {
	case "<":
		return truth(order < 0), nil
	case ">":
		return truth(order > 0), nil
	case "<=":
		return truth(order <= 0), nil
	}
	return truth(order >= 0), nil
}

func (i Item) hasObject() bool { return i.node != nil && i.node.Kind == fhir.Object }

// promote converts implicitly (FHIRPath 2.0, section 5.5): Integer to Decimal to Quantity, Date to DateTime.
func promote(a, b value) (value, value) {
	for range 2 {
		switch {
		case a.kind == kindInteger && (b.kind == kindDecimal || b.kind == kindQuantity):
			a = value{kind: kindDecimal, d: decimalOf(a.i)}
		case a.kind == kindDate && b.kind == kindDateTime:
			t := *a.t
			t.kind = kindDateTime
			a = value{kind: kindDateTime, t: &t}
		}
		if a.kind == kindDecimal && b.kind == kindQuantity {
			a = value{kind: kindQuantity, d: a.d, unit: "1"}
		}
		a, b = b, a
	}
	return a, b
}

func arithmetic(x *expr, a, b value) (Collection, error) {
	if a.t != nil && b.kind == kindQuantity && (x.text == "+" || x.text == "-") {
		direction := 1
		if x.text == "-" {
			direction = -1
		}
		t, err := a.t.plus(b.quantity(), direction)
		if err == errOutOfRange {
			return nil, nil
		}
		return one(temporal(t)), err
	}
	a, b = promote(a, b)
	if a.kind == kindNone || b.kind == kindNone {
		return nil, fail(x, "%s needs values", x.what())
	}
	if a.kind != b.kind {
		return nil, fail(x, "%s cannot be used on a %s and a %s", x.what(), a.kind, b.kind)
	}
	switch a.kind {
	case kindString:
		if x.text == "+" {
			if len(a.s)+len(b.s) > maxString {
				return nil, fail(x, "the text grows longer than %d bytes", maxString)
			}
			return one(text(a.s + b.s)), nil
		}
	case kindInteger:
		return integers(x.text, a.i, b.i), nil
	case kindDecimal:
		return decimals(x.text, a.d, b.d), nil
	case kindQuantity:
		if x.text != "div" && x.text != "mod" {
			return quantities(x.text, a.quantity(), b.quantity()), nil
		}
	}
	return nil, fail(x, "%s cannot be used on a %s", x.what(), a.kind)
}

// integers computes with integers; overflow and division by zero are empty.
func integers(operator string, a, b int64) Collection {
	x, y := big.NewInt(a), big.NewInt(b)
	switch operator {
	case "+":
		x.Add(x, y)
	case "-":
		x.Sub(x, y)
	case "*":
		x.Mul(x, y)
	case "/":
		return decimals("/", decimalOf(a), decimalOf(b))
	case "div", "mod":
		if b == 0 {
			return nil
		}
		if operator == "div" {
			x.Quo(x, y)
		} else {
			x.Rem(x, y)
		}
	}
	if !x.IsInt64() {
		return nil
	}
	return one(integer(x.Int64()))
}

func decimals(operator string, a, b Decimal) Collection {
	var d Decimal
	switch operator {
	case "+":
		d = a.add(b)
	case "-":
		d = a.sub(b)
	case "*":
		d = a.mul(b)
	default:
		if b.sign() == 0 {
			return nil
		}
		if operator == "/" {
			d = a.quo(b)
			break
		}
		scale := max(a.scale, b.scale)
		q, r := new(big.Int).QuoRem(a.rescaled(scale), b.rescaled(scale), new(big.Int))
		if operator == "div" {
			if !q.IsInt64() {
				return nil
			}
			return one(integer(q.Int64()))
		}
		d = Decimal{r, scale}
	}
	if d.tooLong() {
		return nil
	}
	return one(decimal(d))
}

func quantities(operator string, a, b Quantity) Collection {
	switch operator {
	case "+", "-":
		if a.unit != b.unit || a.calendar != b.calendar {
			x, y, exact, ok := convertible(a, b)
			if !ok || !exact || x.Sign() == 0 && a.value.sign() != 0 || a.value.sign() == 0 {
				return nil
			}
			// b in the unit of a
			b = Quantity{fromRat(new(big.Rat).Quo(new(big.Rat).Mul(y, a.value.rat()), x)), a.unit, a.calendar}
		}
		d := a.value.add(b.value)
		if operator == "-" {
			d = a.value.sub(b.value)
		}
		if d.tooLong() {
			return nil
		}
		return one(quantity(Quantity{d, a.unit, a.calendar}))
	}
	q, ok := a.mul(b, operator == "/")
	if !ok || q.value.tooLong() {
		return nil
	}
	return one(quantity(q))
}
