package infer

import (
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// In this file are the rules of HL7 v2 that stays HL7 v2: the message is kept, and rules say what changes in it.

// kept pairs the segments of one name that were there before with those after, and takes note of those that were added and
// taken out.
func (p *proposer) kept(u *unit) bool {
	if u.added {
		return false
	}
	u.per = u.make
	var more []*instance
	byParent := map[*instance][]*instance{}
	for _, x := range u.instances {
		byParent[x.parent] = append(byParent[x.parent], x)
	}
	some := false
	for _, top := range p.targets.root.instances {
		f := family{parent: top, made: byParent[top]}
		turns := p.sources[top.pair].turns(u.per, top.turn)
		some = some || len(turns) > 0
		p.assign(u, []family{f})
		for _, x := range f.made {
			if x.turn == nil {
				more = append(more, x)
			}
		}
	}
	if len(u.spare) > 0 && some {
		p.takenOut(u)
	}
	if len(more) > 0 {
		u.instances = slices.DeleteFunc(u.instances, func(x *instance) bool { return slices.Contains(more, x) })
		next := &unit{key: u.key + "+", make: u.make, parent: u.parent, instances: more, kinds: u.kinds, added: true}
		for _, inner := range u.units {
			list := &unit{key: next.key + "/" + inner.make, make: inner.make, inline: true, parent: next, kinds: inner.kinds}
			list.instances, inner.instances = parted(inner.instances, more)
			next.units = append(next.units, list)
		}
		at := slices.Index(u.parent.units, u)
		u.parent.units = slices.Insert(u.parent.units, at+1, next)
		p.targets.all = append(p.targets.all, next)
		p.after(next)
	}
	if len(u.instances) > 0 {
		p.block[u] = p.id("b", u.make)
	}
	return true
}

// parted parts the items of a list by whether they belong to some things.
func parted(items, of []*instance) (those, others []*instance) {
	for _, x := range items {
		if slices.Contains(of, x.parent) {
			those = append(those, x)
		} else {
			others = append(others, x)
		}
	}
	return those, others
}

// same says whether the block of a unit edits segments that were there before.
func (p *proposer) same(u *unit) bool { return p.keep && !u.added && !u.inline }

// after finds behind which segment a segment was added.
func (p *proposer) after(u *unit) {
	counts := map[string]int{}
	for _, x := range u.instances {
		counts[x.before]++
	}
	before := mostFrequent(counts)
	fits := before != "" && float64(counts[before]) >= p.o.least()*float64(len(u.instances))
	byParent := map[*instance][]*instance{}
	for _, x := range u.instances {
		byParent[x.parent] = append(byParent[x.parent], x)
	}
	for _, top := range p.targets.root.instances {
		if n := len(p.sources[top.pair].turns(before, top.turn)); n != len(byParent[top]) && len(byParent[top]) > 0 {
			fits = false
		}
	}
	p.block[u] = p.id("b", "add "+u.make)
	if fits {
		u.per = before
	}
	missing := 0
	for _, top := range p.targets.root.instances {
		turns := []*turn{top.turn}
		if fits {
			turns = p.sources[top.pair].turns(before, top.turn)
		}
		for i, x := range byParent[top] {
			if i < len(turns) {
				x.turn = turns[i]
			}
		}
		for _, t := range turns[min(len(turns), len(byParent[top])):] {
			u.spare = append(u.spare, row{pair: top.pair, turn: t})
			missing++
		}
	}
	u.filtered = missing > 0
	p.out.Evidence = append(p.out.Evidence, Evidence{Block: p.block[u], To: u.make, Kind: Add, Holds: len(u.instances), Of: len(u.instances) + missing, Distinct: 1})
}

// takenOut makes the block that takes segments out.
func (p *proposer) takenOut(u *unit) {
	b := mapping.Block{ID: p.id("b", "drop "+u.make), Make: u.make, Per: u.make, Drop: true}
	gone, all := len(u.spare), len(u.spare)
	for _, x := range u.instances {
		if x.turn != nil {
			all++
		}
	}
	e := Evidence{Block: b.ID, To: u.make, Kind: Delete, Holds: gone, Of: all, Distinct: 1}
	if e.Support() >= p.o.least() {
		p.out.Evidence = append(p.out.Evidence, e)
		p.file.Blocks = append(p.file.Blocks, b)
		return
	}
	v := &view{cols: map[string][]string{}, own: map[string]bool{}}
	var should []bool
	for _, x := range u.instances {
		if x.turn != nil {
			v.rows, should = append(v.rows, row{x.pair, x, x.turn}), append(should, false)
		}
	}
	for _, r := range u.spare {
		v.rows, should = append(v.rows, r), append(should, true)
	}
	p.fill(v, v.rows)
	index := make([]int, len(v.rows))
	for i := range index {
		index[i] = i
	}
	when, holds := p.condition(v, index, should, nil)
	if when == "" {
		p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: u.make, Count: gone, Of: all, Best: "some were taken out, and no field tells which"})
		return
	}
	b.When = when
	e.Holds = 0
	for i := range should {
		if holds(i) == should[i] {
			e.Holds++
		}
	}
	e.Distinct = 2
	p.out.Evidence = append(p.out.Evidence, e)
	p.file.Blocks = append(p.file.Blocks, b)
}

