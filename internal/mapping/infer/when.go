package infer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// speakable are the paths that a condition can name.
var speakable = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.\-\[\]]*$`)

// maxAlternatives is how many values of a field a condition tells apart.
const maxAlternatives = 12

// condition finds what tells the rows in which something should happen from the others: that a field is valued, or has
// certain values. first are paths to look at before all others. holds says of a row of the view what the condition says. ""
// if no field tells.
func (p *proposer) condition(v *view, rows []int, should []bool, first []string) (text string, holds func(row int) bool) {
	yes := 0
	for _, s := range should {
		if s {
			yes++
		}
	}
	no := len(should) - yes
	if yes < 2 || no < 2 {
		return "", nil
	}
	base := float64(max(yes, no)) / float64(len(should))
	best := max(p.o.least(), base+0.6*(1-base)) - 1e-9
	consider := func(expression string, cost float64, says func(s string) bool, col []string) {
		right := 0
		for k, i := range rows {
			if says(col[i]) == should[k] {
				right++
			}
		}
		if share := float64(right)/float64(len(rows)) - 0.002*cost; share > best {
			best, text, holds = share, expression, func(row int) bool { return says(col[row]) }
		}
	}
	paths := slices.Clone(first)
	for _, own := range []bool{true, false} {
		for _, path := range v.paths {
			if v.own[path] == own && !slices.Contains(first, path) {
				paths = append(paths, path)
			}
		}
	}
	for _, path := range paths {
		col := v.cols[path]
		if col == nil || !speakable.MatchString(path) {
			continue
		}
		consider(path+" VALUED", 0, func(s string) bool { return s != "" }, col)
		consider(path+" NOT VALUED", 0.5, func(s string) bool { return s == "" }, col)
		p.values(path, col, rows, should, consider)
	}
	return text, holds
}

// values are the conditions on the values of a field.
func (p *proposer) values(path string, col []string, rows []int, should []bool, consider func(string, float64, func(string) bool, []string)) {
	votes := map[string]int{}
	count := map[string]int{}
	for k, i := range rows {
		s := col[i]
		count[s]++
		if should[k] {
			votes[s]++
		} else {
			votes[s]--
		}
		if len(count) > maxAlternatives || len(s) > 60 || strings.Contains(s, `"`) {
			return
		}
	}
	var in, out []string
	for _, s := range sortedKeys(votes) {
		if count[s] < 2 && len(rows) > 6 {
			continue
		}
		switch {
		case s == "":
		case votes[s] > 0:
			in = append(in, s)
		default:
			out = append(out, s)
		}
	}
	if len(in) > 0 {
		consider(path+among(in, ""), float64(len(in)), func(s string) bool { return slices.Contains(in, s) }, col)
	}
	if len(out) > 0 {
		consider(path+among(out, " NOT"), 0.3+float64(len(out)), func(s string) bool { return !slices.Contains(out, s) }, col)
	}
}

func among(values []string, not string) string {
	if len(values) == 1 {
		return fmt.Sprintf(`%s EQUALS "%s"`, not, values[0])
	}
	quoted := make([]string, len(values))
	for i, s := range values {
		quoted[i] = `"` + s + `"`
	}
	return not + " IN (" + strings.Join(quoted, ", ") + ")"
}
