package workspace

import (
	"context"
	"errors"
	"fmt"
)

// applicationID marks the database inside the file ("TRST").
const applicationID = 0x54525354

// migrations bring the schema from version n to n+1, where n is the index. One that was released is never changed:
// add another. All that are missing run in one transaction with the version number.
var migrations = []string{
	// 1: settings and the access log, which everything that follows writes to.
	`
CREATE TABLE settings(
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE access_log(
	seq     INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,             -- microseconds since 1970, UTC
	user    TEXT NOT NULL,
	action  TEXT NOT NULL,
	object  TEXT NOT NULL,
	details TEXT NOT NULL,
	mac     BLOB NOT NULL
);
CREATE TABLE access_log_head(
	id  INTEGER PRIMARY KEY CHECK(id=1),
	mac BLOB NOT NULL
);
CREATE TRIGGER access_log_no_update BEFORE UPDATE ON access_log
	BEGIN SELECT RAISE(ABORT, 'the access log cannot be changed'); END;
CREATE TRIGGER access_log_no_delete BEFORE DELETE ON access_log
	BEGIN SELECT RAISE(ABORT, 'the access log cannot be changed'); END;
CREATE TRIGGER access_log_only_append BEFORE INSERT ON access_log
	WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM access_log)
	BEGIN SELECT RAISE(ABORT, 'the access log can only be appended to'); END;
`,
	// 2: messages. What a list shows is apart from the bytes, so that a list of a million rows reads little.
	`
CREATE TABLE sources(
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE             -- file name without folder
);
CREATE TABLE messages(
	id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: the access log names it
	source        INTEGER NOT NULL REFERENCES sources(id),
	position      INTEGER NOT NULL,       -- 0-based place among the pieces of the source
	offset        INTEGER NOT NULL,       -- of the bytes in the source
	size          INTEGER NOT NULL,       -- of the bytes
	received      INTEGER NOT NULL,       -- milliseconds since 1970, UTC
	at            INTEGER,                -- the message's own time, see wallClock; NULL where it has none
	format        TEXT NOT NULL,
	type          TEXT NOT NULL COLLATE NOCASE,
	trigger_event TEXT NOT NULL COLLATE NOCASE,
	structure     TEXT NOT NULL,
	version       TEXT NOT NULL,
	control_id    TEXT NOT NULL COLLATE NOCASE,
	sending_application   TEXT NOT NULL,
	sending_facility      TEXT NOT NULL,
	receiving_application TEXT NOT NULL,
	receiving_facility    TEXT NOT NULL,
	time          TEXT NOT NULL,          -- as sent
	mrn           TEXT NOT NULL COLLATE NOCASE,
	account       TEXT NOT NULL COLLATE NOCASE,
	visit         TEXT NOT NULL,
	name          TEXT NOT NULL COLLATE NOCASE,
	segments      INTEGER NOT NULL,
	information   INTEGER NOT NULL,       -- findings by severity
	warnings      INTEGER NOT NULL,
	errors        INTEGER NOT NULL,
	fatal         INTEGER NOT NULL,
	worst         INTEGER NOT NULL,       -- highest severity with a finding + 1, 0 without findings
	sha256        BLOB NOT NULL           -- of the bytes
);
CREATE INDEX messages_source     ON messages(source, position);
CREATE INDEX messages_at         ON messages(at);
CREATE INDEX messages_type       ON messages(type, trigger_event);
CREATE INDEX messages_control_id ON messages(control_id);
CREATE INDEX messages_mrn        ON messages(mrn);
CREATE INDEX messages_account    ON messages(account);
CREATE INDEX messages_name       ON messages(name);
CREATE INDEX messages_worst      ON messages(worst);

CREATE TABLE contents(
	id    INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
	text  TEXT,                           -- what full text knows, where it is not simply the bytes
	bytes BLOB NOT NULL
);
CREATE VIEW message_text(id, text) AS SELECT id, coalesce(text, CAST(bytes AS TEXT)) FROM contents;
CREATE VIRTUAL TABLE message_words USING fts5(text, content='message_text', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
INSERT INTO message_words(message_words, rank) VALUES('secure-delete', 1);
`,
	// 3: notes and tags.
	`
CREATE TABLE notes(
	id      INTEGER PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
	text    TEXT NOT NULL,
	changed INTEGER NOT NULL              -- milliseconds since 1970, UTC
);
CREATE VIRTUAL TABLE note_words USING fts5(text, content='notes', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
INSERT INTO note_words(note_words, rank) VALUES('secure-delete', 1);

CREATE TABLE tags(
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE COLLATE NOCASE
);
CREATE TABLE message_tags(
	tag     INTEGER NOT NULL REFERENCES tags(id) ON DELETE CASCADE,
	message INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
	PRIMARY KEY(tag, message)
) WITHOUT ROWID;
CREATE INDEX message_tags_message ON message_tags(message, tag);
`,
	// 4: what the file around a message said about it. It cannot be found again from the message's bytes.
	`
ALTER TABLE contents ADD COLUMN container TEXT; -- findings as JSON, NULL where there are none
`,
	// 5: whose the key slots are, and with which tool an act was done and whether it failed.
	`
CREATE TABLE people(
	salt    BLOB PRIMARY KEY,             -- of the key slot: it tells slots apart, in copies of the file too
	name    TEXT NOT NULL,
	created INTEGER NOT NULL,             -- seconds since 1970, UTC; 0 where it is not known
	used    INTEGER NOT NULL              -- when it opened the workspace last; 0 never
) WITHOUT ROWID;
ALTER TABLE access_log ADD COLUMN tool   TEXT NOT NULL DEFAULT '';
ALTER TABLE access_log ADD COLUMN result TEXT NOT NULL DEFAULT '';  -- empty: it worked
`,
	schemaDocuments,
	schemaJournal,
	schemaLinkage,
	schemaSecrets,
	schemaResources,
}

