package workspace

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"trestle/internal/inspect"
)

// The words of a message are found as a person reads them, whatever the bytes are; the bytes come back as they were.
func TestWordsOfBytes(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	pdf := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("%PDF-1.4 zqx "), 1000))
	msg := func(s string) []byte {
		return []byte("MSH|^~\\&|A|B|C|D|20260131||ADT^A08|1|P|2.5.1||||||8859/1\r" + s)
	}
	for _, c := range []struct {
		name, format string
		bytes        []byte
		found, not   []string
	}{
		{"plain", "hl7v2", []byte("MSH|^~\\&|A|B\rPID|1||77^^^X||Testperson^Quenby\r"), []string{"testperson", "77"}, []string{"orrin"}},
		{"escapes", "hl7v2", []byte("MSH|^~\\&|A|B\rNTE|1||Sand\\T\\Gravel caf\\X4142\\ end\r"), []string{`"sand&gravel"`, "end"}, nil},
		{"latin", "hl7v2", msg("PID|1||78||M\xfcller^J\xf6rg\r"), []string{"müller", "jorg"}, nil},
		{"file inside", "hl7v2", msg("OBX|1|ED|1||^AP^^Base64^" + pdf + "\rNTE|1||after\r"), []string{"after", "base64"}, []string{pdf[:40] + "*"}},
		{"not UTF-8, no format", "text", []byte("caf\xe9 noir"), []string{"café"}, nil},
		{"UTF-16", "utf16", []byte("\xff\xfew\x00i\x00d\x00e\x00"), []string{"wide"}, nil},
		{"binary", "binary", []byte("PK\x03\x04\x00\x00hidden"), nil, []string{"hidden"}},
		{"json", "fhir-json", []byte(`{"resourceType":"Patient","name":[{"family":"Examplar"}]}`), []string{"examplar"}, nil},
		{"empty", "empty", nil, nil, nil},
		{"NUL in a message", "hl7v2", []byte("MSH|^~\\&|A|B\rPID|1||79||Ta\x00lwyn\r"), []string{"79"}, nil},
	} {
		ids, err := w.AddMessages(ctx, []inspect.Record{{Source: c.name, Bytes: c.bytes, Summary: inspect.Summary{Format: c.format}}})
		if err != nil {
			t.Fatal(c.name, err)
		}
		m, err := w.Message(ctx, ids[0])
		if err != nil || !bytes.Equal(m.Bytes, c.bytes) {
			t.Errorf("%s: the bytes changed: %v", c.name, err)
		}
		for _, q := range c.found {
			if got, err := w.IDs(ctx, Query{Text: q}); err != nil || !slices.Contains(got, ids[0]) {
				t.Errorf("%s: %s was not found: %v", c.name, q, err)
			}
		}
		for _, q := range c.not {
			if got, err := w.IDs(ctx, Query{Text: q}); err != nil || slices.Contains(got, ids[0]) {
				t.Errorf("%s: %.20s was found: %v", c.name, q, err)
			}
		}
	}
	ids, err := w.IDs(ctx, Query{})
	if err != nil {
		t.Fatal(err)
	}
	checkWords(t, w)
	if err := w.DeleteMessages(ctx, ids); err != nil {
		t.Fatal(err)
	}
	checkWords(t, w)
}

// checkWords compares the indexes of words with the texts.
func checkWords(t *testing.T, w *Workspace) {
	t.Helper()
	for _, table := range []string{"message_words", "note_words"} {
		if _, err := w.write.Exec("INSERT INTO " + table + "(" + table + ", rank) VALUES('integrity-check', 1)"); err != nil {
			t.Error(table, err)
		}
	}
}

