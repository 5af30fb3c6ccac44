package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/present/screen"
)

// Purpose is what the dialog is for.
type Purpose uint8

// The purposes.
const (
	Open   Purpose = iota // files to read, one or more
	Import                // files and folders to read; a folder stands for all files below it
	Target                // where one file is written
	Folder                // one folder
)

// Entry is one row of the list.
type Entry struct {
	Name     string
	Folder   bool
	Broken   bool // a link to what is not there
	Size     int64
	Modified time.Time
}

// Model is the state of the dialog. Make it with New.
type Model struct {
	purpose Purpose
	folder  string
	entries []Entry // the way up first, then folders, then files, each by name
	problem string
	hidden  bool
}

// New returns the dialog in a folder. Where that cannot be read it starts in the file system's root.
func New(p Purpose, folder string) *Model {
	m := &Model{purpose: p}
	if m.Go(folder) != nil {
		root := filepath.VolumeName(folder) + string(filepath.Separator)
		if m.Go(root) != nil {
			m.folder = root
		}
	}
	return m
}

// Folder is the folder that is shown.
func (m *Model) Folder() string { return m.folder }

// Problem says what is wrong with the last step, or "".
func (m *Model) Problem() string { return m.problem }

// Go shows another folder.
func (m *Model) Go(folder string) error {
	folder, err := filepath.Abs(folder)
	if err == nil {
		var list []fs.DirEntry
		if list, err = os.ReadDir(folder); err == nil {
			m.folder, m.entries, m.problem = folder, m.rows(folder, list), ""
			return nil
		}
	}
	m.problem = explain(folder, err)
	return errors.New(m.problem)
}

