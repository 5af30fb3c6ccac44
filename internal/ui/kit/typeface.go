package kit

import (
	"image"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"trestle/internal/ui/theme"
)

// glyph is the coverage of one letter at one size and place between pixels.
type glyph struct {
	mask    *image.Alpha
	at      image.Point // of the mask, from the dot
	missing bool
}

// glyphKey names a glyph: the letter, and which quarter of a pixel it stands at.
type glyphKey struct {
	r       rune
	quarter uint8
}

// typeface is one face at one size in pixels, with the glyphs it has drawn so far.
type typeface struct {
	face     theme.Face
	px       float64
	font     *sfnt.Font
	drawer   font.Face
	buf      sfnt.Buffer
	ascent   int // of a line, in whole pixels
	height   int
	glyphs   map[glyphKey]*glyph
	ascii    [128]*glyph // at quarter 0: what a message is made of
	advances map[rune]fixed.Int26_6
}

// atlas is every typeface in use. Painting holds its lock: a test may capture several windows at once, and sfnt's
// buffers are not safe for that.
var atlas = struct {
	sync.Mutex
	fonts map[theme.Face]*sfnt.Font
	sizes map[typeKey]*typeface
}{fonts: map[theme.Face]*sfnt.Font{}, sizes: map[typeKey]*typeface{}}

type typeKey struct {
	face theme.Face
	px   float64
}

const (
	maxSizes  = 40   // typefaces kept; a window moved between screens leaves some behind
	maxGlyphs = 8192 // glyphs kept for each
)

// typeAt returns a face at a size in pixels. The atlas must be locked.
func typeAt(f theme.Face, px float64) *typeface {
	px = math.Round(px*4) / 4 // a window's size is whole pixels, so its scale wavers in the third place
	key := typeKey{f, px}
	if t, ok := atlas.sizes[key]; ok {
		return t
	}
	if len(atlas.sizes) >= maxSizes {
		clear(atlas.sizes)
	}
	parsed, ok := atlas.fonts[f]
	if !ok {
		var err error
		if parsed, err = opentype.Parse(theme.Font(f).Content()); err != nil {
			panic("kit: an embedded font does not parse: " + err.Error())
		}
		atlas.fonts[f] = parsed
	}
	drawer, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: px, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("kit: an embedded font has no size: " + err.Error())
	}
	m := drawer.Metrics()
	t := &typeface{
		face: f, px: px, font: parsed, drawer: drawer,
		ascent: m.Ascent.Round(), height: (m.Ascent + m.Descent).Round(),
		glyphs: map[glyphKey]*glyph{}, advances: map[rune]fixed.Int26_6{},
	}
	atlas.sizes[key] = t
	return t
}

// has tells whether the face has a drawing of r.
func (t *typeface) has(r rune) bool {
	i, err := t.font.GlyphIndex(&t.buf, r)
	return err == nil && i != 0
}

// part is a stretch of a text in one face.
type part struct {
	text string
	face *typeface
}

// parts divides a text between the face and the fixed-width one, which has arrows and other signs that the humanist face
// lacks. It is nil where neither has a letter: such scripts are shaped as a whole.
func (t *typeface) parts(str string) (parts []part) {
	other := theme.Mono
	if t.face == theme.SansSemibold {
		other = theme.MonoBold
	}
	twin := typeAt(other, t.px)
	start, face := 0, (*typeface)(nil)
	for i, r := range str {
		next := t
		if !t.has(r) {
			if next = twin; !twin.has(r) {
				return nil
			}
		}
		if next != face {
			if i > start {
				parts = append(parts, part{str[start:i], face})
			}
			start, face = i, next
		}
	}
	return append(parts, part{str[start:], face})
}

// advance is how far r moves the dot.
func (t *typeface) advance(r rune) fixed.Int26_6 {
	if a, ok := t.advances[r]; ok {
		return a
	}
	a, _ := t.drawer.GlyphAdvance(r)
	t.advances[r] = a
	return a
}

// glyph returns the drawing of r with the dot at a quarter of a pixel.
func (t *typeface) glyph(r rune, quarter uint8) *glyph {
	if quarter == 0 && r < 128 {
		if g := t.ascii[r]; g != nil {
			return g
		}
	}
	key := glyphKey{r, quarter}
	if g, ok := t.glyphs[key]; ok {
		return g
	}
	if len(t.glyphs) >= maxGlyphs {
		clear(t.glyphs)
	}
	g := &glyph{missing: !t.has(r)}
	if !g.missing {
		dot := fixed.Point26_6{X: fixed.Int26_6(quarter) * 16}
		if box, mask, at, _, ok := t.drawer.Glyph(dot, r); ok && !box.Empty() {
			g.at = box.Min
			g.mask = image.NewAlpha(image.Rect(0, 0, box.Dx(), box.Dy()))
			for y := range box.Dy() {
				for x := range box.Dx() {
					_, _, _, a := mask.At(at.X+x, at.Y+y).RGBA()
					g.mask.Pix[y*g.mask.Stride+x] = uint8(a >> 8)
				}
			}
		}
	}
	t.glyphs[key] = g
	if quarter == 0 && r < 128 {
		t.ascii[r] = g
	}
	return g
}

// cell is the width in whole pixels of a letter of a fixed-width face.
func (t *typeface) cell() int { return max(t.advance('0').Round(), 1) }

// covers tells whether every letter of s can be drawn from the face.
func (t *typeface) covers(s string) bool {
	for _, r := range s {
		if r >= 0x7f && t.glyph(r, 0).missing {
			return false
		}
	}
	return true
}

// width is the room that s takes, in pixels.
func (t *typeface) width(s string) float64 {
	var w fixed.Int26_6
	last := rune(-1)
	for _, r := range s {
		if last >= 0 {
			w += t.drawer.Kern(last, r)
		}
		w += t.advance(r)
		last = r
	}
	return float64(w) / 64
}
