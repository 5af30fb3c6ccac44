package mappaper

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"trestle/internal/mapping"
)

// phrases say functions with arguments in words; {1} is the first argument, {*} all of them. Functions without arguments
// have their own description.
var phrases = map[string]string{
	"left": "the first {1} characters", "right": "the last {1} characters",
	"before": "what stands before {1}", "after": "what stands after {1}", "piece": "piece {2} between {1}",
	"replace": "every {1} by {2}", "regex_replace": "every match of {1} by {2}", "regex_extract": "what matches {1}",
	"remove": "without the characters {1}", "translate": "each character of {1} by that of {2}",
	"strip_leading": "without {1} at the start", "strip_trailing": "without {1} at the end",
	"prefix": "{1} before it", "suffix": "{1} after it",
	"pad": "filled on the left with {2} to {1} characters", "pad_right": "filled on the right with {2} to {1} characters",
	"default": "{1}, if there is nothing", "constant": "{1}, if there is anything",
	"omit": "nothing, where it is one of {*}", "only": "nothing, unless it is one of {*}",
	"lookup": "by the code table {1}", "concept": "as CodeableConcept by the code table {1}", "coded": "as Coding by the code table {1}",
	"known": "only if the code table {1} holds it", "reference": "a reference to what the block {1} makes",
	"reformat": "the date {1} written as {2}", "add_days": "{1} days added", "nth": "value number {1}",
	"join": "joined with {1}", "split": "split at {1}",
}

// inWords says what a function does.
func inWords(s mapping.Step) string {
	switch s.Name {
	case "choose":
		return chooseWords(s.Args)
	case "substring":
		if len(s.Args) == 2 {
			return fmt.Sprintf("%s characters from character %s on", s.Args[1], s.Args[0])
		}
		return "from character " + strings.Join(s.Args, "") + " on"
	}
	if phrase, ok := phrases[s.Name]; ok {
		for i, a := range s.Args {
			phrase = strings.ReplaceAll(phrase, fmt.Sprintf("{%d}", i+1), quoted(a))
		}
		return strings.ReplaceAll(phrase, "{*}", quotedAll(s.Args))
	}
	does := descriptions()[s.Name]
	switch {
	case does == "":
		return s.String()
	case len(s.Args) > 0:
		return does + " (" + quotedAll(s.Args) + ")"
	}
	return does
}

// descriptions say what each function does, without what is said after a semicolon.
var descriptions = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, f := range mapping.Functions() {
		all[f.Name], _, _ = strings.Cut(f.Does, "; ")
	}
	return all
})

func chooseWords(args []string) string {
	var parts []string
	for i := 0; i+1 < len(args); i += 2 {
		parts = append(parts, quoted(args[i])+" becomes "+quoted(args[i+1]))
	}
	if len(args)%2 == 1 {
		parts = append(parts, "anything else "+quoted(args[len(args)-1]))
	}
	return strings.Join(parts, ", ")
}

// quoted puts text into quotes, unless it is a number or a name that cannot be taken for something else.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) && s != "-" {
		return s
	}
	return "“" + s + "”"
}

func quotedAll(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = quoted(a)
	}
	return strings.Join(out, ", ")
}

// conditionWords is a condition as HL7 writes it, with IF before it.
func conditionWords(when string) string {
	when = strings.Join(strings.Fields(when), " ")
	if when == "" {
		return ""
	}
	if first, rest, _ := strings.Cut(when, " "); strings.EqualFold(first, "IF") {
		when = rest
	}
	return "IF " + when
}

// doneWords says what a rule does with its sources, step by step.
func doneWords(r *mapping.Rule, typ string) []string {
	var out []string
	switch {
	case r.Value != "":
		out = append(out, "always "+quoted(r.Value))
	case r.Formula != "":
		out = append(out, "the formula "+r.Formula)
	}
	for _, s := range r.Do {
		out = append(out, inWords(s))
	}
	if len(r.Do) == 0 && len(r.From) > 0 {
		switch {
		case len(r.From) > 1:
			out = append(out, "the values in this order")
		case typ != "" && typ != "string" && typ != "code" && typ != "uri" && typ != "id" && typ != "markdown":
			out = append(out, "as "+typ)
		default:
			out = append(out, "as it is")
		}
	}
	if r.Default != "" {
		out = append(out, quoted(r.Default)+" where nothing comes out")
	}
	return out
}

// tablesOf are the lookup tables that a rule uses.
func tablesOf(r *mapping.Rule) (names []string) {
	for _, s := range r.Do {
		if name := lookedUp(s); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// missingWords says what becomes of a value that a table does not hold.
func missingWords(m mapping.Missing) string {
	text := "stays empty"
	switch m.Policy {
	case mapping.UseDefault:
		text = "becomes " + quoted(m.Use)
	case mapping.PassThrough:
		text = "is taken as it is"
	case mapping.Refuse:
		return "is an error: the message is not mapped"
	}
	if m.Warn || m.Policy == "" {
		text += ", with a warning"
	}
	return text
}

// statusWords is a status for people.
func statusWords(s mapping.Status) string {
	switch s {
	case "":
		return string(mapping.Draft)
	case mapping.OutOfScope:
		return "out of scope"
	}
	return string(s)
}

// endWords says what one end of a mapping is.
func endWords(e mapping.End) string {
	parts := []string{}
	switch e.Kind {
	case mapping.HL7v2:
		parts = append(parts, "HL7 v2")
		if e.Version != "" {
			parts[0] = "HL7 v" + strings.TrimPrefix(e.Version, "v")
		}
		if e.Message != "" {
			parts = append(parts, e.Message)
		}
		if e.Keep {
			parts = append(parts, "what no rule writes stays as it came")
		}
	case mapping.FHIR:
		parts = append(parts, "FHIR R4")
		root := e.Root
		if e.Root == "Bundle" && e.Bundle != "" {
			root += " of type " + e.Bundle
		}
		if root != "" {
			parts = append(parts, root)
		}
	case mapping.CSV:
		parts = append(parts, "CSV")
	case mapping.FixedWidth:
		parts = append(parts, "fixed width")
	default:
		parts = append(parts, strings.ToUpper(string(e.Kind)))
		if e.Root != "" {
			parts = append(parts, e.Root)
		}
	}
	return strings.Join(parts, ", ")
}

// plural counts things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
