package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"trestle/internal/present/screen"
)

// TypedRune implements fyne.Focusable.
func (v *CodeView) TypedRune(r rune) {
	Active()
	if v.OnRune != nil {
		v.OnRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (v *CodeView) TypedKey(e *fyne.KeyEvent) {
	Active()
	if v.OnKey != nil && v.OnKey(e) {
		return
	}
	if menuKey(e, v.shift) {
		v.menu()
		return
	}
	if windowKey(e) {
		return
	}
	line, _ := v.text.Position(v.cursor)
	page := max(int(v.down.page)-1, 1)
	switch e.Name {
	case fyne.KeyLeft:
		if from, to := v.Selection(); from != to && !v.shift {
			v.moveTo(from, false)
			return
		}
		v.moveTo(v.before(v.cursor), v.shift)
	case fyne.KeyRight:
		if from, to := v.Selection(); from != to && !v.shift {
			v.moveTo(to, false)
			return
		}
		v.moveTo(v.after(v.cursor), v.shift)
	case fyne.KeyUp:
		v.lineBy(-1)
	case fyne.KeyDown:
		v.lineBy(1)
	case fyne.KeyPageUp:
		v.ScrollTo(v.down.pos-float64(page), v.across.pos)
		v.lineBy(-page)
	case fyne.KeyPageDown:
		v.ScrollTo(v.down.pos+float64(page), v.across.pos)
		v.lineBy(page)
	case fyne.KeyHome:
		v.moveTo(v.text.Offset(line, 0), v.shift)
	case fyne.KeyEnd:
		v.moveTo(v.lineEnd(line), v.shift)
	}
}

// lineEnd is the last place of a line. In a row that goes on in the next that is before its last group of cells: behind it
// the next row begins.
func (v *CodeView) lineEnd(line int) int {
	at := v.text.Offset(line, v.text.Columns(line))
	if row, _ := v.text.Position(at); row != line {
		return v.text.Offset(line, v.text.Columns(line)-1)
	}
	return at
}

// menu asks for the menu at the cursor.
func (v *CodeView) menu() {
	if v.OnSecondary == nil {
		return
	}
	line, col := v.text.Position(v.cursor)
	m := v.metrics
	y := (float64(line+1)-v.down.pos)*float64(m.line) + float64(m.top)
	v.OnSecondary(v.cursor, absolute(v, fyne.NewPos(float32(float64(v.x(col))/m.scale), float32(y/m.scale))))
}

// lineBy moves the cursor by lines and keeps to the column where such moves began.
func (v *CodeView) lineBy(n int) {
	line, _ := v.text.Position(v.cursor)
	to := line + n
	switch {
	case to < 0:
		v.jump(v.text.Offset(0, 0), v.shift)
	case to >= v.text.Lines():
		v.jump(v.end(), v.shift)
	default:
		v.jump(v.text.Offset(to, v.goal), v.shift)
	}
}

// Before is the beginning of the letter before a byte, After the end of the one at it.
func (v *CodeView) Before(offset int) int { return v.before(offset) }

// After is explained at Before.
func (v *CodeView) After(offset int) int { return v.after(offset) }

// before is the beginning of the cell group before an offset.
func (v *CodeView) before(offset int) int {
	if _, double := v.text.(screen.Ranger); double || offset <= 0 {
		return max(offset-1, 0)
	}
	line, col := v.text.Position(offset)
	if col == 0 {
		if line == 0 {
			return 0
		}
		return v.lineEnd(line - 1)
	}
	return v.text.Offset(line, col-1)
}

// after is the end of the cell group at an offset.
func (v *CodeView) after(offset int) int {
	if _, double := v.text.(screen.Ranger); double {
		return offset + 1
	}
	line, col := v.text.Position(offset)
	if col >= v.text.Columns(line) {
		if line+1 >= v.text.Lines() {
			return offset
		}
		return v.text.Offset(line+1, 0)
	}
	group, _ := v.text.Line(line, col, col+1)
	_, cells, _ := screen.Next(group)
	return v.text.Offset(line, col+max(cells, 1))
}

// maxWord bounds how far a word is looked for, so that a megabyte without delimiters costs nothing.
const maxWord = 4096

// wordBy is where the next value begins, or the one before.
func (v *CodeView) wordBy(dir int) int {
	at := v.cursor
	step := func() bool {
		next := v.after(at)
		if dir < 0 {
			next = v.before(at)
		}
		moved := next != at
		at = next
		return moved
	}
	inWord := func() bool {
		if dir < 0 {
			return at > 0 && wordByte(v.text.Bytes(at-1, at))
		}
		return wordByte(v.text.Bytes(at, at+1))
	}
	if dir < 0 {
		for n := 0; n < maxWord && !inWord() && step(); n++ {
		}
		for n := 0; n < maxWord && inWord() && step(); n++ {
		}
		return at
	}
	for n := 0; n < maxWord && inWord() && step(); n++ {
	}
	for n := 0; n < maxWord && !inWord() && step(); n++ {
	}
	return at
}

// TypedShortcut implements fyne.Shortcutable. What it does not know goes on to the window.
func (v *CodeView) TypedShortcut(s fyne.Shortcut) {
	switch k := s.(type) {
	case *fyne.ShortcutCopy:
		v.Copy()
		return
	case *fyne.ShortcutSelectAll:
		v.SelectAll()
		return
	case *fyne.ShortcutPaste:
		if v.OnPaste != nil && v.OnPaste(k.Clipboard.Content()) {
			return
		}
	case *fyne.ShortcutCut:
		if v.OnCut != nil && v.OnCut() {
			return
		}
	case *desktop.CustomShortcut:
		if k.Modifier&^fyne.KeyModifierShift == fyne.KeyModifierShortcutDefault && v.chord(k.KeyName, k.Modifier&fyne.KeyModifierShift != 0) {
			return
		}
		if k.Modifier == fyne.KeyModifierShift && k.KeyName == fyne.KeyF10 {
			v.menu()
			return
		}
	}
	passOn(v, s)
}

// chord does a key that was pressed with Ctrl (Command on macOS) and tells whether it had a meaning.
func (v *CodeView) chord(key fyne.KeyName, extend bool) bool {
	switch key {
	case fyne.KeyHome:
		v.moveTo(0, extend)
	case fyne.KeyEnd:
		v.moveTo(v.end(), extend)
	case fyne.KeyLeft:
		v.moveTo(v.wordBy(-1), extend)
	case fyne.KeyRight:
		v.moveTo(v.wordBy(1), extend)
	case fyne.KeyUp:
		v.ScrollTo(v.down.pos-1, v.across.pos)
	case fyne.KeyDown:
		v.ScrollTo(v.down.pos+1, v.across.pos)
	default:
		return false
	}
	return true
}
