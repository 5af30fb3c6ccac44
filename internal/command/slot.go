package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"time"

	"trestle/internal/workspace"
)

// Key slots are called keys here, and counted from 1, as in the access log.

func runSlot(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	file := passphraseFlag(set)
	path, rest, err := workspaceFlags(set, args)
	if err == nil && len(rest) > 0 {
		if words := guess("workspace slot "+path, entries()); words != "" {
			return usagef("there is no command %q%s", "workspace slot "+path, words)
		}
		err = alone(set, rest)
	}
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		people, err := w.People(ctx)
		if err != nil {
			return err
		}
		return s.printPeople(people, *asJSON)
	})
}

// keyLine is a key slot as JSON.
type keyLine struct {
	Key      int        `json:"key"`
	Kind     string     `json:"kind"`
	Name     string     `json:"name"`
	Cost     string     `json:"cost"`
	Since    *time.Time `json:"since"`
	LastUsed *time.Time `json:"lastUsed"`
	Current  bool       `json:"current"`
}

func (s *session) printPeople(people []workspace.Person, asJSON bool) error {
	enc := json.NewEncoder(s.out)
	enc.SetEscapeHTML(false)
	for _, p := range people {
		var err error
		if asJSON {
			err = enc.Encode(keyLine{p.Slot + 1, string(p.Kind), p.Name, p.Cost, orNull(p.Created), orNull(p.LastUsed), p.Current})
		} else {
			current := ""
			if p.Current {
				current = "current"
			}
			err = s.columns(strconv.Itoa(p.Slot+1), string(p.Kind), p.Name, orBlank(p.Created), orBlank(p.LastUsed), current)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func orBlank(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func runSlotAdd(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot add", flag.ContinueOnError)
	file, fresh := passphraseFlag(set), newPassphraseFlag(set)
	path, name, err := workspaceAnd(set, args, "the name of a person")
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		pass, err := s.newPassphrase(ctx, *fresh)
		if err != nil {
			return err
		}
		defer clear(pass)
		if err := w.AddPassphrase(ctx, name, pass); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s can open %s now\n", clean(name), clean(path))
		return err
	})
}

// workspaceAnd parses args that are a workspace and one more.
func workspaceAnd(set *flag.FlagSet, args []string, what string) (path, other string, err error) {
	path, rest, err := workspaceFlags(set, args)
	switch {
	case err != nil:
		return "", "", err
	case len(rest) == 0:
		return "", "", usagef("%s needs a workspace and %s", set.Name(), what)
	case len(rest) > 1:
		return "", "", usagef("%s takes a workspace and %s; %q is too much", set.Name(), what, rest[1])
	}
	return path, rest[0], nil
}

func runSlotRecovery(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot recovery", flag.ContinueOnError)
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		code, err := w.AddRecovery(ctx)
		if err != nil {
			return err
		}
		code = append(code, '\n')
		defer clear(code)
		// Past the buffer of s.out, which would keep it.
		if _, err := s.Stdout.Write(code); err != nil {
			return fmt.Errorf("the recovery code could not be printed (%v); remove it with \"trestle workspace slot remove\" and make another", err)
		}
		s.complain("this recovery code opens %s in place of a passphrase, and is not shown again: print it or write it down now, and keep it where the file is not", path)
		return nil
	})
}

func runSlotPassphrase(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot passphrase", flag.ContinueOnError)
	file, fresh := passphraseFlag(set), newPassphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.withPassphrase(ctx, path, *file, func(w *workspace.Workspace, old []byte) error {
		me, err := current(ctx, w)
		if err != nil {
			return err
		}
		if me.Kind != workspace.KindPassphrase {
			return errors.New("this is a recovery code, which stays as it is; use \"trestle workspace slot add\" to add a passphrase with it, and then remove the forgotten one")
		}
		pass, err := s.newPassphrase(ctx, *fresh)
		if err != nil {
			return err
		}
		defer clear(pass)
		if err := w.ChangePassphrase(ctx, old, pass); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "changed the passphrase of %s; copies of the file from before still open with the old one\n", person(me))
		return err
	})
}

// current is the key that the workspace was opened with.
func current(ctx context.Context, w *workspace.Workspace) (workspace.Person, error) {
	people, err := w.People(ctx)
	for _, p := range people {
		if p.Current {
			return p, nil
		}
	}
	return workspace.Person{}, err
}

// person names the owner of a key.
func person(p workspace.Person) string {
	if p.Name == "" {
		return fmt.Sprintf("key %d", p.Slot+1)
	}
	return clean(p.Name)
}

func runSlotRemove(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace slot remove", flag.ContinueOnError)
	yes := set.Bool("yes", false, "")
	file := passphraseFlag(set)
	path, number, err := workspaceAnd(set, args, "the number of a key")
	if err != nil {
		return err
	}
	n, err := keyNumber(path, number)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		people, err := w.People(ctx)
		if err != nil {
			return err
		}
		question := ""
		for _, p := range people {
			if p.Slot == n-1 {
				question = fmt.Sprintf("Remove key %d, the %s of %s, from %s?", n, p.Kind, person(p), path)
				if p.Kind != workspace.KindPassphrase || p.Name == "" {
					question = fmt.Sprintf("Remove key %d, a %s, from %s?", n, p.Kind, path)
				}
			}
		}
		if question != "" { // else RemoveSlot says what is wrong
			if err := s.sure(ctx, *yes, question); err != nil {
				return err
			}
		}
		if err := w.RemoveSlot(ctx, n-1); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "removed key %d; copies of the file from before still open with it\n", n)
		return err
	})
}
