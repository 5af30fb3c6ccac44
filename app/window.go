package main

import (
	"context"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"

	"trestle/internal/command"
	"trestle/internal/job"
	"trestle/internal/present/sample"
	"trestle/internal/ui"
	"trestle/internal/workspace"
)

// appID is the application's ID, which also names the folder of its preferences.
const appID = "io.trestle.Trestle"

// openWindow opens the window and returns when it is closed.
func openWindow(ctx context.Context, o command.WindowOptions) error {
	a := fyneapp.NewWithID(appID)
	s := ui.New(a, ui.Options{
		Workspace: o.Workspace, Passphrase: o.Passphrase, User: userName(), Sample: openSample, Idle: idleLine(),
	})
	stop := context.AfterFunc(ctx, func() { fyne.Do(s.Quit) })
	defer stop()
	s.ShowAndRun()
	return nil
}

// openSample opens the sample project and makes its workspace first if it is not there.
func openSample(ctx context.Context, _ *job.Progress) (*workspace.Workspace, error) {
	path, _, err := sample.Ensure(ctx)
	if err != nil {
		return nil, err
	}
	return workspace.Open(ctx, path, []byte(sample.Passphrase), workspace.OpenOptions{User: userName()})
}

// drawPictures draws the main places into PNG files of dir and returns their names.
func drawPictures(ctx context.Context, dir, path string, passphrase []byte) ([]string, error) {
	return ui.Pictures(ctx, fyneapp.NewWithID(appID), dir, ui.Options{Workspace: path, Passphrase: passphrase, User: userName()})
}
