package fhirpath

import "time"

func dateFunctions() map[string]*function {
	table := map[string]*function{
		"now":              {run: func(c call) (Collection, error) { return c.ev.clock(kindDateTime), nil }},
		"today":            {run: func(c call) (Collection, error) { return c.ev.clock(kindDate), nil }},
		"timeOfDay":        {run: func(c call) (Collection, error) { return c.ev.clock(kindTime), nil }},
		"millisecondOf":    {run: part(func(t Temporal) (Item, bool) { return integer(int64(t.nanos / int(time.Millisecond))), t.fraction > 0 })},
		"timezoneOffsetOf": {run: part(func(t Temporal) (Item, bool) { return decimal(decimalOf(int64(t.offset)).quo(decimalOf(60))), t.zoned })},
		"dateOf": {run: part(func(t Temporal) (Item, bool) {
			t.kind, t.to, t.zoned, t.nanos, t.fraction = kindDate, min(t.to, toDay), false, 0, 0
			return temporal(t), t.parts[0] > 0
		})},
		"timeOf": {run: part(func(t Temporal) (Item, bool) {
			t.kind, t.zoned = kindTime, false
			t.parts[0], t.parts[1], t.parts[2] = 0, 0, 0
			return temporal(t), t.to >= toHour
		})},
	}
	for name, p := range map[string]precision{"yearOf": toYear, "monthOf": toMonth, "dayOf": toDay, "hourOf": toHour, "minuteOf": toMinute, "secondOf": toSecond} {
		table[name] = &function{run: part(func(t Temporal) (Item, bool) {
			return integer(int64(t.parts[p-1])), t.to >= p && (p > toDay || t.kind != kindTime)
		})}
	}
	return table
}

// clock is the same moment throughout an evaluation.
func (ev *evaluation) clock(k kind) Collection {
	if ev.Now.IsZero() {
		ev.Now = time.Now()
	}
	at := ev.Now
	_, seconds := at.Zone()
	t := fromTime(at.Truncate(time.Millisecond), Temporal{kind: k, to: toSecond, fraction: 3})
	switch k {
	case kindDate:
		t.to, t.fraction, t.nanos = toDay, 0, 0
	case kindDateTime:
		t.zoned, t.offset, t.z = true, seconds/60, seconds == 0
	}
	return one(temporal(t))
}

// part makes a function that takes a date or time apart.
func part(f func(Temporal) (Item, bool)) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		i, ok, err := single(c.x, c.in)
		if err != nil || !ok {
			return nil, err
		}
		v := i.system()
		if v.t == nil {
			if v.kind == kindNone && !i.hasObject() {
				return nil, nil
			}
			return nil, c.fail("%s() needs a date or time, not a %s", c.x.text, i.typ)
		}
		out, ok := f(*v.t)
		if !ok {
			return nil, nil
		}
		return one(out), nil
	}
}
