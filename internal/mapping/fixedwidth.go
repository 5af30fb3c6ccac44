package mapping

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"trestle/internal/yamlfile"
)

// Layout says where the fields of a fixed-width file stand. It is kept as YAML beside the mapping, as it was written:
//
//	layout: 1
//	fields:
//	  - {name: mrn, length: 10}
//	  - {name: birth, length: 8}
//	  - {name: amount, start: 30, length: 9, align: right, pad: "0"}
//
// A field without start follows the one before it. Fields may lie over each other, as they do in files with several kinds of
// records: a mapping tells those apart by the conditions of its blocks.
type Layout struct {
	Length int // of a record in characters; 0 stands for the end of the last field
	// Lines says that each record is a line; otherwise the records of a file follow each other without line ends.
	Lines  bool
	Ending string // of lines that are written: "\n" or "\r\n"
	Skip   int    // lines before the first record
	Fields []LayoutField

	text []byte
}

// LayoutField is a field of a fixed-width record.
type LayoutField struct {
	Name          string
	Start, Length int // in characters; Start counts from 1
	Right         bool
	Pad           rune // what fills the field; it is taken off on reading
	Note          string
}

// maxRecord is the longest fixed-width record, and the longest line, in characters.
const maxRecord = 1 << 20

// ReadLayout reads a layout. What is wrong is told all at once, as [Problems] with lines.
func ReadLayout(b []byte) (*Layout, error) {
	l := &Layout{Lines: true, Ending: "\n", text: b}
	r := yamlfile.Reader{}
	version, lines := 0, ""
	next := 1
	if doc := r.Document(b); doc == nil && len(r.Problems) == 0 {
		return nil, Problems{{Line: 1, Text: "the file is empty; a layout begins with layout: 1"}}
	} else if doc != nil {
		r.Mapping(doc.Content[0], "a layout",
			yamlfile.Required("layout", r.Number("layout", 1, &version)),
			yamlfile.Key("title", r.Text("title", new(string))),
			yamlfile.Key("length", r.Number("length", 1, &l.Length)),
			yamlfile.Key("lines", yamlfile.Word(&r, "lines", &lines, "lf", "crlf", "none")),
			yamlfile.Key("skip", r.Number("skip", 0, &l.Skip)),
			yamlfile.Required("fields", l.fieldsReader(&r, &next)),
		)
	}
	switch lines {
	case "crlf":
		l.Ending = "\r\n"
	case "none":
		l.Lines, l.Ending = false, ""
	}
	end := 0
	for _, f := range l.Fields {
		end = max(end, f.Start+f.Length-1)
	}
	switch {
	case version > 1:
		r.Problems = append(r.Problems, yamlfile.Problem{Text: fmt.Sprintf("the layout is of version %d; this program reads version 1", version)})
	case l.Length > 0 && l.Length < end:
		r.Problems = append(r.Problems, yamlfile.Problem{Text: fmt.Sprintf("the fields reach to character %d, and the record has %d", end, l.Length)})
	case end > maxRecord || l.Length > maxRecord:
		r.Problems = append(r.Problems, yamlfile.Problem{Text: fmt.Sprintf("a record has more than %d characters", maxRecord)})
	}
	if l.Length == 0 {
		l.Length = end
	}
	if len(r.Problems) > 0 {
		r.Problems.Sort()
		list := make(Problems, len(r.Problems))
		for i, p := range r.Problems {
			list[i] = Problem{Line: p.Line, Text: p.Text}
		}
		return nil, list
	}
	return l, nil
}

// WriteTo writes the layout as it was read.
func (l *Layout) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(l.text)
	return int64(n), err
}

// Field finds a field by its name.
func (l *Layout) Field(name string) (LayoutField, bool) {
	i := slices.IndexFunc(l.Fields, func(f LayoutField) bool { return f.Name == name })
	if i < 0 {
		return LayoutField{}, false
	}
	return l.Fields[i], true
}

// Names are those of the fields, in their order.
func (l *Layout) Names() []string {
	names := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		names[i] = f.Name
	}
	return names
}

// cells cuts a record. A record that is too short gives what it has.
func (l *Layout) cells(record string) []string {
	cells := make([]string, len(l.Fields))
	ascii := len(record) == utf8.RuneCountInString(record)
	var letters []rune
	if !ascii {
		letters = []rune(record)
	}
	for i, f := range l.Fields {
		var s string
		if from := f.Start - 1; ascii {
			s = record[min(from, len(record)):min(from+f.Length, len(record))]
		} else {
			s = string(letters[min(from, len(letters)):min(from+f.Length, len(letters))])
		}
		switch {
		case f.Right:
			trimmed := strings.TrimLeft(s, string(f.Pad))
			if trimmed == "" && s != "" && f.Pad == '0' {
				trimmed = "0" // a field full of zeros is a nought
			}
			s = trimmed
		default:
			s = strings.TrimRight(s, string(f.Pad))
		}
		cells[i] = strings.TrimSpace(s)
	}
	return cells
}

// append writes a record. What is longer than its field is cut; rules warn of that when they write ([Layout.fits]).
func (l *Layout) append(dst []byte, cell func(name string) string) []byte {
	letters := make([]rune, l.Length)
	for i := range letters {
		letters[i] = ' '
	}
	for _, f := range l.Fields {
		s := []rune(strings.Map(oneLine, cell(f.Name)))
		at := letters[f.Start-1 : f.Start-1+f.Length]
		if len(s) == 0 && !blank(at) { // another field that lies here has been written
			continue
		}
		s = s[:min(len(s), f.Length)]
		for i := range at {
			at[i] = f.Pad
		}
		if len(s) == 0 {
			for i := range at {
				at[i] = ' '
			}
		} else if f.Right {
			copy(at[f.Length-len(s):], s)
		} else {
			copy(at, s)
		}
	}
	return append(append(dst, string(letters)...), l.Ending...)
}

// oneLine keeps line ends out of a record.
func oneLine(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

func blank(letters []rune) bool {
	return !slices.ContainsFunc(letters, func(r rune) bool { return r != ' ' })
}
