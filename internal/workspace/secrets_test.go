package workspace

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	s := w.Secrets()
	value := []byte("hunter2-not-a-real-secret")
	if err := errors.Join(s.Put(ctx, "Lakeside FHIR client", "client secret", []byte("an earlier one")), s.Put(ctx, "Lakeside FHIR client", "client secret", value), s.Put(ctx, "vpn", "password", []byte("other"))); err != nil {
		t.Fatal(err)
	}
	names, err := s.Names(ctx)
	if err != nil || len(names) != 2 || names[0].Name != "Lakeside FHIR client" || names[0].Kind != "client secret" || names[0].Changed.IsZero() {
		t.Errorf("%+v %v", names, err)
	}
	is := func(w *Workspace, when string) {
		t.Helper()
		if got, err := w.Secrets().Reveal(ctx, "lakeside fhir CLIENT"); err != nil || !bytes.Equal(got, value) {
			t.Errorf("%s: %q %v", when, got, err)
		}
	}
	is(w, "kept")
	for range 3 {
		if _, err := s.Use(ctx, "vpn"); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]error{"": ErrName, "a\nb": ErrName, strings.Repeat("x", 101): ErrName} {
		if err := s.Put(ctx, name, "password", value); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := errors.Join(s.Put(ctx, "x", "y", nil)); !errors.Is(err, ErrName) {
		t.Error(err)
	}
	if err := s.Put(ctx, "x", "y", make([]byte, MaxSecret+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	_, err = s.Reveal(ctx, "none")
	if !errors.Is(err, ErrNoSecret) || !errors.Is(s.Delete(ctx, "none"), ErrNoSecret) {
		t.Error(err)
	}
	if err := s.Delete(ctx, "VPN"); err != nil {
		t.Error(err)
	}
	log, err := w.Log(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	count := map[Action]int{}
	for _, e := range log {
		count[e.Action]++
		if strings.Contains(e.Object+e.Details+e.Result, "hunter2") {
			t.Error("the secret is in the log")
		}
	}
	if count[ActionSecretKept] != 3 || count[ActionSecretShown] != 1 || count[ActionSecretUsed] != 1 || count[ActionSecretRemoved] != 1 {
		t.Errorf("%v", count)
	}
	// Nothing that copies tables has it in clear, and what makes a new file carries it over.
	var stored []byte
	if err := w.read.QueryRow("SELECT value FROM secrets").Scan(&stored); err != nil || bytes.Contains(stored, value) {
		t.Error("in clear inside:", err)
	}
	b := filepath.Join(filepath.Dir(p), "b.trestle")
	if _, err := w.Backup(ctx, b, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Rekey(ctx, []NewKey{{"tester", testPass}}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{p, b} {
		w, err := Open(ctx, name, testPass, OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		is(w, filepath.Base(name))
		w.Close()
		if _, err := w.Secrets().Reveal(ctx, "vpn"); err == nil {
			t.Error("revealed after closing")
		}
	}
}

// A sealed value under another's name, or one that was changed, is an error.
func TestSecretsAreBoundToTheirNames(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	s := w.Secrets()
	if err := errors.Join(s.Put(ctx, "test", "password", []byte("of the test system")), s.Put(ctx, "production", "password", []byte("of the real one"))); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"UPDATE secrets SET value=(SELECT value FROM secrets WHERE name='test') WHERE name='production'",
		"UPDATE secrets SET value=zeroblob(60) WHERE name='production'",
		"UPDATE secrets SET value=x'00' WHERE name='production'",
	} {
		if _, err := w.write.Exec(q); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Reveal(ctx, "production"); !errors.Is(err, ErrDamaged) || got != nil {
			t.Errorf("%s: %q %v", q, got, err)
		}
	}
}
