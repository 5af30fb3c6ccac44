package mappaper

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// Samples collects from messages what a specification says of them. It is made by [NewSamples] and not for several
// goroutines.
type Samples struct {
	e        *mapping.Engine
	coverage *mapping.Coverage
	codes    map[string]map[string]int // by table and key
	messages map[string]int
	steps    map[string][]string // by rule: the table that its n-th function looks in
	examples map[string]example  // by rule: of the first message in which it wrote something
}

// example is what a rule read and wrote once.
type example struct{ before, after []string }

// maxCodes is how many different keys of a table are counted.
const maxCodes = 5000

// NewSamples makes an empty collection for a mapping.
func NewSamples(e *mapping.Engine) *Samples {
	s := &Samples{e: e, coverage: mapping.NewCoverage(e), codes: map[string]map[string]int{}, messages: map[string]int{}, steps: map[string][]string{}, examples: map[string]example{}}
	e.File().Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			r := &b.Rules[i]
			for n, step := range r.Do {
				if table := lookedUp(step); table != "" {
					list := s.steps[r.ID]
					for len(list) <= n {
						list = append(list, "")
					}
					list[n] = table
					s.steps[r.ID] = list
				}
			}
		}
	})
	return s
}

// lookedUp is the table that a function looks in, "" for every other function.
func lookedUp(s mapping.Step) string {
	switch s.Name {
	case "lookup", "concept", "coded", "known":
		if len(s.Args) > 0 {
			return s.Args[0]
		}
	}
	return ""
}

// Add maps one message and takes it into the account. Its error is that of the message; others can follow.
func (s *Samples) Add(ctx context.Context, rec mapping.Record) error {
	if err := s.coverage.Add(ctx, rec); err != nil {
		return err
	}
	if name := messageType(s.e.File().Source.Kind, rec.Bytes); name != "" {
		s.messages[name]++
	}
	_, traces, err := s.e.TraceRecord(ctx, rec)
	if err != nil {
		return err
	}
	for i := range traces {
		s.count(&traces[i])
		s.example(&traces[i])
	}
	return nil
}

// count counts the keys that the lookups of a rule were asked for: what the function before them made, or the sources.
func (s *Samples) count(t *mapping.Trace) {
	tables := s.steps[t.Rule]
	if len(tables) == 0 || t.Skipped != "" {
		return
	}
	var before []string
	for _, in := range t.Inputs {
		for _, v := range in.Values {
			before = append(before, firstPart(v.Text))
		}
	}
	n := 0
	for _, step := range t.Steps {
		if step.Function != "formula" {
			if n < len(tables) && tables[n] != "" {
				s.keys(tables[n], before)
			}
			n++
		}
		before = step.Values
	}
}

// firstPart is what a lookup reads of a field with components: the first.
func firstPart(text string) string {
	text, _, _ = strings.Cut(text, "^")
	text, _, _ = strings.Cut(text, "&")
	return text
}

func (s *Samples) keys(table string, keys []string) {
	counts := s.codes[table]
	if counts == nil {
		counts = map[string]int{}
		s.codes[table] = counts
	}
	for _, k := range keys {
		if _, known := counts[k]; k != "" && (known || len(counts) < maxCodes) {
			counts[k]++
		}
	}
}

// example keeps what a rule read and wrote, of the first message in which it wrote something.
func (s *Samples) example(t *mapping.Trace) {
	if _, has := s.examples[t.Rule]; has || !t.Fired() {
		return
	}
	var x example
	for _, in := range t.Inputs {
		for _, v := range in.Values {
			if v.Text != "" && len(x.before) < maxExample {
				x.before = append(x.before, v.Text)
			}
		}
	}
	x.after = slices.Clone(t.Output[:min(len(t.Output), maxExample)])
	s.examples[t.Rule] = x
}

// maxExample is how many values of one rule are shown.
const maxExample = 3

// messageType is the type and trigger event of an HL7 v2 message, "" for other kinds.
func messageType(kind mapping.Kind, b []byte) string {
	if kind != mapping.HL7v2 {
		return ""
	}
	m := hl7.Parse(b)
	parts := make([]string, 0, 2)
	for _, path := range []string{"MSH-9.1", "MSH-9.2"} {
		if text := m.Get(hl7.MustPath(path)).Text(); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "^")
}

// Report is the coverage of the mapping by the samples so far.
func (s *Samples) Report() *mapping.Report { return s.coverage.Report() }

// counted is a name with how often it came.
type counted struct {
	name string
	n    int
}

// byCount sorts the most frequent first, and by name.
func byCount(counts map[string]int) []counted {
	list := make([]counted, 0, len(counts))
	for name, n := range counts {
		list = append(list, counted{name, n})
	}
	slices.SortFunc(list, func(a, b counted) int { return cmp.Or(b.n-a.n, strings.Compare(a.name, b.name)) })
	return list
}
