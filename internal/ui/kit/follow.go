package kit

import (
	"slices"
	"weak"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// followers are the scroll containers that show what gets the keyboard, as long as somebody uses them.
var followers []weak.Pointer[container.Scroll]

// NewFollowingScroll returns a container that scrolls up and down, and shows the control of this package that gets the keyboard: Fyne lets
// Tab lead to what nobody sees.
func NewFollowingScroll(content fyne.CanvasObject) *container.Scroll {
	s := container.NewVScroll(content)
	followers = append(followers, weak.Make(s))
	return s
}

// FocusGained implements fyne.Focusable.
func (f *Field) FocusGained() {
	f.Entry.FocusGained()
	reveal(f)
}

// revealMargin is what stays between a control and the edge that it was brought in from, in units.
const revealMargin float32 = 8

// reveal scrolls a control into view.
func reveal(o fyne.CanvasObject) {
	followers = slices.DeleteFunc(followers, func(p weak.Pointer[container.Scroll]) bool { return p.Value() == nil })
	for _, p := range followers {
		s := p.Value()
		if s == nil || !within(s.Content, o) {
			continue
		}
		driver := fyne.CurrentApp().Driver()
		top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(s).Y
		below := top + o.Size().Height - s.Size().Height
		by := max(below+revealMargin, 0)
		if top-by < revealMargin { // the beginning counts where not all has room
			by = top - revealMargin
		}
		if top >= 0 && below <= 0 {
			return
		}
		s.ScrollToOffset(fyne.NewPos(0, s.Offset.Y+by))
		return
	}
}

// follows says whether a control is in a container that shows what gets the keyboard.
func follows(o fyne.CanvasObject) bool {
	return slices.ContainsFunc(followers, func(p weak.Pointer[container.Scroll]) bool {
		s := p.Value()
		return s != nil && within(s.Content, o)
	})
}

// within says whether an object is a container's content, or deeper in it.
func within(content, o fyne.CanvasObject) bool {
	if content == o {
		return true
	}
	c, ok := content.(*fyne.Container)
	return ok && slices.ContainsFunc(c.Objects, func(x fyne.CanvasObject) bool { return within(x, o) })
}
