package kit

import (
	"image"
	"image/color"
	"math"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// gridFaces is the type of a paint, with the baselines from a row's top.
type gridFaces struct {
	sans, semibold, mono, monoBold, head *typeface
	row                                  int // height in pixels
}

// draw is the raster's generator.
func (v *GridView) draw(w, h int) image.Image {
	s := &v.surface
	s.begin(v.impl, v.Size(), w, h)
	defer s.end()
	size := float64(theme.SizeText) * s.scale
	f := gridFaces{
		sans: typeAt(theme.Sans, size), semibold: typeAt(theme.SansSemibold, size),
		mono: typeAt(theme.Mono, size-s.scale*0.5), monoBold: typeAt(theme.MonoBold, size-s.scale*0.5),
		head: typeAt(theme.SansSemibold, 12*s.scale), row: s.px(theme.RowHeight),
	}
	s.fill(s.img.Rect, s.color("inputBackground"))
	v.drawRows(f)
	if !v.HideHeader {
		v.drawHeader(f)
	}
	if v.len() == 0 && v.Empty != "" {
		v.drawEmpty(f)
	}
	v.drawTarget(f)
	v.down.draw(s)
	v.across.draw(s)
	if v.focused {
		s.focusRing()
	}
	return s.img
}

// x is the pixel of a place among the columns.
func (v *GridView) x(units float32) int {
	return int(math.Round((float64(units) - v.across.pos) * v.surface.scale))
}

func (v *GridView) drawRows(f gridFaces) {
	s, n := &v.surface, v.len()
	if n == 0 {
		return
	}
	columns := v.grid.Columns()
	top := s.px(v.header())
	first := int(v.down.pos)
	y := top - int(math.Round((v.down.pos-float64(first))*float64(f.row)))
	rows := image.Rect(0, top, s.img.Rect.Dx(), s.img.Rect.Dy())
	if v.across.needed() {
		rows.Max.Y -= s.px(barRoom)
	}
	for row := first; row < n && y < rows.Max.Y; row++ {
		s.within(rows)
		whole := image.Rect(0, y, rows.Max.X, y+f.row)
		switch {
		case v.selected.has(row) && v.focused:
			s.fill(whole, s.color("selection"))
		case v.selected.has(row):
			s.fill(whole, s.color(theme.ColorSelectionInactive))
		case row == v.hovered:
			s.fill(whole, s.color(theme.ColorRowHover))
		}
		for c := range columns {
			x0, x1 := v.x(v.edges[c]), v.x(v.edges[c+1])
			if x1 <= 0 || x0 >= rows.Max.X {
				continue
			}
			s.within(image.Rect(x0, y, x1, y+f.row).Intersect(rows))
			v.drawCell(f, columns[c], row, c, x0, x1, y)
		}
		if row == v.target {
			s.within(rows)
			s.frame(whole, s.px(2), s.color("primary"))
		}
		if row == v.row && v.Cells {
			s.within(rows)
			v.drawCursor(y, f.row)
		}
		if row == v.row && v.focused && v.selected.count() != 1 { // which of several the keys go on from
			s.within(rows)
			s.frame(whole, s.px(1), s.color("focus"))
		}
		y += f.row
	}
	s.all()
}

func (v *GridView) drawCell(f gridFaces, column screen.Column, row, c, x0, x1, y int) {
	s := &v.surface
	cell := v.grid.Cell(row, c)
	x, end := x0+s.px(cellPad), x1-s.px(cellPad)
	if v.tree != nil && c == 0 {
		x = v.drawBranch(f, row, x0, y)
	}
	ink := s.color(theme.RoleName(cell.Role))
	face := f.sans
	switch {
	case (cell.Mono || column.Mono) && cell.Bold:
		face = f.monoBold
	case cell.Mono || column.Mono:
		face = f.mono
	case cell.Bold:
		face = f.semibold
	}
	v.drawBar(cell, x, end, y, f.row)
	text, width := "", 0.0
	if cell.Switch != screen.NoSwitch {
		v.drawSwitch(cell.Switch == screen.SwitchOn, x, y, f.row)
		x += s.px(switchRoom)
	}
	room := float64(end - x)
	if cell.Shape != screen.ShapeNone {
		room -= float64(s.px(15))
	}
	if !cell.Masked && cell.Text != "" {
		text, width = s.fit(face, clean(cell.Text), room)
	}
	if column.Right && room > width {
		x += int(room - width)
	}
	if cell.Shape != screen.ShapeNone {
		side := s.px(10)
		s.shape(cell.Shape, x, y+(f.row-side)/2, side, ink)
		x += s.px(15)
	}
	if cell.Masked {
		high := s.px(9)
		mid := y + (f.row-high)/2
		s.fill(image.Rect(x, mid, min(x+s.px(56), end), mid+high), s.color(theme.ColorMask))
		return
	}
	v.drawLetters(face, cell, text, float64(x), face.centre(y, f.row), ink)
}

// drawLetters draws a cell's text as far as it fits, with its stretches in their own colours.
func (v *GridView) drawLetters(face *typeface, cell screen.Cell, fitted string, x float64, baseline int, ink color.NRGBA) {
	s := &v.surface
	for _, p := range stretches(fitted, cell) {
		own := ink
		if p.role != cell.Role {
			own = s.color(theme.RoleName(p.role))
		}
		x = s.text(face, p.text, x, baseline, own)
	}
}

// stretch is a part of a cell's text in one role.
type stretch struct {
	text string
	role screen.Role
}

// stretches divides a cell's text, as far as it fits, by the roles of its parts. A cut falls between letters, wherever the
// parts end, and the mark that something is left out has the cell's own role.
func stretches(fitted string, cell screen.Cell) (parts []stretch) {
	if len(cell.Spans) == 0 {
		return []stretch{{fitted, cell.Role}}
	}
	whole := commonPrefix(fitted, clean(cell.Text)) // of what is the cell's own text
	at := 0
	add := func(to int, role screen.Role) {
		to = min(to, whole)
		for to > at && to < len(fitted) && !utf8.RuneStart(fitted[to]) {
			to--
		}
		if to > at {
			parts = append(parts, stretch{fitted[at:to], role})
			at = to
		}
	}
	for _, p := range cell.Spans {
		add(p.Start, cell.Role)
		add(p.End, p.Role)
	}
	if at < len(fitted) {
		parts = append(parts, stretch{fitted[at:], cell.Role})
	}
	return parts
}

// commonPrefix is how many bytes two texts begin with alike.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// drawBar draws the bar of a cell between x and end.
func (v *GridView) drawBar(cell screen.Cell, x, end, y, row int) {
	if cell.Bar == 0 || cell.Masked {
		return
	}
	s := &v.surface
	ink := s.color(theme.RoleName(cell.BarRole))
	ink.A = barAlpha
	length := max(int(math.Round(min(math.Abs(cell.Bar), 1)*float64(end-x))), s.hair())
	box := image.Rect(x, y+s.px(4), x+length, y+row-s.px(4))
	if cell.Bar < 0 {
		box = image.Rect(end-length, box.Min.Y, end, box.Max.Y)
	}
	s.round(box, float32(s.px(2)), ink)
}

// The looks of bars and switches, in units. A bar lets the text on it be read.
const (
	barAlpha         = 0x4c
	switchRoom       = 32
	switchWidth      = 24
	switchHeight     = 14
	switchKnobMargin = 2
)

// drawSwitch draws a switch at x in a row. Its knob's side says how it stands, besides the colour.
func (v *GridView) drawSwitch(on bool, x, y, row int) {
	s := &v.surface
	wide, high, margin := s.px(switchWidth), s.px(switchHeight), s.px(switchKnobMargin)
	box := image.Rect(x, y+(row-high)/2, x+wide, y+(row-high)/2+high)
	ground, knob := s.color(theme.ColorMuted), s.color("inputBackground")
	at := box.Min.X + margin
	if on {
		ground, at = s.color("primary"), box.Max.X-high+margin
	}
	s.pill(box, ground)
	s.pill(image.Rect(at, box.Min.Y+margin, at+high-2*margin, box.Max.Y-margin), knob)
}

// drawTarget draws the line where a row that is dragged would go.
func (v *GridView) drawTarget(f gridFaces) {
	if v.moving < 0 {
		return
	}
	s := &v.surface
	y := s.px(v.header()) + int(math.Round((float64(v.movingTo)-v.down.pos)*float64(f.row)))
	s.fill(image.Rect(0, y-s.px(1), s.img.Rect.Dx(), y+s.px(1)), s.color("primary"))
}

// fitting is the width in units that shows the title and the visible cells of a column whole.
func (v *GridView) fitting(c int) float32 {
	atlas.Lock()
	defer atlas.Unlock()
	const size = float64(theme.SizeText)
	column := v.grid.Columns()[c]
	width := typeAt(theme.SansSemibold, 12).width(column.Title) + 16
	for row := int(v.down.pos); row < min(int(v.down.pos+v.down.page)+1, v.len()); row++ {
		cell := v.grid.Cell(row, c)
		face := typeAt(theme.SansSemibold, size)
		if cell.Mono || column.Mono {
			face = typeAt(theme.MonoBold, size-0.5)
		}
		w := 56.0
		if !cell.Masked {
			w = face.width(clean(cell.Text))
		}
		if cell.Shape != screen.ShapeNone {
			w += 15
		}
		if cell.Switch != screen.NoSwitch {
			w += switchRoom
		}
		if v.tree != nil && c == 0 {
			depth, _, _ := v.tree.Level(row)
			w += float64(treeIndent)*float64(depth) + 20
		}
		width = max(width, w)
	}
	return float32(math.Ceil(min(width, 1200))) + 2*cellPad
}

// clean takes what is not a letter out of a text: a row is one line.
func clean(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			b := []byte(s)
			for k := range b {
				if b[k] < 0x20 || b[k] == 0x7f {
					b[k] = ' '
				}
			}
			return string(b)
		}
	}
	return s
}

