package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"trestle/internal/command"
	"trestle/internal/job"
	"trestle/internal/present/sample"
	"trestle/internal/ui"
	"trestle/internal/workspace"
	"trestle/internal/workspace/keyring"
)

// appID is the application's ID, which also names the folder of its preferences.
const appID = "io.trestle.Trestle"

// firstPicture is how long the window has the computer for itself to draw its first picture. Making a key keeps all
// cores busy for a second, and a window that is black as long looks broken.
const firstPicture = 150 * time.Millisecond

// openWindow opens the window and returns when it is closed.
func openWindow(ctx context.Context, o command.WindowOptions) error {
	a := fyneapp.NewWithID(appID)
	drawn := make(chan struct{})
	a.Lifecycle().SetOnStarted(func() { time.AfterFunc(firstPicture, func() { close(drawn) }) })
	openSample := func(ctx context.Context, p *job.Progress) (*workspace.Workspace, error) {
		select {
		case <-drawn:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return openSample(ctx, p)
	}
	s := ui.New(a, ui.Options{
		Workspace: o.Workspace, User: userName(), Anchors: anchors(), Keyring: keyring.System{}, Sample: openSample, StartWithSample: o.Sample, Files: o.Files, Idle: idleLine(),
	})
	stop := context.AfterFunc(ctx, func() { fyne.Do(s.Quit) })
	defer stop()
	s.ShowAndRun()
	return nil
}

// openSample opens the sample project and makes its workspace first if it is not there.
func openSample(ctx context.Context, p *job.Progress) (*workspace.Workspace, error) {
	path, made, err := sample.Ensure(ctx, sample.Options{User: userName(), Progress: func(_ string, done, total, _ int) {
		p.SetTotal(int64(total))
		p.Set(int64(done))
	}})
	if err != nil {
		return nil, err
	}
	if made {
		fmt.Fprintf(os.Stderr, "trestle: made the sample workspace %s; its passphrase is %q\n", path, sample.Passphrase)
	}
	return workspace.Open(ctx, path, []byte(sample.Passphrase), workspace.OpenOptions{User: userName(), Tool: "window", Anchors: anchors()})
}

// drawPictures draws the main places into PNG files of dir and returns their names.
func drawPictures(ctx context.Context, dir, path string, passphrase []byte) ([]string, error) {
	return ui.Pictures(ctx, fyneapp.NewWithID(appID), dir, ui.Options{Workspace: path, Passphrase: passphrase, User: userName()})
}

// anchors is what this computer remembers of workspaces, so that an older copy in the place of one is seen; nil where the
// system gives no folder for it.
func anchors() workspace.AnchorStore {
	a, err := workspace.DefaultAnchors()
	if err != nil {
		return nil
	}
	return a
}
