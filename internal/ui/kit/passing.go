package kit

import (
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
)

// passing are the news that go by themselves. They belong to the goroutine of the screen; other goroutines read their number.
var (
	passing      = map[*News]*passingNews{}
	passingCount atomic.Int32
)

type passingNews struct {
	text       string
	dismiss    func()
	said, seen time.Time // seen is zero until the user was there
}

// How long news are shown to a user who is there: to notice them, and to read each byte of them.
const (
	noticeTime = 5 * time.Second
	readTime   = 50 * time.Millisecond
)

func passes(n *News, text string, dismiss func()) {
	if p := passing[n]; p != nil && p.text == text { // said again, as when the page is drawn anew
		p.dismiss = dismiss
		return
	}
	passing[n] = &passingNews{text: text, dismiss: dismiss, said: time.Now()}
	passingCount.Store(int32(len(passing)))
}

func forget(n *News) {
	delete(passing, n)
	passingCount.Store(int32(len(passing)))
}

// NewsPass says whether there are news that go by themselves. It may be called from any goroutine.
func NewsPass() bool { return passingCount.Load() > 0 }

// PassNews takes away news that only inform once the user has had the time to read them. It is called about once a second, with
// the time when the user did something last: while nobody is there, or another page is shown, news wait.
func PassNews(now, used time.Time) {
	var gone []func()
	for n, p := range passing {
		switch {
		case p.seen.IsZero():
			if used.After(p.said) && onScreen(n) {
				p.seen = now
			}
		case now.Sub(p.seen) >= noticeTime+time.Duration(len(p.text))*readTime:
			gone = append(gone, p.dismiss)
			forget(n)
		}
	}
	for _, dismiss := range gone {
		dismiss()
	}
}

// ForgetNews lets all news stay, as those of a project that is closed, which nobody sees any more.
func ForgetNews() {
	clear(passing)
	passingCount.Store(0)
}

// onScreen says whether news are part of what the window shows. They never stand in its corner, which is where Fyne puts what it
// does not find.
func onScreen(n *News) bool {
	return fyne.CurrentApp().Driver().AbsolutePositionForObject(n) != fyne.Position{}
}
