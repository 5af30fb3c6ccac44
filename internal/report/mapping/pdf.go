package mappaper

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"

	"trestle/assets"
)

// Measures of a page, in mm.
const (
	marginSide   = 14.0
	marginTop    = 19.0
	marginBottom = 15.0
	padding      = 1.1 // of a cell, on every side
)

// rgb is a colour.
type rgb struct{ r, g, b int }

var (
	ink      = rgb{28, 36, 48}
	grey     = rgb{85, 96, 110}
	blue     = rgb{31, 58, 95}
	red      = rgb{140, 29, 24}
	hairline = rgb{205, 211, 219}
	band     = rgb{236, 240, 246}
)

// face is how a style looks: a font, its size in points and the height of a line in mm.
type face struct {
	font, style string
	size, line  float64
	colour      rgb
}

// Faces of text outside of tables follow those of the styles.
const (
	faceHead style = iota + 10
	faceTitle
	facePart
	faceTable
	faceBody
	faceFoot
)

var faces = map[style]face{
	plain:     {"sans", "", 8, 3.8, ink},
	code:      {"mono", "", 7.2, 3.8, ink},
	soft:      {"sans", "", 7.2, 3.4, grey},
	strong:    {"sans", "B", 8, 3.8, red},
	faceHead:  {"sans", "B", 8, 3.8, ink},
	faceTitle: {"sans", "B", 25, 11, blue},
	facePart:  {"sans", "B", 16, 8, blue},
	faceTable: {"sans", "B", 10, 5, ink},
	faceBody:  {"sans", "", 9.5, 4.9, ink},
	faceFoot:  {"sans", "", 7.5, 3.6, grey},
}

// pdf is a document on its way.
type pdf struct {
	*fpdf.Fpdf
	p             *paper
	width, height float64
	y             float64
	widths        map[style]map[rune]float64
	lacking       map[rune]bool // letters that the text font does not have
	links         []int
	starts        []int // page on which each part begins
}

// writePDF writes the specification for printing and signing. Pages lie across, because tables of rules are wide.
func (s Spec) writePDF(ctx context.Context, w io.Writer) error {
	p, err := s.newPaper()
	if err != nil {
		return err
	}
	d, err := newPDF(p)
	if err != nil {
		return err
	}
	d.AddPage()
	d.titlePage()
	for i := range p.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.part(ctx, i); err != nil {
			return err
		}
	}
	d.contents()
	d.feet()
	if err := d.Output(w); err != nil {
		return fmt.Errorf("writing the PDF: %w", err)
	}
	return nil
}

func newPDF(p *paper) (*pdf, error) {
	size := "A4"
	if p.Letter {
		size = "Letter"
	}
	d := &pdf{Fpdf: fpdf.New("L", "mm", size, ""), p: p, widths: map[style]map[rune]float64{}, lacking: map[rune]bool{}}
	d.width, d.height = d.GetPageSize()
	d.SetMargins(marginSide, marginTop, marginSide)
	d.SetAutoPageBreak(false, 0)
	d.SetCellMargin(0)
	d.SetCatalogSort(true)
	made := p.Made
	if made.IsZero() {
		made = time.Unix(0, 0).UTC() // PDF wants a date, and that of today would make other bytes of the same mapping
	}
	d.SetCreationDate(made)
	d.SetModificationDate(made)
	d.SetTitle(p.title(), true)
	d.SetSubject("Mapping specification", true)
	d.SetAuthor(p.Author, true)
	d.SetLang("en")
	for _, f := range []struct{ name, style, file string }{{"sans", "", "OpenSans-Regular.ttf"}, {"sans", "B", "OpenSans-Semibold.ttf"}, {"mono", "", "Hack-Regular.ttf"}} {
		ttf, err := assets.Fonts.ReadFile("fonts/" + f.file)
		if err != nil {
			return nil, fmt.Errorf("the font %s: %w", f.file, err)
		}
		d.AddUTF8FontFromBytes(f.name, f.style, ttf)
	}
	if err := d.Error(); err != nil {
		return nil, fmt.Errorf("making the PDF: %w", err)
	}
	for range p.parts {
		d.links = append(d.links, d.AddLink())
	}
	return d, nil
}

// use selects a face.
func (d *pdf) use(s style) face {
	f := faces[s]
	d.SetFont(f.font, f.style, f.size)
	d.SetTextColor(f.colour.r, f.colour.g, f.colour.b)
	return f
}

// put writes one line of text whose top left corner is at x, y. Letters that the font lacks, such as arrows, are taken from
// the other one.
func (d *pdf) put(x, y float64, text string, s style) {
	f := d.use(s)
	base := y + f.line*0.72
	for text != "" {
		first, _ := utf8.DecodeRuneInString(text)
		lacking := f.font == "sans" && d.lacks(first)
		n := strings.IndexFunc(text, func(r rune) bool { return f.font == "sans" && d.lacks(r) != lacking })
		if n < 0 {
			n = len(text)
		}
		width := d.measure(text[:n], s)
		if lacking {
			d.SetFont("mono", "", f.size)
		} else {
			d.SetFont(f.font, f.style, f.size)
		}
		d.Text(x, base, text[:n])
		x, text = x+width, text[n:]
	}
}

