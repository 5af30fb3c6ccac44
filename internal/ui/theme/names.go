package theme

import (
	"fyne.io/fyne/v2"
	"trestle/internal/present/screen"
)

// Colours that only our own widgets draw, beside Fyne's.
const (
	ColorPanel             fyne.ThemeColorName = "trestlePanel"             // rail, headers, bars
	ColorRaised            fyne.ThemeColorName = "trestleRaised"            // buttons, chips, tabs at rest
	ColorMuted             fyne.ThemeColorName = "trestleMuted"             // secondary text
	ColorSelectionInactive fyne.ThemeColorName = "trestleSelectionInactive" // selected row of a list without focus
	ColorRowHover          fyne.ThemeColorName = "trestleRowHover"
	ColorGuide             fyne.ThemeColorName = "trestleGuide"       // indent guides, gutter line
	ColorCurrentField      fyne.ThemeColorName = "trestleField"       // background of the field at the cursor
	ColorHit               fyne.ThemeColorName = "trestleHit"         // background of a search hit
	ColorMask              fyne.ThemeColorName = "trestleMask"        // the blocks that stand for masked data
	ColorCursor            fyne.ThemeColorName = "trestleCursor"      // the text cursor
	ColorAddedBack         fyne.ThemeColorName = "trestleAddedBack"   // background of what was added
	ColorRemovedBack       fyne.ThemeColorName = "trestleRemovedBack" // background of what was removed
	ColorChangedBack       fyne.ThemeColorName = "trestleChangedBack" // background of what was changed
	ColorErrorBack         fyne.ThemeColorName = "trestleErrorBack"   // background of an error strip
	ColorWarningBack       fyne.ThemeColorName = "trestleWarningBack"
	ColorInformationBack   fyne.ThemeColorName = "trestleInformationBack"
	ColorOKBack            fyne.ThemeColorName = "trestleOKBack"
)

// RoleName is the name of the colour in which a role's text is drawn.
func RoleName(r screen.Role) fyne.ThemeColorName {
	if r == "" {
		r = screen.RoleText
	}
	return fyne.ThemeColorName("trestleRole-" + string(r))
}

// Sizes that only our own widgets use, in units.
const (
	RowHeight  float32 = 24 // a row of a list or tree
	LineHeight float32 = 19 // a line of a message
	BarHeight  float32 = 34 // a bar with buttons
	RailWidth  float32 = 68 // the rail of places
	SizeText   float32 = 13
	SizeSmall  float32 = 11 // captions, gutters, boxed control bytes
)
