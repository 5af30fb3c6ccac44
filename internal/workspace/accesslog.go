package workspace

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Action is what somebody did.
type Action string

// The actions that the package writes into the access log by itself.
const (
	ActionCreated         Action = "created"
	ActionOpened          Action = "opened"
	ActionWrongPassphrase Action = "wrong passphrase"
	ActionUpgraded        Action = "upgraded"
	ActionImported        Action = "imported"
	ActionViewed          Action = "viewed"
	ActionSearched        Action = "searched"
	ActionNoted           Action = "noted"
	ActionTagged          Action = "tagged"
	ActionDeleted         Action = "deleted"
	ActionExported        Action = "exported"
	ActionClosed          Action = "closed"
	ActionLocked          Action = "locked" // the window, while the workspace stays open for work that goes on
	ActionBroken          Action = "log broken"
	ActionRolledBack      Action = "older copy" // the file is older than the anchor on this computer says
	ActionKeyAdded        Action = "key added"
	ActionKeyChanged      Action = "key changed"
	ActionKeyRemoved      Action = "key removed"
	ActionKeyRenamed      Action = "key renamed"
	ActionRekeyed         Action = "new data key"
	ActionBackedUp        Action = "backed up"
	ActionRestored        Action = "restored"
	ActionCompacted       Action = "compacted"
	ActionPurged          Action = "purged"
	ActionLogExported     Action = "log exported"
	ActionDisposed        Action = "disposed of"
	ActionReadings        Action = "readings beside" // what other programs read could not be entered
)

// The actions of the tools, which tell of them with LogAct.
const (
	ActionEdited   Action = "edited"
	ActionSent     Action = "sent"
	ActionReceived Action = "received"
	ActionLinked   Action = "linked"
	ActionUnlinked Action = "unlinked"
	ActionStarted  Action = "started"
	ActionStopped  Action = "stopped"
)

// LogEntry is one row of the access log.
type LogEntry struct {
	Seq     int64 // from 1, without gaps
	Time    time.Time
	User    string
	Action  Action
	Object  string // "message 12", a file's name
	Details string
	Tool    string // with which it was done, "window" or "command"; empty is not known
	Result  string // empty: it worked; else why it did not
}

// Failed reports whether the act did not happen.
func (e LogEntry) Failed() bool { return e.Result != "" }

// accessLog writes the chain. Each row carries an HMAC over itself and the row before, under a key that only comes
// from the data key; the head carries one over the last row, so that rows cut off at the end are missed as well. This
// finds edits, gaps, reordering and truncation by whoever lacks the key. It cannot stop who has it, nor show that the
// whole file was replaced by an older one.
type accessLog struct {
	key  []byte
	user string
	tool string

	broken atomic.Bool // an entry ActionBroken was written in this session

	mu   sync.Mutex
	seen map[string]time.Time // what was logged lately; see repeated
}

// repeatAfter is how long the same reading by the same session is one act: looking at a message again and again while
// working on it is one viewing, and the same search run for the count, the list and a new sorting is one search.
const repeatAfter = 5 * time.Minute

// repeated tells whether the same was logged within repeatAfter.
func (l *accessLog) repeated(what string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.seen[what]
	return ok && time.Since(t) < repeatAfter
}

func (l *accessLog) remember(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) > 10000 {
		l.seen = nil // forgetting only means that something is logged again
	}
	if l.seen == nil {
		l.seen = map[string]time.Time{}
	}
	l.seen[what] = time.Now()
}

// forget drops what was logged lately: searches are in it.
func (l *accessLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = nil
}

// mac is HMAC-SHA256 over the row and the MAC before it. Texts go in with their lengths, or two rows could be read as
// one. Rows without tool and result, and so all from before there were any, are written as "row 0".
func (l *accessLog) mac(e LogEntry, previous []byte) []byte {
	m := hmac.New(sha256.New, l.key)
	kind, texts := "row\x00", []string{e.User, string(e.Action), e.Object, e.Details}
	if e.Tool != "" || e.Result != "" {
		kind, texts = "row\x01", append(texts, e.Tool, e.Result)
	}
	m.Write([]byte(kind))
	var b [8]byte
	number := func(n int64) {
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		m.Write(b[:])
	}
	number(e.Seq)
	number(e.Time.UnixMicro())
	for _, s := range texts {
		number(int64(len(s)))
		m.Write([]byte(s))
	}
	m.Write(previous)
	return m.Sum(nil)
}

