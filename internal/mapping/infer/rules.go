package infer

import (
	"fmt"
	"slices"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/mapping"
)

// ruled learns the rules of a unit's block.
func (p *proposer) ruled(u *unit, b mapping.Block) mapping.Block {
	v := p.view(u)
	if u.filtered {
		b.When = p.filter(u, b.ID)
	}
	paths := u.paths()
	if p.keep && p.same(u) {
		p.changes(u, v, &b)
		return b
	}
	for _, path := range paths {
		if p.ctx.Err() != nil {
			return b
		}
		p.rule(u, v, path, path, "", &b)
	}
	for _, inner := range slices.Clone(u.units) { // lists that no loop gives are dissolved
		if inner.inline {
			p.inlined(u, inner, &b)
		}
	}
	for _, path := range u.paths() { // those that lists without a loop left
		if !slices.Contains(paths, path) {
			p.rule(u, v, path, path, "", &b)
		}
	}
	if u.filtered && b.When == "" {
		p.guard(u, &b)
	}
	return b
}

// guard lets a block make something only where one of the sources of its rules has a value, if that comes nearer to the
// pairs than making it always: what nothing is known of is not made.
func (p *proposer) guard(u *unit, b *mapping.Block) {
	v, made := p.withSpare(u)
	var from []string
	for i := range b.Rules {
		for _, path := range b.Rules[i].From {
			if col := v.cols[path]; col != nil && speakable.MatchString(path) && !slices.Contains(from, path) && len(from) < maxAlternatives {
				from = append(from, path)
			}
		}
	}
	if len(from) == 0 {
		return
	}
	e := Evidence{Block: b.ID, To: u.make, Kind: Conditional, Of: len(v.rows), Distinct: 2}
	for i := range v.rows {
		valued := slices.ContainsFunc(from, func(path string) bool { return v.cols[path][i] != "" })
		if valued == (i < made) {
			e.Holds++
		}
	}
	if e.Holds <= made {
		return
	}
	b.When = strings.Join(from, " VALUED OR ") + " VALUED"
	p.out.Evidence = append(p.out.Evidence, e)
}

// withSpare is a view of the turns of a unit that made something, so many, and then of those that made nothing.
func (p *proposer) withSpare(u *unit) (v *view, made int) {
	v = &view{cols: map[string][]string{}, own: map[string]bool{}}
	for _, x := range u.instances {
		if x.turn != nil && made < maxRows {
			v.rows = append(v.rows, row{x.pair, x, x.turn})
			made++
		}
	}
	v.rows = append(v.rows, u.spare[:min(len(u.spare), maxRows)]...)
	p.fill(v, v.rows)
	return v, made
}

// paths are the places of a unit that have a value somewhere, in the order in which they first came.
func (u *unit) paths() (list []string) {
	seen := map[string]bool{}
	for _, x := range u.instances {
		for _, path := range x.order {
			if !seen[path] {
				seen[path] = true
				list = append(list, path)
			}
		}
	}
	return list
}

// filter learns when a turn of a loop makes anything.
func (p *proposer) filter(u *unit, block string) string {
	v, made := p.withSpare(u)
	rows := v.rows
	index, should := make([]int, len(rows)), make([]bool, len(rows))
	for i := range rows {
		index[i], should[i] = i, i < made
	}
	when, holds := p.condition(v, index, should, nil)
	e := Evidence{Block: block, To: u.make, Kind: Conditional, Of: len(rows)}
	if when == "" {
		if len(u.spare) > 0 {
			p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: block, To: u.make, Count: made, Of: len(rows), Best: "made of some " + strings.TrimSpace(u.per+" only") + ", and no field tells of which"})
		}
		return ""
	}
	for i := range rows {
		if holds(i) == should[i] {
			e.Holds++
		}
	}
	e.Distinct = 2
	p.out.Evidence = append(p.out.Evidence, e)
	return when
}

// rule learns the rule for one place and adds it to a block. path is where the values are, to how the rule names the place.
func (p *proposer) rule(u *unit, v *view, path, to, each string, b *mapping.Block) {
	want := make([]string, len(v.rows))
	n := 0
	for i, r := range v.rows {
		want[i] = r.made.values[path]
		if want[i] != "" {
			n++
		}
	}
	if n == 0 || p.reference(want, to, each, b) {
		return
	}
	best, near := p.learn(u, v, path, want)
	if best == nil {
		if list := p.divided(u, v, path, want); list != nil {
			for _, g := range list {
				p.add(v, g, want, u.kinds[path], to, each, b)
			}
			return
		}
		p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: to, Count: n, Of: len(v.rows), Best: nearText(near, want)})
		return
	}
	p.add(v, best, want, u.kinds[path], to, each, b)
}

