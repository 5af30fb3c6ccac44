package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"trestle/internal/format"
	"trestle/internal/inspect"
)

// Extension is how the name of a workspace file ends.
const Extension = ".trestle"

// looksLikeWindow says whether a first argument that is no command opens the window: a flag of the window,
// or a workspace.
func looksLikeWindow(arg string) bool {
	if strings.HasPrefix(arg, "-") {
		return strings.HasPrefix(arg, "--sample") || strings.HasPrefix(arg, "--or-tour")
	}
	if strings.HasSuffix(strings.ToLower(arg), Extension) {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.Mode().IsRegular()
}

// isWorkspace says whether a path is meant as that of a workspace: by its name, or because it cannot be read as anything
// else, which the window then says.
func isWorkspace(path string) bool {
	if strings.HasSuffix(strings.ToLower(path), Extension) {
		return true
	}
	kind := inspect.KindOf(path)
	return kind == format.Workspace || kind == format.Empty
}

func runWindow(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("window", flag.ContinueOnError)
	useSample := set.Bool("sample", false, "")
	orTour := set.Bool("or-tour", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	o := WindowOptions{Sample: *useSample}
	for _, path := range plain {
		switch {
		case !isWorkspace(path):
			o.Files = append(o.Files, path)
		case o.Workspace != "":
			return usagef("the window opens one workspace, not %s and %s too", o.Workspace, path)
		case *useSample:
			return usagef("either --sample or a workspace, not both")
		default:
			o.Workspace = path
		}
	}
	if err := s.canOpenWindow(); err != nil {
		if *orTour {
			s.complain("%s; showing the tour here instead", err)
			return runTour(ctx, s, nil)
		}
		return fmt.Errorf("%w; every engine works from the command line (trestle help), and \"trestle tour\" draws the window into pictures", err)
	}
	return s.Window(ctx, o)
}

func (s *session) canOpenWindow() error {
	if s.Window == nil {
		return errors.New("this build has no window")
	}
	if s.HasDisplay != nil {
		return s.HasDisplay()
	}
	return nil
}
