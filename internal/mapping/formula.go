package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Limits of formulas. The cost of CEL grows with the steps and with the sizes of what they make, so that its limit bounds
// memory as well as time; the clock is a second bound for what the cost does not see.
const (
	formulaCost   = 500_000
	formulaTime   = 200 * time.Millisecond
	formulaLength = 4000 // characters
)

// formula is a compiled expression of CEL over the inputs of a rule.
type formula struct {
	program cel.Program
	names   []string
}

// formula compiles an expression. An input that names many values ([*]) is a list of texts; any other is a text.
func (c *compiler) formula(text string, inputs []Input, lists []bool) (*formula, error) {
	if len(text) > formulaLength {
		return nil, fmt.Errorf("the formula has %d characters; at most %d are taken", len(text), formulaLength)
	}
	options := []cel.EnvOption{cel.ParserRecursionLimit(60), cel.ParserExpressionSizeLimit(formulaLength), cel.OptionalTypes()}
	f := &formula{}
	for i, in := range inputs {
		if !isIdentifier(in.Name) {
			return nil, fmt.Errorf("the input %q needs a name of letters and digits, so that the formula can use it", shorten(in.Name))
		}
		t := cel.StringType
		if lists[i] {
			t = cel.ListType(cel.StringType)
		}
		options = append(options, cel.Variable(in.Name, t))
		f.names = append(f.names, in.Name)
	}
	options = append(append(options, formulaText()...), c.formulaFunctions()...)
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("the inputs of the formula cannot be used: %w", err)
	}
	ast, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("the formula cannot be read: %s", firstLine(err))
	}
	f.program, err = env.Program(ast, cel.CostLimit(formulaCost), cel.CostTracking(charge{}), cel.InterruptCheckFrequency(100), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("the formula cannot be used: %s", firstLine(err))
	}
	return f, nil
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(text, "ERROR: <input>:")
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := b == '_' || b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return s != ""
}

// formulaFunctions gives the plain functions on text to formulas too: title_case(last).
func (c *compiler) formulaFunctions() []cel.EnvOption {
	var options []cel.EnvOption
	for _, f := range library {
		if f.most != 0 || f.Group != "text" && f.Group != "healthcare" || f.whole || f.reserved {
			continue
		}
		make := f.make
		options = append(options, cel.Function(f.Name, cel.Overload("trestle_"+f.Name, []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				s, ok := v.Value().(string)
				if !ok {
					return types.NewErr("text is expected")
				}
				apply, err := make(c, nil)
				if err != nil {
					return types.WrapErr(err)
				}
				out := apply(&call{}, []value{textValue(s)})
				if len(out) == 0 {
					return types.String("")
				}
				return types.String(out[0].String())
			}))))
	}
	return options
}

// evaluate computes the formula. The inputs stand in the order of their names.
func (f *formula) evaluate(ctx context.Context, inputs []any) ([]value, error) {
	vars := make(map[string]any, len(inputs))
	for i, in := range inputs {
		vars[f.names[i]] = in
	}
	ctx, cancel := context.WithTimeout(ctx, formulaTime)
	defer cancel()
	out, _, err := f.program.ContextEval(ctx, vars)
	if err != nil {
		switch {
		case strings.Contains(err.Error(), "cost limit"), errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil, errors.New("the formula takes too long or makes too much; it was stopped")
		}
		return nil, fmt.Errorf("the formula failed: %s", firstLine(err))
	}
	return formulaValues(out), nil
}

func formulaValues(out ref.Val) []value {
	switch v := out.Value().(type) {
	case string:
		return []value{textValue(v)}
	case nil:
		return nil
	case []ref.Val:
		var list []value
		for _, item := range v {
			list = append(list, formulaValues(item)...)
		}
		return list
	case []string:
		var list []value
		for _, s := range v {
			list = append(list, textValue(s))
		}
		return list
	}
	if text := out.ConvertToType(types.StringType); !types.IsError(text) {
		if s, ok := text.Value().(string); ok {
			return []value{textValue(s)}
		}
	}
	return nil
}
