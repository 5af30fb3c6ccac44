package inspect

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/job"
)

// editing is the place with one message open.
func editing(t *testing.T, message string) *place {
	t.Helper()
	p := open(t)
	p.add(message)
	p.Select(0)
	p.settle()
	return p
}

// at puts the cursor on the first place of a text and gives the value there to be changed.
func (p *place) at(text string) Edit {
	p.t.Helper()
	p.MoveTo(strings.Index(string(p.Raw()), text))
	e, err := p.EditHere()
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func TestFieldIsChangedOnADraft(t *testing.T) {
	p := editing(t, broken)
	id := p.Open()
	e := p.at("19790231")
	if e.Path != "PID-7" && e.Path != "PID-7.1" || e.Text != "19790231" || e.Name == "" {
		t.Errorf("%+v", e)
	}
	if found, err := p.Try(e, "19790231"); err != nil || len(found) == 0 {
		t.Errorf("nothing is found in what is wrong: %v", err)
	}
	if found, err := p.Try(e, "19790228"); err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
	if err := p.Apply(e, "19790228"); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(broken, "19790231", "19790228", 1)
	if string(p.Raw()) != want || !p.Edited() {
		t.Fatal("not changed")
	}
	for _, f := range p.open.findings {
		if f.Path == "PID-7" {
			t.Error("the finding is still there")
		}
	}
	if where, _, _ := p.Status(); !strings.HasPrefix(where, "PID-7") {
		t.Errorf("cursor at %q", where)
	}
	// What is written is escaped; a composite is taken as it stands.
	if err := p.Apply(p.at("Kim"), "K&M"); err != nil || !bytes.Contains(p.Raw(), []byte(`Ash^K\T\M|`)) {
		t.Errorf("escaping: %v", err)
	}
	stored, err := p.stage.Workspace.Message(t.Context(), id)
	if err != nil || string(stored.Bytes) != broken {
		t.Error("the message that came was changed", err)
	}
	p.Undo()
	if string(p.Raw()) != want {
		t.Error("not undone")
	}
	p.Undo()
	if string(p.Raw()) != broken || p.Edited() {
		t.Error("not as it came")
	}
	p.Redo()
	if n, did, redo, _ := p.Changes(); string(p.Raw()) != want || n != 1 || redo != 1 || !strings.Contains(did, "PID-7") {
		t.Errorf("%d undone by %q, %d to redo", n, did, redo)
	}
	p.SaveDraft()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 2 || p.Open() == id || string(p.Raw()) != want || p.Edited() {
		t.Errorf("%d messages, edited %v", shown, p.Edited())
	}
	if p.Notice().Undo == "" {
		t.Error("storing cannot be taken back")
	}
	p.TakeBack()
	p.settle()
	if shown, _, _ := p.Shown(); shown != 1 {
		t.Errorf("%d messages", shown)
	}
}

// A draft outlives another message, and the project being closed.
func TestDraftIsKept(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	if err := p.Apply(p.at("Jane"), "Joan"); err != nil {
		t.Fatal(err)
	}
	p.Select(p.rowOf("MSG00413"))
	p.settle()
	if p.Edited() {
		t.Error("the other message is edited")
	}
	if row := p.rowOf("MSG00412"); !strings.Contains(p.List().Cell(row, 1).Text, "*") {
		t.Error("the list does not say that there are changes")
	}
	p.Select(p.rowOf("MSG00412"))
	p.settle()
	if !p.Edited() || !bytes.Contains(p.Raw(), []byte("Joan")) {
		t.Error("the changes are lost")
	}
	again := New(p.stage.Runner, p.stage.Workspace)
	defer again.Close()
	again.Reload()
	p.settle()
	again.Select(p.rowOf("MSG00412"))
	p.settle()
	if !again.Edited() || !bytes.Contains(again.Raw(), []byte("Joan")) {
		t.Error("the changes are lost when the project is opened again")
	}
	again.Undo()
	p.settle()
	if string(again.Raw()) != admit {
		t.Error("the message is not as it came")
	}
}

func TestSegments(t *testing.T) {
	p := editing(t, admit)
	ids := func() string {
		var all []string
		for s := range p.open.message.Segments() {
			all = append(all, s.ID())
		}
		return strings.Join(all, " ")
	}
	do := func(at string, change func() error, want string) {
		t.Helper()
		p.MoveTo(strings.Index(string(p.Raw()), at))
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if ids() != want {
			t.Errorf("%s, want %s", ids(), want)
		}
	}
	do("PID|", func() error { return p.InsertSegment("NTE") }, "MSH EVN PID NTE PV1")
	do("PV1|", p.DuplicateSegment, "MSH EVN PID NTE PV1 PV1")
	do("NTE|", func() error { return p.MoveSegment(1) }, "MSH EVN PID PV1 NTE PV1")
	do("NTE|", func() error { return p.MoveSegment(-2) }, "MSH EVN NTE PID PV1 PV1")
	do("NTE|", p.DeleteSegment, "MSH EVN PID PV1 PV1")
	do("PID|", func() error { return p.InsertSegment("NK1|1|Marlow^Lee") }, "MSH EVN PID NK1 PV1 PV1")
	p.MoveTo(0)
	for what, change := range map[string]func() error{
		"the header was removed": p.DeleteSegment, "the header was copied": p.DuplicateSegment, "the header was moved": func() error { return p.MoveSegment(1) },
		"a segment without an ID was inserted": func() error { return p.InsertSegment("hello") },
	} {
		if change() == nil {
			t.Error(what)
		}
	}
	for range 6 {
		p.Undo()
	}
	if string(p.Raw()) != admit {
		t.Error("not as it came")
	}
}

func TestHeaderIsRenewed(t *testing.T) {
	p := editing(t, admit)
	if err := p.NewControlID(); err != nil {
		t.Fatal(err)
	}
	if id, _ := p.open.message.GetString("MSH-10"); len(id.Text()) != 17 || strings.Trim(id.Text(), "0123456789") != "" {
		t.Errorf("control ID %q", id.Text())
	}
	if err := p.StampNow(); err != nil {
		t.Fatal(err)
	}
	if at, _ := p.open.message.GetString("MSH-7"); len(at.Text()) != 14 || at.Text() == "20260302101400" {
		t.Errorf("time %q", at.Text())
	}
}

func TestEscapingIsUndoneByUnescaping(t *testing.T) {
	message := strings.Replace(admit, "Jane^Q", `A^B&C~D\E|F`, 1)
	p := editing(t, message)
	from := strings.Index(message, "A^B")
	if err := p.EscapeRange(from, from+11, false); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p.Raw(), []byte(`A\S\B\T\C\R\D\E\E\F\F`)) {
		t.Errorf("%q", p.Raw())
	}
	if err := p.EscapeRange(from, from+len(`A\S\B\T\C\R\D\E\E\F\F`), true); err != nil {
		t.Fatal(err)
	}
	if string(p.Raw()) != message {
		t.Errorf("%q", p.Raw())
	}
	if p.EscapeRange(0, len(message), false) == nil || p.EscapeRange(3, 8, false) == nil || p.EscapeRange(5, 5, false) == nil {
		t.Error("something was escaped that cannot be")
	}
}

