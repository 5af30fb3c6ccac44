// Trestle is a workbench for people who connect healthcare systems. Without a command it opens its window; with
// one it works in the terminal: see "trestle help".
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"runtime"
	"strings"
	"syscall"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"trestle/internal/command"
	"trestle/internal/workspace/keyring"
)

func main() {
	// First of all: Fyne reads the metadata when its app is made, and would otherwise look for files.
	fyneapp.SetMetadata(fyne.AppMetadata{
		ID: appID, Name: "Trestle", Version: command.Version, Build: command.Build,
		Migrations: map[string]bool{"fyneDo": true},
	})
	os.Exit(run())
}

// run is main with a status, so that what is deferred happens.
func run() (status int) {
	defer func() {
		if cause := recover(); cause != nil {
			reportCrash(cause)
			status = command.StatusUsage
		}
	}()
	keepMemoryOutOfFiles()
	attachConsole()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	env := command.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Live: command.IsTerminal(os.Stderr), User: userName(), Prompt: command.TerminalPrompt,
		Window: openWindow, Pictures: drawPictures, HasDisplay: hasDisplay,
		Anchors: anchors(), Keyring: keyring.System{},
	}
	return command.Run(ctx, os.Args[1:], env)
}

// userName is who the access log names: the account at this computer.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// reportCrash says where the program broke, and not what it held: a panic's own words could quote a message, and
// what is written to standard error ends in the desktop's log file. Only words of the Go runtime are kept ("index out of
// range", "nil pointer"), which hold numbers at most. Background work never comes here: package job turns its panics
// into errors by the same rule.
func reportCrash(cause any) {
	reason := "a defect"
	if fault, ok := cause.(runtime.Error); ok {
		reason = fault.Error()
	}
	fmt.Fprintf(os.Stderr, "trestle: the program broke (%s). Stored messages are safe. Please report these places:\n", reason)
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			fmt.Fprintf(os.Stderr, "  %s:%d\n", f.Function, f.Line)
		}
		if !more {
			return
		}
	}
}