// dropped makes the blocks that take out segments that never come out.
func (p *proposer) dropped() {
	count, pairs := map[string]int{}, map[string]int{}
	for _, s := range p.sources {
		seen := map[string]bool{}
		for _, name := range s.(*hl7Source).names {
			if name == "" || p.targets.known(p.targets.root, name) {
				continue
			}
			if count[name]++; !seen[name] {
				seen[name] = true
				pairs[name]++
			}
		}
	}
	for _, name := range sortedKeys(count) {
		b := mapping.Block{ID: p.id("b", "drop "+name), Make: name, Per: name, Drop: true}
		p.file.Blocks = append(p.file.Blocks, b)
		p.out.Evidence = append(p.out.Evidence, Evidence{Block: b.ID, To: name, Kind: Delete, Holds: count[name], Of: count[name], Distinct: 1})
	}
}

// changes learns the rules for what changes in a segment.
func (p *proposer) changes(u *unit, v *view, b *mapping.Block) {
	if len(v.rows) == 0 {
		return
	}
	paths := u.paths()
	for _, path := range v.paths { // what was there and is not any more
		if strings.HasPrefix(path, u.make+"-") && v.own[path] && !slices.Contains(paths, path) && !p.repeated(path) {
			paths = append(paths, path)
		}
	}
	cleared := map[string][]string{} // fields with the paths that were taken out of them
	left := map[string]bool{}        // fields of which something is left
	for _, path := range paths {
		field, _, _ := strings.Cut(path, ".")
		want := make([]string, len(v.rows))
		gone, was, same := 0, 0, 0
		base := v.cols[path]
		if base == nil {
			base = make([]string, len(v.rows))
		}
		for i, r := range v.rows {
			want[i] = r.made.values[path]
			switch {
			case want[i] == base[i]:
				same++
			case want[i] == "":
				gone++
			}
			if base[i] != "" {
				was++
			}
			left[field] = left[field] || want[i] != ""
		}
		switch {
		case same == len(v.rows):
			left[field] = left[field] || was > 0
		case gone > 0 && float64(gone) >= p.o.least()*float64(was) && gone+same >= len(v.rows)-(was-gone):
			cleared[field] = append(cleared[field], path)
		case gone > 0 && gone+same == len(v.rows):
			p.clearedSometimes(v, path, base, want, b)
			left[field] = true
		default:
			p.changed(u, v, path, base, want, same, b)
		}
	}
	for _, field := range sortedKeys(cleared) {
		places := cleared[field]
		if !left[field] {
			places = []string{field}
		}
		for _, path := range places {
			e := Evidence{Block: b.ID, Rule: p.id("r", path), To: path, Kind: Delete, Distinct: 1}
			for _, part := range cleared[field] {
				if path != field && part != path {
					continue
				}
				for i, r := range v.rows {
					if v.cols[part][i] != "" {
						if e.Of++; r.made.values[part] == "" {
							e.Holds++
						}
					}
				}
			}
			p.out.Evidence = append(p.out.Evidence, e)
			b.Rules = append(b.Rules, mapping.Rule{ID: e.Rule, To: path, Do: []mapping.Step{step("clear")}, Status: mapping.Draft})
		}
	}
	for _, inner := range u.units {
		if inner.inline {
			p.changedItems(u, inner, b)
		}
	}
	p.goneItems(u, v, b)
}

