// Package home is the view of the place Project: what the project holds, its scope, what was done last.
//
//	v := home.New(model, host, actions)
//	window.SetContent(v.Content())
package home
