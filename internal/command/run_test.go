package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/job"
	"trestle/internal/present/sample"
	"trestle/internal/workspace"
)

// message is one invented message of 200 bytes or so.
const message = "MSH|^~\\&|LAKE|MAIN|RIVER|INF|20260302101400||ADT^A08^ADT_A01|M%d|P|2.5.1\rEVN|A08|20260302101400\rPID|1||%d^^^LAKE^MR||DOE^JANE||19790228|F\rPV1|1|O\r"

// generated is a stream of n messages that is never in memory as a whole.
type generated struct {
	n, i int
	text string // of a message, with its control ID and MRN to fill in; "" for message
	rest []byte
}

func (g *generated) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		if g.i == g.n {
			return 0, io.EOF
		}
		g.rest = fmt.Appendf(g.rest[:0], cmp.Or(g.text, message), g.i, g.i)
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

type failingWriter struct {
	after int
	err   error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestBrokenPipeEndsQuietly(t *testing.T) {
	var errs bytes.Buffer
	status := Run(t.Context(), []string{"get", "PID-3.1", "-"}, Env{
		Stdin: &generated{n: 1 << 30}, Stdout: &failingWriter{after: 1000, err: &os.PathError{Op: "write", Path: "stdout", Err: syscall.EPIPE}}, Stderr: &errs,
	})
	if status != StatusOK || errs.Len() > 0 {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

func TestFullDiskIsSaid(t *testing.T) {
	var errs bytes.Buffer
	status := Run(t.Context(), []string{"help"}, Env{Stdout: &failingWriter{err: errors.New("no space left on device")}, Stderr: &errs})
	if status != StatusUsage || !strings.Contains(errs.String(), "no space left") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

// TestInterrupt: Ctrl-C ends a command that waits for input that never comes.
func TestInterrupt(t *testing.T) {
	for _, args := range [][]string{{"inspect", "-"}, {"get", "PID-3", "-"}} {
		ctx, cancel := context.WithCancel(t.Context())
		never, w := io.Pipe()
		defer w.Close()
		time.AfterFunc(20*time.Millisecond, cancel)
		var out, errs bytes.Buffer
		if status := Run(ctx, args, Env{Stdin: never, Stdout: &out, Stderr: &errs}); status != StatusInterrupted {
			t.Errorf("%v: status %d, %q", args, status, errs.String())
		}
	}
}

// TestStreams: what was read is written while the input is still open, in bounded pieces.
func TestStreams(t *testing.T) {
	in, feed := io.Pipe()
	out, sink := io.Pipe()
	seen := make(chan string, 1)
	go func() {
		b := make([]byte, 9)
		_, err := io.ReadFull(out, b)
		if err == nil {
			seen <- string(b)
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	done := make(chan int)
	go func() {
		done <- Run(t.Context(), []string{"get", "PID-3.1", "-"}, Env{Stdin: in, Stdout: sink, Stderr: io.Discard})
		sink.Close()
	}()
	// Less than a megabyte is enough to see something, whatever is read ahead.
	if _, err := io.Copy(feed, &generated{n: 5000}); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-seen:
		if line != "-\t0\t0\n-\t1" {
			t.Errorf("%q", line)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was written while the input was open")
	}
	feed.Close()
	if status := <-done; status != StatusOK {
		t.Errorf("status %d", status)
	}
}

func TestFolderWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	folder := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(folder, 0); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	status := Run(t.Context(), []string{"inspect", "-r", folder}, Env{Stdout: io.Discard, Stderr: &errs})
	if status != StatusUsage || !strings.Contains(errs.String(), "not allowed to read") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

func TestWindowNeedsADisplay(t *testing.T) {
	var errs bytes.Buffer
	env := Env{
		Stdout: io.Discard, Stderr: &errs,
		Window:     func(context.Context, WindowOptions) error { t.Error("opened a window"); return nil },
		HasDisplay: func() error { return errors.New("there is no display") },
	}
	if status := Run(t.Context(), nil, env); status != StatusUsage || !strings.Contains(errs.String(), "there is no display") {
		t.Errorf("status %d, %q", status, errs.String())
	}
}

// TestHelpIsComplete: every command has a usage line that begins with its name, and every flag of it is explained.
func TestHelpIsComplete(t *testing.T) {
	var list bytes.Buffer
	Run(t.Context(), []string{"help"}, Env{Stdout: &list, Stderr: io.Discard})
	for _, e := range entries() {
		if !strings.Contains(list.String(), "  trestle "+e.name+" ") {
			t.Errorf("%s is not in the list", e.name)
		}
		if !strings.HasPrefix(strings.Trim(e.usage, "["), e.name) {
			t.Errorf("%s: usage %q", e.name, e.usage)
		}
		for word := range strings.FieldsSeq(e.usage) {
			if flag, ok := strings.CutPrefix(word, "["); ok && strings.HasPrefix(flag, "-") {
				if flag = strings.TrimRight(flag, "]"); !strings.Contains(e.text, "  "+flag) {
					t.Errorf("%s: %s is not explained", e.name, flag)
				}
			}
		}
		for line := range strings.Lines(e.text) {
			if len(line) > 100 || strings.HasSuffix(line, " \n") {
				t.Errorf("%s: a line too long, or with blanks at its end: %q", e.name, line)
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain Ünïcode": "plain Ünïcode", "a\tb\r\nc": `a\tb\r\nc`, "\x1b[31m": `\x1b[31m`, "\u009b31m": `\x9b31m`, `a\b`: `a\b`,
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: %q, not %q", in, got, want)
		}
	}
	if got := field(`a\t` + "\t"); got != `a\\t\t` {
		t.Errorf("%q", got)
	}
}

func TestWordsForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -999: "-999"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
	if got := countsText([check.Severities]int64{3, 1, 2, 0}); got != "2 errors, 1 warning, 3 information" {
		t.Errorf("%q", got)
	}
	for pair, want := range map[[2]string]int{{"inspct", "inspect"}: 1, {"", "abc"}: 3, {"tour", "tour"}: 0, {"kitten", "sitting"}: 3} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("%q: %d, not %d", pair, got, want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	var errs lockedBuffer
	s := &session{Env: Env{Stderr: &errs, Live: true}}
	p := job.NewProgress()
	p.SetTotal(10)
	p.Set(5)
	stop := s.showProgress("adt.hl7", p)
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(errs.String(), "50 %"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q", errs.String())
		}
	}
	stop()
	stop()
	if !strings.HasSuffix(errs.String(), "\r\x1b[K") {
		t.Errorf("the line stays: %q", errs.String())
	}
}

// TestTourPrintsWhatCommandsPrint: under each command of the tour stand the lines that the command itself prints.
func TestTourPrintsWhatCommandsPrint(t *testing.T) {
	t.Chdir(t.TempDir())
	env := func(out io.Writer) Env {
		return Env{
			Stdout: out, Stderr: io.Discard, User: "tester", kdf: workspace.CheapKDF(t),
			Getenv: func(name string) string { return map[string]string{PassphraseVariable: sample.Passphrase}[name] },
		}
	}
	var out bytes.Buffer
	if status := Run(t.Context(), []string{"tour"}, env(&out)); status != StatusOK {
		t.Fatalf("status %d", status)
	}
	lines := strings.Split(out.String(), "\n")
	commands := 0
	for i, line := range lines {
		command, ok := strings.CutPrefix(line, "  $ trestle ")
		if !ok || strings.Contains(command, " log ") { // the log has grown since, and so has its length below
			continue
		}
		commands++
		var again bytes.Buffer
		Run(t.Context(), strings.Fields(command), env(&again))
		want := strings.Split(again.String(), "\n")
		for n := 0; n < len(want) && want[n] != "" && lines[i+1+n] != ""; n++ {
			if lines[i+1+n] != "  "+want[n] && !strings.HasPrefix(want[n], "access log ") {
				t.Errorf("%s: line %d is %q, not %q", command, n+1, lines[i+1+n], want[n])
			}
		}
	}
	if commands < 4 {
		t.Errorf("%d commands are shown", commands)
	}
}
