// Package sample makes the encrypted workspace of the sample project that the program opens by itself.
//
// The sample is the plain folder workspaces/riverbend, embedded in the program. [Ensure] builds its workspace
// in the user's data folder on first use, [Build] anywhere else. The passphrase is published, [Passphrase]:
// all data in the sample is invented, so there is nothing to protect. Both faces, the window and the command
// line, use this package.
//
//	path, made, err := sample.Ensure(ctx, sample.Options{})
package sample
