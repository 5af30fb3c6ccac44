package kit

import (
	"image/color"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Text is one line of text in a role's colour. It follows a change of theme and ends in an ellipsis where it does
// not fit, so that no long name pushes a layout apart.
type Text struct {
	widget.BaseWidget
	Text     string
	Role     screen.Role
	TextSize float32 // 0 for the size of the interface
	Bold     bool
	Mono     bool
	Align    fyne.TextAlign
	// Min is the least width; 0 asks for the width of the whole text.
	Min float32
	// Wrap breaks the text between words into as many lines as it needs, in whatever width there is: for errors and all
	// else whose length is not known. Min 0 is then a small width.
	Wrap bool
}

// NewText returns a line of text.
func NewText(text string, role screen.Role) *Text {
	t := &Text{Text: text, Role: role}
	t.ExtendBaseWidget(t)
	return t
}

// NewWords returns text that wraps between words.
func NewWords(text string, role screen.Role) *Text {
	t := NewText(text, role)
	t.Wrap = true
	return t
}

// NewTitle returns a line of semibold text of the given size.
func NewTitle(text string, size float32) *Text {
	t := NewText(text, screen.RoleText)
	t.TextSize, t.Bold = size, true
	return t
}

// NewCaption returns a line of small, muted text.
func NewCaption(text string) *Text {
	t := NewText(text, screen.RoleMuted)
	t.TextSize = theme.SizeSmall
	return t
}

// SetText changes the words.
func (t *Text) SetText(s string) {
	if t.Text != s {
		t.Text = s
		t.Refresh()
	}
}

// Set changes words and role.
func (t *Text) Set(s string, role screen.Role) {
	if t.Text != s || t.Role != role {
		t.Text, t.Role = s, role
		t.Refresh()
	}
}

func (t *Text) style() fyne.TextStyle { return fyne.TextStyle{Bold: t.Bold, Monospace: t.Mono} }

func (t *Text) size() float32 {
	if t.TextSize > 0 {
		return t.TextSize
	}
	return theme.SizeText
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t: t}
	r.fill()
	return r
}

type textRenderer struct {
	t     *Text
	lines []*canvas.Text
}

// fill makes the lines of the text for the width that there is.
func (r *textRenderer) fill() {
	ink, words := theme.Of(r.t).Role(r.t.Role), r.words()
	for len(r.lines) < len(words) {
		r.lines = append(r.lines, canvas.NewText("", color.Transparent))
	}
	r.lines = r.lines[:len(words)]
	for i, line := range r.lines {
		line.Text, line.Color = words[i], ink
		line.TextSize, line.TextStyle, line.Alignment = r.t.size(), r.t.style(), r.t.Align
	}
}

func (r *textRenderer) words() []string {
	width := r.t.BaseWidget.Size().Width
	if r.t.Wrap {
		return wrapped(r.t.Text, width, r.t.size(), r.t.style())
	}
	return []string{ellipsis(r.t.Text, width, r.t.size(), r.t.style())}
}

func (r *textRenderer) Destroy() {}

func (r *textRenderer) Layout(s fyne.Size) {
	r.fill()
	h := r.high()
	y := (s.Height - h*float32(len(r.lines))) / 2
	if r.t.Wrap {
		y = max(y, 0)
	}
	for _, line := range r.lines {
		line.Move(fyne.NewPos(0, y))
		line.Resize(fyne.NewSize(s.Width, h))
		y += h
	}
}

// high is the height of a line.
func (r *textRenderer) high() float32 { return fyne.MeasureText("A", r.t.size(), r.t.style()).Height }

// leastWords is the least width of text that wraps, in units.
const leastWords float32 = 80

func (r *textRenderer) MinSize() fyne.Size {
	m := fyne.MeasureText(r.t.Text, r.t.size(), r.t.style())
	switch {
	case r.t.Wrap:
		least := leastWords
		if r.t.Min > 0 {
			least = r.t.Min
		}
		m = fyne.NewSize(min(least, m.Width), r.high()*float32(len(r.words())))
	case r.t.Min > 0:
		m.Width = min(r.t.Min, m.Width)
	}
	return m
}

func (r *textRenderer) Objects() []fyne.CanvasObject {
	all := make([]fyne.CanvasObject, len(r.lines))
	for i, line := range r.lines {
		all[i] = line
	}
	return all
}

func (r *textRenderer) Refresh() {
	r.Layout(r.t.BaseWidget.Size())
	for _, line := range r.lines {
		line.Refresh()
	}
	canvas.Refresh(r.t) // lines come and go
}

// wrapped breaks s between words into lines of a width, and words that are wider than that between letters. A width of
// zero or less breaks nothing: it is not known yet.
func wrapped(s string, width, size float32, style fyne.TextStyle) (lines []string) {
	fits := func(s string) bool { return width <= 0 || fyne.MeasureText(s, size, style).Width <= width+0.5 }
	if !strings.Contains(s, "\n") && fits(s) {
		return []string{s}
	}
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && fits(line+" "+word) {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for !fits(word) {
				n := letters(word, fits)
				lines, word = append(lines, word[:n]), word[n:]
			}
			line = word
		}
		lines = append(lines, line)
	}
	return lines
}

// letters is the length in bytes of the longest beginning of a word that fits, at least one letter.
func letters(word string, fits func(string) bool) int {
	_, end := utf8.DecodeRuneInString(word)
	for end < len(word) {
		_, size := utf8.DecodeRuneInString(word[end:])
		if !fits(word[:end+size]) {
			break
		}
		end += size
	}
	return end
}

// ellipsis cuts s to a width, in steps of halves. A width of zero or less cuts nothing: it is not known yet.
func ellipsis(s string, width, size float32, style fyne.TextStyle) string {
	if width <= 0 || fyne.MeasureText(s, size, style).Width <= width+0.5 {
		return s
	}
	letters := []rune(s)
	low, high := 0, len(letters)
	for low < high {
		mid := (low + high + 1) / 2
		if fyne.MeasureText(string(letters[:mid])+"…", size, style).Width <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(letters[:low]) + "…"
}
