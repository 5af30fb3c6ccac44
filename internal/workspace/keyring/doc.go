// Package keyring keeps a workspace's key in the keyring of the operating system: Keychain on macOS, Credential Manager on Windows, a
// Secret Service such as GNOME Keyring or KWallet on Linux and the BSDs.
//
// Its central type is [System], a workspace.Keyring. Where there is no keyring every call says so with [ErrNone].
//
//	err := w.Remember(ctx, keyring.System{})
//	w, err := workspace.OpenRemembered(ctx, path, keyring.System{}, workspace.OpenOptions{})
//
// What it keeps opens the workspace without its passphrase, for whoever is signed in as this user, and on macOS for any of the user's
// programs without asking: so nothing is kept unless the user wants it.
package keyring
