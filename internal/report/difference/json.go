package difference

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"

	"trestle/internal/compare"
	"trestle/internal/hl7"
)

// JSON writes one object: pairs, patterns, summary. The pairs come first because they are written as they are found.
type JSON struct {
	w     *bufio.Writer
	o     Options
	pairs int
}

// NewJSON returns a writer of JSON.
func NewJSON(w io.Writer, o Options) *JSON { return &JSON{w: bufio.NewWriterSize(w, 64<<10), o: o} }

// PairObject is a pair as JSON has it.
type PairObject struct {
	Key         string             `json:"key"`
	Type        string             `json:"type,omitempty"`
	Status      string             `json:"status"`
	Duplicate   bool               `json:"duplicate,omitempty"` // an earlier message has the same key
	LeftIndex   *int               `json:"leftIndex,omitempty"` // in its set, from 0
	RightIndex  *int               `json:"rightIndex,omitempty"`
	LeftFile    string             `json:"leftFile,omitempty"`
	RightFile   string             `json:"rightFile,omitempty"`
	Ignored     int                `json:"ignored,omitempty"` // differences that rules leave out
	Implied     int                `json:"implied,omitempty"` // set IDs that follow from others
	Differences []DifferenceObject `json:"differences"`
}

// DifferenceObject is a difference as JSON has it. A side that has nothing at the place, not even an empty value, is null.
type DifferenceObject struct {
	Kind      string  `json:"kind"`
	Path      string  `json:"path"`
	RightPath string  `json:"rightPath,omitempty"` // where it is not the same
	Left      *string `json:"left"`
	Right     *string `json:"right"`
	About     string  `json:"about,omitempty"`
	Count     int     `json:"count,omitempty"` // segments that moved together, or line ends; left out if 1
	Expected  bool    `json:"expected,omitempty"`
	Rule      string  `json:"rule,omitempty"`
	From      string  `json:"from,omitempty"` // through a mapping: the paths of the message that the value comes from
}

// Object returns a pair as JSON has it.
func Object(p *compare.Pair, mask bool) PairObject {
	o := PairObject{Key: p.Title(mask), Type: p.Type, Status: p.Status.String(), Duplicate: p.Duplicate, Differences: []DifferenceObject{}}
	if p.Left.Index >= 0 {
		o.LeftIndex = &p.Left.Index
	}
	if p.Right.Index >= 0 {
		o.RightIndex = &p.Right.Index
	}
	if !mask {
		o.LeftFile, o.RightFile = p.Left.Name, p.Right.Name
	}
	if p.Result == nil {
		return o
	}
	for i := range p.Result.Differences {
		d := &p.Result.Differences[i]
		switch d.Verdict {
		case compare.Ignored:
			o.Ignored++
			continue
		case compare.Implied:
			o.Implied++
			continue
		}
		x := DifferenceObject{Kind: d.Kind.String(), Path: d.Path, About: d.About, Expected: d.Verdict == compare.Expected, Rule: d.Rule, From: cmp.Or(d.Left.From, d.Right.From)}
		if d.Left.Path != "" && d.Right.Path != "" && d.Left.Path != d.Right.Path {
			x.RightPath = d.Right.Path
		}
		if d.Count > 1 {
			x.Count = d.Count
		}
		left, right := d.Texts(mask)
		if d.Left.State != hl7.Absent {
			x.Left = &left
		}
		if d.Right.State != hl7.Absent {
			x.Right = &right
		}
		o.Differences = append(o.Differences, x)
	}
	return o
}

// Pair implements Writer.
func (j *JSON) Pair(p *compare.Pair) error {
	if j.pairs++; j.pairs == 1 {
		j.w.WriteString("{\"pairs\":[\n")
	} else {
		j.w.WriteString(",\n")
	}
	return j.value(Object(p, j.o.Mask))
}

