package mappaper

import (
	"fmt"
	"strconv"
	"strings"
)

// mappingLanguage writes a map as text (FHIR Mapping Language, R4 4.12.3).
func mappingLanguage(m *structureMap) string {
	var b strings.Builder
	fmt.Fprintf(&b, "map %q = %q\n\n", m.URL, m.Name)
	for _, s := range m.Structure {
		fmt.Fprintf(&b, "uses %q alias %s as %s\n", s.URL, elementName(s.Alias), s.Mode)
	}
	for _, g := range m.Group {
		inputs := make([]string, len(g.Input))
		for i, in := range g.Input {
			inputs[i] = in.Mode + " " + in.Name
			if in.Type != "" {
				inputs[i] += " : " + elementName(in.Type)
			}
		}
		b.WriteByte('\n')
		if g.Documentation != "" {
			fmt.Fprintf(&b, "// %s\n", oneLine(g.Documentation))
		}
		fmt.Fprintf(&b, "group %s(%s) {\n", g.Name, strings.Join(inputs, ", "))
		for i := range g.Rule {
			languageRule(&b, &g.Rule[i], "  ")
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func languageRule(b *strings.Builder, r *mapRule, indent string) {
	if r.Documentation != "" {
		fmt.Fprintf(b, "%s// %s\n", indent, oneLine(r.Documentation))
	}
	sources := make([]string, len(r.Source))
	for i, s := range r.Source {
		sources[i] = s.Context
		if s.Element != "" {
			sources[i] += "." + s.Element
		}
		if s.Variable != "" {
			sources[i] += " as " + s.Variable
		}
		if s.Condition != "" {
			sources[i] += " where (" + s.Condition + ")"
		}
	}
	b.WriteString(indent + strings.Join(sources, ", "))
	if len(r.Target) > 0 {
		targets := make([]string, len(r.Target))
		for i := range r.Target {
			targets[i] = languageTarget(&r.Target[i])
		}
		b.WriteString(" -> " + strings.Join(targets, ", "))
	}
	for _, d := range r.Dependent {
		fmt.Fprintf(b, " then %s(%s)", d.Name, strings.Join(d.Variable, ", "))
	}
	if len(r.Rule) > 0 {
		b.WriteString(" then {\n")
		for i := range r.Rule {
			languageRule(b, &r.Rule[i], indent+"  ")
		}
		b.WriteString(indent + "}")
	}
	fmt.Fprintf(b, " %q;\n", r.Name)
}

func languageTarget(t *mapTarget) string {
	text := t.Context
	if t.Element != "" {
		text += "." + t.Element
	}
	if t.Transform != "" {
		args := make([]string, len(t.Parameter))
		for i, p := range t.Parameter {
			switch {
			case p.ID != "":
				args[i] = p.ID
			case p.Integer != nil:
				args[i] = strconv.Itoa(*p.Integer)
			default:
				args[i] = "'" + strings.ReplaceAll(p.String, "'", `\'`) + "'"
			}
		}
		call := t.Transform + "(" + strings.Join(args, ", ") + ")"
		if t.Transform == "copy" && len(args) == 1 {
			call = args[0]
		}
		if text != "" {
			text += " = "
		}
		text += call
	}
	if t.Variable != "" {
		text += " as " + t.Variable
	}
	if len(t.ListMode) > 0 {
		text += " " + t.ListMode[0] + " " + t.ListRuleID
	}
	return text
}
