package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/workspace"
)

// TestCipherIsChosen: the cipher of a new workspace is the one asked for, and one that there is not is a mistake of usage.
func TestCipherIsChosen(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new --cipher aes-256-gcm a.trestle")
	must(t, "workspace new x.trestle")
	for name, want := range map[string]string{"a.trestle": "AES-256-GCM", "x.trestle": "XChaCha20-Poly1305"} {
		if out := must(t, "workspace info "+name); !strings.Contains(out, want) {
			t.Errorf("%s: %s", name, out)
		}
	}
	if status, _, errs := at(t, "workspace new --cipher des d.trestle"); status != StatusUsage || !strings.Contains(errs, `no cipher "des"`) {
		t.Errorf("status %d, %q", status, errs)
	}
}

// ring is a keyring in memory.
type ring map[string][]byte

func (r ring) Load(id string) ([]byte, bool, error) { b, ok := r[id]; return bytes.Clone(b), ok, nil }
func (r ring) Save(id string, b []byte) error       { r[id] = bytes.Clone(b); return nil }
func (r ring) Delete(id string) error               { delete(r, id); return nil }

// noRing is a computer without a keyring.
type noRing struct{}

var errNoRing = errors.New("this computer has no keyring")

func (noRing) Load(string) ([]byte, bool, error) { return nil, false, errNoRing }
func (noRing) Save(string, []byte) error         { return errNoRing }
func (noRing) Delete(string) error               { return errNoRing }

// TestRememberedOpensWithoutPassphrase: once a computer remembers, nobody is asked; afterwards the passphrase is needed again.
func TestRememberedOpensWithoutPassphrase(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	run := func(k workspace.Keyring, pass, line string) (int, string, string) {
		var out, errs bytes.Buffer
		status := Run(t.Context(), words(line), Env{Stdout: &out, Stderr: &errs, User: "tester", Keyring: k, Getenv: func(name string) string {
			if name == PassphraseVariable {
				return pass
			}
			return ""
		}})
		return status, out.String(), errs.String()
	}
	if status, _, errs := run(noRing{}, testPassphrase, "workspace slot remember w.trestle"); status != StatusUsage || !strings.Contains(errs, "no keyring") {
		t.Errorf("status %d, %q", status, errs)
	}
	k := ring{}
	if status, out, errs := run(k, testPassphrase, "workspace slot remember w.trestle"); status != StatusOK || !strings.Contains(out, "remembers a key") || !strings.Contains(errs, "without the passphrase") {
		t.Errorf("status %d, %q %q", status, out, errs)
	}
	if status, out, errs := run(k, "", "workspace slot w.trestle"); status != StatusOK || !strings.Contains(out, "2\tkeyring\ttester on ") || !strings.Contains(out, "current") {
		t.Errorf("status %d, %q %q", status, out, errs)
	}
	if status, _, errs := run(ring{}, "", "workspace slot w.trestle"); status != StatusUsage || !strings.Contains(errs, "passphrase is needed") {
		t.Errorf("another computer: status %d, %q", status, errs)
	}
	if status, out, errs := run(k, "", "workspace slot forget w.trestle"); status != StatusOK || len(k) != 0 {
		t.Errorf("status %d, %q %q", status, out, errs)
	}
	if status, _, _ := run(k, "", "workspace slot w.trestle"); status != StatusUsage {
		t.Error("opened after it was forgotten")
	}
}

func TestRename(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	must(t, "workspace slot add w.trestle Ann")
	must(t, `workspace slot rename w.trestle 2 "Ann Example"`)
	if out := must(t, "workspace slot w.trestle"); !strings.Contains(out, "Ann Example") {
		t.Error(out)
	}
	for line, want := range map[string]string{
		"workspace slot rename w.trestle 2":       "needs a workspace, the number of a key, and",
		"workspace slot rename w.trestle 9 Bob":   "not the number of a key",
		"workspace slot rename w.trestle 3 Bob":   "has no key 3",
		`workspace slot rename w.trestle 2 ""`:    "give the name",
		"workspace slot rename w.trestle two Ann": "not the number",
	} {
		if status, _, errs := at(t, line); status != StatusUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, %q", line, status, errs)
		}
	}
}

// TestSecrets: kept from a file, listed without its value, shown on demand, removed after asking.
func TestSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	key := "-----BEGIN INVENTED KEY-----\nAAAA\n-----END INVENTED KEY-----"
	if err := os.WriteFile("key.pem", []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, `workspace secret set --kind "private key" --value-file key.pem w.trestle "Lakeside client"`)
	if out := must(t, "workspace secret list w.trestle"); !strings.Contains(out, "Lakeside client\tprivate key\t20") || strings.Contains(out, "AAAA") {
		t.Errorf("%q", out)
	}
	if out := must(t, "workspace secret list --json w.trestle"); !strings.Contains(out, `"kind":"private key"`) {
		t.Errorf("%q", out)
	}
	if out := must(t, `workspace secret show w.trestle "lakeside client"`); out != key+"\n" {
		t.Errorf("%q", out)
	}
	if out := must(t, "workspace log w.trestle"); !strings.Contains(out, "secret shown") || strings.Contains(out, "AAAA") {
		t.Errorf("%q", out)
	}
	for line, want := range map[string]string{
		"workspace secret set w.trestle x":                 "there is no terminal to ask at",
		"workspace secret show w.trestle x":                `no secret "x"`,
		"workspace secret remove w.trestle x":              "add --yes if you are sure",
		"workspace secret set --value-file no w.trestle x": "no such file",
	} {
		if status, _, errs := at(t, line); status != StatusUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, %q", line, status, errs)
		}
	}
	must(t, `workspace secret remove --yes w.trestle "Lakeside client"`)
	if out := must(t, "workspace secret list w.trestle"); out != "" {
		t.Errorf("%q", out)
	}
}

// TestRepair: a damaged index is built again, what was there is kept, and where a table is damaged it is said and nothing is changed.
func TestRepair(t *testing.T) {
	run := at // the loop has an at of its own
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	if err := os.WriteFile("a.hl7", []byte(fmt.Sprintf(message, 1, 4711)), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "workspace import w.trestle a.hl7")
	whole, err := os.ReadFile("w.trestle")
	if err != nil {
		t.Fatal(err)
	}
	mended, refused := 0, 0
	for at := 65536 + 1000; at < len(whole); at += 4096 {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if err := os.WriteFile("w.trestle", bad, 0o600); err != nil {
			t.Fatal(err)
		}
		switch status, out, errs := run(t, "workspace verify --repair w.trestle"); {
		case status == StatusOK && strings.Contains(out, "what was there is now w-before-repair-") && strings.Contains(out, "everything is as it was written"):
			mended++
		case status == StatusFailed && strings.Contains(errs, "nothing was changed"):
			refused++
		default:
			t.Fatalf("page %d: status %d, %q %q", (at-65536)/4096+1, status, out, errs)
		}
		kept, _ := filepath.Glob("w-before-repair-*")
		for _, k := range kept {
			os.Remove(k)
		}
	}
	if mended == 0 || refused == 0 {
		t.Errorf("%d mended, %d refused", mended, refused)
	}
}
