package compare

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"trestle/internal/hl7"
)

// ruleSet is rules made ready for use.
type ruleSet struct {
	rules    []rule
	problems []string
	flipped  func() *Rules // the same for the sides exchanged
}

type ruleKind uint8

const (
	ruleIgnore ruleKind = iota
	ruleNormalise
	ruleTable
	ruleExpect
)

// rule is one rule made ready.
type rule struct {
	kind      ruleKind
	words     string
	path      placePattern
	document  []string // the same path for documents, by names
	where     condition
	normalise []func(string) string
	codes     map[string]string
	change    Change // 0 = any
	left      textPattern
	right     textPattern
}

func (s *ruleSet) mirror() *Rules { return s.flipped() }

func compileRules(r *Rules) *ruleSet {
	s := &ruleSet{}
	s.flipped = sync.OnceValue(func() *Rules { return flip(r) })
	add := func(what, path, where string, x rule) {
		fail := func(err error) { s.problems = append(s.problems, fmt.Sprintf("%s %s: %s", what, path, err)) }
		var err error
		x.words = what + " " + path
		if x.path, x.document, err = readPattern(path); err != nil {
			fail(err)
			return
		}
		if x.where, err = readCondition(where); err != nil {
			fail(err)
			return
		}
		s.rules = append(s.rules, x)
	}
	for _, x := range r.Ignore {
		add("ignore", x.Path, x.Where, rule{kind: ruleIgnore})
	}
	for _, x := range r.Normalise {
		steps, err := normaliserOf(x)
		if err != nil {
			s.problems = append(s.problems, fmt.Sprintf("normalise %s: %s", x.Path, err))
			continue
		}
		add("normalise", x.Path, x.Where, rule{kind: ruleNormalise, normalise: steps})
	}
	for _, x := range r.Tables {
		if len(x.Codes) == 0 {
			s.problems = append(s.problems, fmt.Sprintf("table %s: it has no codes; write codes: {old: new}", x.Path))
			continue
		}
		add("table "+x.Name, x.Path, x.Where, rule{kind: ruleTable, codes: x.Codes})
	}
	for _, x := range r.Expect {
		e := rule{kind: ruleExpect}
		var err error
		if x.Kind != "" {
			e.change, err = ParseChange(x.Kind)
		}
		if err == nil {
			e.left, err = readText(x.Left)
		}
		if err == nil {
			e.right, err = readText(x.Right)
		}
		if err != nil {
			s.problems = append(s.problems, fmt.Sprintf("expect %s: %s", x.Path, err))
			continue
		}
		add("expect", x.Path, x.Where, e)
	}
	for _, k := range r.Key {
		if _, err := hl7.ParsePath(k); err != nil && !isDocumentPath(k) {
			s.problems = append(s.problems, fmt.Sprintf("key %s: %s", k, err))
		}
	}
	return s
}

// flip exchanges the sides of rules.
func flip(r *Rules) *Rules {
	n := &Rules{Key: r.Key, Ignore: r.Ignore, Normalise: r.Normalise}
	for _, t := range r.Tables {
		codes := make(map[string]string, len(t.Codes))
		for _, old := range slices.Backward(slices.Sorted(maps.Keys(t.Codes))) {
			codes[t.Codes[old]] = old
		}
		// Several old codes may have become one: then the way back is told apart pair by pair.
		pairs := map[string]string{}
		for old, now := range t.Codes {
			if codes[now] != old {
				pairs[old] = now
			}
		}
		t.Codes = codes
		n.Tables = append(n.Tables, t)
		for _, old := range slices.Sorted(maps.Keys(pairs)) {
			t.Codes = map[string]string{pairs[old]: old}
			n.Tables = append(n.Tables, t)
		}
	}
	for _, e := range r.Expect {
		if k, err := ParseChange(e.Kind); err == nil {
			e.Kind = k.mirror().String()
		}
		e.Left, e.Right = e.Right, e.Left
		n.Expect = append(n.Expect, e)
	}
	return n
}

// placePattern is a path of HL7 v2 in a rule; what is 0 or hl7.All may be any.
type placePattern struct {
	any  bool // any segment
	path hl7.Path
	ok   bool // it can be a path of HL7 v2 at all
}

// readPattern reads the path of a rule, both ways where it can be read both ways.
func readPattern(text string) (p placePattern, names []string, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return p, nil, fmt.Errorf("a path is missing; write for example OBX-14 or Patient.meta.lastUpdated")
	}
	hl := text
	if rest, ok := strings.CutPrefix(text, "*"); ok {
		p.any = true
		hl = "ZZZ" + rest
	}
	p.path, err = hl7.ParsePath(hl)
	if p.ok = err == nil && len(p.path.Groups) == 0; p.ok {
		if p.any && rest(text) == "" {
			return p, []string{"**"}, nil
		}
		err = nil
	}
	if isDocumentPath(text) {
		return p, documentNames(text), nil
	}
	if p.ok {
		return p, nil, nil
	}
	if err == nil {
		err = fmt.Errorf("groups cannot stand in the path of a rule; name the segment and add a condition")
	}
	return p, nil, err
}