// headMAC seals the number and MAC of the last row.
func (l *accessLog) headMAC(seq int64, last []byte) []byte {
	m := hmac.New(sha256.New, l.key)
	m.Write([]byte("head"))
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(seq))
	m.Write(b[:])
	m.Write(last)
	return m.Sum(nil)
}

// logPurpose names the sub-key of the chain.
const logPurpose = "trestle/access-log"

// firstMAC stands for the row before the first.
var firstMAC = make([]byte, sha256.Size)

// log appends an entry, in the transaction of the act that it tells of. If the log does not end as it was written, that
// becomes an entry of its own before: the next head would else hide that entries were cut off.
func (t *tx) log(action Action, object, details string) error {
	return t.logResult(action, object, details, "")
}

// logResult is log for an act that may have failed.
func (t *tx) logResult(action Action, object, details, result string) error {
	l := &t.w.log
	return t.logEntry(LogEntry{User: l.user, Tool: l.tool, Action: action, Object: object, Details: details, Result: result})
}

// logEntry appends an entry of whomever, after that of an import that it comes after; a time that is not set is now.
func (t *tx) logEntry(entry LogEntry) error {
	if err := t.logImport(""); err != nil {
		return err
	}
	return t.chain(entry)
}

// chain appends an entry.
func (t *tx) chain(entry LogEntry) error {
	l := &t.w.log
	var seq int64
	var head []byte
	previous := firstMAC
	err := t.QueryRow("SELECT seq, mac FROM access_log ORDER BY seq DESC LIMIT 1").Scan(&seq, &previous)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		err = t.QueryRow("SELECT mac FROM access_log_head WHERE id=1").Scan(&head)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if (seq > 0 || head != nil) && !hmac.Equal(head, l.headMAC(seq, previous)) {
		l.broken.Store(true)
		e := LogEntry{User: l.user, Tool: l.tool, Action: ActionBroken, Details: fmt.Sprintf("the log did not end as it was written; entries after %d may be missing", seq)}
		if seq, previous, err = t.appendEntry(e, seq, previous); err != nil {
			return err
		}
	}
	seq, previous, err = t.appendEntry(entry, seq, previous)
	if err != nil {
		return err
	}
	_, err = t.Exec("INSERT INTO access_log_head(id, mac) VALUES(1, ?) ON CONFLICT(id) DO UPDATE SET mac=excluded.mac", l.headMAC(seq, previous))
	return err
}

// appendEntry writes one row after the row seq, and gives its number and MAC.
func (t *tx) appendEntry(e LogEntry, seq int64, previous []byte) (int64, []byte, error) {
	e.Seq = seq + 1
	if e.Time.IsZero() {
		e.Time = time.Now().UTC().Truncate(time.Microsecond)
	}
	mac := t.w.log.mac(e, previous)
	columns, values := "seq, at, user, action, object, details, mac", []any{e.Seq, e.Time.UnixMicro(), e.User, string(e.Action), e.Object, e.Details, mac}
	if t.w.schema >= 5 {
		columns, values = columns+", tool, result", append(values, e.Tool, e.Result)
	}
	_, err := t.Exec("INSERT INTO access_log("+columns+") VALUES("+placeholders(len(values))+")", values...)
	return e.Seq, mac, err
}

// Log lists entries with a number above after, oldest first, at most limit. Where the log is damaged it gives those before
// the damage, with the error; without, if the workspace is open for reading only, since that says it already.
func (w *Workspace) Log(ctx context.Context, after int64, limit int) ([]LogEntry, error) {
	w.gatherNow(ctx)
	var out []LogEntry
	err := w.walkLog(ctx, w.read, after, limit, func(e LogEntry, _ []byte) error {
		out = append(out, e)
		return nil
	})
	if w.ReadOnly() && errors.Is(err, ErrDamaged) {
		err = nil
	}
	return out, err
}

// queryer is a pool of connections, or a transaction on one of them.
type queryer interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

