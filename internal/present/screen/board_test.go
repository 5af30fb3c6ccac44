package screen

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestBoard(t *testing.T) {
	var b Board
	b.Say(News{Text: "before anyone looks"}, nil)
	told, done := 0, 0
	b.Told = func() { told++ }
	b.Say(News{Text: "deleted", Offer: "Take back"}, func() { done++ })
	b.Accept()
	b.Accept()
	if done != 1 || b.News() != (News{}) || told != 2 {
		t.Errorf("done %d times, told %d times, %+v", done, told, b.News())
	}
	b.Fail("Could not store", fmt.Errorf("it was stopped: %w", context.Canceled))
	if b.News().Text != "" {
		t.Error("what was stopped is told as a failure")
	}
	b.Fail("Could not store", errors.New("no room"))
	if n := b.News(); !n.Bad || n.Text != "Could not store: no room" {
		t.Errorf("%+v", n)
	}
	told = 0
	b.Wipe()
	if b.News().Text != "" || told != 0 {
		t.Errorf("%+v, told %d times", b.News(), told)
	}
}
