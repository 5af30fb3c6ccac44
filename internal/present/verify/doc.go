// Package verify is the state of the page Verify, without a window: whether everything in the project's file is as it was written.
//
// Its central type is Model, over what a *workspace.Workspace gives.
//
//	m := verify.New(runner, workspace)
//	m.Verify()
package verify
