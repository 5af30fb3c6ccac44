package report

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of Excel.
const (
	maxRows      = 1_048_576
	maxCellChars = 32_767
	maxSheetName = 31
)

// Book is a workbook. Writing it twice gives the same bytes.
type Book struct {
	Title  string
	Author string
	// Made is written into the document's properties; the zero time leaves it out.
	Made   time.Time
	Sheets []Sheet
	// Print sets the sheets up for printing: A4 or Letter across, one page wide, headings and numbers on every page.
	Print  bool
	Letter bool
}

// WriteXLSX streams the workbook (ECMA-376, SpreadsheetML) to w. All text is inline strings in cells of the format Text,
// so that nothing is a formula and no identifier is a number. A sheet with more rows than Excel can have goes on in the
// next one. Text longer than a cell may hold is cut, and says so.
//
// The writer is our own because excelize puts sheets of more than 16 MB into unencrypted temporary files.
func (b Book) WriteXLSX(ctx context.Context, w io.Writer) error {
	x := &xlsx{zip: zip.NewWriter(w), used: map[string]bool{}, limit: maxRows, print: b.Print, letter: b.Letter}
	for _, s := range b.Sheets {
		if err := x.sheet(ctx, s); err != nil {
			return err
		}
	}
	if len(x.names) == 0 {
		return fmt.Errorf("the workbook %s has no sheets", b.Title)
	}
	if err := x.parts(b); err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	if err := x.zip.Close(); err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	return nil
}

// xlsx is one workbook on its way out.
type xlsx struct {
	zip   *zip.Writer
	names []string
	used  map[string]bool // names in small letters: Excel wants them different
	limit int             // rows of a sheet, with its heading

	print, letter bool
}

// sheet writes the table, over several sheets if it has to.
func (x *xlsx) sheet(ctx context.Context, s Sheet) error {
	page := &sheetPage{x: x, sheet: s}
	if err := page.open(); err != nil {
		return err
	}
	n := 0
	for row, err := range s.Rows {
		if err != nil {
			return fmt.Errorf("writing the sheet %s: %w", s.Name, err)
		}
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		n++
		if page.row == x.limit {
			if err := page.close(); err != nil {
				return err
			}
			if err := page.open(); err != nil {
				return err
			}
		}
		page.write(row, 0)
	}
	return page.close()
}

// sheetPage is one worksheet part.
type sheetPage struct {
	x     *xlsx
	sheet Sheet
	out   *bufio.Writer
	row   int // the last one that was written
	names []string
}

// column is the name of a column; they are made once.
func (p *sheetPage) column(i int) string {
	for len(p.names) <= i {
		p.names = append(p.names, columnName(len(p.names)))
	}
	return p.names[i]
}

func (p *sheetPage) open() error {
	name := p.x.name(p.sheet.Name)
	p.x.names = append(p.x.names, name)
	part, err := p.x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(p.x.names)))
	if err != nil {
		return fmt.Errorf("writing the sheet %s: %w", name, err)
	}
	p.out, p.row = bufio.NewWriterSize(part, 1<<16), 0
	p.out.WriteString(xmlHead + `<worksheet xmlns="` + mainNamespace + `">`)
	if p.x.print {
		p.out.WriteString(`<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>`)
	}
	p.out.WriteString(`<sheetViews><sheetView workbookViewId="0"`)
	if len(p.x.names) == 1 {
		p.out.WriteString(` tabSelected="1"`)
	}
	p.out.WriteString(`><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>`)
	if len(p.sheet.Columns) > 0 {
		p.out.WriteString("<cols>")
		for i, c := range p.sheet.Columns {
			fmt.Fprintf(p.out, `<col min="%d" max="%d" width="%s" style="%d" customWidth="1"/>`, i+1, i+1, strconv.FormatFloat(c.width(), 'f', -1, 64), styleText)
		}
		p.out.WriteString("</cols>")
	}
	p.out.WriteString("<sheetData>")
	titles := make([]Cell, len(p.sheet.Columns))
	for i, c := range p.sheet.Columns {
		titles[i] = Text(c.Title)
	}
	p.write(titles, styleHeading)
	return nil
}

// Styles of cells, as styles.xml numbers them.
const (
	styleText    = 1
	styleHeading = 2
	styleWrapped = 3
	styleTop     = 4 // of numbers beside wrapped text
)

