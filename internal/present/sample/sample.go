package sample

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"trestle/internal/inspect"
	"trestle/internal/project"
	"trestle/internal/workspace"
	"trestle/workspaces"
)

// Passphrase opens the sample's workspace. It is no secret.
const Passphrase = "riverbend sample"

// FileName is what the sample's workspace is called.
const FileName = "riverbend.trestle"

// Location is where Ensure keeps the sample's workspace: $XDG_DATA_HOME/trestle, or .local/share/trestle in the home
// folder; Library/Application Support/Trestle on macOS; %LOCALAPPDATA%\Trestle on Windows.
func Location() (string, error) { return location(runtime.GOOS, os.Getenv, os.UserHomeDir) }

func location(system string, getenv func(string) string, home func() (string, error)) (string, error) {
	folder, name := "", "Trestle"
	switch system {
	case "windows":
		folder = getenv("LOCALAPPDATA")
	case "darwin":
	default:
		name = "trestle"
		if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) { // the standard says to ignore a relative one
			folder = data
		}
	}
	if folder == "" {
		h, err := home()
		if err != nil {
			return "", fmt.Errorf("the sample project needs a folder for its workspace, and there is no home folder: %w", err)
		}
		switch system {
		case "windows":
			folder = filepath.Join(h, "AppData", "Local")
		case "darwin":
			folder = filepath.Join(h, "Library", "Application Support")
		default:
			folder = filepath.Join(h, ".local", "share")
		}
	}
	return filepath.Join(folder, name, FileName), nil
}

// Ensure returns the path of the sample's workspace and makes it, as o says, if it is not there yet.
func Ensure(ctx context.Context, o Options) (file string, made bool, err error) {
	file, err = Location()
	if err != nil {
		return "", false, err
	}
	if _, err := os.Stat(file); err == nil {
		return file, false, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", false, fmt.Errorf("making the folder of the sample project: %w", err)
	}
	if _, err := Build(ctx, file, o); err != nil {
		return "", false, err
	}
	return file, true, nil
}

// Options choose how Build builds.
type Options struct {
	KDF      workspace.KDF                             // cost of the passphrase; the zero value is the workspace's own choice
	User     string                                    // for the access log
	Progress func(file string, done, total, count int) // after each message file; count is of pieces so far
}

// Report says what Build stored.
type Report struct {
	Project *project.Project
	Files   []File
}

// File is one message file of the sample as it was stored.
type File struct {
	project.MessageFile
	inspect.Result
}

// Build makes a workspace of the sample project at path, which must not exist. It is built in a folder of its own and
// moved when it is whole, so that an interrupted build leaves nothing that looks like a workspace. Its name is the same
// there, because the access log keeps it.
func Build(ctx context.Context, file string, o Options) (r Report, err error) {
	source := workspaces.Riverbend()
	r.Project, err = project.Load(source)
	if err != nil {
		return r, fmt.Errorf("reading the sample project: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return r, fmt.Errorf("%s exists already", filepath.Base(file))
	}
	folder := file + ".unfinished"
	if err := os.RemoveAll(folder); err != nil { // of a build that was killed
		return r, fmt.Errorf("making the sample's workspace: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return r, fmt.Errorf("making the sample's workspace: %w", err)
	}
	defer os.RemoveAll(folder)
	unfinished := filepath.Join(folder, filepath.Base(file))
	w, err := workspace.Create(ctx, unfinished, []byte(Passphrase), workspace.CreateOptions{KDF: o.KDF, User: o.User, Project: r.Project.Name})
	if err != nil {
		return r, fmt.Errorf("making the sample's workspace: %w", err)
	}
	r.Files, err = fill(ctx, w, source, r.Project, o.Progress)
	if err == nil {
		err = keepProject(ctx, w, source)
	}
	if err == nil {
		err = keepRosters(ctx, w, source, r.Project)
	}
	if err == nil {
		err = keepMapping(ctx, w)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return r, err
	}
	if err := os.Rename(unfinished, file); err != nil {
		return r, fmt.Errorf("making the sample's workspace: %w", err)
	}
	return r, nil
}

func fill(ctx context.Context, w *workspace.Workspace, source fs.FS, p *project.Project, progress func(string, int, int, int)) ([]File, error) {
	var files []File
	count := 0
	for i, m := range p.Messages {
		f, err := source.Open(m.File)
		if err != nil {
			return files, fmt.Errorf("reading the sample project: %w", err)
		}
		result, err := inspect.Import(ctx, w, path.Base(m.File), f, nil)
		f.Close()
		if err != nil {
			return files, fmt.Errorf("storing %s of the sample project: %w", m.File, err)
		}
		files = append(files, File{m, result})
		count += result.Records()
		if progress != nil {
			progress(m.File, i+1, len(p.Messages), count)
		}
	}
	return files, nil
}

// keepProject stores the project file itself, from which the window knows scope, systems and people.
func keepProject(ctx context.Context, w *workspace.Workspace, source fs.FS) error {
	text, err := fs.ReadFile(source, project.FileName)
	if err != nil {
		return fmt.Errorf("reading the sample project: %w", err)
	}
	return w.SetSetting(ctx, project.FileName, string(text))
}
