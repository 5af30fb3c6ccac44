package yamlfile

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing in a file that a person has to mend.
type Problem struct {
	File         string // as it is named in errors; empty where the caller says it
	Line, Column int    // from 1; 0 when the problem has no place in the file
	Text         string
}

// Error returns file, line and text, in the form that editors make into a link.
func (p Problem) Error() string {
	switch {
	case p.File == "" && p.Line == 0:
		return p.Text
	case p.File == "":
		return fmt.Sprintf("line %d: %s", p.Line, p.Text)
	case p.Line == 0:
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems is the error for a file that could be read but not accepted: everything that is wrong with it.
type Problems []Problem

// Shown is how many problems the error text holds: a file of another format would fill the screen otherwise.
const Shown = 12

// Error lists the first problems, one a line.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i == Shown {
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

// Sort orders problems by place, so that the same file always gives the same text.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
