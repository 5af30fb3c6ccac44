package plan

import (
	"slices"
	"strings"
	"unicode/utf8"

	"trestle/internal/linkage/roster"
)

// List is one system's plans, read.
type List struct {
	Name  string // of the system or the file
	Hash  string // SHA-256 of the file, hexadecimal; empty where there is none
	Key   Key    // which of the keys is the plan ID
	Plans []Plan
	Bad   []roster.BadRow // rows that were set aside, with the reason
	Notes []string        // what the user should know of how the file was read
}

// NewList reads the rows of a list. Rows keep their order.
func NewList(name string, rows []Record, d *Dictionary) *List {
	l := &List{Name: name, Plans: make([]Plan, len(rows))}
	limits := columnLimits(rows)
	for i, r := range rows {
		n := nameLength(r)
		// A cut that falls on a blank leaves one character less.
		l.Plans[i] = parse(r, slices.Contains(limits, n) || slices.Contains(limits, n+1), d)
	}
	return l
}

// columnLimits finds at which lengths names were cut. Columns of names have a fixed width, so that lengths pile up there
// and names just above it are rarer.
func columnLimits(rows []Record) []int {
	count := map[int]int{}
	for _, r := range rows {
		count[nameLength(r)]++
	}
	var limits []int
	for _, limit := range []int{20, 24, 25, 30, 32, 35, 36, 40, 45, 48, 50, 60, 64, 80, 100} {
		at := count[limit] + count[limit-1]
		around := 0
		for d := 2; d <= 4; d++ {
			around += count[limit-d-1] + count[limit+d-1]
		}
		if at >= 4 && at >= around { // three times as many as around it
			limits = append(limits, limit)
		}
	}
	return limits
}

func nameLength(r Record) int { return utf8.RuneCountInString(strings.TrimSpace(r.Name)) }
