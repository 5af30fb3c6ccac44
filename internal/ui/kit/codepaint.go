package kit

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// codeFaces is the type of a paint.
type codeFaces struct {
	mono, bold, small *typeface
	baseline          int // of a line, from its top
}

// draw is the raster's generator.
func (v *CodeView) draw(w, h int) image.Image {
	s := &v.surface
	s.begin(v, v.Size(), w, h)
	defer s.end()
	f := v.fit()
	s.fill(s.img.Rect, s.color("inputBackground"))
	v.drawLines(f)
	v.down.draw(s)
	v.across.draw(s)
	if v.focused {
		s.focusRing()
	}
	return s.img
}

// fit brings the metrics to the picture's scale and returns its type.
func (v *CodeView) fit() codeFaces {
	s, m := &v.surface, &v.metrics
	f := codeFaces{
		mono:  typeAt(theme.Mono, float64(theme.SizeText)*s.scale),
		bold:  typeAt(theme.MonoBold, float64(theme.SizeText)*s.scale),
		small: typeAt(theme.Mono, float64(theme.SizeSmall)*s.scale),
	}
	was := *m
	m.scale, m.cell, m.line, m.top = s.scale, f.mono.cell(), s.px(theme.LineHeight), s.px(4)
	m.gutter = s.px(8)
	if !v.HideNumbers {
		m.gutter = v.digits()*f.small.cell() + s.px(12) + s.px(10)
	}
	f.baseline = f.mono.centre(0, m.line)
	if *m != was {
		v.measure()
	}
	return f
}

// digits is the room that numbers need, in letters.
func (v *CodeView) digits() int {
	n := len(strconv.Itoa(v.text.Lines()))
	if v.Number != nil {
		n = max(n, utf8.RuneCountInString(v.Number(v.text.Lines()-1)))
	}
	return max(n, 2)
}

// visible is the bytes that the lines from first to before last cover.
func (v *CodeView) visible(first, last int) (from, to int) {
	from = v.text.Offset(first, 0)
	if last >= v.text.Lines() {
		return from, v.end() + 256 // the last break belongs to it
	}
	return from, v.text.Offset(last, 0)
}

func (v *CodeView) drawLines(f codeFaces) {
	s, m := &v.surface, v.metrics
	first := int(v.down.pos)
	y := m.top - int(math.Round((v.down.pos-float64(first))*float64(m.line)))
	last := min(first+(s.img.Rect.Dy()-y)/m.line+1, v.text.Lines())
	from, to := v.visible(first, last)
	shown := v.shownMarks(from, to)
	cursorLine, _ := v.text.Position(v.cursor)
	text := image.Rect(m.gutter, 0, s.img.Rect.Dx(), s.img.Rect.Dy())
	for line := first; line < last; line++ {
		s.within(text)
		v.drawLine(f, line, y, shown)
		if line == cursorLine {
			v.drawCursor(y)
		}
		source, begins := v.lineOf(line)
		if v.Lead != nil && v.across.pos > 0 {
			v.drawLead(f, v.Lead(source), y)
		}
		s.all()
		if !v.HideNumbers && begins {
			v.drawNumber(f, source, y, line == cursorLine)
		}
		y += m.line
	}
	if !v.HideNumbers {
		x := m.gutter - s.px(7)
		s.fill(image.Rect(x, 0, x+s.hair(), s.img.Rect.Dy()), s.color(theme.ColorGuide))
	}
}

// shownMarks is the marks that meet the visible bytes, with the selection, from the lowest layer to the highest.
func (v *CodeView) shownMarks(from, to int) []screen.Mark {
	var shown []screen.Mark
	selFrom, selTo := v.Selection()
	put := selFrom == selTo
	for _, k := range v.marks {
		if !put && k.Kind > screen.MarkSelection {
			shown, put = append(shown, screen.Mark{From: selFrom, To: selTo, Kind: screen.MarkSelection}), true
		}
		if k.From < to && (k.To > from || k.To == k.From && k.From >= from) {
			shown = append(shown, k)
		}
	}
	if !put {
		shown = append(shown, screen.Mark{From: selFrom, To: selTo, Kind: screen.MarkSelection})
	}
	return shown
}

// ranges is the columns in which a mark shows on a line. A mark over a line's break shows one cell beyond its end.
func (v *CodeView) ranges(line int, k screen.Mark) [][2]int {
	if r, ok := v.text.(screen.Ranger); ok {
		return r.Ranges(line, k.From, k.To)
	}
	start, cols := v.text.Offset(line, 0), v.text.Columns(line)
	end := v.text.Offset(line, cols)
	if k.To <= start && k.From < start || k.From > end {
		return nil
	}
	a, z := 0, cols
	if k.From > start {
		_, a = v.text.Position(k.From)
	}
	if k.To <= end {
		_, z = v.text.Position(k.To)
	} else if line+1 < v.text.Lines() || k.From >= end {
		z = cols + 1
	}
	if a == z && k.Kind < screen.MarkInformation {
		return nil
	}
	return [][2]int{{a, max(z, a+1)}} // a finding of no length (something is missing) still shows
}

