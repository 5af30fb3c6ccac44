package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed starters/*.yaml
var starters embed.FS

// Names lists the starter profiles, in the order of the alphabet.
func Names() []string {
	entries, err := starters.ReadDir("starters")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	slices.Sort(names)
	return names
}

// Starter returns a starter profile by its name or one of its aliases, in any case. Each call returns a copy of its
// own.
func Starter(name string) (*Profile, bool) {
	id, ok := starterIDs()[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	b, err := StarterFile(id)
	if err != nil {
		return nil, false
	}
	p, err := Parse(id+".yaml", b)
	return p, err == nil
}

// StarterFile returns the YAML of a starter profile, to copy and change.
func StarterFile(name string) ([]byte, error) {
	b, err := starters.ReadFile(path.Join("starters", name+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("there is no starter profile %q; known are %s", name, strings.Join(Names(), ", "))
	}
	return b, nil
}

// starterIDs maps names and aliases in lower case to names.
var starterIDs = sync.OnceValue(func() map[string]string {
	ids := map[string]string{}
	for _, id := range Names() {
		ids[id] = id
	}
	for _, id := range Names() {
		b, err := StarterFile(id)
		if err != nil {
			continue
		}
		p, err := Parse(id, b)
		if err != nil {
			continue // a test sees to it that there is none
		}
		for _, alias := range append([]string{p.Name}, p.Aliases...) {
			if alias = strings.ToLower(alias); ids[alias] == "" {
				ids[alias] = id
			}
		}
	}
	return ids
})

// Load returns the profile of a file, or a starter by its name. A file wins where both are there.
func Load(nameOrFile string) (*Profile, error) {
	info, err := os.Stat(nameOrFile)
	switch {
	case err == nil && info.IsDir():
		if p, ok := Starter(nameOrFile); ok {
			return p, nil
		}
		return nil, fmt.Errorf("%s is a folder; name the profile's file in it", nameOrFile)
	case err == nil && info.Size() > maxFile:
		return nil, fmt.Errorf("%s has %d bytes and is no profile: profiles have at most %d", nameOrFile, info.Size(), maxFile)
	case err == nil:
		b, err := os.ReadFile(nameOrFile)
		if err != nil {
			return nil, fmt.Errorf("reading the profile: %w", err)
		}
		return Parse(nameOrFile, b)
	}
	if p, ok := Starter(nameOrFile); ok {
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the profile: %w", err)
	}
	if strings.ContainsAny(nameOrFile, `/\.`) {
		return nil, fmt.Errorf("there is no file %s; look at the spelling", nameOrFile)
	}
	return nil, fmt.Errorf("there is neither a file nor a starter profile %q; starters are %s", nameOrFile, strings.Join(Names(), ", "))
}
