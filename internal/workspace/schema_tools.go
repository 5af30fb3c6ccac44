package workspace

// The tables of the tools, as steps of migrations. As there, one that was released is never changed.

// schemaDocuments: what a project's people write down, with what it was before; and sets of messages that are kept to
// compare with.
const schemaDocuments = `
CREATE TABLE documents(
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	kind     TEXT NOT NULL,
	name     TEXT NOT NULL COLLATE NOCASE,
	revision INTEGER NOT NULL,            -- from 1, one more with each change
	created  INTEGER NOT NULL,            -- milliseconds since 1970, UTC
	UNIQUE(kind, name)
);
CREATE TABLE document_versions(
	document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
	revision INTEGER NOT NULL,
	changed  INTEGER NOT NULL,            -- milliseconds since 1970, UTC
	author   TEXT NOT NULL,
	size     INTEGER NOT NULL,            -- of the bytes; before them, so that a list does not read them
	bytes    BLOB NOT NULL,
	UNIQUE(document, revision)
);

CREATE TABLE sets(
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	name     TEXT COLLATE NOCASE UNIQUE,  -- NULL while it is being written
	created  INTEGER NOT NULL,            -- milliseconds since 1970, UTC
	author   TEXT NOT NULL,
	messages INTEGER NOT NULL,
	bytes    INTEGER NOT NULL             -- of all messages
);
CREATE TABLE set_messages(
	"set"    INTEGER NOT NULL REFERENCES sets(id) ON DELETE CASCADE,
	position INTEGER NOT NULL,            -- from 0, without gaps
	label    TEXT NOT NULL,               -- where it came from, in words
	bytes    BLOB NOT NULL,
	UNIQUE("set", position)
);
`
