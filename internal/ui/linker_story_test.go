package ui

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"trestle/internal/linkage"
	"trestle/internal/present/linker"
	"trestle/internal/present/shell"
	scopefile "trestle/internal/project"
	"trestle/workspaces"
)

// link opens the place Link of a project with the sample's scope.
func link(t *testing.T) (*story, *linker.Model) {
	t.Helper()
	d := scoped(t)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key6)
	d.settle()
	if d.s.m.Place() != shell.Link || !d.Shows("No rosters yet") {
		t.Fatalf("texts %q", d.Texts())
	}
	return d, d.s.session.linker
}

// scoped is a project with the sample's project file.
func scoped(t *testing.T) *story {
	t.Helper()
	d := project(t)
	text, err := fs.ReadFile(workspaces.Riverbend(), scopefile.FileName)
	if err == nil {
		err = d.s.session.workspace.SetSetting(t.Context(), scopefile.FileName, string(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sample is a file of the sample project as a file on the disk.
func (d *story) sample(name string) string {
	d.t.Helper()
	b, err := fs.ReadFile(workspaces.Riverbend(), name)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.file(filepath.Base(name), string(b))
}

// Two rosters are dropped, looked at, compared and reviewed, by keyboard alone from then on.
func TestLinkByKeyboard(t *testing.T) {
	d, m := link(t)
	d.Shot("link-empty.png")
	d.s.Drop([]string{d.sample("rosters/riverbend-patients.csv"), d.sample("rosters/lakeside-patients.csv")})
	d.settle()
	if !m.Has(linker.Ours) || !m.Has(linker.Theirs) || !d.Shows("not confirmed yet") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.s.session.places[shell.Link].Focus()
	d.Shot("link-rosters.png")
	d.Key(fyne.KeyDown, fyne.KeyReturn)
	d.Shot("link-column.png")
	if !d.Shows("It holds") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Cancel")
	d.Key(fyne.KeyF5)
	d.settle()
	if m.Step() != linker.Review || m.Card() == nil || !d.Shows("Two records of ours may be one person") {
		t.Fatalf("step %v, texts %q", m.Step(), d.Texts())
	}
	d.Shot("link-duplicate.png")
	for strings.HasPrefix(m.Card().Title, "Two records") {
		d.Key(fyne.KeyRight)
	}
	d.settle()
	d.Shot("link-review.png")
	first, before := m.Card().Title, m.List().Len()
	d.Type("d")
	if m.List().Len() >= before {
		t.Errorf("%d cases of %d after a decision", m.List().Len(), before)
	}
	d.Type("z")
	d.settle()
	if m.List().Len() != before || m.Card().Title != first {
		t.Errorf("after the undo %d cases, %q", m.List().Len(), m.Card().Title)
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyH)
	if !d.Shows("taken back") {
		t.Errorf("the history shows %q", d.Texts())
	}
	d.Press("Close")
	seen := map[fyne.Focusable]bool{}
	for range 4 { // round the panes
		d.Key(fyne.KeyF6)
		seen[d.Canvas().Focused()] = true
	}
	if len(seen) != 4 {
		t.Errorf("F6 reaches %d parts", len(seen))
	}
	d.Chord(fyne.KeyModifierAlt, fyne.Key3)
	d.Shot("link-gates.png")
	d.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeySpace) // the first gate, the probability, has no switch
	d.settle()
	if m.Stale() == "" || !d.Shows("Run again (F5)") {
		t.Errorf("no switch was turned; texts %q", d.Texts())
	}
	d.Key(fyne.KeySpace)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyE)
	d.settle()
	d.Shot("link-export.png")
	if !d.Shows("Assigning authority of theirs") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Cancel")
	d.s.SetMasked(true)
	d.Chord(fyne.KeyModifierAlt, fyne.Key2)
	d.Shot("link-masked.png")
	d.s.SetMasked(false)
	stored := m.List().Len()
	d.s.Lock()
	d.settle()
	d.pass(passphrase)
	d.Key(fyne.KeyReturn)
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.Key6)
	d.settle()
	m = d.s.session.linker
	if m.Step() != linker.Review || m.List().Len() != stored || d.Canvas().Focused() == nil {
		t.Errorf("after the lock: step %v, %d cases of %d, focus %v", m.Step(), m.List().Len(), stored, d.Canvas().Focused())
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyP)
	d.settle()
	if !m.IsPlans() || !d.Shows("No roster of ours yet") {
		t.Errorf("plans show %q", d.Texts())
	}
}

// Plans are linked with create-new, and one to many by an explicit key.
func TestLinkPlansByKeyboard(t *testing.T) {
	d, m := link(t)
	d.Press("Plans instead")
	d.s.Drop([]string{d.sample("plans/riverbend-plans.csv"), d.sample("plans/lakeside-plans.csv")})
	d.settle()
	d.Shot("link-plans-rosters.png")
	d.Key(fyne.KeyF5)
	d.settle()
	if m.Step() != linker.Review || m.Card() == nil {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("link-plans.png")
	before := m.List().Len()
	d.Type("s")
	d.Type("n")
	d.settle()
	if m.List().Len() != before-2 {
		t.Errorf("%d cases of %d after two decisions; %q", m.List().Len(), before, m.News().Text)
	}
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyS)
	if !d.Shows("They carry the plan ID in") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Play them")
	d.settle()
	if !d.Shows("No message of the project has an insurance segment") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Close")
}

// crowd makes two rosters of people of whom nothing but name and birth date is known: each pair waits for a person.
func crowd(n int) (ours, theirs string) {
	syllables := []string{"bar", "del", "fin", "gor", "hal", "jun", "kel", "lor", "mar", "nor", "pel", "quin", "ros", "sol", "tam", "vor", "wen", "yar", "zim", "cad"}
	word := func(k int) string { return syllables[k%20] + syllables[k/20%20] + syllables[k/400%20] }
	var a, b strings.Builder
	a.WriteString("patient_id,last_name,first_name,birth_date,sex\n")
	b.WriteString("mrn,last_name,first_name,birth_date,sex\n")
	for k := range n {
		line := fmt.Sprintf("%s,%s,%04d-%02d-%02d,%s\n", word(k*37+11), word(k*53+7), 1930+k*7%80, 1+k*5%12, 1+k*11%28, []string{"F", "M"}[k%2])
		fmt.Fprintf(&a, "C%05d,%s", k+1, line)
		fmt.Fprintf(&b, "%07d,%s", 900000+k, line)
	}
	return a.String(), b.String()
}

// A specialist decides hundreds of pairs without the mouse, and all of them are on the disk.
func TestHundredsOfDecisionsByKey(t *testing.T) {
	d, m := link(t)
	ours, theirs := crowd(320)
	d.s.Drop([]string{d.file("riverbend.csv", ours), d.file("lakeside.csv", theirs)})
	d.settle()
	d.Key(fyne.KeyF5)
	d.settle()
	const wanted = 300
	if m.List().Len() < wanted {
		t.Fatalf("%d cases wait; %s", m.List().Len(), m.News().Text)
	}
	begin := time.Now()
	longest := time.Duration(0)
	for i := range wanted {
		at := time.Now()
		d.Type([]string{"s", "s", "d", "s", "u"}[i%5])
		if m.Card() == nil {
			t.Fatalf("no case is open after %d decisions", i+1)
		}
		longest = max(longest, time.Since(at))
	}
	took := time.Since(begin)
	d.settle()
	t.Logf("%d decisions by key in %v: %.1f ms each, the longest %v; the screen allows %.0f an hour", wanted, took.Round(time.Millisecond), took.Seconds()*1000/wanted, longest.Round(time.Millisecond), float64(wanted)/took.Hours())
	stored := 0
	for x, err := range d.s.session.workspace.Linkage().Decisions(t.Context(), linkage.Patients, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if x.Seq != int64(stored+1) {
			t.Fatalf("decision %d has the number %d", stored+1, x.Seq)
		}
		stored++
	}
	if stored != wanted {
		t.Errorf("%d of %d decisions are on the disk; %s", stored, wanted, m.News().Text)
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyB)
	d.Shot("link-bulk.png")
	if !d.Shows("have the same reasons") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Press("All are different")
	if !d.Shows("look at the whole sample first") {
		t.Error("a pattern was decided unseen")
	}
	for range 8 {
		d.Press("Next of the sample")
	}
	d.Press("All are different")
	d.settle()
	if !strings.Contains(m.News().Text, "decided together") {
		t.Errorf("news %q", m.News().Text)
	}
}
