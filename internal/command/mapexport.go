package command

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/mapping"
	"trestle/internal/project"
	mappaper "trestle/internal/report/mapping"
)

const mapExportHelp = `
Writes a mapping for those who have to agree to it or to build it. FILES are samples: with them a
specification says how often fields are populated, what is not mapped yet, and which codes a table
lacks. Values of samples are shown by their shape, Aa+ for a name, unless --samples is given.

  --to KIND       xlsx, pdf, html   the specification: title page, messages, source fields, rules,
                                    code tables, coverage, open points, changes and sign-off
                  csv               the rules, a row each
                  conceptmap        the lookup tables as FHIR ConceptMap
                  structuremap      blocks and rules as FHIR StructureMap, which is a specification
                                    and no program where the source is HL7 v2
                  mirth             a transformer of Mirth Connect 4.4 or later, to be imported: a
                                    JavaScript step for each block, that do the same. What they
                                    cannot do is named on standard error
                  yaml, zip         the mapping itself, with its tables
  --out FILE      where it goes, instead of standard output
  --since OLD     an earlier version of the mapping: what has changed is listed, rule by rule
  --samples       show values of the samples. THE PAPER THEN CONTAINS PATIENT DATA
  --project DIR   name the project and check against its scope
  --edition TEXT  the version of the paper, such as 1.2
  --author NAME   who hands it over
  --date DATE     of the paper, as 2026-03-31; today unless said otherwise
  --letter        pages of the American size, instead of A4
  --url URL       the address below which FHIR resources are named, instead of urn:uuid:
  --table NAME    of this lookup table only, for conceptmap
  -r              read every file below folders
`

func runMapExport(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map export", flag.ContinueOnError)
	to := set.String("to", "", "")
	out := set.String("out", "", "")
	since := set.String("since", "", "")
	folder := set.String("project", "", "")
	date := set.String("date", "", "")
	var spec mappaper.Spec
	set.BoolVar(&spec.ShowValues, "samples", false, "")
	set.StringVar(&spec.Version, "edition", "", "")
	set.StringVar(&spec.Author, "author", "", "")
	set.BoolVar(&spec.Letter, "letter", false, "")
	set.StringVar(&spec.URL, "url", "", "")
	set.StringVar(&spec.Table, "table", "", "")
	recursive := recursiveFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	kind := mappaper.Kind(strings.ToLower(*to))
	switch {
	case !slices.Contains(mappaper.Kinds(), kind):
		return usagef("say with --to what is to be written: %s", kindNames())
	case len(plain) == 0:
		return usagef("map export needs a mapping, as in: trestle map export --to pdf --out adt.pdf adt.yaml samples.hl7")
	case *out == "" && (kind == mappaper.XLSX || kind == mappaper.PDF || kind == mappaper.Archive):
		return usagef("name the file that %s goes to, as in: --out %s", kind, strings.TrimSuffix(filepath.Base(plain[0]), filepath.Ext(plain[0]))+kind.Extension())
	case spec.ShowValues && len(plain) == 1:
		return usagef("--samples shows values of samples, and there are none: name their files after the mapping")
	}
	spec.Made = time.Now()
	if *date != "" {
		if spec.Made, err = time.Parse("2006-01-02", *date); err != nil {
			return usagef("--date %s is no date; write it as 2026-03-31", *date)
		}
	}
	if spec.Mapping, err = s.loadMapping(plain[0]); err != nil {
		return err
	}
	if *since != "" {
		if spec.Previous, err = s.loadMapping(*since); err != nil {
			return err
		}
	}
	if *folder != "" {
		p, err := project.Load(os.DirFS(*folder))
		if err != nil {
			return fmt.Errorf("read the project in %s: %w", *folder, err)
		}
		spec.Project = p.Name
		if spec.Scope, err = projectScope(*folder); err != nil {
			return err
		}
	}
	if len(plain) > 1 {
		if spec.Samples, err = s.mapSamples(ctx, plain[0], spec.Mapping, plain[1:], *recursive); err != nil {
			return err
		}
	}
	if kind == mappaper.Mirth {
		gaps, err := spec.MirthGaps()
		if err != nil {
			return err
		}
		for _, g := range gaps {
			s.complain("not in the transformer: %s", g)
		}
	}
	if *out == "" {
		return spec.Write(ctx, s.out, kind)
	}
	folderOf, name := filepath.Split(*out)
	if err := makeFolder(folderOf); err != nil {
		return err
	}
	if err := writeWhole(folderOf, name, func(w io.Writer) error { return spec.Write(ctx, w, kind) }); err != nil {
		return err
	}
	fmt.Fprintln(s.out, clean(*out))
	if kind == mappaper.YAML {
		return s.writeTables(folderOf, spec.Mapping)
	}
	return nil
}

// makeFolder makes a folder that a file is to go to; "" is the one where the command runs.
func makeFolder(name string) error {
	if name == "" {
		return nil
	}
	return os.MkdirAll(name, 0o700)
}

func kindNames() string {
	names := make([]string, 0, len(mappaper.Kinds()))
	for _, k := range mappaper.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// mapSamples maps the samples of a specification. What one of them does not give is said, and the others are counted.
func (s *session) mapSamples(ctx context.Context, name string, f *mapping.File, files []string, recursive bool) (*mappaper.Samples, error) {
	e, err := mapping.Compile(f)
	if err != nil {
		return nil, s.mappingError(name, err)
	}
	samples := mappaper.NewSamples(e)
	err = s.eachRecord(ctx, e, files, recursive, func(in *input, rec mapping.Record) error {
		if err := samples.Add(ctx, rec); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.complain("%s: message %d: %s", in.title(), rec.Number, err)
		}
		return nil
	})
	return samples, err
}

// writeTables writes the lookup tables of a mapping beside it. Files that are there already are left alone, which is said of
// those with other rows.
func (s *session) writeTables(folder string, f *mapping.File) error {
	for i := range f.Tables {
		t := &f.Tables[i]
		var text strings.Builder
		if _, err := t.Rows.WriteTo(&text); err != nil {
			return err
		}
		at := filepath.Join(folder, filepath.FromSlash(t.File))
		if old, err := os.ReadFile(at); err == nil {
			if rows, err := mapping.ReadRows(bytes.NewReader(old)); err != nil || !sameRows(rows, t.Rows) {
				s.complain("%s is there already with other rows and was left alone", at)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text.String()), 0o600); err != nil {
			return err
		}
		fmt.Fprintln(s.out, clean(at))
	}
	return nil
}

// sameRows says whether two lookup tables say the same: quotes, line ends and the order of the rows do not matter.
func sameRows(a, b mapping.Rows) bool {
	sorted := func(r mapping.Rows) [][]string {
		lines := slices.Clone(r.Lines)
		slices.SortFunc(lines, slices.Compare[[]string])
		return lines
	}
	return slices.Equal(a.Columns, b.Columns) && slices.EqualFunc(sorted(a), sorted(b), slices.Equal[[]string])
}
