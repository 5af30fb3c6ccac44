package roster

import (
	"context"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"trestle/internal/job"
)

// Limits of a workbook: what it unpacks to, in bytes. A small file can else fill the memory.
const (
	maxUnpacked = 2 << 30
)

// readSheet reads one sheet of an Excel workbook. Cells come as they are shown, so that identifiers keep their leading
// zeros where the sheet shows them.
func (b *builder) readSheet(ctx context.Context, r io.Reader, s Spec, p *job.Progress) error {
	f, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return fmt.Errorf("reading the workbook: %w; save it again as .xlsx without a password, or as CSV", err)
	}
	defer f.Close()
	sheets := f.GetSheetList()
	name := s.Sheet
	if name == "" {
		for _, n := range sheets {
			rows, err := f.Rows(n)
			if err != nil {
				continue // a chart
			}
			has := rows.Next()
			rows.Close()
			if has {
				name = n
				break
			}
		}
		if len(sheets) > 1 && name != "" {
			b.r.Notes = append(b.r.Notes, fmt.Sprintf("The workbook has %d sheets; %q was read. Say another in the specification (sheet).", len(sheets), name))
		}
	}
	if name == "" {
		return nil
	}
	rows, err := f.Rows(name)
	if err != nil {
		return fmt.Errorf("the workbook has no sheet %q that can be read: it has %q", name, sheets)
	}
	defer rows.Close()
	for line := 1; rows.Next(); line++ {
		if line%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Add(256)
		}
		row, err := rows.Columns()
		if err != nil {
			b.bad(line, nil, "the row cannot be read: "+err.Error())
			continue
		}
		if b.r.Columns == nil {
			if onlyEmpty(row) {
				continue
			}
			if b.heading(row, s.NoHeading) {
				continue
			}
		}
		// Excel leaves empty cells at the end of a row out: that is no broken row.
		for len(row) < len(b.r.Columns) {
			row = append(row, "")
		}
		b.add(line, row)
	}
	return rows.Error()
}
