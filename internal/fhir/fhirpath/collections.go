package fhirpath

import (
	"slices"
)

func collectionFunctions() map[string]*function {
	return map[string]*function{
		"empty":      {run: func(c call) (Collection, error) { return truth(len(c.in) == 0), nil }},
		"count":      {run: func(c call) (Collection, error) { return count(len(c.in)), nil }},
		"exists":     {0, 1, false, exists},
		"all":        {1, 1, false, all},
		"allTrue":    {run: booleans(true, true)},
		"anyTrue":    {run: booleans(true, false)},
		"allFalse":   {run: booleans(false, true)},
		"anyFalse":   {run: booleans(false, false)},
		"not":        {run: not},
		"distinct":   {run: func(c call) (Collection, error) { return c.ev.distinct(c.in) }},
		"isDistinct": {run: isDistinct},
		"first":      {run: func(c call) (Collection, error) { return c.in[:min(1, len(c.in))], nil }},
		"last":       {run: func(c call) (Collection, error) { return c.in[max(0, len(c.in)-1):], nil }},
		"tail":       {run: func(c call) (Collection, error) { return c.in[min(1, len(c.in)):], nil }},
		"skip":       {1, 1, false, skip},
		"take":       {1, 1, false, take},
		"single":     {run: onlyOne},
		"subsetOf":   {1, 1, false, subset(false)},
		"supersetOf": {1, 1, false, subset(true)},
		"intersect":  {1, 1, false, intersect},
		"exclude":    {1, 1, false, exclude},
		"union":      {1, 1, false, union},
		"combine":    {1, 2, false, combine},
		"coalesce":   {1, 16, false, coalesce},
		"sort":       {0, 16, false, sorted},
		"trace":      {1, 2, false, trace},
	}
}

func exists(c call) (Collection, error) {
	if !c.has(0) {
		return truth(len(c.in) > 0), nil
	}
	found, err := where(c)
	return truth(len(found) > 0), err
}

func all(c call) (Collection, error) {
	for i, item := range c.in {
		v, err := c.on(c.x.args[0], item, i)
		if err != nil {
			return nil, err
		}
		l, err := condition(c.x, v)
		if err != nil {
			return nil, err
		}
		if l != yes {
			return truth(false), nil
		}
	}
	return truth(true), nil
}

// booleans makes allTrue, anyTrue, allFalse and anyFalse.
func booleans(want, every bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		found := every
		for _, i := range c.in {
			b, ok := i.Bool()
			if !ok {
				return nil, c.fail("%s() needs Booleans, not a %s", c.x.text, i.typ)
			}
			if (b == want) != every {
				found = !every
			}
		}
		return truth(found), nil
	}
}

func not(c call) (Collection, error) {
	l, err := condition(c.x, c.in)
	if err != nil || l == unknown {
		return nil, err
	}
	return truth(l == no), nil
}

func isDistinct(c call) (Collection, error) {
	d, err := c.ev.distinct(c.in)
	return truth(len(d) == len(c.in)), err
}

func skip(c call) (Collection, error) {
	n, ok, err := c.intArg(0)
	if err != nil || !ok {
		return nil, err
	}
	return c.in[min(max(n, 0), int64(len(c.in))):], nil
}

func take(c call) (Collection, error) {
	n, ok, err := c.intArg(0)
	if err != nil || !ok {
		return nil, err
	}
	return c.in[:min(max(n, 0), int64(len(c.in)))], nil
}

func onlyOne(c call) (Collection, error) {
	_, _, err := single(c.x, c.in)
	return c.in, err
}

func subset(swap bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		other, err := c.arg(0)
		if err != nil {
			return nil, err
		}
		small, large := c.in, other
		if swap {
			small, large = large, small
		}
		for i := range small {
			there, err := c.ev.has(large, &small[i])
			if err != nil || !there {
				return truth(false), err
			}
		}
		return truth(true), nil
	}
}

func intersect(c call) (Collection, error) {
	other, err := c.arg(0)
	if err != nil {
		return nil, err
	}
	var out Collection
	for i := range c.in {
		there, err := c.ev.has(other, &c.in[i])
		if err != nil {
			return nil, err
		}
		if there {
			out = append(out, c.in[i])
		}
	}
	return c.ev.distinct(out)
}

func exclude(c call) (Collection, error) {
	other, err := c.arg(0)
	if err != nil {
		return nil, err
	}
	var out Collection
	for i := range c.in {
		there, err := c.ev.has(other, &c.in[i])
		if err != nil {
			return nil, err
		}
		if !there {
			out = append(out, c.in[i])
		}
	}
	return out, nil
}

func union(c call) (Collection, error) {
	other, err := c.arg(0)
	if err != nil {
		return nil, err
	}
	return c.ev.distinct(slices.Concat(c.in, other))
}

func combine(c call) (Collection, error) {
	other, err := c.arg(0)
	if err != nil {
		return nil, err
	}
	return slices.Concat(c.in, other), nil
}

func coalesce(c call) (Collection, error) {
	for i := range c.x.args {
		v, err := c.arg(i)
		if err != nil || len(v) > 0 {
			return v, err
		}
	}
	return nil, nil
}

// sorted sorts by keys, or by the items themselves; a minus before a key sorts downwards. What has
// no key comes first, in both directions.
func sorted(c call) (Collection, error) {
	keys := c.x.args
	if len(keys) == 0 {
		keys = []*expr{{op: opThis, off: c.x.off}}
	}
	type row struct {
		item Item
		keys []Collection
	}
	rows := make([]row, len(c.in))
	for i, item := range c.in {
		rows[i] = row{item, make([]Collection, len(keys))}
		for k, key := range keys {
			if key.op == opNegate {
				key = key.on
			}
			v, err := c.on(key, item, i)
			if err != nil {
				return nil, err
			}
			if len(v) > 1 {
				return nil, c.fail("a key of sort() has more than one item")
			}
			rows[i].keys[k] = v
		}
	}
	var failure error
	less := &expr{op: opBinary, off: c.x.off, text: "<"}
	slices.SortStableFunc(rows, func(a, b row) int {
		for k, key := range keys {
			order := 0
			if la, lb := len(a.keys[k]), len(b.keys[k]); la != lb {
				return la - lb
			} else if la == 1 {
				smaller, err := compare(less, a.keys[k][0], b.keys[k][0])
				greater, _ := compare(less, b.keys[k][0], a.keys[k][0])
				if err == nil {
					err = c.ev.step(2)
				}
				if err != nil && failure == nil {
					failure = err
				}
				order = boolOrder(greater) - boolOrder(smaller)
			}
			if order != 0 {
				if key.op == opNegate {
					return -order
				}
				return order
			}
		}
		return 0
	})
	out := make(Collection, len(rows))
	for i, r := range rows {
		out[i] = r.item
	}
	return out, failure
}

func boolOrder(c Collection) int {
	if len(c) == 1 && c[0].system().b {
		return 1
	}
	return 0
}

func trace(c call) (Collection, error) {
	name, _, err := c.textArg(0)
	if err != nil {
		return nil, err
	}
	shown := c.in
	if c.has(1) {
		if shown, err = selected(c, c.x.args[1]); err != nil {
			return nil, err
		}
	}
	if c.ev.Trace != nil {
		c.ev.Trace(name, shown)
	}
	return c.in, nil
}
