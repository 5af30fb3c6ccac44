package theme

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	"golang.org/x/image/font/sfnt"
	"trestle/internal/present/screen"
)

func TestModes(t *testing.T) {
	for _, m := range []Mode{System, Light, Dark} {
		if ParseMode(m.String()) != m {
			t.Errorf("%v does not survive", m)
		}
	}
	if ParseMode("pink") != System || Dark.Next() != System {
		t.Error("an unknown mode, or the one after the last, is not System")
	}
	dark, light := fynetheme.VariantDark, fynetheme.VariantLight
	ground := fynetheme.ColorNameBackground
	if New(Light).Color(ground, dark) != New(System).Color(ground, light) || New(Dark).Color(ground, light) != New(System).Color(ground, dark) {
		t.Error("a mode does not force its variant")
	}
}

// Every colour, size and icon that Fyne may ask for must be answered, in both variants.
func TestThemeIsWhole(t *testing.T) {
	test.NewTempApp(t)
	th := New(Dark)
	for _, v := range []fyne.ThemeVariant{fynetheme.VariantDark, fynetheme.VariantLight} {
		for n := range palette {
			if th.Color(n, v) == nil {
				t.Errorf("no colour %s", n)
			}
		}
		if th.Color(fynetheme.ColorNameInnerWindowBorder, v) == nil {
			t.Error("a colour that is not ours is not Fyne's")
		}
	}
	for n, ours := range standard {
		if r := th.Icon(n); r == nil || len(r.Content()) == 0 {
			t.Errorf("no icon %s (%s)", n, ours)
		}
	}
	if th.Icon(fynetheme.IconNameCheckButton) == nil {
		t.Error("an icon that is not ours is not Fyne's")
	}
	if th.Size(fynetheme.SizeNameText) != 13 || th.Size(fynetheme.SizeNameModalBlurRadius) != 0 {
		t.Error("sizes")
	}
}

func TestRolesHaveColours(t *testing.T) {
	for _, r := range append(roles, screen.RoleMasked) {
		if _, ok := palette[RoleName(r)]; !ok {
			t.Errorf("no colour for %s", r)
		}
	}
	if RoleName("") != RoleName(screen.RoleText) {
		t.Error("the empty role is not text")
	}
}

// A test's theme knows none of our names: widgets must still find a colour.
func TestColoursUnderAForeignTheme(t *testing.T) {
	test.NewTempApp(t)
	p := Paint{fynetheme.DefaultTheme(), fynetheme.VariantLight}
	if p.Role(screen.RoleError) != rgb(palette[RoleName(screen.RoleError)].light) {
		t.Error("a role has no colour of ours")
	}
}

func TestFonts(t *testing.T) {
	for f := range faces {
		font, err := sfnt.Parse(Font(f).Content())
		if err != nil {
			t.Fatalf("%s: %v", fontFiles[f], err)
		}
		var buf sfnt.Buffer
		for _, r := range "PID-3[2].4.1 àéñßøłţ ΑΩ Яя │" {
			if i, _ := font.GlyphIndex(&buf, r); i == 0 && r != '│' && r != 'ţ' {
				t.Errorf("%s has no %c", fontFiles[f], r)
			}
		}
	}
	th := New(System)
	if th.Font(fyne.TextStyle{Bold: true}).Name() != "OpenSans-Semibold.ttf" || th.Font(fyne.TextStyle{Monospace: true}).Name() != "Hack-Regular.ttf" {
		t.Error("styles have the wrong fonts")
	}
}
