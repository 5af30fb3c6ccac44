package workspace

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// LogQuery says which entries of the access log are looked for. All conditions must hold; the zero value is every entry.
type LogQuery struct {
	User     string    // upper and lower case are equal, here and below
	Action   Action    // exactly
	Object   string    // or part of it
	Text     string    // anywhere in an entry; several words must all be there
	From, To time.Time // not before From, before To
	Failed   bool      // only acts that failed

	After   int64 // entries with a higher number; with Newest, those with a lower one, 0 is all
	Newest  bool  // newest first
	Maximum int   // entries at most; 0 is all
}

func (q LogQuery) conditions() *conditions {
	c := &conditions{}
	if q.User != "" {
		c.add("user=? COLLATE NOCASE", q.User)
	}
	if q.Action != "" {
		c.add("action=?", string(q.Action))
	}
	if q.Object != "" {
		c.add("instr(lower(object), lower(?))>0", q.Object)
	}
	for _, word := range strings.Fields(q.Text) {
		c.add("instr(lower(user||' '||action||' '||object||' '||details||' '||tool||' '||result), lower(?))>0", word)
	}
	if !q.From.IsZero() {
		c.add("at>=?", q.From.UnixMicro())
	}
	if !q.To.IsZero() {
		c.add("at<?", q.To.UnixMicro())
	}
	if q.Failed {
		c.add("result<>''")
	}
	switch {
	case q.After == 0:
	case q.Newest:
		c.add("seq<?", q.After)
	default:
		c.add("seq>?", q.After)
	}
	return c
}

// logSource is the log with the columns of this version, whatever the file's.
func (w *Workspace) logSource() string {
	if w.schema < 5 {
		return "(SELECT seq, at, user, action, object, details, '' AS tool, '' AS result FROM access_log)"
	}
	return "access_log"
}

// SearchLog lists entries of the access log, oldest first or newest first. It does not check the chain: VerifyLog does.
func (w *Workspace) SearchLog(ctx context.Context, q LogQuery) ([]LogEntry, error) {
	w.gatherNow(ctx)
	var out []LogEntry
	err := w.eachEntry(ctx, q, func(e LogEntry) error {
		out = append(out, e)
		return nil
	})
	return out, err
}

// CountLog counts the entries that a query finds, whatever its Maximum.
func (w *Workspace) CountLog(ctx context.Context, q LogQuery) (n int64, err error) {
	w.gatherNow(ctx)
	q.After = 0
	c := q.conditions()
	err = w.read.QueryRowContext(ctx, "SELECT count(*) FROM "+w.logSource()+c.where(), c.args...).Scan(&n)
	return n, w.sqlError(ctx, err)
}

func (w *Workspace) eachEntry(ctx context.Context, q LogQuery, f func(LogEntry) error) error {
	c := q.conditions()
	order, limit := "seq", -1
	if q.Newest {
		order = "seq DESC"
	}
	if q.Maximum > 0 {
		limit = q.Maximum
	}
	rows, err := w.read.QueryContext(ctx, "SELECT seq, at, user, action, object, details, tool, result FROM "+w.logSource()+c.where()+" ORDER BY "+order+" LIMIT ?", append(c.args, limit)...)
	if err != nil {
		return w.sqlError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var e LogEntry
		var at int64
		if err := rows.Scan(&e.Seq, &at, &e.User, &e.Action, &e.Object, &e.Details, &e.Tool, &e.Result); err != nil {
			return w.sqlError(ctx, err)
		}
		e.Time = time.UnixMicro(at).UTC()
		if err := f(e); err != nil {
			return err
		}
	}
	return w.sqlError(ctx, rows.Err())
}

// LogNames lists the users and the actions that are in the access log, for choosing from.
func (w *Workspace) LogNames(ctx context.Context) (users []string, actions []Action, err error) {
	rows, err := w.read.QueryContext(ctx, "SELECT DISTINCT 0, user FROM access_log UNION SELECT DISTINCT 1, action FROM access_log ORDER BY 1, 2")
	if err != nil {
		return nil, nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var action bool
		var name string
		if err := rows.Scan(&action, &name); err != nil {
			return nil, nil, w.sqlError(ctx, err)
		}
		if action {
			actions = append(actions, Action(name))
		} else {
			users = append(users, name)
		}
	}
	return users, actions, w.sqlError(ctx, rows.Err())
}

// logHeader are the columns of ExportLog.
var logHeader = []string{"entry", "time (UTC)", "user", "action", "object", "details", "tool", "result"}

// ExportLog writes the access log as CSV (RFC 4180, UTF-8), oldest first, and gives the number of entries. That is an
// entry itself, which is written first and is in the file. What a spreadsheet would take for a formula gets an apostrophe in
// front. The log names files and what was searched for: it is patient data.
func (w *Workspace) ExportLog(ctx context.Context, to io.Writer, q LogQuery) (entries int64, err error) {
	if err := w.reading(ctx, nil, ActionLogExported, "access log", q.words()); err != nil {
		return 0, err
	}
	out := csv.NewWriter(to)
	out.UseCRLF = true
	if err := out.Write(logHeader); err != nil {
		return 0, fmt.Errorf("writing the access log: %w", err)
	}
	err = w.eachEntry(ctx, q, func(e LogEntry) error {
		entries++
		err := out.Write([]string{strconv.FormatInt(e.Seq, 10), e.Time.Format("2006-01-02T15:04:05.000000Z"), cell(e.User), cell(string(e.Action)),
			cell(e.Object), cell(e.Details), cell(e.Tool), cell(cmpOr(e.Result, "done"))})
		if err != nil {
			return fmt.Errorf("writing the access log: %w", err)
		}
		return nil
	})
	out.Flush()
	if err == nil && out.Error() != nil {
		err = fmt.Errorf("writing the access log: %w", out.Error())
	}
	return entries, err
}

// cell keeps a spreadsheet from running what somebody chose as the name of a file.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// words says in the access log which part of it was exported.
func (q LogQuery) words() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+": "+value)
		}
	}
	add("user", q.User)
	add("action", string(q.Action))
	add("object", q.Object)
	add("text", q.Text)
	if !q.From.IsZero() {
		add("from", q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		add("to", q.To.UTC().Format(time.RFC3339))
	}
	if q.Failed {
		parts = append(parts, "only what failed")
	}
	return strings.Join(parts, ", ")
}

// LogAct enters what a tool did with the project's data: sent, received, edited, linked. Like every act it must be entered
// before it is done, and left undone if that fails.
func (w *Workspace) LogAct(ctx context.Context, action Action, object, details string) error {
	return w.update(ctx, func(tx *tx) error { return tx.log(action, object, details) })
}

// LogFailure enters that an act failed, with the words of the error. Those of this package carry no patient data; see
// that others do not.
func (w *Workspace) LogFailure(ctx context.Context, action Action, object string, failure error) error {
	return w.update(context.WithoutCancel(ctx), func(tx *tx) error {
		return tx.logResult(action, object, "", "failed: "+clipText(failure.Error(), 300))
	})
}
