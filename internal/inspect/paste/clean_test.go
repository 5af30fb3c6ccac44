package paste

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const message = "MSH|^~\\&|LAB|R|EHR|C|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\rEVN||20260301101500\rPID|1||88121^^^R^MR||Tester^Anna&B||19800229|F\rPV1|1|O\r"

func each(prefix func(i int) string, suffix, end string) string {
	var b strings.Builder
	for i, s := range strings.Split(strings.TrimSuffix(message, "\r"), "\r") {
		b.WriteString(prefix(i) + s + suffix + end)
	}
	return b.String()
}

func always(s string) func(int) string { return func(int) string { return s } }

func TestClean(t *testing.T) {
	encoded, _ := json.Marshal(message)
	document, _ := json.Marshal(map[string]any{"channel": 7, "raw": message, "log": []string{"a", "b"}})
	twice, _ := json.Marshal(string(encoded))
	for name, c := range map[string]struct{ text, note string }{
		"as it is":             {message, ""},
		"LF line ends":         {strings.ReplaceAll(message, "\r", "\n"), ""},
		"MLLP frame":           {"\x0b" + message + "\x1c\r", ""},
		"JSON string":          {string(encoded), "JSON"},
		"JSON document":        {string(document), "JSON"},
		"JSON twice":           {string(twice), "JSON"},
		"escaped without ends": {strings.ReplaceAll(strings.ReplaceAll(message, `\`, `\\`), "\r", `\r`), "JSON"},
		"log with times":       {each(func(i int) string { return fmt.Sprintf("2026-03-01 10:15:%02d.%d INFO [in-7] ", i, i*37) }, "", "\n"), "4 log prefixes"},
		"line numbers":         {each(func(i int) string { return fmt.Sprintf("%3d: ", i+1) }, "", "\n"), "4 line numbers"},
		"quoted mail":          {"Hi Kim,\n\nsee below:\n\n" + each(always("> "), "", "\n") + "\nThanks\nSam\n", "4 marks"},
		"indented":             {each(always("\t  "), "", "\n"), "4 indents"},
		"Java source":          {"String m =\n" + each(func(i int) string { return `    "` }, `\r" +`, "\n") + `    "";`, "program string"},
		"list of strings":      {"[\n" + each(always("  '"), "',", "\n") + "]\n", "quotation marks"},
		"Base64":               {base64.StdEncoding.EncodeToString([]byte(message)), "Base64"},
		"URL":                  {url.PathEscape(message), "URL"},
		"HTML":                 {"<p>" + strings.ReplaceAll(strings.ReplaceAll(message, "&", "&amp;"), "\r", "<br>\n") + "</p>", "HTML"},
		"marks":                {strings.ReplaceAll(message, "\r", "<CR>"), "<CR>"},
		"glyphs":               {strings.ReplaceAll(message, "\r", "␍"), "<CR>"},
		"fenced":               {"```\n" + strings.ReplaceAll(message, "\r", "\n") + "```\n", "2 lines of other text"},
		"wrapped":              {strings.Replace(strings.ReplaceAll(message, "\r", "\n"), "|EHR", "\n|EHR", 1), "1 wrapped line"},
	} {
		r := Clean([]byte(c.text))
		if string(r.Bytes) != message || r.Messages != 1 {
			t.Errorf("%s: %d messages\n%q\n%v", name, r.Messages, r.Bytes, r.Notes)
			continue
		}
		if got := fmt.Sprint(r.Notes); c.note == "" && r.Changed() || !strings.Contains(got, c.note) {
			t.Errorf("%s: notes %s", name, got)
		}
	}
}

func TestSeveralMessages(t *testing.T) {
	text := "first\n" + strings.ReplaceAll(message, "\r", "\n") + "\nand the second, PID|9 was wrong there\n" + strings.ReplaceAll(message, "\r", "\r\n")
	r := Clean([]byte(text))
	if r.Messages != 2 || string(r.Bytes) != message+message {
		t.Errorf("%d messages: %q", r.Messages, r.Bytes)
	}
	if got := fmt.Sprint(r.Notes); got != "[2 lines of other text were left out]" {
		t.Error(got)
	}
}

// What holds no message is given back as it is.
func TestNothingToFind(t *testing.T) {
	for _, text := range []string{"", "hello", "ISA*00*", `{"resourceType":"Patient"}`, "MSH", "MSH is a segment", "\\u00zz", strings.Repeat("MSH", 1000)} {
		if r := Clean([]byte(text)); string(r.Bytes) != text || r.Messages != 0 || r.Changed() {
			t.Errorf("%.20q: %d messages, %.40q, %v", text, r.Messages, r.Bytes, r.Notes)
		}
	}
}

// A value must never be changed: a message that is whole comes out as it went in, whatever stands in its fields.
func TestValuesStay(t *testing.T) {
	for _, value := range []string{`a\F\b`, `\X0D\`, `C:\new\road`, `50% of 7%7C`, "=0D=0A", "<br>", "&amp;", "> quoted", `"said"`, "1: one", "[CR]", "x <CR> y", "a\\.br\\b", "^M"} {
		text := strings.Replace(message, "Tester", value, 1)
		if r := Clean([]byte(text)); string(r.Bytes) != text || r.Messages != 1 {
			t.Errorf("%q: %q, %v", value, r.Bytes, r.Notes)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte("> MSH|^~\\&|\n> PID|1\n"))
	f.Add([]byte(`{"a":"MSH|^~\\&|A\rPID|1"}`))
	f.Add([]byte("MSH|^~\\&|<CR>PID|1<br>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := Clean(text)
		if r.Messages == 0 {
			if !bytes.Equal(r.Bytes, text) {
				t.Fatal("a text without a message was changed")
			}
			return
		}
		// What was found is clean: it is found again, the same.
		if again := Clean(r.Bytes); again.Messages < 1 {
			t.Fatalf("%q is not found again", r.Bytes)
		}
	})
}
