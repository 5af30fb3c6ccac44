package mapping

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"trestle/internal/fhir"
)

// HasRows says whether a file of this kind is a list of rows: CSV or fixed width.
func (k Kind) HasRows() bool { return k == CSV || k == FixedWidth }

// charset is the encoding that an end names, nil for UTF-8.
func (e *End) charset() (encoding.Encoding, error) {
	switch name := strings.ToLower(e.Encoding); name {
	case "", "utf-8", "utf8":
		return nil, nil
	default:
		enc, err := htmlindex.Get(name)
		if err != nil {
			return nil, fmt.Errorf("the encoding %q is not known; write for example utf-8, windows-1252, iso-8859-1 or utf-16le", shorten(e.Encoding))
		}
		return enc, nil
	}
}

// delimiter is the sign between the cells of CSV.
func (e *End) delimiter() (rune, error) {
	switch e.Delimiter {
	case "":
		return ',', nil
	case "tab", `\t`:
		return '\t', nil
	}
	r, size := utf8.DecodeRuneInString(e.Delimiter)
	if size != len(e.Delimiter) || r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError {
		return 0, fmt.Errorf(`the delimiter %q is not one sign; write for example ";", "|" or "tab"`, shorten(e.Delimiter))
	}
	return r, nil
}

// rowProblems are the faults of an end that has rows.
func (e *End) rowProblems() (list []string) {
	if _, err := e.charset(); err != nil {
		list = append(list, err.Error())
	}
	if _, err := e.delimiter(); err != nil {
		list = append(list, err.Error())
	}
	switch {
	case e.Kind == FixedWidth && e.Fields == nil:
		list = append(list, `fixed-width files need their layout, as in layout: "layout.yaml"; load the mapping with it`)
	case e.Kind != FixedWidth && e.Layout != "":
		list = append(list, "a layout is for kind: fixed-width only")
	case e.Kind != CSV && (e.Delimiter != "" || e.NoHeader):
		list = append(list, "delimiter and header are for kind: csv only")
	case !e.Kind.HasRows() && e.Encoding != "":
		list = append(list, "encoding is for kind: csv and fixed-width; the others say by themselves how they are encoded")
	}
	return list
}

// decoded reads a stream as UTF-8, without a byte order mark.
func (e *End) decoded(in io.Reader) (*bufio.Reader, error) {
	enc, err := e.charset()
	if err != nil {
		return nil, err
	}
	if enc != nil {
		in = enc.NewDecoder().Reader(in)
	}
	b := bufio.NewReaderSize(in, 64<<10)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, err = b.Discard(3)
		return b, err
	}
	return b, nil
}

// rows reads the rows of CSV or of a fixed-width file as objects, one at a time.
func (e *End) rows(ctx context.Context, in io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		b, err := e.decoded(in)
		if err != nil {
			yield(Record{}, err)
			return
		}
		names, next, err := e.cells(b)
		if err != nil {
			yield(Record{}, err)
			return
		}
		for n := 1; ; n++ {
			line, cells, err := next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = ctx.Err()
			}
			if err == nil && !allValid(cells) {
				err = fmt.Errorf("line %d is not in %s; say at the source which encoding the file has, as in encoding: \"windows-1252\"", line, e.encodingName())
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			root := rowNode(*names, cells)
			if !yield(Record{Number: n, Bytes: fhir.AppendJSON(nil, root), root: root}, nil) {
				return
			}
		}
	}
}

func (e *End) encodingName() string {
	if e.Encoding == "" {
		return "UTF-8"
	}
	return e.Encoding
}

func allValid(cells []string) bool {
	for _, c := range cells {
		if !utf8.ValidString(c) || strings.ContainsRune(c, utf8.RuneError) {
			return false
		}
	}
	return true
}

// cells prepares the reading of rows: the names of the columns, which can grow where nobody names them, and what gives the
// next row with its line. The error io.EOF of next is the end.
func (e *End) cells(b *bufio.Reader) (names *[]string, next func() (line int, cells []string, err error), err error) {
	if e.Kind == FixedWidth {
		if e.Fields == nil {
			return nil, nil, errors.New("the layout of the file is not loaded")
		}
		list := e.Fields.Names()
		next, err := e.Fields.reader(b)
		return &list, next, err
	}
	comma, err := e.delimiter()
	if err != nil {
		return nil, nil, err
	}
	c := csv.NewReader(b)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = comma, -1, true
	list := e.Columns
	if !e.NoHeader {
		if list, err = c.Read(); errors.Is(err, io.EOF) {
			list, err = nil, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the line of names: %w", err)
		}
	}
	names = &list
	return names, func() (int, []string, error) {
		cells, err := c.Read()
		if err != nil {
			return 0, nil, err
		}
		for i := len(*names); e.NoHeader && i < len(cells); i++ {
			*names = append((*names)[:i:i], fmt.Sprintf("column %d", i+1))
		}
		line, _ := c.FieldPos(0)
		return line, cells, nil
	}, nil
}

