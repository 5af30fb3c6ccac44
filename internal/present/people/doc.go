// Package people is the state of the page Keys and people, without a window: who can open the project, with what kind of
// secret, and the forms that add, change and take away keys.
//
// Its central type is Model, over what a *workspace.Workspace gives. Secrets are byte slices that are cleared after use.
//
//	m := people.New(runner, workspace)
//	m.Add("Ann Example", passphrase, again)
package people
