package mapping

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

func listFunctions() []*Function {
	list := func(name, arguments, does string, args int, f func(in []value, args []string) []value) *Function {
		return &Function{Name: name, Group: "list", Arguments: arguments, Does: does, least: args, most: args, whole: true,
			make: func(_ *compiler, args []string) (apply, error) {
				return func(c *call, in []value) []value { return f(present(in), args) }, nil
			}}
	}
	return []*Function{
		list("first", "", "the first value that is not empty", 0, func(in []value, _ []string) []value { return in[:min(1, len(in))] }),
		list("last", "", "the last value that is not empty", 0, func(in []value, _ []string) []value { return in[max(0, len(in)-1):] }),
		list("nth", "n", "the n-th value, from 1", 1, func(in []value, args []string) []value {
			if n, err := strconv.Atoi(args[0]); err == nil && n >= 1 && n <= len(in) {
				return in[n-1 : n]
			}
			return nil
		}),
		unasked(list("count", "", "how many there are", 0, func(in []value, _ []string) []value {
			return []value{textValue(strconv.Itoa(len(in)))}
		})),
		list("distinct", "", "each value once", 0, func(in []value, _ []string) []value {
			seen := map[string]bool{}
			return slices.DeleteFunc(in, func(v value) bool {
				s := v.String()
				was := seen[s]
				seen[s] = true
				return was
			})
		}),
		list("sort", "", "in the order of letters", 0, func(in []value, _ []string) []value {
			slices.SortStableFunc(in, func(a, b value) int { return strings.Compare(a.String(), b.String()) })
			return in
		}),
		list("reverse", "", "the last first", 0, func(in []value, _ []string) []value { slices.Reverse(in); return in }),
		{Name: "join", Group: "list", Arguments: "separator", Does: "one text of all values", least: 1, most: 1, whole: true,
			make: func(_ *compiler, args []string) (apply, error) {
				return func(c *call, in []value) []value {
					if in = present(in); len(in) == 0 {
						return in
					}
					parts, size := make([]string, len(in)), 0
					for i := range in {
						parts[i] = in[i].String()
						size += len(parts[i]) + len(args[0])
					}
					if !c.spend(size) {
						return in[:0]
					}
					return append(in[:0], textValue(strings.Join(parts, args[0])))
				}, nil
			}},
		{Name: "split", Group: "list", Arguments: "separator", Does: "many values of each text", least: 1, most: 1, whole: true,
			make: func(_ *compiler, args []string) (apply, error) {
				return func(c *call, in []value) []value {
					var out []value
					for i := range in {
						for _, s := range strings.SplitN(in[i].String(), args[0], maxValues) {
							if len(out) < maxValues {
								out = append(out, textValue(s))
							}
						}
					}
					return out
				}, nil
			}},
		aggregate("sum", "the sum", func(sum, x float64) float64 { return sum + x }),
		aggregate("min", "the least", math.Min),
		aggregate("max", "the greatest", math.Max),
		{Name: "average", Group: "list", Does: "the mean of the values, which must be numbers", whole: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				var total float64
				if in = present(in); len(in) == 0 {
					return in
				}
				for i := range in {
					x, err := strconv.ParseFloat(in[i].String(), 64)
					if err != nil {
						c.warn("average takes numbers; a value is none")
						return in[:0]
					}
					total += x
				}
				return append(in[:0], textValue(formatNumber(total/float64(len(in)))))
			}, nil
		}},
	}
}

func aggregate(name, does string, f func(a, b float64) float64) *Function {
	return &Function{Name: name, Group: "list", Does: does + " of the values, which must be numbers", whole: true, make: func(*compiler, []string) (apply, error) {
		return func(c *call, in []value) []value {
			var total float64
			if in = present(in); len(in) == 0 {
				return in
			}
			for i := range in {
				x, err := strconv.ParseFloat(in[i].String(), 64)
				switch {
				case err != nil:
					c.warn(name + " takes numbers; a value is none")
					return in[:0]
				case i == 0:
					total = x
				default:
					total = f(total, x)
				}
			}
			return append(in[:0], textValue(formatNumber(total)))
		}, nil
	}}
}
