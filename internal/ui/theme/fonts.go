package theme

import (
	"sync"

	"fyne.io/fyne/v2"
	"trestle/assets"
)

// Face is one style of the two type families.
type Face uint8

// The faces.
const (
	Sans         Face = iota // Open Sans Regular: the interface
	SansSemibold             // Open Sans Semibold: where Fyne asks for bold
	SansItalic
	Mono // Hack Regular: messages, identifiers, codes, paths
	MonoBold
	faces
)

var fontFiles = [faces]string{"OpenSans-Regular.ttf", "OpenSans-Semibold.ttf", "OpenSans-Italic.ttf", "Hack-Regular.ttf", "Hack-Bold.ttf"}

var fonts = sync.OnceValue(func() (all [faces]fyne.Resource) {
	for f, name := range fontFiles {
		data, err := assets.Fonts.ReadFile("fonts/" + name)
		if err != nil { // embedded at build time
			panic("theme: " + err.Error())
		}
		all[f] = fyne.NewStaticResource(name, data)
	}
	return all
})

// Font is the font file of a face.
func Font(f Face) fyne.Resource { return fonts()[f] }
