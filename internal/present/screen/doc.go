// Package screen says what the window's own widgets draw, without knowing a window.
//
// A Text is characters in lines (a message, a hex dump, one side of a comparison), a Grid is rows and columns (the
// message list), a Tree is a Grid whose rows have a depth. They are asked only for what is visible, so that a million
// rows or one line of ten megabytes cost as much as ten. What they return carries meaning (a Role, a Shape), never a
// colour: the theme decides how an error looks.
//
// Bytes and Hex are the Texts over a byte slice that most places need:
//
//	raw := screen.NewBytes(message, screen.BytesOptions{Colours: colours})
//	view.SetText(raw)                 // kit.CodeView
//	line, col := raw.Position(offset) // where a finding stands
package screen
