package mapper

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

// The columns of the table of rules.
const (
	ColumnID = iota
	ColumnTarget
	ColumnEach
	ColumnSources
	ColumnFormula
	ColumnCondition
	ColumnFunctions
	ColumnLookup
	ColumnDefault
	ColumnStatus
	ColumnOwner
	ColumnNote
	ColumnFired
)

// Statuses are the states of a rule; the first is one that says none.
var Statuses = []mapping.Status{"", mapping.Draft, mapping.Question, mapping.Agreed, mapping.OutOfScope}

// lookupSteps are the functions that ask a table.
var lookupSteps = []string{"lookup", "concept", "coded", "known"}

// sourcesText writes where a rule takes its value from: paths, names with their paths for a formula, or a constant in quotes.
func sourcesText(r *mapping.Rule) string {
	switch {
	case r.Value != "":
		return `"` + r.Value + `"`
	case len(r.Inputs) > 0:
		parts := make([]string, len(r.Inputs))
		for i, in := range r.Inputs {
			parts[i] = in.Name + ": " + in.Path
		}
		return strings.Join(parts, ", ")
	}
	return strings.Join(r.From, ", ")
}

// setSources reads what sourcesText writes.
func setSources(r *mapping.Rule, text string) error {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, `"`) {
		if len(text) < 3 || !strings.HasSuffix(text, `"`) {
			return errors.New(`a constant stands between quotes, as in "work"`)
		}
		r.Value, r.From, r.Inputs = text[1:len(text)-1], nil, nil
		return nil
	}
	var from []string
	var inputs []mapping.Input
	for _, part := range splitOutside(text, ',') {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, path, named := strings.Cut(part, ":")
		if named && isName(strings.TrimSpace(name)) {
			inputs = append(inputs, mapping.Input{Name: strings.TrimSpace(name), Path: strings.TrimSpace(path)})
			continue
		}
		from = append(from, part)
	}
	if len(inputs) > 0 && len(from) > 0 {
		return errors.New("give all sources of a formula a name, as in last: PID-5.1, first: PID-5.2")
	}
	r.Value, r.From, r.Inputs = "", from, inputs
	return nil
}

