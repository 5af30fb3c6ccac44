package mapping

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

func numberFunctions() []*Function {
	number := func(name, arguments, does string, args int, make func(args []string) (func(x float64) float64, error)) *Function {
		return &Function{Name: name, Group: "number", Arguments: arguments, Does: does, least: args, most: args, make: func(_ *compiler, a []string) (apply, error) {
			f, err := make(a)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			return func(c *call, in []value) []value {
				for i := range in {
					s := strings.TrimSpace(in[i].String())
					x, err := strconv.ParseFloat(s, 64)
					if err != nil {
						if s != "" {
							c.warn(name + " takes numbers; the value is none and was left out")
						}
						in[i] = value{}
						continue
					}
					in[i] = textValue(formatNumber(f(x)))
				}
				return in
			}, nil
		}}
	}
	with := func(f func(x, arg float64) float64) func(args []string) (func(x float64) float64, error) {
		return func(args []string) (func(x float64) float64, error) {
			arg, err := strconv.ParseFloat(args[0], 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no number", shorten(args[0]))
			}
			return func(x float64) float64 { return f(x, arg) }, nil
		}
	}
	return []*Function{
		{Name: "number", Group: "number", Does: "the value if it is a number, as it is written; a plus sign and what HL7's NM allows beyond JSON is taken off", make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				for i := range in {
					s := in[i].String()
					n := plainNumber(s)
					if n == "" && s != "" {
						c.warn("the value is no number and was left out")
					}
					in[i] = textValue(n)
				}
				return in
			}, nil
		}},
		number("round", "digits", "rounded to so many digits after the point", 1, with(func(x, d float64) float64 {
			p := math.Pow(10, math.Trunc(math.Max(0, math.Min(d, 15))))
			return math.Round(x*p) / p
		})),
		number("add", "number", "plus the number", 1, with(func(x, y float64) float64 { return x + y })),
		number("multiply", "number", "times the number", 1, with(func(x, y float64) float64 { return x * y })),
		number("subtract", "number", "minus the number", 1, with(func(x, y float64) float64 { return x - y })),
		number("floor", "", "the next whole number below", 0, func([]string) (func(float64) float64, error) { return math.Floor, nil }),
		number("ceiling", "", "the next whole number above", 0, func([]string) (func(float64) float64, error) { return math.Ceil, nil }),
		number("integer", "", "without what is after the point", 0, func([]string) (func(float64) float64, error) { return math.Trunc, nil }),
		number("absolute", "", "without its sign", 0, func([]string) (func(float64) float64, error) { return math.Abs, nil }),
	}
}

func formatNumber(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// plainNumber is a number of HL7 (NM, chapter 2A.3.45) as JSON writes it: +1.50 is 1.50, .5 is 0.5, 007 is 7. "" if it is none.
func plainNumber(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if fhir.ValidNumber(s) {
		return s
	}
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if digits := strings.TrimLeft(s, "0"); digits != s || strings.HasPrefix(s, ".") {
		if s = digits; s == "" || s[0] == '.' {
			s = "0" + s
		}
	}
	s = strings.TrimSuffix(s, ".")
	if s = sign + s; fhir.ValidNumber(s) {
		return s
	}
	return ""
}
