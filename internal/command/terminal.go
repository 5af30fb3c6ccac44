package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/term"
)

// TerminalPrompt asks a question at the terminal and reads the answer without echo. It uses the terminal
// itself where standard input is a file or a pipe. Ctrl-C, by way of ctx, puts the echo back.
func TerminalPrompt(ctx context.Context, question string) ([]byte, error) {
	in, out := os.Stdin, os.Stderr
	if !term.IsTerminal(int(in.Fd())) {
		name := "/dev/tty"
		if runtime.GOOS == "windows" {
			name = "CONIN$"
		}
		tty, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return nil, errors.New("a passphrase is needed and there is no terminal to ask at: use --passphrase-file FILE or set " + PassphraseVariable)
		}
		defer tty.Close()
		in = tty
		if runtime.GOOS != "windows" {
			out = tty
		}
	}
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("asking for the passphrase: %w", err)
	}
	fmt.Fprint(out, question)
	defer fmt.Fprintln(out)
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return nil, fmt.Errorf("asking for the passphrase: %w", a.err)
		}
		return a.text, nil
	case <-ctx.Done():
		if err := term.Restore(fd, before); err != nil {
			return nil, errors.Join(ctx.Err(), err)
		}
		return nil, ctx.Err()
	}
}

// IsTerminal says whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