// drawBranch draws a tree row's guides and arrow and returns where its text begins.
func (v *GridView) drawBranch(f gridFaces, row, x0, y int) int {
	s := &v.surface
	depth, branch, open := v.tree.Level(row)
	left := x0 + s.px(6)
	for d := range depth {
		x := left + s.px(float32(d)*treeIndent+6)
		s.fill(image.Rect(x, y, x+s.hair(), y+f.row), s.color(theme.ColorGuide))
	}
	left += s.px(float32(depth) * treeIndent)
	if branch {
		side := s.px(10)
		s.arrow(open, left+s.px(2), y+(f.row-side)/2, side, s.color(theme.ColorMuted))
	}
	return left + s.px(18)
}

func (v *GridView) drawHeader(f gridFaces) {
	s := &v.surface
	high := s.px(headerHeight)
	s.fill(image.Rect(0, 0, s.img.Rect.Dx(), high), s.color("headerBackground"))
	s.fill(image.Rect(0, high-s.hair(), s.img.Rect.Dx(), high), s.color(theme.ColorGuide))
	if v.grid == nil {
		return
	}
	for c, column := range v.grid.Columns() {
		x0, x1 := v.x(v.edges[c]), v.x(v.edges[c+1])
		if x1 <= 0 || x0 >= s.img.Rect.Dx() {
			continue
		}
		s.within(image.Rect(x0, 0, x1, high))
		ink := s.color(theme.ColorMuted)
		room := float64(x1 - x0 - 2*s.px(cellPad))
		sorted := column.ID == v.sortBy && v.sortBy != ""
		if sorted {
			ink = s.color("foreground")
			room -= float64(s.px(14))
		}
		title, width := s.fit(f.head, column.Title, room)
		x, arrow := x0+s.px(cellPad), x0+s.px(cellPad)+int(width)+s.px(4)
		if column.Right { // the title stands over the numbers, so the arrow goes before it
			x = x1 - s.px(cellPad) - int(width)
			arrow = x - s.px(14)
		}
		s.text(f.head, title, float64(x), f.head.centre(0, high), ink)
		if sorted {
			v.drawSort(arrow, high)
		}
		if c < len(v.edges)-2 || v.edges[c+1] < v.Size().Width-1 {
			s.fill(image.Rect(x1-s.hair(), s.px(6), x1, high-s.px(6)), s.color(theme.ColorGuide))
		}
	}
	s.all()
}

