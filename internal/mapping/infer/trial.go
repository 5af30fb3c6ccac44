package infer

import (
	"strings"

	"trestle/internal/mapping"
)

// trials applies functions of the engine to texts, each once.
type trials struct {
	file  *mapping.File
	steps map[string]*mapping.Steps
	known map[[2]string]string
}

func newTrials(zone string) *trials {
	return &trials{file: &mapping.File{Zone: zone, Source: mapping.End{Kind: mapping.HL7v2}, Target: mapping.End{Kind: mapping.JSON}}, steps: map[string]*mapping.Steps{}, known: map[[2]string]string{}}
}

// maxTrials is how many results are kept.
const maxTrials = 2_000_000

// apply gives what functions make of a text, "" for nothing.
func (t *trials) apply(steps []mapping.Step, text string) string {
	if len(steps) == 0 || text == "" {
		return text
	}
	var name strings.Builder
	for _, s := range steps {
		name.WriteString(s.String())
		name.WriteByte('|')
	}
	k := [2]string{name.String(), text}
	if out, ok := t.known[k]; ok {
		return out
	}
	s := t.steps[k[0]]
	if s == nil {
		var err error
		if s, err = mapping.CompileSteps(t.file, steps); err != nil {
			return "" // arguments that a function does not take prove nothing
		}
		t.steps[k[0]] = s
	}
	out := ""
	if list, _ := s.Apply(text); len(list) > 0 {
		out = list[0]
	}
	if len(t.known) < maxTrials {
		t.known[k] = out
	}
	return out
}

// step is a function with its arguments.
func step(name string, args ...string) mapping.Step { return mapping.Step{Name: name, Args: args} }

// plainSteps are the functions without arguments that are tried, with what they are for.
var plainSteps = []struct {
	name string
	kind Kind
}{
	{"trim", Convert}, {"upper", Convert}, {"lower", Convert}, {"title_case", Convert}, {"normalise_space", Convert}, {"digits", Convert},
	{"date", Date}, {"hl7_date", Date}, {"hl7_datetime", Date}, {"datetime", Date}, {"instant", Date}, {"utc", Date}, {"time", Date},
	{"ssn", Convert}, {"phone", Convert}, {"zip", Convert}, {"boolean", Convert}, {"number", Convert}, {"integer", Convert}, {"ascii", Convert}, {"system_uri", Convert}, {"oid_uri", Convert},
}

// datePatterns are the forms of dates that are tried, with what tells them.
var datePatterns = []string{"YYYYMMDD", "YYYY-MM-DD", "MM/DD/YYYY", "MMDDYYYY", "DD.MM.YYYY", "DD/MM/YYYY", "DDMMYYYY", "MM-DD-YYYY", "YYYY/MM/DD", "DD-MMM-YYYY", "MM/DD/YY", "YYMMDD",
	"YYYYMMDDHHmmSS", "YYYYMMDDHHmm", "YYYY-MM-DD HH:mm:SS", "YYYY-MM-DD HH:mm", "YYYY-MM-DDTHH:mm:SS", "MM/DD/YYYY HH:mm", "MM/DD/YYYY HH:mm:SS", "HH:mm", "HHmm", "YYYY", "MM/YYYY", "YYYYMM"}

// dated are the patterns that a text may be written in: those of its length and signs.
func dated(text string) (list []string) {
	digits := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits++
		}
	}
	if digits < 4 || len(text) > 19 {
		return nil
	}
next:
	for _, p := range datePatterns {
		if len(p) != len(text) {
			continue
		}
		for i := range len(p) {
			letter := p[i] >= 'A' && p[i] <= 'Z' && p[i] != 'T' || p[i] == 'm'
			digit := text[i] >= '0' && text[i] <= '9'
			month := strings.Contains(p, "MMM") && i >= strings.Index(p, "MMM") && i < strings.Index(p, "MMM")+3
			if month {
				continue
			}
			if letter != digit || !letter && p[i] != text[i] {
				continue next
			}
		}
		list = append(list, p)
	}
	return list
}
