package roster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"trestle/internal/job"
)

// readTable reads separated text. It streams: only the rows are kept.
func (b *builder) readTable(ctx context.Context, br *bufio.Reader, s Spec, p *job.Progress) error {
	in, known, err := b.charset(br, s.Charset)
	if err != nil {
		return err
	}
	text := bufio.NewReaderSize(in, 1<<16)
	head, err := text.Peek(1 << 15)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		if _, err := text.Discard(3); err != nil {
			return err
		}
		head = head[3:]
	}
	comma := separator(head)
	if s.Separator == "tab" {
		comma = '\t'
	} else if s.Separator != "" {
		comma, _ = utf8.DecodeRuneInString(s.Separator)
	}
	c := csv.NewReader(text)
	c.Comma = comma
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	c.ReuseRecord = true
	legacy := 0
	for n := 0; ; n++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			b.bad(broken.Line, row, "its quotes do not end: "+broken.Err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the table: %w", err)
		}
		if n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Set(c.InputOffset())
		}
		if !known {
			legacy += repair(row)
		}
		line, _ := c.FieldPos(0)
		if b.r.Columns == nil {
			if b.heading(row, s.NoHeading) {
				continue
			}
		}
		b.add(line, row)
	}
	if legacy > 0 {
		b.r.Notes = append(b.r.Notes, fmt.Sprintf("%d cells are not UTF-8; they were read as windows-1252. Say another in the specification (charset) if names look wrong.", legacy))
	}
	return nil
}

// charset wraps the reader so that it gives UTF-8. known is whether the character set is certain.
func (b *builder) charset(br *bufio.Reader, name string) (r io.Reader, known bool, err error) {
	if name != "" {
		e, err := htmlindex.Get(name)
		if err != nil {
			return nil, false, fmt.Errorf("charset %q is not known: use names such as utf-8, windows-1252, iso-8859-15, utf-16", name)
		}
		return e.NewDecoder().Reader(br), true, nil
	}
	head, _ := br.Peek(512)
	var wide encoding.Encoding
	zeros := [2]int{}
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), zeros[1] > len(head)/4:
		wide = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		if !bytes.HasPrefix(head, []byte("\xff\xfe")) {
			wide = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		}
	case bytes.HasPrefix(head, []byte("\xfe\xff")), zeros[0] > len(head)/4:
		wide = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	default:
		return br, false, nil
	}
	b.r.Notes = append(b.r.Notes, "The file is UTF-16.")
	return wide.NewDecoder().Reader(br), true, nil
}

// repair reads cells that are not UTF-8 as windows-1252, and returns their number.
func repair(row []string) int {
	n := 0
	for i, c := range row {
		if utf8.ValidString(c) {
			continue
		}
		if t, err := charmap.Windows1252.NewDecoder().String(c); err == nil {
			row[i] = t
			n++
		}
	}
	return n
}

// separator chooses the character that parts most lines into the same number of cells.
func separator(head []byte) rune {
	best, score := ',', 0
	for _, sep := range []byte{',', '\t', ';', '|', '^', '~'} {
		counts := map[int]int{}
		n, quoted := 0, false
		lines := 0
		for _, c := range head {
			switch {
			case c == '"':
				quoted = !quoted
			case c == sep && !quoted:
				n++
			case c == '\n' && !quoted:
				counts[n]++
				lines++
				n = 0
			}
		}
		if lines == 0 {
			counts[n]++
		}
		for n, times := range counts {
			if v := times * min(n, 50); n > 0 && v > score {
				best, score = rune(sep), v
			}
		}
	}
	return best
}

// heading takes the first row as the names of the columns, unless it is data itself. It says whether the row is used up.
func (b *builder) heading(row []string, none bool) bool {
	known, data := 0, 0
	for _, c := range row {
		if _, ok := roleOfHeading[heading(c)]; ok {
			known++
		}
		digits, _, _ := count(c)
		if digits >= 4 {
			data++
		}
	}
	if known == 0 && data > 0 && !none {
		none = true
		b.r.Notes = append(b.r.Notes, "The first row looks like data, so the columns have no names; give them roles as \"column 1\" and so on.")
	}
	names := map[string]int{}
	for i, c := range row {
		name := strings.TrimSpace(strings.Clone(c))
		if none || name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		names[name]++
		if n := names[name]; n > 1 {
			name = fmt.Sprintf("%s (%d)", name, n)
		}
		b.r.Columns = append(b.r.Columns, Column{Name: name})
	}
	return !none
}
