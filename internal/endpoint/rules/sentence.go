package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/check"
)

// Sentence is the rule in one line: when PID-3.1 is not in "EHR" → AE "unknown MRN".
func (r Rule) Sentence() string {
	then := r.Then.Sentence()
	for _, f := range r.Faults {
		if !f.Off {
			then += ", " + f.Sentence()
		}
	}
	return r.When.Sentence() + " → " + then
}

// Sentence is what holds when no condition is given, too: "always".
func (w When) Sentence() string {
	var parts []string
	if len(w.Types) > 0 {
		parts = append(parts, "type is "+orList(w.Types))
	}
	if len(w.Triggers) > 0 {
		parts = append(parts, "trigger is "+orList(w.Triggers))
	}
	for _, f := range w.Fields {
		parts = append(parts, f.Sentence())
	}
	if w.Finding != nil {
		parts = append(parts, w.Finding.sentence())
	}
	if w.Time != nil {
		parts = append(parts, w.Time.sentence())
	}
	if len(w.From) > 0 {
		var list []string
		for _, p := range w.From {
			list = append(list, prefixText(p))
		}
		parts = append(parts, "the client is "+orList(list))
	}
	text := "always"
	if len(parts) > 0 {
		text = "when " + strings.Join(parts, " and ")
	}
	var often []string
	if w.First > 0 {
		often = append(often, fmt.Sprintf("the first %d", w.First))
	}
	if w.Every > 1 {
		often = append(often, "every "+ordinal(w.Every))
	}
	if w.Chance > 0 {
		often = append(often, percent(w.Chance)+" of the time")
	}
	switch {
	case len(often) == 0:
	case len(parts) == 0:
		text = strings.Join(often, " and ")
	default:
		text += ", " + strings.Join(often, " and ")
	}
	return text
}

// Sentence is the test as a condition: PID-3.1 is not in "EHR".
func (f FieldTest) Sentence() string {
	verb := map[Test][2]string{
		Equals: {"is", "is not"}, Contains: {"contains", "does not contain"}, Matches: {"matches", "does not match"},
		Exists: {"is there", "is missing"}, In: {"is in", "is not in"},
	}[f.Test]
	word := verb[0]
	if f.Not {
		word = verb[1]
	}
	if f.Test == Exists {
		return f.Path.String() + " " + word
	}
	var quoted []string
	for _, v := range f.Values {
		quoted = append(quoted, strconv.Quote(v))
	}
	return f.Path.String() + " " + word + " " + orList(quoted)
}

func (f FindingTest) sentence() string {
	text := "it has a finding"
	if f.AtLeast > check.Information {
		text = "it has a finding of at least " + f.AtLeast.String()
	}
	if len(f.Codes) > 0 {
		text += " (" + orList(f.Codes) + ")"
	}
	return text
}

func (w Window) sentence() string {
	var parts []string
	if len(w.Days) > 0 {
		var days []string
		for _, d := range w.Days {
			days = append(days, d.String())
		}
		parts = append(parts, "it is "+orList(days))
	}
	if w.From != w.To {
		at := "between " + clock(w.From) + " and " + clock(w.To)
		if len(parts) == 0 {
			at = "it is " + at
		}
		parts = append(parts, at)
	}
	if len(parts) == 0 {
		return "it is any time"
	}
	return strings.Join(parts, ", ")
}

// Sentence is the action in words: AE "unknown MRN".
func (a Action) Sentence() string {
	var text string
	switch {
	case a.Code == None:
		text = "no answer"
	case a.Code == "" || a.Code == "AA":
		text = "accept"
	default:
		text = a.Code
	}
	if a.Exact && a.Code != None {
		text += " (exactly " + a.code() + ")"
	}
	if a.Text != nil {
		text += " " + strconv.Quote(a.Text.String())
	}
	for _, e := range a.Errors {
		text += ", error " + e.Code
		if e.Location != "" {
			text += " at " + e.Location
		}
	}
	if a.Reply != nil {
		text += ", with a reply of its own"
	}
	if a.Query != nil {
		text += ", answer the query" + a.Query.sentence()
	}
	if a.Forward != nil {
		text += ", forward to " + a.Forward.To
		if a.Forward.Relay {
			text += " and answer as it does"
		}
	}
	if p := a.Application; p != nil {
		text += ", application acknowledgement"
		if p.Code != "" {
			text += " " + p.Code
		}
		if p.After > 0 {
			text += " after " + span(p.After)
		}
		if p.To != "" {
			text += " to " + p.To
		}
	}
	return text
}

func (a Action) code() string {
	if a.Code == "" {
		return "AA"
	}
	return a.Code
}

func (q Query) sentence() string {
	var parts []string
	if q.Answer != "" {
		parts = append(parts, "with "+q.Answer)
	}
	switch q.Matches {
	case "none":
		parts = append(parts, "with no match")
	case "one":
		parts = append(parts, "with one match")
	case "many":
		parts = append(parts, "with several matches")
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, ", ")
}

// orList is "a, b or c".
func orList(words []string) string {
	if len(words) > 6 {
		words = append(slices.Clone(words[:5]), fmt.Sprintf("%d more", len(words)-5))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// ordinal is "10th".
func ordinal(n int) string {
	ending := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}

func percent(p float64) string {
	return strconv.FormatFloat(p*100, 'g', 4, 64) + " %"
}

// span is a duration as people write it: "2 s", "150 ms", "1 min 30 s".
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		text := fmt.Sprintf("%d min", d/time.Minute)
		if rest := d % time.Minute; rest > 0 {
			text += " " + span(rest)
		}
		return text
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'g', 6, 64) + " s"
	case d >= time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'g', 6, 64) + " ms"
	default:
		return fmt.Sprintf("%d µs", d/time.Microsecond)
	}
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d/time.Minute%60)
}
