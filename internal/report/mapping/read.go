package mappaper

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"trestle/internal/mapping"
)

// ReadOptions say how a sheet of pairs is to be read. The zero value guesses.
type ReadOptions struct {
	Sheet  string      // of a workbook; the one that names sources and targets best if not given
	Source mapping.End // its kind is guessed from the paths if not given
	Target mapping.End
	ID     string // of the mapping
	Title  string
	// MSHFromDelimiters is for specifications that call the encoding characters MSH-1, as those of some vendors do: their
	// MSH-8 is MSH-9 of the standard.
	MSHFromDelimiters bool
}

// Draft is a mapping made of a sheet of pairs, to be worked on.
type Draft struct {
	Mapping *mapping.File
	Sheet   string // that was read; "" for text
	Rows    int    // below the titles
	Rules   int
	Remarks []Remark
}

// Remark is something of a sheet that could not be taken over as it stands.
type Remark struct {
	Row  int // from 1, as the spreadsheet counts
	Text string
}

// String writes the remark with its row.
func (r Remark) String() string {
	if r.Row == 0 {
		return r.Text
	}
	return fmt.Sprintf("row %d: %s", r.Row, r.Text)
}

// maxSheet is the size in bytes of the largest sheet that is read, and of what a workbook may unpack to.
const maxSheet = 64 << 20

// maxRows is how many rows a sheet of pairs may have.
const maxRows = 50_000

// grid is a sheet as text.
type grid struct {
	name  string
	cells [][]string
}

// Read makes a first draft of a spreadsheet of pairs: an Excel workbook, CSV, or what is pasted from a spreadsheet, with tabs.
// The columns are found by their titles, wherever the table begins: a source and a target, or a segment, a field number and
// a target; further ones as [Spec.Write] has them in XLSX and CSV. Of a workbook of ours Read takes back rules, blocks, code
// tables and what is left out; it holds no comments of the YAML, and of an end neither layout nor schema, nor whether
// CSV has a line of names. What Read cannot read is kept in the note of its rule, with the status question, or named in
// [Draft.Remarks].
func Read(ctx context.Context, in io.Reader, o ReadOptions) (*Draft, error) {
	b, err := io.ReadAll(io.LimitReader(in, maxSheet+1))
	if err != nil {
		return nil, fmt.Errorf("reading the sheet: %w", err)
	}
	if len(b) > maxSheet {
		return nil, fmt.Errorf("the sheet has more than %d MB; a list of pairs is smaller: is it the right file?", maxSheet>>20)
	}
	var grids []grid
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		grids, err = readWorkbook(ctx, b)
	} else {
		grids, err = readText(b)
	}
	if err != nil {
		return nil, err
	}
	g, h, err := choose(grids, o.Sheet)
	if err != nil {
		return nil, err
	}
	d := &drafting{o: o, draft: &Draft{Sheet: g.name}, grid: g, head: h}
	return d.make(ctx, grids)
}

// readWorkbook reads all sheets of a workbook. Both limits are those of the file, so that nothing goes into temporary files.
func readWorkbook(ctx context.Context, b []byte) ([]grid, error) {
	f, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{UnzipSizeLimit: 4 * maxSheet, UnzipXMLSizeLimit: 4 * maxSheet})
	if err != nil {
		return nil, fmt.Errorf("reading the workbook: %w; save it again as .xlsx without a password, or as CSV", err)
	}
	defer f.Close()
	var grids []grid
	for _, name := range f.GetSheetList() {
		rows, err := f.Rows(name)
		if err != nil {
			continue // a chart
		}
		g := grid{name: name}
		for rows.Next() {
			if err := ctx.Err(); err != nil {
				rows.Close()
				return nil, err
			}
			row, err := rows.Columns()
			if err != nil {
				rows.Close()
				return nil, fmt.Errorf("reading row %d of the sheet %s: %w", len(g.cells)+1, name, err)
			}
			if len(g.cells) == maxRows {
				rows.Close()
				return nil, fmt.Errorf("the sheet %s has more than %d rows; a list of pairs is shorter: name another sheet", name, maxRows)
			}
			g.cells = append(g.cells, row)
		}
		err = rows.Error()
		rows.Close()
		if err != nil {
			return nil, fmt.Errorf("reading the sheet %s: %w", name, err)
		}
		grids = append(grids, g)
	}
	return grids, nil
}

// readText reads CSV, or what was pasted.
func readText(b []byte) ([]grid, error) {
	text := lineEnds.Replace(strings.ToValidUTF8(strings.TrimPrefix(string(b), "\ufeff"), "\ufffd"))
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("there is nothing to read; copy the table with its titles")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes, r.Comma = -1, true, separator(text)
	var g grid
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return []grid{g}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the table: %w", err)
		}
		if len(g.cells) == maxRows {
			return nil, fmt.Errorf("the table has more than %d rows; a list of pairs is shorter", maxRows)
		}
		for line, _ := r.FieldPos(0); len(g.cells) < line-1; { // so that rows keep the number that the file gives them
			g.cells = append(g.cells, nil)
		}
		for i := range row {
			row[i] = unguarded(row[i])
		}
		g.cells = append(g.cells, row)
	}
}

// lineEnds makes one of all that end lines: some programs copy with CR alone.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// separator is what stands between the cells of the first line that has any.
func separator(text string) rune {
	for line := range strings.Lines(text) {
		best, most := ',', 0
		for _, c := range "\t,;|" {
			if n := strings.Count(line, string(c)); n > most {
				best, most = c, n
			}
		}
		if most > 0 {
			return best
		}
	}
	return ','
}

// unguarded takes off the apostrophe that keeps a spreadsheet from taking text for a formula.
func unguarded(s string) string {
	rest, guarded := strings.CutPrefix(s, "'")
	if first, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " ")); guarded && strings.ContainsRune("=+-@\t＝＋－＠", first) {
		return rest
	}
	return s
}

// choose takes the sheet that is asked for, or the one whose titles say most of pairs.
func choose(grids []grid, name string) (*grid, head, error) {
	var best *grid
	var bestHead head
	names := []string{}
	for i := range grids {
		g := &grids[i]
		if g.name != "" {
			names = append(names, g.name)
		}
		if name != "" && !strings.EqualFold(g.name, name) {
			continue
		}
		if h, ok := findHead(g); ok && (best == nil || len(h.columns) > len(bestHead.columns)) {
			best, bestHead = g, h
		}
	}
	switch {
	case best != nil:
		return best, bestHead, nil
	case name != "" && len(names) > 0:
		return nil, head{}, fmt.Errorf("the sheet %q has no titles that name a source and a target, or is not there; the workbook has %s", name, strings.Join(names, ", "))
	}
	for i := range grids {
		if h, ok := withoutHead(&grids[i]); ok && (name == "" || strings.EqualFold(grids[i].name, name)) {
			return &grids[i], h, nil
		}
	}
	return nil, head{}, errors.New("no row of titles names a source and a target; call the columns Source and Target, and keep that row")
}
