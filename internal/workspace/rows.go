package workspace

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
)

// Row is what a list shows of a message.
type Row struct {
	ID     int64
	Source string
	Index  int // 0-based place among the pieces of the source
	inspect.Summary
	Counts   [check.Severities]int // findings by severity
	Size     int64                 // bytes
	Received time.Time             // when it came into the workspace
	Tags     []string
	Noted    bool
}

// Count counts the messages that a query finds.
func (w *Workspace) Count(ctx context.Context, q Query) (int, error) {
	c, err := w.searching(ctx, q)
	if err != nil {
		return 0, err
	}
	var n int
	err = w.read.QueryRowContext(ctx, "SELECT count(*) FROM messages m"+c.where(), c.args...).Scan(&n)
	return n, w.sqlError(ctx, err)
}

// IDs lists the messages that a query finds, in its order: eight bytes a message, so that a list of a million rows
// can scroll anywhere at once. Rows reads those that are in sight.
func (w *Workspace) IDs(ctx context.Context, q Query) ([]int64, error) {
	c, err := w.searching(ctx, q)
	if err != nil {
		return nil, err
	}
	query, err := q.listing(c)
	if err != nil {
		return nil, err
	}
	var list sql.RawBytes
	rows, err := w.read.QueryContext(ctx, query, c.args...)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&list); err != nil {
			return nil, w.sqlError(ctx, err)
		}
	}
	ids := parseIDs(list)
	if q.byID() {
		slices.Sort(ids)
		if q.Descending {
			slices.Reverse(ids)
		}
	}
	return ids, w.sqlError(ctx, rows.Err())
}

// byID reports the order of ids, which is also that in which messages came.
func (q Query) byID() bool { return q.Sort == "" || q.Sort == "id" || q.Sort == "received" }

// listing is the SQL of IDs. The ids come as one long text, which is several times faster to hand over than a row for
// each. The order of ids is left to the caller, so that SQLite can answer from the smallest index instead of walking
// through the table.
func (q Query) listing(c *conditions) (string, error) {
	if q.byID() {
		if c.words && len(c.parts) == 1 { // words only: their index knows the ids
			return "SELECT group_concat(rowid) FROM (" + wordsQuery + ")", nil
		}
		return "SELECT group_concat(m.id) FROM messages m" + c.where(), nil
	}
	order, join, err := q.order()
	return "SELECT group_concat(id) FROM (SELECT m.id AS id FROM messages m" + join + c.where() + order + ")", err
}

// parseIDs reads "1,2,3".
func parseIDs(list []byte) []int64 {
	if len(list) == 0 {
		return nil
	}
	n := 1
	for _, c := range list {
		if c == ',' {
			n++
		}
	}
	ids := make([]int64, 0, n)
	var id int64
	for _, c := range list {
		if c == ',' {
			ids = append(ids, id)
			id = 0
		} else {
			id = id*10 + int64(c-'0')
		}
	}
	return append(ids, id)
}

const rowsQuery = `SELECT m.id, s.name, m.position, m.format, m.type, m.trigger_event, m.structure, m.version, m.control_id,
	m.sending_application, m.sending_facility, m.receiving_application, m.receiving_facility, m.time, m.mrn, m.account, m.visit, m.name,
	m.segments, m.information, m.warnings, m.errors, m.fatal, m.size, m.received,
	(SELECT json_group_array(t.name ORDER BY t.name) FROM message_tags mt JOIN tags t ON t.id=mt.tag WHERE mt.message=m.id),
	EXISTS(SELECT 1 FROM notes n WHERE n.id=m.id)
FROM json_each(?) j CROSS JOIN messages m ON m.id=j.value JOIN sources s ON s.id=m.source ORDER BY j.key`

// Rows reads a page of a list, in the order of the ids. Ids that are not there any more are left out. Where the file is
// damaged, it gives ErrDamaged together with the rows that read.
func (w *Workspace) Rows(ctx context.Context, ids []int64) ([]Row, error) {
	rows, err := w.readRows(ctx, ids)
	if len(ids) < 2 || !errors.Is(err, ErrDamaged) {
		return rows, err
	}
	half := len(ids) / 2
	first, err1 := w.Rows(ctx, ids[:half])
	second, err2 := w.Rows(ctx, ids[half:])
	return append(first, second...), cmp.Or(err1, err2, err)
}

// readRows is Rows, all or nothing.
func (w *Workspace) readRows(ctx context.Context, ids []int64) ([]Row, error) {
	out := make([]Row, 0, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	rows, err := w.read.QueryContext(ctx, rowsQuery, string(append(list, ']')))
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		var received int64
		var tags string
		err := rows.Scan(&r.ID, &r.Source, &r.Index, &r.Format, &r.Type, &r.Trigger, &r.Structure, &r.Version, &r.ControlID,
			&r.SendingApplication, &r.SendingFacility, &r.ReceivingApplication, &r.ReceivingFacility, &r.Time, &r.MRN, &r.Account, &r.Visit, &r.Name,
			&r.Segments, &r.Counts[0], &r.Counts[1], &r.Counts[2], &r.Counts[3], &r.Size, &received, &tags, &r.Noted)
		if err != nil {
			return nil, w.sqlError(ctx, err)
		}
		r.Received = time.UnixMilli(received)
		if tags != "[]" {
			if err := json.Unmarshal([]byte(tags), &r.Tags); err != nil {
				return nil, fmt.Errorf("tags of message %d: %w", r.ID, err)
			}
		}
		out = append(out, r)
	}
	return out, w.sqlError(ctx, rows.Err())
}
