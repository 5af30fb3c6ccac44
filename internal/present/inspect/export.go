package inspect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/report"
)

// exportBatch is how many messages are read at a time to be written.
const exportBatch = 500

// Messages is a number of messages in words.
func Messages(n int) string { return screen.Plural(n, "message") }

// Export writes the listed messages with the columns of the list to a file, in the background: an Excel workbook where the
// name ends in .xlsx, else CSV. What is written is not masked. The access log says so before the first byte; a file that
// could not be written whole is removed.
func (m *Model) Export(path string) {
	ids, columns := slices.Clone(m.list.ids), m.list.columns
	name := filepath.Base(path)
	title := "export " + name
	if m.masked {
		title = "export" // a file's name may hold a patient's
	}
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, title, func(ctx context.Context, p *job.Progress) (struct{}, error) {
		p.SetTotal(int64(len(ids)))
		if err := m.store.LogExport(ctx, "list of messages, columns "+strings.Join(columns.ids, " "), len(ids), name); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, writeWhole(path, func(f *os.File) error {
			sheet := report.Sheet{Name: "Messages", Columns: sheetColumns(columns), Rows: m.sheetRows(ctx, ids, columns, p)}
			if strings.EqualFold(filepath.Ext(path), ".xlsx") {
				return report.Book{Title: "Messages", Sheets: []report.Sheet{sheet}}.WriteXLSX(ctx, f)
			}
			return report.ForSpreadsheets.Write(ctx, f, sheet)
		})
	}, func(_ struct{}, err error) {
		switch {
		case errors.Is(err, context.Canceled):
			m.say(NoticeText{Tone: Caution, Text: "Export stopped: no file is written."})
		case err != nil:
			m.fail("Could not export", err)
		default:
			m.say(NoticeText{Tone: Success, Text: Messages(len(ids)) + " written to " + name + ". The access log says so."})
		}
	})
}

// writeWhole writes a file beside its place and puts it there when it is whole.
func writeWhole(path string, write func(*os.File) error) error {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return plainError(err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(plainError(err), os.Remove(part))
	}
	return nil
}

// plainError says what is wrong with a file without its folder.
func plainError(err error) error {
	var wrong *os.PathError
	if errors.As(err, &wrong) {
		return &os.PathError{Op: wrong.Op, Path: filepath.Base(strings.TrimSuffix(wrong.Path, ".part")), Err: wrong.Err}
	}
	return err
}

func sheetColumns(c columnSet) []report.Column {
	var out []report.Column
	for _, g := range c.grid {
		out = append(out, report.Column{Title: g.Title})
	}
	return out
}

// sheetRows reads the rows to be written, batch by batch.
func (m *Model) sheetRows(ctx context.Context, ids []int64, columns columnSet, p *job.Progress) func(yield func([]report.Cell, error) bool) {
	return func(yield func([]report.Cell, error) bool) {
		for batch := range slices.Chunk(ids, exportBatch) {
			rows, err := m.readRows(ctx, batch, columns.paths)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range rows {
				if !yield(columns.sheetRow(&rows[i]), nil) {
					return
				}
			}
			p.Add(int64(len(batch)))
		}
	}
}

// sheetRow is a row as it is written: numbers as numbers, and all values of a path.
func (c columnSet) sheetRow(r *listRow) []report.Cell {
	cells := make([]report.Cell, len(c.all))
	for i, column := range c.all {
		switch {
		case column.text != nil:
			cells[i] = report.Text(column.text(r))
		case column.ID == "size":
			cells[i] = report.Int(r.Size)
		case column.ID == "segments":
			cells[i] = report.Int(r.Segments)
		case column.ID == colFindings:
			cells[i] = report.Text(countWords(r.Counts))
		default:
			cells[i] = report.Text(column.cell(r, false).Text)
		}
	}
	return cells
}
