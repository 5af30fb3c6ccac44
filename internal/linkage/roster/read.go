package roster

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"trestle/internal/format"
	"trestle/internal/job"
)

// ErrNotRoster is in the error for a file that cannot be a list of patients. The error says what it is instead.
var ErrNotRoster = errors.New("not a roster")

// maxColumns is how many columns a table may have.
const maxColumns = 500

// Read reads a roster. name is the file's name, for the user; its folder is dropped. Only what makes the whole file
// useless is an error: rows that cannot be used are in [Roster.Bad].
func Read(ctx context.Context, name string, in io.Reader, s Spec) (*Roster, error) {
	return ReadProgress(ctx, name, in, s, nil)
}

// Open reads the roster in a file.
func Open(ctx context.Context, path string, s Spec, p *job.Progress) (*Roster, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the roster: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			return nil, fmt.Errorf("%s is a folder: name the file of the roster", path)
		}
		p.SetTotal(info.Size())
	}
	return ReadProgress(ctx, path, f, s, p)
}

// ReadProgress is [Read] with a progress in bytes.
func ReadProgress(ctx context.Context, name string, in io.Reader, s Spec, p *job.Progress) (*Roster, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	hash := sha256.New()
	br := bufio.NewReaderSize(io.TeeReader(in, hash), 1<<16)
	head, err := br.Peek(1 << 15)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading %s: %w", filepath.Base(name), err)
	}
	b := builder{r: &Roster{Name: filepath.Base(filepath.ToSlash(name))}}
	g := format.Detect(head)
	b.r.Kind = g.Kind
	if err := b.read(ctx, br, g, s, p); err != nil {
		return nil, fmt.Errorf("%s: %w", b.r.Name, err)
	}
	if _, err := io.Copy(io.Discard, br); err != nil { // so that the hash is that of the whole file
		return nil, fmt.Errorf("reading %s: %w", b.r.Name, err)
	}
	b.r.Hash = hex.EncodeToString(hash.Sum(nil))
	switch {
	case len(b.r.Columns) > maxColumns:
		return nil, fmt.Errorf("%s has %d columns: %w; a roster has at most %d", b.r.Name, len(b.r.Columns), ErrNotRoster, maxColumns)
	case len(b.r.Columns) == 0:
		return nil, fmt.Errorf("%s is empty: %w; export it again, or record that there is no existing data", b.r.Name, ErrNotRoster)
	}
	b.r.guess()
	if err := b.r.Apply(s); err != nil {
		return nil, err
	}
	return b.r, b.r.usable()
}

func (b *builder) read(ctx context.Context, br *bufio.Reader, g format.Guess, s Spec, p *job.Progress) error {
	switch g.Kind {
	case format.CSV, format.TSV:
		return b.readTable(ctx, br, s, p)
	case format.Text, format.UTF16, format.Fixed:
		// A table of one column, of one row, or of lines of different length still shows its separator.
		return b.readTable(ctx, br, s, p)
	case format.XLSX:
		return b.readSheet(ctx, br, s, p)
	case format.HL7v2, format.HL7v2Batch:
		return b.readMessages(ctx, br, s, p)
	case format.FHIRJSON:
		return b.readResources(ctx, br, false, s, p)
	case format.FHIRNDJSON:
		return b.readResources(ctx, br, true, s, p)
	case format.FHIRXML:
		return fmt.Errorf("it is FHIR in XML: %w; export it as JSON or NDJSON", ErrNotRoster)
	case format.Empty:
		return nil
	case format.Office:
		return fmt.Errorf("it is an Excel or Word file of before 2007: %w; save it as .xlsx or CSV", ErrNotRoster)
	}
	return fmt.Errorf("it is %s: %w; a roster is CSV, an Excel workbook, HL7 v2 messages or FHIR resources", g.Kind.Words(), ErrNotRoster)
}

// usable says why a roster that could be read is none.
func (r *Roster) usable() error {
	if r.Len() == 0 {
		if len(r.Bad) > 0 {
			return fmt.Errorf("%s has no row that can be used: %w; the first is in line %d: %s", r.Name, ErrNotRoster, r.Bad[0].Line, r.Bad[0].Reason)
		}
		return fmt.Errorf("%s has a heading and no rows: %w; export it again, or record that there is no existing data", r.Name, ErrNotRoster)
	}
	return nil
}
