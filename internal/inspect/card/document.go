package card

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Document is something embedded in a message: a PDF, RTF, image, CDA document or longer text. Its bytes are decoded when they
// are asked for.
type Document struct {
	Path      string // of the value that holds it, such as "OBX[2]-5.5"
	Title     string // OBX-3 or ZX1-4
	Declared  string // what the message says it is: "application/pdf", "PDF"; "" if it says nothing
	Found     string // the media type that its bytes show, "" for none: a reference, or bytes that cannot be decoded
	Kind      format.Kind
	Encoding  string // how it is written: "Base64", "Hex" or "text"
	Size      int    // bytes after decoding; of Base64 with faults about as many
	Reference string // RP: where it is, instead of its bytes
	Problems  []Problem

	text string // as it is written, escapes resolved
}

// Problem is something odd about a document, as a stable code and one plain sentence.
type Problem struct{ Code, Text string }

// Codes of problems.
const (
	NotBase64      = "not-base64"      // it says Base64 and is not
	SaysNoEncoding = "says-no-base64"  // it is Base64 and does not say so
	LineWrapped    = "line-wrapped"    // its Base64 is broken into lines
	DataURI        = "data-uri"        // it starts with data:...;base64,
	WrongComponent = "wrong-component" // it stands in another component than the fifth
	OtherType      = "other-type"      // it is not what the message says it is
	CutOff         = "cut-off"         // its Base64 or its content ends too early
	NoBytes        = "no-bytes"        // there is nothing where the document should be
	Elsewhere      = "elsewhere"       // a reference: the document is on another system
)

// ErrElsewhere is the error of Bytes for a reference.
var ErrElsewhere = errors.New("the document is not in the message: it says only where it is")

// Bytes decodes the document. The result is the caller's own. An error does not hold what the document says; what could be
// decoded before it is returned too.
func (d *Document) Bytes() ([]byte, error) {
	switch {
	case d.Reference != "":
		return nil, ErrElsewhere
	case d.Encoding == "Base64":
		out, err := decodeBase64(d.text)
		if err != nil {
			return out, errors.New("the Base64 of the document is damaged; what stands before the damage was decoded")
		}
		return out, nil
	case d.Encoding == "Hex":
		out, err := hex.DecodeString(withoutSpace(d.text))
		if err != nil {
			return out, errors.New("the hexadecimal text of the document is damaged; what stands before the damage was decoded")
		}
		return out, nil
	}
	return []byte(d.text), nil
}

func (d *Document) problem(code, text string) { d.Problems = append(d.Problems, Problem{code, text}) }

// Has reports whether the document has a problem of a code.
func (d *Document) Has(code string) bool {
	for _, p := range d.Problems {
		if p.Code == code {
			return true
		}
	}
	return false
}

// documents finds the documents of a message: OBX-5 of type ED and RP, ZX1-5 (eClinicalWorks), and what is a document by its
// bytes in another OBX. The lines of text of a document message (MDM) are one document.
func documents(m *hl7.Message) []Document {
	var out []Document
	var lines []string
	first := -1
	_, isDocument := m.Find("TXA", 1)
	isDocument = isDocument || m.Get(pathMessageType).Text() == "MDM"
	for s := range m.Segments() {
		switch s.Name() {
		case "OBX":
			found := observation(s)
			out = append(out, found...)
			switch part(s.Field(2), 1) {
			case "TX", "FT", "ST":
				if len(found) == 0 && isDocument {
					if first < 0 {
						first = s.Index()
					}
					for rep := s.Field(5).Repetition(1); rep.IsPresent(); rep = rep.Next() {
						lines = append(lines, rep.Text())
					}
				}
			}
		case "ZX1":
			out = append(out, zx1(s)...)
		}
	}
	if len(lines) > 0 {
		s := m.Segment(first)
		d := Document{Path: segmentPath(s) + "-5", Title: part(s.Field(3), 2), Encoding: "text", text: strings.Join(lines, "\n")}
		d.look()
		out = append(out, d)
	}
	return out
}

