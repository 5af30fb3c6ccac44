package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// DocumentKind says what a document is.
type DocumentKind string

// The kinds of documents. A tool may have others of its own: a kind is lower-case letters and hyphens.
const (
	DocumentEndpoint        DocumentKind = "endpoint"
	DocumentRules           DocumentKind = "rules"
	DocumentComparisonRules DocumentKind = "comparison-rules"
	DocumentBaseline        DocumentKind = "baseline"
	DocumentMapping         DocumentKind = "mapping"
	DocumentLookup          DocumentKind = "lookup"
	DocumentProfile         DocumentKind = "profile"
	DocumentFilter          DocumentKind = "filter"
	DocumentRosterSpec      DocumentKind = "roster-spec"
)

// Document is a small named thing of the project, such as the rules of an endpoint, as the text that a tool writes.
type Document struct {
	Kind     DocumentKind
	Name     string // unique among those of its kind, upper and lower case being equal
	Revision int64  // from 1, one more with each change
	Created  time.Time
	Changed  time.Time // this revision
	Author   string    // of this revision
	Size     int64     // bytes
	Bytes    []byte    // nil in lists
}

// keptVersions is how many versions of a document are kept, the present one included.
const keptVersions = 20

// maxDocument is the largest document in bytes. Messages and rosters have places of their own.
const maxDocument = 64 << 20

const documentColumns = "d.kind, d.name, v.revision, d.created, v.changed, v.author, v.size"

// Documents lists the documents of a kind by name, without their bytes; of all kinds if kind is empty.
func (w *Workspace) Documents(ctx context.Context, kind DocumentKind) ([]Document, error) {
	if err := w.knows(schemaWithDocuments); err != nil {
		return nil, err
	}
	return w.documents(ctx, "v.revision=d.revision AND (?='' OR d.kind=?) ORDER BY d.kind, d.name", string(kind), string(kind))
}

// History lists the versions of a document that are kept, newest first, without their bytes. Error: ErrNotFound.
func (w *Workspace) History(ctx context.Context, kind DocumentKind, name string) ([]Document, error) {
	if err := w.knows(schemaWithDocuments); err != nil {
		return nil, err
	}
	list, err := w.documents(ctx, "d.kind=? AND d.name=? ORDER BY v.revision DESC", string(kind), name)
	if err == nil && len(list) == 0 {
		err = noDocument(kind, name)
	}
	return list, err
}

func (w *Workspace) documents(ctx context.Context, where string, args ...any) ([]Document, error) {
	rows, err := w.read.QueryContext(ctx, "SELECT "+documentColumns+" FROM documents d JOIN document_versions v ON v.document=d.id WHERE "+where, args...)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		if err := d.scan(rows.Scan); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		out = append(out, d)
	}
	return out, w.sqlError(ctx, rows.Err())
}

func (d *Document) scan(scan func(...any) error, more ...any) error {
	var created, changed int64
	err := scan(append([]any{&d.Kind, &d.Name, &d.Revision, &created, &changed, &d.Author, &d.Size}, more...)...)
	d.Created, d.Changed = time.UnixMilli(created).UTC(), time.UnixMilli(changed).UTC()
	return err
}

// Document reads a document as it is now. Error: ErrNotFound.
func (w *Workspace) Document(ctx context.Context, kind DocumentKind, name string) (Document, error) {
	return w.DocumentVersion(ctx, kind, name, 0)
}

// DocumentVersion reads a version of a document; revision 0 is the present one. Error: ErrNotFound, also for a version
// that is not kept any more.
func (w *Workspace) DocumentVersion(ctx context.Context, kind DocumentKind, name string, revision int64) (Document, error) {
	if err := w.knows(schemaWithDocuments); err != nil {
		return Document{}, err
	}
	return w.document(ctx, w.read, kind, name, revision)
}

