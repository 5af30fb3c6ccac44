package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// What is derived can be made again: the indexes, and the indexes of words. Where their pages are damaged SQLite can neither use nor drop
// them, so everything else is copied into a new file, table by table without any index, and the indexes are built there. If a page of a table is
// damaged too, that is not enough, and nothing is changed: then a backup is what helps, or an export of what reads.

const repairPart = ".repair"

// ActionRepaired is a repair.
const ActionRepaired Action = "repaired"

// Repair builds all indexes of a closed workspace again, in a new file that takes the place of the old one after it was verified whole. The old
// one stays beside it under the name that is given back; it opens with the same keys. progress, which may be nil, gets pages.
// Errors: those of Open; ErrDamaged if more is damaged than can be made again, and then nothing is changed.
func Repair(ctx context.Context, path string, passphrase []byte, o OpenOptions, progress func(done, total int64)) (kept string, r Report, err error) {
	w, err := unlock(ctx, path, typed(passphrase))
	if err != nil {
		return "", r, err
	}
	defer w.abandon()
	w.sweep = true
	w.log.user, w.log.tool = userOr(o.User), o.Tool
	if w.alone, err = lockAlone(w.path); err != nil {
		return "", r, err
	}
	if w.keys, err = w.header.Keys(); err != nil {
		return "", r, err
	}
	w.recoverLog(ctx, &r)
	part := w.path + repairPart
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(part + suffix) // of one that was cut off
	}
	h, err := w.header.Copy()
	if err != nil {
		return "", r, err
	}
	defer h.Wipe()
	if err = w.rewrite(ctx, h, part); err == nil {
		r, err = checkCopy(ctx, h, part, progress)
	}
	if err == nil {
		err = fileError("to write", w.name, syncFile(part))
	}
	if err == nil {
		kept, err = w.put(part, "before-repair")
	}
	if err != nil {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			os.Remove(part + suffix)
		}
		if errors.Is(err, ErrDamaged) {
			err = fail(ErrDamaged, "more of %s is damaged than its indexes, so nothing was changed: restore it from a backup, or export what reads (%v)", w.name, err)
		}
		return "", r, err
	}
	r.Name = w.name
	return kept, r, nil
}

// rewrite copies everything but the indexes into a new file, and builds them there.
func (w *Workspace) rewrite(ctx context.Context, h *sealed.Header, path string) (err error) {
	if err := h.Create(path); err != nil {
		return fileError("to make", filepath.Base(path), err)
	}
	n := &Workspace{path: path, name: w.name, header: h, schema: len(migrations)}
	n.log.user, n.log.tool = w.log.user, w.log.tool
	if n.keys, err = h.Keys(); err != nil {
		return err
	}
	defer n.keys.Drop()
	if n.log.key, err = h.Derive(logPurpose); err != nil {
		return err
	}
	defer clear(n.log.key)
	if err := firstPage(path, n.keys); err != nil {
		return w.sqlError(ctx, err)
	}
	n.write = connect(path, n.keys, writer)
	defer func() { err = errors.Join(err, n.sqlError(ctx, n.write.Close())) }()
	c, err := n.write.Conn(ctx)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer c.Close()
	err = c.Raw(func(x any) error {
		x.(*sqlite3.SQLiteConn).SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
		return nil
	})
	if err == nil {
		_, err = c.ExecContext(ctx, "ATTACH ? AS old", w.keys.URI(w.path)+"&mode=ro")
	}
	if err == nil {
		_, err = c.ExecContext(ctx, "PRAGMA foreign_keys=OFF")
	}
	if err != nil {
		return w.sqlError(ctx, err)
	}
	s, err := c.BeginTx(ctx, nil)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer s.Rollback()
	t := &tx{w: n, ctx: ctx, sql: s}
	if err = t.copyTables(); err == nil {
		err = t.logEntry(LogEntry{User: n.log.user, Tool: n.log.tool, Action: ActionRepaired, Object: w.name, Details: "all indexes were built again in a new file"})
	}
	if err == nil {
		err = s.Commit()
	}
	if err != nil {
		return w.sqlError(ctx, err)
	}
	if _, err := c.ExecContext(ctx, "DETACH old"); err != nil {
		return w.sqlError(ctx, err)
	}
	c.Close()
	return n.checkpoint(ctx)
}

