// Package start is the state of the first place, without a window: which project to open, its passphrase, and a new
// project. It opens and creates workspaces in the background, because deriving a key takes about a second on purpose.
//
// Its central type is Model. Problems belong to a field of the form, so that they are shown beside it.
//
//	m := start.New(runner, recent)
//	m.Opened = func(w *workspace.Workspace) { shell.Enter(w) }
//	m.Open(path, passphrase)
package start
