// Package host is what a place of the window may ask of the window that it is in: file dialogs, the clipboard, the
// focus, a menu, a decision. A place knows Host and not the shell, so that a test can stand in for the window.
package host
