package screen

import (
	"context"
	"errors"

	"trestle/internal/job"
)

// News is what the strip above a place says. An empty Text is nothing.
type News struct {
	Text  string
	Bad   bool
	Offer string // what can be done about it with Accept, "" for nothing
}

// Board holds the news of a place. It belongs to the goroutine of the screen; a place's Model embeds it.
type Board struct {
	// Told is called when the news are others.
	Told func()

	news   News
	accept func()
}

// News is what has happened.
func (b *Board) News() News { return b.news }

// Say tells news in the place of those that were told before. accept does what they offer, and may be nil.
func (b *Board) Say(n News, accept func()) {
	b.news, b.accept = n, accept
	if b.Told != nil {
		b.Told()
	}
}

// Fail says what could not be done and why. That work was stopped is no news.
func (b *Board) Fail(doing string, err error) {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, job.ErrClosed) {
		b.Say(News{Text: doing + ": " + err.Error(), Bad: true}, nil)
	}
}

// Dismiss takes the news away.
func (b *Board) Dismiss() { b.Say(News{}, nil) }

// Wipe takes the news away without a word to the view, which is drawn anew anyhow.
func (b *Board) Wipe() { b.news, b.accept = News{}, nil }

// Accept does what the news offer, once.
func (b *Board) Accept() {
	if do := b.accept; do != nil {
		b.Dismiss()
		do()
	}
}