// nearText says what comes nearest where nothing explains a place. What was made anew for each message is told as such: no
// mapping can find it in the source.
func nearText(near *guess, want []string) string {
	if near != nil && near.share() >= 0.2 {
		return fmt.Sprintf("%s, in %.0f %%", near.text(), 100*near.share())
	}
	values, times, n := map[string]bool{}, 0, 0
	for _, w := range want {
		if w == "" {
			continue
		}
		n++
		values[w] = true
		if len(dated(w)) > 0 || strings.Count(w, "T") == 1 && strings.Count(w, "-") >= 2 && strings.Contains(w, ":") {
			times++
		}
	}
	switch {
	case n >= 3 && 10*times >= 9*n:
		return "a time that the source does not hold, such as when the message was written"
	case n >= 3 && len(values) == n:
		return "a value of its own in each, such as an identifier that was made anew"
	}
	return "nothing in the source resembles it"
}

// text says what a guess does, for a person.
func (g *guess) text() string {
	var steps []string
	for _, s := range g.do {
		steps = append(steps, s.String())
	}
	switch {
	case g.kind == Constant:
		return "a constant"
	case g.kind == Joined:
		return "joined from " + strings.Join(g.from, ", ")
	case g.kind == CodeTable:
		return "a code table of " + g.from[0]
	case len(steps) > 0:
		return g.from[0] + " with " + strings.Join(steps, ", ")
	}
	return "a copy of " + strings.Join(g.from, ", ")
}

// reference makes the rule for a reference to something else that was made.
func (p *proposer) reference(want []string, to, each string, b *mapping.Block) bool {
	counts := map[string]int{}
	n := 0
	for _, w := range want {
		if name, ok := strings.CutPrefix(w, referred); ok {
			counts[name]++
		}
		if w != "" {
			n++
		}
	}
	name := mostFrequent(counts)
	if name == "" {
		return false
	}
	block := ""
	for _, u := range p.targets.all {
		if u.make == name && p.block[u] != "" && block == "" {
			block = p.block[u]
		}
	}
	e := Evidence{Block: b.ID, To: to, Kind: Reference, Holds: counts[name], Of: n, Distinct: 1}
	if block == "" || e.Support() < p.o.least() {
		p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: to, Count: n, Of: len(want), Best: "a reference to what is made of " + name})
		return true
	}
	r := mapping.Rule{ID: p.id("r", to), To: to, Each: each, Do: []mapping.Step{step("reference", block)}, Status: mapping.Draft}
	if !strings.HasSuffix(to, "[]") {
		r.Do = append(r.Do, step("first"))
	}
	e.Rule = r.ID
	p.out.Evidence = append(p.out.Evidence, e)
	b.Rules = append(b.Rules, r)
	return true
}

// add makes the rule of a guess, with its evidence.
func (p *proposer) add(v *view, g *guess, want []string, kind fhir.Kind, to, each string, b *mapping.Block) {
	r := mapping.Rule{ID: p.id("r", to), To: to, Each: each, From: g.from, Do: slices.Clone(g.do), Value: g.value, Default: g.other, When: g.when, Status: mapping.Draft}
	switch g.kind {
	case Joined:
		r.Do = append(r.Do, step("join", g.sep))
	case CodeTable:
		name := p.id("t", to)
		p.file.Tables = append(p.file.Tables, g.asTable(name))
		r.Do = append(r.Do, step("lookup", name))
	}
	if p.target.Kind == mapping.JSON {
		switch kind {
		case fhir.Number:
			r.Do = append(r.Do, step("json_number"))
		case fhir.Bool:
			r.Do = append(r.Do, step("json_boolean"))
		}
	}
	e := Evidence{Block: b.ID, Rule: r.ID, To: to, Kind: g.kind, Holds: g.holds, Of: g.of, Distinct: g.distinct, Otherwise: g.otherwise}
	for i, w := range want {
		if len(e.Counterexamples) == p.o.counterexamples() {
			break
		}
		if got := g.got[i]; got != w {
			c := Counterexample{Pair: p.pairs[v.rows[i].pair].Name, Want: w, Got: got}
			for _, path := range g.from {
				c.Source = append(c.Source, v.cols[path][i])
			}
			e.Counterexamples = append(e.Counterexamples, c)
		}
	}
	r.Note = fmt.Sprintf("holds in %d of %d", g.holds, g.of)
	if len(g.otherwise) > 0 {
		r.Note += "; as well from " + strings.Join(g.otherwise, ", ")
	}
	p.out.Evidence = append(p.out.Evidence, e)
	b.Rules = append(b.Rules, r)
}

