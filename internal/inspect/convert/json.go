package convert

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// JSON of a message:
//
//	{"structure": "ADT_A01", "segments": [
//	  {"id": "MSH", "fields": {"1": "|", "2": "^~\\&", "3": "LAB"}},
//	  {"id": "PID", "fields": {"3": [{"1": "88121", "4": "R", "5": "MR"}, {"1": "C10442"}], "8": "F"}}]}
//
// A value is a string; parts are an object by number; repetitions are an array; null is HL7's "", which deletes.

var jsonShaper = shaper{func(s string) string { return s }}

// maxNumber is the highest number of a field or part that is read. The standard's segments have below 100 fields.
const maxNumber = 10_000

// ToJSON returns a message as one JSON object, on one line or, if pretty, indented.
func ToJSON(m *hl7.Message, pretty bool) []byte {
	w := jsonWriter{pretty: pretty}
	w.message(m, nil)
	return w.out
}

// FromJSON returns the ER7 bytes of a message that is a JSON object as ToJSON writes it.
func FromJSON(b []byte) ([]byte, error) {
	d, err := documentOfJSON(b)
	if err != nil {
		return nil, err
	}
	return d.er7(jsonShaper)
}

// message writes a message; before is the framing that stands before it.
func (w *jsonWriter) message(m *hl7.Message, before []byte) {
	d := frame(m)
	w.open('{')
	if len(before) > 0 {
		w.bytes("before", before)
	}
	if structure := structureOf(m); structure != "" {
		w.pair("structure", structure)
	}
	if d.lineEnd != "" {
		w.pair("lineEnd", d.lineEnd)
	}
	if d.charset != "" {
		w.pair("charset", d.charset)
	}
	if d.whole != nil {
		w.bytes("er7", d.whole)
	}
	w.key("segments")
	w.open('[')
	for s := range jsonShaper.segments(m, &d) {
		w.item()
		w.segment(s)
		w.pass(false)
	}
	w.close(']')
	w.close('}')
}

type jsonWriter struct {
	spill
	pretty bool
	depth  int
	more   bool // the open object or array has an element already
}

func (w *jsonWriter) open(c byte) { w.out, w.more = append(w.out, c), false; w.depth++ }

func (w *jsonWriter) close(c byte) {
	broken := w.more && w.depth < 3
	w.depth--
	if broken {
		w.line()
	}
	w.out, w.more = append(w.out, c), true
}

func (w *jsonWriter) line() {
	// Below a segment everything stays on its line: that is how people read messages.
	if w.pretty && w.depth < 3 {
		w.out = append(w.out, '\n')
		for range w.depth {
			w.out = append(w.out, ' ', ' ')
		}
	}
}

func (w *jsonWriter) item() {
	if w.more {
		w.out = append(w.out, ',')
		if w.pretty && w.depth >= 3 {
			w.out = append(w.out, ' ')
		}
	}
	w.more = true
	w.line()
}

func (w *jsonWriter) key(name string) {
	w.item()
	w.text(name)
	w.out = append(w.out, ':')
	if w.pretty {
		w.out = append(w.out, ' ')
	}
}

func (w *jsonWriter) pair(name, value string) {
	w.key(name)
	w.text(value)
}

// bytes writes bytes as text, or in Base64 under the name + "Base64" where they are none.
func (w *jsonWriter) bytes(name string, b []byte) {
	if utf8.Valid(b) {
		w.pair(name, string(b))
		return
	}
	w.pair(name+"Base64", base64.StdEncoding.EncodeToString(b))
}

const hexDigits = "0123456789abcdef"

func (w *jsonWriter) text(s string) {
	w.out = append(w.out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.out = append(w.out, '\\', c)
		case c == '\n':
			w.out = append(w.out, '\\', 'n')
		case c == '\r':
			w.out = append(w.out, '\\', 'r')
		case c == '\t':
			w.out = append(w.out, '\\', 't')
		case c < ' ' || c == 0x7F:
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			w.out = append(w.out, c)
		}
	}
	w.out = append(w.out, '"')
}

func (w *jsonWriter) segment(s *segment) {
	w.open('{')
	if s.id == "" {
		w.pair("line", s.line)
	} else {
		w.pair("id", s.id)
		if len(s.fields) > 0 {
			w.key("fields")
			w.open('{')
			for _, f := range s.fields {
				w.key(strconv.Itoa(f.number))
				w.field(f)
			}
			w.close('}')
		}
		if s.trailing > 0 {
			w.key("trailing")
			w.out = strconv.AppendInt(w.out, int64(s.trailing), 10)
		}
	}
	if s.end != "" {
		w.pair("end", s.end)
	}
	if s.er7 != nil {
		w.bytes("er7", s.er7)
	}
	w.close('}')
}