var markGrounds = map[screen.MarkKind]fyne.ThemeColorName{
	screen.MarkCursorField: theme.ColorCurrentField,
	screen.MarkAdded:       theme.ColorAddedBack,
	screen.MarkRemoved:     theme.ColorRemovedBack,
	screen.MarkChanged:     theme.ColorChangedBack,
	screen.MarkHit:         theme.ColorHit,
	screen.MarkSelection:   "selection",
}

// x is the pixel at which a column begins.
func (v *CodeView) x(col int) int {
	return v.metrics.gutter + int(math.Round((float64(col)-v.across.pos)*float64(v.metrics.cell)))
}

func (v *CodeView) drawLine(f codeFaces, line, y int, marks []screen.Mark) {
	s, m := &v.surface, v.metrics
	for _, k := range marks {
		if ground, ok := markGrounds[k.Kind]; ok {
			for _, r := range v.ranges(line, k) {
				s.fill(image.Rect(v.x(r[0]), y, v.x(r[1]), y+m.line), s.color(ground))
			}
		}
	}
	first := int(v.across.pos)
	if first > 0 { // the first cell may be the second half of a wide letter
		if _, double := v.text.(screen.Ranger); !double {
			_, first = v.text.Position(v.text.Offset(line, first))
		}
	}
	str, spans := v.text.Line(line, first, first+(s.img.Rect.Dx()-m.gutter)/m.cell+4)
	v.drawCells(f, str, spans, first, y)
	if cols := v.text.Columns(line); cols > v.widest {
		v.widest = cols
		v.measure()
	}
	for _, k := range marks {
		if k.Kind >= screen.MarkInformation {
			for _, r := range v.ranges(line, k) {
				v.underline(k.Kind, v.x(r[0]), v.x(r[1]), y)
			}
		}
	}
}

// drawCells draws a line's text from a column on.
func (v *CodeView) drawCells(f codeFaces, str string, spans []screen.Span, col, y int) {
	s, m := &v.surface, v.metrics
	span := 0
	role := screen.RoleText
	ink := s.color(theme.RoleName(role))
	for at := 0; at < len(str); {
		for span < len(spans) && spans[span].End <= at {
			span++
		}
		now := screen.RoleText
		if span < len(spans) && spans[span].Start <= at {
			now = spans[span].Role
		}
		if now != role {
			role, ink = now, s.color(theme.RoleName(now))
		}
		size, cells, box := screen.Next(str[at:])
		x := v.x(col)
		switch {
		case role == screen.RoleMasked:
			gap := max(m.line/4, 1)
			s.fill(image.Rect(x, y+gap, v.x(col+cells), y+m.line-gap), s.color(theme.ColorMask))
		case box != "":
			name := screen.RoleControl
			if strings.Trim(str[at:], "\r\n") == "" { // where a line ends it is what is expected, and stays quiet
				name = screen.RoleMuted
			}
			v.drawBox(f, box, x, v.x(col+cells), y, s.color(theme.RoleName(name)))
		default:
			face := f.mono
			if role == screen.RoleSegment {
				face = f.bold
			}
			v.drawLetter(f, face, str[at:at+size], x, cells, y, ink)
		}
		at, col = at+size, col+cells
	}
}

// drawLetter draws one group: a letter with the marks that stand on it.
func (v *CodeView) drawLetter(f codeFaces, face *typeface, group string, x, cells, y int, ink color.NRGBA) {
	s := &v.surface
	r, n := utf8.DecodeRuneInString(group)
	if r == ' ' && n == len(group) {
		return
	}
	if n == len(group) {
		if g := face.glyph(r, 0); !g.missing {
			s.blit(g.mask, x+g.at.X, y+f.baseline+g.at.Y, ink)
			return
		}
	}
	g := fallback(group, face.face, face.px)
	if g.missing {
		v.drawCode(r, x, x+cells*v.metrics.cell, y, ink)
		return
	}
	room := cells * v.metrics.cell
	s.blit(g.mask, x+(room-g.mask.Rect.Dx())/2, y+f.baseline+g.at.Y, ink)
}

