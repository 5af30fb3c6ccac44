package workspace

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"trestle/internal/workspace/sealed"
)

// Report is what Verify found.
type Report struct {
	Name        string
	Pages       int64    // pages read, free ones included
	BadPages    int64    // pages that are not as they were written
	BadPageList []uint64 // the first hundred of them
	Tail        int64    // bytes after the last whole page: the file was cut off
	HeaderCopy  bool     // one of the two header copies is damaged or old; opening mends it
	Recovered   bool     // a write-ahead log was left by a crash, and was folded in
	LogLoss     string   // what was wrong in that log; empty is nothing
	Integrity   []string // what SQLite's integrity_check says, empty is nothing
	FullText    []string // what is wrong with the indexes of words; they can be built again
	LogEntries  int64
	LogProblem  string  // what is wrong with the access log
	Decisions   int64   // about links
	LinkProblem string  // what is wrong with the ledger of decisions
	Messages    int64   // messages found
	Readable    int64   // messages whose bytes read; counted only if something is wrong
	Unreadable  []int64 // the first hundred of those that do not

	countedReadable bool
}

// OK reports whether everything is as it was written.
func (r Report) OK() bool {
	return len(r.Problems()) == 0
}

// Problems lists what is wrong in sentences, and what to do; empty if nothing is.
func (r Report) Problems() []string {
	var out []string
	add := func(bad bool, format string, a ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, a...))
		}
	}
	add(r.HeaderCopy, "One of the two copies of the header is damaged or old. Nothing is lost; opening the workspace mends it.")
	add(r.LogLoss != "", "The write-ahead log that a crash left did not read to its end: %s.", r.LogLoss)
	add(r.BadPages > 0, "%d of %d pages are damaged or were changed from outside, the first is page %v.", r.BadPages, r.Pages, first(r.BadPageList))
	add(r.Tail > 0, "The file was cut off: it ends inside a page.")
	for _, s := range r.Integrity {
		add(true, "Structure: %s.", s)
	}
	for _, s := range r.FullText {
		add(true, "Index of words: %s. It can be built again: repair the workspace.", s)
	}
	add(r.LogProblem != "", "Access log: %s.", r.LogProblem)
	add(r.LinkProblem != "", "Decisions about links: %s.", r.LinkProblem)
	if len(out) > 0 && r.countedReadable {
		add(true, "%d messages still read. Restore the workspace from a backup, or export what reads.", r.Readable)
	}
	return out
}

func first(pages []uint64) uint64 {
	if len(pages) == 0 {
		return 0
	}
	return pages[0]
}

// maxListed is how many problems of one kind a report lists.
const maxListed = 100

// Verify checks a closed workspace: every page is authenticated, free ones included; SQLite's own structure, the
// indexes of words and the chain of the access log are checked. If something is wrong, it counts the messages that
// still read. After a crash it first folds the write-ahead log in, as opening does; it changes nothing else, and
// writes nothing into the access log. progress, which may be nil, gets pages.
//
// What a file cannot show by itself is that it is an older copy, put back whole or page by page.
func Verify(ctx context.Context, path string, passphrase []byte, progress func(done, total int64)) (Report, error) {
	w, err := unlock(ctx, path, typed(passphrase))
	if err != nil {
		return Report{}, err
	}
	defer w.abandon()
	w.sweep = true
	r := Report{Name: w.name, HeaderCopy: w.header.NeedsRewrite()}
	if w.keys, err = w.header.Keys(); err != nil {
		return r, err
	}
	if w.log.key, err = w.header.Derive(logPurpose); err != nil {
		return r, err
	}
	w.recoverLog(ctx, &r)
	err = w.verifyAll(ctx, &r, progress)
	return r, err
}

// verifyAll is what Verify does with a file whose header is open and whose log is folded in. No connection may be open. It
// leaves one for reading.
func (w *Workspace) verifyAll(ctx context.Context, r *Report, progress func(done, total int64)) error {
	v, err := sealed.Verify(ctx, w.path, w.keys, progress)
	if err != nil {
		return fileError("to read", w.name, err)
	}
	r.Pages, r.BadPages, r.BadPageList, r.Tail = v.Pages, v.BadPages, v.Bad, v.Tail
	w.read = connect(w.path, w.keys, reader)
	w.read.SetMaxOpenConns(1)
	w.integrity(ctx, r)
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.BadPages > 0 || r.Tail > 0 || len(r.Integrity) > 0 {
		w.countReadable(ctx, r)
	}
	return ctx.Err()
}

// recoverLog folds in what a crash left.
func (w *Workspace) recoverLog(ctx context.Context, r *Report) {
	fi, err := os.Stat(w.path + "-wal")
	if err != nil || fi.Size() == 0 {
		return
	}
	r.Recovered = true
	w.write = connect(w.path, w.keys, writer)
	var tables int
	err = w.write.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables) // recovery happens here
	if err == nil {
		err = w.checkpoint(ctx)
	}
	if err != nil {
		r.LogLoss = w.sqlError(ctx, err).Error()
	}
	w.write.Close()
	w.write = nil
	for _, e := range w.keys.Events() {
		if r.LogLoss == "" && e.Role > 1 {
			r.LogLoss = e.String() + ": what was written just before the crash may be missing, or the log was changed"
		}
	}
}

