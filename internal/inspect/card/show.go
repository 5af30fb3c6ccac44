package card

import (
	"bytes"
	"errors"
	"image"
	_ "image/gif"  // a document may be one
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"strings"
	"unicode/utf8"

	_ "golang.org/x/image/bmp"  // the same
	_ "golang.org/x/image/tiff" // the same, as fax servers make it
	_ "golang.org/x/image/webp" // the same

	"trestle/internal/format"
)

// Shown is what a document shows: a picture or text, of which one is set.
type Shown struct {
	Image image.Image
	Text  string
	About string // how the text came of the document, "" where it is the document itself
}

// ErrOtherProgram is the error of Show for what needs another program to be seen, such as a PDF.
var ErrOtherProgram = errors.New("save it and open it in a program for it; here its bytes can only be checked")

// maxPixels bounds the pictures that are decoded: a few kilobytes can claim to be the size of a house.
const maxPixels = 50_000_000

// Show decodes a document so that a person can read it. RTF, HTML and CDA give their text without its looks. The text may be
// damaged where the document is; an error does not hold what the document says.
func (d *Document) Show() (Shown, error) {
	b, err := d.Bytes()
	if err != nil && len(b) == 0 {
		return Shown{}, err
	}
	switch d.Kind {
	case format.Image:
		return picture(b)
	case format.RTF:
		return Shown{Text: textOfRTF(b), About: "The text of the RTF, without its looks."}, nil
	case format.CCDA:
		return Shown{Text: narrative(b), About: "What the CDA document says to a person: its titles and texts."}, nil
	case format.HTML:
		return Shown{Text: textOfHTML(b), About: "The text of the HTML, without its looks."}, nil
	case format.XML, format.JSON, format.FHIRJSON, format.FHIRXML, format.HL7v3, format.HL7v2XML, format.Text, format.CSV, format.TSV, format.Fixed, format.NDJSON, format.HL7v2, format.X12:
		return Shown{Text: plainText(b)}, nil
	}
	if !isFile(d.Kind) && utf8.Valid(b) && !bytes.ContainsRune(b, 0) {
		return Shown{Text: plainText(b)}, nil
	}
	return Shown{}, ErrOtherProgram
}

func picture(b []byte) (Shown, error) {
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return Shown{}, errors.New("the picture is damaged, or of a kind that cannot be shown here: save it to look at it in another program")
	case c.Width <= 0 || c.Height <= 0 || c.Width > maxPixels/c.Height:
		return Shown{}, errors.New("the picture is too large to be shown here: save it to look at it in another program")
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return Shown{}, errors.New("the picture is damaged: a part of its bytes is missing or wrong")
	}
	return Shown{Image: img}, nil
}

// plainText is text with line feeds for line ends. What is not UTF-8 is taken for Windows-1252, as letters from old systems are.
func plainText(b []byte) string {
	text := string(b)
	if !utf8.Valid(b) {
		text = latin(b)
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}
