package mappaper

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"

	"trestle/assets"
)

// laid is a line of a cell that fits its column.
type laid struct {
	text  string
	style style
}

// table writes a table over as many pages as it needs, its headings on each.
func (d *pdf) table(t *table, sign bool) {
	total := 0.0
	for _, c := range t.columns {
		total += c.weight
	}
	all := d.width - 2*marginSide
	widths := make([]float64, len(t.columns))
	for i, c := range t.columns {
		widths[i] = all * c.weight / total
	}
	note := []string{}
	if t.note != "" {
		note = d.wrap(t.note, faceFoot, all)
	}
	d.y += 4
	rows := make([][][]laid, len(t.rows))
	for i, row := range t.rows {
		rows[i] = d.layRow(row, widths)
	}
	need := 14 + 3.6*float64(len(note))
	if len(rows) > 0 {
		need += min(heightOf(rows[0], sign), 40)
	}
	if d.y+need > d.bottom() {
		d.newPage()
	}
	if t.title != "" {
		d.Bookmark(t.title, 1, -1)
		d.put(marginSide, d.y, clean(t.title), faceTable)
		d.y += 6
	}
	for _, l := range note {
		d.put(marginSide, d.y, l, faceFoot)
		d.y += 3.6
	}
	if len(note) > 0 {
		d.y += 1.2
	}
	d.heading(t.columns, widths)
	for _, row := range rows {
		d.row(row, widths, sign, func() {
			d.newPage()
			d.heading(t.columns, widths)
		})
	}
}

func (d *pdf) bottom() float64 { return d.height - marginBottom }

func (d *pdf) heading(columns []column, widths []float64) {
	lines, most := make([][]string, len(columns)), 1
	for i, c := range columns {
		lines[i] = d.wrap(c.title, faceHead, widths[i]-2*padding)
		most = max(most, len(lines[i]))
	}
	h := float64(most)*faces[faceHead].line + 2*padding
	d.SetFillColor(band.r, band.g, band.b)
	d.Rect(marginSide, d.y, d.width-2*marginSide, h, "F")
	x := marginSide
	for i := range columns {
		for n, l := range lines[i] {
			d.put(x+padding, d.y+padding+float64(n)*faces[faceHead].line, l, faceHead)
		}
		x += widths[i]
	}
	d.y += h
	d.SetDrawColor(grey.r, grey.g, grey.b)
	d.SetLineWidth(0.25)
	d.Line(marginSide, d.y, d.width-marginSide, d.y)
}

// layRow breaks the lines of a row so that they fit its columns.
func (d *pdf) layRow(row []cell, widths []float64) [][]laid {
	out := make([][]laid, len(row))
	for i, c := range row {
		for _, l := range c {
			for _, text := range d.wrap(l.text, l.style, widths[i]-2*padding) {
				out[i] = append(out[i], laid{text, l.style})
			}
		}
	}
	return out
}

// signHeight is the room for a signature, in mm.
const signHeight = 16

func heightOf(row [][]laid, sign bool) float64 {
	most := 0.0
	for _, lines := range row {
		h := 0.0
		for _, l := range lines {
			h += faces[l.style].line
		}
		most = max(most, h)
	}
	if sign {
		most = max(most, signHeight)
	}
	return most + 2*padding
}

// row writes a row. One that is higher than a page goes on on the next.
func (d *pdf) row(row [][]laid, widths []float64, sign bool, turn func()) {
	h := heightOf(row, sign)
	if d.y+h > d.bottom() && h <= (d.height-marginTop-marginBottom)*0.8 {
		turn()
	}
	for {
		room := d.bottom() - d.y
		rest := make([][]laid, len(row))
		left := false
		x := marginSide
		for i, lines := range row {
			y := padding
			for n, l := range lines {
				step := faces[l.style].line
				if y+step+padding > room {
					rest[i], left = lines[n:], true
					break
				}
				d.put(x+padding, d.y+y, l.text, l.style)
				y += step
			}
			x += widths[i]
		}
		d.y += min(h, room)
		d.SetDrawColor(hairline.r, hairline.g, hairline.b)
		d.SetLineWidth(0.2)
		d.Line(marginSide, d.y, d.width-marginSide, d.y)
		if !left {
			return
		}
		row, h = rest, heightOf(rest, sign)
		turn()
	}
}

// measure is the width of text in mm.
func (d *pdf) measure(text string, s style) float64 {
	total := 0.0
	for _, r := range text {
		total += d.runeWidth(r, s)
	}
	return total
}

// runeWidth remembers the widths of letters: the library looks each up anew.
func (d *pdf) runeWidth(r rune, s style) float64 {
	known := d.widths[s]
	if known == nil {
		known = map[rune]float64{}
		d.widths[s] = known
	}
	w, ok := known[r]
	if !ok {
		f := faces[s]
		if f.font == "sans" && d.lacks(r) {
			d.SetFont("mono", "", f.size)
		} else {
			d.SetFont(f.font, f.style, f.size)
		}
		w = d.GetStringWidth(string(r))
		known[r] = w
	}
	return w
}

// wrap breaks text into lines of a width in mm: at blanks, in paths and other long words at their signs, and anywhere if
// nothing else is left.
func (d *pdf) wrap(text string, s style, width float64) []string {
	runes := []rune(strings.TrimSpace(clean(text)))
	var lines []string
	for len(runes) > 0 {
		n, blank, sign, total := 0, 0, 0, 0.0
		for n < len(runes) {
			if total += d.runeWidth(runes[n], s); total > width && n > 0 {
				break
			}
			n++
			switch r := runes[n-1]; {
			case unicode.IsSpace(r):
				blank = n
			case strings.ContainsRune(".-/_,;:|^&)]", r) || n < len(runes) && strings.ContainsRune("([", runes[n]):
				sign = n
			}
		}
		if n < len(runes) && !unicode.IsSpace(runes[n]) {
			switch {
			case blank > 0 && (sign <= blank || s != code):
				n = blank
			case sign > 0:
				n = sign
			}
		}
		lines = append(lines, strings.TrimSpace(string(runes[:n])))
		for runes = runes[n:]; len(runes) > 0 && unicode.IsSpace(runes[0]); {
			runes = runes[1:]
		}
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// lacks says whether the text font has no such letter.
func (d *pdf) lacks(r rune) bool {
	if r < 0x250 {
		return false
	}
	lacking, known := d.lacking[r]
	if !known {
		lacking = !has(textFont(), r) && has(codeFont(), r)
		d.lacking[r] = lacking
	}
	return lacking
}

// textFont and codeFont say which letters there are; nil if they cannot be read, as then newPDF fails.
var (
	textFont = sync.OnceValue(func() *sfnt.Font { return font("OpenSans-Regular.ttf") })
	codeFont = sync.OnceValue(func() *sfnt.Font { return font("Hack-Regular.ttf") })
)

func font(file string) *sfnt.Font {
	ttf, err := assets.Fonts.ReadFile("fonts/" + file)
	if err != nil {
		return nil
	}
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil
	}
	return f
}

func has(f *sfnt.Font, r rune) bool {
	if f == nil {
		return false
	}
	var b sfnt.Buffer
	i, err := f.GlyphIndex(&b, r)
	return err == nil && i != 0
}
