package mappaper

import (
	"context"
	"io"

	"trestle/internal/report"
)

// writeXLSX writes the specification as a workbook: a cover, then a sheet for each part.
func (s Spec) writeXLSX(ctx context.Context, w io.Writer) error {
	p, err := s.newPaper()
	if err != nil {
		return err
	}
	facts := []report.Fact{{Name: "Specification", Value: report.Text(s.title())}}
	for _, f := range p.facts {
		facts = append(facts, report.Fact{Name: f.name, Value: report.Text(f.value)})
	}
	book := report.Book{Title: s.title(), Author: s.Author, Made: s.Made, Print: true, Letter: s.Letter, Sheets: []report.Sheet{report.Cover(facts...)}}
	for _, part := range p.parts {
		sheet := *part.sheet
		sheet.Name, sheet.Wrap = part.name, true
		book.Sheets = append(book.Sheets, sheet)
	}
	return book.WriteXLSX(ctx, w)
}