func (w *Workspace) document(ctx context.Context, db queryer, kind DocumentKind, name string, revision int64) (d Document, err error) {
	row := db.QueryRowContext(ctx, "SELECT "+documentColumns+`, v.bytes FROM documents d JOIN document_versions v ON v.document=d.id
		WHERE d.kind=? AND d.name=? AND v.revision=CASE ? WHEN 0 THEN d.revision ELSE ? END`, string(kind), name, revision, revision)
	err = d.scan(row.Scan, &d.Bytes)
	switch {
	case errors.Is(err, sql.ErrNoRows) && revision != 0:
		return Document{}, fail(ErrNotFound, "version %d of %s is not kept; the last %d are", revision, titled(kind, name), keptVersions)
	case errors.Is(err, sql.ErrNoRows):
		return Document{}, noDocument(kind, name)
	}
	if d.Bytes == nil {
		d.Bytes = []byte{}
	}
	return d, w.sqlError(ctx, err)
}

// PutDocument writes a document. revision is the one that the change was made from, 0 for a document that is new: if the
// document has another one by now, nothing is written and the error is ErrChanged, so that nobody's change is lost unseen.
// The version before is kept, twenty of them. The same bytes again are no change. What is written is entered in the access
// log, by name and size. Errors: ErrChanged, ErrName, ErrTooLarge.
func (w *Workspace) PutDocument(ctx context.Context, kind DocumentKind, name string, bytes []byte, revision int64) (Document, error) {
	return w.putDocument(ctx, kind, name, bytes, revision, "")
}

// RestoreDocument makes an older version the present one, as a new revision. revision is as in PutDocument.
func (w *Workspace) RestoreDocument(ctx context.Context, kind DocumentKind, name string, version, revision int64) (Document, error) {
	old, err := w.DocumentVersion(ctx, kind, name, version)
	if err != nil {
		return Document{}, err
	}
	return w.putDocument(ctx, kind, name, old.Bytes, revision, fmt.Sprintf("restored from revision %d", version))
}

