package kit

import (
	"bytes"
	"image"
	"image/color"
	"math"

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

// nowhere is a code that no font has: what is drawn for it is what is drawn for every letter that is missing.
const nowhere = "\U0010fffd"

// fallback returns the picture of a text, placed from the dot at its beginning. missing is set where the system has no
// font for it either.
func fallback(text string, face theme.Face, px float64) *glyph {
	key := fallbackKey{text, face, px}
	if g, ok := fallbacks[key]; ok {
		return g
	}
	if len(fallbacks) >= maxFallbacks {
		clear(fallbacks)
	}
	g := shaped(text, face, px)
	g.missing = text != nowhere && bytes.Equal(g.mask.Pix, fallback(nowhere, face, px).mask.Pix)
	fallbacks[key] = g
	return g
}

// shaped lets Fyne draw a text and returns its coverage.
func shaped(text string, face theme.Face, px float64) *glyph {
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
	_, baseline := fyne.CurrentApp().Driver().RenderedTextSize(text, t.TextSize, t.TextStyle, nil)
	return &glyph{mask: mask, at: image.Pt(0, -int(math.Round(float64(baseline))))}
}
