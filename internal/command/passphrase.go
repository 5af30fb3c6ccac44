package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"unicode/utf8"
)

// PassphraseVariable is the environment variable that may hold the passphrase.
const PassphraseVariable = "TRESTLE_PASSPHRASE"

const maxPassphrase = 64 << 10 // bytes

// passphraseFlag adds --passphrase-file.
func passphraseFlag(set *flag.FlagSet) *string { return set.String("passphrase-file", "", "") }

// passphrase finds the passphrase: in the named file, else in TRESTLE_PASSPHRASE, else by asking. fresh asks
// twice, for a passphrase that is being chosen. The caller clears what it gets.
func (s *session) passphrase(ctx context.Context, file string, fresh bool) ([]byte, error) {
	if file != "" {
		return readPassphrase(file)
	}
	if value := s.Getenv(PassphraseVariable); value != "" {
		return []byte(value), nil
	}
	if s.Prompt == nil {
		return nil, usagef("a passphrase is needed and there is no terminal to ask at: use --passphrase-file FILE or set %s", PassphraseVariable)
	}
	question := "Passphrase: "
	if fresh {
		question = "New passphrase: "
	}
	first, err := s.Prompt(ctx, question)
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		return nil, usagef("the passphrase is empty")
	}
	if !fresh {
		return first, nil
	}
	again, err := s.Prompt(ctx, "The same again: ")
	defer clear(again)
	if err == nil && !bytes.Equal(first, again) {
		err = usagef("the two passphrases differ: nothing was made")
	}
	if err != nil {
		clear(first)
		return nil, err
	}
	return first, nil
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
