// Package accesslog is the state of the page Access log, without a window: who did what and when, newest first, filtered
// by words, and whether the chain of the entries is whole.
//
// Its central type is Model, over what a *workspace.Workspace gives.
//
//	m := accesslog.New(runner, workspace)
//	m.SetText("viewed okafor")
//	m.Export(path)
package accesslog
