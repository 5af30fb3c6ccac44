package endpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/mllp"
)

func message(id string) string {
	return "MSH|^~\\&|LAKE|MAIN|RIVER|INF|20260302101400||ADT^A08^ADT_A01|" + id + "|P|2.5.1\rPID|1||88121^^^LAKE^MR\r"
}

func TestExpectationsOfFiles(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.hl7": message("M1") + message("M2"), "bad dates.hl7": message("M3"), "c.hl7": message("M4"),
		"set.expect": "# message  codes\nM2\tAE  # the second\n\nbad*.hl7   ae,AR\na.hl7[0] CA\n* AA\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for o, err := range Files([]string{folder}, false) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, joinCodes(o.Expect))
	}
	if all := strings.Join(got, " "); all != "CA AE AE,AR AA" {
		t.Error(all)
	}
}

func TestExpectationsThatAreNotMet(t *testing.T) {
	folder := t.TempDir()
	file, expect := filepath.Join(folder, "a.hl7"), filepath.Join(folder, "a.expect")
	if err := os.WriteFile(file, []byte(message("M1")), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"M1 AA\nM7 AE\n":    "a.expect, line 2: no message is called M7",
		"M1\n":              "a.expect, line 1: write a message and its codes",
		"M1 AA\n\nM2 ZZ\n":  "a.expect, line 3: \"ZZ\" is no acknowledgement code",
		"a.hl7[1] AE\n":     "no message is called a.hl7",
		"* AA\nM1 AE\n":     "line 2: no message is called M1, or a line above has it",
		"M1 AA\nrest* AE\n": "no message is called rest*",
	} {
		if err := os.WriteFile(expect, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range Files([]string{file, expect}, false) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), want) {
			t.Errorf("%q: %v", text, last)
		}
	}
	if err := os.WriteFile(expect, []byte("M1 AA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range Files([]string{expect}, false) {
		if err == nil || !strings.Contains(err.Error(), "no messages") {
			t.Errorf("expectations alone: %v", err)
		}
	}
}

func FuzzExpectations(f *testing.F) {
	f.Add("M1 AA\n*.hl7[3] CR # why\n", "M1")
	f.Add("a\\[b AE", "")
	f.Fuzz(func(t *testing.T, text, id string) {
		var x Expectations
		if x.Parse(strings.NewReader(text), "x.expect") != nil {
			return
		}
		for _, c := range x.Of(&Outgoing{Bytes: []byte(message(id)), Name: "a.hl7", Index: 3}) {
			if !mllp.Code(c).Valid() {
				t.Errorf("the code %q", c)
			}
		}
	})
}
