// Package assets holds the files that the program carries inside itself: the two type families and the icons.
//
// Fonts and Icons are read-only file systems. A font is named by its file ("OpenSans-Regular.ttf"), an icon by its
// use and not by what it shows ("import.svg"), so that a better drawing changes no code. Both folders hold the
// licences of their files; Notices returns them for the About page.
//
//	ttf, err := assets.Fonts.ReadFile("fonts/Hack-Regular.ttf")
//	svg, err := assets.Icons.ReadFile("icons/import.svg")
package assets

import "embed"

// Fonts holds Open Sans (the interface) and Hack (messages, codes and paths) below "fonts/".
//
//go:embed fonts/*.ttf
var Fonts embed.FS

// Icons holds the Phosphor icons in use below "icons/", filled paths, so that a theme can recolour them. Their arcs are
// written as curves: the SVG reader of the window draws some arcs wrong.
//
//go:embed icons/*.svg
var Icons embed.FS

//go:embed fonts/*.txt icons/*.txt
var licences embed.FS

// Notice is the licence of a part that we ship.
type Notice struct{ Name, Text string }

// Notices returns the licences of the fonts and icons, in the order in which the About page lists them.
func Notices() []Notice {
	parts := []struct{ name, file string }{
		{"Open Sans 1.11, Digitized data copyright (c) 2010-2011 Google Corporation", "fonts/OpenSans-LICENSE.txt"},
		{"Hack 3.003, copyright (c) 2018 Source Foundry Authors, copyright (c) 2003 Bitstream", "fonts/Hack-LICENSE.txt"},
		{"Phosphor Icons 2.1.1, copyright (c) 2023 Phosphor Icons", "icons/LICENSE.txt"},
	}
	notices := make([]Notice, 0, len(parts))
	for _, p := range parts {
		text, err := licences.ReadFile(p.file)
		if err != nil { // embedded at build time: a missing file does not compile into a release
			panic("assets: " + err.Error())
		}
		notices = append(notices, Notice{p.name, string(text)})
	}
	return notices
}
