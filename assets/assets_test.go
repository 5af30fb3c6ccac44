package assets

import (
	"strings"
	"testing"
)

func TestNoticesNameEveryPart(t *testing.T) {
	want := []string{"Apache License", "Bitstream", "Permission is hereby granted"}
	notices := Notices()
	if len(notices) != len(want) {
		t.Fatalf("%d notices, want %d", len(notices), len(want))
	}
	for i, n := range notices {
		if !strings.Contains(n.Text, want[i]) {
			t.Errorf("the notice of %s does not hold %q", n.Name, want[i])
		}
	}
}

// An icon must be one that a theme can recolour: a fill and no fixed colours of its own.
func TestIconsCanBeRecoloured(t *testing.T) {
	entries, err := Icons.ReadDir("icons")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 40 {
		t.Fatalf("%d icons", len(entries))
	}
	for _, e := range entries {
		b, err := Icons.ReadFile("icons/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if s := string(b); !strings.Contains(s, `fill="currentColor"`) || strings.Contains(s, `fill="#`) {
			t.Errorf("%s has colours of its own", e.Name())
		}
		for _, d := range strings.Split(string(b), ` d="`)[1:] {
			if strings.ContainsAny(d[:strings.IndexByte(d, '"')], "Aa") {
				t.Errorf("%s has arcs: write them as curves", e.Name())
			}
		}
	}
}