func TestDelete(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 50)
	if err := errors.Join(w.SetNote(ctx, 3, "zebra"), w.SetTags(ctx, 3, []string{"open"})); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteMessages(ctx, []int64{3, 4, 5, 3, 4000}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{{Text: "zebra"}, {Tag: "open"}, {ControlID: "MSG0000003"}, {Text: "MSG0000003"}} {
		if n, err := w.Count(ctx, q); n != 0 || err != nil {
			t.Errorf("%v: %d %v", q, n, err)
		}
	}
	if _, err := w.Message(ctx, 3); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := w.SetNote(ctx, 3, "x"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if rows, err := w.Rows(ctx, []int64{2, 3, 6, 2}); err != nil || len(rows) != 3 || rows[1].ID != 6 || rows[2].ID != 2 {
		t.Error(rows, err)
	}
	if ids, err := w.AddMessages(ctx, samples(50, 51)); err != nil || ids[0] != 51 {
		t.Error("an id was used twice or skipped:", ids, err)
	}
	if err := w.DeleteMessages(ctx, []int64{51}); err != nil {
		t.Fatal(err)
	}
	if ids, err := w.AddMessages(ctx, samples(50, 51)); err != nil || ids[0] != 52 {
		t.Error("an id was used twice:", ids, err)
	}
	checkWords(t, w)
}

func TestNotesAndTags(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 3)
	if err := errors.Join(
		w.SetNote(ctx, 1, "first words"), w.SetNote(ctx, 1, "second thoughts"),
		w.SetTags(ctx, 1, []string{" open ", "Late", "OPEN", ""}), w.SetTags(ctx, 2, []string{"open"}),
	); err != nil {
		t.Fatal(err)
	}
	if s, err := w.Note(ctx, 1); s != "second thoughts" || err != nil {
		t.Error(s, err)
	}
	if s, err := w.Note(ctx, 2); s != "" || err != nil {
		t.Error(s, err)
	}
	rows, err := w.Rows(ctx, []int64{1, 2, 3})
	if err != nil || !rows[0].Noted || rows[1].Noted || !slices.Equal(rows[0].Tags, []string{"Late", "open"}) || rows[2].Tags != nil {
		t.Error(rows, err)
	}
	if n, err := w.Count(ctx, Query{Text: "first"}); n != 0 || err != nil {
		t.Error("the words of an old note are still found", err)
	}
	if tags, err := w.Tags(ctx); err != nil || !slices.Equal(tags, []Tally{{"Late", 1}, {"open", 2}}) {
		t.Error(tags, err)
	}
	for _, bad := range []string{strings.Repeat("x", 61), "a\nb", `a"b`} {
		if err := w.SetTags(ctx, 1, []string{bad}); err == nil {
			t.Errorf("tag %q was accepted", bad)
		}
	}
	if err := w.SetTags(ctx, 1, nil); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Count(ctx, Query{Tag: "late"}); n != 0 || err != nil {
		t.Error(n, err)
	}
	checkWords(t, w)
}

func TestSettings(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	if _, ok, err := w.Setting(ctx, "theme"); ok || err != nil {
		t.Error(ok, err)
	}
	if err := errors.Join(w.SetSetting(ctx, "theme", "dark"), w.SetSetting(ctx, "theme", "light")); err != nil {
		t.Fatal(err)
	}
	if v, ok, err := w.Setting(ctx, "theme"); v != "light" || !ok || err != nil {
		t.Error(v, ok, err)
	}
}

// A batch is stored whole or not at all.
func TestBatchIsAtomic(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	if _, err := w.write.Exec("CREATE TRIGGER stop BEFORE INSERT ON contents WHEN NEW.id=5 BEGIN SELECT RAISE(ABORT, 'stop'); END"); err != nil {
		t.Fatal(err)
	}
	before := len(entries(t, w))
	if ids, err := w.AddMessages(ctx, samples(0, 10)); err == nil || ids != nil {
		t.Error(ids, err)
	}
	if n, err := w.Count(ctx, Query{}); n != 0 || err != nil || len(entries(t, w)) != before {
		t.Error(n, err)
	}
}

// Whatever the bytes are, what full text is given is text, and says so itself if it is the bytes.
func FuzzSearchText(f *testing.F) {
	for _, s := range []string{"", "MSH|^~\\&|A\rPID|1||7^^^X||Doe\\T\\x\r", "MSH|^~\\&|\xff\x00\r", "\xff\xfea", "%PDF-1.7", "MSH|^~\\&|||||||||||||||||ISO IR87\r"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, message bool) {
		r := inspect.Record{Bytes: b, Summary: inspect.Summary{Format: "text"}}
		if message {
			r.Summary.Format = "hl7v2"
		}
		text, own := searchText(&r)
		if !own {
			text = string(b)
		}
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
			t.Errorf("not text: %q", text)
		}
	})
}
