package workspace

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// conditions is a query as SQL. Values only ever travel as parameters.
type conditions struct {
	parts []string
	args  []any
	words bool // one of the parts is wordsQuery
}

func (c *conditions) add(sql string, args ...any) {
	c.parts = append(c.parts, sql)
	c.args = append(c.args, args...)
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// equal adds a condition on a column with an index and without regard to case: the value, or what begins with it.
func (c *conditions) equal(column, value string) {
	if value == "" {
		return
	}
	if p, prefix := strings.CutSuffix(value, "*"); prefix {
		if p != "" {
			c.add("m."+column+">=? AND m."+column+"<?", p, p+"\U0010ffff")
		}
		return
	}
	c.add("m."+column+"=?", value)
}

// wordsQuery finds messages by the words in them, or in their notes.
const wordsQuery = "SELECT rowid FROM message_words WHERE message_words MATCH ? UNION SELECT rowid FROM note_words WHERE note_words MATCH ?"

// maxQuery is the longest search, in bytes.
const maxQuery = 8 << 10

// searching builds the SQL of a query, and writes a query that leaves something out into the access log: what was
// looked for is who was looked for. The text stays in the encrypted log. Within five minutes the same search, in
// whatever order, counts as one.
func (w *Workspace) searching(ctx context.Context, q Query) (*conditions, error) {
	c, err := q.conditions()
	if err != nil || !q.Filtered() {
		return c, err
	}
	q.Sort, q.Descending = "", false
	text := q.String()
	if len(text) > maxQuery { // it goes into the access log, where it stays
		return nil, fail(ErrQuery, "the search has %d characters; it can have at most %d", len(text), maxQuery)
	}
	key := string(ActionSearched) + " " + text
	if w.log.repeated(key) {
		return c, nil
	}
	if err := w.reading(ctx, nil, ActionSearched, "messages", text); err != nil {
		return nil, err
	}
	w.log.remember(key)
	return c, nil
}

func (q Query) conditions() (*conditions, error) {
	c := &conditions{}
	match, err := matchExpression(q.Text)
	if err != nil {
		return nil, err
	}
	if match != "" {
		c.words = true
		c.add("m.id IN ("+wordsQuery+")", match, match)
	}
	c.equal("mrn", q.MRN)
	c.equal("account", q.Account)
	c.equal("control_id", q.ControlID)
	c.equal("type", q.Type)
	c.equal("trigger_event", q.Trigger)
	c.equal("format", q.Format)
	if prefix, cut := strings.CutSuffix(q.Source, "*"); cut && prefix != "" {
		c.add("m.source IN (SELECT id FROM sources WHERE name>=? AND name<?)", prefix, prefix+"\U0010ffff")
	} else if q.Source != "" && !cut {
		c.add("m.source IN (SELECT id FROM sources WHERE name=?)", q.Source)
	}
	if !q.From.IsZero() {
		c.add("m.at>=?", wall(q.From))
	}
	if !q.To.IsZero() {
		c.add("m.at<?", wall(q.To))
	}
	if q.Severity {
		c.add("m.worst>?", int(q.MinSeverity))
	}
	if q.Tag != "" {
		c.add("m.id IN (SELECT message FROM message_tags JOIN tags ON tags.id=tag WHERE name=?)", q.Tag)
	}
	return c, nil
}

// sorts are the orders of a list. Most have an index that answers alone.
var sorts = map[string][]string{
	"id":       nil,
	"received": nil, // ids are given in the order in which messages come
	"time":     {"m.at"},
	"source":   {"s.name", "m.position"},
	"type":     {"m.type", "m.trigger_event"},
	"control":  {"m.control_id"},
	"mrn":      {"m.mrn"},
	"account":  {"m.account"},
	"severity": {"m.worst", "m.fatal", "m.errors", "m.warnings"},
	"name":     {"m.name"},
	"size":     {"m.size"},
	"version":  {"m.version"},
}

// Sorts lists what a list can be sorted by.
func Sorts() []string { return slices.Sorted(maps.Keys(sorts)) }

// order is the ORDER BY of a query, and the join that it needs. Ties are in the order of ids, so that a list has one
// order only.
func (q Query) order() (order, join string, err error) {
	columns, ok := sorts[cmpOr(q.Sort, "id")]
	if !ok {
		return "", "", fail(ErrQuery, "cannot sort by %q; possible are %s, with a minus in front for the largest first", q.Sort, strings.Join(Sorts(), ", "))
	}
	direction := ""
	if q.Descending {
		direction = " DESC"
	}
	for _, c := range columns {
		order += c + direction + ", "
		if strings.HasPrefix(c, "s.") {
			join = " JOIN sources s ON s.id=m.source"
		}
	}
	return fmt.Sprintf(" ORDER BY %sm.id%s", order, direction), join, nil
}