// repeated says whether a path lies in a field that repeats, which is looked at repetition by repetition.
func (p *proposer) repeated(path string) bool {
	at, err := hl7.ParsePath(path)
	return err == nil && p.targets.shape.repeats[spot{segment: at.Segment, field: at.Field}]
}

// changed learns the rule for a place whose value changes, unless that it stays as it came says nearly as much.
func (p *proposer) changed(u *unit, v *view, path string, base, want []string, same int, b *mapping.Block) {
	before := len(b.Rules)
	stays := float64(same) / float64(len(want))
	best, _ := p.learn(u, v, path, want)
	if best != nil && best.share() <= stays+0.005 {
		best = nil
	}
	if best == nil && stays >= p.o.least() {
		if n := len(want) - same; n > 0 {
			p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: path, Count: n, Of: len(want), Best: "it stays as it came in the others"})
		}
		return
	}
	if best == nil { // what changes may be only some of the rows
		if g := p.partly(u, v, path, base, want); g != nil {
			p.add(v, g, want, 0, path, "", b)
			return
		}
		p.rule(u, v, path, path, "", b)
		return
	}
	if p.add(v, best, want, 0, path, "", b); len(b.Rules) == before {
		return
	}
	for i, w := range want { // where the rule says nothing, what was there must go
		if w == "" && base[i] != "" && best.got[i] == "" {
			r := mapping.Rule{ID: p.id("r", path+" clear"), To: path, Do: []mapping.Step{step("clear")}, Status: mapping.Draft, Note: "what came is taken out before the next rule"}
			b.Rules = slices.Insert(b.Rules, before, r)
			p.out.Evidence = slices.Insert(p.out.Evidence, len(p.out.Evidence)-1, Evidence{Block: b.ID, Rule: r.ID, To: path, Kind: Delete, Holds: best.holds, Of: best.of, Distinct: 1})
			return
		}
	}
}

// partly learns a rule that holds where the value changes, with the condition that tells where; elsewhere it stays.
func (p *proposer) partly(u *unit, v *view, path string, base, want []string) *guess {
	var index []int
	var should []bool
	some := make([]string, len(want))
	n := 0
	for i, w := range want {
		index, should = append(index, i), append(should, w != base[i])
		if w != base[i] && w != "" {
			some[i] = w
			n++
		}
	}
	if n < 2 {
		return nil
	}
	when, holds := p.condition(v, index, should, nil)
	if when == "" {
		return nil
	}
	g := p.simplest(v, rowsWhere(index, holds), some)
	if g == nil {
		return nil
	}
	g.when = when
	got := slices.Clone(base)
	for _, i := range index {
		if holds(i) && g.got[i] != "" {
			got[i] = g.got[i]
		}
	}
	g.got = got
	if g.count(want); g.share() < p.o.least() {
		return nil
	}
	return g
}

func rowsWhere(rows []int, holds func(int) bool) (list []int) {
	for _, i := range rows {
		if holds(i) {
			list = append(list, i)
		}
	}
	return list
}

// clearedSometimes learns when a value is taken out.
func (p *proposer) clearedSometimes(v *view, path string, base, want []string, b *mapping.Block) {
	var rows []int
	var should []bool
	for i, s := range base {
		if s != "" {
			rows, should = append(rows, i), append(should, want[i] == "")
		}
	}
	gone := 0
	for _, s := range should {
		if s {
			gone++
		}
	}
	when, holds := p.condition(v, rows, should, nil)
	if when == "" {
		p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: path, Count: gone, Of: len(rows), Best: "it is taken out of some, and no field tells of which"})
		return
	}
	e := Evidence{Block: b.ID, Rule: p.id("r", path), To: path, Kind: Delete, Of: len(rows), Distinct: 2}
	for k, i := range rows {
		if holds(i) == should[k] {
			e.Holds++
		}
	}
	p.out.Evidence = append(p.out.Evidence, e)
	b.Rules = append(b.Rules, mapping.Rule{ID: e.Rule, To: path, Do: []mapping.Step{step("clear")}, When: when, Status: mapping.Draft})
}

