package links

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trestle/internal/linkage"
	"trestle/internal/report"
)

// WriteAll writes every form of the paper that has something to say, each into a file that create makes: the tables as
// CSV and as one workbook, SQL, and for patients HL7 v2 and FHIR. HL7 is left out where an assigning authority is not
// known. It returns the names in order. Nothing is made while a conflict is open.
func (p *Paper) WriteAll(ctx context.Context, create func(name string) (io.WriteCloser, error)) ([]string, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	var names []string
	write := func(name string, write func(io.Writer) error) error {
		w, err := create(name)
		if err == nil {
			err = errors.Join(write(w), w.Close())
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		names = append(names, name)
		return nil
	}
	sheets, files := p.sheets()
	for i, s := range sheets {
		if err := write(files[i], func(w io.Writer) error { return report.ForSpreadsheets.Write(ctx, w, s) }); err != nil {
			return names, err
		}
	}
	book, err := p.Book()
	if err != nil {
		return names, err
	}
	for _, f := range []struct {
		name  string
		has   bool
		write func(io.Writer) error
	}{
		{"links.xlsx", true, func(w io.Writer) error { return book.WriteXLSX(ctx, w) }},
		{"links.sql", true, func(w io.Writer) error { return p.WriteSQL(ctx, w) }},
		{"linkage.fhir.json", p.Kind == linkage.Patients, func(w io.Writer) error { return p.WriteLinkage(ctx, w, linkage.Right) }},
		{"patient-links.fhir.json", p.Kind == linkage.Patients, func(w io.Writer) error { return p.WritePatientLinks(ctx, w) }},
		{"link-a24.hl7", p.ready() == nil, func(w io.Writer) error { return p.WriteA24(ctx, w) }},
		{"unlink-a37.hl7", p.ready() == nil && len(p.Settled.Unlinked) > 0, func(w io.Writer) error { return p.WriteA37(ctx, w) }},
		{"merge-a40.hl7", p.ready() == nil && len(p.Merges) > 0, func(w io.Writer) error { return p.WriteA40(ctx, w) }},
	} {
		if !f.has {
			continue
		}
		if err := write(f.name, f.write); err != nil {
			return names, err
		}
	}
	return names, nil
}
