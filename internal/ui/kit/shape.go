package kit

import (
	"image"
	"image/color"
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
	z.Draw(dst, box, image.NewUniform(ink), image.Point{})
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
