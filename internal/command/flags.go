package command

import (
	"errors"
	"flag"
	"io"
	"strings"
)

// parse reads flags that stand before, between or after the other arguments, and returns those. "--" ends
// the flags; a lone "-" is an argument.
func parse(set *flag.FlagSet, args []string) ([]string, error) {
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	var plain []string
	for {
		// flag stops at the first argument that is no flag, and swallows a "--" before it.
		err := set.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		if err != nil {
			return nil, usageError{strings.Replace(err.Error(), "flag provided but not defined: -", "there is no flag --", 1)}
		}
		rest := set.Args()
		used := len(args) - len(rest)
		if used > 0 && args[used-1] == "--" && !isFlagValue(set, args, used-1) {
			return append(plain, rest...), nil
		}
		if len(rest) == 0 {
			return plain, nil
		}
		plain = append(plain, rest[0])
		args = rest[1:]
	}
}

// isFlagValue says whether args[i] was taken as the value of the flag before it, as in "--name --".
func isFlagValue(set *flag.FlagSet, args []string, i int) bool {
	if i == 0 || !strings.HasPrefix(args[i-1], "-") || strings.Contains(args[i-1], "=") {
		return false
	}
	f := set.Lookup(strings.TrimLeft(args[i-1], "-"))
	if f == nil {
		return false
	}
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}

// errHelp is what --help gives.
var errHelp = errors.New("help")
