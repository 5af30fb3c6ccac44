package fhirpath

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

func textFunctions() map[string]*function {
	return map[string]*function{
		"indexOf":        {1, 1, false, position(strings.Index)},
		"lastIndexOf":    {1, 1, false, position(strings.LastIndex)},
		"substring":      {1, 2, false, substring},
		"startsWith":     {1, 1, false, testText(strings.HasPrefix)},
		"endsWith":       {1, 1, false, testText(strings.HasSuffix)},
		"contains":       {1, 1, false, testText(strings.Contains)},
		"upper":          {run: mapText(strings.ToUpper)},
		"lower":          {run: mapText(strings.ToLower)},
		"trim":           {run: mapText(strings.TrimSpace)},
		"length":         {run: length},
		"toChars":        {run: toChars},
		"replace":        {2, 2, false, replace},
		"matches":        {1, 2, false, matches(false)},
		"matchesFull":    {1, 2, false, matches(true)},
		"replaceMatches": {2, 3, false, replaceMatches},
		"split":          {1, 1, false, split},
		"join":           {0, 1, false, join},
	}
}

// position counts characters, as everything on text does.
func position(find func(s, part string) int) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		s, ok, err := c.text()
		if err != nil || !ok {
			return nil, err
		}
		part, ok, err := c.textArg(0)
		if err != nil || !ok {
			return nil, err
		}
		i := find(s, part)
		if i > 0 {
			i = utf8.RuneCountInString(s[:i])
		}
		return count(i), c.ev.step(len(s) / 256)
	}
}

func substring(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	from, ok, err := c.intArg(0)
	if err != nil || !ok {
		return nil, err
	}
	r := []rune(s)
	if from < 0 || from >= int64(len(r)) {
		return nil, nil
	}
	end := int64(len(r))
	if c.has(1) {
		n, ok, err := c.intArg(1)
		if err != nil {
			return nil, err
		}
		if ok {
			end = from + min(max(n, 0), end-from)
		}
	}
	return one(text(string(r[from:end]))), c.ev.step(len(s) / 256)
}

func testText(test func(s, part string) bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		s, ok, err := c.text()
		if err != nil || !ok {
			return nil, err
		}
		part, ok, err := c.textArg(0)
		if err != nil || !ok {
			return nil, err
		}
		return truth(test(s, part)), c.ev.step(len(s) / 256)
	}
}

func mapText(change func(string) string) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		s, ok, err := c.text()
		if err != nil || !ok {
			return nil, err
		}
		return c.grown(change(s))
	}
}

func length(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	return count(utf8.RuneCountInString(s)), nil
}

func toChars(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	var out Collection
	for _, r := range s {
		out = append(out, text(string(r)))
		if len(out) > c.ev.MaxItems {
			return nil, c.fail("the result has more than %d items", c.ev.MaxItems)
		}
	}
	return out, nil
}

func replace(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	old, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	with, ok, err := c.textArg(1)
	if err != nil || !ok {
		return nil, err
	}
	if n := strings.Count(s, old); len(s)+n*(len(with)-len(old)) > maxString {
		return nil, c.fail("the text grows longer than %d bytes", maxString)
	}
	return c.grown(strings.ReplaceAll(s, old, with))
}

const maxPattern = 4 << 10

// pattern compiles a regular expression. It runs in time linear in the text, whatever the expression.
func (c call) pattern(expression, flags string, full bool) (*regexp.Regexp, error) {
	if len(expression) > maxPattern {
		return nil, c.fail("the regular expression has more than %d bytes", maxPattern)
	}
	switch strings.Trim(flags, "ims") {
	case "":
	default:
		return nil, c.fail("the flags of a regular expression are i, m and s")
	}
	options := "s"
	for _, f := range []string{"i", "m"} {
		if strings.Contains(flags, f) {
			options += f
		}
	}
	if full {
		expression = `\A(?:` + expression + `)\z`
	}
	re, err := regexp.Compile("(?" + options + ")" + expression)
	if err != nil {
		return nil, c.fail("the regular expression cannot be used: lookarounds and back references are not supported, and it must be complete")
	}
	return re, c.ev.step(len(expression))
}

func matches(full bool) func(call) (Collection, error) {
	return func(c call) (Collection, error) {
		s, ok, err := c.text()
		if err != nil || !ok {
			return nil, err
		}
		expression, ok, err := c.textArg(0)
		if err != nil || !ok {
			return nil, err
		}
		flags := ""
		if c.has(1) {
			if flags, _, err = c.textArg(1); err != nil {
				return nil, err
			}
		}
		re, err := c.pattern(expression, flags, full)
		if err != nil {
			return nil, err
		}
		return truth(re.MatchString(s)), c.ev.step(len(s) / 16)
	}
}

var groupReference = regexp.MustCompile(`\$(\d+|\{\w+\})|\$`)

func replaceMatches(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	expression, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	with, ok, err := c.textArg(1)
	if err != nil || !ok {
		return nil, err
	}
	flags := ""
	if c.has(2) {
		if flags, _, err = c.textArg(2); err != nil {
			return nil, err
		}
	}
	if expression == "" {
		return one(text(s)), nil
	}
	re, err := c.pattern(expression, flags, false)
	if err != nil {
		return nil, err
	}
	// Go reads $1x as the group 1x: braces say where the number ends.
	with = groupReference.ReplaceAllStringFunc(with, func(m string) string {
		switch {
		case m == "$":
			return "$$"
		case m[1] == '{':
			return m
		}
		return "${" + m[1:] + "}"
	})
	found := re.FindAllStringIndex(s, -1)
	if len(s)+len(found)*(len(with)+len(s)/max(1, len(found))) > 4*maxString {
		return nil, c.fail("the text grows longer than %d bytes", maxString)
	}
	if err := c.ev.step(len(s) / 16); err != nil {
		return nil, err
	}
	return c.grown(re.ReplaceAllString(s, with))
}

func split(c call) (Collection, error) {
	s, ok, err := c.text()
	if err != nil || !ok {
		return nil, err
	}
	separator, ok, err := c.textArg(0)
	if err != nil || !ok {
		return nil, err
	}
	var out Collection
	for part := range strings.SplitSeq(s, separator) {
		out = append(out, text(part))
		if len(out) > c.ev.MaxItems {
			return nil, c.fail("the result has more than %d items", c.ev.MaxItems)
		}
	}
	return out, nil
}

func join(c call) (Collection, error) {
	separator := ""
	if c.has(0) {
		var err error
		if separator, _, err = c.textArg(0); err != nil {
			return nil, err
		}
	}
	if len(c.in) == 0 {
		return nil, nil
	}
	var b strings.Builder
	for i, item := range c.in {
		v := item.system()
		if v.kind != kindString {
			return nil, c.fail("join() needs Strings, not a %s", item.typ)
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(v.s)
		if b.Len() > maxString {
			return nil, c.fail("the text grows longer than %d bytes", maxString)
		}
	}
	return c.grown(b.String())
}
