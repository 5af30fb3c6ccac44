package kit

import (
	"testing"

	"fyne.io/fyne/v2"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
	"trestle/internal/ui/uitest"
)

// News takes no room until there is something to say, says one thing at a time, and can be dismissed.
func TestNews(t *testing.T) {
	var n *News
	w := uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 400, Height: 200}, func(fyne.Window) fyne.CanvasObject {
		n = NewNews()
		return n
	})
	if n.Visible() || n.MinSize().Height > 0 {
		t.Error("there is room for nothing")
	}
	dismissed := false
	n.Say(screen.RoleOK, "2 messages imported", func() { dismissed = true }, Action{Label: "Take back", Do: func() { n.Result("Taken back", false, nil) }})
	if !n.Visible() || !w.Shows("2 messages imported") || n.MinSize().Height < 20 {
		t.Error("the news is not shown")
	}
	w.Press("Dismiss")
	if !dismissed {
		t.Error("it cannot be dismissed")
	}
	w.Press("Take back")
	if w.Shows("2 messages imported") || !w.Shows("Taken back") {
		t.Errorf("texts %q", w.Texts())
	}
	n.Result("", true, nil)
	if n.Visible() || n.MinSize().Height > 0 {
		t.Error("an empty text still takes room")
	}
}
