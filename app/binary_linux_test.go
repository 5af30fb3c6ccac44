package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// quiet is the environment of a command line without a display.
func quiet(extra ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull}
	return append(env, extra...)
}

func TestVersion(t *testing.T) {
	out, err := exec.Command(binary(t), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "trestle ") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNoDisplay(t *testing.T) {
	cmd := exec.Command(binary(t))
	cmd.Env = quiet()
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "there is no display") {
		t.Errorf("%v\n%s", err, out)
	}
}

// manyMessages writes a file that fills every pipe.
func manyMessages(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&b, "MSH|^~\\&|A|B|C|D|20260302||ADT^A08^ADT_A01|%d|P|2.5.1\rPID|1||%d\r", i, i)
	}
	name := filepath.Join(t.TempDir(), "many.hl7")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestBrokenPipe: "trestle get ... | head -1" ends at once and says nothing.
func TestBrokenPipe(t *testing.T) {
	cmd := exec.Command(binary(t), "get", "PID-3", manyMessages(t))
	cmd.Env = quiet()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	out.Close()
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // ended by the signal of the pipe: not an error here
	select {
	case <-ended:
	case <-time.After(limit):
		_ = cmd.Process.Kill()
		t.Fatal("it goes on although nobody reads")
	}
	if errs.Len() > 0 {
		t.Errorf("it says %q", errs.String())
	}
}

// TestInterrupted: Ctrl-C ends a command that waits for input.
func TestInterrupted(t *testing.T) {
	cmd := exec.Command(binary(t), "inspect", "-")
	cmd.Env = quiet()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p := start(t, cmd)
	time.Sleep(300 * time.Millisecond) // until it has asked for signals; too early would end it too, by another status
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatal("it goes on")
	}
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("status %d: %s", code, p.log())
	}
}

// TestNoCoreFiles: the program forbids files of its memory to the system.
func TestNoCoreFiles(t *testing.T) {
	cmd := exec.Command(binary(t), "inspect", "-")
	cmd.Env = quiet()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	start(t, cmd)
	var line string
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(text)) {
			if strings.HasPrefix(l, "Max core file size") {
				line = l
			}
		}
		if f := strings.Fields(line); len(f) > 5 && f[4] == "0" && f[5] == "0" {
			return
		}
	}
	t.Errorf("%q", line)
}

// TestPassphraseAtATerminal: it is asked for twice, is not echoed, and Ctrl-C puts the echo back.
func TestPassphraseAtATerminal(t *testing.T) {
	folder := t.TempDir()
	tty, keys := terminal(t)
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(binary(t), args...)
		cmd.Dir, cmd.Env = folder, quiet()
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	cmd := run("workspace", "new", "w.trestle")
	keys.expect(t, "New passphrase: ")
	keys.press(t, "correct horse battery\n")
	keys.expect(t, "The same again: ")
	keys.press(t, "correct horse battery\n")
	keys.expect(t, "made w.trestle")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if text := keys.log(); strings.Contains(text, "horse") {
		t.Errorf("the passphrase was echoed: %q", text)
	}

	cmd = run("workspace", "info", "w.trestle")
	keys.expect(t, "Passphrase: ")
	if echo(t, tty) {
		t.Error("the terminal echoes while it asks")
	}
	keys.press(t, "\x03") // Ctrl-C
	_ = cmd.Wait()        // the status is looked at
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("status %d\n%s", code, keys.log())
	}
	if !echo(t, tty) {
		t.Error("the terminal does not echo after Ctrl-C")
	}
}

// keyboard is the other end of a terminal.
type keyboard struct {
	f   *os.File
	out *lockedBuffer
}

// terminal makes a pseudo terminal: the program's end, and a person's.
func terminal(t *testing.T) (*os.File, *keyboard) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var ioctl error
	err = raw.Control(func(fd uintptr) {
		if ioctl = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); ioctl == nil {
			number, ioctl = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil || ioctl != nil {
		t.Fatal(err, ioctl)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Close() })
	k := &keyboard{f: master, out: &lockedBuffer{}}
	go func() { _, _ = io.Copy(k.out, master) }() // ends when the test closes the terminal
	return tty, k
}

func (k *keyboard) log() string { return k.out.String() }

func (k *keyboard) press(t *testing.T, text string) {
	t.Helper()
	if _, err := k.f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func (k *keyboard) expect(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(limit); !strings.Contains(k.log(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q did not come: %q", text, k.log())
		}
	}
	time.Sleep(50 * time.Millisecond) // the question is written before the echo is off
}

// echo says whether the terminal shows what is typed.
func echo(t *testing.T, tty *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}
