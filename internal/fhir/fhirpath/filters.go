package fhirpath

import "strings"

func filterFunctions() map[string]*function {
	return map[string]*function{
		"where":          {1, 1, false, where},
		"select":         {1, 1, false, func(c call) (Collection, error) { return selected(c, c.x.args[0]) }},
		"repeat":         {1, 1, false, repeat},
		"repeatAll":      {1, 1, false, repeatAll},
		"aggregate":      {1, 2, false, aggregate},
		"iif":            {2, 3, false, iif},
		"children":       {run: func(c call) (Collection, error) { return childrenOf(c.ev, c.in) }},
		"descendants":    {run: descendants},
		"defineVariable": {1, 2, false, nil}, // the evaluator does it: it changes what follows
		"is":             {takesType: true, run: func(c call) (Collection, error) { return c.ev.isType(c.x, c.in) }},
		"as":             {takesType: true, run: func(c call) (Collection, error) { return c.ev.ofType(c.x, c.in) }},
		"ofType":         {takesType: true, run: func(c call) (Collection, error) { return c.ev.ofType(c.x, c.in) }},
		"type":           {run: typeOf},
	}
}

func where(c call) (Collection, error) {
	var out Collection
	for i, item := range c.in {
		v, err := c.on(c.x.args[0], item, i)
		if err != nil {
			return nil, err
		}
		l, err := condition(c.x, v)
		if err != nil {
			return nil, err
		}
		if l == yes {
			out = append(out, item)
		}
	}
	return out, nil
}

func selected(c call, projection *expr) (Collection, error) {
	var out Collection
	for i, item := range c.in {
		v, err := c.on(projection, item, i)
		if err != nil {
			return nil, err
		}
		out = append(out, v...)
		if len(out) > c.ev.MaxItems {
			return nil, c.fail("the result has more than %d items", c.ev.MaxItems)
		}
	}
	return out, nil
}

// repeat selects again and again on what is new.
func repeat(c call) (Collection, error) {
	var out Collection
	todo := c.in
	for len(todo) > 0 {
		c.in = todo
		found, err := selected(c, c.x.args[0])
		if err != nil {
			return nil, err
		}
		before := len(out)
		if out, err = c.ev.distinct(append(out, found...)); err != nil {
			return nil, err
		}
		todo = out[before:]
	}
	return out, nil
}

// repeatAll does so without asking what is new: the limits end what does not end.
func repeatAll(c call) (Collection, error) {
	var out Collection
	for todo := c.in; len(todo) > 0; {
		c.in = todo
		found, err := selected(c, c.x.args[0])
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if len(out) > c.ev.MaxItems {
			return nil, c.fail("the result has more than %d items", c.ev.MaxItems)
		}
		todo = found
	}
	return out, nil
}

func aggregate(c call) (Collection, error) {
	s := c.s
	if c.has(1) {
		initial, err := c.arg(1)
		if err != nil {
			return nil, err
		}
		s.total = initial
	} else {
		s.total = nil
	}
	for i, item := range c.in {
		s.this, s.index = one(item), i
		total, err := c.ev.value(c.x.args[0], s)
		if err != nil {
			return nil, err
		}
		s.total = total
	}
	return s.total, nil
}

func iif(c call) (Collection, error) {
	if len(c.in) > 1 && c.x.on != nil {
		return nil, c.fail("iif() needs a single item, and there are %d", len(c.in))
	}
	s := c.s
	if c.x.on != nil {
		s.this = c.in
	}
	v, err := c.ev.value(c.x.args[0], s)
	if err != nil {
		return nil, err
	}
	i, ok, err := single(c.x, v)
	if err != nil {
		return nil, err
	}
	b, isBool := i.Bool()
	if ok && !isBool {
		return nil, c.fail("the condition of iif() is a %s, not a Boolean", i.typ)
	}
	switch {
	case b:
		return c.ev.value(c.x.args[1], s)
	case c.has(2):
		return c.ev.value(c.x.args[2], s)
	}
	return nil, nil
}

func childrenOf(ev *evaluation, in Collection) (Collection, error) {
	var out Collection
	for i := range in {
		out = ev.children(out, &in[i])
	}
	return out, ev.step(len(out))
}

func descendants(c call) (Collection, error) {
	var out Collection
	for level := c.in; len(level) > 0; {
		next, err := childrenOf(c.ev, level)
		if err != nil {
			return nil, err
		}
		out = append(out, next...)
		if len(out) > c.ev.MaxItems {
			return nil, c.fail("the result has more than %d items", c.ev.MaxItems)
		}
		level = next
	}
	return out, nil
}

var systemTypeNames = map[string]bool{
	"Boolean": true, "Integer": true, "Decimal": true, "String": true, "Date": true, "DateTime": true, "Time": true, "Quantity": true, "Any": true, "Long": true,
}

// isOf says whether an item is of a type; ok is false if there is no such type.
func (ev *evaluation) isOf(i *Item, t Type) (is, ok bool) {
	inFHIR := t.Namespace != "System" && ev.d.Type(t.Name) != nil
	inSystem := t.Namespace != "FHIR" && systemTypeNames[t.Name]
	switch {
	case t.Namespace != "" && t.Namespace != "FHIR" && t.Namespace != "System", !inFHIR && !inSystem:
		return false, false
	case i.typ.Namespace == "FHIR":
		return inFHIR && ev.d.IsA(i.typ.Name, t.Name) || inSystem && t.Name == "Any", true
	}
	return inSystem && (i.typ.Name == t.Name || t.Name == "Any"), true
}

func (ev *evaluation) isType(x *expr, in Collection) (Collection, error) {
	if _, known := ev.isOf(&Item{}, x.typ); !known {
		return nil, unknownType(x)
	}
	i, ok, err := single(x, in)
	if err != nil || !ok {
		return nil, err
	}
	is, _ := ev.isOf(&i, x.typ)
	return truth(is), nil
}

func unknownType(x *expr) error {
	return &Error{Off: x.off, What: "there is no type " + quoted(strings.TrimPrefix(x.typ.String(), ".")), Semantic: true}
}

func (ev *evaluation) ofType(x *expr, in Collection) (Collection, error) {
	var out Collection
	if _, known := ev.isOf(&Item{}, x.typ); !known {
		return nil, unknownType(x)
	}
	for i := range in {
		if is, _ := ev.isOf(&in[i], x.typ); is {
			out = append(out, in[i])
		}
	}
	return out, nil
}

func typeOf(c call) (Collection, error) {
	out := make(Collection, len(c.in))
	for i, item := range c.in {
		out[i] = system(kindType, value{s: item.typ.String()})
	}
	return out, nil
}
