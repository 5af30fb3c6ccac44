// Package workspace keeps a project in one encrypted file: messages with their bytes, an index over fields and words,
// notes, tags, settings, and an access log that it writes by itself. It is the only package that speaks SQL.
//
// Its central type is [Workspace]. What it puts on disk is sealed by package sealed; FORMAT.md there is the format.
//
//	w, err := workspace.Open(ctx, "riverbend.trestle", passphrase, workspace.OpenOptions{})
//	if errors.Is(err, workspace.ErrWrongPassphrase) { ... }
//	defer w.Close()
//	ids, err := w.IDs(ctx, workspace.Query{Type: "ADT", Text: "doe"}) // all of them, eight bytes each
//	rows, err := w.Rows(ctx, ids[:50])    // those in sight
//	m, err := w.Message(ctx, ids[0])      // with its bytes; this is logged
//	for m, err := range w.Messages(ctx, ids) // many, with one entry in the log
//
// # What the tools keep
//
// Beside messages a workspace holds documents with their history ([Workspace.PutDocument]), sets of messages to compare with
// ([Workspace.PutSet]), the journal of endpoints ([Workspace.OpenJournal], [Workspace.Exchanges]) and the runs of senders in it, the
// queues of senders ([Workspace.Queues]), the resources of FHIR endpoints with their versions and snapshots ([Workspace.OpenResources]), and of the linkage its rosters, runs and an append-only ledger of decisions
// ([Workspace.Linkage]). Each is what a tool asks for through an interface of its own.
//
// # Keys
//
// Up to eight people and recovery codes can open a workspace, each with a key slot in the header; their names are inside
// ([Workspace.People]). Adding, changing and removing one rewrites the header only. [Workspace.Backup] makes verified copies that open
// with the keys of the moment, [Restore] puts one back, [Workspace.Rekey] encrypts all of it again under a new data key.
//
// What a computer's keyring remembers is a slot of its own kind ([Workspace.Remember]), off until somebody asks for it.
//
// A second program on the same file may read beside the first ([OpenOptions].Beside, [Workspace.Guest]): SQLite's log gives it one
// consistent moment for each reading, it writes neither the file nor the header, and what it reads is kept, sealed, chained and synced, in a
// file beside the workspace until the program that writes enters it into the access log, with its next transaction. Without Beside it is
// refused, with the name of who has the file. Nothing replaces or destroys the file while somebody reads it.
//
// # Threat model
//
// Kept out: whoever gets the file, its write-ahead log, its lock file or a backup, without a passphrase or recovery code. They
// learn sizes, how many pages there are and which differ between two copies, that two files are copies of one workspace, how many keys there
// are, of which kind and at which cost, and from the lock file who has it open and how many wrong passphrases were tried. They
// cannot read, and what they change is an error, never wrong data. A lock file that they put there leads to no other file.
//
// Not kept out: whoever knows a passphrase, or an old one and an old copy of the file: a key that was removed still opens the copies and
// backups made before, and a new data key keeps it from what comes afterwards only; whoever controls the computer
// while the workspace is open, since keys and messages are in memory then and may reach swap and hibernation files;
// whoever can replace the file by an older copy of itself, page by page, or cut its write-ahead log: that is
// rolled back, not wrong, and cannot be seen from the file alone. An older copy of the whole file is seen at opening where this computer
// remembers how far the access log had come ([AnchorStore]; [Info] says whether), by who cannot write there too. Not kept out
// either: whoever writes, with the user's own rights, into the files beside the workspace while it is open; they can remove what a second program
// has noted of its reading, too. Guessing is only
// slowed down, by Argon2id: a weak passphrase stays weak ([Rate] estimates it). With this program each wrong one after the third also waits
// longer than the one before, up to a minute; that does not touch whoever guesses on a copy of the file with a program of their own.
// Whoever is signed in as the user, and on macOS any program of theirs, can use a key that the keyring remembers.
// Deleted messages are overwritten in the file, but old cipher text may stay on the medium, and the access log keeps the
// names of their files and what was searched for. [Dispose] destroys the keys in the file, which is as much as software can do on flash memory.
//
// # What is left in memory
//
// Close drops the keys, closes SQLite and gives free memory back to the system. What is left in the process was measured by searching all of its
// memory that can be written (TestMemoryAfterLocking, Linux amd64, Go 1.26), after 2,000 messages were read, one secret was shown and the workspace was
// closed. Copies of: the passphrase 0, the key derived from it 0, the data key 0 (2 while open), the keys of header, access log and secrets 0, the
// secret 0, the keys of pages and log 1 each, and some 200 to 300 of the 2,000 texts of messages (1,900 while open). The ciphers of Go's library cannot be
// wiped, so the page key stays until the collector uses its place again; with it and a copy of the file the file can be read. So locking is called
// locked, not erased: who can read the memory of the process, or gets a hibernation file, is not kept out before the program has ended.
//
// # The access log
//
// Every act is written in its own transaction, before anything is handed out: created, opened, closed, imported,
// searched, viewed, noted, tagged, deleted, purged, exported, keys changed, backed up. If the log cannot be written, the act does
// not happen, with one exception: if the log itself is damaged, the workspace is open for reading only, without an entry, and says so
// ([Workspace.ReadOnly]). So whoever can change the file can keep reading from being logged, but not unseen, and not without
// ending all writing. The same viewing or search within five minutes is one entry; many messages read at once are one, which
// names them; what an endpoint received or sent within a minute is one, which says how many. Listing without a filter, reading the log and changing settings are not logged. What the tools do with the data they enter
// themselves ([Workspace.LogAct], [Workspace.LogExport], [Workspace.LogFailure]).
// Wrong passphrases cannot be written without the key: they are counted in the lock file, unprotected, and enter the
// log at the next opening. Anybody who can write in the folder can remove that count.
// Opening checks the end of the chain, [Workspace.VerifyLog] and [Verify] all of it.
package workspace
