package kit

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Item is something that the palette offers.
type Item struct {
	Title    string
	Detail   string // where it is, or what kind of thing it is
	Shortcut string // "Ctrl+1"
	Icon     theme.IconName
	Run      func()
}

// Palette is the box in which everything can be found by name. It closes when something was chosen, on Escape and
// on a click beside it.
type Palette struct {
	// More, where set, offers items for what was typed, after those that are always there: messages, recent files.
	More func(query string) []Item

	items   []Item
	found   []choice
	entry   *paletteEntry
	list    *choices
	nothing *Text
	popup   *widget.PopUp
	closed  func()
}

// choice is an item that matches, with the letters that did.
type choice struct {
	Item
	at    []int
	score int
}

// paletteWidth is in units, paletteRows how many rows show at most.
const (
	paletteWidth float32 = 620
	paletteRows  int     = 12
)

// ShowPalette opens a palette on a canvas. A chosen item's Run is called after the palette has closed; closed, which
// may be nil, is called in any case, before Run.
func ShowPalette(c fyne.Canvas, placeholder string, items []Item, closed func()) *Palette {
	p := &Palette{items: items, closed: closed}
	p.entry = newPaletteEntry(p)
	p.entry.SetPlaceHolder(placeholder)
	p.entry.OnChanged = p.Query
	p.list = newChoices(p)
	p.nothing = NewText("Nothing has that name.", screen.RoleMuted)
	p.nothing.Align = fyne.TextAlignCenter
	field := container.NewBorder(nil, nil, container.NewHBox(Gap(5, 0), widget.NewIcon(theme.IconIn(theme.IconSearch, theme.ColorMuted))), Gap(3, 0), p.entry)
	body := container.NewVBox(Gap(0, 2), field, NewRule(), container.NewStack(p.list, p.nothing), Gap(0, 2))
	frame := NewPanel("")
	frame.Stroke, frame.Radius = theme.ColorGuide, 4
	p.popup = widget.NewPopUp(container.NewStack(container.New(&sized{fyne.NewSize(paletteWidth, 0)}, body), frame), c)
	p.Query("")
	size := p.popup.MinSize()
	p.popup.ShowAtPosition(fyne.NewPos(max((c.Size().Width-size.Width)/2, 0), min(72, max(c.Size().Height-size.Height, 0)/2)))
	c.Focus(p.entry)
	return p
}

// Query finds by what was typed, as typing does.
func (p *Palette) Query(text string) {
	p.found = p.found[:0]
	for _, it := range p.items {
		if score, at, ok := match(text, it.Title); ok {
			p.found = append(p.found, choice{it, at, score})
		} else if strings.Contains(strings.ToLower(it.Detail), strings.ToLower(text)) {
			p.found = append(p.found, choice{it, nil, -1000})
		}
	}
	if text != "" {
		slices.SortStableFunc(p.found, func(a, b choice) int { return b.score - a.score })
	}
	if p.More != nil {
		for _, it := range p.More(text) {
			_, at, _ := match(text, it.Title)
			p.found = append(p.found, choice{it, at, 0})
		}
	}
	if len(p.found) == 0 {
		p.nothing.Show()
	} else {
		p.nothing.Hide()
	}
	p.list.first, p.list.chosen = 0, 0
	p.list.Refresh()
	p.popup.Resize(p.popup.MinSize())
}

// Found is the titles that match, in order.
func (p *Palette) Found() []string {
	titles := make([]string, len(p.found))
	for i, c := range p.found {
		titles[i] = c.Title
	}
	return titles
}

// Hide closes the palette without choosing.
func (p *Palette) Hide() {
	if !p.popup.Visible() {
		return
	}
	p.popup.Hide()
	if p.closed != nil {
		p.closed()
	}
}

// choose closes the palette and runs the item with the index.
func (p *Palette) choose(i int) {
	if i < 0 || i >= len(p.found) {
		return
	}
	run := p.found[i].Run
	p.Hide()
	if run != nil {
		run()
	}
}

// paletteEntry is the field of the palette: keys that move in the list go to the list.
type paletteEntry struct {
	widget.Entry
	p *Palette
}

func newPaletteEntry(p *Palette) *paletteEntry {
	e := &paletteEntry{p: p}
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *paletteEntry) TypedKey(k *fyne.KeyEvent) {
	Active()
	switch k.Name {
	case fyne.KeyUp:
		e.p.list.move(-1)
	case fyne.KeyDown:
		e.p.list.move(1)
	case fyne.KeyPageUp:
		e.p.list.move(-paletteRows)
	case fyne.KeyPageDown:
		e.p.list.move(paletteRows)
	case fyne.KeyReturn, fyne.KeyEnter:
		e.p.choose(e.p.list.chosen)
	case fyne.KeyEscape:
		e.p.Hide()
	default:
		e.Entry.TypedKey(k)
	}
}
