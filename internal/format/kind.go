package format

// Kind names what a file or a piece of it is. The values are stable: they are
// written to JSON and to workspaces.
type Kind string

// The kinds that Detect knows.
const (
	HL7v2      Kind = "hl7v2"       // messages in the pipe-and-hat encoding (ER7)
	HL7v2Batch Kind = "hl7v2-batch" // the same inside FHS/BHS envelopes
	HL7v2XML   Kind = "hl7v2-xml"   // the XML encoding of HL7 v2
	HL7v3      Kind = "hl7v3"       // an HL7 v3 message that is not a CDA document
	CCDA       Kind = "ccda"        // any CDA document, C-CDA or not
	FHIRJSON   Kind = "fhir-json"
	FHIRXML    Kind = "fhir-xml"
	FHIRNDJSON Kind = "fhir-ndjson"
	X12        Kind = "x12"
	EDIFACT    Kind = "edifact"
	NCPDP      Kind = "ncpdp" // Telecommunication or SCRIPT
	ASTM       Kind = "astm"  // laboratory instruments, ASTM E1394 / LIS2-A2
	UTF16      Kind = "utf16" // HL7 v2 text written in UTF-16 or UTF-32
	JSON       Kind = "json"
	NDJSON     Kind = "ndjson"
	XML        Kind = "xml"
	HTML       Kind = "html"
	CSV        Kind = "csv"
	TSV        Kind = "tsv"
	Fixed      Kind = "fixed" // columns of fixed width
	Text       Kind = "text"
	PDF        Kind = "pdf"
	RTF        Kind = "rtf"
	ZIP        Kind = "zip"
	XLSX       Kind = "xlsx"
	DOCX       Kind = "docx"
	Office     Kind = "office" // Word, Excel or Outlook before 2007
	GZIP       Kind = "gzip"
	Archive    Kind = "archive" // 7z, bzip2, xz, zstd, tar, RAR
	Image      Kind = "image"
	DICOM      Kind = "dicom"
	SQLite     Kind = "sqlite"
	Workspace  Kind = "workspace" // a Trestle workspace
	Executable Kind = "executable"
	HTTP       Kind = "http" // a request or an answer caught on the wire
	TLS        Kind = "tls"  // encrypted traffic caught on the wire
	Binary     Kind = "binary"
	Empty      Kind = "empty"
)

var kindWords = map[Kind]string{
	HL7v2: "HL7 v2", HL7v2Batch: "an HL7 v2 batch", HL7v2XML: "HL7 v2 in its XML encoding",
	HL7v3: "an HL7 v3 message", CCDA: "a CDA document", FHIRJSON: "FHIR in JSON", FHIRXML: "FHIR in XML",
	FHIRNDJSON: "FHIR resources, one to a line", X12: "an X12 interchange", EDIFACT: "an EDIFACT interchange",
	NCPDP: "an NCPDP pharmacy transaction", ASTM: "an ASTM laboratory message", UTF16: "HL7 v2 written in UTF-16",
	JSON: "JSON", NDJSON: "JSON, one value to a line", XML: "XML", HTML: "a web page",
	CSV: "a table in CSV", TSV: "a table with tabs", Fixed: "a table with columns of fixed width", Text: "plain text",
	PDF: "a PDF document", RTF: "an RTF document", ZIP: "a ZIP archive", XLSX: "an Excel workbook",
	DOCX: "a Word document", Office: "an Office document of the old binary kind", GZIP: "a gzip archive",
	Archive: "an archive", Image: "an image", DICOM: "a DICOM object", SQLite: "an SQLite database",
	Workspace: "a Trestle workspace", Executable: "a program", HTTP: "HTTP traffic", TLS: "encrypted (TLS) traffic",
	Binary: "binary data", Empty: "nothing",
}

// Words returns the kind as it reads inside a sentence: "an X12 interchange".
func (k Kind) Words() string {
	if w, ok := kindWords[k]; ok {
		return w
	}
	return string(k)
}

// IsHL7v2 reports whether the bytes are HL7 v2 in the encoding that hl7.Parse
// reads.
func (k Kind) IsHL7v2() bool { return k == HL7v2 || k == HL7v2Batch }
