package workspace

import (
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"trestle/internal/workspace/sealed"
)

// MinPassphrase is the shortest passphrase that Create accepts, in characters.
const MinPassphrase = 8

// normalise gives the NFC form of a passphrase in memory of its own, which the caller must clear: the same characters
// typed on two systems may arrive composed or decomposed. Nothing is trimmed. Bytes that are not UTF-8 stay as they are.
func normalise(passphrase []byte) []byte {
	// NFC can be longer than its input, but at most three times; growing would leave copies behind
	return norm.NFC.Append(make([]byte, 0, 3*len(passphrase)+64), passphrase...)
}

func checkLength(passphrase []byte) error {
	if n := utf8.RuneCount(passphrase); n < MinPassphrase {
		return fail(ErrPassphraseTooShort, "the passphrase has %d characters; it needs at least %d, and several words are better", n, MinPassphrase)
	}
	return nil
}

// KDF is what turning a passphrase into a key costs (Argon2id). The zero value lets Create choose: DefaultKDF, or less
// on a machine where that takes much longer than a second, never less than FloorKDF.
type KDF struct {
	Passes    uint32
	MemoryKiB uint32
	Lanes     uint8

	cheap bool // made by CheapKDF
}

// The costs that Create chooses between. The floor is the second choice of RFC 9106.
var (
	DefaultKDF = KDF{Passes: 3, MemoryKiB: 256 << 10, Lanes: 4}
	FloorKDF   = KDF{Passes: 3, MemoryKiB: 64 << 10, Lanes: 4}
)

func (k KDF) cost() sealed.Cost {
	return sealed.Cost{Passes: k.Passes, MemoryKiB: k.MemoryKiB, Lanes: k.Lanes}
}

func (k KDF) String() string { return k.cost().String() }

// TB is the part of testing.TB that shows that a test is running.
type TB interface {
	Helper()
	TempDir() string
}

// CheapKDF is a cost for tests, where Argon2id would only be in the way; it protects nothing. It asks for a running
// test so that no program can reach it.
func CheapKDF(t TB) KDF {
	t.Helper()
	return KDF{Passes: 1, MemoryKiB: 64, Lanes: 1, cheap: true}
}

// choose checks the costs that the caller asks for, or calibrates.
func (k KDF) choose() (KDF, error) {
	if k == (KDF{}) {
		return calibrate(), nil
	}
	if !k.cost().Valid() {
		return k, fail(nil, "key derivation costs are outside the limits: %d to %d passes, up to %d MiB", 1, sealed.MaxPasses, sealed.MaxMemoryKiB>>10)
	}
	if !k.cheap && (k.Passes < FloorKDF.Passes || k.MemoryKiB < FloorKDF.MemoryKiB) {
		return k, fail(nil, "key derivation costs are too low to protect a passphrase: at least %d passes and %d MiB are needed", FloorKDF.Passes, FloorKDF.MemoryKiB>>10)
	}
	return k, nil
}

// tooSlow is how long opening may take by the estimate of calibrate.
const tooSlow = 1500 * time.Millisecond

// calibrate takes the most memory, from DefaultKDF downwards, that opens in about a second here. Time grows with
// memory, so one run at the floor tells.
func calibrate() KDF {
	secret, salt := []byte("calibration"), make([]byte, 16)
	start := time.Now()
	f := FloorKDF
	argon2.IDKey(secret, salt, f.Passes, f.MemoryKiB, f.Lanes, 32)
	floor := time.Since(start)
	k := DefaultKDF
	for k.MemoryKiB > f.MemoryKiB && floor*time.Duration(k.MemoryKiB/f.MemoryKiB) > tooSlow {
		k.MemoryKiB /= 2
	}
	return k
}