func (w *jsonWriter) field(f field) {
	if len(f.reps) == 1 {
		w.node(f.reps[0])
		return
	}
	w.open('[')
	for _, r := range f.reps {
		w.item()
		w.node(r)
	}
	w.close(']')
}

func (w *jsonWriter) node(n node) {
	switch {
	case n.parts != nil:
		w.open('{')
		for i, p := range n.parts {
			if !p.empty() {
				w.key(strconv.Itoa(i + 1))
				w.node(p)
			}
		}
		w.close('}')
	case n.text == `""`:
		w.out = append(w.out, "null"...)
	default:
		w.text(n.text)
	}
}

type jsonSegment struct {
	ID        string         `json:"id"`
	Line      *string        `json:"line"`
	Fields    map[string]any `json:"fields"`
	Trailing  int            `json:"trailing"`
	End       string         `json:"end"`
	ER7       *string        `json:"er7"`
	ER7Base64 []byte         `json:"er7Base64"`
}

type jsonDocument struct {
	Before       *string       `json:"before"`
	BeforeBase64 []byte        `json:"beforeBase64"`
	LineEnd      string        `json:"lineEnd"`
	Charset      string        `json:"charset"`
	ER7          *string       `json:"er7"`
	ER7Base64    []byte        `json:"er7Base64"`
	Segments     []jsonSegment `json:"segments"`
}

func given(text *string, b []byte) []byte {
	if text != nil {
		return []byte(*text)
	}
	return b
}

func documentOfJSON(b []byte) (*document, error) {
	var j jsonDocument
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&j); err != nil {
		return nil, plainJSON(err)
	}
	if j.Segments == nil {
		return nil, errors.New(`this JSON is not a message as "trestle convert --to json" writes it: it has no "segments"`)
	}
	d := &document{before: given(j.Before, j.BeforeBase64), lineEnd: j.LineEnd, charset: j.Charset, whole: given(j.ER7, j.ER7Base64)}
	for i, js := range j.Segments {
		s, err := js.segment()
		if err != nil {
			return nil, fmt.Errorf("segment %d: %w", i+1, err)
		}
		d.segments = append(d.segments, s)
	}
	return d, nil
}

// plainJSON says where JSON is wrong, without what stands there.
func plainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("this is not JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("this JSON is not a message as \"trestle convert --to json\" writes it: near byte %d stands a %s where it cannot", kind.Offset, strings.Fields(kind.Value + " value")[0])
	}
	return errors.New("this JSON ends too early or is not JSON")
}

func (j jsonSegment) segment() (segment, error) {
	s := segment{id: j.ID, end: j.End, er7: given(j.ER7, j.ER7Base64), trailing: j.Trailing}
	if j.Line != nil {
		s.id, s.line = "", *j.Line
		return s, nil
	}
	if j.ID == "" {
		return s, errors.New(`it needs an "id", such as "PID", or a "line"`)
	}
	if j.Trailing < 0 || j.Trailing > maxNumber {
		return s, fmt.Errorf(`"trailing" must be 0 to %d`, maxNumber)
	}
	for key, v := range j.Fields {
		n, err := number(key)
		if err != nil {
			return s, err
		}
		reps, ok := v.([]any)
		if !ok {
			reps = []any{v}
		}
		f := field{number: n}
		for _, r := range reps {
			nd, err := nodeOf(r, 0)
			if err != nil {
				return s, fmt.Errorf("field %d: %w", n, err)
			}
			f.reps = append(f.reps, nd)
		}
		if len(f.reps) > 1 || len(f.reps) == 1 && !f.reps[0].empty() {
			s.fields = append(s.fields, f)
		}
	}
	sort.Slice(s.fields, func(a, b int) bool { return s.fields[a].number < s.fields[b].number })
	return s, nil
}

func number(key string) (int, error) {
	n, err := strconv.Atoi(key)
	if err != nil || n < 1 || n > maxNumber {
		return 0, fmt.Errorf("fields and parts are named by their number, 1 to %d", maxNumber)
	}
	return n, nil
}

func nodeOf(v any, level int) (node, error) {
	switch v := v.(type) {
	case nil:
		return node{text: `""`}, nil
	case string:
		return node{text: v}, nil
	case json.Number:
		return node{text: v.String()}, nil
	case map[string]any:
		if level == 2 {
			return node{}, errors.New("a subcomponent has no parts")
		}
		var n node
		for key, part := range v {
			i, err := number(key)
			if err != nil {
				return n, err
			}
			for len(n.parts) < i {
				n.parts = append(n.parts, node{})
			}
			if n.parts[i-1], err = nodeOf(part, level+1); err != nil {
				return n, err
			}
		}
		return n.tidy(), nil
	}
	return node{}, errors.New("a value is a string, null, or an object of parts; an array stands for the repetitions of a field")
}
