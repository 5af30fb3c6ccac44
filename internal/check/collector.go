package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// collector gathers findings and keeps each code within its limit.
type collector struct {
	options  Options
	limit    int
	found    []entry
	counts   [maxCodes]int // by Description.index
	overflow [maxCodes]int // offset of the first finding left out
	scratch  Finding       // takes what is over the limit
	m        *hl7.Message  // for the rules of options; nil outside of messages
}

type entry struct {
	Finding
	about *Description
}

func newCollector(o Options) collector {
	limit := o.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	return collector{options: o, limit: limit}
}

// add records a finding. The text is written only if the finding is kept. The
// caller may change severity and repair of what is returned, until the next
// call.
func (c *collector) add(d *Description, path string, offset, length int, format string, args ...any) *Finding {
	f := c.say(d, path, offset, length, format)
	if len(args) > 0 && f != &c.scratch {
		f.Text = fmt.Sprintf(format, args...)
	}
	return f
}

// say is add for a text that is written already: what most messages have some
// of is put together without the formatter.
func (c *collector) say(d *Description, path string, offset, length int, text string) *Finding {
	if r := c.options.Rules; r != nil && c.m != nil && !d.root && r.Agrees(c.m, Finding{Code: d.Code, Severity: d.Severity, Path: path, Offset: offset, Length: length}) {
		c.scratch = Finding{}
		return &c.scratch
	}
	n := c.counts[d.index] + 1
	if c.counts[d.index] = n; n > c.limit {
		if n == c.limit+1 {
			c.overflow[d.index] = offset
		}
		return &c.scratch
	}
	c.found = append(c.found, entry{about: d, Finding: Finding{
		Code: d.Code, Severity: d.Severity, Path: path, Offset: offset, Length: length, Text: text,
	}})
	return &c.found[len(c.found)-1].Finding
}

// agreed adds what the rules on top of the standard say.
func (c *collector) agreed() {
	if c.options.Rules == nil {
		return
	}
	for _, f := range c.options.Rules.Apply(c.m) {
		c.found = append(c.found, entry{about: byRules, Finding: f})
	}
}

// byRules stands for the codes of rules, which have descriptions of their own.
var byRules = &Description{}

// maxCodes is the room for codes; declaring more fails at once.
const maxCodes = 128

// full reports whether another finding of the code would only be counted.
func (c *collector) full(d *Description) bool { return c.counts[d.index] >= c.limit }

// has reports whether the code was found.
func (c *collector) has(d *Description) bool { return c.counts[d.index] > 0 }

// result returns the findings, root causes first, then by place, and one line
// for each code that went over its limit.
func (c *collector) result() []Finding {
	for _, d := range descriptions {
		if more := c.counts[d.index] - c.limit; more > 0 {
			c.found = append(c.found, entry{about: d, Finding: Finding{
				Code: d.Code, Severity: d.Severity, Offset: c.overflow[d.index],
				Text: fmt.Sprintf("And %d more of the same kind from here on.", more),
			}})
		}
	}
	slices.SortStableFunc(c.found, func(a, b entry) int {
		if a.about.root != b.about.root {
			if a.about.root {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Offset, b.Offset)
	})
	out := make([]Finding, 0, len(c.found))
	for _, e := range c.found {
		if e.Severity >= c.options.Minimum {
			out = append(out, e.Finding)
		}
	}
	return out
}

// place is where a value stands; it becomes a path only in a finding.
type place struct {
	segment                  hl7.Segment
	field, rep, comp, subcmp int // 0 = not that deep
}

// String is the canonical path, empty within a line that is no segment. It is
// the shortest that names the bytes: a field without components is not called
// by its first component. The cursor follows the same rule, see
// hl7.Message.Locate.
func (p place) String() string {
	if p.segment.Name() == "" {
		return ""
	}
	if p.comp == 1 || p.subcmp == 1 {
		v := p.segment.Field(p.field).Repetition(max(p.rep, 1))
		if p.subcmp == 1 && v.Component(max(p.comp, 1)).Subcomponents() <= 1 {
			p.subcmp = 0
		}
		if p.comp == 1 && p.subcmp == 0 && v.Components() <= 1 {
			p.comp = 0
		}
	}
	return hl7.Path{
		Segment: p.segment.Name(), Occurrence: p.segment.Occurrence(),
		Field: p.field, Repetition: p.rep, Component: p.comp, Subcomponent: p.subcmp,
	}.String()
}

// maxQuote is how many characters of a value a finding shows.
const maxQuote = 40

// quote shortens a value for a sentence and makes control characters visible.
// It is the raw text: what was sent is the evidence.
func quote(raw []byte) string {
	if len(raw) <= maxQuote && plainText(raw) {
		return string(raw)
	}
	out := make([]rune, 0, maxQuote)
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		i += n
		switch {
		case r == utf8.RuneError && n == 1:
			r = '\uFFFD'
		case r < 0x20:
			r += 0x2400 // the control pictures
		case r == 0x7F:
			r = '\u2421'
		}
		if len(out) == maxQuote {
			out[maxQuote-1] = '…'
			break
		}
		out = append(out, r)
	}
	return string(out)
}

// plainText reports text of which every byte is a character that shows.
func plainText(raw []byte) bool {
	for _, b := range raw {
		if b < 0x20 || b >= 0x7F {
			return false
		}
	}
	return true
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
