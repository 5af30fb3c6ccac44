package plan

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// List is one system's plans, read.
type List struct {
	Name  string // of the system or the file
	Hash  string // SHA-256 of the file, hexadecimal; empty where there is none
	Key   Key    // which of the keys is the plan ID
	Plans []Plan
}

// NewList reads the rows of a list. Rows keep their order.
func NewList(name string, rows []Record, d *Dictionary) *List {
	l := &List{Name: name, Plans: make([]Plan, len(rows))}
	for i, r := range rows {
		l.Plans[i] = Parse(r, d)
	}
	l.markTruncated()
	return l
}

// markTruncated finds the names that fill their column. Columns of names are cut at a fixed length, so that lengths pile
// up there and longer names are rare just above it.
func (l *List) markTruncated() {
	count := map[int]int{}
	for i := range l.Plans {
		count[nameLength(&l.Plans[i])]++
	}
	var limits []int
	for _, limit := range []int{20, 24, 25, 30, 32, 35, 36, 40, 45, 48, 50, 60, 64, 80, 100} {
		// A cut that falls on a blank leaves one character less.
		at := count[limit] + count[limit-1]
		around := 0
		for d := 2; d <= 4; d++ {
			around += count[limit-d-1] + count[limit+d-1]
		}
		if at >= 3 && float64(at) >= 1.5*float64(around)/3 {
			limits = append(limits, limit)
		}
	}
	for i := range l.Plans {
		p := &l.Plans[i]
		n := nameLength(p)
		p.Truncated = slices.Contains(limits, n) || slices.Contains(limits, n+1)
	}
}

func nameLength(p *Plan) int { return utf8.RuneCountInString(strings.TrimSpace(p.Name)) }
