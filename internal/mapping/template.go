package mapping

import (
	"fmt"
	"strings"
)

func templateFunctions() []*Function {
	return []*Function{unasked(&Function{Name: "template", Group: "text", Arguments: "text", Does: "the text with the first value of each source that stands in it in braces, as in {PID-5.1}; nothing if all of them are empty", least: 1, most: 1, whole: true, reserved: true, make: template})}
}

// template puts sources into a text. They are named in it, so that an empty one leaves its own place empty.
func template(c *compiler, args []string) (apply, error) {
	type part struct {
		text string
		ref  *reference // after the text; nil at the end
	}
	var parts []part
	rest := args[0]
	for {
		before, after, found := strings.Cut(rest, "{")
		if !found {
			parts = append(parts, part{text: rest})
			break
		}
		path, behind, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("template: close the brace after %q", shorten("{"+path))
		}
		ref, err := c.reference(path)
		if err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
		c.used(ref)
		parts = append(parts, part{before, ref})
		rest = behind
	}
	if len(parts) < 2 {
		return nil, fmt.Errorf("template: name a source in braces, as in {%s}", c.examplePath())
	}
	return func(c *call, in []value) []value {
		var b strings.Builder
		filled := false
		var loop *reference
		if c.rule != nil {
			loop = c.rule.loop
		}
		for _, p := range parts {
			b.WriteString(p.text)
			if p.ref == nil {
				continue
			}
			var few [4]value
			found := c.run.values(p.ref, loop, c.turn, c.rep, few[:0])
			if c.run.tracer != nil {
				c.run.tracer.input(p.ref.text, found)
			}
			if len(found) == 0 {
				continue
			}
			s := found[0].String()
			if !c.spend(len(s)) {
				return in[:0]
			}
			filled = filled || s != ""
			b.WriteString(s)
		}
		if !filled {
			return in[:0]
		}
		return append(in[:0], textValue(b.String()))
	}, nil
}
