package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/files"
	"trestle/internal/ui/kit"
)

// dialog shows the window's own file dialog in a folder with a subfolder and three files.
func dialog(t *testing.T, p files.Purpose, name string) (d *story, inbox string, chosen *[]string, list *kit.GridView) {
	t.Helper()
	d = begin(t)
	inbox = filepath.Join(d.dir, "inbox")
	for _, f := range []string{"deep/c.hl7", "a.hl7", "b.hl7", "note.txt"} {
		path := filepath.Join(inbox, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.s.folder = inbox
	chosen = &[]string{}
	d.s.showFiles(p, "Choose", name, "Open", func(paths []string) { *chosen = paths })
	for _, o := range d.Objects() {
		if g, ok := o.(*kit.GridView); ok {
			list = g
		}
	}
	if list == nil {
		t.Fatal("no list is shown")
	}
	return d, inbox, chosen, list
}

func below(folder string, names ...string) (paths []string) {
	for _, n := range names {
		paths = append(paths, filepath.Join(folder, n))
	}
	return paths
}

func TestFileDialogTakesAllOfAFolder(t *testing.T) {
	d, inbox, chosen, list := dialog(t, files.Import, "")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyA)
	if rows := list.SelectedRows(); !slices.Equal(rows, []int{1, 2, 3, 4}) {
		t.Errorf("Ctrl+A selects %v", rows)
	}
	d.Shot("files-all")
	d.Key(fyne.KeyReturn)
	if !slices.Equal(*chosen, below(inbox, "deep", "a.hl7", "b.hl7", "note.txt")) {
		t.Errorf("%q", *chosen)
	}

	d, inbox, chosen, _ = dialog(t, files.Import, "")
	d.Press("Whole folder")
	if !slices.Equal(*chosen, []string{inbox}) {
		t.Errorf("%q", *chosen)
	}

	d, _, _, _ = dialog(t, files.Open, "")
	if slices.Contains(d.Labels(), "Whole folder") || slices.Contains(d.Labels(), "New folder") {
		t.Errorf("choosing files offers %q", d.Labels())
	}
}

func TestFileDialogIsWalkedByKeys(t *testing.T) {
	d, inbox, chosen, list := dialog(t, files.Import, "")
	d.Key(fyne.KeyReturn) // the folder "deep"
	if !d.Shows(filepath.Join(inbox, "deep")) {
		t.Fatalf("shown is %q", d.Texts())
	}
	d.Key(fyne.KeyBackspace)
	d.Type("b.") // from the list into the name
	if f, ok := d.Canvas().Focused().(*kit.Field); !ok || f.Text != "b." {
		t.Fatalf("%T has the letters", d.Canvas().Focused())
	}
	if list.Selected() != 3 {
		t.Errorf("the row that begins so is %d", list.Selected())
	}
	d.Key(fyne.KeyDown) // to the row
	if d.Canvas().Focused() != fyne.Focusable(list) || list.Selected() != 3 {
		t.Errorf("%T has the keyboard, row %d", d.Canvas().Focused(), list.Selected())
	}
	d.Key(fyne.KeyReturn)
	if !slices.Equal(*chosen, below(inbox, "b.hl7")) {
		t.Errorf("%q", *chosen)
	}
}

func TestFileDialogSaysWhatIsWrongInLines(t *testing.T) {
	d, _, chosen, list := dialog(t, files.Import, "")
	d.Type(strings.Repeat("long ", 40) + ".hl7")
	d.Key(fyne.KeyReturn)
	d.Settle()
	d.Shot("files-problem")
	if list.SelectedCount() > 0 {
		t.Error("rows stay selected that do not count")
	}
	if len(*chosen) > 0 || !strings.Contains(strings.Join(d.Texts(), " "), "Look at the spelling.") {
		t.Errorf("%q, shown %q", *chosen, d.Texts())
	}
}

func TestFileDialogMakesAFolder(t *testing.T) {
	d, inbox, chosen, _ := dialog(t, files.Target, "new.trestle")
	d.Press("New folder")
	d.Type("deep")
	d.Key(fyne.KeyReturn)
	if !d.Shows("There is a deep already.") {
		t.Errorf("shown is %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	if !slices.Contains(d.Labels(), "Open") || d.Field(askTarget).(*kit.Field).Text != "new.trestle" {
		t.Errorf("Escape leaves %q", d.Labels())
	}
	d.Press("New folder")
	d.Type("march")
	d.Shot("files-new-folder")
	d.Press("Make folder")
	if info, err := os.Stat(filepath.Join(inbox, "march")); err != nil || !info.IsDir() {
		t.Error("no folder was made")
	}
	d.Canvas().Focus(d.Field(askTarget))
	d.Key(fyne.KeyReturn)
	if !slices.Equal(*chosen, below(filepath.Join(inbox, "march"), "new.trestle")) {
		t.Errorf("%q", *chosen)
	}
}

// A folder's path is typed and entered with Return; the second Return chooses it, also where it is empty.
func TestFolderDialogTakesWhatWasTyped(t *testing.T) {
	d, inbox, chosen, _ := dialog(t, files.Folder, "")
	if err := os.Mkdir(filepath.Join(inbox, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Join(inbox, "empty"), inbox} {
		d.s.folder = d.dir
		d.s.showFiles(files.Folder, "Choose", "", "Choose this folder", func(paths []string) { *chosen = paths })
		d.Canvas().Focus(d.Field(askName))
		d.Type(folder)
		d.Key(fyne.KeyReturn)
		if !d.Shows(folder) {
			t.Fatalf("shown is %q", d.Texts())
		}
		d.Key(fyne.KeyReturn)
		if !slices.Equal(*chosen, []string{folder}) {
			t.Errorf("%q, not %s", *chosen, folder)
		}
	}
}

func TestFileDialogKeepsTheNameWhileFoldersAreWalked(t *testing.T) {
	d, inbox, chosen, list := dialog(t, files.Target, "new.trestle")
	d.Key(fyne.KeyDown)
	if d.Canvas().Focused() != fyne.Focusable(list) {
		t.Fatalf("%T has the keyboard", d.Canvas().Focused())
	}
	d.Key(fyne.KeyDown, fyne.KeyUp, fyne.KeyReturn) // over a file, back to the folder, into it
	d.Press("Open")
	if !slices.Equal(*chosen, below(filepath.Join(inbox, "deep"), "new.trestle")) {
		t.Errorf("%q", *chosen)
	}
}
