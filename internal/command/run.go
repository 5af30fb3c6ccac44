package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"trestle/internal/workspace"
)

// Exit statuses.
const (
	StatusOK          = 0
	StatusFailed      = 1   // findings of the severity asked for, a check that failed, or a "no" to a question
	StatusUsage       = 2   // usage, or something that could not be read or written
	StatusInterrupted = 130 // Ctrl-C, as shells count it
)

// Env is everything that a command touches outside its engines.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(name string) string

	// Live says that Stderr is a terminal: progress is shown there.
	Live bool
	// User is who the access log says it was; empty is the workspace's own default.
	User string
	// Anchors keep what this computer remembers of workspaces, so that an older copy in the place of one is seen, usually
	// [workspace.DefaultAnchors]. Nil: nothing is remembered.
	Anchors workspace.AnchorStore
	// Keyring is this computer's, usually [keyring.System]; a workspace whose key it remembers opens without a passphrase. Nil: there
	// is none.
	Keyring workspace.Keyring
	// Prompt asks a person for a passphrase, without echo. Nil: there is nobody to ask.
	Prompt func(ctx context.Context, question string) ([]byte, error)
	// Ask asks a person a question and returns the answer. Nil: [TerminalAsk], if there is a Prompt.
	Ask func(ctx context.Context, question string) (string, error)
	// Window opens the window and returns when it is closed. Nil: this build has none.
	Window func(ctx context.Context, o WindowOptions) error
	// Pictures draws the main places of the window into files of dir and returns their names. Nil: this
	// build cannot.
	Pictures func(ctx context.Context, dir, workspace string, passphrase []byte) ([]string, error)
	// HasDisplay says why no window can be opened here; nil is that one can. A nil function promises it.
	HasDisplay func() error

	kdf workspace.KDF // cost of new passphrases; tests make it cheap
}

// WindowOptions say what the window opens on.
type WindowOptions struct {
	Workspace string   // path of a workspace file; empty asks
	Sample    bool     // open the sample project, and make its workspace first if it is not there
	Files     []string // of messages, to be opened once a project is
}

// usageError is a mistake in the arguments.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// errFailed ends a command with [StatusFailed]; what failed has been said.
var errFailed = errors.New("failed")

// errUnreadable ends a command with [StatusUsage]; what could not be read has been said.
var errUnreadable = errors.New("unreadable")

// Run runs one command and returns the exit status. args are those after the program's name.
func Run(ctx context.Context, args []string, env Env) int {
	if env.Getenv == nil {
		env.Getenv = func(string) string { return "" }
	}
	if env.Ask == nil && env.Prompt != nil {
		env.Ask = TerminalAsk
	}
	out := bufio.NewWriterSize(env.Stdout, 64<<10)
	s := &session{Env: env, out: out}
	c, rest, err := choose(args)
	if err == nil {
		err = c.run(ctx, s, rest)
	}
	if errors.Is(err, errHelp) {
		s.explain(*c)
		err = nil
	}
	if flushErr := out.Flush(); flushErr != nil && err == nil {
		err = flushErr
	}
	return s.status(ctx, c, err)
}

// session is one run of one command.
type session struct {
	Env
	out *bufio.Writer
}

func (s *session) status(ctx context.Context, c *entry, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return StatusOK
	case errors.Is(err, errFailed):
		return StatusFailed
	case errors.Is(err, errUnreadable):
		return StatusUsage
	case isBrokenPipe(err):
		return StatusOK // whoever reads has seen enough: head, less
	case ctx.Err() != nil:
		s.complain("interrupted")
		return StatusInterrupted
	case errors.As(err, &usage):
		s.complain("%s", usage.text)
		if c != nil && c.name != "help" {
			fmt.Fprintf(s.Stderr, "Try: trestle help %s\n", c.name)
		} else {
			fmt.Fprintln(s.Stderr, "Try: trestle help")
		}
		return StatusUsage
	default:
		s.complain("%s", err)
		return StatusUsage
	}
}

// sure asks whether to go on, unless yes says so already. The answer no is errFailed.
func (s *session) sure(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if s.Ask == nil {
		return usagef("there is no terminal to ask at: add --yes if you are sure")
	}
	if err := s.out.Flush(); err != nil { // what the question is about
		return err
	}
	answer, err := s.Ask(ctx, clean(question)+" Type yes to go on: ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "yes" && answer != "y" {
		s.complain("nothing was done")
		return errFailed
	}
	return nil
}

// complain writes one line to Stderr.
func (s *session) complain(format string, args ...any) {
	fmt.Fprintf(s.Stderr, "trestle: %s\n", clean(fmt.Sprintf(format, args...)))
}

// clean makes text safe for a terminal and for one line: control characters, which could move the cursor
// or change colours, are shown as \xNN; tab, CR, LF and backslash as \t, \r, \n and \\.
func clean(text string) string { return escapeText(text, false) }

// field makes text safe for a tab-separated column: as clean, and a backslash is doubled, so that what was
// escaped can be told from what was there.
func field(text string) string { return escapeText(text, true) }

func escapeText(text string, backslash bool) string {
	needs := func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || backslash && r == '\\' }
	if strings.IndexFunc(text, needs) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !needs(r):
			b.WriteRune(r)
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\n':
			b.WriteString(`\n`)
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}