// drawBox draws a name in a frame in place of what has no letter.
func (v *CodeView) drawBox(f codeFaces, name string, x, x2, y int, ink color.NRGBA) {
	s, m := &v.surface, v.metrics
	small := typeAt(theme.Mono, 9*s.scale)
	edge := s.hair()
	box := image.Rect(x+edge, y+s.px(3), x2-edge, y+m.line-s.px(3))
	frame := ink
	frame.A = 0x70
	s.frame(box, edge, frame)
	width := small.width(name)
	left := float64(box.Min.X) + (float64(box.Dx())-width)/2
	clip := s.clip
	s.clip = box.Intersect(clip)
	s.text(small, name, left, small.centre(box.Min.Y, box.Dy()), ink)
	s.clip = clip
}

// drawCode draws the code of a letter that no font of the system has, in two rows, so that it can still be told.
func (v *CodeView) drawCode(r rune, x, x2, y int, ink color.NRGBA) {
	s, m := &v.surface, v.metrics
	small := typeAt(theme.Mono, 7*s.scale)
	code := fmt.Sprintf("%04X", r)
	half := (len(code) + 1) / 2
	clip := s.clip
	s.within(image.Rect(x, y, x2, y+m.line).Intersect(clip))
	mid := y + m.line/2
	for i, part := range []string{code[:half], code[half:]} {
		left := float64(x) + (float64(x2-x)-small.width(part))/2
		s.text(small, part, left, mid+i*s.px(7)-s.px(1), ink)
	}
	frame := ink
	frame.A = 0x50
	s.frame(image.Rect(x, y+s.px(1), x2, y+m.line-s.px(1)), s.hair(), frame)
	s.clip = clip
}

// underline marks a finding. Each severity has a line of its own kind, so that colour is not all that tells them apart.
func (v *CodeView) underline(k screen.MarkKind, x0, x1, y int) {
	s, m := &v.surface, v.metrics
	one := s.px(1)
	base := y + m.line - 3*one
	switch k {
	case screen.MarkError:
		s.fill(image.Rect(x0, base, x1, base+2*one), s.color(theme.RoleName(screen.RoleError)))
	case screen.MarkWarning: // a saw
		ink := s.color(theme.RoleName(screen.RoleWarning))
		for x := x0; x < x1; x++ {
			step := (x - x0) / one % 4
			if step > 2 {
				step = 4 - step
			}
			top := base - one + (2-step)*one
			s.fill(image.Rect(x, top, x+1, top+one+one/2), ink)
		}
	case screen.MarkInformation: // dots
		ink := s.color(theme.RoleName(screen.RoleInformation))
		for x := x0; x < x1; x += 4 * one {
			s.fill(image.Rect(x, base, min(x+2*one, x1), base+2*one), ink)
		}
	}
}

func (v *CodeView) drawNumber(f codeFaces, line, y int, current bool) {
	s, m := &v.surface, v.metrics
	str := strconv.Itoa(line + 1)
	if v.Number != nil {
		str = v.Number(line)
	}
	ink := s.color(theme.ColorMuted)
	if current {
		ink = s.color("foreground")
	}
	x := m.gutter - s.px(12) - utf8.RuneCountInString(str)*f.small.cell()
	for _, r := range str {
		g := f.small.glyph(r, 0)
		s.blit(g.mask, x+g.at.X, y+f.baseline+g.at.Y, ink)
		x += f.small.cell()
	}
}

// drawLead keeps the beginning of a line in sight that is scrolled away.
func (v *CodeView) drawLead(f codeFaces, lead string, y int) {
	if lead == "" {
		return
	}
	s, m := &v.surface, v.metrics
	width := len(lead)*m.cell + s.px(5)
	s.fill(image.Rect(m.gutter, y, m.gutter+width, y+m.line), s.color("inputBackground"))
	ink := s.color(theme.RoleName(screen.RoleSegment))
	x := m.gutter
	for _, r := range lead {
		v.drawLetter(f, f.bold, string(r), x, 1, y, ink)
		x += m.cell
	}
	s.fill(image.Rect(m.gutter+width-s.hair(), y, m.gutter+width, y+m.line), s.color(theme.ColorGuide))
}

// drawCursor paints the cursor. It does not blink: each step of that would paint the whole window.
func (v *CodeView) drawCursor(y int) {
	s, m := &v.surface, v.metrics
	line, col := v.text.Position(v.cursor)
	x := v.x(col)
	ink, width := s.color(theme.ColorMuted), s.px(1)
	if v.focused {
		ink, width = s.color(theme.ColorCursor), s.px(2)
	}
	s.fill(image.Rect(x-width/2, y+s.px(1), x-width/2+width, y+m.line-s.px(1)), ink)
	if r, ok := v.text.(screen.Ranger); ok { // and where the byte shows a second time
		for i, at := range r.Ranges(line, v.cursor, v.cursor+1) {
			if i > 0 {
				s.frame(image.Rect(v.x(at[0]), y+s.px(1), v.x(at[1]), y+m.line-s.px(1)), s.px(1), ink)
			}
		}
	}
}
