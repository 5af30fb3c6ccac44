package sealed

import (
	"bytes"
	"errors"
	"testing"
)

func TestBox(t *testing.T) {
	b, err := NewBox(pattern(32, 1))
	if err != nil {
		t.Fatal(err)
	}
	text, name := []byte("a client secret"), []byte("client/partner")
	s := b.Seal(text, name)
	if bytes.Contains(s, text) || bytes.Equal(s, b.Seal(text, name)) {
		t.Error("not sealed, or twice the same")
	}
	if got, err := b.Open(s, name); err != nil || !bytes.Equal(got, text) {
		t.Error(got, err)
	}
	if _, err := b.Open(s, []byte("client/other")); !errors.Is(err, ErrNotAuthentic) {
		t.Error("opens under another name:", err)
	}
	for i := range s {
		d := bytes.Clone(s)
		d[i] ^= 1
		if _, err := b.Open(d, name); !errors.Is(err, ErrNotAuthentic) {
			t.Fatal("a flipped bit at", i, "was not seen")
		}
		if _, err := b.Open(s[:i], name); !errors.Is(err, ErrNotAuthentic) {
			t.Fatal("cut at", i, "was not seen")
		}
	}
	other, err := NewBox(pattern(32, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(s, name); !errors.Is(err, ErrNotAuthentic) {
		t.Error("opens under another key")
	}
}
