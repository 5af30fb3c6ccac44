package kit

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Chip is a step of a row of steps, with what came out of it.
type Chip struct {
	Text   string
	Value  string
	Masked bool // the value is drawn as blocks
	Role   screen.Role
	Fixed  bool // it cannot be moved or removed
}

// Chips is a row of steps with arrows between them and the value of each below it. One of them has the cursor: Left and
// Right move it, Alt with them moves the step, Delete removes it, Enter edits it.
type Chips struct {
	widget.BaseWidget

	OnOpen   func(chip int)
	OnRemove func(chip int)
	// OnMove moves a step by one place and returns where the cursor is then.
	OnMove   func(chip, by int) int
	OnSelect func(chip int)
	OnRune   func(rune)
	// OnSecondary is called on a click of the secondary button or the menu key.
	OnSecondary func(chip int, at fyne.Position)
	// Empty is shown where there are none.
	Empty string

	chips   []Chip
	at      int
	focused bool
	from    float32 // how far it is scrolled, in units
	edges   [][2]float32

	shifted
	surface surface
	raster  *canvas.Raster
}

// NewChips returns a row without steps.
func NewChips() *Chips {
	c := &Chips{}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows other steps; the cursor stays where it is as far as there are as many.
func (c *Chips) Set(chips []Chip) {
	c.chips = chips
	c.at = min(max(c.at, 0), max(len(chips)-1, 0))
	c.Refresh()
}

// Selected is the step that has the cursor, -1 where there are none.
func (c *Chips) Selected() int {
	if len(c.chips) == 0 {
		return -1
	}
	return c.at
}

// Select moves the cursor.
func (c *Chips) Select(chip int) {
	c.at = min(max(chip, 0), max(len(c.chips)-1, 0))
	c.repaint()
	if c.OnSelect != nil {
		c.OnSelect(c.at)
	}
}

const (
	chipHeight float32 = 52
	chipPad    float32 = 9
	chipGap    float32 = 22
	chipMost   float32 = 230
	chipLeast  float32 = 56
)

// MinSize implements fyne.CanvasObject.
func (c *Chips) MinSize() fyne.Size { return fyne.NewSize(120, chipHeight+8) }

// CreateRenderer implements fyne.Widget.
func (c *Chips) CreateRenderer() fyne.WidgetRenderer {
	c.raster = canvas.NewRaster(c.draw)
	c.raster.ScaleMode = canvas.ImageScalePixels
	return &rasterRenderer{raster: c.raster, layout: func() {}, min: c.MinSize}
}

func (c *Chips) repaint() {
	if c.raster != nil {
		c.raster.Refresh()
	}
}

// draw is the raster's generator.
func (c *Chips) draw(w, h int) image.Image {
	s := &c.surface
	s.begin(c, c.Size(), w, h)
	defer s.end()
	s.fill(s.img.Rect, s.color("background"))
	size := float64(theme.SizeText) * s.scale
	mono, small := typeAt(theme.Mono, size-s.scale*0.5), typeAt(theme.Mono, 12*s.scale)
	if len(c.chips) == 0 {
		s.text(typeAt(theme.Sans, size), c.Empty, float64(s.px(chipPad)), typeAt(theme.Sans, size).centre(0, h), s.color(theme.ColorMuted))
	}
	c.measure(mono, small, float32(w)/float32(s.scale))
	top := (h - s.px(chipHeight)) / 2
	for i := range c.chips {
		x0, x1 := s.px1(c.edges[i][0]-c.from), s.px1(c.edges[i][1]-c.from)
		if x1 > 0 && x0 < w {
			c.drawChip(i, image.Rect(x0, top, x1, top+s.px(chipHeight)), mono, small)
		}
		if i+1 < len(c.chips) && x1 < w {
			side := s.px(10)
			s.arrow(false, x1+s.px(6), top+s.px(chipHeight)/2-side/2, side, s.color(theme.ColorMuted))
		}
	}
	if c.focused {
		s.focusRing()
	}
	return s.img
}

// px1 is a place in pixels, which may be negative.
func (s *surface) px1(units float32) int {
	if units < 0 {
		return -s.px(-units)
	}
	return s.px(units)
}

// measure finds where the steps stand, and scrolls to the one with the cursor.
func (c *Chips) measure(mono, small *typeface, width float32) {
	s := &c.surface
	c.edges = c.edges[:0]
	x := float32(4)
	for i := range c.chips {
		text := float32(s.measure(mono, clean(c.chips[i].Text)) / s.scale)
		value := float32(60)
		if !c.chips[i].Masked {
			value = float32(s.measure(small, clean(shortText(c.chips[i].Value))) / s.scale)
		}
		wide := min(max(text, value, chipLeast)+2*chipPad, chipMost)
		c.edges = append(c.edges, [2]float32{x, x + wide})
		x += wide + chipGap
	}
	if len(c.edges) == 0 {
		c.from = 0
		return
	}
	at := c.edges[min(c.at, len(c.edges)-1)]
	if at[1]+4 > c.from+width {
		c.from = at[1] + 4 - width
	}
	if at[0]-4 < c.from {
		c.from = at[0] - 4
	}
	c.from = max(min(c.from, x-chipGap+4-width), 0)
}

// shortText keeps a long value from being measured whole.
func shortText(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

func (c *Chips) drawChip(i int, box image.Rectangle, mono, small *typeface) {
	s, chip := &c.surface, &c.chips[i]
	ground := s.color(theme.ColorRaised)
	if i == c.at && c.focused {
		ground = s.color("selection")
	}
	s.round(box, float32(s.px(4)), ground)
	if i == c.at {
		ink := s.color("primary")
		if !c.focused {
			ink = s.color(theme.ColorGuide)
		}
		s.fill(image.Rect(box.Min.X+s.px(4), box.Max.Y-s.px(2), box.Max.X-s.px(4), box.Max.Y), ink)
	}
	x, room := box.Min.X+s.px(chipPad), float64(box.Dx()-2*s.px(chipPad))
	half := box.Dy() / 2
	text, _ := s.fit(mono, clean(chip.Text), room)
	s.text(mono, text, float64(x), mono.centre(box.Min.Y+s.px(2), half), s.color(theme.RoleName(chip.Role)))
	y := box.Min.Y + half - s.px(2)
	switch {
	case chip.Masked:
		high := s.px(9)
		s.fill(image.Rect(x, y+(half-high)/2, x+s.px(56), y+(half-high)/2+high), s.color(theme.ColorMask))
	case chip.Value != "":
		value, _ := s.fit(small, clean(shortText(chip.Value)), room)
		s.text(small, value, float64(x), small.centre(y, half), s.color(theme.RoleName(screen.RoleValue)))
	}
}

func (c *Chips) chipAt(x float32) int {
	for i, e := range c.edges {
		if x+c.from >= e[0] && x+c.from < e[1] {
			return i
		}
	}
	return -1
}

// MouseDown implements desktop.Mouseable.
func (c *Chips) MouseDown(e *desktop.MouseEvent) {
	Active()
	takeFocus(c)
	if i := c.chipAt(e.Position.X); i >= 0 {
		c.Select(i)
	}
}

// MouseUp implements desktop.Mouseable.
func (c *Chips) MouseUp(*desktop.MouseEvent) {}

// DoubleTapped implements fyne.DoubleTappable.
func (c *Chips) DoubleTapped(e *fyne.PointEvent) {
	if i := c.chipAt(e.Position.X); i >= 0 && c.OnOpen != nil {
		c.OnOpen(i)
	}
}

// TappedSecondary implements fyne.SecondaryTappable.
func (c *Chips) TappedSecondary(e *fyne.PointEvent) {
	if i := c.chipAt(e.Position.X); i >= 0 && c.OnSecondary != nil {
		c.OnSecondary(i, e.AbsolutePosition)
	}
}

// Scrolled implements fyne.Scrollable.
func (c *Chips) Scrolled(e *fyne.ScrollEvent) {
	Active()
	if e.Scrolled.DY+e.Scrolled.DX < 0 {
		c.Select(c.at + 1)
	} else {
		c.Select(c.at - 1)
	}
}

// FocusGained implements fyne.Focusable.
func (c *Chips) FocusGained() { c.focused = true; reveal(c); c.repaint() }

// FocusLost implements fyne.Focusable.
func (c *Chips) FocusLost() { c.focused, c.shift = false, false; c.repaint() }

// TypedRune implements fyne.Focusable.
func (c *Chips) TypedRune(r rune) {
	Active()
	if c.OnRune != nil {
		c.OnRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (c *Chips) TypedKey(e *fyne.KeyEvent) {
	Active()
	if menuKey(e, c.shift) {
		if c.OnSecondary != nil && c.at < len(c.edges) {
			c.OnSecondary(c.at, absolute(c, fyne.NewPos(c.edges[c.at][0]-c.from+8, chipHeight)))
		}
		return
	}
	if windowKey(e) {
		return
	}
	switch e.Name {
	case fyne.KeyLeft:
		c.Select(c.at - 1)
	case fyne.KeyRight:
		c.Select(c.at + 1)
	case fyne.KeyHome:
		c.Select(0)
	case fyne.KeyEnd:
		c.Select(len(c.chips) - 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		if c.OnOpen != nil && len(c.chips) > 0 {
			c.OnOpen(c.at)
		}
	case fyne.KeyDelete, fyne.KeyBackspace:
		if c.OnRemove != nil && c.at < len(c.chips) && !c.chips[c.at].Fixed {
			c.OnRemove(c.at)
		}
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (c *Chips) TypedShortcut(s fyne.Shortcut) {
	if k, ok := s.(*desktop.CustomShortcut); ok && k.Modifier == fyne.KeyModifierAlt && c.OnMove != nil && c.at < len(c.chips) {
		by := map[fyne.KeyName]int{fyne.KeyLeft: -1, fyne.KeyRight: 1}[k.KeyName]
		if by != 0 {
			Active()
			if !c.chips[c.at].Fixed {
				c.at = c.OnMove(c.at, by)
				c.Refresh()
			}
			return
		}
	}
	passOn(c, s)
}