func (w *Workspace) putDocument(ctx context.Context, kind DocumentKind, name string, bytes []byte, revision int64, how string) (d Document, err error) {
	if err := checkKind(kind); err != nil {
		return d, err
	}
	if name, err = cleanTitle(name); err != nil {
		return d, err
	}
	if len(bytes) > maxDocument {
		return d, fail(ErrTooLarge, "%s has %d bytes; a document can have at most %d", titled(kind, name), len(bytes), maxDocument)
	}
	err = w.update(ctx, func(tx *tx) error {
		before, err := tx.current(kind, name, revision)
		if err != nil {
			return err
		}
		if before.Revision > 0 && string(before.Bytes) == string(bytes) {
			d = before
			return nil
		}
		now := time.Now().UnixMilli()
		if before.Revision == 0 {
			_, err = tx.Exec("INSERT INTO documents(kind, name, revision, created) VALUES(?,?,1,?)", string(kind), name, now)
		} else {
			_, err = tx.Exec("UPDATE documents SET revision=revision+1 WHERE kind=? AND name=?", string(kind), name)
		}
		if err != nil {
			return err
		}
		if bytes == nil {
			bytes = []byte{}
		}
		_, err = tx.Exec(`INSERT INTO document_versions(document, revision, changed, author, size, bytes)
			SELECT id, revision, ?, ?, ?, ? FROM documents WHERE kind=? AND name=?`, now, tx.w.log.user, len(bytes), bytes, string(kind), name)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM document_versions WHERE document=(SELECT id FROM documents WHERE kind=? AND name=?) AND revision<=?`,
			string(kind), name, before.Revision+1-keptVersions)
		if err != nil {
			return err
		}
		if d, err = w.document(ctx, tx.sql, kind, name, 0); err != nil {
			return err
		}
		return tx.log(ActionEdited, titled(kind, d.Name), joinNonEmpty(", ", fmt.Sprintf("revision %d, %d bytes", d.Revision, d.Size), how))
	})
	return d, err
}

// current reads the document that a change is made to, which must have the revision that the change was made from.
func (t *tx) current(kind DocumentKind, name string, revision int64) (Document, error) {
	d, err := t.w.document(t.ctx, t.sql, kind, name, 0)
	switch {
	case errors.Is(err, ErrNotFound) && revision == 0:
		return Document{}, nil
	case err != nil:
		return d, err
	case revision == 0:
		return d, fail(ErrChanged, "%s exists already; open it, or choose another name", titled(kind, d.Name))
	case d.Revision != revision:
		return d, fail(ErrChanged, "%s was changed meanwhile by %s; look at the new version, then make your change again", titled(kind, d.Name), d.Author)
	}
	return d, nil
}

// RenameDocument gives a document another name; its history goes along. revision is as in PutDocument. Errors: ErrChanged,
// also where the new name is taken, ErrNotFound, ErrName.
func (w *Workspace) RenameDocument(ctx context.Context, kind DocumentKind, name, to string, revision int64) error {
	to, err := cleanTitle(to)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx *tx) error {
		d, err := tx.current(kind, name, revision)
		if err != nil {
			return err
		}
		if d.Revision == 0 {
			return noDocument(kind, name)
		}
		if !strings.EqualFold(d.Name, to) {
			if _, err := tx.current(kind, to, 0); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("UPDATE documents SET name=? WHERE kind=? AND name=?", to, string(kind), name); err != nil {
			return err
		}
		return tx.log(ActionEdited, titled(kind, to), "renamed from "+d.Name)
	})
}

// DeleteDocument removes a document with its history. revision is as in PutDocument. Errors: ErrChanged, ErrNotFound.
func (w *Workspace) DeleteDocument(ctx context.Context, kind DocumentKind, name string, revision int64) error {
	return w.update(ctx, func(tx *tx) error {
		d, err := tx.current(kind, name, revision)
		if err != nil {
			return err
		}
		if d.Revision == 0 {
			return noDocument(kind, name)
		}
		if _, err := tx.Exec("DELETE FROM documents WHERE kind=? AND name=?", string(kind), name); err != nil {
			return err
		}
		return tx.log(ActionDeleted, titled(kind, d.Name), fmt.Sprintf("revision %d and its history", d.Revision))
	})
}

// titled is what messages and the access log call a document.
func titled(kind DocumentKind, name string) string { return string(kind) + " " + name }

func noDocument(kind DocumentKind, name string) error {
	return fail(ErrNotFound, "there is no %s in this workspace; it may have been renamed or deleted", titled(kind, name))
}

func checkKind(kind DocumentKind) error {
	if kind == "" || strings.Trim(string(kind), "abcdefghijklmnopqrstuvwxyz-") != "" {
		return fail(ErrName, "%q is no kind of document", string(kind))
	}
	return nil
}

// maxTitle is how long the name of a document, set or link project may be, in characters.
const maxTitle = 200

// cleanTitle trims a name and refuses what could not be shown in one line.
func cleanTitle(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fail(ErrName, "give it a name")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", fail(ErrName, "the name holds characters that cannot be shown; use letters, digits, spaces and signs")
	case utf8.RuneCountInString(name) > maxTitle:
		return "", fail(ErrName, "the name is longer than %d characters; choose a shorter one", maxTitle)
	}
	return name, nil
}

// Schemas that brought the tables of the tools.
const (
	schemaWithDocuments = 6
	schemaWithJournal   = 7
	schemaWithLinkage   = 8
	schemaWithResources = 10
)

// knows refuses what a workspace that is only read, and so was not brought up to date, has no tables for.
func (w *Workspace) knows(schema int) error {
	if w.schema >= schema {
		return nil
	}
	return fail(ErrReadOnly, "%s was made by an older Trestle and is open for reading only, so it has none of this yet; restore it from a backup to go on with it", w.name)
}
