package kit

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"fyne.io/fyne/v2/canvas"
	"golang.org/x/image/vector"
	"trestle/internal/present/screen"
)

// path is a closed outline in pixels.
type path []struct{ x, y float32 }

// shapePaths returns the outlines of a shape in the square at x, y with the given side. The second outline of a ring
// runs the other way round and so cuts its hole.
func shapePaths(s screen.Shape, x, y, side float32) []path {
	pt := func(px, py float32) struct{ x, y float32 } { return struct{ x, y float32 }{x + px*side, y + py*side} }
	circle := func(radius float64, dir float64) path {
		const n = 32
		p := make(path, n)
		for i := range p {
			sin, cos := math.Sincos(dir * 2 * math.Pi * float64(i) / n)
			p[i] = pt(float32(0.5+radius*cos), float32(0.5+radius*sin))
		}
		return p
	}
	switch s {
	case screen.ShapeSquare:
		return []path{{pt(.12, .12), pt(.88, .12), pt(.88, .88), pt(.12, .88)}}
	case screen.ShapeTriangle:
		return []path{{pt(.5, .06), pt(.98, .9), pt(.02, .9)}}
	case screen.ShapeCircle:
		return []path{circle(.42, 1)}
	case screen.ShapeRing:
		return []path{circle(.42, 1), circle(.26, -1)}
	}
	return nil
}

// fillPaths draws outlines in one colour.
func fillPaths(dst *image.RGBA, paths []path, ink color.NRGBA) {
	if len(paths) == 0 {
		return
	}
	x0, y0, x1, y1 := float32(math.MaxFloat32), float32(math.MaxFloat32), float32(-math.MaxFloat32), float32(-math.MaxFloat32)
	for _, p := range paths {
		for _, q := range p {
			x0, y0, x1, y1 = min(x0, q.x), min(y0, q.y), max(x1, q.x), max(y1, q.y)
		}
	}
	box := image.Rect(int(math.Floor(float64(x0))), int(math.Floor(float64(y0))), int(math.Ceil(float64(x1))), int(math.Ceil(float64(y1))))
	if box.Empty() || !box.Overlaps(dst.Rect) {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	ox, oy := float32(box.Min.X), float32(box.Min.Y)
	for _, p := range paths {
		z.MoveTo(p[0].x-ox, p[0].y-oy)
		for _, q := range p[1:] {
			z.LineTo(q.x-ox, q.y-oy)
		}
		z.ClosePath()
	}
	if box.In(dst.Rect) {
		z.Draw(dst, box, image.NewUniform(ink), image.Point{})
		return
	}
	// At an edge: the rasterizer writes beyond the picture without a look.
	whole := image.NewRGBA(box)
	z.Draw(whole, box, image.NewUniform(ink), image.Point{})
	draw.Draw(dst, box, whole, box.Min, draw.Over)
}

// signs are the masks of shapes and arrows by side in pixels: a list draws the same ones in every row.
var signs = map[signKey]*image.Alpha{}

type signKey struct {
	name string
	side int
}

func sign(name string, side int, outline func(side float32) []path) *image.Alpha {
	key := signKey{name, side}
	if m, ok := signs[key]; ok {
		return m
	}
	if len(signs) > 256 {
		clear(signs)
	}
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	fillPaths(img, outline(float32(side)), color.NRGBA{255, 255, 255, 255})
	m := image.NewAlpha(img.Rect)
	for i := range m.Pix {
		m.Pix[i] = img.Pix[4*i+3]
	}
	signs[key] = m
	return m
}

// shape paints a severity's shape into the square at x, y.
func (s *surface) shape(k screen.Shape, x, y, side int, ink color.NRGBA) {
	name := [...]string{"", "square", "triangle", "circle", "ring"}[k]
	s.blit(sign(name, side, func(z float32) []path { return shapePaths(k, 0, 0, z) }), x, y, ink)
}

// arrow paints the arrow of a branch: to the right while it is closed, down while it is open.
func (s *surface) arrow(open bool, x, y, side int, ink color.NRGBA) {
	name := "closed"
	if open {
		name = "open"
	}
	s.blit(sign(name, side, func(z float32) []path {
		// A chevron of even stroke: the outline of two thick lines that meet in a corner.
		pts := [][2]float32{{.30, .17}, {.41, .06}, {.85, .50}, {.41, .94}, {.30, .83}, {.63, .50}}
		p := make(path, len(pts))
		for i, q := range pts {
			a, b := q[0], q[1]
			if open {
				a, b = 1-q[1], q[0]
			}
			p[i] = struct{ x, y float32 }{a * z, b * z}
		}
		return []path{p}
	}), x, y, ink)
}

// pill paints a rectangle whose short sides are round.
func (s *surface) pill(r image.Rectangle, c color.NRGBA) {
	s.round(r, float32(min(r.Dx(), r.Dy()))/2, c)
}

// round paints a rectangle with round corners.
func (s *surface) round(r image.Rectangle, radius float32, c color.NRGBA) {
	var p path
	const steps = 8
	corner := func(cx, cy float32, from float64) {
		for i := range steps + 1 {
			sin, cos := math.Sincos(from + math.Pi/2*float64(i)/steps)
			p = append(p, struct{ x, y float32 }{cx + radius*float32(cos), cy + radius*float32(sin)})
		}
	}
	x0, y0, x1, y1 := float32(r.Min.X)+radius, float32(r.Min.Y)+radius, float32(r.Max.X)-radius, float32(r.Max.Y)-radius
	corner(x1, y1, 0)
	corner(x0, y1, math.Pi/2)
	corner(x0, y0, math.Pi)
	corner(x1, y0, 3*math.Pi/2)
	fillPaths(s.img, []path{p}, c)
}

// newShapeRaster is a shape alone, in the colour that look names when it is painted.
func newShapeRaster(look func() (screen.Shape, color.NRGBA)) *canvas.Raster {
	r := canvas.NewRaster(func(w, h int) image.Image {
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		s, ink := look()
		side := float32(min(w, h))
		fillPaths(img, shapePaths(s, (float32(w)-side)/2, (float32(h)-side)/2, side), ink)
		return img
	})
	r.ScaleMode = canvas.ImageScalePixels
	return r
}
