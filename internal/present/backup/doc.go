// Package backup is the state of the page Backup, without a window: copies of the project in a folder, made on demand and
// by themselves once a day, each verified whole before it counts.
//
// Its central type is Model, over what a *workspace.Workspace gives.
//
//	m := backup.New(runner, workspace)
//	m.SetFolder("/media/stick")
//	m.Now()
package backup
