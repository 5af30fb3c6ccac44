package command

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/workspace"
)

// TestWindowTakesFiles: what is no workspace is a file of messages, in any order.
func TestWindowTakesFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"adt.hl7": "MSH|^~\\&|A\rPID|1\r", "notes.txt": "some words", "empty.hl7": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workspace.Create(t.Context(), filepath.Join(".", "odd.name"), []byte("correct horse battery"), workspace.CreateOptions{KDF: workspace.CheapKDF(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args      []string
		workspace string
		files     []string
		wrong     string
	}{
		{[]string{"adt.hl7"}, "", []string{"adt.hl7"}, ""},
		{[]string{"window", "lakeside.trestle", "adt.hl7", "notes.txt"}, "lakeside.trestle", []string{"adt.hl7", "notes.txt"}, ""},
		{[]string{"window", "adt.hl7", "odd.name"}, "odd.name", []string{"adt.hl7"}, ""},
		{[]string{"window", "--sample", "adt.hl7"}, "", []string{"adt.hl7"}, ""},
		{[]string{"window", "--sample", "odd.name"}, "", nil, "not both"},
		{[]string{"window", "a.trestle", "b.trestle"}, "", nil, "one workspace"},
		{[]string{"window", "none.hl7"}, "none.hl7", nil, ""}, // the first place says that there is no such file
	} {
		var got WindowOptions
		var errs strings.Builder
		status := Run(t.Context(), c.args, Env{Stdout: &errs, Stderr: &errs, Window: func(_ context.Context, o WindowOptions) error { got = o; return nil }})
		if c.wrong != "" {
			if status != StatusUsage || !strings.Contains(errs.String(), c.wrong) {
				t.Errorf("%v: status %d, %q", c.args, status, errs.String())
			}
			continue
		}
		if status != StatusOK || got.Workspace != c.workspace || !slices.Equal(got.Files, c.files) {
			t.Errorf("%v: status %d, %+v, %s", c.args, status, got, errs.String())
		}
	}
}
