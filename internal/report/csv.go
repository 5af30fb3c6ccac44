package report

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// CSV says how a table is written as text. The zero value is for programs: RFC 4180 with LF, every value as it is.
type CSV struct {
	// BOM writes a byte order mark first: Excel then reads UTF-8.
	BOM bool
	// Guard writes an apostrophe before text that a spreadsheet would take for a formula. It is for people; programs that
	// read the file again would read the apostrophe too.
	Guard bool
	// CRLF ends lines as RFC 4180 has it.
	CRLF bool
}

// ForSpreadsheets is CSV that a person opens by a double click.
var ForSpreadsheets = CSV{BOM: true, Guard: true, CRLF: true}

// checkEvery is how many rows are written between two looks at the context.
const checkEvery = 1024

// Write writes the sheet: the titles, then the rows.
func (c CSV) Write(ctx context.Context, w io.Writer, s Sheet) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if c.BOM {
		out.WriteString("\ufeff")
	}
	titles := make([]Cell, len(s.Columns))
	for i, column := range s.Columns {
		titles[i] = Text(column.Title)
	}
	c.row(out, titles)
	n := 0
	for row, err := range s.Rows {
		if err != nil {
			return fmt.Errorf("writing the table %s: %w", s.Name, err)
		}
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		c.row(out, row)
	}
	return out.Flush()
}

// row writes one line; errors of the writer stay in it until Flush.
func (c CSV) row(out *bufio.Writer, row []Cell) {
	for i, cell := range row {
		if i > 0 {
			out.WriteByte(',')
		}
		text := cell.text
		if c.Guard && !cell.number && isFormula(text) {
			text = "'" + text
		}
		// A lone empty value is quoted: an empty line is no row.
		if strings.ContainsAny(text, ",\"\r\n") || text != strings.TrimSpace(text) || text == "" && len(row) == 1 {
			out.WriteByte('"')
			out.WriteString(strings.ReplaceAll(text, `"`, `""`))
			out.WriteByte('"')
		} else {
			out.WriteString(text)
		}
	}
	if c.CRLF {
		out.WriteByte('\r')
	}
	out.WriteByte('\n')
}

// isFormula says whether a spreadsheet could take the text for a formula or a command (OWASP, CSV Injection). Programs
// drop blanks before they look.
func isFormula(text string) bool {
	if text == "" {
		return false
	}
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	}
	trimmed := strings.TrimLeft(text, " \u00a0\ufeff")
	if trimmed == "" {
		return false
	}
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} { // and their full-width forms
		if strings.HasPrefix(trimmed, sign) {
			return true
		}
	}
	return false
}
