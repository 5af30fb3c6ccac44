package comparing

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/compare"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
	"trestle/internal/present/screen"
)

// starterMark begins the name of a mapping that comes with the program.
const starterMark = "starter:"

// Mapping is a mapping that the messages of a side can go through.
type Mapping struct{ ID, Words string }

// mappings are those of HL7 v2 that come with the program. A file of one's own is named by its path.
func mappings() ([]Mapping, error) {
	all, err := starter.List()
	list := make([]Mapping, 0, len(all))
	for _, s := range all {
		if f, err := mapping.Load(starter.FS(), s.Name+".yaml"); err == nil && f.Source.Kind == mapping.HL7v2 {
			list = append(list, Mapping{starterMark + s.Name, s.Title})
		}
	}
	return list, err
}

// through lets the messages of a source go through a mapping.
func through(source compare.Source, name string) (compare.Source, error) {
	files, base := os.DirFS(filepath.Dir(name)), filepath.Base(name)
	if own, ok := strings.CutPrefix(name, starterMark); ok {
		files, base = starter.FS(), own+".yaml"
	}
	f, err := mapping.Load(files, base)
	if err != nil {
		return nil, fmt.Errorf("the mapping %s: %w", base, err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		return nil, fmt.Errorf("the mapping %s: %w", base, err)
	}
	return compare.Through(source, e), nil
}

// throughWords says which mapping a side goes through.
func (s Side) throughWords() string {
	if s.Through == "" {
		return ""
	}
	return " through " + strings.TrimSuffix(strings.TrimPrefix(filepath.Base(s.Through), starterMark), ".yaml")
}

// arrival says what became of the values that a mapping made.
func arrival(t *compare.Translation) string {
	text := fmt.Sprintf("Of %s that the mapping made, %s arrived, %s changed and %s lost.",
		screen.Plural(t.Values, "value"), screen.Count(t.Arrived), wereOf(t.Changed), wereOf(t.Lost))
	if t.Failed > 0 {
		text += " " + screen.Plural(t.Failed, "message") + " could not be mapped."
	}
	return text
}

func wereOf(n int) string {
	if n == 1 {
		return "1 was"
	}
	return screen.Count(n) + " were"
}

// unreadNames is how many paths are named.
const unreadNames = 12

// unread names what messages have and no rule reads.
func unread(t *compare.Translation) string {
	if len(t.Unread) == 0 {
		return ""
	}
	var names []string
	for _, u := range t.Unread[:min(len(t.Unread), unreadNames)] {
		names = append(names, u.Path)
	}
	text := "No rule reads " + strings.Join(names, ", ")
	if more := len(t.Unread) - len(names); more > 0 {
		text += " and " + screen.Count(more) + " more"
	}
	return text
}
