package ui

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"trestle/internal/present/shell"
	"trestle/internal/ui/kit"
	"trestle/internal/workspace"
)

// inspecting is the window with two messages in Inspect.
func inspecting(t *testing.T) *story {
	t.Helper()
	d := project(t)
	d.s.Drop([]string{d.file("good.hl7", good), d.file("broken.hl7", broken)})
	d.settle()
	d.s.Go(shell.Inspect)
	d.settle()
	return d
}

// A filter is written with proposals, saved, and found again, by keyboard alone.
func TestFilterIsCompletedAndSavedByKeyboard(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyF)
	query := d.Canvas().Focused().(*kit.Field)
	d.Type("PID")
	d.Settle()
	d.Shot("inspect-completion.png")
	if !d.Shows("Patient Identification") {
		t.Errorf("texts %q", d.Texts())
	}
	if !query.AcceptsTab() {
		t.Error("Tab leaves the field while proposals show")
	}
	d.Key(fyne.KeyTab)
	d.Type("8 = ")
	d.Key(fyne.KeyDown, fyne.KeyReturn)
	if query.Text != "PID-8 = F " {
		t.Errorf("written %q", query.Text)
	}
	if query.AcceptsTab() {
		t.Error("Tab does not leave the field when no proposals show")
	}
	d.Key(fyne.KeyBackspace, fyne.KeyBackspace)
	d.Type("Male")
	d.Key(fyne.KeyReturn)
	d.settle()
	if shown, _, _ := m.Shown(); shown != 1 {
		t.Errorf("%d messages for %q", shown, query.Text)
	}
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyB)
	d.Type("male in words")
	d.Shot("inspect-save-filter.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if all := m.Filters(); len(all) != 1 || all[0].Name != "male in words" {
		t.Fatalf("saved %v", all)
	}
	m.SetQuery("")
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyB)
	d.Settle()
	d.Shot("inspect-filters.png")
	if !d.Shows("male in words") {
		t.Errorf("texts %q", d.Texts())
	}
}

// Columns are chosen, one of a path is added, and the list is narrowed to a type.
func TestColumnsAndTypes(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	d.s.session.inspectView.ChooseColumns()
	d.Field("a path, such as PID-8 or OBX[2]-5.1")
	d.Type("PID-99999999")
	d.Press("Add column")
	d.Field("a path, such as PID-8 or OBX[2]-5.1").(*kit.Field).SetText("PID-8")
	d.Press("Add column")
	d.Settle()
	d.Shot("inspect-columns.png")
	d.Press("Use these")
	d.settle()
	columns := m.List().Columns()
	if last := columns[len(columns)-1]; last.ID != "PID-8" {
		t.Errorf("columns %+v", columns)
	}
	d.s.session.inspectView.CountTypes()
	d.settle()
	d.Settle()
	d.Shot("inspect-types.png")
	d.Press("Show only these")
	d.settle()
	if text, _ := m.Query(); !strings.HasPrefix(text, "type:ADT") {
		t.Errorf("query %q", text)
	}
}

// The field at the cursor is counted over the listed messages.
func TestStatisticsOfAField(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	m.MoveTo(strings.Index(good, "|F\r") + 1)
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyI)
	d.settle()
	d.Settle()
	d.Shot("inspect-statistics.png")
	if !d.Shows("PID-8  Administrative Sex") || !d.Shows("100 % of 2 messages") {
		t.Errorf("texts %q", d.Texts())
	}
}

// The field at the cursor is explained, and long segments are broken at the edge, by a key each.
func TestExplainAndWrap(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	m.MoveTo(strings.Index(good, "|F\r") + 1)
	d.Key(fyne.KeyF3)
	d.Settle()
	d.Shot("inspect-explain.png")
	if !d.Shows("PID-8  Administrative Sex") || !d.Shows("optional") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	d.Chord(fyne.KeyModifierAlt, fyne.KeyZ)
	d.settle()
	d.Settle()
	d.Shot("inspect-wrapped.png")
	if !m.Wraps() || !d.s.session.inspectView.Wraps() {
		t.Error("not wrapped")
	}
}

