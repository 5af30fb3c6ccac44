package format

import (
	"bytes"
	"fmt"
)

// magics are signatures at the start of a file.
var magics = []struct {
	prefix string
	kind   Kind
	name   string
}{
	{"TRESTLE", Workspace, "a Trestle workspace"},
	{"%PDF-", PDF, "a PDF document"},
	{"{\\rtf", RTF, "an RTF document"},
	{"\x1f\x8b", GZIP, "gzip"},
	{"SQLite format 3\x00", SQLite, "an SQLite database"},
	{"\x89PNG\r\n\x1a\n", Image, "a PNG image"},
	{"\xFF\xD8\xFF", Image, "a JPEG image"},
	{"GIF87a", Image, "a GIF image"},
	{"GIF89a", Image, "a GIF image"},
	{"II*\x00", Image, "a TIFF image"},
	{"MM\x00*", Image, "a TIFF image"},
	{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Office, "an Office document of the old binary kind"},
	{"7z\xBC\xAF\x27\x1C", Archive, "a 7z archive"},
	{"BZh", Archive, "bzip2"},
	{"\xFD7zXZ\x00", Archive, "xz"},
	{"\x28\xB5\x2F\xFD", Archive, "Zstandard"},
	{"Rar!\x1A\x07", Archive, "a RAR archive"},
	{"\x7FELF", Executable, "a program for Linux (ELF)"},
	{"\xCF\xFA\xED\xFE", Executable, "a program for macOS (Mach-O)"},
	{"\xCE\xFA\xED\xFE", Executable, "a program for macOS (Mach-O)"},
	{"\xCA\xFE\xBA\xBE", Executable, "a program for macOS or Java bytecode"},
}

// detectMagic knows files by fixed bytes.
func detectMagic(b []byte) (Guess, bool) {
	for _, m := range magics {
		if bytes.HasPrefix(b, []byte(m.prefix)) {
			if m.prefix == "BZh" && (len(b) < 10 || b[3] < '1' || b[3] > '9' || b[4] != 0x31) {
				continue
			}
			return Guess{Kind: m.kind, Why: "It begins with the signature of " + m.name + "."}, true
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("PK\x05\x06")):
		return detectZIP(b), true
	case bytes.HasPrefix(b, []byte("RIFF")) && len(b) >= 12 && string(b[8:12]) == "WEBP":
		return Guess{Kind: Image, Why: "It begins with the signature of a WebP image."}, true
	case len(b) >= 132 && string(b[128:132]) == "DICM":
		return Guess{Kind: DICOM, Why: "It has the DICOM mark after 128 bytes."}, true
	case len(b) >= 262 && string(b[257:262]) == "ustar":
		return Guess{Kind: Archive, Why: "It has the mark of a tar archive."}, true
	case bytes.HasPrefix(b, []byte("MZ")) && len(b) >= 64 && looksBinary(b):
		return Guess{Kind: Executable, Why: "It begins with the signature of a program for Windows."}, true
	case bytes.HasPrefix(b, []byte("BM")) && len(b) >= 26 && b[6]|b[7]|b[8]|b[9] == 0 && looksBinary(b):
		return Guess{Kind: Image, Why: "It begins with the signature of a BMP image."}, true
	case len(b) >= 6 && b[0] == 0x16 && b[1] == 3 && b[2] <= 4 && (b[5] == 1 || b[5] == 2):
		return Guess{Kind: TLS, Why: "It begins with a TLS handshake: a peer spoke TLS where plain text was expected."}, true
	}
	return Guess{}, false
}

// detectZIP tells the office formats from other archives by the names in the
// first local headers.
func detectZIP(b []byte) Guess {
	for _, o := range []struct {
		part string
		kind Kind
		name string
	}{
		{"xl/", XLSX, "an Excel workbook"},
		{"word/", DOCX, "a Word document"},
	} {
		if bytes.Contains(b, []byte(o.part)) && (bytes.Contains(b, []byte("[Content_Types].xml")) || bytes.Contains(b, []byte("_rels/"))) {
			return Guess{Kind: o.kind, Why: fmt.Sprintf("It is a ZIP archive that holds %s (%s).", o.name, o.part)}
		}
	}
	return Guess{Kind: ZIP, Why: "It begins with the signature of a ZIP archive."}
}
