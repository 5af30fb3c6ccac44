package starter_test

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

var update = flag.Bool("update", false, "write the mappings of the folder maps in their canonical form")

// TestCanonical holds the shipped files to the form that the program itself writes: what a user saves differs by his
// changes only.
func TestCanonical(t *testing.T) {
	names, err := fs.Glob(starter.FS(), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no mappings", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(starter.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := mapping.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		written, err := mapping.Format(f)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != string(text) {
			if *update {
				if err := os.WriteFile(filepath.Join("maps", name), written, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			t.Errorf("%s is not in its canonical form; run the test with -update", name)
		}
	}
}

func engine(t testing.TB, name string) *mapping.Engine {
	t.Helper()
	f, err := mapping.Load(starter.FS(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestValid maps our own messages and has the results validated.
func TestValid(t *testing.T) {
	for name, e := range map[string]string{
		"adt": "adt-to-patient", "dft": "dft-to-charges", "mdm": "mdm-to-document", "oml": "orm-to-request", "orm": "orm-to-request", "oru": "oru-to-report", "siu": "siu-to-appointment", "vxu": "vxu-to-immunization",
	} {
		engine := engine(t, e)
		files, err := filepath.Glob(filepath.Join("testdata", name+"*.hl7"))
		if err != nil || len(files) == 0 {
			t.Fatal("no messages for", name, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			result, err := engine.Run(context.Background(), text)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for _, w := range result.Warnings {
				if !strings.Contains(file, "no-zone") || !strings.Contains(w.Text, "without a zone") {
					t.Errorf("%s: %s", file, w)
				}
			}
			if strings.Contains(file, "no-zone") && len(result.Warnings) != 1 {
				t.Errorf("%s: that the zone is that of the mapping is said %d times", file, len(result.Warnings))
			}
			if want, err := os.ReadFile(file + ".want.json"); true {
				got := fhir.AppendIndentedJSON(nil, result.Tree, "  ")
				got = append(got, '\n')
				if string(got) != string(want) {
					if *update {
						if err := os.WriteFile(file+".want.json", got, 0o644); err != nil {
							t.Fatal(err)
						}
					} else {
						t.Errorf("%s: the result has changed (%v); look at it after a run with -update", file, err)
					}
				}
				for _, f := range validate.Bytes(context.Background(), got, validate.Options{}) {
					if f.Severity >= validate.Error {
						t.Errorf("%s: %s %s: %s", file, f.Code, f.Path, f.Text)
					}
				}
			}
		}
	}
}

// TestSamples: what the starters are shown with is in order itself.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.hl7"))
	if err != nil || len(files) == 0 {
		t.Fatal("no messages", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range check.Message(hl7.Parse(text), check.Options{}) {
			if f.Severity >= check.Warning {
				t.Errorf("%s: %s at %s: %s", file, f.Code, f.Path, f.Text)
			}
		}
	}
}

// TestUnobjectionable: the check has nothing to say against the starters.
func TestUnobjectionable(t *testing.T) {
	list, err := starter.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		f, err := mapping.Load(starter.FS(), s.Name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range mapping.Check(f, nil) {
			t.Errorf("%s line %d: %s %s: %s", s.Name, x.Line, x.Code, x.ID, x.Text)
		}
	}
}
