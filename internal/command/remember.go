package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"trestle/internal/workspace"
)

// The key that this computer's keyring remembers opens a workspace where no passphrase is given.

func runSlotRemember(ctx context.Context, s *session, args []string) error {
	return s.withKeyring(ctx, "workspace slot remember", args, func(w *workspace.Workspace, path string) error {
		if err := w.Remember(ctx, s.Keyring); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "this computer remembers a key of %s now\n", clean(path))
		s.complain("whoever is signed in here as you can open it without the passphrase; \"trestle workspace slot forget\" takes that back")
		return err
	})
}

func runSlotForget(ctx context.Context, s *session, args []string) error {
	return s.withKeyring(ctx, "workspace slot forget", args, func(w *workspace.Workspace, path string) error {
		if err := w.Forget(ctx, s.Keyring); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "this computer remembers no key of %s any more\n", clean(path))
		return err
	})
}

// withKeyring opens a workspace with its passphrase for an act on the keyring.
func (s *session) withKeyring(ctx context.Context, name string, args []string, do func(w *workspace.Workspace, path string) error) error {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	if s.Keyring == nil {
		return errors.New("this build cannot reach a keyring")
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error { return do(w, path) })
}

// openRemembered opens a workspace with the key that this computer remembers, if no passphrase was given and there may be one. nil without an
// error: ask for the passphrase.
func (s *session) openRemembered(ctx context.Context, path, file string) (*workspace.Workspace, error) {
	if file != "" || s.Keyring == nil || s.Getenv(PassphraseVariable) != "" || !workspace.MayBeRemembered(path) {
		return nil, nil
	}
	w, err := workspace.OpenRemembered(ctx, path, s.Keyring, s.opening())
	if errors.Is(err, workspace.ErrNotRemembered) { // of another computer
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.warn(path, w)
	return w, nil
}

// sayWait says that the next passphrase waits, so that nobody takes it for a program that hangs.
func (s *session) sayWait(path string) {
	if d := workspace.NextTry(path); d > 0 {
		s.complain("after wrong passphrases the next try waits %s", d.Round(time.Second))
	}
}

func runSlotRename(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot rename", flag.ContinueOnError)
	file := passphraseFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 3 {
		return usagef("workspace slot rename needs a workspace, the number of a key, and the new name of its owner")
	}
	path, name := plain[0], plain[2]
	n, err := keyNumber(path, plain[1])
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		if err := w.RenamePerson(ctx, n-1, name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "key %d is that of %s now\n", n, clean(name))
		return err
	})
}

// keyNumber reads the number of a key, from 1.
func keyNumber(path, number string) (int, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > workspace.MaxPeople {
		return 0, usagef("%q is not the number of a key; \"trestle workspace slot %s\" lists them", number, path)
	}
	return n, nil
}