// secretsVersion is the first version with secrets.
const secretsVersion = 8

// SchemaVersion is the version of the schema that this program writes.
func SchemaVersion() int { return len(migrations) }

func (w *Workspace) schemaVersion(ctx context.Context) (v int, err error) {
	err = w.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	return v, err
}

// migrate runs the missing migrations up to a version: all of them, or none.
func (w *Workspace) migrate(ctx context.Context, to int) error {
	from, err := w.schemaVersion(ctx)
	if err != nil {
		return err
	}
	w.schema = max(from, to)
	if from >= to {
		return nil
	}
	return w.update(ctx, func(tx *tx) error {
		for v := from; v < to; v++ {
			if _, err := tx.Exec(migrations[v]); err != nil {
				return err
			}
		}
		for v := from; v < to && from > 0; v++ { // only now has the log the columns that it is written with
			if err := tx.log(ActionUpgraded, w.name, fmt.Sprintf("schema %d to %d", v, v+1)); err != nil {
				return err
			}
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d", to, applicationID))
		return err
	})
}

// upgrade checks that the database inside the file is one of ours and not of a newer program, and migrates it.
func (w *Workspace) upgrade(ctx context.Context) error {
	v, err := w.schemaVersion(ctx)
	if err != nil {
		return err
	}
	var id int
	if err := w.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	switch {
	case v == 0 || id != applicationID:
		return fail(ErrDamaged, "%s is empty inside: its creation did not finish; delete it and create it again", w.name)
	case v > len(migrations):
		return fail(ErrNewer, "%s was used with a newer Trestle than this one (its tables have version %d, this program knows %d); update Trestle to open it", w.name, v, len(migrations))
	}
	if err := w.migrate(ctx, len(migrations)); err != nil {
		return errors.Join(fmt.Errorf("bringing %s up to date failed, it is unchanged", w.name), err)
	}
	return nil
}
