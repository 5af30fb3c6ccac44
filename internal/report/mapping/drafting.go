package mappaper

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// drafting makes a mapping of a sheet.
type drafting struct {
	o     ReadOptions
	draft *Draft
	grid  *grid
	head  head
	f     *mapping.File
	ids   map[string]bool
	next  int
	// segments are those that the rules of a block read, with how often.
	segments map[string]map[string]int
	inside   map[string]string // the block around a block
}

// pair is one row, read.
type pair struct {
	row          int // from 1
	rule         mapping.Rule
	block        string // its ID, where the sheet gives one
	makes        string
	per, only    string
	key          []string
	inside       string   // the block around it
	segments     []string // of the sources, for the loop of the block
	left, reason string   // a source that is left out on purpose
}

func (d *drafting) remark(row int, format string, args ...any) {
	d.draft.Remarks = append(d.draft.Remarks, Remark{row, fmt.Sprintf(format, args...)})
}

func (d *drafting) make(ctx context.Context, grids []grid) (*Draft, error) {
	d.ids, d.segments, d.inside = map[string]bool{}, map[string]map[string]int{}, map[string]string{}
	d.f = &mapping.File{ID: d.o.ID, Title: d.o.Title, Source: d.o.Source, Target: d.o.Target}
	rows := d.grid.cells[d.head.row+1:]
	d.guessEnds(rows)
	d.readTables(grids)
	d.readBlocks(grids)
	d.readRest(grids)
	for i, row := range rows {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at := d.head.row + 2 + i
		if empty(row) {
			continue
		}
		d.draft.Rows++
		p, ok := d.pair(at, row)
		switch {
		case !ok:
		case p.left != "":
			d.f.LeftOut = append(d.f.LeftOut, mapping.LeftOut{Path: p.left, Reason: p.reason})
		default:
			d.place(p)
		}
	}
	d.loops()
	d.nest()
	d.draft.Mapping = d.f
	d.draft.Rules = d.f.Rules()
	if d.draft.Rules == 0 {
		return d.draft, fmt.Errorf("no row of the sheet names a source and a target that can be read; %s", d.why())
	}
	d.check()
	return d.draft, nil
}

func (d *drafting) why() string {
	if len(d.draft.Remarks) == 0 {
		return "it has no rows below its titles"
	}
	return d.draft.Remarks[0].String()
}

