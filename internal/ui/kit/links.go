package kit

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/vector"
	"trestle/internal/ui/theme"
)

// Link is a line between two places of the lists at both sides, in units from the top of the view.
type Link struct {
	Left, Right float32
	Count       int  // what it stands for: more are drawn thicker
	Front       bool // it is the one that is looked at
	Dotted      bool // an end is out of view
}

// LinkView draws the lines between two lists that stand at its sides, all into one picture.
type LinkView struct {
	widget.BaseWidget

	// Links are the lines to be drawn, those that stand in front last.
	Links func(dst []Link) []Link
	// Pulled is the line that is being drawn by hand, if any: from a side at a height to the mouse, on the canvas.
	Pulled func() (right bool, y float32, to fyne.Position, ok bool)
	// OnTap is called on a click: across is 0 at the left side and 1 at the right, y in units from the top.
	OnTap func(across, y float32, e *fyne.PointEvent)
	// OnSecondary is OnTap for the secondary button.
	OnSecondary func(across, y float32, e *fyne.PointEvent)
	// OnScroll is called when the wheel turns over the lines, for the side that is nearer.
	OnScroll func(right bool, e *fyne.ScrollEvent)

	surface surface
	raster  *canvas.Raster
	inks    *vector.Rasterizer
	mask    *image.Alpha // what one look of lines covers
	links   []Link
}

// NewLinkView returns a view without lines.
func NewLinkView() *LinkView {
	v := &LinkView{}
	v.ExtendBaseWidget(v)
	return v
}

// MinSize implements fyne.CanvasObject.
func (v *LinkView) MinSize() fyne.Size { return fyne.NewSize(60, 40) }

// CreateRenderer implements fyne.Widget.
func (v *LinkView) CreateRenderer() fyne.WidgetRenderer {
	v.raster = canvas.NewRaster(v.draw)
	v.raster.ScaleMode = canvas.ImageScalePixels
	return &rasterRenderer{raster: v.raster, layout: func() {}, min: v.MinSize}
}

// Repaint draws the lines anew.
func (v *LinkView) Repaint() {
	if v.raster != nil {
		v.raster.Refresh()
	}
}