func rest(text string) string { return strings.TrimPrefix(text, "*") }

var documentPath = regexp.MustCompile(`^(\*|[@#]?[A-Za-z_](?:[A-Za-z0-9_:]|-[A-Za-z])*)(\.(\*|[@#]?[A-Za-z_](?:[A-Za-z0-9_:]|-[A-Za-z])*))*$`)

// isDocumentPath says whether a text can be the path of an element: names with dots between.
func isDocumentPath(text string) bool { return documentPath.MatchString(generalPath(text)) }

func documentNames(text string) []string { return strings.Split(generalPath(text), ".") }

// covers says whether the pattern speaks of a place. lone means that the value has one component and one subcomponent, so
// that its first part is all of it.
func (p *placePattern) covers(name name3, occurrence int, at place, lone bool) bool {
	q := &p.path
	if !p.ok || !p.any && (len(q.Segment) != 3 || name != name3([]byte(q.Segment))) {
		return false
	}
	if q.Occurrence > 0 && q.Occurrence != occurrence {
		return false
	}
	if q.Field == 0 {
		return true
	}
	if at.field == 0 || q.Field > 0 && int(at.field) != q.Field {
		return false
	}
	if q.Repetition > 0 && max(int(at.repetition), 1) != q.Repetition {
		return false
	}
	return part(q.Component, at.component, lone) && part(q.Subcomponent, at.subcomponent, lone)
}

func part(want int, have int32, lone bool) bool {
	return want <= 0 || int(have) == want || have == 0 && want == 1 && lone
}

// textPattern is a text or a regular expression.
type textPattern struct {
	text string
	re   *regexp.Regexp
}

func readText(s string) (textPattern, error) {
	if len(s) > 1 && s[0] == '/' && s[len(s)-1] == '/' {
		re, err := regexp.Compile(s[1 : len(s)-1])
		if err != nil {
			return textPattern{}, fmt.Errorf("%s is no regular expression: %s", strconv.Quote(s), expressionFault(err))
		}
		return textPattern{re: re}, nil
	}
	return textPattern{text: s}, nil
}

func expressionFault(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

func (t textPattern) matches(s string) bool {
	if t.re != nil {
		return t.re.MatchString(s)
	}
	return t.text == "" || t.text == s
}

// judge asks the rules about a difference.
func (c *comparison) judge(d *Difference) {
	if c.rules == nil {
		return
	}
	s := c.rules.set()
	if len(s.rules) == 0 {
		return
	}
	at, own := d.at, &c.l
	if d.at.segment < 0 {
		at, own = d.to, &c.r
	}
	name, segment := own.name(int(at.segment))
	if !segment {
		name = name3{'-', '-', '-'}
	}
	lone := !hasSeparators(&c.l, d.Left) && !hasSeparators(&c.r, d.Right)
	for i := range s.rules {
		x := &s.rules[i]
		if x.path.any && !segment || !x.path.covers(name, occurrenceFor(x, own, at), at, lone) {
			continue
		}
		if verdict, ok := x.verdict(d); ok && (x.where == nil || x.where.holds(c, d)) {
			d.Verdict, d.Rule = verdict, x.words
			return
		}
	}
}

// occurrenceFor counts segments only for rules that ask.
func occurrenceFor(x *rule, s *side, at place) int {
	if x.path.path.Occurrence > 0 {
		return s.occurrence(int(at.segment))
	}
	return 0
}

// hasSeparators says whether a side holds several components or subcomponents.
func hasSeparators(s *side, v Side) bool {
	for _, c := range s.m.Bytes()[v.Span.Offset:v.Span.End] {
		if s.hollow[c] {
			return true
		}
	}
	return false
}

// verdict is what the rule says of a difference that it covers; false if it does not speak of such a one.
func (x *rule) verdict(d *Difference) (Verdict, bool) {
	switch x.kind {
	case ruleIgnore:
		return Ignored, true
	case ruleNormalise:
		if d.Kind == Moved || d.Left.State == hl7.Null || d.Right.State == hl7.Null {
			return Open, false
		}
		l, r := d.Left.Text, d.Right.Text
		for _, step := range x.normalise {
			l, r = step(l), step(r)
		}
		return Ignored, l == r
	case ruleTable:
		now, ok := x.codes[d.Left.Text]
		return Expected, ok && d.Kind == Changed && now == d.Right.Text
	}
	if d.Kind == Formatting && x.change != Formatting {
		return Open, false
	}
	return Expected, (x.change == 0 || x.change == d.Kind) && x.left.matches(d.Left.Text) && x.right.matches(d.Right.Text)
}
