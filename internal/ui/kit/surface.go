package kit

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/math/fixed"
	"trestle/internal/ui/theme"
)

// surface is the picture that a widget paints into, in pixels of the device.
type surface struct {
	img   *image.RGBA
	clip  image.Rectangle
	scale float64
	paint theme.Paint
	inks  map[fyne.ThemeColorName]color.NRGBA
}

// begin makes the picture of w by h pixels for a widget of a size, reusing its buffer, and locks the atlas until end.
func (s *surface) begin(wid fyne.Widget, size fyne.Size, w, h int) {
	atlas.Lock()
	if s.img == nil || s.img.Rect.Dx() != w || s.img.Rect.Dy() != h {
		s.img = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	s.clip = s.img.Rect
	s.scale = scaleOf(wid, size, w, h)
	s.paint = theme.Of(wid)
	if s.inks == nil {
		s.inks = map[fyne.ThemeColorName]color.NRGBA{}
	}
	clear(s.inks)
}

func (s *surface) end() { atlas.Unlock() }

// scaleOf is the pixels of a unit. It is the canvas's where the picture agrees with it within what rounding to whole
// pixels explains, else (a screen with pixels of its own) the picture's.
func scaleOf(wid fyne.Widget, size fyne.Size, w, h int) float64 {
	ratio := float64(w) / float64(max(size.Width, 1))
	if size.Height > size.Width {
		ratio = float64(h) / float64(max(size.Height, 1))
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(wid); c != nil {
		if k := float64(c.Scale()); math.Abs(k-ratio) < 0.02*ratio+1/float64(max(size.Width, size.Height, 1)) {
			return k
		}
	}
	return math.Round(ratio*20) / 20
}

// within limits what is painted to a part of the picture, until all lifts the limit.
func (s *surface) within(r image.Rectangle) { s.clip = r.Intersect(s.img.Rect) }

func (s *surface) all() { s.clip = s.img.Rect }

// color is a colour of the theme, looked up once a paint.
func (s *surface) color(n fyne.ThemeColorName) color.NRGBA {
	c, ok := s.inks[n]
	if !ok {
		c = s.paint.Color(n)
		s.inks[n] = c
	}
	return c
}

// px is a length in whole pixels, at least one for what is not zero.
func (s *surface) px(units float32) int {
	if units <= 0 {
		return 0
	}
	return max(int(math.Round(float64(units)*s.scale)), 1)
}

// hair is the width of the thinnest line that looks even at every scale.
func (s *surface) hair() int { return max(int(s.scale), 1) }

// fill paints a rectangle.
func (s *surface) fill(r image.Rectangle, c color.NRGBA) {
	if r = r.Intersect(s.clip); r.Empty() || c.A == 0 {
		return
	}
	op := draw.Over
	if c.A == 0xff {
		op = draw.Src
	}
	draw.Draw(s.img, r, image.NewUniform(c), image.Point{}, op)
}

// frame paints the outline of a rectangle, inside it.
func (s *surface) frame(r image.Rectangle, width int, c color.NRGBA) {
	s.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+width), c)
	s.fill(image.Rect(r.Min.X, r.Max.Y-width, r.Max.X, r.Max.Y), c)
	s.fill(image.Rect(r.Min.X, r.Min.Y+width, r.Min.X+width, r.Max.Y-width), c)
	s.fill(image.Rect(r.Max.X-width, r.Min.Y+width, r.Max.X, r.Max.Y-width), c)
}

// focusRing shows that the widget has the keyboard.
func (s *surface) focusRing() {
	s.frame(s.img.Rect, s.px(1.5), s.color("focus"))
}