func empty(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// guessEnds says what is read and made, from the most frequent kind of path.
func (d *drafting) guessEnds(rows [][]string) {
	for i := 0; i < len(rows) && d.f.Source.Kind == ""; i++ { // a sheet of ours says it in every row
		d.f.Source = d.said(rows[i], roleSourceKind, d.f.Source)
	}
	for i := 0; i < len(rows) && d.f.Target.Kind == ""; i++ {
		d.f.Target = d.said(rows[i], roleTargetKind, d.f.Target)
	}
	sources, targets := map[mapping.Kind]int{}, map[mapping.Kind]int{}
	for _, row := range rows {
		if h := d.head; h.has(roleSource) {
			countKind(sources, firstSource(h.get(row, roleSource)))
		} else {
			sources[mapping.HL7v2]++
		}
		to := d.head.get(row, roleTarget)
		if makes := d.head.get(row, roleMakes); makes == "row" {
			targets[mapping.CSV]++
		} else if makes != "" && fhir.R4().IsResource(makes) {
			targets[mapping.FHIR]++
		} else {
			countKind(targets, to)
		}
	}
	if d.f.Source.Kind == "" {
		d.f.Source.Kind = most(sources)
	}
	if d.f.Target.Kind == "" {
		d.f.Target.Kind = most(targets)
	}
	if t := &d.f.Target; t.Kind == mapping.FHIR && t.Root == "" {
		t.Version, t.Root = "4.0.1", "Bundle"
	}
}

// said is the end that a row says, with what was asked for instead where it was.
func (d *drafting) said(row []string, r role, asked mapping.End) mapping.End {
	e := endOf(d.head.get(row, r))
	if e.Kind == "" {
		return asked
	}
	if asked.Version != "" {
		e.Version = asked.Version
	}
	return e
}

func firstSource(text string) string {
	text, _, _ = strings.Cut(text, ";")
	if _, path, named := strings.Cut(text, " = "); named {
		text = path
	}
	return strings.TrimSpace(text)
}

func countKind(counts map[mapping.Kind]int, path string) {
	if path == "" {
		return
	}
	if _, ok := findPath(path); ok {
		counts[mapping.HL7v2]++
		return
	}
	first, _, dotted := strings.Cut(withoutBrackets(path), ".")
	switch {
	case fhir.R4().IsResource(first):
		counts[mapping.FHIR]++
	case dotted && !strings.Contains(path, " "):
		counts[mapping.JSON]++
	default:
		counts[mapping.CSV]++
	}
}

func most(counts map[mapping.Kind]int) mapping.Kind {
	best, n := mapping.CSV, 0
	for _, k := range []mapping.Kind{mapping.HL7v2, mapping.FHIR, mapping.JSON, mapping.CSV} {
		if counts[k] > n {
			best, n = k, counts[k]
		}
	}
	return best
}

// writtenPath finds a path in what people write around it: PID-5.1 (last name), PID.5.1, PID 5.1, OBX-5[1].
var writtenPath = regexp.MustCompile(`\b((?:[A-Z0-9_]+(?:\[\d+\])?/)*[A-Z][A-Z0-9]{2}(?:\[(?:\d+|\*)\])?)[-. _]?(\d{1,3}(?:\[(?:\d+|\*)?\])?)((?:[.-]\d{1,2}){0,2})\b`)

// findPath reads the first path of HL7 v2 in a text.
func findPath(text string) (hl7.Path, bool) {
	if p, err := hl7.ParsePath(text); err == nil && p.Field > 0 && len(p.Segment) == 3 {
		return p, true
	}
	m := writtenPath.FindStringSubmatch(text)
	if m == nil {
		return hl7.Path{}, false
	}
	p, err := hl7.ParsePath(m[1] + "-" + m[2] + strings.ReplaceAll(m[3], "-", "."))
	return p, err == nil && p.Field > 0
}

// shift counts MSH as the standard does, where the sheet counts it from the encoding characters.
func (d *drafting) shift(p hl7.Path) hl7.Path {
	if d.o.MSHFromDelimiters && p.Segment == "MSH" && p.Field > 0 {
		p.Field++
	}
	return p
}

// shiftAll shifts the paths of MSH in a condition.
func (d *drafting) shiftAll(text string) string {
	if !d.o.MSHFromDelimiters {
		return text
	}
	return mshPath.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(s[4:])
		if err != nil {
			return s
		}
		return s[:4] + strconv.Itoa(n+1)
	})
}

var mshPath = regexp.MustCompile(`\bMSH[-.]\d{1,3}`)

// literal finds a constant in a source: "USA", constant: USA, hard-coded USA.
var literal = regexp.MustCompile(`(?i)^(?:(?:constant|fixed(?: value)?|hard-?\s?coded?(?: as| to)?|literal|always)\s*[:=]?\s*["“']?(.+?)["”']?|["“](.*)["”])$`)

// nothing are the words for a source that has no target.
var nothing = map[string]bool{"n a": true, "na": true, "none": true, "not mapped": true, "not used": true, "unmapped": true, "ignore": true, "ignored": true, "do not map": true, "not needed": true, "not supported": true, "left out": true, "": true}

// pair reads one row. It is false for one that makes nothing, of which a remark tells.
func (d *drafting) pair(at int, row []string) (*pair, bool) {
	get := func(r role) string { return d.head.get(row, r) }
	p := &pair{row: at, block: get(roleBlock), makes: get(roleMakes), per: get(rolePer), only: get(roleOnly), inside: get(roleInside)}
	if key := get(roleKey); key != "" {
		p.key = strings.Split(key, sourceSeparator)
	}
	r := &p.rule
	r.ID, r.Each, r.Formula, r.Value, r.Default, r.Owner, r.Note = get(roleRule), get(roleEach), get(roleFormula), get(roleConstant), get(roleDefault), get(roleOwner), strings.Join(d.head.all(row, roleNote), "; ")
	var known bool
	if r.Status, known = statusOfText(get(roleStatus)); !known {
		r.Note = joined(r.Note, "status: "+get(roleStatus))
	}
	from, rest := d.sources(p, row)
	if rest != "" {
		r.Note = joined(r.Note, rest)
	}
	to := get(roleTarget)
	if to == "" || nothing[folded(to)] {
		switch {
		case len(from) == 0:
			d.remark(at, "names neither a source nor a target, and was left out: %s", shortRow(row))
		case to == "":
			d.remark(at, "%s has no target, and was left out", strings.Join(from, ", "))
		default:
			reason := to
			if r.Note != "" {
				reason = r.Note
			}
			p.left, p.reason = from[0], reason
			return p, true
		}
		return nil, false
	}
	if !d.target(p, to) {
		d.remark(at, "the target %q cannot be read, and the row was left out", short(to))
		return nil, false
	}
	d.rest(p, get, d.head.all(row, roleWords))
	return p, true
}

