// Package sealed encrypts and authenticates everything that SQLite writes, through a VFS ("virtual file system",
// SQLite's interface to the operating system) of our own, linked with stock github.com/mattn/go-sqlite3.
//
// A workspace file is a [Header] of 64 KiB, kept in two copies, followed by SQLite's pages, each sealed by itself.
// The header holds the data key, wrapped once for each key slot by a key from a passphrase or a recovery code.
// FORMAT.md, beside this file, writes the format down completely. Only package workspace uses this package.
//
//	h, _ := sealed.New(4096, sealed.XChaCha20Poly1305)
//	h.SetSlot(0, sealed.SlotPassphrase, passphrase, cost)
//	h.Create(path)        // a file with only the header
//	k, _ := h.Keys()      // make the keys known to the VFS
//	dsn := k.URI(path)    // for SQLite's driver; carries a small number, no key
//	defer k.Drop()
package sealed