// drawSort draws the triangle that says in which direction the column rises.
func (v *GridView) drawSort(x, high int) {
	s := &v.surface
	side := s.px(9)
	name := "up"
	if v.descending {
		name = "down"
	}
	m := sign(name, side, func(z float32) []path {
		y := func(k float32) float32 {
			if v.descending {
				return (1 - k) * z
			}
			return k * z
		}
		return []path{{{.5 * z, y(.22)}, {.95 * z, y(.78)}, {.05 * z, y(.78)}}}
	})
	s.blit(m, x, (high-side)/2, s.color("primary"))
}

// emptyWidth is how wide the words for "no rows" get, in units: about 46 letters, as in a column of text.
const emptyWidth float32 = 300

// drawEmpty draws the words for "no rows" in the middle, on as many lines as they need.
func (v *GridView) drawEmpty(f gridFaces) {
	s := &v.surface
	lines := s.wrap(f.sans, v.Empty, float64(min(s.px(emptyWidth), s.img.Rect.Dx()-2*s.px(12))))
	top, high := s.px(v.header()), s.px(theme.LineHeight)
	room := min(s.img.Rect.Dy()-top, max(s.px(120), high*(len(lines)+1)))
	y := top + max((room-high*len(lines))/2, 0)
	for _, line := range lines {
		width := s.measure(f.sans, line)
		s.text(f.sans, line, (float64(s.img.Rect.Dx())-width)/2, f.sans.centre(y, high), s.color(theme.ColorMuted))
		y += high
	}
}

// columnAt is the column under a point of the header, and whether the point is on the edge behind column edge.
func (v *GridView) columnAt(x float32) (column, edge int) {
	column, edge = -1, -1
	x += float32(v.across.pos)
	for c := 0; c+1 < len(v.edges); c++ {
		if x >= v.edges[c] && x < v.edges[c+1] {
			column = c
		}
		if math.Abs(float64(x-v.edges[c+1])) <= float64(edgeGrab) {
			edge = c
		}
	}
	return column, edge
}

// rowAt is the row under a point, -1 for none.
func (v *GridView) rowAt(p fyne.Position) int {
	y := p.Y - v.header()
	if y < 0 || y >= v.rowsHeight() {
		return -1
	}
	row := int(v.down.pos + float64(y/theme.RowHeight))
	if row >= v.len() {
		return -1
	}
	return row
}