func shortRow(row []string) string {
	var parts []string
	for _, c := range row {
		if c = strings.TrimSpace(c); c != "" {
			parts = append(parts, c)
		}
	}
	return short(strings.Join(parts, " | "))
}

func joined(note, more string) string {
	if note == "" {
		return more
	}
	return note + "; " + more
}

// sources reads where a value comes from. rest is what could not be read.
func (d *drafting) sources(p *pair, row []string) (from []string, rest string) {
	r := &p.rule
	text := d.head.get(row, roleSource)
	if text == "" && d.head.has(roleSegment) {
		text = d.head.get(row, roleSegment)
		field := strings.TrimPrefix(strings.TrimLeft(d.head.get(row, roleField), "-. "), text)
		if field = strings.TrimLeft(field, "-. "); text != "" && field != "" {
			text += "-" + field
			if c := strings.TrimLeft(d.head.get(row, roleComponent), "-. "); c != "" {
				text += "." + c
			}
		}
	}
	if text == "" {
		return nil, ""
	}
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		one = strings.TrimSpace(one)
		name, path, named := strings.Cut(one, " = ")
		if !named || strings.ContainsAny(strings.TrimSpace(name), " .-") {
			name, path = "", one
		}
		if m := literal.FindStringSubmatch(one); m != nil && r.Value == "" {
			r.Value = m[1] + m[2]
			continue
		}
		ok := true
		if d.f.Source.Kind == mapping.HL7v2 && !strings.HasPrefix(path, ".") {
			var q hl7.Path
			if q, ok = findPath(path); ok {
				q = d.shift(q)
				p.segments = append(p.segments, q.Segment)
				if said := strings.TrimSpace(path); len(said) > len(q.String())+3 && strings.ContainsFunc(said, unicode.IsSpace) {
					rest = joined(rest, said)
				}
				path = q.String()
			}
		}
		switch {
		case !ok:
			rest = joined(rest, "source: "+one)
		case name != "":
			r.Inputs = append(r.Inputs, mapping.Input{Name: strings.TrimSpace(name), Path: path})
			from = append(from, path)
		default:
			r.From = append(r.From, path)
			from = append(from, path)
		}
	}
	if r.Formula == "" { // names are of use in a formula only
		for _, in := range r.Inputs {
			r.From = append(r.From, in.Path)
		}
		r.Inputs = nil
	}
	return from, rest
}

// target reads where a value goes, and what makes it.
func (d *drafting) target(p *pair, to string) bool {
	switch d.f.Target.Kind {
	case mapping.HL7v2:
		loop := strings.Contains(to, "[]")
		q, ok := findPath(strings.Replace(to, "[]", "", 1))
		if !ok {
			return false
		}
		q = d.shift(q)
		q.Groups, q.Anywhere, q.Occurrence = nil, false, 0
		p.rule.To = q.String()
		if loop {
			field := hl7.Path{Segment: q.Segment, Field: q.Field}.String()
			p.rule.To = strings.Replace(p.rule.To, field, field+"[]", 1)
		}
		if p.makes == "" {
			p.makes = q.Segment
		}
	case mapping.FHIR:
		to = strings.ReplaceAll(to, " ", "")
		resource, rest, dotted := strings.Cut(to, ".")
		if resource = withoutBrackets(resource); dotted && fhir.R4().IsResource(resource) && p.makes == "" {
			p.makes, to = resource, rest
		}
		if p.makes == "" {
			return false
		}
		p.rule.To = elementCase(p.makes, to)
	case mapping.CSV:
		p.rule.To, p.makes = to, "row"
	default:
		p.rule.To = strings.TrimPrefix(strings.TrimPrefix(to, "$"), ".")
		if p.makes == "" {
			p.makes = "."
		}
	}
	return p.rule.To != ""
}