// definition is a row of SQLite's schema.
type definition struct{ kind, name, sql string }

// copyTables makes what the schema of the attached file says, in the order in which it can be made: tables with their rows, then what is derived from
// them, then the triggers, which would refuse the copying.
func (t *tx) copyTables() error {
	all, err := t.definitions()
	if err != nil {
		return err
	}
	var words []string
	for _, d := range all {
		if d.isVirtual() {
			words = append(words, d.name)
		}
	}
	each := func(which func(definition) bool, do func(definition) error) {
		for _, d := range all {
			if err == nil && which(d) {
				if _, err = t.Exec(d.sql); err == nil && do != nil {
					err = do(d)
				}
			}
		}
	}
	each(func(d definition) bool { return d.kind == "table" && !d.isVirtual() && !d.isPartOf(words) }, func(d definition) error {
		by, err := t.ownOrder(d.name)
		if err == nil {
			// WHERE keeps SQLite from copying the file's own indexes along with the rows
			_, err = t.Exec(fmt.Sprintf(`INSERT INTO main.%[1]q SELECT * FROM old.%[1]q %s WHERE true`, d.name, by))
		}
		return err
	})
	if err == nil {
		_, err = t.Exec("DELETE FROM main.sqlite_sequence; INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence")
	}
	each(func(d definition) bool { return d.kind == "index" || d.kind == "view" }, nil)
	each(func(d definition) bool { return d.isVirtual() }, func(d definition) error {
		_, err := t.Exec(fmt.Sprintf("INSERT INTO %[1]s(%[1]s, rank) VALUES('secure-delete', 1); INSERT INTO %[1]s(%[1]s) VALUES('rebuild')", d.name))
		return err
	})
	each(func(d definition) bool { return d.kind == "trigger" }, nil)
	if err != nil {
		return err
	}
	var version int
	if err := t.QueryRow("PRAGMA old.user_version").Scan(&version); err != nil {
		return err
	}
	if version != len(migrations) {
		return fail(ErrInUse, "%s has tables of another version; open it once with this program, and repair it then", t.w.name)
	}
	_, err = t.Exec(fmt.Sprintf("PRAGMA main.user_version=%d; PRAGMA main.application_id=%d", version, applicationID))
	return err
}

// ownOrder is the clause that makes SQLite read a table by itself and by no index. A table without row ids is its primary key's index, and would else be
// read by another one that has all columns.
func (t *tx) ownOrder(table string) (string, error) {
	var key string
	err := t.QueryRow("SELECT name FROM pragma_index_list(?, 'old') WHERE origin='pk' AND EXISTS(SELECT 1 FROM old.sqlite_schema WHERE name=? AND sql LIKE '%WITHOUT ROWID%')", table, table).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return "NOT INDEXED", nil
	}
	return fmt.Sprintf("INDEXED BY %q", key), err
}

func (t *tx) definitions() ([]definition, error) {
	rows, err := t.Query("SELECT type, name, sql FROM old.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []definition
	for rows.Next() {
		var d definition
		if err := rows.Scan(&d.kind, &d.name, &d.sql); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, sql.ErrNoRows
	}
	return out, nil
}

func (d definition) isVirtual() bool {
	return d.kind == "table" && strings.HasPrefix(strings.ToUpper(d.sql), "CREATE VIRTUAL TABLE")
}

// isPartOf reports whether a table is one of those in which an index of words keeps itself.
func (d definition) isPartOf(words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(d.name, w+"_") {
			return true
		}
	}
	return false
}