func (j *JSON) value(v any) error {
	e := json.NewEncoder(trimmed{j.w})
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// trimmed takes off the line end that the encoder adds.
type trimmed struct{ w *bufio.Writer }

func (t trimmed) Write(b []byte) (int, error) {
	n := len(b)
	if n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if _, err := t.w.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// SummaryObject is a summary as JSON has it.
type SummaryObject struct {
	Pairing       string              `json:"pairing"`
	Key           []string            `json:"key,omitempty"`
	Suggested     bool                `json:"suggestedKey,omitempty"`
	Pairs         int                 `json:"pairs"`
	Exact         int                 `json:"exact"`
	Same          int                 `json:"same"`
	Expected      int                 `json:"expected"`
	Different     int                 `json:"different"`
	OnlyLeft      int                 `json:"onlyLeft"`
	OnlyRight     int                 `json:"onlyRight"`
	Left          SideObject          `json:"left"`
	Right         SideObject          `json:"right"`
	Types         map[string]TypeSums `json:"types"`
	Mapping       *MappingObject      `json:"mapping,omitempty"`
	OtherPatterns int                 `json:"differencesOfOtherPatterns,omitempty"`
	Rules         []RuleObject        `json:"rules,omitempty"`
}

// RuleObject says of how many differences a rule spoke.
type RuleObject struct {
	Rule    string `json:"rule"`
	Verdict string `json:"verdict"`
	Count   int    `json:"count"`
}

// SideObject sums one side up.
type SideObject struct {
	Messages   int `json:"messages"`
	Duplicates int `json:"duplicates"` // messages whose key an earlier one has
	WithoutKey int `json:"withoutKey"`
	Skipped    int `json:"skipped"` // envelopes and pieces that are no messages
}

// MappingObject says what became of the values that a mapping made from messages.
type MappingObject struct {
	Failed  int            `json:"failed"` // messages that could not be mapped
	Values  int            `json:"values"`
	Arrived int            `json:"arrived"`
	Changed int            `json:"changed"`
	Lost    int            `json:"lost"`
	Unread  []UnreadObject `json:"unread"`
}

// UnreadObject is a path that is populated in messages and that no rule of the mapping reads.
type UnreadObject struct {
	Path     string `json:"path"`
	Messages int    `json:"messages"`
}

// TypeSums are the counts of one type of message.
type TypeSums struct {
	Exact     int `json:"exact"`
	Same      int `json:"same"`
	Expected  int `json:"expected"`
	Different int `json:"different"`
	OnlyLeft  int `json:"onlyLeft"`
	OnlyRight int `json:"onlyRight"`
}

// PatternObject is a pattern as JSON has it.
type PatternObject struct {
	Path     string          `json:"path"`
	Kind     string          `json:"kind"`
	Count    int             `json:"count"`
	Pairs    int             `json:"pairs"`
	From     string          `json:"from,omitempty"`
	Examples []ExampleObject `json:"examples"`
}

// ExampleObject is an example of a pattern as JSON has it.
type ExampleObject struct {
	Key   string `json:"key"`
	Path  string `json:"path"`
	Left  string `json:"left"`
	Right string `json:"right"`
}

// Summarise returns a summary as JSON has it.
func Summarise(s *compare.Summary) SummaryObject {
	side := func(i int) SideObject {
		return SideObject{s.Messages[i], s.Repeated[i], s.NoKey[i], s.Skipped[i]}
	}
	o := SummaryObject{
		Pairing: s.Pairing.String(), Pairs: s.Total(), Suggested: s.Suggested, Left: side(0), Right: side(1), OtherPatterns: s.Overflow,
		Exact: s.Count(compare.Exact), Same: s.Count(compare.Same), Expected: s.Count(compare.AsExpected), Different: s.Count(compare.Different),
		OnlyLeft: s.Count(compare.OnlyLeft), OnlyRight: s.Count(compare.OnlyRight), Types: map[string]TypeSums{},
	}
	if s.Pairing == compare.ByKey {
		o.Key = s.Key
	}
	if t := s.Translation; t != nil {
		o.Mapping = &MappingObject{Failed: t.Failed, Values: t.Values, Arrived: t.Arrived, Changed: t.Changed, Lost: t.Lost, Unread: []UnreadObject{}}
		for _, u := range t.Unread {
			o.Mapping.Unread = append(o.Mapping.Unread, UnreadObject(u))
		}
	}
	for _, r := range s.Rules {
		o.Rules = append(o.Rules, RuleObject{r.Rule, r.Verdict.String(), r.Count})
	}
	for _, t := range s.Types {
		c := t.Counts
		o.Types[t.Type] = TypeSums{c[compare.Exact], c[compare.Same], c[compare.AsExpected], c[compare.Different], c[compare.OnlyLeft], c[compare.OnlyRight]}
	}
	return o
}

// Close implements Writer.
func (j *JSON) Close(s *compare.Summary) error {
	if j.pairs == 0 {
		j.w.WriteString("{\"pairs\":[")
	}
	j.w.WriteString("],\n\"patterns\":[")
	for i, p := range s.Patterns {
		if i > 0 {
			j.w.WriteByte(',')
		}
		j.w.WriteByte('\n')
		o := PatternObject{Path: p.Path, Kind: p.Kind.String(), Count: p.Count, Pairs: p.Pairs, From: p.From, Examples: []ExampleObject{}}
		for _, e := range p.Examples {
			key, left, right := example(e, j.o.Mask)
			o.Examples = append(o.Examples, ExampleObject{key, e.Path, left, right})
		}
		if err := j.value(o); err != nil {
			return err
		}
	}
	j.w.WriteString("],\n\"summary\":")
	if err := j.value(Summarise(s)); err != nil {
		return err
	}
	j.w.WriteString("}\n")
	return j.w.Flush()
}
