package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"trestle/internal/workspace"
)

// TestScripts runs the files of testdata/script. Such a file holds commands and what must come of them, and the files
// that they work on:
//
//	# a comment
//	$ inspect --fail-on error good.hl7     runs a command; the lines that follow are about it
//	< text                                 one line of its standard input, before the $
//	env NAME=value                         for the commands that follow
//	prompt text                            the next answer to a question for a passphrase
//	answer text                            the next answer to another question
//	keep NAME                              NAME=the first line of the last output, as "env" sets it
//	status 1                               its exit status; without the line, 0
//	out: line                              exactly this line on standard output, in order, with nothing between
//	out~ regexp                            some line of it matches
//	out! regexp                            no line of it matches
//	out=                                   standard output is empty
//	err~ regexp, err! regexp, err=         the same for standard error
//	-- name --                             a file with the lines that follow; a line end is CR in *.hl7, and \xNN is a byte
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := &script{t: t, env: map[string]string{}}
			lines := r.unpack(strings.Split(string(text), "\n"))
			t.Chdir(r.folder)
			for i, line := range lines {
				r.where = fmt.Sprintf("%s:%d", filepath.Base(file), i+1)
				r.line(line)
			}
			r.finish()
		})
	}
}

type script struct {
	t       *testing.T
	folder  string
	where   string
	env     map[string]string
	answers []string // for passphrases
	replies []string
	stdin   strings.Builder

	command  string
	at       string
	status   int
	want     int
	out, err string
	next     int // the line of out that the next "out:" is about
}

// unpack writes the files of the script and returns its other lines.
func (r *script) unpack(lines []string) []string {
	r.folder = r.t.TempDir()
	for i, line := range lines {
		if !strings.HasPrefix(line, "-- ") {
			continue
		}
		var name string
		var content strings.Builder
		flush := func() {
			if name == "" {
				return
			}
			path := filepath.Join(r.folder, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				r.t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content.String()), 0o600); err != nil {
				r.t.Fatal(err)
			}
		}
		for _, line := range lines[i:] {
			if head, ok := strings.CutPrefix(line, "-- "); ok {
				flush()
				name = strings.TrimSuffix(head, " --")
				content.Reset()
				continue
			}
			end := "\n"
			if strings.HasSuffix(name, ".hl7") {
				end = "\r"
			}
			if line != "" {
				content.WriteString(bytesOf(line) + end)
			}
		}
		flush()
		return lines[:i]
	}
	return lines
}

var hexByte = regexp.MustCompile(`\\x[0-9a-f]{2}`)

func bytesOf(line string) string {
	return hexByte.ReplaceAllStringFunc(line, func(s string) string {
		n, err := strconv.ParseUint(s[2:], 16, 8)
		if err != nil {
			return s
		}
		return string([]byte{byte(n)})
	})
}

func (r *script) line(line string) {
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
	case strings.HasPrefix(line, "< "):
		r.finish()
		r.stdin.WriteString(bytesOf(line[2:]) + "\r")
	case strings.HasPrefix(line, "env "):
		r.finish()
		name, value, _ := strings.Cut(line[4:], "=")
		r.env[name] = value
	case strings.HasPrefix(line, "prompt "):
		r.finish()
		r.answers = append(r.answers, line[7:])
	case strings.HasPrefix(line, "answer "):
		r.finish()
		r.replies = append(r.replies, line[7:])
	case strings.HasPrefix(line, "keep "):
		r.env[line[5:]], _, _ = strings.Cut(r.out, "\n")
	case strings.HasPrefix(line, "$ "):
		r.finish()
		r.run(line[2:])
	case strings.HasPrefix(line, "status "):
		n, err := strconv.Atoi(line[7:])
		if err != nil {
			r.t.Fatalf("%s: %v", r.where, err)
		}
		r.want = n
	case line == "out=":
		if r.out != "" {
			r.fail("standard output is not empty")
		}
		r.next = -1
	case line == "err=":
		if r.err != "" {
			r.fail("standard error is not empty")
		}
	case strings.HasPrefix(line, "out: ") || line == "out:":
		r.exactly(strings.TrimPrefix(strings.TrimPrefix(line, "out:"), " "))
	case strings.HasPrefix(line, "out~ "):
		r.match(r.out, line[5:], true)
	case strings.HasPrefix(line, "out! "):
		r.match(r.out, line[5:], false)
	case strings.HasPrefix(line, "err~ "):
		r.match(r.err, line[5:], true)
	case strings.HasPrefix(line, "err! "):
		r.match(r.err, line[5:], false)
	default:
		r.t.Fatalf("%s: not understood: %s", r.where, line)
	}
}