// write writes one row; errors of the writer stay in it until close.
func (p *sheetPage) write(row []Cell, style int) {
	p.row++
	if style == 0 {
		style = styleText
		if p.sheet.Wrap {
			style = styleWrapped
		}
	}
	number := strconv.Itoa(p.row)
	p.out.WriteString(`<row r="`)
	p.out.WriteString(number)
	p.out.WriteString(`">`)
	for i, c := range row {
		if c.text == "" {
			continue
		}
		p.out.WriteString(`<c r="`)
		p.out.WriteString(p.column(i))
		p.out.WriteString(number)
		if c.number {
			if p.sheet.Wrap {
				p.out.WriteString(`" s="` + strconv.Itoa(styleTop))
			}
			p.out.WriteString(`"><v>`)
			p.out.WriteString(c.text)
			p.out.WriteString(`</v></c>`)
			continue
		}
		p.out.WriteString(`" s="`)
		p.out.WriteByte(byte('0' + style))
		p.out.WriteString(`" t="inlineStr"><is><t xml:space="preserve">`)
		writeText(p.out, c.text)
		p.out.WriteString(`</t></is></c>`)
	}
	p.out.WriteString("</row>")
}

func (p *sheetPage) close() error {
	p.out.WriteString("</sheetData>")
	if n := len(p.sheet.Columns); n > 0 {
		fmt.Fprintf(p.out, `<autoFilter ref="A1:%s%d"/>`, columnName(n-1), p.row)
	}
	if p.x.print {
		p.out.WriteString(`<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/><pageSetup paperSize="` + paperSize(p.x.letter) +
			`" orientation="landscape" fitToWidth="1" fitToHeight="0"/><headerFooter><oddFooter>&amp;L&amp;A&amp;RPage &amp;P of &amp;N</oddFooter></headerFooter>`)
	}
	p.out.WriteString("</worksheet>")
	if err := p.out.Flush(); err != nil {
		return fmt.Errorf("writing the sheet %s: %w", p.sheet.Name, err)
	}
	return nil
}

// paperSize is the number that Excel has for A4 and Letter.
func paperSize(letter bool) string {
	if letter {
		return "1"
	}
	return "9"
}

// name makes a name that Excel takes and that no other sheet has.
func (x *xlsx) name(wanted string) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`\/?*[]:`, r) || r < ' ' {
			return ' '
		}
		return r
	}, wanted)
	clean = strings.Trim(clean, " '")
	if clean == "" {
		clean = "Sheet"
	}
	name := cutRunes(clean, maxSheetName)
	for n := 2; x.used[strings.ToLower(name)]; n++ {
		suffix := fmt.Sprintf(" (%d)", n)
		name = cutRunes(clean, maxSheetName-len(suffix)) + suffix
	}
	x.used[strings.ToLower(name)] = true
	return name
}

func cutRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}

// columnName is A for 0, Z for 25, AA for 26.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

const cutMark = " … (cut: a cell holds no more)"

// writeText writes text as XML. Characters that XML 1.0 cannot hold are written as _xHHHH_ (ECMA-376 part 1, 22.4.2.4),
// and text that looks like that is kept apart from it.
func writeText(out *bufio.Writer, text string) {
	if len(text) > maxCellChars {
		text = fitCell(text)
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '&':
			out.WriteString("&amp;")
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case r == utf8.RuneError && size == 1:
			out.WriteString("\ufffd")
		case r == '\r', r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
			fmt.Fprintf(out, "_x%04X_", r)
		case r == '_' && looksEscaped(text[i:]):
			out.WriteString("_x005F_")
		default:
			out.WriteString(text[i : i+size])
		}
		i += size
	}
}

// fitCell cuts text to what a cell holds, counted as Excel counts: in UTF-16.
func fitCell(text string) string {
	units := func(r rune) int {
		if r > 0xffff {
			return 2
		}
		return 1
	}
	n, at := 0, len(text)
	room := maxCellChars - utf8.RuneCountInString(cutMark)
	for i, r := range text {
		if n += units(r); n <= room {
			at = i + utf8.RuneLen(max(r, 0))
		}
	}
	if n <= maxCellChars {
		return text
	}
	return text[:min(at, len(text))] + cutMark
}

func looksEscaped(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}
