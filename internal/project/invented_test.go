package project_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

var (
	telephone = regexp.MustCompile(`\(?(\d{3})\)?[- ]?555-?(\d{4})`)
	email     = regexp.MustCompile(`[\w.+-]+@[\w.-]+`)
	postal    = regexp.MustCompile(`(?:\^ZZ\^|,ZZ,)(\d*)`)
	social    = regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`)
	provider  = regexp.MustCompile(`\b([12]\d{9})\^`)
)

// TestSampleIsInvented: nothing in the folder can be a real person's number by accident.
func TestSampleIsInvented(t *testing.T) {
	_, fsys := sample(t)
	seen := map[string]int{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		report := func(what string, ok bool) {
			seen[what]++
			if !ok {
				t.Errorf("%s: a %s that could be real", name, what)
			}
		}
		for _, m := range telephone.FindAllSubmatch(b, -1) {
			report("telephone number", m[1][1] == '9' && bytes.HasPrefix(m[2], []byte("01")))
		}
		for _, m := range email.FindAll(b, -1) {
			report("e-mail address", bytes.HasSuffix(bytes.ToLower(bytes.TrimRight(m, ".")), []byte("@example.org")))
		}
		for _, m := range postal.FindAllSubmatch(b, -1) {
			report("ZIP code", len(m[1]) == 0 || len(m[1]) < 5 || bytes.HasPrefix(m[1], []byte("000")))
		}
		for _, m := range social.FindAll(b, -1) {
			report("social security number", bytes.HasPrefix(m, []byte("666-")))
		}
		for _, m := range provider.FindAllSubmatch(b, -1) {
			report("NPI", m[1][0] == '2') // none has been issued that begins so
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pidNumbers(t, fsys) {
		seen["PID-19"]++
		if !strings.HasPrefix(f, "666") {
			t.Error("a PID-19 that could be real")
		}
	}
	for _, what := range []string{"telephone number", "e-mail address", "ZIP code", "social security number", "NPI", "PID-19"} {
		if seen[what] < 20 {
			t.Errorf("only %d of kind %s were looked at: the pattern has gone stale", seen[what], what)
		}
	}
}

func pidNumbers(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	names, err := fs.Glob(fsys, "messages/*.hl7")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		for piece := range pieces(t, fsys, name) {
			if pid, ok := hl7.Parse(piece.Bytes).Find("PID", 1); ok {
				if v := pid.Field(19).Text(); v != "" {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// TestSampleDocument: the PDF in OBX-5 is one that a reader opens: every entry of its table points at its object.
func TestSampleDocument(t *testing.T) {
	_, fsys := sample(t)
	b, err := fs.ReadFile(fsys, "messages/mdm-t02-okafor-pdf.hl7")
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := base64.StdEncoding.DecodeString(text(t, hl7.Parse(b), "OBX-5.5"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")) || !bytes.HasSuffix(pdf, []byte("%%EOF\n")) {
		t.Fatal("no PDF header or trailer")
	}
	var xref int
	if _, err := fmt.Sscanf(string(pdf[bytes.LastIndex(pdf, []byte("startxref")):]), "startxref\n%d", &xref); err != nil {
		t.Fatal(err)
	}
	rows := bytes.Split(pdf[xref:], []byte("\n"))
	var objects int
	if _, err := fmt.Sscanf(string(rows[1]), "0 %d", &objects); err != nil || string(rows[0]) != "xref" || objects < 5 {
		t.Fatalf("the cross-reference table at %d cannot be read: %v", xref, err)
	}
	for i := 1; i < objects; i++ {
		var at int
		if _, err := fmt.Sscanf(string(rows[2+i]), "%d", &at); err != nil || len(rows[2+i]) != 19 {
			t.Fatalf("row %d of the table: %v", i, err)
		}
		if want := fmt.Sprintf("%d 0 obj\n", i); !bytes.HasPrefix(pdf[at:], []byte(want)) {
			t.Errorf("object %d is not at offset %d", i, at)
		}
	}
}