// Tapped implements fyne.Tappable.
func (v *LinkView) Tapped(e *fyne.PointEvent) {
	Active()
	if v.OnTap != nil {
		v.OnTap(e.Position.X/max(v.Size().Width, 1), e.Position.Y, e)
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (v *LinkView) TappedSecondary(e *fyne.PointEvent) {
	Active()
	if v.OnSecondary != nil {
		v.OnSecondary(e.Position.X/max(v.Size().Width, 1), e.Position.Y, e)
	}
}

// Scrolled implements fyne.Scrollable.
func (v *LinkView) Scrolled(e *fyne.ScrollEvent) {
	Active()
	if v.OnScroll != nil {
		v.OnScroll(e.Position.X > v.Size().Width/2, e)
	}
}

// Cursor implements desktop.Cursorable.
func (v *LinkView) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// The widths of lines in units, and how faint those are that are not looked at while one is.
const (
	linkWidth  = 1.3
	frontWidth = 2.6
	faded      = 0x70
	dotRadius  = 3
)

// draw is the raster's generator: the lines of one look are filled in one go.
func (v *LinkView) draw(w, h int) image.Image {
	s := &v.surface
	s.begin(v, v.Size(), w, h)
	defer s.end()
	s.fill(s.img.Rect, s.color("background"))
	s.fill(image.Rect(0, 0, s.hair(), h), s.color("separator"))
	s.fill(image.Rect(w-s.hair(), 0, w, h), s.color("separator"))
	v.links = v.links[:0]
	if v.Links != nil {
		v.links = v.Links(v.links)
	}
	if v.inks == nil {
		v.inks = vector.NewRasterizer(w, h)
	}
	front := len(v.links) > 0 && v.links[len(v.links)-1].Front
	plain := s.color(theme.ColorMuted)
	if front {
		plain.A = faded
	}
	v.paint(w, h, plain, func(l *Link) bool { return !l.Front && !l.Dotted })
	plain.A = faded
	if front {
		plain.A = faded / 2
	}
	v.paint(w, h, plain, func(l *Link) bool { return !l.Front && l.Dotted })
	v.paint(w, h, s.color("primary"), func(l *Link) bool { return l.Front })
	v.paintPulled(w, h)
	return s.img
}

// paint fills the lines of one look.
func (v *LinkView) paint(w, h int, ink color.NRGBA, which func(*Link) bool) {
	k := float32(v.surface.scale)
	v.inks.Reset(w, h)
	any := false
	for i := range v.links {
		l := &v.links[i]
		if !which(l) {
			continue
		}
		any = true
		width := float32(linkWidth)
		if l.Count > 1 {
			width += float32(math.Min(math.Log2(float64(l.Count))*0.6, 3))
		}
		if l.Front {
			width = max(width, frontWidth)
		}
		v.stroke(0, l.Left*k, float32(w), l.Right*k, width*k, l.Dotted)
		if !l.Dotted || l.Front {
			v.dot(dotRadius*k+1, l.Left*k, dotRadius*k)
			v.dot(float32(w)-dotRadius*k-1, l.Right*k, dotRadius*k)
		}
	}
	if any {
		v.lay(w, h, ink)
	}
}

// lay colours what the rasterizer has covered. Most of the picture is not covered, which a mask of one byte a pixel tells
// faster than colours do.
func (v *LinkView) lay(w, h int, ink color.NRGBA) {
	if v.mask == nil || v.mask.Rect.Dx() != w || v.mask.Rect.Dy() != h {
		v.mask = image.NewAlpha(image.Rect(0, 0, w, h))
	}
	v.inks.DrawOp = draw.Src
	v.inks.Draw(v.mask, v.mask.Rect, image.Opaque, image.Point{})
	if ink.A != 0xff {
		for i, c := range v.mask.Pix {
			if c != 0 {
				v.mask.Pix[i] = uint8(uint32(c) * uint32(ink.A) / 0xff)
			}
		}
	}
	v.surface.blit(v.mask, 0, 0, ink)
}

// paintPulled draws the line that is being drawn by hand.
func (v *LinkView) paintPulled(w, h int) {
	if v.Pulled == nil {
		return
	}
	right, y, to, ok := v.Pulled()
	if !ok {
		return
	}
	k := float32(v.surface.scale)
	to = to.Subtract(absolute(v, fyne.Position{}))
	x := min(max(to.X*k, 0), float32(w))
	v.inks.Reset(w, h)
	if right {
		v.stroke(x, to.Y*k, float32(w), y*k, frontWidth*k, false)
	} else {
		v.stroke(0, y*k, x, to.Y*k, frontWidth*k, false)
	}
	v.dot(x, to.Y*k, 2*dotRadius*k)
	v.lay(w, h, v.surface.color("primary"))
}

// stroke adds an S-curve of even thickness, as quads along its normals; a dotted one leaves every other of them out.
func (v *LinkView) stroke(x1, y1, x2, y2, width float32, dotted bool) {
	steps := 20
	if y1 == y2 && !dotted {
		steps = 1
	}
	if dotted {
		steps = 30
	}
	half, mid := width/2, (x1+x2)/2
	px, py := x1, y1
	for i := 1; i <= steps; i++ {
		t := float32(i) / float32(steps)
		u := 1 - t
		x := u*u*u*x1 + 3*u*u*t*mid + 3*u*t*t*mid + t*t*t*x2
		y := u*u*u*y1 + 3*u*u*t*y1 + 3*u*t*t*y2 + t*t*t*y2
		if l := float32(math.Hypot(float64(x-px), float64(y-py))); l > 0 && !(dotted && i%2 == 0) {
			nx, ny := -(y-py)/l*half, (x-px)/l*half
			v.inks.MoveTo(px+nx, py+ny)
			v.inks.LineTo(x+nx, y+ny)
			v.inks.LineTo(x-nx, y-ny)
			v.inks.LineTo(px-nx, py-ny)
			v.inks.ClosePath()
		}
		px, py = x, y
	}
}

// dot adds a small circle, wound as the quads of a line are.
func (v *LinkView) dot(x, y, radius float32) {
	const n = 12
	for i := range n + 1 {
		sin, cos := math.Sincos(-2 * math.Pi * float64(i) / n)
		px, py := x+radius*float32(cos), y+radius*float32(sin)
		if i == 0 {
			v.inks.MoveTo(px, py)
		} else {
			v.inks.LineTo(px, py)
		}
	}
	v.inks.ClosePath()
}
