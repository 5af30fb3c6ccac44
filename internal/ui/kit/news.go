package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
)

// News is the place of a page for one strip: it takes no room while there is nothing to say. What only informs goes by itself
// (see PassNews); what went wrong, what warns and what offers something stays until it is dismissed.
type News struct {
	widget.BaseWidget
	strip *Strip
}

// NewNews returns an empty place.
func NewNews() *News {
	n := &News{}
	n.ExtendBaseWidget(n)
	n.Hide()
	return n
}

// Say says something, in the place of what was said before. An empty text says nothing.
func (n *News) Say(role screen.Role, text string, dismiss func(), actions ...Action) {
	if text == "" {
		n.strip = nil
		forget(n)
		n.Hide()
		return
	}
	if (role == screen.RoleInformation || role == screen.RoleOK) && dismiss != nil && len(actions) == 0 {
		passes(n, text, dismiss)
	} else {
		forget(n)
	}
	n.strip = NewStrip(role, text, dismiss, actions...)
	n.Show()
	n.Refresh()
}

// Tell says the news of a place, with what they offer as a button.
func (n *News) Tell(b *screen.Board) {
	news := b.News()
	role := screen.RoleInformation
	if news.Bad {
		role = screen.RoleError
	}
	var actions []Action
	if news.Offer != "" {
		actions = append(actions, Action{Label: news.Offer, Do: b.Accept})
	}
	n.Say(role, news.Text, b.Dismiss, actions...)
}

// Result says how something went: well, or badly. An empty text says nothing.
func (n *News) Result(text string, bad bool, dismiss func()) {
	if bad {
		n.Say(screen.RoleError, text, dismiss)
		return
	}
	n.Say(screen.RoleOK, text, dismiss)
}

// CreateRenderer implements fyne.Widget.
func (n *News) CreateRenderer() fyne.WidgetRenderer { return &newsRenderer{n: n} }

type newsRenderer struct {
	n     *News
	shown []fyne.CanvasObject
}

func (r *newsRenderer) Destroy()                     {}
func (r *newsRenderer) Objects() []fyne.CanvasObject { return r.shown }

func (r *newsRenderer) MinSize() fyne.Size {
	if r.n.strip == nil {
		return fyne.Size{}
	}
	return r.n.strip.MinSize()
}

func (r *newsRenderer) Layout(s fyne.Size) {
	r.shown = nil
	if r.n.strip != nil {
		r.shown = []fyne.CanvasObject{r.n.strip}
		r.n.strip.Resize(s)
	}
}

func (r *newsRenderer) Refresh() { r.Layout(r.n.Size()) }