func (w *Workspace) walkLog(ctx context.Context, db queryer, after int64, limit int, f func(LogEntry, []byte) error) error {
	extra := "tool, result"
	var n int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_table_info('access_log') WHERE name='result'").Scan(&n)
	if err == nil && n == 0 { // a file that is read without being brought up to date
		extra = "'', ''"
	}
	if err != nil {
		return w.sqlError(ctx, err)
	}
	rows, err := db.QueryContext(ctx, "SELECT seq, at, user, action, object, details, "+extra+", mac FROM access_log WHERE seq>? ORDER BY seq LIMIT ?", after, limit)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var e LogEntry
		var at int64
		var mac []byte
		if err := rows.Scan(&e.Seq, &at, &e.User, &e.Action, &e.Object, &e.Details, &e.Tool, &e.Result, &mac); err != nil {
			return w.sqlError(ctx, err)
		}
		e.Time = time.UnixMicro(at).UTC()
		if err := f(e, mac); err != nil {
			return err
		}
	}
	return w.sqlError(ctx, rows.Err())
}

// VerifyLog checks the chain of the access log from its first row to its head. An error that is ErrDamaged names the
// first entry that is not as it was written.
func (w *Workspace) VerifyLog(ctx context.Context) error {
	_, err := w.verifyLog(ctx, w.read)
	return err
}

func (w *Workspace) verifyLog(ctx context.Context, db *sql.DB) (entries int64, err error) {
	// rows and head in one transaction: somebody may append in between
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, w.sqlError(ctx, err)
	}
	defer tx.Rollback()
	previous := firstMAC
	err = w.walkLog(ctx, tx, -1<<62, -1, func(e LogEntry, mac []byte) error {
		if e.Seq != entries+1 {
			return fail(ErrDamaged, "the access log has a gap: entry %d is followed by %d", entries, e.Seq)
		}
		if !hmac.Equal(mac, w.log.mac(e, previous)) {
			return fail(ErrDamaged, "entry %d of the access log, or the one before it, is not as it was written", e.Seq)
		}
		if e.Action == ActionBroken {
			return fail(ErrDamaged, "entries of the access log after %d were removed or changed; that was found at %s", e.Seq-1, e.Time.Format(time.RFC3339))
		}
		entries++
		previous = bytes.Clone(mac)
		return nil
	})
	if err != nil {
		return entries, err
	}
	var head []byte
	err = tx.QueryRowContext(ctx, "SELECT mac FROM access_log_head WHERE id=1").Scan(&head)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return entries, w.sqlError(ctx, err)
	}
	if (entries > 0 || head != nil) && !hmac.Equal(head, w.log.headMAC(entries, previous)) {
		return entries, fail(ErrDamaged, "the access log ends with entry %d, but more was written after it", entries)
	}
	return entries, nil
}

// recentEntries is how many entries opening checks.
const recentEntries = 200

// checkRecent checks the end of the chain, which is cheap however long it is. It says what is not as it was written, empty if all
// is; the error is another failure, a damaged page among them.
func (w *Workspace) checkRecent(ctx context.Context) (problem string, err error) {
	var after int64
	previous := firstMAC
	err = w.write.QueryRowContext(ctx, "SELECT seq, mac FROM access_log WHERE seq<=(SELECT max(seq) FROM access_log)-? ORDER BY seq DESC LIMIT 1", recentEntries).Scan(&after, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	err = w.walkLog(ctx, w.write, after, -1, func(e LogEntry, mac []byte) error {
		if problem == "" && (e.Seq != after+1 || !hmac.Equal(mac, w.log.mac(e, previous))) {
			problem = fmt.Sprintf("entry %d of the access log, or the one before it, is not as it was written: entries were removed or changed from outside; run verify", e.Seq)
		}
		after, previous = e.Seq, bytes.Clone(mac)
		return nil
	})
	return problem, err
}

// LogExport records that patient data leaves the workspace: what, how many, and the name of the file that it goes to,
// without its folder. It must be called before the first byte is written, and the export given up if it fails. Where the log is
// damaged it writes nothing and allows the export, which is then the way to rescue what reads.
func (w *Workspace) LogExport(ctx context.Context, what string, count int, destination string) error {
	return w.reading(ctx, nil, ActionExported, destination, fmt.Sprintf("%s: %d", what, count))
}
