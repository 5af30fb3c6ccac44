package fhirpath

import (
	"math"
	"math/big"
)

func numberFunctions() map[string]*function {
	return map[string]*function{
		"abs":          {run: abs},
		"ceiling":      {run: whole(func(d Decimal) Decimal { return d.neg().floor().neg() })},
		"floor":        {run: whole(Decimal.floor)},
		"truncate":     {run: whole(func(d Decimal) Decimal { return d.truncated(0) })},
		"round":        {0, 1, false, round},
		"exp":          {run: real1(math.Exp)},
		"ln":           {run: real1(math.Log)},
		"sqrt":         {run: real1(math.Sqrt)},
		"log":          {1, 1, false, logarithm},
		"power":        {1, 1, false, power},
		"sum":          {run: fold("+")},
		"avg":          {run: average},
		"min":          {run: extreme("<")},
		"max":          {run: extreme(">")},
		"lowBoundary":  {0, 1, false, boundary(false)},
		"highBoundary": {0, 1, false, boundary(true)},
		"precision":    {run: precisionOf},
		"comparable":   {1, 1, false, comparable},
	}
}

// number returns the input, which must be a single number or nothing.
func (c call) number() (value, bool, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return value{}, false, err
	}
	v := i.system()
	switch v.kind {
	case kindInteger, kindDecimal, kindQuantity:
		return v, true, nil
	case kindNone:
		if !i.hasObject() {
			return v, false, nil
		}
	}
	return v, false, c.fail("%s() needs a number, not a %s", c.x.text, i.typ)
}

func (v value) decimal() Decimal {
	if v.kind == kindInteger {
		return decimalOf(v.i)
	}
	return v.d
}

func abs(c call) (Collection, error) {
	v, ok, err := c.number()
	if err != nil || !ok {
		return nil, err
	}
	switch {
	case v.kind == kindInteger && v.i < 0:
		return integers("-", 0, v.i), nil
	case v.kind == kindInteger:
		return one(integer(v.i)), nil
	case v.d.sign() < 0:
		v.d = v.d.neg()
	}
	if v.kind == kindDecimal {
		return one(decimal(v.d)), nil
	}
	return one(quantity(v.quantity())), nil
}

func whole(f func(Decimal) Decimal) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		v, ok, err := c.number()
		if err != nil || !ok {
			return nil, err
		}
		d := f(v.decimal())
		if v.kind == kindQuantity {
			return one(quantity(Quantity{d, v.unit, v.cal})), nil
		}
		i, ok := d.int64()
		if !ok {
			return nil, nil
		}
		return one(integer(i)), nil
	}
}

func round(c call) (Collection, error) {
	v, ok, err := c.number()
	if err != nil || !ok {
		return nil, err
	}
	scale := int64(0)
	if c.has(0) {
		if scale, ok, err = c.intArg(0); err != nil || !ok {
			return nil, err
		}
		if scale < 0 {
			return nil, c.fail("round() needs a number of digits that is not negative")
		}
	}
	d := v.decimal().round(int(min(scale, maxDigits)))
	if v.kind == kindQuantity {
		return one(quantity(Quantity{d, v.unit, v.cal})), nil
	}
	return one(decimal(d)), nil
}

// real1 makes a function of real numbers; where it is not defined, the result is empty.
func real1(f func(float64) float64) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		v, ok, err := c.number()
		if err != nil || !ok {
			return nil, err
		}
		return realResult(f(v.decimal().float())), nil
	}
}

func realResult(f float64) Collection {
	d, ok := fromFloat(f)
	if !ok {
		return nil
	}
	return one(decimal(d))
}

// numberArg returns an argument that must be a number.
func (c call) numberArg(i int) (value, bool, error) {
	item, ok, err := c.item(i)
	if err != nil || !ok {
		return value{}, false, err
	}
	v := item.system()
	if v.kind != kindInteger && v.kind != kindDecimal {
		return v, false, c.fail("%s() needs a number as its argument, not a %s", c.x.text, item.typ)
	}
	return v, true, nil
}

func logarithm(c call) (Collection, error) {
	v, ok, err := c.number()
	if err != nil || !ok {
		return nil, err
	}
	base, ok, err := c.numberArg(0)
	if err != nil || !ok {
		return nil, err
	}
	return realResult(math.Log(v.decimal().float()) / math.Log(base.decimal().float())), nil
}

