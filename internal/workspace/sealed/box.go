package sealed

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrNotAuthentic says that a sealed value was changed, or belongs elsewhere.
var ErrNotAuthentic = errors.New("sealed: not authentic")

// A Box seals values one by one, apart from the pages of the file, under a key of its own (Header.Derive): XChaCha20-Poly1305, whichever
// cipher the file has. What a value belongs to goes in as associated data, so that it cannot be exchanged for another.
type Box struct{ aead cipher.AEAD }

// NewBox makes a box of a 32-byte key, which stays the caller's to clear.
func NewBox(key []byte) (b Box, err error) {
	guard(func() { b.aead, err = chacha20poly1305.NewX(key) })
	return b, err
}

// Seal gives nonce (24 bytes), ciphertext and tag (16).
func (b Box) Seal(text, belongs []byte) []byte {
	out := make([]byte, nonceLen, nonceLen+len(text)+tagLen)
	rand.Read(out)
	return b.aead.Seal(out, out[:nonceLen], text, belongs)
}

// Open is Seal's inverse. The text is the caller's to clear.
func (b Box) Open(sealed, belongs []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrNotAuthentic
	}
	text, err := b.aead.Open(nil, sealed[:nonceLen], sealed[nonceLen:], belongs)
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return text, nil
}