func TestTyping(t *testing.T) {
	p := editing(t, strings.ReplaceAll(admit, "\r", "\n"))
	at := strings.Index(admit, "Marlow")
	if p.TypeText(at, at, "x") == nil {
		t.Error("the view takes letters without being asked to")
	}
	p.SetTyping(true)
	for i, letter := range []string{"V", "a", "n", " "} {
		if err := p.TypeText(at+i, at+i, letter); err != nil {
			t.Fatal(err)
		}
	}
	if n, did, _, _ := p.Changes(); n != 1 || did != "typing" || !bytes.Contains(p.Raw(), []byte("|Van Marlow^")) {
		t.Errorf("%d changes, %q", n, did)
	}
	p.Erase(at, at+4)
	if err := p.TypeText(at, at+6, "A\rNTE|1"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p.Raw(), []byte("||A\nNTE|1^Jane")) {
		t.Errorf("%q", p.Raw())
	}
	if err := p.NormaliseLineEnds(); err != nil || bytes.Contains(p.Raw(), []byte("\n")) || !bytes.HasSuffix(p.Raw(), []byte("\r")) {
		t.Errorf("line ends: %v", err)
	}
	p.SetMasked(true)
	if p.Typing() || p.TypeText(0, 0, "x") == nil || p.DeleteSegment() == nil {
		t.Error("what the mask hides was changed")
	}
	if _, err := p.EditHere(); err == nil {
		t.Error("a value that the mask hides is shown to be changed")
	}
}