// changedItems learns what becomes of a field that repeats. If anything does, the field is written anew: emptied, and then a
// repetition for each that came, or for each of those that a condition lets through, with the parts that change.
func (p *proposer) changedItems(u, inner *unit, b *mapping.Block) {
	field := strings.TrimSuffix(inner.make, "[]")
	var families []family
	byParent := map[*instance]int{}
	for _, parent := range u.instances {
		if parent.turn != nil {
			byParent[parent] = len(families)
			families = append(families, family{parent: parent})
		}
	}
	for _, x := range inner.instances {
		if i, ok := byParent[x.parent]; ok {
			families[i].made = append(families[i].made, x)
		}
	}
	inner.per, inner.filtered = field, true
	p.assign(inner, families)
	v := p.view(inner)
	lost := 0
	for _, x := range inner.instances {
		if x.turn == nil {
			lost++
		}
	}
	if len(v.rows) == 0 || lost*10 > len(inner.instances) {
		p.out.Unexplained = append(p.out.Unexplained, Unexplained{Block: b.ID, To: field, Count: len(inner.instances), Of: len(families), Best: "its repetitions are not those that came"})
		return
	}
	changes := len(inner.spare) > 0
	for _, path := range inner.paths() {
		for i, r := range v.rows {
			if col := v.cols[path]; col == nil || col[i] != r.made.values[path] {
				changes = true
			}
		}
	}
	for _, path := range v.paths {
		if strings.HasPrefix(path, field+".") || path == field {
			for i, r := range v.rows {
				if r.made.values[path] != v.cols[path][i] {
					changes = true
				}
			}
		}
	}
	if !changes {
		return
	}
	when := ""
	if len(inner.spare) > 0 {
		when = p.filter(inner, b.ID)
	}
	clear := mapping.Rule{ID: p.id("r", field+" clear"), To: field, Do: []mapping.Step{step("clear")}, Status: mapping.Draft, Note: "the field is written anew, repetition by repetition"}
	p.out.Evidence = append(p.out.Evidence, Evidence{Block: b.ID, Rule: clear.ID, To: field, Kind: Delete, Holds: len(families), Of: len(families), Distinct: 1})
	b.Rules = append(b.Rules, clear)
	from := len(b.Rules)
	for _, path := range inner.paths() {
		p.rule(inner, v, path, inner.make+strings.TrimPrefix(path, field), field, b)
	}
	for i := from; i < len(b.Rules); i++ {
		switch r := &b.Rules[i]; {
		case when != "" && r.When != "":
			r.When = "(" + when + ") AND (" + r.When + ")"
		case when != "":
			r.When = when
		}
	}
}

// goneItems takes out fields that repeat and of which nothing comes out any more.
func (p *proposer) goneItems(u *unit, v *view, b *mapping.Block) {
	seen := map[string]bool{}
	for _, path := range v.paths {
		field, _, _ := strings.Cut(path, ".")
		if field, _, _ = strings.Cut(field, "["); seen[field] || !strings.HasPrefix(path, u.make+"-") || !p.repeated(path) {
			continue
		}
		seen[field] = true
		if slices.ContainsFunc(u.units, func(x *unit) bool { return x.make == field+"[]" }) {
			continue
		}
		e := Evidence{Block: b.ID, Rule: p.id("r", field), To: field, Kind: Delete, Distinct: 1}
		for _, s := range v.cols[path] {
			if s != "" {
				e.Holds++
				e.Of++
			}
		}
		p.out.Evidence = append(p.out.Evidence, e)
		b.Rules = append(b.Rules, mapping.Rule{ID: e.Rule, To: field, Do: []mapping.Step{step("clear")}, Status: mapping.Draft})
	}
}
