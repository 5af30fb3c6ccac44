package mappaper

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"trestle/internal/mapping"
)

// formula writes a formula of CEL as a function of JavaScript over the inputs of its rule.
func (p *mirth) formula(r *mapping.Rule) ([]string, error) {
	env, err := cel.NewEnv(cel.ParserRecursionLimit(60))
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(r.Formula)
	if issues.Err() != nil {
		return nil, fmt.Errorf("its formula cannot be read")
	}
	text, err := scriptOf(parsed.NativeRep().Expr())
	if err != nil {
		return nil, fmt.Errorf("its formula %s: %w", r.Formula, err)
	}
	var names, inputs, lists []string
	for _, in := range r.Inputs {
		names = append(names, variable(in.Name))
		inputs = append(inputs, asJSON(in.Name)+": "+asJSON(p.canonicalPath(in.Path)))
		if strings.Contains(in.Path, "[*]") || strings.HasSuffix(in.Path, ".*") {
			lists = append(lists, asJSON(in.Name)+": true")
		}
	}
	return []string{"inputs: {" + strings.Join(inputs, ", ") + "}", "lists: {" + strings.Join(lists, ", ") + "}",
		"formula: function (" + strings.Join(names, ", ") + ") { return " + text + "; }"}, nil
}

// operators are those of CEL that JavaScript has too, by the names that CEL gives them.
var operators = map[string]string{"_+_": "+", "_-_": "-", "_*_": "*", "_==_": "===", "_!=_": "!==", "_&&_": "&&", "_||_": "||", "_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}

// methods are functions on text and lists; {0} is what they are called on, {1} and {2} their arguments.
var methods = map[string]string{
	"size/0": "{0}.length", "trim/0": "{0}.trim()", "upperAscii/0": "{0}.toUpperCase()", "lowerAscii/0": "{0}.toLowerCase()",
	"contains/1": "({0}.indexOf({1}) >= 0)", "startsWith/1": "({0}.indexOf({1}) === 0)", "endsWith/1": "({0}.slice(-{1}.length) === {1})", "matches/1": "new RegExp({1}).test({0})",
	"indexOf/1": "{0}.indexOf({1})", "substring/1": "{0}.substring({1})", "substring/2": "{0}.substring({1}, {2})",
	"replace/2": "{0}.split({1}).join({2})", "split/1": "{0}.split({1})", "join/0": `{0}.join("")`, "join/1": "{0}.join({1})",
}

// variable is the name that an input has in a script. With its sign it is none of JavaScript's own words.
func variable(name string) string { return "$" + name }

// scriptOf writes an expression. What JavaScript does otherwise is refused.
func scriptOf(e ast.Expr) (string, error) {
	switch e.Kind() {
	case ast.IdentKind:
		return variable(e.AsIdent()), nil
	case ast.LiteralKind:
		switch v := e.AsLiteral().Value().(type) {
		case string, bool, int64, float64:
			return asJSON(v), nil
		}
	case ast.ListKind:
		parts, err := scriptsOf(e.AsList().Elements())
		return "[" + strings.Join(parts, ", ") + "]", err
	case ast.CallKind:
		return callOf(e.AsCall())
	}
	return "", fmt.Errorf("JavaScript has no such expression")
}

func scriptsOf(list []ast.Expr) ([]string, error) {
	parts := make([]string, len(list))
	for i, e := range list {
		var err error
		if parts[i], err = scriptOf(e); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func callOf(c ast.CallExpr) (string, error) {
	args, err := scriptsOf(c.Args())
	if err != nil {
		return "", err
	}
	name := c.FunctionName()
	if c.IsMemberFunction() {
		target, err := scriptOf(c.Target())
		if err != nil {
			return "", err
		}
		form, ok := methods[fmt.Sprintf("%s/%d", name, len(args))]
		if !ok {
			return "", fmt.Errorf("the steps have no function %s", name)
		}
		form = strings.ReplaceAll(form, "{0}", target)
		for i, a := range args {
			form = strings.ReplaceAll(form, fmt.Sprintf("{%d}", i+1), a)
		}
		return form, nil
	}
	switch {
	case operators[name] != "" && len(args) == 2:
		return "(" + args[0] + " " + operators[name] + " " + args[1] + ")", nil
	case name == "_?_:_" && len(args) == 3:
		return "(" + args[0] + " ? " + args[1] + " : " + args[2] + ")", nil
	case name == "!_" && len(args) == 1:
		return "!" + args[0], nil
	case name == "-_" && len(args) == 1:
		return "-" + args[0], nil
	case name == "@in" && len(args) == 2:
		return "(" + args[1] + ".indexOf(" + args[0] + ") >= 0)", nil
	case name == "_[_]" && len(args) == 2:
		return args[0] + "[" + args[1] + "]", nil
	case name == "size" && len(args) == 1:
		return args[0] + ".length", nil
	case name == "string" && len(args) == 1:
		return "String(" + args[0] + ")", nil
	case len(args) == 1 && mirthKnows(name):
		return "trestle.functions." + name + "({}, [" + args[0] + "], [])[0]", nil
	}
	return "", fmt.Errorf("the steps have no function %s", name)
}