func isName(s string) bool {
	for i, c := range s {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// splitOutside splits at a character that stands outside of brackets and quotes.
func splitOutside(text string, at byte) (parts []string) {
	depth, quote, from := 0, byte(0), 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == at && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// stepText writes a function as the table shows it: trim, or pad: 8, "0".
func stepText(s mapping.Step) string {
	if len(s.Args) == 0 {
		return s.Name
	}
	args := make([]string, len(s.Args))
	for i, a := range s.Args {
		args[i] = a
		if a == "" || strings.ContainsAny(a, `,|"\()[]`) || strings.TrimSpace(a) != a {
			args[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a) + `"`
		}
	}
	return s.Name + ": " + strings.Join(args, ", ")
}

func stepsText(steps []mapping.Step) string {
	parts := make([]string, len(steps))
	for i, s := range steps {
		parts[i] = stepText(s)
	}
	return strings.Join(parts, " | ")
}

// readSteps reads what stepsText writes. An unknown function is told at once, with what may have been meant.
func readSteps(text string) ([]mapping.Step, error) {
	var steps []mapping.Step
	for _, part := range splitOutside(text, '|') {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		s, err := readStep(part)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func readStep(text string) (mapping.Step, error) {
	name, rest, has := strings.Cut(text, ":")
	s := mapping.Step{Name: strings.TrimSpace(name)}
	if function(s.Name) == nil {
		return s, fmt.Errorf("there is no function %q; Ctrl+Space lists them", s.Name)
	}
	if has {
		for _, a := range splitOutside(rest, ',') {
			a = strings.TrimSpace(a)
			if len(a) >= 2 && a[0] == '"' && a[len(a)-1] == '"' {
				a = unescape(a[1 : len(a)-1])
			}
			s.Args = append(s.Args, a)
		}
	}
	return s, nil
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// functions are those of the engine by name.
var functions = func() map[string]*mapping.Function {
	all := mapping.Functions()
	byName := make(map[string]*mapping.Function, len(all))
	for i := range all {
		byName[all[i].Name] = &all[i]
	}
	return byName
}()

func function(name string) *mapping.Function { return functions[name] }

// lookupOf is the table that a rule asks, and where among its functions; -1 for none.
func lookupOf(r *mapping.Rule) (table string, at int) {
	for i, s := range r.Do {
		if slices.Contains(lookupSteps, s.Name) && len(s.Args) > 0 {
			return s.Args[0], i
		}
	}
	return "", -1
}

// setLookup lets a rule ask a table; an empty name asks none.
func setLookup(r *mapping.Rule, name string) {
	_, at := lookupOf(r)
	steps := slices.Clone(r.Do)
	switch {
	case name == "" && at >= 0:
		steps = slices.Delete(steps, at, at+1)
	case name == "":
	case at >= 0:
		steps[at] = mapping.Step{Name: steps[at].Name, Args: []string{name}}
	default:
		steps = append(steps, mapping.Step{Name: "lookup", Args: []string{name}})
	}
	r.Do = steps
}

// cellText is what a cell of the table holds, as it is edited.
func cellText(r row, column int) string {
	if r.rule == nil {
		return blockCell(r.block, column)
	}
	x := r.rule
	switch column {
	case ColumnID:
		return x.ID
	case ColumnTarget:
		return x.To
	case ColumnEach:
		return x.Each
	case ColumnSources:
		return sourcesText(x)
	case ColumnFormula:
		return x.Formula
	case ColumnCondition:
		return x.When
	case ColumnFunctions:
		return stepsText(x.Do)
	case ColumnLookup:
		table, _ := lookupOf(x)
		return table
	case ColumnDefault:
		return x.Default
	case ColumnStatus:
		return string(x.Status)
	case ColumnOwner:
		return x.Owner
	case ColumnNote:
		return x.Note
	}
	return ""
}

// blockCell is what the line of a block holds: what it makes stands under Target, what it loops over under Each.
func blockCell(b *mapping.Block, column int) string {
	switch column {
	case ColumnID:
		return b.ID
	case ColumnTarget:
		return b.Make
	case ColumnEach:
		return b.Per
	case ColumnSources:
		return strings.Join(b.Key, ", ")
	case ColumnCondition:
		return b.When
	case ColumnNote:
		return b.Note
	}
	return ""
}

// canEdit says whether a cell holds something that can be changed.
func canEdit(r row, column int) bool {
	if column == ColumnID || column == ColumnFired {
		return false
	}
	if r.rule != nil {
		return true
	}
	switch column {
	case ColumnTarget, ColumnEach, ColumnSources, ColumnCondition, ColumnNote:
		return true
	}
	return false
}

// setRuleCell puts a text into a cell of a rule.
func setRuleCell(f *mapping.File, x *mapping.Rule, column int, text string) error {
	text = strings.TrimSpace(text)
	switch column {
	case ColumnTarget:
		x.To = text
	case ColumnEach:
		x.Each = text
	case ColumnSources:
		return setSources(x, text)
	case ColumnFormula:
		setFormula(x, text)
	case ColumnCondition:
		x.When = text
	case ColumnFunctions:
		steps, err := readSteps(text)
		if err != nil {
			return err
		}
		x.Do = steps
	case ColumnLookup:
		if _, ok := f.Table(text); text != "" && !ok {
			return fmt.Errorf("there is no table %q; add it first (Ctrl+Shift+T)", text)
		}
		setLookup(x, text)
	case ColumnDefault:
		x.Default = text
	case ColumnStatus:
		s := mapping.Status(strings.ToLower(text))
		if !slices.Contains(Statuses, s) {
			return errors.New("a status is draft, question, agreed or out-of-scope")
		}
		x.Status = s
	case ColumnOwner:
		x.Owner = text
	case ColumnNote:
		x.Note = text
	}
	return nil
}

// setFormula gives a rule a formula; the sources that it has get names then, and lose them with it.
func setFormula(x *mapping.Rule, text string) {
	x.Formula = text
	switch {
	case text != "" && len(x.Inputs) == 0:
		for i, path := range x.From {
			x.Inputs = append(slices.Clip(x.Inputs), mapping.Input{Name: inputName(i), Path: path})
		}
		x.From, x.Value = nil, ""
	case text == "" && len(x.Inputs) > 0:
		x.From = nil
		for _, in := range x.Inputs {
			x.From = append(x.From, in.Path)
		}
		x.Inputs = nil
	}
}

// inputName is a, b, c, … and in27 after z.
func inputName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return fmt.Sprintf("in%d", i+1)
}

// setBlockCell puts a text into a cell of a block's line.
func setBlockCell(b *mapping.Block, column int, text string) error {
	text = strings.TrimSpace(text)
	switch column {
	case ColumnTarget:
		if text == "" && !b.Drop {
			return errors.New("a block makes something: a resource, a segment, an object's path")
		}
		b.Make = text
	case ColumnEach:
		b.Per = text
	case ColumnSources:
		b.Key = nil
		for _, k := range splitOutside(text, ',') {
			if k = strings.TrimSpace(k); k != "" {
				b.Key = append(b.Key, k)
			}
		}
	case ColumnCondition:
		b.When = text
	case ColumnNote:
		b.Note = text
	}
	return nil
}