func (r *script) exactly(want string) {
	want = strings.ReplaceAll(want, "<TAB>", "\t")
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	if r.next >= len(lines) || lines[r.next] != want {
		r.fail("the next line is not %q", want)
	}
	r.next++
}

func (r *script) match(text, expression string, want bool) {
	re, err := regexp.Compile(expression)
	if err != nil {
		r.t.Fatalf("%s: %v", r.where, err)
	}
	for line := range strings.Lines(text) {
		if re.MatchString(strings.TrimSuffix(line, "\n")) {
			if !want {
				r.fail("a line matches %q", expression)
			}
			return
		}
	}
	if want {
		r.fail("no line matches %q", expression)
	}
}

func (r *script) fail(format string, args ...any) {
	r.t.Errorf("%s: %s\n$ %s\nstatus %d\n--- out\n%s--- err\n%s", r.where, fmt.Sprintf(format, args...), r.command, r.status, r.out, r.err)
}

// finish checks what is left of the last command: its status, and that exact lines were all of its output.
func (r *script) finish() {
	if r.command == "" {
		return
	}
	if r.status != r.want {
		r.where = r.at
		r.fail("status %d, not %d", r.status, r.want)
	}
	if lines := strings.Count(r.out, "\n"); r.next > 0 && r.next != lines {
		r.fail("%d lines of output, not %d", lines, r.next)
	}
	r.command = ""
}

func (r *script) run(command string) {
	r.command, r.at, r.want, r.next = command, r.where, 0, 0
	var out, errs bytes.Buffer
	env := Env{
		Stdin: strings.NewReader(r.stdin.String()), Stdout: &out, Stderr: &errs,
		Getenv: func(name string) string { return r.env[name] }, User: "tester", kdf: workspace.CheapKDF(r.t),
		Prompt: func(context.Context, string) ([]byte, error) {
			if len(r.answers) == 0 {
				return nil, io.EOF
			}
			a := r.answers[0]
			r.answers = r.answers[1:]
			return []byte(a), nil
		},
		Ask: func(_ context.Context, question string) (string, error) {
			fmt.Fprintln(&errs, question)
			if len(r.replies) == 0 {
				return "", io.EOF
			}
			a := r.replies[0]
			r.replies = r.replies[1:]
			return a, nil
		},
		Pictures: func(_ context.Context, dir, _ string, _ []byte) ([]string, error) {
			return []string{filepath.ToSlash(filepath.Join(dir, "window.png"))}, nil
		},
		Window: func(_ context.Context, o WindowOptions) error {
			words := ""
			if o.Sample {
				words = " on the sample"
			}
			fmt.Fprintf(&out, "window %q%s\n", o.Workspace, words)
			return nil
		},
	}
	r.stdin.Reset()
	r.status = Run(r.t.Context(), words(command), env)
	r.out, r.err = out.String(), errs.String()
}

// words splits a command line at blanks; "double" and 'single' quotes hold them together.
func words(line string) []string {
	var list []string
	quote, open := rune(0), false
	var b strings.Builder
	for _, c := range line {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case c == quote:
			quote = 0
		case c == ' ' && quote == 0:
			if open {
				list = append(list, b.String())
			}
			b.Reset()
			open = false
		default:
			b.WriteRune(c)
			open = true
		}
	}
	if open {
		list = append(list, b.String())
	}
	return list
}

// lockedBuffer is a buffer that two goroutines may use.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
