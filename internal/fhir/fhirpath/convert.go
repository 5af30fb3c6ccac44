package fhirpath

import (
	"math"
	"strconv"
	"strings"
)

// conversionFunctions are toX() and convertsToX() (FHIRPath 2.0, section 5.5).
func conversionFunctions() map[string]*function {
	table := map[string]*function{}
	for name, convert := range map[string]func(value) (Item, bool){
		"Boolean": toBoolean, "Integer": toInteger, "Long": toLong, "Decimal": toDecimal, "String": toString,
		"Date": toTemporal(kindDate), "DateTime": toTemporal(kindDateTime), "Time": toTemporal(kindTime), "Quantity": toQuantity,
	} {
		most := 0
		if name == "Quantity" {
			most = 1
		}
		table["to"+name] = &function{0, most, false, func(c call) (Collection, error) {
			i, ok, err := c.converted(convert)
			if err != nil || !ok {
				return nil, err
			}
			return one(i), nil
		}}
		table["convertsTo"+name] = &function{0, most, false, func(c call) (Collection, error) {
			if len(c.in) == 0 {
				return nil, nil
			}
			_, ok, err := c.converted(convert)
			return truth(ok), err
		}}
	}
	return table
}

func (c call) converted(convert func(value) (Item, bool)) (Item, bool, error) {
	i, ok, err := single(c.x, c.in)
	if err != nil || !ok {
		return Item{}, false, err
	}
	out, ok := convert(i.system())
	if !ok || !c.has(0) {
		return out, ok, nil
	}
	unit, there, err := c.textArg(0)
	if err != nil || !there {
		return out, false, err
	}
	target := Quantity{decimalOf(1), unit, false}
	if word := strings.TrimSuffix(unit, "s"); calendarUnits[word].count != 0 {
		target.unit, target.calendar = word, true
	}
	x, y, exact, ok := convertible(out.system().quantity(), target)
	if !ok || !exact {
		return out, false, nil
	}
	target.value = fromRat(x.Quo(x, y))
	return quantity(target), true, nil
}

func toBoolean(v value) (Item, bool) {
	switch v.kind {
	case kindBoolean:
		return boolean(v.b), true
	case kindInteger, kindDecimal:
		d := v.decimal()
		return boolean(d.sign() != 0), d.sign() == 0 || d.Cmp(decimalOf(1)) == 0
	case kindString:
		switch strings.ToLower(v.s) {
		case "true", "t", "yes", "y", "1", "1.0":
			return boolean(true), true
		case "false", "f", "no", "n", "0", "0.0":
			return boolean(false), true
		}
	}
	return Item{}, false
}

func toInteger(v value) (Item, bool) {
	i, ok := toLong(v)
	return i, ok && i.system().i >= math.MinInt32 && i.system().i <= math.MaxInt32
}

func toLong(v value) (Item, bool) {
	switch v.kind {
	case kindInteger:
		return integer(v.i), true
	case kindBoolean:
		if v.b {
			return integer(1), true
		}
		return integer(0), true
	case kindString:
		i, err := strconv.ParseInt(v.s, 10, 64)
		return integer(i), err == nil
	}
	return Item{}, false
}

func toDecimal(v value) (Item, bool) {
	switch v.kind {
	case kindInteger, kindDecimal:
		return decimal(v.decimal()), true
	case kindBoolean:
		if v.b {
			return decimal(Decimal{tenTo(1), 1}), true
		}
		return decimal(Decimal{nil, 1}), true
	case kindString:
		d, ok := ParseDecimal(v.s)
		return decimal(d), ok && !strings.ContainsAny(v.s, "eE")
	}
	return Item{}, false
}

func toString(v value) (Item, bool) {
	s, ok := v.text()
	return text(s), ok && v.kind != kindType
}

func toTemporal(k kind) func(value) (Item, bool) {
	return func(v value) (Item, bool) {
		switch {
		case v.kind == kindString:
			t, ok := parseTemporal(strings.TrimPrefix(v.s, map[bool]string{true: "T"}[k == kindTime]), k)
			return temporal(t), ok
		case v.kind == k:
			return temporal(*v.t), true
		case v.kind == kindDateTime && k == kindDate:
			t := *v.t
			t.kind, t.to, t.zoned, t.nanos, t.fraction = kindDate, min(t.to, toDay), false, 0, 0
			return temporal(t), true
		case v.kind == kindDate && k == kindDateTime:
			t := *v.t
			t.kind = kindDateTime
			return temporal(t), true
		}
		return Item{}, false
	}
}

func toQuantity(v value) (Item, bool) {
	switch v.kind {
	case kindQuantity:
		return quantity(v.quantity()), true
	case kindInteger, kindDecimal:
		return quantity(Quantity{v.decimal(), "1", false}), true
	case kindBoolean:
		d, _ := toDecimal(v)
		return quantity(Quantity{d.system().d, "1", false}), true
	case kindString:
		q, ok := parseQuantity(v.s)
		return quantity(q), ok
	}
	return Item{}, false
}