func TestMessageIsWrittenExactly(t *testing.T) {
	p := editing(t, admit)
	for i, want := range []string{admit, admit, strings.ReplaceAll(admit, "\r", "\r\n"), strings.ReplaceAll(admit, "\r", "\n")} {
		path := filepath.Join(p.stage.Folder, "out.hl7")
		p.SaveAs(path, i)
		p.settle()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", Ends[i], got, err)
		}
	}
}

// A repair of a draft is one change more of it.
func TestRepairOfADraft(t *testing.T) {
	p := editing(t, broken)
	if err := p.Apply(p.at("Kim"), "Lee"); err != nil {
		t.Fatal(err)
	}
	row := slices.IndexFunc(p.open.findings, func(f check.Finding) bool { return f.Repair != nil })
	if row < 0 {
		t.Fatal("nothing can be repaired")
	}
	p.SelectFinding(row)
	p.Repair()
	p.settle()
	if n, _, _, _ := p.Changes(); n != 2 || p.List().Len() != 1 {
		t.Errorf("%d changes, %d messages", n, p.List().Len())
	}
}

// However often changes are made, what is kept of them stays within its bounds, and the message as it came is there.
func TestUndoIsBounded(t *testing.T) {
	d := &draft{states: []draftState{{bytes: []byte("first")}}}
	big := make([]byte, maxUndo/10)
	for range 50 {
		d.add(draftState{bytes: big}, false)
	}
	if len(d.states) > 12 || string(d.states[0].bytes) != "first" || d.at != len(d.states)-1 {
		t.Errorf("%d states", len(d.states))
	}
}

// No change of any bytes panics, and undoing it gives them back.
func FuzzEdit(f *testing.F) {
	f.Add([]byte(admit), 100, "x^y")
	f.Add([]byte("MSH|^~\\&|\rPID|1\n\xff|\\"), 12, `\F\`)
	f.Fuzz(func(t *testing.T, b []byte, at int, text string) {
		queue := &job.Queue{}
		m := New(job.NewRunner(queue.Gate), nil)
		m.Close() // nothing is written down
		m.open.id, m.open.isHL7, m.open.bytes = 1, true, b
		m.open.message = hl7.Parse(b)
		m.open.render(false)
		m.tree.reset()
		m.MoveTo(at)
		m.typing = true
		for _, change := range []func() error{
			func() error {
				e, err := m.EditHere()
				if err == nil {
					err = m.Apply(e, text)
				}
				return err
			},
			m.DuplicateSegment, func() error { return m.MoveSegment(1) }, func() error { return m.MoveSegment(-1) },
			func() error { return m.InsertSegment(text) }, m.NewControlID, m.StampNow, m.NormaliseLineEnds,
			func() error { return m.EscapeRange(m.open.current[0], m.open.current[1], false) },
			func() error { return m.TypeText(m.open.cursor, m.open.cursor, text) },
			m.DeleteSegment,
		} {
			if err := change(); err != nil && err.Error() == "" {
				t.Fatal("an error without words")
			}
		}
		for m.Edited() {
			m.Undo()
		}
		if !bytes.Equal(m.Raw(), b) {
			t.Fatal("undoing everything does not give the bytes back")
		}
	})
}