func observation(s hl7.Segment) []Document {
	dataType := part(s.Field(2), 1)
	title := join(" ", part(s.Field(3), 2))
	if title == "" {
		title = part(s.Field(3), 1)
	}
	var out []Document
	field := s.Field(5)
	for i := 1; i <= field.Repetitions(); i++ {
		rep := field.Repetition(i)
		path := segmentPath(s) + "-5"
		if field.Repetitions() > 1 {
			path += fmt.Sprintf("[%d]", i)
		}
		switch {
		case dataType == "RP":
			out = append(out, reference(rep, path, title))
		case dataType == "ED":
			out = append(out, encapsulated(rep, path, title))
		case len(rep.Raw()) >= smallest && rep.Components() <= 5:
			if d, ok := disguised(rep, path, title); ok {
				out = append(out, d)
			}
		}
	}
	return out
}

// smallest is how many bytes a value must have to be looked at as a document although its type is no document's.
const smallest = 64

func reference(v hl7.Value, path, title string) Document {
	d := Document{Path: path, Title: title, Reference: v.Component(1).Text(), Declared: join("/", part(v, 3), part(v, 4))}
	if d.Reference == "" {
		d.problem(NoBytes, "It is a reference without an address; ask the sender where the document is.")
		return d
	}
	d.problem(Elsewhere, "The document is on another system; the message has its address only.")
	return d
}

// encapsulated reads an ED: source, type of data, subtype, encoding, data.
func encapsulated(v hl7.Value, path, title string) Document {
	d := Document{Path: path + ".5", Title: title}
	data, at := v.Component(5), 5
	if n := longest(v); data.State() != hl7.Valued && n > 0 && len(v.Component(n).Raw()) >= smallest {
		data, at = v.Component(n), n
		d.Path = fmt.Sprintf("%s.%d", path, n)
		d.problem(WrongComponent, fmt.Sprintf("The document stands in component %d; ED has it in component 5.", n))
	}
	encoding := ""
	var declared []string
	for n := 1; n <= 4; n++ {
		w := part(v, n)
		switch {
		case n == at || len(w) > smallest:
		case isEncoding(w):
			encoding = w
		case n == 2 || n == 3 || at != 5: // where it is shifted, the type is too
			declared = append(declared, w)
		}
	}
	d.Declared = join("/", declared...)
	d.read(data, encoding)
	return d
}

// isEncoding reports whether a word is one of table 0299 or a usual spelling of it.
func isEncoding(w string) bool {
	switch strings.ToLower(w) {
	case "base64", "b64", "hex", "a":
		return true
	}
	return false
}

// longest is the number of the component with the most bytes.
func longest(v hl7.Value) int {
	best, size, n := 0, 0, 0
	for c := v.Component(1); c.IsPresent(); c = c.Next() {
		if n++; len(c.Raw()) > size {
			best, size = n, len(c.Raw())
		}
	}
	return best
}

// zx1 reads the document segment of eClinicalWorks: ZX1-2 the type, ZX1-4 a description, ZX1-5 the document in Base64.
func zx1(s hl7.Segment) []Document {
	d := Document{Path: segmentPath(s) + "-5", Title: part(s.Field(4), 1), Declared: part(s.Field(2), 1)}
	d.read(s.Field(5), "Base64")
	return []Document{d}
}

