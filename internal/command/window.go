package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
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

func runWindow(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("window", flag.ContinueOnError)
	useSample := set.Bool("sample", false, "")
	orTour := set.Bool("or-tour", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	o := WindowOptions{Sample: *useSample}
	switch {
	case len(plain) > 1:
		return usagef("the window opens one workspace, not %d", len(plain))
	case len(plain) == 1 && *useSample:
		return usagef("either --sample or a workspace, not both")
	case len(plain) == 1:
		o.Workspace = plain[0]
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
