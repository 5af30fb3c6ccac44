package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A large import comes in many batches, each a transaction of its own, and is one entry in the access log. While it goes on, a setting tells of it,
// written in the same transaction as each batch: who imports from what, and how much is stored so far. It becomes the entry with the last batch,
// which is shorter than the others; with whatever is logged next, if the import was given up; or at the next opening, if the program ended
// hard. So at any moment all that is stored is either in the log or in the setting.

// settingImport is that setting.
const settingImport = "importing"

// A batch of at least so many messages or bytes is followed by another, as far as anybody knows.
const (
	importMessages = 500
	importBytes    = 4 << 20
)

// underWay is an import that is not in the log yet.
type underWay struct {
	Source   string    `json:"source"`
	Messages int64     `json:"messages"`
	Bytes    int64     `json:"bytes"`
	User     string    `json:"user"`
	Tool     string    `json:"tool,omitempty"`
	Time     time.Time `json:"time"` // of the last batch
}

// entry is what the log says of it.
func (i underWay) entry(more string) LogEntry {
	return LogEntry{Time: i.Time, User: i.User, Tool: i.Tool, Action: ActionImported, Object: i.Source,
		Details: joinNonEmpty("; ", fmt.Sprintf("%s, %d bytes", plural(int(i.Messages), "message"), i.Bytes), more)}
}

// importLeft reports, at opening, that a program which ended hard left an import that is not in the log. Damaged settings are no reason not to open.
func (w *Workspace) importLeft(ctx context.Context) bool {
	_, ok, err := w.Setting(ctx, settingImport)
	return ok && err == nil
}

// importUnderWay reads the setting; nil is that there is none.
func (t *tx) importUnderWay() (*underWay, error) {
	if !t.w.importing.Load() {
		return nil, nil
	}
	var text string
	err := t.QueryRow("SELECT value FROM settings WHERE key=?", settingImport).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var i underWay
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		return nil, fail(ErrDamaged, "what %s says of an import that was under way cannot be read", t.w.name)
	}
	return &i, nil
}

// keepImport writes the setting.
func (t *tx) keepImport(i underWay) error {
	b, err := json.Marshal(i)
	if err != nil {
		return err
	}
	t.importEnded = false
	t.w.importing.Store(true) // if the transaction is given up, the setting is asked for once in vain
	_, err = t.Exec("INSERT INTO settings(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", settingImport, string(b))
	return err
}

// endImport takes the setting away.
func (t *tx) endImport() error {
	_, err := t.Exec("DELETE FROM settings WHERE key=?", settingImport)
	t.importEnded = err == nil
	return err
}

// logImport enters an import that something else follows, before that.
func (t *tx) logImport(more string) error {
	i, err := t.importUnderWay()
	if i == nil || err != nil {
		return err
	}
	if err := t.endImport(); err != nil {
		return err
	}
	return t.chain(i.entry(more))
}

// imported logs one batch, or adds it to the import that it is a part of.
func (t *tx) imported(source string, messages, bytes int64, alone bool) error {
	l := &t.w.log
	now := underWay{source, messages, bytes, l.user, l.tool, time.Now().UTC().Truncate(time.Microsecond)}
	before, err := t.importUnderWay()
	if err != nil {
		return err
	}
	if before != nil && before.Source == source && before.User == now.User && before.Tool == now.Tool && alone {
		now.Messages, now.Bytes = now.Messages+before.Messages, now.Bytes+before.Bytes
	} else if before != nil {
		if err := t.logImport(""); err != nil {
			return err
		}
		before = nil
	}
	if alone && (messages >= importMessages || bytes >= importBytes) {
		return t.keepImport(now)
	}
	if before != nil {
		if err := t.endImport(); err != nil {
			return err
		}
	}
	return t.chain(now.entry(""))
}
