package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// Tally is a name with a number of messages.
type Tally struct {
	Name     string
	Messages int64
}

// Info describes a workspace.
type Info struct {
	Name          string // file name without folder
	Project       string
	FileID        string // random, in hexadecimal
	WorkspaceID   string // likewise; what copies and backups have in common with it
	FormatVersion int    // of the file; see FORMAT.md
	SchemaVersion int    // of the tables inside
	Cipher        string
	KDF           string // of the first passphrase
	Slots         int    // key slots in use
	PageSize      int
	Size          int64 // bytes on disk, the write-ahead log included
	Messages      int64
	ByType        []Tally // "ADT^A08"; what has no type, by format
	Sources       []Tally
	LogEntries    int64 // 0 where the end of the access log is damaged
	Created       time.Time
	LastBackup    time.Time // zero is never, or not known
	Anchored      bool      // this computer remembers how far the access log had come, so an older copy in its place is seen
	SQLite        string
}

// Info collects what can be told about a workspace. No patient data is in it.
func (w *Workspace) Info(ctx context.Context) (Info, error) {
	id, origin := w.header.FileID(), w.header.WorkspaceID()
	version, _, _ := sqlite3.Version()
	i := Info{
		Name: w.name, FileID: fmt.Sprintf("%x", id[:]), WorkspaceID: fmt.Sprintf("%x", origin[:]), FormatVersion: w.header.Format(), PageSize: w.header.PageSize(), Anchored: w.anchored,
		Cipher: cipherName(w.header.Cipher()), SQLite: version,
	}
	for s := range sealed.Slots {
		typ, cost := w.header.Slot(s)
		if typ == sealed.SlotEmpty {
			continue
		}
		if i.Slots++; i.KDF == "" && typ == sealed.SlotPassphrase {
			i.KDF = cost.String()
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		if fi, err := os.Stat(w.path + suffix); err == nil {
			i.Size += fi.Size()
		}
	}
	var created, backup string
	err := w.read.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM messages),
		coalesce((SELECT value FROM settings WHERE key='created'), ''),
		coalesce((SELECT value FROM settings WHERE key='project'), ''),
		coalesce((SELECT value FROM settings WHERE key='backup'), ''),
		(SELECT user_version FROM pragma_user_version)`).Scan(&i.Messages, &created, &i.Project, &backup, &i.SchemaVersion)
	if err != nil {
		return i, w.sqlError(ctx, err)
	}
	err = w.read.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM access_log").Scan(&i.LogEntries) // without gaps
	if err = w.sqlError(ctx, err); err != nil && !errors.Is(err, ErrDamaged) {
		return i, err
	}
	i.Created, _ = time.Parse(time.RFC3339, created) // zero if a person changed the setting
	i.LastBackup, _ = time.Parse(time.RFC3339, backup)
	// grouped as the index is, which alone is read: the table has a gigabyte for a third of a million messages
	i.ByType, err = w.tallies(ctx, `SELECT kind, sum(n) FROM (
		SELECT CASE WHEN trigger_event='' THEN type ELSE type||'^'||trigger_event END AS kind, count(*) AS n FROM messages WHERE type>'' GROUP BY type, trigger_event
		UNION ALL SELECT format, count(*) FROM messages WHERE type='' GROUP BY format)
		GROUP BY kind ORDER BY sum(n) DESC, kind`)
	if err != nil {
		return i, err
	}
	i.Sources, err = w.tallies(ctx, `SELECT s.name, count(*) FROM messages m JOIN sources s ON s.id=m.source GROUP BY s.id ORDER BY s.name`)
	return i, err
}

func cipherName(c int) string {
	switch c {
	case sealed.XChaCha20Poly1305:
		return string(XChaCha20Poly1305)
	case sealed.AES256GCM:
		return string(AES256GCM)
	}
	return fmt.Sprintf("cipher %d", c)
}

// tallies runs a query of name and number.
func (w *Workspace) tallies(ctx context.Context, q string, args ...any) ([]Tally, error) {
	rows, err := w.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []Tally
	for rows.Next() {
		var t Tally
		if err := rows.Scan(&t.Name, &t.Messages); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		out = append(out, t)
	}
	return out, w.sqlError(ctx, rows.Err())
}
