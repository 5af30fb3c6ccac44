// Package start is the view of the first place: open a project, make a new one, or look at the sample.
//
//	v := start.New(model, host)
//	window.SetContent(v.Content())
package start