// clean replaces what a PDF cannot show: control characters, and letters beyond 16 bits.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ':
			return -1
		case r > 0xffff:
			return '\ufffd'
		}
		return r
	}, text)
}

// titlePage is the first page; its contents are written when the pages are known.
func (d *pdf) titlePage() {
	d.SetFillColor(blue.r, blue.g, blue.b)
	d.Rect(0, 0, d.width, 4, "F")
	d.y = 26
	if d.p.Project != "" {
		d.put(marginSide, d.y, clean(d.p.Project), faceBody)
		d.y += 6
	}
	for _, l := range d.wrap(d.p.title(), faceTitle, d.width-2*marginSide) {
		d.put(marginSide, d.y, l, faceTitle)
		d.y += faces[faceTitle].line
	}
	d.put(marginSide, d.y+1, "Mapping specification", faceBody)
	d.y += 14
	left, names := d.width*0.56, 42.0
	for _, f := range d.p.facts {
		if f.name == "Project" {
			continue
		}
		d.put(marginSide, d.y+0.6, f.name, faceFoot)
		for _, l := range d.wrap(f.value, faceBody, left-marginSide-names) {
			d.put(marginSide+names, d.y, l, faceBody)
			d.y += faces[faceBody].line
		}
		d.y += 1.6
	}
}

// contents lists the parts on the first page.
func (d *pdf) contents() {
	d.SetPage(1)
	d.renew()
	x, y := d.width*0.62, 26.0
	for range d.wrap(d.p.title(), faceTitle, d.width-2*marginSide) {
		y += faces[faceTitle].line
	}
	if d.p.Project != "" {
		y += 6
	}
	y += 14
	right := d.width - marginSide
	d.put(x, y, "Contents", faceTable)
	y += 8
	d.SetDrawColor(hairline.r, hairline.g, hairline.b)
	d.SetLineWidth(0.2)
	for i := range d.p.parts {
		page := fmt.Sprint(d.starts[i])
		d.put(x, y, d.p.parts[i].name, faceBody)
		d.put(right-d.measure(page, faceBody), y, page, faceBody)
		d.Line(x, y+5.6, right, y+5.6)
		d.Link(x, y, right-x, 5.6, d.links[i])
		y += 7
	}
}

// feet writes the lines at the top and bottom of all pages but the first.
func (d *pdf) feet() {
	n := d.PageCount()
	about := "Fingerprint " + d.p.fingerprint[:16]
	if d.p.Version != "" {
		about = "Version " + d.p.Version + " · " + about
	}
	if d.p.ShowValues && d.p.report != nil {
		about += " · contains patient data"
	}
	for page := 1; page <= n; page++ {
		d.SetPage(page)
		d.renew()
		bottom := d.height - 10
		number := fmt.Sprintf("Page %d of %d", page, n)
		d.put(d.width-marginSide-d.measure(number, faceFoot), bottom, number, faceFoot)
		d.put(marginSide, bottom, clean(about), faceFoot)
		if page == 1 {
			continue
		}
		head := d.wrap(d.p.title(), faceFoot, d.width-2*marginSide-60)
		d.put(marginSide, 9, head[0], faceFoot)
		kind := "Mapping specification"
		d.put(d.width-marginSide-d.measure(kind, faceFoot), 9, kind, faceFoot)
		d.SetDrawColor(hairline.r, hairline.g, hairline.b)
		d.SetLineWidth(0.2)
		d.Line(marginSide, 14, d.width-marginSide, 14)
	}
}

// renew makes the library write the font again: it remembers the last one of another page.
func (d *pdf) renew() {
	d.SetFont("mono", "", 6)
	d.SetFont("sans", "", 6)
}

// part writes a part, which begins on a page of its own.
func (d *pdf) part(ctx context.Context, i int) error {
	part := &d.p.parts[i]
	d.newPage()
	d.starts = append(d.starts, d.PageNo())
	d.SetLink(d.links[i], 0, d.PageNo())
	d.Bookmark(part.name, 0, -1)
	d.put(marginSide, d.y, part.name, facePart)
	d.y += 11
	for _, text := range part.intro {
		for _, l := range d.wrap(text, faceBody, min(200, d.width-2*marginSide)) {
			d.put(marginSide, d.y, l, faceBody)
			d.y += faces[faceBody].line
		}
		d.y += 1.2
	}
	for j := range part.tables {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.table(&part.tables[j], part.sign)
	}
	return nil
}

func (d *pdf) newPage() {
	d.AddPage()
	d.y = marginTop
}
