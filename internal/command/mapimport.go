package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/mapping"
	mappaper "trestle/internal/report/mapping"
)

const mapImportHelp = `
Makes a first draft of a mapping from a spreadsheet of pairs: an Excel workbook, CSV, or what is
copied from a spreadsheet and pasted (FILE is then - for standard input). A row of titles names the
columns: Source and Target, or Segment, Field and Target, and further ones as "trestle map export
--to xlsx" writes them, such as Condition, Functions, Default, Status, Owner and Note; usual other
words for them are known. A workbook that map export wrote is taken back with its blocks, code
tables and what is left out; it does not hold the comments of the YAML, layouts and schemas. What
cannot be read stays in the note of its rule, with the status question; rows that make no rule are
named on standard error.

  --out FILE     where the mapping goes, its tables beside it, instead of standard output. Files
                 that are there already are left alone
  --sheet NAME   of the workbook
  --source KIND  hl7v2, fhir, json, xml or csv, instead of what the paths look like
  --target KIND  the same for what is made
  --version V    of the HL7 v2 that is read, such as 2.5.1
  --title TEXT   of the mapping
  --msh-from-delimiters
                 the sheet numbers MSH from its encoding characters, so that its MSH-8 is the
                 standard's MSH-9
`

func runMapImport(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map import", flag.ContinueOnError)
	var o mappaper.ReadOptions
	out := set.String("out", "", "")
	set.StringVar(&o.Sheet, "sheet", "", "")
	source := set.String("source", "", "")
	target := set.String("target", "", "")
	set.StringVar(&o.Source.Version, "version", "", "")
	set.StringVar(&o.Title, "title", "", "")
	set.BoolVar(&o.MSHFromDelimiters, "msh-from-delimiters", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 1 {
		return usagef("map import needs one sheet, as in: trestle map import --out adt.yaml pairs.xlsx")
	}
	for _, end := range []struct {
		text string
		kind *mapping.Kind
	}{{*source, &o.Source.Kind}, {*target, &o.Target.Kind}} {
		switch k := mapping.Kind(end.text); k {
		case "", mapping.HL7v2, mapping.FHIR, mapping.JSON, mapping.XML, mapping.CSV:
			*end.kind = k
		default:
			return usagef("there is no kind %q; write hl7v2, fhir, json, xml or csv", end.text)
		}
	}
	name := plain[0]
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	in := s.Stdin
	if name == "-" {
		base = "pairs"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	d, err := mappaper.Read(ctx, in, o)
	if d != nil {
		s.out.Flush()
		for _, r := range d.Remarks {
			s.complain("%s: %s", name, r)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if d.Mapping.ID == "" {
		d.Mapping.ID = base
	}
	if d.Mapping.Title == "" {
		d.Mapping.Title = base
	}
	text, err := mapping.Format(d.Mapping)
	if err != nil {
		return err
	}
	if *out == "" {
		_, err := s.out.Write(text)
		return err
	}
	if _, err := os.Stat(*out); err == nil {
		return fmt.Errorf("%s is there already and was left alone; name another file with --out", *out)
	}
	folder, file := filepath.Split(*out)
	if err := makeFolder(folder); err != nil {
		return err
	}
	if err := writeWhole(folder, file, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintln(s.out, clean(*out))
	if err := s.writeTables(folder, d.Mapping); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s of %s, %d left out on purpose\n", plural(int64(d.Rules), "rule", "rules"), plural(int64(d.Rows), "row", "rows"), len(d.Mapping.LeftOut))
	return nil
}
