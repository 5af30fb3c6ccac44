package workspace

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"trestle/internal/workspace/sealed"
)

// "Remember on this computer": a key slot of its own kind, whose secret is 32 random bytes that the system's keyring keeps. It is off
// until somebody asks for it. It is taken back by removing the slot, from any computer: what the keyring still has opens nothing then.

// Keyring is the store of secrets that the operating system keeps for its user. Package keyring has the system's own.
type Keyring interface {
	// Load gives what is kept for the workspace with this id, in hexadecimal; ok is false if nothing is. The secret is the caller's.
	Load(workspace string) (secret []byte, ok bool, err error)
	// Save keeps a secret in the place of an earlier one.
	Save(workspace string, secret []byte) error
	// Delete forgets it; that there is none is no error.
	Delete(workspace string) error
}

// ErrNotRemembered says that no keyring of this computer has a key that opens the workspace.
var ErrNotRemembered = errors.New("key not remembered on this computer")

const rememberedBytes = 32

// rememberedCost is the least that the format knows: 256 random bits cannot be guessed at any cost.
var rememberedCost = sealed.Cost{Passes: 1, MemoryKiB: 64, Lanes: 1}

// MayBeRemembered reports that the workspace at path has a key slot of a keyring, of this computer or of another. It asks no keyring, which
// may show a dialog of its own.
func MayBeRemembered(path string) bool {
	fi, err := os.Stat(path)
	if err != nil || !fi.Mode().IsRegular() || isOpen(fi) {
		return false
	}
	h, err := sealed.ReadFile(path)
	if err != nil {
		return false
	}
	for i := range sealed.Slots {
		if typ, _ := h.Slot(i); typ == sealed.SlotKeyring {
			return true
		}
	}
	return false
}

// OpenRemembered is Open with the key that the keyring keeps. Errors: ErrNotRemembered, that of the keyring, and those of Open but for
// ErrWrongPassphrase.
func OpenRemembered(ctx context.Context, path string, ring Keyring, o OpenOptions) (*Workspace, error) {
	return open(ctx, path, remembered(ring), o)
}

// remembered opens a header with what the keyring has.
func remembered(ring Keyring) opener {
	return func(h *sealed.Header, name string) (int, error) {
		secret, ok, err := ring.Load(keyringName(h))
		if err != nil {
			return 0, fail(ErrNotRemembered, "%v", err)
		}
		defer clear(secret)
		if !ok {
			return 0, fail(ErrNotRemembered, "the key of %s is not remembered on this computer; enter the passphrase", name)
		}
		slot, err := h.Unlock(sealed.SlotKeyring, secret)
		if errors.Is(err, sealed.ErrWrongSecret) {
			return 0, fail(ErrNotRemembered, "the key that this computer remembers does not open %s any more: it was removed, or the workspace has a new data key. Enter the passphrase", name)
		}
		return slot, err
	}
}

// keyringName is under what a workspace and its copies, which have their slots in common, are in a keyring.
func keyringName(h *sealed.Header) string {
	id := h.WorkspaceID()
	return hex.EncodeToString(id[:])
}

// Remember makes a key for this workspace and gives it to the keyring of this computer, in the place of an earlier one. Whoever is signed
// in to the computer as this user can open the workspace then. Errors: ErrNoFreeSlot, and that of the keyring, with nothing changed.
func (w *Workspace) Remember(ctx context.Context, ring Keyring) error {
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return err
	}
	at, had, err := w.rememberedSlot(ring)
	if err != nil {
		return err
	}
	if !had {
		if at, err = w.freeSlot(); err != nil {
			return err
		}
	}
	secret := make([]byte, rememberedBytes)
	rand.Read(secret)
	defer clear(secret)
	s, err := w.header.SealSlot(at, sealed.SlotKeyring, secret, rememberedCost)
	if err != nil {
		return err
	}
	// The keyring first: if the header cannot be written, a secret without a slot does no harm; the other way round there would be a key
	// that nobody can use.
	if err := ring.Save(keyringName(w.header), secret); err != nil {
		return fail(ErrNotRemembered, "%v", err)
	}
	name := thisComputer(w.log.user)
	return w.change(ctx, at, s, name, ActionKeyAdded, keyWords(sealed.SlotKeyring, name, at), "")
}

// Forget takes the key of this computer away, from the workspace and from its keyring. The session goes on, also if it was opened with
// it. Error: ErrNotRemembered.
func (w *Workspace) Forget(ctx context.Context, ring Keyring) error {
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return err
	}
	at, had, err := w.rememberedSlot(ring)
	if err != nil {
		return err
	}
	if !had {
		return fail(ErrNotRemembered, "the key of %s is not remembered on this computer", w.name)
	}
	if err := w.removeRemembered(ctx, at); err != nil {
		return err
	}
	if err := ring.Delete(keyringName(w.header)); err != nil {
		return fmt.Errorf("the key was removed from %s and opens nothing any more, but its entry stays in the keyring: %w", w.name, err)
	}
	return nil
}

// removeRemembered empties a slot of a keyring. w.slots is held.
func (w *Workspace) removeRemembered(ctx context.Context, at int) error {
	name, err := w.nameOf(ctx, at)
	if err != nil {
		return err
	}
	err = w.change(ctx, at, sealed.Slot{}, "", ActionKeyRemoved, keyWords(sealed.SlotKeyring, name, at), "")
	if err == nil {
		w.slot.CompareAndSwap(int32(at), -1)
	}
	return err
}

// Remembered tells which slot is that of this computer's keyring; ok is false if none is.
func (w *Workspace) Remembered(ring Keyring) (slot int, ok bool, err error) {
	w.slots.Lock()
	defer w.slots.Unlock()
	return w.rememberedSlot(ring)
}

func (w *Workspace) rememberedSlot(ring Keyring) (slot int, ok bool, err error) {
	secret, kept, err := ring.Load(keyringName(w.header))
	if err != nil {
		return 0, false, fail(ErrNotRemembered, "%v", err)
	}
	defer clear(secret)
	if !kept {
		return 0, false, nil
	}
	slot, err = w.header.Which(sealed.SlotKeyring, secret, 0)
	if errors.Is(err, sealed.ErrWrongSecret) { // left over from before the key was removed
		return 0, false, nil
	}
	return slot, err == nil, err
}

// thisComputer names the owner of a remembered key.
func thisComputer(user string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "this computer"
	}
	return clipText(fmt.Sprintf("%s on %s", cmp.Or(user, "somebody"), printable(host)), MaxName-1)
}
