package command

import (
	"strings"
	"testing"
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