// A value is changed by keyboard: from the finding to the field, with what would be found, stored as a new message.
func TestValueIsChangedByKeyboard(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.SetQuery("severity:warning")
	d.settle()
	m.Select(0)
	d.settle()
	d.Key(fyne.KeyF2)
	d.Settle()
	field, ok := d.Canvas().Focused().(*kit.Field)
	if !ok || field.Text != "19790231" || !d.Shows("PID-7") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Shot("inspect-edit-value.png")
	field.SetText("19790228")
	d.Key(fyne.KeyReturn)
	d.settle()
	d.Settle()
	d.Shot("inspect-edited.png")
	if !m.Edited() || !d.Shows("not stored yet") || !strings.Contains(string(m.Raw()), "19790228") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.s.press("Ctrl+Z")
	if m.Edited() {
		t.Error("Ctrl+Z does not undo")
	}
	d.s.press("Ctrl+Y")
	if !m.Edited() {
		t.Error("Ctrl+Y does not redo")
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyS)
	d.settle()
	if m.Edited() || !d.Shows("Stored as a new message") {
		t.Errorf("texts %q", d.Texts())
	}
	if n, err := d.s.session.workspace.Count(t.Context(), workspace.Query{}); err != nil || n != 3 {
		t.Errorf("%d messages, %v", n, err)
	}
}

// The raw view takes letters when it is asked to, and only then.
func TestTypingIntoTheMessage(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	code := d.s.session.inspectView.Code()
	d.Canvas().Focus(code)
	m.MoveTo(strings.Index(good, "Marlow"))
	d.Type("x")
	if m.Edited() {
		t.Fatal("typed without being asked")
	}
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyT)
	d.Type("Van ")
	if !strings.Contains(string(m.Raw()), "|Van Marlow^") {
		t.Errorf("raw %q", m.Raw())
	}
	d.Key(fyne.KeyBackspace, fyne.KeyDelete)
	if !strings.Contains(string(m.Raw()), "|Vanarlow^") {
		t.Errorf("raw %q", m.Raw())
	}
	fyne.CurrentApp().Clipboard().SetContent("M")
	d.Chord(fyne.KeyModifierShortcutDefault, fyne.KeyV)
	if !strings.Contains(string(m.Raw()), "|VanMarlow^") {
		t.Errorf("raw %q", m.Raw())
	}
	for range 10 {
		d.s.press("Ctrl+Z")
	}
	if string(m.Raw()) != good {
		t.Error("not as it came")
	}
}

// The message is shown as what a person looks for in it.
func TestMessageAsCards(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyK)
	d.settle()
	d.Settle()
	d.Shot("inspect-cards.png")
	if !m.ShowsCards() || m.CardGrid().Len() < 5 {
		t.Errorf("%d lines", m.CardGrid().Len())
	}
	d.Chord(fyne.KeyModifierShortcutDefault|fyne.KeyModifierShift, fyne.KeyK)
	d.settle()
	if m.ShowsCards() {
		t.Error("still cards")
	}
}

// Results stand in a table, a picture and a letter are shown, and what cannot be shown is offered to be saved: all chosen
// from the list of cards by keyboard.
func TestResultsAndDocumentsAsCards(t *testing.T) {
	var picture bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, 300, 200))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{30, 120, 200, 255}), image.Point{}, draw.Src)
	if err := png.Encode(&picture, img); err != nil {
		t.Fatal(err)
	}
	document := func(n int, name, kind string, b []byte) string {
		return fmt.Sprintf("OBX|%d|ED|%s||^%s^^Base64^%s||||||F\r", n, name, kind, base64.StdEncoding.EncodeToString(b))
	}
	d := project(t)
	d.s.Drop([]string{d.file("oru.hl7", strings.Replace(good, "ADT^A08^ADT_A01", "ORU^R01^ORU_R01", 1)+
		"OBR|1|||24323-8^Metabolic panel^LN|||20260302\rOBX|1|NM|2345-7^Glucose^LN||180|mg/dL|70-99|H|||F\rOBX|2|NM|2160-0^Creatinine^LN||0.9|mg/dL|0.6-1.3||||F\r"+
		document(3, "11490-0^Letter^LN", "RTF", []byte("{\\rtf1 Dear colleague,\\par the results are below.\\par}"+strings.Repeat(" ", 60)))+
		document(4, "18748-4^Picture^LN", "PNG", picture.Bytes())+
		document(5, "11502-2^Report^LN", "PDF", []byte("%PDF-1.4\nnothing that anybody could read\n%%EOF\n")))})
	d.settle()
	d.s.Go(shell.Inspect)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	d.s.press("Ctrl+Shift+K")
	d.settle()
	for !d.Canvas().Focused().(fyne.Widget).Visible() || m.CardList() != d.Canvas().Focused().(*kit.GridView).Grid() {
		d.Key(fyne.KeyF6)
	}
	shots := map[string]string{"Results": "inspect-card-results.png", "Document  Letter": "inspect-card-letter.png", "Document  Picture": "inspect-card-picture.png", "Document  Report": "inspect-card-report.png"}
	for row := 1; row < m.CardList().Len(); row++ {
		d.Key(fyne.KeyDown)
		d.settle()
		d.Settle()
		if m.ChosenCard() != row {
			t.Fatalf("card %d is chosen, not %d", m.ChosenCard(), row)
		}
		name := m.CardList().Cell(row, 0).Text
		for begin, shot := range shots {
			if strings.HasPrefix(name, begin) {
				d.Shot(shot)
				delete(shots, begin)
			}
		}
		switch v, ok := m.Document(); {
		case strings.HasPrefix(name, "Document  Letter") && (!ok || v.Text == nil || !d.Shows("The text of the RTF")):
			t.Errorf("letter: %+v %q", v, d.Texts())
		case strings.HasPrefix(name, "Document  Picture") && (!ok || v.Image == nil):
			t.Errorf("picture: %+v", v)
		case strings.HasPrefix(name, "Document  Report") && (!ok || !d.Shows("Save the document…") || !d.Shows("open it in a program for it")):
			t.Errorf("report: %+v %q", v, d.Texts())
		case strings.HasPrefix(name, "Results"):
			if g, ok := m.ResultGrid(); !ok || g.Cell(0, 1).Text != "180" {
				t.Error("no table of results")
			}
		}
	}
	if len(shots) > 0 {
		t.Errorf("no cards %v", shots)
	}
}

