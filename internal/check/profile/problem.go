package profile

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing in a profile's file that a person has to mend.
type Problem struct {
	File string
	Line int // from 1; 0 when the problem has no place in the file
	Text string
}

// Error returns file, line and text, in the form that editors make into a link.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems is the error of Parse for a file that could be read but not accepted: everything wrong with it, by line.
type Problems []Problem

// shownProblems is how many problems the error text holds: a file of another format would fill the screen otherwise.
const shownProblems = 12

// Error lists the first problems, one a line.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i == shownProblems {
			fmt.Fprintf(&b, "\n… and %d more", len(ps)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Unwrap gives errors.As each single problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int { return a.Line - b.Line })
}
