package mapping

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// unit is a unit of measure by its UCUM code: so many of the unit that stands for its kind, plus an offset.
type unit struct {
	kind           string
	factor, offset float64
}

// units are those that hospitals send weights, heights, temperatures and volumes in; exact by their definitions.
var units = map[string]unit{
	"kg": {"mass", 1000, 0}, "g": {"mass", 1, 0}, "mg": {"mass", 0.001, 0}, "ug": {"mass", 0.000001, 0}, "[lb_av]": {"mass", 453.59237, 0}, "[oz_av]": {"mass", 28.349523125, 0},
	"m": {"length", 1, 0}, "cm": {"length", 0.01, 0}, "mm": {"length", 0.001, 0}, "[in_i]": {"length", 0.0254, 0}, "[ft_i]": {"length", 0.3048, 0},
	"L": {"volume", 1, 0}, "dL": {"volume", 0.1, 0}, "mL": {"volume", 0.001, 0}, "uL": {"volume", 0.000001, 0},
	"Cel": {"temperature", 1, 0}, "K": {"temperature", 1, -273.15}, "[degF]": {"temperature", 5.0 / 9, -160.0 / 9},
	"s": {"time", 1, 0}, "min": {"time", 60, 0}, "h": {"time", 3600, 0}, "d": {"time", 86400, 0},
}

func unitFunctions() []*Function {
	return []*Function{
		{Name: "unit", Group: "number", Arguments: "[from, to]", Does: "a number in another unit, by the codes of UCUM: [lb_av], kg, [in_i], cm, [degF], Cel, mL and the like; rounded to six digits after the point", least: 2, most: 2, make: func(_ *compiler, args []string) (apply, error) {
			from, okFrom := units[args[0]]
			to, okTo := units[args[1]]
			switch {
			case !okFrom || !okTo:
				var known []string
				for code := range units {
					known = append(known, code)
				}
				slices.Sort(known)
				return nil, fmt.Errorf("unit: it knows %s", strings.Join(known, ", "))
			case from.kind != to.kind:
				return nil, fmt.Errorf("unit: %s is a %s and %s a %s", args[0], from.kind, args[1], to.kind)
			}
			return eachNumber("unit", func(x float64) string {
				y := (x*from.factor + from.offset - to.offset) / to.factor
				return trimmedNumber(y, 6)
			}), nil
		}},
		{Name: "decimals", Group: "number", Arguments: "n", Does: "with exactly n digits after the point, rounded", least: 1, most: 1, make: func(_ *compiler, args []string) (apply, error) {
			n, err := whole(args[0])
			if err == nil && n > 15 {
				err = fmt.Errorf("decimals: %d is more than 15", n)
			}
			return eachNumber("decimals", func(x float64) string { return strconv.FormatFloat(x, 'f', n, 64) }), err
		}},
		{Name: "divide", Group: "number", Arguments: "number", Does: "divided by the number", least: 1, most: 1, make: func(_ *compiler, args []string) (apply, error) {
			by, err := strconv.ParseFloat(args[0], 64)
			if err != nil || by == 0 {
				return nil, fmt.Errorf("divide: %q is no number that can be divided by", shorten(args[0]))
			}
			return eachNumber("divide", func(x float64) string { return formatNumber(x / by) }), nil
		}},
	}
}

// eachNumber applies a function to each value that is a number; of another it says so.
func eachNumber(name string, f func(x float64) string) apply {
	return func(c *call, in []value) []value {
		for i := range in {
			s := strings.TrimSpace(in[i].String())
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				if s != "" {
					c.warn(name + " takes numbers; the value is none and was left out")
				}
				in[i] = value{}
				continue
			}
			in[i] = textValue(f(x))
		}
		return in
	}
}

// trimmedNumber writes a number with at most so many digits after the point.
func trimmedNumber(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}
