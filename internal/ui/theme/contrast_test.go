package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"trestle/internal/present/screen"
)

// luminance and contrast are those of WCAG 2.2, "relative luminance" and "contrast ratio".
func luminance(c color.NRGBA) float64 {
	channel := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// on lays a colour that may be transparent on an opaque one.
func on(ground, top color.NRGBA) color.NRGBA {
	mix := func(g, t uint8) uint8 { return uint8((int(g)*(255-int(top.A)) + int(t)*int(top.A)) / 255) }
	return color.NRGBA{mix(ground.R, top.R), mix(ground.G, top.G), mix(ground.B, top.B), 0xff}
}

type name = fyne.ThemeColorName

var (
	grounds = []name{fynetheme.ColorNameBackground, fynetheme.ColorNameInputBackground, fynetheme.ColorNameOverlayBackground,
		fynetheme.ColorNameMenuBackground, fynetheme.ColorNameHeaderBackground, fynetheme.ColorNameSelection, ColorPanel, ColorSelectionInactive, ColorRowHover}
	marks = []name{ColorCurrentField, ColorHit, ColorAddedBack, ColorRemovedBack, ColorChangedBack, fynetheme.ColorNameSelection, fynetheme.ColorNameInputBackground}
	roles = []screen.Role{screen.RoleText, screen.RoleMuted, screen.RoleAccent, screen.RoleError, screen.RoleWarning, screen.RoleInformation, screen.RoleOK,
		screen.RoleSegment, screen.RoleDelimiter, screen.RoleValue, screen.RoleEscape, screen.RoleControl, screen.RoleNull, screen.RoleAdded, screen.RoleRemoved, screen.RoleChanged}
)

// pair is two colours that meet on screen, and the least contrast between them: 4.5 for text, 3 for what is not.
type pair struct {
	ink, ground name
	least       float64
}

func pairs() (all []pair) {
	for _, r := range roles {
		for _, g := range grounds { // cells of lists and trees, in any state of their row
			all = append(all, pair{RoleName(r), g, 4.5})
		}
		for _, g := range marks { // a message, below any mark
			all = append(all, pair{RoleName(r), g, 4.5})
		}
	}
	for _, g := range append(grounds, ColorRaised) {
		all = append(all, pair{fynetheme.ColorNameForeground, g, 4.5}, pair{ColorMuted, g, 4.5})
	}
	for _, g := range []name{fynetheme.ColorNameBackground, fynetheme.ColorNameInputBackground, fynetheme.ColorNameOverlayBackground, ColorPanel} {
		all = append(all,
			pair{fynetheme.ColorNamePlaceHolder, g, 4.5}, pair{fynetheme.ColorNamePrimary, g, 3}, pair{fynetheme.ColorNameHyperlink, g, 4.5},
			pair{fynetheme.ColorNameFocus, g, 3}, pair{fynetheme.ColorNameInputBorder, g, 3}, pair{ColorMask, g, 3}, pair{ColorCursor, g, 3},
			pair{fynetheme.ColorNameError, g, 4.5}, pair{fynetheme.ColorNameWarning, g, 4.5}, pair{fynetheme.ColorNameSuccess, g, 4.5},
			// WCAG asks nothing of what is disabled; it should still be readable.
			pair{fynetheme.ColorNameDisabled, g, 3})
	}
	for _, g := range []name{fynetheme.ColorNameSelection, ColorSelectionInactive, ColorRowHover} {
		all = append(all, pair{ColorMask, g, 2.4}) // a block says "hidden"; the row's letters say the rest
	}
	return append(all,
		pair{fynetheme.ColorNameForegroundOnPrimary, fynetheme.ColorNamePrimary, 4.5},
		pair{fynetheme.ColorNameForegroundOnError, fynetheme.ColorNameError, 4.5},
		pair{fynetheme.ColorNameForegroundOnWarning, fynetheme.ColorNameWarning, 4.5},
		pair{fynetheme.ColorNameForegroundOnSuccess, fynetheme.ColorNameSuccess, 4.5},
		pair{fynetheme.ColorNameForeground, fynetheme.ColorNameButton, 4.5},
		pair{fynetheme.ColorNameFocus, ColorRaised, 3},
		pair{fynetheme.ColorNameForeground, ColorErrorBack, 4.5},
		pair{fynetheme.ColorNameForeground, ColorWarningBack, 4.5},
		pair{fynetheme.ColorNameForeground, ColorInformationBack, 4.5},
		pair{fynetheme.ColorNameForeground, ColorOKBack, 4.5},
		pair{RoleName(screen.RoleError), ColorErrorBack, 4.5},
		pair{RoleName(screen.RoleWarning), ColorWarningBack, 4.5},
		pair{RoleName(screen.RoleInformation), ColorInformationBack, 4.5},
		pair{RoleName(screen.RoleOK), ColorOKBack, 4.5},
		pair{RoleName(screen.RoleMuted), ColorRaised, 4.5},
		pair{fynetheme.ColorNameScrollBar, fynetheme.ColorNameInputBackground, 3},
	)
}

func TestContrast(t *testing.T) {
	for _, mode := range []Mode{Dark, Light} {
		p := Paint{New(mode), fynetheme.VariantDark} // the mode decides, whatever the desktop says
		lowest := 99.0
		for _, k := range pairs() {
			ground := p.Color(k.ground)
			c := contrast(on(ground, p.Color(k.ink)), ground)
			if k.least >= 4.5 {
				lowest = min(lowest, c)
			}
			if c < k.least {
				t.Errorf("%s: %s on %s has %.2f, needs %.1f", mode, k.ink, k.ground, c, k.least)
			}
		}
		t.Logf("%s: %d pairs, text at least %.2f", mode, len(pairs()), lowest)
	}
}

// White on a known grey, from the examples of WCAG: the sum itself must be right.
func TestContrastOfKnownColours(t *testing.T) {
	if c := contrast(color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255}); math.Abs(c-21) > 0.001 {
		t.Errorf("black on white has %.3f", c)
	}
	if c := contrast(color.NRGBA{0x76, 0x76, 0x76, 255}, color.NRGBA{255, 255, 255, 255}); math.Abs(c-4.54) > 0.01 {
		t.Errorf("#767676 on white has %.3f", c)
	}
}