// integrity asks SQLite and the access log.
func (w *Workspace) integrity(ctx context.Context, r *Report) {
	w.structure(ctx, r)
	w.wordsAndLog(ctx, r)
}

// note adds an error to a list of a report.
func (w *Workspace) note(ctx context.Context, list *[]string, err error) {
	if err != nil && len(*list) < maxListed {
		*list = append(*list, w.sqlError(ctx, err).Error())
	}
}

// structure asks SQLite, and counts the messages. It does so on a connection of its own: in one that has searched before, FTS5's part of the check goes by
// what it remembers of its index, and takes it for damage that somebody has written meanwhile.
func (w *Workspace) structure(ctx context.Context, r *Report) {
	r.Integrity = nil
	note := func(err error) { w.note(ctx, &r.Integrity, err) }
	role := reader
	switch {
	case w.guest != nil:
		role = guest
	case w.salvage.on.Load():
		role = salvager
	}
	db := connect(w.path, w.keys, role)
	defer db.Close()
	db.SetMaxOpenConns(1)
	rows, err := db.QueryContext(ctx, "PRAGMA integrity_check")
	note(err)
	if err == nil {
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err == nil && s != "ok" && len(r.Integrity) < maxListed {
				r.Integrity = append(r.Integrity, s)
			}
		}
		note(rows.Err())
		rows.Close()
	}
	var broken int
	note(db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken))
	if broken > 0 {
		r.Integrity = append(r.Integrity, fmt.Sprintf("%d rows belong to messages that are not there", broken))
	}
	note(db.QueryRowContext(ctx, "SELECT count(*) FROM messages").Scan(&r.Messages))
}

// wordsAndLog compares the indexes of words with the texts, and follows the chain of the access log.
func (w *Workspace) wordsAndLog(ctx context.Context, r *Report) {
	if len(r.Integrity) == 0 && w.guest == nil { // it needs a connection that may write
		w.note(ctx, &r.FullText, w.checkWords(ctx))
	}
	var err error
	if r.LogEntries, err = w.verifyLog(ctx, w.read); err != nil {
		r.LogProblem = err.Error()
	}
	w.verifyDecisions(ctx, r)
}

// verifyDecisions follows the chain of the ledger of decisions, where the file has one.
func (w *Workspace) verifyDecisions(ctx context.Context, r *Report) {
	if w.schema == 0 { // the workspace is not open; what cannot be read is said elsewhere
		_ = w.read.QueryRowContext(ctx, "SELECT user_version FROM pragma_user_version").Scan(&w.schema)
	}
	if w.schema < schemaWithLinkage {
		return
	}
	var err error
	if r.Decisions, err = w.Linkage().VerifyDecisions(ctx); err != nil {
		r.LinkProblem = err.Error()
	}
}

// checkWords compares the indexes of words with the texts. FTS5 takes the command as an INSERT, so it needs a
// connection that may write; it is rolled back.
func (w *Workspace) checkWords(ctx context.Context) error {
	db := connect(w.path, w.keys, writer)
	defer db.Close()
	for _, table := range []string{"message_words", "note_words"} {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO "+table+"("+table+", rank) VALUES('integrity-check', 1)")
		tx.Rollback()
		if err != nil {
			return err
		}
	}
	return nil
}

// countReadable reads every message by itself. A connection that met a damaged page is given up, so that the next
// message is read by a fresh one.
func (w *Workspace) countReadable(ctx context.Context, r *Report) {
	r.countedReadable = true
	var top int64
	if err := w.read.QueryRowContext(ctx, "SELECT max(id) FROM contents").Scan(&top); err != nil {
		var seq sql.NullInt64
		if w.read.QueryRowContext(ctx, "SELECT seq FROM sqlite_sequence WHERE name='messages'").Scan(&seq) != nil {
			return
		}
		top = seq.Int64
	}
	for id := int64(1); id <= top && ctx.Err() == nil; id++ {
		var b sql.RawBytes
		rows, err := w.read.QueryContext(ctx, "SELECT bytes FROM contents WHERE id=?", id)
		found := false
		if err == nil {
			if found = rows.Next(); found {
				err = rows.Scan(&b)
			}
			if e := rows.Err(); e != nil {
				err = e
			}
			rows.Close()
		}
		switch {
		case err != nil:
			if len(r.Unreadable) < maxListed {
				r.Unreadable = append(r.Unreadable, id)
			}
			w.read.Close()
			w.read = connect(w.path, w.keys, reader)
			w.read.SetMaxOpenConns(1)
		case found:
			r.Readable++
		}
	}
}
