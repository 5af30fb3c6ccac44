package mappaper

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"trestle/internal/mapping"
)

// parseSteps reads functions as [mapping.Step.String] writes them: trim, pad("8", "0").
func parseSteps(text string) (steps []mapping.Step, ok bool) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(rest)
		}
		s := mapping.Step{Name: rest[:n]}
		if !slices.ContainsFunc(mapping.Functions(), func(f mapping.Function) bool { return f.Name == s.Name }) {
			return nil, false
		}
		rest = strings.TrimSpace(rest[n:])
		if after, open := strings.CutPrefix(rest, "("); open {
			if s.Args, rest, ok = arguments(after); !ok {
				return nil, false
			}
		}
		steps = append(steps, s)
		if rest = strings.TrimSpace(rest); rest == "" {
			break
		}
		after, comma := strings.CutPrefix(rest, ",")
		if rest = strings.TrimSpace(after); !comma || rest == "" {
			return nil, false
		}
	}
	return steps, len(steps) > 0
}

// arguments reads "8", "0") and returns what follows.
func arguments(text string) (args []string, rest string, ok bool) {
	for {
		text = strings.TrimSpace(text)
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, "", false
		}
		arg, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, "", false
		}
		args = append(args, arg)
		text = strings.TrimSpace(text[len(quoted):])
		if rest, end := strings.CutPrefix(text, ")"); end {
			return args, rest, true
		}
		if text, ok = strings.CutPrefix(text, ","); !ok {
			return nil, "", false
		}
	}
}
