// Package secrets is the state of the page Secrets, without a window: the names of passwords, client secrets and private keys, and one of them at a
// time, shown on demand.
//
// Its central type is Model, over workspace.Secrets.
//
//	m := secrets.New(runner, workspace.Secrets())
//	m.Reveal(row)
package secrets