// power is exact for whole exponents.
func power(c call) (Collection, error) {
	v, ok, err := c.number()
	if err != nil || !ok {
		return nil, err
	}
	e, ok, err := c.numberArg(0)
	if err != nil || !ok {
		return nil, err
	}
	n, whole := e.decimal().int64()
	if !whole || !e.decimal().isInteger() || n < 0 {
		return realResult(math.Pow(v.decimal().float(), e.decimal().float())), nil
	}
	d := v.decimal()
	if int64(d.int().BitLen()+d.scale)*n > maxDigits*4 && d.int().BitLen() > 1 {
		return nil, nil
	}
	if d.scale > 0 && int64(d.scale)*n > maxDigits {
		return nil, nil
	}
	p := Decimal{new(big.Int).Exp(d.int(), big.NewInt(n), nil), d.scale * int(n)}
	if i, ok := p.int64(); ok && v.kind == kindInteger && e.kind == kindInteger {
		return one(integer(i)), nil
	}
	return one(decimal(p)), nil
}

// fold adds the items up.
func fold(operator string) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		if len(c.in) == 0 {
			return nil, nil
		}
		sum := c.in[:1]
		plus := &expr{op: opBinary, off: c.x.off, text: operator}
		for _, i := range c.in[1:] {
			var err error
			if sum, err = arithmetic(plus, sum[0].system(), i.system()); err != nil || len(sum) == 0 {
				return nil, err
			}
		}
		return sum, nil
	}
}

func average(c call) (Collection, error) {
	sum, err := fold("+")(c)
	if err != nil || len(sum) == 0 {
		return nil, err
	}
	return arithmetic(&expr{op: opBinary, off: c.x.off, text: "/"}, sum[0].system(), value{kind: kindDecimal, d: decimalOf(int64(len(c.in)))})
}

func extreme(operator string) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		if len(c.in) == 0 {
			return nil, nil
		}
		best := c.in[:1]
		x := &expr{op: opBinary, off: c.x.off, text: operator}
		for i := range c.in[1:] {
			better, err := compare(x, c.in[i+1], best[0])
			if err != nil {
				return nil, err
			}
			if boolOrder(better) == 1 {
				best = c.in[i+1 : i+2]
			}
		}
		return best, nil
	}
}

// boundary is lowBoundary() or highBoundary(): the end of what a value of its precision can mean. The argument is the
// number of digits, after the point for numbers, in all for dates and times.
func boundary(upper bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		i, ok, err := single(c.x, c.in)
		if err != nil || !ok {
			return nil, err
		}
		v := i.system()
		want, given := int64(0), false
		if c.has(0) {
			if want, given, err = c.intArg(0); err != nil {
				return nil, err
			}
		}
		if want < 0 || want > 31 {
			return nil, nil
		}
		switch v.kind {
		case kindInteger, kindDecimal, kindQuantity:
			if !given {
				want = 8
			}
			d := v.decimal().bound(upper, int(want))
			if v.kind == kindQuantity {
				return one(quantity(Quantity{d, v.unit, v.cal})), nil
			}
			return one(decimal(d)), nil
		case kindDate, kindDateTime, kindTime:
			if !given {
				want = map[kind]int64{kindDate: 8, kindDateTime: 17, kindTime: 9}[v.kind]
			}
			t := *v.t
			if v.kind == kindDate && want > 8 {
				t.kind = kindDateTime
			}
			b, ok := t.bound(upper, int(want))
			if !ok {
				return nil, nil
			}
			if v.kind == kindDateTime && b.to <= toDay {
				b.kind = kindDateTime
			}
			return one(temporal(b)), nil
		case kindNone:
			if !i.hasObject() {
				return nil, nil
			}
		}
		return nil, c.fail("%s() needs a number, date or time, not a %s", c.x.text, i.typ)
	}
}

func precisionOf(c call) (Collection, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return nil, err
	}
	switch v := i.system(); v.kind {
	case kindInteger, kindDecimal:
		return count(v.decimal().scale), nil
	case kindDate, kindDateTime, kindTime:
		return count(v.t.digitsOf()), nil
	case kindNone:
		if !i.hasObject() {
			return nil, nil
		}
	}
	return nil, c.fail("precision() needs a number, date or time, not a %s", i.typ)
}

// comparable says whether two quantities have units of one dimension.
func comparable(c call) (Collection, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return nil, err
	}
	o, ok, err := c.item(0)
	if err != nil || !ok {
		return nil, err
	}
	a, b := promote(i.system(), o.system())
	if a.kind != kindQuantity || b.kind != kindQuantity {
		return truth(a.kind == b.kind && a.kind != kindNone), nil
	}
	_, _, _, ok = convertible(a.quantity(), b.quantity())
	return truth(ok), nil
}
