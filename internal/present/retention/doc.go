// Package retention is the state of the page Retention, without a window: which messages are to go, what that takes along, and their removal.
//
// Its central type is Model, over what a *workspace.Workspace gives.
//
//	m := retention.New(runner, workspace)
//	m.Preview("2026-01-31", "", "")
//	m.Purge()
package retention
