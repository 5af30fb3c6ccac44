package screen

import "fmt"

// Count writes a number with its thousands separated: 94,350.
func Count[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted writes a number with the word for what it counts: 1 entry, 2,300 entries.
func Counted[T int | int64](n T, one, many string) string {
	if n == 1 {
		many = one
	}
	return Count(n) + " " + many
}
