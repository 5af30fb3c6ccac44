package workspace

import (
	"strings"

	"trestle/internal/workspace/sealed"
)

// Cipher is what seals the pages of a workspace. It is chosen when the workspace is made and kept by its copies and by a new data key.
type Cipher string

// The ciphers. The zero value of Cipher is XChaCha20Poly1305.
const (
	// XChaCha20Poly1305 draws 192 random bits for each write, so that no number of writes is too many. It is as fast without
	// support of the processor.
	XChaCha20Poly1305 Cipher = "XChaCha20-Poly1305"
	// AES256GCM is built of algorithms that FIPS 140-3 knows. It draws 96 random bits for each write, which NIST SP 800-38D §8.3
	// allows 2³² times under one key: about 17 TB of writing, then a new data key is due.
	AES256GCM Cipher = "AES-256-GCM"
)

// Ciphers lists what can be chosen, the usual one first.
func Ciphers() []Cipher { return []Cipher{XChaCha20Poly1305, AES256GCM} }

// ParseCipher reads a cipher's name in either case. "aes" and "xchacha" are enough.
func ParseCipher(name string) (Cipher, error) {
	switch strings.ToLower(name) {
	case "", "xchacha", "xchacha20", "xchacha20-poly1305":
		return XChaCha20Poly1305, nil
	case "aes", "aes-gcm", "aes256", "aes-256-gcm":
		return AES256GCM, nil
	}
	return "", fail(ErrName, "there is no cipher %q; choose xchacha20-poly1305 or aes-256-gcm", name)
}

// AboutFIPS is what a site that asks for FIPS 140-3 may and may not conclude from AES256GCM.
const AboutFIPS = "AES-256-GCM is an algorithm that FIPS 140-3 approves; this program is not a validated module. " +
	"The key comes from the passphrase by Argon2id and is wrapped by XChaCha20-Poly1305, which FIPS does not approve, so choosing AES does not make a project FIPS compliant."

// id is the cipher's number in the format.
func (c Cipher) id() (int, error) {
	switch c {
	case "", XChaCha20Poly1305:
		return sealed.XChaCha20Poly1305, nil
	case AES256GCM:
		return sealed.AES256GCM, nil
	}
	return 0, fail(ErrName, "there is no cipher %q; choose one of Ciphers", string(c))
}
