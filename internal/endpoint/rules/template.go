package rules

import (
	"fmt"
	"strings"
	"time"

	"trestle/internal/hl7"
)

// Limits of a template, so that a rule can never fill the memory.
const (
	MaxTemplate = 64 << 10 // bytes of a template's text
	MaxRendered = 1 << 20  // bytes that one message can make of it; the rest is left out
)

// Template is text that quotes the message. Between {{ and }} stands a path, whose first value is put there, or one of the
// words now, today, new-id, control-id and code. {{PID-19|none}} gives what stands after the bar where there is no value.
// Nothing else is known: no loops, no conditions.
type Template struct {
	text  string
	parts []part
}

type part struct {
	literal  string
	word     string // now, today, new-id, control-id, code; empty for a path
	path     hl7.Path
	fallback string
}

var templateWords = []string{"now", "today", "new-id", "control-id", "code"}

// Quote is what a template quotes from.
type Quote struct {
	Message *hl7.Message
	Now     time.Time
	NewID   func() string // a control ID of the reply's own
	Code    string        // the acknowledgement code
}

// ParseTemplate reads a template.
func ParseTemplate(text string) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("the template has %d bytes; at most %d are taken", len(text), MaxTemplate)
	}
	t := &Template{text: text}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			t.parts = append(t.parts, part{literal: before})
		}
		if !found {
			break
		}
		inner, behind, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, fmt.Errorf("{{ without }} in %q: write {{PID-3.1}}", shorten(rest))
		}
		p, err := parsePart(inner)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, p)
		rest = behind
	}
	return t, nil
}

func parsePart(inner string) (part, error) {
	name, fallback, _ := strings.Cut(inner, "|")
	name = strings.TrimSpace(name)
	p := part{fallback: fallback}
	for _, w := range templateWords {
		if name == w {
			p.word = w
			return p, nil
		}
	}
	path, err := hl7.ParsePath(name)
	if err != nil {
		return p, fmt.Errorf("{{%s}} is neither a path nor one of %s: %w", shorten(name), strings.Join(templateWords, ", "), err)
	}
	if path.Field == 0 {
		return p, fmt.Errorf("{{%s}} names no field; write for example {{%s-1}}", shorten(name), path.Segment)
	}
	p.path = path
	return p, nil
}

// MustTemplate is ParseTemplate for templates that are written in the program; it panics on a fault.
func MustTemplate(text string) *Template {
	t, err := ParseTemplate(text)
	if err != nil {
		panic(err)
	}
	return t
}

// String is the template as it was written.
func (t *Template) String() string {
	if t == nil {
		return ""
	}
	return t.text
}

// IsMessage says that the template makes a whole message, not the segments after MSA.
func (t *Template) IsMessage() bool {
	return strings.HasPrefix(strings.TrimLeft(t.text, " \t\r\n"), "MSH")
}

// Text makes readable text: escapes in what is quoted are resolved. Who puts it into a message escapes it.
func (t *Template) Text(q Quote) string {
	if t == nil {
		return ""
	}
	if len(t.parts) == 1 && t.parts[0].word == "" && t.parts[0].path.IsZero() {
		return t.parts[0].literal
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		room := MaxRendered - b.Len()
		s := p.literal
		switch {
		case p.word != "":
			s = p.said(q)
		case !p.path.IsZero():
			if s = ""; q.Message != nil {
				if v := q.Message.Get(p.path); v.State() == hl7.Valued {
					s = v.Text()
				}
			}
		}
		if s == "" {
			s = p.fallback
		}
		b.WriteString(s[:min(len(s), room)])
	}
	return b.String()
}

// Segments makes the bytes of segments or of a whole message, each ended by CR. The template is written in the usual
// delimiters; they become those of the message, so that what is quoted fits as it stands.
func (t *Template) Segments(q Quote) []byte {
	change := delimiterChange(q.Message)
	var b []byte
	for i := range t.parts {
		p := &t.parts[i]
		var s string
		switch {
		case p.word != "":
			s = p.said(q)
		case !p.path.IsZero():
			if q.Message != nil {
				if v := q.Message.Get(p.path); v.IsPresent() {
					s = string(v.Raw())
				}
			}
		default:
			s = change.Replace(p.literal)
		}
		if s == "" {
			s = change.Replace(p.fallback)
		}
		b = append(b, s[:min(len(s), max(0, MaxRendered-len(b)))]...)
	}
	return oneCR(b)
}

var usual = strings.NewReplacer()

// delimiterChange maps the usual delimiters to those of the message.
func delimiterChange(m *hl7.Message) *strings.Replacer {
	if m == nil {
		return usual
	}
	d, s := m.Delimiters(), hl7.Standard()
	if d.Field == "" || d.Field == s.Field && d.Component == s.Component && d.Repetition == s.Repetition && d.Escape == s.Escape && d.Subcomponent == s.Subcomponent {
		return usual
	}
	var pairs []string
	for _, p := range [][2]string{{s.Field, d.Field}, {s.Component, d.Component}, {s.Repetition, d.Repetition}, {s.Escape, d.Escape}, {s.Subcomponent, d.Subcomponent}} {
		if p[1] != "" {
			pairs = append(pairs, p[0], p[1])
		}
	}
	return strings.NewReplacer(pairs...)
}

// oneCR ends every line that holds something with one CR.
func oneCR(b []byte) []byte {
	out := b[:0]
	for _, c := range b {
		if c == '\n' {
			c = '\r'
		}
		if c == '\r' && (len(out) == 0 || out[len(out)-1] == '\r') {
			continue
		}
		out = append(out, c)
	}
	if len(out) > 0 && out[len(out)-1] != '\r' {
		out = append(out, '\r')
	}
	return out
}

// said is what one of the words stands for.
func (p *part) said(q Quote) string {
	switch p.word {
	case "now":
		return q.Now.Format("20060102150405.000-0700")
	case "today":
		return q.Now.Format("20060102")
	case "new-id":
		if q.NewID != nil {
			return q.NewID()
		}
	case "code":
		return q.Code
	case "control-id":
		if q.Message != nil {
			if h, ok := q.Message.Header(); ok {
				return string(h.Field(10).Raw())
			}
		}
	}
	return ""
}