// asTable makes the lookup table of a guess. A code that no pair has shown gives nothing, and a warning.
func (g *guess) asTable(name string) mapping.Table {
	t := mapping.Table{Name: name, File: "tables/" + name + ".csv", Missing: mapping.Missing{Policy: mapping.LeaveEmpty, Warn: true}, Rows: mapping.Rows{Columns: []string{"before", "after"}}}
	for _, e := range g.table {
		t.Rows.Lines = append(t.Rows.Lines, []string{e.key, e.value})
	}
	if g.other != "" { // what stands for nothing stands for what is not known too
		t.Missing.Warn = true
	}
	return t
}

// inlined learns the rules for the items of a list, which loop over the repetitions of a field. Where no field gives the
// items, each place of the list gets rules of its own.
func (p *proposer) inlined(u, inner *unit, b *mapping.Block) {
	if len(inner.instances) == 0 {
		return
	}
	most := map[*instance]int{}
	many := false
	for _, x := range inner.instances {
		most[x.parent]++
		many = many || most[x.parent] > 1
	}
	if !p.loop(inner) || inner.per == "" || inner.filtered && !many {
		p.targets.flatten(inner)
		return
	}
	v := p.view(inner)
	when := ""
	if inner.filtered {
		when = p.filter(inner, b.ID)
	}
	from := len(b.Rules)
	for _, path := range inner.paths() {
		to := strings.TrimSuffix(inner.make+"."+path, ".")
		if p.target.Kind == mapping.HL7v2 {
			to = inner.make + strings.TrimPrefix(path, strings.TrimSuffix(inner.make, "[]"))
		}
		p.rule(inner, v, path, to, inner.per, b)
	}
	for i := from; i < len(b.Rules); i++ {
		if r := &b.Rules[i]; when != "" && r.When == "" {
			r.When = when
		} else if when != "" {
			r.When = "(" + when + ") AND (" + r.When + ")"
		}
	}
}

// divided learns several rules for one place, each for some values of a field that tells them apart: a copy for one kind of
// message, a constant for another. nil if there is no such field.
func (p *proposer) divided(u *unit, v *view, path string, want []string) []*guess {
	if len(want) < 6 || !p.afford(v) {
		return nil
	}
	tried := 0
	for _, own := range []bool{true, false} {
		for _, key := range v.paths {
			if v.own[key] != own || !speakable.MatchString(key) {
				continue
			}
			if tried++; tried > maxKeysTried {
				return nil
			}
			if list := p.dividedBy(v, key, want); list != nil {
				return list
			}
		}
	}
	return nil
}

// maxKeysTried is how many fields are tried to tell kinds of messages apart, those of the thing itself first.
const maxKeysTried = 150

func (p *proposer) dividedBy(v *view, key string, want []string) (list []*guess) {
	parts := map[string][]int{}
	for i, s := range v.cols[key] {
		if parts[s] = append(parts[s], i); len(parts) > 5 || strings.Contains(s, `"`) || len(s) > 40 {
			return nil
		}
	}
	if len(parts) < 2 {
		return nil
	}
	holds, of := 0, 0
	for _, value := range sortedKeys(parts) {
		rows := parts[value]
		some := make([]string, len(want)) // what is wanted here, and nothing elsewhere
		n := 0
		for _, i := range rows {
			some[i] = want[i]
			if want[i] != "" {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if len(rows) < 3 {
			return nil
		}
		g := p.simplest(v, rows, some)
		if g == nil {
			return nil
		}
		when := key + ` EQUALS "` + value + `"`
		if value == "" {
			when = key + " NOT VALUED"
		}
		if g.when != "" {
			when += " AND " + g.when
		}
		g.when = when
		holds, of = holds+g.holds, of+g.of
		list = append(list, g)
	}
	if len(list) < 2 || float64(holds) < p.o.least()*float64(of) {
		return nil
	}
	return list
}

// simplest is the best constant, copy or function for some rows.
func (p *proposer) simplest(v *view, rows []int, want []string) *guess {
	var best *guess
	try := func(g *guess) {
		if g == nil {
			return
		}
		got := make([]string, len(want))
		for _, i := range rows {
			got[i] = g.got[i]
		}
		g.got = got
		g.count(want)
		if more := p.completed(v, want, g); more != nil && more.other == "" {
			if more.count(want); more.worth() > g.worth() {
				g = more
			}
		}
		if g.share() >= p.o.least() && (best == nil || g.worth() > best.worth()) {
			best = g
		}
	}
	try(constant(want))
	if best != nil && best.share() == 1 {
		return best
	}
	for _, path := range v.paths {
		col := make([]string, len(want))
		for _, i := range rows {
			col[i] = v.cols[path][i]
		}
		for _, g := range p.single(col, path, want) {
			try(g)
		}
		if best != nil && best.kind == Copy && best.share() == 1 {
			return best
		}
	}
	return best
}