// blit lays a coverage mask on the picture in one colour. The picture is opaque.
func (s *surface) blit(m *image.Alpha, x, y int, ink color.NRGBA) {
	if m == nil {
		return
	}
	box := image.Rect(x, y, x+m.Rect.Dx(), y+m.Rect.Dy()).Intersect(s.clip)
	if box.Empty() {
		return
	}
	r, g, b := uint32(ink.R), uint32(ink.G), uint32(ink.B)
	for py := box.Min.Y; py < box.Max.Y; py++ {
		row := m.Pix[(py-y)*m.Stride+box.Min.X-x:][:box.Dx()]
		o := s.img.PixOffset(box.Min.X, py)
		line := s.img.Pix[o : o+4*box.Dx()]
		for i, cov := range row {
			if cov == 0 {
				continue
			}
			p := line[4*i : 4*i+3 : 4*i+3]
			k := uint32(cov)
			if k == 255 {
				p[0], p[1], p[2] = uint8(r), uint8(g), uint8(b)
				continue
			}
			p[0] = uint8((r*k + uint32(p[0])*(255-k) + 127) / 255)
			p[1] = uint8((g*k + uint32(p[1])*(255-k) + 127) / 255)
			p[2] = uint8((b*k + uint32(p[2])*(255-k) + 127) / 255)
		}
	}
}

// text draws s with its dot at x (in pixels, with fractions) on a baseline, and returns where the dot is then.
func (s *surface) text(t *typeface, str string, x float64, baseline int, ink color.NRGBA) float64 {
	if !t.covers(str) {
		if parts := t.parts(str); parts != nil {
			for _, p := range parts {
				x = s.text(p.face, p.text, x, baseline, ink)
			}
			return x
		}
		g := fallback(str, t.face, t.px)
		s.blit(g.mask, int(math.Round(x)), baseline+g.at.Y, ink)
		return x + float64(g.mask.Rect.Dx())
	}
	dot := fixed.Int26_6(math.Round(x * 64))
	last := rune(-1)
	for _, r := range str {
		if last >= 0 {
			dot += t.drawer.Kern(last, r)
		}
		at := dot + 8
		g := t.glyph(r, uint8(at&63)/16)
		s.blit(g.mask, int(at>>6)+g.at.X, baseline+g.at.Y, ink)
		dot += t.advance(r)
		last = r
	}
	return float64(dot) / 64
}

// measure is the width of a text as text draws it.
func (s *surface) measure(t *typeface, str string) float64 {
	if !t.covers(str) {
		if parts := t.parts(str); parts != nil {
			width := 0.0
			for _, p := range parts {
				width += p.face.width(p.text)
			}
			return width
		}
		return float64(fallback(str, t.face, t.px).mask.Rect.Dx())
	}
	return t.width(str)
}

// fit cuts a text to a width and ends it in an ellipsis where it does not fit.
func (s *surface) fit(t *typeface, str string, width float64) (string, float64) {
	if len(str) > 1024 { // no cell is as wide
		n := 1024
		for n > 0 && str[n]&0xc0 == 0x80 {
			n--
		}
		str = str[:n]
	}
	w := s.measure(t, str)
	if w <= width+0.5 {
		return str, w
	}
	room := width - t.width("…")
	if !t.covers(str) {
		letters := []rune(str)
		for len(letters) > 0 && s.measure(t, string(letters)) > room {
			letters = letters[:len(letters)*3/4]
		}
		cut := string(letters) + "…"
		return cut, s.measure(t, cut)
	}
	used, end := 0.0, 0
	for i, r := range str {
		a := float64(t.advance(r)) / 64
		if used+a > room {
			break
		}
		used, end = used+a, i+len(string(r))
	}
	for end > 0 && str[end-1] == ' ' {
		end--
	}
	if room < 0 {
		return "", 0
	}
	cut := str[:end] + "…"
	return cut, t.width(cut)
}

// wrap breaks a text between words into lines of a width. A word that is wider than that ends in an ellipsis.
func (s *surface) wrap(t *typeface, str string, width float64) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(str) {
		longer := word
		if line != "" {
			longer = line + " " + word
		}
		if line != "" && s.measure(t, longer) > width {
			lines, longer = append(lines, line), word
		}
		line = longer
		if cut, _ := s.fit(t, line, width); cut != line { // one word alone
			line = cut
		}
	}
	return append(lines, line)
}

// centre is the baseline that puts a line of t into the middle of a row.
func (t *typeface) centre(top, height int) int {
	// Capitals and figures decide what looks centred, not the room for accents.
	capital := t.drawer.Metrics().CapHeight.Round()
	return top + (height+capital)/2
}
