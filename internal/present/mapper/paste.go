package mapper

import (
	"fmt"
	"strings"

	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// PasteCells writes lines of tab-separated cells, as a spreadsheet copies them, into the table from a cell on, as one step
// that can be undone. Cells that cannot be edited are passed over. What is wrong with one of them is said, and nothing is
// changed then. It returns how many cells were written.
func (m *Model) PasteCells(at, column int, text string) (cells int, err error) {
	d := m.doc
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if d == nil || text == "" || at < 0 || column < 0 {
		return 0, nil
	}
	rules, blocks := map[string]mapping.Rule{}, map[string]mapping.Block{}
	lines := strings.Split(text, "\n")
	if over := at + len(lines) - len(d.rows); over > 0 {
		return 0, fmt.Errorf("%s more than the table has rows below this one; add rules first (Ctrl+Shift+N)", screen.Plural(over, "line"))
	}
	for i, line := range lines {
		r := d.rows[at+i]
		for k, cell := range strings.Split(line, "\t") {
			c := column + k
			if c >= len(ruleColumns) || !canEdit(r, c) || strings.TrimSpace(cell) == cellText(r, c) || c == ColumnLookup && r.rule != nil && lookedUpBy(lines[i], column) {
				continue
			}
			if r.rule == nil {
				x, ok := blocks[r.block.ID]
				if !ok {
					x = *r.block
				}
				err = setBlockCell(&x, c, cell)
				blocks[r.block.ID] = x
			} else {
				x, ok := rules[r.rule.ID]
				if !ok {
					x = *r.rule
				}
				err = setRuleCell(d.file, &x, c, cell)
				rules[r.rule.ID] = x
			}
			if err != nil {
				return 0, fmt.Errorf("%s of %s: %w", strings.ToLower(ruleColumns[c].Title), r.id(), err)
			}
			cells++
		}
	}
	if cells == 0 {
		return 0, nil
	}
	m.Edit("Paste "+screen.Plural(cells, "cell"), func(e *Edit) bool {
		for i := range lines {
			r := d.rows[at+i]
			if x, ok := rules[r.id()]; ok {
				*e.Rule(r.block.ID, x.ID) = x
			}
			if x, ok := blocks[r.id()]; ok {
				b := e.Block(x.ID)
				x.Rules, x.Blocks = b.Rules, b.Blocks
				*b = x
			}
		}
		return true
	})
	return cells, nil
}

// lookedUpBy says whether a pasted line holds the functions as well, among which the table that is asked stands already.
func lookedUpBy(line string, column int) bool {
	return column <= ColumnFunctions && strings.Count(line, "\t") >= ColumnLookup-column
}
