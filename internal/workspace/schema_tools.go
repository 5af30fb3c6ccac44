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

// schemaJournal: what endpoints received and sent, and the queues of senders. A row of exchanges is written thousands of times a
// second: its texts that repeat stand once in exchange_facts, its bytes stand apart, and most of its indexes only grow at their end.
const schemaJournal = `
CREATE TABLE exchange_endpoints(
	id     INTEGER PRIMARY KEY,
	name   TEXT NOT NULL UNIQUE,
	logged INTEGER NOT NULL DEFAULT 0     -- the access log tells of its exchanges up to this one
);
CREATE TABLE exchange_runs(
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	endpoint INTEGER NOT NULL REFERENCES exchange_endpoints(id),
	name     TEXT NOT NULL,
	UNIQUE(endpoint, name)
);
CREATE TABLE exchange_facts(
	id   INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE             -- a rule as a sentence; the encryption of a connection as JSON
);
CREATE TABLE exchanges(
	id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: the access log names it
	at            INTEGER NOT NULL,       -- when it was stored, microseconds since 1970, UTC; never less than in the row before
	endpoint      INTEGER NOT NULL REFERENCES exchange_endpoints(id),
	run           INTEGER REFERENCES exchange_runs(id),
	kind          TEXT NOT NULL,
	inbound       INTEGER NOT NULL,
	conversation  TEXT NOT NULL,
	connection    INTEGER NOT NULL,
	peer          TEXT NOT NULL,
	tls           INTEGER REFERENCES exchange_facts(id),
	first_byte    INTEGER,                -- microseconds after at, like all times that follow; NULL: did not happen
	last_byte     INTEGER,
	decided       INTEGER,
	committed     INTEGER,
	reply_written INTEGER,
	request_size  INTEGER NOT NULL,       -- bytes
	reply_size    INTEGER NOT NULL,
	type          TEXT NOT NULL COLLATE NOCASE,
	trigger_event TEXT NOT NULL COLLATE NOCASE,
	control_id    TEXT NOT NULL COLLATE NOCASE,
	mrn           TEXT NOT NULL COLLATE NOCASE,
	account       TEXT NOT NULL COLLATE NOCASE,
	code          TEXT NOT NULL,
	rule          TEXT NOT NULL,
	sentence      INTEGER REFERENCES exchange_facts(id),
	attempt       INTEGER NOT NULL,
	maybe_twice   INTEGER NOT NULL,
	expected      TEXT NOT NULL,
	passed        INTEGER NOT NULL,
	outcome       TEXT NOT NULL,
	failed        INTEGER NOT NULL,
	hashes        BLOB,                   -- SHA-256 of request and reply, where their bytes are not kept
	more          TEXT                    -- faults, findings and detail as JSON, NULL where there are none
);
CREATE INDEX exchanges_endpoint     ON exchanges(endpoint);
CREATE INDEX exchanges_code         ON exchanges(endpoint, code);
CREATE INDEX exchanges_rule         ON exchanges(endpoint, rule) WHERE rule<>'';
CREATE INDEX exchanges_failed       ON exchanges(endpoint) WHERE failed;
CREATE INDEX exchanges_run          ON exchanges(run) WHERE run IS NOT NULL;
CREATE INDEX exchanges_conversation ON exchanges(conversation) WHERE conversation<>'';
CREATE INDEX exchanges_control_id   ON exchanges(control_id) WHERE control_id<>'';
CREATE INDEX exchanges_mrn          ON exchanges(mrn) WHERE mrn<>'';
CREATE INDEX exchanges_account      ON exchanges(account) WHERE account<>'';

CREATE TABLE exchange_payloads(
	id      INTEGER PRIMARY KEY REFERENCES exchanges(id) ON DELETE CASCADE,
	request BLOB,
	reply   BLOB
);
CREATE TABLE exchange_counts(             -- of all exchanges, so that nothing needs to be counted
	endpoint      INTEGER NOT NULL REFERENCES exchange_endpoints(id),
	inbound       INTEGER NOT NULL,
	code          TEXT NOT NULL,
	outcome       TEXT NOT NULL,
	failed        INTEGER NOT NULL,
	n             INTEGER NOT NULL,
	request_bytes INTEGER NOT NULL,
	reply_bytes   INTEGER NOT NULL,
	PRIMARY KEY(endpoint, inbound, code, outcome, failed)
) WITHOUT ROWID;

CREATE TABLE queues(
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
);
CREATE TABLE queue_items(
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	queue      INTEGER NOT NULL REFERENCES queues(id) ON DELETE CASCADE,
	ref        TEXT NOT NULL,             -- of the message: see MessageSource
	state      TEXT NOT NULL,
	attempts   INTEGER NOT NULL,
	last_try   INTEGER NOT NULL,          -- microseconds since 1970, UTC; 0: none
	control_id TEXT NOT NULL,
	time       TEXT NOT NULL,
	code       TEXT NOT NULL,
	detail     TEXT NOT NULL
);
CREATE INDEX queue_items_state   ON queue_items(queue, state);
CREATE INDEX queue_items_pending ON queue_items(queue) WHERE state IN ('waiting', 'in flight');
`

