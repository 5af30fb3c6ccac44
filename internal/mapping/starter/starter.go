package starter

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"trestle/internal/mapping"
)

//go:embed maps
var embedded embed.FS

// FS holds the mappings, each as NAME.yaml, and their tables below tables/.
func FS() fs.FS {
	sub, err := fs.Sub(embedded, "maps")
	if err != nil {
		panic(err) // "maps" is embedded above
	}
	return sub
}

// Starter is a mapping to begin with.
type Starter struct{ Name, Title string }

// List is what there is, by name.
func List() ([]Starter, error) {
	names, err := fs.Glob(FS(), "*.yaml")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	list := make([]Starter, 0, len(names))
	for _, name := range names {
		f, err := mapping.Load(FS(), name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, Starter{strings.TrimSuffix(name, ".yaml"), f.Title})
	}
	return list, nil
}

// File is one file of a mapping; its name is relative to the folder of the mapping.
type File struct {
	Name string
	Text []byte
}

// Files are the files of a starter: the mapping first, then its tables.
func Files(name string) ([]File, error) {
	at := name + ".yaml"
	text, err := fs.ReadFile(FS(), at)
	if err != nil {
		return nil, fmt.Errorf("there is no starter mapping %q", name)
	}
	f, err := mapping.Parse(text)
	if err != nil {
		return nil, err
	}
	files := []File{{at, text}}
	for _, t := range f.Tables {
		rows, err := fs.ReadFile(FS(), path.Clean(t.File))
		if err != nil {
			return nil, err
		}
		files = append(files, File{t.File, rows})
	}
	return files, nil
}
