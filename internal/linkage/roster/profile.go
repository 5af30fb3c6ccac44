package roster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"trestle/internal/linkage/normal"
)

// Profile says what is in one column.
type Profile struct {
	Column
	Filled       int       `json:"filled"`
	Distinct     int       `json:"distinct"`
	Placeholders int       `json:"placeholders"` // cells that stand for no value: UNKNOWN, 999-99-9999
	Unreadable   int       `json:"unreadable"`   // cells that cannot be what the role says, as a date that is none
	LeadingZeros int       `json:"leading_zeros"`
	Patterns     []Counted `json:"patterns"` // shapes: A is a letter, 9 a digit; the five most frequent
	Frequent     []Counted `json:"frequent"` // values in more than one row; the five most frequent
}

// Counted is a text with the number of rows that have it.
type Counted struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// maxDistinct bounds what is remembered of one column; beyond it Distinct is a lower bound.
const maxDistinct = 2_000_000

// Profile describes all columns. Values are patients' data: the caller decides who sees [Profile.Frequent].
func (r *Roster) Profile(ctx context.Context) ([]Profile, error) {
	all := make([]Profile, len(r.Columns))
	for col := range r.Columns {
		p := &all[col]
		p.Column = r.Columns[col]
		values, patterns := map[string]int{}, map[string]int{}
		for row := range r.Len() {
			if row%4096 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			v := trim(r.Cell(row, col))
			if v == "" {
				continue
			}
			p.Filled++
			if _, ok := values[v]; ok || len(values) < maxDistinct {
				values[v]++
			}
			if len(patterns) < 10_000 {
				patterns[shapeOf(v)]++
			}
			if len(v) > 1 && v[0] == '0' && onlyDigits(v) {
				p.LeadingZeros++
			}
			placeholder, unreadable := judge(p.Role, p.Dates, v)
			if placeholder {
				p.Placeholders++
			}
			if unreadable {
				p.Unreadable++
			}
		}
		p.Distinct = len(values)
		p.Patterns = most(patterns, 1)
		p.Frequent = most(values, 2)
	}
	return all, nil
}

// judge says whether a cell is a placeholder, or cannot be read as its role asks.
func judge(role Role, order DateOrder, v string) (placeholder, unreadable bool) {
	switch role {
	case BirthDate:
		o := normal.MonthFirst
		if order == DMY {
			o = normal.DayFirst
		}
		day, ok := normal.Date(v, o)
		return ok && day == 0, !ok
	case SSN:
		number, last4, _ := normal.SSN(v)
		return number == "" && last4 == "" && normal.Digits(v) != "", normal.Digits(v) == ""
	case HomePhone, MobilePhone, WorkPhone:
		d := normal.Digits(v)
		return normal.Phone(v) == "" && d != "", d == ""
	case Email:
		return normal.Email(v) == "" && strings.Contains(v, "@"), !strings.Contains(v, "@")
	case Sex:
		return false, !isSex(v) && v != "1" && v != "2"
	case FirstName:
		first, _, newborn := normal.Given(v)
		return newborn || first == "", false
	case ID, OtherID, MemberID, PriorID:
		return normal.Identifier(v) == "" && len(v) >= 3, false
	}
	f := normal.Fold(v)
	return f != "" && len(f) > 1 && normal.Nothing(f), false
}

// shapeOf writes A for letters and 9 for digits; runs of more than four are written as one with a plus.
func shapeOf(v string) string {
	var b strings.Builder
	var last rune
	run := 0
	end := func() {
		if run > 4 {
			b.WriteByte('+')
		} else {
			for range run - 1 {
				b.WriteRune(last)
			}
		}
	}
	for _, c := range v {
		switch {
		case unicode.IsDigit(c):
			c = '9'
		case unicode.IsLetter(c):
			c = 'A'
		}
		if c == last {
			run++
			continue
		}
		end()
		b.WriteRune(c)
		last, run = c, 1
	}
	end()
	return b.String()
}

// most returns the five most frequent texts that occur at least so often.
func most(counts map[string]int, least int) []Counted {
	list := make([]Counted, 0, 6)
	for text, n := range counts {
		if n < least {
			continue
		}
		c := Counted{text, n}
		at, _ := slices.BinarySearchFunc(list, c, func(a, b Counted) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Text, b.Text))
		})
		if at < 5 {
			list = slices.Insert(list, at, c)
			list = list[:min(5, len(list))]
		}
	}
	return list
}