// elementCase writes the steps of a path as FHIR does, where only capitals differ: people write birthdate.
func elementCase(resource, path string) string {
	steps := strings.Split(path, ".")
	e := fhir.R4().Type(resource).RootElement()
	for i, step := range steps {
		name := withoutBrackets(step)
		if e == nil {
			break
		}
		child, typ := e.Child(name)
		if child == nil {
			for _, c := range e.Children {
				if strings.EqualFold(c.Name, name) {
					steps[i] = c.Name + step[len(name):]
					child, typ = e.Child(c.Name)
				}
			}
		}
		if child == nil {
			break
		}
		if e = child; child.Reference == nil && len(child.Children) == 0 {
			e = fhir.R4().Type(typ).RootElement()
		}
	}
	return strings.Join(steps, ".")
}

// rest reads condition, functions and lookup. What does not compile becomes a note with a question.
func (d *drafting) rest(p *pair, get func(role) string, todo []string) {
	r := &p.rule
	question := func(what, text string) {
		r.Note = joined(r.Note, what+": "+text)
		r.Status = mapping.Question
	}
	if len(r.From) > 0 && r.Formula != "" {
		question("formula", r.Formula)
		r.Formula = ""
	}
	if len(r.From)+len(r.Inputs) > 0 && r.Value != "" {
		question("constant", r.Value)
		r.Value = ""
	}
	if text := get(roleFunctions); text != "" {
		if steps, ok := parseSteps(text); ok {
			r.Do = steps
		} else {
			question("functions", text)
		}
	}
	for _, words := range todo {
		if steps, ok := parseSteps(words); ok && len(r.Do) == 0 && d.compiles(p, func(r *mapping.Rule) { r.Do = steps }) {
			r.Do = steps
		} else {
			question("to do", words)
		}
	}
	for _, s := range r.Do {
		if name := lookedUp(s); name != "" {
			d.needTable(name, p.row)
		}
	}
	if name := get(roleLookup); name != "" && len(tablesOf(r)) == 0 {
		if _, ok := d.f.Table(name); ok {
			r.Do = append(r.Do, mapping.Step{Name: "lookup", Args: []string{name}})
		} else {
			question("code table", name)
		}
	}
	do, formula, inputs := r.Do, r.Formula, r.Inputs
	if formula != "" && !d.compiles(p, func(r *mapping.Rule) { r.Do = nil }) {
		question("formula", formula+" with "+sourceText(r))
		r.Formula, r.Inputs, r.From = "", nil, nil
		for _, in := range inputs {
			r.From = append(r.From, in.Path)
		}
	}
	if len(do) > 0 && !d.compiles(p, func(r *mapping.Rule) {}) {
		question("functions", functionText(do))
		r.Do = nil
	}
	if when := d.shiftAll(get(roleCondition)); when != "" {
		if d.compiles(p, func(r *mapping.Rule) { r.When = when }) {
			r.When = when
		} else {
			question("condition", when)
		}
	}
}

// compiles says whether the rule, changed, is one that an engine takes.
func (d *drafting) compiles(p *pair, change func(*mapping.Rule)) bool {
	rule := p.rule
	change(&rule)
	if rule.ID == "" {
		rule.ID = "r"
	}
	if len(rule.From) == 0 && rule.Value == "" && rule.Formula == "" && rule.Default == "" && len(rule.Do) == 0 {
		rule.Value = "x"
	}
	f := *d.f
	f.Blocks = []mapping.Block{{ID: "b", Make: p.makes, Rules: []mapping.Rule{rule}}}
	for _, s := range rule.Do { // it refers to a block that may come later
		if s.Name == "reference" && len(s.Args) == 1 && s.Args[0] != "b" {
			f.Blocks = append(f.Blocks, mapping.Block{ID: s.Args[0], Make: p.makes})
		}
	}
	_, err := mapping.Compile(&f)
	return err == nil
}

// statusOfText reads a status; false for one that has no word here.
func statusOfText(s string) (mapping.Status, bool) {
	switch folded(s) {
	case "agreed", "approved", "signed off", "accepted":
		return mapping.Agreed, true
	case "question", "open", "open question", "tbd", "to be discussed":
		return mapping.Question, true
	case "out of scope", "not in scope":
		return mapping.OutOfScope, true
	case "", "draft":
		return mapping.Draft, true
	}
	return mapping.Draft, false
}
