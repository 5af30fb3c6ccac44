package profile

import (
	"regexp"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// Agrees reports whether the profile agrees to what a finding of the standard names: a local code in its value set, a
// Z segment that it lists, a field that it does not use. Such a finding is left out by Check. It makes Profile the
// check.Rules of check.Options.
func (p *Profile) Agrees(m *hl7.Message, f check.Finding) bool {
	r := p.compiled()
	if f.Code == "msh-2-unusual" {
		h, ok := m.Header()
		return ok && p.Delimiters == h.Delimiters().Field+string(h.Field(2).Raw())
	}
	judge, known := agreements[f.Code]
	if !known {
		return false
	}
	path, err := hl7.ParsePath(f.Path)
	if err != nil {
		return false
	}
	if r.local[path.Segment] && path.Field == 0 {
		return true
	}
	mr, _, _ := r.of(m)
	if mr == nil {
		return false
	}
	if path.Field == 0 {
		s := mr.segments[path.Segment]
		return s != nil && judge.segment != nil && judge.segment(s)
	}
	return judge.field != nil && slices.ContainsFunc(mr.fields[path.Segment], func(rule *fieldRules) bool {
		return rule.Path.Field == path.Field && judge.field(rule, path, f, m)
	})
}

// agreement says when a rule agrees to a finding of a code.
type agreement struct {
	segment func(*SegmentRule) bool
	field   func(rule *fieldRules, at hl7.Path, f check.Finding, m *hl7.Message) bool
}

func used(s *SegmentRule) bool { return s.Usage.Code != NotUsed }

var inSet = agreement{field: func(rule *fieldRules, at hl7.Path, f check.Finding, m *hl7.Message) bool {
	if rule.codes == nil || max(rule.Path.Component, 1) != max(at.Component, 1) {
		return false
	}
	return rule.codes[m.Get(at).Text()]
}}

var listed = agreement{field: func(rule *fieldRules, _ hl7.Path, _ check.Finding, _ *hl7.Message) bool {
	return rule.Usage.Code != NotUsed
}}

var parts = agreement{field: func(rule *fieldRules, at hl7.Path, _ check.Finding, _ *hl7.Message) bool {
	return rule.Path.Component > 0 && (at.Component <= 1 || rule.Path.Component == at.Component)
}}

var agreements = map[string]agreement{
	"code-not-in-table":        inSet,
	"code-local":               inSet,
	"segment-z":                {segment: used},
	"segment-unknown":          {segment: used},
	"segment-unexpected":       {segment: used},
	"segment-missing":          {segment: func(s *SegmentRule) bool { return s.Usage.Code != Required && s.Usage.Code != "" }},
	"segment-repeated":         {segment: func(s *SegmentRule) bool { return s.Cardinality != nil }},
	"field-beyond-version":     listed,
	"field-withdrawn":          listed,
	"components-in-primitive":  parts,
	"component-beyond-version": parts,
	"field-required": {field: func(rule *fieldRules, _ hl7.Path, _ check.Finding, _ *hl7.Message) bool {
		return rule.Usage.Code != Required && rule.Usage.Code != "" && rule.Path.Component == 0
	}},
	"too-long": {field: func(rule *fieldRules, at hl7.Path, _ check.Finding, _ *hl7.Message) bool {
		return rule.MaxLength > 0 && max(rule.Path.Component, 1) == max(at.Component, 1)
	}},
	"repetition-not-allowed": {field: func(rule *fieldRules, _ hl7.Path, _ check.Finding, _ *hl7.Message) bool {
		return rule.Path.Component == 0 && rule.Cardinality != nil
	}},
}

// patternText is a pattern as the file has it.
func patternText(p *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(p.String(), "^(?:"), ")$")
}
