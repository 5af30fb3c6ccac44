package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"trestle/internal/present/screen"
)

// Mode is the choice between light and dark.
type Mode uint8

// The modes. System follows the desktop.
const (
	System Mode = iota
	Light
	Dark
)

// String is the mode's name in settings: "system", "light" or "dark".
func (m Mode) String() string { return [...]string{"system", "light", "dark"}[m%3] }

// ParseMode reads what String wrote. Anything unknown is System.
func ParseMode(s string) Mode {
	switch s {
	case "light":
		return Light
	case "dark":
		return Dark
	}
	return System
}

// Next is the mode that a switch in the window goes to: system, light, dark, system.
func (m Mode) Next() Mode { return (m + 1) % 3 }

// look is the theme of the window. It forces its variant unless the mode is System.
type look struct{ mode Mode }

// New returns the theme for a mode.
func New(m Mode) fyne.Theme { return &look{m} }

// Color implements fyne.Theme.
func (l *look) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	switch l.mode {
	case Light:
		v = fynetheme.VariantLight
	case Dark:
		v = fynetheme.VariantDark
	}
	h, ok := palette[n]
	switch {
	case ok && v == fynetheme.VariantLight:
		return rgb(h.light)
	case ok:
		return rgb(h.dark)
	}
	return fynetheme.DefaultTheme().Color(n, v)
}

// Font implements fyne.Theme: Open Sans, semibold where bold is asked for, and Hack for what is data.
func (l *look) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Symbol:
		return fynetheme.DefaultTheme().Font(s)
	case s.Monospace && s.Bold:
		return Font(MonoBold)
	case s.Monospace:
		return Font(Mono)
	case s.Bold:
		return Font(SansSemibold)
	case s.Italic:
		return Font(SansItalic)
	}
	return Font(Sans)
}

// Size implements fyne.Theme. Fyne's own sizes are made for fingers; these are made for tables.
func (l *look) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case fynetheme.SizeNamePadding:
		return 3
	case fynetheme.SizeNameInnerPadding:
		return 5
	case fynetheme.SizeNameText:
		return SizeText
	case fynetheme.SizeNameCaptionText:
		return SizeSmall
	case fynetheme.SizeNameSubHeadingText:
		return 15
	case fynetheme.SizeNameHeadingText:
		return 18
	case fynetheme.SizeNameInlineIcon:
		return 16
	case fynetheme.SizeNameInputRadius, fynetheme.SizeNameSelectionRadius, fynetheme.SizeNameButtonRadius:
		return 3
	case fynetheme.SizeNamePopupRadius, fynetheme.SizeNameMenuRadius, fynetheme.SizeNameDialogRadius, fynetheme.SizeNameCardRadius:
		return 4
	case fynetheme.SizeNameScrollBar:
		return 10
	case fynetheme.SizeNameScrollBarSmall:
		return 4
	case fynetheme.SizeNameLineSpacing:
		return 3
	case fynetheme.SizeNameSplitThickness:
		return 1
	case fynetheme.SizeNameModalBlurRadius: // blurring costs too much where OpenGL is software
		return 0
	}
	return fynetheme.DefaultTheme().Size(n)
}

// Paint is the theme as a widget sees it at this moment: with its variant resolved.
type Paint struct {
	Theme   fyne.Theme
	Variant fyne.ThemeVariant
}

// Of returns what w is to be painted with. A theme of the window that is not ours (a test's) still works: colours
// that it does not know are taken from ours.
func Of(w fyne.Widget) Paint {
	s := fyne.CurrentApp().Settings()
	return Paint{fynetheme.CurrentForWidget(w), s.ThemeVariant()}
}

// Color is a colour by Fyne's name or one of ours.
func (p Paint) Color(n fyne.ThemeColorName) color.NRGBA {
	th := p.Theme
	if _, ours := th.(*look); !ours {
		if _, known := palette[n]; known {
			th = &look{}
		}
	}
	return color.NRGBAModel.Convert(th.Color(n, p.Variant)).(color.NRGBA)
}

// Role is the colour of a role's text.
func (p Paint) Role(r screen.Role) color.NRGBA { return p.Color(RoleName(r)) }

// Color is a colour by name in the theme of the running app.
func Color(n fyne.ThemeColorName) color.Color {
	return Paint{fyne.CurrentApp().Settings().Theme(), fyne.CurrentApp().Settings().ThemeVariant()}.Color(n)
}