// schemaLinkage: rosters of two systems, the pairs that runs found in them, and what people decided. Decisions can only be appended,
// like the access log.
const schemaLinkage = `
CREATE TABLE link_rosters(
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	whole    INTEGER NOT NULL DEFAULT 0,  -- its rows are all there
	kind     TEXT NOT NULL,
	side     TEXT NOT NULL,
	name     TEXT NOT NULL,
	hash     TEXT NOT NULL,
	spec     TEXT NOT NULL,
	columns  TEXT NOT NULL,               -- JSON
	rows     INTEGER NOT NULL,
	imported INTEGER NOT NULL,            -- microseconds since 1970, UTC, like all times that follow
	author   TEXT NOT NULL,
	skipped  TEXT NOT NULL
);
CREATE TABLE link_rows(
	roster   INTEGER NOT NULL REFERENCES link_rosters(id) ON DELETE CASCADE,
	position INTEGER NOT NULL,            -- from 0
	id       TEXT NOT NULL,
	hash     TEXT NOT NULL,
	line     INTEGER NOT NULL,
	cells    TEXT NOT NULL,               -- JSON
	bad      TEXT NOT NULL,
	PRIMARY KEY(roster, position)
) WITHOUT ROWID;

CREATE TABLE link_runs(
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	whole        INTEGER NOT NULL DEFAULT 0,
	kind         TEXT NOT NULL,
	left_roster  INTEGER NOT NULL,
	right_roster INTEGER NOT NULL,
	seed         INTEGER NOT NULL,
	model        TEXT NOT NULL,
	at           INTEGER NOT NULL,
	author       TEXT NOT NULL,
	summary      BLOB NOT NULL
);
CREATE TABLE link_candidates(
	run         INTEGER NOT NULL REFERENCES link_runs(id) ON DELETE CASCADE,
	position    INTEGER NOT NULL,
	left_id     TEXT NOT NULL,
	right_id    TEXT NOT NULL,
	left_hash   TEXT NOT NULL,
	right_hash  TEXT NOT NULL,
	probability REAL NOT NULL,
	bits        REAL NOT NULL,
	band        TEXT NOT NULL,
	gates       TEXT NOT NULL,            -- JSON
	pattern     TEXT NOT NULL,
	PRIMARY KEY(run, position)
) WITHOUT ROWID;

CREATE TABLE link_decisions(
	seq         INTEGER PRIMARY KEY,      -- from 1, without gaps
	at          INTEGER NOT NULL,
	who         TEXT NOT NULL,
	kind        TEXT NOT NULL,
	action      TEXT NOT NULL,
	left_id     TEXT NOT NULL,
	right_id    TEXT NOT NULL,
	left_hash   TEXT NOT NULL,
	right_hash  TEXT NOT NULL,
	probability REAL NOT NULL,
	bits        REAL NOT NULL,
	band        TEXT NOT NULL,
	gates       TEXT NOT NULL,
	pattern     TEXT NOT NULL,
	side        TEXT NOT NULL,
	model       TEXT NOT NULL,
	left_file   TEXT NOT NULL,            -- SHA-256 of both files
	right_file  TEXT NOT NULL,
	note        TEXT NOT NULL,
	undoes      INTEGER NOT NULL,
	bulk        INTEGER NOT NULL,
	many        INTEGER NOT NULL,
	digest      BLOB NOT NULL             -- SHA-256 over the row and the digest before; the access log has the last of each appending
);
CREATE INDEX link_decisions_undo ON link_decisions(undoes) WHERE undoes<>0;
CREATE TRIGGER link_decisions_no_update BEFORE UPDATE ON link_decisions
	BEGIN SELECT RAISE(ABORT, 'decisions cannot be changed'); END;
CREATE TRIGGER link_decisions_no_delete BEFORE DELETE ON link_decisions
	BEGIN SELECT RAISE(ABORT, 'decisions cannot be deleted'); END;
CREATE TRIGGER link_decisions_only_append BEFORE INSERT ON link_decisions
	WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM link_decisions)
	BEGIN SELECT RAISE(ABORT, 'decisions can only be appended'); END;

CREATE TABLE link_samples(
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	run         INTEGER NOT NULL,
	left_id     TEXT NOT NULL,
	right_id    TEXT NOT NULL,
	left_hash   TEXT NOT NULL,
	right_hash  TEXT NOT NULL,
	probability REAL NOT NULL,
	bits        REAL NOT NULL,
	band        TEXT NOT NULL,
	gates       TEXT NOT NULL,
	pattern     TEXT NOT NULL,
	answer      TEXT NOT NULL,
	who         TEXT NOT NULL,
	at          INTEGER                   -- NULL: not yet
);
CREATE INDEX link_samples_run ON link_samples(run);
CREATE TABLE link_aliases(
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	kind     TEXT NOT NULL,
	name     TEXT NOT NULL,               -- is to be read as
	meaning  TEXT NOT NULL,               -- this
	decision INTEGER NOT NULL,            -- that taught it
	who      TEXT NOT NULL,
	at       INTEGER NOT NULL
);
`
