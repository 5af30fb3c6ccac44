package kit

import (
	"bytes"
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"trestle/internal/ui/theme"
)

// Letters that neither of our families has (Arabic, Hebrew, Chinese, Japanese …) are drawn by Fyne's own painter,
// which shapes text and finds a font of the system. That costs about a millisecond, so the pictures are kept.

type fallbackKey struct {
	text string
	face theme.Face
	px   float64
}

const maxFallbacks = 2048

var fallbacks = map[fallbackKey]*glyph{}

// fallback returns the picture of a text, from the top left corner of its line. missing is set where the system has no
// font for it either.
func fallback(text string, face theme.Face, px float64) *glyph {
	key := fallbackKey{text, face, px}
	if g, ok := fallbacks[key]; ok {
		return g
	}
	if len(fallbacks) >= maxFallbacks {
		clear(fallbacks)
	}
	g := &glyph{mask: shaped(text, face, px)}
	g.missing = text != "\ufffd" && bytes.Equal(g.mask.Pix, fallback("\ufffd", face, px).mask.Pix)
	fallbacks[key] = g
	return g
}

// shaped lets Fyne draw a text and returns its coverage.
func shaped(text string, face theme.Face, px float64) *image.Alpha {
	t := canvas.NewText(text, color.White)
	t.TextSize = float32(px)
	t.TextStyle = fyne.TextStyle{Monospace: face == theme.Mono || face == theme.MonoBold, Bold: face == theme.SansSemibold || face == theme.MonoBold}
	c := software.NewTransparentCanvas()
	c.SetPadded(false)
	c.SetScale(1)
	c.SetContent(t)
	c.Resize(t.MinSize())
	img := c.Capture()
	b := img.Bounds()
	mask := image.NewAlpha(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			_, _, _, a := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			mask.Pix[y*mask.Stride+x] = uint8(a >> 8)
		}
	}
	return mask
}
