package mapping

import (
	"strings"

	"trestle/internal/fhir"
)

// jsonFunctions make the values of JSON that are no text, for targets without a schema that would say so.
func jsonFunctions() []*Function {
	made := func(name, does string, node func(c *call, s string) *fhir.Node) *Function {
		return &Function{Name: name, Group: "encoding", Does: does, reserved: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				kept := in[:0]
				for i := range in {
					if s := in[i].String(); s != "" {
						if n := node(c, s); n != nil {
							kept = append(kept, nodeValue(n))
						}
					}
				}
				return kept
			}, nil
		}}
	}
	return []*Function{
		made("json_number", "a number of JSON, without quotes", func(c *call, s string) *fhir.Node {
			if s = strings.TrimSpace(strings.TrimPrefix(s, "+")); !fhir.ValidNumber(s) {
				c.warn("the value is no number of JSON; it was left out")
				return nil
			}
			n := c.run.node()
			n.Kind, n.Text = fhir.Number, s
			return n
		}),
		made("json_boolean", "true or false of JSON, without quotes: of Y, N, yes, no, 1, 0, true and false", func(c *call, s string) *fhir.Node {
			n := c.run.node()
			switch strings.ToLower(strings.TrimSpace(s)) {
			case "y", "yes", "true", "1", "t":
				n.Kind, n.Text = fhir.Bool, "true"
			case "n", "no", "false", "0", "f":
				n.Kind, n.Text = fhir.Bool, "false"
			default:
				c.warn("the value is neither yes nor no; it was left out")
				return nil
			}
			return n
		}),
	}
}