// A message is filled in as a form, by keyboard alone: a code chosen from its table, an empty field, a repetition; raw
// text and findings follow each letter, and undo takes a whole value back.
func TestMessageIsFilledInAsAForm(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.SetQuery("severity:warning")
	d.settle()
	m.Select(0)
	d.settle()
	before := string(m.Raw())
	d.Resize(fyne.NewSize(1280, 680)) // the news of the first change take the last row's room
	d.s.press("Ctrl+Shift+E")
	d.Settle()
	row := m.FormSelected()
	if row < 0 || m.Path() != "PID-7" {
		t.Fatalf("row %d at %q", row, m.Path())
	}
	d.Key(fyne.KeyF2)
	field, ok := d.Canvas().Focused().(*kit.Field)
	if !ok || field.Text != "19790231" {
		t.Fatalf("focused %T", d.Canvas().Focused())
	}
	d.Type("19790228")
	if !strings.Contains(string(m.Raw()), "|19790228|") {
		t.Errorf("raw %q", m.Raw())
	}
	if !field.Visible() {
		t.Error("the field is out of sight")
	}
	d.Key(fyne.KeyTab)
	if field.Text != "Male" || !field.Visible() {
		t.Fatalf("Tab leads to %q", field.Text)
	}
	d.Key(fyne.KeyDown)
	d.Settle()
	d.Shot("inspect-form-codes.png")
	d.Key(fyne.KeyEscape) // the list
	d.Type("ma")
	d.Key(fyne.KeyDown, fyne.KeyReturn)
	if !strings.Contains(string(m.Raw()), "|19790228|M\r") {
		t.Errorf("raw %q", m.Raw())
	}
	d.Settle()
	d.Shot("inspect-form.png")
	if shown, _, _ := m.Status(); !strings.HasPrefix(shown, "PID-8") || m.FindingList().Len() != 0 {
		t.Errorf("%q, %d findings", shown, m.FindingList().Len())
	}
	d.Key(fyne.KeyEscape)
	if !strings.Contains(string(m.Raw()), "|19790228|Male\r") {
		t.Errorf("Escape leaves %q", m.Raw())
	}
	d.s.press("Ctrl+Z")
	if string(m.Raw()) != before {
		t.Errorf("undone to %q", m.Raw())
	}
	d.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown) // PID-10, which is empty
	d.Type("2")
	d.Key(fyne.KeyReturn)
	if !strings.Contains(string(m.Raw()), "|Male||2\r") || m.FormSelected() != row+4 {
		t.Errorf("raw %q, row %d", m.Raw(), m.FormSelected())
	}
	d.Key(fyne.KeyUp)
	d.s.session.inspectView.AddRepetition()
	d.Type("3")
	if !strings.Contains(string(m.Raw()), "|Male||2~3\r") {
		t.Errorf("raw %q", m.Raw())
	}
	d.s.press("Ctrl+Shift+E")
	if m.Face() != 0 {
		t.Error("not the text again")
	}
}