// disguised finds a document in a value whose type is no document's: by its first bytes.
func disguised(v hl7.Value, path, title string) (Document, bool) {
	n := longest(v)
	c := v.Component(n)
	t := strings.TrimSpace(string(c.Raw()[:min(len(c.Raw()), 96)]))
	known := strings.HasPrefix(t, "data:") || strings.HasPrefix(t, `{\rtf`) || strings.HasPrefix(t, `{\E\rtf`) || strings.HasPrefix(t, "%PDF-") || strings.Contains(t, "<ClinicalDocument")
	if !known {
		t := withoutSpace(t)
		head, err := base64.RawStdEncoding.DecodeString(t[:len(t)/4*4])
		if err != nil && !strings.Contains(t, "=") || !isFile(format.Detect(head).Kind) {
			return Document{}, false
		}
	}
	d := Document{Path: path, Title: title}
	if v.Components() > 1 {
		d.Path = fmt.Sprintf("%s.%d", path, n)
	}
	d.read(c, "")
	return d, d.Found != ""
}

// isFile reports whether bytes of this kind are a document, and no chance likeness of some text.
func isFile(k format.Kind) bool {
	switch k {
	case format.PDF, format.RTF, format.Image, format.CCDA, format.DICOM, format.ZIP, format.DOCX, format.XLSX, format.Office:
		return true
	}
	return false
}

// read looks at the data. encoding is what the message says: table 0299, "Base64", "Hex", "A" or nothing.
func (d *Document) read(v hl7.Value, encoding string) {
	if v.State() != hl7.Valued {
		d.problem(NoBytes, "There is no document where one is announced; ask the sender whether it was too large.")
		return
	}
	d.text = v.Text()
	says := strings.EqualFold(encoding, "Base64") || strings.EqualFold(encoding, "B64")
	if uri, rest, ok := cutDataURI(d.text); ok {
		d.problem(DataURI, "It is written as a data URI; the part up to the comma is no Base64.")
		if d.Declared == "" {
			d.Declared = uri
		}
		d.text, says = rest, true
	}
	switch {
	case strings.EqualFold(encoding, "Hex"):
		d.Encoding, d.Size = "Hex", len(withoutSpace(d.text))/2
		head, _ := hex.DecodeString(evenPart(withoutSpace(d.text[:min(len(d.text), format.HeadSize)])))
		d.settle(head)
	case isBase64(d.text):
		d.base64(says)
	default:
		d.Encoding = "text"
		if says {
			d.problem(NotBase64, "It says Base64 and is not: it holds other characters.")
		}
		d.look()
	}
}

func (d *Document) base64(says bool) {
	plain := strings.TrimRight(withoutSpace(d.text), "=")
	head, _ := decodeBase64(plain[:min(len(plain), format.HeadSize)/4*4])
	if !says {
		if g := format.Detect(head); !isFile(g.Kind) { // a word can look like Base64
			d.Encoding = "text"
			d.look()
			return
		}
		d.problem(SaysNoEncoding, "It is Base64, and the message does not say so.")
	}
	if strings.ContainsAny(strings.TrimSpace(d.text), "\r\n \t") {
		d.problem(LineWrapped, "Its Base64 is broken into lines; some receivers do not read that.")
	}
	d.Encoding, d.Size = "Base64", len(plain)*3/4
	padding := len(withoutSpace(d.text)) - len(plain)
	if len(plain)%4 == 1 || padding > 0 && (len(plain)+padding)%4 != 0 || padding > 2 {
		d.problem(CutOff, "Its Base64 ends in the middle of a group of four characters; a part may be missing.")
	}
	d.settle(head)
	if d.Kind == format.PDF {
		tail, _ := decodeBase64(plain[max(0, len(plain)-2048)/4*4:])
		if !bytes.Contains(tail, []byte("%%EOF")) {
			d.problem(CutOff, "The PDF has no end mark; a part may be missing.")
		}
	}
}

// look recognises a document that is written as text.
func (d *Document) look() {
	d.Size = len(d.text)
	d.settle([]byte(d.text[:min(len(d.text), format.HeadSize)]))
}

