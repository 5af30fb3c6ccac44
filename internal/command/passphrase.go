package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"trestle/internal/workspace"
)

// Environment variables that may hold the passphrase, and one that is being chosen for an existing workspace.
const (
	PassphraseVariable    = "TRESTLE_PASSPHRASE"
	NewPassphraseVariable = "TRESTLE_NEW_PASSPHRASE"
)

const maxPassphrase = 64 << 10 // bytes

// passphraseFlag adds --passphrase-file.
func passphraseFlag(set *flag.FlagSet) *string { return set.String("passphrase-file", "", "") }

// newPassphraseFlag adds --new-passphrase-file.
func newPassphraseFlag(set *flag.FlagSet) *string { return set.String("new-passphrase-file", "", "") }

// passphrase finds the passphrase: in the named file, else in TRESTLE_PASSPHRASE, else by asking. The caller clears
// what it gets.
func (s *session) passphrase(ctx context.Context, file string) ([]byte, error) {
	pass, _, err := s.findPassphrase(ctx, file, PassphraseVariable, "passphrase-file", "Passphrase: ")
	return pass, err
}

// newPassphrase is chosenPassphrase for a workspace that is open already.
func (s *session) newPassphrase(ctx context.Context, file string) ([]byte, error) {
	return s.chosenPassphrase(ctx, file, NewPassphraseVariable, "new-passphrase-file")
}

// chosenPassphrase finds a passphrase that is being chosen. It asks twice, refuses one that is too short, and says what a weak one
// is worth. The caller clears what it gets.
func (s *session) chosenPassphrase(ctx context.Context, file, variable, option string) ([]byte, error) {
	pass, asked, err := s.findPassphrase(ctx, file, variable, option, "New passphrase: ")
	if err != nil {
		return nil, err
	}
	err = longEnough(pass) // said before the same is asked for again
	if err == nil {
		s.rate(pass)
		if asked {
			err = s.confirm(ctx, pass)
		}
	}
	if err != nil {
		clear(pass)
		return nil, err
	}
	return pass, nil
}

// rate warns of a weak passphrase. It is not refused: who chooses it knows what it is for.
func (s *session) rate(pass []byte) {
	if r := workspace.Rate(pass); r.Word == "weak" || r.Word == "very weak" {
		s.complain("warning: the passphrase is %s. %s", r.Word, r.Advice)
	}
}

func (s *session) findPassphrase(ctx context.Context, file, variable, option, question string) (pass []byte, asked bool, err error) {
	if file != "" {
		pass, err = readPassphrase(file)
		return pass, false, err
	}
	if value := s.Getenv(variable); value != "" {
		return []byte(value), false, nil
	}
	if s.Prompt == nil {
		return nil, false, usagef("a passphrase is needed and there is no terminal to ask at: use --%s FILE or set %s", option, variable)
	}
	pass, err = s.Prompt(ctx, question)
	if err == nil && len(pass) == 0 {
		err = usagef("the passphrase is empty")
	}
	return pass, true, err
}

// confirm asks for a new passphrase a second time.
func (s *session) confirm(ctx context.Context, pass []byte) error {
	again, err := s.Prompt(ctx, "The same again: ")
	defer clear(again)
	if err == nil && !bytes.Equal(pass, again) {
		err = usagef("the two passphrases differ: nothing was done")
	}
	return err
}

// longEnough says whether a workspace takes a passphrase; characters are counted as the workspace does, composed.
func longEnough(pass []byte) error {
	composed := norm.NFC.Append(make([]byte, 0, 3*len(pass)+64), pass...)
	defer clear(composed)
	if n := utf8.RuneCount(composed); n < workspace.MinPassphrase {
		return fmt.Errorf("the passphrase has %s; it needs at least %d, and several words are better. Nothing was done",
			plural(int64(n), "character", "characters"), workspace.MinPassphrase)
	}
	return nil
}

// readPassphrase reads a file that holds the passphrase and nothing else; one line end at the end is not
// part of it.
func readPassphrase(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, errors.New(describe(file, err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPassphrase+1))
	if err != nil {
		clear(b)
		return nil, errors.New(describe(file, err))
	}
	text := bytes.TrimPrefix(b, []byte("\ufeff")) // editors on Windows write one
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	complaint := ""
	switch {
	case len(b) > maxPassphrase:
		complaint = "is too long for a passphrase"
	case len(text) == 0:
		complaint = "is empty: it must hold the passphrase"
	case bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text):
		complaint = "is not UTF-8 text: save the passphrase file as UTF-8"
	case bytes.ContainsAny(text, "\r\n"):
		complaint = "has more than one line: it must hold the passphrase and nothing else"
	}
	if complaint != "" {
		clear(b)
		return nil, errors.New(file + " " + complaint)
	}
	return text, nil
}