// A starter profile is chosen, its gaps are counted and decided by keyboard, and the finding in the message says so.
func TestProfileAndItsGapsByKeyboard(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(1)
	d.settle()
	d.s.press("Ctrl+G") // none is chosen yet: it is asked which
	d.settle()
	d.Settle()
	d.Shot("inspect-profiles.png")
	if !d.Shows("What was agreed with the other side?") {
		t.Fatalf("texts %q", d.Texts())
	}
	grid := d.Canvas().Focused().(*kit.GridView)
	for row := range grid.Grid().Len() {
		if grid.Grid().Cell(row, 0).Text == "eClinicalWorks" {
			grid.Select(row)
		}
	}
	d.Key(fyne.KeyReturn)
	d.settle()
	if name, own, ok := m.Profile(); name != "eClinicalWorks" || own || !ok {
		t.Fatalf("%q %v %v", name, own, ok)
	}
	if !d.Shows("Against the standard and eClinicalWorks") {
		t.Errorf("texts %q", d.Texts())
	}
	d.s.press("Ctrl+G")
	d.settle()
	d.Settle()
	if m.GapGrid().Len() == 0 {
		t.Fatal("no gaps")
	}
	d.Type("2")
	d.settle()
	d.Settle()
	d.Shot("inspect-gaps.png")
	if got := m.GapGrid().Cell(0, 6).Text; got != "map it" {
		t.Errorf("decided %q", got)
	}
	if words, _ := m.GapsCounted(); !d.Shows(words) {
		t.Errorf("%q in %q", words, d.Texts())
	}
	if _, own, _ := m.Profile(); !own {
		t.Error("the starter was not copied into the project")
	}
	d.Key(fyne.KeyUp, fyne.KeyReturn) // to the first message that has it
	d.settle()
	d.Settle()
	d.Shot("inspect-profile-finding.png")
	if d.Shows("Gaps against") || m.Open() == 0 {
		t.Error("the message is not shown")
	}
	d.s.session.inspectView.ShowProfile()
	d.Settle()
	d.Shot("inspect-profile-says.png")
	if !d.Shows("What eClinicalWorks says") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	d.s.session.inspectView.EditProfile()
	d.Settle()
	d.Shot("inspect-profile-text.png")
	d.Key(fyne.KeyEscape)
	d.s.session.inspectView.LearnProfile()
	d.Type("Ours")
	d.Settle()
	d.Shot("inspect-profile-learn.png")
	d.Key(fyne.KeyReturn)
	d.settle()
	if name, own, _ := m.Profile(); name != "Ours" || !own {
		t.Errorf("%q: %v", name, d.Texts())
	}
}

// Messages are written as a batch, and copied into the project without what identifies people, after a preview of each.
func TestMessagesAreWrittenAndDeidentified(t *testing.T) {
	d := inspecting(t)
	m := d.s.session.inspect
	m.Select(0)
	d.settle()
	d.s.press("Ctrl+Shift+X")
	d.settle()
	d.Settle()
	d.Shot("inspect-write.png")
	if !d.Shows("All listed: 2 messages") || !d.Shows("Choose where…") {
		t.Fatalf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown)
	d.settle()
	d.Settle()
	d.Shot("inspect-write-json.png")
	if !d.Shows("With indents") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	// Without a key of its own the project would take pseudonyms of chance, one of which may be like a name.
	if err := d.s.session.workspace.SetSetting(t.Context(), "deidentify.key", "00112233445566778899aabbccddeeff"); err != nil {
		t.Fatal(err)
	}
	d.s.press("Ctrl+Shift+Y")
	d.settle()
	d.Settle()
	d.Shot("inspect-deidentify.png")
	if d.Shows("not Safe Harbor") {
		t.Error("Safe Harbor is warned of")
	}
	d.Key(fyne.KeyRight)
	d.settle()
	d.Settle()
	d.Shot("inspect-deidentify-shift.png")
	if !d.Shows("That is not Safe Harbor") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Press("Into this project")
	d.settle()
	d.Settle()
	d.Shot("inspect-deidentified.png")
	if !d.Shows("2 messages copied to the project") || !d.Shows("found nothing of the originals") || !d.Shows("That is not Safe Harbor") {
		t.Errorf("texts %q", d.Texts())
	}
	d.Key(fyne.KeyEscape)
	if n, err := d.s.session.workspace.Count(t.Context(), workspace.Query{}); err != nil || n != 4 {
		t.Errorf("%d messages, %v", n, err)
	}
}
