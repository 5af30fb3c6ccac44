package kit

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
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

// News that only inform go once the user had time to read them; those that warn or offer something stay, and so do all while
// nobody is there or another page is shown.
func TestNewsPass(t *testing.T) {
	t.Cleanup(ForgetNews)
	var n *News
	page := container.NewStack()
	uitest.Open(t, uitest.Options{Mode: theme.Light, Width: 400, Height: 200}, func(fyne.Window) fyne.CanvasObject {
		n = NewNews()
		page.Add(container.NewBorder(Gap(0, 20), nil, nil, nil, n))
		return page
	})
	dismiss := func() { n.Say(screen.RoleOK, "", nil) }
	const words = "The list is copied."
	for name, c := range map[string]struct {
		say    func()
		away   bool
		hidden bool
		goes   bool
	}{
		"information":     {say: func() { n.Say(screen.RoleInformation, words, dismiss) }, goes: true},
		"success":         {say: func() { n.Result(words, false, dismiss) }, goes: true},
		"a failure":       {say: func() { n.Result(words, true, dismiss) }},
		"a warning":       {say: func() { n.Say(screen.RoleWarning, words, dismiss) }},
		"an offer":        {say: func() { n.Say(screen.RoleOK, words, dismiss, Action{Label: "Undo"}) }},
		"work":            {say: func() { n.Say(screen.RoleInformation, words, nil) }},
		"nobody there":    {say: func() { n.Say(screen.RoleInformation, words, dismiss) }, away: true},
		"another page":    {say: func() { n.Say(screen.RoleInformation, words, dismiss) }, hidden: true},
		"a later failure": {say: func() { n.Say(screen.RoleInformation, words, dismiss); n.Result(words, true, dismiss) }},
	} {
		dismiss()
		before := time.Now()
		c.say()
		content := page.Objects
		content[0].Refresh() // gives the strip its place
		if c.hidden {
			page.Objects = nil
		}
		now := time.Now().Add(time.Second)
		used := now
		if c.away {
			used = before
		}
		PassNews(now, used)
		c.say() // as when the page is drawn anew
		PassNews(now.Add(noticeTime), used)
		if !n.Visible() {
			t.Errorf("%s: gone before it can be read", name)
		}
		PassNews(now.Add(noticeTime+time.Duration(len(words))*readTime), used)
		if page.Objects = content; n.Visible() == c.goes {
			t.Errorf("%s: shown is %v", name, n.Visible())
		}
		if n.Visible() && NewsPass() != (c.away || c.hidden) {
			t.Errorf("%s: it passes: %v", name, NewsPass())
		}
	}
	n.Say(screen.RoleOK, words, dismiss)
	if ForgetNews(); NewsPass() {
		t.Error("news of a closed project still pass")
	}
}