func explain(path string, err error) string {
	name := filepath.Base(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("There is no %s in that folder. Look at the spelling.", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s may not be read by you. Ask whoever owns it.", name)
	}
	return fmt.Sprintf("%s cannot be read.", name)
}

func (m *Model) rows(folder string, list []fs.DirEntry) []Entry {
	var rows []Entry
	for _, d := range list {
		if strings.HasPrefix(d.Name(), ".") && !m.hidden {
			continue
		}
		info, err := os.Stat(filepath.Join(folder, d.Name())) // through links
		if err != nil {
			if d.Type()&fs.ModeSymlink == 0 {
				continue // gone since the folder was read
			}
			rows = append(rows, Entry{Name: d.Name(), Broken: true})
			continue
		}
		rows = append(rows, Entry{Name: d.Name(), Folder: info.IsDir(), Size: info.Size(), Modified: info.ModTime()})
	}
	slices.SortFunc(rows, func(a, b Entry) int {
		if a.Folder != b.Folder {
			if a.Folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	if filepath.Dir(folder) != folder {
		rows = append([]Entry{{Name: upName, Folder: true}}, rows...)
	}
	return rows
}

// Up shows the folder above and returns the row of the one that was left.
func (m *Model) Up() int {
	left := filepath.Base(m.folder)
	if m.Go(filepath.Dir(m.folder)) != nil {
		return -1
	}
	return slices.IndexFunc(m.entries, func(e Entry) bool { return e.Name == left })
}

// upName is the row that leads to the folder above.
const upName = ".."

// HasUp says whether the first row leads to the folder above.
func (m *Model) HasUp() bool { return len(m.entries) > 0 && m.entries[0].Name == upName }

// Entry is a row of the list.
func (m *Model) Entry(row int) (Entry, bool) {
	if row < 0 || row >= len(m.entries) {
		return Entry{}, false
	}
	return m.entries[row], true
}

// Enter is what a press of Open means: with something typed it takes that, else the rows that are chosen. One folder is
// shown and the dialog goes on; files end it, and paths names them. Of several rows, the way up is none that was meant,
// and a folder is taken as it is where folders are of use.
func (m *Model) Enter(typed string, rows []int) (paths []string, done bool) {
	if typed = strings.TrimSpace(typed); typed != "" {
		return m.typed(typed)
	}
	if len(rows) == 1 {
		if e, ok := m.Entry(rows[0]); ok && e.Folder {
			_ = m.Go(filepath.Join(m.folder, e.Name)) // what is wrong is in Problem
			return nil, false
		}
	}
	for _, r := range rows {
		e, ok := m.Entry(r)
		switch {
		case !ok || e.Name == upName, e.Folder && m.purpose != Import:
		case e.Broken && len(rows) == 1:
			m.problem = fmt.Sprintf("%s is a link to something that is not there.", e.Name)
			return nil, false
		case e.Broken:
		default:
			paths = append(paths, filepath.Join(m.folder, e.Name))
		}
	}
	if len(paths) == 0 {
		m.problem = "Choose a file, or type its name."
		return nil, false
	}
	m.problem = ""
	if m.purpose == Target {
		paths = paths[:1]
	}
	return paths, true
}

// MakeFolder makes a folder and shows it. The name may be a path.
func (m *Model) MakeFolder(name string) error {
	name = strings.TrimSpace(name)
	if name == "" {
		m.problem = "Type the new folder's name."
		return errors.New(m.problem)
	}
	path := m.absolute(name)
	err := os.Mkdir(path, 0o777) // what the user's umask leaves of it, as for any folder
	switch {
	case err == nil:
		return m.Go(path)
	case errors.Is(err, fs.ErrExist):
		m.problem = fmt.Sprintf("There is a %s already.", filepath.Base(path))
	case errors.Is(err, fs.ErrNotExist):
		m.problem = "There is no folder " + filepath.Dir(path) + "."
	case errors.Is(err, fs.ErrPermission):
		m.problem = "You are not allowed to make a folder in " + filepath.Dir(path) + "."
	default:
		m.problem = "The folder cannot be made: use another name or place."
	}
	return errors.New(m.problem)
}

func (m *Model) typed(typed string) (paths []string, done bool) {
	path := m.absolute(typed)
	info, err := os.Stat(path)
	switch {
	case m.purpose == Target && errors.Is(err, fs.ErrNotExist) && os.IsPathSeparator(typed[len(typed)-1]):
		_ = m.MakeFolder(typed) // what is wrong is in Problem
		return nil, false
	case err == nil && info.IsDir():
		_ = m.Go(path)
		return nil, false
	case m.purpose == Target && (err == nil || errors.Is(err, fs.ErrNotExist)):
		if parent, err := os.Stat(filepath.Dir(path)); err != nil || !parent.IsDir() {
			m.problem = "There is no folder " + filepath.Dir(path) + "."
			return nil, false
		}
		m.problem = ""
		return []string{path}, true
	case err == nil:
		m.problem = ""
		return []string{path}, true
	}
	if matches := m.matching(path); len(matches) > 0 {
		m.problem = ""
		return matches, true
	}
	if _, lerr := os.Lstat(path); lerr == nil && errors.Is(err, fs.ErrNotExist) {
		m.problem = fmt.Sprintf("%s is a link to something that is not there.", filepath.Base(path))
		return nil, false
	}
	m.problem = explain(path, err)
	return nil, false
}

// matching is what a pattern names: files, and folders where they are of use.
func (m *Model) matching(pattern string) (paths []string) {
	all, _ := filepath.Glob(pattern) // a pattern that is none matches nothing
	for _, p := range all {
		if info, err := os.Stat(p); err == nil && (!info.IsDir() || m.purpose == Import) {
			paths = append(paths, p)
		}
	}
	return paths
}

// absolute reads a path as people write it: ~ is the home folder, and without a leading separator it is in the folder
// that is shown.
func (m *Model) absolute(typed string) string {
	typed = strings.Trim(typed, `"`)
	if rest, ok := strings.CutPrefix(typed, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(typed) {
		return filepath.Clean(typed)
	}
	return filepath.Join(m.folder, typed)
}

// Find returns the first row whose name starts with what was typed; -1 for none.
func (m *Model) Find(typed string) int {
	typed = strings.ToLower(typed)
	return slices.IndexFunc(m.entries, func(e Entry) bool {
		return typed != "" && e.Name != upName && strings.HasPrefix(strings.ToLower(e.Name), typed)
	})
}

var columns = []screen.Column{
	{ID: "name", Title: "Name", Width: 360, MinWidth: 120, Flex: true, Fixed: true},
	{ID: "size", Title: "Size", Width: 110, MinWidth: 60, Right: true, Fixed: true},
	{ID: "modified", Title: "Changed", Width: 140, MinWidth: 80, Fixed: true},
}

// List is the folder as rows.
func (m *Model) List() screen.Grid { return (*grid)(m) }

type grid Model

func (g *grid) Columns() []screen.Column { return columns }
func (g *grid) Len() int                 { return len(g.entries) }

func (g *grid) Cell(row, col int) screen.Cell {
	e := g.entries[row]
	switch columns[col].ID {
	case "name":
		if e.Folder {
			return screen.Cell{Text: e.Name + string(filepath.Separator), Bold: true}
		}
		if e.Broken {
			return screen.Cell{Text: e.Name, Role: screen.RoleMuted}
		}
		return screen.Cell{Text: e.Name}
	case "size":
		switch {
		case e.Broken:
			return screen.Cell{Text: "leads nowhere", Role: screen.RoleMuted}
		case e.Folder:
			return screen.Cell{}
		}
		return screen.Cell{Text: size(e.Size), Role: screen.RoleMuted}
	}
	if e.Modified.IsZero() {
		return screen.Cell{}
	}
	return screen.Cell{Text: e.Modified.Format("2006-01-02 15:04"), Role: screen.RoleMuted}
}

// size is a number of bytes in words.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
