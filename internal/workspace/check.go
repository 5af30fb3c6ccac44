package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trestle/internal/workspace/sealed"
)

// Check tells whether a passphrase or recovery code, which stays the caller's, opens this workspace, which is open: for a window that is
// locked over it while work goes on. Wrong ones wait and are logged as at opening; a right one is logged as opened.
// Error: ErrWrongPassphrase.
func (w *Workspace) Check(ctx context.Context, passphrase []byte) error {
	if w.isClosed.Load() {
		return errClosed(w.name)
	}
	id := w.header.FileID()
	t := triesOf(id, owner{})
	if d := t.left(time.Now()); d > 0 {
		if err := pause(ctx, d); err != nil {
			return err
		}
	}
	defer releaseBlocks(strongest(w.header).MemoryKiB)
	slot, err := w.which(passphrase)
	if errors.Is(err, sealed.ErrWrongSecret) {
		rememberWrong(id, t)
		err = headerError(w.name, err)
		if wait := waitAfter(t.n + 1); wait > 0 {
			err = fail(ErrWrongPassphrase, "%s. It was wrong %d times, so the next try waits %s", err, t.n+1, inSeconds(wait))
		}
		return errors.Join(err, w.reading(ctx, nil, ActionWrongPassphrase, w.name, "at the locked window"))
	}
	if err != nil {
		return err
	}
	forgetWrong(id)
	typ, _ := w.header.Slot(slot)
	return w.reading(ctx, nil, ActionOpened, w.name, fmt.Sprintf("at the locked window, with key %d, a %s", slot+1, kindOf(typ)))
}

// which finds the slot that a passphrase or recovery code opens.
func (w *Workspace) which(passphrase []byte) (slot int, err error) {
	if secret, _ := readRecoveryCode(passphrase); secret != nil {
		defer clear(secret)
		if slot, err = w.header.Which(sealed.SlotRecovery, secret, 0); !errors.Is(err, sealed.ErrWrongSecret) {
			return slot, err
		}
	}
	pass := normalise(passphrase)
	defer clear(pass)
	return w.header.Which(sealed.SlotPassphrase, pass, max(0, int(w.slot.Load())))
}

// LogLocked enters that the window was locked while the workspace stays open, and why.
func (w *Workspace) LogLocked(ctx context.Context, why string) error {
	return w.reading(ctx, nil, ActionLocked, w.name, why)
}
