package screen

import (
	"fmt"
	"strings"
)

// Count writes a number with its thousands separated: 94,350.
func Count[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural writes a number with what it counts: "1 message", "2,300 messages", "2 entries".
func Plural[T int | int64](n T, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if stem, y := strings.CutSuffix(one, "y"); y {
		return Count(n) + " " + stem + "ies"
	}
	return Count(n) + " " + one + "s"
}
