package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"trestle/internal/present/screen"
)

// hue is one colour in both variants, as 0xRRGGBB or, where the alpha is not full, 0xAARRGGBB.
type hue struct{ dark, light uint32 }

func rgb(v uint32) color.NRGBA {
	c := color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: uint8(v >> 24)}
	if c.A == 0 {
		c.A = 0xff
	}
	return c
}

// palette is every colour of the window. The contrast test names the pairs that meet on screen.
var palette = map[fyne.ThemeColorName]hue{
	fynetheme.ColorNameBackground:          {0x1b1e24, 0xf5f6f8},
	fynetheme.ColorNameInputBackground:     {0x14161b, 0xffffff},
	fynetheme.ColorNameOverlayBackground:   {0x22262e, 0xffffff},
	fynetheme.ColorNameMenuBackground:      {0x262b34, 0xffffff},
	fynetheme.ColorNameHeaderBackground:    {0x22262e, 0xebedf1},
	fynetheme.ColorNameButton:              {0x2a2f39, 0xe3e6eb},
	fynetheme.ColorNameDisabledButton:      {0x22262e, 0xebedf1},
	fynetheme.ColorNameForeground:          {0xd6dae2, 0x1f2530},
	fynetheme.ColorNamePlaceHolder:         {0x858e9f, 0x616b7d},
	fynetheme.ColorNameDisabled:            {0x79839a, 0x7f8897},
	fynetheme.ColorNameInputBorder:         {0x6e7889, 0x7f8897},
	fynetheme.ColorNameSeparator:           {0x2c313b, 0xdde1e7},
	fynetheme.ColorNamePrimary:             {0x5aa2f0, 0x1f66c1},
	fynetheme.ColorNameHyperlink:           {0x5aa2f0, 0x1f66c1},
	fynetheme.ColorNameForegroundOnPrimary: {0x14161b, 0xffffff},
	fynetheme.ColorNameFocus:               {0x5aa2f0, 0x1f66c1},
	fynetheme.ColorNameSelection:           {0x27456b, 0xcfe1f8},
	fynetheme.ColorNameHover:               {0x14ffffff, 0x0f1f2530},
	fynetheme.ColorNamePressed:             {0x24ffffff, 0x1f1f2530},
	fynetheme.ColorNameScrollBar:           {0x99aab3c2, 0xb3566072},
	fynetheme.ColorNameScrollBarBackground: {0x00ffffff, 0x00ffffff},
	fynetheme.ColorNameShadow:              {0x66000000, 0x33000000},
	fynetheme.ColorNameError:               {0xff8f85, 0xb3261e},
	fynetheme.ColorNameWarning:             {0xf0b95c, 0x7d4e00},
	fynetheme.ColorNameSuccess:             {0x7ccf93, 0x1b6330},
	fynetheme.ColorNameForegroundOnError:   {0x14161b, 0xffffff},
	fynetheme.ColorNameForegroundOnWarning: {0x14161b, 0xffffff},
	fynetheme.ColorNameForegroundOnSuccess: {0x14161b, 0xffffff},

	ColorPanel:             {0x22262e, 0xebedf1},
	ColorRaised:            {0x2a2f39, 0xe3e6eb},
	ColorMuted:             {0xaab3c2, 0x566072},
	ColorSelectionInactive: {0x2d333e, 0xe0e4ea},
	ColorRowHover:          {0x1d2027, 0xf3f5f8},
	ColorGuide:             {0x343a46, 0xd5dae2},
	ColorCurrentField:      {0x252c38, 0xe9f1fb},
	ColorHit:               {0x4e400d, 0xffe694},
	ColorMask:              {0x79839a, 0x7f8897},
	ColorCursor:            {0x5aa2f0, 0x1f66c1},
	ColorAddedBack:         {0x1c3526, 0xddf3e2},
	ColorRemovedBack:       {0x422527, 0xfbe2e0},
	ColorChangedBack:       {0x3b321c, 0xf8edcf},
	ColorErrorBack:         {0x3a2224, 0xfbe6e4},
	ColorWarningBack:       {0x362d1b, 0xfaf0d8},
	ColorInformationBack:   {0x1e2d42, 0xe4eefb},
	ColorOKBack:            {0x1c3324, 0xe0f3e5},

	RoleName(screen.RoleText):        {0xd6dae2, 0x1f2530},
	RoleName(screen.RoleMuted):       {0xaab3c2, 0x566072},
	RoleName(screen.RoleAccent):      {0x8fc1f7, 0x17529e},
	RoleName(screen.RoleError):       {0xffa198, 0xab221a},
	RoleName(screen.RoleWarning):     {0xf0b95c, 0x764900},
	RoleName(screen.RoleInformation): {0x86bdf6, 0x17529e},
	RoleName(screen.RoleOK):          {0x7ccf93, 0x1b6330},
	RoleName(screen.RoleSegment):     {0x8fc1f7, 0x17529e},
	RoleName(screen.RoleDelimiter):   {0xaab3c2, 0x566072},
	RoleName(screen.RoleValue):       {0xe4e7ed, 0x161b24},
	RoleName(screen.RoleEscape):      {0x70d0c3, 0x0b5c54},
	RoleName(screen.RoleControl):     {0xf2a3ca, 0x97195a},
	RoleName(screen.RoleNull):        {0xc3b2ff, 0x5b3fa8},
	RoleName(screen.RoleAdded):       {0x7ccf93, 0x1b6330},
	RoleName(screen.RoleRemoved):     {0xffa198, 0xab221a},
	RoleName(screen.RoleChanged):     {0xf0b95c, 0x764900},
	RoleName(screen.RoleMasked):      {0x79839a, 0x7f8897},
}