// reader reads the records of a fixed-width file. Empty lines are no records.
func (l *Layout) reader(b *bufio.Reader) (func() (int, []string, error), error) {
	line := 0
	if !l.Lines {
		return func() (int, []string, error) {
			line++
			letters := make([]rune, 0, l.Length)
			for len(letters) < l.Length {
				r, _, err := b.ReadRune()
				if errors.Is(err, io.EOF) && len(strings.TrimSpace(string(letters))) > 0 {
					return line, nil, fmt.Errorf("the last record, number %d, has %d characters and the layout says %d", line, len(letters), l.Length)
				}
				if err != nil {
					return line, nil, err
				}
				letters = append(letters, r)
			}
			return line, l.cells(string(letters)), nil
		}, nil
	}
	return func() (int, []string, error) {
		for {
			text, err := readLine(b)
			if err != nil {
				return line, nil, err
			}
			if line++; line > l.Skip && strings.Trim(text, " \t\x1a\x00") != "" {
				return line, l.cells(text), nil
			}
		}
	}, nil
}

// readLine reads a line without its end; a file that does not end with a line end has a last line too.
func readLine(b *bufio.Reader) (string, error) {
	var text []byte
	for {
		part, err := b.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > 4*maxRecord:
			return "", fmt.Errorf("a line has more than %d characters; files without line ends say lines: none in their layout", maxRecord)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0, err == nil:
			return strings.TrimRight(string(text), "\r\n"), nil
		default:
			return "", err
		}
	}
}

func rowNode(names, cells []string) *fhir.Node {
	root := fhir.NewObject()
	for i, name := range names {
		if i < len(cells) {
			root.Children = append(root.Children, fhir.NewString(cells[i]).Named(name))
		}
	}
	return root
}

// oneRow reads the first row of a file.
func (e *End) oneRow(ctx context.Context, b []byte) ([]byte, *fhir.Node, error) {
	for rec, err := range e.rows(ctx, bytes.NewReader(b)) {
		return rec.Bytes, rec.root, err
	}
	return nil, nil, errors.New("the file has no row")
}

// appendRows writes rows in the form of the target.
func (f *File) appendRows(dst []byte, rows []*fhir.Node) ([]byte, error) {
	e := &f.Target
	from := len(dst)
	if e.Kind == FixedWidth {
		for _, row := range rows {
			dst = e.Fields.append(dst, func(name string) string { return cellText(row, name) })
		}
		return e.encode(dst, from)
	}
	columns := f.Columns()
	line := make([]string, len(columns))
	lines := make([][]string, 0, len(rows))
	for _, row := range rows {
		for i, name := range columns {
			line[i] = cellText(row, name)
		}
		lines = append(lines, append([]string(nil), line...))
	}
	return f.appendCSV(dst, from, lines)
}

func (f *File) appendCSV(dst []byte, from int, lines [][]string) ([]byte, error) {
	comma, err := f.Target.delimiter()
	if err != nil {
		return dst, err
	}
	b := bytes.NewBuffer(dst)
	w := csv.NewWriter(b)
	w.Comma = comma
	if err := w.WriteAll(lines); err != nil {
		return dst, err
	}
	return f.Target.encode(b.Bytes(), from)
}

func cellText(row *fhir.Node, name string) string {
	if n := row.Member(name); n != nil {
		return nodeText(n)
	}
	return ""
}

// encode writes what stands behind from in the encoding of the end.
func (e *End) encode(dst []byte, from int) ([]byte, error) {
	enc, err := e.charset()
	if err != nil || enc == nil {
		return dst, err
	}
	out, err := enc.NewEncoder().Bytes(dst[from:])
	if err != nil {
		return dst, fmt.Errorf("a value has a letter that %s cannot write; let the rule make it plain with the function ascii, or write utf-8", e.Encoding)
	}
	return append(dst[:from], out...), nil
}

// fits is the last function of rules that write a fixed-width field: it warns of what is longer than the field.
func (f LayoutField) fits() apply {
	return func(c *call, in []value) []value {
		for i := range in {
			if n := utf8.RuneCountInString(in[i].String()); n > f.Length {
				c.warn(fmt.Sprintf("the value has %d characters and the field %s takes %d; it was cut", n, f.Name, f.Length))
			}
		}
		return in
	}
}
