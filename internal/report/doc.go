// Package report writes the papers that leave the program as tables: CSV and Excel workbooks, streamed, with the same
// bytes for the same content.
//
// Its central type is [Sheet]: columns and a sequence of rows. A [Book] is a workbook of sheets, usually with a [Cover]
// first. Text is written as text, so that identifiers keep their leading zeros and nothing that a message brought can
// become a formula. Nothing is kept in temporary files, and a million rows take no more memory than ten.
//
//	sheet := report.Sheet{Name: "Links", Columns: []report.Column{{Title: "Left"}, {Title: "Right"}, {Title: "Probability"}},
//		Rows: report.Rows([][]report.Cell{{report.Text("0042"), report.Text("88121"), report.Number(0.9991)}})}
//	err := report.Book{Title: "Links", Sheets: []report.Sheet{sheet}}.WriteXLSX(ctx, file)
//
// The part links writes what linking decided.
package report
