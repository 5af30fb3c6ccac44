package mappaper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"trestle/internal/mapping"
)

// Kind is a form in which a mapping leaves the program.
type Kind string

// The kinds. The first three are one specification in three forms.
const (
	XLSX         Kind = "xlsx"         // a workbook, a sheet for each part; [Read] takes its rules back
	PDF          Kind = "pdf"          // for printing and signing
	HTML         Kind = "html"         // one page that needs nothing else
	CSV          Kind = "csv"          // the rules, a row each; [Read] takes them back
	ConceptMap   Kind = "conceptmap"   // FHIR R4, JSON: the lookup tables
	StructureMap Kind = "structuremap" // FHIR R4, JSON: blocks and rules
	Mirth        Kind = "mirth"        // XML: a transformer of Mirth Connect 4.4.0
	YAML         Kind = "yaml"         // the mapping itself, without its tables
	Archive      Kind = "zip"          // the mapping itself with its tables, in one file
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{XLSX, PDF, HTML, CSV, ConceptMap, StructureMap, Mirth, YAML, Archive}
}

// Extension is that of a file of the kind, with its point.
func (k Kind) Extension() string {
	switch k {
	case ConceptMap, StructureMap:
		return ".json"
	case Mirth:
		return ".xml"
	}
	return "." + string(k)
}

// Title says what the kind is, for a list to choose from.
func (k Kind) Title() string {
	switch k {
	case XLSX:
		return "Specification as an Excel workbook"
	case PDF:
		return "Specification as PDF, to print and sign"
	case HTML:
		return "Specification as one HTML page"
	case CSV:
		return "Rules as CSV"
	case ConceptMap:
		return "Lookup tables as FHIR ConceptMap"
	case StructureMap:
		return "Rules as FHIR StructureMap"
	case Mirth:
		return "Transformer of Mirth Connect"
	case YAML:
		return "The mapping as YAML"
	case Archive:
		return "The mapping and its tables in one ZIP file"
	}
	return ""
}

// Spec is what is written: a mapping, and what a paper tells beside it. All but the mapping may be left out.
type Spec struct {
	Mapping *mapping.File

	Version string    // of the paper, such as 1.2
	Made    time.Time // the date of the paper
	Author  string    // who hands it over
	Project string
	// Samples adds what messages hold: how often fields are populated, codes with their counts, what is not mapped yet.
	Samples *Samples
	// ShowValues shows values of the samples as they are. Without it only their shapes are shown, because they may be of
	// patients.
	ShowValues bool
	// Previous is the version that was handed over last; the change log is against it.
	Previous *mapping.File
	// Scope is that of the project, for the open points.
	Scope []mapping.Flow
	// Letter makes PDF pages for the American paper size; they are A4 otherwise.
	Letter bool

	// URL is the address below which FHIR resources get their canonical URLs, such as https://hospital.example/fhir.
	// Without it they are urn:uuid: and derived from the mapping.
	URL string
	// Table names the one lookup table that a ConceptMap is to be made of. Without it all of them are written, in a
	// Bundle if there are several.
	Table string
}

// Write writes the mapping in the kind that is asked for. The same Spec gives the same bytes.
func (s Spec) Write(ctx context.Context, w io.Writer, kind Kind) error {
	if s.Mapping == nil {
		return errors.New("there is no mapping to write")
	}
	switch kind {
	case XLSX:
		return s.writeXLSX(ctx, w)
	case PDF:
		return s.writePDF(ctx, w)
	case HTML:
		return s.writeHTML(ctx, w)
	case CSV:
		return s.writeRules(ctx, w)
	case ConceptMap:
		return s.writeConceptMaps(w)
	case StructureMap:
		return s.writeStructureMap(w)
	case Mirth:
		return s.writeMirth(w)
	case YAML:
		return writeWith(w, s.Mapping, mapping.Format)
	case Archive:
		return writeWith(w, s.Mapping, mapping.Pack)
	}
	names := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return fmt.Errorf("a mapping cannot be written as %q; there are %s", string(kind), strings.Join(names, ", "))
}

func writeWith(w io.Writer, f *mapping.File, format func(*mapping.File) ([]byte, error)) error {
	text, err := format(f)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// Fingerprint is the SHA-256 of a mapping and its tables, hexadecimal. Two papers with one fingerprint speak of one mapping.
func Fingerprint(f *mapping.File) (string, error) {
	h := sha256.New()
	text, err := mapping.Format(f)
	if err != nil {
		return "", err
	}
	h.Write(text)
	for i := range f.Tables {
		fmt.Fprintf(h, "\x00%s\x00", f.Tables[i].Name)
		if _, err := f.Tables[i].Rows.WriteTo(h); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// title is what the mapping is called.
func (s Spec) title() string {
	switch {
	case s.Mapping.Title != "":
		return s.Mapping.Title
	case s.Mapping.ID != "":
		return s.Mapping.ID
	}
	return "Mapping"
}
