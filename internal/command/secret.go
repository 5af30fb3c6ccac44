package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"trestle/internal/workspace"
)

// SecretVariable is the environment variable that may hold the value of a secret that is being kept.
const SecretVariable = "TRESTLE_SECRET"

func runSecretSet(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace secret set", flag.ContinueOnError)
	kind, from := set.String("kind", "password", ""), set.String("value-file", "", "")
	file := passphraseFlag(set)
	path, name, err := workspaceAnd(set, args, "the name of a secret")
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		value, err := s.secretValue(ctx, *from)
		if err != nil {
			return err
		}
		defer clear(value)
		if err := w.Secrets().Put(ctx, name, *kind, value); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "kept the secret %s in %s\n", clean(name), clean(path))
		return err
	})
}

// secretValue finds the value of a secret: in a file, where line ends are part of it but for the last, in the environment, or by asking twice.
func (s *session) secretValue(ctx context.Context, from string) ([]byte, error) {
	if from != "" {
		return s.readSecret(from)
	}
	if value := s.Getenv(SecretVariable); value != "" {
		return []byte(value), nil
	}
	if s.Prompt == nil {
		return nil, usagef("the secret is needed and there is no terminal to ask at: use --value-file FILE or set %s", SecretVariable)
	}
	value, err := s.Prompt(ctx, "Secret: ")
	if err != nil {
		return nil, err
	}
	again, err := s.Prompt(ctx, "The same again: ")
	defer clear(again)
	if err == nil && !bytes.Equal(value, again) {
		err = usagef("the two differ: nothing was done")
	}
	if err != nil {
		clear(value)
		return nil, err
	}
	return value, nil
}

func (s *session) readSecret(from string) ([]byte, error) {
	in := s.Stdin
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, errors.New(describe(from, err))
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, workspace.MaxSecret+2))
	if err != nil {
		clear(b)
		return nil, errors.New(describe(from, err))
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r")), nil
}

// secretLine is a secret as JSON, without it.
type secretLine struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Changed time.Time `json:"changed"`
}

func runSecretList(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace secret list", flag.ContinueOnError)
	asJSON := set.Bool("json", false, "")
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		names, err := w.Secrets().Names(ctx)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(s.out)
		enc.SetEscapeHTML(false)
		for _, n := range names {
			if *asJSON {
				err = enc.Encode(secretLine{n.Name, n.Kind, n.Changed})
			} else {
				err = s.columns(n.Name, n.Kind, orBlank(n.Changed))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func runSecretShow(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace secret show", flag.ContinueOnError)
	file := passphraseFlag(set)
	path, name, err := workspaceAnd(set, args, "the name of a secret")
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		value, err := w.Secrets().Reveal(ctx, name)
		if err != nil {
			return err
		}
		value = append(value, '\n')
		defer clear(value)
		_, err = s.Stdout.Write(value) // past the buffer of s.out, which would keep it
		return err
	})
}

func runSecretRemove(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace secret remove", flag.ContinueOnError)
	yes := set.Bool("yes", false, "")
	file := passphraseFlag(set)
	path, name, err := workspaceAnd(set, args, "the name of a secret")
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		if err := s.sure(ctx, *yes, fmt.Sprintf("Remove the secret %s from %s? It cannot be brought back.", name, path)); err != nil {
			return err
		}
		if err := w.Secrets().Delete(ctx, name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.out, "removed the secret %s; backups from before still have it\n", clean(name))
		return err
	})
}
