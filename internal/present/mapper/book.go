package mapper

import (
	"slices"

	"trestle/internal/mapping"
)

// book is a mapping with what can be undone. Files are never changed once they are in it: each change makes another one
// that shares what is the same.
type book struct {
	file  *mapping.File
	saved *mapping.File // as it stands in the project
	undo  []step
	redo  []step

	rows    []row          // of the table: blocks and their rules, in order
	index   map[string]int // rows by the ID of the rule or block
	numbers map[string]int // of the newest rule, by the prefix of its ID
}

// step is the mapping before a change, and what the change was.
type step struct {
	file  *mapping.File
	words string
}

// maxUndo is how many changes can be taken back. A mapping of 3,000 rules in one block takes under a megabyte each.
const maxUndo = 100

// row is a line of the table: a block, or one of its rules.
type row struct {
	block *mapping.Block
	rule  *mapping.Rule // nil for the line of the block
	depth int
}

func (r row) id() string {
	if r.rule != nil {
		return r.rule.ID
	}
	return r.block.ID
}

func (b *book) reset(f *mapping.File) {
	b.undo, b.redo, b.saved = nil, nil, f
	b.set(f)
}

// set puts a file in its place and lists its rows.
func (b *book) set(f *mapping.File) {
	b.file = f
	b.rows = make([]row, 0, f.Rules()+16)
	b.index = make(map[string]int, cap(b.rows))
	var walk func(list []mapping.Block, depth int)
	walk = func(list []mapping.Block, depth int) {
		for i := range list {
			blk := &list[i]
			b.index[blk.ID] = len(b.rows)
			b.rows = append(b.rows, row{block: blk, depth: depth})
			for k := range blk.Rules {
				b.index[blk.Rules[k].ID] = len(b.rows)
				b.rows = append(b.rows, row{blk, &blk.Rules[k], depth})
			}
			walk(blk.Blocks, depth+1)
		}
	}
	walk(f.Blocks, 0)
}

// dirty says whether the mapping differs from the one that was saved.
func (b *book) dirty() bool { return b.file != b.saved }

// change applies a change to a copy and keeps what was. false of do means that nothing was to be changed.
func (b *book) change(words string, do func(*Edit) bool) bool {
	e := newEdit(b.file)
	if !do(e) {
		return false
	}
	b.undo = append(b.undo, step{b.file, words})
	if len(b.undo) > maxUndo {
		b.undo = slices.Delete(b.undo, 0, len(b.undo)-maxUndo)
	}
	b.redo = nil
	b.set(e.File)
	return true
}

// travel goes one step back, or on.
func (b *book) travel(from, to *[]step) (words string) {
	n := len(*from)
	if n == 0 {
		return ""
	}
	s := (*from)[n-1]
	*from = (*from)[:n-1]
	*to = append(*to, step{b.file, s.words})
	b.set(s.file)
	return s.words
}

func last(steps []step) string {
	if len(steps) == 0 {
		return ""
	}
	return steps[len(steps)-1].words
}

// Edit is a copy of a mapping that can be changed. It copies a list when something in it is changed first.
type Edit struct {
	// File is the copy. Its lists are shared with what it was made of until one of the methods below has copied them.
	File  *mapping.File
	owned map[*mapping.Block]bool // lists of blocks that are copies, by their first
	rules map[*mapping.Rule]bool  // lists of rules that are copies
}

func newEdit(f *mapping.File) *Edit {
	c := *f
	return &Edit{File: &c, owned: map[*mapping.Block]bool{}, rules: map[*mapping.Rule]bool{}}
}

// Block is a block that can be changed, nil if there is none of that ID.
func (e *Edit) Block(id string) *mapping.Block { return e.blockIn(&e.File.Blocks, id) }

func (e *Edit) blockIn(list *[]mapping.Block, id string) *mapping.Block {
	for i := range *list {
		b := &(*list)[i]
		if b.ID == id {
			return &e.own(list)[i]
		}
		if holds(b.Blocks, id) {
			return e.blockIn(&e.own(list)[i].Blocks, id)
		}
	}
	return nil
}

func holds(list []mapping.Block, id string) bool {
	for i := range list {
		if list[i].ID == id || holds(list[i].Blocks, id) {
			return true
		}
	}
	return false
}

func (e *Edit) own(list *[]mapping.Block) []mapping.Block {
	if len(*list) > 0 && !e.owned[&(*list)[0]] {
		*list = slices.Clone(*list)
		e.owned[&(*list)[0]] = true
	}
	return *list
}

// rulesOf are the rules of a block, as a list that can be changed.
func (e *Edit) rulesOf(b *mapping.Block) []mapping.Rule {
	if len(b.Rules) > 0 && !e.rules[&b.Rules[0]] {
		b.Rules = slices.Clone(b.Rules)
		e.rules[&b.Rules[0]] = true
	}
	return b.Rules
}

// Rule is a rule that can be changed, nil if there is none. block is the one that it is known to be in.
func (e *Edit) Rule(block, id string) *mapping.Rule {
	b := e.Block(block)
	if b == nil {
		return nil
	}
	for i := range b.Rules {
		if b.Rules[i].ID == id {
			return &e.rulesOf(b)[i]
		}
	}
	return nil
}

// Insert puts rules into a block, before the rule at a place.
func (e *Edit) Insert(b *mapping.Block, at int, rules ...mapping.Rule) {
	if len(rules) == 0 {
		return
	}
	at = min(max(at, 0), len(b.Rules))
	b.Rules = slices.Insert(slices.Clone(b.Rules), at, rules...)
	e.rules[&b.Rules[0]] = true
}

// Remove takes rules out of a block.
func (e *Edit) Remove(b *mapping.Block, ids map[string]bool) {
	kept := make([]mapping.Rule, 0, len(b.Rules))
	for _, r := range b.Rules {
		if !ids[r.ID] {
			kept = append(kept, r)
		}
	}
	b.Rules = kept
	if len(kept) > 0 {
		e.rules[&kept[0]] = true
	}
}

// Table is a lookup table that can be changed.
func (e *Edit) Table(name string) *mapping.Table {
	for i := range e.File.Tables {
		if e.File.Tables[i].Name == name {
			e.File.Tables = slices.Clone(e.File.Tables)
			return &e.File.Tables[i]
		}
	}
	return nil
}
