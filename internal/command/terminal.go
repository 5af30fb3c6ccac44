package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// terminal gives what to read answers from and where to write questions: the terminal itself where standard input is a
// file or a pipe.
func terminal() (in, out *os.File, done func(), err error) {
	in, out = os.Stdin, os.Stderr
	if term.IsTerminal(int(in.Fd())) {
		return in, out, func() {}, nil
	}
	name := "/dev/tty"
	if runtime.GOOS == "windows" {
		name = "CONIN$"
	}
	tty, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, nil, err
	}
	if runtime.GOOS != "windows" {
		out = tty
	}
	return tty, out, func() { tty.Close() }, nil
}

// TerminalAsk asks a question at the terminal and reads one line as the answer.
func TerminalAsk(ctx context.Context, question string) (string, error) {
	in, out, done, err := terminal()
	if err != nil {
		return "", errors.New("there is no terminal to ask at: add --yes if you are sure")
	}
	defer done()
	fmt.Fprint(out, question)
	line, err := bufio.NewReader(interruptible(ctx, io.LimitReader(in, maxAnswer))).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

const maxAnswer = 4096 // bytes

// TerminalPrompt asks a question at the terminal and reads the answer without echo. It uses the terminal
// itself where standard input is a file or a pipe. Ctrl-C, by way of ctx, puts the echo back.
func TerminalPrompt(ctx context.Context, question string) ([]byte, error) {
	in, out, done, err := terminal()
	if err != nil {
		return nil, errors.New("a passphrase is needed and there is no terminal to ask at: use --passphrase-file FILE or set " + PassphraseVariable)
	}
	defer done()
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
