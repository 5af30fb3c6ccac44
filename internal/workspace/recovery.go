package workspace

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"unicode"
	"unicode/utf8"
)

// A recovery code is 160 random bits, written in 32 characters of Crockford's base 32 with 4 more that check them, in
// groups of four: it is printed, kept in a safe, and typed by somebody in a hurry. Upper and lower case are equal, O is read
// as 0, I and L as 1; spaces and dashes are passed over. The check characters mend one wrong character, or two neighbours
// that changed places; more is told from a wrong code.

const (
	recoveryBytes = 20
	recoveryData  = 32 // characters
	recoveryCheck = 4
	recoveryChars = recoveryData + recoveryCheck
	recoveryGroup = 4
)

// crockford has no I, L, O and U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newRecoveryCode makes a code: its secret, and how it is written. Both must be cleared.
func newRecoveryCode() (secret, code []byte) {
	secret = make([]byte, recoveryBytes)
	rand.Read(secret)
	return secret, writeRecoveryCode(secret)
}

func writeRecoveryCode(secret []byte) []byte {
	digits := recoveryDigits(secret)
	defer clear(digits)
	code := make([]byte, 0, recoveryChars+recoveryChars/recoveryGroup)
	for i, d := range digits {
		if i > 0 && i%recoveryGroup == 0 {
			code = append(code, '-')
		}
		code = append(code, crockford[d])
	}
	return code
}

// recoveryDigits are the digits of a secret, with those that check them.
func recoveryDigits(secret []byte) []byte {
	digits := make([]byte, 0, recoveryChars)
	bits, n := uint32(0), 0
	push := func(b byte) {
		bits, n = bits<<8|uint32(b), n+8
		for n >= 5 {
			n -= 5
			digits = append(digits, byte(bits>>n)&31)
		}
	}
	for _, b := range secret {
		push(b)
	}
	sum := sha256.Sum256(append([]byte("trestle recovery code\x00"), secret...))
	defer clear(sum[:])
	for _, b := range sum[:3] { // 24 bits, of which 20 fit
		push(b)
	}
	return digits[:recoveryChars]
}

// recoverySecret turns digits back.
func recoverySecret(digits []byte) []byte {
	secret := make([]byte, 0, recoveryBytes)
	bits, n := uint32(0), 0
	for _, d := range digits[:recoveryData] {
		bits, n = bits<<5|uint32(d), n+5
		if n >= 8 {
			n -= 8
			secret = append(secret, byte(bits>>n))
		}
	}
	return secret
}

// readRecoveryCode reads a code as it was typed. like reports that it has the form of one; secret is nil if it has not, or
// if more is wrong with it than can be mended. The secret must be cleared.
func readRecoveryCode(typed []byte) (secret []byte, like bool) {
	digits := make([]byte, 0, recoveryChars)
	defer func() { clear(digits) }()
	for rest := typed; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			continue
		}
		d := crockfordDigit(r)
		if d < 0 || len(digits) == recoveryChars {
			return nil, false
		}
		digits = append(digits, byte(d))
	}
	if len(digits) != recoveryChars {
		return nil, false
	}
	if !checks(digits) && !mend(digits) {
		return nil, true
	}
	return recoverySecret(digits), true
}

func crockfordDigit(r rune) int {
	switch r = unicode.ToUpper(r); r {
	case 'O':
		return 0
	case 'I', 'L':
		return 1
	}
	if r >= utf8.RuneSelf {
		return -1
	}
	return bytes.IndexByte([]byte(crockford), byte(r))
}

func checks(digits []byte) bool {
	secret := recoverySecret(digits)
	right := recoveryDigits(secret)
	defer clear(secret)
	defer clear(right)
	return bytes.Equal(right, digits)
}

// mend looks for the one change that makes the digits right: one wrong digit, or two neighbours that changed places. Of the
// 1,150 tries one fits by chance in a thousand codes; then the code is no better than a wrong one.
func mend(digits []byte) bool {
	var found []byte
	defer func() { clear(found) }()
	fits := 0
	look := func() {
		if checks(digits) {
			if fits++; fits == 1 {
				found = bytes.Clone(digits)
			}
		}
	}
	for i, was := range digits {
		for d := range byte(len(crockford)) {
			if digits[i] = d; d != was {
				look()
			}
		}
		digits[i] = was
		if i > 0 && digits[i-1] != was {
			digits[i-1], digits[i] = digits[i], digits[i-1]
			look()
			digits[i-1], digits[i] = digits[i], digits[i-1]
		}
	}
	if fits != 1 {
		return false
	}
	copy(digits, found)
	return true
}
