package workspace

import (
	"context"
	"strings"
	"time"
)

// PurgeRule says which messages are to go. All conditions that are given must hold; at least one must be.
type PurgeRule struct {
	Before time.Time // came into the workspace before
	Tag    string
	Source string // name of the file
}

// PurgePreview is what Purge would remove.
type PurgePreview struct {
	Messages       int
	Kept           int   // messages that stay
	Bytes          int64 // of the messages
	Noted, Tagged  int   // of the messages, those with a note, with a tag
	Oldest, Newest time.Time
	Sources        []Tally
}

func (r PurgeRule) conditions() (*conditions, error) {
	c := &conditions{}
	if !r.Before.IsZero() {
		c.add("m.received<?", r.Before.UnixMilli())
	}
	if r.Tag != "" {
		c.add("m.id IN (SELECT message FROM message_tags JOIN tags ON tags.id=tag WHERE name=?)", r.Tag)
	}
	if r.Source != "" {
		c.add("m.source IN (SELECT id FROM sources WHERE name=?)", r.Source)
	}
	if len(c.parts) == 0 {
		return nil, fail(ErrQuery, "say which messages are to go: by age, tag or file")
	}
	return c, nil
}

// words says in the access log what was asked for.
func (r PurgeRule) words() string {
	var parts []string
	if !r.Before.IsZero() {
		parts = append(parts, "received before "+r.Before.UTC().Format(time.RFC3339))
	}
	if r.Tag != "" {
		parts = append(parts, "tag "+r.Tag)
	}
	if r.Source != "" {
		parts = append(parts, "file "+r.Source)
	}
	return strings.Join(parts, ", ")
}

// PurgePreview counts what a rule would remove, and removes nothing. Error: ErrQuery if the rule is empty.
func (w *Workspace) PurgePreview(ctx context.Context, r PurgeRule) (p PurgePreview, err error) {
	c, err := r.conditions()
	if err != nil {
		return p, err
	}
	var oldest, newest int64
	err = w.read.QueryRowContext(ctx, `SELECT count(*), (SELECT count(*) FROM messages), coalesce(sum(size), 0), coalesce(min(received), 0), coalesce(max(received), 0),
		coalesce(sum(EXISTS(SELECT 1 FROM notes n WHERE n.id=m.id)), 0), coalesce(sum(EXISTS(SELECT 1 FROM message_tags t WHERE t.message=m.id)), 0)
		FROM messages m`+c.where(), c.args...).Scan(&p.Messages, &p.Kept, &p.Bytes, &oldest, &newest, &p.Noted, &p.Tagged)
	if err != nil {
		return p, w.sqlError(ctx, err)
	}
	p.Kept -= p.Messages
	if p.Messages > 0 {
		p.Oldest, p.Newest = time.UnixMilli(oldest).UTC(), time.UnixMilli(newest).UTC()
	}
	p.Sources, err = w.tallies(ctx, "SELECT s.name, count(*) FROM messages m JOIN sources s ON s.id=m.source"+c.where()+" GROUP BY s.id ORDER BY s.name", c.args...)
	return p, err
}

// Purge removes the messages of a rule with their bytes, words, notes and tags. expected is the number that the preview showed: if
// it is another one by now, nothing is removed and the error is ErrChanged. What is removed is overwritten in the file; old cipher text
// may stay on the medium and in backups. The access log is kept, with the names of files and what was searched for. progress, which may
// be nil, gets messages.
func (w *Workspace) Purge(ctx context.Context, r PurgeRule, expected int, progress func(done, total int)) (removed int, err error) {
	c, err := r.conditions()
	if err != nil {
		return 0, err
	}
	ids, err := w.purged(ctx, c)
	if err != nil {
		return 0, err
	}
	if len(ids) != expected {
		return 0, fail(ErrChanged, "%s would go now, not %d; look at the preview again", plural(len(ids), "message"), expected)
	}
	removed, err = w.deleteLogged(ctx, ids, progress, ActionPurged, r.words())
	if err != nil {
		return 0, err
	}
	return removed, w.checkpoint(ctx) // or they would still stand in the file
}

func (w *Workspace) purged(ctx context.Context, c *conditions) ([]int64, error) {
	var list []byte
	err := w.read.QueryRowContext(ctx, "SELECT coalesce(group_concat(m.id), '') FROM messages m"+c.where(), c.args...).Scan(&list)
	return parseIDs(list), w.sqlError(ctx, err)
}
