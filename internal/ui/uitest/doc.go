// Package uitest drives the window in tests, without a display: Fyne's own test driver with our theme, our fonts and
// the events that a person causes.
//
// A Window finds things by what the user sees (the words on a button, the hint in a field) and acts on them by mouse
// and keyboard as the real driver does. Shot writes a picture to the folder in $SHOTS, if it is set; Golden compares
// with a picture in testdata/golden, which UPDATE_GOLDEN=1 renews.
//
//	w := uitest.Open(t, uitest.Options{Mode: theme.Dark, Scale: 2}, content)
//	w.Press("Import")
//	w.Type("hello")
//	w.Chord(fyne.KeyModifierControl, fyne.KeyK)
//	w.Shot("import")
package uitest
