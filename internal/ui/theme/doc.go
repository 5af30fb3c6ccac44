// Package theme gives the window its look: colours for both variants, sizes, the two type families and the icons.
//
// New returns a fyne.Theme for a Mode (system, light, dark). Widgets name colours by meaning: Fyne's own names, the
// names of this package for what only we draw, or the screen.Role of a piece of data through RoleColor. No widget
// holds a literal colour. The contrast of every pair in use is computed by a test (WCAG 2, level AA).
//
//	app.Settings().SetTheme(theme.New(theme.System))
//	icon := theme.Icon(theme.IconImport)        // recoloured with the text
//	red := theme.Of(widget).Role(screen.RoleError)
package theme
