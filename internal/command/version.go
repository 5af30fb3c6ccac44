package command

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version is the program's version, as FyneApp.toml has it.
const Version = "0.1.0"

// Build is the number of the build, as FyneApp.toml has it.
const Build = 1

func runVersion(_ context.Context, s *session, args []string) error {
	if len(args) > 0 {
		return usagef("version takes no arguments")
	}
	fmt.Fprintf(s.out, "trestle %s (%s, %s/%s)\n", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "fyne.io/fyne/v2", "github.com/mattn/go-sqlite3", "golang.org/x/crypto":
				fmt.Fprintf(s.out, "  %s %s\n", m.Path, m.Version)
			}
		}
	}
	return nil
}