// settle names the type by the first bytes and compares it with what the message says.
func (d *Document) settle(head []byte) {
	d.Kind = format.Detect(head).Kind
	d.Found = mediaType(d.Kind, head)
	if want := expected(d.Declared); want != "" && d.Found != "" && !agrees(want, d.Found) {
		d.problem(OtherType, fmt.Sprintf("The message says %s, and the bytes are %s.", clip(d.Declared), d.Found))
	}
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

func mediaType(k format.Kind, head []byte) string {
	switch k {
	case format.PDF:
		return "application/pdf"
	case format.RTF:
		return "application/rtf"
	case format.Image:
		return imageType(head)
	case format.CCDA:
		return "application/cda+xml"
	case format.XML, format.FHIRXML, format.HL7v3, format.HL7v2XML:
		return "application/xml"
	case format.JSON, format.FHIRJSON:
		return "application/json"
	case format.HTML:
		return "text/html"
	case format.DICOM:
		return "application/dicom"
	case format.ZIP, format.Archive, format.GZIP:
		return "application/zip"
	case format.DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case format.XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case format.Office:
		return "application/msword"
	case format.Binary, format.Executable:
		return "application/octet-stream"
	case format.Empty:
		return ""
	}
	return "text/plain"
}

func imageType(head []byte) string {
	for magic, t := range map[string]string{"\x89PNG": "image/png", "\xff\xd8\xff": "image/jpeg", "GIF8": "image/gif", "II*\x00": "image/tiff", "MM\x00*": "image/tiff", "BM": "image/bmp", "RIFF": "image/webp"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return t
		}
	}
	return "image"
}

// expected is the media type that a declaration means: a media type, one of its halves, or a file extension. "" if it says
// nothing that can be wrong.
func expected(declared string) string {
	for _, word := range strings.FieldsFunc(strings.ToLower(declared), func(r rune) bool { return r == '/' || r == '^' || r == ' ' || r == '.' || r == ';' }) {
		switch strings.TrimPrefix(word, "x-") {
		case "pdf":
			return "application/pdf"
		case "rtf":
			return "application/rtf"
		case "jpeg", "jpg":
			return "image/jpeg"
		case "png", "gif", "bmp":
			return "image/" + word
		case "tiff", "tif":
			return "image/tiff"
		case "html", "htm":
			return "text/html"
		case "cda", "ccda", "cda+xml":
			return "application/cda+xml"
		case "xml":
			return "application/xml"
		case "dicom":
			return "application/dicom"
		}
	}
	return ""
}

// agrees reports whether a type is the expected one; CDA is XML.
func agrees(want, found string) bool {
	return want == found || want == "application/xml" && strings.HasSuffix(found, "xml") || found == "image" && strings.HasPrefix(want, "image/")
}

func cutDataURI(t string) (media, data string, ok bool) {
	head, _, found := strings.Cut(t[:min(len(t), 200)], ",")
	if !found || !strings.HasPrefix(head, "data:") || !strings.HasSuffix(strings.TrimSpace(head), ";base64") {
		return "", "", false
	}
	media, _, err := mime.ParseMediaType(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(head), "data:"), ";base64"))
	if err != nil {
		media = ""
	}
	_, data, _ = strings.Cut(t, ",")
	return media, data, true
}

// isBase64 reports whether there is nothing but Base64 and white space.
func isBase64(t string) bool {
	n := 0
	for i := range len(t) {
		switch c := t[i]; {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/':
			n++
		case c == '=' || c == '\r' || c == '\n' || c == ' ' || c == '\t':
		default:
			return false
		}
	}
	return n >= 4
}

func withoutSpace(t string) string {
	if !strings.ContainsAny(t, " \t\r\n") {
		return t
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, t)
}

func evenPart(t string) string { return t[:len(t)/2*2] }

// decodeBase64 takes white space and missing or superfluous padding.
func decodeBase64(t string) ([]byte, error) {
	t = strings.TrimRight(withoutSpace(t), "=")
	return io.ReadAll(base64.NewDecoder(base64.RawStdEncoding, strings.NewReader(t)))
}
