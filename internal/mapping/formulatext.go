package mapping

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// maxFormulaText is the size in bytes of the longest text that a function of a formula makes.
const maxFormulaText = 1 << 20

// charge counts what functions of formulas make against the limit on cost: CEL's own measure, a tenth for each byte. CEL
// would take each call of ours for one step, whatever it makes.
type charge struct{}

// CallCost is asked after each call.
func (charge) CallCost(_, overload string, args []ref.Val, result ref.Val) *uint64 {
	if !strings.HasPrefix(overload, "trestle_") {
		return nil
	}
	cost := uint64(1)
	for _, v := range append(args[:len(args):len(args)], result) {
		switch x := v.Value().(type) {
		case string:
			cost += uint64(len(x)) / 10
		case []string:
			for _, s := range x {
				cost += 1 + uint64(len(s))/10
			}
		}
	}
	return &cost
}

// formulaText are the functions on text that formulas have, by the names that CEL's own extension gives them. That one sets
// no limit on what a single call may make.
func formulaText() []cel.EnvOption {
	s, n, list := cel.StringType, cel.IntType, cel.ListType(cel.StringType)
	member := func(name string, args []*cel.Type, result *cel.Type, f func(a []ref.Val) ref.Val) cel.EnvOption {
		id := "trestle_" + name
		for _, t := range args {
			id += "_" + t.String()
		}
		return cel.Function(name, cel.MemberOverload(id, args, result, cel.FunctionBinding(func(a ...ref.Val) ref.Val { return f(a) })))
	}
	str := func(v ref.Val) string { x, _ := v.Value().(string); return x }
	num := func(v ref.Val) int { x, _ := v.Value().(int64); return int(max(-1, min(x, maxText))) }
	part := func(text string, from, to int) ref.Val {
		if from < 0 || to < from {
			return types.String("")
		}
		return types.String(cut(text, from, to-from))
	}
	join := func(v ref.Val, separator string) ref.Val {
		texts, err := v.ConvertToNative(stringsType)
		parts, ok := texts.([]string)
		if err != nil || !ok {
			return types.NewErr("join takes a list of texts")
		}
		size := 0
		for _, p := range parts {
			if size += len(p) + len(separator); size > maxFormulaText {
				return tooLong
			}
		}
		return types.String(strings.Join(parts, separator))
	}
	return []cel.EnvOption{
		member("trim", []*cel.Type{s}, s, func(a []ref.Val) ref.Val { return types.String(strings.TrimSpace(str(a[0]))) }),
		member("upperAscii", []*cel.Type{s}, s, func(a []ref.Val) ref.Val { return types.String(strings.ToUpper(str(a[0]))) }),
		member("lowerAscii", []*cel.Type{s}, s, func(a []ref.Val) ref.Val { return types.String(strings.ToLower(str(a[0]))) }),
		member("indexOf", []*cel.Type{s, s}, n, func(a []ref.Val) ref.Val {
			at := strings.Index(str(a[0]), str(a[1]))
			if at > 0 {
				at = utf8.RuneCountInString(str(a[0])[:at])
			}
			return types.Int(at)
		}),
		member("substring", []*cel.Type{s, n}, s, func(a []ref.Val) ref.Val { return part(str(a[0]), num(a[1]), maxText) }),
		member("substring", []*cel.Type{s, n, n}, s, func(a []ref.Val) ref.Val { return part(str(a[0]), num(a[1]), num(a[2])) }),
		member("replace", []*cel.Type{s, s, s}, s, func(a []ref.Val) ref.Val {
			text, old, with := str(a[0]), str(a[1]), str(a[2])
			if len(text)+strings.Count(text, old)*len(with) > maxFormulaText {
				return tooLong
			}
			return types.String(strings.ReplaceAll(text, old, with))
		}),
		member("split", []*cel.Type{s, s}, list, func(a []ref.Val) ref.Val {
			return types.DefaultTypeAdapter.NativeToValue(strings.SplitN(str(a[0]), str(a[1]), maxValues))
		}),
		member("join", []*cel.Type{list}, s, func(a []ref.Val) ref.Val { return join(a[0], "") }),
		member("join", []*cel.Type{list, s}, s, func(a []ref.Val) ref.Val { return join(a[0], str(a[1])) }),
	}
}

var (
	tooLong     = types.NewErr("the text becomes too long")
	stringsType = reflect.TypeFor[[]string]()
)
