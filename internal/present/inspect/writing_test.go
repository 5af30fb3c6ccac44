package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/check"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/deidentify"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// textOf is all that a text shows.
func textOf(t screen.Text) string {
	var lines []string
	for i := range t.Lines() {
		line, _ := t.Line(i, 0, t.Columns(i))
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// exports are what the access log says of exports.
func (p *place) exports() (out []string) {
	p.t.Helper()
	all, err := p.stage.Workspace.Log(p.t.Context(), 0, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range all {
		if e.Action == workspace.ActionExported {
			out = append(out, e.Object+" "+e.Details)
		}
	}
	return out
}

func TestMessagesAreWrittenInEveryShape(t *testing.T) {
	p := open(t)
	p.add(admit, second, "no message at all")
	ids := p.ListedIDs()
	all := admit + second
	for shape, want := range map[Shape]func(string) bool{
		ShapeBatch: func(s string) bool {
			return strings.HasPrefix(s, "FHS|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|") && strings.Contains(s, all) && strings.HasSuffix(s, "BTS|2\rFTS|1\r")
		},
		ShapeSingle: func(s string) bool { return s == all },
		ShapeJSON: func(s string) bool {
			return strings.Count(s, "\n") == 2 && json.Valid([]byte(strings.SplitN(s, "\n", 2)[0]))
		},
		ShapeXML: func(s string) bool {
			return strings.Contains(s, "<CX.1>88121</CX.1>") && strings.Contains(s, "urn:hl7-org:v2xml")
		},
		ShapeCSV: func(s string) bool {
			return strings.Contains(s, "source,message,PID-3.1,PID-5.1\n") && strings.Contains(s, ",Tolliver\n")
		},
	} {
		o := WriteOrder{IDs: ids, Shape: shape, Paths: "PID-3.1, PID-5.1"}
		var shown screen.Text
		p.PreviewWrite(o, func(text screen.Text, err error) {
			if err != nil {
				t.Error(err)
			}
			shown = text
		})
		p.settle()
		if shown == nil || !strings.Contains(textOf(shown), "88121") || strings.Contains(textOf(shown), "88190") {
			t.Errorf("%s: the preview is not the first message", ShapeNames[shape])
		}
		path := filepath.Join(p.stage.Folder, ShapeFile(shape))
		p.WriteMessages(o, path)
		p.settle()
		b, err := os.ReadFile(path)
		if err != nil || !want(string(b)) {
			t.Errorf("%s: %v %q", ShapeNames[shape], err, b)
		}
		if n := p.Notice(); n.Tone != Success || !strings.Contains(n.Text, "2 messages written") || !strings.Contains(n.Text, "1 piece that is no HL7 v2 message left out") {
			t.Errorf("notice %+v", n)
		}
	}
	if n := len(p.exports()); n != 5 {
		t.Errorf("%d exports in the access log", n)
	}
}

func TestMessagesAreWrittenIntoFilesOfTheirOwn(t *testing.T) {
	p := open(t)
	p.add(admit, second)
	folder := t.TempDir()
	o := WriteOrder{IDs: p.ListedIDs(), Shape: ShapeFiles}
	p.WriteMessages(o, folder)
	p.settle()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v: %s", len(files), err, p.Notice().Text)
	}
	if b, _ := os.ReadFile(filepath.Join(folder, files[0].Name())); string(b) != admit {
		t.Errorf("%q", b)
	}
	p.WriteMessages(o, folder)
	p.settle()
	if p.Notice().Tone != Failure {
		t.Error("files that are there are replaced")
	}
}

// What was written as JSON or XML comes back byte for byte.
func TestJSONAndXMLBecomeMessagesAgain(t *testing.T) {
	for _, shape := range []Shape{ShapeJSON, ShapeXML} {
		p := open(t)
		p.add(admit, broken)
		if p.CanReadBack() {
			t.Error("a message is made a message")
		}
		path := filepath.Join(p.stage.Folder, ShapeFile(shape))
		p.WriteMessages(WriteOrder{IDs: p.ListedIDs(), Shape: shape}, path)
		p.settle()
		p.Import([]string{path})
		p.settle()
		p.SubmitQuery(`source:` + ShapeFile(shape))
		p.settle()
		if !p.CanReadBack() {
			t.Fatalf("%s: %s is open", ShapeNames[shape], p.open.kind)
		}
		p.ReadBack(p.ListedIDs())
		p.settle()
		p.SubmitQuery(`source:"made from JSON or XML"`)
		p.settle()
		var all string
		for _, id := range p.ListedIDs() {
			msg, err := p.stage.Workspace.Message(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			all += string(msg.Bytes)
		}
		if all != admit+broken {
			t.Errorf("%s: %s %q", ShapeNames[shape], p.Notice().Text, all)
		}
	}
	p := open(t)
	p.add(admit)
	p.ReadBack(p.ListedIDs())
	p.settle()
	if p.Notice().Tone != Failure {
		t.Error("made of nothing")
	}
}

func TestOrdersThatCannotBeCarriedOut(t *testing.T) {
	p := open(t)
	p.add("no message at all")
	for _, o := range []WriteOrder{{}, {IDs: []int64{1}, Shape: ShapeCSV}, {IDs: []int64{1}, Shape: ShapeCSV, Paths: "PID-x"}} {
		if o.Check() == nil {
			t.Errorf("%+v", o)
		}
	}
	for _, o := range []ScrubOrder{{}, {IDs: []int64{1}, Days: "x"}, {IDs: []int64{1}, Days: "-2"}, {IDs: []int64{1}, Days: "3", Weekday: true}, {IDs: []int64{1}, Allow: "!!"}} {
		if o.Check() == nil {
			t.Errorf("%+v", o)
		}
	}
	path := filepath.Join(p.stage.Folder, "x.hl7")
	p.WriteMessages(WriteOrder{IDs: p.ListedIDs()}, path)
	p.settle()
	if _, err := os.Stat(path); err == nil || p.Notice().Tone != Failure {
		t.Error("a batch of nothing is written")
	}
}

// key makes the project's pseudonyms the same in every run: by chance one is like a name.
func (p *place) key(hex string) {
	p.t.Helper()
	if err := p.stage.Workspace.SetSetting(p.t.Context(), settingScrubKey, hex); err != nil {
		p.t.Fatal(err)
	}
}

func TestCopiesNameNobodyAndKeepLinks(t *testing.T) {
	p := open(t)
	p.add(admit, strings.Replace(second, "88190", "88121", 1), broken)
	p.key("00112233445566778899aabbccddeeff")
	o := ScrubOrder{IDs: p.ListedIDs(), SafeHarbor: true}
	if w := o.Warnings(); len(w) != 0 {
		t.Errorf("%q", w)
	}
	var before, after string
	p.PreviewScrub(o, func(b, a screen.Text, err error) {
		if err != nil {
			t.Fatal(err)
		}
		before, after = textOf(b), textOf(a)
	})
	p.settle()
	if !strings.Contains(before, "Marlow") || strings.Contains(after, "Marlow") || !strings.Contains(after, "PID|1|") {
		t.Errorf("before %q after %q", before, after)
	}
	path := filepath.Join(p.stage.Folder, "copy.hl7")
	var done Scrubbed
	p.Scrub(o, path, func(s Scrubbed) { done = s })
	p.settle()
	b, err := os.ReadFile(path)
	if err != nil || done.Messages != 3 || done.AllLeaks != 0 || done.Grid().Len() == 0 {
		t.Fatalf("%v %+v %s", err, done, p.Notice().Text)
	}
	for _, name := range []string{"Marlow", "Jane", "Tolliver", "88121", "88201", "19790228", "19800101"} {
		if strings.Contains(string(b), name) {
			t.Errorf("%s is in the copy", name)
		}
	}
	// The same person has the same pseudonym, in this copy and in the next, which goes into the project.
	var mrns []string
	for r := range core.Read(context.Background(), "", strings.NewReader(string(b)), core.Options{}) {
		mrns = append(mrns, r.Summary.MRN)
	}
	if len(mrns) != 3 || mrns[0] != mrns[1] || mrns[0] == mrns[2] {
		t.Errorf("MRNs %q", mrns)
	}
	o.SafeHarbor = false
	if w := o.Warnings(); len(w) != 1 || w[0] != ShiftWarning {
		t.Errorf("%q", w)
	}
	p.Scrub(o, "", func(s Scrubbed) { done = s })
	p.settle()
	p.SubmitQuery(`source:"de-identified copies"`)
	p.settle()
	if shown, total, _ := p.Shown(); shown != 3 || total != 6 || len(done.Warnings) != 1 {
		t.Fatalf("%d of %d messages, %q", shown, total, done.Warnings)
	}
	if v, err := p.open.message.GetString("PID-3.1"); err != nil || v.Text() != mrns[0] {
		t.Errorf("another pseudonym: %q", v.Text())
	}
	if p.open.row.Source != "de-identified copies" || p.open.counts[check.Fatal] > 0 {
		t.Errorf("%+v", p.open.row)
	}
}

func TestTheCheckerIsHeard(t *testing.T) {
	p := open(t)
	p.add(strings.Replace(admit, "PV1|1|O", "NTE|1||Marlow was here\rPV1|1|O", 1))
	o := ScrubOrder{IDs: p.ListedIDs(), SafeHarbor: true, Allow: "NTE-3", Staff: deidentify.Keep}
	var done Scrubbed
	p.Scrub(o, filepath.Join(p.stage.Folder, "copy.hl7"), func(s Scrubbed) { done = s })
	p.settle()
	if done.AllLeaks == 0 || len(done.Leaks) == 0 || strings.Contains(done.Leaks[0], "Marlow") || p.Notice().Tone != Caution || len(done.Warnings) != 1 {
		t.Errorf("%+v %+v", done, p.Notice())
	}
}

// What is made is stored as a whole or not at all.
func TestHalfOfWhatIsMadeIsNotStored(t *testing.T) {
	p := open(t)
	p.add(admit)
	broken := errors.New("the disk is full")
	for _, c := range []struct {
		about string
		ctx   func() context.Context
		write func(io.Writer) error
	}{
		{"an error", t.Context, func(w io.Writer) error {
			for range 1200 { // more than one batch
				if _, err := io.WriteString(w, second); err != nil {
					return err
				}
			}
			return broken
		}},
		{"stopped", func() context.Context { ctx, cancel := context.WithCancel(t.Context()); cancel(); return ctx }, func(w io.Writer) error {
			_, err := io.WriteString(w, second)
			return err
		}},
	} {
		if _, err := p.importMade(c.ctx(), "made", c.write); err == nil {
			t.Errorf("%s: no error", c.about)
		} else if c.about == "an error" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", c.about, err)
		}
		if n, err := p.stage.Workspace.Count(t.Context(), workspace.Query{}); err != nil || n != 1 {
			t.Errorf("%s: %d messages, %v", c.about, n, err)
		}
	}
}
