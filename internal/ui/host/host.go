package host

import (
	"fyne.io/fyne/v2"

	"trestle/internal/ui/kit"
)

// Host is the window around a place. All methods are called on the goroutine of the screen, and so are the functions
// that they are given.
type Host interface {
	// ChooseFiles lets the user choose files to read. then is not called when the user gives up.
	ChooseFiles(title string, then func(paths []string))
	// ChooseFilesOrFolders is ChooseFiles where a folder stands for all files below it.
	ChooseFilesOrFolders(title string, then func(paths []string))
	// ChooseFolder lets the user choose a folder.
	ChooseFolder(title string, then func(folder string))
	// ChooseTarget lets the user choose where a file is written; name is a proposal.
	ChooseTarget(title, name string, then func(path string))
	// Clipboard is the text clipboard.
	Clipboard() fyne.Clipboard
	// Focus gives an object the keyboard.
	Focus(o fyne.Focusable)
	// Menu shows a menu at a place of the canvas.
	Menu(m *fyne.Menu, at fyne.Position)
	// Decide asks for a decision. yes names what will be done.
	Decide(title, text, yes string, then func())
	// Tell shows more words than fit in the place.
	Tell(title, text string)
	// Dialog shows content under a title with buttons below it, over the window, and gives first the keyboard, or the first
	// button where first is nil. A button leaves the dialog there: its action may find something to correct. The dialog goes
	// when dismiss is called, and on Escape.
	Dialog(title string, content fyne.CanvasObject, width float32, first fyne.Focusable, buttons ...kit.Action) (dismiss func())
	// Status asks the window to read the place's status again.
	Status()
}
